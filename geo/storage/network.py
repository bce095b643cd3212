"""The network in force, now or on a past day: which grids there were, and which one a building was in.

For each community it is the plan adopted last whose scope holds the community: a community's own plan overrules the
street's until the street's next. ``department`` '' is the merged network; a department's name its own old grids.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

import geopandas as gpd
from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.storage import queries
from geo.storage.tables import Building, Plan
from geo.territory.times import CHINA_TIME

#: A day ends at midnight in China, wherever the server stands.

_COUNTS = {"plan_id": "int64", "households": "Int64"}


class GridInForce(NamedTuple):
    """Which grid of which plan is in force."""

    plan_id: int
    code: str


@dataclass(frozen=True)
class GridRecord:
    """A grid of a plan, without its geometry."""

    id: int
    plan_id: int
    plan_name: str
    code: str
    name: str | None
    community_code: str
    households: int | None


@dataclass(frozen=True)
class CellRecord:
    """A cell of a plan, without its geometry."""

    id: int
    plan_id: int
    grid_code: str
    code: str
    name: str | None
    households: int


def read_network(
    session: Session, scope_code: str, *, department: str = "", on: date | datetime | None = None
) -> gpd.GeoDataFrame:
    """Read the grids in force in a street or community, by code.

    Columns: ``plan_id``, those of ``plans.GRID_COLUMNS``, and ``geometry`` in EPSG:4326.
    ``on`` is a moment, or a day, which means its end in China; now when None.
    """
    values = {"scope": scope_code, "department": department, "moment": _moment(session, on)}
    return queries.frame(session, "network", _COUNTS, values)


def grids_in_force(session: Session, scope_code: str, on: date | datetime | None = None) -> list[GridInForce]:
    """Return the grids in force in a street, community or grid, by code; see :func:`read_network`."""
    values = {"scope": scope_code[:12], "department": "", "moment": _moment(session, on)}
    rows = queries.columns(session, "network", ("plan_id", "code"), values)
    return [GridInForce(int(plan), str(code)) for plan, code in rows if str(code).startswith(scope_code)]


def departments(session: Session, scope_code: str) -> list[str]:
    """Return the departments that have old grids in force in a street or community, or in a part of it."""
    here = or_(func.starts_with(Plan.scope_code, scope_code), func.starts_with(scope_code, Plan.scope_code))
    query = select(Plan.department).where(Plan.state == "adopted", Plan.department != "", here)
    return sorted(session.scalars(query.distinct()))


def grids_at(
    session: Session, code: str, on: date | datetime | None = None, *, department: str = ""
) -> list[GridRecord]:
    """Return the grid that a building, stairwell or household unit was in: which grid was it in last March.

    One; several for a building that the plan divides; none when no plan was in force or it left the building out. A
    household unit has one where its stairwell and floor are on record, as far as the plan divides by them.

    Parameters
    ----------
    code
        Of a building (19 digits), a stairwell or a household unit (25 digits).
    on
        A moment, or a day, which means its end in China; now when None.

    Raises
    ------
    NotFoundError
        There is no such building.
    """
    values = _place(session, code) | {"department": department, "moment": _moment(session, on)}
    return [GridRecord(**row) for row in queries.execute(session, "grids_at", values).mappings()]


def cells_at(session: Session, code: str, on: date | datetime | None = None) -> list[CellRecord]:
    """Return the cells that a building, stairwell or household unit was in, by code; see :func:`grids_at`.

    Several for what lies in several; none where the plan in force has no cells there.

    Raises
    ------
    NotFoundError
        There is no such building.
    """
    values = _place(session, code) | {"department": "", "moment": _moment(session, on)}
    return [CellRecord(**row) for row in queries.execute(session, "cells_at", values).mappings()]


def _place(session: Session, code: str) -> dict[str, str | int | None]:
    """Where a code is: its building, and its stairwell and floor as far as they are known."""
    building, stairwell, floor = code[:19], code if code[19:20] == "U" else None, None
    if session.get(Building, building) is None:
        raise NotFoundError(f"没有编码为 {code[:40]} 的楼栋", f"there is no building of the code {code[:40]!r}")
    if len(code) == 25:
        found = session.execute(
            text("SELECT stairwell_code, floor FROM household_unit WHERE code = :code"), {"code": code}
        ).first()
        stairwell, floor = found or (None, None)
    return {"building": building, "stairwell": stairwell, "floor": floor}


def _moment(session: Session, on: date | datetime | None) -> datetime:
    if on is None:
        return session.scalars(select(func.now())).one()
    if isinstance(on, datetime):
        return on if on.tzinfo else on.replace(tzinfo=CHINA_TIME)
    return datetime.combine(on + timedelta(days=1), time(), CHINA_TIME) - timedelta(microseconds=1)
