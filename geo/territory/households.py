"""Households of buildings nobody has counted, estimated from floors and footprint."""

import numpy as np
import pandas as pd
from geopandas import GeoSeries
from numpy.typing import NDArray

from geo.territory.dictionaries import dictionary
from geo.territory.projected import require_projected

UNKNOWN = "unknown"


def estimate_households(
    footprints: GeoSeries, floors: "pd.Series[float]", kinds: "pd.Series[str] | None" = None
) -> NDArray[np.int64]:
    """Estimate households as gross floor area over the floor area of one household.

    Parameters
    ----------
    footprints
        n polygons in a projected CRS, metres.
    floors
        n floor counts above ground; blank, zero or negative counts as 1.
    kinds
        n codes of dictionary ``building_kinds``; None or blank where the use is unknown, which counts as dwelling.

    Returns
    -------
    int[n]
        0 for kinds that hold no dwellings (dictionary ``household_area`` lists those that do, with its source).

    Raises
    ------
    GeographicCRSError
        The footprints are in degrees.
    """
    require_projected(footprints)
    areas = {code: entry.extra["floor_area_m2"] for code, entry in dictionary("household_area").entries.items()}
    each: NDArray[np.float64] = np.full(len(footprints), areas[UNKNOWN])
    if kinds is not None:
        each = kinds.fillna(UNKNOWN).map(lambda kind: areas.get(kind, np.inf)).to_numpy(np.float64)
    storeys = pd.to_numeric(floors, errors="coerce").fillna(1).clip(lower=1).to_numpy(np.float64)
    estimate: NDArray[np.int64] = np.rint(footprints.area.to_numpy() * storeys / each).astype(np.int64)
    return estimate
