"""Plainer grid borders, line by line, that still tile exactly and spare every building."""

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.errors import GeometryError
from geo.territory.arrangement import Floats, Geometries, lines_from, segment_keys, segments
from geo.territory.projected import require_projected

#: Metres. How much of a wall a border may touch by rounding without cutting into the building.
INTO_WALL_M = 0.01
#: Metres. The ground a building that is only a point needs around it.
POINT_RADIUS_M = 0.1


def simplify_borders(
    grids: gpd.GeoSeries, tolerance_m: float, *, buildings: gpd.GeoSeries | None = None
) -> gpd.GeoSeries:
    """Draw the borders between grids with fewer vertices; the outer rim stays as it is.

    Each border line between two junctions is simplified by itself. One that would then give ground of a building
    to the other side, or meet another line, is left as it was. shapely's ``coverage_simplify`` simplifies all
    lines or none, and knows of no buildings.

    Parameters
    ----------
    grids
        A coverage in a projected CRS, metres.
    tolerance_m
        How far a border may move.
    buildings
        Footprints or points to spare, same CRS.

    Returns
    -------
    GeoSeries
        The same grids on the same index, a coverage of the same area; equal to ``grids`` in the rare case that the
        simplified lines do not close to the same polygons.

    Raises
    ------
    GeometryError
        ``grids`` is in degrees or no coverage, or ``tolerance_m`` is negative.
    """
    require_projected(grids)
    shapes = grids.to_numpy()
    if tolerance_m < 0:
        raise GeometryError(f"容差 {tolerance_m} 不能为负", f"tolerance {tolerance_m} must not be negative")
    if not shapely.coverage_is_valid(shapes):
        raise GeometryError("网格有重叠或边界的顶点不一致", "the grids overlap or share borders with other vertices")
    inner, rim = _border_lines(shapes)
    plain = shapely.simplify(inner, tolerance_m)
    kept = _moves_ground(plain, inner, buildings) | ~shapely.is_simple(plain)
    while True:
        lines = np.where(kept, inner, plain)
        clashing = _clashes(lines, rim) & ~kept
        if not clashing.any():
            break
        kept |= clashing
    closed = _close(np.concatenate([lines, rim]), shapes)
    return grids if closed is None else gpd.GeoSeries(closed, index=grids.index, crs=grids.crs)


def _border_lines(shapes: Geometries) -> tuple[Geometries, Geometries]:
    """Lines between junctions where two grids meet, and those on the rim."""
    _, start, end = segments(shapes)
    _, first, times = np.unique(segment_keys(start, end), return_index=True, return_counts=True)
    return _chains(start, end, first[times == 2]), _chains(start, end, first[times == 1])


def _chains(start: Floats, end: Floats, chosen: NDArray[np.int64]) -> Geometries:
    lines = shapely.line_merge(shapely.multilinestrings(lines_from(start[chosen], end[chosen])))
    return np.asarray(shapely.get_parts(lines), dtype=object)


def _moves_ground(plain: Geometries, before: Geometries, buildings: gpd.GeoSeries | None) -> NDArray[np.bool_]:
    """Which plain lines would give a building, or a part of one, to the other side."""
    moves = np.zeros(len(plain), dtype=bool)
    if buildings is None or not len(buildings):
        return moves
    shapes = buildings.to_numpy()
    point = shapely.get_dimensions(shapes) == 0
    ground = shapely.buffer(shapes, np.where(point, POINT_RADIUS_M, -INTO_WALL_M))
    swept = np.array([_swept(*pair) for pair in zip(before, plain, strict=True)], dtype=object)
    line, building = shapely.STRtree(ground).query(swept, predicate="intersects")
    moved = shapely.area(shapely.intersection(swept[line], ground[building]))
    moves[line[moved > INTO_WALL_M**2]] = True
    return moves


def _swept(before: shapely.LineString, plain: shapely.LineString) -> shapely.Geometry:
    """The ground between a line and its plain form, which ends where it ends."""
    ring = np.concatenate([shapely.get_coordinates(before), shapely.get_coordinates(plain)[::-1]])
    return shapely.make_valid(shapely.polygons(ring))


def _clashes(lines: Geometries, rim: Geometries) -> NDArray[np.bool_]:
    """Which lines meet another one elsewhere than at the ends of both."""
    every = np.concatenate([lines, rim])
    one, other = shapely.STRtree(every).query(lines, predicate="intersects")
    one, other = one[one != other], other[one != other]
    inside = shapely.relate_pattern(every[one], every[other], "T********")
    inside |= shapely.relate_pattern(every[one], every[other], "*T*******")
    # A junction on the rim lies inside a rim line, where lines rightly end.
    inside |= shapely.relate_pattern(every[one], every[other], "***T*****") & (other < len(lines))
    clash = np.zeros(len(lines), dtype=bool)
    clash[one[inside]] = True
    return clash


def _close(lines: Geometries, shapes: Geometries) -> Geometries | None:
    """Polygons of the lines, each for the grid it covers most; None where they are not the same ones."""
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.node(shapely.multilinestrings(lines)))))
    face, grid = shapely.STRtree(shapes).query(faces, predicate="intersects")
    common = shapely.area(shapely.intersection(faces[face], shapes[grid]))
    order = np.lexsort((-common, face))
    chosen, first = np.unique(face[order], return_index=True)
    best = order[first]
    # The ground of a hole in the coverage closes to a face too, but covers no grid.
    real = common[best] > shapely.area(faces[chosen]) / 2
    joined = np.full(len(shapes), None, dtype=object)
    for number in range(len(shapes)):
        joined[number] = shapely.coverage_union_all(faces[chosen[real & (grid[best] == number)]])
    same_parts = (shapely.get_num_geometries(joined) == shapely.get_num_geometries(shapes)).all()
    same_area = np.isclose(shapely.area(joined).sum(), shapely.area(shapes).sum(), rtol=1e-9)
    sound = same_parts and same_area and shapely.is_valid(joined).all() and shapely.coverage_is_valid(joined)
    return joined if sound else None
