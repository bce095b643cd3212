"""What is left over on both sides of a border between communities."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.affinity import translate

from geo.regionalization.border_cases import border_cases
from geo.regionalization.communities import Bounds, Community
from geo.regionalization.drafting import CommunityDraft, draft_community
from geo.regionalization.reporting import report
from tests.geo.regionalization.drawn import GRIDS, community

LIMITS = GRIDS.bounds


def moved(drawn: Community, east_m: float, north_m: float = 0.0) -> Community:
    buildings, stairwells = (
        frame.set_geometry(frame.translate(east_m, north_m)) for frame in (drawn.buildings, drawn.stairwells)
    )
    return replace(
        drawn, boundary=translate(drawn.boundary, east_m, north_m), buildings=buildings, stairwells=stairwells
    )


def draft(households: list[int], code: str, east_m: float = 0.0, north_m: float = 0.0) -> CommunityDraft:
    return draft_community(moved(community([households], code=code), east_m, north_m), GRIDS)


WEST = draft([60, 60], "440399001001")


def test_two_leftovers_that_are_a_grid_together_are_named():
    east = draft([70, 70], "440399001002", 80)
    (case,) = border_cases([WEST, east], LIMITS)
    assert (case.first, case.second) == (("440399001001", 0), ("440399001002", 0))
    assert case.households == (120, 140)
    assert case.border_m == pytest.approx(40 + 2, abs=0.1)  # and a metre round each corner
    assert case.solves


def test_the_report_names_them_by_code():
    summary = report([WEST, draft([70, 70], "440399001002", 80)], LIMITS, seed=0, seconds=1.0)
    (row,) = json.loads(json.dumps(summary))["border_cases"]
    assert row == {
        "grids": ["440399001001001", "440399001002001"],
        "households": [120, 140],
        "border_m": 42.0,
        "solves": True,
    }


def test_two_leftovers_too_small_even_together_solve_nothing():
    (case,) = border_cases([WEST, draft([30], "440399001002", 80)], LIMITS)
    assert not case.solves


def test_those_that_solve_something_come_first():
    cases = border_cases([WEST, draft([30], "440399001002", 80), draft([100], "440399001003", 0, 40)], LIMITS)
    assert [(case.second[0][-1], case.solves) for case in cases] == [("3", True), ("2", False)]


@pytest.mark.parametrize(
    "other",
    [
        draft([125, 125], "440399001002", 80),  # in range
        draft([70, 70], "440399001002", 90),  # across open ground
        draft([70, 70], "440399001002", 80, 40),  # at a corner
        draft([0, 0], "440399001002", 80),  # nobody lives there
        draft([70, 70], "440399001001", 80),  # the same community
    ],
    ids=["in range", "apart", "corner", "empty", "same community"],
)
def test_nothing_else_is_a_border_case(other):
    assert border_cases([WEST, other], LIMITS) == []


def test_borders_drawn_half_a_metre_apart_still_touch():
    for east_m in (79.5, 80.5):
        assert len(border_cases([WEST, draft([70, 70], "440399001002", east_m)], LIMITS)) == 1


def test_without_drafts_there_is_none():
    assert border_cases([], LIMITS) == []


@given(st.integers(1, 199), st.integers(1, 199), st.integers(1, 60), st.integers(0, 60))
def test_solves_says_whether_some_number_of_grids_is_in_range(west, east, lower, more):
    limits = Bounds(lower, lower + more)
    (case,) = border_cases([with_households(WEST, west), with_households(EAST, east)], limits)
    total = west + east
    assert case.solves == any(k * limits.lower <= total <= k * limits.upper for k in range(1, total + 1))


EAST = draft([70, 70], "440399001002", 80)


def with_households(drawn: CommunityDraft, households: int) -> CommunityDraft:
    return replace(drawn, grids=drawn.grids.assign(households=households))
