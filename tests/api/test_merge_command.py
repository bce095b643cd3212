"""``wangge merge`` on a store, as typed."""

import json
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from api.cli import app
from geo.storage import plans
from geo.storage.database import open_engine, session_scope
from tests import factories


@pytest.fixture
def store(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Engine]:
    """Six houses of 100 in a row; 城管 has the western half and the eastern one, the worker of the west is 张三."""
    monkeypatch.setenv("WANGGE_DATABASE_URL", fresh_database_url)
    monkeypatch.chdir(tmp_path)
    engine = open_engine(fresh_database_url)
    with session_scope(engine) as session:
        factories.make_community(session)
        for number in range(1, 7):
            factories.make_building(session, number, households=100, geometry=factories.square(number - 1, 0))
        halves = [factories.square(0, 0, 3 * factories.BUILDING_DEGREES, height=factories.BUILDING_DEGREES)]
        halves.append(factories.square(1, 0, 3 * factories.BUILDING_DEGREES, height=factories.BUILDING_DEGREES))
        grids = factories.grid_frame(households=300)
        grids = gpd.GeoDataFrame(grids.drop(columns="geometry"), geometry=halves, crs=grids.crs)
        nobody = factories.assignment_frame().iloc[:0]
        plan = factories.make_plan(session, department="城管", grids=grids, assignment=nobody)
        plans.adopt(session, plan, who="tester", version=plans.read_plan(session, plan).version)
        factories.make_grid_staff(session, grid_code=grids["code"][0], name="张三")
    yield engine
    engine.dispose()


def run(*words: str) -> str:
    done = CliRunner().invoke(app, ["merge", *words], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_a_draft_is_saved_and_names_go_to_the_planners_file_alone(store: Engine) -> None:
    said = run("南湖街道", "--name", "合并", "--no-compare", "--moves", "变动.csv", "--personal")
    report = json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    assert report["merging"]["households"] == {"all": 600, "kept": 600, "moved": 0, "uncovered": 0, "kept_share": 1.0}
    with session_scope(store) as session:
        saved = plans.read_plan(session, report["plan"])
    assert (saved.name, saved.state, saved.grids) == ("合并", "draft", 2)
    assert "张三" in Path("变动.户数去向_moves.csv").read_text(encoding="utf-8-sig")
    assert "张三" not in said + json.dumps(report, ensure_ascii=False) + str(saved.report)


def test_names_are_left_out_unless_asked_for(store: Engine) -> None:
    run("南湖街道", "--no-compare", "--moves", "变动.csv")
    for path in Path().glob("变动*.csv"):
        assert "张三" not in path.read_text(encoding="utf-8-sig")


def test_the_screen_says_what_became_of_the_grids_and_how_to_draw_who_moves(store: Engine) -> None:
    said = run("南湖街道", "--no-compare")
    assert "网格 Grids: 2 → 2 (+0.0%)" in said
    assert "Posts without a grid: 0\n" in said
    assert "New grids without a worker: 0\n" in said
    plan = json.loads(Path("out/report.json").read_text(encoding="utf-8"))["plan"]
    (command,) = (line.strip() for line in said.splitlines() if line.strip().startswith("wangge map"))
    assert command.endswith(f"--against 城管 --plan {plan} --out out/moves-城管.html")
    drawn = CliRunner().invoke(app, command.split()[1:], catch_exceptions=False)
    assert drawn.exit_code == 0
    assert Path("out/moves-城管.html").exists()
