"""Cells of a plan: drafted while the plan is a draft, looked at any time."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api.answering import JSON_OR_PAGE
from api.dependencies import MAX_PAGE, Acting, AfterCode, Limit, PlanId, Store, code_pattern
from api.idempotency import Creating
from api.layer_pages import ShownTo
from api.layers import page_of
from api.openapi import problems
from api.routes.plans import IfMatch, seen_version
from api.schemas.cells import CellDetail, CellPart, CellProperties, CellsDraft, CellsReport
from api.schemas.geojson import Feature, FeatureCollection, GeoJSONResponse, features, plain_rows
from geo.services import cells as cell_service
from geo.services import reading

router = APIRouter(tags=["plans"], route_class=Creating)

CellCode = Annotated[
    str, Path(pattern=code_pattern("cell"), description="联户网格编码:网格编码 + L + 2 位 Grid code, L, 2 digits")
]
OfGrid = Annotated[
    str | None, Query(pattern=code_pattern("grid"), description="只取这个网格的 Only those of this grid")
]


@router.post(
    "/plans/{plan_id}/cells",
    status_code=201,
    summary="划分联户网格 Divide a draft's grids into cells",
    responses={
        201: {"headers": {"Location": {"schema": {"type": "string"}, "description": "联户网格的地址 The cells"}}},
        **problems(404, 409, 412, 413, 415, 422, 428, 503),
    },
)
def draft_cells(
    request: Request,
    response: Response,
    store: Store,
    actor: Acting,
    plan_id: PlanId,
    body: CellsDraft,
    if_match: IfMatch = None,
) -> CellsReport:
    """Divide every grid of a draft into cells, in place of those it has; the version you saw must be its newest.

    By stairwell, building or lane; towers by runs of floors where floors are on record. Adopted plans are never
    edited (409).
    """
    version = seen_version(if_match)
    plan = reading.read_plan(store, plan_id)
    with request.app.state.drafts.work_on(plan.scope_code):
        outcome = cell_service.divide_into_cells(
            store,
            plan_id,
            lower=body.lower,
            upper=body.upper,
            seed=body.seed,
            workers=1,
            who=actor.name,
            version=version,
        )
    response.headers["Location"] = f"/plans/{plan_id}/cells"
    response.headers["ETag"] = f'"{outcome.plan.version}"'
    return CellsReport.model_validate({"plan": plan_id, "version": outcome.plan.version, **outcome.report})


@router.get(
    "/plans/{plan_id}/cells",
    summary="方案的联户网格 Cells of a plan",
    response_class=GeoJSONResponse,
    response_model=FeatureCollection[CellProperties],
    responses=JSON_OR_PAGE | problems(404, 422, 503),
)
def cells(
    request: Request,
    store: Store,
    plan_id: PlanId,
    shown: ShownTo,
    grid: OfGrid = None,
    limit: Limit = MAX_PAGE,
    after: AfterCode = None,
) -> Any:
    """List a plan's cells, ordered by code; empty until its grids are divided."""
    frame = cell_service.read_cells(store, plan_id, grid_code=grid, limit=limit + 1, after=after)
    return page_of(request, "cell", frame, CellProperties, limit, shown)


@router.get(
    "/plans/{plan_id}/cells/{code}",
    summary="一个联户网格及其楼栋 One cell with what is in it",
    response_class=GeoJSONResponse,
    response_model=Feature[CellDetail],
    responses=problems(404, 422, 503),
)
def cell(store: Store, plan_id: PlanId, code: CellCode) -> Any:
    """Show one cell with the buildings, stairwells and floors in it."""
    feature = features(cell_service.read_cell(store, plan_id, code), CellProperties)[0]
    held = cell_service.read_cell_assignment(store, plan_id, cell_code=code)
    feature["properties"]["parts"] = plain_rows(held, CellPart)
    return GeoJSONResponse(feature)
