"""Floors: counted from doors, shared out where only totals are known, never made up; cut into runs."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.regionalization.floors import FLOOR_COLUMNS, bands_of, cut_into_bands, households_by_floor


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


class TestBands:
    def test_runs_hold_at_most_what_is_allowed(self):
        assert cut_into_bands(np.array([4, 4, 4, 4, 4]), 12).tolist() == [0, 0, 0, 1, 1]

    def test_a_floor_with_more_is_a_band_of_its_own(self):
        assert cut_into_bands(np.array([2, 9, 2]), 6).tolist() == [0, 1, 2]

    def test_floors_without_households_join_the_band_below(self):
        assert cut_into_bands(np.array([0, 6, 0, 6]), 6).tolist() == [0, 0, 0, 1]

    def test_floors_between_two_bands_belong_to_the_lower(self):
        rows = pd.DataFrame({"floor": [2, 3, 6], "households": [5, 5, 5], "estimated": False})
        bands = bands_of(rows, 5)
        assert list(zip(bands["floor_from"], bands["floor_to"], strict=True)) == [(2, 2), (3, 5), (6, 6)]

    def test_there_is_no_floor_nought(self):
        rows = pd.DataFrame({"floor": [1, -1], "households": [5, 5], "estimated": False})
        assert bands_of(rows, 5)["floor_to"].tolist() == [-1, 1]

    @given(st.lists(st.integers(0, 20), min_size=1, max_size=40), st.integers(1, 30), st.integers(-3, 5))
    def test_bands_follow_each_other_and_keep_every_household(self, households, most, lowest):
        floors = [floor for floor in range(lowest, lowest + len(households) + 1) if floor][: len(households)]
        rows = pd.DataFrame({"floor": floors, "households": households, "estimated": False})
        bands = bands_of(rows.sample(frac=1, random_state=1), most)
        assert bands["households"].sum() == sum(households)
        assert bands["floor_from"].iloc[0] == floors[0]
        assert bands["floor_to"].iloc[-1] == floors[-1]
        following = bands["floor_to"].to_numpy()[:-1] + 1
        assert (np.where(following == 0, 1, following) == bands["floor_from"].to_numpy()[1:]).all()
        many = bands[bands["households"] > most]
        assert all(max(households) >= count for count in many["households"])
