"""Which tiles touch: rook contiguity, where a common corner is not enough."""

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.errors import GeometryError
from geo.territory.arrangement import Borders, Floats, Indices, pair_lengths, shared_borders
from geo.territory.projected import require_projected

#: Metres. Tiles that share less than this meet at a corner and are no neighbours.
LEAST_BORDER_M = 0.5


@dataclass(frozen=True)
class Contiguity:
    """Neighbouring pairs among n tiles.

    Attributes
    ----------
    edges
        int[m, 2], positions i < j, each pair once, sorted.
    shared_m
        float[m], metres of border the two share; 0 for a bridge.
    count
        n, the number of tiles.
    bridge
        bool[m], the pair does not touch: it was added to connect islands.
    borders
        The pieces of border that the lengths were added up from, where they are known.
    """

    edges: Indices
    shared_m: Floats
    count: int
    bridge: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    borders: Borders | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.bridge) != len(self.edges):
            object.__setattr__(self, "bridge", np.zeros(len(self.edges), dtype=bool))

    def components(self) -> Indices:
        """int[n], the number of the connected part each tile belongs to."""
        first, second = self.edges.T
        graph = coo_array((np.ones(len(first)), (first, second)), shape=(self.count, self.count))
        return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)

    def find(self, left: Indices, right: Indices) -> Indices:
        """Positions of the edges (left, right), left < right; -1 where there is none."""
        keys = self.edges[:, 0] * self.count + self.edges[:, 1]
        wanted = left * self.count + right
        if not len(keys):
            return np.full(len(wanted), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[at] == wanted, at, -1)


def contiguity(tiles: gpd.GeoSeries, *, least_m: float = LEAST_BORDER_M) -> Contiguity:
    """Find all pairs of tiles that share more than ``least_m`` metres of border.

    Parameters
    ----------
    tiles
        n polygons in a projected CRS, metres, that form a coverage: common borders have the same vertices. What
        :func:`geo.territory.tessellation.tessellate` and :func:`geo.territory.coverage.dissolve` return does.

    Raises
    ------
    GeometryError
        The tiles are in degrees, overlap, or have common borders with different vertices.
    """
    require_projected(tiles)
    shapes = tiles.to_numpy()
    if not shapely.coverage_is_valid(shapes):
        wrong = int(np.count_nonzero(~shapely.is_empty(shapely.coverage_invalid_edges(shapes))))
        raise GeometryError(
            f"{wrong} 个地块相互重叠或公共边界的顶点不一致;应先生成无缝无重叠的地块",
            f"{wrong} tiles overlap or have common borders with different vertices; tessellate them first",
        )
    borders = shared_borders(shapes)
    left, right, total = pair_lengths(borders.left, borders.right, borders.length, len(tiles))
    long = total > least_m
    return Contiguity(np.stack([left[long], right[long]], axis=1), total[long], len(tiles), borders=borders)


def connect_islands(tiles: gpd.GeoSeries, contiguity: Contiguity) -> Contiguity:
    """Add bridges so that all tiles hang together: between parts, the pair of tiles nearest to each other.

    The bridges are a shortest tree over the parts: with p parts there are p - 1. Bridges are marked in
    ``Contiguity.bridge`` and share 0 metres.
    """
    shapes = tiles.to_numpy()
    bridges = []
    part = contiguity.components()
    while part.max(initial=0) > 0:
        found = [_nearest_outside(shapes, part, number) for number in range(int(part.max()) + 1)]
        for i, j in found:
            if part[i] != part[j]:
                bridges.append((min(i, j), max(i, j)))
                part[part == part[j]] = part[i]
        part = np.unique(part, return_inverse=True)[1]
    if not bridges:
        return contiguity
    edges = np.concatenate([contiguity.edges, np.asarray(bridges, dtype=np.int64)])
    shared = np.concatenate([contiguity.shared_m, np.zeros(len(bridges))])
    bridge = np.concatenate([contiguity.bridge, np.ones(len(bridges), dtype=bool)])
    order = np.lexsort((edges[:, 1], edges[:, 0]))
    return Contiguity(edges[order], shared[order], contiguity.count, bridge[order], contiguity.borders)


def _nearest_outside(shapes: NDArray[np.object_], part: Indices, number: int) -> tuple[int, int]:
    inside, outside = np.flatnonzero(part == number), np.flatnonzero(part != number)
    pairs, distance = shapely.STRtree(shapes[outside]).query_nearest(
        shapes[inside], return_distance=True, all_matches=False
    )
    best = int(np.argmin(distance))
    return int(inside[pairs[0][best]]), int(outside[pairs[1][best]])
