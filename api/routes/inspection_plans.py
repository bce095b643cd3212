"""Plans of inspections (检查计划): what is inspected how often by whom; and grades of places, which they look at."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api.dependencies import DEFAULT_PAGE, MAX_ID, SCOPE_PATTERN, Acting, AfterId, Limit, Store, code_pattern
from api.idempotency import Creating
from api.links import announce, page_links
from api.openapi import problems
from api.routes.plans import JSON, IfMatch, seen_version
from api.schemas.inspections import (
    DefaultPlans,
    NewGrade,
    NewPlan,
    PlaceGrade,
    PlanChange,
    PlanItem,
    PlanList,
    PlanPage,
)
from geo.services import grading, inspection_planning
from geo.services.grading import Graded
from geo.services.inspection_planning import PlanRecord

router = APIRouter(tags=["inspections"], route_class=Creating)

InspectionPlanId = Annotated[int, Path(ge=1, le=MAX_ID, description="检查计划编号 Number of the plan")]
PlaceCode = Annotated[str, Path(pattern=code_pattern("place"), description="场所编码 Code of a place")]


@router.get("/inspection-plans", summary="检查计划 Plans of inspections", responses=problems(404, 422, 503))
def list_plans(
    request: Request,
    response: Response,
    store: Store,
    scope: Annotated[
        str | None, Query(pattern=SCOPE_PATTERN, description="只要此街道或社区的 Of this street or community only")
    ] = None,
    on: Annotated[date | None, Query(description="只要在此日有效的 Only those that hold on this day")] = None,
    limit: Limit = DEFAULT_PAGE,
    after: AfterId = None,
) -> PlanPage:
    """List what is inspected how often by whom; ended plans stay on record."""
    found = inspection_planning.list_plans(store, scope_code=scope, on=on, limit=limit + 1, after=after or 0)
    shown = found[:limit]
    links = page_links(request, JSON, shown[-1].id if len(found) > limit else None)
    announce(response, links)
    items = [asdict(plan) for plan in shown]
    return PlanPage.model_validate({"items": items, "numberReturned": len(items), "links": links})


@router.post(
    "/inspection-plans",
    status_code=201,
    summary="新建检查计划 Make a plan of inspections",
    response_model=PlanItem,
    responses=problems(403, 404, 409, 413, 415, 422, 503),
)
def make(response: Response, store: Store, actor: Acting, body: NewPlan) -> Any:
    """Make a plan for places of a kind, and a grade where they have some; it holds from today on, or from `since`."""
    plan = inspection_planning.make_plan(
        store,
        body.scope,
        place_kind=body.place_kind,
        party=body.party,
        cycle_days=body.cycle_days,
        grade=body.grade,
        checklist_code=body.checklist,
        name=body.name,
        since=body.since,
        actor=actor,
    )
    response.headers["Location"] = f"/inspection-plans/{plan.id}"
    return _told(response, plan)


@router.post(
    "/inspection-plans/defaults",
    status_code=201,
    summary="按字典建立检查计划 Make the plans of the dictionary",
    response_model=PlanList,
    responses=problems(403, 404, 413, 415, 422, 503),
)
def make_defaults(store: Store, actor: Acting, body: DefaultPlans) -> Any:
    """Make the plans of the dictionary `inspection_cycles`, those that the street or community has not yet."""
    made = inspection_planning.make_default_plans(store, body.scope, actor=actor)
    return {"items": [asdict(plan) for plan in made]}


@router.get(
    "/inspection-plans/{inspection_plan_id}",
    summary="一个检查计划 One plan of inspections",
    responses=problems(404, 422, 503),
)
def read(response: Response, store: Store, inspection_plan_id: InspectionPlanId) -> PlanItem:
    """Show one plan."""
    return PlanItem.model_validate(_told(response, inspection_planning.read_plan(store, inspection_plan_id)))


@router.patch(
    "/inspection-plans/{inspection_plan_id}",
    summary="修改检查计划 Change a plan of inspections",
    responses=problems(403, 404, 409, 412, 413, 415, 422, 428, 503),
)
def change(
    response: Response,
    store: Store,
    actor: Acting,
    inspection_plan_id: InspectionPlanId,
    body: PlanChange,
    if_match: IfMatch = None,
) -> PlanItem:
    """Change name, cycle or checklist; the version you saw must be the newest. Ended plans stay as they are (409)."""
    version = seen_version(if_match)
    changes = body.model_dump(exclude_none=True)
    plan = inspection_planning.change_plan(store, inspection_plan_id, changes, version=version, actor=actor)
    return PlanItem.model_validate(_told(response, plan))


@router.delete(
    "/inspection-plans/{inspection_plan_id}",
    summary="结束检查计划 End a plan of inspections",
    responses=problems(403, 404, 409, 412, 422, 428, 503),
)
def end(
    response: Response,
    store: Store,
    actor: Acting,
    inspection_plan_id: InspectionPlanId,
    if_match: IfMatch = None,
) -> PlanItem:
    """End a plan today; it stays on record. The version you saw must be the newest."""
    version = seen_version(if_match)
    plan = inspection_planning.end_plan(store, inspection_plan_id, version=version, actor=actor)
    return PlanItem.model_validate(_told(response, plan))


@router.get("/places/{code}/grade", summary="场所分级 Grade of a place", responses=problems(404, 422, 503))
def read_grade(response: Response, store: Store, code: PlaceCode) -> PlaceGrade:
    """Show the grade of a place, and those that it had with their reasons."""
    return _graded(response, grading.read_grade(store, code))


@router.put(
    "/places/{code}/grade",
    summary="给场所分级 Grade a place",
    responses=problems(403, 404, 409, 412, 413, 415, 422, 428, 503),
)
def grade(
    response: Response, store: Store, actor: Acting, code: PlaceCode, body: NewGrade, if_match: IfMatch = None
) -> PlaceGrade:
    """Give a place a grade from today on, with the reason; the version you saw must be the newest."""
    version = seen_version(if_match)
    return _graded(
        response, grading.grade_place(store, code, body.grade, reason=body.reason, version=version, actor=actor)
    )


def _told(response: Response, plan: PlanRecord) -> dict[str, Any]:
    response.headers["ETag"] = f'"{plan.version}"'
    return asdict(plan)


def _graded(response: Response, found: Graded) -> PlaceGrade:
    response.headers["ETag"] = f'"{found.version}"'
    return PlaceGrade.model_validate({**asdict(found), "version": found.version})
