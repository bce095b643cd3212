"""Plans: looked at, drafted, adopted."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response

from api.answering import JSON_OR_PAGE
from api.dependencies import (
    DEFAULT_PAGE,
    ETAG_PATTERN,
    MAX_PAGE,
    Acting,
    AfterCode,
    AfterId,
    Limit,
    PlanId,
    Settings,
    Store,
)
from api.errors import RequestError
from api.idempotency import Creating
from api.layer_pages import ShownTo, plans_page
from api.layers import page_of
from api.links import announce, page_links
from api.openapi import problems
from api.schemas.geojson import Feature, FeatureCollection, GeoJSONResponse, features, plain_rows
from api.schemas.plans import (
    UNIT_PATTERN,
    AdoptedPlan,
    AlternativePlans,
    AlternativesDraft,
    AssignmentPage,
    AssignmentRow,
    GridProperties,
    PlanDetail,
    PlanDraft,
    PlanPage,
    State,
)
from geo.regionalization.communities import tier_bounds
from geo.services import reading
from geo.services.adopting import adopt_plan
from geo.services.planning import plan_alternatives, plan_scope
from geo.services.redrawing import grids_to_redraw
from geo.services.retiring import adopt_merged

if TYPE_CHECKING:
    from geo.storage.plans import PlanRecord

router = APIRouter(tags=["plans"], route_class=Creating)

JSON = "application/json"

#: What may come of a request that makes a plan.
PLAN_MADE: dict[int | str, dict[str, Any]] = {
    201: {"headers": {"Location": {"schema": {"type": "string"}, "description": "新方案的地址 The new plan"}}},
    **problems(404, 409, 413, 415, 422, 503),
}

GridCode = Annotated[
    str, Path(pattern=UNIT_PATTERN, description="15 位网格编码或 12 位社区编码 Code of a grid, or of a community")
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description='所见版本,如 "1"(取自 ETag 或 version)。The version you saw, in quotes, from ETag or version.',
        examples=['"1"'],
    ),
]

Retire = Annotated[
    bool,
    Query(description="多网合一:同时结束所合并的各部门方案 Of a merged plan: end the departments' plans it replaces"),
]


@router.get(
    "/plans",
    summary="方案列表 List plans",
    response_model=PlanPage,
    responses=JSON_OR_PAGE | problems(422, 503),
)
def plans(
    request: Request,
    response: Response,
    store: Store,
    shown: ShownTo,
    scope: Annotated[
        str | None,
        Query(
            pattern="^([0-9]{9}|[0-9]{12})$",
            description="街道(含其社区)或社区 Of a street with its communities, or of a community",
        ),
    ] = None,
    state: Annotated[State | None, Query(description="状态 State")] = None,
    department: Annotated[
        str | None,
        Query(max_length=50, pattern=r"^[^\x00-\x1f\x7f]*$", description="部门,空为统一网格 Empty: the merged network"),
    ] = None,
    limit: Limit = DEFAULT_PAGE,
    after: AfterId = None,
) -> Any:
    """List plans, the newest first. Browsers get a page."""
    wanted = reading.PlanFilter(scope=scope, state=state, department=department)
    found = reading.read_plans(store, wanted, limit=limit + 1, after=after)
    items, more = found[:limit], found[limit - 1].id if len(found) > limit else None
    if shown.as_page:
        return plans_page(request, shown.actor, items, more=more)
    links = page_links(request, JSON, more)
    announce(response, links)
    response.headers["Vary"] = "Accept"
    return PlanPage.model_validate(
        {"items": [asdict(plan) for plan in items], "numberReturned": len(items), "links": links}
    )


@router.get("/plans/{plan_id}", summary="一个方案及其报告 One plan with its report", responses=problems(404, 422, 503))
def plan(store: Store, response: Response, plan_id: PlanId) -> PlanDetail:
    """Show a plan with the report of how it came out; its ETag is the version to adopt."""
    return detail_of(response, reading.read_plan(store, plan_id))


@router.get(
    "/plans/{plan_id}/grids",
    summary="方案的网格 Grids of a plan",
    response_class=GeoJSONResponse,
    response_model=FeatureCollection[GridProperties],
    responses=JSON_OR_PAGE | problems(404, 422, 503),
)
def grids(
    request: Request, store: Store, plan_id: PlanId, shown: ShownTo, limit: Limit = MAX_PAGE, after: AfterCode = None
) -> Any:
    """List a plan's grids, ordered by code."""
    frame = reading.read_grids(store, plan_id, limit=limit + 1, after=after)
    return page_of(request, "grid", frame, GridProperties, limit, shown)


@router.get(
    "/plans/{plan_id}/grids/{code}",
    summary="方案的一个网格 One grid of a plan",
    response_class=GeoJSONResponse,
    response_model=Feature[GridProperties],
    responses=problems(404, 422, 503),
)
def grid(store: Store, plan_id: PlanId, code: GridCode) -> Any:
    """Show one grid of a plan."""
    return GeoJSONResponse(features(reading.read_grid(store, plan_id, code), GridProperties)[0])


@router.get(
    "/plans/{plan_id}/assignment",
    summary="楼栋归格 Which grid each building is in",
    responses=problems(404, 422, 503),
)
def assignment(
    request: Request,
    response: Response,
    store: Store,
    plan_id: PlanId,
    limit: Limit = MAX_PAGE,
    after: AfterCode = None,
) -> AssignmentPage:
    """List the buildings, or the stairwells of divided ones, with their grids."""
    found = reading.read_assignment(store, plan_id, limit=limit + 1, after=after)
    shown = found.head(limit)
    links = page_links(request, JSON, shown["key"].iloc[-1] if len(found) > limit else None)
    announce(response, links)
    items = plain_rows(shown, AssignmentRow)
    return AssignmentPage.model_validate({"items": items, "numberReturned": len(items), "links": links})


@router.post(
    "/plans",
    status_code=201,
    summary="划分网格,存为草案 Draft grids",
    responses=PLAN_MADE,
)
def draft(
    request: Request, response: Response, store: Store, actor: Acting, settings: Settings, body: PlanDraft
) -> PlanDetail:
    """Divide a street or community into grids and keep the result as a draft plan.

    With `"tier": "community"` it draws the communities themselves anew, across the borders between them.
    Takes seconds for a community and minutes for a street; the answer comes when the plan is there. A second
    request for the same scope meanwhile is refused (409), as is one more than the server takes at a time (503).
    """
    with request.app.state.drafts.work_on(body.scope):
        outcome = plan_scope(
            store,
            body.scope,
            previous=body.previous,
            tier=body.tier,
            **options_of(body, settings, actor),
        )
        made = reading.read_plan(store, outcome.plan_id)
    return made_plan(response, made)


@router.post(
    "/plans/alternatives",
    status_code=201,
    summary="划分几个不同的方案并比较 Draft several plans that differ",
    responses=problems(404, 409, 413, 415, 422, 503),
)
def alternatives(
    store: Store, request: Request, actor: Acting, settings: Settings, body: AlternativesDraft
) -> AlternativePlans:
    """Divide a street or community in several styles, keep each that differs as a draft, and compare them.

    Takes as many times longer than one draft as there are styles; refused (409, 503) as one draft is.
    """
    with request.app.state.drafts.work_on(body.scope):
        found = plan_alternatives(
            store,
            body.scope,
            previous=body.previous,
            tier=body.tier,
            **options_of(body, settings, actor),
            styles=body.styles,
        )
        items = [asdict(reading.read_plan(store, plan.plan_id)) for plan in found.plans]
    return AlternativePlans.model_validate({"items": items, "alternatives": found.table})


@router.post(
    "/plans/{plan_id}/adopt",
    summary="采用方案 Adopt a plan",
    responses=problems(404, 409, 412, 413, 415, 422, 428, 503),
)
def adopt(
    store: Store,
    actor: Acting,
    response: Response,
    plan_id: PlanId,
    if_match: IfMatch = None,
    retire: Retire = False,
) -> AdoptedPlan:
    """Put a draft in force and supersede what it replaces; the version you saw must be its newest.

    With `retire=true` a plan of `POST /plans/merge` also ends the departments' plans that it was merged from, all or
    none; refused (409) when they are not the ones in force any more.

    A plan of communities gives buildings, compounds and city elements their new community. Grids in force stay; those
    that do not fit any more are listed in `grids_to_redraw`, before that in the draft's report. Refused (409) when a
    community changed since the draft, as are drafts of grids inside of communities that are no more.
    """
    version = seen_version(if_match)
    if retire:
        adopted, ended = adopt_merged(store, plan_id, who=actor.name, version=version)
    else:
        adopted, ended = adopt_plan(store, plan_id, who=actor.name, version=version), []
    detail = detail_of(response, adopted).model_dump()
    told = {"retired": [asdict(plan) for plan in ended], "grids_to_redraw": grids_to_redraw(store, plan_id)}
    return AdoptedPlan.model_validate(detail | told)


def options_of(body: PlanDraft, settings: Settings, actor: Acting) -> dict[str, Any]:
    """Return what a draft is told, whichever way it is made."""
    bounds = tier_bounds(body.tier, body.lower, body.upper)
    return {
        "lower": bounds.lower,
        "upper": bounds.upper,
        "seed": body.seed,
        "name": body.name,
        "who": actor.name,
        "time_limit": settings.draft_seconds_per_community,
        "workers": 1,
        "wishes": body.wishes.asked(),
    }


def made_plan(response: Response, plan: "PlanRecord") -> PlanDetail:
    """Answer with a plan that was just made, and say where it is."""
    response.headers["Location"] = f"/plans/{plan.id}"
    return detail_of(response, plan)


def seen_version(if_match: str | None) -> int:
    """Return the version that a caller saw.

    Raises
    ------
    RequestError
        None was named, or not in the form of an ETag.
    """
    if if_match is None:
        raise RequestError(
            "version-required",
            '请在 If-Match 中写明所见版本,如 If-Match: "1"(取自方案的 ETag)',
            'say which version you saw in If-Match, such as If-Match: "1", from the plan\'s ETag',
        )
    found = ETAG_PATTERN.fullmatch(if_match)
    if found is None:
        raise RequestError(
            "invalid-request",
            'If-Match 应为一个带引号的版本号,如 "1"',
            'If-Match is one version in quotes, such as "1"',
            errors=[{"location": "header.If-Match", "zh": "格式有误", "en": "malformed"}],
        )
    return int(found[1])


def detail_of(response: Response, plan: "PlanRecord") -> PlanDetail:
    """Return a plan as it is shown, with its version in the ETag."""
    response.headers["ETag"] = f'"{plan.version}"'
    return PlanDetail.model_validate(asdict(plan))
