"""Buildings: with household counts, never with households."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from api.answering import JSON_OR_PAGE
from api.dependencies import BoxOf, CommunityFilter, PageOf, Store, StreetFilter, code_pattern, kind_filter
from api.layer_pages import ShownTo
from api.layers import serve_page
from api.openapi import problems
from api.schemas.buildings import BuildingDetailProperties, BuildingProperties, StairwellSummary
from api.schemas.geojson import Feature, FeatureCollection, GeoJSONResponse, features, plain_rows
from geo.services.reading import Filter, read_one, read_stairwells

router = APIRouter(tags=["layers"], default_response_class=GeoJSONResponse)

BuildingCode = Annotated[str, Path(pattern=code_pattern("building"), description="楼栋编码 Code of the building")]
KindFilter = Annotated[str | None, kind_filter("building_kinds")]


@router.get(
    "/buildings",
    summary="楼栋列表 List buildings",
    response_model=FeatureCollection[BuildingProperties],
    responses=JSON_OR_PAGE | problems(422, 503),
)
def buildings(
    request: Request,
    store: Store,
    page: PageOf,
    shown: ShownTo,
    box: BoxOf,
    street: StreetFilter = None,
    community: CommunityFilter = None,
    kind: KindFilter = None,
) -> Any:
    """List buildings, ordered by code."""
    wanted = Filter(street=street, community=community, kind=kind, box=box)
    return serve_page(request, store, "building", BuildingProperties, wanted, page, shown)


@router.get(
    "/buildings/{code}",
    summary="一栋楼及其单元 One building with its stairwells",
    response_model=Feature[BuildingDetailProperties],
    responses=problems(404, 422, 503),
)
def building(store: Store, code: BuildingCode) -> Any:
    """Show one building with its stairwells and how many households each has."""
    feature = features(read_one(store, "building", code), BuildingProperties)[0]
    stairwells = plain_rows(read_stairwells(store, code), StairwellSummary)
    feature["properties"]["stairwells"] = stairwells
    return GeoJSONResponse(feature)
