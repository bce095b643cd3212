"""Requests over HTTP: taken in, asked back, hinted at, joined, handed on, placed."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update

from api.main import create_app
from api.settings import AppSettings
from geo.ledger.duties import duties
from geo.storage import events
from geo.storage.catalogue import METADATA
from geo.storage.database import session_scope
from tests.api.people import ADDRESS, bearing, token_of
from tests.databases import Databases
from tests.factories import STREET
from tests.geo.services import addressed
from tests.geo.services.addressed import ELSEWHERE, FIRST, FLAG, GRIDS, ONE, PHONE, SECOND

RUBBISH = {"text": "楼下垃圾堆了三天没人清运", "address": "荷香路30号红旗楼"}
CALLER = {"name": "王女士", "phone": "13912345678"}


@pytest.fixture
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        yield engine


@pytest.fixture
def client(store: Engine) -> Iterator[TestClient]:
    app = create_app(AppSettings(), store)
    with TestClient(app, base_url=ADDRESS, headers=who(store, "staff", FIRST)) as client:
        yield client


def who(engine: Engine, role: str, *scopes: str) -> dict[str, str]:
    return bearing(token_of(engine, f"{role}-{'-'.join(scopes)}", [role], scopes))


def test_a_request_is_answered_with_number_who_and_when(client: TestClient, store: Engine) -> None:
    answer = client.post("/requests", json={**RUBBISH, "reporter": CALLER})
    told = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/cases/{told['id']}"
    assert answer.headers["ETag"] == f'"{told["version"]}"'
    assert told["number"].startswith("SQ")
    assert (told["kind"], told["kind_label"], told["outcome"]) == ("rubbish", "暴露垃圾 rubbish", "opened")
    assert (told["in_charge"]["party"]["code"], told["in_charge"]["code"]) == ("grid_worker", GRIDS[1])
    assert told["due_at"]
    assert told["people"][0]["phone"] == PHONE
    assert told["building_code"] == FLAG
    assert CALLER["phone"] not in answer.text
    assert client.get(f"/cases/{told['id']}/reporter").json()["phone"] == CALLER["phone"]
    with session_scope(store) as session:
        assert {event.noun for event in events.read(session)} >= {"case", "case_reporter", "grid"}


def test_several_places_are_asked_back_with_what_tells_them_apart(client: TestClient, store: Engine) -> None:
    both = who(store, "staff", FIRST, SECOND)
    asked = {**RUBBISH, "address": "锦绣花园1栋"}
    answer = client.post("/requests", json=asked, headers=both)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, "urn:wangge:problem:no-one-place")
    assert {one["id"] for one in problem["candidates"]} >= {ONE, ELSEWHERE}
    assert all(one["apart"] for one in problem["candidates"])
    answer = client.post("/requests", json={**asked, "place": ELSEWHERE}, headers=both)
    assert (answer.status_code, answer.json()["building_code"]) == (201, ELSEWHERE)


def test_what_is_nowhere_is_kept_listed_and_placed(client: TestClient) -> None:
    nowhere = {**RUBBISH, "address": "不存在路999号", "community_code": FIRST}
    kept = client.post("/requests", json=nowhere).json()
    assert (kept["is_placed"], kept["building_code"]) == (False, None)
    assert [one["id"] for one in client.get("/requests", params={"unplaced": True}).json()["items"]] == [kept["id"]]
    address = f"/requests/{kept['id']}/place"
    assert client.post(address, json={"place": FLAG}).status_code == 428
    assert client.post(address, json={"place": FLAG}, headers={"If-Match": '"9"'}).status_code == 412
    seen = {"If-Match": f'"{kept["version"]}"'}
    placed = client.post(address, json={"place": FLAG}, headers=seen)
    assert (placed.status_code, placed.json()["building_code"], placed.json()["grid_code"]) == (200, FLAG, GRIDS[1])
    assert client.get("/requests", params={"unplaced": True}).json()["items"] == []
    assert client.post(address, json={"place": FLAG}, headers={"If-Match": placed.headers["ETag"]}).status_code == 409


def test_hints_come_before_anything_is_saved(client: TestClient) -> None:
    asked = {**RUBBISH, "text": "垃圾没人清运"}
    assert client.post("/requests/hints", json=asked).json()["hints"] == []
    first = client.post("/requests", json=RUBBISH).json()
    told = client.post("/requests/hints", json=asked).json()
    assert [hint["number"] for hint in told["hints"]] == [first["number"]]
    assert (told["kind"], told["words"], told["building_code"]) == ("rubbish", ["没人清运", "垃圾"], FLAG)
    answer = client.post("/requests", json=asked)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:wangge:problem:known-already")
    assert answer.json()["hints"][0]["id"] == first["id"]
    assert len(client.get("/requests").json()["items"]) == 1


def test_hints_name_whom_the_answer_will_name(client: TestClient) -> None:
    told = client.post("/requests/hints", json=RUBBISH).json()
    taken = client.post("/requests", json=RUBBISH).json()
    assert told["in_charge"] == taken["in_charge"]
    assert told["party"]["code"] == "contractor" != taken["in_charge"]["party"]["code"], "no contractor is on record"
    unclear = client.post("/requests/hints", json={"text": "垃圾没人清运", "community_code": FIRST}).json()
    assert unclear["in_charge"]["code"].startswith(FIRST)


def test_hints_say_who_answers_and_by_when_of_hazards_too(client: TestClient) -> None:
    asked = {"workflow": "hazard", "text": "一楼插座冒火花,电线都烧黑了", "place": FLAG}
    told = client.post("/requests/hints", json=asked).json()
    assert (told["kind"], told["words"], told["hints"]) == ("wiring", ["冒火花", "插座", "电线"], [])
    duty = duties("hazard")["wiring"]
    assert (told["party"]["code"], told["limit_zh"]) == (duty.party.code, duty.limit.zh)
    hazard = {"workflow": "hazard", "kind": "wiring", "summary": asked["text"], "building_code": FLAG}
    opened = client.post("/cases", json={**hazard, "source": "hotline", "address": "红旗楼一楼"}).json()
    within = datetime.fromisoformat(opened["step_due_at"]) - datetime.fromisoformat(opened["found_at"])
    assert (told["due_within_zh"], opened["due_at"]) == (f"{within / timedelta(hours=1):g} 小时", None)
    assert [hint["number"] for hint in client.post("/requests/hints", json=asked).json()["hints"]] == [opened["number"]]
    assert client.get(f"/cases/{opened['id']}/reporter").json()["contact"] == {"address": "红旗楼一楼"}
    assert client.post("/requests/hints", json={**asked, "kind": "rubbish"}).status_code == 422
    request = client.post("/requests/hints", json={**asked, "workflow": "request"}).json()
    assert request["hints"] == [], "a hazard is not a request"


def test_the_address_as_it_was_said_is_kept_with_who_asks(client: TestClient) -> None:
    taken = client.post("/requests", json={**RUBBISH, "address": "和香路30号那栋"}).json()
    assert (taken["building_code"], "和香路" in str(taken)) == (FLAG, False)
    assert client.get(f"/cases/{taken['id']}/reporter").json()["contact"] == {"address": "和香路30号那栋"}


def test_lists_of_the_desk(client: TestClient, store: Engine) -> None:
    mine = client.post("/requests", json=RUBBISH).json()
    other = who(store, "planner", STREET)
    theirs = client.post("/requests", json={**RUBBISH, "text": "电梯坏了"}, headers=other).json()
    unclear = {"text": "有人占道摆摊", "address": "不存在路999号", "community_code": FIRST}
    nowhere = client.post("/requests", json=unclear).json()

    def listed(**wanted: bool | str) -> list[str]:
        return [one["number"] for one in client.get("/requests", params=wanted).json()["items"]]

    everything = [one["number"] for one in (nowhere, theirs, mine)]
    assert listed(today=True) == listed(live=True) == listed() == everything
    assert listed(taken=True) == [nowhere["number"], mine["number"]]
    assert listed(text="电梯") == [theirs["number"]]
    assert listed(light="red") == listed(mine=True) == []
    handed = client.post(
        f"/requests/{mine['id']}/routing",
        json={"nature": "help", "assignee": FIRST},
        headers={"If-Match": f'"{mine["version"]}"'},
    )
    assert handed.status_code == 200
    assert listed(mine=True) == [mine["number"]]
    with session_scope(store) as session:
        session.execute(update(METADATA.tables["ledger_case"]).values(due_at=mine["opened_at"]))
    assert set(listed(light="red")) == set(everything)


def test_the_work_list_is_a_page(client: TestClient) -> None:
    taken = client.post("/requests", json={**RUBBISH, "text": "<b>垃圾</b>没人清运"}).json()
    client.post("/requests", json={"text": "有人占道摆摊", "address": "不存在路9号", "community_code": FIRST})
    page = client.get("/requests?taken=true&live=true", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert 'href="/requests?taken=true&amp;live=true" aria-current="page"' in page.text
    assert f'href="/cases/{taken["id"]}"' in page.text
    assert "&lt;b&gt;垃圾" in page.text
    assert page.text.count("地点待核实</span>") == 1
    assert "没有诉求" in client.get("/requests?light=red", headers={"Accept": "text/html"}).text
    following = client.get("/requests?limit=1&text=没", headers={"Accept": "text/html"})
    assert "after=" not in following.text
    assert f"after={taken['id'] + 1}" in client.get("/requests?limit=1", headers={"Accept": "text/html"}).text
    assert client.get("/requests").headers["content-type"] == "application/json"


def test_the_joined_are_listed_with_what_they_were_joined_to(client: TestClient) -> None:
    first = client.post("/requests", json=RUBBISH).json()
    joined = client.post("/requests", json={"text": "太臭了", "joins": first["id"]})
    told = joined.json()
    assert (told["outcome"], told["joined_into"], told["state"]) == ("joined", first["number"], "void")
    listed = client.get(f"/requests/{first['id']}/joined").json()["items"]
    assert [one["number"] for one in listed] == [told["number"]]
    assert client.get(f"/cases/{first['id']}").json()["sightings"] == 2


def test_a_request_is_handed_on_by_the_duty_list(client: TestClient) -> None:
    taken = client.post("/requests", json=RUBBISH).json()
    address, body = f"/requests/{taken['id']}/routing", {"nature": "help"}
    assert client.post(address, json=body).status_code == 428
    done = client.post(address, json=body, headers={"If-Match": f'"{taken["version"]}"'})
    told = done.json()
    assert (done.status_code, told["step"], told["assignee"]) == (200, "handling", GRIDS[1])
    assert any("作业单位" in reason for reason in told["in_charge"]["reasons"])
    assert client.post(address, json=body, headers={"If-Match": done.headers["ETag"]}).status_code == 409


def test_a_key_makes_one_request(client: TestClient) -> None:
    key = {"Idempotency-Key": "key-of-my-own"}
    first = client.post("/requests", json=RUBBISH, headers=key)
    again = client.post("/requests", json=RUBBISH, headers=key)
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    device = {**RUBBISH, "text": "电梯坏了", "client_key": "device-key-1"}
    assert client.post("/requests", json=device).json()["id"] == client.post("/requests", json=device).json()["id"]
    assert len(client.get("/requests").json()["items"]) == 2


def test_requests_are_walked_page_by_page(client: TestClient) -> None:
    texts = ("电梯坏了", "路灯坏了", "停水了")
    numbers = [client.post("/requests", json={**RUBBISH, "text": text}).json()["number"] for text in texts]
    page = client.get("/requests", params={"limit": 2, "live": True, "scope": FIRST}).json()
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    found = [one["number"] for one in (*page["items"], *client.get(following).json()["items"])]
    assert found == numbers[::-1]
    assert [one["kind"] for one in client.get("/requests", params={"kind": "lift"}).json()["items"]] == ["lift"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": " ", "address": "荷香路30号红旗楼"},
        {"text": "x"},
        {"text": "x", "lon": 114.1},
        {"text": "x", "lon": 114.1, "lat": 91},
        {**RUBBISH, "kind": "nothing"},
        {**RUBBISH, "channel": "pigeon"},
        {**RUBBISH, "more": 1},
        {**RUBBISH, "joins": 0},
        {**RUBBISH, "reporter": {"phone": "not a number"}},
    ],
)
def test_what_is_wrong_is_refused(client: TestClient, body: dict[str, object]) -> None:
    assert client.post("/requests", json=body).status_code == 422
    assert client.get("/requests").json()["items"] == []


def test_others_take_no_requests_and_see_none(client: TestClient, store: Engine) -> None:
    taken = client.post("/requests", json=RUBBISH).json()
    assert client.post("/requests", json=RUBBISH, headers=who(store, "assessor", FIRST)).status_code == 403
    other = who(store, "staff", SECOND)
    assert client.get("/requests", headers=other).json()["items"] == []
    seen = {"If-Match": f'"{taken["version"]}"', **other}
    assert client.post(f"/requests/{taken['id']}/routing", json={"nature": "help"}, headers=seen).status_code == 404
    assert client.get(f"/requests/{taken['id']}/joined", headers=other).status_code == 404
    assert client.post("/requests", json=RUBBISH, headers=other).json()["type"] == "urn:wangge:problem:no-one-place"


def test_duty_lists_are_read(client: TestClient) -> None:
    told = client.get("/duties").json()["items"]
    assert [one["kind"] for one in told] == list(duties("request"))
    assert told[0]["party"]["label"] == "物业服务企业 property company"
    assert told[0]["limit_zh"] == "3 个工作日"
    assert client.get("/duties", params={"workflow": "hazard"}).status_code == 200
    assert client.get("/duties", params={"workflow": "city_case"}).status_code == 422


def test_a_planner_of_the_street_takes_requests_too(client: TestClient, store: Engine) -> None:
    answer = client.post("/requests", json=RUBBISH, headers=who(store, "planner", STREET))
    assert answer.status_code == 201
    assert {person["phone"] for person in answer.json()["people"]} == {"138****1234"}
