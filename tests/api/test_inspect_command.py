"""``wangge inspect``, as typed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from api.cli import app
from geo.errors import CodeError, InputError, NotFoundError
from geo.ledger.checklists import checklist
from tests import factories as make
from tests.databases import Databases
from tests.geo.services import inspected
from tests.geo.services.inspected import GRID, LIFT, NEXT_RENTAL, RENTAL, SHOP


@pytest.fixture
def store(databases: Databases, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Engine]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    with databases.engine(databases.filled("inspected", inspected.fill)) as engine:
        monkeypatch.setenv("WANGGE_DATABASE_URL", engine.url.render_as_string(hide_password=False))
        yield engine


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["inspect", *words])


def said(*words: str) -> str:
    result = run(*words)
    assert result.exit_code == 0, result.output + str(result.exception)
    return result.output


@pytest.mark.usefixtures("store")
def test_plans_made_changed_and_ended() -> None:
    assert "新建 17 个" in said("plan", "--scope", make.COMMUNITY)
    assert "新建 0 个" in said("plan", "--scope", make.COMMUNITY)
    listed = said("plans", "--scope", make.COMMUNITY)
    assert "严管出租屋每周" in listed
    number = listed.splitlines()[1].split()[0]
    assert "5" in said("change", number, "--cycle", "5", "--version", "1")
    said("end", number, "--version", "2")
    assert run("end", number).exit_code != 0
    assert isinstance(run("change", number).exception, InputError)


@pytest.mark.usefixtures("store")
def test_a_round_records_and_a_grade() -> None:
    assert "阿强小店" in said("round", "--grid", GRID)
    items = [f"--item={code}={'fault:烧焦' if code == 'wiring' else 'ok'}" for code in checklist("small_shop").items]
    assert "已记录" in said("record", SHOP, "--key", "paper-17", *items)
    assert "早已收到" in said("record", SHOP, "--key", "paper-17", *items)
    assert "阿强小店" not in said("round", "--grid", GRID)
    assert "未接受" in said("record", LIFT, "--party", "maintenance_firm", "--item", "lift_care=ok")
    assert isinstance(run("record", SHOP, "--item", "wiring=maybe").exception, InputError)
    assert "关注" in said("grade", RENTAL, "watched", "--reason", "整改到位")
    assert isinstance(run("grade", RENTAL, "red", "--reason", "x").exception, CodeError)


@pytest.mark.usefixtures("store")
def test_a_file_of_records_is_taken_once_line_by_line() -> None:
    at = "2026-11-20T09:00:00+08:00"
    now = inspected.today().isoformat() + "T00:00:00+08:00"
    rows = [{"client_key": f"line-{n}", "inspected_at": now, "place_code": code, "no_access": True}
            for n, code in enumerate((SHOP, RENTAL, NEXT_RENTAL))]  # fmt: skip
    Path("looks.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert said("import", "looks.jsonl").count("已记录") == 3
    assert said("import", "looks.jsonl").count("早已收到") == 3
    Path("bad.jsonl").write_text(json.dumps({**rows[0], "client_key": "line-9", "place_code": "440307001P999999"}))
    refused = run("import", "bad.jsonl")
    assert (refused.exit_code, "未接受" in refused.output) == (1, True)
    for wrong in (
        "{",
        "[]",
        json.dumps({"client_key": "x", "inspected_at": at, "colour": "red"}),
        '{"client_key": "x"}',
    ):
        Path("wrong.jsonl").write_text(wrong)
        assert isinstance(run("import", "wrong.jsonl").exception, InputError)


@pytest.mark.usefixtures("store")
def test_inspections_are_written_to_a_sheet(tmp_path: Path) -> None:
    said("record", SHOP, "--no-access")
    assert "1 条" in said("export", "looks.csv", "--scope", GRID)
    assert "无人" in (tmp_path / "looks.csv").read_text(encoding="utf-8-sig")


@pytest.mark.usefixtures("store")
def test_a_sheet_of_records_is_taken_once_row_by_row() -> None:
    said("record", SHOP, "--no-access")
    said("record", RENTAL, "--no-access", "--note", "三次")
    said("export", "looks.xlsx", "--scope", GRID)
    assert "早已收到 known 2" in said("import", "looks.xlsx")
    looks = Path("paper.csv")
    lines = ["检查时间,结果,问题,场所编码", f"{inspected.today()} 00:00,发现问题,wiring(灶台旁),{SHOP}"]
    looks.write_text("\n".join(lines), encoding="utf-8")
    assert "已记录 recorded 1,早已收到 known 0,未接受 refused 0" in said("import", "paper.csv")
    looks.write_text("\n".join([*lines, f"昨天,无人,,{SHOP}"]), encoding="gb18030")
    refused = run("import", "paper.csv")
    assert refused.exit_code == 1
    assert "已记录 recorded 0,早已收到 known 1,未接受 refused 1" in refused.output
    assert "第 3 行 row 3: 时间应写作" in refused.output
    assert run("import", "paper.csv", "--out", "told.csv").exit_code == 1
    assert "2026-11-22T08:30" in Path("told.csv").read_text(encoding="utf-8-sig")
    assert run("import", "paper.csv", "--out", "told.xlsx").exit_code == 1
    assert "早已收到 known 1" in run("import", "told.xlsx#登记结果").output
    for missing in ("nothing.csv", "nothing.jsonl"):
        assert isinstance(run("import", missing).exception, NotFoundError)
    Path("looks.jsonl").write_text("", encoding="utf-8")
    assert isinstance(run("import", "looks.jsonl", "--out", "told.csv").exception, InputError)
