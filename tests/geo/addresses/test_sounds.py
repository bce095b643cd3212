"""How characters sound, and how Latin letters are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.addresses.sounds import folded, readings, segmentations, syllables


@pytest.mark.parametrize(
    ("character", "expected"),
    [("厦", "sha"), ("都", "du"), ("长", "chang"), ("弄", "long"), ("1", "yi"), ("〇", "ling"), ("绿", "lv")],
)
def test_the_first_reading_is_the_one_in_names_of_places(character, expected):
    assert readings(character)[0] == expected


@pytest.mark.parametrize(("character", "other"), [("厦", "xia"), ("长", "zhang"), ("弄", "nong"), ("女", "ru")])
def test_other_readings_stay_known(character, other):
    assert other in readings(character)


@pytest.mark.parametrize("character", ["a", "-", "😀", "ü", " ", "\ud800"])
def test_what_is_no_chinese_character_has_no_reading(character):
    assert readings(character) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("shi", "si"),
        ("zhang", "zan"),
        ("nan", "lang"),
        ("xing", "xin"),
        ("fu", "hu"),
        ("lv", "lu"),
        ("rang", "lan"),
        ("feng", "fen"),
        ("huang", "fang"),
        ("nyu", "nv"),
    ],
)
def test_syllables_that_speakers_mix_up_are_folded_into_one(one, other):
    assert folded(one) == folded(other)


@pytest.mark.parametrize(("one", "other"), [("shi", "shu"), ("dong", "tong"), ("bei", "pei"), ("gang", "kang")])
def test_other_syllables_stay_apart(one, other):
    assert folded(one) != folded(other)


def test_folding_again_changes_nothing():
    again = {syllable for syllable in syllables() if folded(folded(syllable)) != folded(syllable)}
    assert not again


@pytest.mark.parametrize(
    ("letters", "first"),
    [
        ("changpoxincun", ("chang", "po", "xin", "cun")),
        ("rongchanghuayuan", ("rong", "chang", "hua", "yuan")),
        ("lvdao", ("lv", "dao")),
        ("yuanb", ("yuan", "b")),
    ],
)
def test_letters_are_read_in_the_fewest_syllables_first(letters, first):
    assert segmentations(letters)[0] == first


def test_letters_that_are_no_pinyin_have_no_reading():
    assert segmentations("bbc") == []
    assert segmentations("") == [()]


@given(st.lists(st.sampled_from(sorted(syllables())), min_size=1, max_size=6))
def test_written_syllables_are_read_letter_by_letter(spoken):
    ways = segmentations("".join(spoken))
    assert 1 <= len(ways) <= 3
    assert all("".join(way) == "".join(spoken) for way in ways)
    assert len(ways[0]) <= len(spoken)
