"""Use case: the living layers as vector tiles, under the rights of who asks; what a tile leaves out is told with it.

Tiles are those of the web's usual grid: level z has 2^z by 2^z squares of Web Mercator, x from the west, y from the
north (OGC Two Dimensional Tile Matrix Set, WebMercatorQuad).
"""

import math
import time
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, lru_cache, partial
from hashlib import blake2b
from types import MappingProxyType
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.errors import BoundsError
from geo.ledger.figures import Period
from geo.services.inspectors import today
from geo.services.ledger_layers import spot_circles
from geo.services.locating import engine_of
from geo.services.reading import read_plan
from geo.services.tile_cache import Kept, TileCache
from geo.storage import divisions, tiles
from geo.storage.acting import allowed
from geo.storage.at_once import ask_at_once
from geo.storage.boxes import boxes_are_trusted
from geo.storage.database import session_scope
from geo.storage.tiles import Extent, Piece, Square
from geo.territory.layer_catalogue import layer_catalogue

__all__ = ["DEEPEST", "LAYERS", "PLAN_LAYERS", "MadeTile", "Tile", "TileLayer", "kept_tile", "tile_of"]

#: The one layer that is worked out and not read.
HOT_SPOTS = "hot_spots"
#: What points tell that stand for several rows.
COUNT = "count"
#: Hot spots are worked out anew after so long.
HOT_SPOTS_REST_S = 1_800
#: Events about these change what scopes hold; for whom grids are seen one by one, adopted plans do as well.
SCOPE = ("street", "community")
SCOPE_OF_GRIDS = ("plan.adopted", "plan.superseded", "building")
#: So many different sights, and tiles' digests, are remembered.
MOST_SIGHTS, MOST_DIGESTS = 10_000, 100_000
#: Half of the side of the world in Web Mercator, metres.
_HALF_WORLD_M = math.pi * 6_378_137.0
#: The deepest level that has tiles: one is 19 m wide at the equator.
DEEPEST = 21


@dataclass(frozen=True)
class Tile:
    """One square of the grid: level, column from the west, row from the north."""

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        side = 1 << self.z if 0 <= self.z <= DEEPEST else 0
        if not (0 <= self.x < side and 0 <= self.y < side):
            raise BoundsError(
                f"没有瓦片 {self.z}/{self.x}/{self.y}:z 为 0 至 {DEEPEST},x、y 为 0 至 2^z − 1",
                f"there is no tile {self.z}/{self.x}/{self.y}: z is 0 to {DEEPEST}, x and y are 0 to 2^z − 1",
            )

    @property
    def metres(self) -> Extent:
        """West, south, east, north in Web Mercator (EPSG:3857)."""
        side = 2 * _HALF_WORLD_M / (1 << self.z)
        west, north = self.x * side - _HALF_WORLD_M, _HALF_WORLD_M - self.y * side
        return west, north - side, west + side, north

    def degrees(self, margin: float) -> Extent:
        """West, south, east, north in EPSG:4326, widened by ``margin`` sides of the tile, within the world.

        Examples
        --------
        >>> Tile(1, 1, 0).degrees(0)
        (0.0, 0.0, 180.0, 85.0511287798066)
        """
        west, east = (self._lon(self.x + step) for step in (-margin, 1 + margin))
        south, north = (self._lat(self.y + step) for step in (1 + margin, -margin))
        return west, south, east, north

    def _lon(self, x: float) -> float:
        return max(-180.0, min(180.0, 360.0 * x / (1 << self.z) - 180.0))

    def _lat(self, y: float) -> float:
        across = math.pi * (1 - 2 * y / (1 << self.z))
        return math.degrees(math.atan(math.sinh(max(-math.pi, min(math.pi, across)))))


@dataclass(frozen=True)
class TileLayer:
    """A layer that has tiles.

    Attributes
    ----------
    from_level
        The first level with tiles of it.
    columns
        All that a tile may tell of each row.
    """

    code: str
    from_level: int
    columns: tuple[str, ...]


#: Layers that have tiles, in the order of the catalogue.
LAYERS: MappingProxyType[str, TileLayer] = MappingProxyType(
    {
        known.code: TileLayer(known.code, known.levels.first, (*known.told_at(DEEPEST), COUNT))
        for known in layer_catalogue().values()
        if known.levels is not None
    }
)
#: Of these a plan has its own.
PLAN_LAYERS = tuple(code for code, source in tiles.SOURCES.items() if source.of_plan is not None)


@dataclass(frozen=True)
class MadeTile:
    """A tile with what tells it from others, and what it does not show one by one.

    Attributes
    ----------
    content
        Mapbox Vector Tile 2.1; empty where nothing lies there.
    etag
        The same for the same bytes.
    generalised
        What was left out or joined, layer by layer, as a header says it (RFC 8941, a dictionary); "" where nothing was.
    """

    content: bytes
    etag: str
    generalised: str


def tile_of(session: Session, layers: Iterable[str], tile: Tile, *, plan_id: int | None = None) -> bytes:
    """Return some layers' part of a tile as a Mapbox Vector Tile 2.1; empty where nothing lies there.

    Parameters
    ----------
    layers
        Of :data:`LAYERS`, each counted once.
    plan_id
        The plan whose ``grids`` or ``cells`` are meant; None means those in force.

    Raises
    ------
    BoundsError
        A layer has no tiles at this level.
    NotFoundError
        There is no such plan.
    """
    # The layers of a tile stand behind one another, so that tiles of one layer each are joined by writing them so.
    return b"".join(_cut(session, layer, tile, plan_id).content for layer in _checked(layers, tile, plan_id))


def kept_tile(
    kept: TileCache,
    engine: Engine,
    actor: Actor | None,
    layers: Iterable[str],
    tile: Tile,
    *,
    plan_id: int | None = None,
    has_looked: bool = False,
) -> MadeTile:
    """Return a tile as :func:`tile_of` does, out of what this process keeps where nothing has changed since.

    Parameters
    ----------
    actor
        Who asks; None for the store's owner, who sees everything.
    has_looked
        The changes have been looked at since the tile was asked for.

    Raises
    ------
    BoundsError, NotFoundError
        As :func:`tile_of`.
    """
    wanted = _checked(layers, tile, plan_id)
    if not has_looked:
        kept.changes.look(engine)
    keys = _keys(kept, engine, actor, wanted, tile, plan_id)
    found = {layer: kept.find(key) for layer, key in keys.items()}
    missing = [layer for layer, piece in found.items() if piece is None]
    cut = _cut_for(engine, actor, missing, tile, plan_id)
    return _made({layer: piece or kept.keep(keys[layer], cut[layer]) for layer, piece in found.items()})


def find_tile(
    kept: TileCache, engine: Engine, actor: Actor | None, layers: Iterable[str], tile: Tile
) -> MadeTile | None:
    """Return a tile if all of it is kept as of the last look at what changed, and None if not; reads nothing."""
    keys = _keys(kept, engine, actor, _checked(layers, tile, None), tile, None)
    found = {layer: kept.find(key) for layer, key in keys.items()}
    pieces = {layer: piece for layer, piece in found.items() if piece is not None}
    return _made(pieces) if len(pieces) == len(found) else None


def _keys(
    kept: TileCache, engine: Engine, actor: Actor | None, layers: Iterable[str], tile: Tile, plan_id: int | None
) -> dict[str, Hashable]:
    """Return what each layer of a tile is kept under: all that it depends on."""
    seen = _seen_by(engine, actor)
    by_grids = actor is not None and bool(actor.grids)
    keys: dict[str, Hashable] = {}
    for layer in layers:
        stamp = kept.changes.stamp(_depends_on(layer, by_grids=by_grids, of_plan=plan_id is not None))
        keys[layer] = (layer, tile, plan_id, seen, stamp, _clock(layer))
    return keys


def _made(pieces: Mapping[str, Kept]) -> MadeTile:
    content = b"".join(each.piece.content for each in pieces.values())
    told = (_told(layer, each.piece) for layer, each in pieces.items() if each.piece.joined or each.piece.left_out)
    return MadeTile(content, _digest(tuple(each.digest for each in pieces.values())), ", ".join(told))


@lru_cache(MOST_DIGESTS)
def _digest(digests: tuple[bytes, ...]) -> str:
    return blake2b(b"".join(digests), digest_size=12).hexdigest()


def _checked(layers: Iterable[str], tile: Tile, plan_id: int | None) -> list[str]:
    wanted = list(dict.fromkeys(layers))
    for layer in wanted:
        _refuse_far_off(layer, tile.z)
        if plan_id is not None and layer not in PLAN_LAYERS:
            raise BoundsError(
                f"图层 {layer} 不属于方案;方案的图层:{'、'.join(PLAN_LAYERS)}",
                f"no plan has a layer {layer}; plans have {', '.join(PLAN_LAYERS)}",
            )
    return wanted


def _cut_for(
    engine: Engine, actor: Actor | None, layers: Sequence[str], tile: Tile, plan_id: int | None
) -> dict[str, Piece]:
    """Cut some layers of a tile for somebody: in one round trip where nothing has to be looked up for it first."""
    pieces: dict[str, Piece] = {}
    if actor is not None and plan_id is None and boxes_are_trusted(engine):
        ask = partial(ask_at_once, engine, actor, around=tile.degrees(0))
        at_once = [layer for layer in layers if layer != HOT_SPOTS]
        pieces = tiles.cut(ask, at_once, _square(tile)) if at_once else {}
    left = [layer for layer in layers if layer not in pieces]
    if left:
        with session_scope(engine, actor, around=tile.degrees(0)) as session:
            pieces |= {layer: _cut(session, layer, tile, plan_id) for layer in left}
    return pieces


def _cut(session: Session, layer: str, tile: Tile, plan_id: int | None) -> Piece:
    square = _square(tile)
    if layer == HOT_SPOTS:
        return tiles.draw(session, layer, square, _spots(session))
    if plan_id is not None:
        read_plan(session, plan_id)
    actor: Actor | None = session.info.get("actor")
    near = None
    if actor is not None and not boxes_are_trusted(engine_of(session)):
        with engine_of(session).connect().execution_options(isolation_level="AUTOCOMMIT") as owner:
            near = tiles.read_near(owner, layer, square)
    return tiles.cut(tiles.asking(session), [layer], square, near=near, plan_id=plan_id)[layer]


def _square(tile: Tile) -> Square:
    return Square(tile.z, tile.metres, tile.degrees(0))


def _spots(session: Session) -> list[dict[str, Any]]:
    """Return the hot spots of the last days in the scope of who asks."""
    actor: Actor | None = session.info.get("actor")
    scopes = [street.code for street in divisions.streets(session)] if actor is None else actor.scopes
    day = today()
    days = layer_catalogue()[HOT_SPOTS].days
    assert days is not None
    rows: list[dict[str, Any]] = []
    for scope in dict.fromkeys(scopes):
        frame = spot_circles(session, scope, Period(day - timedelta(days=days), day))
        for spot in () if frame is None else frame.to_dict("records"):
            told = {name: spot[name] for name in ("cases", "kind", "radius_m")}
            dates = {name: spot[name].isoformat() for name in ("since", "until")}
            rows.append({"id": len(rows) + 1, **told, **dates, "wkb": spot["geometry"].wkb_hex})
    return rows


def _told(layer: str, piece: Piece) -> str:
    """Say what a tile that does not show all does not show one by one, and from which level on it is."""
    whole = layer_catalogue()[layer].levels
    assert whole is not None
    if piece.joined:
        return f"{layer};joined={piece.joined};whole-from={whole.whole}"
    return f"{layer};left-out={piece.left_out};whole-from={whole.whole}"


def _seen_by(engine: Engine, actor: Actor | None) -> Hashable:
    """Return what all have in common who see the same rows."""
    if actor is None:
        return id(engine), None
    return id(engine), *_sight(actor.roles, actor.scopes)


@lru_cache(MOST_SIGHTS)
def _sight(roles: frozenset[str], scopes: tuple[str, ...]) -> tuple[Hashable, ...]:
    actor = Actor("anybody", roles, scopes)
    return actor.streets, actor.communities, actor.grids, *allowed(actor), bool(roles - {"public"})


@cache
def _depends_on(layer: str, *, by_grids: bool, of_plan: bool) -> tuple[str, ...]:
    """Return events about what change a layer, or what of it somebody sees."""
    own = layer_catalogue()[layer].changed_by
    return (*own, *SCOPE, *(SCOPE_OF_GRIDS if by_grids else ()), *(("plan",) if of_plan else ()))


def _clock(layer: str) -> Hashable:
    """Return what time changes a layer, without anything being done: the day, and for hot spots the half hour."""
    if layer == HOT_SPOTS:
        return int(time.time() // HOT_SPOTS_REST_S)
    return today() if layer_catalogue()[layer].group == "ledger" else None


def _refuse_far_off(layer: str, z: int) -> None:
    first = LAYERS[layer].from_level
    if z < first:
        raise BoundsError(
            f"图层 {layer} 从第 {first} 级起才有瓦片,所求为第 {z} 级",
            f"the layer {layer} has tiles from level {first} on; level {z} was asked for",
        )
