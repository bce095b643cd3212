"""Cells of small hand-drawn grids, and what holds of all."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely.affinity
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, box

from geo.regionalization.cell_ground import CellGround, cell_ground
from geo.regionalization.cells import CellDraft, draft_cells
from geo.regionalization.communities import Bounds, Community, tier_bounds
from geo.territory.coverage import coverage_problems
from tests.examples import examples
from tests.geo.regionalization.test_atoms import CRS, EAST, NORTH, community, rows_of

CELL = tier_bounds("cell")
CODE = "440399001001001"


def whole(drawn: Community) -> CellGround:
    """A community that is one grid."""
    rows = pd.DataFrame(
        {
            "building": drawn.buildings.index,
            "stairwell": None,
            "floor_from": np.nan,
            "floor_to": np.nan,
            "households": drawn.buildings["households"].to_numpy(),
            "grid": CODE,
        }
    )
    return cell_ground(drawn, gpd.GeoSeries([drawn.boundary], index=[CODE], crs=CRS), rows)


def boundary(ground: CellGround) -> shapely.Geometry:
    """The area of the only grid."""
    return ground.grids.iloc[0]


def in_cells(draft: CellDraft) -> list[list[tuple]]:
    return [rows_of(rows) for _, rows in draft.assignment.groupby("cell")]


class TestDraftCells:
    def test_stairwells_that_fit_are_cells(self):
        drawn = community({"A": 72, "B": 72}, {}, {"A": [36, 36], "B": [36, 36]})
        draft = draft_cells(whole(drawn), CELL)
        assert draft.cells["households"].tolist() == [36, 36, 36, 36]
        assert in_cells(draft) == [[(b, f"{b}-{i}", None, None, 36)] for b in "AB" for i in (0, 1)]

    def test_buildings_that_fit_stay_whole(self):
        drawn = community({"A": 35, "B": 20, "C": 15, "D": 36}, {"A": 6, "B": 6, "C": 6, "D": 6})
        assert in_cells(draft_cells(whole(drawn), CELL)) == [
            [("A", None, None, None, 35)],
            [("B", None, None, None, 20), ("C", None, None, None, 15)],
            [("D", None, None, None, 36)],
        ]

    def test_a_tower_is_divided_into_runs_of_floors(self):
        draft = draft_cells(whole(community({"A": 200}, {"A": 40})), CELL)
        assert draft.cells["households"].between(30, 40).all()
        runs = sorted((row[2], row[3]) for rows in in_cells(draft) for row in rows)
        assert (runs[0][0], runs[-1][1]) == (1, 40)
        assert [above[0] for above in runs[1:]] == [below[1] + 1 for below in runs[:-1]]
        assert draft.assignment["estimated"].all()

    @pytest.mark.parametrize("names", ["AT", "TA"])
    def test_a_floor_in_the_middle_may_join_the_house_next_door(self, names):
        homes = {"A": 30, "T": 114}
        drawn = community({name: homes[name] for name in names}, {"T": 4})
        assert drawn.floors is not None
        tower = drawn.floors[drawn.floors["building"] == "T"].assign(households=[36, 36, 6, 36], estimated=False)
        # The tower is long from west to east: its floors are drawn in a row of which one end touches the house.
        flat = shapely.affinity.scale(drawn.buildings.geometry["T"], yfact=0.1)
        buildings = drawn.buildings.copy()
        buildings.loc["T", "geometry"] = flat
        ground = whole(replace(drawn, buildings=buildings, floors=tower))
        draft = draft_cells(ground, CELL)
        assert draft.cells["households"].tolist() == [36] * 4
        assert [("A", None, None, None, 30), ("T", None, 3, 3, 6)] in [sorted(rows) for rows in in_cells(draft)]
        assert (draft.cells.geom_type == "Polygon").all()
        assert coverage_problems(draft.cells.geometry, boundary(ground)) == []

    def test_without_floors_a_tower_is_one_cell_with_a_reason(self):
        draft = draft_cells(whole(community({"A": 200, "B": 35}, {})), CELL)
        assert draft.cells["reason_code"].dropna().to_dict() == {0: "atom_over_upper"}
        assert "200" in draft.cells["reason_zh"][0]

    def test_a_main_road_is_kept_between_cells(self):
        drawn = community({"A": 15, "B": 18, "C": 18, "D": 15}, {})
        x = EAST + 80
        road = gpd.GeoDataFrame(
            {"kind": ["main_road"]}, geometry=[LineString([(x, NORTH - 5), (x, NORTH + 45)])], crs=CRS
        )
        draft = draft_cells(whole(replace(drawn, barriers=road)), CELL)
        assert [[row[0] for row in rows] for rows in in_cells(draft)] == [["A", "B"], ["C", "D"]]

    def test_so_many_households_that_no_number_of_cells_holds_them_is_said(self):
        draft = draft_cells(whole(community({"A": 25, "B": 25}, {"A": 5, "B": 5})), CELL)
        assert set(draft.cells["reason_code"].dropna()) == {"component_infeasible"}
        assert draft.cells["households"].sum() == 50

    def test_a_grid_where_nobody_lives_is_one_cell(self):
        draft = draft_cells(whole(community({"A": 0, "B": 0}, {})), CELL)
        assert draft.cells["reason_code"].tolist() == ["no_households"]
        assert draft.assignment["cell"].tolist() == [0, 0]

    def test_a_run_of_floors_is_divided_within_itself(self):
        drawn = community({"A": 200}, {"A": 40})
        rows = pd.DataFrame(
            {
                "building": ["A", "A"],
                "stairwell": [None, None],
                "floor_from": [1, 17],
                "floor_to": [16, 40],
                "households": [80, 120],
                "grid": ["lower", "upper"],
            }
        )
        west, south, east, north = drawn.boundary.bounds
        areas = [box(west, south, west + 16, north), box(west + 16, south, east, north)]
        ground = cell_ground(drawn, gpd.GeoSeries(areas, index=["lower", "upper"], crs=CRS), rows)
        draft = draft_cells(ground, CELL)
        below, above = (draft.cells[draft.cells["grid"] == grid] for grid in ("lower", "upper"))
        assert sorted(below["households"]) == [40, 40]
        assert above["in_range"].all()
        floors = draft.assignment.set_index("cell")[["floor_from", "floor_to"]]
        assert (floors.loc[below.index, "floor_to"].max(), floors.loc[above.index, "floor_from"].min()) == (16, 17)
        for cells, area in zip((below, above), areas, strict=True):
            assert coverage_problems(cells.geometry, area) == []

    def test_grids_drafted_together_have_the_cells_that_they_have_alone(self):
        drawn = community({"A": 72, "B": 36, "C": 130, "D": 25, "E": 0}, {"A": 6, "C": 26, "D": 5})
        grid_of = {"A": "one", "B": "one", "C": "two", "D": "two", "E": "three"}
        rows = whole(drawn).parts.drop(columns="geometry")
        rows = rows.assign(grid=rows["building"].map(grid_of))
        tiles = gpd.GeoSeries(drawn.buildings.geometry.buffer(1, join_style="mitre"), crs=CRS)
        areas = gpd.GeoSeries(
            [
                shapely.box(*tiles[[b for b in grid_of if grid_of[b] == grid]].total_bounds)
                for grid in ("one", "two", "three")
            ],
            index=["one", "two", "three"],
            crs=CRS,
        )
        together = draft_cells(cell_ground(drawn, areas, rows), CELL)
        assert together.cells["grid"].unique().tolist() == ["one", "two", "three"]
        for grid in areas.index:
            alone = draft_cells(cell_ground(drawn, areas[[grid]], rows), CELL)
            cells = together.cells[together.cells["grid"] == grid]
            assert cells["number"].tolist() == list(range(1, len(cells) + 1))
            first = cells.index[0]
            held = together.assignment[together.assignment["cell"].isin(cells.index)]
            pd.testing.assert_frame_equal(
                held.assign(cell=held["cell"] - first).reset_index(drop=True), alone.assignment, check_dtype=False
            )
            assert coverage_problems(cells.geometry, areas[grid]) == []

    def test_told_to_stop_it_ends_with_cells_for_all(self):
        ground = whole(community({"A": 200, "B": 200}, {"A": 40, "B": 40}))
        told = []

        def stop(share):
            told.append(share)
            return False

        draft = draft_cells(ground, CELL, progress=stop)
        assert draft.cancelled
        assert told
        assert draft.assignment["households"].sum() == 400
        assert coverage_problems(draft.cells.geometry, boundary(ground)) == []

    def test_a_building_that_is_not_in_the_register_any_more_keeps_its_place(self):
        drawn = community({"A": 35, "B": 36}, {})
        ground = whole(drawn)
        without = replace(drawn, buildings=drawn.buildings.drop(index="B"))
        rows = ground.parts.drop(columns="geometry").assign(grid=CODE)
        later = cell_ground(without, gpd.GeoSeries([drawn.boundary], index=[CODE], crs=CRS), rows)
        assert draft_cells(later, CELL).cells["households"].sum() == 71

    def test_points_outside_of_the_grid_stand_at_its_rim(self):
        drawn = community({"A": 35, "B": 36}, {})
        points = gpd.GeoSeries([Point(EAST - 50, NORTH + 20)] * 2, index=drawn.buildings.index, crs=CRS)
        ground = whole(replace(drawn, buildings=drawn.buildings.set_geometry(points)))
        draft = draft_cells(ground, CELL)
        assert sorted(draft.cells["households"]) == [35, 36]
        assert coverage_problems(draft.cells.geometry, boundary(ground)) == []


@st.composite
def grounds(draw: st.DrawFn) -> CellGround:
    """A row of one to five buildings: some with stairwells, some with floors, some with neither."""
    kinds = draw(st.lists(st.sampled_from(["plain", "floors", "stairs", "both"]), min_size=1, max_size=5))
    households, floors, stairs = {}, {}, {}
    for key, kind in zip("ABCDE", kinds, strict=False):
        if kind in ("stairs", "both"):
            stairs[key] = draw(st.lists(st.integers(0, 60), min_size=1, max_size=3))
            households[key] = sum(stairs[key])
        else:
            households[key] = draw(st.integers(0, 120))
        if kind in ("floors", "both"):
            floors[key] = draw(st.integers(1, 20))
    return whole(community(households, floors, stairs))


@settings(examples(12), suppress_health_check=[HealthCheck.too_slow])
@given(grounds(), st.sampled_from([CELL, Bounds(10, 15), Bounds(20, 60)]), st.integers(0, 3))
def test_cells_are_a_partition_that_keeps_every_household(ground, bounds, seed):
    draft = draft_cells(ground, bounds, seed=seed)
    held, cells = draft.assignment, draft.cells
    # Conservation: of the grid, of every building, of every cell.
    assert held.groupby("building")["households"].sum().to_dict() == dict(
        zip(ground.parts["building"], ground.parts["households"], strict=True)
    )
    assert np.array_equal(np.bincount(held["cell"], held["households"], len(cells)), cells["households"])
    # Partition of the ground, each cell in one piece.
    assert (cells.geom_type == "Polygon").all()
    assert coverage_problems(cells.geometry, boundary(ground)) == []
    # In range, or with a reason in two languages.
    assert (cells["in_range"] == cells["households"].between(bounds.lower, bounds.upper)).all()
    for column in ("reason_code", "reason_zh", "reason_en"):
        assert (cells[column].isna() == cells["in_range"]).all()
    # Floors follow each other, and no floor is twice in one stairwell.
    for _, rows in held[held["floor_from"].notna()].groupby(["building", "stairwell"], dropna=False):
        runs = rows.sort_values("floor_from")
        assert (runs["floor_from"] <= runs["floor_to"]).all()
        assert (runs["floor_from"].to_numpy()[1:] == runs["floor_to"].to_numpy()[:-1] + 1).all()


@pytest.mark.parametrize("seed", [0, 7])
def test_same_seed_same_cells(seed):
    ground = whole(community({"A": 130, "B": 72, "C": 20}, {"A": 26, "B": 6}, {"B": [36, 36]}))
    once, again = (draft_cells(ground, CELL, seed=seed) for _ in range(2))
    pd.testing.assert_frame_equal(once.assignment, again.assignment)
    assert once.cells.geometry.geom_equals_exact(again.cells.geometry, 0).all()
