"""Names found in what callers say."""

import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from geo.addresses.names import NameIndex, NameMatch
from geo.addresses.short_names import protected, shape
from geo.addresses.sounds import readings

NAMES = (
    *("松岭一路", "松岭二路", "碧河东路", "荣昌路", "电厂路", "新宁路", "石头岗路", "梨园路", "长坡一巷", "翠竹街"),
    *("松岭花园", "荣昌花园一期", "荣昌花园二期", "华荣大厦", "富丽花园", "丽都花园", "石头岗村", "长坡新村", "金华苑"),
    *("电厂宿舍", "北垭工业区", "松岭菜市场", "青云广场", "翠屏(北)村", "香港仔渔光村", "soho现代城"),
)
INDEX = NameIndex.build(NAMES)


def best(text: str) -> list[tuple[str, str]]:
    """Every cheapest inexact match, as its name and how it was found."""
    found = INDEX.fuzzy(text)
    return [(NAMES[match.name], match.how) for match in found if match.cost == found[0].cost]


def cost(text: str, name: str) -> float:
    """What it costs at least to take some of the text for the name; 1 where it is not found."""
    found = [*INDEX.exact(text), *INDEX.fuzzy(text)]
    return min((match.cost for match in found if NAMES[match.name] == name), default=1.0)


# ── letter for letter ────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_name_in_a_text_is_found_also_where_names_overlap():
    index = NameIndex.build(["荣昌路", "昌路社区", "路社", "荣昌"])
    found = {(match.start, match.end, match.name) for match in index.exact("在荣昌路社区")}
    assert found == {(1, 4, 0), (2, 6, 1), (3, 5, 2), (1, 3, 3)}


def test_a_name_of_one_character_is_found_once():
    found = NameIndex.build(["巷", "巷口"]).exact("一巷巷口巷")
    assert [(match.start, match.end) for match in found] == [(1, 2), (2, 3), (2, 4), (4, 5)]


def test_of_equal_names_the_first_is_found():
    assert NameIndex.build(["东门", "西门", "东门"]).exact("东门") == [NameMatch(0, 2, 0, 0.0, "exact")]


@given(st.text(max_size=12), st.sampled_from(NAMES), st.text(max_size=12))
def test_a_name_is_found_in_any_text_around_it(before, name, after):
    place = (len(before), len(before) + len(name), NAMES.index(name))
    assert place in {(match.start, match.end, match.name) for match in INDEX.exact(before + name + after)}


# ── in other letters ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "name", "how"),
    [
        ("华荣打纱", "华荣大厦", "sound"),
        ("在送岭议路26号", "松岭一路", "sound"),
        ("嗯司头刚村东区", "石头岗村", "sound"),
        ("尼都花园", "丽都花园", "sound"),
        ("颠唱路31号", "电厂路", "sound"),
        ("新宇路87号", "新宁路", "shape"),
        ("甩厂宿舍1栋", "电厂宿舍", "shape"),
        ("长坡亲村", "长坡新村", "shape"),
        ("富大丽花园5号楼", "富丽花园", "slip"),
        ("电厂厂宿舍", "电厂宿舍", "slip"),
        ("岭花园2栋", "松岭花园", "slip"),
        ("石岗头村西区", "石头岗村", "slip"),
        ("富丽的花园", "富丽花园", "slip"),
        ("华荣3楼", "华荣大厦", "short"),
        ("石头岗东区12栋", "石头岗村", "short"),
        ("jin hua yuan3幢", "金华苑", "pinyin"),
        ("changpoxincun一巷", "长坡新村", "pinyin"),
        ("songling花园", "松岭花园", "pinyin"),
        ("lin dou hua yuan", "丽都花园", "pinyin"),
        ("jhy", "金华苑", "initials"),
        ("qygca座1202", "青云广场", "initials"),
        ("cpxc二巷22号", "长坡新村", "initials"),
        ("翠屏北村", "翠屏(北)村", "slip"),
        ("松岭 花园", "松岭花园", "slip"),
        ("香港仔鱼光村", "香港仔渔光村", "sound"),
    ],
)
def test_the_name_that_was_meant_is_the_cheapest(text, name, how):
    assert (name, how) in best(text)
    assert {found for found, _ in best(text)} <= {name, "石头岗路"}


def test_a_phase_left_out_leaves_all_phases():
    assert best("荣昌花园2栋") == [("荣昌花园一期", "short"), ("荣昌花园二期", "short")]


def test_another_ending_of_the_kind_is_found_with_more_doubt():
    assert cost("富丽小区", "富丽花园") == pytest.approx(0.4)
    assert INDEX.fuzzy("富丽小区3栋")[0].end == 4


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("松岭三路", "松岭一路"),
        ("松岭3路", "松岭一路"),
        ("荣昌北路", "荣昌路"),
        ("碧河西路", "碧河东路"),
        ("荣昌花园三期", "荣昌花园一期"),
        ("长坡二巷", "长坡一巷"),
        ("长坡老村", "长坡新村"),
        ("石头岗新村", "石头岗村"),
        ("荣昌前街", "荣昌路"),
    ],
)
def test_what_tells_sisters_apart_is_never_passed_over(text, name):
    assert cost(text, name) == 1.0


def test_a_number_left_out_is_a_short_name_with_doubt():
    assert [cost("松岭路12号", name) for name in ("松岭一路", "松岭二路")] == [0.5, 0.5]


@pytest.mark.parametrize(("text", "name"), [("桃园路", "梨园路"), ("富华花园", "富丽花园"), ("荣昌巷", "荣昌路")])
def test_another_character_leaves_much_doubt(text, name):
    assert cost(text, name) >= 0.45
    assert cost("桃园路", "梨园路") >= 0.6


@pytest.mark.parametrize(
    ("text", "name"), [("松岭一路", "松岭花园"), ("荣昌路", "荣昌花园一期"), ("碧河东路", "碧河名居")]
)
def test_an_ending_of_another_kind_speaks_against_a_short_name(text, name):
    assert cost(text, name) >= 0.7


@pytest.mark.parametrize(
    "text", ["", " ", "。。。", "中心", "花园", "1栋2单元", "😀" * 30, "a", "\ud800", "的" * 40, "\u202e松"]
)
def test_texts_without_a_name_have_none(text):
    assert INDEX.exact(text) == []
    assert INDEX.fuzzy(text) == []


def test_an_empty_index_finds_nothing():
    empty = NameIndex.build([])
    assert (empty.exact("松岭"), empty.fuzzy("松岭"), empty.completions("松岭", 5)) == ([], [], [])


STEMS = st.text("松岭碧河荣昌富丽梨园石岗翠竹金华青云宏业", min_size=2, max_size=3)
ENDINGS = st.sampled_from(["路", "街", "花园", "苑", "大厦", "村", "工业区"])


@given(STEMS, ENDINGS, st.data())
def test_a_name_is_found_by_a_character_of_the_same_sound(stem, ending, data):
    name = stem + ending
    place = data.draw(st.sampled_from([at for at, character in enumerate(name) if character not in protected()]))
    sound = readings(name[place])[0]
    other = data.draw(st.sampled_from([character for character in HOMOPHONES[sound] if character != name[place]]))
    index = NameIndex.build([name])
    assume(not index.exact(name[:place] + other + name[place + 1 :]))
    found = index.fuzzy(name[:place] + other + name[place + 1 :] + "3号")
    assert [(match.start, match.end, match.cost) for match in found[:1]] == [(0, len(name), 0.15)]


HOMOPHONES: dict[str, list[str]] = {}
for _code in range(0x4E00, 0x9FA5):
    if readings(chr(_code)) and chr(_code) not in protected():
        HOMOPHONES.setdefault(readings(chr(_code))[0], []).append(chr(_code))


@given(
    STEMS,
    st.sampled_from("一二三东西南北中"),
    st.sampled_from("四五六七前后"),
    st.sampled_from(["路", "街", "大道", "巷"]),
)
def test_a_sister_is_never_found_for_another(stem, mark, other, ending):
    index = NameIndex.build([stem + mark + ending, stem + ending])
    found = index.fuzzy(stem + other + ending + "12号")
    assert found == []


@given(st.text(max_size=60))
def test_any_text_has_an_answer_within_its_bounds(text):
    for match in [*INDEX.exact(text), *INDEX.fuzzy(text)]:
        assert 0 <= match.start < match.end <= len(text)
        assert 0 <= match.cost < 1
        assert (match.cost == 0) == (match.how == "exact") == (text[match.start : match.end] == NAMES[match.name])


def test_a_short_form_is_a_part_of_the_name():
    parts = shape("荣昌花园一期")
    assert parts.distinctive + parts.ending + parts.phase == "荣昌花园一期"


# ── type-ahead ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("松岭", "松岭一路"),
        ("松岭花", "松岭花园"),
        ("花园一", "荣昌花园一期"),
        ("ronghc", None),
        ("rongc", "荣昌路"),
        ("jinhuay", "金华苑"),
        ("jhy", "金华苑"),
        ("送岭花", "松岭花园"),
        ("shi tou", "石头岗村"),
        ("soho", "soho现代城"),
        ("荣cl", "荣昌路"),
    ],
)
def test_half_a_name_brings_the_name(typed, first):
    found = [NAMES[number] for number in INDEX.completions(typed, 5)]
    assert (found[0] if found else None) == first


def test_names_that_begin_so_come_before_names_that_contain_it():
    names = ["新荣昌里", "荣昌花园一期", "荣昌路", "绒厂"]
    assert [names[at] for at in NameIndex.build(names).completions("荣昌", 10)] == [
        "荣昌路",
        "荣昌花园一期",
        "新荣昌里",
        "绒厂",
    ]


@pytest.mark.parametrize("typed", ["", "  ", "\n", "q" * 200, "😀", "的" * 100])
def test_nothing_goes_on_from_what_begins_no_name(typed):
    assert INDEX.completions(typed, 5) == []
    assert INDEX.completions("松", 0) == []


@given(st.sampled_from(NAMES), st.integers(1, 6))
def test_every_beginning_of_a_name_brings_it(name, length):
    assert NAMES.index(name) in INDEX.completions(name[:length], len(NAMES))


# ── at size ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_text_of_many_names_takes_no_longer_than_its_length():
    text = "".join(NAMES) * 5
    INDEX.fuzzy(text)
    start = time.process_time()
    INDEX.fuzzy(text[:250])
    half = time.process_time() - start
    start = time.process_time()
    INDEX.fuzzy(text[:500])
    assert time.process_time() - start < 8 * half + 0.05
