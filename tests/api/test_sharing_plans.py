"""Two planners on one plan: remarks, who is there, and what the other changed, in whichever process one asks."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from api.main import create_app
from api.settings import AppSettings
from geo.storage.database import session_scope
from geo.territory import codes
from tests.api import town
from tests.api.people import client_of

COMMUNITY, OTHER = town.COMMUNITIES[:2]
COMPOUND = codes.make("compound", COMMUNITY, 1)
#: Seconds within which one planner knows what another one did.
KNOWN_WITHIN_S = 2.0


@pytest.fixture(scope="module")
def plan(client: TestClient) -> int:
    made: int = client.post("/plans", json={"scope": COMMUNITY, "lower": 80, "upper": 130}).json()["id"]
    return made


@pytest.fixture(scope="module")
def grid(client: TestClient, plan: int) -> str:
    code: str = client.get(f"/plans/{plan}/grids").json()["features"][0]["id"]
    return code


@pytest.fixture(scope="module")
def colleague(town_engine: Engine) -> Iterator[TestClient]:
    """Another planner of the community, at another process of the program."""
    with client_of(create_app(AppSettings(), town_engine), town_engine, "colleague", ["planner"], [COMMUNITY]) as other:
        yield other


@pytest.fixture(scope="module")
def neighbour(app: FastAPI, town_engine: Engine) -> Iterator[TestClient]:
    with client_of(app, town_engine, "neighbour", ["planner"], [OTHER]) as other:
        yield other


@pytest.fixture(scope="module")
def leader(app: FastAPI, town_engine: Engine) -> Iterator[TestClient]:
    with client_of(app, town_engine, "leader", ["leader"], [town.STREET]) as other:
        yield other


def test_remarks_are_made_seen_by_others_and_resolved_once(
    client: TestClient, colleague: TestClient, leader: TestClient, plan: int, grid: str
) -> None:
    path, building = f"/plans/{plan}/comments", town.building_code(0, 1)
    key = {"Idempotency-Key": "a-remark-made-once"}
    made = client.post(path, json={"text": " 东边习惯\n走南门 ", "grid_code": grid}, headers=key)
    assert (made.status_code, made.headers["location"], made.headers["etag"]) == (201, path, '"1"')
    assert client.post(path, json={"text": " 东边习惯\n走南门 ", "grid_code": grid}, headers=key).json() == made.json()
    assert colleague.post(path, json={"text": "同意", "building_code": building}).status_code == 201
    assert leader.post(path, json={"text": "请周五前定稿"}).status_code == 201
    items = colleague.get(path).json()["items"]
    assert [(one["who"], one["text"], one["grid_code"], one["building_code"]) for one in items] == [
        ("planner", "东边习惯\n走南门", grid, None),
        ("colleague", "同意", None, building),
        ("leader", "请周五前定稿", None, None),
    ]
    page = client.get(path, params={"limit": 1, "after": items[0]["id"]}).json()
    assert [one["id"] for one in page["items"]] == [items[1]["id"]]
    assert any(link["rel"] == "next" for link in page["links"])
    one = f"{path}/{items[0]['id']}"
    assert colleague.patch(one, json={"resolved": True}).status_code == 428
    resolved = colleague.patch(one, json={"resolved": True}, headers={"If-Match": '"1"'})
    assert (resolved.status_code, resolved.json()["resolved_by"], resolved.headers["etag"]) == (200, "colleague", '"2"')
    assert client.patch(one, json={"resolved": True}, headers={"If-Match": '"1"'}).status_code == 412
    reopened = client.patch(one, json={"resolved": False}, headers={"If-Match": '"2"'}).json()
    assert (reopened["resolved_at"], reopened["text"]) == (None, "东边习惯\n走南门")


def test_remarks_that_make_no_sense_or_are_of_others_are_refused(
    client: TestClient, neighbour: TestClient, plan: int, grid: str
) -> None:
    path, building = f"/plans/{plan}/comments", town.building_code(0, 1)
    wrong: list[dict[str, Any]] = [
        {},
        {"text": " \n "},
        {"text": "x\u202ey"},
        {"text": "x" * 2001},
        {"text": "x", "grid_code": grid, "building_code": building},
        {"text": "x", "grid_code": f"{COMMUNITY}777"},
        {"text": "x", "building_code": town.building_code(1, 1)},
        {"text": "x", "who": "leader"},
    ]
    for body in wrong:
        assert client.post(path, json=body).status_code == 422, body
    assert client.post("/plans/999999/comments", json={"text": "x"}).status_code == 404
    assert client.patch(f"{path}/999999", json={"resolved": True}, headers={"If-Match": '"1"'}).status_code == 404
    # Whoever has another community sees no draft of this one.
    assert neighbour.get(path).status_code == 404
    assert neighbour.post(path, json={"text": "x"}).status_code == 404


def test_of_a_streets_plan_in_force_one_sees_the_remarks_on_ones_own_part(
    client: TestClient, neighbour: TestClient
) -> None:
    plan = client.post("/plans", json={"scope": town.STREET, "lower": 80, "upper": 130}).json()["id"]
    path = f"/plans/{plan}/comments"
    grids = [feature["id"] for feature in client.get(f"/plans/{plan}/grids").json()["features"]]
    for code in (None, *(next(grid for grid in grids if grid[:12] == one) for one in (COMMUNITY, OTHER))):
        about = {} if code is None else {"grid_code": code}
        assert client.post(path, json={"text": f"关于 {code}", **about}).status_code == 201
    assert client.post(f"/plans/{plan}/adopt", headers={"If-Match": '"1"'}).status_code == 200
    assert [one["grid_code"][:12] for one in neighbour.get(path).json()["items"]] == [OTHER]
    assert neighbour.post(path, json={"text": "x"}).status_code == 403
    client.put(f"/plans/{plan}/presence", json={"here": True})
    told = neighbour.get(f"/plans/{plan}/news", params={"version": 1}).json()
    assert told["present"] == []
    assert {code[:12] for change in told["changes"] for code in change["grids"]} <= {OTHER}


def test_a_lock_is_seen_by_others_survives_the_process_and_is_lifted(
    client: TestClient, colleague: TestClient, neighbour: TestClient, leader: TestClient, plan: int, grid: str
) -> None:
    path, news = f"/plans/{plan}/locks", f"/plans/{plan}/news"
    mark = client.get(news).json()["mark"]
    made = colleague.patch(path, json={"lock": [grid, COMPOUND]})
    assert made.status_code == 200, made.text
    assert [(one["kind"], one["code"], one["me"]) for one in made.json()["locks"]] == [
        ("grid", grid, True),
        ("compound", COMPOUND, True),
    ]
    # The colleague is at another process than the planner; nothing but the store is between them.
    told = client.get(news).json()
    assert told["mark"] != mark
    assert told["locks"] == client.get(path).json()["locks"] == leader.get(path).json()["locks"]
    assert [(one["code"], one["who"], one["me"]) for one in told["locks"]] == [
        (grid, "colleague", False),
        (COMPOUND, "colleague", False),
    ]
    assert client.patch(path, json={"lock": [grid]}).json()["locks"][0]["who"] == "colleague"
    assert leader.patch(path, json={"lift": [grid]}).status_code == 403
    assert neighbour.get(path).status_code == 404
    assert neighbour.patch(path, json={"lift": [grid]}).status_code == 404
    wrong: list[Any] = [{"lock": ["x"]}, {"lock": [f"{grid[:12]}777"]}, {"lock": [grid], "who": "x"}, {"lock": grid}]
    wrong += [{"lock": [grid], "lift": [grid]}, {"lock": [f"{OTHER}001"]}, {"lift": [grid + "\n"]}]
    for body in wrong:
        assert client.patch(path, json=body).status_code == 422, body
    assert client.patch("/plans/999999/locks", json={"lock": [grid]}).status_code == 404
    assert [one["code"] for one in client.patch(path, json={"lift": [grid]}).json()["locks"]] == [COMPOUND]
    assert client.patch(path, json={"lift": [COMPOUND]}).json() == {"locks": []}


def test_two_planners_see_each_other_until_one_leaves(
    client: TestClient, colleague: TestClient, town_engine: Engine, plan: int, grid: str
) -> None:
    here, news = f"/plans/{plan}/presence", f"/plans/{plan}/news"
    assert [one["who"] for one in client.put(here, json={"here": True}).json()["present"]] == ["planner"]
    assert colleague.put(here, json={"here": True, "grid_code": grid}).status_code == 200
    told = client.get(news).json()
    assert [(one["who"], one["grid_code"], one["me"]) for one in told["present"]] == [
        ("planner", None, True),
        ("colleague", grid, False),
    ]
    assert set(told["present"][1]) == {"who", "grid_code", "since", "me"}
    # Said again nothing is new; at another grid it is.
    assert client.put(here, json={"here": True}).status_code == 200
    assert client.get(news).json()["mark"] == told["mark"]
    with session_scope(town_engine) as session:
        session.execute(text("UPDATE plan_presence SET seen_at = now() - interval '40 seconds' WHERE who = 'planner'"))
    assert [one["who"] for one in colleague.get(news).json()["present"]] == ["colleague"]
    assert colleague.put(here, json={"here": False}).json() == {"present": []}
    assert client.get(news).json()["present"] == []
    for wrong in ({}, {"here": "yes"}, {"here": True, "grid_code": "x"}, {"here": True, "who": "leader"}):
        assert client.put(here, json=wrong).status_code == 422


def test_what_another_did_is_known_within_two_seconds(
    client: TestClient, colleague: TestClient, plan: int, grid: str
) -> None:
    seen = client.get(f"/plans/{plan}").json()["version"]
    mark = colleague.get(f"/plans/{plan}/news").json()["mark"]
    answers: list[tuple[float, dict[str, Any]]] = []

    def wait() -> None:
        params: dict[str, Any] = {"version": seen, "mark": mark, "wait": 8}
        answers.append((time.monotonic(), colleague.get(f"/plans/{plan}/news", params=params).json()))
        answers.append((time.monotonic(), {}))

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.3)
    assert not answers
    homes = {row["building_code"]: row["grid_code"] for row in client.get(f"/plans/{plan}/assignment").json()["items"]}
    new = f"{COMMUNITY}099"
    moves = [{"building_code": code, "grid_code": new} for code, held in homes.items() if held == grid]
    body = {"moves": moves, "new_grids": [new], "ended_grids": [grid]}
    edited = client.patch(f"/plans/{plan}/assignment", json=body, headers={"If-Match": f'"{seen}"'})
    done = time.monotonic()
    assert edited.status_code == 200, edited.text
    waiting.join()
    told = answers[0][1]
    assert answers[1][0] - done < KNOWN_WITHIN_S
    assert told["version"] == seen + 1
    assert told["mark"] != mark
    (change,) = told["changes"]
    assert (change["who"], change["what"], change["version"]) == ("planner", "edited", seen + 1)
    assert {new, grid} <= set(change["grids"])
    # Nothing new: the answer comes when the time is over, and says so.
    began = time.monotonic()
    same = colleague.get(f"/plans/{plan}/news", params={"version": seen + 1, "mark": told["mark"], "wait": 1}).json()
    assert same["changes"] == []
    assert 0.9 < time.monotonic() - began < 1 + KNOWN_WITHIN_S
    for wrong in ({"wait": 9}, {"mark": "x"}, {"version": 0}):
        assert client.get(f"/plans/{plan}/news", params=wrong).status_code == 422
    assert client.get("/plans/999999/news").status_code == 404
