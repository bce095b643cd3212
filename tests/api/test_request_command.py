"""``wangge request``, ``wangge figures`` and ``wangge hotspots``, as typed."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from api.cli import app
from geo.exchange.address_files import read_table
from geo.exchange.writing import write_frame
from geo.services.cases import CaseFilter, CaseRecord, read_cases
from geo.services.placing_requests import WhereError
from geo.services.requesting import KnownAlreadyError
from geo.storage.database import session_scope
from tests.databases import Databases
from tests.factories import STREET
from tests.geo.services import addressed
from tests.geo.services.addressed import ELSEWHERE, FIRST, FLAG, GRIDS

RUBBISH, WHERE = "楼下垃圾堆了三天没人清运", "荷香路30号红旗楼"


@pytest.fixture
def store(databases: Databases, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Engine]:
    monkeypatch.chdir(tmp_path)
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        monkeypatch.setenv("WANGGE_DATABASE_URL", engine.url.render_as_string(hide_password=False))
        yield engine


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


def kept(engine: Engine) -> list[CaseRecord]:
    with session_scope(engine) as session:
        return read_cases(session, CaseFilter(workflow="request"))


def test_a_request_from_the_call_to_whom_it_goes(store: Engine) -> None:
    said = run("request", "open", RUBBISH, "--address", WHERE, "--name", "王女士", "--phone", "13912345678").output
    (record,) = kept(store)
    assert record.number in said
    assert f"[{GRIDS[1]}]" in said
    with pytest.raises(KnownAlreadyError, match=record.number):
        run("request", "open", "垃圾没人清运", "--address", WHERE)
    said = run("request", "open", "垃圾没人清运", "--address", WHERE, "--joins", record.number).output
    assert f"并入 joined to {record.number}" in said
    said = run("request", "route", record.number, "--nature", "help").output
    assert f"→ {GRIDS[1]}" in said
    assert "4 个工作小时" in said


def test_what_is_not_one_place_is_asked_back_kept_and_placed(store: Engine) -> None:
    with pytest.raises(WhereError):
        run("request", "open", RUBBISH, "--address", "锦绣花园1栋")
    assert run("request", "open", RUBBISH, "--address", "锦绣花园1栋", "--place", ELSEWHERE).exit_code == 0
    (placed,) = kept(store)
    assert placed.number in run("request", "list", "--today", "--text", "垃圾", "--taken").output
    for words in (("--overdue",), ("--unplaced",), ("--assignee", GRIDS[0]), ("--scope", FIRST)):
        assert "No requests" in run("request", "list", *words).output
    assert "地点待核实" in run("request", "open", RUBBISH, "--address", "没有路1号", "--community", FIRST).output
    number = kept(store)[0].number
    assert FLAG in run("request", "place", number, "--place", FLAG).output


def test_nothing_is_overdue_on_its_first_day(store: Engine) -> None:
    run("request", "open", RUBBISH, "--address", WHERE)
    assert "taken up 0 rungs" in run("request", "escalate").output


def test_sheets_in_and_out(store: Engine) -> None:
    rows = {"内容": [RUBBISH, "电梯坏了", "x"], "地点说明": [WHERE, "没有路1号", WHERE], "类型": ["", "", "外星人"]}
    write_frame(pd.DataFrame(rows), Path("calls.csv"))
    read = ("request", "import", "calls.csv", "--column", "address=地点说明")
    said = run(*read, "--out", "taken.xlsx").output
    assert "新登记 opened 1" in said
    assert "未登记 refused 2" in said
    assert len(read_table(Path("taken.xlsx"), sheet="未登记").rows) == 2
    assert "已登记过 known 1" in run(*read, "--community", FIRST).output
    assert "(2 件 cases)" in run("request", "export", "cases.csv", "--scope", STREET).output
    assert len(read_table(Path("cases.csv")).rows) == 2


def test_figures_and_hot_spots(store: Engine) -> None:
    for place in (WHERE, "荷香路12号锦绣花园1栋", "荷香路12号锦绣花园2栋"):
        run("request", "open", "有人投诉垃圾", "--address", place, "--new")
    said = run("figures", STREET, "--as", "request").output
    assert "found" in said
    assert "服务零距离" in said
    run("figures", STREET, "--by", "grid", "--out", "figures.csv")
    table = read_table(Path("figures.csv"))
    assert table.rows[-1][0] == "合计"
    assert table.rows[-1][table.headings.index("新增(件)")] == "3"
    said = run("hotspots", STREET, "--radius", "2000", "--at-least", "3").output
    assert "rubbish" in said
    assert "没有热点" in run("hotspots", STREET, "--at-least", "9").output
    run("hotspots", STREET, "--radius", "2000", "--at-least", "3", "--out", "spots.csv")
    assert read_table(Path("spots.csv")).rows[0][0] == "3"
