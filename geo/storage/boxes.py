"""Boxes under the rules of rows: whether an index of shapes is used for a person as it is for the store's owner.

PostgreSQL asks the rules of rows before what a query asks, unless that is known to tell nothing of a row but whether it
holds (``LEAKPROOF``). PostGIS's ``&&`` compares two boxes and does nothing else, yet does not come marked so. Only a
superuser may mark it, which the program is on its own server; on another one an administrator can
(``ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF``). Unmarked, queries by box are as right and slower.
"""

from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, text

_FOUND: WeakKeyDictionary[Engine, bool] = WeakKeyDictionary()

_IS_MARKED = text("SELECT proleakproof FROM pg_proc WHERE oid = 'geometry_overlaps(geometry, geometry)'::regprocedure")
_MAY_MARK = text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
_MARK = text("ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF")


def trust_boxes(connection: Connection) -> None:
    """Let the database use indexes of shapes for persons, where the connecting user may say so."""
    if not connection.scalar(_IS_MARKED) and connection.scalar(_MAY_MARK):
        connection.execute(_MARK)


def boxes_are_trusted(engine: Engine) -> bool:
    """Whether a person's query by box uses an index of shapes; looked up once for each engine."""
    if engine not in _FOUND:
        with engine.connect() as connection:
            _FOUND[engine] = bool(connection.scalar(_IS_MARKED))
    return _FOUND[engine]
