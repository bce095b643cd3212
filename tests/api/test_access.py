"""The table of who may use which route: complete, and a wall against everybody else."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from api.access import ACCESS, Access, access_of, holds, install_access, reaches
from api.main import create_app
from api.settings import AppSettings
from geo.access.actor import PUBLIC, Actor
from geo.access.roles import roles
from tests.api import town
from tests.api.people import ADDRESS, bearing, client_of, token_of

STREET, COMMUNITY = town.STREET, town.COMMUNITIES[0]


def actor(*scopes: str) -> Actor:
    return Actor("someone", frozenset({"planner"}), scopes)


def test_a_route_without_a_row_keeps_the_application_from_starting(app: FastAPI, town_engine: Engine) -> None:
    other = create_app(AppSettings(), town_engine)

    @other.get("/secret")
    def secret() -> str:
        return "everything"

    with pytest.raises(RuntimeError, match="/secret"):
        install_access(other)


def test_a_row_without_a_route_does_so_too(monkeypatch: pytest.MonkeyPatch, town_engine: Engine) -> None:
    monkeypatch.setattr("api.access.ACCESS", {**ACCESS, ("GET", "/gone"): Access(frozenset({"planner"}), "none")})
    with pytest.raises(RuntimeError, match="/gone"):
        create_app(AppSettings(), town_engine)


def test_what_is_not_in_the_table_is_for_nobody() -> None:
    assert access_of("GET", "/nowhere") == Access(frozenset(), "none")


def test_rows_name_roles_that_exist() -> None:
    for route, access in ACCESS.items():
        assert access.roles <= set(roles()), route
        assert access.roles, route


def test_only_what_shows_nothing_of_the_territory_is_open() -> None:
    for route, access in ACCESS.items():
        if access.is_public:
            assert not access.looks_at_households, route
            assert access.scope == "none", route


#: These show no door, no place and nobody in charge to roles that see no households (test_locating.py and
#: test_locating_files.py).
LESS_TO_OTHERS = {("GET", "/locate"), ("GET", "/locate/reverse"), ("POST", "/locate/batch")}
LESS_TO_OTHERS |= {("GET", "/former-names/{code}")}
LESS_TO_OTHERS |= {("GET", path) for _, path in ACCESS if path.startswith("/requests")}

#: Cases about homes are none of theirs: row-level security (test_cases.py).
LESS_TO_OTHERS |= {
    ("GET", path)
    for _, path in ACCESS
    if path.startswith(("/cases", "/evidence", "/bills", "/responsibility", "/reports"))
}


def test_households_are_for_roles_that_see_them() -> None:
    for route, access in ACCESS.items():
        if access.looks_at_households and route not in LESS_TO_OTHERS:
            assert all(roles()[role].sees_households for role in access.roles), route


@pytest.mark.parametrize(
    ("scopes", "code", "reached", "held"),
    [
        ((STREET,), STREET, True, True),
        ((STREET,), COMMUNITY, True, True),
        ((STREET,), f"{COMMUNITY}001", True, True),
        ((COMMUNITY,), STREET, True, False),
        ((COMMUNITY,), COMMUNITY, True, True),
        ((COMMUNITY,), town.COMMUNITIES[1], False, False),
        ((f"{COMMUNITY}001",), COMMUNITY, True, False),
        ((f"{COMMUNITY}001",), f"{COMMUNITY}001", True, True),
        ((f"{COMMUNITY}001",), f"{COMMUNITY}002", False, False),
        ((COMMUNITY,), "440304099", False, False),
        ((COMMUNITY,), town.building_code(0, 1), True, True),
        ((COMMUNITY,), "440304099001" + town.building_code(0, 1)[12:], False, False),
        ((), STREET, False, False),
    ],
)
def test_scopes(scopes: tuple[str, ...], code: str, reached: bool, held: bool) -> None:
    assert reaches(actor(*scopes), code) is reached
    assert holds(actor(*scopes), code) is held


@given(st.text(st.characters(categories=["Nd", "Lu"]), max_size=20), st.sampled_from([STREET, COMMUNITY]))
def test_whoever_holds_something_reaches_it(code: str, scope: str) -> None:
    if holds(actor(scope), scope + code):
        assert reaches(actor(scope), scope + code)
    assert not reaches(PUBLIC, scope + code)


# ── over HTTP ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def operations(client: TestClient) -> list[tuple[str, str, dict[str, Any]]]:
    paths = client.get("/openapi.json").json()["paths"]
    return [(method, path, operation) for path, methods in paths.items() for method, operation in methods.items()]


def address(path: str) -> str:
    return path.replace("{plan_id}", "1").replace("{login}", "nobody").replace("{code}", town.COMMUNITIES[2])


def test_the_description_says_who_may_use_each_route(operations: list[tuple[str, str, dict[str, Any]]]) -> None:
    for method, path, operation in operations:
        access = ACCESS[method.upper(), path]
        assert operation["x-roles"] == sorted(access.roles), path
        assert operation["x-scope"] == access.scope, path
        if access.is_public:
            assert "无需登录" in operation["description"], path
            assert operation["security"] == [], path
        else:
            assert {"401", "403"} <= set(operation["responses"]), path
            assert {"cookie": []} in operation["security"], path


def test_without_a_sign_in_only_what_is_open_answers(
    anonymous_client: TestClient, operations: list[tuple[str, str, dict[str, Any]]]
) -> None:
    refused = 0
    for method, path, _ in operations:
        if ACCESS[method.upper(), path].is_public:
            continue
        answer = anonymous_client.request(method, address(path))
        if path.startswith("/open311/"):
            assert (answer.status_code, answer.json()[0]["code"]) == (403, 403)
            continue
        assert answer.status_code == 401, (method, path)
        assert answer.json()["type"] == "urn:wangge:problem:sign-in-required"
        assert answer.headers["www-authenticate"] == "Bearer"
        refused += 1
    assert refused >= 30


def test_browsers_are_led_to_the_sign_in_page_and_back(anonymous_client: TestClient) -> None:
    answer = anonymous_client.get(f"/map?scope={STREET}", headers={"Accept": "text/html,*/*"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?to=%2Fmap%3Fscope%3D{STREET}")
    assert f'value="/map?scope={STREET}"' in anonymous_client.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer x", f"Bearer {'a' * 43}", f"Basic {'a' * 43}", "bearer é", f"Bearer {'a' * 5000}"],
)
def test_tokens_of_nobody(anonymous_client: TestClient, header: str) -> None:
    assert anonymous_client.get("/streets", headers={"Authorization": header.encode("latin-1")}).status_code == 401


@pytest.fixture(scope="module")
def neighbour(app: FastAPI, town_engine: Engine) -> Iterator[TestClient]:
    """A planner of the first community alone."""
    with client_of(app, town_engine, "neighbour", scopes=[COMMUNITY]) as client:
        yield client


def test_what_is_out_of_scope_is_as_if_it_were_not_there(neighbour: TestClient) -> None:
    sibling = town.COMMUNITIES[1]
    for path in (
        f"/communities/{sibling}",
        f"/buildings/{town.building_code(1, 1)}",
        f"/map?scope={sibling}",
        "/streets/440304099",
        f"/plans?scope={sibling}",
    ):
        answer = neighbour.get(path)
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:wangge:problem:not-found"), path
    assert [item["properties"]["code"] for item in neighbour.get("/communities").json()["features"]] == [COMMUNITY]
    listed = neighbour.get("/buildings?limit=1000").json()["features"]
    assert len(listed) == town.ROWS**2
    assert {item["properties"]["community_code"] for item in listed} == {COMMUNITY}


def test_nobody_plans_more_than_their_scope(neighbour: TestClient) -> None:
    for scope, status in ((town.COMMUNITIES[1], 404), (STREET, 403), ("440304099", 404)):
        answer = neighbour.post("/plans", json={"scope": scope, "lower": 80, "upper": 130})
        assert answer.status_code == status, scope
    mine = neighbour.post("/plans", json={"scope": COMMUNITY, "lower": 80, "upper": 130})
    assert mine.status_code == 201, mine.text
    assert neighbour.get(f"/plans/{mine.json()['id']}/grids").json()["numberReturned"] > 1


def test_a_plan_of_the_street_is_adopted_by_whoever_holds_the_street(client: TestClient, neighbour: TestClient) -> None:
    plan = client.post("/plans", json={"scope": town.COMMUNITIES[1], "lower": 80, "upper": 130}).json()
    answer = neighbour.post(f"/plans/{plan['id']}/adopt", headers={"If-Match": '"1"'})
    assert answer.status_code == 404
    assert client.get(f"/plans/{plan['id']}").json()["state"] == "draft"


def test_the_deeds_of_a_request_are_in_the_name_of_who_asked(neighbour: TestClient, town_engine: Engine) -> None:
    made = neighbour.post("/plans", json={"scope": COMMUNITY, "lower": 80, "upper": 130, "seed": 99})
    with town_engine.connect() as connection:
        row = connection.exec_driver_sql(
            "SELECT who, address, request_id, account_id FROM event WHERE noun = 'plan' ORDER BY id DESC LIMIT 1"
        ).one()
    assert (row.who, row.address) == ("neighbour", "testclient")
    assert row.request_id == made.headers["x-request-id"]
    assert row.account_id is not None


# ── requests that other sites' pages send ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def browser(app: FastAPI, town_engine: Engine) -> TestClient:
    """A browser that a planner is signed in with: its cookie goes along whoever sent the request."""
    return TestClient(app, base_url=ADDRESS, cookies={"wangge": token_of(town_engine)})


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "http://localhost"}, 422),
        ({"Origin": "https://localhost"}, 422),  # a proxy in front speaks TLS
        ({"Origin": "http://localhost:81"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[::1"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 422),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
    ],
)
def test_changes_come_from_pages_of_this_server(browser: TestClient, headers: dict[str, str], status: int) -> None:
    answer = browser.post("/plans", json={}, headers=headers)
    assert answer.status_code == status
    assert answer.json()["type"].endswith("other-site" if status == 403 else "invalid-request")


def test_looking_needs_no_origin_and_a_token_neither(browser: TestClient, app: FastAPI, town_engine: Engine) -> None:
    assert browser.get("/streets").status_code == 200
    bearer = TestClient(app, base_url=ADDRESS, headers=bearing(token_of(town_engine)))
    assert bearer.post("/plans", json={}).status_code == 422
