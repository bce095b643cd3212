import pytest

from maps.styles import UNKNOWN, class_of, household_classes


@pytest.mark.parametrize(
    ("households", "key"),
    [(0, "below"), (199, "below"), (200, "in_0"), (233, "in_0"), (234, "in_1"), (300, "in_2"), (301, "above")],
)
def test_a_grid_falls_in_the_class_its_households_say(households: int, key: str) -> None:
    assert class_of(households, household_classes(200, 300)).key == key


@pytest.mark.parametrize("households", [None, float("nan")])
def test_no_number_is_unknown(households: float | None) -> None:
    assert class_of(households, household_classes(200, 300)) is UNKNOWN


@pytest.mark.parametrize(("lower", "upper"), [(200, 300), (1, 1), (30, 31), (30, 40), (0, 2)])
def test_classes_leave_no_gap_and_never_overlap(lower: int, upper: int) -> None:
    classes = household_classes(lower, upper)
    for households in range(upper + 5):
        assert sum(each.holds(households) for each in classes) == (0 if households < 0 else 1)


def test_out_of_range_is_marked_without_colour() -> None:
    classes = household_classes(200, 300)
    outside = [each for each in classes if each.mark]
    assert {(each.key, each.pattern, each.mark) for each in outside} == {
        ("below", "dots", "▼"),
        ("above", "hatch", "▲"),
    }


def test_without_bounds_classes_are_shares_of_the_grids() -> None:
    classes = household_classes(None, None, [10, 20, 30, 40, 50, 60])
    assert all(sum(each.holds(n) for each in classes) == 1 for n in (10, 20, 30, 40, 50, 60))
    assert household_classes(None, None, []) == ()
    assert len(household_classes(None, None, [7, 7, 7])) == 1
