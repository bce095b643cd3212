"""Published figures over HTTP and in the terminal: for everybody, and of communities alone."""

import csv
import io
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from typer.testing import CliRunner

from api.cli import app as terminal
from geo.storage.database import session_scope
from tests.api import town
from tests.api.people import ADDRESS

PATHS = ["/published/communities", "/published/communities.csv"]


@pytest.fixture(scope="module")
def anyone(app: FastAPI) -> TestClient:
    return TestClient(app, base_url=ADDRESS)


def test_figures_of_the_town(anyone: TestClient) -> None:
    found = anyone.get("/published/communities", params={"street": town.STREET}).json()
    assert [row["code"] for row in found["communities"]] == town.COMMUNITIES
    # The first building has one door on record, which counts; the others' 35 × 10 households were declared.
    assert [row["households"] for row in found["communities"]] == [351, 360, 360]
    assert found["totals"]["buildings"] == town.N_BUILDINGS
    assert all(row["city_elements"] is None for row in found["communities"])
    assert found["least"] == 10


def test_csv_says_the_same(anyone: TestClient) -> None:
    answer = anyone.get("/published/communities.csv", params={"street": town.STREET})
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert [line[2] for line in lines[2:]] == ["351", "360", "360", "1071"]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_below_a_community(anyone: TestClient, path: str) -> None:
    text = anyone.get(path, params={"street": town.STREET}).text
    for secret in (*town.PERSONAL, town.building_code(0, 1), "南湖大道", "湖畔", "物业"):
        assert secret not in text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("street", "status"), [("440304009", 404), ("440304006001", 422), ("x", 422), (None, 422)])
def test_only_streets(anyone: TestClient, path: str, street: str | None, status: int) -> None:
    assert anyone.get(path, params={"street": street} if street else {}).status_code == status


def test_the_terminal_writes_the_same_table(empty_store: Engine, tmp_path: Path) -> None:
    with session_scope(empty_store) as session:
        town.build(session)
    done = CliRunner().invoke(terminal, ["publish", "南湖街道", "--out", "out.csv"])
    assert done.exit_code == 0, done.output
    content = (tmp_path / "out.csv").read_text(encoding="utf-8-sig")
    assert town.STREET in content.splitlines()[-1]
    assert CliRunner().invoke(terminal, ["publish", "南湖街道", "--out", "out.xlsx"]).exit_code != 0


HAZARDS = ["/published/hazards", "/published/map"]


@pytest.mark.parametrize("path", HAZARDS)
def test_hazards_for_everybody(anyone: TestClient, path: str) -> None:
    answer = anyone.get(path, params={"street": town.STREET})
    assert answer.status_code == 200
    for secret in (*town.PERSONAL, town.building_code(0, 1), "南湖大道", "湖畔", "物业"):
        assert secret not in answer.text
    for street, status in (("440304009", 404), ("440304006001", 422), ("x", 422)):
        assert anyone.get(path, params={"street": street}).status_code == status


def test_hazards_that_nobody_found_are_no_number(anyone: TestClient) -> None:
    found = anyone.get("/published/hazards", params={"street": town.STREET}).json()
    assert [row["code"] for row in found["communities"]] == town.COMMUNITIES
    assert found["totals"] == {"open": None, "ended": None, "found": None}
    assert (found["least"], found["hot_spots"]) == (10, [])
    page = anyone.get("/published/map", params={"street": town.STREET})
    assert "script-src 'sha256-" in page.text
    assert "南湖街道安全隐患公开图" in page.text


def test_the_terminal_writes_the_published_map(empty_store: Engine, tmp_path: Path) -> None:
    with session_scope(empty_store) as session:
        town.build(session)
    run = CliRunner()
    done = run.invoke(terminal, ["map", "南湖街道", "--published", "--hazards", "--out", "map.html"])
    assert done.exit_code == 0, done.output
    assert "安全隐患公开图" in (tmp_path / "map.html").read_text(encoding="utf-8")
    for words in (["南湖街道", "--published"], ["--published", "--hazards"]):
        assert run.invoke(terminal, ["map", *words, "--out", "map.html"]).exit_code != 0
