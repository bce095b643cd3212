"""Borders drawn twice."""

import geopandas as gpd
import pytest
from shapely import Polygon, box

from geo.errors import GeometryError
from geo.territory.overlaps import find_overlaps, mended, settle_overlaps


def squares(*boxes: tuple[float, float, float, float]) -> gpd.GeoSeries:
    names = list("abcdef")[: len(boxes)]
    return gpd.GeoSeries([box(*b) for b in boxes], index=names, crs="EPSG:4547")


def test_neighbours_that_only_touch_do_not_overlap():
    assert find_overlaps(squares((0, 0, 100, 100), (100, 0, 200, 100))) == []


def test_common_ground_goes_to_the_first_and_nothing_else_changes():
    drawn = squares((0, 0, 100, 100), (99, 0, 200, 100), (200, 0, 300, 100))
    settled, (overlap,) = settle_overlaps(drawn)
    assert (overlap.first, overlap.second, overlap.area_m2, overlap.thin) == ("a", "b", 100.0, True)
    assert settled["a"].equals(drawn["a"])
    assert settled["b"].equals(box(100, 0, 200, 100))
    assert settled["c"].equals(drawn["c"])
    assert find_overlaps(settled) == []


def test_two_claims_on_one_place_are_not_thin():
    (overlap,) = find_overlaps(squares((0, 0, 100, 100), (60, 0, 160, 100)))
    assert overlap.share == pytest.approx(0.4)
    assert not overlap.thin


def test_polygon_inside_an_earlier_one_is_left_empty():
    settled, _ = settle_overlaps(squares((0, 0, 100, 100), (10, 10, 20, 20)))
    assert settled["b"].is_empty


def test_polygon_cut_in_two_keeps_both_parts():
    settled, _ = settle_overlaps(squares((40, 0, 60, 100), (0, 40, 100, 60)))
    assert settled["b"].area == pytest.approx(2000 - 400)
    assert settled["b"].geom_type == "MultiPolygon"


def test_degrees_are_refused():
    with pytest.raises(GeometryError, match="metres"):
        find_overlaps(gpd.GeoSeries([box(0, 0, 1, 1)], crs=4326))


def test_area_that_crosses_itself_by_a_hair_is_mended_and_sound_ones_are_left():
    crossing = Polygon([(0, 0), (100, 0), (100, 100), (50, 1e-9), (0, 100)])
    crossed = Polygon([(0, 0), (100, 0), (100, 100), (50, -1e-9), (0, 100)])
    areas = gpd.GeoSeries([crossing, crossed], crs="EPSG:4547")
    assert areas.is_valid.tolist() == [True, False]
    after = mended(areas)
    assert after.is_valid.all()
    assert after[0].equals(crossing)
    assert after.area[1] == pytest.approx(5000)
