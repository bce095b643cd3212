"""Remarks on plans: made, read, resolved. What was said is never altered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from geo.errors import NotFoundError, StaleVersionError
from geo.storage import events
from geo.storage.refusals import in_plain_words
from geo.storage.workbench_tables import PlanComment


@dataclass(frozen=True)
class CommentRecord:
    """A remark on a plan, or on the one of its grids or buildings that it names."""

    id: int
    plan_id: int
    community_code: str | None
    grid_code: str | None
    building_code: str | None
    said: str
    who: str
    at: datetime
    resolved_by: str | None
    resolved_at: datetime | None
    version: int


def add(session: Session, plan_id: int, said: str, about: dict[str, str | None], *, who: str) -> CommentRecord:
    """Keep a remark.

    Parameters
    ----------
    about
        ``community_code`` with ``grid_code`` or ``building_code``; empty for the plan as a whole.
    """
    with in_plain_words():
        values = {"plan_id": plan_id, "said": said, "who": who, **about}
        made = session.scalars(insert(PlanComment).values(**values).returning(PlanComment.id)).one()
    _tell(session, plan_id, made, "commented", who)
    return read_one(session, plan_id, made)


def read(session: Session, plan_id: int, *, after: int = 0, limit: int | None = None) -> list[CommentRecord]:
    """Read the remarks on a plan in the order in which they were made; the next page is ``after`` the last id."""
    query = select(PlanComment).where(PlanComment.plan_id == plan_id, PlanComment.id > after)
    return [_record(row) for row in session.scalars(query.order_by(PlanComment.id).limit(limit))]


def read_one(session: Session, plan_id: int, comment_id: int) -> CommentRecord:
    """Read one remark.

    Raises
    ------
    NotFoundError
        The plan has no such remark.
    """
    row = session.get(PlanComment, comment_id, populate_existing=True)
    if row is None or row.plan_id != plan_id:
        raise NotFoundError(
            f"方案 {plan_id} 没有编号为 {comment_id} 的批注", f"plan {plan_id} has no comment {comment_id}"
        )
    return _record(row)


def resolve(
    session: Session, plan_id: int, comment_id: int, *, resolved: bool, who: str, version: int
) -> CommentRecord:
    """Note that a remark was seen to, or that it was not after all.

    Raises
    ------
    NotFoundError
        The plan has no such remark.
    StaleVersionError
        It is not at ``version`` any more.
    """
    seen = read_one(session, plan_id, comment_id)
    change = update(PlanComment).where(PlanComment.id == comment_id, PlanComment.version == version)
    by, at = (who, func.now()) if resolved else (None, None)
    change = change.values(resolved_by=by, resolved_at=at, version=version + 1).returning(PlanComment.id)
    with in_plain_words():
        done = session.scalars(change.execution_options(synchronize_session=False)).all()
    if not done:
        raise StaleVersionError(
            f"批注 {comment_id} 已变为第 {seen.version} 版,您看到的是第 {version} 版;请刷新后再试",
            f"comment {comment_id} is at version {seen.version}, you saw {version}; reload first",
        )
    _tell(session, plan_id, comment_id, "resolved" if resolved else "reopened", who)
    return read_one(session, plan_id, comment_id)


def state_of(session: Session, plan_id: int) -> tuple[int, int]:
    """Return two numbers of which one grows whenever a remark is made or resolved: how many, and their versions."""
    counted = select(func.count(), func.coalesce(func.sum(PlanComment.version), 0))
    number, versions = session.execute(counted.where(PlanComment.plan_id == plan_id)).one()
    return int(number), int(versions)


def _tell(session: Session, plan_id: int, comment_id: int, what: str, who: str) -> None:
    """What was said may name people; the trail says who did what, and the remark itself stays."""
    events.record(session, who=who, what=what, noun="plan", code=str(plan_id), after={"comment": comment_id})


def _record(row: PlanComment) -> CommentRecord:
    told: dict[str, Any] = {name: getattr(row, name) for name in CommentRecord.__dataclass_fields__}
    return CommentRecord(**told)
