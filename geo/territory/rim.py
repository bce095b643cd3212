"""The outer rim of a coverage, put back exactly onto the boundary it was made for."""

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.territory.arrangement import GRID_M, Floats, Geometries, lines_from, segment_keys, segments

#: How near a rim vertex must be to a corner of the boundary to be that corner: what snapping to the grid moves.
CORNER_M = GRID_M
CORNER_DEGREES = 1e-8
#: How often shapes that break are left out before none is moved.
ROUNDS = 8


def onto_rim(shapes: Geometries, boundary: shapely.Geometry, *, corner: float = CORNER_M) -> Geometries:
    """Move the vertices on the rim of a coverage to the nearest place on ``boundary``.

    A vertex within ``corner`` of a corner of the boundary becomes that corner, bit by bit, so that areas tiled
    apart keep one line between them. Only for a rim that follows the boundary closely already. Shapes that moving
    would break keep their rim, and so do vertices in cracks of the boundary no wider than ``corner``: put onto
    lines that all but touch, they would make tiles cross as soon as the coordinates are transformed.
    """
    _, start, end = segments(shapes)
    _, inverse, times = np.unique(segment_keys(start, end), return_inverse=True, return_counts=True)
    rim = times[inverse] == 1
    before = np.unique(np.concatenate([start[rim], end[rim]]), axis=0)
    keys = before[:, 0] + 1j * before[:, 1]
    after = _nearest_on(before, boundary, corner)

    stay = _in_crack(before, boundary, corner)

    def move(xy: Floats) -> Floats:
        key = xy[:, 0] + 1j * xy[:, 1]
        at = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
        return np.where(((keys[at] == key) & ~stay[at])[:, None], after[at], xy)

    for _ in range(ROUNDS):
        moved = np.asarray(shapely.transform(shapes, move), dtype=object)
        broken = ~shapely.is_valid(moved) | ~shapely.is_empty(shapely.coverage_invalid_edges(moved))
        if not broken.any():
            return moved
        xy = shapely.get_coordinates(shapes[broken])
        stay |= np.isin(keys, xy[:, 0] + 1j * xy[:, 1])
    return shapes


def _nearest_on(xy: Floats, boundary: shapely.Geometry, corner: float) -> Floats:
    _, start, end = segments(np.array([boundary], dtype=object))
    sides = lines_from(start, end)
    points = shapely.points(xy)
    side = shapely.STRtree(sides).query_nearest(points, all_matches=False)[1]
    foot = shapely.line_interpolate_point(sides[side], shapely.line_locate_point(sides[side], points))
    on_side = shapely.get_coordinates(foot)
    to_start, to_end = np.hypot(*(xy - start[side]).T), np.hypot(*(xy - end[side]).T)
    nearest = np.where((to_start <= to_end)[:, None], start[side], end[side])
    at_corner = np.minimum(to_start, to_end) <= corner
    return np.asarray(np.where(at_corner[:, None], nearest, on_side), dtype=np.float64)


def _in_crack(xy: Floats, boundary: shapely.Geometry, corner: float) -> NDArray[np.bool_]:
    """Which places have sides of the boundary at hand that do not meet there."""
    _, start, end = segments(np.array([boundary], dtype=object))
    place, side = shapely.STRtree(lines_from(start, end)).query(
        shapely.points(xy), predicate="dwithin", distance=4 * corner
    )
    order = np.argsort(place, kind="stable")
    place, side = place[order], side[order]
    count = np.bincount(place, minlength=len(xy))
    crack = count > 2
    first = np.searchsorted(place, np.flatnonzero(count == 2))
    one, other = side[first], side[first + 1]
    meet = (end[one] == start[other]).all(axis=1) | (end[other] == start[one]).all(axis=1)
    crack[place[first[~meet]]] = True
    return crack
