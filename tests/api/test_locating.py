"""Addresses located over HTTP: answers, looks on record, scopes, and what people call places."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.main import create_app
from api.settings import AppSettings
from geo.storage import events
from geo.storage.database import session_scope
from tests import factories as make
from tests.api.people import client_of
from tests.databases import Databases
from tests.geo.services import addressed
from tests.geo.services.addressed import COMPOUND, ELSEWHERE, FIRST, FLAG, GRIDS, ONE, PHONE, SECOND, TWO, UPSTAIRS

DOOR = "锦绣花园1栋1单元201"


@pytest.fixture(scope="module")
def engine(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        yield engine


@pytest.fixture(scope="module")
def app(engine: Engine) -> FastAPI:
    return create_app(AppSettings(), engine)


def someone(app: FastAPI, engine: Engine, role: str, scope: str) -> TestClient:
    return client_of(app, engine, f"{role}-{scope}", [role], [scope])


@pytest.fixture(scope="module")
def staff(app: FastAPI, engine: Engine) -> TestClient:
    return someone(app, engine, "staff", FIRST)


@pytest.fixture(scope="module")
def planner(app: FastAPI, engine: Engine) -> TestClient:
    return someone(app, engine, "planner", make.STREET)


@pytest.fixture(scope="module")
def neighbour(app: FastAPI, engine: Engine) -> TestClient:
    return someone(app, engine, "planner", SECOND)


def locate(client: TestClient, text: str, **more: Any) -> dict[str, Any]:
    answer = client.get("/locate", params={"text": text, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def looks(engine: Engine) -> list[tuple[str, str | None]]:
    with session_scope(engine) as session:
        return [(event.noun, event.code) for event in events.read(session, limit=500) if event.what == "looked"]


class TestLocate:
    def test_a_door_with_grid_and_people(self, staff: TestClient, engine: Engine) -> None:
        before = len(looks(engine))
        found = locate(staff, DOOR)
        assert (found["outcome"], found["total"], found["current"]) == ("one", 1, True)
        (place,) = found["candidates"]
        assert (place["id"], place["noun"], place["level"], place["cost"]) == (UPSTAIRS, "household_unit", "room", 0)
        assert place["address"].endswith("荷香路12号锦绣花园1栋1单元201")
        assert [grid["code"] for grid in place["grids"]] == GRIDS[:1]
        assert [(person["name"], person["phone"]) for person in place["people"]] == [("网格员1", PHONE)]
        assert place["geometry"]["coordinates"] == pytest.approx(list(addressed.middle(5).coords[0]), abs=1e-6)
        assert looks(engine)[: len(looks(engine)) - before] == [("grid", GRIDS[0]), ("household_unit", UPSTAIRS)]

    def test_several_told_apart(self, planner: TestClient) -> None:
        found = locate(planner, "锦绣花园1栋")
        assert found["outcome"] == "several"
        assert {place["id"] for place in found["candidates"]} == {ONE, ELSEWHERE}
        assert len({place["apart"] for place in found["candidates"]}) == 2
        assert found["candidates"][0]["people"][0]["phone"] == "138****1234"

    def test_near(self, planner: TestClient) -> None:
        for code, column in ((ONE, 5), (ELSEWHERE, 55)):
            at = addressed.middle(column)
            assert locate(planner, "锦绣花园1栋", near=f"{at.x},{at.y}")["candidates"][0]["id"] == code

    def test_none(self, staff: TestClient) -> None:
        found = locate(staff, "锦绣花园77栋")
        assert (found["outcome"], found["failed"], found["candidates"]) == ("none", "building", [])
        assert found["nearest"]
        assert found["reason"]["zh"]
        assert [(heard["kind_label"].split()[0], heard["how"]) for heard in found["heard"]] == [
            ("小区", "exact"),
            ("楼栋", "unmatched"),
        ]

    def test_a_direction(self, staff: TestClient) -> None:
        found = locate(staff, "红旗楼往西800米")
        assert (found["relation"]["bearing"], found["relation"]["metres"]) == (270, 800)
        assert [grid["code"] for grid in found["candidates"][0]["moved"]["grids"]] == GRIDS[:1]

    def test_scope(self, neighbour: TestClient) -> None:
        assert [place["id"] for place in locate(neighbour, "锦绣花园1栋")["candidates"]] == [ELSEWHERE]
        for said in ("红旗楼", "荷香路30号", "小李便利店"):
            found = locate(neighbour, said)
            assert found["outcome"] == "none"
            assert FIRST not in json.dumps(found)

    def test_an_assessor_sees_no_doors_and_nobody(self, app: FastAPI, engine: Engine) -> None:
        client, before = someone(app, engine, "assessor", FIRST), looks(engine)
        found = locate(client, DOOR)
        assert found["outcome"] == "one"
        assert found["candidates"][0]["people"] == []
        assert UPSTAIRS not in json.dumps(found)
        assert looks(engine) == before

    @pytest.mark.parametrize(
        "query",
        [
            {},
            {"text": ""},
            {"text": "楼" * 501},
            {"text": "楼", "near": "114"},
            {"text": "楼", "near": "200,0"},
            {"text": "楼", "near": "nan,0"},
            {"text": "楼", "far": "1"},
        ],
    )
    def test_refusals(self, staff: TestClient, query: dict[str, str]) -> None:
        answer = staff.get("/locate", params=query)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")

    @pytest.mark.parametrize(
        "text", ["\x00", "\u202e楼栋", "'; DROP TABLE building; --", "(((((a+)+)+)+)+)$", "🏢" * 200]
    )
    def test_strange_texts_are_answered(self, staff: TestClient, text: str) -> None:
        assert locate(staff, text)["outcome"] in ("none", "several")

    def test_nobody_locates_without_signing_in(self, app: FastAPI) -> None:
        with TestClient(app, base_url="http://localhost") as client:
            for path in ("/locate?text=x", "/locate/suggest?text=x", "/locate/reverse?lon=1&lat=1", "/aliases"):
                assert client.get(path).status_code == 401


class TestSuggest:
    def test_what_it_may_become(self, staff: TestClient, engine: Engine) -> None:
        before = looks(engine)
        items = staff.get("/locate/suggest", params={"text": "锦绣", "limit": 3}).json()["items"]
        assert 0 < len(items) <= 3
        assert items[0]["id"] == COMPOUND
        assert not {item["noun"] for item in items} & {"household_unit", "place"}
        assert looks(engine) == before

    def test_scope(self, neighbour: TestClient) -> None:
        assert neighbour.get("/locate/suggest", params={"text": "红旗"}).json() == {"items": []}


class TestReverse:
    def ask(self, client: TestClient, column: int) -> Any:
        at = addressed.middle(column)
        return client.get("/locate/reverse", params={"lon": at.x, "lat": at.y})

    def test_in_a_building(self, staff: TestClient) -> None:
        found = self.ask(staff, 5).json()
        assert (found["building"]["code"], found["building"]["distance_m"]) == (ONE, 0)
        assert found["address"]["address"].endswith("荷香路12号锦绣花园1栋")
        assert (found["compound"]["code"], found["community"]["code"]) == (COMPOUND, FIRST)
        assert ([grid["code"] for grid in found["grids"]], found["people"][0]["name"]) == (GRIDS[:1], "网格员1")

    def test_outside_is_not_there(self, neighbour: TestClient) -> None:
        answer = self.ask(neighbour, 5)
        assert answer.status_code == 404
        assert FIRST not in answer.text
        assert self.ask(neighbour, 55).status_code == 200

    @pytest.mark.parametrize("query", ["lon=181&lat=0", "lon=0&lat=91", "lon=nan&lat=0", "lon=1", "lon=1e999&lat=0"])
    def test_refusals(self, staff: TestClient, query: str) -> None:
        assert staff.get(f"/locate/reverse?{query}").status_code == 422


class TestAliases:
    def confirm(self, client: TestClient, text: str, place: str = TWO, key: str | None = None) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        return client.post("/locate/confirmations", json={"text": text, "id": place}, headers=headers)

    def decide(self, client: TestClient, alias: int, state: str, version: int | None) -> Any:
        headers = {"If-Match": f'"{version}"'} if version else {}
        return client.post(f"/aliases/{alias}/decision", json={"state": state}, headers=headers)

    def test_from_confirmation_to_answer(self, staff: TestClient, planner: TestClient, app: FastAPI) -> None:
        assert locate(staff, "春晖苑2栋")["outcome"] == "none"
        made = self.confirm(staff, "春晖苑2栋")
        assert made.status_code == 201
        (alias,) = made.json()["aliases"]
        assert (alias["alias"], alias["name"], alias["state"]) == ("春晖苑", "锦绣花园", "proposed")
        listed = planner.get("/aliases", params={"state": "proposed"}).json()["items"]
        assert alias["id"] in [item["id"] for item in listed]
        decided = self.decide(planner, alias["id"], "accepted", 1)
        assert (decided.status_code, decided.headers["etag"], decided.json()["state"]) == (200, '"2"', "accepted")
        assert not locate(staff, "春晖苑2栋")["current"]
        app.state.books.settle()
        found = locate(staff, "春晖苑2栋")
        assert (found["outcome"], found["candidates"][0]["id"]) == ("one", TWO)
        assert "alias" in [heard["how"] for heard in found["heard"]]

    def test_versions(self, staff: TestClient, planner: TestClient) -> None:
        alias = self.confirm(staff, "五星新村2栋").json()["aliases"][0]["id"]
        assert self.decide(planner, alias, "accepted", None).status_code == 428
        assert self.decide(planner, alias, "ended", 1).status_code == 409
        assert self.decide(planner, alias, "rejected", 1).status_code == 200
        assert self.decide(planner, alias, "accepted", 1).status_code == 412
        assert self.decide(planner, 2**31 - 1, "accepted", 1).status_code == 404
        assert self.decide(planner, alias, "proposed", 2).status_code == 422

    def test_roles_and_scope(self, staff: TestClient, neighbour: TestClient, app: FastAPI, engine: Engine) -> None:
        alias = self.confirm(staff, "七星花园2栋").json()["aliases"][0]["id"]
        assert self.decide(staff, alias, "accepted", 1).status_code == 403
        assert self.decide(neighbour, alias, "accepted", 1).status_code == 404
        assert neighbour.get("/aliases").json()["items"] == []
        assert self.confirm(neighbour, "七星花园2栋").status_code == 404
        assert self.confirm(someone(app, engine, "leader", FIRST), "七星花园2栋").status_code == 403

    def test_the_same_confirmation_again_is_one(self, staff: TestClient) -> None:
        first = self.confirm(staff, "八一花园2栋", key="confirmation-0001")
        again = self.confirm(staff, "八一花园2栋", key="confirmation-0001")
        assert first.content == again.content
        assert self.confirm(staff, "八一花园2栋").json()["aliases"][0]["times"] == 2

    def test_a_name_is_proposed_outright(self, staff: TestClient, planner: TestClient) -> None:
        said = {"alias": "百步梯", "id": COMPOUND}
        sent = [staff.post("/aliases", json=said, headers={"Idempotency-Key": "alias-0001"}) for _ in range(2)]
        assert [answer.status_code for answer in sent] == [201, 201]
        assert sent[0].content == sent[1].content
        assert (sent[0].headers["etag"], sent[0].json()["state"], sent[0].json()["name"]) == (
            '"1"',
            "proposed",
            "锦绣花园",
        )
        assert staff.post("/aliases", json={**said, "accept": True}).status_code == 403
        accepted = planner.post("/aliases", json={**said, "accept": True})
        assert (accepted.status_code, accepted.json()["state"], accepted.headers["etag"]) == (201, "accepted", '"2"')

    def test_former_names(self, staff: TestClient, neighbour: TestClient) -> None:
        assert staff.get(f"/former-names/{COMPOUND}").json() == {"code": COMPOUND, "items": []}
        assert neighbour.get(f"/former-names/{COMPOUND}").status_code == 404
        assert staff.get("/former-names/x").status_code == 422

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({"alias": "百步梯"}, 422),
            ({"alias": "", "id": COMPOUND}, 422),
            ({"alias": "12号", "id": COMPOUND}, 422),
            ({"alias": "梯" * 61, "id": COMPOUND}, 422),
            ({"alias": "百步梯", "id": COMPOUND, "accept": "yes"}, 422),
            ({"alias": "锦绣花园", "id": COMPOUND}, 409),
            ({"alias": "百步梯", "id": "440307001009X001"}, 404),
        ],
    )
    def test_refused_proposals(self, staff: TestClient, body: dict[str, Any], status: int) -> None:
        assert staff.post("/aliases", json=body).status_code == status

    @pytest.mark.parametrize(
        "body",
        [
            {"text": "x"},
            {"text": "", "id": TWO},
            {"text": "楼" * 501, "id": TWO},
            {"text": "楼\u202e", "id": TWO},
            {"text": "楼", "id": "x"},
            {"text": "楼", "id": TWO, "more": 1},
            {"text": 7, "id": TWO},
        ],
    )
    def test_refusals(self, staff: TestClient, body: dict[str, Any]) -> None:
        assert staff.post("/locate/confirmations", json=body).status_code == 422

    def test_pages(self, staff: TestClient, planner: TestClient) -> None:
        for number in range(3):
            self.confirm(staff, f"{'甲乙丙'[number]}字花园2栋")
        first = planner.get("/aliases", params={"limit": 2})
        more = planner.get(first.json()["links"][-1]["href"]).json()["items"]
        assert first.json()["links"][-1]["rel"] == "next"
        assert min(item["id"] for item in first.json()["items"]) > max(item["id"] for item in more)
        assert FLAG not in first.text
