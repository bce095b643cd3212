"""The tables of work on a plan that several people share: remarks, who has it open, locks, what the engine works on."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, func, text
from sqlalchemy.orm import Mapped, mapped_column

from geo.storage.declaring import Base, Code, at_least, code_column, code_pattern, code_rule, not_blank


def _of_plan(*, primary: bool = False) -> Any:
    target = ForeignKey("plan.id", ondelete="CASCADE")
    return mapped_column(BigInteger, target, primary_key=primary, autoincrement=False, index=not primary)


class PlanComment(Base):
    """A remark (批注) on a plan, one of its grids or a building; it stays as it was said until somebody resolves it."""

    __tablename__ = "plan_comment"
    __table_args__ = (
        *not_blank("said", "who"),
        *at_least(1, "version"),
        code_rule("grid", "grid_code"),
        CheckConstraint("char_length(said) <= 2000", name="said_length"),
        CheckConstraint("num_nonnulls(grid_code, building_code) <= 1", name="one_subject"),
        CheckConstraint(
            "(community_code IS NOT NULL) = (num_nonnulls(grid_code, building_code) = 1)", name="subject_has_community"
        ),
        CheckConstraint("(resolved_at IS NULL) = (resolved_by IS NULL)", name="resolved_by"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    plan_id: Mapped[int] = _of_plan()
    community_code: Mapped[str | None] = mapped_column(Code)
    grid_code: Mapped[str | None] = mapped_column(Code)
    building_code: Mapped[str | None] = code_column("building", nullable=True)
    said: Mapped[str]
    who: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    resolved_by: Mapped[str | None]
    resolved_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class PlanPresence(Base):
    """That somebody has a plan open, and the grid they are at; forgotten soon after they were last heard of."""

    __tablename__ = "plan_presence"
    __table_args__ = (*not_blank("who"), code_rule("grid", "grid_code"))

    plan_id: Mapped[int] = _of_plan(primary=True)
    who: Mapped[str] = mapped_column(primary_key=True)
    grid_code: Mapped[str | None] = mapped_column(Code)
    since: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class PlanLock(Base):
    """That somebody wants a grid of a draft to stay as it is, or a compound to stay whole."""

    __tablename__ = "plan_lock"
    __table_args__ = (
        *not_blank("who"),
        CheckConstraint(
            f"code ~ '{code_pattern('grid')}' OR code ~ '{code_pattern('compound')}'", name="code_structure"
        ),
    )

    plan_id: Mapped[int] = _of_plan(primary=True)
    code: Mapped[str] = mapped_column(Code, primary_key=True)
    who: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class PlanJob(Base):
    """A piece of work on a plan that takes its time, and what came of it.

    Whoever does the work says so every moment (``beat_at``); where that stops, it was interrupted.
    """

    __tablename__ = "plan_job"
    __table_args__ = (
        *not_blank("kind", "created_by"),
        CheckConstraint("state IN ('running', 'done', 'cancelled', 'interrupted', 'failed')", name="state"),
        CheckConstraint("share >= 0 AND share <= 1", name="share_range"),
        CheckConstraint("(state = 'running') = (ended_at IS NULL)", name="ended_at"),
        CheckConstraint("(state = 'done') = (result IS NOT NULL)", name="result_when_done"),
        CheckConstraint("(state = 'failed') = (problem IS NOT NULL)", name="problem_when_failed"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    plan_id: Mapped[int] = _of_plan()
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'running'"))
    share: Mapped[float] = mapped_column(server_default=text("0"))
    asked: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any] | None]
    problem: Mapped[dict[str, Any] | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    beat_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    ended_at: Mapped[datetime | None]
