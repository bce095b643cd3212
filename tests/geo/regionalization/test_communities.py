"""Communities drawn anew: who goes on with whose code, which codes are new, and what the ground is put together of."""

from dataclasses import replace

import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.affinity import translate

from geo.errors import CodeError
from geo.regionalization.communities import as_one, new_codes, redrawn_parts, succession
from tests.geo.regionalization.drawn import community

STREET = "440399001"
A, B, C = (f"{STREET}00{number}" for number in (1, 2, 3))


def assigned(drawn: str, households: list[int] | None = None) -> pd.DataFrame:
    """One digit per building: the drawn community that it goes to."""
    counts = households or [10] * len(drawn)
    names = [str(place) for place in range(len(drawn))]
    return pd.DataFrame({"building": names, "households": counts, "grid": list(map(int, drawn))})


def before(letters: str) -> dict[str, str]:
    return {str(place): f"{STREET}00{' abc'.index(letter)}" for place, letter in enumerate(letters)}


def test_the_larger_part_of_a_divided_community_keeps_its_code():
    found = succession(assigned("00011"), before("aaaaa"))
    assert (found.kept, found.origin) == ({0: A}, {0: A, 1: A})


def test_of_two_joined_communities_the_larger_ones_code_goes_on():
    assert succession(assigned("00000"), before("aabbb")).kept == {0: B}


def test_who_holds_the_smaller_part_of_a_community_gets_a_new_code():
    # The larger part of a is in what goes on as b: so a ends, though nobody else takes its code.
    mixed = succession(assigned("0100", [55, 45, 300, 0]), before("aabb"))
    assert mixed.kept == {0: B}
    assert mixed.origin == {0: B, 1: A}


def test_ground_without_households_still_goes_on():
    assert succession(assigned("01", [0, 0]), before("ab")).kept == {0: A, 1: B}


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from("abc"), st.integers(0, 50)), min_size=1, max_size=20))
def test_no_code_goes_on_twice_and_each_with_most_of_its_households(rows):
    drawn = assigned("".join(str(unit) for unit, _, _ in rows), [count for _, _, count in rows])
    old = before("".join(letter for _, letter, _ in rows))
    found = succession(drawn, old)
    assert len(set(found.kept.values())) == len(found.kept)
    held = drawn.assign(old=drawn["building"].map(old)).groupby(["grid", "old"])["households"].sum()
    for unit, code in found.kept.items():
        others = held.xs(code, level="old")
        assert others[unit] == others.max()
    assert set(found.origin) == set(drawn["grid"])


def test_new_codes_follow_the_last_residents_community_and_fill_gaps_at_the_end():
    assert new_codes(STREET, [A, C, f"{STREET}205"], 2) == [f"{STREET}004", f"{STREET}005"]
    nearly = [f"{STREET}{number:03d}" for number in range(1, 200) if number != 7]
    assert new_codes(STREET, nearly, 1) == [f"{STREET}007"]
    with pytest.raises(CodeError, match="只剩 1 个"):
        new_codes(STREET, nearly, 2)


def two(gap: float = 0.0):
    west = community([[10, 20]], code=A)
    east = community([[30, 40]], code=B)
    shift = 80 + gap
    east = replace(
        east,
        boundary=translate(east.boundary, shift),
        buildings=east.buildings.set_geometry(east.buildings.translate(shift)).rename(index=lambda key: f"e{key}"),
    )
    return west, east


@pytest.mark.parametrize("gap", [0.0, 0.3])
def test_communities_together_are_one_piece_of_ground(gap):
    west, east = two(gap)
    one = as_one(STREET, [west, east])
    assert one.boundary.geom_type == "Polygon"
    assert one.boundary.covers(shapely.union(west.boundary, east.boundary))
    assert one.buildings["households"].sum() == 100
    assert one.previous.set_index("building")["grid"].to_dict() == {"00": A, "01": A, "e00": B, "e01": B}


def test_a_community_goes_whole_or_in_parts_that_tile_it():
    west, _ = two()
    whole = redrawn_parts(west, {"00": 3, "01": 3})
    assert list(whole.index) == [3]
    assert whole[3] == west.boundary
    parts = redrawn_parts(west, {"00": 3, "01": 5})
    assert sorted(parts.index) == [3, 5]
    assert shapely.union_all(parts.to_numpy()).equals(west.boundary)
    assert sum(part.area for part in parts) == pytest.approx(west.boundary.area)
