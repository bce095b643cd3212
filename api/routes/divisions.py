"""Streets and communities."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from api.answering import JSON_OR_PAGE
from api.dependencies import BoxOf, PageOf, Store, StreetFilter, code_pattern
from api.layer_pages import ShownTo
from api.layers import serve_one, serve_page
from api.openapi import problems
from api.schemas.divisions import CommunityProperties, StreetProperties
from api.schemas.geojson import Feature, FeatureCollection, GeoJSONResponse
from geo.services.reading import Filter, read_one

router = APIRouter(tags=["divisions"], default_response_class=GeoJSONResponse)

StreetCode = Annotated[str, Path(pattern=code_pattern("street"), description="9 位街道编码 9-digit street code")]
CommunityCode = Annotated[
    str, Path(pattern=code_pattern("community"), description="12 位社区编码 12-digit community code")
]
Streets = FeatureCollection[StreetProperties]
Communities = FeatureCollection[CommunityProperties]


@router.get(
    "/streets", summary="街道列表 List streets", response_model=Streets, responses=JSON_OR_PAGE | problems(422, 503)
)
def streets(request: Request, store: Store, page: PageOf, shown: ShownTo, box: BoxOf) -> Any:
    """List the streets, ordered by code."""
    return serve_page(request, store, "street", StreetProperties, Filter(box=box), page, shown)


@router.get(
    "/streets/{code}",
    summary="一个街道 One street",
    response_model=Feature[StreetProperties],
    responses=problems(404, 422, 503),
)
def street(store: Store, code: StreetCode) -> Any:
    """Show one street with its boundary."""
    return serve_one(store, "street", StreetProperties, code)


@router.get(
    "/streets/{code}/communities",
    summary="街道下的社区 Communities of a street",
    response_model=Communities,
    responses=JSON_OR_PAGE | problems(404, 422, 503),
)
def communities_of_street(request: Request, store: Store, code: StreetCode, page: PageOf, shown: ShownTo) -> Any:
    """List the communities of one street; an unknown street is 404, not an empty list."""
    read_one(store, "street", code)
    return serve_page(request, store, "community", CommunityProperties, Filter(street=code), page, shown)


@router.get(
    "/communities",
    summary="社区列表 List communities",
    response_model=Communities,
    responses=JSON_OR_PAGE | problems(422, 503),
)
def communities(
    request: Request, store: Store, page: PageOf, shown: ShownTo, box: BoxOf, street: StreetFilter = None
) -> Any:
    """List communities, ordered by code."""
    return serve_page(request, store, "community", CommunityProperties, Filter(street=street, box=box), page, shown)


@router.get(
    "/communities/{code}",
    summary="一个社区 One community",
    response_model=Feature[CommunityProperties],
    responses=problems(404, 422, 503),
)
def community(store: Store, code: CommunityCode) -> Any:
    """Show one community with its boundary."""
    return serve_one(store, "community", CommunityProperties, code)
