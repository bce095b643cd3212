"""Drafts edited over HTTP: the version that was seen, the grids that changed, and what is refused."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from shapely import union_all
from shapely.geometry import shape

from tests.api import town

COMMUNITY = town.COMMUNITIES[0]
BODY = {"scope": COMMUNITY, "lower": 80, "upper": 130, "seed": 3, "name": "待修改"}
NEW = f"{COMMUNITY}099"


@pytest.fixture
def draft(client: TestClient) -> dict[str, Any]:
    plan: dict[str, Any] = client.post("/plans", json=BODY).json()
    return plan


def homes_of(client: TestClient, plan: int) -> dict[str, str]:
    rows = client.get(f"/plans/{plan}/assignment").json()["items"]
    return {row["building_code"]: row["grid_code"] for row in rows}


def whole_grid(client: TestClient, plan: int) -> dict[str, Any]:
    """An edit that is possible whatever the draft: all of one grid becomes a new one, and the old one ends."""
    homes = homes_of(client, plan)
    grid = min(homes.values())
    moves = [{"building_code": code, "grid_code": NEW} for code, held in homes.items() if held == grid]
    return {"moves": moves, "new_grids": [NEW], "ended_grids": [grid]}


def edit(client: TestClient, plan: int, body: dict[str, Any], version: str | None = '"1"') -> Any:
    headers = {} if version is None else {"If-Match": version}
    return client.patch(f"/plans/{plan}/assignment", json=body, headers=headers)


def test_an_edit_answers_with_the_new_version_and_the_grids_that_changed(
    client: TestClient, draft: dict[str, Any]
) -> None:
    body = whole_grid(client, draft["id"])
    answer = edit(client, draft["id"], body)
    assert answer.status_code == 200, answer.text
    edited = answer.json()
    assert answer.headers["etag"] == '"2"'
    assert (edited["version"], edited["ended_grids"]) == (2, body["ended_grids"])
    changed = {feature["id"]: feature for feature in edited["changed_grids"]}
    assert changed[NEW]["properties"]["households"] == 10 * len(body["moves"])
    stored = client.get(f"/plans/{draft['id']}/grids").json()["features"]
    assert all(changed.get(feature["id"], feature) == feature for feature in stored)
    assert body["ended_grids"][0] not in {feature["id"] for feature in stored}
    whole = shape(client.get(f"/communities/{COMMUNITY}").json()["geometry"])
    areas = union_all([shape(feature["geometry"]) for feature in stored])
    assert areas.symmetric_difference(whole).area / whole.area < 1e-5
    report = client.get(f"/plans/{draft['id']}").json()["report"]
    assert {row["code"] for row in report["grid_list"]} == {feature["id"] for feature in stored}
    assert report["edits"] == 1


def test_a_grid_out_of_range_is_made_with_a_notice(client: TestClient, draft: dict[str, Any]) -> None:
    homes = homes_of(client, draft["id"])
    # A corner building leaves its grid in one piece.
    corners = [town.building_code(0, number) for number in (1, town.ROWS, 36 - town.ROWS + 1, 36)]
    for corner in corners:
        body = {"moves": [{"building_code": corner, "grid_code": NEW}], "new_grids": [NEW]}
        answer = edit(client, draft["id"], body)
        if answer.status_code == 200:
            break
    assert answer.status_code == 200, answer.text
    assert any(NEW in notice["zh"] and "80-130" in notice["en"] for notice in answer.json()["notices"])
    assert {**homes, corner: NEW} == homes_of(client, draft["id"])


def test_the_version_that_was_seen_is_needed(client: TestClient, draft: dict[str, Any]) -> None:
    body = whole_grid(client, draft["id"])
    assert edit(client, draft["id"], body, version=None).status_code == 428
    assert edit(client, draft["id"], body, version="1").status_code == 422
    named = client.patch(f"/plans/{draft['id']}", json={"name": "新名"})
    assert named.status_code == 428


def test_a_stale_edit_is_told_who_changed_which_grids_when(client: TestClient, draft: dict[str, Any]) -> None:
    body = whole_grid(client, draft["id"])
    assert edit(client, draft["id"], body).status_code == 200
    stale = edit(client, draft["id"], body)
    assert stale.status_code == 412
    told = stale.json()
    assert told["type"] == "urn:wangge:problem:stale-version"
    (change,) = told["changes"]
    assert (change["version"], change["who"], change["what"]) == (2, "planner", "edited")
    assert {NEW, body["ended_grids"][0]} <= set(change["grids"])
    assert change["at"].endswith("+00:00")
    renamed = client.patch(f"/plans/{draft['id']}", json={"name": "新名"}, headers={"If-Match": '"1"'})
    assert renamed.status_code == 412
    assert renamed.json()["changes"] == told["changes"]


def test_a_draft_is_renamed(client: TestClient, draft: dict[str, Any]) -> None:
    answer = client.patch(f"/plans/{draft['id']}", json={"name": " 2027 年方案 "}, headers={"If-Match": '"1"'})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["name"], answer.headers["etag"]) == ("2027 年方案", '"2"')
    assert client.get(f"/plans/{draft['id']}").json() == answer.json()
    assert client.get(f"/plans/{draft['id']}/edits").json()["name"] == "2027 年方案"
    for wrong in ("", " ", "甲\u202e乙", "甲" * 101):
        again = client.patch(f"/plans/{draft['id']}", json={"name": wrong}, headers={"If-Match": '"2"'})
        assert again.status_code == 422, wrong


def test_a_hostile_name_is_told_as_words_on_every_page(client: TestClient, draft: dict[str, Any]) -> None:
    name = "</title><script>alert(1)</script>\"' onclick=x"
    path = f"/plans/{draft['id']}"
    assert client.patch(path, json={"name": name}, headers={"If-Match": '"1"'}).status_code == 200
    for place in ("/plans", f"{path}/workbench", f"{path}/report", "/"):
        shown = client.get(place, headers={"Accept": "text/html"})
        assert shown.status_code == 200, place
        assert "<script>alert" not in shown.text


def test_adopted_plans_are_never_edited(client: TestClient, draft: dict[str, Any]) -> None:
    body = whole_grid(client, draft["id"])
    assert client.post(f"/plans/{draft['id']}/adopt", headers={"If-Match": '"1"'}).status_code == 200
    refused = edit(client, draft["id"], body, '"2"')
    assert refused.status_code == 409
    kept = client.patch(f"/plans/{draft['id']}", json={"name": "新"}, headers={"If-Match": '"2"'})
    assert (kept.status_code, "名称不再改" in kept.json()["detail"]) == (409, True)
    for page in (f"/plans/{draft['id']}/workbench", f"/plans/{draft['id']}/report"):
        assert "改名" not in client.get(page, headers={"Accept": "text/html"}).text


def test_what_is_impossible_is_refused_and_changes_nothing(client: TestClient, draft: dict[str, Any]) -> None:
    homes = homes_of(client, draft["id"])
    first, grid = next(iter(homes.items()))
    bodies: list[dict[str, Any]] = [
        {},
        {"moves": []},
        {"moves": [{"building_code": first, "grid_code": grid}]},
        {"moves": [{"building_code": first, "grid_code": NEW}]},
        {"moves": [{"building_code": first, "grid_code": f"{town.COMMUNITIES[1]}001"}]},
        {"moves": [{"building_code": town.building_code(1, 1), "grid_code": grid}]},
        {"moves": [{"building_code": first, "stairwell_code": f"{first}U01", "grid_code": NEW}], "new_grids": [NEW]},
        {"moves": [{"building_code": first, "floor_from": 1, "grid_code": grid}]},
        {"moves": [{"building_code": first, "floor_from": 1, "floor_to": 2, "grid_code": grid}]},
        {"moves": [{"building_code": first, "grid_code": grid, "who": "x"}]},
        {"moves": [{"building_code": first, "grid_code": 1}]},
        {"moves": [{"building_code": "x", "grid_code": grid}]},
        {"ended_grids": [grid]},
        {"new_grids": [NEW]},
        {"moves": [{"building_code": first, "grid_code": grid}] * 1001},
    ]
    for body in bodies:
        answer = edit(client, draft["id"], body)
        assert answer.status_code == 422, (body, answer.text)
        assert answer.json()["detail"]
    assert homes_of(client, draft["id"]) == homes
    assert client.get(f"/plans/{draft['id']}").json() == draft
    assert edit(client, 999_999, bodies[3]).status_code == 404
