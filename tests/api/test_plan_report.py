"""The report that a plan is adopted with: what it says, who signed it, and whether that still holds."""

import io
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pyogrio
import pypdfium2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from geo.storage.database import session_scope
from tests.api import town
from tests.api.people import client_of

COMMUNITY, OTHER = town.COMMUNITIES[:2]


@pytest.fixture(scope="module")
def plans(client: TestClient) -> tuple[int, int]:
    """A plan of the street in force, and a draft of one of its communities with other limits."""
    first = client.post("/plans", json={"scope": town.STREET, "lower": 80, "upper": 130, "name": "一期"}).json()["id"]
    assert client.post(f"/plans/{first}/adopt", headers={"If-Match": '"1"'}).status_code == 200
    body = {"scope": COMMUNITY, "lower": 150, "upper": 200, "name": "二期<b>"}
    return first, client.post("/plans", json=body).json()["id"]


def report_of(client: TestClient, plan: int) -> dict[str, Any]:
    answer = client.get(f"/plans/{plan}/report")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_the_report_of_a_draft_says_what_it_changes(client: TestClient, plans: tuple[int, int]) -> None:
    first, draft = plans
    told = report_of(client, draft)
    assert (told["is_whole"], told["signature"], told["is_as_signed"], told["open_comments"]) == (True, None, None, 0)
    grids = client.get(f"/plans/{draft}/grids").json()["features"]
    assert [line["code"] for line in told["grids"]] == [feature["id"] for feature in grids]
    assert [line["households"] for line in told["grids"]] == [one["properties"]["households"] for one in grids]
    assert all(0 < line["compactness"] <= 1 for line in told["grids"])
    out = [line for line in told["grids"] if not line["in_range"]]
    assert all(line["reason_zh"] and line["reason_en"] for line in out)
    assert told["figures"]["in_range"] == len(grids) - len(out)
    difference = told["difference"]
    assert [plan["id"] for plan in difference["plans"]] == [first]
    assert difference["households"] == sum(line["households"] for line in told["grids"])
    assert difference["moved"] == sum(flow["households"] for flow in difference["flows"]) > 0
    assert difference["moved"] == sum(line["moved"] for line in told["grids"])
    before = {f["id"] for f in client.get(f"/plans/{first}/grids").json()["features"] if f["id"][:12] == COMMUNITY}
    assert set(difference["ended"]) == before - {line["continues"] for line in told["grids"]}
    assert len(difference["ended"]) > 0


def test_adoption_signs_what_the_plan_says_and_the_report_checks_it(
    client: TestClient, town_engine: Engine, plans: tuple[int, int]
) -> None:
    first, draft = plans
    was = report_of(client, draft)["content"]
    # A remark changes nothing of what the plan says; an edit does.
    assert client.post(f"/plans/{draft}/comments", json={"text": "待议"}).status_code == 201
    assert report_of(client, draft)["content"] == was
    assert report_of(client, draft)["open_comments"] == 1
    homes = {row["building_code"]: row["grid_code"] for row in client.get(f"/plans/{draft}/assignment").json()["items"]}
    ending, new = min(homes.values()), f"{COMMUNITY}099"
    moves = [{"building_code": code, "grid_code": new} for code, grid in homes.items() if grid == ending]
    edit = {"moves": moves, "new_grids": [new], "ended_grids": [ending]}
    assert client.patch(f"/plans/{draft}/assignment", json=edit, headers={"If-Match": '"1"'}).status_code == 200
    drafted = report_of(client, draft)["content"]
    assert drafted != was
    assert client.post(f"/plans/{draft}/adopt", headers={"If-Match": '"2"'}).status_code == 200
    told = report_of(client, draft)
    assert (told["signature"]["who"], told["signature"]["content"]) == ("planner", drafted)
    assert (told["content"], told["is_as_signed"]) == (drafted, True)
    # Whoever gets past the rules of the store and alters what is in force is found out.
    with session_scope(town_engine) as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        change = "UPDATE grid SET households = households + 1 WHERE plan_id = :plan AND code = :code"
        session.execute(text(change), {"plan": draft, "code": new})
    assert report_of(client, draft)["is_as_signed"] is False
    page = client.get(f"/plans/{draft}/report", headers={"Accept": "text/html"})
    assert "与采用时不一致" in page.text
    with session_scope(town_engine) as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text(change.replace("+", "-")), {"plan": draft, "code": new})
    assert report_of(client, draft)["is_as_signed"] is True
    assert report_of(client, first)["is_as_signed"] is True


def test_page_and_pdf_say_the_same(client: TestClient, plans: tuple[int, int]) -> None:
    _, draft = plans
    page = client.get(f"/plans/{draft}/report?as=html")
    assert page.status_code == 200
    assert "二期&lt;b&gt;" in page.text
    assert "<b>" in page.text
    assert "二期<b>" not in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    answer = client.get(f"/plans/{draft}/report.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert f"plan-{draft}-report.pdf" in answer.headers["content-disposition"]
    document = pypdfium2.PdfDocument(io.BytesIO(answer.content))
    said = "".join(sheet.get_textpage().get_text_range() for sheet in document)
    document.close()
    for line in report_of(client, draft)["grids"]:
        assert line["code"] in page.text
        assert line["code"] in said.replace("\r\n", "")
    for words in ("Approved by", "planner", "Differences"):
        assert words in said
    assert client.get(f"/plans/{draft}/report?as=xlsx").status_code == 422
    assert client.get("/plans/999999/report").status_code == 404


def test_the_report_of_a_draft_is_where_a_planner_adopts_it(
    app: FastAPI, town_engine: Engine, client: TestClient
) -> None:
    draft = client.post("/plans", json={"scope": OTHER, "lower": 80, "upper": 130, "name": "待采用"}).json()["id"]
    path, offered = f"/plans/{draft}/report?as=html", f'data-plan="{draft}" data-version="1"'
    assert offered in client.get(path).text
    for login, role in (("looks-on", "leader"), ("takes-calls", "staff")):
        with client_of(app, town_engine, login, [role], [OTHER]) as other:
            page = other.get(path)
            assert (page.status_code, offered in page.text, "<script" in page.text) == (200, False, False)
    assert client.post(f"/plans/{draft}/adopt", headers={"If-Match": '"1"'}).status_code == 200
    assert "data-version" not in client.get(path).text


def test_a_plan_is_given_as_a_file(
    app: FastAPI, town_engine: Engine, client: TestClient, plans: tuple[int, int], tmp_path: Path
) -> None:
    first, _ = plans
    codes = sorted(one["id"] for one in client.get(f"/plans/{first}/grids").json()["features"])
    rows = client.get(f"/plans/{first}/assignment?limit=1000").json()["items"]
    for ending in ("gpkg", "geojson", "xlsx"):
        answer = client.get(f"/plans/{first}/export?as={ending}")
        assert answer.status_code == 200, answer.text
        assert f"plan-{first}.{ending}" in answer.headers["content-disposition"]
        (tmp_path / f"plan.{ending}").write_bytes(answer.content)
    assert pyogrio.list_layers(tmp_path / "plan.gpkg")[:, 0].tolist() == ["grid", "assignment"]
    for name in ("plan.gpkg", "plan.geojson"):
        assert sorted(gpd.read_file(tmp_path / name, layer="grid")["code"]) == codes
    held = pyogrio.read_dataframe(tmp_path / "plan.gpkg", layer="assignment")
    assert held["building_code"].tolist() == [row["building_code"] for row in rows]
    # Above the headings stands who took it.
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    assert [book["assignment"].max_row - 2, book["grid"].max_row - 2] == [len(rows), len(codes)]
    assert client.get(f"/plans/{first}/export?as=pdf").status_code == 422
    with client_of(app, town_engine, "in-part", ["leader"], [OTHER]) as part:
        told = part.get(f"/plans/{first}/export?as=geojson").json()
        assert {one["properties"]["code"][:12] for one in told["features"]} == {OTHER}
    with session_scope(town_engine) as session:
        taken = session.execute(text("SELECT who, after ->> 'plan' FROM event WHERE what = 'exported'")).all()
    assert ("in-part", str(first)) in [tuple(row) for row in taken]


def test_of_a_streets_plan_one_gets_the_part_that_one_sees(
    app: FastAPI, town_engine: Engine, client: TestClient, plans: tuple[int, int]
) -> None:
    first, draft = plans
    with client_of(app, town_engine, "neighbour", ["leader"], [OTHER]) as neighbour:
        told = report_of(neighbour, first)
        assert {line["code"][:12] for line in told["grids"]} == {OTHER}
        assert (told["is_whole"], told["content"], told["is_as_signed"]) == (False, None, None)
        assert COMMUNITY not in neighbour.get(f"/plans/{first}/report?as=html").text
        assert neighbour.get(f"/plans/{draft}/report").status_code == 404
        assert neighbour.get(f"/plans/{draft}/report.pdf").status_code == 404


def test_a_link_to_a_draft_is_for_whoever_sees_all_of_it(app: FastAPI, town_engine: Engine, client: TestClient) -> None:
    """A draft is shared by its address: the roles and the scope of who opens it decide."""
    draft = client.post("/plans", json={"scope": OTHER, "lower": 80, "upper": 130, "name": "分享"}).json()["id"]
    expected = {
        ("planner", OTHER): 200,
        ("leader", town.STREET): 200,
        ("staff", OTHER): 200,
        ("assessor", OTHER): 200,
        ("planner", COMMUNITY): 404,
        ("inspector", f"{OTHER}001"): 404,
        ("auditor", ""): 403,
    }
    for number, ((role, scope), status) in enumerate(expected.items()):
        with client_of(app, town_engine, f"guest-{number}", [role], [scope] if scope else []) as guest:
            for path in ("", "/grids", "/report", "/comments", "/news", "/workbench"):
                assert guest.get(f"/plans/{draft}{path}").status_code == status, (role, scope, path)


def test_plans_of_communities_and_of_departments_have_reports_too(client: TestClient) -> None:
    body = {"scope": town.STREET, "tier": "community", "lower": 300, "upper": 500}
    draft = client.post("/plans", json=body).json()["id"]
    told = report_of(client, draft)
    assert all(len(line["code"]) == 12 for line in told["grids"])
    assert sum(line["households"] for line in told["grids"]) == told["plan"]["households"]
    page = client.get(f"/plans/{draft}/report?as=html").text
    assert all(line["code"] in page for line in told["grids"])
    assert "<svg" not in page
    for plan in client.get("/plans", params={"scope": town.STREET}).json()["items"]:
        assert client.get(f"/plans/{plan['id']}/report?as=html").status_code == 200
