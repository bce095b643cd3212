"""Figures for monitoring: counted per application, told to this machine and to administrators."""

from dataclasses import dataclass

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine

from api.logs import Served
from api.main import create_app
from api.metrics import Metrics
from api.routes.metrics import _from_this_machine, _is_administrator
from api.settings import AppSettings


@dataclass(frozen=True)
class Asker:
    roles: frozenset[str]


def served(route: str = "/plans", status: int = 200, milliseconds: float = 30.0) -> Served:
    return Served("id", None, "GET", route, status, milliseconds, 10, 200)


def values(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_requests_are_counted_by_route_and_status() -> None:
    metrics = Metrics()
    for status in (200, 200, 404):
        metrics.count(served(status=status))
    found = values(metrics.text().decode())
    assert found["wangge_requests_total", "GET", "/plans", "200"] == 2
    assert found["wangge_requests_total", "GET", "/plans", "404"] == 1
    assert found["wangge_request_seconds_count", "GET", "/plans"] == 3
    assert found["wangge_request_seconds_bucket", "0.02", "GET", "/plans"] == 0
    assert found["wangge_request_seconds_bucket", "0.05", "GET", "/plans"] == 3
    assert found["wangge_answer_bytes_total",] == 600


def test_each_application_counts_alone(town_engine: Engine) -> None:
    first, second = (create_app(AppSettings(), town_engine) for _ in range(2))
    with TestClient(first, base_url="http://localhost", client=("127.0.0.1", 1)) as client:
        client.get("/health")
        client.get("/no-such-place")
        told = values(client.get("/metrics").text)
    assert told["wangge_requests_total", "GET", "/health", "200"] == 1
    assert told["wangge_requests_total", "GET", "-", "404"] == 1
    assert told["wangge_drafts_running",] == 0
    assert told["wangge_database_connections",] == 0
    assert b"/health" not in second.state.metrics.text()


@pytest.mark.parametrize(("address", "status"), [("127.0.0.1", 200), ("::1", 200), ("10.1.2.3", 403), ("x", 403)])
def test_only_this_machine_and_administrators(app: FastAPI, address: str, status: int) -> None:
    with TestClient(app, base_url="http://localhost", client=(address, 1)) as client:
        answer = client.get("/metrics")
    assert answer.status_code == status
    assert ("wangge_requests" in answer.text) is (status == 200)


@pytest.mark.parametrize(("role", "opens"), [("administrator", True), ("planner", False), ("auditor", False)])
def test_the_role_that_opens_them(role: str, opens: bool) -> None:
    request = Request({"type": "http", "client": ("10.1.2.3", 1), "state": {"actor": Asker(frozenset({role}))}})
    assert _is_administrator(request) is opens
    assert not _from_this_machine(request)
