"""OGC API – Tiles: the vector tiles of the living layers at the addresses that OGC has for them."""

import math
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from api.answering import JSON
from api.dependencies import Acting, Database, Store
from api.ogc_features import has_tiles, schema_of
from api.ogc_links import MVT, TILING_SCHEME, Addresses, Link
from api.openapi import problems
from api.routes.ogc import Of
from api.routes.tiles import TILE, Coding, Column, Known, Level, Row, Tiles, answer
from api.schemas.ogc import TileMatrixSet, TileMatrixSets, TileSet, TileSets
from geo.errors import NotFoundError
from geo.services.featuring import Collection, extent_of
from geo.services.reading import Box
from geo.services.tiling import DEEPEST, Tile, kept_tile
from geo.territory.layer_catalogue import catalogue_layer

router = APIRouter(tags=["ogc"], prefix="/ogc")

#: The one grid that tiles are cut by (OGC Two Dimensional Tile Matrix Set 2.0, annex D.1).
GRID = "WebMercatorQuad"
GRID_URI = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{GRID}"
WEB_MERCATOR = "http://www.opengis.net/def/crs/EPSG/0/3857"
#: Metres of a pixel of the standard's rendering (0.28 mm), and pixels along a tile's side there.
_PIXEL_M, _PIXELS = 0.00028, 256
_HALF_WORLD_M = math.pi * 6_378_137.0
_DIMENSIONS = {"area": 2, "line": 1, "point": 0}

GridName = Annotated[
    str, Path(max_length=40, description=f"瓦片网格,只有 {GRID} The tile matrix set: there is {GRID} alone")
]


@router.get(
    "/tileMatrixSets",
    summary="瓦片网格列表 Tile matrix sets",
    response_model=TileMatrixSets,
    responses=problems(422, 503),
)
def tile_matrix_sets(request: Request, actor: Acting) -> Any:
    """List the grids that tiles are cut by."""
    link = Addresses.of(request).link("self", ("tileMatrixSets", GRID), JSON)
    return JSONResponse({"tileMatrixSets": [{"id": GRID, "title": "Web Mercator", "uri": GRID_URI, "links": [link]}]})


@router.get(
    "/tileMatrixSets/{tile_matrix_set}",
    summary="一个瓦片网格 One tile matrix set",
    response_model=TileMatrixSet,
    responses=problems(404, 422, 503),
)
def tile_matrix_set(actor: Acting, tile_matrix_set: GridName) -> Any:
    """Say how tiles are cut, level by level."""
    _only_known(tile_matrix_set)
    return JSONResponse(
        {
            "id": GRID,
            "title": "Web Mercator",
            "uri": GRID_URI,
            "crs": WEB_MERCATOR,
            "orderedAxes": ["X", "Y"],
            "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
            "tileMatrices": [_matrix(level) for level in range(DEEPEST + 1)],
        }
    )


@router.get(
    "/collections/{collection_id}/tiles",
    summary="瓦片集列表 Tile sets",
    response_model=TileSets,
    responses=problems(404, 422, 503),
)
def tile_sets(request: Request, actor: Acting, of: Of) -> Any:
    """List a collection's tile sets: one, or none where it has no tiles."""
    at = Addresses.of(request)
    there = ("collections", of.id, "tiles")
    told = [{**_head(of), "links": [at.link("self", (*there, GRID), JSON), *_links(of, at)]}] if has_tiles(of) else []
    return JSONResponse({"tilesets": told, "links": [at.link("self", there, JSON)]})


@router.get(
    "/collections/{collection_id}/tiles/{tile_matrix_set}",
    summary="一个瓦片集 One tile set",
    response_model=TileSet,
    responses=problems(404, 422, 503),
)
def tile_set(request: Request, actor: Acting, store: Store, of: Of, tile_matrix_set: GridName) -> Any:
    """Say at which levels and places a collection has tiles, and what they tell."""
    _only_known(tile_matrix_set)
    _only_tiled(of)
    at, extent = Addresses.of(request), extent_of(store, of)
    layer = catalogue_layer(of.layer)
    names = set(layer.told_at(DEEPEST))
    drawn: dict[str, Any] = {
        "id": of.layer,
        "dataType": "vector",
        "minTileMatrix": str(_first(of)),
        "maxTileMatrix": str(DEEPEST),
        "propertiesSchema": {
            "type": "object",
            "properties": {told.name: schema_of(told) for told in layer.properties if told.name in names},
        },
    }
    if layer.geometry in _DIMENSIONS:
        drawn["geometryDimension"] = _DIMENSIONS[layer.geometry]
    limits = [_limits(level, extent) for level in range(_first(of), DEEPEST + 1)] if extent is not None else []
    links = [at.link("self", ("collections", of.id, "tiles", GRID), JSON), *_links(of, at)]
    return JSONResponse({**_head(of), "tileMatrixSetLimits": limits, "layers": [drawn], "links": links})


@router.get(
    "/collections/{collection_id}/tiles/{tile_matrix_set}/{z}/{y}/{x}",
    summary="瓦片 Tile",
    response_class=Response,
    responses={**TILE, **problems(404, 422, 503)},
)
def tile(
    engine: Database,
    actor: Acting,
    kept: Tiles,
    of: Of,
    tile_matrix_set: GridName,
    z: Level,
    y: Row,
    x: Column,
    if_none_match: Known = None,
    accept_encoding: Coding = "",
) -> Response:
    """Cut a tile of a collection as `/tiles` does: the row before the column, as OGC has it."""
    _only_known(tile_matrix_set)
    _only_tiled(of)
    plan_id = None if of.plan is None else of.plan.id
    made = kept_tile(kept, engine, actor, [of.layer], Tile(z, x, y), plan_id=plan_id)
    return answer(kept, made, if_none_match, accept_encoding)


def _only_known(grid: str) -> None:
    if grid != GRID:
        raise NotFoundError(f"没有这个瓦片网格,只有 {GRID}", f"there is no such tile matrix set, there is {GRID} alone")


def _only_tiled(of: Collection) -> None:
    if not has_tiles(of):
        raise NotFoundError(f"{of.zh}没有瓦片,请用 items", f"{of.id} has no tiles; ask for its items")


def _head(of: Collection) -> dict[str, Any]:
    return {
        "title": f"{of.zh} {of.en}",
        "dataType": "vector",
        "crs": WEB_MERCATOR,
        "tileMatrixSetId": GRID,
        "tileMatrixSetURI": GRID_URI,
    }


def _links(of: Collection, at: Addresses) -> list[Link]:
    pattern = at("collections", of.id, "tiles", GRID, "{tileMatrix}", "{tileRow}", "{tileCol}")
    return [
        at.link(TILING_SCHEME, ("tileMatrixSets", GRID), JSON),
        {"href": pattern, "rel": "item", "type": MVT, "templated": True},
    ]


def _first(of: Collection) -> int:
    levels = catalogue_layer(of.layer).levels
    assert levels is not None
    return levels.first


def _matrix(level: int) -> dict[str, Any]:
    side_m = 2 * _HALF_WORLD_M / (1 << level)
    cell_m = side_m / _PIXELS
    return {
        "id": str(level),
        "scaleDenominator": cell_m / _PIXEL_M,
        "cellSize": cell_m,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-_HALF_WORLD_M, _HALF_WORLD_M],
        "tileWidth": _PIXELS,
        "tileHeight": _PIXELS,
        "matrixWidth": 1 << level,
        "matrixHeight": 1 << level,
    }


def _limits(level: int, extent: Box) -> dict[str, Any]:
    """Return the rows and columns of a level that an extent in degrees touches."""
    west, south, east, north = extent
    return {
        "tileMatrix": str(level),
        "minTileRow": _row(north, level),
        "maxTileRow": _row(south, level),
        "minTileCol": _column(west, level),
        "maxTileCol": _column(east, level),
    }


def _column(lon: float, level: int) -> int:
    return _within(math.floor((lon + 180.0) / 360.0 * (1 << level)), level)


def _row(lat: float, level: int) -> int:
    radians = math.radians(max(-85.0, min(85.0, lat)))
    return _within(math.floor((1 - math.asinh(math.tan(radians)) / math.pi) / 2 * (1 << level)), level)


def _within(place: int, level: int) -> int:
    return max(0, min((1 << level) - 1, place))
