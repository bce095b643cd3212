"""Barriers between places: roads, rivers, railways, walls; what they say about borders drawn along them."""

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.errors import GeometryError
from geo.territory.arrangement import Borders, Floats, Geometries, Indices, all_finite, lines_from, shared_borders
from geo.territory.contiguity import Contiguity
from geo.territory.dictionaries import dictionary

#: Metres. A border this close to a barrier all along runs along it: tiles follow barriers to a millimetre, but
#: both may have been through degrees and back, and barriers that end in the open are followed less closely.
ALONG_M = 1.0
#: Cost of a metre of border through the middle of a compound, against 1 for an ordinary open border.
WITHIN_COMPOUND_COST = 3.0


@dataclass(frozen=True)
class BorderCosts:
    """What it costs to draw a grid border between two tiles, and to keep them in one grid.

    Attributes
    ----------
    boundary_cost
        float[m], metres of shared border, each weighted with what runs along it.
    cross_weight
        float[m], 0 (nothing between the tiles) to 1 (a grid should not lie on both sides).
    kind
        str[m], the kind of barrier that the weight is of; empty where there is none.
    """

    boundary_cost: Floats
    cross_weight: Floats
    kind: NDArray[np.object_] = field(default_factory=lambda: np.empty(0, object))


def barrier_lines(barriers: gpd.GeoDataFrame | None) -> tuple[Geometries, Indices]:
    """Take barriers apart into plain 2-D lines; polygons (a river bed) give their outlines.

    Returns
    -------
    lines, row
        Non-empty LineStrings and the position in ``barriers`` each came from.

    Raises
    ------
    GeometryError
        A barrier is a point, or has coordinates that are no numbers.
    """
    if barriers is None or len(barriers) == 0:
        return np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    shapes = shapely.force_2d(barriers.geometry.to_numpy())
    kept = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    parts, part_of = shapely.get_parts(shapes[kept], return_index=True)
    dimension = shapely.get_dimensions(parts)
    bad = (dimension < 1) | ~all_finite(parts)
    if bad.any():
        raise GeometryError(
            f"{bad.sum()} 条屏障是点或坐标不是数值;屏障只能是线或面",
            f"{bad.sum()} barriers are points or have coordinates that are no numbers; take lines or polygons",
        )
    outline = np.where(dimension == 2, shapely.boundary(parts), parts)
    lines, line_of = shapely.get_parts(outline, return_index=True)
    return np.asarray(lines, dtype=object), kept[part_of[line_of]].astype(np.int64)


def border_costs(
    tiles: gpd.GeoSeries,
    contiguity: Contiguity,
    barriers: gpd.GeoDataFrame | None = None,
    *,
    compounds: ArrayLike | None = None,
) -> BorderCosts:
    """Weigh the border of every two neighbouring tiles.

    Each metre that runs along a barrier costs the ``cost_factor`` of its kind (the lowest where several run
    together); any other metre costs 1, or :data:`WITHIN_COMPOUND_COST` between two tiles of one compound. A kind's
    ``cross_weight`` counts in full when at least half of the border runs along it and in proportion below that;
    the greatest of all kinds is taken. A bridge between islands has no border: it costs nothing and crosses
    nothing.

    Parameters
    ----------
    tiles
        Coverage of n tiles in a projected CRS, metres.
    contiguity
        What :func:`geo.territory.contiguity.contiguity` says of ``tiles``; m edges.
    barriers
        Lines in the CRS of ``tiles`` with a column ``kind`` out of the dictionary ``barrier_kinds``.
    compounds
        int[n], the compound of each tile's atom; negative for none.

    Raises
    ------
    CodeError
        A barrier's kind is in no dictionary.
    GeometryError
        Sizes or CRS do not fit together.
    """
    shapes = tiles.to_numpy()
    borders = shared_borders(shapes) if contiguity.borders is None else contiguity.borders
    edge = contiguity.find(borders.left, borders.right)
    known = edge >= 0
    borders = Borders(borders.left[known], borders.right[known], borders.start[known], borders.end[known])
    edge = edge[known]
    inside = _same_compound(contiguity, compounds, len(tiles))
    factor = np.where(inside, WITHIN_COMPOUND_COST, 1.0)[edge]
    along = _along(borders, tiles, barriers)
    m = len(contiguity.edges)
    total = np.bincount(edge, borders.length, m)
    cross, between = np.zeros(m), np.full(m, "", dtype=object)
    unfactored = np.ones(len(edge), dtype=bool)
    kinds = dictionary("barrier_kinds")
    for kind in sorted(along, key=lambda code: float(kinds[code].extra["cost_factor"])):
        piece = along[kind]
        factor[piece & unfactored] = float(kinds[kind].extra["cost_factor"])
        unfactored &= ~piece
        share = np.bincount(edge, borders.length * piece, m) / np.maximum(total, 1e-12)
        weight = float(kinds[kind].extra["cross_weight"]) * np.minimum(1.0, 2 * share)
        between[weight > cross] = kind
        cross = np.maximum(cross, weight)
    return BorderCosts(np.bincount(edge, borders.length * factor, m).astype(np.float64), cross, between)


def _same_compound(contiguity: Contiguity, compounds: ArrayLike | None, count: int) -> NDArray[np.bool_]:
    if compounds is None:
        return np.zeros(len(contiguity.edges), dtype=bool)
    compound = np.asarray(compounds, dtype=np.int64)
    if compound.shape != (count,):
        raise GeometryError(
            f"小区编号有 {compound.size} 个,地块有 {count} 个;应一一对应",
            f"{compound.size} compounds for {count} tiles; give one per tile, negative for none",
        )
    first, second = compound[contiguity.edges].reshape(-1, 2).T
    return np.asarray((first == second) & (first >= 0))


def _along(borders: Borders, tiles: gpd.GeoSeries, barriers: gpd.GeoDataFrame | None) -> dict[str, NDArray[np.bool_]]:
    """For each kind of barrier, which border pieces run along one: both ends and the middle are close to it."""
    lines, row = barrier_lines(barriers)
    if barriers is None or not len(lines):
        return {}
    if tiles.crs != barriers.crs:
        raise GeometryError(
            f"地块与屏障的坐标系不同:{tiles.crs} 与 {barriers.crs}",
            f"tiles and barriers are in different CRS: {tiles.crs} and {barriers.crs}; transform one of them",
        )
    kind = barriers["kind"].astype(str).to_numpy()[row]
    places = [shapely.points(xy) for xy in (borders.start, borders.end, (borders.start + borders.end) / 2)]
    along = {}
    for code in np.unique(kind):
        dictionary("barrier_kinds")[code]
        tree = shapely.STRtree(_short(lines[kind == code]))
        close = np.arange(len(borders.left))
        for points in places:
            close = close[_close(tree, points[close])]
        along[str(code)] = np.isin(np.arange(len(borders.left)), close)
    return along


def _close(tree: shapely.STRtree, points: Geometries) -> Indices:
    return np.unique(tree.query(points, predicate="dwithin", distance=ALONG_M)[0])


def _short(lines: Geometries) -> Geometries:
    """Lines as single segments: an index over them finds near ones without walking along long roads."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    joined = line[1:] == line[:-1]
    return lines_from(xy[:-1][joined], xy[1:][joined])
