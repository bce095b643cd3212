"""Sheets in and out: every row becomes a case once, or comes back with why."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from geo.errors import BoundsError, ColumnError, InputError
from geo.exchange.address_files import read_table
from geo.exchange.stamps import stamp_now
from geo.exchange.tables import RowProblem, TextTable
from geo.exchange.writing import write_frame
from geo.services import case_files, cases
from geo.services.address_books import AddressBooks
from geo.services.case_files import export_cases, import_cases
from geo.services.cases import CaseFilter
from geo.services.sheet_rows import RowsRead, write_read
from geo.storage.database import session_scope
from tests.databases import Databases
from tests.geo.services import addressed
from tests.geo.services.addressed import ASSESSOR, FIRST, FLAG, SHOP, STAFF

HEADINGS = ["工单编号", "诉求内容", "事发地址", "诉求类型", "诉求性质", "来电人", "联系电话", "来电时间"]
ROWS = [
    ["1", "垃圾没人清运", "荷香路30号红旗楼", "", "", "王女士", "13912345678", "2026-11-20 08:30"],
    ["2", "电梯坏了", "荷香路12号锦绣花园1栋", "电梯", "投诉", "", "", "2026/11/20"],
    ["3", "路灯坏了", "不存在路9号", "public_facility", "help", "", "", ""],
    ["4", "太吵", "荷香路30号红旗楼", "外星人", "", "", "", ""],
    ["5", "", "荷香路30号红旗楼", "", "", "", "", ""],
    ["6", "太吵", "荷香路30号红旗楼", "", "离谱", "", "", "昨天"],
    ["7", "=cmd|' /C calc'!A0", "荷香路30号红旗楼", "", "", "", "", ""],
]


@pytest.fixture
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        yield engine


def sheet(rows: list[list[str]] = ROWS, headings: list[str] = HEADINGS) -> TextTable:
    return TextTable(headings, rows, list(range(2, len(rows) + 2)))


def read(engine: Engine, table: TextTable, **given: object) -> RowsRead:
    with session_scope(engine, STAFF) as session:
        told = {"source": "calls.csv", "actor": STAFF, **given}
        return import_cases(session, AddressBooks(), table, **told)  # type: ignore[arg-type]


def test_rows_become_requests_and_the_others_come_back_with_why(store: Engine, tmp_path: Path) -> None:
    seen: list[int] = []
    result = read(store, sheet(), progress=seen.append)
    assert result.counts == {"opened": 3, "joined": 0, "known": 0, "refused": 4}
    assert result.rows["登记结果"].tolist() == ["新登记", "新登记", *["未登记"] * 4, "新登记"]
    assert result.refused["行号"].tolist() == [4, 5, 6, 7]
    assert result.rows[HEADINGS].to_numpy().tolist() == ROWS
    assert seen == list(range(1, 8))
    for number, word in enumerate(("不存在", "外星人", "内容", "离谱"), start=0):
        assert word in result.refused["原因"].iloc[number] or number == 0
    with session_scope(store) as session:
        found = cases.read_cases(session, CaseFilter(workflow="request"))
        asked = cases.look_at_reporter(session, found[-1].id, who="test")
    assert [(one.kind, one.building_code, one.source) for one in found[-1:]] == [("rubbish", FLAG, "file")]
    assert [one.nature for one in found[::-1]] == [None, "complaint", None]
    assert f"{found[-1].found_at:%Y-%m-%d %H:%M}" == "2026-11-20 00:30"
    assert asked is not None
    assert asked.phone == "13912345678"
    for name in ("taken.xlsx", "taken.csv"):
        written = write_read(result, tmp_path / name, stamp=stamp_now("x"))[0]
        assert read_table(written, sheet="登记结果" if name.endswith("xlsx") else None).rows[6][1] == ROWS[6][1]


def test_a_sheet_read_twice_is_read_once(store: Engine) -> None:
    read(store, sheet(ROWS[:2]))
    again = read(store, sheet([*ROWS[:2], ["8", "停水了", "荷香路30号红旗楼", "", "", "", "", ""]]))
    assert again.counts == {"opened": 1, "joined": 0, "known": 2, "refused": 0}
    # Without numbers a row is known by all that it says.
    bare = sheet([["路灯不亮", "荷香路30号红旗楼"]], ["内容", "地址"])
    assert [read(store, bare).counts["opened"] for _ in range(2)] == [1, 0]


def test_a_row_that_could_not_be_read_is_refused_with_the_reason(store: Engine) -> None:
    table = sheet(ROWS[:2])
    table.problems[1] = RowProblem(
        "诉求内容", "", "单元格 B3 的公式没有计算结果", "the formula in B3 was never calculated"
    )
    result = read(store, table)
    assert result.counts == {"opened": 1, "joined": 0, "known": 0, "refused": 1}
    assert "公式" in result.refused["原因"].iloc[0]


def test_with_a_community_nothing_comes_back_for_its_place(store: Engine) -> None:
    result = read(store, sheet([ROWS[2]]), community=FIRST)
    assert result.counts["opened"] == 1
    with session_scope(store) as session:
        (kept,) = cases.read_cases(session, CaseFilter(workflow="request"))
    assert (kept.community_code, kept.details) == (FIRST, {"where_unknown": True})


def test_hazards_are_read_and_joined(store: Engine) -> None:
    headings = ["隐患描述", "隐患地址", "隐患类型", "隐患级别", "经度", "纬度"]
    spot = addressed.middle(5)
    rows = [
        ["电线老化", "荷香路30号小李便利店", "wiring", "一般", "", ""],
        ["电线裸露", "荷香路30号小李便利店", "wiring", "", "", ""],
        ["井盖缺失", "", "other", "major", str(spot.x), str(spot.y)],
        ["井盖缺失", "", "other", "", "x", "y"],
    ]
    result = read(store, sheet(rows, headings), code="hazard")
    assert result.counts == {"opened": 2, "joined": 1, "known": 0, "refused": 1}
    with session_scope(store) as session:
        found = cases.read_cases(session, CaseFilter(workflow="hazard"))
    assert [(one.place_code, one.nature, one.sightings) for one in found[::-1]] == [
        (SHOP, "general", 2),
        (None, "major", 1),
    ]


def test_what_goes_out_can_be_read_back_and_names_nobody(store: Engine, tmp_path: Path) -> None:
    read(store, sheet(ROWS[:2]))
    with session_scope(store, STAFF) as session:
        table = export_cases(session, CaseFilter(workflow="request"), actor=STAFF)
    assert len(table) == 2
    written = write_frame(table, tmp_path / "cases.csv", stamp=stamp_now("x"))[0]
    assert "王女士" not in written.read_text(encoding="utf-8-sig")
    back = read_table(written)
    result = read(store, back, source="cases.csv")
    assert result.counts["opened"] == 2
    assert table["类型"].tolist() == ["电梯", "暴露垃圾"]


def test_pages_are_put_together(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    read(store, sheet(ROWS[:2]))
    with session_scope(store) as session:
        whole = export_cases(session, CaseFilter(), who="test")
        monkeypatch.setattr(case_files, "_PAGE", 1)
        assert export_cases(session, CaseFilter(), who="test").equals(whole)
        monkeypatch.setattr(case_files, "MOST_CASES", 1)
        with pytest.raises(BoundsError):
            export_cases(session, CaseFilter(), who="test")


def test_sheets_that_say_too_little_or_too_much_are_refused(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ColumnError, match="内容"):
        read(store, sheet([["x"]], ["地址"]))
    with pytest.raises(ColumnError, match="地址"):
        read(store, sheet([["x"]], ["内容"]))
    with pytest.raises(InputError, match="city_case"):
        read(store, sheet(), code="city_case")
    refused = read(store, sheet(ROWS[:1]), actor=ASSESSOR)
    assert refused.counts["refused"] == 1
    monkeypatch.setattr(case_files, "MOST_ROWS", 1)
    with pytest.raises(BoundsError):
        read(store, sheet())
