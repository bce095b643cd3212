"""An actor's scopes, parted by level."""

import pytest

from geo.access.actor import PUBLIC, Actor, check_scope
from geo.errors import CodeError, InputError


def actor(*scopes: str) -> Actor:
    return Actor("li", frozenset({"inspector"}), scopes)


def test_scopes_by_level() -> None:
    li = actor("440307001", "440307002003", "440307003001002")
    assert (li.streets, li.communities, li.grids) == (("440307001",), ("440307002003",), ("440307003001002",))


def test_the_wider_scope_takes_in_the_narrower() -> None:
    li = actor("440307001001002", "440307001001", "440307002001001", "440307002", "440307001001")
    assert (li.streets, li.communities, li.grids) == (("440307002",), ("440307001001",), ())


@pytest.mark.parametrize(
    "code", ["", "44", "44030700100", "4403070010010010", "44030700１", "44030700a", "440307001\n"]
)
def test_what_is_no_scope_is_refused(code: str) -> None:
    with pytest.raises(CodeError, match="9 位"):
        actor(code)


@pytest.mark.parametrize("name", ["", " \u3000"])
def test_nobody_acts_without_a_name(name: str) -> None:
    with pytest.raises(InputError, match="登录名"):
        Actor(name, frozenset(), ())


def test_levels() -> None:
    assert [check_scope("4" * digits) for digits in (9, 12, 15)] == ["street", "community", "grid"]


def test_the_public_has_no_scope() -> None:
    assert PUBLIC.scopes == ()
    assert PUBLIC.may(["public", "leader"])
    assert not PUBLIC.may(["leader"])
    assert not PUBLIC.may([])
