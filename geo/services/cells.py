"""Use case: divide the grids of a draft into cells (联户网格) of 30-40 households, and look at them."""

import time
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.errors import ConflictError, InputError, NotFoundError
from geo.regionalization.cell_ground import CellGround, cell_ground
from geo.regionalization.communities import find_tier, tier_bounds
from geo.regionalization.execution import Progress, draft_cells_of
from geo.services.cell_tables import cell_report, cell_tables
from geo.services.gathering import gather
from geo.storage import cells as cell_rows
from geo.storage import plans
from geo.storage.cells import CellLimits
from geo.storage.plans import PlanRecord


@dataclass(frozen=True)
class CellsOutcome:
    """The cells that a draft was given.

    Attributes
    ----------
    plan
        The draft at its new version.
    report
        What :func:`~geo.services.cell_tables.cell_report` says, ``seconds``, ``cancelled`` (ended early) and ``notes``.
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
    progress: Progress | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
) -> CellsOutcome:
    """Divide every grid of a draft into cells and keep them in place of those it has.

    Parameters
    ----------
    lower, upper
        Households of a cell; None for what the tier says (``data/dictionaries/tiers.toml``).
    version
        The version of the draft that was seen; None for whatever it is at.
    progress, workers, scheduler
        See :func:`~geo.regionalization.execution.draft_communities`. Told to stop, it keeps the best so far.

    Returns
    -------
    CellsOutcome
        The caller commits.

    Raises
    ------
    NotFoundError
        There is no such plan.
    ConflictError, StaleVersionError
        The plan is no draft: adopted plans are never edited; or it is not one of grids; or it is not at ``version``
        any more.
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
    tier = find_tier(plan.report.get("tier", "grid"))
    if tier.code != "grid":
        raise ConflictError(
            f"方案 {plan_id} 划的是{tier.zh};联户网格只在网格内划分,请先划网格方案",
            f"plan {plan_id} is one of {tier.en}; cells lie inside of grids: plan grids first",
        )
    grids = plans.read_grids(session, plan_id)
    grounds, notes = _grounds(session, plan, grids)
    drafts = draft_cells_of(grounds, bounds, seed=seed, workers=workers, scheduler=scheduler, progress=progress)
    cells, assignment = cell_tables(drafts, dict(zip(grids["code"], grids.geometry, strict=True)))
    changed = cell_rows.replace_cells(
        session,
        plan_id,
        limits=CellLimits(bounds.lower, bounds.upper, seed),
        cells=cells,
        assignment=assignment.rename(columns={"building": "building_code", "stairwell": "stairwell_code"}),
        who=who,
        version=plan.version if version is None else version,
    )
    report = cell_report(cells, assignment, bounds, seed) | {
        "cancelled": any(draft.cancelled for draft in drafts),
        "notes": notes,
        "seconds": round(time.perf_counter() - started, 3),
    }
    return CellsOutcome(changed, report)


def read_cells(
    session: Session, plan_id: int, *, grid_code: str | None = None, limit: int | None = None, after: str | None = None
) -> gpd.GeoDataFrame:
    """Return the cells of a plan with codes above ``after``, ordered by code.

    Returns
    -------
    GeoDataFrame
        :data:`geo.territory.nouns.CELL_COLUMNS`, ``in_range`` and ``geometry``, EPSG:4326; empty when the plan's grids
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


def _grounds(session: Session, plan: PlanRecord, grids: gpd.GeoDataFrame) -> tuple[list[CellGround], list[str]]:
    """What the grids of the plan bring to their cells, by community."""
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
        if len(own):
            found.append(cell_ground(community, areas, assignment))
    return found, gathered.notes
