"""Households estimated from floors and footprint."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

from geo.errors import GeometryError
from geo.territory.households import estimate_households


def footprints(*sides: float) -> gpd.GeoSeries:
    return gpd.GeoSeries([box(0, 0, side, 48) for side in sides], crs="EPSG:4547")


def test_floor_area_over_the_area_of_one_household():
    assert estimate_households(footprints(20, 20), pd.Series([6, 1])).tolist() == [60, 10]


def test_unknown_floors_count_as_one():
    assert estimate_households(footprints(20, 20, 20), pd.Series([None, 0, -3])).tolist() == [10, 10, 10]


def test_kinds_without_dwellings_hold_none():
    kinds = pd.Series(["office", "walk_up", None])
    assert estimate_households(footprints(20, 20, 20), pd.Series([6, 6, 6]), kinds).tolist() == [0, 60, 60]


def test_degrees_are_refused():
    with pytest.raises(GeometryError, match="metres"):
        estimate_households(footprints(1).to_crs(4326), pd.Series([1]))
