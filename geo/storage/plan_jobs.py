"""Work on plans that takes its time: begun, heard of while it goes on, and ended once, whoever looks from wherever.

A job's row says whether it runs. Ending one is a single conditional UPDATE, so that of its own end, somebody who
cancels it and somebody who finds it silent one wins, and all others see that it ended.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.orm import Session

from geo.errors import ConflictError, NotFoundError
from geo.storage.turns import take_turn
from geo.storage.workbench_tables import PlanJob

State = Literal["running", "done", "cancelled", "interrupted", "failed"]

#: Whose work was not heard of for so long is taken for interrupted; it says something every second.
SILENT_AFTER = timedelta(seconds=15)


@dataclass(frozen=True)
class JobRecord:
    """A job as it is now; ``share`` is how much of it is done, 0 to 1."""

    id: int
    plan_id: int
    kind: str
    state: State
    share: float
    asked: dict[str, Any]
    result: dict[str, Any] | None
    problem: dict[str, Any] | None
    created_by: str
    created_at: datetime
    ended_at: datetime | None


def begin(session: Session, plan_id: int, kind: str, asked: dict[str, Any], *, who: str) -> JobRecord:
    """Note that work on a plan begins.

    Raises
    ------
    ConflictError
        Other work on the plan goes on.
    """
    take_turn(session, f"job of plan {plan_id}")
    _end_silent(session, PlanJob.plan_id == plan_id)
    running = session.scalar(select(PlanJob).where(PlanJob.plan_id == plan_id, PlanJob.state == "running").limit(1))
    if running is not None:
        raise ConflictError(
            f"{running.created_by} 正在求解方案 {plan_id}(任务 {running.id});请等它完成,或先取消",
            f"{running.created_by} has plan {plan_id} solved at this moment (job {running.id}); wait, or cancel it",
        )
    values = {"plan_id": plan_id, "kind": kind, "asked": asked, "created_by": who}
    return read(session, session.scalars(insert(PlanJob).values(**values).returning(PlanJob.id)).one())


def read(session: Session, job_id: int) -> JobRecord:
    """Read a job; one that has not been heard of ends as interrupted.

    Raises
    ------
    NotFoundError
        There is no such job.
    """
    _end_silent(session, PlanJob.id == job_id)
    row = session.get(PlanJob, job_id, populate_existing=True)
    if row is None:
        raise NotFoundError(f"没有编号为 {job_id} 的任务", f"there is no job {job_id}")
    return JobRecord(**{name: getattr(row, name) for name in JobRecord.__dataclass_fields__})


def beat(session: Session, job_id: int, share: float) -> bool:
    """Say that a job goes on and how far it is; return whether it still shall."""
    told = {"beat_at": func.clock_timestamp(), "share": func.greatest(PlanJob.share, share)}
    return _changed(session, PlanJob.id == job_id, told)


def end(
    session: Session,
    job_id: int,
    state: State,
    *,
    result: dict[str, Any] | None = None,
    problem: dict[str, Any] | None = None,
) -> bool:
    """End a job; return whether it had not ended already, in which case nothing changes."""
    told: dict[str, Any] = {"state": state, "ended_at": func.clock_timestamp()}
    # None would be the null of JSON, which is something.
    told |= {name: value for name, value in (("result", result), ("problem", problem)) if value is not None}
    if state == "done":
        told["share"] = 1.0
    return _changed(session, PlanJob.id == job_id, told)


def _end_silent(session: Session, which: Any) -> None:
    silent = PlanJob.beat_at < func.clock_timestamp() - literal(SILENT_AFTER)
    _changed(session, which & silent, {"state": "interrupted", "ended_at": func.clock_timestamp()})


def _changed(session: Session, which: Any, told: dict[str, Any]) -> bool:
    change = update(PlanJob).where(which, PlanJob.state == "running").values(**told).returning(PlanJob.id)
    return bool(session.scalars(change.execution_options(synchronize_session=False)).all())
