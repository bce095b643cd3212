"""Use case: several people work on one plan: who has it open, and what others did since one last looked.

All of it comes from the store, so that it does not matter which of several processes of the program somebody asks.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy.orm import Session

from geo.services.editing import PlanChange, changes_since
from geo.services.locking import LockRecord, locks_of
from geo.storage import plan_comments, plans, presence
from geo.storage.presence import PresenceRecord

__all__ = ["LockRecord", "News", "PlanChange", "PresenceRecord", "news_of", "say_here", "say_left", "who_is_here"]


@dataclass(frozen=True)
class News:
    """What there is to know of a plan that others work on as well.

    Attributes
    ----------
    version, state, scope_code
        Of the plan.
    changes
        What happened after the version that was asked about, the oldest first.
    present
        Who has it open.
    locks
        What of it is locked, and by whom.
    comments, comments_mark
        How many remarks there are on it, and what differs once one was made or resolved.
    mark
        Differs from the one before as soon as anything of this does.
    """

    version: int
    state: str
    scope_code: str
    changes: tuple[PlanChange, ...]
    present: tuple[PresenceRecord, ...]
    locks: tuple[LockRecord, ...]
    comments: int
    comments_mark: str
    mark: str


def say_here(session: Session, plan_id: int, grid_code: str | None, *, who: str) -> None:
    """Say that somebody has a plan open, and at which of its grids they are; to be said again every ten seconds.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    plans.read_plan(session, plan_id)
    presence.appear(session, plan_id, grid_code, who=who)


def say_left(session: Session, plan_id: int, *, who: str) -> None:
    """Say that somebody has closed a plan."""
    presence.leave(session, plan_id, who=who)


def who_is_here(session: Session, plan_id: int) -> list[PresenceRecord]:
    """Return who has a plan open now, whoever came first in front."""
    return presence.present(session, plan_id)


def news_of(session: Session, plan_id: int, version: int | None = None) -> News:
    """Return what there is to know of a plan.

    Parameters
    ----------
    version
        The version that was seen; None for the one it has now.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    plan = plans.version_of(session, plan_id)
    seen = plan.version if version is None else version
    changes = tuple(changes_since(session, plan_id, seen)) if plan.version > seen else ()
    here = tuple(presence.present(session, plan_id))
    locks = tuple(locks_of(session, plan_id, plan))
    comments, versions = plan_comments.state_of(session, plan_id)
    who, what = [(one.who, one.grid_code) for one in here], [(one.code, one.who) for one in locks]
    said = repr((plan.version, plan.state, who, what, comments, versions))
    mark = hashlib.sha256(said.encode()).hexdigest()[:16]
    told = f"{comments}.{versions}"
    return News(plan.version, plan.state, plan.scope_code, changes, here, locks, comments, told, mark)
