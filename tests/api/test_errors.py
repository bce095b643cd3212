"""Every error of the program has one answer, and no answer says more than it should."""

import logging
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api.errors import OF_ERROR, PROBLEM_TYPE, PROBLEMS, RequestError, install_handlers
from api.guard import Guard, StrictBody
from geo import errors as geo_errors

SECRET = "postgresql://office:s3cret@10.0.0.7/wangge"


def error_classes(base: type[geo_errors.WanggeError] = geo_errors.WanggeError) -> list[type[geo_errors.WanggeError]]:
    own = [base] if base.__module__ == geo_errors.__name__ else []
    return own + [found for child in base.__subclasses__() for found in error_classes(child)]


RAISED: dict[str, Exception] = {
    **{cls.__name__: cls("中文说明", "English words") for cls in error_classes()},
    "operational": OperationalError("SELECT 1", {}, Exception(SECRET)),
    "pool": PoolTimeoutError(SECRET),
    "unforeseen": ZeroDivisionError(SECRET),
    "busy": RequestError("too-busy", "忙", "busy", headers={"Retry-After": "30"}, allowed=2),
}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    app = FastAPI()
    install_handlers(app)

    @app.get("/raise/{name}")
    def fail(name: str) -> None:
        raise RAISED[name]

    @app.get("/number/{number}")
    def number(number: int) -> int:
        return number

    @app.post("/body")
    def body(body: dict[str, int]) -> dict[str, int]:
        return body

    app.add_middleware(StrictBody, max_bytes=1_000)
    app.add_middleware(Guard, allowed_hosts=("localhost", "::1"))
    with TestClient(app, base_url="http://localhost") as client:
        yield client


STATUSES = {
    "WanggeError": 500,
    "InputError": 422,
    "FileFormatError": 422,
    "ColumnError": 422,
    "DatumError": 422,
    "CodeError": 422,
    "GeometryError": 422,
    "GeographicCRSError": 422,
    "BoundsError": 422,
    "PasswordError": 422,
    "NotFoundError": 404,
    "ConflictError": 409,
    "StaleVersionError": 412,
    "AccessError": 403,
    "SignInError": 401,
    "LockedOutError": 429,
    "BusyError": 503,
    "ExecutionError": 503,
    "DatabaseError": 503,
    "ServerError": 503,
    "SchemaError": 503,
    "operational": 503,
    "pool": 503,
    "unforeseen": 500,
    "busy": 503,
}


@pytest.mark.parametrize("name", RAISED)
def test_every_error_answers_as_a_problem(client: TestClient, name: str) -> None:
    answer = client.get(f"/raise/{name}")
    problem = answer.json()
    assert answer.status_code == STATUSES[name] == problem["status"]
    assert answer.headers["content-type"] == PROBLEM_TYPE
    assert problem["type"].removeprefix("urn:wangge:problem:") in PROBLEMS
    assert problem["instance"] == f"urn:uuid:{answer.headers['x-request-id']}"
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text


def test_what_the_client_can_mend_is_said_and_what_it_cannot_is_kept(client: TestClient) -> None:
    mendable = client.get("/raise/CodeError").json()
    assert (mendable["detail"], mendable["detail_en"]) == ("中文说明", "English words")
    for name in ("WanggeError", "ServerError", "ExecutionError"):
        assert "English words" not in client.get(f"/raise/{name}").text


def test_what_may_come_back_is_to_be_tried_again(client: TestClient) -> None:
    for name, problem in (("DatabaseError", "database-away"), ("ExecutionError", "workers-away")):
        answer = client.get(f"/raise/{name}")
        assert answer.json()["type"] == f"urn:wangge:problem:{problem}"
        assert int(answer.headers["retry-after"]) > 0


def test_the_log_has_the_rest_under_the_same_id(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "wangge.api"):
        answer = client.get("/raise/unforeseen")
    (record,) = [record for record in caplog.records if record.name == "wangge.api"]
    assert answer.headers["x-request-id"] in record.getMessage()
    assert record.exc_info is not None


def test_every_class_in_the_table_is_known() -> None:
    assert set(OF_ERROR.values()) <= set(PROBLEMS)
    assert set(STATUSES) == set(RAISED)


def test_extensions_and_headers_of_a_request_error_are_kept(client: TestClient) -> None:
    answer = client.get("/raise/busy")
    assert answer.headers["retry-after"] == "30"
    assert answer.json()["allowed"] == 2


def test_validation_never_echoes(client: TestClient) -> None:
    canary = "zq9canary"
    for answer in (client.get(f"/number/{canary}"), client.post("/body", json={"a": canary})):
        assert answer.status_code == 422
        assert canary not in answer.text
        assert answer.json()["errors"][0]["zh"] == "应为整数"


def test_no_such_address_and_no_such_method(client: TestClient) -> None:
    missing = client.get("/nowhere")
    assert (missing.status_code, missing.headers["content-type"]) == (404, PROBLEM_TYPE)
    wrong = client.delete("/number/1")
    assert (wrong.status_code, wrong.headers["allow"], wrong.json()["allowed"]) == (405, "GET", ["GET"])


@pytest.mark.parametrize(
    ("content", "media_type", "status", "name"),
    [
        (b'{"a": NaN}', "application/json", 400, "malformed-json"),
        (b'{"a": 1}', "text/plain", 415, "not-json"),
        (b'{"a": 1}', "", 415, "not-json"),
        (b'{"a": "' + b"x" * 1_000 + b'"}', "application/json", 413, "body-too-large"),
        (b'{"a": 1}', "application/json; charset=utf-8", 200, ""),
        (b"", "application/json", 422, "invalid-request"),
    ],
)
def test_bodies(client: TestClient, content: bytes, media_type: str, status: int, name: str) -> None:
    answer = client.post("/body", content=content, headers={"Content-Type": media_type})
    assert answer.status_code == status
    if name:
        assert answer.json()["type"] == f"urn:wangge:problem:{name}"


def test_a_body_in_pieces_is_counted_too(client: TestClient) -> None:
    pieces = (b"[" if number == 0 else b"1," for number in range(1_000))
    answer = client.post("/body", content=pieces, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("[::1]:8000", 200),
        ("rebound.example", 400),
        ("localhost.rebound.example", 400),
        ("", 400),
        ("[", 400),
    ],
)
def test_only_known_host_names_are_answered(client: TestClient, host: str, status: int) -> None:
    answer = client.get("/number/1", headers={"Host": host})
    assert answer.status_code == status
    assert status == 200 or answer.json()["type"] == "urn:wangge:problem:unknown-host"


def test_every_answer_protects_the_browser(client: TestClient) -> None:
    for path in ("/number/1", "/number/x", "/nowhere", "/raise/unforeseen"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "server" not in headers


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/raise/NotFoundError", 404, "中文说明"),
        ("/raise/operational", 503, "数据库暂时不可用"),
        ("/raise/unforeseen", 500, "服务器出错"),
        ("/number/two", 422, "number"),
        ("/nowhere", 404, "没有这个地址"),
    ],
)
def test_who_opened_it_in_a_browser_gets_a_page(client: TestClient, path: str, status: int, said: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert said in answer.text
    assert '<a href="/">' in answer.text
    assert "Accept" in answer.headers["vary"]
    assert SECRET not in answer.text
