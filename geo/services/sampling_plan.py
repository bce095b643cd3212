"""Use case: a sample plan that has been in force for a while, and a draft of it to work on."""

from datetime import datetime

from sqlalchemy.orm import Session

from geo.storage import plans


def put_in_force(session: Session, plan_id: int, *, since: datetime, who: str) -> int:
    """Let a draft have been in force since a moment, and draft the same anew; return the new draft's id.

    Where a plan of the merged network is in force already, nothing is written and the id is the one given.

    Raises
    ------
    NotFoundError
        There is no such plan.
    ConflictError
        It is no draft.
    """
    plan = plans.read_plan(session, plan_id)
    if plans.in_force(session, plan.scope_code, plan.department):
        return plan_id
    grids, assignment = plans.read_grids(session, plan_id), plans.read_assignment(session, plan_id)
    plans.adopt(session, plan_id, who=who, version=plan.version, at=since)
    return plans.create_draft(
        session,
        name=plan.name,
        scope_code=plan.scope_code,
        department=plan.department,
        lower=plan.lower,
        upper=plan.upper,
        seed=plan.seed,
        parameters=plan.parameters,
        report=plan.report,
        grids=grids,
        assignment=assignment,
        who=who,
    )
