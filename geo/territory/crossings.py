"""Where two named roads meet, from the lines of roads."""

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from geo.territory.projected import require_projected

#: Roads that come as near as this meet, metres: registers end a side road at the kerb of a main one, and the middle of
#: a main road (30 m wide, ``barrier_kinds``) is 15 m from there, with 10 m for how lines are drawn.
MEETING_M = 25.0
#: Places where the same two roads meet are one crossing when they are as near as this, metres: the corners of a
#: crossing of two dual carriageways.
ONE_CROSSING_M = 60.0


def crossings(roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Find the crossings of roads of different names.

    Parameters
    ----------
    roads
        Lines in a projected CRS, metres, with ``name``; several rows may have one name. Rows without a name are left
        out.

    Returns
    -------
    GeoDataFrame
        ``one`` and ``other``, the two names in the order of their characters, and the crossing as a point; ordered by
        names, then from north to south. Roads that meet in several places have several rows.

    Raises
    ------
    GeographicCRSError
        ``roads`` is in degrees.
    """
    require_projected(roads)
    named = roads[roads["name"].fillna("").astype(str).str.strip() != ""]
    lines = named.geometry.to_numpy()
    names = named["name"].astype(str).to_numpy()
    a, b = shapely.STRtree(lines).query(lines, predicate="dwithin", distance=MEETING_M)
    different = names[a] < names[b]
    met: dict[tuple[str, str], list[shapely.Point]] = {}
    for i, j in zip(a[different].tolist(), b[different].tolist(), strict=True):
        met.setdefault((names[i], names[j]), []).extend(_meetings(lines[i], lines[j]))
    rows = [(*pair, point) for pair, points in sorted(met.items()) for point in _merged(points)]
    one, other, points = zip(*rows, strict=True) if rows else ((), (), ())
    data = {"one": list(one), "other": list(other)}
    return gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(list(points), crs=roads.crs), crs=roads.crs)


def _meetings(one: shapely.Geometry, other: shapely.Geometry) -> list[shapely.Point]:
    """Where two lines cross; the middle of a part that they share, or of the gap between them."""
    shared = shapely.intersection(one, other)
    if shared.is_empty:
        return [shapely.line_interpolate_point(shapely.shortest_line(one, other), 0.5, normalized=True)]
    return [
        part if part.geom_type == "Point" else shapely.line_interpolate_point(part, 0.5, normalized=True)
        for part in shapely.get_parts(shapely.line_merge(shared) if "Line" in shared.geom_type else shared)
    ]


def _merged(points: list[shapely.Point]) -> list[shapely.Point]:
    """Return one point for all that can be walked over in steps of :data:`ONE_CROSSING_M`, north to south."""
    xy: NDArray[np.float64] = shapely.get_coordinates(points)
    one, other = KDTree(xy).query_pairs(ONE_CROSSING_M, output_type="ndarray").T
    steps = coo_matrix((np.ones(len(one)), (one, other)), shape=(len(xy), len(xy)))
    count, group = connected_components(steps, directed=False)
    middles = np.array([xy[group == number].mean(axis=0) for number in range(count)])
    return list(shapely.points(middles[np.lexsort((middles[:, 0], -middles[:, 1]))]))
