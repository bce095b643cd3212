"""Atoms: a building, its stairwells, runs of its floors; and back again."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, box

from geo.regionalization.atoms import assigned_parts, choose_atoms, divisible_buildings, whole_buildings
from geo.regionalization.communities import Community, tier_bounds
from geo.regionalization.floors import households_by_floor
from geo.territory.contiguity import contiguity
from geo.territory.dictionaries import dictionary
from geo.territory.tessellation import tessellate

CRS = "EPSG:4547"
EAST, NORTH = 500_000, 2_500_000
NO_DOORS = pd.DataFrame({"building": [], "stairwell": [], "floor": [], "households": []})


def community(households: dict[str, int], floors: dict[str, int], stairs: dict[str, list[int]] | None = None):
    """20 m buildings in a row, 40 m apart; stairwells divide their building from west to east and have its floors."""
    shapes = {
        key: box(EAST + 40 * i + 10, NORTH + 10, EAST + 40 * i + 30, NORTH + 30) for i, key in enumerate(households)
    }
    buildings = gpd.GeoDataFrame(
        {"households": list(households.values()), "compound": None},
        geometry=list(shapes.values()),
        crs=CRS,
        index=pd.Index(list(households)),
    )
    rows = []
    for key, counts in (stairs or {}).items():
        west, south, east, north = shapes[key].bounds
        step = (east - west) / len(counts)
        rows += [
            (key, f"{key}-{i}", count, floors.get(key), box(west + i * step, south, west + (i + 1) * step, north))
            for i, count in enumerate(counts)
        ]
    stairwells = gpd.GeoDataFrame(
        pd.DataFrame(rows, columns=["building", "stairwell", "households", "floors", "geometry"]),
        geometry="geometry",
        crs=CRS,
    )
    known = buildings.assign(floors=pd.array([floors.get(key) for key in households], dtype="Int64"))
    return Community(
        "c",
        box(EAST, NORTH, EAST + 40 * len(households), NORTH + 40),
        buildings,
        stairwells,
        gpd.GeoDataFrame({"kind": []}, geometry=[], crs=CRS),
        floors=households_by_floor(NO_DOORS, known, stairwells),
    )


def rows_of(frame: pd.DataFrame) -> list[tuple]:
    columns = [name for name in ("building", "stairwell", "floor_from", "floor_to", "households") if name in frame]
    table = frame[columns].astype(object)
    return [tuple(row) for row in table.where(table.notna(), None).to_numpy()]


class TestChooseAtoms:
    def test_nothing_is_divided_unasked(self):
        drawn = community({"A": 400, "B": 20}, {"A": 20})
        assert rows_of(choose_atoms(drawn, frozenset(), limit=300, band_size=60).frame) == [
            ("A", None, None, None, 400),
            ("B", None, None, None, 20),
        ]

    def test_a_building_with_stairwells_is_divided_by_those_first(self):
        drawn = community({"A": 400}, {"A": 20}, {"A": [200, 200]})
        atoms = choose_atoms(drawn, frozenset("A"), limit=300, band_size=60).frame
        assert rows_of(atoms) == [("A", "A-0", None, None, 200), ("A", "A-1", None, None, 200)]

    def test_a_stairwell_above_the_limit_is_divided_by_floors(self):
        drawn = community({"A": 400}, {"A": 10}, {"A": [340, 60]})
        atoms = choose_atoms(drawn, frozenset("A"), limit=300, band_size=102).frame
        assert rows_of(atoms) == [
            ("A", "A-1", None, None, 60),
            ("A", "A-0", 1, 3, 102),
            ("A", "A-0", 4, 6, 102),
            ("A", "A-0", 7, 9, 102),
            ("A", "A-0", 10, 10, 34),
        ]

    def test_a_building_without_stairwells_is_divided_by_floors(self):
        atoms = choose_atoms(community({"A": 100}, {"A": 4}), frozenset("A"), limit=300, band_size=50).frame
        assert rows_of(atoms) == [("A", None, 1, 2, 50), ("A", None, 3, 4, 50)]
        assert atoms["estimated"].all()

    def test_a_single_stairwell_is_divided_by_floors_too(self):
        drawn = community({"A": 100}, {"A": 4}, {"A": [100]})
        atoms = choose_atoms(drawn, frozenset("A"), limit=300, band_size=50).frame
        assert rows_of(atoms) == [("A", "A-0", 1, 2, 50), ("A", "A-0", 3, 4, 50)]

    def test_without_known_floors_a_building_stays_whole(self):
        drawn = community({"A": 400}, {})
        assert rows_of(choose_atoms(drawn, frozenset("A"), limit=300, band_size=60).frame) == [
            ("A", None, None, None, 400)
        ]

    def test_buildings_with_floors_or_stairwells_are_divisible(self):
        drawn = community({"A": 100, "B": 90, "C": 80, "D": 7}, {"B": 5, "D": 1}, {"A": [50, 50]})
        assert divisible_buildings(drawn).to_dict() == {"A": 100, "B": 90}


class TestTilesOfBands:
    @pytest.mark.parametrize("count", [2, 12, 33, 60])
    @pytest.mark.parametrize("as_point", [False, True])
    def test_each_has_ground_and_touches_the_next(self, count, as_point):
        drawn = community({"A": 6 * count, "B": 20}, {"A": count})
        if as_point:
            places = [Point(EAST + 20, NORTH + 20), Point(EAST + 60, NORTH + 20)]
            drawn = Community(
                "c",
                drawn.boundary,
                drawn.buildings.set_geometry(gpd.GeoSeries(places, index=drawn.buildings.index, crs=CRS)),
                drawn.stairwells,
                drawn.barriers,
                floors=drawn.floors,
            )
        atoms = choose_atoms(drawn, frozenset("A"), limit=6, band_size=6).frame
        assert len(atoms) == count + 1
        tiles = tessellate(atoms.geometry, drawn.boundary)
        assert (tiles.area > 1).all()
        pairs = {tuple(pair) for pair in contiguity(tiles).edges.tolist()}
        assert {(i, i + 1) for i in range(1, count)} <= pairs


class TestAssignedParts:
    DRAWN = community({"A": 40, "B": 60}, {"A": 4, "B": 3}, {"B": [30, 30]})
    ATOMS = choose_atoms(DRAWN, frozenset("AB"), limit=10, band_size=10).frame

    def joined(self, units: dict[tuple, int]) -> list[tuple]:
        keys = [(b, s, f) for b, s, f, _, _ in rows_of(self.ATOMS)]
        found = assigned_parts(self.ATOMS, np.array([units.get(key, 0) for key in keys]), whole_buildings(self.DRAWN))
        return [(*row, unit) for row, unit in zip(rows_of(found), found["unit"], strict=True)]

    def test_what_is_in_one_unit_is_whole_again(self):
        assert self.joined({}) == [("A", None, None, None, 40, 0), ("B", None, None, None, 60, 0)]

    def test_floors_that_follow_each_other_are_one_run(self):
        assert self.joined({("A", None, 3): 1, ("A", None, 4): 1}) == [
            ("A", None, 1, 2, 20, 0),
            ("A", None, 3, 4, 20, 1),
            ("B", None, None, None, 60, 0),
        ]

    def test_floors_that_do_not_follow_each_other_are_two(self):
        assert self.joined({("A", None, 2): 1})[:3] == [
            ("A", None, 1, 1, 10, 0),
            ("A", None, 2, 2, 10, 1),
            ("A", None, 3, 4, 20, 0),
        ]

    def test_a_stairwell_in_one_unit_names_no_floors(self):
        assert self.joined({("B", "B-1", 2): 1})[1:] == [
            ("B", "B-0", None, None, 30, 0),
            ("B", "B-1", 1, 1, 10, 0),
            ("B", "B-1", 2, 2, 10, 1),
            ("B", "B-1", 3, 3, 10, 0),
        ]

    @given(st.lists(st.integers(0, 2), min_size=10, max_size=10))
    def test_every_household_of_a_unit_is_in_its_rows(self, units):
        unit = np.array(units[: len(self.ATOMS)])
        found = assigned_parts(self.ATOMS, unit, whole_buildings(self.DRAWN))
        assert np.array_equal(
            np.bincount(found["unit"], found["households"], 3), np.bincount(unit, self.ATOMS["households"], 3)
        )
        runs = found[found["floor_from"].notna()]
        assert (runs["floor_from"] <= runs["floor_to"]).all()


def test_tiers_lie_in_one_another():
    tiers = dictionary("tiers")
    for code, tier in tiers.entries.items():
        bounds = tier_bounds(code)
        parent = tier.extra["parent"]
        if parent in tiers:
            assert bounds.upper < tier_bounds(parent).lower
    assert (tier_bounds("grid").lower, tier_bounds("grid").upper) == (200, 300)
    assert (tier_bounds("cell").lower, tier_bounds("cell").upper) == (30, 40)
