"""Codes are built and taken apart by the standards, and a wrong one is named with what is wrong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import CodeError
from geo.territory import codes
from geo.territory.dictionaries import dictionary

STREET, COMMUNITY = "440307001", "440307001002"
GRID, BUILDING = "440307001002003", "4403070010020100004"
PARENTS = {9: STREET, 12: COMMUNITY, 15: GRID, 19: BUILDING}
#: Every noun with the number of digits of the parent that its codes are made under.
STEMS = {
    **{noun: stem for noun, (_, stem, _) in codes.LETTERS.items()},
    "community": 9,
    "grid": 12,
    "building": 12,
    "household_unit": 19,
}


@pytest.mark.parametrize(
    ("noun", "code"),
    [
        ("street", "440307001"),
        ("street", "654203511"),  # a farm of 兵团: others than streets, towns and townships are 400-599
        ("community", "440307001002"),
        ("community", "654203511400"),
        ("grid", "440307001002003"),
        ("building", "4403070010020100004"),
        ("household_unit", "4403070010020100004001001"),
        ("compound", "440307001002X001"),
        ("barrier", "440307001B00001"),
        ("stairwell", "4403070010020100004U01"),
        ("place", "440307001P000001"),
        ("city_element", "440307001002E0001"),
        ("responsible_body", "440307001R0001"),
        ("grid_staff", "440307001S0001"),
        ("cell", "440307001002003L01"),
        ("street", "999999599"),
    ],
)
def test_right_codes(noun: str, code: str) -> None:
    assert codes.problem(noun, code) is None
    assert codes.check(noun, code) == code


@pytest.mark.parametrize(
    ("noun", "code", "said"),
    [
        ("street", "44030700", "8"),
        ("street", "4403070011", "10"),
        ("street", "", "0"),
        ("street", "44030700l", "9"),
        ("street", "44030700１", "9"),  # full-width digit
        ("street", "٤٤٠٣٠٧٠٠١", "9"),  # Arabic-Indic digits
        ("street", "440307001\n", "10"),
        ("street", " 440307001", "10"),
        ("street", "000307001", "00"),
        ("street", "100307001", "10"),
        ("street", "440307000", "000"),
        ("street", "440307600", "600"),
        ("community", "440307001000", "000"),
        ("community", "440307001600", "600"),
        ("community", "440307000001", "000"),
        ("grid", "440307001002000", "000"),
        ("grid", "440307001600001", "600"),
        ("building", "440307001002010000", "18"),
        ("household_unit", "440307001002010000400100", "24"),
        ("compound", "440307001002x001", "X"),
        ("compound", "440307001002E001", "X"),
        ("compound", "440307001X001", "12"),
        ("compound", "440307001000X001", "000"),
        ("stairwell", "4403070010020100004U1", "2"),
        ("place", "000307001P000001", "00"),
        ("cell", "440307001002000L01", "000"),
    ],
)
def test_wrong_codes_are_named_with_what_is_wrong(noun: str, code: str, said: str) -> None:
    with pytest.raises(CodeError) as refused:
        codes.check(noun, code)
    assert said in refused.value.zh
    assert said in refused.value.en
    assert codes.problem(noun, code) == (refused.value.zh, refused.value.en)


def test_a_long_wrong_code_is_not_repeated_whole() -> None:
    found = codes.problem("street", "9" * 10_000)
    assert found is not None
    assert max(map(len, found)) < 200


@pytest.mark.parametrize("province", list(dictionary("provinces").entries))
def test_every_province_of_the_dictionary_is_taken(province: str) -> None:
    assert codes.problem("street", f"{province}0307001") is None


@given(data=st.data(), noun=st.sampled_from(sorted(STEMS)))
def test_what_is_made_is_right_and_starts_with_its_parent(data: st.DataObject, noun: str) -> None:
    parent = PARENTS[STEMS[noun]]
    digits = codes.LETTERS[noun][2] if noun in codes.LETTERS else {"building": 5, "household_unit": 6}.get(noun, 3)
    last = codes.LAST_DIVISION if noun == "community" else 10**digits - 1
    sequence = data.draw(st.integers(1, last))
    code = codes.make(noun, parent, sequence)
    assert codes.problem(noun, code) is None
    assert code.startswith(parent)
    assert int(code[-digits:]) == sequence
    assert codes.division_of(code, "street") == STREET


@pytest.mark.parametrize("noun", sorted(STEMS))
def test_sequences_fit_their_digits(noun: str) -> None:
    for sequence in (0, -1, 10**7):
        with pytest.raises(CodeError, match=str(sequence)):
            codes.make(noun, PARENTS[STEMS[noun]], sequence)


@pytest.mark.parametrize("noun", sorted(STEMS))
def test_the_parent_is_checked_too(noun: str) -> None:
    parent = PARENTS[STEMS[noun]]
    for wrong in (parent[:-1], f"{parent}0", f"00{parent[2:]}", ""):
        with pytest.raises(CodeError):
            codes.make(noun, wrong, 1)


def test_a_building_carries_its_basic_grid() -> None:
    assert codes.make("building", COMMUNITY, 4, basic_grid=1) == BUILDING


# ── house codes ──────────────────────────────────────────────────────────────────────────────────────────────────────


@given(floor=st.integers(-99, 99).filter(bool), door=st.integers(0, 999))
def test_house_codes_are_taken_apart_as_they_were_built(floor: int, door: int) -> None:
    code = codes.make_unit(codes.BuildingCode(BUILDING), floor, door)
    assert len(code) == 25
    assert codes.place_of_unit(code) == (floor, door)


@given(st.lists(st.tuples(st.integers(-99, 99).filter(bool), st.integers(0, 999)), min_size=2, max_size=2, unique=True))
def test_two_doors_of_a_building_have_two_codes(doors: list[tuple[int, int]]) -> None:
    assert len({codes.make_unit(codes.BuildingCode(BUILDING), *door) for door in doors}) == 2


@pytest.mark.parametrize(("floor", "door"), [(100, 1), (-100, 1), (1, 1000), (1, -1)])
def test_floors_and_doors_have_two_and_three_digits(floor: int, door: int) -> None:
    with pytest.raises(CodeError):
        codes.make_unit(codes.BuildingCode(BUILDING), floor, door)


@pytest.mark.parametrize("code", [BUILDING, f"{BUILDING}901001", "x" * 25])
def test_what_is_no_house_code_is_not_taken_apart(code: str) -> None:
    with pytest.raises(CodeError):
        codes.place_of_unit(code)


# ── divisions ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_division_of_a_code() -> None:
    assert codes.division_of(f"{BUILDING}U01", "community") == COMMUNITY
    assert codes.division_of("440307001P000001", "street") == STREET
    for code in ("440307001P000001", "44030700", "", "街道"):
        with pytest.raises(CodeError):
            codes.division_of(code, "community")


# ── numbering ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_grids_are_numbered_row_by_row_from_the_north_west() -> None:
    # 1 2 3
    # 4 5 6
    # 7 8 9
    west_to_east, south_to_north = np.meshgrid([0.0, 100.0, 200.0], [0.0, 100.0, 200.0])
    xy = np.column_stack([west_to_east.ravel(), south_to_north.ravel()])
    assert codes.number_grids(xy).tolist() == [7, 8, 9, 4, 5, 6, 1, 2, 3]


@given(
    st.lists(st.tuples(st.floats(0, 3000), st.floats(0, 3000)), max_size=40),
    st.floats(-1e6, 1e6),
)
def test_every_grid_gets_one_number_wherever_it_lies(points: list[tuple[float, float]], shift: float) -> None:
    xy = np.array(points, float).reshape(-1, 2) + shift
    assert sorted(codes.number_grids(xy)) == list(range(1, len(points) + 1))


@pytest.mark.parametrize("points", [[], [(5.0, 5.0)], [(1.0, 1.0)] * 4])
def test_few_or_equal_points_are_numbered_too(points: list[tuple[float, float]]) -> None:
    numbers = codes.number_grids(np.array(points, float).reshape(-1, 2))
    assert sorted(numbers) == list(range(1, len(points) + 1))


def test_free_sequences_follow_the_highest_taken() -> None:
    assert codes.free_sequences([], 3, 2) == [1, 2]
    assert codes.free_sequences(["440307001002X007", "440307001002X003"], 3, 2) == [8, 9]
    assert codes.free_sequences(["440307001002X007"], 3, 0) == []
