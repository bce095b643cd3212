"""Counts of a street's communities, and nothing of what was counted."""

from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from geo.storage import queries
from geo.storage.tables import CityElement
from geo.territory.dictionaries import dictionary


@dataclass(frozen=True)
class CommunityCounts:
    """What one community has: its households that count, its buildings, its grids in force."""

    code: str
    name: str
    households: int
    buildings: int
    grids: int


def read_community_counts(session: Session, street_code: str) -> list[CommunityCounts]:
    """Count what the living communities of a street have, by code."""
    counting = [code for code, kind in dictionary("unit_kinds").entries.items() if kind.extra["counts"]]
    rows = queries.execute(session, "community_counts", {"street": street_code, "counting": counting})
    return [CommunityCounts(*row) for row in rows]


def read_element_counts(session: Session, community_codes: list[str]) -> dict[tuple[str, str], int]:
    """Count living city elements by community and kind; pairs without any are left out."""
    query = (
        select(CityElement.community_code, CityElement.kind, func.count())
        .where(CityElement.community_code.in_(community_codes), CityElement.ended_at.is_(None))
        .group_by(CityElement.community_code, CityElement.kind)
    )
    return {(community, kind): count for community, kind, count in session.execute(query)}


def only_read(session: Session) -> None:
    """Let the database refuse any write in this transaction; the first thing said in it."""
    session.execute(text("SET TRANSACTION READ ONLY"))
