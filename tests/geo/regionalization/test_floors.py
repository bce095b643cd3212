"""Floors: counted from doors, shared out where only totals are known, never made up; cut into runs."""

from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.regionalization.floors import FLOOR_COLUMNS, cut_in_range, cut_into_bands, households_by_floor


def buildings(**rows: tuple[int, int | None]) -> pd.DataFrame:
    """Rows of (households, floors) by key."""
    frame = pd.DataFrame({"households": [row[0] for row in rows.values()]}, index=pd.Index(list(rows)))
    return frame.assign(floors=pd.array([row[1] for row in rows.values()], dtype="Int64"))


def stairwells(*rows: tuple[str, str, int, int | None]) -> pd.DataFrame:
    frame = pd.DataFrame(
        [row[:3] for row in rows], columns=["building", "stairwell", "households"], dtype=object
    ).astype({"households": "int64"})
    return frame.assign(floors=pd.array([row[3] for row in rows], dtype="Int64"))


def doors(*rows: tuple[str, str | None, int | None, int]) -> pd.DataFrame:
    frame = pd.DataFrame([row[:2] + row[3:] for row in rows], columns=["building", "stairwell", "households"])
    return frame.assign(floor=pd.array([row[2] for row in rows], dtype="Int64"))


def by_floor(found: pd.DataFrame, stairwell: str | None = None) -> dict[int, int]:
    rows = found if stairwell is None else found[found["stairwell"] == stairwell]
    return dict(zip(rows["floor"], rows["households"], strict=True))


class TestHouseholdsByFloor:
    def test_doors_are_counted_per_floor(self):
        found = households_by_floor(
            doors(("A", None, 2, 4), ("A", None, 3, 5), ("A", None, 3, 1)), buildings(A=(10, 3)), stairwells()
        )
        assert list(found.columns) == FLOOR_COLUMNS
        assert by_floor(found) == {2: 4, 3: 6}
        assert not found["estimated"].any()

    def test_of_a_building_with_stairwells_each_has_its_own_floors(self):
        found = households_by_floor(
            doors(("A", "A1", 1, 2), ("A", "A2", 1, 3), ("A", "A2", 2, 3)),
            buildings(A=(8, 2)),
            stairwells(("A", "A1", 2, 1), ("A", "A2", 6, 2)),
        )
        assert by_floor(found, "A1") == {1: 2}
        assert by_floor(found, "A2") == {1: 3, 2: 3}

    def test_doors_of_stairwells_that_are_not_all_known_count_for_the_building(self):
        found = households_by_floor(doors(("A", "A1", 1, 2), ("A", None, 2, 3)), buildings(A=(5, 2)), stairwells())
        assert by_floor(found) == {1: 2, 2: 3}
        assert found["stairwell"].isna().all()

    def test_declared_households_are_shared_out_evenly_and_marked(self):
        found = households_by_floor(doors(), buildings(A=(20, 6)), stairwells())
        assert list(by_floor(found).values()) == [3, 3, 4, 3, 3, 4]
        assert found["estimated"].all()

    def test_a_door_without_a_floor_makes_all_floors_an_estimate(self):
        found = households_by_floor(doors(("A", None, 1, 4), ("A", None, None, 2)), buildings(A=(6, 2)), stairwells())
        assert by_floor(found) == {1: 3, 2: 3}
        assert found["estimated"].all()

    @pytest.mark.parametrize("floors", [None, 0, -1])
    def test_floors_are_never_made_up(self, floors):
        assert households_by_floor(doors(), buildings(A=(60, floors)), stairwells()).empty

    @given(st.lists(st.tuples(st.integers(0, 400), st.none() | st.integers(-2, 60)), max_size=6))
    def test_floors_hold_all_households_or_none(self, rows):
        known = buildings(**{f"b{i}": row for i, row in enumerate(rows)})
        found = households_by_floor(doors(), known, stairwells())
        held = found.groupby("building")["households"].sum()
        assert (held == known["households"].reindex(held.index)).all()
        assert set(held.index) == {f"b{i}" for i, (count, floors) in enumerate(rows) if count and floors and floors > 0}


def bands(households: list[int], most: int, floors: list[int] | None = None) -> list[tuple[int, int, int]]:
    """Bands as (first floor, last floor, households)."""
    of = np.array(floors or range(1, len(households) + 1))
    found = cut_into_bands(of, np.array(households), np.zeros(len(of), bool), most)
    return list(zip(found.lowest.tolist(), found.highest.tolist(), found.households.tolist(), strict=True))


class TestBands:
    def test_runs_hold_at_most_what_is_allowed(self):
        assert bands([4, 4, 4, 4, 4], 12) == [(1, 3, 12), (4, 5, 8)]

    def test_a_floor_with_more_is_a_band_of_its_own(self):
        assert bands([2, 9, 2], 6) == [(1, 1, 2), (2, 2, 9), (3, 3, 2)]

    def test_floors_without_households_join_the_band_below(self):
        assert bands([0, 6, 0, 6], 6) == [(1, 3, 6), (4, 4, 6)]

    def test_floors_between_two_bands_belong_to_the_lower(self):
        assert bands([5, 5, 5], 5, [2, 3, 6]) == [(2, 2, 5), (3, 5, 5), (6, 6, 5)]

    def test_there_is_no_floor_nought(self):
        assert bands([5, 5], 5, [1, -1]) == [(-1, -1, 5), (1, 1, 5)]

    @given(st.lists(st.integers(0, 20), min_size=1, max_size=40), st.integers(1, 30), st.integers(-3, 5), st.randoms())
    def test_bands_follow_each_other_and_keep_every_household(self, households, most, lowest, random):
        floors = [floor for floor in range(lowest, lowest + len(households) + 1) if floor][: len(households)]
        order = random.sample(range(len(floors)), len(floors))
        found = bands([households[i] for i in order], most, [floors[i] for i in order])
        assert sum(count for _, _, count in found) == sum(households)
        assert (found[0][0], found[-1][1]) == (floors[0], floors[-1])
        for (_, below, _), (above, _, _) in pairwise(found):
            assert above == (below + 1 or 1)
        assert all(count <= max(most, *households, 0) for _, _, count in found)


class TestCutInRange:
    def cut(self, households: list[int], lower: int, upper: int) -> list[int] | None:
        of = np.arange(1, len(households) + 1)
        found = cut_in_range(of, np.array(households), np.zeros(len(of), bool), lower, upper)
        return None if found is None else found.households.tolist()

    def test_floors_of_six_make_even_cells(self):
        assert self.cut([6] * 36, 30, 40) == [36] * 6

    def test_where_no_run_of_whole_floors_fits_there_is_no_cut(self):
        assert self.cut([21] * 4, 30, 40) is None

    @given(st.lists(st.integers(0, 9), min_size=1, max_size=9), st.integers(1, 12), st.integers(0, 8))
    def test_there_is_a_cut_wherever_trying_all_finds_one(self, households, lower, span):
        inner = range(1, len(households))
        every = (
            [sum(households[i:j]) for i, j in pairwise((0, *cuts, len(households)))]
            for count in range(len(households))
            for cuts in combinations(inner, count)
        )
        fitting = [runs for runs in every if all(lower <= run <= lower + span for run in runs)]
        found = self.cut(households, lower, lower + span)
        if found is None:
            assert fitting == []
            return
        assert sum(found) == sum(households)
        assert sum((2 * run - 2 * lower - span) ** 2 for run in found) == min(
            sum((2 * run - 2 * lower - span) ** 2 for run in runs) for runs in fitting
        )
