"""Edits of drafts, written: grids and assignment change together, and one event says what was and what became."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from geo.storage import events, plans, queries
from geo.storage.refusals import in_plain_words
from geo.storage.tables import Assignment, Cell, Grid, Plan
from geo.storage.workbench_tables import PlanLock

#: What the event of an edit is called.
EDITED = "edited"


@dataclass(frozen=True)
class WrittenEdit:
    """What one edit changes in the store.

    Attributes
    ----------
    grids
        Grids that are new or differ in anything: EPSG:4326, ``code``, ``name``, ``community_code``, ``households``,
        ``reason_code``, ``reason``.
    ended
        Codes of grids that are no more.
    buildings
        Whose rows of the assignment are written anew.
    assignment
        Those rows: ``plans.ASSIGNMENT_COLUMNS`` and ``plans.FLOOR_RANGE``.
    report
        The plan's whole report.
    before, after
        What the event says beside the plan's version.
    """

    grids: gpd.GeoDataFrame
    ended: Sequence[str]
    buildings: Sequence[str]
    assignment: pd.DataFrame
    report: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]


def write_edit(session: Session, plan: Plan, edit: WrittenEdit, *, who: str) -> tuple[plans.PlanRecord, int]:
    """Write an edit of a draft that this transaction has locked (``plans.locked_draft``), in its next version.

    Cells of grids that change go: they were drawn inside of what is no more. Locks of grids that end go with them.

    Returns
    -------
    PlanRecord, int
        The plan, and how many cells went.

    Raises
    ------
    WanggeError
        The database refused: grids overlap, reach beyond their community, a building is assigned twice ...
    """
    told_before = {"version": plan.version, **edit.before}
    with in_plain_words():
        codes = [*edit.grids["code"], *edit.ended]
        cells = _end_cells(session, plan.id, codes)
        session.execute(
            delete(Assignment).where(Assignment.plan_id == plan.id, Assignment.building_code.in_(list(edit.buildings)))
        )
        session.execute(delete(Grid).where(Grid.plan_id == plan.id, Grid.code.in_(list(edit.ended))))
        session.execute(delete(PlanLock).where(PlanLock.plan_id == plan.id, PlanLock.code.in_(list(edit.ended))))
        # What grows may take ground only after others have left it: one statement for those that there are, then new.
        _write_grids(session, plan.id, edit.grids)
        plans.insert_assignment(session, plan.id, edit.assignment)
        plan.report = edit.report
        plan.version += 1
        session.flush()
    events.record(
        session,
        who=who,
        what=EDITED,
        noun="plan",
        code=str(plan.id),
        before=told_before,
        after={"version": plan.version, **edit.after},
    )
    return plans.read_plan(session, plan.id), cells


def _end_cells(session: Session, plan_id: int, codes: Sequence[str]) -> int:
    of_grids = select(Grid.id).where(Grid.plan_id == plan_id, Grid.code.in_(list(codes)))
    gone = session.scalars(delete(Cell).where(Cell.grid_id.in_(of_grids)).returning(Cell.id))
    return len(gone.all())


def _write_grids(session: Session, plan_id: int, grids: gpd.GeoDataFrame) -> None:
    there = set(session.scalars(select(Grid.code).where(Grid.plan_id == plan_id)))
    kept = grids["code"].isin(there)
    queries.execute(session, "update_grids", {"plan_id": plan_id, **plans.grid_values(grids[kept])})
    plans.insert_grids(session, plan_id, grids[~kept])
