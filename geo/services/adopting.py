"""Use case: put a draft plan in force."""

from sqlalchemy.orm import Session

from geo.errors import ConflictError
from geo.regionalization.communities import find_tier
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
        The plan is no draft, or not one of grids, or another came in force meanwhile.
    """
    tier = plans.read_plan(session, plan_id).report.get("tier", "grid")
    if tier != "grid":
        found = find_tier(tier)
        raise ConflictError(
            f"方案 {plan_id} 划的是{found.zh},采用它会取代现行网格;请导出后使用,或另划网格方案",
            f"plan {plan_id} is one of {found.en} and would replace the grids in force; export it, or plan grids",
        )
    return plans.adopt(session, plan_id, who=who, version=version)
