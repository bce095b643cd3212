"""Which grid continues which, who moves, and which code a grid gets."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from geo.regionalization.continuity import continued, divided_before, flows, households_between, old_grids
from geo.regionalization.drafting import draft_community
from geo.regionalization.numbering import grid_code, grid_number, number_drafted
from tests.geo.regionalization.drawn import CODE, GRIDS, community

ATOMS = pd.DataFrame({"building": ["a", "b", "b", "c"], "stairwell": [None, "b1", "b2", None]})


def codes(*values):
    return np.array(values, dtype=object)


class TestOldGrids:
    def test_stairwells_go_before_their_building_and_what_is_unknown_is_none(self):
        previous = pd.DataFrame(
            {"building": ["a", "b", "b"], "stairwell": [None, "b1", "b2"], "grid": ["x", "x", "y"], "households": 5}
        )
        assert old_grids(ATOMS, previous).tolist() == ["x", "x", "y", None]

    def test_a_whole_building_is_where_most_of_its_households_were(self):
        previous = pd.DataFrame(
            {"building": "b", "stairwell": ["b1", "b2", "b3"], "grid": ["x", "y", "x"], "households": [30, 50, 30]}
        )
        whole = pd.DataFrame({"building": ["b"], "stairwell": [None]})
        assert old_grids(whole, previous).tolist() == ["x"]

    def test_a_stairwell_of_a_building_that_was_whole(self):
        previous = pd.DataFrame({"building": ["b"], "stairwell": [None], "grid": ["x"]})
        assert old_grids(ATOMS, previous).tolist() == [None, "x", "x", None]

    def test_floors_are_where_most_of_them_were(self):
        previous = pd.DataFrame(
            {
                "building": "b",
                "stairwell": "b1",
                "grid": ["low", "high"],
                "floor_from": [1, 7],
                "floor_to": [6, 18],
                "households": [36, 72],
            }
        )
        runs = pd.DataFrame(
            {"building": "b", "stairwell": "b1", "floor_from": [1, 5, 9, np.nan], "floor_to": [4, 8, 18, np.nan]}
        )
        assert old_grids(runs, previous).tolist() == ["low", "high", "high", "high"]

    def test_no_plan_in_force(self):
        assert old_grids(ATOMS, None).tolist() == [None] * 4

    def test_divided_before(self):
        previous = pd.DataFrame({"building": ["a", "b", "b"], "stairwell": [None, "b1", "b2"], "grid": ["x", "x", "y"]})
        assert divided_before(previous) == {"b"}
        assert divided_before(previous, frozenset({"y"})) == {"b"}
        assert divided_before(previous, frozenset({"z"})) == frozenset()
        assert divided_before(None) == frozenset()


class TestContinued:
    def test_most_households_keep_their_grid_not_the_greedy_most(self):
        # Greedily 0 takes x (50) and 1 is left with y (1): 51. Better 0 - y (40) and 1 - x (30): 70.
        before = codes("x", "y", "x", "y")
        assert continued(before, np.array([0, 0, 1, 1]), np.array([50, 40, 30, 1])) == {0: "y", 1: "x"}

    def test_grids_more_than_before_are_new(self):
        assert continued(codes("x", "x"), np.array([0, 1]), np.array([10, 20])) == {1: "x"}

    def test_nothing_known(self):
        assert continued(codes(None, None), np.array([0, 1]), np.array([10, 20])) == {}

    @given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 50)), min_size=1, max_size=30))
    def test_matching_is_one_to_one_and_what_stays_the_same_moves_nobody(self, atoms):
        before = codes(*(f"g{old}" for old, _, _ in atoms))
        now, households = (np.array([atom[i] for atom in atoms], np.int64) for i in (1, 2))
        match = continued(before, now, households)
        assert len(set(match.values())) == len(match)
        moved = households_between(before, now, households)
        assert 0 <= moved <= households.sum()
        same = np.array([int(code[1:]) for code in before], np.int64)
        assert households_between(before, same, households) == 0


class TestCodes:
    def test_a_grid_that_continues_another_keeps_its_code(self):
        drawn = community([[80] * 6, [80] * 6], previous=["aaabbb", "cccddd"])
        names = {"a": "007", "b": "002", "c": "009", "d": "001"}
        drawn.previous["grid"] = drawn.previous["grid"].map(lambda letter: CODE + names[letter])
        draft = draft_community(drawn, GRIDS)
        of = draft.assignment.set_index("building")["grid"] + 1
        assert (of["00"], of["04"], of["11"], of["14"]) == (7, 2, 9, 1)
        assert draft.grids["moved"].sum() == draft.metrics["households_moved"] == 0

    def test_a_new_grid_gets_a_number_that_none_had(self):
        points = np.array([[0.0, 0.0], [100.0, 0.0], [200.0, 0.0]])
        old = frozenset({f"{CODE}001", f"{CODE}002"})
        assert number_drafted(points, CODE, {1: f"{CODE}002"}, old).tolist() == [3, 2, 4]
        assert number_drafted(points, CODE, {1: "消防-2"}, old).tolist() == [1, 2, 3]

    def test_numbers_of_codes(self):
        assert grid_number(CODE, grid_code(CODE, 12)) == 12
        assert grid_number("TOA PAYOH", grid_code("TOA PAYOH", 3)) == 3
        assert grid_number(CODE, "440399001002012") is None
        assert grid_number(CODE, "old") is None


def test_who_moves_is_told_by_grid_and_in_all():
    # The old grid a has 240 + 160 households; it must shrink, and its eastern part goes to another worker.
    drawn = community([[80, 80, 80, 80, 80, 80]], previous=["aaaaab"])
    draft = draft_community(drawn, GRIDS)
    assert sorted(draft.grids["households"]) == [240, 240]
    assert draft.metrics["households_moved"] == draft.moves["households"].sum() == draft.grids["moved"].sum() == 160
    told = draft.moves.assign(code=[grid_code(CODE, n + 1) for n in draft.moves["grid"]])
    (row,) = flows(told)
    assert (row["from"], row["households"], row["buildings"]) == ("a", 160, 2)
