"""What is left of a name when callers leave some of it out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.addresses.short_names import endings, following, protected, shape, variants


@pytest.mark.parametrize(
    ("name", "stem", "qualifier", "ending", "phase"),
    [
        ("松岭一路", "松岭", "一", "路", ""),
        ("碧河东路", "碧河", "东", "路", ""),
        ("荣昌花园一期", "荣昌", "", "花园", "一期"),
        ("荣昌花园b区", "荣昌", "", "花园", "b区"),
        ("石头岗村东区", "石头岗", "", "村", "东区"),
        ("北垭工业区", "北垭", "", "工业区", ""),
        ("东四十条胡同", "东四十条", "", "胡同", ""),
        ("翠竹小学", "翠竹", "", "小学", ""),
        ("彩虹邨", "彩虹", "", "邨", ""),
        ("南里", "南里", "", "", ""),
        ("soho现代城", "soho现代", "", "城", ""),
    ],
)
def test_a_name_has_parts(name, stem, qualifier, ending, phase):
    parts = shape(name)
    assert (parts.stem, parts.qualifier, parts.ending, parts.phase) == (stem, qualifier, ending, phase)


@given(st.text("松岭荣昌一二东西新老花园小区路街巷村期1a ", max_size=10))
def test_the_parts_make_up_the_name(name):
    parts = shape(name)
    assert parts.stem + parts.qualifier + parts.ending + parts.phase == name
    assert 0 <= parts.own <= len(parts.distinctive)


@given(st.text("松岭荣昌一二东西新老花园小区路街巷村期1a ", min_size=2, max_size=10))
def test_a_name_is_its_own_first_variant_and_no_other_is_free(name):
    first, *others = variants(name)
    assert (first.text, first.cost) == (name, 0.0)
    assert all(0 < variant.cost < 1 and len(variant.text) >= 2 for variant in others)
    assert len({variant.text for variant in variants(name)}) == len(variants(name))


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("荣昌花园一期", {"荣昌花园": 0.25, "荣昌一期": 0.25, "荣昌": 0.35}),
        ("松岭一路", {"松岭一": 0.4, "松岭路": 0.5, "松岭": 0.6}),
        ("华荣大厦", {"华荣": 0.25}),
        ("富丽花园小区", {"富丽花园": 0.25, "富丽": 0.35}),
        ("翠竹区翠竹小学", {"翠竹区翠竹": 0.5, "翠竹小学": 0.25}),
        ("花园大厦", {}),
        ("东路", {}),
    ],
)
def test_short_forms_leave_doubt(name, short):
    assert {variant.text: pytest.approx(variant.cost) for variant in variants(name)[1:]} == short


def test_a_place_that_names_begin_with_may_be_left_out():
    said = {variant.text: variant.cost for variant in variants("北垭松岭花园", frozenset({"北垭"}))}
    assert said["松岭花园"] == 0.25
    assert "松岭花园" not in {variant.text for variant in variants("北垭松岭花园")}


@pytest.mark.parametrize(
    ("text", "kind", "qualifier", "end"),
    [
        ("荣昌北路12号", "road", "北", 4),
        ("荣昌小区3栋", "estate", "", 4),
        ("荣昌东区12栋", "part", "东", 4),
        ("荣昌十二巷", "lane", "十二", 5),
        ("荣昌楼12号", "tower", "", 3),
    ],
)
def test_what_follows_a_name_tells_its_kind(text, kind, qualifier, end):
    found = following(text, 2)
    assert found is not None
    assert (found.kind.code, found.qualifier, found.end) == (kind, qualifier, end)


@pytest.mark.parametrize("text", ["荣昌", "荣昌3栋", "荣昌楼下", "荣昌3楼", "荣昌里面", "荣昌家里", "荣昌一二三路"])
def test_other_words_behind_a_name_tell_nothing(text):
    assert following(text, 2) is None


def test_no_ending_is_nothing_but_a_mark():
    assert not [word for word in endings() if not word.strip("".join(protected()))]
