"""What tests of the interface share: clients of the application over the small town; an empty store."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from geo.storage.database import open_engine
from tests.api.people import ADDRESS, client_of


@pytest.fixture(scope="module")
def client(app: FastAPI, town_engine: Engine) -> Iterator[TestClient]:
    """A client that a planner of the town's street is signed in with."""
    with client_of(app, town_engine) as client:
        yield client


@pytest.fixture(scope="module")
def anonymous_client(app: FastAPI) -> Iterator[TestClient]:
    """A client that nobody is signed in with."""
    with TestClient(app, base_url=ADDRESS) as client:
        yield client


@pytest.fixture
def empty_store(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database of the test's own, which commands find; files that they write land in ``tmp_path``."""
    monkeypatch.setenv("WANGGE_DATABASE_URL", fresh_database_url)
    monkeypatch.chdir(tmp_path)
    engine = open_engine(fresh_database_url)
    yield engine
    engine.dispose()
