"""The order of a round: short to walk, never through a wall, from the bottom of each building to its top."""

from itertools import permutations

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, Point

from geo.crs import WGS84
from geo.errors import GeographicCRSError
from geo.ledger.rounds import Door, from_the_bottom, length_of, visiting_order, walking_distances

METRES = "EPSG:4547"


def points(*xy: tuple[float, float]) -> gpd.GeoSeries:
    return gpd.GeoSeries([Point(500_000 + x, 2_500_000 + y) for x, y in xy], crs=METRES)


def barrier(kind: str, *xy: tuple[float, float]) -> gpd.GeoDataFrame:
    line = LineString([(500_000 + x, 2_500_000 + y) for x, y in xy])
    return gpd.GeoDataFrame({"kind": [kind]}, geometry=[line], crs=METRES)


def order(places: gpd.GeoSeries, barriers: gpd.GeoDataFrame | None = None) -> list[int]:
    return visiting_order(walking_distances(places, barriers))


def test_along_a_street() -> None:
    assert order(points((0, 0), (30, 0), (10, 0), (40, 0), (20, 0))) == [0, 2, 4, 1, 3]


def test_one_side_of_a_river_and_then_the_other() -> None:
    #  1   3   5
    #  ~~~~~~~~~   20 m apart over the river, 60 m along it
    #  0   2   4
    houses = points((0, 0), (0, 20), (60, 0), (60, 20), (120, 0), (120, 20))
    assert order(houses) != [0, 2, 4, 5, 3, 1]
    assert order(houses, barrier("river", (-500, 10), (500, 10))) == [0, 2, 4, 5, 3, 1]


def test_through_the_gate_of_a_wall() -> None:
    places = points((0, 0), (0, 20), (50, 0), (50, 20))
    wall = barrier("wall", (-100, 10), (40, 10))
    way = walking_distances(places, wall)
    assert way[2, 3] == 20
    # Round by the gate, over the stops beside it, is shorter than what the wall costs.
    assert way[0, 1] == pytest.approx(120)
    assert walking_distances(places)[0, 1] == 20


def test_a_lane_is_no_barrier() -> None:
    places = points((0, 0), (0, 20))
    assert walking_distances(places, barrier("lane", (-100, 10), (100, 10)))[0, 1] == 20


def test_degrees_are_refused() -> None:
    with pytest.raises(GeographicCRSError):
        walking_distances(gpd.GeoSeries([Point(114, 22), Point(114.1, 22)], crs=WGS84))


def test_doors_from_the_bottom_up() -> None:
    doors = [
        Door("p5", "U02", 1),
        Door("p3", "U01", 6),
        Door("p2", "U01", 2),
        Door("p1", None, None),
        Door("p4", "U01", 18),
    ]
    assert [door.code for door in from_the_bottom(doors)] == ["p1", "p2", "p3", "p4", "p5"]


XY = st.tuples(st.integers(0, 300), st.integers(0, 300))


@given(st.lists(XY, min_size=1, max_size=40, unique=True))
def test_each_stop_once_from_the_start_and_the_same_again(xy: list[tuple[int, int]]) -> None:
    wall = barrier("wall", (150, -10), (150, 200))
    way = walking_distances(points(*xy), wall)
    found = visiting_order(way)
    assert found[0] == 0
    assert sorted(found) == list(range(len(xy)))
    assert found == visiting_order(way)
    assert np.allclose(way, way.T)


@given(st.lists(XY, min_size=2, max_size=7, unique=True))
def test_hardly_longer_than_the_shortest(xy: list[tuple[int, int]]) -> None:
    way = walking_distances(points(*xy))
    best = min(length_of((0, *rest), way) for rest in permutations(range(1, len(xy))))
    assert length_of(visiting_order(way), way) <= 1.3 * best


def test_a_hundred_and_fifty_buildings_at_once() -> None:
    rng = np.random.default_rng(1)
    places = points(*map(tuple, rng.uniform(0, 600, (150, 2))))
    way = walking_distances(places)
    found = visiting_order(way)
    # Nothing is gained by turning a part round or moving a stop.
    assert length_of(found, way) < 0.93 * np.sqrt(150 * 600 * 600)
