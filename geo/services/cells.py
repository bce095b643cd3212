"""Use case: divide the grids of a draft into cells (联户网格) of 30-40 households, and look at them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.errors import ConflictError, InputError, NotFoundError
from geo.regionalization.cells import CellDraft, GridGround, draft_cells_of, grounds_of
from geo.regionalization.communities import Bounds, tier_bounds
from geo.services.gathering import gather
from geo.storage import cells as cell_rows
from geo.storage import plans
from geo.storage.cells import CELL_ASSIGNMENT_COLUMNS, CELL_COLUMNS, CellLimits
from geo.storage.plans import PlanRecord
from geo.territory.codes import make
from geo.territory.coverage import to_degrees


@dataclass(frozen=True)
class CellsOutcome:
    """The cells that a draft was given.

    Attributes
    ----------
    plan
        The draft at its new version.
    report
        Plain values: ``grids``, ``cells``, ``in_range``, ``in_range_share``, ``households``, ``lower``, ``upper``,
        ``seed``, ``estimated_parts`` (runs of floors whose households were shared out evenly), ``reasons`` (count by
        code), ``out_of_range`` (one row per cell with its reason in Chinese and English), ``seconds``, ``notes``.
    """

    plan: PlanRecord
    report: dict[str, Any]


def divide_into_cells(
    session: Session,
    plan_id: int,
    *,
    lower: int | None = None,
    upper: int | None = None,
    seed: int = 0,
    who: str,
    version: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> CellsOutcome:
    """Divide every grid of a draft into cells and keep them in place of those it has.

    Parameters
    ----------
    lower, upper
        Households of a cell; None for what the tier says (``data/dictionaries/tiers.toml``).
    version
        The version of the draft that was seen; None for whatever it is at.
    progress
        Called after each grid with its code, how many are done, and how many there are.

    Returns
    -------
    CellsOutcome
        The caller commits.

    Raises
    ------
    NotFoundError
        There is no such plan.
    ConflictError, StaleVersionError
        The plan is no draft: adopted plans are never edited; or it is not at ``version`` any more.
    InputError
        Nothing is assigned to the plan's grids.
    BoundsError
        The limits make no sense.
    """
    started = time.perf_counter()
    bounds = tier_bounds("cell", lower, upper)
    plan = plans.read_plan(session, plan_id)
    if plan.state != "draft":
        raise ConflictError(
            f"方案 {plan_id} 已不是草案;联户网格应在采用前划分",
            f"plan {plan_id} is {plan.state}; cells are drafted before a plan is adopted",
        )
    grids = plans.read_grids(session, plan_id)
    grounds, notes = _grounds(session, plan, grids)
    drafts = list(draft_cells_of(grounds, bounds, seed=seed, progress=progress))
    cells, assignment = _tables(drafts, grids.set_index("code").geometry)
    changed = cell_rows.replace_cells(
        session,
        plan_id,
        limits=CellLimits(bounds.lower, bounds.upper, seed),
        cells=cells,
        assignment=assignment,
        who=who,
        version=plan.version if version is None else version,
    )
    report = _report(drafts, cells, assignment, bounds, seed)
    return CellsOutcome(changed, report | {"notes": notes, "seconds": round(time.perf_counter() - started, 3)})


def read_cells(
    session: Session, plan_id: int, *, grid_code: str | None = None, limit: int | None = None, after: str | None = None
) -> gpd.GeoDataFrame:
    """Return the cells of a plan with codes above ``after``, ordered by code.

    Returns
    -------
    GeoDataFrame
        :data:`geo.storage.cells.CELL_COLUMNS`, ``in_range`` and ``geometry``, EPSG:4326; empty when the plan's grids
        are not divided.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    plans.read_plan(session, plan_id)
    # A street has some thousand cells: they are read whole and cut here.
    found = cell_rows.read_cells(session, plan_id, grid_code=grid_code)
    found = found[found["code"] > (after or "")]
    return found if limit is None else found.head(limit)


def read_cell(session: Session, plan_id: int, code: str) -> gpd.GeoDataFrame:
    """Return one cell of a plan, as a frame of one row.

    Raises
    ------
    NotFoundError
        There is no such plan, or it has no such cell.
    """
    cells = read_cells(session, plan_id, grid_code=code[:15])
    found = cells[cells["code"] == code]
    if found.empty:
        raise NotFoundError(f"方案 {plan_id} 没有联户网格 {code}", f"plan {plan_id} has no cell {code}")
    return found


def read_cell_assignment(session: Session, plan_id: int, *, cell_code: str | None = None) -> pd.DataFrame:
    """Return what is in the cells of a plan, or in one: :data:`geo.storage.cells.CELL_ASSIGNMENT_COLUMNS`.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    plans.read_plan(session, plan_id)
    rows = cell_rows.read_cell_assignment(session, plan_id)
    return rows if cell_code is None else rows[rows["cell_code"] == cell_code]


def _grounds(session: Session, plan: PlanRecord, grids: gpd.GeoDataFrame) -> tuple[list[GridGround], list[str]]:
    """What each grid of the plan brings to its cells, by community and grid."""
    columns = {"building_code": "building", "stairwell_code": "stairwell", "grid_code": "grid"}
    assignment = plans.read_assignment(session, plan.id).rename(columns=columns)
    if assignment.empty:
        raise InputError(
            f"方案 {plan.id} 的网格没有分配楼栋,无法划分联户网格",
            f"no building is assigned to the grids of plan {plan.id}; there is nothing to divide into cells",
        )
    stairwell = assignment["stairwell"].astype(object)
    assignment["stairwell"] = stairwell.where(stairwell.notna(), None)
    for name in ("floor_from", "floor_to"):
        assignment[name] = assignment[name].to_numpy(np.float64, na_value=np.nan)
    gathered = gather(session, plan.scope_code, previous="none")
    found = []
    for community in gathered.communities:
        own = grids[grids["community_code"] == community.code].set_index("code")
        areas = gpd.GeoSeries(own.geometry, crs=WGS84).to_crs(community.buildings.crs)
        rows = assignment[assignment["grid"].isin(own.index)]
        found += grounds_of(community, areas, rows)
    return found, gathered.notes


def _tables(drafts: list[CellDraft], grids: gpd.GeoSeries) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Cells and what is in them, with codes and in degrees, as the store keeps them."""
    cells, held = [], []
    for draft in drafts:
        code = {number: make("cell", draft.grid, int(number) + 1) for number in draft.cells.index}
        frame = draft.cells.rename(columns={"reason_zh": "reason"}).assign(
            code=[code[number] for number in draft.cells.index],
            name=[f"第{int(number) + 1}联户网格" for number in draft.cells.index],
            grid_code=draft.grid,
        )
        shapes = to_degrees(draft.cells.geometry, boundary=grids[draft.grid])
        cells.append(frame[CELL_COLUMNS].assign(geometry=shapes.to_numpy()))
        rows = draft.assignment.rename(columns={"building": "building_code", "stairwell": "stairwell_code"})
        held.append(rows.assign(cell_code=[code[number] for number in rows["cell"]])[CELL_ASSIGNMENT_COLUMNS])
    table = pd.concat(cells, ignore_index=True)
    frame = gpd.GeoDataFrame(table.drop(columns="geometry"), geometry=table["geometry"].to_numpy(), crs=WGS84)
    return frame, pd.concat([rows for rows in held if len(rows)] or held[:1], ignore_index=True)


def _report(
    drafts: list[CellDraft], cells: gpd.GeoDataFrame, assignment: pd.DataFrame, bounds: Bounds, seed: int
) -> dict[str, Any]:
    english = [en for draft in drafts for en in draft.cells["reason_en"]]
    in_range = np.concatenate([draft.cells["in_range"].to_numpy(bool) for draft in drafts])
    missed = cells.assign(reason_en=english)[~in_range]
    return {
        "grids": len(drafts),
        "cells": len(cells),
        "in_range": int(in_range.sum()),
        "in_range_share": round(float(in_range.mean()), 6),
        "households": int(cells["households"].sum()),
        "lower": bounds.lower,
        "upper": bounds.upper,
        "seed": seed,
        "estimated_parts": int(assignment["estimated"].sum()),
        "reasons": {str(code): int(count) for code, count in missed["reason_code"].value_counts().items()},
        "out_of_range": [
            {
                "code": row.code,
                "households": int(row.households),
                "reason": row.reason_code,
                "reason_zh": row.reason,
                "reason_en": row.reason_en,
            }
            for row in missed.itertuples()
        ],
    }
