"""Tiles, answered before routing: as the route does it, to whom it does, kept for as long as it would be."""

import asyncio
import re
import threading
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from api.early_tiles import Looks
from api.logs import REQUESTS
from api.main import create_app
from api.metering import Meter
from geo.errors import ServerError
from geo.services import accounts
from geo.services.changes import Changes
from geo.services.tile_cache import TileCache
from geo.storage import layers
from geo.storage.database import session_scope
from geo.territory.nouns import NOUNS
from tests.api import town
from tests.api.people import client_of
from tests.api.test_tiles import buildings_in, path

#: What is told of a request, and not of what was asked for.
OF_THE_REQUEST = {"x-request-id", "ratelimit"}


@pytest.fixture
def clerk(app: FastAPI, town_engine: Engine) -> Iterator[TestClient]:
    with client_of(app, town_engine, "kept-clerk", ["staff"], [town.COMMUNITIES[0]]) as client:
        yield client


def patch_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the route, which is not to be asked, fail."""
    monkeypatch.setattr("api.routes.tiles.kept_tile", Mock(side_effect=AssertionError("the route was asked")))


def told(answer: Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in OF_THE_REQUEST}


@pytest.mark.parametrize(
    "asked", [{}, {"Accept-Encoding": "gzip"}, {"If-None-Match": "the same"}, {"If-None-Match": '"x"'}]
)
def test_the_answer_is_the_route_s_cut_or_kept(
    clerk: TestClient, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str]
) -> None:
    assert isinstance(clerk.app, FastAPI)
    etag = clerk.get(path()).headers["etag"]
    asked = {name: etag if value == "the same" else value for name, value in asked.items()}
    with monkeypatch.context() as patch:
        patch.setattr("api.early_tiles._PATH", re.compile("nothing"))
        by_the_route = clerk.get(path(), headers=asked)
    patch_out(monkeypatch)
    kept, nothing = clerk.app.state.tiles, TileCache(0, clerk.app.state.tiles.changes)
    for clerk.app.state.tiles in (nothing, kept):
        early = clerk.get(path(), headers=asked)
        assert (early.status_code, early.content) == (by_the_route.status_code, by_the_route.content)
        assert told(early) == told(by_the_route)
        assert early.headers["x-request-id"] != by_the_route.headers["x-request-id"]


def test_a_change_is_seen_at_once(clerk: TestClient, town_engine: Engine) -> None:
    code = town.building_code(0, 21)
    assert code in buildings_in(clerk, 0)
    assert code in buildings_in(clerk, 0)
    with session_scope(town_engine) as session:
        layers.end(session, NOUNS["building"], [code], who="test")
    assert code not in buildings_in(clerk, 0)


def test_who_may_no_more_is_told_so_at_once(app: FastAPI, town_engine: Engine) -> None:
    with client_of(app, town_engine, "kept-gone", ["staff"], [town.COMMUNITIES[0]]) as client:
        assert [client.get(path()).status_code for _ in range(2)] == [200, 200]
        with session_scope(town_engine) as session:
            accounts.end(session, "kept-gone", who="test")
        assert client.get(path()).status_code == 401
    for login, roles in (("kept-officer", ["administrator"]), ("kept-auditor", ["auditor"])):
        with client_of(app, town_engine, login, roles, []) as client:
            assert [client.get(path()).status_code for _ in range(2)] == [403, 403]


def test_nobody_gets_what_another_one_sees(app: FastAPI, town_engine: Engine, clerk: TestClient) -> None:
    with client_of(app, town_engine, "kept-other", ["staff"], [town.COMMUNITIES[1]]) as other:
        for _ in range(2):
            here, there = buildings_in(clerk, 0), buildings_in(other, 0)
            assert here
            assert not here & there


def test_it_is_counted_metered_and_logged_as_any_request(
    town_engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(engine=town_engine)
    with client_of(app, town_engine, "kept-often", ["staff"], [town.COMMUNITIES[0]]) as client:
        client.get(path())
        patch_out(monkeypatch)
        with caplog.at_level("INFO", REQUESTS):
            answers = [client.get(path()) for _ in range(3)]
        left = [int(answer.headers["ratelimit"].partition('"account";r=')[2].partition(";")[0]) for answer in answers]
        assert left == [left[0], left[0] - 1, left[0] - 2]
        lines: list[Any] = [record.msg for record in caplog.records if record.name == REQUESTS]
        assert {(line["route"], line["account"], line["status"]) for line in lines} == {
            ("/tiles/{layers}/{z}/{x}/{y}", "kept-often", 200)
        }
        assert 'route="/tiles/{layers}/{z}/{x}/{y}",status="200"} 4.0' in app.state.metrics.text().decode()
        app.state.meter = Meter(1 / 600)
        assert [client.get(path()).status_code for _ in range(2)] == [200, 429]
        monkeypatch.setattr("api.early_tiles.kept_tile", Mock(side_effect=AssertionError("cut for who may not ask")))
        assert client.get(path("buildings", 16)).status_code == 429


def test_a_host_that_is_not_ours_gets_nothing(clerk: TestClient) -> None:
    clerk.get(path())
    assert clerk.get(path(), headers={"Host": "elsewhere.example"}).status_code == 400


def test_a_database_that_is_away_is_told(clerk: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk.get(path())
    monkeypatch.setattr(Changes, "look", Mock(side_effect=OperationalError("", {}, Exception("away"))))
    assert clerk.get(path()).status_code == 503


def test_what_fails_once_is_asked_once_more(clerk: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a connection that breaks while a tile is cut: the route is asked, with another one."""
    clerk.get(path())
    assert isinstance(clerk.app, FastAPI)
    monkeypatch.setattr(clerk.app.state, "tiles", TileCache(0, clerk.app.state.tiles.changes))
    failing = Mock(side_effect=ServerError("断了", "it broke"))
    monkeypatch.setattr("api.early_tiles.kept_tile", failing)
    assert (clerk.get(path()).status_code, failing.call_count) == (200, 1)
    monkeypatch.setattr("api.routes.tiles.kept_tile", failing)
    assert clerk.get(path()).status_code == 503


# ── looks ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Slow(Changes):
    """Changes whose looks last until they are let go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = self.done = 0
        self.go = threading.Semaphore(0)
        self.fails = False

    def look(self, engine: Engine) -> None:
        self.begun += 1
        self.go.acquire()
        self.done += 1
        if self.fails:
            raise OSError


def test_one_look_serves_all_who_came_before_it_began() -> None:
    async def scene() -> None:
        changes = Slow()
        looks = Looks(changes)
        first = asyncio.create_task(looks.look(Mock()))
        while changes.begun < 1:
            await asyncio.sleep(0)
        late = [asyncio.create_task(looks.look(Mock())) for _ in range(20)]
        changes.go.release()
        await first
        assert not any(each.done() for each in late)  # the look that served the first began before they came
        changes.go.release()
        await asyncio.gather(*late)
        assert (changes.begun, changes.done) == (2, 2)

    asyncio.run(scene())


def test_a_look_that_fails_fails_for_all_who_wait_and_the_next_one_is_made() -> None:
    async def scene() -> None:
        changes = Slow()
        looks = Looks(changes)
        changes.fails = True
        changes.go.release()
        told = await asyncio.gather(*(looks.look(Mock()) for _ in range(3)), return_exceptions=True)
        assert [type(each) for each in told] == [OSError] * 3
        changes.fails = False
        changes.go.release()
        await looks.look(Mock())
        assert changes.begun == 2

    asyncio.run(scene())
