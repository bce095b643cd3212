"""Where roads meet: crosses, kerbs, dual carriageways, and what is only near."""

import geopandas as gpd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, affinity

from geo.errors import GeographicCRSError
from geo.territory.crossings import MEETING_M, crossings

METRES = "EPSG:4547"
EAST, NORTH = 500_000, 2_500_000


def roads(*named: tuple[str | None, object]) -> gpd.GeoDataFrame:
    """Roads by name, drawn around (0, 0)."""
    shapes = [affinity.translate(shape, EAST, NORTH) for _, shape in named]
    return gpd.GeoDataFrame({"name": [name for name, _ in named]}, geometry=shapes, crs=METRES)


def found(*named: tuple[str | None, object]) -> list[tuple[str, str, int, int]]:
    made = crossings(roads(*named))
    return [
        (one, other, round(point.x - EAST), round(point.y - NORTH))
        for one, other, point in zip(made["one"], made["other"], made.geometry, strict=True)
    ]


ALONG = ("长安路", LineString([(-200, 0), (200, 0)]))


def test_two_roads_cross_once() -> None:
    assert found(ALONG, ("和平路", LineString([(30, -100), (30, 100)]))) == [("和平路", "长安路", 30, 0)]


def test_a_side_road_that_ends_at_the_kerb_meets_the_main_one() -> None:
    assert found(ALONG, ("和平路", LineString([(0, 20), (0, 100)]))) == [("和平路", "长安路", 0, 10)]
    assert found(ALONG, ("和平路", LineString([(0, MEETING_M + 1), (0, 100)]))) == []


def test_the_corners_of_dual_carriageways_are_one_crossing() -> None:
    east_west = MultiLineString([[(-200, -15), (200, -15)], [(-200, 15), (200, 15)]])
    north_south = MultiLineString([[(-12, -200), (-12, 200)], [(12, -200), (12, 200)]])
    assert found(("东西路", east_west), ("南北路", north_south)) == [("东西路", "南北路", 0, 0)]


def test_a_road_in_several_rows_is_one_road() -> None:
    west, east = LineString([(-200, 0), (0, 0)]), LineString([(0, 0), (200, 0)])
    across = ("和平路", LineString([(0, -100), (0, 100)]))
    assert found(("长安路", west), ("长安路", east), across) == [("和平路", "长安路", 0, 0)]


def test_roads_that_meet_twice_far_apart_have_two_crossings() -> None:
    bow = LineString([(-150, -50), (-150, 50), (150, 50), (150, -50)])
    assert found(ALONG, ("环路", bow)) == [("环路", "长安路", -150, 0), ("环路", "长安路", 150, 0)]


def test_roads_without_a_name_meet_nothing() -> None:
    across = LineString([(0, -100), (0, 100)])
    assert found(ALONG, (None, across), ("  ", across)) == []
    assert found() == []


def test_a_shared_stretch_is_one_crossing_in_its_middle() -> None:
    assert found(ALONG, ("和平路", LineString([(0, 100), (0, 0), (40, 0), (40, -100)]))) == [
        ("和平路", "长安路", 20, 0)
    ]


def test_degrees_are_refused() -> None:
    with pytest.raises(GeographicCRSError):
        crossings(roads(ALONG).to_crs("EPSG:4490"))


AT = st.integers(-300, 300)
LINES = st.lists(
    st.tuples(st.sampled_from("甲乙丙"), st.tuples(AT, AT), st.tuples(AT, AT)).filter(lambda line: line[1] != line[2]),
    max_size=8,
)


@given(LINES)
def test_two_roads_have_a_crossing_exactly_where_they_come_near(
    drawn: list[tuple[str, tuple[int, int], tuple[int, int]]],
) -> None:
    given_roads = roads(*((name, LineString([start, end])) for name, start, end in drawn))
    by_name = dict(iter(given_roads.groupby("name").geometry))
    near = {
        (one, other)
        for one in by_name
        for other in by_name
        if one < other and by_name[one].union_all().distance(by_name[other].union_all()) <= MEETING_M
    }
    made = crossings(given_roads)
    assert set(zip(made["one"], made["other"], strict=True)) == near
    turned = crossings(given_roads.iloc[::-1])
    assert turned[["one", "other"]].to_numpy().tolist() == made[["one", "other"]].to_numpy().tolist()
