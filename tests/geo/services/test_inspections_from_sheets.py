"""Inspections in from sheets: once each, or back with why; and what went out comes in elsewhere as it was."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from sqlalchemy import Engine

from geo.access.actor import Actor
from geo.errors import BoundsError, ColumnError
from geo.exchange.address_files import read_table
from geo.exchange.stamps import stamp_now
from geo.exchange.tables import RowProblem, TextTable
from geo.exchange.writing import write_frame
from geo.ledger.checklists import checklist
from geo.services import inspecting, inspections_from_sheets
from geo.services.inspecting import Answered, InspectionFilter, InspectionRecord, Sent
from geo.services.inspection_sheets import export_inspections
from geo.services.inspections_from_sheets import TakenRow, import_inspections, rows_read
from geo.services.sheet_rows import parts_of
from geo.storage.database import session_scope
from geo.territory.times import CHINA_TIME
from tests import factories as make
from tests.databases import Databases
from tests.geo.services import inspected
from tests.geo.services.inspected import (
    ELSEWHERE,
    INSPECTOR,
    LIFT,
    LOW_HOME,
    NEXT_RENTAL,
    ONE,
    PLANNER,
    RENTAL,
    SECOND,
    SHOP,
    TWO,
)

HEADINGS = ["检查时间", "检查方", "结果", "检查表", "问题", "不适用", "场所编码", "户编码", "楼栋编码", "备注"]
SHOP_LIST = checklist("small_shop").items
WIRING = SHOP_LIST["wiring"].fault_zh
NOW = datetime.now(CHINA_TIME).replace(second=0, microsecond=0) - timedelta(days=1)


@pytest.fixture
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("inspected", inspected.fill)) as engine:
        yield engine


def row(**said: str) -> dict[str, str]:
    return {"检查时间": f"{NOW:%Y-%m-%d %H:%M}", "结果": "未发现问题", "场所编码": SHOP} | said


def sheet(*rows: dict[str, str]) -> TextTable:
    headings = list(dict.fromkeys([*HEADINGS, *(name for each in rows for name in each)]))
    return TextTable(
        headings, [[each.get(name, "") for name in headings] for each in rows], list(range(2, 2 + len(rows)))
    )


def take(engine: Engine, table: TextTable, actor: Actor = INSPECTOR) -> list[TakenRow]:
    with session_scope(engine, actor) as session:
        return import_inspections(session, table, actor=actor)


def outcomes(taken: list[TakenRow]) -> list[str]:
    return [each.taken.outcome for each in taken]


def why(taken: list[TakenRow]) -> list[str]:
    return [f"{each.taken.reason_zh} {each.taken.reason_en}" for each in taken if each.taken.outcome == "refused"]


def exported(engine: Engine, actor: Actor = PLANNER) -> pd.DataFrame:
    with session_scope(engine, actor) as session:
        return export_inspections(session, InspectionFilter(), actor=actor)


def kept(engine: Engine) -> list[InspectionRecord]:
    with session_scope(engine, PLANNER) as session:
        return inspecting.look_at_inspections(session, InspectionFilter(), actor=PLANNER)


def test_rows_are_looks_and_what_is_not_named_is_in_order(store: Engine) -> None:
    seen: list[int] = []
    table = sheet(
        row(结果="发现问题", 问题=f"{WIRING}(厨房;灶台旁);extinguisher", 不适用="gas", 备注="复查"),
        row(结果="无人", 场所编码=RENTAL, 检查时间=f"{NOW.year}/{NOW.month}/{NOW.day} 8:05"),
        row(场所编码="", 户编码=LOW_HOME, 检查方="fire_rescue", 结果="clear"),
        row(场所编码="", 楼栋编码=ONE, 检查表="单位场所", 检查方="消防救援部门"),
    )  # fmt: skip
    with session_scope(store, INSPECTOR) as session:
        taken = import_inspections(session, table, actor=INSPECTOR, progress=seen.append)
    assert outcomes(taken) == ["recorded"] * 4, why(taken)
    assert [each.number for each in taken] == [2, 3, 4, 5]
    assert seen == [1, 2, 3, 4]
    first, shut, home, building = (each.taken.inspection for each in taken)
    assert first is not None
    assert shut is not None
    assert home is not None
    assert building is not None
    answered = {item["code"]: (item["result"], item["note"]) for item in first.items}
    assert answered.pop("wiring") == ("fault", "厨房;灶台旁")
    assert answered.pop("extinguisher") == ("fault", None)
    assert answered.pop("gas") == ("not_applicable", None)
    assert set(answered.values()) == {("ok", None)}
    assert set(answered) | {"wiring", "extinguisher", "gas"} == set(SHOP_LIST)
    assert first.inspected_at == NOW
    assert len(taken[0].taken.hazards) == 2
    assert (shut.result, shut.items, shut.inspected_at.astimezone(CHINA_TIME).hour) == ("no_access", [], 8)
    assert (home.checklist, home.result, home.party) == ("home", "clear", "fire_rescue")
    assert (building.checklist, building.building_code, building.place_code) == ("premises", ONE, None)
    told = rows_read(table, taken)
    assert told.counts == {"recorded": 4, "known": 0, "refused": 0}
    assert told.rows["登记编号"].tolist() == [each.id for each in (first, shut, home, building)]
    assert told.rows["隐患编号"][0].count("、") == 1


def test_a_row_that_cannot_be_taken_comes_back_with_why_and_the_others_are_taken(store: Engine) -> None:
    wrong = [
        (row(检查时间="昨天"), "时间应写作"),
        (row(检查时间="2026-02-30 08:00"), "时间应写作"),
        (row(检查时间="2026-11-20 25:00"), "时间应写作"),
        (row(检查时间=""), "时间应写作"),
        (row(检查时间="2020-01-01 08:00"), "31 天"),
        (row(检查时间=f"{NOW + timedelta(days=9):%Y-%m-%d %H:%M}"), "将来"),
        (row(检查方="外星人"), "没有检查方“外星人”;可用:网格员"),
        (row(结果="还行"), "没有结果“还行”;可用:未发现问题"),
        (row(结果=""), "没有写结果"),
        (row(检查表="外星人"), "没有检查表“外星人”;可用:家庭"),
        (row(检查表="电梯"), "检查表“电梯”不用于“小档口”"),
        (row(结果="发现问题", 问题="外星人"), f"检查表没有“外星人”.*可写:.*{WIRING}"),
        (row(结果="发现问题"), "没有写问题"),
        (row(问题="wiring"), "却写了 1 项问题"),
        (row(结果="无人开门", 问题="wiring"), "无人开门时不填检查项目"),
        (row(结果="发现问题", 问题="wiring;wiring"), "填了两次"),
        (row(结果="发现问题", 问题="wiring", 不适用="wiring"), "填了两次"),
        (row(结果="发现问题", 问题=f"wiring({'长' * 501})"), "最多 500 字"),
        (row(备注="长" * 2_001), "最多 2000 字"),
        (row(符合项数="3"), f"应为 {len(SHOP_LIST)}"),
        (row(场所编码=""), "没有写明检查了什么"),
        (row(场所编码="x'; DROP TABLE inspection; --"), "场所:编码"),
        (row(场所编码=f"{make.STREET}P999999"), "没有编码为"),
        (row(楼栋编码=ONE), "没有编码为"),
        (row(场所编码=NEXT_RENTAL), "没有编码为"),
        (row(场所编码="", 楼栋编码=TWO), "请写明检查表"),
        (row(检查方="=HYPERLINK(1)"), "公式"),
        (row(备注="\u202egpj"), "改变文字方向"),
    ]
    table = sheet(*(each for each, _ in wrong), row(场所编码=LIFT), row(备注="=cmd|' /C calc'!A0", 场所编码=RENTAL))
    taken = take(store, table)
    assert outcomes(taken) == ["refused"] * len(wrong) + ["recorded"] * 2
    for reason, (_, expected) in zip(why(taken), wrong, strict=True):
        assert pd.Series(reason).str.contains(expected).all(), reason
    assert len(kept(store)) == 2
    told = rows_read(table, taken)
    assert told.refused["行号"].tolist() == list(range(2, 2 + len(wrong)))
    assert told.refused["原因"].tolist() == why(taken)


def test_the_same_sheet_twice_records_nothing_twice(store: Engine) -> None:
    table = sheet(row(结果="发现问题", 问题="wiring"), row(场所编码=RENTAL, 备注="x"), row(场所编码=RENTAL, 备注="x"))
    assert outcomes(take(store, table)) == ["recorded", "recorded", "known"]
    again = take(store, table)
    assert outcomes(again) == ["known"] * 3
    assert len(again[0].taken.hazards) == 1
    assert len(kept(store)) == 2
    # What is on record does not change: a row that now says something else is told so.
    changed = take(store, sheet(row(结果="发现问题", 问题="exits"), row(场所编码=RENTAL, 备注="y")))
    assert outcomes(changed) == ["refused", "refused"]
    assert all("内容不同" in reason and "says something else" in reason for reason in why(changed))
    # A party of its own, or a time of its own, is a look of its own.
    others = sheet(row(检查方="街道"), row(检查时间=f"{NOW - timedelta(hours=2):%Y-%m-%d %H:%M}"))
    assert outcomes(take(store, others)) == ["recorded", "recorded"]


def test_who_looked_is_not_lost_where_somebody_else_enters_it(store: Engine) -> None:
    take(store, sheet(row(检查人="老王", 备注="湿"), row(检查人="wang", 场所编码=RENTAL)))
    assert sorted((each.inspector, each.note or "") for each in kept(store)) == [
        ("wang", ""),
        ("wang", "检查人:老王;湿"),
    ]


def test_places_of_others_are_not_there(store: Engine) -> None:
    table = sheet(row(), row(场所编码=NEXT_RENTAL))
    assert outcomes(take(store, table, ELSEWHERE)) == ["refused", "recorded"]
    assert outcomes(take(store, table, replace(SECOND, scopes=("440307002001001",)))) == ["refused", "refused"]


def test_sheets_that_say_too_little_or_too_much_are_refused(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for headings, missing in (
        (["结果", "场所编码"], "检查时间"),
        (["检查时间", "登记结果", "场所编码"], "结果"),
        (["检查时间", "结果"], "楼栋编码"),
    ):
        with pytest.raises(ColumnError, match=missing):
            take(store, TextTable(headings, [["x"] * len(headings)], [2]))
    monkeypatch.setattr(inspections_from_sheets, "MOST_ROWS", 1)
    with pytest.raises(BoundsError):
        take(store, sheet(row(), row()))


def test_a_long_sheet_in_parts_is_the_same_sheet(store: Engine) -> None:
    table = sheet(row(), row(检查时间="昨天"), row(场所编码=RENTAL), row(场所编码=LIFT))
    table.problems[3] = RowProblem("", "", "本行是 GBK 编码", "this line is in GBK")
    parts = parts_of(table, 3)
    assert [len(part.rows) for part in parts] == [3, 1]
    taken = [each for part in parts for each in take(store, part)]
    assert [(each.number, each.taken.outcome) for each in taken] == [
        *((2, "recorded"), (3, "refused"), (4, "recorded"), (5, "refused")),
    ]
    assert rows_read(table, taken).refused["行号"].tolist() == [3, 5]
    assert "GBK" in why(taken)[1]
    assert parts_of(sheet(), 3)[0].rows == []


def test_a_workbook_with_formulas_and_dates(store: Engine, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["检查时间", "结果", "场所编码", "楼栋编码"])
    page.append([NOW.replace(tzinfo=None), "正常", SHOP, int(TWO)])
    page.append([NOW.replace(tzinfo=None), "正常", '=CONCATENATE("4403")'])
    page.append([NOW.replace(tzinfo=None), "正常", SHOP])
    book.save(tmp_path / "looks.xlsx")
    taken = take(store, read_table(tmp_path / "looks.xlsx"))
    assert outcomes(taken) == ["refused", "refused", "recorded"]
    assert [each.number for each in taken] == [2, 3, 4]
    damaged, formula = why(taken)
    assert "15 位" in damaged
    assert "公式没有计算结果" in formula
    assert kept(store)[0].inspected_at == NOW


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_went_out_comes_in_elsewhere_as_it_was(databases: Databases, tmp_path: Path, ending: str) -> None:
    def answers(code: str, *faults: str, absent: str = "") -> tuple[Answered, ...]:
        return tuple(
            Answered(item, "fault" if item in faults else "not_applicable" if item == absent else "ok",
                     f"({item});、\n'=1+1\"," if item in faults else None)
            for item in reversed(checklist(code).items)
        )  # fmt: skip

    def sent(key: str, **said: object) -> Sent:
        return Sent(key, NOW + timedelta(seconds=31), **said)  # type: ignore[arg-type]

    shop = answers("small_shop", "wiring", "exits", absent="gas")
    looks = [
        sent("device-1", place_code=SHOP, items=shop, note="=1+1"),
        # Two of one minute are two.
        sent("device-2", place_code=SHOP, items=answers("small_shop"), note="-好"),
        sent("device-3", place_code=RENTAL, no_access=True, party="community"),
        sent("device-4", household_unit_code=LOW_HOME, items=answers("home", "window_bars")),
        sent("device-5", building_code=ONE, checklist="premises", items=answers("premises")),
    ]  # fmt: skip
    with databases.engine(databases.filled("inspected", inspected.fill)) as store:
        with session_scope(store, INSPECTOR) as session:
            done = inspecting.record_inspections(session, looks, actor=INSPECTOR)
            assert [each.outcome for each in done] == ["recorded"] * 5, done
        out = exported(store)
        [path] = write_frame(out, tmp_path / f"looks.{ending}", stamp=stamp_now("wang"))
        # Where it came from, everything is on record already.
        assert outcomes(take(store, read_table(path))) == ["known"] * 5
        assert len(kept(store)) == 5
    with databases.engine(databases.filled("inspected", inspected.fill)) as store:
        taken = take(store, read_table(path))
        assert outcomes(taken) == ["recorded"] * 5, why(taken)
        assert outcomes(take(store, read_table(path))) == ["known"] * 5
        back = exported(store)
    told = [name for name in out.columns if name != "检查编号"]
    order = ["场所编码", "户编码", "楼栋编码", "问题", "结果"]
    there, here = (each[told].fillna("").sort_values(order).reset_index(drop=True) for each in (out, back))
    pd.testing.assert_frame_equal(there, here)
