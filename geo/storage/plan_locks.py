"""What planners locked of a draft: set, lifted, read. One lock on a grid or compound, whoever set it first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from geo.storage import events
from geo.storage.refusals import in_plain_words
from geo.storage.tables import Compound, Grid
from geo.storage.workbench_tables import PlanLock


@dataclass(frozen=True)
class LockRecord:
    """A grid that stays as it is, or a compound that stays whole, and who wants it so."""

    code: str
    who: str
    at: datetime


def read(session: Session, plan_id: int) -> list[LockRecord]:
    """Read the locks on a plan, by code."""
    query = select(PlanLock.code, PlanLock.who, PlanLock.at).where(PlanLock.plan_id == plan_id)
    return [LockRecord(*row) for row in session.execute(query.order_by(PlanLock.code))]


def set_locks(session: Session, plan_id: int, codes: Sequence[str], *, who: str) -> list[str]:
    """Lock grids and compounds; those that are locked stay whose they are. Returns the codes of the others."""
    if not codes:
        return []
    rows = [{"plan_id": plan_id, "code": code, "who": who} for code in sorted(set(codes))]
    made = insert(PlanLock).values(rows).on_conflict_do_nothing(index_elements=["plan_id", "code"])
    with in_plain_words():
        new = sorted(session.scalars(made.returning(PlanLock.code)))
    if new:
        told = {"locks": dict.fromkeys(new, who)}
        events.record(session, who=who, what="locked", noun="plan", code=str(plan_id), after=told)
    return new


def lift(session: Session, plan_id: int, codes: Sequence[str], *, who: str) -> list[str]:
    """Lift locks, whoever's they are, on record; returns the codes of those that there were."""
    if not codes:
        return []
    gone = delete(PlanLock).where(PlanLock.plan_id == plan_id, PlanLock.code.in_(list(codes)))
    with in_plain_words():
        rows = session.execute(gone.returning(PlanLock.code, PlanLock.who))
        were = dict(sorted((code, holder) for code, holder in rows))
    if were:
        told = {"locks": were}
        events.record(session, who=who, what="lifted", noun="plan", code=str(plan_id), before=told)
    return list(were)


def unknown(session: Session, plan_id: int, scope_code: str, codes: Sequence[str]) -> list[str]:
    """Return those of the codes that are neither a grid of the plan nor a compound of its scope."""
    if not codes:
        return []
    grids = select(Grid.code).where(Grid.plan_id == plan_id, Grid.code.in_(list(codes)))
    # By its community: a compound keeps its code when borders move.
    here = func.starts_with(Compound.community_code, scope_code)
    compounds = select(Compound.code).where(Compound.code.in_(list(codes)), Compound.ended_at.is_(None), here)
    return sorted(set(codes) - set(session.scalars(grids)) - set(session.scalars(compounds)))
