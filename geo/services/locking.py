"""Use case: planners lock what shall stay of a draft, and see each other's locks.

::

    change_locks(session, plan_id, lock=["440307001001003"], who=…)
    [(lock.code, lock.who) for lock in read_locks(session, plan_id)]

A lock is a word among colleagues, not a wall: an edit of what somebody else locked is made, with a notice; pages ask
before it, and "solve the rest" leaves alone what is locked. A lock goes with its grid, and with the adoption.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from geo.errors import CodeError, ConflictError, InputError
from geo.storage import plan_locks, plans
from geo.storage.plan_locks import LockRecord
from geo.storage.plans import PlanVersion

__all__ = ["MOST_LOCKS", "LockRecord", "change_locks", "read_locks"]

#: Locks set or lifted at once, at most: every grid and compound of the largest street.
MOST_LOCKS = 1_000
_SHOWN = 5


def read_locks(session: Session, plan_id: int) -> list[LockRecord]:
    """Read what is locked of a plan, by code; of one that is no draft any more nothing is.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    return locks_of(session, plan_id, plans.version_of(session, plan_id))


def locks_of(session: Session, plan_id: int, plan: PlanVersion) -> list[LockRecord]:
    """Read the locks of a plan that was looked at already."""
    return plan_locks.read(session, plan_id) if plan.state == "draft" else []


def change_locks(
    session: Session, plan_id: int, *, lock: Sequence[str] = (), lift: Sequence[str] = (), who: str
) -> list[LockRecord]:
    """Lock grids and compounds of a draft, or lift their locks, one's own or another's; returns all there are then.

    What is locked already stays whose it is, and lifting what is not locked changes nothing.

    Raises
    ------
    NotFoundError
        There is no such plan.
    ConflictError
        It is a draft no more, and nobody changes it.
    CodeError, InputError
        The plan has no such grid, or its scope no such compound; none or too many, or the same to lock and lift.
    """
    plan = plans.version_of(session, plan_id)
    if plan.state != "draft":
        raise ConflictError(
            f"方案 {plan_id} 已不是草案,不用锁定", f"plan {plan_id} is {plan.state}, not a draft: nothing to lock"
        )
    count, both = len(lock) + len(lift), sorted(set(lock) & set(lift))
    if not 0 < count <= MOST_LOCKS:
        raise InputError(
            f"一次锁定、解锁 {count} 处,应为 1 至 {MOST_LOCKS} 处", f"{count} locks at once; 1 to {MOST_LOCKS}"
        )
    if both:
        raise InputError(
            f"{'、'.join(both[:_SHOWN])} 既要锁定又要解锁", f"to be locked and lifted: {', '.join(both[:_SHOWN])}"
        )
    _refuse_unknown(session, plan_id, plan.scope_code, lock)
    plan_locks.lift(session, plan_id, lift, who=who)
    plan_locks.set_locks(session, plan_id, lock, who=who)
    return plan_locks.read(session, plan_id)


def _refuse_unknown(session: Session, plan_id: int, scope: str, codes: Sequence[str]) -> None:
    strange = plan_locks.unknown(session, plan_id, scope, codes)
    if strange:
        raise CodeError(
            f"方案 {plan_id} 没有网格或小区 {'、'.join(strange[:_SHOWN])};方案可能已改动,请刷新",
            f"plan {plan_id} has no grid or compound {', '.join(strange[:_SHOWN])}; it may have changed: reload",
        )
