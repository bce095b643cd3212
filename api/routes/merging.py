"""Departments' old grids, merged into one network over HTTP."""

from dataclasses import asdict

from fastapi import APIRouter, Request, Response

from api.dependencies import Settings, Store
from api.openapi import problems
from api.routes.plans import NOBODY
from api.schemas.merging import MergeDraft
from api.schemas.plans import PlanDetail
from geo.services import reading
from geo.services.merging import merge_scope

router = APIRouter(tags=["plans"])


@router.post(
    "/plans/merge",
    status_code=201,
    summary="多网合一:合并各部门旧网格 Merge old networks into one",
    responses={
        201: {"headers": {"Location": {"schema": {"type": "string"}, "description": "新方案的地址 The new plan"}}},
        **problems(404, 409, 413, 415, 422, 503),
    },
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
            lower=body.lower,
            upper=body.upper,
            seed=body.seed,
            name=body.name,
            who=NOBODY,
            wishes=body.wishes.asked(),
            compare=body.compare,
            time_limit=settings.draft_seconds_per_community,
            workers=1,
        )
        made = reading.read_plan(store, outcome.plan_id)
    response.headers["Location"] = f"/plans/{made.id}"
    response.headers["ETag"] = f'"{made.version}"'
    return PlanDetail.model_validate(asdict(made))
