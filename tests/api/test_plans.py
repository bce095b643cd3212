"""Plans over HTTP: drafted by the real solver, read back, adopted once."""

import threading
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from shapely import union_all
from shapely.geometry import shape

from tests.api import town

COMMUNITY = town.COMMUNITIES[1]
BODY = {"scope": COMMUNITY, "lower": 80, "upper": 130, "seed": 3, "name": "社区1 试划"}


@pytest.fixture(scope="module")
def made(client: TestClient) -> dict[str, Any]:
    """A plan of one community with 360 households, drafted over HTTP."""
    answer = client.post("/plans", json=BODY)
    assert answer.status_code == 201, answer.text
    plan: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/plans/{plan['id']}"
    assert answer.headers["etag"] == '"1"'
    return plan


@pytest.fixture
def draft(client: TestClient) -> dict[str, Any]:
    """Another draft of the same community, for tests that adopt."""
    plan: dict[str, Any] = client.post("/plans", json=BODY).json()
    return plan


def test_a_draft_says_how_it_came_out(made: dict[str, Any]) -> None:
    assert made["state"] == "draft"
    assert (made["scope_code"], made["name"], made["seed"]) == (COMMUNITY, "社区1 试划", 3)
    assert made["households"] == 360
    assert made["grids"] in (3, 4)
    report = made["report"]
    assert {"atoms", "households", "grids", "in_range", "contiguous", "lower_bound", "seconds"} <= set(report)
    assert report["in_range"] == made["grids"]


def test_a_plan_can_be_read_again(client: TestClient, made: dict[str, Any]) -> None:
    assert client.get(f"/plans/{made['id']}").json() == made


def test_grids_cover_the_community_without_overlap(client: TestClient, made: dict[str, Any]) -> None:
    page = client.get(f"/plans/{made['id']}/grids").json()
    assert page["numberReturned"] == made["grids"]
    areas = [shape(feature["geometry"]) for feature in page["features"]]
    whole = shape(client.get(f"/communities/{COMMUNITY}").json()["geometry"])
    assert sum(area.area for area in areas) == pytest.approx(whole.area, rel=1e-5)
    assert union_all(areas).symmetric_difference(whole).area / whole.area < 1e-5
    assert sum(feature["properties"]["households"] for feature in page["features"]) == 360


def test_one_grid(client: TestClient, made: dict[str, Any]) -> None:
    first = client.get(f"/plans/{made['id']}/grids?limit=1").json()["features"][0]
    assert client.get(f"/plans/{made['id']}/grids/{first['id']}").json() == first
    assert client.get(f"/plans/{made['id']}/grids/{COMMUNITY}999").status_code == 404


@pytest.mark.parametrize("limit", [1, 5, 36, 1000])
def test_the_assignment_holds_every_building_exactly_once(client: TestClient, made: dict[str, Any], limit: int) -> None:
    rows, path = [], f"/plans/{made['id']}/assignment?limit={limit}"
    while path:
        page = client.get(path).json()
        rows += page["items"]
        path = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert [row["building_code"] for row in rows] == [town.building_code(1, number) for number in range(1, 37)]
    assert {row["stairwell_code"] for row in rows} == {None}
    assert sum(row["households"] for row in rows) == 360


def test_plans_are_listed_newest_first_and_filtered(client: TestClient, made: dict[str, Any], draft: Any) -> None:
    def ids(query: str) -> list[int]:
        return [plan["id"] for plan in client.get(f"/plans?{query}").json()["items"]]

    assert ids("limit=1") == [draft["id"]]
    assert ids("") == sorted(ids(""), reverse=True)
    assert made["id"] in ids(f"scope={COMMUNITY}")
    assert made["id"] in ids(f"scope={town.STREET}&state=draft&department=")
    assert ids("state=superseded&department=消防") == []
    assert ids(f"scope={town.COMMUNITIES[0]}") == []
    first = client.get("/plans?limit=1").json()
    following = next(link["href"] for link in first["links"] if link["rel"] == "next")
    assert client.get(following).json()["items"][0]["id"] < first["items"][0]["id"]


def test_adopting_needs_the_version_that_was_seen(client: TestClient, draft: dict[str, Any]) -> None:
    path = f"/plans/{draft['id']}/adopt"
    without = client.post(path)
    assert (without.status_code, without.json()["type"]) == (428, "urn:wangge:problem:version-required")
    stale = client.post(path, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["type"]) == (412, "urn:wangge:problem:stale-version")
    assert client.get(f"/plans/{draft['id']}").json()["state"] == "draft"

    adopted = client.post(path, headers={"If-Match": '"1"'})
    assert adopted.status_code == 200
    assert adopted.json()["state"] == "adopted"
    assert adopted.headers["etag"] == '"2"'

    again = client.post(path, headers={"If-Match": '"1"'})
    assert again.status_code == 412
    assert client.post(path, headers={"If-Match": '"2"'}).status_code == 409


def test_adopting_supersedes_the_one_before(client: TestClient, draft: dict[str, Any]) -> None:
    client.post(f"/plans/{draft['id']}/adopt", headers={"If-Match": '"1"'})
    other = client.post("/plans", json=BODY).json()
    client.post(f"/plans/{other['id']}/adopt", headers={"If-Match": '"1"'})
    assert client.get(f"/plans/{draft['id']}").json()["state"] == "superseded"
    adopted = client.get(f"/plans?scope={COMMUNITY}&state=adopted").json()["items"]
    assert [plan["id"] for plan in adopted] == [other["id"]]


def test_of_many_who_adopt_at_once_one_succeeds(client: TestClient, draft: dict[str, Any]) -> None:
    statuses: list[int] = []

    def adopt() -> None:
        answer = client.post(f"/plans/{draft['id']}/adopt", headers={"If-Match": '"1"'})
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=adopt) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses)[0] == 200
    assert set(sorted(statuses)[1:]) <= {409, 412}


def test_nobody_drafts_the_same_scope_twice_at_once(client: TestClient, app: FastAPI) -> None:
    with app.state.drafts.work_on(COMMUNITY):
        answer = client.post("/plans", json=BODY)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:wangge:problem:already-drafting")


def test_no_more_drafts_at_once_than_the_server_takes(client: TestClient, app: FastAPI) -> None:
    with app.state.drafts.work_on("a"), app.state.drafts.work_on("b"):
        answer = client.post("/plans", json=BODY)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"scope": "440304099"}, 404),
        ({"scope": "南湖街道"}, 422),
        ({"scope": 440304006}, 422),
        ({"lower": 0}, 422),
        ({"lower": 131}, 422),
        ({"upper": 100_001}, 422),
        ({"upper": "130"}, 422),
        ({"upper": 130.0}, 422),
        ({"seed": -1}, 422),
        ({"seed": 2**31}, 422),
        ({"seed": True}, 422),
        ({"name": ""}, 422),
        ({"name": " "}, 422),
        ({"name": "\u3000"}, 422),
        ({"name": "\u202e案方"}, 422),
        ({"name": "a\x00b"}, 422),
        ({"name": "方" * 101}, 422),
        ({"state": "adopted"}, 422),
    ],
)
def test_what_cannot_be_drafted_is_refused(client: TestClient, change: dict[str, Any], status: int) -> None:
    answer = client.post("/plans", json=BODY | change)
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/plans/2147483647",
        "/plans/2147483647/grids",
        "/plans/2147483647/assignment",
        "/plans/2147483647/grids/440304006001001",
    ],
)
def test_unknown_plans(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_adopting_an_unknown_plan(client: TestClient) -> None:
    assert client.post("/plans/2147483647/adopt", headers={"If-Match": '"1"'}).status_code == 404
