"""Whatever bytes come in, the answer is never the server's fault.

Requests are put straight to the application, since clients tidy up what they send.
"""

import asyncio
import json
from collections.abc import Iterable

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.access import access_of
from api.main import ROUTERS
from tests.api import town
from tests.api.people import token_of

#: A street that the town does not have: a body that survives its mutation drafts nothing.
VALID_BODY = json.dumps({"scope": "440304099", "lower": 200, "upper": 300, "seed": 7, "name": "方案"}).encode()
VALID_QUERY = b"limit=10&after=440304006001&bbox=114.05,22.53,114.06,22.54&community=440304006001&kind=walk_up"

BODIES = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b'"\\u0000"',
    b'{"scope": NaN}',
    b'{"scope": "440304099", "lower": Infinity}',
    b'{"scope": "440304099", "lower": 1e400}',
    b'{"scope": "440304099", "lower": -1}',
    b'{"scope": "440304099", "lower": 2.5}',
    b'{"scope": "440304099", "lower": "200"}',
    b'{"scope": "440304099", "lower": true}',
    b'{"scope": "440304099", "lower": 300, "upper": 200}',
    b'{"scope": "440304099", "seed": 99999999999999999999999999}',
    b'{"scope": "440304099", "seed": ' + b"9" * 5_000 + b"}",
    b'{"scope": "\\ud800"}',
    b'{"scope": "440304099", "name": "\\ud83c"}',
    b'{"scope": "440304099", "name": "\\u0000"}',
    b'{"scope": "440304099", "name": "\\u202e\\u2066"}',
    b'{"scope": "440304099", "name": "   "}',
    b'{"scope": "440304099", "name": ["a"]}',
    b'{"scope": "440304099", "scope": "440304099"}',
    b'{"scope": "440304099", "state": "adopted"}',
    b'{"scope": "440304099", "__proto__": {}}',
    b'{"scope": {"scope": {"scope": 1}}}',
    b'{"scope": "\xff\xfe"}',
    b"[" * 900 + b"]" * 900,
    b"[" * 200_000,
    b'{"a":' * 900 + b"1" + b"}" * 900,
    b'"' * 300_000,
    b"\\" * 300_000,
    b"\x00" * 100,
    b"\x1f\x8b\x08\x00" + b"\x00" * 50,
    '{"scope": "440304099"}'.encode("utf-16"),
    '{"scope": "440304099"}'.encode("utf-32"),
    b"\xef\xbb\xbf" + VALID_BODY,
    b'{"name": "' + b"x" * 1_000_000 + b'"}',
]
QUERIES = [
    b"%",
    b"%00",
    b"%ff%fe",
    b"limit=%00",
    b"limit=%D9%A1%D9%A0",
    b"limit=0x10",
    b"limit=1_0",
    b"limit=+10",
    b"limit=1e1",
    b"limit=NaN",
    b"limit=" + b"9" * 5_000,
    b"after=%00",
    b"after=%ED%A0%80",
    b"after='%20OR%20''='",
    b"bbox=" + b"1," * 1_000,
    b"bbox=nan,nan,nan,nan",
    b"bbox=1e999,0,1,1",
    b"bbox=0,0,1,1%00",
    b"kind[]=garden",
    b"kind=garden&kind=market",
    b"community=" + "４４０３０４００６００１".encode(),
    b"&&&&",
    b"=&=&=",
    b"a" * 10_000,
]
PATHS = [
    b"/streets/%00",
    b"/streets/%ff",
    b"/streets/..%2f..%2fetc%2fpasswd",
    b"/static/..%2f..%2fmain.py",
    b"/static/%00",
    b"/static/" + b"a" * 5_000,
    b"/static/",
    b"/docs/assets/..%2f..%2fpackage.json",
    b"/docs/assets/%2e%2e",
    b"/plans/0",
    b"/plans/-1",
    b"/plans/1e3",
    b"/plans/99999999999",
    b"/plans/" + b"9" * 5_000,
    b"/plans/%D9%A1",
    b"/plans/1/grids/%00",
    b"/buildings/" + b"4" * 5_000,
    b"//",
    b"/%",
    b"/map?scope=%00",
]


def mutations(valid: bytes, count: int, rng: np.random.Generator) -> Iterable[bytes]:
    """Copies of ``valid`` with a few bytes changed, cut out or put in."""
    for _ in range(count):
        body = bytearray(valid)
        for _ in range(rng.integers(1, 5)):
            place = int(rng.integers(0, len(body)))
            match rng.integers(0, 3):
                case 0:
                    body[place] = int(rng.integers(0, 256))
                case 1:
                    del body[place : place + int(rng.integers(1, 8))]
                case _:
                    body[place:place] = rng.bytes(int(rng.integers(1, 8)))
            body = body or bytearray(b"0")
        yield bytes(body)


async def put(
    app: FastAPI, method: str, path: bytes, query: bytes, body: bytes, headers: dict[bytes, bytes]
) -> tuple[int, bytes]:
    """Put one request to the application exactly as given; return status and body."""
    raw_path = path.partition(b"?")[0]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": _unquoted(raw_path),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", b"localhost"), *headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    waiting = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    status = next(message["status"] for message in sent if message["type"] == "http.response.start")
    assert isinstance(status, int)
    return status, b"".join(message.get("body", b"") for message in sent)  # type: ignore[misc]


def _unquoted(path: bytes) -> str:
    # As uvicorn hands it on.
    from urllib.parse import unquote

    return unquote(path.decode("ascii"))


JSON = {b"content-type": b"application/json"}


@pytest.fixture(scope="module")
def who(town_engine: Engine) -> dict[bytes, bytes]:
    """The header of a planner: whoever is not signed in is turned away before anything is looked at."""
    return {b"authorization": f"Bearer {token_of(town_engine)}".encode()}


def test_bodies(app: FastAPI, who: dict[bytes, bytes]) -> None:
    rng = np.random.default_rng(20261121)
    bodies = [*BODIES, *mutations(VALID_BODY, 250, rng)]

    async def run() -> list[tuple[int, bytes]]:
        return [await put(app, "POST", b"/plans", b"", body, JSON | who) for body in bodies]

    answers = asyncio.run(run())
    assert len(answers) > 280
    refused = [
        (body[:80], status) for body, (status, _) in zip(bodies, answers, strict=True) if not 400 <= status < 500
    ]
    assert refused == []
    assert 401 not in {status for status, _ in answers}
    for status, answer in answers:
        assert json.loads(answer)["status"] == status


def test_queries_and_paths(app: FastAPI, who: dict[bytes, bytes]) -> None:
    rng = np.random.default_rng(20261122)
    queries = [*QUERIES, *mutations(VALID_QUERY, 150, rng)]
    requests = [(b"/buildings", query) for query in queries]
    requests += [(path, path.partition(b"?")[2]) for path in PATHS]
    requests += [(b"/map", query) for query in mutations(b"scope=440304099&plan=1", 30, rng)]

    async def run() -> list[tuple[int, bytes]]:
        return [await put(app, "GET", path, query, b"", who) for path, query in requests]

    answers = asyncio.run(run())
    faults = [(request, status) for request, (status, _) in zip(requests, answers, strict=True) if status >= 500]
    assert faults == []


@pytest.mark.parametrize(
    "if_match", [b"", b"1", b'"0"', b'"-1"', b'W/"1"', b"*", b'"1", "2"', b'"' + b"9" * 500 + b'"', b"\xff", b'"\xb9"']
)
def test_versions(app: FastAPI, who: dict[bytes, bytes], if_match: bytes) -> None:
    status, answer = asyncio.run(put(app, "POST", b"/plans/1/adopt", b"", b"", {b"if-match": if_match} | who))
    assert 400 <= status < 500
    assert json.loads(answer)["status"] == status


def test_no_answer_holds_anything_personal(client: TestClient) -> None:
    """Walk every address with every code of the town, but those that are there to look at households."""
    codes = [town.STREET, *town.COMMUNITIES, town.building_code(0, 1), "1", f"{town.COMMUNITIES[0]}001"]
    paths = {route.path for module in ROUTERS for route in module.router.routes if "GET" in route.methods}
    paths = {path for path in paths if not access_of("GET", path).looks_at_households}
    filled = {
        path.replace("{code}", code).replace("{plan_id}", "1").replace("{name}", "swagger-ui.css")
        for path in paths
        for code in codes
    }
    addresses = [*sorted(filled), f"/map?scope={town.STREET}", "/openapi.json"]
    everything = "\n".join(client.get(address).text for address in addresses)
    assert "南湖街道" in everything
    for secret in town.PERSONAL:
        assert secret not in everything
