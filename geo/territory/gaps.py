"""Barriers that almost close: a wall with a gate, a lane drawn a little short of the road."""

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import KDTree

from geo.territory.arrangement import Floats, Geometries, Indices, lines_from

#: Metres. Two loose ends that face each other over less are the posts of a gate.
GATE_M = 15.0
#: Metres. A loose end this near to a building or another barrier was meant to reach it.
SHORT_M = 5.0


def gap_lines(lines: Geometries, footprints: Geometries) -> Geometries:
    """Draw lines that close the gaps of barriers.

    Only loose ends are joined: to each other over a gate, or to what they just miss. No line leads through a
    footprint.

    Parameters
    ----------
    lines
        Noded pieces of barriers, boundary and outlines.
    footprints
        Polygons in the way.
    """
    ends, piece = _loose_ends(lines)
    if not len(ends):
        return np.empty(0, dtype=object)
    gates, joined = _gates(ends, piece, footprints)
    short = _short(ends[~joined], piece[~joined], lines)
    return np.concatenate([gates, _clear(short, footprints)])


def _loose_ends(lines: Geometries) -> tuple[Floats, Indices]:
    """End points where only one piece ends, and that piece."""
    first = shapely.get_coordinates(shapely.get_point(lines, 0))
    last = shapely.get_coordinates(shapely.get_point(lines, -1))
    xy = np.concatenate([first, last])
    _, node, degree = np.unique(xy[:, 0] + 1j * xy[:, 1], return_inverse=True, return_counts=True)
    loose = degree[node] == 1
    return xy[loose], np.tile(np.arange(len(lines)), 2)[loose]


def _gates(ends: Floats, piece: Indices, footprints: Geometries) -> tuple[Geometries, NDArray[np.bool_]]:
    """Lines between loose ends of two pieces that are each other's nearest, and which ends they join."""
    joined = np.zeros(len(ends), dtype=bool)
    if len(ends) < 2:
        return np.empty(0, dtype=object), joined
    distance, nearest = (column[:, 1] for column in KDTree(ends).query(ends, k=2))
    this = np.arange(len(ends))
    pair = (nearest[nearest] == this) & (this < nearest) & (piece[nearest] != piece)
    pair &= (distance <= GATE_M) & (distance > 0)
    this, other = this[pair], nearest[pair]
    lines = lines_from(ends[this], ends[other])
    free = ~_blocked(lines, footprints)
    joined[this[free]] = joined[other[free]] = True
    return lines[free], joined


def _short(ends: Floats, piece: Indices, lines: Geometries) -> Geometries:
    """The shortest line from each loose end to another piece, if one is near."""
    points = shapely.points(ends)
    end, near = shapely.STRtree(lines).query(points, predicate="dwithin", distance=SHORT_M)
    other = near != piece[end]
    end, near = end[other], near[other]
    order = np.lexsort((near, shapely.distance(points[end], lines[near]), end))
    chosen, first = np.unique(end[order], return_index=True)
    return np.asarray(shapely.shortest_line(points[chosen], lines[near[order[first]]]), dtype=object)


def _clear(lines: Geometries, footprints: Geometries) -> Geometries:
    clear: Geometries = lines[(shapely.length(lines) > 0) & ~_blocked(lines, footprints)]
    return clear


def _blocked(lines: Geometries, footprints: Geometries) -> NDArray[np.bool_]:
    blocked = np.zeros(len(lines), dtype=bool)
    blocked[shapely.STRtree(footprints).query(lines, predicate="crosses")[0]] = True
    return blocked
