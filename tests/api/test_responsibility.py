"""Responsibility over HTTP: as JSON and as a page, for those who see people."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine

from api.main import create_app
from api.settings import AppSettings
from geo.services.cases import NewCase, open_case
from geo.storage.database import session_scope
from tests import factories as make
from tests.api.people import client_of
from tests.databases import Databases
from tests.ledgered import ANNA, Ground, ground

HOSTILE = "<b>安娜</b>"


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[tuple[Engine, Ground]]:
    with databases.engine(databases.migrated_template()) as engine:
        with session_scope(engine) as session:
            place = ground(session)
            make.make_grid_staff(session, 1, name=HOSTILE, role="grid_worker", grid_code=place.grids[0])
            open_case(session, NewCase("hazard", "wiring", "插座", place_code=place.place), actor=ANNA)
        yield engine, place


@pytest.fixture(scope="module")
def app(store: tuple[Engine, Ground]) -> FastAPI:
    return create_app(AppSettings(), store[0])


def test_an_answer_and_what_it_rests_on(app: FastAPI, store: tuple[Engine, Ground]) -> None:
    engine, place = store
    with client_of(app, engine, "lee", ["leader"], [make.STREET]) as leader:
        path = f"/responsibility/place/{place.place}"
        told = leader.get(path).json()
        assert (told["verdict"], told["failed"], told["name"]) == ("in_order", False, "第1小店")
        assert [step["question"] for step in told["steps"]] == ["in_charge", "looked_for", "dealt_with"]
        assert told["steps"][-1]["events"][0]["noun"] == "case"
        page = leader.get(path, headers={"Accept": "text/html"}).text
        assert HOSTILE not in page
        assert "&lt;b&gt;安娜&lt;/b&gt;" in page
        assert leader.get(f"{path}?on=2999-01-01").status_code == 422
        assert leader.get(f"{path}?on=yesterday").status_code == 422
        assert leader.get(f"/responsibility/place/{make.STREET}P999999").status_code == 404


def test_who_may_not_ask(app: FastAPI, store: tuple[Engine, Ground]) -> None:
    engine, place = store
    path = f"/responsibility/place/{place.place}"
    for login, role, scope, status in (
        ("otto", "assessor", make.STREET, 403),
        ("carl", "inspector", place.grids[1], 404),
        ("far", "leader", "440307002", 404),
    ):
        with client_of(app, engine, login, [role], [scope]) as client:
            assert client.get(path).status_code == status
