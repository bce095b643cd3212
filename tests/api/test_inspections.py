"""Inspections over HTTP: sent once or twice, looked at, with plans, grades, photos, and a round."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import Engine

from api.main import create_app
from api.settings import AppSettings
from geo.ledger.checklists import checklist
from geo.territory.times import CHINA_TIME
from tests import factories as make
from tests.api.people import client_of
from tests.databases import Databases
from tests.geo.services import inspected
from tests.geo.services.inspected import GRID, LIFT, NEXT_GRID, NEXT_RENTAL, RENTAL, SHOP


@pytest.fixture
def engine(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("inspected", inspected.fill)) as engine:
        yield engine


@pytest.fixture
def inspector(engine: Engine) -> TestClient:
    return client_of(create_app(AppSettings(), engine), engine, "wang", ["inspector"], [GRID])


@pytest.fixture
def planner(engine: Engine) -> TestClient:
    return client_of(create_app(AppSettings(), engine), engine, "chen", ["planner"], [make.STREET])


def shop(key: str, *faults: str, **given: Any) -> dict[str, Any]:
    items = [{"code": code, "result": "fault" if code in faults else "ok"} for code in checklist("small_shop").items]
    at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    return {"client_key": f"device-{key}", "inspected_at": at, "place_code": SHOP, "items": items} | given


def send(client: TestClient, *sent: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.post("/inspections", json={"inspections": list(sent)})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_checklists_are_told_item_by_item(inspector: TestClient) -> None:
    found = {each["code"]: each for each in inspector.get("/checklists").json()["items"]}
    assert found["lift"]["items"][1]["zh"] == "维保记录在 15 天之内"
    assert found["lift"]["source"]


def test_a_shift_is_answered_one_by_one(inspector: TestClient) -> None:
    sent = [shop("1", "wiring"), shop("2", place_code=NEXT_RENTAL, items=[]), shop("3", items=[], no_access=True)]
    one, other, third = send(inspector, *sent)
    assert (one["outcome"], one["result"], third["result"]) == ("recorded", "findings", "no_access")
    assert (other["outcome"], other["id"]) == ("refused", None)
    assert NEXT_RENTAL in other["reason_zh"]
    (hazard,) = one["hazards"]
    assert (hazard["kind"], hazard["is_new"]) == ("wiring", True)
    again = send(inspector, *sent)
    assert [each["outcome"] for each in again] == ["known", "refused", "known"]
    assert again[0]["hazards"] == one["hazards"]
    listed = inspector.get("/inspections").json()
    assert [each["result"] for each in listed["items"]] == ["no_access", "findings"]
    case = inspector.get(f"/cases/{hazard['case_id']}")
    assert case.status_code == 200
    assert case.json()["inspection_id"] == one["id"]


def test_the_list_is_walked_by_its_links(inspector: TestClient) -> None:
    send(inspector, *[shop(str(number)) for number in range(5)])
    seen, following = [], "/inspections?limit=2"
    while following:
        page = inspector.get(following).json()
        seen += [each["id"] for each in page["items"]]
        following = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)
    assert inspector.get(f"/inspections?about={RENTAL}").json()["items"] == []
    assert inspector.get("/inspections?about=x").status_code == 422


def test_what_is_wrong_in_form_is_refused_whole(inspector: TestClient) -> None:
    for wrong in (shop("1", inspected_at="2026-01-01T00:00:00"), shop("1", lon=200), shop("1", colour="red"), shop("")):
        assert inspector.post("/inspections", json={"inspections": [wrong]}).status_code == 422
    assert inspector.post("/inspections", json={"inspections": []}).status_code == 422
    assert inspector.post("/inspections", json={"inspections": [shop(str(n)) for n in range(201)]}).status_code == 422


def test_who_does_not_inspect(engine: Engine) -> None:
    assessor = client_of(create_app(AppSettings(), engine), engine, "kao", ["assessor"], [make.STREET])
    assert assessor.post("/inspections", json={"inspections": [shop("1")]}).status_code == 403
    assert assessor.get("/inspections").status_code == 403
    body = looks_sheet(("无人开门", "", SHOP))
    assert assessor.post("/inspections/batch", content=body, headers={"Content-Type": "text/csv"}).status_code == 403
    assert assessor.get("/rounds/today").status_code == 403


def test_a_round_and_what_it_is_drawn_on(inspector: TestClient, planner: TestClient) -> None:
    answer = inspector.get("/rounds/today", params={"lon": make.WEST, "lat": make.SOUTH})
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.json()
    assert (told["inspector"], told["grids"]) == ("wang", [GRID])
    codes = {visit["code"] for stop in told["stops"] for visit in stop["visits"]}
    assert {RENTAL, SHOP} < codes
    assert LIFT not in codes
    assert [len(told["ground"][name]["features"]) for name in ("grids", "buildings", "barriers")] == [1, 3, 0]
    assert datetime.fromisoformat(told["expires_at"]) < datetime.now(UTC) + timedelta(hours=17)
    send(inspector, shop("1"))
    again = inspector.get("/rounds/today").json()
    assert SHOP not in {visit["code"] for stop in again["stops"] for visit in stop["visits"]}
    seen = {
        each["properties"]["code"]: each["properties"]["last_seen"] for each in again["ground"]["buildings"]["features"]
    }
    assert sorted(str(day) for day in seen.values())[-1] == "None"
    assert inspector.get("/rounds/today", params={"grid": NEXT_GRID}).status_code == 404
    assert planner.get("/rounds/today").status_code == 422
    assert planner.get("/rounds/today", params={"grid": NEXT_GRID}).json()["stops"] != []


def test_plans_are_made_changed_and_ended(planner: TestClient, inspector: TestClient) -> None:
    body = {"scope": make.COMMUNITY, "place_kind": "small_shop", "party": "fire_rescue", "cycle_days": 60}
    made = planner.post("/inspection-plans", json=body, headers={"Idempotency-Key": "plan-plan-1"})
    again = planner.post("/inspection-plans", json=body, headers={"Idempotency-Key": "plan-plan-1"})
    assert (made.status_code, again.status_code, made.json()) == (201, 201, again.json())
    where = made.headers["Location"]
    assert planner.post("/inspection-plans", json=body).status_code == 409
    assert planner.patch(where, json={"cycle_days": 45}).status_code == 428
    changed = planner.patch(where, json={"cycle_days": 45}, headers={"If-Match": '"1"'})
    assert (changed.json()["cycle_days"], changed.headers["ETag"]) == (45, '"2"')
    assert planner.patch(where, json={"cycle_days": 40}, headers={"If-Match": '"1"'}).status_code == 412
    assert planner.patch(where, json={}, headers={"If-Match": '"2"'}).status_code == 422
    assert inspector.patch(where, json={"cycle_days": 40}, headers={"If-Match": '"2"'}).status_code == 403
    ended = planner.delete(where, headers={"If-Match": '"2"'})
    assert ended.json()["until"] is not None
    assert planner.delete(where, headers={"If-Match": '"3"'}).status_code == 409
    assert inspector.get(where).json()["until"] is not None
    assert len(inspector.get(f"/inspection-plans?scope={make.COMMUNITY}").json()["items"]) == 1
    defaults = planner.post("/inspection-plans/defaults", json={"scope": make.COMMUNITY})
    assert (defaults.status_code, len(defaults.json()["items"])) == (201, 17)
    assert planner.post("/inspection-plans/defaults", json={"scope": "440399999"}).status_code in (403, 404)


def test_a_place_is_graded_with_the_reason(inspector: TestClient) -> None:
    where = f"/places/{RENTAL}/grade"
    before = inspector.get(where)
    assert (before.json()["current"]["grade"], before.headers["ETag"]) == ("strict", '"2"')
    body = {"grade": "watched", "reason": "整改到位"}
    assert inspector.put(where, json=body).status_code == 428
    assert inspector.put(where, json=body, headers={"If-Match": '"1"'}).status_code == 412
    after = inspector.put(where, json=body, headers={"If-Match": '"2"'})
    assert (after.json()["current"]["reason"], after.headers["ETag"]) == ("整改到位", '"3"')
    assert len(after.json()["history"]) == 2
    assert inspector.get(f"/places/{NEXT_RENTAL}/grade").status_code == 404


def test_the_page_says_nothing_of_anybody(inspector: TestClient) -> None:
    page = inspector.get("/round")
    assert page.status_code == 200
    assert "wang<" not in page.text
    assert "'unsafe" not in page.headers["Content-Security-Policy"]
    assert "geolocation=(self)" in page.headers["Permissions-Policy"]
    worker = inspector.get("/round/worker.js")
    assert (worker.status_code, worker.headers["Service-Worker-Allowed"]) == (200, "/round")
    assert inspector.get("/assets/leaflet.js").status_code == 200


def photo() -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(held, "JPEG")
    return held.getvalue()


def test_a_photo_goes_with_its_hazard(inspector: TestClient) -> None:
    (taken,) = send(inspector, shop("1", "wiring"))
    where, kind = f"/inspections/{taken['id']}/evidence", {"Content-Type": "image/jpeg"}
    of_hazard = inspector.post(f"{where}?item=wiring", content=photo(), headers=kind)
    assert of_hazard.status_code == 201, of_hazard.text
    assert of_hazard.json()["case_id"] == taken["hazards"][0]["case_id"]
    of_place = inspector.post(where, content=photo(), headers=kind)
    assert of_place.json()["inspection_id"] == taken["id"]
    assert inspector.get(f"/inspections/{taken['id']}").json()["photos"] == [of_place.json()["id"]]
    assert inspector.post(where, content=b"no picture", headers=kind).status_code == 422
    assert inspector.post(where, json={}).status_code == 422


def test_inspections_go_out_as_a_sheet_with_what_was_wrong_in_words(engine: Engine, inspector: TestClient) -> None:
    send(inspector, shop("1", "wiring"), shop("2", items=[], no_access=True))
    answer = inspector.get("/inspections/export", params={"as": "csv", "scope": GRID})
    assert answer.headers["content-type"].startswith("text/csv")
    table = pd.read_csv(io.BytesIO(answer.content), dtype=str, keep_default_na=False, skiprows=1)  # under the stamp
    assert list(table["结果"]) == ["无人开门", "发现问题"]
    assert table["问题"][1] == checklist("small_shop").items["wiring"].fault_zh
    assert (table["问题项数"][1], table["检查人"][1], table["场所编码"][1]) == ("1", "wang", SHOP)
    assert inspector.get("/inspections/export").content.startswith(b"PK")  # a workbook
    elsewhere = client_of(create_app(AppSettings(), engine), engine, "sun", ["inspector"], [NEXT_GRID])
    nothing = pd.read_csv(io.BytesIO(elsewhere.get("/inspections/export", params={"as": "csv"}).content), skiprows=1)
    assert nothing.empty


def looks_sheet(*rows: tuple[str, ...]) -> bytes:
    at = datetime.now(CHINA_TIME) - timedelta(hours=1)
    lines = ["检查时间,结果,问题,场所编码", *(f"{at:%Y-%m-%d %H:%M},{','.join(row)}" for row in rows)]
    return "\n".join(lines).encode()


def test_a_sheet_is_answered_row_by_row_as_what_is_asked_for(inspector: TestClient) -> None:
    body = looks_sheet(("发现问题", "wiring(灶台旁)", SHOP), ("无人开门", "", NEXT_RENTAL), ("无人开门", "", RENTAL))
    kind = {"Content-Type": "text/csv"}
    answer = inspector.post("/inspections/batch", params={"as": "json"}, content=body, headers=kind)
    assert answer.status_code == 200, answer.text
    one, other, third = answer.json()["items"]
    assert [each["row"] for each in (one, other, third)] == [2, 3, 4]
    assert [each["outcome"] for each in (one, other, third)] == ["recorded", "refused", "recorded"]
    assert (one["hazards"][0]["kind"], NEXT_RENTAL in other["reason_zh"], other["id"]) == ("wiring", True, None)
    assert inspector.get(f"/inspections/{one['id']}").json()["result"] == "findings"
    again = inspector.post("/inspections/batch", content=body, headers={**kind, "Accept": "text/csv"})
    assert "attachment" in again.headers["Content-Disposition"]
    table = pd.read_csv(io.BytesIO(again.content), dtype=str, keep_default_na=False, skiprows=1)
    assert list(table["登记结果"]) == ["早已收到 known", "未接受 refused", "早已收到 known"]
    assert (table["登记编号"][0], table["隐患编号"][0]) == (str(one["id"]), one["hazards"][0]["number"])
    workbook = inspector.post("/inspections/batch", content=body, headers=kind)
    told = pd.read_excel(io.BytesIO(workbook.content), sheet_name=None, header=1, dtype=str, engine="openpyxl")
    assert [len(told[name]) for name in ("登记结果", "未登记")] == [3, 1]
    assert len(inspector.get("/inspections").json()["items"]) == 2


def test_sheets_that_are_none_are_refused(inspector: TestClient) -> None:
    kind = {"Content-Type": "text/csv"}
    for body in (b"", "结果,场所编码\n无人开门,x".encode(), b"\xff\x00"):
        assert inspector.post("/inspections/batch", content=body, headers=kind).status_code == 422
    assert inspector.post("/inspections/batch", json={"inspections": []}).status_code == 422
    body = looks_sheet(("无人开门", "", SHOP))
    assert inspector.post("/inspections/batch", params={"as": "pdf"}, content=body, headers=kind).status_code == 422
    assert inspector.get("/inspections").json()["items"] == []
