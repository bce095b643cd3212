"""Turns: what is done under one name is done one after the other, in whatever process."""

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.orm import Session

_TAKE = text("""
SELECT pg_advisory_xact_lock(hashtextextended('wangge.turn.' || name, 0)) FROM unnest(CAST(:names AS text[])) AS name
""")


def take_turn(session: Session, name: str) -> None:
    """Wait until nobody else does what has this name; the turn lasts until the end of the transaction."""
    take_turns(session, [name])


def take_turns(session: Session, names: Iterable[str]) -> None:
    """Take several turns in the order of their names: two who take the same ones never wait for each other in a ring.

    Each is kept until the end of the transaction in a table of the server's that has room for some ten thousands
    (``max_locks_per_transaction`` times ``max_connections``).
    """
    session.execute(_TAKE, {"names": sorted(set(names))})
