"""A list walked to its end: every item once, however it falls into pages, and too many are refused."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import BoundsError
from geo.services.walking import pages


@dataclass(frozen=True)
class _Item:
    id: int


def _walk(count: int, size: int, most: int) -> list[list[_Item]]:
    newest_first = [_Item(number) for number in range(count, 0, -1)]

    def look(after: int | None) -> list[_Item]:
        return [item for item in newest_first if after is None or item.id < after][:size]

    return list(pages(look, size=size, most=most, zh="件", en="cases"))


@given(st.integers(0, 40), st.integers(1, 12))
def test_each_item_comes_once_in_order_on_full_pages(count: int, size: int) -> None:
    walked = _walk(count, size, most=40)
    assert [item.id for page in walked for item in page] == list(range(count, 0, -1))
    assert all(len(page) == size for page in walked[:-1])


def test_more_than_allowed_are_refused_with_the_number_that_is_allowed() -> None:
    assert len(_walk(7, 3, most=7)) == 3
    with pytest.raises(BoundsError, match="more than 6 cases") as refused:
        _walk(7, 3, most=6)
    assert "超过 6 件" in str(refused.value)
