"""The polygons of grids: tiles joined, and their borders drawn as plainly as roads, walls and buildings allow."""

import geopandas as gpd
import shapely
from numpy.typing import ArrayLike

from geo.territory.barriers import barrier_lines
from geo.territory.coverage import dissolve
from geo.territory.simplification import simplify_borders

#: Metres that a border half-way between buildings may be off: the half-way line is a convention that nobody surveyed,
#: and on the map of a community, 1:2,000, this is half a millimetre, the width of the line.
HALFWAY_TOLERANCE_M = 1.0
#: Metres that a border along a road, river, railway or wall may be off its line. Those are surveyed: plans at 1:500
#: show them to that.
FOLLOWED_TOLERANCE_M = 0.5


def draw_grids(
    tiles: gpd.GeoSeries,
    labels: ArrayLike,
    boundary: shapely.Polygon | shapely.MultiPolygon,
    barriers: gpd.GeoDataFrame | None = None,
    buildings: gpd.GeoSeries | None = None,
) -> gpd.GeoSeries:
    """Join the tiles of each grid into its polygon, with fewer vertices and the same buildings.

    Parameters
    ----------
    tiles
        An exact coverage of ``boundary`` by n tiles, in a projected CRS, metres.
    labels
        n grids, one per tile.
    boundary
        The community that the grids tile, same CRS.
    barriers
        Lines that borders follow, same CRS: to :data:`FOLLOWED_TOLERANCE_M`; other borders are drawn to
        :data:`HALFWAY_TOLERANCE_M`.
    buildings
        Footprints or points, same CRS. None of their ground changes from one grid to another; where a plainer border
        would take some, it stays as the tiles had it.

    Returns
    -------
    GeoSeries
        One polygon per label on the sorted labels, a MultiPolygon only where its tiles lie apart: a coverage of
        ``boundary`` with no gap and no overlap.

    Raises
    ------
    GeometryError
        There are not as many labels as tiles, the tiles are no coverage, or coordinates are in degrees.
    """
    lines, _ = barrier_lines(barriers)
    return simplify_borders(
        dissolve(tiles, labels),
        HALFWAY_TOLERANCE_M,
        buildings=buildings,
        boundary=boundary,
        followed=lines,
        followed_tolerance_m=FOLLOWED_TOLERANCE_M,
    )
