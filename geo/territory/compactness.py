"""How round a grid is. Round grids are short to walk; threads are not."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.territory.projected import require_projected


def polsby_popper(grids: gpd.GeoSeries) -> pd.Series:
    """Score how round each grid is: 4πA / P², from 0 (a thread) to 1 (a circle).

    Parameters
    ----------
    grids
        n polygons in a projected CRS. The score has no unit, but degrees distort it.

    Returns
    -------
    Series
        n floats on the index of ``grids``; NaN for an empty grid.

    Raises
    ------
    GeographicCRSError
        ``grids`` is in degrees.

    References
    ----------
    Polsby & Popper (1991), Yale Law & Policy Review 9(2).
    """
    require_projected(grids)
    perimeter = grids.length.where(grids.area > 0)
    return pd.Series(4 * np.pi * grids.area / perimeter**2, index=grids.index, name="polsby_popper")


def reock(grids: gpd.GeoSeries) -> pd.Series:
    """Score how much of its smallest enclosing circle each grid fills, from 0 to 1.

    Unlike :func:`polsby_popper` it does not punish a wiggly border, only a long shape.

    Parameters
    ----------
    grids
        n polygons in a projected CRS.

    Returns
    -------
    Series
        n floats on the index of ``grids``; NaN for an empty grid.

    Raises
    ------
    GeographicCRSError
        ``grids`` is in degrees.

    References
    ----------
    Reock (1961), Midwest Journal of Political Science 5(1).
    """
    require_projected(grids)
    radius = pd.Series(shapely.minimum_bounding_radius(grids.to_numpy()), index=grids.index)
    area = grids.area.where(grids.area > 0)
    return pd.Series(area / (np.pi * radius**2), index=grids.index, name="reock")


def convex_hull_ratio(grids: gpd.GeoSeries) -> pd.Series:
    """Score how little each grid is bent or dented: its area over that of its convex hull. Raises as above."""
    require_projected(grids)
    area = grids.area.where(grids.area > 0)
    return pd.Series(area / grids.convex_hull.area, index=grids.index, name="convex_hull_ratio")


def inertia_ratio(grids: gpd.GeoSeries) -> pd.Series:
    """Score how near to its middle each grid's area lies: A² / 2πI, 1 for a disc; ragged borders hardly count.

    I is the second moment of area about the centroid, summed over triangles from the centroid to each segment, holes
    taken off. Raises as :func:`polsby_popper`.
    """
    require_projected(grids)
    moments = np.array([_second_moment(grid) for grid in grids.to_numpy()])
    area = grids.area.where(grids.area > 0)
    return pd.Series(area**2 / (2 * np.pi * moments), index=grids.index, name="inertia_ratio").clip(upper=1.0)


def _second_moment(shape: shapely.Geometry | None) -> float:
    if shape is None or shape.is_empty:
        return 0.0
    middle = shape.centroid
    total = 0.0
    for polygon in shapely.get_parts(shape):
        oriented = shapely.orient_polygons(polygon)
        for ring in (oriented.exterior, *oriented.interiors):
            x, y = shapely.get_coordinates(ring).T - np.array([[middle.x], [middle.y]])
            turn = x[:-1] * y[1:] - x[1:] * y[:-1]
            across = x[:-1] ** 2 + x[:-1] * x[1:] + x[1:] ** 2 + y[:-1] ** 2 + y[:-1] * y[1:] + y[1:] ** 2
            total += float((turn * across).sum() / 12)
    return abs(total)
