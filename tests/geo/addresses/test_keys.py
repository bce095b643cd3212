"""One key for every way of writing a number, a building, a stairwell, a door."""

import pytest

from geo.addresses.grammar import pieces
from geo.addresses.keys import building_key, number_key, room_key, unit_key
from geo.addresses.normalising import normalise


@pytest.mark.parametrize(
    ("key", "ways"),
    [
        ("55", ["55号", "五十五号", "55", "第55号"]),
        ("90-1", ["90号之一", "90号附1", "90-1号", "90号-1", "90之1", "90附1号"]),
        ("113甲", ["113号甲", "甲113号", "113甲号", "113号(甲)", "113号甲座"]),
        ("145b", ["145B号"]),
        ("24", ["24号院", "附24号"]),
        ("1161/70/29", ["1161弄70支弄29号", "1161弄内70弄29号", "一一六一弄七十支弄二十九号"]),
        ("17/", ["17弄"]),
        ("69-71", ["69-71号"]),
    ],
)
def test_house_numbers(key: str, ways: list[str]) -> None:
    assert {way: number_key(normalise(way)) for way in ways} == dict.fromkeys(ways, key)


@pytest.mark.parametrize(
    ("zone", "mark", "ways"),
    [
        ("", "1", ["1栋", "1幢", "1座", "1号楼", "1#楼", "1#", "第1栋", "一号栋", "1"]),
        ("", "a", ["A栋", "a座"]),
        ("东区", "12", ["东区12栋", "东区第12幢"]),
        ("1巷", "3", ["一巷3号", "1巷3号"]),
        ("", "东", ["东座", "东楼"]),
        ("", "综合楼", ["综合楼"]),
        ("", "甲3", ["甲3号楼"]),
    ],
)
def test_buildings(zone: str, mark: str, ways: list[str]) -> None:
    assert {way: tuple(building_key(normalise(way))) for way in ways} == dict.fromkeys(ways, (zone, mark))


@pytest.mark.parametrize(
    ("key", "ways"), [("1", ["1单元", "一单元", "1号单元", "1单元门", "1梯", "1门"]), ("a", ["A单元"])]
)
def test_stairwells(key: str, ways: list[str]) -> None:
    assert {way: unit_key(normalise(way)) for way in ways} == dict.fromkeys(ways, key)


@pytest.mark.parametrize(
    ("key", "ways"),
    [
        ("902", ["902", "902室", "902房", "902号房", "9楼902室", "9层02房", "九层零二室", "9F02"]),
        ("101", ["1楼01", "101铺"]),
        ("b1", ["B1"]),
        ("12a", ["12A", "12楼A"]),
        ("101-1", ["101之一"]),
    ],
)
def test_doors(key: str, ways: list[str]) -> None:
    assert {way: room_key(normalise(way)) for way in ways} == dict.fromkeys(ways, key)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("55号6栋1单元102", [("number", "55"), ("building", "6"), ("unit", "1"), ("bare", "102")]),
        ("3-2-502", [("chain", "3/2/502")]),
        ("8/1/303", [("chain", "8/1/303")]),
        ("二十四动三零一", [("building", "24"), ("bare", "301")]),
        ("17号楼道堆物", [("number", "17")]),
        ("1#楼2401楼梯间", [("building", "1"), ("bare", "2401")]),
        ("积水约20厘米", []),
        ("电话13800138000", []),
        ("第2个垃圾桶", []),
        ("2单元门9楼902室", [("unit", "2"), ("room", "902")]),
        ("142-33-22", [("chain", "142/33/22")]),
        ("十百号", []),
    ],
)
def test_pieces_of_a_text(text: str, said: list[tuple[str, str]]) -> None:
    normal = normalise(text)
    assert [(piece.kind, piece.key) for piece in pieces(normal, 0, len(normal))] == said
