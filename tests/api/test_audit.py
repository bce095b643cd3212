"""The auditor's tools: verified, searched, exported, by the terminal and over HTTP."""

import csv
import re
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from click.testing import Result
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from api.audit_pages import DEEDS, THINGS, deed_words
from api.cli import app as commands
from api.routes.audit import MEDIA_TYPES
from geo.errors import InputError
from geo.services.auditing import EventFilter, export_trail, moment, search_trail
from geo.storage import events
from geo.storage.database import session_scope
from geo.territory.dictionaries import dictionary
from geo.territory.nouns import NOUNS
from geo.territory.times import CHINA_TIME
from tests.api import town
from tests.api.people import client_of

RUN = CliRunner(env={"COLUMNS": "200"})
FORMULAS = ("=cmd|' /C calc'!A0", "+1+cmd|x!A", "@SUM(A1)", "-2+3+cmd|x!A", "\t=1", "\r=1")


def run(*arguments: str) -> Result:
    done = RUN.invoke(commands, ["audit", *arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture
def trail(empty_store: Engine) -> Engine:
    """A store in which a few people did a few things."""
    with session_scope(empty_store) as session:
        for number in range(5):
            events.record(session, who="wang.fang", what="changed", noun="plan", code=str(number))
        events.record(session, who="li.min", what="adopted", noun="plan", code="1", after={"name": "方案"})
        for formula in FORMULAS:
            events.record(session, who=formula, what="changed", noun="plan", code=formula, after={"name": formula})
        events.record(
            session,
            who="li.min",
            what="seen",
            noun="household_unit",
            code="440304006001001001U0101",
            after={"room": "9988室不外传"},
        )
    empty_store.dispose()
    return empty_store


def test_a_whole_trail_and_its_head(trail: Engine) -> None:
    done = run("verify")
    assert done.exit_code == 0
    assert "审计记录完整" in done.output
    head = re.search(r"[0-9]+:[0-9a-f]{64}", done.output)
    assert head is not None
    assert run("verify", "--head", head[0]).exit_code == 0
    other = f"{head[0][:-4]}{'0000' if head[0][-4:] != '0000' else '1111'}"
    done = run("verify", "--head", other)
    assert done.exit_code == 1
    assert "rewritten" in done.output
    with pytest.raises(InputError):
        run("verify", "--head", "nonsense")


def test_tampering_is_found(trail: Engine) -> None:
    with session_scope(trail) as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("UPDATE event SET who = 'nobody' WHERE what = 'adopted'"))
    trail.dispose()
    done = run("verify")
    assert done.exit_code == 1
    assert "被改动" in done.output
    assert "1 处问题" in done.output


def test_searching(trail: Engine) -> None:
    def found(**wanted: object) -> list[str]:
        with session_scope(trail) as session:
            records = search_trail(session, EventFilter(**wanted), limit=100)  # type: ignore[arg-type]
        return [f"{record.who} {record.what} {record.code}" for record in records]

    assert found(who="li.min", what="adopted") == ["li.min adopted 1"]
    assert found(code="1") == ["li.min adopted 1", "wang.fang changed 1"]
    assert found(noun="household_unit") == ["li.min seen 440304006001001001U0101"]
    now = datetime.now(CHINA_TIME)
    assert found(until=now - timedelta(hours=1)) == []
    assert len(found(since=now - timedelta(hours=1))) == 13
    assert found(address="10.0.0.1") == []
    said = run("search", "--who", "wang.fang", "--limit", "2").output
    assert "--after" in said
    assert said.count("wang.fang") == 2
    after = re.search(r"--after ([0-9]+)", said)
    assert after is not None
    assert run("search", "--who", "wang.fang", "--after", after[1]).output.count("wang.fang") == 3
    everything = run("search").output
    assert "不外传" not in everything


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_an_export_runs_nothing_and_says_who_made_it(trail: Engine, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    assert "13 条" in run("export", str(path)).output
    if suffix == "csv":
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = [list(row) for row in csv.reader(stream)]
    else:
        sheet = openpyxl.load_workbook(path).active
        assert sheet is not None
        rows = [[cell.value or "" for cell in row] for row in sheet.iter_rows()]
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    heading, *told = rows
    assert len(told) == 13
    who, by = heading.index("who"), heading.index("exported_by")
    texts = [str(cell) for row in told for cell in row]
    assert not [cell for cell in texts if cell.startswith(("=", "+", "@", "\t", "\r"))]
    # A workbook writes a carriage return as _x000D_.
    assert {f"'{formula}" for formula in FORMULAS} <= {str(row[who]).replace("_x000D_", "\r") for row in told}
    assert all(row[by] for row in told)
    assert not [cell for cell in texts if "不外传" in cell]
    with session_scope(trail) as session:
        assert search_trail(session, EventFilter(what="exported"), limit=1)[0].noun == "audit_trail"


def test_other_files_are_refused(trail: Engine, tmp_path: Path) -> None:
    with session_scope(trail) as session, pytest.raises(InputError, match=r"\.xlsx"):
        export_trail(session, EventFilter(), tmp_path / "a.gpkg", who="test")
    assert list(tmp_path.iterdir()) == []


def test_a_long_image_is_cut_and_says_so(trail: Engine, tmp_path: Path) -> None:
    with session_scope(trail) as session:
        events.record(session, who="x", what="changed", noun="plan", after={"note": "字" * 40_000})
        export_trail(session, EventFilter(who="x"), tmp_path / "a.xlsx", who="test")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert sheet is not None
    assert "40012 字" in str(sheet.cell(2, 11).value)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-22", "2026-11-22T00:00:00+08:00"),
        ("2026-11-22T08:30", "2026-11-22T08:30:00+08:00"),
        ("2026-11-22T08:30:05Z", "2026-11-22T08:30:05+00:00"),
        ("2026-11-22T08:30+09:00", "2026-11-22T08:30:00+09:00"),
    ],
)
def test_moments(written: str, read: str) -> None:
    assert moment(written).isoformat() == read


def test_a_day_ends_with_its_end() -> None:
    assert moment("2026-11-30", end=True).isoformat() == "2026-12-01T00:00:00+08:00"
    assert moment("2026-11-30T08:00", end=True).isoformat() == "2026-11-30T08:00:00+08:00"


@pytest.mark.parametrize(
    "written", ["", "yesterday", "2026-13-01", "0001-01-01", "9999-12-31", "2026-11-22T25:00", "２０２６-11-22"]
)
def test_moments_that_there_are_not(written: str) -> None:
    with pytest.raises(InputError):
        moment(written)


# ── over HTTP ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def auditor(app: FastAPI, town_engine: Engine) -> TestClient:
    with session_scope(town_engine) as session:
        for number in range(4):
            events.record(session, who="zhao.lei", what="changed", noun="plan", code=str(number))
        events.record(
            session, who="zhao.lei", what="seen", noun="household_unit", code="x", after={"room": town.PERSONAL[2]}
        )
    return client_of(app, town_engine, "auditor", ("auditor",), ())


def test_pages_of_events(auditor: TestClient) -> None:
    first = auditor.get("/audit", params={"who": "zhao.lei", "limit": 3}).json()
    assert first["numberReturned"] == 3
    following = next(link["href"] for link in first["links"] if link["rel"] == "next")
    rest = auditor.get(following).json()
    ids = [item["id"] for page in (first, rest) for item in page["items"]]
    assert len(ids) == 5
    assert ids == sorted(ids, reverse=True)
    assert not [link for link in rest["links"] if link["rel"] == "next"]


def test_filters_and_what_is_never_shown(auditor: TestClient) -> None:
    answer = auditor.get("/audit", params={"who": "zhao.lei", "noun": "household_unit"})
    assert [item["what"] for item in answer.json()["items"]] == ["seen"]
    assert list(answer.json()["items"][0]["after"]) == ["room"]
    assert auditor.get("/audit", params={"until": "2026-01-01"}).json()["items"] == []
    everything = auditor.get("/audit", params={"limit": 1_000}).text
    assert not [secret for secret in town.PERSONAL if secret in everything]


@pytest.mark.parametrize(
    "wrong", [{"since": "yesterday"}, {"since": "2026-13-01"}, {"who": "\x00"}, {"after": "0"}, {"address": "a" * 300}]
)
def test_wrong_filters(auditor: TestClient, wrong: dict[str, str]) -> None:
    answer = auditor.get("/audit", params=wrong)
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_an_export_over_http(auditor: TestClient, suffix: str) -> None:
    answer = auditor.get("/audit/export", params={"who": "zhao.lei", "format": suffix})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == MEDIA_TYPES[suffix]
    assert f".{suffix}" in answer.headers["content-disposition"]
    if suffix == "csv":
        rows = list(csv.DictReader(answer.content.decode("utf-8-sig").splitlines()))
        assert {row["exported_by"] for row in rows} == {"auditor"}
    newest = auditor.get("/audit", params={"limit": 1}).json()["items"][0]
    assert (newest["who"], newest["what"], newest["after"]["events"]) == ("auditor", "exported", 5)


def test_verification_over_http(auditor: TestClient) -> None:
    found = auditor.get("/audit/verification").json()
    assert (found["state"], found["findings"]) == ("whole", [])
    held = auditor.get("/audit/verification", params={"head": found["head"]}).json()
    assert held["state"] == "whole"
    other = found["head"].partition(":")[0] + ":" + "ab" * 32
    assert auditor.get("/audit/verification", params={"head": other}).json()["findings"][0]["problem"] == "rewritten"


@pytest.mark.parametrize("path", ["/audit", "/audit/export", "/audit/verification"])
def test_the_auditor_alone(client: TestClient, anonymous_client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 403
    assert anonymous_client.get(path).status_code == 401


def test_the_trail_as_a_page(auditor: TestClient) -> None:
    page = {"Accept": "text/html"}
    answer = auditor.get("/audit", params={"limit": 2}, headers=page)
    assert answer.headers["content-type"].startswith("text/html")
    following = re.findall('href="(/audit[?][^"]*after=[^"]*)"', answer.text)
    assert len(following) == 1
    assert auditor.get(following[0].replace("&amp;", "&"), headers=page).status_code == 200
    chosen = auditor.get("/audit", params={"who": "zhao.lei", "limit": 1_000}, headers=page).text
    assert "zhao.lei" in chosen
    assert 'href="/audit/export?who=zhao.lei"' in chosen
    assert not [secret for secret in town.PERSONAL if secret in chosen]


def test_verification_as_a_page(auditor: TestClient) -> None:
    whole = auditor.get("/audit/verification?as=html").text
    assert "审计记录完整" in whole
    assert auditor.get("/audit/verification").json()["head"].partition(":")[0] > "0"
    other = f"1:{'ab' * 32}"
    assert "改动过" in auditor.get(f"/audit/verification?as=html&head={other}").text


def test_what_was_done_has_words(auditor: TestClient) -> None:
    events = auditor.get("/audit", params={"limit": 1_000}).json()["items"]
    deeds, things = dictionary(DEEDS), dictionary(THINGS)
    assert {event["what"] for event in events if event["what"] not in deeds} == set()
    assert {event["noun"] for event in events if event["noun"] not in things} == set()
    assert set(NOUNS) <= set(things.entries)


@pytest.mark.parametrize(
    ("what", "zh"), [("adopted", "方案生效"), ("pass", "复查合格销号"), ("never heard of", "never heard of")]
)
def test_words_of_deeds(what: str, zh: str) -> None:
    assert deed_words(what).zh == zh
