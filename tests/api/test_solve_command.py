"""``wangge solve``, ``wangge locks``, ``wangge remarks`` and ``wangge plan-report`` as planners type them."""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from api.cli import app
from geo.errors import CodeError, InputError, StaleVersionError
from geo.storage import plans
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
    result = CliRunner().invoke(app, [*map(str, words)], env={"COLUMNS": "160"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_what_colleagues_locked_is_listed_kept_and_lifted(
    empty_store: Engine, plan_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = races.GRIDS
    assert "没有锁定" in run("locks", plan_id)
    monkeypatch.setenv("USER", "李四")
    run("locks", plan_id, "--lock", one)
    monkeypatch.setenv("USER", WHO)
    shown = run("locks", plan_id, "--lock", other)
    assert f"{one} " in shown
    assert [who for who in shown.split() if who in ("李四", WHO)] == ["李四", WHO]
    with pytest.raises(InputError, match="解锁"):
        run("solve", plan_id, "--locked")
    assert f"{one} 由 李四 锁定" in run("edit", plan_id, "--move", f"{races.MIDDLE[0]}={other}")
    assert "没有锁定" in run("locks", plan_id, "--lift", one, "--lift", other)
    with pytest.raises(CodeError, match="no grid or compound"):
        run("locks", plan_id, "--lock", f"{one[:12]}777")


def test_a_draft_is_solved_remarked_on_and_reported(empty_store: Engine, plan_id: int, tmp_path: Path) -> None:
    with session_scope(empty_store) as session:
        bounds = plans.read_plan(session, plan_id)
        was = plans.read_assignment(session, plan_id)
    assert bounds.lower is not None
    shown = run("solve", plan_id, "--keep-grid", races.GRIDS[0])
    with session_scope(empty_store) as session:
        plan, now = plans.read_plan(session, plan_id), plans.read_assignment(session, plan_id)
    kept = [frame.loc[frame["grid_code"] == races.GRIDS[0], "building_code"].tolist() for frame in (was, now)]
    assert kept[0] == kept[1]
    changed = not was.equals(now)
    assert (f"version {plan.version}" in shown, "Nothing better" in shown) == (changed, not changed)
    with pytest.raises(StaleVersionError):
        run("solve", plan_id, "--version", 77)
    with pytest.raises(CodeError, match="no grid"):
        run("solve", plan_id, "--keep-grid", f"{races.GRIDS[0][:12]}777")

    assert "No remarks yet" in run("remarks", plan_id)
    said = run("remarks", plan_id, "--say", "走[b]南门", "--grid", races.GRIDS[0])
    assert f"{WHO} [{races.GRIDS[0]}] 走[b]南门" in said
    assert f"{WHO} 已处理 resolved" in run("remarks", plan_id, "--resolve", said.split()[0])
    with pytest.raises(InputError):
        run("remarks", plan_id, "--say", " ")

    out = tmp_path / "方案.pdf"
    told = run("plan-report", plan_id, "--out", out)
    assert out.read_bytes().startswith(b"%PDF")
    assert all(code in told for code in set(now["grid_code"]))
    assert "SHA-256" in told
    assert "adopted" not in told
    run("adopt", plan_id, "--yes")
    assert "与采用时一致 as adopted" in run("plan-report", plan_id)
    with pytest.raises(InputError, match="pdf"):
        run("plan-report", plan_id, "--out", "x.docx")
