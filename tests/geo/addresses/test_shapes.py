"""How alike characters look."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.addresses.shapes import likeness, strokes

COMMON = st.integers(0x4E00, 0x9FA5).map(chr)


@pytest.mark.parametrize(
    "pair",
    [
        "碧璧",
        "石右",
        "新亲",
        "岗岚",
        "电甩",
        "园圆",
        "林材",
        "荣宋",
        "业亚",
        "埔浦",
        "涌通",
        "垭哑",
        "拦栏",
        "瑾谨",
        "榕熔",
        "鸟乌",
    ],
)
def test_characters_that_are_read_for_one_another_look_alike(pair):
    assert likeness(*pair) > 0.77


@pytest.mark.parametrize(
    "pair",
    [
        "桃梨",
        "松柏",
        "梅桃",
        "桂柳",
        "昌荣",
        "长安",
        "东门",
        "翠竹",
        "沙浦",
        "英荔",
        "湖海",
        "桐槐",
        "花草",
        "明昌",
        "和利",
        "宏安",
    ],
)
def test_characters_that_share_a_radical_only_do_not(pair):
    assert likeness(*pair) < 0.7


@pytest.mark.parametrize("pair", ["安支", "礼札", "康唐", "团图"])
def test_characters_of_like_outline_are_rather_alike(pair):
    assert likeness(*pair) == 0.75


def test_few_of_all_pairs_look_alike():
    common = [chr(code) for code in range(0x4E00, 0x9FA5, 37)]
    pairs = [(one, other) for at, one in enumerate(common) for other in common[at + 1 :: 7]]
    assert len(pairs) > 20_000
    assert sum(likeness(one, other) >= 0.77 for one, other in pairs) < 0.01 * len(pairs)


@given(COMMON, COMMON)
def test_likeness_is_a_share_and_has_no_direction(one, other):
    assert 0 <= likeness(one, other) <= 1
    assert likeness(one, other) == pytest.approx(likeness(other, one))


@given(COMMON)
def test_a_character_is_most_like_itself(character):
    assert likeness(character, character) == pytest.approx(1.0)
    assert strokes(character)


@pytest.mark.parametrize("character", ["a", "1", "😀", "\ud800"])
def test_what_has_no_parts_is_only_like_itself(character):
    assert strokes(character) == (character,)
    assert likeness(character, "碧") == 0
