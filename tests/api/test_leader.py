"""The leader's view over HTTP: every count leads to its cases, and a browser gets them as a page."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urljoin

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.main import create_app
from api.settings import AppSettings
from tests.api.people import ADDRESS, bearing, token_of
from tests.api.test_figures import as_told
from tests.databases import Databases
from tests.factories import COMMUNITY, STREET
from tests.geo.services.test_leading import EAST, NEW, WEST, fill

PAGE = {"Accept": "text/html"}


def who(engine: Engine, role: str, *scopes: str) -> dict[str, str]:
    return bearing(token_of(engine, f"{role}-{scopes[0]}", [role], scopes))


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("leading", fill)) as engine:
        yield engine


@pytest.fixture(scope="module")
def client(store: Engine) -> Iterator[TestClient]:
    with TestClient(create_app(AppSettings(), store), base_url=ADDRESS, headers=who(store, "leader", STREET)) as client:
        yield client


def areas(client: TestClient, month: str, by: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.get(
        "/leader/areas", params={"scope": STREET, "month": month, "by": by}, **more
    ).json()
    return found


def test_every_count_leads_to_as_many_cases(client: TestClient) -> None:
    months = client.get("/leader/months", params={"scope": STREET, "until": "2026-08", "months": 3}).json()
    assert [row["month"] for row in months["months"]] == ["2026-06", "2026-07", "2026-08"]
    rows = [months["months"][0]["values"]]
    for by in ("community", "grid"):
        told = areas(client, "2026-08", by)
        rows += [feature["properties"]["values"] for feature in told["features"]]
        rows += [row["values"] for row in told["others"]]
    opened = 0
    for values in rows:
        for code, told in values.items():
            if code == "in_time" or (told["value"] in (0, None) and values is not rows[0]):
                continue
            page = client.get(told["href"]).json()
            assert page["numberReturned"] == as_told(page, code, told["value"]), (code, told["href"])
            opened += page["numberReturned"]
    # A share opens to what it is a share of.
    assert rows[0]["in_time"]["href"] == rows[0]["solved"]["href"]
    assert opened > 5


def test_a_past_month_is_in_its_own_grids(client: TestClient) -> None:
    june, august = (areas(client, month, "grid") for month in ("2026-06", "2026-08"))
    assert [feature["id"] for feature in june["features"]] == [WEST, EAST]
    assert [feature["id"] for feature in august["features"]] == [WEST, EAST, NEW]
    assert (august["since"], august["until"]) == ("2026-08-01", "2026-08-31")


def test_a_browser_gets_the_cases_as_a_page(client: TestClient) -> None:
    href = areas(client, "2026-08", "grid")["features"][2]["properties"]["values"]["found"]["href"]
    (case,) = client.get(href).json()["items"]
    answer = client.get(href, headers=PAGE)
    assert answer.headers["content-type"].startswith("text/html")
    assert f'<a href="{case["href"]}">{case["number"]}</a>' in answer.text
    assert "第3网格" in answer.text
    assert "电梯" in answer.text
    # Nothing of what was written about it, and of whose door it is.
    assert "说明" not in answer.text
    both = client.get(
        "/figures/found/cases",
        params={"scope": STREET, "since": "2026-06-01", "until": "2026-08-31", "limit": 1},
        headers=PAGE,
    )
    (following,) = re.findall(r'<p class="more"><a href="([^"]+)"', both.text)
    assert client.get(unescape(following), headers=PAGE).status_code == 200
    none = client.get(
        "/figures/reopened/cases", params={"scope": STREET, "since": "2026-06-01", "until": "2026-08-31"}, headers=PAGE
    )
    assert "一件也没有" in none.text


def test_the_page_loads_from_here_alone_and_says_nothing_inline(client: TestClient) -> None:
    answer = client.get("/leader", headers=PAGE)
    assert answer.status_code == 200
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", answer.text)
    for source in re.findall(r'(?:src|href)="(/(?:static|assets)/[^"]+)"', answer.text):
        assert client.get(source).status_code == 200, source
    waiting, seen = ["/static/leader/main.js"], set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        script = client.get(path)
        assert script.status_code == 200, path
        named = re.findall(r"^import .* from '([^']+)'", script.text, re.MULTILINE)
        waiting += {urljoin(path, name) for name in named} - seen
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script.text)
    assert len(seen) >= 8


def test_one_chooses_among_ones_own(client: TestClient, store: Engine) -> None:
    assert re.findall(r'<option value="([0-9]+)"', client.get("/leader").text) == [STREET, COMMUNITY]
    one = client.get("/leader", headers=who(store, "inspector", WEST)).text
    assert re.findall(r'<option value="([0-9]+)" selected', one) == [WEST]
    assert client.get("/leader", params={"scope": "440399009"}).status_code == 404
    part = client.get("/leader/months", params={"scope": COMMUNITY}, headers=who(store, "inspector", WEST)).json()
    assert not part["is_whole"]
    # Who sees no households is told of cases that are not about homes alone.
    assessor = who(store, "assessor", STREET)
    assert not client.get("/leader/months", params={"scope": STREET}, headers=assessor).json()["is_whole"]


@pytest.mark.parametrize(
    ("address", "given"),
    [
        ("/leader/months", {"until": "2026-13"}),
        ("/leader/months", {"months": 0}),
        ("/leader/months", {"months": 61}),
        ("/leader/areas", {"month": "2026"}),
        ("/leader/areas", {"by": "kind"}),
        ("/leader/areas", {"scope": WEST, "by": "community"}),
    ],
)
def test_what_is_wrong_is_refused(client: TestClient, address: str, given: dict[str, object]) -> None:
    assert client.get(address, params={"scope": STREET, **given}).status_code == 422
