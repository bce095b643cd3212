"""The log tells that something was asked for and how it went; nothing of what was in it."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from api.errors import RequestError, install_handlers
from api.guard import Guard
from api.logs import Observed, Served, install_logs, log_request

SECRET = "zq9canary"


@dataclass(frozen=True)
class Asker:
    name: str
    account_id: int | None


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the log goes for one test; the loggers are as they were afterwards."""
    names = (None, "uvicorn", "uvicorn.error", "uvicorn.access", "httpx2")
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    stream = io.StringIO()
    install_logs(stream)
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # the tests' own client, which tells what it asks for
    logging.getLogger("uvicorn.error").setLevel(logging.INFO)  # as when it serves; other tests' servers set it higher
    yield stream
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers[:], logger.level, logger.propagate = handlers, level, propagate


@pytest.fixture
def small_app() -> FastAPI:
    app = FastAPI()

    @app.get("/things/{code}")
    def thing(request: Request, code: str) -> dict[str, str]:
        request.state.actor = Asker("wang.fang", 7)
        return {"code": code}

    @app.post("/things")
    def make(request: Request, body: dict[str, Any]) -> None:
        request.state.actor = Asker("terminal", None)
        raise RequestError("conflict", SECRET, SECRET)

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("a defect")

    install_handlers(app)
    app.add_middleware(Guard, allowed_hosts=["localhost"])
    app.add_middleware(Observed, observers=[log_request])
    return app


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def requests(stream: io.StringIO) -> list[dict[str, Any]]:
    return [line for line in lines(stream) if line["event"] == "request"]


def test_one_line_per_request(small_app: FastAPI, stream: io.StringIO) -> None:
    with TestClient(small_app, base_url="http://localhost") as client:
        answer = client.get(f"/things/{SECRET}?name={SECRET}", headers={"Authorization": f"Bearer {SECRET}"})
    (line,) = requests(stream)
    assert line["id"] == answer.headers["x-request-id"]
    assert (line["account"], line["method"], line["route"]) == ("wang.fang", "GET", "/things/{code}")
    assert (line["status"], line["bytes_out"]) == (200, len(answer.content))
    assert line["ms"] > 0
    assert line["at"].endswith("Z")
    assert SECRET not in stream.getvalue()


def test_nothing_of_bodies_refusals_and_unknown_addresses(small_app: FastAPI, stream: io.StringIO) -> None:
    with TestClient(small_app, base_url="http://localhost", cookies={"wangge": SECRET}) as client:
        posted = client.post("/things", json={"password": SECRET})
        client.get(f"/{SECRET}")
        client.request(SECRET, "/things/1")
        client.get("/things/1", headers={"Host": SECRET})
    assert posted.status_code == 409
    made, unknown, odd, renamed = requests(stream)
    assert (made["account"], made["status"], made["bytes_in"]) == (None, 409, len(posted.request.content))
    assert (unknown["route"], unknown["status"]) == ("-", 404)
    assert (odd["method"], odd["status"]) == ("-", 405)
    assert renamed["status"] == 400
    assert SECRET not in stream.getvalue()


def test_a_failure_is_told_once_with_its_trace_and_stays_one_line(small_app: FastAPI, stream: io.StringIO) -> None:
    with TestClient(small_app, base_url="http://localhost") as client:
        answer = client.get("/broken")
    assert answer.status_code == 500
    failures = [line for line in lines(stream) if line["level"] == "error"]
    assert len(failures) == 1
    assert "RuntimeError: a defect" in failures[0]["exception"]
    assert answer.headers["x-request-id"] in failures[0]["event"]
    assert [line["status"] for line in requests(stream)] == [500]


def test_what_libraries_log_has_the_same_form_and_access_lines_are_dropped(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").info("started %s", "网格")
    logging.getLogger("uvicorn.access").info("GET /buildings?name=%s", SECRET)
    (line,) = lines(stream)
    assert (line["event"], line["logger"], line["level"]) == ("started 网格", "uvicorn.error", "info")


def test_a_client_that_leaves_is_told_too() -> None:
    seen: list[Served] = []

    async def leaves(scope: Any, receive: Any, send: Any) -> None:
        raise ConnectionResetError

    async def nothing(*_: Any) -> dict[str, Any]:
        return {}

    async def run() -> None:
        scope = {"type": "http", "method": "GET", "path": "/"}
        await Observed(leaves, observers=[seen.append])(scope, nothing, nothing)

    import asyncio

    with pytest.raises(ConnectionResetError):
        asyncio.run(run())
    assert [(served.status, served.request_id) for served in seen] == [(0, None)]
