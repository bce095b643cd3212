"""The planner's controls over HTTP."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from geo.territory import codes
from tests.api import town

COMMUNITY = town.COMMUNITIES[2]
BODY = {"scope": COMMUNITY, "lower": 80, "upper": 130}
GRID = codes.make("grid", COMMUNITY, 1)
CORNER = [town.building_code(2, number) for number in (1, 2, 7)]


def drafted(client: TestClient, **wishes: Any) -> dict[str, Any]:
    answer = client.post("/plans", json=BODY | {"previous": "none", "wishes": wishes})
    assert answer.status_code == 201, answer.text
    plan: dict[str, Any] = answer.json()
    return plan


def grids_of(client: TestClient, plan: dict[str, Any]) -> dict[str, str]:
    rows = client.get(f"/plans/{plan['id']}/assignment").json()["items"]
    return {row["building_code"]: row["grid_code"] for row in rows}


@pytest.fixture(scope="module")
def first(client: TestClient) -> dict[str, Any]:
    return drafted(client)


def test_locks_by_code(client: TestClient) -> None:
    far = town.building_code(2, 8)
    plan = drafted(client, together=[CORNER], apart=[[CORNER[0], far]], grids=4)
    grids = grids_of(client, plan)
    assert len({grids[code] for code in CORNER}) == 1
    assert grids[far] != grids[CORNER[0]]
    assert plan["grids"] == 4
    assert plan["report"]["settings"]["locks"]["apart"] == [[CORNER[0], far]]


def test_a_grid_of_the_plan_that_is_named_is_kept(client: TestClient, first: dict[str, Any]) -> None:
    body = BODY | {"previous": first["id"], "wishes": {"keep_grids": [GRID]}}
    again = client.post("/plans", json=body).json()
    before, after = grids_of(client, first), grids_of(client, again)
    assert {code for code, grid in after.items() if grid == GRID} == {
        code for code, grid in before.items() if grid == GRID
    }
    assert again["report"]["previous_plans"] == [first["id"]]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"wishes": {"keep_grids": [GRID]}, "previous": "none"}, "unusable-input"),
        ({"wishes": {"posts": [town.building_code(1, 1)]}}, "bad-code"),
        ({"wishes": {"whole_compounds": [codes.make("compound", COMMUNITY, 9)]}}, "bad-code"),
        ({"wishes": {"apart": [[CORNER[0], CORNER[0]]]}}, "unusable-input"),
        ({"wishes": {"style": "fastest"}}, "bad-code"),
        ({"wishes": {"balance": [{"name": "shops", "upper": 3}]}}, "bad-code"),
        ({"wishes": {"balance": [{"name": "market", "lower": 3, "upper": 1}]}}, "out-of-bounds"),
        ({"wishes": {"repair": True}, "previous": "none"}, "unusable-input"),
        ({"wishes": {"keep_grids": ["1"]}}, "invalid-request"),
        ({"wishes": {"apart": [[CORNER[0]]]}}, "invalid-request"),
        ({"wishes": {"whole_compounds": "all"}}, "invalid-request"),
        ({"wishes": {"dials": {"speed": 1}}}, "invalid-request"),
        ({"wishes": {"dials": {"fewer": -1}}}, "invalid-request"),
        ({"wishes": {"dials": {"fewer": "1"}}}, "invalid-request"),
        ({"wishes": {"grids": 0}}, "invalid-request"),
        ({"wishes": {"style": "a\x00"}}, "invalid-request"),
        ({"previous": 0}, "invalid-request"),
        ({"previous": "latest"}, "invalid-request"),
    ],
)
def test_wishes_that_cannot_be_met_are_refused(client: TestClient, body: dict[str, Any], kind: str) -> None:
    answer = client.post("/plans", json=BODY | body)
    assert (answer.status_code, answer.json()["type"]) == (422, f"urn:wangge:problem:{kind}"), answer.text


def test_a_plan_that_is_not_there(client: TestClient) -> None:
    assert client.post("/plans", json=BODY | {"previous": 2147483647}).status_code == 404


def test_alternatives_are_saved_and_compared(client: TestClient) -> None:
    answer = client.post("/plans/alternatives", json=BODY | {"previous": "none", "styles": ["compact", "网格最少"]})
    assert answer.status_code == 201, answer.text
    found = answer.json()
    table = found["alternatives"]
    assert [row["plan"] for row in table["plans"]] == [plan["id"] for plan in found["items"]]
    assert {row["style"] for row in (*table["plans"], *table["same"])} == {"balanced", "compact", "fewest"}
    one = client.get(f"/plans/{found['items'][0]['id']}").json()
    assert one["report"]["alternatives"] == table


def test_unknown_styles_are_refused(client: TestClient) -> None:
    answer = client.post("/plans/alternatives", json=BODY | {"styles": ["fastest"]})
    assert answer.json()["type"] == "urn:wangge:problem:bad-code"
