"""Roads, rivers, railways and walls."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from api.answering import JSON_OR_PAGE
from api.dependencies import BoxOf, PageOf, Store, code_pattern, kind_filter
from api.layer_pages import ShownTo
from api.layers import serve_one, serve_page
from api.openapi import problems
from api.schemas.barriers import BarrierProperties
from api.schemas.geojson import Feature, FeatureCollection, GeoJSONResponse
from geo.services.reading import Filter

router = APIRouter(tags=["layers"], default_response_class=GeoJSONResponse)

BarrierCode = Annotated[str, Path(pattern=code_pattern("barrier"), description="道路与屏障编码 Code of the barrier")]
KindFilter = Annotated[str | None, kind_filter("barrier_kinds")]


@router.get(
    "/barriers",
    summary="道路与屏障列表 List barriers",
    response_model=FeatureCollection[BarrierProperties],
    responses=JSON_OR_PAGE | problems(422, 503),
)
def barriers(
    request: Request,
    store: Store,
    page: PageOf,
    shown: ShownTo,
    box: BoxOf,
    kind: KindFilter = None,
) -> Any:
    """List barriers, ordered by code."""
    wanted = Filter(kind=kind, box=box)
    return serve_page(request, store, "barrier", BarrierProperties, wanted, page, shown)


@router.get(
    "/barriers/{code}",
    summary="一个道路与屏障 One barrier",
    response_model=Feature[BarrierProperties],
    responses=problems(404, 422, 503),
)
def barrier(store: Store, code: BarrierCode) -> Any:
    """Show one barrier."""
    return serve_one(store, "barrier", BarrierProperties, code)
