"""Use case: the living layers as vector tiles, each tile whole and under the rights of who asks.

Tiles are those of the web's usual grid: level z has 2^z by 2^z squares of Web Mercator, x from the west, y from the
north (OGC Two Dimensional Tile Matrix Set, WebMercatorQuad).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from geo.errors import BoundsError
from geo.storage import tiles
from geo.storage.tiles import LAYERS, Extent

__all__ = ["DEEPEST", "LAYERS", "Tile", "tile_of"]

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


def tile_of(session: Session, layers: Iterable[str], tile: Tile) -> bytes:
    """Return some layers' part of a tile as a Mapbox Vector Tile 2.1; empty where nothing lies there.

    Nothing is dropped to make a tile small: a level at which a layer would be too much has no tiles of it.

    Parameters
    ----------
    layers
        Of :data:`LAYERS`, each counted once; ``grids`` and ``cells`` are those in force.

    Raises
    ------
    BoundsError
        A layer has no tiles at this level.
    """
    wanted = dict.fromkeys(layers)
    for layer in wanted:
        _refuse_far_off(layer, tile.z)
    degrees = tile.degrees(tiles.BUFFER / tiles.SIDE)
    # The layers of a tile stand behind one another, so that tiles of one layer each are joined by writing them so.
    return b"".join(tiles.read(session, layer, metres=tile.metres, degrees=degrees) for layer in wanted)


def _refuse_far_off(layer: str, z: int) -> None:
    first = LAYERS[layer].from_level
    if z < first:
        raise BoundsError(
            f"图层 {layer} 从第 {first} 级起才有瓦片,所求为第 {z} 级",
            f"the layer {layer} has tiles from level {first} on; level {z} was asked for",
        )
