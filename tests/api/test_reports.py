"""Reports for meetings over HTTP and in the terminal: as page, PDF and JSON; resolutions become cases, once."""

import io
import re
from collections.abc import Iterator

import pypdf
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from typer.testing import CliRunner

from api.cli import app as terminal
from api.main import create_app
from api.settings import AppSettings
from geo.services import reporting
from tests.api.people import ADDRESS, bearing, token_of
from tests.databases import Databases
from tests.factories import COMMUNITY, STREET
from tests.geo.services import addressed, test_hot_spots
from tests.geo.services.test_leading import fill

REPORT = "/reports/community_monthly"
AUGUST = {"scope": COMMUNITY, "period": "2026-08"}
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("leading", fill)) as engine:
        yield engine


@pytest.fixture(scope="module")
def client(store: Engine) -> Iterator[TestClient]:
    headers = bearing(token_of(store, "leader", ["leader"], [STREET]))
    with TestClient(create_app(AppSettings(), store), base_url=ADDRESS, headers=headers) as client:
        yield client


def test_hot_spots_are_where_people_say_they_are(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "RARE", 1.0)
    with databases.engine(databases.filled("hot spots", test_hot_spots.fill)) as engine:
        headers = bearing(token_of(engine, "leader", ["leader"], [STREET]))
        asked = {"scope": addressed.FIRST, "period": "2026-05"}
        with TestClient(create_app(AppSettings(), engine), base_url=ADDRESS, headers=headers) as client:
            (spot,) = client.get(REPORT, params=asked).json()["hot_spots"]
            page = client.get(REPORT, params=asked, headers=PAGE).text
    assert (spot["community"], spot["near_m"], spot["count"]) == ("第1社区", 0, 12)
    assert spot["near"].endswith("荷香路30号红旗楼")
    told = f"{spot['lat']:.4f}, {spot['lon']:.4f}"
    assert page.index(spot["near"]) < page.index(f'<small class="code">{told}</small>')


def test_the_report_says_what_the_figures_say(client: TestClient) -> None:
    report = client.get(REPORT, params=AUGUST).json()
    assert (report["since"], report["until"], report["has_ended"], report["is_whole"]) == (
        "2026-08-01", "2026-08-31", True, True,
    )  # fmt: skip
    figures = {one["figure"]: one for one in (*report["goals"], *report["figures"])}
    for code in ("found", "overdue", "complaints"):
        assert client.get(figures[code]["href"]).json()["numberReturned"] == figures[code]["value"]
    assert [one["days"] for one in report["overdue"]] == [72, 11]
    assert report["overdue_count"] == 2
    assert figures["complaints"]["is_met"] is False


def test_as_page_and_as_pdf(client: TestClient) -> None:
    page = client.get(REPORT, params=AUGUST, headers=PAGE)
    assert page.headers["content-type"].startswith("text/html")
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page.text)
    headings = re.findall(r'<h2 id="item-([a-z_]+)"', page.text)
    assert headings == [item["code"] for item in client.get("/reports").json()["items"][0]["agenda"]]
    assert "<option selected>2026-08</option>" in page.text
    long_ago = client.get(REPORT, params={**AUGUST, "period": "2019-02"}, headers=PAGE).text
    assert re.findall(r"<option(?: selected)?>([0-9-]+)</option>", long_ago)[-1] == "2019-02"
    pdf = client.get(REPORT, params={**AUGUST, "as": "pdf"})
    assert pdf.headers["content-type"] == "application/pdf"
    said = "".join(sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(pdf.content)).pages)
    for words in ("三零目标", "超期", "燃气隐患", "第3网格", "leader"):
        assert words in said


def test_what_is_resolved_becomes_one_case(client: TestClient, store: Engine) -> None:
    body = {**AUGUST, "text": "加装充电桩", "kind": "fire_safety", "assignee": "物业公司"}
    keyed = {"Idempotency-Key": "resolution-of-august"}
    made = client.post(f"{REPORT}/resolutions", json=body, headers=keyed)
    assert (made.status_code, made.json()["outcome"], made.json()["assignee"]) == (201, "opened", "物业公司")
    again = client.post(f"{REPORT}/resolutions", json=body, headers=keyed)
    assert (again.status_code, again.json()["id"]) == (201, made.json()["id"])
    report = client.get(made.json()["report"]).json()
    assert [one["id"] for one in report["resolutions"]] == [made.json()["id"]]
    assert client.get(report["resolutions"][0]["href"]).json()["details"]["meetings"] == [
        {"meeting": "community_monthly", **AUGUST}
    ]
    assert "加装充电桩" in client.get(REPORT, params={**AUGUST, "period": "2026-09"}, headers=PAGE).text
    planner = bearing(token_of(store, "planner", ["planner"], [STREET]))
    assert client.post(f"{REPORT}/resolutions", json=body, headers=planner).status_code == 403
    other = bearing(token_of(store, "other", ["staff"], [f"{STREET}002"]))
    assert client.post(f"{REPORT}/resolutions", json=body, headers=other).status_code == 404


@pytest.mark.parametrize(
    ("path", "given", "status"),
    [
        (REPORT, {"scope": STREET}, 422),
        (REPORT, {"scope": COMMUNITY, "period": "2026-13"}, 422),
        (REPORT, {"scope": COMMUNITY, "period": "2026-H1"}, 422),
        (REPORT, {"scope": "440304009001"}, 404),
        ("/reports/weekly", {"scope": COMMUNITY}, 422),
    ],
)
def test_what_is_wrong_is_refused(client: TestClient, path: str, given: dict[str, str], status: int) -> None:
    assert client.get(path, params=given).status_code == status


def test_from_the_terminal(empty_store: Engine) -> None:
    fill(empty_store)

    def run(*words: str) -> str:
        done = CliRunner().invoke(terminal, ["report", *words], env={"USER": "lee", "COLUMNS": "200"})
        assert done.exit_code == 0, done.output
        return done.output

    assert "street_half_yearly" in run("kinds")
    resolve = ("resolve", "community_monthly", COMMUNITY, "修路灯", "--assignee", "物业公司")
    assert re.search("已登记 opened SQ[0-9]{14}  负责 in charge: 物业公司", run(*resolve, "--period", "2026-08"))
    said = run("show", "community_monthly", COMMUNITY, "--period", "2026-08")
    for words in ("居民零投诉", "超期 overdue 2", "本次决议 resolved SQ", "第3网格"):
        assert words in said
    run("show", "street_half_yearly", STREET, "--period", "2026-H2", "--out", "report.pdf")
    refused = CliRunner().invoke(terminal, ["report", "show", "community_monthly", COMMUNITY, "--out", "report.xlsx"])
    assert refused.exit_code != 0
