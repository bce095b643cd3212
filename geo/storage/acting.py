"""An actor in a transaction: the database is told who acts, and then sees to it by itself.

The program connects as the owner of the tables. For a person, each transaction becomes the role ``wangge_app``, which
row-level security binds (``migrations/sql/2026_11_22_access.sql``): a query that forgets its filter finds nothing that
the person may not see, and no write lands outside of their scope. Events are written in the actor's name, whatever the
caller says.

This is a second lock behind the program's own checks. It does not hold against somebody who can run SQL of their own
within the connection, since they could go back to being the owner.

Both the role and the settings last for the transaction alone (``SET LOCAL``): a connection goes back to the pool as it
came.
"""

from typing import Any

from sqlalchemy import Connection, TextClause, event, text
from sqlalchemy.orm import Session, SessionTransaction

from geo.access.actor import Actor
from geo.access.roles import roles

#: The role that row-level security binds; made by the migration.
ROLE = "wangge_app"

Extent = tuple[float, float, float, float]  # west, south, east, north

# Settings before the role, in one round trip: what is in a select list is computed from left to right. Communities of a
# street that have ended count as well: their grids stay in force until new ones are.
_SETTINGS = """
WITH inside AS (
  SELECT coalesce(array_agg(code ORDER BY {order}), '{{}}') AS whole
  FROM community WHERE street_code = ANY (CAST(:streets AS text[])) OR code = ANY (CAST(:communities AS text[]))
)
SELECT
  set_config('wangge.who', CAST(:who AS text), true),
  set_config('wangge.account', CAST(:account AS text), true),
  set_config('wangge.address', CAST(:address AS text), true),
  set_config('wangge.request', CAST(:request AS text), true),
  set_config('wangge.roles', CAST(:roles AS text), true),
  set_config('wangge.may', CAST(:may AS text), true),
  set_config('wangge.streets', array_to_string(CAST(:streets AS text[]), ','), true),
  set_config('wangge.whole', array_to_string(whole, ','), true),
  set_config('wangge.communities', array_to_string(whole || CAST(:round_grids AS text[]), ','), true),
  set_config('wangge.grids', array_to_string(CAST(:grids AS text[]), ','), true),
  set_config('role', CAST(:role AS text), true)
FROM inside
"""
_TELL = text(_SETTINGS.format(order="code"))
# Rules of rows hold each row against these communities from the first on; of a city they are thousands.
_TELL_AROUND = text(
    _SETTINGS.format(order="NOT geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326) NULLS LAST, code")
)


def act(session: Session, actor: Actor, *, around: Extent | None = None) -> None:
    """Let every transaction of a session, from now on, be the actor's; see :func:`tell`."""

    def begin(_session: Session, transaction: SessionTransaction, connection: Connection) -> None:
        if not transaction.nested:
            tell(connection, actor, around=around)

    session.info["actor"] = actor
    event.listen(session, "after_begin", begin)


def allowed(actor: Actor) -> list[str]:
    """Return what an actor's roles allow, in the words of the database's policies."""
    held = [roles()[code] for code in actor.roles if code in roles()]
    words = {
        "households": any(role.sees_households for role in held),
        "register": any(role.keeps_register for role in held),
        "plans": any(role.draws_plans for role in held),
        "phones": any(role.sees_phones for role in held),
        "ledger": any(role.handles_cases for role in held),
        "inspection_plans": any(role.plans_inspections for role in held),
    }
    return [word for word, holds in words.items() if holds]


def tell(connection: Connection, actor: Actor, *, around: Extent | None = None) -> None:
    """Let the open transaction of a connection be the actor's, from here to its end.

    Parameters
    ----------
    around
        Where most of what is asked for lies, in degrees: rows of communities there are found more quickly.
    """
    connection.execute(*telling(actor, around=around))


def telling(actor: Actor, *, around: Extent | None = None) -> tuple[TextClause, dict[str, Any]]:
    """Return what :func:`tell` says to the database: a statement and its values."""
    box = {} if around is None else dict(zip(("west", "south", "east", "north"), around, strict=True))
    return _TELL if around is None else _TELL_AROUND, {
        **box,
        "who": actor.name,
        "account": "" if actor.account_id is None else str(actor.account_id),
        "address": actor.address or "",
        "request": actor.request_id or "",
        "roles": ",".join(sorted(actor.roles)),
        "may": ",".join(allowed(actor)),
        "streets": list(actor.streets),
        "communities": list(actor.communities),
        "grids": list(actor.grids),
        "round_grids": sorted({code[:12] for code in actor.grids}),
        "role": ROLE,
    }
