"""The rest of a draft solved in the background: told while it goes on, cancelled, interrupted, undone."""

import threading
import time
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from geo.services import plan_jobs
from geo.services.solving import solve_rest
from geo.storage.database import session_scope
from tests.api import town
from tests.api.people import client_of
from tests.api.solving_held import held_up  # noqa: F401 - a fixture

# ruff: noqa: F811 - a fixture is named where it is used

COMMUNITY, OTHER = town.COMMUNITIES[:2]


@pytest.fixture(scope="module")
def plan(client: TestClient) -> int:
    body = {"scope": COMMUNITY, "lower": 80, "upper": 130, "seed": 3}
    made: int = client.post("/plans", json=body).json()["id"]
    return made


def homes_of(client: TestClient, plan: int) -> dict[str, str]:
    rows = client.get(f"/plans/{plan}/assignment").json()["items"]
    return {row["building_code"]: row["grid_code"] for row in rows}


def version_of(client: TestClient, plan: int) -> int:
    version: int = client.get(f"/plans/{plan}").json()["version"]
    return version


def solve(client: TestClient, plan: int, body: dict[str, Any], **headers: str) -> Any:
    return client.post(
        f"/plans/{plan}/solve", json=body, headers={"If-Match": f'"{version_of(client, plan)}"'} | headers
    )


def ended(client: TestClient, where: str, within_s: float = 60) -> dict[str, Any]:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        told: dict[str, Any] = client.get(where).json()
        if told["state"] != "running":
            return told
        time.sleep(0.05)
    raise TimeoutError(where)


def test_the_rest_is_solved_and_undone(client: TestClient, plan: int) -> None:
    # One grid takes over another: out of range.
    was = homes_of(client, plan)
    merged, grids = {}, sorted(set(was.values()))
    for ending, target in [(a, b) for a in grids for b in grids if a != b]:
        moves = [{"building_code": code, "grid_code": target} for code, grid in was.items() if grid == ending]
        body = {"moves": moves, "ended_grids": [ending]}
        headers = {"If-Match": f'"{version_of(client, plan)}"'}
        if client.patch(f"/plans/{plan}/assignment", json=body, headers=headers).status_code == 200:
            merged = homes_of(client, plan)
            break
    assert merged
    kept = next(grid for grid in grids if grid in set(merged.values()) - {target})
    key = {"Idempotency-Key": "solve-the-rest-once"}
    asked = solve(client, plan, {"keep_grids": [kept]}, **key)
    assert asked.status_code == 202, asked.text
    where = asked.headers["location"]
    done = ended(client, where)
    assert (done["state"], done["share"], done["problem"]) == ("done", 1.0, None)
    now, result = homes_of(client, plan), done["result"]
    assert {code for code, grid in now.items() if grid == kept} == {c for c, grid in was.items() if grid == kept}
    assert result["moved"] == sum(now[code] != merged[code] for code in now) > 0
    assert result["version"] == version_of(client, plan)
    sizes = [10 * list(now.values()).count(grid) for grid in set(now.values())]
    assert all(80 <= size <= 130 for size in sizes)
    (undo,) = result["undo"]
    headers = {"If-Match": f'"{result["version"]}"'}
    assert client.patch(f"/plans/{plan}/assignment", json=undo, headers=headers).status_code == 200
    assert homes_of(client, plan) == merged
    # Sent again, since the answer was lost: the same job, nothing new.
    first = {"If-Match": f'"{result["version"] - 1}"'}
    again = client.post(f"/plans/{plan}/solve", json={"keep_grids": [kept]}, headers=key | first)
    assert (again.status_code, again.headers["location"]) == (202, where)
    assert homes_of(client, plan) == merged


def test_a_job_is_cancelled_and_only_one_goes_on_at_a_time(
    client: TestClient, plan: int, held_up: threading.Event
) -> None:
    was, version = homes_of(client, plan), version_of(client, plan)
    where = solve(client, plan, {}).headers["location"]
    refused = solve(client, plan, {})
    assert refused.status_code == 409
    assert "planner" in refused.json()["detail"]
    until = time.monotonic() + 30
    while (told := client.get(where).json())["share"] == 0 and time.monotonic() < until:
        time.sleep(0.05)
    assert (told["state"], told["share"], told["result"]) == ("running", 0.25, None)
    cancelled = client.delete(where)
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert client.delete(where).status_code == 409
    held_up.set()
    client.app.state.jobs.wait(30)  # type: ignore[attr-defined]
    assert client.get(where).json()["state"] == "cancelled"
    assert (homes_of(client, plan), version_of(client, plan)) == (was, version)


def test_cancelled_at_the_last_moment_nothing_is_saved(
    client: TestClient, plan: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    was, version = homes_of(client, plan), version_of(client, plan)
    where: list[str] = []

    def cancel_when_done(*given: Any, progress: Any, **more: Any) -> Any:
        solved = solve_rest(*given, progress=lambda _: True, **more)
        assert client.delete(where[0]).status_code == 200
        return solved

    monkeypatch.setattr(plan_jobs, "solve_rest", cancel_when_done)
    begun = threading.Event()
    start = client.app.state.jobs.start  # type: ignore[attr-defined]

    def start_when_known(name: str, work: Any) -> None:
        start(name, lambda stop: (begun.wait(30), work(stop)))

    monkeypatch.setattr(client.app.state.jobs, "start", start_when_known)  # type: ignore[attr-defined]
    where.append(solve(client, plan, {}).headers["location"])
    begun.set()
    client.app.state.jobs.wait(60)  # type: ignore[attr-defined]
    assert client.get(where[0]).json()["state"] == "cancelled"
    assert (homes_of(client, plan), version_of(client, plan)) == (was, version)


def test_a_job_whose_process_ended_or_fell_silent_is_told_as_interrupted(
    client: TestClient, app: FastAPI, town_engine: Engine, plan: int, held_up: threading.Event
) -> None:
    was = homes_of(client, plan)
    with client_of(app, town_engine) as other:
        where = solve(other, plan, {}).headers["location"]
    # The application ended while the work was under way.
    assert client.get(where).json()["state"] == "interrupted"
    with session_scope(town_engine) as session:
        silent = text(
            "INSERT INTO plan_job (plan_id, kind, asked, created_by, beat_at) "
            "VALUES (:plan, 'solve', '{}', 'planner', now() - interval '1 minute') RETURNING id"
        )
        job = session.scalar(silent, {"plan": plan})
    assert client.get(f"/jobs/{job}").json()["state"] == "interrupted"
    assert client.delete(f"/jobs/{job}").status_code == 409
    held_up.set()
    assert homes_of(client, plan) == was


def test_what_cannot_be_solved_says_why(client: TestClient, plan: int) -> None:
    gone = solve(client, plan, {"keep_grids": [f"{COMMUNITY}777"]})
    told = ended(client, gone.headers["location"])
    assert (told["state"], told["result"]) == ("failed", None)
    assert told["problem"]["type"] == "urn:wangge:problem:bad-code"
    assert f"{COMMUNITY}777" in told["problem"]["detail_en"]
    body: dict[str, Any] = {}
    assert client.post(f"/plans/{plan}/solve", json=body).status_code == 428
    assert client.post(f"/plans/{plan}/solve", json=body, headers={"If-Match": '"77"'}).status_code == 412
    for wrong in ({"keep_grids": ["x"]}, {"seed": -1}, {"whole_compounds": "all"}, {"who": "x"}):
        assert solve(client, plan, wrong).status_code == 422
    assert client.get("/jobs/999999").status_code == 404
    assert client.delete("/jobs/999999").status_code == 404


def test_an_edit_made_meanwhile_stands_and_the_job_fails(
    client: TestClient, plan: int, held_up: threading.Event
) -> None:
    where = solve(client, plan, {}).headers["location"]
    headers = {"If-Match": f'"{version_of(client, plan)}"'}
    assert client.patch(f"/plans/{plan}", json={"name": "改过名"}, headers=headers).status_code == 200
    version = version_of(client, plan)
    held_up.set()
    told = ended(client, where)
    assert (told["state"], told["problem"]["type"]) == ("failed", "urn:wangge:problem:stale-version")
    assert version_of(client, plan) == version


def test_jobs_are_for_planners_of_the_plan_alone(
    app: FastAPI, town_engine: Engine, client: TestClient, plan: int
) -> None:
    where = ended(client, solve(client, plan, {}).headers["location"])["id"]
    path = f"/jobs/{where}"
    with client_of(app, town_engine, "reader", ["leader"]) as reader:
        assert {reader.get(path).status_code, reader.delete(path).status_code} == {403}
    with client_of(app, town_engine, "neighbour", ["planner"], [OTHER]) as neighbour:
        assert {neighbour.get(path).status_code, neighbour.delete(path).status_code} == {404}
