"""OGC API – Features: the living layers and the grids of plans, for QGIS, GDAL and whatever else speaks it.

Parts 1 (core, GeoJSON, HTML, OpenAPI 3.0), 2 (coordinate systems) and, of part 3, queryables with a parameter each.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse

from api import ogc_pages
from api.access import reaches
from api.answering import HTML, JSON
from api.dependencies import LOOKS_LIKE_CODE, Acting, Store
from api.ogc_asking import KEY_PATTERN, Asked, Crs, asked, system_of, values, wanted
from api.ogc_description import describe
from api.ogc_features import answer_of, collection_of, features_of, queryables_of
from api.ogc_links import (
    CONFORMS_TO,
    GEOJSON,
    OPENAPI,
    SCHEMA,
    TILING_SCHEMES,
    Addresses,
    Form,
    Link,
    link_to_next,
    links_of_this,
    wants_html,
)
from api.openapi import problems
from api.schemas.ogc import (
    CollectionInfo,
    CollectionList,
    Conformance,
    LandingPage,
    OgcFeature,
    OgcFeatures,
    Queryables,
)
from geo.errors import NotFoundError
from geo.services.featuring import Collection, collection, collections, extent_of, feature_of, page_of, systems_of
from geo.services.reference_systems import CRS84

router = APIRouter(tags=["ogc"], prefix="/ogc")

Name = Annotated[
    str,
    Path(
        pattern="^[a-z0-9-]{1,40}$",
        description="数据集:图层名,或 plan-编号-grids、plan-编号-cells A layer, or plan-N-grids, plan-N-cells",
        examples=["buildings", "plan-1-grids"],
    ),
]


def collection_at(store: Store, collection_id: Name) -> Collection:
    """Find the collection that an address names."""
    return collection(store, collection_id)


Of = Annotated[Collection, Depends(collection_at)]
Key = Annotated[str, Path(pattern=KEY_PATTERN, description="要素编码 Code of the feature")]
Said = Annotated[Asked, Depends(asked)]
Valued = Annotated[dict[str, Any], Depends(values)]

_PAGE: dict[str, Any] = {HTML: {"schema": {"type": "string"}}}
_TITLE = "网格 wangge"
_DESCRIPTION = (
    "街道的现行图层与各方案的网格,只含您范围之内的。 The living layers of a sub-district and the grids of its plans, "
    "of your own scope."
)


def _answers(media: str, *statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe what a route answers: in data of a kind, as a page, and when something is wrong."""
    data: dict[str, Any] = {media: {}} if media != JSON else {}
    return {200: {"content": {**data, **_PAGE}}, **problems(422, 503, *statuses)}


class _GeoJSON(JSONResponse):
    media_type = GEOJSON


class _Schema(JSONResponse):
    media_type = SCHEMA


@router.get("", summary="OGC 接口首页 Landing page", response_model=LandingPage, responses=_answers(JSON))
@router.get("/", summary="OGC 接口首页 Landing page", response_model=LandingPage, responses=_answers(JSON))
def landing(request: Request, actor: Acting, f: Form = None) -> Any:
    """Say what is here and where."""
    at, html = Addresses.of(request), wants_html(request, f)
    links = [
        *links_of_this(request, html=html),
        at.link("service-desc", ("api",), OPENAPI, "接口描述 Description of the interface"),
        {"href": f"{request.base_url}docs", "rel": "service-doc", "type": HTML, "title": "接口文档 Documentation"},
        at.link("conformance", ("conformance",), JSON, "符合的标准 What it conforms to"),
        at.link("data", ("collections",), JSON, "数据集 Collections"),
        at.link(TILING_SCHEMES, ("tileMatrixSets",), JSON, "瓦片网格 Tile matrix sets"),
    ]
    if html:
        return ogc_pages.landing(actor, at, links)
    return JSONResponse({"title": _TITLE, "description": _DESCRIPTION, "links": links})


@router.get("/conformance", summary="符合的标准 Conformance", response_model=Conformance, responses=_answers(JSON))
def conformance(request: Request, actor: Acting, f: Form = None) -> Any:
    """Say which parts of OGC's standards are kept."""
    if wants_html(request, f):
        return ogc_pages.conformance(actor, links_of_this(request, html=True), CONFORMS_TO)
    return JSONResponse({"conformsTo": CONFORMS_TO})


@router.get(
    "/api",
    summary="接口描述 Description of the interface",
    response_class=Response,
    responses={200: {"content": {OPENAPI: {"schema": {"type": "object"}}}}, **problems(422, 503)},
)
def api(request: Request, store: Store) -> Response:
    """Describe this interface in OpenAPI 3.0: each collection that who asks may see with its own parameters."""
    described = describe(Addresses.of(request), collections(store), systems_of(store))
    return JSONResponse(described, media_type=OPENAPI)


@router.get("/collections", summary="数据集列表 Collections", response_model=CollectionList, responses=_answers(JSON))
def list_collections(request: Request, actor: Acting, store: Store, f: Form = None) -> Any:
    """List the layers of today, and grids and cells of the newest plans; older ones answer to their number."""
    at, html = Addresses.of(request), wants_html(request, f)
    systems = systems_of(store)
    told = [collection_of(each, extent_of(store, each), systems, at) for each in collections(store)]
    links = links_of_this(request, html=html)
    if html:
        return ogc_pages.collections(actor, at, links, told)
    return JSONResponse({"collections": told, "links": links})


@router.get(
    "/collections/{collection_id}",
    summary="一个数据集 One collection",
    response_model=CollectionInfo,
    responses=_answers(JSON, 404),
)
def one_collection(request: Request, actor: Acting, store: Store, of: Of, f: Form = None) -> Any:
    """Say what a collection is and where its features are."""
    at, html = Addresses.of(request), wants_html(request, f)
    told = collection_of(of, extent_of(store, of), systems_of(store), at)
    told["links"] = [*links_of_this(request, html=html), *(link for link in told["links"] if link["rel"] != "self")]
    return ogc_pages.collection(actor, at, of, told) if html else JSONResponse(told)


@router.get(
    "/collections/{collection_id}/queryables",
    summary="可查询的属性 Queryables",
    response_class=_Schema,
    response_model=Queryables,
    responses=_answers(SCHEMA, 404),
)
def queryables(request: Request, actor: Acting, store: Store, of: Of, f: Form = None) -> Any:
    """Say by the values of which properties features can be asked for: each is a parameter of its own."""
    at = Addresses.of(request)
    told = queryables_of(of, at)
    if wants_html(request, f):
        return ogc_pages.queryables(actor, at, of, links_of_this(request, SCHEMA, html=True), told)
    return _Schema(told)


@router.get(
    "/collections/{collection_id}/items",
    summary="要素 Features",
    response_class=_GeoJSON,
    response_model=OgcFeatures,
    responses=_answers(GEOJSON, 404),
)
def items(request: Request, actor: Acting, store: Store, of: Of, said: Said, valued: Valued, f: Form = None) -> Any:
    """List features in the order of their keys, in pages that ``next`` links walk.

    How many there are on all pages is told on the first one.
    """
    at, html = Addresses.of(request), wants_html(request, f)
    systems = systems_of(store)
    system = system_of(said.crs, systems, "crs")
    page = page_of(store, of, wanted(of, said, valued, systems), limit=said.limit, after=said.after)
    links = links_of_this(request, GEOJSON, html=html)
    if page.following is not None:
        links.append(link_to_next(request, page.following, GEOJSON, html=html))
    links.append(at.link("collection", ("collections", of.id), JSON, of.zh))
    answer = answer_of(page, features_of(page.frame, of, system), links)
    if html:
        return ogc_pages.items(actor, at, of, answer)
    return _GeoJSON(answer, headers=_headers(system.uri, links))


@router.get(
    "/collections/{collection_id}/items/{feature_id}",
    summary="一个要素 One feature",
    response_class=_GeoJSON,
    response_model=OgcFeature,
    responses=_answers(GEOJSON, 404),
)
def item(
    request: Request, actor: Acting, store: Store, of: Of, feature_id: Key, crs: Crs = CRS84, f: Form = None
) -> Any:
    """Show one feature."""
    # Roads and barriers are the base map, which all see.
    if of.layer != "barriers" and LOOKS_LIKE_CODE.fullmatch(feature_id) and not reaches(actor, feature_id):
        raise NotFoundError(f"{of.zh}中没有 {feature_id}", f"there is no {feature_id} in {of.id}")
    at, html = Addresses.of(request), wants_html(request, f)
    system = system_of(crs, systems_of(store), "crs")
    (feature,) = features_of(feature_of(store, of, feature_id), of, system)
    links = [*links_of_this(request, GEOJSON, html=html), at.link("collection", ("collections", of.id), JSON, of.zh)]
    feature["links"] = links
    if html:
        return ogc_pages.item(actor, at, of, feature)
    return _GeoJSON(feature, headers=_headers(system.uri, links))


def _headers(crs: str, links: Sequence[Link]) -> dict[str, str]:
    """Say the coordinate system as part 2 has it, and the links once more."""
    told = ", ".join(f'<{link["href"]}>; rel="{link["rel"]}"; type="{link["type"]}"' for link in links)
    return {"Content-Crs": f"<{crs}>", "Link": told}
