"""Rows that wait for a place: listed page by page, placed once, in one's own scope."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.main import create_app
from api.settings import AppSettings
from geo.storage import events, layers
from geo.storage.database import session_scope
from geo.territory import codes
from geo.territory.nouns import NOUNS
from tests import factories as make
from tests.api.people import ADDRESS, bearing, token_of
from tests.databases import Databases
from tests.factories import STREET
from tests.geo.services import addressed
from tests.geo.services.addressed import ELSEWHERE, FIRST
from tests.geo.services.test_placing_by_address import SHOPS, imported, listed


def fill(engine: Engine) -> None:
    addressed.fill(engine)
    with TemporaryDirectory() as folder:
        imported(engine, listed(Path(folder, "shops.csv"), SHOPS))


@pytest.fixture
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("unplaced", fill)) as engine:
        yield engine


@pytest.fixture
def client(store: Engine) -> Iterator[TestClient]:
    app = create_app(AppSettings(), store)
    with TestClient(app, base_url=ADDRESS, headers=who(store, "planner", STREET)) as client:
        yield client


def who(engine: Engine, role: str, scope: str) -> dict[str, str]:
    return bearing(token_of(engine, f"{role}-{scope}", [role], (scope,)))


def test_rows_are_listed_with_what_they_could_be(client: TestClient, store: Engine) -> None:
    page = client.get("/unplaced").json()
    several, none = page["items"]
    assert page["numberReturned"] == 2
    assert several["file_row"] == SHOPS[2]
    assert {"id", "address", "apart", "level", "lon", "lat"} == set(several["choices"][0])
    assert (several["outcome"], none["outcome"]) == ("several", "none")
    with session_scope(store) as session:
        look = events.read(session, noun="unplaced_row")[0]
    assert (look.who, look.what, look.after) == (f"planner-{STREET}", "looked", {"rows": 2})
    first = client.get("/unplaced", params={"limit": 1}).json()
    following = next(link["href"] for link in first["links"] if link["rel"] == "next")
    assert [row["id"] for row in client.get(following).json()["items"]] == [none["id"]]


def test_a_choice_places_the_row_once(client: TestClient, store: Engine) -> None:
    row = client.get("/unplaced").json()["items"][0]
    address, body = f"/unplaced/{row['id']}/choice", {"choice": ELSEWHERE}
    assert client.post(address, json=body).status_code == 428
    assert client.post(address, json=body, headers={"If-Match": '"9"'}).status_code == 412
    done = client.post(address, json=body, headers={"If-Match": '"1"'})
    assert (done.status_code, done.headers["ETag"]) == (200, '"2"')
    assert (done.json()["state"], done.json()["decided_by"]) == ("placed", f"planner-{STREET}")
    assert client.post(address, json=body, headers={"If-Match": '"2"'}).status_code == 409
    with session_scope(store) as session:
        kept = layers.read(session, NOUNS["place"], codes=[done.json()["code"]])
    assert kept["building_code"].tolist() == [ELSEWHERE]
    assert len(client.get("/unplaced").json()["items"]) == 1


def test_a_row_is_dropped_and_stays_on_record(client: TestClient) -> None:
    row = client.get("/unplaced").json()["items"][1]
    done = client.post(f"/unplaced/{row['id']}/choice", json={"choice": None}, headers={"If-Match": '"1"'})
    assert (done.json()["state"], done.json()["code"]) == ("dropped", None)
    assert row["id"] not in [left["id"] for left in client.get("/unplaced").json()["items"]]


@pytest.mark.parametrize("body", [{}, {"choice": ""}, {"choice": "x", "more": 1}, {"choice": 1}, {"choice": "nowhere"}])
def test_what_is_no_choice_is_refused(client: TestClient, body: dict[str, object]) -> None:
    row = client.get("/unplaced").json()["items"][0]
    answer = client.post(f"/unplaced/{row['id']}/choice", json=body, headers={"If-Match": '"1"'})
    assert answer.status_code == 422
    assert client.get("/unplaced").json()["items"][0] == row


def test_outside_of_ones_scope_there_is_nothing(client: TestClient, store: Engine) -> None:
    row = client.get("/unplaced").json()["items"][0]
    for role in ("staff", "planner"):
        sent = who(store, role, FIRST)
        assert client.get("/unplaced", headers=sent).json()["items"] == []
        body, seen = {"choice": ELSEWHERE}, {"If-Match": '"1"', **sent}
        assert client.post(f"/unplaced/{row['id']}/choice", json=body, headers=seen).status_code in (403, 404)
    assert client.get("/unplaced", headers=who(store, "assessor", STREET)).status_code == 403


def test_places_of_a_street_are_numbered_by_who_sees_a_part_of_it(
    client: TestClient, store: Engine, tmp_path: Path
) -> None:
    """The next number is that after the highest of the street, also where the planner does not see what has it."""
    imported(store, listed(tmp_path / "shops.csv", SHOPS), under=FIRST, source="of the community")
    with session_scope(store) as session:
        make.make_place(session, 41, geometry=make.square(60, 1).centroid, household_unit_code=None)
    sent = who(store, "planner", FIRST)
    row = client.get("/unplaced", headers=sent).json()["items"][0]
    here = next(choice["id"] for choice in row["choices"] if choice["id"].startswith(FIRST))
    answer = client.post(f"/unplaced/{row['id']}/choice", json={"choice": here}, headers={"If-Match": '"1"', **sent})
    assert (answer.status_code, answer.json()["code"]) == (200, codes.make("place", STREET, 42))
    with session_scope(store, addressed.actor("planner", FIRST)) as session:
        assert layers.last_code(session, NOUNS["place"], STREET) == codes.make("place", STREET, 42)
        assert codes.make("place", STREET, 41) not in layers.existing_codes(session, NOUNS["place"], STREET)
        assert layers.last_code(session, NOUNS["place"], "440307002") is None, "a street of which nothing is seen"
