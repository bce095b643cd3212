"""``wangge merge`` on a store, as typed, and what adopting its plan ends."""

import json
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from typer.testing import CliRunner

from api.cli import app
from api.main import create_app
from api.settings import AppSettings
from geo.storage import plans
from geo.storage.database import session_scope
from geo.territory.times import CHINA_TIME
from tests import factories
from tests.api.people import client_of


@pytest.fixture
def store(empty_store: Engine) -> Engine:
    """Six houses of 100 in a row; 城管 has the western half and the eastern one, the worker of the west is 张三."""
    with session_scope(empty_store) as session:
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
    return empty_store


def run(*words: str) -> str:
    done = CliRunner().invoke(app, ["merge", *words], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_a_draft_is_saved_and_names_go_to_the_planners_file_alone(store: Engine) -> None:
    said = run("南湖街道", "--name", "合并", "--no-compare", "--moves", "变动.csv", "--personal")
    report = json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    counts = report["merging"]["households"]
    assert counts == {"all": 600, "kept": 600, "moved": 0, "uncovered": 0, "kept_share": 1.0, "most_kept": 600}
    with session_scope(store) as session:
        saved = plans.read_plan(session, report["plan"])
    assert (saved.name, saved.state, saved.grids) == ("合并", "draft", 2)
    assert "张三" in Path("变动.户数去向_moves.csv").read_text(encoding="utf-8-sig")
    assert "张三" not in said + json.dumps(report, ensure_ascii=False) + str(saved.report)


def test_names_are_left_out_unless_asked_for(store: Engine) -> None:
    run("南湖街道", "--no-compare", "--moves", "变动.csv")
    for path in Path().glob("变动*.csv"):
        text = path.read_text(encoding="utf-8-sig")
        assert "张三" not in text
        assert text.startswith("网格 wangge · 导出 exported: ")


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


def adopt(*words: str) -> str:
    return CliRunner().invoke(app, ["adopt", *words], catch_exceptions=False).output


def state_of(engine: Engine, plan: int) -> str:
    with session_scope(engine) as session:
        return plans.read_plan(session, plan).state


@pytest.fixture
def client(store: Engine) -> TestClient:
    return client_of(create_app(AppSettings(), store), store, scopes=[factories.COMMUNITY[:9]])


def test_adopting_ends_departments_plans_only_when_told_to(store: Engine) -> None:
    said = run("南湖街道", "--no-compare")
    assert "wangge adopt 2 --retire" in said
    assert "Stay in force (--retire ends them): 城管 1 方案" in adopt("2", "-y")
    assert (state_of(store, 1), state_of(store, 2)) == ("adopted", "adopted")
    today = f"{datetime.now(CHINA_TIME):%Y-%m-%d}"
    assert f"城管 方案 1 方案(2 个网格 grids):{today} 结束 ended" in adopt("2", "--retire", "-y")
    assert (state_of(store, 1), state_of(store, 2)) == ("superseded", "adopted")


def test_both_at_once_after_the_question(store: Engine) -> None:
    run("南湖街道", "--no-compare")
    asked = CliRunner().invoke(app, ["adopt", "2", "--retire"], input="n\n", catch_exceptions=False).output
    assert "Will end as well: 城管 1 方案" in asked
    assert (state_of(store, 1), state_of(store, 2)) == ("adopted", "draft")
    adopt("2", "--retire", "-y")
    assert (state_of(store, 1), state_of(store, 2)) == ("superseded", "adopted")


def test_over_http_departments_plans_end_with_the_adoption_or_later(store: Engine, client: TestClient) -> None:
    for _ in range(2):
        client.post("/plans/merge", json={"scope": factories.COMMUNITY, "compare": False})
    seen = {"If-Match": '"1"'}
    assert client.post("/plans/2/retire-departments").status_code == 409  # not in force yet
    plain = client.post("/plans/2/adopt", headers=seen).json()
    assert (plain["state"], plain["retired"], state_of(store, 1)) == ("adopted", [], "adopted")
    ended = client.post("/plans/2/retire-departments").json()["retired"]
    assert [(plan["id"], plan["department"], plan["state"]) for plan in ended] == [(1, "城管", "superseded")]
    # The other draft was merged from the plan that ended: nothing of the request is done.
    refused = client.post("/plans/3/adopt?retire=true", headers=seen)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:wangge:problem:conflict")
    assert [state_of(store, plan) for plan in (1, 2, 3)] == ["superseded", "adopted", "draft"]


def test_over_http_both_at_once(store: Engine, client: TestClient) -> None:
    client.post("/plans/merge", json={"scope": factories.COMMUNITY, "compare": False})
    adopted = client.post("/plans/2/adopt?retire=true", headers={"If-Match": '"1"'}).json()
    assert (adopted["state"], [plan["id"] for plan in adopted["retired"]]) == ("adopted", [1])
    assert [state_of(store, plan) for plan in (1, 2)] == ["superseded", "adopted"]
