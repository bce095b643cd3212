"""What is looked at, and what a look comes to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import CodeError, InputError
from geo.ledger.checklists import ITEM_RESULTS, Answered, check_answers, checklist, checklists, for_element, for_kind
from geo.territory.dictionaries import dictionary

LIFT = checklist("lift")


def all_ok() -> list[Answered]:
    return [Answered(code, "ok") for code in LIFT.items]


def test_every_kind_of_place_has_one_checklist() -> None:
    kinds = [kind for each in checklists().values() for kind in each.place_kinds]
    assert sorted(kinds) == sorted(dictionary("place_kinds").entries)


def test_every_kind_of_city_element_has_one_checklist() -> None:
    kinds = [kind for each in checklists().values() for kind in each.element_kinds]
    assert sorted(kinds) == sorted(dictionary("element_kinds").entries)
    assert for_element("hydrant").code == "hydrant"
    with pytest.raises(CodeError, match="没有要素类型"):
        for_element("lift")


def test_every_cycle_names_what_there_is() -> None:
    for cycle in dictionary("inspection_cycles").entries.values():
        assert cycle.extra["place_kind"] in checklist(cycle.extra["checklist"]).place_kinds
        assert cycle.extra["party"] in dictionary("inspection_parties")
        assert cycle.extra["cycle_days"] >= 1
        grade = cycle.extra.get("grade")
        assert grade is None or cycle.extra["place_kind"] in dictionary("place_grades")[grade].extra["place_kinds"]


def test_every_fault_is_a_kind_of_hazard() -> None:
    for each in checklists().values():
        assert each.source
        for item in each.items.values():
            assert item.hazard in dictionary("hazard_kinds")
            assert item.fault_zh != item.zh


def test_nothing_wrong_is_a_result() -> None:
    assert check_answers(LIFT, all_ok(), no_access=False) == "clear"


def test_a_closed_door_is_a_result_without_items() -> None:
    assert check_answers(LIFT, [], no_access=True) == "no_access"
    with pytest.raises(InputError, match="无人开门"):
        check_answers(LIFT, all_ok(), no_access=True)


def test_what_is_left_out_is_named() -> None:
    with pytest.raises(InputError, match="紧急呼叫"):
        check_answers(LIFT, [each for each in all_ok() if each.code != "lift_call"], no_access=False)


def test_what_comes_twice_or_is_unknown_is_named() -> None:
    with pytest.raises(InputError, match="lift_call"):
        check_answers(LIFT, [*all_ok(), Answered("lift_call", "fault")], no_access=False)
    with pytest.raises(InputError, match="roof"):
        check_answers(LIFT, [*all_ok(), Answered("roof", "ok")], no_access=False)


def test_no_checklist_for_what_is_no_kind() -> None:
    assert for_kind("rental").code == "rental"
    with pytest.raises(CodeError, match="castle"):
        for_kind("castle")


@given(st.lists(st.sampled_from(ITEM_RESULTS), min_size=len(LIFT.items), max_size=len(LIFT.items)))
def test_one_fault_makes_findings(results: list) -> None:
    answers = [Answered(code, result) for code, result in zip(LIFT.items, results, strict=True)]
    assert check_answers(LIFT, answers, no_access=False) == ("findings" if "fault" in results else "clear")
