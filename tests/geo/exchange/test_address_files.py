"""Gazetteers, lists of aliases and call lists, as offices write them: taken, or refused by row and reason."""

import csv
from pathlib import Path

import numpy as np
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import ColumnError, FileFormatError
from geo.exchange.address_files import (
    AddressRows,
    address_column,
    match_columns,
    read_aliases,
    read_gazetteer,
    read_table,
)
from geo.exchange.columns import fold
from geo.territory.dictionaries import dictionary

_FULL = ["南苑街道", "朝阳社区", "柳荫路", "12号", "柳荫花园"]
REGISTER = [
    [
        *("编码", "级别", "街道", "社区", "路名", "门牌号", "小区"),
        *("楼栋", "单元", "室号", "经度", "纬度", "网格编码", "备注"),
    ],
    ["1", "", *_FULL, "3栋", "2单元", "501", "114.05", "22.55", "G1", "a"],
    ["2", "楼栋", *_FULL, "3栋", "", "", "114.05", "22.55", "G1", "b"],
    ["3", "", "南苑街道", "朝阳社区", "柳荫路", *[""] * 9],
]


def table(path: Path, rows: list[list[str]], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


def gazetteer(tmp_path: Path, *rows: list[str], headings: list[str]) -> AddressRows:
    return read_gazetteer(table(tmp_path / "g.csv", [headings, *rows]))


def reasons(read: AddressRows) -> list[tuple[int, str]]:
    return [(found.row_number, found.problem.zh) for found in read.rejections]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_a_register_is_read_whatever_its_encoding(tmp_path: Path, encoding: str) -> None:
    read = read_gazetteer(table(tmp_path / "g.csv", REGISTER, encoding))
    assert read.rejections == []
    frame = read.frame
    assert frame["level"].tolist() == ["room", "building", "road"]
    assert frame.loc[0, ["road", "number", "compound", "building", "unit", "room"]].tolist() == [
        *("柳荫路", "12号", "柳荫花园", "3栋", "2单元", "501")
    ]
    assert frame["grid"].tolist() == ["G1", "G1", ""]
    assert frame["备注"].tolist() == ["a", "b", ""]
    assert frame["lon"].tolist()[:2] == [114.05, 114.05]
    assert np.isnan(frame["lat"].iloc[2])


def test_a_workbook_is_read_like_a_csv(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "g.xlsx")) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(REGISTER):
            sheet.write_row(number, 0, row)
    expected = read_gazetteer(table(tmp_path / "g.csv", REGISTER)).frame
    assert read_gazetteer(tmp_path / "g.xlsx").frame.equals(expected)


def test_a_file_of_written_out_addresses_is_taken_apart(tmp_path: Path) -> None:
    read = gazetteer(
        tmp_path,
        ["7", "广东省深圳市南山区南苑街道柳荫路12号3栋501", "114.05", "22.55"],
        headings=["编号", "标准地址", "经度", "纬度"],
    )
    row = read.frame.iloc[0]
    assert (row["road"], row["number"], row["building"], row["room"]) == ("柳荫路", "12号", "3栋", "501")
    assert row["level"] == "room"
    assert row["address"] == "广东省深圳市南山区南苑街道柳荫路12号3栋501"


def test_what_a_row_states_stays_beside_what_its_address_says(tmp_path: Path) -> None:
    read = gazetteer(
        tmp_path, ["1", "朝阳社区", "柳荫路12号"], ["2", "", "柳荫路14号"], headings=["编码", "社区", "地址"]
    )
    assert read.frame["community"].tolist() == ["朝阳社区", ""]
    assert read.frame["number"].tolist() == ["12号", "14号"]


def test_a_number_alone_is_completed_by_the_address(tmp_path: Path) -> None:
    read = gazetteer(tmp_path, ["1", "12号", "501", "柳荫路14号3栋"], headings=["编码", "门牌", "室", "地址"])
    row = read.frame.loc[0, ["road", "number", "building", "room", "level"]]
    assert row.tolist() == ["柳荫路", "12号", "3栋", "501", "room"]


def test_a_named_place_is_a_landmark_and_its_address_stays_whole(tmp_path: Path) -> None:
    read = gazetteer(tmp_path, ["1", "柳荫菜市场", "南苑街道柳荫路12号"], headings=["编码", "名称", "地址"])
    assert read.frame.loc[0, ["level", "name", "road"]].tolist() == ["poi", "柳荫菜市场", ""]


def test_without_codes_rows_are_known_by_their_numbers(tmp_path: Path) -> None:
    read = gazetteer(tmp_path, ["柳荫路", "1号"], ["柳荫路", "2号"], headings=["路名", "门牌"])
    assert read.frame["id"].tolist() == ["2", "3"]
    assert any("行号" in zh for zh, _ in read.notes)


def test_columns_are_stated_where_their_words_mislead(tmp_path: Path) -> None:
    path = table(tmp_path / "g.csv", [["id", "street", "x_road"], ["1", "柳荫路", "南苑街道"]])
    stated = {"road": "street", "street": "X Road", "lon": ""}
    assert read_gazetteer(path, mapping=stated).frame.loc[0, ["road", "street"]].tolist() == ["柳荫路", "南苑街道"]
    with pytest.raises(ColumnError, match="山"):
        read_gazetteer(path, mapping={"山": "street"})
    with pytest.raises(ColumnError, match="没有“河”列"):
        read_gazetteer(path, mapping={"road": "河"})


def test_bad_rows_are_refused_by_number_and_the_others_taken(tmp_path: Path) -> None:
    read = gazetteer(
        tmp_path,
        ["1", "number", "柳荫路", "1号", "114", "22"],
        ["", "number", "柳荫路", "2号", "114", "22"],
        ["1", "number", "柳荫路", "3号", "114", "22"],
        ["4", "村庄", "柳荫路", "4号", "114", "22"],
        ["5", "number", "柳荫路", "5号", "114", "122"],
        ["6", "number", "柳荫路", "6号", "114", ""],
        ["7", "number", "柳荫路", "7号", "东", "北"],
        ["8", "", "", "", "114", "22"],
        ["9", "门牌", "柳荫路", "9号", "", ""],
        headings=["id", "level", "road", "number", "lon", "lat"],
    )
    assert read.frame["id"].tolist() == ["1", "9"]
    assert read.read == 9
    assert sorted({number for number, _ in reasons(read)}) == [3, 4, 5, 6, 7, 8, 9]
    said = dict(reversed(reasons(read)))
    assert "缺少编码" in said[3]
    assert "与第 2 行重复" in said[4]
    assert "不认识级别“村庄”" in said[5]
    assert "不在地球上" in said[6]
    assert "只有一半" in said[7]
    assert "不是数字" in said[8]
    assert "没有道路" in said[9]


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "@x", "柳荫\x1b[2J路", "柳荫\u202e路"])
def test_what_would_run_or_mislead_is_refused(tmp_path: Path, text: str) -> None:
    read = gazetteer(tmp_path, ["1", "柳荫路"], ["2", text], headings=["id", "road"])
    assert read.frame["id"].tolist() == ["1"]
    assert [found.row_number for found in read.rejections] == [3]
    aliases = read_aliases(table(tmp_path / "a.csv", [["alias", "name"], ["老街", "柳荫路"], [text, "柳荫路"]]))
    assert aliases.frame["alias"].tolist() == ["老街"]


def test_exchanged_columns_of_coordinates_are_told(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="没有一行可用"):
        gazetteer(tmp_path, ["1", "柳荫路", "22.5", "114.1"], headings=["id", "road", "lon", "lat"])
    read = gazetteer(
        tmp_path,
        ["1", "柳荫路", "", ""],
        ["2", "柳荫路", "22.5", "114.1"],
        headings=["id", "road", "lon", "lat"],
    )
    assert "写反" in read.rejections[0].problem.fix_zh


def test_a_stated_datum_is_undone(tmp_path: Path) -> None:
    path = table(tmp_path / "g.csv", [["id", "road", "lon", "lat"], ["1", "柳荫路", "114.05", "22.55"]])
    plain, moved = read_gazetteer(path), read_gazetteer(path, datum="gcj02")
    assert any("WGS84" in zh for zh, _ in plain.notes)
    assert not any("WGS84" in zh for zh, _ in moved.notes)
    # GCJ-02 lies some 300 to 700 m from WGS84 in the south of China.
    assert 0.002 < abs(plain.frame["lon"][0] - moved.frame["lon"][0]) < 0.008


def test_a_file_of_something_else_is_refused_with_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match="苹果"):
        gazetteer(tmp_path, ["1", "2"], headings=["苹果", "梨"])
    other = tmp_path / "g.geojson"
    other.write_text("{}")
    with pytest.raises(FileFormatError, match="不是表格"):
        read_gazetteer(other)


def test_aliases_are_read_with_their_kinds(tmp_path: Path) -> None:
    path = table(
        tmp_path / "a.csv",
        [
            ["俗称", "类型", "标准名称", "编码"],
            ["老街", "道路", "柳荫路", ""],
            ["粮站", "compound", "", "9"],
            ["大院", "", "柳荫花园", ""],
            ["", "道路", "柳荫路", ""],
            ["旧厂", "道路", "", ""],
            ["高台", "星球", "柳荫路", ""],
        ],
    )
    read = read_aliases(path)
    assert read.frame["kind"].tolist() == ["road", "compound", ""]
    assert read.frame["alias"].tolist() == ["老街", "粮站", "大院"]
    assert [number for number, _ in reasons(read)] == [5, 6, 7]


def test_aliases_of_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match="标准名称"):
        read_aliases(table(tmp_path / "a.csv", [["别名", "类型"], ["老街", "道路"]]))


def test_the_column_of_addresses_is_found_or_asked_for() -> None:
    assert address_column(["工单号", "来电内容", "事发地点"], None) == "事发地点"
    assert address_column(["姓名", "商户地址"], None) == "商户地址"
    assert address_column(["甲", " 乙 "], "乙") == " 乙 "
    with pytest.raises(ColumnError, match="甲地址、乙地址"):
        address_column(["甲地址", "乙地址"], None)
    with pytest.raises(ColumnError, match="姓名、电话"):
        address_column(["姓名", "电话"], None)
    with pytest.raises(ColumnError, match="没有“丙”列"):
        address_column(["甲", "乙"], "丙")


@given(st.lists(st.text(max_size=8), min_size=1, max_size=30, unique=True))
def test_no_heading_is_taken_twice(headings: list[str]) -> None:
    for words in ("address_columns", "alias_columns", "call_columns"):
        taken = list(match_columns(headings, words).values())
        assert len(taken) == len(set(taken))
        assert set(taken) <= set(headings)


def test_no_two_columns_have_a_word_in_common() -> None:
    for words in ("address_columns", "alias_columns", "call_columns"):
        seen: dict[str, str] = {}
        for entry in dictionary(words).entries.values():
            for word in {fold(each) for each in (entry.code, entry.zh, entry.en, *entry.extra.get("aliases", ()))}:
                assert seen.setdefault(word, entry.code) == entry.code, word


def test_a_table_of_queries_keeps_its_rows(tmp_path: Path) -> None:
    path = table(tmp_path / "q.csv", [["query_id", "query"], ["1", "=cmd()"], ["2", ""], ["3", "柳荫路,12号"]])
    read = read_table(path)
    assert read.rows == [["1", "=cmd()"], ["2", ""], ["3", "柳荫路,12号"]]
