"""Ground as columns: what they add up to is what the engine measures, whatever the assignment."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import affinity, box

from geo.regionalization.communities import Community
from geo.regionalization.edited_grids import ground_of
from geo.regionalization.editing import ROW_COLUMNS, row_keys
from geo.regionalization.ground_columns import PER_METRE, CommunityGround, GroundColumns, ground_columns
from geo.regionalization.numbering import grid_code
from geo.territory.compactness import polsby_popper
from geo.territory.coverage import dissolve
from tests.examples import examples

CRS = "EPSG:4547"
CODES = ("440307001001", "440307001002")
WIDE, HIGH = 4, 3
GRIDS = [grid_code(code, number) for code in CODES for number in (1, 2, 3)]


def part_of(place: int) -> CommunityGround:
    """4 x 3 buildings, a road through the middle; the last one cut into two stairwells and one of them into floors."""
    code, east = CODES[place], 160.0 * place
    shapes = [box(x * 40, y * 40, x * 40 + 20, y * 40 + 20) for y in range(HIGH) for x in range(WIDE)]
    shapes = [affinity.translate(shape, east) for shape in shapes]
    names = [f"{code}B{number:02d}" for number in range(len(shapes))]
    buildings = gpd.GeoDataFrame(
        {"households": 20, "compound": [f"C{place}" if number % WIDE < 2 else None for number in range(len(shapes))]},
        index=pd.Index(names),
        geometry=[*shapes[:-1], shapes[-1].centroid if place else shapes[-1]],
        crs=CRS,
    )
    last = names[-1]
    stairwells = gpd.GeoDataFrame(
        {"building": last, "stairwell": [f"{last}U1", f"{last}U2"], "households": 10},
        geometry=[shapes[-1], shapes[-1]],
        crs=CRS,
    )
    road = gpd.GeoDataFrame(
        {"kind": ["main_road"]}, geometry=[shapely.LineString([(70 + east, -20), (70 + east, 130)])], crs=CRS
    )
    previous = pd.DataFrame({"building": names, "grid": [f"OLD{number % 2}" for number in range(len(names))]})
    community = Community(code, box(east - 10, -10, east + 150, 110), buildings, stairwells, road, previous=previous)
    parts = [(last, f"{last}U1", np.nan, np.nan, 10), (last, f"{last}U2", 1, 4, 5), (last, f"{last}U2", 5, 9, 5)]
    rows = pd.DataFrame([(name, None, np.nan, np.nan, 20) for name in names[:-1]] + parts, columns=ROW_COLUMNS[:-1])
    return CommunityGround(ground_of(community, rows), rows.assign(grid=grid_code(code, 1)))


PARTS = [part_of(place) for place in (0, 1)]
COLUMNS = ground_columns(PARTS, GRIDS)
UNITS = len(COLUMNS.units["key"])


def whole(paths: list[list[int]]) -> list[shapely.Geometry]:
    """Paths as lines, metres from the origin."""
    return [shapely.LineString(np.cumsum(np.reshape(path, (-1, 2)), axis=0) / PER_METRE) for path in paths]


def test_units_are_the_rows_with_what_the_plan_in_force_says() -> None:
    units = COLUMNS.units
    assert units["key"] == [key for part in PARTS for key in row_keys(part.rows)]
    assert units["floors"][-2:] == [[1, 4], [5, 9]]
    assert [units["stairwell"][at] for at in (0, -3)] == [None, f"{CODES[1]}B11U1"]
    assert sum(units["households"]) == 2 * 12 * 20
    assert {COLUMNS.grids[number] for number in units["grid"]} == {GRIDS[0], GRIDS[3]}
    assert COLUMNS.grids == GRIDS
    assert COLUMNS.before == ["OLD0", "OLD1"]
    assert [units["compound"][at] for at in (0, 2)] == [0, -1]
    assert units["community"] == [0] * 14 + [1] * 14


def test_tiles_fill_the_communities_and_footprints_lie_in_them() -> None:
    areas = [part.ground.community.boundary.area for part in PARTS]
    per_community = np.bincount(COLUMNS.units["community"], COLUMNS.units["area_m2"])
    assert per_community == pytest.approx(areas, rel=1e-6)
    for tile, path in zip(COLUMNS.units["tile"], COLUMNS.units["path"], strict=True):
        ground = shapely.union_all([shapely.Polygon(ring) for ring in whole(tile)])
        drawn = shapely.union_all([shapely.Polygon(ring) for ring in whole(path)])
        assert ground.buffer(0.3).contains(drawn)
    assert sum(not path for path in COLUMNS.units["path"]) == 0  # the point has stairwells with a footprint


def test_a_border_is_drawn_as_long_as_it_is() -> None:
    edges = COLUMNS.edges
    for length, path in zip(edges["border_m"], edges["path"], strict=True):
        assert shapely.length(shapely.multilinestrings(whole(path))) == pytest.approx(length, abs=0.5)
    of_road = [place for place, kind in enumerate(edges["kind"]) if kind >= 0]
    assert COLUMNS.kinds == ["main_road"]
    assert {edges["crossing"][place] for place in of_road} == {0.8}
    assert len(of_road) == 2 * HIGH
    assert len(COLUMNS.barriers["kind"]) == 2


@examples(25)
@given(st.lists(st.integers(0, 2), min_size=UNITS, max_size=UNITS))
def test_area_and_border_of_any_grid_follow_from_units_and_edges(choice: list[int]) -> None:
    labels = np.array(choice) + 3 * np.array(COLUMNS.units["community"])
    first, second = np.array(COLUMNS.edges["first"]), np.array(COLUMNS.edges["second"])
    kept = labels[first] == labels[second]
    area = np.bincount(labels, COLUMNS.units["area_m2"], 6)
    inside = np.bincount(labels[first[kept]], np.array(COLUMNS.edges["border_m"])[kept], 6)
    around = np.bincount(labels, COLUMNS.units["perimeter_m"], 6) - 2 * inside
    for place, part in enumerate(PARTS):
        own = labels[np.array(COLUMNS.units["community"]) == place]
        scores = polsby_popper(dissolve(part.ground.tiles, own))
        found = 4 * np.pi * area[scores.index] / around[scores.index] ** 2
        assert found == pytest.approx(scores.to_numpy(), rel=1e-6)


def test_a_community_of_one_building_has_no_border() -> None:
    one = COMMUNITY_OF_ONE
    assert (len(one.units["key"]), one.edges["first"], one.kinds, one.barriers["kind"]) == (1, [], [], [])


def _of_one() -> GroundColumns:
    building = gpd.GeoDataFrame(
        {"households": 5, "compound": None}, index=pd.Index(["B"]), geometry=[shapely.Point(5, 5)], crs=CRS
    )
    none = gpd.GeoDataFrame({"building": [], "stairwell": [], "households": []}, geometry=[], crs=CRS)
    lines = gpd.GeoDataFrame({"kind": []}, geometry=[], crs=CRS)
    community = Community(CODES[0], box(0, 0, 10, 10), building, none, lines)
    rows = pd.DataFrame([("B", None, np.nan, np.nan, 5, GRIDS[0])], columns=ROW_COLUMNS)
    return ground_columns([CommunityGround(ground_of(community, rows), rows)], GRIDS[:1])


COMMUNITY_OF_ONE = _of_one()
