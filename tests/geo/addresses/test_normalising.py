"""Texts are compared in one way of writing, whatever way they were typed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.addresses.normalising import normalise
from geo.addresses.numerals import spelt, value, with_numerals


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("松嶺一路５５號", "松岭一路55号"),
        ("北埡街道－５棟－１單元", "北垭街道-5栋-1单元"),
        ("碧河社区4＃", "碧河社区4#"),
        ("a\u200bb\u202ec", "abc"),
        ("新\n宁\t路", "新 宁 路"),
        ("冒烟了😀!", "冒烟了 !"),
        ("友愛邨", "友爱村"),
        ("\ud800", ""),
    ],
)
def test_ways_of_typing(typed: str, meant: str) -> None:
    assert normalise(typed) == meant


@given(st.text(st.characters(), max_size=60))
def test_whatever_is_typed_nothing_invisible_stays_and_twice_is_as_once(text: str) -> None:
    once = normalise(text)
    assert not [sign for sign in once if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Mn")]
    assert once == once.strip()
    assert "  " not in once
    assert normalise(once) == once


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("二十四", 24),
        ("一零八", 108),
        ("十", 10),
        ("十一", 11),
        ("一百零三", 103),
        ("一千零五", 1005),
        ("廿二", 22),
        ("幺三五", 135),
        ("2601", 2601),
        ("十百", None),
        ("百", None),
        ("零零", 0),
        ("路", None),
    ],
)
def test_numerals(text: str, number: int | None) -> None:
    assert value(text) == number


@given(st.integers(1, 9_999))
def test_a_number_counted_or_spelt_is_the_same(number: int) -> None:
    digits = "零一二三四五六七八九"
    assert value("".join(digits[int(digit)] for digit in str(number))) == number
    counted, rest, zero = "", number, False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, rest = divmod(rest, unit)
        if digit:
            counted += ("零" if zero and counted else "") + digits[digit] + name
        zero = zero or not digit
        if digit:
            zero = False
    assert value(counted) == number


def test_zeros_that_are_spelt_stay() -> None:
    assert [spelt(text) for text in ("零二", "02", "十二", "a")] == ["02", "02", "12", "a"]


def test_lone_digits_become_numerals_in_place() -> None:
    assert with_numerals("松岭1路12号") == "松岭一路12号"
