"""Merging old networks over HTTP."""

from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from shapely import box
from sqlalchemy import Engine

from geo.storage import plans
from geo.storage.database import session_scope
from geo.territory.codes import make
from tests.api import town

COMMUNITY = town.COMMUNITIES[2]
WHO = "tester"


@pytest.fixture(scope="module")
def old_grids(town_engine: Engine) -> None:
    """城管 has the western half of the third community and the eastern one; 消防 has the south."""
    west, east, south, north = (
        town.WEST + 2 * town.SIDE,
        town.WEST + 3 * town.SIDE,
        town.SOUTH,
        town.SOUTH + town.SIDE,
    )
    middle = (west + east) / 2
    with session_scope(town_engine) as session:
        for department, shapes, first in (
            ("城管", [box(west, south, middle, north), box(middle, south, east, north)], 601),
            ("消防", [box(west, south, east, (south + north) / 2)], 801),
        ):
            rows = {
                "code": [make("grid", COMMUNITY, first + number) for number in range(len(shapes))],
                "community_code": COMMUNITY,
                "households": 180,
            }
            plan = plans.create_draft(
                session,
                name=f"{department}原有网格",
                scope_code=COMMUNITY,
                department=department,
                lower=None,
                upper=None,
                seed=None,
                parameters={},
                report={},
                grids=gpd.GeoDataFrame(rows, geometry=shapes, crs="EPSG:4326"),
                assignment=pd.DataFrame({name: [] for name in plans.ASSIGNMENT_COLUMNS}),
                who=WHO,
            )
            plans.adopt(session, plan, who=WHO, version=plans.read_plan(session, plan).version)


def asked(**more: Any) -> dict[str, Any]:
    return {"scope": COMMUNITY, "lower": 150, "upper": 200, **more}


@pytest.mark.usefixtures("old_grids")
class TestMerge:
    def test_a_draft_is_made_with_who_moves(self, client: TestClient) -> None:
        answer = client.post("/plans/merge", json=asked(name="多网合一", weights={"城管": 2.0}))
        assert answer.status_code == 201
        made = answer.json()
        assert (made["state"], made["name"], made["department"]) == ("draft", "多网合一", "")
        assert answer.headers["location"] == f"/plans/{made['id']}"
        assert answer.headers["etag"] == f'"{made["version"]}"'
        merging = made["report"]["merging"]
        assert merging["grids_before"] == 3
        assert merging["households"]["all"] == 360
        assert {row["department"] for row in merging["flows"]} == {"城管", "消防"}
        assert "afresh" in merging
        assert not any(word in answer.text for word in town.PERSONAL)
        assert client.get(answer.headers["location"]).json() == made

    def test_departments_can_be_chosen(self, client: TestClient) -> None:
        answer = client.post("/plans/merge", json=asked(departments=["城管"], compare=False))
        (row,) = answer.json()["report"]["merging"]["departments"]
        assert (row["department"], row["grids"], row["together_share"]) == ("城管", 2, 1.0)

    def test_a_department_without_old_grids_is_not_found(self, client: TestClient) -> None:
        answer = client.post("/plans/merge", json=asked(departments=["应急"]))
        assert answer.status_code == 404
        assert "城管、消防" in answer.json()["detail"]

    @pytest.mark.parametrize(
        "wrong",
        [{"weights": {"城管": -1.0}}, {"weights": {"应急": 1.0}}, {"departments": []}, {"previous": 3}, {"more": 1}],
    )
    def test_what_makes_no_sense_is_refused(self, client: TestClient, wrong: dict[str, Any]) -> None:
        assert client.post("/plans/merge", json=asked(**wrong)).status_code == 422


def test_a_place_without_old_grids_is_not_found(client: TestClient) -> None:
    assert client.post("/plans/merge", json={"scope": town.COMMUNITIES[0]}).status_code == 404
