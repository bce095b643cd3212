"""Each role at each route: let in or kept out, as the table says."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine

from api.access import ACCESS, OFFICE, OFFICERS
from geo.access.roles import roles
from tests.api import town
from tests.api.people import client_of

SCOPES = {
    "planner": [town.STREET],
    "assessor": [town.STREET],
    "leader": [town.STREET],
    "staff": [town.COMMUNITIES[0]],
    "inspector": [f"{town.COMMUNITIES[0]}001"],
}
HELD = sorted(set(roles()) - {"public"})


@pytest.fixture(scope="module")
def clients(app: FastAPI, town_engine: Engine) -> dict[str, TestClient]:
    return {
        role: client_of(app, town_engine, f"a-{role.replace('_', '-')}", [role], SCOPES.get(role, [])) for role in HELD
    }


def address(path: str) -> str:
    code = town.COMMUNITIES[0] if "communities" in path else town.STREET
    return path.replace("{plan_id}", "2147483647").replace("{login}", "nobody.here").replace("{code}", code)


@pytest.mark.parametrize("role", HELD)
def test_a_role_is_let_in_where_the_table_says_and_nowhere_else(clients: dict[str, TestClient], role: str) -> None:
    kept_out = 0
    for (method, path), access in ACCESS.items():
        if path == "/static" or access.is_public or access.scope == "own":
            continue
        answer = clients[role].request(method, address(path), json={} if method != "GET" else None)
        if role in access.roles:
            assert answer.status_code not in (401, 403), (method, path, answer.text)
        else:
            assert answer.status_code == 403, (method, path, answer.status_code)
            assert_told_so(answer, path)
            kept_out += 1
    assert kept_out >= 5


def assert_told_so(answer: Response, path: str) -> None:
    told = answer.json()
    if path.startswith("/open311"):
        assert told[0]["code"] == 403
    else:
        assert told["type"] == "urn:wangge:problem:not-allowed"


def test_every_role_has_something_and_the_three_see_nothing_of_the_territory(clients: dict[str, TestClient]) -> None:
    for role in HELD:
        assert clients[role].get("/").status_code == 200
    for role in OFFICERS:
        page = clients[role].get("/").text
        assert "南湖街道" not in page
        assert clients[role].get("/buildings").status_code == 403
    for role in OFFICE:
        assert clients[role].get("/buildings").status_code == 200


def test_the_first_page_says_who_is_signed_in(clients: dict[str, TestClient]) -> None:
    page = clients["assessor"].get("/")
    assert "a-assessor" in page.text
    assert "考核员 assessor" in page.text
    assert 'action="/sign-out"' in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]


def test_an_account_without_roles_may_only_look_after_itself(app: FastAPI, town_engine: Engine) -> None:
    nobody = client_of(app, town_engine, "without", [], [])
    for path in ("/", "/streets", "/docs", "/accounts"):
        assert nobody.get(path).status_code == 403, path
    page = nobody.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 403
    assert "您的角色无权" in page.text
    assert 'action="/sign-out"' in page.text
    assert nobody.get("/sign-ins/current").json()["roles"] == []
    assert nobody.get("/password").status_code == 200
