"""Cells (联户网格) of a plan: written while it is a draft, read at any time."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.errors import CodeError
from geo.storage import events, plans, queries
from geo.storage.refusals import in_plain_words
from geo.storage.tables import Cell, CellAssignment, Grid, Plan
from geo.territory.nouns import CELL_COLUMNS

CELL_ASSIGNMENT_COLUMNS = [
    "cell_code",
    "building_code",
    "stairwell_code",
    "floor_from",
    "floor_to",
    "households",
    "estimated",
]


@dataclass(frozen=True)
class CellLimits:
    """Households that the cells of a plan were to have, and the seed they were drafted with."""

    lower: int
    upper: int
    seed: int


def replace_cells(
    session: Session,
    plan_id: int,
    *,
    limits: CellLimits,
    cells: gpd.GeoDataFrame,
    assignment: pd.DataFrame,
    who: str,
    version: int,
) -> plans.PlanRecord:
    """Write the cells of a draft in place of those it has.

    Parameters
    ----------
    cells
        EPSG:4326, :data:`~geo.territory.nouns.CELL_COLUMNS` and ``geometry``.
    assignment
        :data:`CELL_ASSIGNMENT_COLUMNS`.
    version
        The version of the draft that was divided.

    Raises
    ------
    NotFoundError
        There is no such plan.
    StaleVersionError, ConflictError
        The plan is not at ``version`` any more, or no draft.
    CodeError
        A cell is of a grid that the plan does not have.
    WanggeError
        The database refused: a building is in two cells, or in a cell outside of its grid ...
    """
    plan = plans.locked_draft(session, plan_id, version)
    before = _told(session, plan)
    with in_plain_words():
        session.execute(delete(Cell).where(Cell.grid_id.in_(select(Grid.id).where(Grid.plan_id == plan_id))))
        _insert(session, "insert_cells", plan_id, _cell_values(cells), len(cells))
        _insert(session, "insert_cell_assignment", plan_id, _assignment_values(assignment), len(assignment))
        plan.cell_lower, plan.cell_upper, plan.cell_seed = limits.lower, limits.upper, limits.seed
        plan.version += 1
        session.flush()
    events.record(
        session,
        who=who,
        what="cells drafted",
        noun="plan",
        code=str(plan_id),
        before=before,
        after=_told(session, plan),
    )
    return plans.read_plan(session, plan_id)


def read_limits(session: Session, plan_id: int) -> CellLimits | None:
    """Return what the cells of a plan were drafted with; None where it has none."""
    query = select(Plan.cell_lower, Plan.cell_upper, Plan.cell_seed).where(Plan.id == plan_id)
    lower, upper, seed = session.execute(query).one()
    return None if lower is None or upper is None or seed is None else CellLimits(lower, upper, seed)


def read_cells(session: Session, plan_id: int, *, grid_code: str | None = None) -> gpd.GeoDataFrame:
    """Read a plan's cells by code, all or those of one grid.

    Returns
    -------
    GeoDataFrame
        :data:`~geo.territory.nouns.CELL_COLUMNS`, ``in_range`` and ``geometry``, EPSG:4326.
    """
    columns = [getattr(Cell, name) for name in CELL_COLUMNS]
    query = (
        select(*columns, func.ST_AsBinary(Cell.geom, type_=None))
        .join(Grid, Grid.id == Cell.grid_id)
        .where(Grid.plan_id == plan_id, *([] if grid_code is None else [Grid.code == grid_code]))
        .order_by(Cell.code)
    )
    rows = session.execute(query).all()
    table = pd.DataFrame([row[:-1] for row in rows], columns=CELL_COLUMNS)
    types = {name: "Int64" if name == "households" else "str" for name in CELL_COLUMNS}
    table = table.astype(types).assign(in_range=table["reason_code"].isna().astype(bool))
    geometry = gpd.GeoSeries(shapely.from_wkb([row[-1] for row in rows]), crs=WGS84)
    return gpd.GeoDataFrame(table, geometry=geometry, crs=WGS84)


def read_cell_assignment(session: Session, plan_id: int) -> pd.DataFrame:
    """Read what is in the cells of a plan, by cell, building, stairwell and floor: :data:`CELL_ASSIGNMENT_COLUMNS`.

    ``stairwell_code`` is missing for all stairwells of a building, floors where there are all of them.
    """
    order = (CellAssignment.building_code, CellAssignment.stairwell_code, CellAssignment.floor_from)
    query = (
        select(Cell.code, *(getattr(CellAssignment, name) for name in CELL_ASSIGNMENT_COLUMNS[1:]))
        .join(Cell, Cell.id == CellAssignment.cell_id)
        .join(Grid, Grid.id == Cell.grid_id)
        .where(Grid.plan_id == plan_id)
        .order_by(Cell.code, *order, CellAssignment.id)
    )
    table = pd.DataFrame([tuple(row) for row in session.execute(query)], columns=CELL_ASSIGNMENT_COLUMNS)
    counts = {"floor_from": "Int64", "floor_to": "Int64", "households": "int64", "estimated": "bool"}
    return table.astype({name: counts.get(name, "str") for name in CELL_ASSIGNMENT_COLUMNS})


def _insert(session: Session, query: str, plan_id: int, values: dict[str, Any], count: int) -> None:
    if queries.execute(session, query, {"plan_id": plan_id, **values}).rowcount != count:
        raise CodeError(
            f"联户网格的编码与方案 {plan_id} 的网格不符", f"codes of cells do not fit the grids of plan {plan_id}"
        )


def _cell_values(cells: gpd.GeoDataFrame) -> dict[str, list[Any]]:
    values = {name: _plain(cells[name], int if name == "households" else str) for name in CELL_COLUMNS}
    return values | {"geom": shapely.to_wkb(cells.geometry.to_numpy()).tolist()}


def _assignment_values(assignment: pd.DataFrame) -> dict[str, list[Any]]:
    kinds = {"floor_from": int, "floor_to": int, "households": int, "estimated": bool}
    return {name: _plain(assignment[name], kinds.get(name, str)) for name in CELL_ASSIGNMENT_COLUMNS}


def _plain(column: "pd.Series[Any]", kind: type[Any]) -> list[Any]:
    return [None if pd.isna(value) else kind(value) for value in column]


def _told(session: Session, plan: Plan) -> dict[str, Any]:
    """What an event says of a plan's cells."""
    of_plan = Grid.plan_id == plan.id
    counted = select(func.count(), func.count(Cell.reason_code)).join(Grid, Grid.id == Cell.grid_id).where(of_plan)
    cells, out_of_range = session.execute(counted).one()
    limits = {"cell_lower": plan.cell_lower, "cell_upper": plan.cell_upper, "cell_seed": plan.cell_seed}
    return {"version": plan.version, "cells": cells, "cells_in_range": cells - out_of_range} | limits
