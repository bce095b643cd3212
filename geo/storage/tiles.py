"""Layers as vector tiles, cut by PostGIS (``ST_AsMVT``).

The search box is bound as plain numbers, in the stored system: only so is the spatial index used, and row-level
security asked of few rows. What a tile holds is what the session's actor may see.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal_column, not_, or_, select
from sqlalchemy.orm import Session, aliased

from geo.storage.declaring import SRID
from geo.storage.ledger_tables import LedgerCase
from geo.storage.tables import Assignment, Barrier, Building, Cell, Community, Compound, Grid, Plan

Extent = tuple[float, float, float, float]  # west, south, east, north

#: Steps along a tile's side, and how many of them what is drawn may reach over its edge, so that no border shows there.
SIDE, BUFFER = 4096, 96
_WEB_MERCATOR = 3857


@dataclass(frozen=True)
class Layer:
    """What is cut into tiles.

    Attributes
    ----------
    rows
        The table.
    columns
        What a tile tells of each row besides its shape; the first one tells rows apart.
    from_level
        The first level with tiles: above it they would hold more than anybody could see.
    present
        Which rows are there today.
    """

    rows: Any
    columns: tuple[str, ...]
    from_level: int
    present: Callable[[Any], ColumnElement[bool]]


def read(session: Session, layer: str, *, metres: Extent, degrees: Extent) -> bytes:
    """Return the tile of a layer; empty where nothing lies in it.

    Parameters
    ----------
    metres
        The tile in EPSG:3857.
    degrees
        The same in EPSG:4326, wider by the buffer.
    """
    told = LAYERS[layer]
    rows = told.rows
    whole = func.ST_Transform(rows.geom, _WEB_MERCATOR, type_=None)
    cut = func.ST_AsMVTGeom(whole, func.ST_MakeEnvelope(*metres, _WEB_MERCATOR, type_=None), SIDE, BUFFER, type_=None)
    shown = [getattr(rows, name) for name in told.columns]
    box = func.ST_MakeEnvelope(*degrees, SRID, type_=None)
    found = select(*shown, cut.label("shape")).where(rows.geom.bool_op("&&")(box), told.present(rows)).subquery("found")
    # In order, so that what has not changed is the same tile, byte by byte.
    drawn = select(found).where(found.c.shape.is_not(None)).order_by(found.c[told.columns[0]]).subquery("drawn")
    made = select(func.ST_AsMVT(literal_column("drawn"), layer, SIDE, "shape", type_=None)).select_from(drawn)
    return bytes(session.scalar(made) or b"")


def _living(rows: Any) -> ColumnElement[bool]:
    living: ColumnElement[bool] = rows.ended_at.is_(None)
    return living


def _in_force(grid: Any) -> ColumnElement[bool]:
    """The grids of ``sql/network.sql``, told row by row: its twin for today."""
    return and_(grid.plan_id == _ruling(grid.community_code), or_(not_(_of_ended(grid)), _still_needed(grid)))


def _ruling(community_code: ColumnElement[str]) -> ColumnElement[int]:
    """The plan adopted last whose scope holds a community."""
    return (
        select(Plan.id)
        .where(_adopted(Plan), func.starts_with(community_code, Plan.scope_code))
        .order_by(Plan.adopted_at.desc(), Plan.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _adopted(plan: Any) -> ColumnElement[bool]:
    return and_(plan.tier == "grid", plan.department == "", plan.state == "adopted")


def _of_ended(grid: Any) -> ColumnElement[bool]:
    return exists().where(Community.code == grid.community_code, Community.ended_at.is_not(None))


def _still_needed(grid: Any) -> ColumnElement[bool]:
    """Whether newer plans have not yet drawn all buildings of a grid, or its plan names none."""
    held, later, ruling, newer = aliased(Assignment), aliased(Assignment), aliased(Plan), aliased(Plan)
    drawn_anew = (
        select(1)
        .select_from(later)
        .join(newer, and_(newer.id == later.plan_id, _adopted(newer)))
        .join(ruling, ruling.id == grid.plan_id)
        .where(
            later.building_code == held.building_code,
            or_(
                newer.adopted_at > ruling.adopted_at,
                and_(newer.adopted_at == ruling.adopted_at, newer.id > ruling.id),
            ),
        )
        .correlate(held, grid)
        .exists()
    )
    left = select(1).where(held.grid_id == grid.id, not_(drawn_anew)).correlate(grid).exists()
    named = select(1).where(held.plan_id == grid.plan_id).correlate(grid).exists()
    return or_(left, not_(named))


def _of_grid_in_force(cell: Any) -> ColumnElement[bool]:
    return exists().where(Grid.id == cell.grid_id, _in_force(Grid))


def _live_hazard(case: Any) -> ColumnElement[bool]:
    """Hazards that are not done with. Of whom they are, or what was written of them, is in no tile."""
    return and_(case.workflow == "hazard", case.state.in_(("open", "paused")))


LAYERS: MappingProxyType[str, Layer] = MappingProxyType(
    {
        "communities": Layer(Community, ("code", "name"), 8, _living),
        "compounds": Layer(Compound, ("code", "name", "kind"), 13, _living),
        "barriers": Layer(Barrier, ("code", "name", "kind"), 12, _living),
        "buildings": Layer(Building, ("code", "name", "kind"), 14, _living),
        "grids": Layer(Grid, ("code", "name", "plan_id"), 11, _in_force),
        "cells": Layer(Cell, ("code", "name", "grid_code"), 15, _of_grid_in_force),
        "hazards": Layer(LedgerCase, ("number", "kind", "nature", "state", "yellow_at", "due_at"), 14, _live_hazard),
    }
)
