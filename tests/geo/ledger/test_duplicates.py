"""What may be the same thing: same door, same place, same building, or near and said alike."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import CodeError
from geo.ledger.duplicates import Report, Rule, alike, likely, rule_of

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
RULE = Rule(radius_m=50.0, days=14, share=0.2)
ONE, TWO = "4403070010010010001", "4403070010010010002"
NEW = Report("rubbish", "楼下垃圾没人清运", 0.0, 0.0, NOW, building_code=ONE)


def known(id: int, **given: object) -> Report:
    return replace(NEW, id=id, at=NOW - timedelta(days=1), **given)


def ids(*reports: Report, rule: Rule = RULE) -> list[int | None]:
    return [one.report.id for one in likely(NEW, reports, rule)]


def test_the_closest_comes_first() -> None:
    unit = f"{ONE}010001"
    new = replace(NEW, household_unit_code=unit)
    reports = [
        known(1, building_code=TWO, x=30.0, text="垃圾没人清运了"),
        known(2, text="别的话"),
        known(3, household_unit_code=unit),
    ]
    found = likely(new, reports, RULE)
    assert [(one.report.id, one.nearness) for one in found] == [(3, "door"), (2, "building"), (1, "near")]
    assert found[2].distance_m == 30.0
    assert found[0].age == timedelta(days=1)


def test_other_kinds_other_times_and_far_places_are_none() -> None:
    assert (
        ids(
            known(1, kind="lift"),
            replace(known(2), at=NOW - timedelta(days=15)),
            known(3, building_code=TWO, x=51.0),
            known(4, building_code=TWO, x=10.0, text="完全不同"),
        )
        == []
    )


def test_two_doors_of_a_building_are_the_same_only_where_the_same_is_said() -> None:
    new = replace(NEW, household_unit_code=f"{ONE}010001")
    other = known(1, household_unit_code=f"{ONE}020001")
    assert [one.nearness for one in likely(new, [other], RULE)] == ["near"]
    assert likely(new, [replace(other, text="地上有水")], RULE) == []


def test_two_shops_of_a_building_are_not_one_place() -> None:
    new = replace(NEW, place_code="440307001P00001")
    assert likely(new, [known(1, place_code="440307001P00002", text="地上有水")], RULE) == []
    assert [one.nearness for one in likely(new, [known(1, place_code="440307001P00001")], RULE)] == ["place"]


def test_without_words_to_compare_nearness_is_enough() -> None:
    assert ids(known(1, building_code=TWO, x=10.0, text="地上有水"), rule=Rule(50.0, 14, 0.0)) == [1]


@given(st.lists(st.tuples(st.floats(-200, 200), st.floats(-200, 200), st.integers(0, 30)), max_size=12))
def test_order_does_not_matter_and_nothing_is_outside_of_the_rule(places: list[tuple[float, float, int]]) -> None:
    reports = [
        replace(NEW, id=id, x=x, y=y, at=NOW - timedelta(days=days), building_code=TWO)
        for id, (x, y, days) in enumerate(places, start=1)
    ]
    found = likely(NEW, reports, RULE)
    assert found == likely(NEW, reports[::-1], RULE)
    assert all(one.distance_m <= RULE.radius_m and one.age <= timedelta(days=RULE.days) for one in found)


@given(st.text(max_size=40), st.text(max_size=40))
def test_alikeness_is_a_share_and_goes_both_ways(one: str, other: str) -> None:
    assert 0.0 <= alike(one, other) <= 1.0
    assert alike(one, other) == alike(other, one)


def test_rules_are_of_workflows() -> None:
    assert rule_of("request").days > 0
    with pytest.raises(CodeError):
        rule_of("nothing")
