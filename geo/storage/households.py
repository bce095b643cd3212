"""Doors of a building, and the people of the grids: rows that tell who lives or works where."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from geo.storage.tables import Building, GridStaff, HouseholdUnit


@dataclass(frozen=True)
class UnitRow:
    """One door, as it is on the register."""

    code: str
    building_code: str
    stairwell_code: str | None
    floor: int | None
    room: str
    kind: str
    address: str | None


@dataclass(frozen=True)
class StaffRow:
    """One person of the grids, as on the register."""

    code: str
    name: str
    role: str
    phone: str | None
    grid_code: str | None
    since: date | None
    until: date | None


def read_community_of(session: Session, building_code: str) -> str | None:
    """Return the community of a living building, None where there is none."""
    query = select(Building.community_code).where(Building.code == building_code, Building.ended_at.is_(None))
    return session.scalar(query)


def read_units(session: Session, building_code: str, *, limit: int, after: str | None) -> list[UnitRow]:
    """Read up to ``limit`` living doors of a building with codes above ``after``, by code."""
    query: Select[*tuple[Any, ...]] = (
        select(
            HouseholdUnit.code,
            HouseholdUnit.building_code,
            HouseholdUnit.stairwell_code,
            HouseholdUnit.floor,
            HouseholdUnit.room,
            HouseholdUnit.kind,
            HouseholdUnit.address,
        )
        .where(HouseholdUnit.building_code == building_code, HouseholdUnit.ended_at.is_(None))
        .order_by(HouseholdUnit.code)
        .limit(limit)
    )
    if after is not None:
        query = query.where(HouseholdUnit.code > after)
    return [UnitRow(*row) for row in session.execute(query)]


def read_staff(
    session: Session, *, under: str, within: tuple[str, ...] | None, limit: int, after: str | None
) -> list[StaffRow]:
    """Read up to ``limit`` people who are in charge of grids with codes above ``after``, by code.

    Parameters
    ----------
    under
        Code of a street, community or grid that their grid is in.
    within
        Codes of which one, too, has their grid in it; None for no such bound.
    """
    columns = GridStaff.code, GridStaff.name, GridStaff.role, GridStaff.phone, GridStaff.grid_code, GridStaff.since
    query: Select[*tuple[Any, ...]] = (
        select(*columns, GridStaff.until)
        .where(GridStaff.grid_code.startswith(under, autoescape=True), GridStaff.ended_at.is_(None))
        .order_by(GridStaff.code)
        .limit(limit)
    )
    if within is not None:
        query = query.where(or_(False, *(GridStaff.grid_code.startswith(code, autoescape=True) for code in within)))
    if after is not None:
        query = query.where(GridStaff.code > after)
    return [StaffRow(*row) for row in session.execute(query)]
