"""Departments' old grids, merged into one network over HTTP."""

from fastapi import APIRouter, Request, Response

from api.dependencies import Settings, Store
from api.routes.plans import PLAN_MADE, made_plan, options_of
from api.schemas.merging import MergeDraft
from api.schemas.plans import PlanDetail
from geo.services import reading
from geo.services.merging import merge_scope

router = APIRouter(tags=["plans"])


@router.post(
    "/plans/merge",
    status_code=201,
    summary="多网合一:合并各部门旧网格 Merge old networks into one",
    responses=PLAN_MADE,
)
def merge(request: Request, response: Response, store: Store, settings: Settings, body: MergeDraft) -> PlanDetail:
    """Merge departments' old grids in force into one network, kept as a draft plan.

    Its report has `merging`: how many old grids there were, which households stay together or keep a worker, who
    moves from which old grid to which new one, which posts are redundant, and the same bounds drawn afresh. It names
    no person. Takes twice as long as a draft; refused (409, 503) as one is.
    """
    with request.app.state.drafts.work_on(body.scope):
        outcome = merge_scope(
            store,
            body.scope,
            departments=body.departments,
            weights=body.weights,
            compare=body.compare,
            **options_of(body, settings),
        )
        made = reading.read_plan(store, outcome.plan_id)
    return made_plan(response, made)
