"""Use case: the report that a plan is adopted with: its grids with reasons, who changes the grid worker, who signed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.regionalization.comparison import Flow
from geo.services.mapping import content_from_store
from geo.storage import divisions, events, plan_comments, plans
from geo.storage.divisions import Division
from geo.storage.events import EventRecord
from geo.storage.plan_contents import content_hash
from geo.storage.plans import PlanRecord
from geo.territory.map_content import MapContent

#: Flows between grids that a report lists; the rest is summed up.
MOST_FLOWS = 60
#: Figures that a report takes as they were counted with the plan.
_COUNTED = ("compounds", "compounds_split", "compounds_fitting", "compounds_fitting_split", "barrier_crossed")


@dataclass(frozen=True)
class GridLine:
    """One grid of the plan.

    Attributes
    ----------
    in_range
        None where the plan has no range of households.
    compactness
        Polsby-Popper, 0 to 1; None where the plan's report does not say.
    continues
        The grid of the plan before whose worker it keeps; None for none.
    moved
        Its households that had another grid worker; None where that is not known.
    """

    code: str
    name: str
    households: int | None
    in_range: bool | None
    contiguous: bool | None
    compactness: float | None
    continues: str | None
    moved: int | None
    reason_zh: str | None
    reason_en: str | None


@dataclass(frozen=True)
class Difference:
    """What the plan changes in the one that was in force.

    Attributes
    ----------
    plans
        Those that it was measured against.
    households, moved
        In grids of both, and how many of them change the grid worker.
    ended, new
        Grids of the plan before that nothing goes on with, and grids that go on with none.
    flows
        Most households first, at most :data:`MOST_FLOWS`; ``further`` are the households of those left out.
    """

    plans: tuple[PlanRecord, ...]
    households: int
    moved: int
    ended: tuple[str, ...]
    new: tuple[str, ...]
    flows: tuple[Flow, ...]
    further: int


@dataclass(frozen=True)
class Signature:
    """Who adopted the plan, when, and what it said then (:func:`~geo.storage.plan_contents.content_hash`)."""

    who: str
    at: datetime
    content: str | None


@dataclass(frozen=True)
class PlanReport:
    """A plan, told for those who decide on it and for the files.

    Attributes
    ----------
    is_whole
        Whether who asks sees all of the plan; else only the part they see is in it.
    figures
        Counts over all grids: ``grids``, ``in_range``, ``households``, ``compounds`` and ``compounds_split``, the same
        of those that one grid could hold (``compounds_fitting``, ``compounds_fitting_split``), ``barrier_crossed``,
        ``compactness``; missing ones are not known.
    difference
        None where no plan was in force.
    signature
        None for a draft.
    content
        The hash of what the plan says now; None where not all of it is seen.
    """

    plan: PlanRecord
    scope: Division
    is_whole: bool
    grids: tuple[GridLine, ...]
    figures: dict[str, float]
    difference: Difference | None
    signature: Signature | None
    content: str | None
    open_comments: int

    @property
    def is_as_signed(self) -> bool | None:
        """Whether the plan says what it said when it was adopted; None where nobody knows."""
        signed = self.signature.content if self.signature else None
        return None if signed is None or self.content is None else signed == self.content


def draw_up_report(session: Session, plan_id: int, *, is_whole: bool = True) -> PlanReport:
    """Draw up the report of a plan as it is now.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    plan = plans.read_plan(session, plan_id)
    stored = plans.read_grids(session, plan_id)
    told = {row["code"]: row for row in plan.report.get("grid_list", ())}
    lines = tuple(_line(row, told.get(row["code"], {}), plan) for row in stored.to_dict("records"))
    comments = plan_comments.read(session, plan_id)
    return PlanReport(
        plan,
        divisions.find(session, plan.scope_code),
        is_whole,
        lines,
        _figures(plan, lines),
        _difference(session, plan, lines),
        _signature(events.changes_since(session, "plan", str(plan_id), 0)),
        content_hash(stored, plans.read_assignment(session, plan_id)) if is_whole else None,
        sum(one.resolved_at is None for one in comments),
    )


def map_of_report(session: Session, report: PlanReport) -> MapContent | None:
    """Gather the map of a plan's grids; None where it has none to draw: one of communities, or none that is seen."""
    if report.plan.tier == "community" or not report.grids:
        return None
    return content_from_store(session, report.plan.scope_code, report.plan.id)


def _line(row: Mapping[str, Any], told: Mapping[str, Any], plan: PlanRecord) -> GridLine:
    counted = row["households"]
    households = None if counted is None or counted != counted else int(counted)
    bounds = plan.lower, plan.upper
    known = households is not None and bounds[0] is not None and bounds[1] is not None
    return GridLine(
        row["code"],
        row["name"] or row["code"],
        households,
        bounds[0] <= households <= bounds[1] if known else None,  # type: ignore[operator]
        told.get("contiguous"),
        told.get("polsby_popper"),
        told.get("continues"),
        told.get("moved") if plan.report.get("households_before") else None,
        told.get("reason_zh") or (row["reason"] if isinstance(row["reason"], str) else None),
        told.get("reason_en"),
    )


def _figures(plan: PlanRecord, lines: Sequence[GridLine]) -> dict[str, float]:
    found: dict[str, float] = {"grids": len(lines), "households": sum(line.households or 0 for line in lines)}
    if any(line.in_range is not None for line in lines):
        found["in_range"] = sum(line.in_range is True for line in lines)
    scores = [line.compactness for line in lines if line.compactness is not None]
    if scores:
        found["compactness"] = round(sum(scores) / len(scores), 3)
    for name in _COUNTED:
        if isinstance(plan.report.get(name), int | float):
            found[name] = plan.report[name]
    return found


def _difference(session: Session, plan: PlanRecord, lines: Sequence[GridLine]) -> Difference | None:
    known = plan.report.get("households_before")
    if not known:
        return None
    before, codes = [], set()
    for number in plan.report.get("previous_plans", ()):
        try:
            before.append(plans.read_plan(session, number))
        except NotFoundError:
            continue  # one of a part that is not seen, or a draft that is gone
        old = plans.read_grids(session, number)
        codes |= set(old.loc[old["code"].str.startswith(plan.scope_code), "code"])
    moves = plan.report.get("moves", ())
    codes |= {move["from"] for move in moves}
    kept = {line.continues for line in lines if line.continues}
    shown = tuple(Flow(one["from"], one["to"], one["households"], one["buildings"]) for one in moves[:MOST_FLOWS])
    return Difference(
        tuple(before),
        int(known),
        int(plan.report.get("households_moved") or 0),
        tuple(sorted(codes - kept)),
        tuple(line.code for line in lines if not line.continues),
        shown,
        sum(one["households"] for one in moves[MOST_FLOWS:]),
    )


def _signature(changes: Sequence[EventRecord]) -> Signature | None:
    for change in reversed(changes):
        if change.what == "adopted":
            return Signature(change.who, change.at, (change.after or {}).get("content"))
    return None
