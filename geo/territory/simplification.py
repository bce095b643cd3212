"""Plainer grid borders: fewer vertices, still an exact tiling, and no ground of a building given away.

A border line runs between two junctions. It is redrawn as chords between some of its own vertices::

    start with one chord from junction to junction
    a chord that leaves a vertex out too far, sweeps over building ground, or meets another line
        is cut at the vertex farthest from it, and both halves are looked at again

so that a border stays as it was only around the place that forbids a straight one. No vertex moves: polygons lose
vertices and nothing else, and two neighbours lose the same ones.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.errors import GeometryError
from geo.territory.arrangement import Floats, Geometries, Indices, lines_from, segment_keys
from geo.territory.projected import require_projected

#: Metres. How much of a wall a border may touch by rounding without cutting into the building.
INTO_WALL_M = 0.01
#: Metres. The ground a building that is only a point needs around it.
POINT_RADIUS_M = 0.1
#: Metres. A vertex this near to a straight rim says nothing about its course: it is there for a border that ended.
STRAIGHT_M = 1e-6
#: Metres. A border vertex this near to a given line (a road's middle, a wall) lies on it: tiles follow to a millimetre.
ON_LINE_M = 0.01
#: Metres. Chords keep this far from other lines: straight in metres is a little bent in degrees.
CLEAR_M = 0.02
#: Radians. Chords from one junction that part by less run on each other.
LEAST_ANGLE = 1e-6

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class _Net:
    """The border lines of a coverage, one behind the other.

    Attributes
    ----------
    xy
        float[p, 2], the vertices of all lines in order; a vertex where lines meet is listed once for each.
    line
        int[p], the line of each place in that order.
    rim
        bool[p], whether only one polygon lies along the line.
    """

    xy: Floats
    line: Indices
    rim: Mask

    @property
    def ends(self) -> Mask:
        """Which places are the first or last of their line."""
        change = self.line[1:] != self.line[:-1]
        return np.asarray(np.concatenate([[True], change]) | np.concatenate([change, [True]]), dtype=bool)


def simplify_borders(
    grids: gpd.GeoSeries,
    tolerance_m: float,
    *,
    buildings: gpd.GeoSeries | None = None,
    boundary: shapely.Geometry | None = None,
    followed: ArrayLike | None = None,
    followed_tolerance_m: float | None = None,
) -> gpd.GeoSeries:
    """Draw the borders between grids with fewer vertices; the outer rim keeps its course.

    shapely's ``coverage_simplify`` knows of no buildings, and of one tolerance for all.

    Parameters
    ----------
    grids
        A coverage in a projected CRS, metres.
    tolerance_m
        How far a left-out vertex may lie from the border drawn.
    buildings
        Footprints or points to spare, same CRS: none of their ground changes sides.
    boundary
        What the grids tile. Vertices that the rim has beside the corners of the boundary are left out where it is
        straight; without it the rim stays as it is.
    followed
        Lines that borders were drawn along on purpose (roads, walls), same CRS.
    followed_tolerance_m
        The tolerance for vertices on these; ``tolerance_m`` when None.

    Returns
    -------
    GeoSeries
        The same grids on the same index with some of their vertices: a coverage of the same ground.

    Raises
    ------
    GeometryError
        ``grids`` is in degrees or no coverage, or a tolerance is negative.
    """
    require_projected(grids)
    shapes = grids.to_numpy()
    strict = tolerance_m if followed_tolerance_m is None else min(tolerance_m, followed_tolerance_m)
    if strict < 0:
        raise GeometryError(f"容差 {strict} 不能为负", f"tolerance {strict} must not be negative")
    if not shapely.coverage_is_valid(shapes):
        raise GeometryError("网格有重叠或边界的顶点不一致", "the grids overlap or share borders with other vertices")
    net = _net(shapes)
    allowed = np.full(len(net.xy), float(tolerance_m))
    if followed is not None:
        allowed[_on_lines(net.xy, np.asarray(followed, dtype=object))] = strict
    allowed[net.rim] = STRAIGHT_M
    kept = net.ends | (net.rim if boundary is None else net.rim & _corners(net.xy, boundary))
    kept = _chosen(net, allowed, kept, _ground(buildings))
    return gpd.GeoSeries(_without(shapes, net.xy[~kept]), index=grids.index, crs=grids.crs)


def _net(shapes: Geometries) -> _Net:
    rings = shapely.get_rings(shapely.get_parts(shapes))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    start, end = xy[:-1][same], xy[1:][same]
    _, first, times = np.unique(segment_keys(start, end), return_index=True, return_counts=True)
    merged = shapely.line_merge(shapely.multilinestrings(lines_from(start[first], end[first])))
    xy, line = shapely.get_coordinates(shapely.get_parts(merged), return_index=True)
    # Lines are all rim or all border: at a vertex of two sides both divide the same two grounds.
    opening = np.flatnonzero(np.diff(line, prepend=-1))
    once = np.concatenate([start[first[times == 1]], end[first[times == 1]]])
    between = (xy[opening] + xy[opening + 1]) / 2
    middles = (start[first[times == 1]] + end[first[times == 1]]) / 2
    rim = np.isin(_keys(between), _keys(middles)) if len(once) else np.zeros(len(opening), dtype=bool)
    return _Net(xy, line.astype(np.int64), rim[line])


def _keys(xy: Floats) -> NDArray[np.complex128]:
    return np.asarray(xy[:, 0] + 1j * xy[:, 1], dtype=np.complex128)


def _corners(xy: Floats, boundary: shapely.Geometry) -> Mask:
    return np.asarray(np.isin(_keys(xy), _keys(shapely.get_coordinates(boundary))))


def _on_lines(xy: Floats, lines: Geometries) -> Mask:
    on = np.zeros(len(xy), dtype=bool)
    parts, line = shapely.get_coordinates(lines, return_index=True)
    same = line[1:] == line[:-1]
    sides = lines_from(parts[:-1][same], parts[1:][same])
    on[shapely.STRtree(sides).query(shapely.points(xy), predicate="dwithin", distance=ON_LINE_M)[0]] = True
    return on


def _ground(buildings: gpd.GeoSeries | None) -> Geometries:
    if buildings is None or not len(buildings):
        return np.empty(0, dtype=object)
    shapes = buildings.to_numpy()
    point = shapely.get_dimensions(shapes) == 0
    return np.asarray(shapely.buffer(shapes, np.where(point, POINT_RADIUS_M, -INTO_WALL_M)), dtype=object)


def _chosen(net: _Net, allowed: Floats, kept: Mask, ground: Geometries) -> Mask:
    """Which places stay, so that no chord between two that follow each other is forbidden."""
    kept = kept.copy()
    buildings, ends = shapely.STRtree(ground), np.unique(net.xy[net.ends], axis=0)
    looked_at = np.empty(0, dtype=np.int64)
    while True:
        away = _keep_far(net, allowed, kept)
        start, end = _chords(net, kept)
        wide = np.flatnonzero(end - start > 1)
        first, last = start[wide], end[wide]
        # What a chord sweeps over stays the same; which others it meets changes as they are cut.
        fresh = ~np.isin(first * len(net.xy) + last, looked_at)
        looked_at = first * len(net.xy) + last
        swept = _swept(net.xy, first[fresh], last[fresh])
        refused = (net.xy[first] == net.xy[last]).all(axis=1) | _meet(net, start, end, wide)
        refused[fresh] |= _over_ground(swept, ground, buildings)
        refused[fresh] |= _over_ends(swept, ends, net.xy[first[fresh]], net.xy[last[fresh]])
        if not refused.any():
            return kept
        kept[_farthest(away, first[refused], last[refused])] = True


def _chords(net: _Net, kept: Mask) -> tuple[Indices, Indices]:
    place = np.flatnonzero(kept)
    joined = net.line[place[1:]] == net.line[place[:-1]]
    return place[:-1][joined], place[1:][joined]


def _keep_far(net: _Net, allowed: Floats, kept: Mask) -> Floats:
    """Keep, in place, vertices until all others are near enough to their chord; return how far each is off."""
    while True:
        place = np.flatnonzero(kept)
        chord = np.cumsum(kept) - 1
        start, end = net.xy[place[chord]], net.xy[place[np.minimum(chord + 1, len(place) - 1)]]
        away = np.where(kept, 0.0, _distance(net.xy, start, end))
        over = np.where(kept, 0.0, away / np.maximum(allowed, 1e-300))
        order = np.lexsort((np.arange(len(over)), -over, chord))
        worst = order[np.diff(chord[order], prepend=-1) > 0]
        worst = worst[over[worst] > 1]
        if not len(worst):
            return away
        kept[worst] = True


def _distance(xy: Floats, start: Floats, end: Floats) -> Floats:
    """Metres from each point to its segment."""
    along = end - start
    square = np.maximum((along**2).sum(axis=1), 1e-300)
    share = np.clip(((xy - start) * along).sum(axis=1) / square, 0.0, 1.0)
    return np.asarray(np.hypot(*(xy - start - share[:, None] * along).T), dtype=np.float64)


def _farthest(away: Floats, start: Indices, end: Indices) -> Indices:
    """The left-out place farthest from each chord; the middle one where none is off."""
    chosen = []
    for first, last in zip(start.tolist(), end.tolist(), strict=True):
        inner = away[first + 1 : last]
        chosen.append(first + 1 + (int(inner.argmax()) if inner.max() > 0 else len(inner) // 2))
    return np.array(chosen, dtype=np.int64)


def _swept(xy: Floats, start: Indices, end: Indices) -> Geometries:
    """The ground between each chord and the line that it stands for."""
    size = end - start + 1
    ring = np.repeat(np.arange(len(start)), size)
    place = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size) + np.repeat(start, size)
    swept = np.asarray(shapely.polygons(shapely.linearrings(xy[place], indices=ring)), dtype=object)
    crossed = ~shapely.is_valid(swept)
    swept[crossed] = shapely.make_valid(swept[crossed])
    return swept


def _over_ground(swept: Geometries, ground: Geometries, buildings: shapely.STRtree) -> Mask:
    over = np.zeros(len(swept), dtype=bool)
    chord, building = buildings.query(swept, predicate="intersects")
    moved = shapely.area(shapely.intersection(swept[chord], ground[building]))
    over[chord[moved > INTO_WALL_M**2]] = True
    return over


def _over_ends(swept: Geometries, ends: Floats, first: Floats, last: Floats) -> Mask:
    """Which chords would leave the end of another line on their wrong side: an island, a junction."""
    over = np.zeros(len(swept), dtype=bool)
    chord, other = shapely.STRtree(shapely.points(ends)).query(swept, predicate="intersects")
    own = (ends[other] == first[chord]).all(axis=1) | (ends[other] == last[chord]).all(axis=1)
    over[chord[~own]] = True
    return over


def _meet(net: _Net, start: Indices, end: Indices, wide: Indices) -> Mask:
    """Which of the wide chords come too near to another one elsewhere than at a common end."""
    lines = lines_from(net.xy[start], net.xy[end])
    one, other = shapely.STRtree(lines).query(lines[wide], predicate="dwithin", distance=CLEAR_M)
    apart = wide[one] != other
    one, other = one[apart], other[apart]
    near = np.ones(len(one), dtype=bool)
    mine, its = (start[wide[one]], end[wide[one]]), (start[other], end[other])
    for here, there in ((0, 0), (0, 1), (1, 0), (1, 1)):
        common = np.flatnonzero((net.xy[mine[here]] == net.xy[its[there]]).all(axis=1))
        ways = (net.xy[side[1 - at][common]] - net.xy[side[at][common]] for side, at in ((mine, here), (its, there)))
        near[common] = _same_way(*ways)
    meet = np.zeros(len(wide), dtype=bool)
    meet[one[near]] = True
    return meet


def _same_way(one: Floats, other: Floats) -> Mask:
    """Which chords from a common end run on each other."""
    across = np.abs(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])
    sizes = np.hypot(*one.T) * np.hypot(*other.T)
    return np.asarray((across <= LEAST_ANGLE * sizes) & ((one * other).sum(axis=1) >= 0))


def _without(shapes: Geometries, dropped: Floats) -> Geometries:
    """Leave vertices out of polygons."""
    gone = _keys(dropped)
    parts, shape = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    stays = ~np.isin(_keys(xy), gone)
    # A ring that begins at a vertex left out is closed again by itself.
    thin = shapely.linearrings(xy[stays], indices=ring[stays])
    joined = shapely.polygons(thin, indices=part)
    several = np.bincount(shape, minlength=len(shapes)) > 1
    whole = np.empty(len(shapes), dtype=object)
    whole[shape[~several[shape]]] = joined[~several[shape]]
    for number in np.flatnonzero(several):
        whole[number] = shapely.multipolygons(joined[shape == number])
    return whole
