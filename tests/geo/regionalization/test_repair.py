"""Repairing a plan: the smallest change that brings it back into range."""

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo.regionalization.drafting import draft_community
from tests.geo.regionalization.drawn import GRIDS, community, grids_of

REPAIR = replace(GRIDS, effort="repair")


def test_one_building_goes_over_where_one_is_enough():
    # Grid b lost a building (0 households): it has 160. One neighbour of a or c brings it to 240.
    drawn = community([[80] * 5 + [0] + [80] * 6, [0] * 12], previous=["aaaabbbbcccc", "aaaabbbbcccc"])
    drawn.buildings.loc[["00"], "households"] = 60
    drawn.buildings.loc[["06"], "households"] = 20
    draft = draft_community(drawn, REPAIR)
    assert draft.grids["in_range"].all()
    assert draft.metrics["households_moved"] == 80


def test_what_is_in_range_is_left_alone_however_crooked():
    crooked = ["abbccc", "aabddd"]
    draft = draft_community(community([[80] * 6, [80] * 6], previous=crooked), REPAIR)
    assert draft.metrics["households_moved"] == 0
    letters = "".join(crooked)
    names = [f"{r}{c}" for r in range(2) for c in range(6)]
    assert grids_of(draft) == {
        frozenset(name for name, letter in zip(names, letters, strict=True) if letter == grid) for grid in "abcd"
    }


@settings(max_examples=5, deadline=None)
@given(st.lists(st.integers(30, 60), min_size=18, max_size=18))
def test_repairing_a_plan_in_range_moves_nobody(households):
    drawn = community([households[:6], households[6:12], households[12:]])
    draft = draft_community(drawn, GRIDS)
    assume(draft.grids["in_range"].all())
    then = replace(drawn, previous=draft.assignment.assign(grid=draft.assignment["grid"].astype(str)))
    repaired = draft_community(then, REPAIR)
    assert repaired.metrics["households_moved"] == 0
    assert grids_of(repaired) == grids_of(draft)
