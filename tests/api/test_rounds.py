"""An inspector's round over HTTP: what comes with it for a map without signal, and for how long a phone may keep it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from api.main import create_app
from api.settings import AppSettings
from tests import factories as make
from tests.api.people import client_of
from tests.databases import Databases
from tests.geo.services import inspected
from tests.geo.services.inspected import GRID, HIGH_HOME, LIFT, LOW_HOME, RENTAL, SHOP, STALL, TWO


@pytest.fixture
def inspector(databases: Databases) -> Iterator[TestClient]:
    with databases.engine(databases.filled("inspected", inspected.fill)) as engine:
        yield client_of(create_app(AppSettings(), engine), engine, "wang", ["inspector"], [GRID])


def test_a_round_brings_what_else_there_is(inspector: TestClient) -> None:
    first = {"workflow": "hazard", "kind": "wiring", "summary": "插座烧焦", "place_code": SHOP}
    spot = {"lon": make.WEST + 0.0001, "lat": make.SOUTH + 0.0001}
    other = {"workflow": "hazard", "kind": "fire_exit_blocked", "summary": "堆物", **spot}
    for given in (first, other):
        assert inspector.post("/cases", json=given).status_code == 201
    told = inspector.get("/rounds/today").json()
    assert [each["code"] for each in told["subjects"]] == sorted([LOW_HOME, HIGH_HOME, RENTAL, SHOP, LIFT, STALL])
    assert set(told["ground"]) == {"grids", "buildings", "barriers", "elements", "hazards"}
    hazards = {each["properties"]["kind"]: each for each in told["ground"]["hazards"]["features"]}
    assert set(hazards) == {"wiring", "fire_exit_blocked"}
    assert hazards["wiring"]["properties"]["building_code"] == TWO
    assert hazards["fire_exit_blocked"]["geometry"]["coordinates"] == pytest.approx([spot["lon"], spot["lat"]])
    lasting = datetime.fromisoformat(told["expires_at"]) - datetime.fromisoformat(told["as_of"])
    assert lasting == timedelta(hours=16)


def test_the_page_tells_how_the_map_looks_and_names_nobody(inspector: TestClient) -> None:
    page = inspector.get("/round").text
    assert "data-styles=" in page
    assert "no_access" in page
    assert not any(word in page for word in ("wang<", SHOP, STALL, "阿强"))
