"""Compounds."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from api.answering import JSON_OR_PAGE
from api.dependencies import BoxOf, CommunityFilter, PageOf, Store, StreetFilter, code_pattern, kind_filter
from api.layer_pages import ShownTo
from api.layers import serve_one, serve_page
from api.openapi import problems
from api.schemas.compounds import CompoundProperties
from api.schemas.geojson import Feature, FeatureCollection, GeoJSONResponse
from geo.services.reading import Filter

router = APIRouter(tags=["layers"], default_response_class=GeoJSONResponse)

CompoundCode = Annotated[str, Path(pattern=code_pattern("compound"), description="住宅小区编码 Code of the compound")]
KindFilter = Annotated[str | None, kind_filter("compound_kinds")]


@router.get(
    "/compounds",
    summary="住宅小区列表 List compounds",
    response_model=FeatureCollection[CompoundProperties],
    responses=JSON_OR_PAGE | problems(422, 503),
)
def compounds(
    request: Request,
    store: Store,
    page: PageOf,
    shown: ShownTo,
    box: BoxOf,
    street: StreetFilter = None,
    community: CommunityFilter = None,
    kind: KindFilter = None,
) -> Any:
    """List compounds, ordered by code."""
    wanted = Filter(street=street, community=community, kind=kind, box=box)
    return serve_page(request, store, "compound", CompoundProperties, wanted, page, shown)


@router.get(
    "/compounds/{code}",
    summary="一个住宅小区 One compound",
    response_model=Feature[CompoundProperties],
    responses=problems(404, 422, 503),
)
def compound(store: Store, code: CompoundCode) -> Any:
    """Show one compound."""
    return serve_one(store, "compound", CompoundProperties, code)
