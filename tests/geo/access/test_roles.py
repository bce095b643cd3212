"""Which roles exist, what they see, and which nobody may hold together."""

from itertools import combinations

import pytest

from geo.access.roles import check_roles, needs_second_factor, roles, sees_households, sees_phones
from geo.errors import CodeError, InputError

THREE = ("administrator", "security_officer", "auditor")


def test_the_roles() -> None:
    everyday = {"planner", "inspector", "staff", "assessor", "leader"}
    assert set(roles()) == {*everyday, *THREE, "public"}
    assert roles()["planner"].label == "规划员 planner"


@pytest.mark.parametrize("pair", list(combinations(THREE, 2)))
def test_the_three_administrators_are_three_persons(pair: tuple[str, str]) -> None:
    with pytest.raises(InputError, match="may not be held by one person"):
        check_roles(pair)


@pytest.mark.parametrize("one", THREE)
def test_none_of_the_three_sees_households_by_another_role(one: str) -> None:
    assert not roles()[one].sees_households
    assert not roles()[one].sees_phones
    for other in roles().values():
        if other.sees_households or other.sees_phones:
            with pytest.raises(InputError, match="不能由同一人担任"):
                check_roles([other.code, one])


def test_everyday_roles_go_together() -> None:
    assert check_roles(["planner", "leader", "inspector", "planner"]) == {"planner", "leader", "inspector"}
    assert check_roles([]) == frozenset()


def test_an_unknown_role_is_named() -> None:
    with pytest.raises(CodeError, match="king"):
        check_roles(["planner", "king"])


def test_only_the_three_need_a_second_factor() -> None:
    assert {code for code in roles() if needs_second_factor([code])} == set(THREE)


def test_who_sees_what() -> None:
    assert sees_households(["assessor", "planner"])
    assert not sees_households(["assessor", "public"])
    assert not sees_phones(["planner", "leader"])
    assert sees_phones(["planner", "staff"])
    # Nobody sees a person's number without seeing the person.
    assert all(role.sees_households for role in roles().values() if role.sees_phones)
