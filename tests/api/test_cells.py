"""Cells over HTTP and as typed: drafted by the real solver, read back, refused where they would change history."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from shapely import union_all
from shapely.geometry import shape
from sqlalchemy import Engine
from typer.testing import CliRunner

from api.cli import app as terminal
from geo.errors import ConflictError
from geo.storage.database import session_scope
from tests import factories
from tests.api import town

COMMUNITY = town.COMMUNITIES[1]
BODY = {"scope": COMMUNITY, "lower": 80, "upper": 130, "seed": 3, "name": "联户试划"}
SEEN = {"If-Match": '"1"'}


@pytest.fixture(scope="module")
def plan(client: TestClient) -> int:
    """A draft of one community with 360 households in 36 buildings."""
    return int(client.post("/plans", json=BODY).json()["id"])


@pytest.fixture(scope="module")
def report(client: TestClient, plan: int) -> dict[str, Any]:
    answer = client.post(f"/plans/{plan}/cells", json={"seed": 2}, headers=SEEN)
    assert answer.status_code == 201, answer.text
    assert (answer.headers["location"], answer.headers["etag"]) == (f"/plans/{plan}/cells", '"2"')
    found: dict[str, Any] = answer.json()
    return found


def test_a_report_says_how_the_cells_came_out(report: dict[str, Any], plan: int) -> None:
    assert (report["plan"], report["version"], report["seed"]) == (plan, 2, 2)
    assert (report["lower"], report["upper"], report["households"]) == (30, 40, 360)
    assert report["cells"] == report["in_range"] + len(report["out_of_range"])
    assert report["in_range_share"] == 1.0


def test_cells_cover_their_grids(client: TestClient, plan: int, report: dict[str, Any]) -> None:
    page = client.get(f"/plans/{plan}/cells").json()
    assert page["numberReturned"] == report["cells"]
    assert sum(cell["properties"]["households"] for cell in page["features"]) == 360
    for grid in client.get(f"/plans/{plan}/grids").json()["features"]:
        own = client.get(f"/plans/{plan}/cells?grid={grid['id']}").json()["features"]
        assert {cell["properties"]["grid_code"] for cell in own} == {grid["id"]}
        whole = shape(grid["geometry"])
        assert union_all([shape(cell["geometry"]) for cell in own]).symmetric_difference(whole).area < 1e-5 * whole.area


def test_cells_come_in_pages(client: TestClient, plan: int, report: dict[str, Any]) -> None:
    codes, path = [], f"/plans/{plan}/cells?limit=4"
    while path:
        page = client.get(path).json()
        codes += [cell["id"] for cell in page["features"]]
        path = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert len(codes) == report["cells"]
    assert codes == sorted(set(codes))


def test_one_cell_says_what_is_in_it(client: TestClient, plan: int, report: dict[str, Any]) -> None:
    first = client.get(f"/plans/{plan}/cells?limit=1").json()["features"][0]
    cell = client.get(f"/plans/{plan}/cells/{first['id']}").json()
    assert cell["geometry"] == first["geometry"]
    parts = cell["properties"].pop("parts")
    assert cell["properties"] == first["properties"]
    assert sum(part["households"] for part in parts) == first["properties"]["households"]
    assert {part["building_code"][:12] for part in parts} == {COMMUNITY}


def test_what_is_not_there_or_not_allowed_is_refused(client: TestClient, plan: int, report: dict[str, Any]) -> None:
    path = f"/plans/{plan}/cells"
    assert client.post(path, json={}).status_code == 428
    assert client.post(path, json={}, headers=SEEN).status_code == 412
    assert client.post(path, json={"lower": 50, "upper": 40}, headers={"If-Match": '"2"'}).status_code == 422
    assert client.post(path, json={"size": 40}, headers={"If-Match": '"2"'}).status_code == 422
    assert client.post("/plans/999999/cells", json={}, headers=SEEN).status_code == 404
    assert client.get("/plans/999999/cells").status_code == 404
    assert client.get(f"{path}/{COMMUNITY}001L99").status_code == 404
    assert client.get(f"{path}/{COMMUNITY}001").status_code == 422


def test_cells_of_an_adopted_plan_stay_as_they_are(client: TestClient) -> None:
    plan = client.post("/plans", json=BODY).json()["id"]
    client.post(f"/plans/{plan}/cells", json={}, headers=SEEN)
    client.post(f"/plans/{plan}/adopt", headers={"If-Match": '"2"'})
    answer = client.post(f"/plans/{plan}/cells", json={}, headers={"If-Match": '"3"'})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:wangge:problem:conflict")


class TestTerminal:
    @pytest.fixture
    def store(self, empty_store: Engine) -> Engine:
        with session_scope(empty_store) as session:
            factories.make_community(session)
            for number in range(1, 5):
                factories.make_building(session, number, households=70, floors=7)
            factories.make_building(session, 5, households=60, floors=None)
        return empty_store

    def test_a_draft_is_divided_and_reported(self, store: Engine) -> None:
        runner = CliRunner()
        runner.invoke(terminal, ["plan", factories.COMMUNITY], catch_exceptions=False)
        done = runner.invoke(terminal, ["cells", "1", "--report", "cells.json"], catch_exceptions=False)
        assert done.exit_code == 0
        assert "户数按层均摊" in done.output
        assert "60 户" in done.output
        report = json.loads(Path("cells.json").read_text(encoding="utf-8"))
        assert report["households"] == 340
        assert [row["reason"] for row in report["out_of_range"]].count("atom_over_upper") == 1
        runner.invoke(terminal, ["adopt", "1", "--yes"], catch_exceptions=False)
        with pytest.raises(ConflictError):
            runner.invoke(terminal, ["cells", "1"], catch_exceptions=False)
