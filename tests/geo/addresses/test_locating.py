"""What is answered, and why, in a town small enough to know by heart.

Two roads that meet, a compound on each and a third one of the same name as the first; a village; a lane::

    南湖大道 12号 湖畔花园 1栋(1单元 101 201, 2单元 101) 2栋      朝阳路 8号 湖畔花园 A座 B座
    朝阳路  20号 田心村 东区3栋 一巷3号                          朝阳路 30号 30号之一 30号甲 31-2号
    梅林路 261弄17支弄9号 甲32号                                 32号甲 甲32号(502) 甲34号
                                                                 城南菜市场, 南湖大道与朝阳路交叉口
"""

import pandas as pd
import pytest

from geo.addresses.answers import Answer
from geo.addresses.book import AddressBook
from geo.addresses.locating import locate
from geo.addresses.suggesting import suggest
from geo.errors import ColumnError, InputError

ABOVE = {"province": "广东省", "city": "深圳市", "district": "东滨区", "street": "南湖街道", "community": "城南社区"}
LAKE = {"road": "南湖大道", "number": "12号", "compound": "湖畔花园"}
SUN = {"road": "朝阳路", "number": "8号", "compound": "湖畔花园"}
VILLAGE = {"road": "朝阳路", "number": "20号", "compound": "田心村"}
ROWS: dict[str, dict[str, str]] = {
    "lake road": {"level": "road", "road": "南湖大道"},
    "sun road": {"level": "road", "road": "朝阳路"},
    "plum road": {"level": "road", "road": "梅林路"},
    "lake": {"level": "compound", **LAKE},
    "lake 1": {"level": "building", **LAKE, "building": "1栋"},
    "lake 1-1": {"level": "unit", **LAKE, "building": "1栋", "unit": "1单元"},
    "lake 1-1-101": {"level": "room", **LAKE, "building": "1栋", "unit": "1单元", "room": "101"},
    "lake 1-1-201": {"level": "room", **LAKE, "building": "1栋", "unit": "1单元", "room": "201"},
    "lake 1-2": {"level": "unit", **LAKE, "building": "1栋", "unit": "2单元"},
    "lake 1-2-101": {"level": "room", **LAKE, "building": "1栋", "unit": "2单元", "room": "101"},
    "lake 2": {"level": "building", **LAKE, "building": "2栋"},
    "sun": {"level": "compound", **SUN},
    "sun a": {"level": "building", **SUN, "building": "A座"},
    "sun b": {"level": "building", **SUN, "building": "B座"},
    "village": {"level": "compound", **VILLAGE},
    "village east 3": {"level": "building", **VILLAGE, "building": "东区3栋"},
    "village lane 3": {"level": "building", **VILLAGE, "building": "一巷3号"},
    "30": {"level": "number", "road": "朝阳路", "number": "30号"},
    "30-1": {"level": "number", "road": "朝阳路", "number": "30号之一"},
    "30a": {"level": "number", "road": "朝阳路", "number": "30号甲"},
    "32a": {"level": "number", "road": "朝阳路", "number": "32号甲"},
    "a32": {"level": "number", "road": "朝阳路", "number": "甲32号"},
    "a32 502": {"level": "room", "road": "朝阳路", "number": "甲32号", "room": "502"},
    "a34": {"level": "number", "road": "朝阳路", "number": "甲34号"},
    "plum a32": {"level": "number", "road": "梅林路", "number": "甲32号"},
    "31-2": {"level": "number", "road": "朝阳路", "number": "31-2号"},
    "lane": {"level": "number", "road": "梅林路", "number": "261弄17支弄9号"},
    "market": {"level": "poi", "name": "城南菜市场"},
    "crossing": {"level": "intersection", "name": "南湖大道与朝阳路交叉口"},
}
ALIASES = [{"alias": "解放路", "kind": "road", "name": "朝阳路", "id": ""}]


@pytest.fixture(scope="module")
def book() -> AddressBook:
    rows = [{"id": ident, **ABOVE, **row, "lon": 114.0, "lat": 22.5} for ident, row in ROWS.items()]
    return AddressBook.build(pd.DataFrame(rows), pd.DataFrame(ALIASES))


def ids(answer: Answer) -> list[str]:
    return [place.id for place in answer.candidates]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("广东省深圳市东滨区南湖街道城南社区南湖大道12号湖畔花园1栋1单元201", "lake 1-1-201"),
        ("南湖大道12号1栋1单元201", "lake 1-1-201"),
        ("湖畔花园一栋二单元一零一", "lake 1-2-101"),
        ("湖畔花园1-1-201", "lake 1-1-201"),
        ("201 湖畔花园 1栋", "lake 1-1-201"),
        ("湖畔花园B座", "sun b"),
        ("湖畔花困B座", "sun b"),
        ("解放路八号A座", "sun a"),
        ("朝阳路30号附1", "30-1"),
        ("朝阳路甲30号", "30a"),
        ("朝阳路32号甲", "32a"),
        ("朝阳路甲32号", "a32"),
        ("朝阳路甲32号502", "a32 502"),
        ("朝阳路34号甲", "a34"),
        ("梅林路32号甲", "plum a32"),
        ("朝阳路31号-2", "31-2"),
        ("田心村东区第3幢", "village east 3"),
        ("田心村1巷3号", "village lane 3"),
        ("朝阳路20号一巷3号", "village lane 3"),
        ("梅林路261-17-9", "lane"),
        ("梅林路261弄堂17弄9号楼道堆物", "lane"),
        ("举报城南菜市场门口有人乱停车", "market"),
        ("南湖大道和朝阳路路口西北角", "crossing"),
        ("男胡大道12号", "lake"),
        ("tian xin cun 一巷3号", "village lane 3"),
        ("田新村东区3栋", "village east 3"),
        ("喂那个南湖大道十二号二洞水管爆了", "lake 2"),
        ("盐田社区南湖大道12号湖畔花园2栋", "lake 2"),
    ],
)
def test_one_place(book: AddressBook, text: str, place: str) -> None:
    answer = locate(book, text)
    assert (answer.outcome, ids(answer)) == ("one", [place]), answer


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("湖畔花园", {"lake", "sun"}),
        ("湖畔花园1栋101", {"lake 1-1-101", "lake 1-2-101"}),
        ("湖畔花园2栋", {"lake 2", "sun b"}),
    ],
)
def test_a_question_where_it_could_be_several(book: AddressBook, text: str, places: set[str]) -> None:
    answer = locate(book, text)
    assert answer.outcome == "several"
    assert set(ids(answer)) == places
    assert len({place.apart for place in answer.candidates}) == len(places)
    assert answer.total == len(places)


@pytest.mark.parametrize(
    ("text", "code", "failed", "near"),
    [
        ("南湖大道14号", "no-such-number", "number", "lake road"),
        ("朝阳路32号甲502", "no-such-room", "room", "32a"),
        ("南湖大道12号湖畔花园7栋", "no-such-building", "building", "lake"),
        ("田心村B座", "no-such-building", "building", "village"),
        ("湖畔花园1栋3单元", "no-such-unit", "unit", "lake 1"),
        ("湖畔花园1栋1单元909", "no-such-room", "room", "lake 1-1"),
        ("朝霞路8号", "doubtful", "name", "sun"),
        ("田村东区3栋", "doubtful", "name", "village east 3"),
        ("心村一巷3号", "doubtful", "name", "village lane 3"),
        ("东湖大道12号", "no-such-name", "name", None),
        ("梅林路33号田心村", "not-together", "name", None),
        ("不存在路33号", "no-such-name", "name", None),
        ("南湖大道与梅林路路口", "no-such-intersection", "intersection", "lake road"),
        ("广州市天河区南湖大道12号", "elsewhere", "city", None),
        ("西陵区南湖大道12号", "elsewhere", "district", None),
        ("南湖街道城南社区", "only-division", "road", None),
        ("水管爆了快来人", "no-address", "", None),
        ("3单元", "no-name", "", None),
        ("城南社区101", "no-name", "", None),
        ("", "empty", "", None),
        ("？！", "empty", "", None),
        ("号" * 501, "too-long", "", None),
    ],
)
def test_none_says_which_part_failed_and_what_there_is(
    book: AddressBook, text: str, code: str, failed: str, near: str | None
) -> None:
    answer = locate(book, text)
    assert (answer.outcome, answer.reason.code) == ("none", code), answer
    if near:
        assert answer.failed == failed
        assert answer.nearest[0].id == near


def test_a_place_told_from_a_landmark(book: AddressBook) -> None:
    answer = locate(book, "城南菜市场往南50米")
    assert answer.relation is not None
    assert (answer.relation.bearing, answer.relation.metres) == (180.0, 50.0)
    beside = locate(book, "田心村对面").relation
    assert beside is not None
    assert (beside.text, beside.metres) == ("对面", None)


def test_what_was_heard_is_told(book: AddressBook) -> None:
    heard = locate(book, "解放路30号").heard
    assert [(each.kind, each.text, each.how) for each in heard] == [
        ("road", "解放路", "alias"),
        ("number", "30号", "exact"),
    ]


@pytest.mark.parametrize(
    ("text", "place", "left_out"),
    [
        ("梅林路田心村东区3栋", "village east 3", "梅林路"),
        ("南湖大道20号田心村", "village", "南湖大道"),
        ("南湖大道城南菜市场", "market", "南湖大道"),
    ],
)
def test_what_was_left_out_is_told(book: AddressBook, text: str, place: str, left_out: str) -> None:
    answer = locate(book, text)
    assert ids(answer) == [place]
    assert [(each.kind, each.text) for each in answer.heard if each.how == "ignored"] == [("road", left_out)]
    assert answer.reason.code == "found-despite"
    assert left_out in answer.reason.zh
    assert left_out in answer.reason.en


@pytest.mark.parametrize(
    ("typed", "first"), [("南湖", "lake road"), ("nanhu", "lake road"), ("txc", "village"), ("城南菜", "market")]
)
def test_type_ahead(book: AddressBook, typed: str, first: str) -> None:
    assert suggest(book, typed)[0].id == first


def test_type_ahead_goes_on_inside_what_is_complete(book: AddressBook) -> None:
    found = [place.id for place in suggest(book, "南湖大道12号1栋")]
    assert found[:3] == ["lake 1", "lake 1-1", "lake 1-2"]
    assert suggest(book, " ") == []


def test_books_are_checked_at_the_door() -> None:
    row = {"id": "1", "level": "road", "road": "南湖大道"}
    with pytest.raises(ColumnError, match="id"):
        AddressBook.build(pd.DataFrame([{"level": "road"}]))
    with pytest.raises(InputError, match="重复"):
        AddressBook.build(pd.DataFrame([row, row]))
    with pytest.raises(InputError, match="级别"):
        AddressBook.build(pd.DataFrame([{**row, "level": "planet"}]))
    assert locate(AddressBook.build(pd.DataFrame([row])), "南湖大道").outcome == "one"
    assert locate(AddressBook.build(pd.DataFrame([row])[:0]), "南湖大道").outcome == "none"
