"""Bills and statements over HTTP, in every form."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import Engine

from api.main import create_app
from api.settings import AppSettings
from geo.services.cases import NewCase, open_case
from geo.storage import events
from geo.storage.database import session_scope
from tests import factories as make
from tests.api.people import client_of
from tests.databases import Databases
from tests.ledgered import ANNA, Ground, close, ground

FORMULA = '=HYPERLINK("http://x","点我")'
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[tuple[Engine, Ground]]:
    with databases.engine(databases.migrated_template()) as engine:
        with session_scope(engine) as session:
            place = ground(session)
            for kind, summary in (("wiring", FORMULA), ("gas", HOSTILE), ("other", "已经整改")):
                new = NewCase("hazard", kind, summary, place_code=place.place)
                case = open_case(session, new, actor=ANNA)
            close(session, case)
        yield engine, place


@pytest.fixture(scope="module")
def app(store: tuple[Engine, Ground]) -> FastAPI:
    return create_app(AppSettings(), store[0])


@pytest.fixture(scope="module")
def place(store: tuple[Engine, Ground]) -> Ground:
    return store[1]


@pytest.fixture(scope="module")
def leader(app: FastAPI, store: tuple[Engine, Ground]) -> Iterator[TestClient]:
    with client_of(app, store[0], "lee", ["leader"], [make.STREET]) as client:
        yield client


@pytest.fixture(scope="module")
def neighbour(app: FastAPI, store: tuple[Engine, Ground]) -> Iterator[TestClient]:
    """An inspector of the other grid."""
    with client_of(app, store[0], "carl", ["inspector"], [store[1].grids[1]]) as client:
        yield client


def paths(place: Ground) -> list[str]:
    codes = {
        "place": place.place,
        "household_unit": place.unit,
        "building": place.building,
        "compound": place.compound,
        "grid": place.grids[0],
        "community": make.COMMUNITY,
        "street": make.STREET,
        "responsible_body": place.body,
    }
    return [f"/bills/{noun}/{code}" for noun, code in codes.items()]


def test_a_bill_says_what_how_many_and_who(leader: TestClient, place: Ground) -> None:
    for path in paths(place):
        bill: dict[str, Any] = leader.get(path).json()
        assert (bill["number"], bill["live"], bill["overdue"], bill["is_whole"]) == (3, 2, 0, True), path
        assert [item["kind"] for item in bill["items"]] == ["wiring", "gas", "other"], path
        assert bill["items"][0]["turn_label"] == "工作人员、领导 staff, leader"
        assert {(row["kind"], row["nature"], row["number"]) for row in bill["kinds"]} == {
            ("wiring", None, 1),
            ("gas", None, 1),
            ("other", "general", 1),
        }
    assert leader.get(f"/bills/place/{place.place}").json()["name"] == "第1小店"


def test_forms(leader: TestClient, place: Ground) -> None:
    for path in (f"/bills/building/{place.building}", f"/statements/{make.STREET}?by=community"):
        sign = "&" if "?" in path else "?"
        page = leader.get(path, headers={"Accept": "text/html"})
        assert page.headers["Content-Type"].startswith("text/html")
        assert HOSTILE not in page.text
        pdf = leader.get(f"{path}{sign}as=pdf")
        assert pdf.headers["Content-Type"] == "application/pdf"
        text = "".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(pdf.content)).pages)
        assert "lee" in text
        excel = leader.get(f"{path}{sign}as=xlsx")
        assert excel.headers["Content-Disposition"].startswith("attachment")
        rows = list(load_workbook(io.BytesIO(excel.content)).active.iter_rows(values_only=True))
        assert "lee" in str(rows[0][0])
        cells = [str(cell) for row in rows for cell in row if cell is not None]
        assert not any(cell.startswith("=") for cell in cells)
        if "bills" in path:
            assert any(FORMULA in cell for cell in cells)
            assert "点我" in text


def test_a_statement_adds_up(leader: TestClient, place: Ground) -> None:
    for code in (make.STREET, make.COMMUNITY, place.grids[0]):
        for by in ("community", "grid", "kind"):
            sheet = leader.get(f"/statements/{code}?by={by}").json()
            assert sheet["total"] == {
                "opening": 0, "found": 3, "reopened": 0, "closed": 1, "voided": 0, "closing": 2, "fixed": 1,
            }  # fmt: skip
            assert sheet["is_whole"]
            assert sum(row["closing"] for row in sheet["rows"]) == 2
    page = leader.get(f"/statements/{make.STREET}?as=html").text
    paper = PdfReader(io.BytesIO(leader.get(f"/statements/{make.STREET}?as=pdf").content))
    printed = "".join(each.extract_text() for each in paper.pages).replace("\n", "")
    for said in ("销号:当月销号的次数,之后复发的也计", "复发:当月复发的次数"):
        assert said in page
        assert said in printed
    assert leader.get(f"/statements/{make.STREET}?month=2020-01").json()["total"]["found"] == 0
    assert leader.get(f"/statements/{make.STREET}?month=2020-13").status_code == 422


def test_nobody_sees_the_bills_of_others(neighbour: TestClient, place: Ground) -> None:
    for path in paths(place)[:5]:
        answer = neighbour.get(path)
        assert answer.status_code == 404 or answer.json()["number"] == 0, path
    partly = neighbour.get(f"/statements/{make.COMMUNITY}").json()
    assert (partly["total"]["found"], partly["is_whole"]) == (0, False)


def test_a_look_at_a_home_is_an_event(leader: TestClient, place: Ground, store: tuple[Engine, Ground]) -> None:
    leader.get(f"/bills/household_unit/{place.unit}")
    with session_scope(store[0]) as session:
        look = events.read(session, noun="household_unit", code=place.unit)[0]
    assert (look.who, look.what, look.after) == ("lee", "looked", {"cases": 3})
