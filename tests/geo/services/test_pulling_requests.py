"""Another Open311 server's requests, taken over once each; whatever it answers."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from sqlalchemy import Engine

from geo.errors import FileFormatError, InputError
from geo.exchange.open311 import server_of
from geo.services import cases
from geo.services.address_books import AddressBooks
from geo.services.cases import CaseFilter
from geo.services.pulling_requests import Pulled, pull
from geo.storage.database import session_scope
from tests.databases import Databases
from tests.geo.services import addressed
from tests.geo.services.addressed import FLAG

SPOT = addressed.middle(40)


@pytest.fixture
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        yield engine


@contextmanager
def server(content: bytes, status: int = 200, **headers: str) -> Iterator[tuple[str, list[str]]]:
    """A server that answers everything alike, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/v2", asked
        running.shutdown()
        thread.join()


def theirs(number: int, **given: object) -> dict[str, object]:
    told = {"service_request_id": number, "status": "open", "service_code": "0042", "service_name": "Potholes"}
    told |= {
        "description": "路面坑洼",
        "lat": SPOT.y,
        "long": str(SPOT.x),
        "requested_datetime": "2026-11-01T08:00:00Z",
    }
    return {**told, **given}


def pulled(engine: Engine, url: str, **given: Any) -> Pulled:
    with session_scope(engine) as session:
        return pull(session, AddressBooks(), url, who="test", **given)


def test_each_is_taken_once(store: Engine) -> None:
    rows = [theirs(1), theirs(2, service_code="lift", description=""), theirs(3, lat=1, long=1), {"nothing": 1}, 5]
    with server(json.dumps(rows).encode()) as (url, asked):
        first = pulled(store, url, since=datetime(2026, 11, 1, tzinfo=UTC), jurisdiction="city", key="k")
        again = pulled(store, url)
    assert (len(first.taken), first.known, len(first.refused), first.unreadable) == (2, 0, 1, 2)
    assert (len(again.taken), again.known, len(again.refused)) == (0, 2, 1)
    assert first.refused[0][0] == "3"
    assert asked[0] == (
        "/v2/requests.json?start_date=2026-11-01T00%3A00%3A00%2B00%3A00&status=open&jurisdiction_id=city&api_key=k"
    )
    with session_scope(store) as session:
        kept = {one.kind: one for one in cases.read_cases(session, CaseFilter(workflow="request"))}
    assert set(kept) == {"public_facility", "lift"}
    one = kept["public_facility"]
    assert (one.building_code, one.source, one.details["external"]["id"]) == (FLAG, "open311", "1")
    assert one.found_at == datetime(2026, 11, 1, 8, tzinfo=UTC)
    assert kept["lift"].summary == "Potholes"


def test_another_server_may_have_the_same_numbers(store: Engine) -> None:
    with server(json.dumps([theirs(1)]).encode()) as (url, _), server(json.dumps([theirs(1)]).encode()) as (other, _):
        assert len(pulled(store, url).taken) == len(pulled(store, other).taken) == 1


@pytest.mark.parametrize(
    ("content", "status", "headers"),
    [
        (b"<service_requests/>", 200, {}),
        (b"{}", 200, {}),
        (b"[" * 100_000, 200, {}),
        (b"\xff", 200, {}),
        (b"", 500, {}),
        (b"[]", 302, {"Location": "http://127.0.0.1:9/"}),
    ],
)
def test_what_is_no_list_of_requests_is_refused(
    store: Engine, content: bytes, status: int, headers: dict[str, str]
) -> None:
    with server(content, status, **headers) as (url, _), pytest.raises(FileFormatError):
        pulled(store, url)


def test_a_server_that_is_not_there_is_said_so(store: Engine) -> None:
    with server(b"[]") as (url, _):
        pass
    with pytest.raises(FileFormatError):
        pulled(store, url)


@pytest.mark.parametrize("url", ["", "ftp://x/v2", "file:///etc/passwd", "http://", "http://u:p@x/v2", "http://x:y/v2"])
def test_only_web_addresses_are_asked(store: Engine, url: str) -> None:
    with pytest.raises(InputError):
        pulled(store, url)


def test_a_server_is_its_host_and_path() -> None:
    assert server_of("https://City.example:8080/open311/v2/") == "city.example:8080/open311/v2"
