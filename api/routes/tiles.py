"""The catalogue of layers, and vector tiles of the living ones: what somebody may see, and nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from sqlalchemy import Engine

from api.dependencies import Acting, Database, PlanId
from api.openapi import problems
from api.schemas.layers import LayerList, layer_item
from geo.access.actor import Actor
from geo.services.tile_cache import TileCache
from geo.services.tiling import DEEPEST, LAYERS, PLAN_LAYERS, MadeTile, Tile, kept_tile
from geo.territory.layer_catalogue import layer_catalogue

router = APIRouter(tags=["layers"])

MVT = "application/vnd.mapbox-vector-tile"
#: A look at the map may show the same for as long as this, seconds; then the browser asks whether it changed.
FRESH_S = 60
#: Longest header that is read.
MOST_HEADER = 200
#: Of so many tiles the headers are remembered as they are sent.
MOST_REMEMBERED = 10_000
#: What a tile does not show one by one: RFC 8941, a dictionary of layers.
GENERALISED = "Tile-Generalised"


async def current_tiles(request: Request) -> TileCache:
    """Return the tiles that this process keeps."""
    kept: TileCache = request.app.state.tiles
    return kept


def _several(names: tuple[str, ...]) -> str:
    one = f"({'|'.join(names)})"
    return f"^{one}(,{one}){{0,{len(names) - 1}}}$"


Layers = Annotated[
    str,
    Path(
        pattern=_several(tuple(LAYERS)),
        description=f"图层,可写多个,以逗号分开;grids、cells 为现行的 Layers, by commas; grids and cells in force: "
        f"{', '.join(LAYERS)}",
        examples=["communities,grids"],
    ),
]
PlanLayers = Annotated[
    str,
    Path(
        pattern=_several(PLAN_LAYERS),
        description=f"方案的图层,可写多个,以逗号分开 Layers of a plan, by commas: {', '.join(PLAN_LAYERS)}",
        examples=["grids"],
    ),
]
Level = Annotated[int, Path(ge=0, le=DEEPEST, description="级别 Level: 2^z by 2^z squares of Web Mercator")]
Column = Annotated[int, Path(ge=0, lt=1 << DEEPEST, description="列,自西向东 Column from the west")]
Row = Annotated[int, Path(ge=0, lt=1 << DEEPEST, description="行,自北向南 Row from the north")]
Known = Annotated[
    str | None,
    Header(alias="If-None-Match", max_length=MOST_HEADER, description="已有瓦片的 ETag ETag of the tile one has"),
]
Coding = Annotated[str, Header(alias="Accept-Encoding", include_in_schema=False, max_length=MOST_HEADER)]
Tiles = Annotated[TileCache, Depends(current_tiles)]

TILE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {MVT: {"schema": {"type": "string", "format": "binary"}}},
        "description": "瓦片 The tile",
        "headers": {
            GENERALISED: {
                "schema": {"type": "string"},
                "description": "未逐个显示的:合并(joined)或略去(left-out)的件数,以及从第几级起完整 "
                "What is not shown one by one, and from which level on it is",
            }
        },
    },
    304: {"description": "没有变化 It has not changed"},
}


@router.get("/layers", summary="图层目录 Catalogue of layers", responses=problems(422, 503))
def list_layers(actor: Acting) -> LayerList:
    """List the layers that there are: titles, properties and their words, levels of tiles, colours by day and night."""
    return LayerList(items=[layer_item(each) for each in layer_catalogue().values() if actor.may(each.roles)])


@dataclass(frozen=True)
class Asked:
    """A tile that a request asks for, and what its answer depends on.

    Attributes
    ----------
    known, coding
        The request's If-None-Match and Accept-Encoding.
    has_looked
        Whether finding out who asks has looked at what changed.
    """

    engine: Engine
    actor: Actor
    kept: TileCache
    tile: Tile
    known: str | None
    coding: str
    has_looked: bool

    def answer(self, layers: Iterable[str], plan_id: int | None = None) -> Response:
        """Answer with the tile of some layers."""
        made = kept_tile(
            self.kept, self.engine, self.actor, layers, self.tile, plan_id=plan_id, has_looked=self.has_looked
        )
        return answer(self.kept, made, self.known, self.coding)


async def asked_tile(
    engine: Database,
    actor: Acting,
    kept: Tiles,
    z: Level,
    x: Column,
    y: Row,
    if_none_match: Known = None,
    accept_encoding: Coding = "",
) -> Asked:
    """Return the tile that the request asks for."""
    has_looked = actor.sign_in_id is not None
    return Asked(engine, actor, kept, Tile(z, x, y), if_none_match, accept_encoding, has_looked)


AskedTile = Annotated[Asked, Depends(asked_tile)]


@router.get(
    "/tiles/{layers}/{z}/{x}/{y}",
    summary="矢量瓦片 Vector tile",
    response_class=Response,
    responses={**TILE, **problems(422, 503)},
)
def tile(layers: Layers, asked: AskedTile) -> Response:
    """Cut a tile of one layer or several (Mapbox Vector Tile 2.1) under the rights of who asks.

    Names and codes are in it, households are not. Far off shapes are plainer, and rows are joined to points whose
    `count` says how many they are; the header `Tile-Generalised` says of each layer how many were joined or left out.
    Levels at which a layer has no tiles are refused (422).
    """
    return asked.answer(layers.split(","))


@router.get(
    "/plans/{plan_id}/tiles/{layers}/{z}/{x}/{y}",
    summary="方案的矢量瓦片 Vector tile of a plan",
    response_class=Response,
    responses={**TILE, **problems(404, 422, 503)},
)
def plan_tile(plan_id: PlanId, layers: PlanLayers, asked: AskedTile) -> Response:
    """Cut a tile of the grids or cells of one plan, a draft or one of the past, as `/tiles` does of those in force."""
    return asked.answer(layers.split(","), plan_id)


def answer(kept: TileCache, made: MadeTile, known: str | None, coding: str) -> Response:
    """Answer with a tile; with nothing where the asker has the same already.

    Parameters
    ----------
    known, coding
        The request's If-None-Match and Accept-Encoding.
    """
    is_known = known is not None and f'"{made.etag}"' in known
    zipped = kept.zipped(made.etag, made.content) if "gzip" in coding and not is_known else None
    response = Response(status_code=304) if is_known else Response(zipped or made.content, media_type=MVT)
    response.raw_headers.extend(_headers(made.etag, made.generalised, is_zipped=zipped is not None))
    return response


@lru_cache(MOST_REMEMBERED)
def _headers(etag: str, generalised: str, *, is_zipped: bool) -> tuple[tuple[bytes, bytes], ...]:
    told = {
        "etag": f'"{etag}"',
        "cache-control": f"private, max-age={FRESH_S}",
        "vary": "Cookie, Authorization, Accept-Encoding",
        **({GENERALISED.lower(): generalised} if generalised else {}),
        **({"content-encoding": "gzip"} if is_zipped else {}),
    }
    return tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in told.items())
