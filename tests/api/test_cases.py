"""Cases over HTTP: opened, acted on, looked at; by whom, as which version, and what pages show."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from api.main import create_app
from api.settings import AppSettings
from geo.ledger.escalation import CLOCK_HAND
from geo.services.cases import Deed, act_on_case
from geo.storage import events
from geo.storage.database import session_scope
from geo.territory.times import CHINA_TIME
from tests import factories as make
from tests.api.people import client_of
from tests.databases import Databases
from tests.ledgered import Ground, ground, photo

HOSTILE = "<img src=x onerror=alert(1)>'\"&"
GROUND: list[Ground] = []


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[tuple[Engine, Ground]]:
    with databases.engine(databases.migrated_template()) as engine:
        with session_scope(engine) as session:
            place = ground(session)
        yield engine, place


@pytest.fixture(scope="module")
def app(store: tuple[Engine, Ground]) -> FastAPI:
    return create_app(AppSettings(), store[0])


@pytest.fixture(scope="module")
def place(store: tuple[Engine, Ground]) -> Ground:
    return store[1]


@pytest.fixture(scope="module")
def people(app: FastAPI, store: tuple[Engine, Ground]) -> Iterator[dict[str, TestClient]]:
    grids = store[1].grids
    who = {
        "anna": ("inspector", grids[0]),
        "ben": ("inspector", grids[0]),
        "carl": ("inspector", grids[1]),
        "dora": ("staff", make.COMMUNITY),
        "lee": ("leader", make.STREET),
        "otto": ("assessor", make.STREET),
        "far": ("leader", "440307002"),
    }
    clients = {name: client_of(app, store[0], name, [role], [scope]) for name, (role, scope) in who.items()}
    yield clients
    for client in clients.values():
        client.close()


def hazard(place: Ground, **given: Any) -> dict[str, Any]:
    return {"workflow": "hazard", "kind": "wiring", "summary": "插座过载", "place_code": place.place} | given


def at_point(place: Ground, **given: Any) -> dict[str, Any]:
    """A hazard at a point of the first grid: each is a case of its own, and no home's."""
    lon, lat = place.point
    return hazard(place, lon=lon, lat=lat, place_code=None, **given)


def opened(client: TestClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/cases", json=body)
    assert answer.status_code in (200, 201), answer.text
    case: dict[str, Any] = answer.json()
    return case


def act(client: TestClient, case: dict[str, Any], action: str, note: str | None = None, **fields: Any) -> Any:
    headers = {"If-Match": f'"{case["version"]}"'}
    body = {"action": action, "note": note, "fields": fields}
    return client.post(f"/cases/{case['id']}/moves", json=body, headers=headers)


def test_from_found_to_gone(people: dict[str, TestClient], place: Ground) -> None:
    answer = people["anna"].post("/cases", json=hazard(place))
    assert answer.status_code == 201
    case = answer.json()
    assert answer.headers["Location"] == f"/cases/{case['id']}"
    assert answer.headers["ETag"] == '"1"'
    assert (case["outcome"], case["grid_code"], case["light"]) == ("opened", place.grids[0], "green")
    assert (case["kind_label"], case["step_label"], case["found_by"]) == (
        "用电隐患 unsafe wiring",
        "已发现 found",
        "anna",
    )
    again = people["ben"].post("/cases", json=hazard(place, summary="也看到了"))
    assert (again.status_code, again.json()["outcome"], again.json()["sightings"]) == (200, "joined", 2)
    case = act(people["lee"], again.json(), "judge", nature="general").json()
    case = act(people["dora"], case, "assign", assignee="anna").json()
    case = act(people["anna"], case, "start").json()
    sent = people["anna"].post(
        f"/cases/{case['id']}/evidence?phase=after", content=photo(), headers={"Content-Type": "image/jpeg"}
    )
    assert sent.status_code == 201
    case = act(people["anna"], case, "rectified", "换了插座").json()
    refused = act(people["anna"], case, "pass")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:wangge:problem:not-allowed")
    done = act(people["ben"], case, "pass")
    assert (done.status_code, done.json()["state"], done.json()["possible"][0]["code"]) == (201, "closed", "reopen")
    moves = people["lee"].get(f"/cases/{case['id']}/moves").json()["items"]
    assert [move["action"] for move in moves] == [
        "open", "seen_again", "judge", "assign", "start", "rectified", "pass",
    ]  # fmt: skip
    assert moves[0]["action_label"] == "登记 registered"
    assert {move["grid_code"] for move in moves} == {place.grids[0]}


def test_what_is_refused_and_how(people: dict[str, TestClient], place: Ground) -> None:
    case = opened(people["anna"], at_point(place))
    path = f"/cases/{case['id']}/moves"
    body = {"action": "judge", "fields": {"nature": "general"}}
    assert people["lee"].post(path, json=body).status_code == 428
    stale = people["lee"].post(path, json=body, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["type"]) == (412, "urn:wangge:problem:stale-version")
    elsewhere = act(people["lee"], case, "pass")
    assert elsewhere.status_code == 409
    assert "定级" in elsewhere.json()["detail"]
    assert "judge" in elsewhere.json()["detail_en"]
    missing = act(people["lee"], case, "judge")
    assert (missing.status_code, "性质" in missing.json()["detail"]) == (422, True)
    assert act(people["lee"], case, "judge", nature="general", colour="red").status_code == 422
    not_theirs = act(people["anna"], case, "judge", nature="general")
    assert (not_theirs.status_code, "领导" in not_theirs.json()["detail"]) == (403, True)
    assert act(people["otto"], case, "note", "看看").status_code == 403
    assert people["otto"].post("/cases", json=at_point(place)).status_code == 403


def test_who_sees_what(people: dict[str, TestClient], place: Ground) -> None:
    home = opened(people["anna"], hazard(place, kind="gas"))
    ground_ = opened(people["anna"], at_point(place, kind="gas"))
    seen = {
        name: [client.get(f"/cases/{case['id']}").status_code for case in (home, ground_)]
        for name, client in people.items()
    }
    assert seen == {
        "anna": [200, 200],
        "ben": [200, 200],
        "carl": [404, 404],
        "dora": [200, 200],
        "lee": [200, 200],
        "otto": [404, 200],
        "far": [404, 404],
    }
    for name, client in people.items():
        listed = {item["id"] for item in client.get("/cases?limit=1000").json()["items"]}
        assert [case["id"] in listed for case in (home, ground_)] == [status == 200 for status in seen[name]]
        assert act(client, home, "note", "看看").status_code == (
            201 if name == "anna" else 403 if name == "otto" else 404 if seen[name][0] == 404 else 412
        )


def test_the_list_comes_in_pages(people: dict[str, TestClient], place: Ground) -> None:
    made = [opened(people["anna"], at_point(place, summary=f"分页 {number}"))["id"] for number in range(5)]
    path: str | None = "/cases?text=分页&limit=2"
    found, pages = [], 0
    while path:
        answer = people["anna"].get(path)
        body = answer.json()
        found += [item["id"] for item in body["items"]]
        path = next((link["href"] for link in body["links"] if link["rel"] == "next"), None)
        assert (path is not None) == ("Link" in answer.headers)
        pages += 1
    assert (found, pages) == (made[::-1], 3)


def test_filters(people: dict[str, TestClient], place: Ground) -> None:
    case = opened(people["anna"], at_point(place, kind="other", nature="major"))

    def listed(query: str) -> bool:
        answer = people["lee"].get(f"/cases?limit=1000&{query}")
        assert answer.status_code == 200, answer.text
        return case["id"] in {item["id"] for item in answer.json()["items"]}

    lon, lat = place.point
    for query in ("workflow=hazard", "kind=other", "nature=major", "step=found", "state=open,paused", "light=green"):
        assert listed(query), query
    for query in (f"scope={make.COMMUNITY}", f"scope={place.grids[0]}", f"bbox={lon},{lat},{lon + 1},{lat + 1}"):
        assert listed(query), query
    today = case["opened_at"][:10]
    for query in (
        "kind=gas",
        "state=closed",
        "light=red",
        f"scope={place.grids[1]}",
        f"about={place.body}",
        "mine=true",
    ):
        assert not listed(query), query
    assert listed(f"since={today}")
    assert not listed("until=2020-01-01")
    assert people["lee"].get("/cases?about=4403070020010000001").status_code == 404
    assert people["lee"].get("/cases?colour=red").status_code == 422


def test_sent_twice_is_one(people: dict[str, TestClient], place: Ground) -> None:
    body = at_point(place, client_key="phone-1-0001")
    first, second = (people["anna"].post("/cases", json=body) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert (second.json()["outcome"], second.json()["id"]) == ("known", first.json()["id"])
    key = {"Idempotency-Key": "abcdefgh-1"}
    one, same = (people["anna"].post("/cases", json=at_point(place), headers=key) for _ in range(2))
    assert (one.status_code, one.json()) == (same.status_code, same.json())


def test_of_many_at_once_one_opens_it(people: dict[str, TestClient], place: Ground) -> None:
    gate = threading.Barrier(6)

    def send(number: int) -> dict[str, Any]:
        gate.wait(30)
        return opened(people[("anna", "ben", "dora")[number % 3]], hazard(place, kind="illegal_lodging"))

    with ThreadPoolExecutor(6) as pool:
        cases = list(pool.map(send, range(6)))
    assert len({case["id"] for case in cases}) == 1
    assert sorted(case["outcome"] for case in cases) == ["joined"] * 5 + ["opened"]
    assert sorted(case["sightings"] for case in cases) == [1, 2, 3, 4, 5, 6]


def test_of_two_who_act_at_once_one_does(people: dict[str, TestClient], place: Ground) -> None:
    case = opened(people["anna"], at_point(place))
    gate = threading.Barrier(4)

    def send(number: int) -> int:
        gate.wait(30)
        status: int = act(people[("lee", "dora")[number % 2]], case, "judge", nature="general").status_code
        return status

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(send, range(4)))
    assert statuses == [201, 412, 412, 412]
    moves = people["lee"].get(f"/cases/{case['id']}/moves").json()["items"]
    assert [move["action"] for move in moves] == ["open", "judge"]


def test_photos(people: dict[str, TestClient], place: Ground) -> None:
    case = opened(people["anna"], hazard(place, kind="extinguisher"))
    path = f"/cases/{case['id']}/evidence"
    jpeg = {"Content-Type": "image/jpeg"}
    kept = people["anna"].post(f"{path}?phase=finding&lon=114.1&lat=22.6", content=photo(), headers=jpeg).json()
    assert (kept["phase_label"], kept["who"], kept["lon"]) == ("发现时照片 photo of the finding", "anna", 114.1)
    answer = people["dora"].get(kept["href"])
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert [item["id"] for item in people["lee"].get(path).json()["items"]] == [kept["id"]]
    for name in ("carl", "otto", "far"):
        assert people[name].get(kept["href"]).status_code == 404
        assert people[name].get(path).status_code == 404
    for query, headers, status in (
        ("phase=selfie", jpeg, 422),
        ("phase=before", {"Content-Type": "image/gif"}, 422),
        ("phase=before", {"Content-Type": "application/json"}, 422),
        ("phase=before&lon=1", jpeg, 422),
    ):
        assert people["anna"].post(f"{path}?{query}", content=photo(), headers=headers).status_code == status
    assert people["anna"].post(f"{path}?phase=before", content=b"<svg/>", headers=jpeg).status_code == 422
    big = people["anna"].post(f"{path}?phase=before", content=bytes(8 * 2**20 + 1), headers=jpeg)
    assert big.status_code == 413
    assert people["anna"].post(f"{path}?phase=before", content=bytes(2**20 * 2), headers=jpeg).status_code == 422


def test_who_asked_is_for_those_who_see_telephones(
    people: dict[str, TestClient], place: Ground, store: tuple[Engine, Ground]
) -> None:
    body = at_point(place, reporter={"name": "王女士", "phone": "13800001234"})
    case = opened(people["dora"], body)
    assert "13800001234" not in people["dora"].get(f"/cases/{case['id']}").text
    asked = people["dora"].get(f"/cases/{case['id']}/reporter")
    assert asked.json() == {"name": "王女士", "phone": "13800001234", "contact": {}}
    assert people["lee"].get(f"/cases/{case['id']}/reporter").status_code == 404
    assert people["otto"].get(f"/cases/{case['id']}/reporter").status_code == 403
    with session_scope(store[0]) as session:
        looks = [event for event in events.read(session, noun="case_reporter") if event.what == "looked"]
    assert [(event.who, event.code) for event in looks] == [("dora", str(case["id"]))]


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("page", ["/cases?as=html&text=alert", "/cases/{id}?as=html"])
def test_hostile_texts_are_texts(people: dict[str, TestClient], place: Ground, page: str) -> None:
    case = opened(people["anna"], at_point(place, summary=f"alert {HOSTILE}"))
    case = act(people["anna"], case, "note", HOSTILE).json()
    answer = people["anna"].get(page.format(id=case["id"]))
    assert answer.status_code == 200
    assert "<img src=x" not in answer.text
    assert "&lt;img src=x onerror=alert(1)&gt;" in answer.text
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_browsers_get_pages_and_programs_get_json(people: dict[str, TestClient], place: Ground) -> None:
    case = opened(people["anna"], at_point(place))
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    for path in ("/cases", f"/cases/{case['id']}"):
        assert people["anna"].get(path, headers=browser).headers["Content-Type"].startswith("text/html")
        assert people["anna"].get(path).headers["Content-Type"] == "application/json"
        assert people["anna"].get(f"{path}?as=json", headers=browser).headers["Content-Type"] == "application/json"


def test_a_page_offers_what_the_one_who_looks_may_do(people: dict[str, TestClient], place: Ground) -> None:
    case = opened(people["anna"], at_point(place))
    leaders = people["lee"].get(f"/cases/{case['id']}?as=html").text
    assert 'data-action="judge"' in leaders
    assert 'data-action="judge"' not in people["anna"].get(f"/cases/{case['id']}?as=html").text
    assert "data-action" not in people["otto"].get(f"/cases/{case['id']}?as=html").text


def test_a_page_that_hands_on_has_whom_the_duty_list_names_filled_in(
    people: dict[str, TestClient], place: Ground
) -> None:
    case = opened(people["dora"], at_point(place, workflow="request", kind="rubbish", summary="垃圾没人清运"))
    case = act(people["dora"], case, "take_call", "来电").json()
    assert act(people["dora"], case, "accept").json()["step"] == "judging"
    page = people["dora"].get(f"/cases/{case['id']}?as=html").text
    form = page.partition('data-action="classify"')[2].partition("</form>")[0]
    assert f'<input name="assignee" maxlength="200" required value="{place.grids[0]}">' in form
    assert f"交网格员({place.grids[0]})办理" in form


def test_a_page_says_in_words_that_the_clock_did_it(
    people: dict[str, TestClient], place: Ground, store: tuple[Engine, Ground]
) -> None:
    case = opened(people["anna"], at_point(place))
    up = Deed("escalate", datetime.now(CHINA_TIME), fields={"reason": "逾期未办结"})
    with session_scope(store[0]) as session:
        act_on_case(session, case["id"], up, version=case["version"], who=CLOCK_HAND.name)
    assert people["lee"].get(f"/cases/{case['id']}/moves").json()["items"][-1]["who"] == CLOCK_HAND.name
    page = people["lee"].get(f"/cases/{case['id']}?as=html").text
    assert '系统(到期自动) <span lang="en">the clock, by itself</span>' in page
    assert CLOCK_HAND.name not in page


def test_a_page_says_which_years_holidays_its_limits_miss(
    people: dict[str, TestClient], place: Ground, store: tuple[Engine, Ground]
) -> None:
    case = opened(people["anna"], at_point(place))
    with session_scope(store[0]) as session:
        far = "UPDATE ledger_case SET step_unit = 'working_hours', step_due_at = '2099-10-09 18:00+08' WHERE id = :id"
        session.execute(text(far), {"id": case["id"]})
    assert "年放假安排尚未录入" in people["lee"].get(f"/cases/{case['id']}?as=html").text
