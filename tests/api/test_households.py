"""Doors and people of the grids: for few roles, within their scope, each look on record."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from typer.testing import CliRunner

from api.cli import app as terminal
from geo.storage import events
from geo.storage.database import session_scope
from tests.api import town
from tests.api.people import ADDRESS, client_of

BUILDING = town.building_code(0, 1)
UNITS = f"/buildings/{BUILDING}/household-units"
FIRST, SECOND, _ = town.COMMUNITIES
PHONE, NAME, ROOM = town.PERSONAL
#: Every role with the widest scope that it is given for; '' is none.
WIDEST = {
    "planner": town.STREET,
    "inspector": f"{FIRST}001",
    "staff": FIRST,
    "assessor": town.STREET,
    "leader": town.STREET,
    "administrator": "",
    "security_officer": "",
    "auditor": "",
}
MAY_LOOK = {"planner", "inspector", "staff"}


def someone(app: FastAPI, engine: Engine, role: str, scope: str) -> TestClient:
    return client_of(app, engine, f"{role}-{scope}".replace("_", "-"), [role], [scope] if scope else [])


@pytest.mark.parametrize("role", WIDEST)
def test_roles(app: FastAPI, town_engine: Engine, role: str) -> None:
    client = someone(app, town_engine, role, WIDEST[role])
    # No plan is in force: an inspector's grid has no buildings yet.
    for path, shown in ((UNITS, 404 if role == "inspector" else 200), (f"/grid-staff?grid={FIRST}001", 200)):
        answer = client.get(path)
        assert answer.status_code == (shown if role in MAY_LOOK else 403)
        assert answer.status_code == 200 or not any(secret in answer.text for secret in town.PERSONAL)


def test_nobody_looks_without_signing_in(app: FastAPI) -> None:
    assert TestClient(app, base_url=ADDRESS).get(UNITS).status_code == 401


def test_doors(app: FastAPI, town_engine: Engine) -> None:
    client = someone(app, town_engine, "staff", FIRST)
    found = client.get(UNITS).json()
    assert [item["room"] for item in found["items"]] == [ROOM]
    assert found["next"] is None
    last = _last_event(town_engine)
    assert (last.what, last.noun, last.code, last.after) == ("looked", "building", BUILDING, {"household_unit": 1})
    assert last.address


def test_doors_of_a_sibling_community_are_not_there(app: FastAPI, town_engine: Engine) -> None:
    client = someone(app, town_engine, "staff", SECOND)
    assert client.get(UNITS).status_code == 404
    assert client.get("/grid-staff", params={"community": FIRST}).status_code == 404
    assert client.get("/grid-staff", params={"grid": f"{FIRST}001"}).status_code == 404


@pytest.mark.parametrize(("role", "phone"), [("staff", PHONE), ("planner", "138****1234")])
def test_phones_are_masked_by_role(app: FastAPI, town_engine: Engine, role: str, phone: str) -> None:
    client = someone(app, town_engine, role, FIRST)
    (person,) = client.get("/grid-staff", params={"grid": f"{FIRST}001"}).json()["items"]
    assert (person["name"], person["phone"]) == (NAME, phone)


def test_all_people_at_once_are_not_shown(app: FastAPI, town_engine: Engine) -> None:
    client = someone(app, town_engine, "staff", FIRST)
    assert client.get("/grid-staff").status_code == 422
    assert client.get("/grid-staff", params={"grid": f"{FIRST}001", "community": FIRST}).status_code == 422


def test_the_terminal_records_its_looks(empty_store: Engine) -> None:
    with session_scope(empty_store) as session:
        town.build(session)
    done = CliRunner().invoke(terminal, ["households", BUILDING])
    assert done.exit_code == 0, done.output
    assert "1 户" in done.output
    assert _last_event(empty_store).what == "looked"


def _last_event(engine: Engine) -> events.EventRecord:
    with session_scope(engine) as session:
        return events.read(session, limit=1)[0]
