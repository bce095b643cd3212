"""Communities drawn anew over HTTP and as typed: drafted, seen, adopted once, refused in words."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from api.cli import app as commands
from api.main import create_app
from api.settings import AppSettings
from geo.errors import InputError
from geo.storage.database import session_scope
from tests.api import town
from tests.api.people import client_of

ASKED = {"scope": town.STREET, "tier": "community", "lower": 500, "upper": 600}


@pytest.fixture
def store(empty_store: Engine) -> Engine:
    with session_scope(empty_store) as session:
        town.build(session)
    return empty_store


@pytest.fixture
def client(store: Engine) -> Iterator[TestClient]:
    with client_of(create_app(AppSettings(), store), store) as client:
        yield client


def drafted(client: TestClient, **asked: Any) -> dict[str, Any]:
    answer = client.post("/plans", json=asked)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def adopt(client: TestClient, plan: dict[str, Any]) -> Any:
    return client.post(f"/plans/{plan['id']}/adopt", headers={"If-Match": f'"{plan["version"]}"'})


def run(*words: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(commands, list(words), input=answer, catch_exceptions=False)


def test_communities_are_drafted_shown_and_adopted(client: TestClient) -> None:
    grids = drafted(client, scope=town.STREET, lower=100, upper=200)
    assert grids["tier"] == "grid"
    assert adopt(client, grids).json()["grids_to_redraw"] == []
    plan = drafted(client, **ASKED)
    assert (plan["tier"], plan["grids"], plan["lower"], plan["upper"]) == ("community", 2, 500, 600)
    told = plan["report"]["grids_to_redraw"]
    assert told
    shown = client.get(f"/plans/{plan['id']}/grids").json()["features"]
    codes = [feature["properties"]["code"] for feature in shown]
    assert len(codes) == 2
    assert set(codes) < set(town.COMMUNITIES)
    assert client.get(f"/plans/{plan['id']}/grids/{codes[0]}").status_code == 200

    assert client.post(f"/plans/{plan['id']}/adopt").status_code == 428
    assert client.post(f"/plans/{plan['id']}/adopt", headers={"If-Match": '"7"'}).status_code in (409, 412)
    answer = adopt(client, plan)
    assert answer.status_code == 200
    assert answer.json()["grids_to_redraw"] == told
    assert adopt(client, plan).status_code in (409, 412)
    living = client.get("/communities", params={"street": town.STREET}).json()["features"]
    assert {feature["properties"]["code"] for feature in living} == set(codes)
    houses = client.get("/buildings", params={"community": codes[0], "limit": 1000}).json()["features"]
    assert {feature["properties"]["community_code"] for feature in houses} == {codes[0]}
    assert any(not feature["properties"]["code"].startswith(codes[0]) for feature in houses)


def test_drafts_of_older_communities_are_refused(client: TestClient) -> None:
    grids, older = drafted(client, scope=town.STREET, lower=100, upper=200), drafted(client, **ASKED | {"seed": 1})
    assert adopt(client, drafted(client, **ASKED)).status_code == 200
    for plan in (grids, older):
        refused = adopt(client, plan)
        assert refused.status_code == 409
        assert "重新划分" in refused.text
        assert client.get(f"/plans/{plan['id']}").json()["state"] == "draft"


def test_the_tier_sets_the_range_and_unknown_ones_are_refused(client: TestClient) -> None:
    plan = drafted(client, scope=town.STREET, tier="community")
    assert (plan["lower"], plan["upper"]) == (2000, 4000)
    assert plan["grids"] == 1
    assert client.post("/plans", json={"scope": town.STREET, "tier": "cell"}).status_code == 422
    assert client.post("/plans", json=ASKED | {"previous": plan["id"]}).status_code == 422


def test_alternatives_of_communities(client: TestClient) -> None:
    answer = client.post("/plans/alternatives", json=ASKED | {"styles": ["compact"]})
    assert answer.status_code == 201
    assert {plan["tier"] for plan in answer.json()["items"]} == {"community"}


def test_as_typed(store: Engine) -> None:
    run("plan", town.STREET, "--lower", "100", "--upper", "200")
    run("adopt", str(json.loads(Path("out/report.json").read_text(encoding="utf-8"))["plan"]), "-y")
    shown = run("plan", town.STREET, "--tier", "community", "--lower", "500", "--upper", "600")
    assert "须重划" in shown.output
    report = json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    assert (report["tier"], report["grids"]) == ("community", 2)
    run("map", town.STREET, "--plan", str(report["plan"]), "--out", "map.html")
    assert report["grid_list"][0]["code"] in Path("map.html").read_text(encoding="utf-8")
    asked = run("adopt", str(report["plan"]), answer="n\n")
    assert "2 个社区" in asked.output
    assert "没有改变" in asked.output
    done = run("adopt", str(report["plan"]), "-y")
    assert "已采用" in done.output
    assert f"wangge plan {town.STREET}" in done.output
    run("plan", town.STREET, "--lower", "100", "--upper", "200")
    again = json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    assert "须重划" not in run("adopt", str(again["plan"]), "-y").output


def test_borders_are_settled_when_asked(client: TestClient) -> None:
    told = drafted(client, scope=town.STREET)["report"]
    assert told["border_moves"]
    assert told["communities_plan"] is None
    asked = drafted(client, scope=town.STREET, wishes={"settle_borders": True})["report"]
    plan = client.get(f"/plans/{asked['communities_plan']}").json()
    assert (plan["tier"], plan["grids"]) == ("community", 3)
    assert plan["report"]["border_moves"] == asked["border_moves"]
    assert adopt(client, plan).status_code == 200
    assert drafted(client, scope=town.STREET)["report"]["in_range_share"] > asked["in_range_share"]


def test_borders_are_settled_as_typed(store: Engine) -> None:
    named = run("plan", town.STREET)
    assert "移楼可解" in named.output
    assert "--settle-borders" in named.output
    settled = run("plan", town.STREET, "--settle-borders")
    report = json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    assert f"wangge adopt {report['communities_plan']}" in settled.output
    with pytest.raises(InputError, match="settle-borders"):
        run("plan", town.STREET, "--settle-borders", "--alternatives")
