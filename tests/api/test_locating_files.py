"""Sheets of addresses sent and given back."""

import io
from collections.abc import Iterator

import openpyxl
import pytest
import xlsxwriter
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.main import create_app
from api.settings import AppSettings
from api.uploads import XLSX
from geo.storage import events
from geo.storage.database import session_scope
from geo.territory.dictionaries import dictionary
from tests.api.people import ADDRESS, bearing, token_of
from tests.databases import Databases
from tests.factories import STREET
from tests.geo.services import addressed
from tests.geo.services.addressed import DOOR, FIRST, GRIDS, ONE, SECOND

CLEAR, DOUBTFUL, UNKNOWN = "荷香路12号锦绣花园1栋1单元101", "锦绣花园1栋", "桂花巷7号"


@pytest.fixture(scope="module")
def addressed_engine(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        yield engine


@pytest.fixture(scope="module")
def client(addressed_engine: Engine) -> Iterator[TestClient]:
    app: FastAPI = create_app(AppSettings(), addressed_engine)
    with TestClient(app, base_url=ADDRESS, headers=who(addressed_engine, "staff", FIRST)) as client:
        yield client


def who(engine: Engine, role: str, *scopes: str) -> dict[str, str]:
    login = "-".join([role.replace("_", "-"), *scopes]) or role
    return bearing(token_of(engine, login, [role], scopes or (STREET,)))


def sheet(*rows: list[str], names: tuple[str, ...] = ("来电",)) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"strings_to_formulas": False}) as book:
        for name in names:
            page = book.add_worksheet(name)
            for number, row in enumerate(rows):
                page.write_row(number, 0, row)
    return stream.getvalue()


def rows_of(content: bytes, name: str) -> list[dict[str, object]]:
    stamp, headings, *rows = openpyxl.load_workbook(io.BytesIO(content))[name].iter_rows(values_only=True)
    assert "导出" in str(stamp[0])
    return [dict(zip(map(str, headings), row, strict=True)) for row in rows]


def test_a_sheet_comes_back_with_what_was_found(client: TestClient, addressed_engine: Engine) -> None:
    body = sheet(["编号", "来电内容", "地址"], ["1", "=1+1", CLEAR], ["2", "噪音", DOUBTFUL], ["3", "漏水", UNKNOWN])
    answer = client.post("/locate/batch", content=body, headers={"Content-Type": XLSX})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == XLSX
    assert "located.xlsx" in answer.headers["content-disposition"]
    rows = rows_of(answer.content, "定位结果")
    assert [row["编号"] for row in rows] == ["1", "2", "3"]
    assert rows[0]["来电内容"] == "'=1+1"
    # Of a community's staff, the other community's compound of the same name is no candidate.
    assert [row["地址编码"] for row in rows] == [DOOR, ONE, None]
    assert rows[0]["网格"] == GRIDS[0]
    assert [row["行号"] for row in rows_of(answer.content, "未匹配")] == [4]
    with session_scope(addressed_engine) as session:
        look = next(event for event in events.read(session) if event.what == "looked")
    assert (look.who, look.after) == (f"staff-{FIRST}", {"located": 1})


def test_nothing_of_others_comes_back(client: TestClient, addressed_engine: Engine) -> None:
    body = f"地址\n{CLEAR}\n{DOUBTFUL}\n".encode()
    sent = {"Content-Type": "text/csv; charset=utf-8", **who(addressed_engine, "staff", SECOND)}
    answer = client.post("/locate/batch", content=body, headers=sent)
    text = str(rows_of(answer.content, "定位结果")) + str(rows_of(answer.content, "未匹配"))
    assert answer.status_code == 200
    assert FIRST not in text


def test_roles_that_see_no_doors_get_the_building(client: TestClient, addressed_engine: Engine) -> None:
    sent = {"Content-Type": "text/csv", **who(addressed_engine, "assessor", STREET)}
    answer = client.post("/locate/batch", content=f"地址\n{CLEAR}\n".encode(), headers=sent)
    assert DOOR not in str(rows_of(answer.content, "定位结果"))


@pytest.mark.parametrize(
    ("kind", "content", "status", "problem"),
    [
        ("application/json", b"{}", 422, "bad-file"),
        ("text/plain", b"x", 422, "bad-file"),
        (XLSX, b"PK\x03\x04 broken", 422, "bad-file"),
        (XLSX, b"", 422, "bad-file"),
        ("text/csv", "甲,乙\n1,2\n".encode(), 422, "bad-column"),
        ("text/csv", b"\xff\xfe\x00", 422, "bad-file"),
    ],
)
def test_what_is_no_sheet_of_addresses_is_refused(
    client: TestClient, kind: str, content: bytes, status: int, problem: str
) -> None:
    answer = client.post("/locate/batch", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert answer.json()["type"].endswith(problem)


def test_the_column_is_named_where_it_is_unclear(client: TestClient) -> None:
    body = f"甲地址,乙地址\n{UNKNOWN},{CLEAR}\n".encode()
    unclear = client.post("/locate/batch", content=body, headers={"Content-Type": "text/csv"})
    assert "甲地址、乙地址" in unclear.json()["detail"]
    clear = client.post(
        "/locate/batch", params={"column": "乙地址"}, content=body, headers={"Content-Type": "text/csv"}
    )
    assert rows_of(clear.content, "定位结果")[0]["地址编码"] == DOOR


def test_one_of_several_sheets_is_named(client: TestClient) -> None:
    body, sent = sheet(["地址"], [CLEAR], names=("上午", "下午")), {"Content-Type": XLSX}
    unclear = client.post("/locate/batch", content=body, headers=sent)
    assert unclear.status_code == 422
    assert "上午、下午" in unclear.json()["detail"]
    for name, status in (("下午", 200), ("晚上", 422), ("../下午", 422), ("\x00", 422)):
        assert client.post("/locate/batch", params={"sheet": name}, content=body, headers=sent).status_code == status


def test_a_sheet_that_would_take_long_is_refused(client: TestClient) -> None:
    most = int(dictionary("import_limits")["rows_located"].extra["maximum"])
    body = ("地址\n" + "荷香路\n" * (most + 1)).encode()
    answer = client.post("/locate/batch", content=body, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 422
    assert str(most) in answer.json()["detail"]


def test_only_the_office_sends_sheets(client: TestClient, addressed_engine: Engine) -> None:
    sent = {"Content-Type": "text/csv", **bearing(token_of(addressed_engine, "auditor", ["auditor"], ()))}
    assert client.post("/locate/batch", content=b"x", headers=sent).status_code == 403
