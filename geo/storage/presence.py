"""Who has a plan open, as far as they say so every few seconds."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from geo.storage.refusals import in_plain_words
from geo.storage.workbench_tables import PlanPresence

#: Who was not heard of for so long has left; browsers say something every ten seconds, more seldom in the background.
GONE_AFTER = timedelta(seconds=30)
#: Rows of those who left are cleared away after so long, by whoever comes next.
FORGOTTEN_AFTER = timedelta(minutes=2)


@dataclass(frozen=True)
class PresenceRecord:
    """Somebody who has a plan open: the account's name, the grid they are at, since when."""

    who: str
    grid_code: str | None
    since: datetime


def appear(session: Session, plan_id: int, grid_code: str | None, *, who: str) -> None:
    """Say that somebody has a plan open, or still has it."""
    _forget(session, plan_id)
    now = func.clock_timestamp()
    said = insert(PlanPresence).values(plan_id=plan_id, who=who, grid_code=grid_code)
    here = said.on_conflict_do_update(index_elements=["plan_id", "who"], set_={"grid_code": grid_code, "seen_at": now})
    with in_plain_words():
        session.execute(here)


def leave(session: Session, plan_id: int, *, who: str) -> None:
    """Say that somebody has closed a plan."""
    session.execute(delete(PlanPresence).where(PlanPresence.plan_id == plan_id, PlanPresence.who == who))


def present(session: Session, plan_id: int) -> list[PresenceRecord]:
    """Return who has a plan open now, whoever came first in front."""
    heard = PlanPresence.seen_at > func.clock_timestamp() - literal(GONE_AFTER)
    query = select(PlanPresence.who, PlanPresence.grid_code, PlanPresence.since)
    query = query.where(PlanPresence.plan_id == plan_id, heard).order_by(PlanPresence.since, PlanPresence.who)
    return [PresenceRecord(*row) for row in session.execute(query)]


def _forget(session: Session, plan_id: int) -> None:
    stale = PlanPresence.seen_at < func.clock_timestamp() - literal(FORGOTTEN_AFTER)
    gone = delete(PlanPresence).where(PlanPresence.plan_id == plan_id, stale)
    session.execute(gone.execution_options(synchronize_session=False))
