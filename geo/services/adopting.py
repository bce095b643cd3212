"""Use case: put a draft plan in force."""

from sqlalchemy.orm import Session

from geo.storage import plans
from geo.storage.plans import PlanRecord


def adopt_plan(session: Session, plan_id: int, *, who: str, version: int) -> PlanRecord:
    """Adopt a draft and supersede what it replaces.

    Parameters
    ----------
    version
        The version of the draft that the adopter saw.

    Raises
    ------
    NotFoundError
        There is no such plan.
    StaleVersionError
        The draft changed since; the message says how.
    ConflictError
        The plan is no draft, or another came in force meanwhile.
    """
    return plans.adopt(session, plan_id, who=who, version=version)
