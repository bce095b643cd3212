"""Drafts of tiny hand-drawn communities."""

import numpy as np
import pytest
from shapely import LineString

from geo.errors import BoundsError
from geo.regionalization.atoms import choose_atoms
from geo.regionalization.communities import Bounds, Community
from geo.regionalization.drafting import draft_community
from geo.regionalization.reporting import grid_code, report
from geo.territory.coverage import coverage_problems
from tests.geo.regionalization.drawn import CODE, EAST, GRIDS, NORTH, community, grids_of


class TestDraftCommunity:
    def test_two_rows_with_a_main_road_between_become_two_grids_along_it(self):
        road = ("main_road", LineString([(EAST, NORTH + 40), (EAST + 120, NORTH + 40)]))
        draft = draft_community(community([[80, 80, 80], [80, 80, 80]], barriers=[road]), GRIDS)
        assert grids_of(draft) == {frozenset({"00", "01", "02"}), frozenset({"10", "11", "12"})}
        assert draft.grids["in_range"].all()
        border = draft.grids.geometry[0].intersection(draft.grids.geometry[1])
        assert border.within(road[1].buffer(0.02))

    def test_grids_tile_the_community_and_keep_every_household(self):
        rng = np.random.default_rng(5)
        drawn = community(rng.integers(10, 90, (6, 7)).tolist())
        draft = draft_community(drawn, GRIDS)
        assert coverage_problems(draft.grids.geometry, drawn.boundary) == []
        assert draft.grids["households"].sum() == drawn.buildings["households"].sum()
        assert sorted(draft.assignment["building"]) == sorted(drawn.buildings.index)
        assert draft.grids["contiguous"].all()
        assert draft.grids["in_range"].all()

    def test_building_over_the_limit_is_divided_by_its_stairwells(self):
        drawn = community([[420, 40]], stairwells={(0, 0): [210, 210]})
        draft = draft_community(drawn, GRIDS)
        assert sorted(draft.grids["households"]) == [210, 250]
        assert draft.assignment["stairwell"].notna().sum() == 2

    def test_building_over_the_limit_without_stairwells_is_said(self):
        draft = draft_community(community([[420, 250]]), GRIDS)
        (failed,) = draft.grids[~draft.grids["in_range"]].itertuples()
        assert failed.households == 420
        assert failed.reason_code == "atom_over_upper"

    def test_blocking_building_is_divided_only_when_nothing_else_helps(self):
        # 190 + 190 exceed 300 and each is under 200: only a divided one gives two grids in range.
        blocked = community([[60, 190, 190]], stairwells={(0, 1): [150, 40], (0, 2): [95, 95]})
        draft = draft_community(blocked, GRIDS)
        assert draft.grids["in_range"].all()
        free = community([[190, 60, 190, 60]], stairwells={(0, 0): [95, 95], (0, 2): [95, 95]})
        assert draft_community(free, GRIDS).assignment["stairwell"].isna().all()

    def test_community_without_buildings_is_one_grid_with_a_reason(self):
        drawn = community([[1]])
        empty = Community(drawn.code, drawn.boundary, drawn.buildings.iloc[:0], drawn.stairwells, drawn.barriers)
        draft = draft_community(empty, GRIDS)
        assert draft.grids["reason_code"].tolist() == ["no_buildings"]

    def test_points_do_as_well_as_footprints(self):
        drawn = community([[80, 80, 80], [80, 80, 80]])
        points = drawn.buildings.set_geometry(drawn.buildings.centroid)
        draft = draft_community(Community(CODE, drawn.boundary, points, drawn.stairwells, drawn.barriers), GRIDS)
        assert draft.grids["in_range"].all()
        assert coverage_problems(draft.grids.geometry, drawn.boundary) == []


def test_choose_atoms_replaces_only_the_divided():
    drawn = community([[420, 40]], stairwells={(0, 0): [210, 210]})
    assert len(choose_atoms(drawn, frozenset()).frame) == 2
    assert choose_atoms(drawn, frozenset({"00"})).frame["stairwell"].tolist() == [None, "00-0", "00-1"]


@pytest.mark.parametrize(("lower", "upper"), [(0, 300), (301, 300), (-5, 3)])
def test_bounds_that_make_no_sense_are_refused(lower, upper):
    with pytest.raises(BoundsError, match=str(upper)):
        Bounds(lower, upper)


def test_report_adds_up():
    drafts = [
        draft_community(community([[80, 80, 80], [80, 80, 80]]), GRIDS),
        draft_community(community([[420, 250]], code="440399001002"), GRIDS),
    ]
    summary = report(drafts, Bounds(200, 300), seed=0, seconds=1.0)
    assert (summary["atoms"], summary["households"], summary["grids"]) == (8, 1150, 4)
    assert (summary["in_range"], summary["contiguous"], summary["lower_bound"]) == (3, 4, 2 + 2)
    assert summary["reasons"] == {"atom_over_upper": 1}
    assert summary["grid_list"][0]["code"] == "440399001001001"


def test_grid_code_of_a_community_without_code():
    assert grid_code("TOA PAYOH", 7) == "TOA PAYOH-007"
