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
