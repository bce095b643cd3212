"""``wangge plan``, ``wangge plans`` and ``wangge adopt`` as typed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from api.cli import app
from geo.errors import ConflictError, NotFoundError
from geo.storage import plans
from geo.storage.database import open_engine, session_scope
from tests import factories


@pytest.fixture
def store(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Engine]:
    monkeypatch.setenv("WANGGE_DATABASE_URL", fresh_database_url)
    monkeypatch.chdir(tmp_path)
    engine = open_engine(fresh_database_url)
    with session_scope(engine) as session:
        factories.make_community(session)
        for number in range(1, 5):
            factories.make_building(session, number, households=120)
    yield engine
    engine.dispose()


def run(*words: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=answer, catch_exceptions=False)


def state_of(engine: Engine, plan: int) -> str:
    with session_scope(engine) as session:
        return plans.read_plan(session, plan).state


def test_a_street_is_planned_listed_and_adopted(store: Engine) -> None:
    drafted = run("plan", "南湖街道", "--name", "试划")
    assert "达标率 In range: 100.0%" in drafted.output
    report = json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    assert (report["households"], report["grids"], report["in_range"]) == (480, 2, 2)

    listed = run("plans", "南湖街道")
    assert "试划" in listed.output
    assert "草案" in listed.output

    kept = run("adopt", str(report["plan"]), answer="n\n")
    assert "没有改变" in kept.output
    assert state_of(store, report["plan"]) == "draft"

    run("adopt", str(report["plan"]), "-y")
    assert state_of(store, report["plan"]) == "adopted"
    assert "试划" not in run("plans", "--state", "draft").output
    with pytest.raises(ConflictError):
        run("adopt", str(report["plan"]), "-y")


def test_a_plan_that_is_not_there_is_said(store: Engine) -> None:
    with pytest.raises(NotFoundError, match="77"):
        run("adopt", "77", "-y")
