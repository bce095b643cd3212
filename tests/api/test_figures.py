"""Figures and hot spots over HTTP: each count leads to its cases."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.main import create_app
from api.settings import AppSettings
from tests.api.people import ADDRESS, bearing, token_of
from tests.databases import Databases
from tests.factories import STREET
from tests.geo.services.addressed import FIRST, GRIDS, SECOND
from tests.geo.services.test_figuring import fill
from tests.geo.services.test_hot_spots import fill as fill_hot_spots

JUNE = {"scope": STREET, "since": "2026-06-01", "until": "2026-06-30"}


def who(engine: Engine, role: str, scope: str) -> dict[str, str]:
    return bearing(token_of(engine, f"{role}-{scope}", [role], (scope,)))


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("figures", fill)) as engine:
        yield engine


@pytest.fixture(scope="module")
def client(store: Engine) -> Iterator[TestClient]:
    with TestClient(create_app(AppSettings(), store), base_url=ADDRESS, headers=who(store, "leader", STREET)) as client:
        yield client


def as_told(page: dict[str, Any], code: str, value: float | None) -> float | None:
    """As many rows as a figure says: what coverage is short of the whole, and of the others what they count."""
    if code != "coverage":
        return value
    buildings, inspected = page["buildings"], page["inspected"]
    assert value == (round(100 * inspected / buildings, 1) if buildings else None)
    assert page["left_out"] == buildings - inspected
    return buildings - inspected


@pytest.mark.parametrize("by", ["all", "community", "grid", "kind", "nature", "month"])
def test_every_count_leads_to_as_many_cases(client: TestClient, by: str) -> None:
    table = client.get("/figures", params={**JUNE, "by": by}).json()
    assert table["is_whole"]
    opened = 0
    for row in (*table["rows"], table["total"]):
        for code, told in row["values"].items():
            if told["href"] is None:
                continue
            page = client.get(told["href"]).json()
            assert page["numberReturned"] == as_told(page, code, told["value"]), (row["key"], code, told["href"])
            opened += page["numberReturned"]
    assert opened > 10


def test_figures_go_out_as_a_sheet(client: TestClient) -> None:
    told = client.get("/figures", params={**JUNE, "by": "kind"}).json()
    answer = client.get("/figures", params={**JUNE, "by": "kind", "as": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    _, headings, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))  # the first line is the stamp
    found = headings.index("新增(件)")
    assert [int(float(row[found])) for row in rows] == [
        row["values"]["found"]["value"] for row in (*told["rows"], told["total"])
    ]
    assert client.get("/figures", params={**JUNE, "as": "xlsx"}).content.startswith(b"PK")


def test_figures_say_what_they_are(client: TestClient) -> None:
    table = client.get("/figures", params={**JUNE, "workflow": "hazard"}).json()
    assert {one["code"]: one["goal"] for one in table["figures"] if one["goal"] is not None} == {
        "grids_without_worker": 0, "complaints": 0, "accidents": 0,
    }  # fmt: skip
    assert table["total"]["values"]["median_days"] == {"value": 10.0, "href": None}
    assert (table["since"], table["until"], table["by"]) == ("2026-06-01", "2026-06-30", "all")


def test_who_sees_a_part_is_told_so(client: TestClient, store: Engine) -> None:
    part = {**JUNE, "scope": FIRST}
    assert client.get("/figures", params=part, headers=who(store, "staff", FIRST)).json()["is_whole"]
    table = client.get("/figures", params=part, headers=who(store, "inspector", GRIDS[0])).json()
    assert (table["is_whole"], table["total"]["values"]["found"]["value"]) == (False, 3)
    assert not client.get("/figures", params=JUNE, headers=who(store, "assessor", STREET)).json()["is_whole"]
    assert client.get("/figures", params=part, headers=who(store, "staff", SECOND)).status_code == 404


def test_cases_of_a_figure_are_walked_page_by_page(client: TestClient) -> None:
    address = "/figures/found/cases"
    whole = client.get(address, params=JUNE).json()["items"]
    page = client.get(address, params={**JUNE, "limit": 3}).json()
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    assert [*page["items"], *client.get(following).json()["items"]] == whole[:6]
    assert client.get(whole[0]["href"]).json()["number"] == whole[0]["number"]


@pytest.mark.parametrize(
    ("address", "given"),
    [
        ("/figures", {"scope": "44"}),
        ("/figures", {"since": "2026-07-01"}),
        ("/figures", {"since": "0001-01-01", "until": "9999-12-31"}),
        ("/figures", {"until": "9999-12-31"}),
        ("/figures", {"by": "weather"}),
        ("/figures", {"by": "month", "since": "1990-01-01"}),
        ("/figures/median_days/cases", {}),
        ("/figures/nothing/cases", {}),
        ("/figures/coverage/cases", {}),
        ("/figures/coverage/buildings", {"scope": "44"}),
        ("/figures/coverage/buildings", {"after": "'"}),
        ("/figures/coverage/buildings", {"by": "grid"}),
        ("/figures/grids_without_worker/grids", {"limit": 0}),
        ("/figures/found/cases", {"by": "month", "key": "2026-13"}),
        ("/figures/found/cases", {"by": "month", "key": "9999-12"}),
        ("/figures/found/cases", {"key": "'"}),
        ("/hot-spots", {"radius_m": 0}),
        ("/hot-spots", {"radius_m": "nan"}),
        ("/hot-spots", {"at_least": 1}),
        ("/hot-spots", {"kind": "rubbish"}),
        ("/hot-spots", {"kind": "nothing", "workflow": "request"}),
    ],
)
def test_what_is_wrong_is_refused(client: TestClient, address: str, given: dict[str, object]) -> None:
    assert client.get(address, params={**JUNE, **given}).status_code == 422


def test_this_month_is_meant_where_none_is_said(client: TestClient) -> None:
    table = client.get("/figures", params={"scope": STREET}).json()
    assert table["since"][:7] == table["until"][:7]
    assert table["since"].endswith("-01")


def test_hot_spots_are_places_and_counts(databases: Databases) -> None:
    with databases.engine(databases.filled("hot spots", fill_hot_spots)) as engine:
        app = create_app(AppSettings(), engine)
        with TestClient(app, base_url=ADDRESS, headers=who(engine, "leader", STREET)) as client:
            may = {"scope": STREET, "since": "2026-05-01", "until": "2026-05-31"}
            (spot,) = client.get("/hot-spots", params=may).json()["features"]
            assert spot["properties"]["count"] == 12
            assert spot["properties"]["kinds"] == {"rubbish": 8, "noise": 4}
            sheet = client.get("/hot-spots", params={**may, "as": "csv"})
            _, heads, row = sheet.content.decode("utf-8-sig").splitlines()[:3]
            assert heads.startswith("件数,类型,自,至,经度,纬度,半径(米),偶然")
            assert row.startswith("12,")
            assert "暴露垃圾 rubbish 8、" in row
            none = client.get("/hot-spots", params={**may, "as": "csv", "at_least": 900})
            assert none.content.decode("utf-8-sig").splitlines()[1].startswith("件数,类型")
            book = client.get("/hot-spots", params={**may, "as": "xlsx", "publishable": True})
            assert (book.status_code, book.content[:2]) == (200, b"PK")
            (coarse,) = client.get("/hot-spots", params={**may, "publishable": True}).json()["features"]
            assert (coarse["properties"]["count"], coarse["properties"]["kinds"]) == (10, {})
            assert coarse["geometry"] != spot["geometry"]
            other = who(engine, "staff", SECOND)
            assert client.get("/hot-spots", params={**may, "scope": SECOND}, headers=other).json()["features"] == []
