"""Turns: what is done under one name is done one after the other, in whatever process."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def take_turn(session: Session, name: str) -> None:
    """Wait until nobody else does what has this name; the turn lasts until the end of the transaction."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"wangge.turn.{name}", 0))))
