"""What figures leave out, over HTTP and at the terminal: as a page, as JSON, as a sheet; for whom it is."""

import csv
import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from api.cli import app
from api.main import create_app
from api.settings import AppSettings
from geo.exchange.address_files import read_table
from geo.storage.database import session_scope
from tests.api.people import ADDRESS, bearing, token_of
from tests.databases import Databases
from tests.factories import STREET
from tests.geo.services.test_leading import EAST, NEW, WEST
from tests.geo.services.test_left_out import fill_with_people

PAGE = {"Accept": "text/html"}
BUILDINGS, GRIDS = "/figures/coverage/buildings", "/figures/grids_without_worker/grids"
JULY = {"scope": STREET, "since": "2026-07-01", "until": "2026-07-31"}
AUGUST = {"scope": STREET, "since": "2026-08-01", "until": "2026-08-31"}
HOSTILE = "<script>alert(1)</script>'\"&=1+1"


def fill_with_hostile_names(engine: Engine) -> None:
    fill_with_people(engine)
    with session_scope(engine) as session:
        session.execute(text("ALTER TABLE grid DISABLE TRIGGER USER"))  # no plan in force is renamed otherwise
        for table in ("building", "grid", "grid_staff"):
            session.execute(text(f"UPDATE {table} SET name = :name"), {"name": HOSTILE})
        session.execute(text("ALTER TABLE grid ENABLE TRIGGER USER"))


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("left out, hostile", fill_with_hostile_names)) as engine:
        yield engine


def who(engine: Engine, role: str, scope: str) -> dict[str, str]:
    return bearing(token_of(engine, f"{role}-{scope}", [role], (scope,)))


@pytest.fixture(scope="module")
def client(store: Engine) -> Iterator[TestClient]:
    with TestClient(create_app(AppSettings(), store), base_url=ADDRESS, headers=who(store, "leader", STREET)) as client:
        yield client


def test_the_list_says_what_it_is_a_share_of(client: TestClient) -> None:
    found = client.get(BUILDINGS, params=AUGUST).json()
    assert {name: found[name] for name in ("buildings", "inspected", "left_out", "numberReturned")} == {
        "buildings": 2, "inspected": 1, "left_out": 1, "numberReturned": 1,
    }  # fmt: skip
    (one,) = found["items"]
    assert one["grids"] == [{"code": WEST, "name": HOSTILE, "people": []}]
    assert (one["last_seen"], one["days"], one["tried"]) == ("2026-06-03", 89, "2026-08-09")
    assert client.get(one["href"]).json()["code"] == one["code"]
    lonely = client.get(GRIDS, params=AUGUST).json()
    assert [(one["code"], one["since"], one["had_somebody"]) for one in lonely["items"]] == [
        (WEST, "2026-08-21", True), (EAST, "2026-07-10", False),
    ]  # fmt: skip


@pytest.mark.parametrize("address", [BUILDINGS, GRIDS])
def test_pages_are_walked_in_every_form_and_run_nothing(client: TestClient, address: str) -> None:
    whole = client.get(address, params=JULY).json()["items"]
    assert len(whole) == 2
    first = client.get(address, params={**JULY, "limit": 1})
    following = next(link["href"] for link in first.json()["links"] if link["rel"] == "next")
    assert [*first.json()["items"], *client.get(following).json()["items"]] == whole
    page = client.get(address, params={**JULY, "limit": 1}, headers=PAGE)
    assert page.headers["content-type"].startswith("text/html")
    assert "<script" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    (following,) = re.findall(r'<p class="more"><a href="([^"]+)"', page.text)
    second = client.get(unescape(following), headers=PAGE).text
    assert whole[1]["code"] in second
    assert 'class="more"' not in second
    for form in re.findall(r'<a href="([^"]+as=(?:xlsx|csv)[^"]*)"', second):
        assert client.get(unescape(form)).status_code == 200


@pytest.mark.parametrize("address", [BUILDINGS, GRIDS])
def test_a_sheet_has_all_rows_and_no_formula(client: TestClient, address: str) -> None:
    answer = client.get(address, params={**JULY, "limit": 1, "as": "csv"})
    _, headings, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert headings[0].endswith("编码")
    assert [row[0] for row in rows] == [one["code"] for one in client.get(address, params=JULY).json()["items"]]
    assert client.get(address, params={**JULY, "as": "xlsx"}).content.startswith(b"PK")


def test_page_of_the_share_says_so_in_words(client: TestClient) -> None:
    said = re.sub(r"<[^>]+>", "", client.get(BUILDINGS, params=AUGUST, headers=PAGE).text)
    assert "现有楼栋 2 栋,期内入内检查过 1 栋(50.0%);其余 1 栋没有入内" in said
    everywhere = client.get(BUILDINGS, params={**AUGUST, "scope": NEW}, headers=PAGE).text
    assert "每一栋都入内检查过" in everywhere
    assert "没有楼栋" in client.get(BUILDINGS, params={**AUGUST, "scope": EAST}, headers=PAGE).text
    assert "wangge import" in client.get(GRIDS, params=AUGUST, headers=PAGE).text
    assert "每个网格都有人在岗" in client.get(GRIDS, params={**AUGUST, "scope": NEW}, headers=PAGE).text


def test_everybody_is_told_what_they_may_see(client: TestClient, store: Engine) -> None:
    one = client.get(BUILDINGS, params={**JULY, "scope": NEW}, headers=who(store, "inspector", NEW)).json()
    assert [building["grids"][0]["code"] for building in one["items"]] == [NEW]
    assert (
        client.get(BUILDINGS, params={**JULY, "scope": WEST}, headers=who(store, "inspector", NEW)).status_code == 404
    )
    assessor = who(store, "assessor", STREET)
    found = client.get(BUILDINGS, params=JULY, headers=assessor).json()["items"]
    assert [grid["people"] for building in found for grid in building["grids"]] == [None, None]
    assert "不可查看" in client.get(BUILDINGS, params=JULY, headers={**assessor, **PAGE}).text
    assert client.get(GRIDS, params=JULY, headers=assessor).status_code == 403


def test_at_the_terminal(store: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANGGE_DATABASE_URL", store.url.render_as_string(hide_password=False))

    def opened(figure: str, *words: str) -> str:
        told = ["figures", STREET, "--since", "2026-08-01", "--until", "2026-08-31", "--open", figure, *words]
        return CliRunner().invoke(app, told, catch_exceptions=False, env={"COLUMNS": "300"}).output

    assert "其余 others 1" in opened("coverage")
    assert WEST in opened("coverage")
    assert all(code in opened("grids_without_worker") for code in (WEST, EAST))
    assert "lift" not in opened("found")
    assert "电梯" in opened("found", "--as", "hazard")
    assert "没有" in opened("reopened")
    for figure, rows in (("coverage", 1), ("grids_without_worker", 2), ("found", 2)):
        assert f"{rows} 行 rows" in opened(figure, "--out", f"{figure}.csv")
        assert len(read_table(Path(f"{figure}.csv")).rows) == rows
