"""``wangge edit`` as planners type it."""

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from api.cli import app
from geo.errors import CodeError, InputError, StaleVersionError
from geo.storage import events, plans
from geo.storage.database import session_scope
from tests import races

WHO = "张三"


@pytest.fixture
def plan_id(empty_store: Engine, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("USER", WHO)
    with session_scope(empty_store) as session:
        races.lay_out(session)
        return races.make_draft(session)


def run(*words: object) -> str:
    result = CliRunner().invoke(app, ["edit", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_buildings_move_and_the_plan_is_renamed(empty_store: Engine, plan_id: int) -> None:
    moves = [word for code in races.MIDDLE[:2] for word in ("--move", f"{code}={races.GRIDS[1]}")]
    shown = run(plan_id, *moves, "--name", "改过的方案")
    assert "100 户" in shown
    assert "80 户" in shown
    assert "version 3" in shown
    with session_scope(empty_store) as session:
        plan = plans.read_plan(session, plan_id)
        assert (plan.name, plan.version) == ("改过的方案", 3)
        told = events.read(session, noun="plan", code=str(plan_id), limit=2)
        assert [(record.what, record.who) for record in told] == [("changed", WHO), ("edited", WHO)]


def test_a_plan_is_called_as_it_was_typed_and_listed_so(empty_store: Engine, plan_id: int) -> None:
    run(plan_id, "--name", " [/b][red]甲案 ")
    with session_scope(empty_store) as session:
        assert plans.read_plan(session, plan_id).name == "[/b][red]甲案"
    listed = CliRunner(env={"COLUMNS": "160"}).invoke(app, ["plans"], catch_exceptions=False)
    assert "[/b][red]甲案" in listed.output
    run(plan_id, "--move", f"{races.MIDDLE[0]}={races.GRIDS[1]}")
    assert "[/b][red]甲案 的修改" in edits(plan_id)
    with pytest.raises(InputError, match="not seen"):
        run(plan_id, "--name", "甲\x1b[2J")
    with pytest.raises(StaleVersionError):
        run(plan_id, "--name", "乙案", "--version", 1)


def test_a_grid_is_made_and_ended(empty_store: Engine, plan_id: int) -> None:
    new = f"{races.GRIDS[0][:12]}009"
    homes = [code for code in races.BUILDINGS if code not in races.BUILDINGS[2 * races.COLUMNS :]]
    moves = [word for code in homes for word in ("--move", f"{code}={new}")]
    shown = run(plan_id, *moves, "--new-grid", new, "--end-grid", races.GRIDS[0])
    assert f"{new} 第9网格: 120 户" in shown
    assert f"{races.GRIDS[0]}: 已撤销 ended" in shown
    with session_scope(empty_store) as session:
        assert plans.read_grids(session, plan_id)["code"].tolist() == [races.GRIDS[1], new]


def test_out_of_range_is_noted(plan_id: int) -> None:
    new = f"{races.GRIDS[0][:12]}009"
    shown = run(plan_id, "--move", f"{races.BUILDINGS[0]}={new}", "--new-grid", new)
    assert f"网格 {new} 有 10 户" in shown


def test_a_version_that_was_seen_may_be_named(plan_id: int) -> None:
    move = f"{races.MIDDLE[0]}={races.GRIDS[1]}"
    run(plan_id, "--move", move, "--version", 1)
    with pytest.raises(StaleVersionError, match=WHO):
        run(plan_id, "--move", f"{races.MIDDLE[1]}={races.GRIDS[1]}", "--version", 1)


def test_an_edit_that_fails_leaves_nothing_behind(empty_store: Engine, plan_id: int) -> None:
    with pytest.raises(CodeError):
        run(plan_id, "--name", "新名", "--move", f"{races.MIDDLE[0]}=440307001001777")
    with session_scope(empty_store) as session:
        assert plans.read_plan(session, plan_id).version == 1


@pytest.mark.parametrize("text", ["", "x", "4403070010010000001", "4403070010010000001=", "=440307001001001", "1:2=3"])
def test_a_move_that_does_not_read_so_is_refused(plan_id: int, text: str) -> None:
    with pytest.raises(InputError, match="BUILDING=GRID"):
        run(plan_id, "--move", text)


def test_nothing_to_edit_is_said(plan_id: int) -> None:
    with pytest.raises(InputError, match="nothing to edit"):
        run(plan_id)


def test_who_did_what_is_listed(plan_id: int) -> None:
    assert "没有修改过" in edits(plan_id)
    new = f"{races.GRIDS[0][:12]}009"
    run(plan_id, "--move", f"{races.MIDDLE[0]}={races.GRIDS[1]}", "--move", f"{races.MIDDLE[1]}={races.GRIDS[1]}")
    run(plan_id, "--move", f"{races.BUILDINGS[0]}={new}", "--new-grid", new)
    listed = edits(plan_id)
    assert listed.count(WHO) == 2
    assert f"{races.GRIDS[0]} → {races.GRIDS[1]}: 2 处 places" in listed
    assert f"新建 made {new}" in listed
    assert f"{races.GRIDS[0]} → {races.GRIDS[1]}" not in edits(plan_id, "--after", 2)


def edits(*words: object) -> str:
    result = CliRunner(env={"COLUMNS": "160"}).invoke(app, ["edits", *map(str, words)])
    assert result.exit_code == 0, result.output
    return result.output
