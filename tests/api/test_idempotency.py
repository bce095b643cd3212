"""A create that is sent twice with one key makes one thing and gives one answer."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from api.idempotency import Creating, once
from api.main import ROUTERS
from geo.storage import idempotency
from geo.storage.database import session_scope
from tests.api import town
from tests.api.people import client_of

BODY = {"scope": town.COMMUNITIES[2], "lower": 80, "upper": 130, "seed": 3, "name": "只做一次"}
#: Answers that hold a secret: kept nowhere, and made once by nature (a login is one account's; a sign-in harms nobody).
SECRET = {"/accounts", "/accounts/{login}/reset", "/sign-ins", "/sign-in", "/invitation"}


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """A key of the test's own."""
    return f"{request.node.name[-150:]}-0001"


@pytest.fixture(scope="module")
def other(app: FastAPI, town_engine: Engine) -> Iterator[TestClient]:
    """A planner of the same street with another account."""
    with client_of(app, town_engine, "planner-2") as client:
        yield client


def plans_named(client: TestClient, name: str = BODY["name"]) -> list[int]:
    items = client.get("/plans", params={"scope": town.COMMUNITIES[2], "limit": 1000}).json()["items"]
    return [plan["id"] for plan in items if plan["name"] == name]


def create(client: TestClient, key: str | None, body: dict[str, Any] = BODY, path: str = "/plans") -> Any:
    return client.post(path, json=body, headers={} if key is None else {"Idempotency-Key": key})


def test_the_same_create_again_gives_the_first_answer_and_makes_nothing(client: TestClient, key: str) -> None:
    first = create(client, key)
    assert first.status_code == 201, first.text
    made = plans_named(client)
    again = create(client, key)
    assert (again.status_code, again.content) == (201, first.content)
    for name in ("location", "etag", "content-type", "content-length"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert plans_named(client) == made


def test_without_a_key_each_create_makes_one(client: TestClient) -> None:
    before = plans_named(client)
    assert create(client, None).json()["id"] != create(client, None).json()["id"]
    assert len(plans_named(client)) == len(before) + 2


def test_the_key_of_another_request_is_refused(client: TestClient, key: str) -> None:
    assert create(client, key).status_code == 201
    for changed in ({**BODY, "seed": 4}, {**BODY, "name": "另一个"}):
        refused = create(client, key, changed)
        assert refused.status_code == 422
        assert "Idempotency-Key" in refused.json()["detail"]
    assert create(client, key, path="/plans/alternatives").status_code == 422


def test_a_key_belongs_to_its_account(client: TestClient, other: TestClient, key: str) -> None:
    first, second = create(client, key), create(other, key)
    assert first.status_code == second.status_code == 201
    assert first.json()["id"] != second.json()["id"]


def test_what_failed_may_be_tried_again_with_its_key(client: TestClient, key: str) -> None:
    wrong = {**BODY, "lower": 130, "upper": 80}
    assert create(client, key, wrong).status_code == 422
    made = create(client, key)
    assert made.status_code == 201, made.text


def test_malformed_keys_are_refused(client: TestClient) -> None:
    for key in ("short", "x" * 201, "with space in it", "tab\there-and-more"):
        answer = create(client, key)
        assert answer.status_code == 422, key
        assert answer.json()["errors"][0]["location"] == "header.Idempotency-Key"


def test_an_answer_is_kept_for_a_day(client: TestClient, town_engine: Engine, key: str) -> None:
    first = create(client, key).json()["id"]

    def age(hours: float) -> None:
        with session_scope(town_engine) as session:
            older = text("UPDATE idempotency_key SET created_at = now() - :age WHERE key = :key")
            session.execute(older, {"age": timedelta(hours=hours), "key": key})

    age(23.9)
    assert create(client, key).json()["id"] == first
    age(24.1)
    assert create(client, key).json()["id"] != first


def test_the_repeat_waits_for_nobody_while_the_first_is_under_way(
    client: TestClient, town_engine: Engine, key: str
) -> None:
    with session_scope(town_engine) as session:
        account = session.scalar(text("SELECT id FROM account WHERE login = 'planner'"))
        assert idempotency.claim(session, account, key, b"first") is None
        refused = create(client, key)
        assert refused.status_code == 409
        assert refused.json()["type"] == "urn:wangge:problem:conflict"
        session.rollback()
    # The first one came to nothing, so the key is free.
    assert create(client, key).status_code == 201


def test_of_eight_at_once_one_makes_it(client: TestClient, key: str) -> None:
    body = {**BODY, "name": "八个同时"}
    with ThreadPoolExecutor(8) as pool:
        answers = [future.result() for future in [pool.submit(create, client, key, body) for _ in range(8)]]
    made = plans_named(client, "八个同时")
    assert len(made) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json()["id"] for answer in answers if answer.status_code == 201} == set(made)
    assert create(client, key, body).json()["id"] == made[0]


def test_every_create_takes_a_key() -> None:
    routes = [route for module in ROUTERS for route in module.router.routes]
    creates = [route for route in routes if isinstance(route, APIRoute) and route.status_code == 201]
    assert len(creates) >= 4
    for route in creates:
        takes = isinstance(route, Creating) and [one.dependency for one in route.dependencies].count(once) == 1
        assert takes != (route.path in SECRET), route.path


def test_the_description_tells_of_the_key(client: TestClient) -> None:
    described = client.get("/openapi.json").json()["paths"]["/plans"]
    names = {parameter["name"] for parameter in described["post"]["parameters"]}
    assert "Idempotency-Key" in names
    assert "Idempotency-Key" not in {parameter["name"] for parameter in described["get"]["parameters"]}
