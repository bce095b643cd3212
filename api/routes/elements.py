"""City elements."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from api.answering import JSON_OR_PAGE
from api.dependencies import BoxOf, CommunityFilter, PageOf, Store, StreetFilter, code_pattern, kind_filter
from api.layer_pages import ShownTo
from api.layers import serve_one, serve_page
from api.openapi import problems
from api.schemas.elements import ElementProperties
from api.schemas.geojson import Feature, FeatureCollection, GeoJSONResponse
from geo.services.reading import Filter

router = APIRouter(tags=["layers"], default_response_class=GeoJSONResponse)

ElementCode = Annotated[
    str, Path(pattern=code_pattern("city_element"), description="城市管理要素编码 Code of the city element")
]
KindFilter = Annotated[str | None, kind_filter("element_kinds")]


@router.get(
    "/elements",
    summary="城市管理要素列表 List city elements",
    response_model=FeatureCollection[ElementProperties],
    responses=JSON_OR_PAGE | problems(422, 503),
)
def elements(
    request: Request,
    store: Store,
    page: PageOf,
    shown: ShownTo,
    box: BoxOf,
    street: StreetFilter = None,
    community: CommunityFilter = None,
    kind: KindFilter = None,
) -> Any:
    """List city elements, ordered by code."""
    wanted = Filter(street=street, community=community, kind=kind, box=box)
    return serve_page(request, store, "city_element", ElementProperties, wanted, page, shown)


@router.get(
    "/elements/{code}",
    summary="一个城市管理要素 One city element",
    response_model=Feature[ElementProperties],
    responses=problems(404, 422, 503),
)
def element(store: Store, code: ElementCode) -> Any:
    """Show one city element."""
    return serve_one(store, "city_element", ElementProperties, code)
