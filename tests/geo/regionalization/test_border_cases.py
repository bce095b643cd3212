"""What is left over on both sides of a border between communities."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.affinity import translate

from geo.regionalization.border_cases import border_cases, border_moves
from geo.regionalization.communities import Bounds, Community
from geo.regionalization.drafting import CommunityDraft, draft_community
from geo.regionalization.locks import CodeLocks
from geo.regionalization.reporting import report
from tests.examples import examples
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


def named(drawn: Community, letter: str) -> Community:
    """Give buildings a letter in front, so that two communities do not share keys."""
    return replace(drawn, buildings=drawn.buildings.rename(index=lambda key: f"{letter}{key}"))


#: 370 and 390 households: neither is some number of grids, the 760 of both are three.
WEST_ROW, EAST_ROW = [125, 125, 60, 60], [70, 70, 125, 125]


def pair(west: list[int], east: list[int]) -> list[Community]:
    return [
        named(community([west], code="440399001001"), "w"),
        named(moved(community([east], code="440399001002"), 40 * len(west)), "e"),
    ]


def test_buildings_that_settle_two_leftovers_are_named_with_what_comes_of_it():
    both = pair(WEST_ROW, EAST_ROW)
    drafts = [draft_community(one, GRIDS) for one in both]
    moves = border_moves(both, drafts, GRIDS)
    assert moves
    told = {building: home for move in moves for building, home in move.buildings.items()}
    assert all((building[0] == "w") == (home == "440399001002") for building, home in told.items())
    redrawn = [[], []]
    for old, letter in zip(both, "we", strict=True):
        for key, count in old.buildings["households"].items():
            redrawn[(letter == "e") != (key in told)].append(count)
    # All grids are in range where before two were not, and few households move for it.
    assert sum(move.households for move in moves) <= 140
    assert sum(map(sum, redrawn)) == 760
    fewest = [-(-sum(counts) // 300) for counts in redrawn]
    assert all(200 * least <= sum(counts) for least, counts in zip(fewest, redrawn, strict=True))


def test_a_leftover_can_take_from_a_grid_that_is_in_range():
    both = pair([100], [60, 60, 60, 60, 60])
    drafts = [draft_community(one, GRIDS) for one in both]
    assert drafts[1].grids["in_range"].all()
    assert border_moves(both, drafts, GRIDS) == []  # 400 are two grids of 200, but no 60s make 100
    both = pair([120], [80, 100, 100])
    drafts = [draft_community(one, GRIDS) for one in both]
    (move,) = border_moves(both, drafts, GRIDS)
    assert (dict(move.buildings), move.households) == ({"e00": "440399001001"}, 80)
    assert sorted(move.result) == [("440399001001", 200), ("440399001002", 200)]


def test_no_move_empties_a_community_nor_touches_what_is_locked():
    both = pair([60, 60], [70, 70])
    drafts = [draft_community(one, GRIDS) for one in both]
    assert border_moves(both, drafts, GRIDS) == []
    both = pair(WEST_ROW, EAST_ROW)
    drafts = [draft_community(one, GRIDS) for one in both]
    assert border_moves(both, drafts, replace(GRIDS, locks=CodeLocks(together=(("w02", "w03"),)))) == []
    assert border_moves(both[:1], drafts[:1], GRIDS) == []


ROW = st.lists(st.integers(20, 140), min_size=2, max_size=6)


@given(ROW, ROW)
@examples(8)
def test_whatever_moves_is_in_range_afterwards_and_nobody_is_lost(west, east):
    both = pair(west, east)
    drafts = [draft_community(one, GRIDS) for one in both]
    for move in border_moves(both, drafts, GRIDS):
        grids = {draft.code: draft.grids for draft in drafts}
        before = [grids[code].loc[number] for code, number in move.grids]
        assert not before[0]["in_range"]
        assert sum(count for _, count in move.result) == sum(int(row["households"]) for row in before)
        assert all(count in LIMITS for _, count in move.result)
        for building, home in move.buildings.items():
            assert (building[0] == "w") == (home == "440399001002")
