"""Vector tiles of the living layers, for maps: what somebody may see, and nothing that they may not."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Response

from api.dependencies import Store
from api.openapi import problems
from geo.services.tiling import DEEPEST, LAYERS, Tile, tile_of

router = APIRouter(tags=["layers"])

MVT = "application/vnd.mapbox-vector-tile"
#: A look at the map may show the same for as long as this, seconds; then the browser asks whether it changed.
FRESH_S = 60

_NAME = f"({'|'.join(LAYERS)})"
Layers = Annotated[
    str,
    Path(
        pattern=f"^{_NAME}(,{_NAME}){{0,{len(LAYERS) - 1}}}$",
        description=f"图层,可写多个,以逗号分开;grids、cells 为现行的 Layers, by commas; grids and cells in force: "
        f"{', '.join(LAYERS)}",
        examples=["communities,grids"],
    ),
]
Level = Annotated[int, Path(ge=0, le=DEEPEST, description="级别 Level: 2^z by 2^z squares of Web Mercator")]
Column = Annotated[int, Path(ge=0, lt=1 << DEEPEST, description="列,自西向东 Column from the west")]
Row = Annotated[int, Path(ge=0, lt=1 << DEEPEST, description="行,自北向南 Row from the north")]
Known = Annotated[
    str | None, Header(alias="If-None-Match", max_length=200, description="已有瓦片的 ETag ETag of the tile one has")
]

TILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {MVT: {"schema": {"type": "string", "format": "binary"}}}, "description": "瓦片 The tile"},
    304: {"description": "没有变化 It has not changed"},
    **problems(422, 503),
}


@router.get("/tiles/{layers}/{z}/{x}/{y}", summary="矢量瓦片 Vector tile", response_class=Response, responses=TILE)
def tile(store: Store, layers: Layers, z: Level, x: Column, y: Row, if_none_match: Known = None) -> Response:
    """Cut a tile of one layer or several (Mapbox Vector Tile 2.1): whole, under the rights of who asks.

    Names and codes are in it, households are not. Levels that would hold more than anybody could see are refused (422),
    and nothing is left out of those that are served.
    """
    content = tile_of(store, layers.split(","), Tile(z, x, y))
    etag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": f"private, max-age={FRESH_S}", "Vary": "Cookie, Authorization"}
    if if_none_match is not None and etag in if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=MVT, headers=headers)
