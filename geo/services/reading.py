"""Use cases that only look: one thing by its code, one page of things, one plan with what belongs to it.

Frames hold the noun's columns (``geo/territory/nouns.py``) without the personal ones; household units are not read.
"""

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.storage import buildings, layers, plans
from geo.storage.plans import PlanRecord
from geo.territory.nouns import BUILDING, NOUNS, Noun

Box = tuple[float, float, float, float]

MANY = 1_000_000
#: Added to floors in keys, so that basements come first.
LOWEST_FLOOR = 100


@dataclass(frozen=True)
class Filter:
    """Which things of a layer are wanted; None takes all.

    Attributes
    ----------
    box
        West, south, east, north in degrees; things that touch it.
    """

    street: str | None = None
    community: str | None = None
    kind: str | None = None
    box: Box | None = None


@dataclass(frozen=True)
class PlanFilter:
    """Which plans are wanted; None takes all. A street's scope takes in its communities' plans."""

    scope: str | None = None
    state: str | None = None
    department: str | None = None


def read_page(session: Session, noun: str, wanted: Filter, *, limit: int, after: str | None) -> gpd.GeoDataFrame:
    """Return up to ``limit`` things with codes above ``after``, ordered by code.

    A building's households are those that count, as plans count them.
    """
    found = layers.read(
        session,
        NOUNS[noun],
        community_codes=[wanted.community] if wanted.community else None,
        street_code=wanted.street,
        kind=wanted.kind,
        bbox=wanted.box,
        limit=limit,
        after=after,
    )
    if noun == BUILDING.name and not found.empty:
        found = buildings.read_buildings(session, codes=found["code"].tolist())
    return _public(NOUNS[noun], found)


def read_one(session: Session, noun: str, code: str) -> gpd.GeoDataFrame:
    """Return the thing with this code, as a frame of one row.

    Raises
    ------
    NotFoundError
        The store holds none.
    """
    if noun == BUILDING.name:
        found = buildings.read_buildings(session, codes=[code])
    else:
        found = layers.read(session, NOUNS[noun], codes=[code])
    if found.empty:
        zh = NOUNS[noun].zh
        raise NotFoundError(f"没有编码为 {code} 的{zh}", f"there is no {noun.replace('_', ' ')} {code}")
    return _public(NOUNS[noun], found)


def read_stairwells(session: Session, building: str) -> gpd.GeoDataFrame:
    """Return the stairwells of one building, ordered by code, with the households that count."""
    return buildings.read_stairwells(session, building_codes=[building])


def read_plans(session: Session, wanted: PlanFilter, *, limit: int, after: int | None) -> list[PlanRecord]:
    """Return up to ``limit`` plans, the newest first, that are older than the plan ``after``."""
    return plans.list_plans(
        session,
        scope_code=wanted.scope,
        state=wanted.state,
        department=wanted.department,
        limit=limit,
        after=after,
    )


def read_plan(session: Session, plan_id: int) -> PlanRecord:
    """Return a plan with its report.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    return plans.read_plan(session, plan_id)


def read_grids(session: Session, plan_id: int, *, limit: int, after: str | None) -> gpd.GeoDataFrame:
    """Return up to ``limit`` grids of a plan with codes above ``after``, ordered by code.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    plans.read_plan(session, plan_id)
    # A street has some hundred grids: they are read whole and cut here.
    grids = plans.read_grids(session, plan_id)
    return grids[grids["code"] > (after or "")].head(limit)


def read_grid(session: Session, plan_id: int, code: str) -> gpd.GeoDataFrame:
    """Return one grid of a plan, as a frame of one row.

    Raises
    ------
    NotFoundError
        There is no such plan, or it has no such grid.
    """
    grids = read_grids(session, plan_id, limit=MANY, after=None)
    found = grids[grids["code"] == code]
    if found.empty:
        raise NotFoundError(f"方案 {plan_id} 没有网格 {code}", f"plan {plan_id} has no grid {code}")
    return found


def read_assignment(session: Session, plan_id: int, *, limit: int, after: str | None) -> pd.DataFrame:
    """Return up to ``limit`` rows of a plan's assignment that follow ``after``.

    A row's place is its ``key``: the stairwell's code, or the building's where it is whole, and the first floor where
    floors are divided. Stairwells carry their building's code in front, so this is the order by building, stairwell
    and floor.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    plans.read_plan(session, plan_id)
    rows = plans.read_assignment(session, plan_id)
    part = rows["stairwell_code"].fillna(rows["building_code"])
    floor = (rows["floor_from"] + LOWEST_FLOOR).astype("str").str.zfill(3)
    rows["key"] = part.where(rows["floor_from"].isna(), part + "F" + floor)
    return rows[rows["key"] > (after or "")].sort_values("key").head(limit)


def _public(noun: Noun, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The frame without personal columns."""
    return frame.drop(columns=[column.name for column in noun.columns if column.personal])
