"""Pages for people, as text; ``tests/browser`` opens them."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from api.main import create_app
from api.settings import AppSettings
from geo.services.cases import NewCase, open_case
from geo.storage.database import open_engine, session_scope
from maps.assets import installed
from tests.api import town
from tests.api.people import client_of


def test_the_first_page_leads_to_maps_and_data(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "script" not in answer.headers["content-security-policy"]
    assert "南湖街道" in answer.text
    links = set(re.findall(r'href="([^"]+)"', answer.text))
    assert f"/map?scope={town.STREET}" in links
    for link in links:
        assert client.get(link.replace("&amp;", "&")).status_code == 200, link


def test_ones_own_work_comes_first_in_both_languages(app: FastAPI, town_engine: Engine) -> None:
    own = {"planner": "/plans", "staff": "/desk", "inspector": "/round", "leader": "/leader"}
    for role, path in own.items():
        scope = {"planner": town.STREET, "leader": town.STREET, "inspector": f"{town.COMMUNITIES[0]}001"}
        with client_of(app, town_engine, role, [role], [scope.get(role, town.COMMUNITIES[0])]) as client:
            page = client.get("/").text
        works = re.findall(r'<li( class="first")?><a href="([^"]+)">(.*?)</a></li>', page, re.DOTALL)
        assert [(first != "", at) for first, at, _ in works][:2][0] == (True, path)
        for *_, said in works:
            assert len(re.findall(r'<span lang="en">[A-Z][^<]+</span>', said)) == 2


def test_browsers_meet_no_raw_data_on_the_first_page_and_one_click_further(client: TestClient) -> None:
    def pages_of(page: str) -> set[str]:
        links = {link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+)"', page)}
        # Maps and reports are pages of their own, and dear; what says that it is data is data.
        return {link for link in links if not re.match("/(map|compare|static|assets|bills)|.*(as=|/report|#)", link)}

    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    first = pages_of(client.get("/", headers=browser).text)
    lists = {link for link in first if re.match("/(streets|buildings|elements|plans)", link)}
    assert {link.partition("?")[0].split("/")[-1] for link in lists} >= {"communities", "buildings", "elements"}
    further = set()
    for link in sorted(lists | {"/streets", "/plans", "/communities", "/compounds", "/barriers"}):
        answer = client.get(link, headers=browser)
        assert answer.headers["content-type"].startswith("text/html"), link
        assert "as=json" in answer.text
        further |= pages_of(answer.text)
    for link in sorted(further - first)[:12]:
        answer = client.get(link, headers=browser)
        assert (answer.status_code, answer.headers["content-type"][:9]) == (200, "text/html"), link


def test_a_list_of_a_layer_chooses_and_goes_on(client: TestClient) -> None:
    page = client.get(f"/buildings?street={town.STREET}&limit=2&as=html").text
    following = re.findall('href="(/buildings[?][^"]*after=[^"]*)"', page)
    assert len(following) == 1
    codes = [
        re.findall(r"/bills/building/(\d+)", text)
        for text in (page, client.get(following[0].replace("&amp;", "&")).text)
    ]
    assert [len(found) for found in codes] == [2, 2]
    assert max(codes[0]) < min(codes[1])
    assert client.get(f"/buildings?street={town.STREET}&limit=2&as=json").headers["vary"].startswith("Accept,")


def test_the_first_page_of_an_empty_store(fresh_database_url: str) -> None:
    engine = open_engine(fresh_database_url)
    try:
        with client_of(create_app(AppSettings(), engine), engine) as client:
            assert "还没有街道" in client.get("/").text
    finally:
        engine.dispose()


def test_names_cannot_become_markup(client: TestClient) -> None:
    body = {"scope": town.COMMUNITIES[2], "lower": 80, "upper": 130, "name": "<img src=x onerror=alert(1)>"}
    plan = client.post("/plans", json=body).json()
    assert "<img" not in client.get("/").text
    assert "&lt;img src=x" in client.get("/").text
    page = client.get(f"/map?scope={town.COMMUNITIES[2]}&plan={plan['id']}").text
    assert "<img src=x" not in page


def test_the_map_needs_nothing_from_elsewhere(client: TestClient) -> None:
    answer = client.get(f"/map?scope={town.STREET}")
    assert answer.status_code == 200
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert not re.findall(r"<(?:script|img|link|iframe)[^>]*\s(?:src|href)=", answer.text)
    assert re.search(r'<p id="stamp">[^<]*planner[^<]*南湖街道', answer.text)


def test_the_map_has_hazards_when_asked(client: TestClient, town_engine: Engine) -> None:
    with session_scope(town_engine) as session:
        building = str(session.scalar(text("SELECT min(code) FROM building WHERE ended_at IS NULL")))
        case = open_case(session, NewCase("hazard", "gas", "张三家燃气", building_code=building), who="finder")
    with_hazards = client.get(f"/map?scope={town.STREET}&layers=hazards")
    assert case.number in with_hazards.text
    assert "张三" not in with_hazards.text
    assert case.number not in client.get(f"/map?scope={town.STREET}").text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (f"scope={town.STREET}&layers=nothing", 422),
        ("scope=440304099", 404),
        (f"scope={town.STREET}&plan=2147483647", 404),
        ("scope=南湖街道", 422),
        ("", 422),
        (f"scope={town.STREET}&plan=0", 422),
    ],
)
def test_maps_of_nothing(client: TestClient, query: str, status: int) -> None:
    answer = client.get(f"/map?{query}")
    assert answer.status_code == status
    assert answer.json()["status"] == status


def test_who_plans_is_offered_a_draft_on_the_list_of_plans(
    app: FastAPI, town_engine: Engine, client: TestClient
) -> None:
    offered = re.compile(f'<form data-streets="{town.STREET}" data-asked="{town.COMMUNITIES[0]}">')
    assert offered.search(client.get(f"/plans?as=html&scope={town.COMMUNITIES[0]}").text)
    assert 'href="/plans"' in client.get("/").text
    with client_of(app, town_engine, "looks-on", ["leader"], [town.STREET]) as leader:
        assert "data-streets" not in leader.get("/plans?as=html").text


def test_plans_are_compared_on_a_page_of_its_own(client: TestClient) -> None:
    made = [
        client.post(
            "/plans", json={"scope": town.COMMUNITIES[2], "lower": 80, "upper": upper, "previous": "none"}
        ).json()
        for upper in (130, 160)
    ]
    query = "plans=" + ",".join(str(plan["id"]) for plan in made)
    answer = client.get(f"/compare?{query}&scope={town.COMMUNITIES[2]}&colouring=change")
    assert answer.status_code == 200, answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert all(f"#{plan['id']}" in answer.text for plan in made)
    assert re.search(r'<p id="stamp">[^<]*planner', answer.text)
    assert not re.findall(r"<(?:script|img|link|iframe)[^>]*\s(?:src|href)=", answer.text)
    assert client.get(f"/compare?{query}").status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("plans=1", 422),
        ("plans=1,1,1,1,1,1,1,1,1", 422),
        ("plans=2147483646,2147483647", 404),
        (f"plans=99999999999999999999,1&scope={town.STREET}", 422),
        (f"plans=%00,1&scope={town.STREET}", 422),
        (f"plans=无此部门,无此部门&scope={town.STREET}", 404),
        (f"plans=in-force,现行&scope={town.STREET}&colouring=red", 422),
        ("plans=in-force,in-force", 422),
    ],
)
def test_comparisons_of_nothing(client: TestClient, query: str, status: int) -> None:
    answer = client.get(f"/compare?{query}")
    assert answer.status_code == status, answer.text
    assert answer.json()["status"] == status


def test_maps_are_drawn_a_few_at_a_time(client: TestClient, app: FastAPI) -> None:
    with app.state.maps.work_on("a"), app.state.maps.work_on("b"):
        assert client.get(f"/map?scope={town.STREET}").status_code == 503


def test_the_documentation_page_is_served_from_here(client: TestClient) -> None:
    page = client.get("/docs")
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(sources) == 5
    for source in sources:
        assert client.get(source).status_code == 200, source
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert client.get("/docs/assets/package.json").status_code == 422


def test_missing_page_assets_are_said(client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    installed.cache_clear()
    monkeypatch.setattr("maps.assets._INSTALLED", tmp_path)
    answer = client.get("/docs")
    installed.cache_clear()
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:wangge:problem:assets-missing")


def test_the_icon(client: TestClient) -> None:
    assert client.get("/favicon.ico").headers["content-type"] == "image/svg+xml"


def test_an_unused_engine_is_closed_by_who_opened_it(town_engine: Engine) -> None:
    with TestClient(create_app(AppSettings(), town_engine), base_url="http://localhost") as client:
        assert client.get("/ready").status_code == 200
    with town_engine.connect():
        pass
