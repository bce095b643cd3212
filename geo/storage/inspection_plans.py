"""Plans of inspections (检查计划) in the store: what is inspected how often by whom, from one day to another."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from geo.errors import ConflictError, NotFoundError, StaleVersionError
from geo.storage import events
from geo.storage.ledger_tables import InspectionPlan
from geo.storage.refusals import in_plain_words

#: The noun of events about plans of inspections; their code is that of the street or community.
INSPECTION_PLAN = "inspection_plan"


@dataclass(frozen=True)
class NewPlan:
    """A plan to be kept; see :class:`geo.storage.ledger_tables.InspectionPlan`."""

    name: str
    scope_code: str
    place_kind: str
    grade: str | None
    party: str
    cycle_days: int
    checklist: str
    since: date


@dataclass(frozen=True)
class PlanRecord(NewPlan):
    """A plan that is kept; it holds up to the day before ``until``."""

    id: int
    until: date | None
    created_by: str
    version: int


def insert_plan(session: Session, new: NewPlan, *, who: str) -> PlanRecord:
    """Keep a plan.

    Raises
    ------
    ConflictError
        There is one already for the same places, grade and party.
    """
    written = insert(InspectionPlan).values(**asdict(new), created_by=who).returning(InspectionPlan.id)
    with in_plain_words():
        plan_id = session.scalars(written).one()
    plan = read_plan(session, plan_id)
    events.record(session, who=who, what="created", noun=INSPECTION_PLAN, code=plan.scope_code, after=_told(plan))
    return plan


def read_plan(session: Session, plan_id: int) -> PlanRecord:
    """Read one plan.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    row = session.get(InspectionPlan, plan_id, populate_existing=True)
    if row is None:
        raise NotFoundError(f"没有编号为 {plan_id} 的检查计划", f"there is no inspection plan {plan_id}")
    return _record(row)


def read_plans(
    session: Session,
    *,
    scope_codes: Collection[str] | None = None,
    on: date | None = None,
    limit: int | None = None,
    after: int = 0,
) -> list[PlanRecord]:
    """Read plans by id.

    Parameters
    ----------
    scope_codes
        Only plans of these streets and communities.
    on
        Only those that hold on this day.
    """
    query = select(InspectionPlan).where(InspectionPlan.id > after).order_by(InspectionPlan.id).limit(limit)
    if scope_codes is not None:
        query = query.where(InspectionPlan.scope_code.in_(list(scope_codes)))
    if on is not None:
        goes_on = or_(InspectionPlan.until.is_(None), InspectionPlan.until > on)
        query = query.where(InspectionPlan.since <= on, goes_on)
    return [_record(row) for row in session.scalars(query, execution_options={"populate_existing": True})]


def hold_plan(session: Session, plan_id: int, *, version: int | None) -> PlanRecord:
    """Read a plan that goes on, and keep others from changing it until the transaction ends.

    Raises
    ------
    NotFoundError
        There is no such plan.
    StaleVersionError
        It changed since the version that was seen.
    ConflictError
        It has ended.
    """
    query = select(InspectionPlan).where(InspectionPlan.id == plan_id).with_for_update()
    with in_plain_words():
        session.execute(query)
    plan = read_plan(session, plan_id)
    if version is not None and version != plan.version:
        raise StaleVersionError(
            f"第 {plan_id} 号检查计划已改变(第 {plan.version} 版,您看到的是第 {version} 版);请刷新后再改",
            f"inspection plan {plan_id} changed: it has version {plan.version}, you saw {version}; look again",
        )
    if plan.until is not None:
        raise ConflictError(
            f"第 {plan_id} 号检查计划已于 {plan.until} 结束;请新建计划",
            f"inspection plan {plan_id} ended on {plan.until}; make a new one",
        )
    return plan


def change_plan(session: Session, before: PlanRecord, changes: Mapping[str, Any], *, what: str, who: str) -> PlanRecord:
    """Write what became of a plan that is held, in its next version; ``what`` is the event's word for it."""
    values = {**changes, "version": before.version + 1}
    changed = update(InspectionPlan).where(InspectionPlan.id == before.id).values(values)
    with in_plain_words():
        session.execute(changed, execution_options={"synchronize_session": False})
    after = read_plan(session, before.id)
    told = {"before": _told(before), "after": _told(after)}
    events.record(session, who=who, what=what, noun=INSPECTION_PLAN, code=after.scope_code, **told)
    return after


def _told(plan: PlanRecord) -> dict[str, Any]:
    days = {"since": plan.since.isoformat(), "until": plan.until.isoformat() if plan.until else None}
    return {**asdict(plan), **days}


def _record(row: InspectionPlan) -> PlanRecord:
    return PlanRecord(**{name: getattr(row, name) for name in PlanRecord.__dataclass_fields__})
