"""Departments' old grids, merged into one network over HTTP."""

from dataclasses import asdict

from fastapi import APIRouter, Request, Response

from api.dependencies import Acting, PlanId, Settings, Store
from api.idempotency import Creating
from api.openapi import problems
from api.routes.plans import PLAN_MADE, made_plan, options_of
from api.schemas.merging import MergeDraft, RetiredPlans
from api.schemas.plans import PlanDetail
from geo.services import reading
from geo.services.merging import merge_scope
from geo.services.retiring import retire_sources

router = APIRouter(tags=["plans"], route_class=Creating)


@router.post(
    "/plans/merge",
    status_code=201,
    summary="多网合一:合并各部门旧网格 Merge old networks into one",
    responses=PLAN_MADE,
)
def merge(
    request: Request, response: Response, store: Store, actor: Acting, settings: Settings, body: MergeDraft
) -> PlanDetail:
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
            **options_of(body, settings, actor),
        )
        made = reading.read_plan(store, outcome.plan_id)
    return made_plan(response, made)


@router.post(
    "/plans/{plan_id}/retire-departments",
    summary="结束所合并的各部门方案 End the departments' plans that a merged plan replaces",
    responses=problems(404, 409, 413, 415, 422, 503),
)
def retire_departments(store: Store, actor: Acting, plan_id: PlanId) -> RetiredPlans:
    """End, all or none, the departments' plans that a merged plan in force was merged from.

    They stay readable as superseded. Refused (409) when the merged plan is not in force, or when a department has
    put another plan in force since it was drafted. `POST /plans/{plan_id}/adopt?retire=true` does both at once.
    """
    ended = retire_sources(store, plan_id, who=actor.name)
    return RetiredPlans.model_validate({"retired": [asdict(plan) for plan in ended]})
