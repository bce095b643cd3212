"""Datums there and back, against numbers that others publish."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer

from geo.crs import (
    CHINA_BOUNDS,
    Datum,
    bd09_from_gcj02,
    datum_of_crs,
    from_wgs84,
    gcj02_from_bd09,
    gcj02_from_wgs84,
    looks_swapped,
    metric_crs,
    parse_datum,
    to_wgs84,
    wgs84_from_gcj02,
    zone_from_eastings,
)
from geo.errors import DatumError

GEOD = Geod(ellps="WGS84")
# A kilometre inside the border: at the border itself the encryption begins abruptly.
INSIDE_LON = st.floats(CHINA_BOUNDS[0] + 0.02, CHINA_BOUNDS[2] - 0.02)
INSIDE_LAT = st.floats(CHINA_BOUNDS[1] + 0.02, CHINA_BOUNDS[3] - 0.02)


def metres(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    return float(GEOD.inv(lon, lat, other_lon, other_lat)[2])


def one(lon: float, lat: float) -> tuple[np.ndarray, np.ndarray]:
    return np.array([lon]), np.array([lat])


@given(INSIDE_LON, INSIDE_LAT)
def test_gcj02_is_undone_to_less_than_a_millimetre(lon: float, lat: float) -> None:
    there = gcj02_from_wgs84(*one(lon, lat))
    back = wgs84_from_gcj02(*there)
    assert metres(lon, lat, back[0][0], back[1][0]) < 0.001


@given(INSIDE_LON, INSIDE_LAT)
def test_bd09_is_undone_to_less_than_a_millimetre(lon: float, lat: float) -> None:
    there = bd09_from_gcj02(*one(lon, lat))
    back = gcj02_from_bd09(*there)
    assert metres(lon, lat, back[0][0], back[1][0]) < 0.001


def test_shenzhen_moves_by_the_known_distances() -> None:
    gcj = gcj02_from_wgs84(*one(114.0579, 22.5431))
    bd = bd09_from_gcj02(*gcj)
    assert 550 < metres(114.0579, 22.5431, gcj[0][0], gcj[1][0]) < 650
    assert 1150 < metres(114.0579, 22.5431, bd[0][0], bd[1][0]) < 1350


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_points_outside_china_stay(lon: float, lat: float) -> None:
    west, south, east, north = CHINA_BOUNDS
    if west <= lon <= east and south <= lat <= north:
        return
    for shift in (gcj02_from_wgs84, wgs84_from_gcj02, bd09_from_gcj02, gcj02_from_bd09):
        assert [value[0] for value in shift(*one(lon, lat))] == [lon, lat]


def test_nan_stays_nan_and_spoils_nothing_else() -> None:
    lon, lat = wgs84_from_gcj02(np.array([np.nan, 114.0]), np.array([22.5, 22.5]))
    assert np.isnan(lon[0])
    assert metres(114.0, 22.5, *(v[0] for v in gcj02_from_wgs84(lon[1:], lat[1:]))) < 0.001


@pytest.mark.parametrize("epsg", [*range(4491, 4502), *range(4513, 4534)])
def test_every_zone_with_a_prefix_is_found_in_its_eastings(epsg: int) -> None:
    crs = CRS.from_epsg(epsg)
    west, _, east, _ = crs.area_of_use.bounds
    x, y = Transformer.from_crs(4326, crs, always_xy=True).transform((west + east) / 2, 35.0)
    assert zone_from_eastings(np.array([x])).to_epsg() == epsg
    back = to_wgs84(shapely.points([[x, y]]), parse_datum("cgcs2000-gk"))[0]
    assert metres((west + east) / 2, 35.0, back.x, back.y) < 0.001


@pytest.mark.parametrize("epsg", [*range(4502, 4513), *range(4534, 4555)])
def test_every_zone_named_by_its_meridian_goes_there_and_back(epsg: int) -> None:
    datum = parse_datum(f"EPSG:{epsg}")
    west, _, east, _ = CRS.from_epsg(epsg).area_of_use.bounds
    point = shapely.points([[(west + east) / 2 + 0.3, 31.0]])
    moved = from_wgs84(point, datum)
    assert 3.5e5 < moved[0].x < 6.5e5
    assert 3.4e6 < moved[0].y < 3.5e6
    assert shapely.distance(to_wgs84(moved, datum)[0], point[0]) < 1e-9


def test_a_zone_is_named_by_its_meridian() -> None:
    assert parse_datum("cgcs2000-gk:114").crs.to_epsg() == 4547
    assert parse_datum("CGCS2000-GK:75").crs.to_epsg() == 4534


def test_eastings_without_a_prefix_or_from_two_zones_are_refused() -> None:
    for eastings in ([512345.0], [38512345.0, 39512345.0]):
        with pytest.raises(DatumError, match="--datum cgcs2000-gk:114"):
            zone_from_eastings(np.array(eastings))


@pytest.mark.parametrize("text", ["WGS84", "wgs-84", " EPSG:4326 "])
def test_wgs84_is_known_by_several_names(text: str) -> None:
    assert parse_datum(text).name == "wgs84"


@pytest.mark.parametrize("text", ["", "beijing", "EPSG:1", "cgcs2000-gk:115", "EPSG:4326; DROP TABLE"])
def test_an_unknown_datum_is_refused_with_the_choices(text: str) -> None:
    with pytest.raises(DatumError):
        parse_datum(text)


@pytest.mark.parametrize("name", ["wgs84", "cgcs2000", "gcj02", "bd09", "EPSG:4547", "cgcs2000-gk"])
def test_a_datums_name_reads_back_as_the_same_datum(name: str) -> None:
    assert parse_datum(parse_datum(name).name) == parse_datum(name)


def test_cgcs2000_degrees_are_wgs84_degrees_in_lon_lat_order() -> None:
    point = shapely.points([[114.05, 22.54]])
    assert to_wgs84(point, parse_datum("cgcs2000"))[0].equals(point[0])
    assert datum_of_crs(CRS.from_epsg(4490)).name == "cgcs2000"
    assert datum_of_crs(CRS.from_user_input("OGC:CRS84")).name == "wgs84"


def test_metres_called_degrees_are_refused() -> None:
    with pytest.raises(DatumError, match="不是经纬度"):
        to_wgs84(shapely.points([[512345.0, 2500000.0]]), parse_datum("gcj02"))


def test_shapes_keep_their_kind_lose_their_height_and_missing_ones_stay() -> None:
    solid = shapely.from_wkt("POLYGON Z ((114 22 5, 114.001 22 5, 114 22.001 5, 114 22 5))")
    moved = to_wgs84(np.array([solid, None], object), parse_datum("gcj02"))
    assert moved[0].geom_type == "Polygon"
    assert not moved[0].has_z
    assert moved[1] is None


def test_swapped_columns_are_noticed() -> None:
    lon, lat = np.array([114.05, 114.06]), np.array([22.54, 22.55])
    assert not looks_swapped(lon, lat)
    assert looks_swapped(lat, lon)
    assert not looks_swapped(np.array([103.8]), np.array([1.3]))


def test_the_metric_crs_is_the_zone_around_the_point() -> None:
    assert metric_crs(114.05, 22.54).to_epsg() == 4547
    assert metric_crs(121.5, 31.2).to_epsg() == 4549
    assert metric_crs(103.8, 1.35).to_epsg() == 32648


def test_a_datum_without_a_zone_is_not_in_degrees() -> None:
    assert not Datum("cgcs2000-gk").in_degrees
    assert parse_datum("bd09").in_degrees
