"""The planar arrangement under a tessellation: lines cut at every crossing, faces, and the borders they share.

All coordinates lie on one grid of :data:`GRID_M`, a power of two: shifting by whole metres is exact in floating
point, and two faces on either side of a line have bit-identical vertices along it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

#: Metres. About a millimetre: finer than any survey, coarse enough to close the gaps between walls that touch.
GRID_M = 2.0**-10

Geometries = NDArray[np.object_]
Indices = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Borders:
    """Straight pieces of border between two polygons of a coverage.

    Attributes
    ----------
    left, right
        int[k], positions of the two polygons, left < right.
    start, end
        float[k, 2], end points of each piece.
    """

    left: Indices
    right: Indices
    start: Floats
    end: Floats

    @property
    def length(self) -> Floats:
        """float[k], in the unit of the coordinates."""
        return np.asarray(np.hypot(*(self.end - self.start).T), dtype=np.float64)


def node(lines: Iterable[Any]) -> Geometries:
    """Cut lines wherever they cross or touch and snap them to the grid; each piece is returned once."""
    union = shapely.union_all(np.asarray(list(lines), dtype=object), grid_size=GRID_M)
    return np.asarray(shapely.get_parts(union), dtype=object)


def faces(noded: Geometries) -> Geometries:
    """Return the polygons that noded lines enclose; dangling lines enclose nothing and drop out."""
    return np.asarray(shapely.get_parts(shapely.polygonize(noded)), dtype=object)


def segments(polygons: Geometries) -> tuple[Indices, Floats, Floats]:
    """Take polygons apart into ring segments: position of the polygon, start, end."""
    parts, part_of = shapely.get_parts(polygons, return_index=True)
    rings, ring_of = shapely.get_rings(parts, return_index=True)
    xy, vertex_of = shapely.get_coordinates(rings, return_index=True)
    same_ring = vertex_of[1:] == vertex_of[:-1]
    polygon = part_of[ring_of[vertex_of[:-1][same_ring]]]
    return polygon.astype(np.int64), xy[:-1][same_ring], xy[1:][same_ring]


def segment_keys(start: Floats, end: Floats) -> Indices:
    """Number segments so that equal ones, in either direction, have equal numbers."""
    vertices = np.concatenate([start, end])
    # Found by hashing: that is several times sooner than sorting.
    vertex = pd.factorize(vertices[:, 0] + 1j * vertices[:, 1])[0]
    first, second = vertex[: len(start)], vertex[len(start) :]
    count = len(vertices) + 1
    return np.asarray(np.minimum(first, second) * count + np.maximum(first, second), dtype=np.int64)


def shared_borders(polygons: Geometries) -> Borders:
    """Find the segments that two polygons of a coverage have in common."""
    polygon, start, end = segments(polygons)
    keys = segment_keys(start, end)
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    twin = np.flatnonzero(keys[1:] == keys[:-1])
    one, other = order[twin], order[twin + 1]
    apart = polygon[one] != polygon[other]
    one, other = one[apart], other[apart]
    left, right = np.minimum(polygon[one], polygon[other]), np.maximum(polygon[one], polygon[other])
    return Borders(left, right, start[one], end[one])


def pair_lengths(left: Indices, right: Indices, length: Floats, count: int) -> tuple[Indices, Indices, Floats]:
    """Add up lengths per pair (left, right) of ``count`` polygons; pairs come sorted."""
    keys, inverse = np.unique(left * count + right, return_inverse=True)
    total = np.bincount(inverse, weights=length, minlength=len(keys)).astype(np.float64)
    return keys // count, keys % count, total


def all_finite(shapes: Geometries) -> NDArray[np.bool_]:
    """Whether all coordinates of each shape are numbers. Bounds do not tell: they pass over NaN."""
    xy, shape = shapely.get_coordinates(shapes, return_index=True)
    finite = np.ones(len(shapes), dtype=bool)
    finite[shape[~np.isfinite(xy).all(axis=1)]] = False
    return finite


def interior_points(polygons: Geometries) -> Geometries:
    """Return one point inside each polygon."""
    return np.asarray(shapely.point_on_surface(polygons), dtype=object)


def lines_from(start: Floats, end: Floats) -> Geometries:
    """Return one straight line per segment."""
    return np.asarray(shapely.linestrings(np.stack([start, end], axis=1)), dtype=object)


def locate(points: Geometries, polygons: Geometries) -> Indices:
    """Return for each point the first polygon that it touches; the nearest one where it touches none."""
    # The index holds the points, because query() prepares its argument: that pays on large polygons.
    polygon, point = shapely.STRtree(points).query(polygons, predicate="intersects")
    home = np.full(len(points), len(polygons), dtype=np.int64)
    np.minimum.at(home, point, polygon)
    lost = np.flatnonzero(home == len(polygons))
    if len(lost):
        home[lost] = shapely.STRtree(polygons).query_nearest(points[lost], all_matches=False)[1]
    return home


def grow(home: Indices, left: Indices, right: Indices, weight: Floats) -> Indices:
    """Give each homeless thing the home of the neighbours with which it shares most, from the settled outwards.

    Parameters
    ----------
    home
        int[n], -1 for the homeless. Those that no settled one can be reached from stay so.
    left, right, weight
        Which two are neighbours, and how much they share.
    """
    home = home.copy()
    size = max(len(home), int(home.max()) + 1)
    both = np.concatenate([left, right]), np.concatenate([right, left])
    twice = np.concatenate([weight, weight])
    while True:
        reach = (home[both[0]] < 0) & (home[both[1]] >= 0)
        if not reach.any():
            return home
        lost, taker, total = pair_lengths(both[0][reach], home[both[1][reach]], twice[reach], size)
        order = np.lexsort((taker, -total, lost))
        chosen, first = np.unique(lost[order], return_index=True)
        home[chosen] = taker[order[first]]
