"""The ground of a plan over HTTP, what edits did to it, and an edit whose answer was lost on its way."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.schemas.grounds import Ground
from tests.api import town

COMMUNITY = town.COMMUNITIES[0]
BODY = {"scope": COMMUNITY, "lower": 80, "upper": 130, "seed": 3, "name": "工作台"}
NEW = f"{COMMUNITY}099"


@pytest.fixture
def draft(client: TestClient) -> dict[str, Any]:
    plan: dict[str, Any] = client.post("/plans", json=BODY).json()
    return plan


def ground_of(client: TestClient, plan: int) -> dict[str, Any]:
    answer = client.get(f"/plans/{plan}/ground")
    assert answer.status_code == 200, answer.text
    ground: dict[str, Any] = answer.json()
    assert answer.headers["etag"] == f'"{ground["plan"]["version"]}"'
    return ground


def homes_of(ground: dict[str, Any]) -> dict[str, str]:
    units = ground["units"]
    return {key: ground["grids"]["code"][grid] for key, grid in zip(units["key"], units["grid"], strict=True)}


def renewal(homes: dict[str, str]) -> dict[str, Any]:
    """All of one grid becomes a new one, and the old one ends."""
    grid = min(homes.values())
    moves = [{"building_code": code, "grid_code": NEW} for code, held in homes.items() if held == grid]
    return {"moves": moves, "new_grids": [NEW], "ended_grids": [grid]}


def edit(client: TestClient, plan: int, body: dict[str, Any], version: int, key: str | None = None) -> Any:
    headers = {"If-Match": f'"{version}"'} | ({"Idempotency-Key": key} if key else {})
    return client.patch(f"/plans/{plan}/assignment", json=body, headers=headers)


def test_the_ground_says_who_is_where_and_what_lies_between(client: TestClient, draft: dict[str, Any]) -> None:
    ground = ground_of(client, draft["id"])
    rows = client.get(f"/plans/{draft['id']}/assignment").json()["items"]
    assert homes_of(ground) == {row["building_code"]: row["grid_code"] for row in rows}
    report = client.get(f"/plans/{draft['id']}").json()["report"]
    units, edges = ground["units"], ground["edges"]
    assert sum(units["households"]) == report["households"]
    kept = [units["grid"][one] == units["grid"][other] for one, other in zip(edges["first"], edges["second"])]  # noqa: B905
    cut = sum(cost for cost, inside in zip(edges["cost"], kept, strict=True) if not inside)
    crossed = sum(weight for weight, inside in zip(edges["crossing"], kept, strict=True) if inside)
    assert cut == pytest.approx(report["boundary_cost"], abs=0.001)
    assert crossed == pytest.approx(report["barrier_crossed"], abs=0.001)
    assert ground["communities"]["code"] == [COMMUNITY]
    Ground.model_validate(ground)
    assert not any(said in str(ground) for said in town.PERSONAL)


def test_what_edits_did_is_listed_and_can_be_taken_back(client: TestClient, draft: dict[str, Any]) -> None:
    plan, homes = draft["id"], homes_of(ground_of(client, draft["id"]))
    body = renewal(homes)
    (grid,) = body["ended_grids"]
    assert edit(client, plan, body, 1).status_code == 200
    listed = client.get(f"/plans/{plan}/edits").json()
    assert (listed["version"], listed["state"]) == (2, "draft")
    (stroke,) = listed["items"]
    assert (stroke["version"], stroke["who"]) == (2, "planner")
    assert stroke["moves"] == {move["building_code"]: [grid, NEW] for move in body["moves"]}
    assert (stroke["new_grids"], stroke["ended_grids"]) == ([NEW], [grid])
    back = [{"building_code": code, "grid_code": was} for code, (was, _) in stroke["moves"].items()]
    assert edit(client, plan, {"moves": back, "new_grids": [grid], "ended_grids": [NEW]}, 2).status_code == 200
    assert homes_of(ground_of(client, plan)) == homes
    later = client.get(f"/plans/{plan}/edits?after=2").json()["items"]
    assert [one["moves"] for one in later] == [{code: [NEW, grid] for code in stroke["moves"]}]


def test_an_edit_whose_answer_was_lost_is_made_once(client: TestClient, draft: dict[str, Any]) -> None:
    body = renewal(homes_of(ground_of(client, draft["id"])))
    first, again = (edit(client, draft["id"], body, 1, key="stroke-of-the-brush") for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert again.headers["etag"] == '"2"'
    assert len(client.get(f"/plans/{draft['id']}/edits").json()["items"]) == 1
    assert edit(client, draft["id"], body, 2, key="stroke-of-the-brush").status_code == 422  # another request


def test_only_plans_of_grids_have_a_ground(client: TestClient) -> None:
    asked = {"scope": town.STREET, "tier": "community", "lower": 500, "upper": 600}
    made = client.post("/plans", json=asked).json()
    refused = client.get(f"/plans/{made['id']}/ground")
    assert refused.status_code == 409
    assert "社区" in refused.json()["detail"]
    for path in ("ground", "edits", "workbench"):
        assert client.get(f"/plans/999999/{path}").status_code == 404


def test_the_page_says_whose_plan_it_is_and_whether_it_may_be_edited(client: TestClient, draft: dict[str, Any]) -> None:
    answer = client.get(f"/plans/{draft['id']}/workbench")
    assert answer.status_code == 200
    assert "工作台" in answer.text
    assert 'data-may-edit="yes"' in answer.text
    assert f'href="/plans/{draft["id"]}/workbench"' in client.get("/").text
    assert "'unsafe-inline'" not in answer.headers["content-security-policy"]
    assert client.post(f"/plans/{draft['id']}/adopt", headers={"If-Match": '"1"'}).status_code == 200
    assert 'data-may-edit="no"' in client.get(f"/plans/{draft['id']}/workbench").text
