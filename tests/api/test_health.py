import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, event, text

from api.main import create_app
from api.settings import AppSettings
from geo.storage.database import open_engine
from tests.api.people import client_of
from tests.databases import Databases


def test_alive(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "alive"}


def test_ready(client: TestClient) -> None:
    answer = client.get("/ready").json()
    assert answer["status"] == "ready"
    assert answer["schema_revision"]
    assert (answer["disk"], answer["audit"]) == ("enough", "chained")


def test_a_full_disk_and_an_event_past_the_chain_are_not_ready(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_engine(fresh_database_url)
    with TestClient(create_app(AppSettings(), engine), base_url="http://localhost") as client:
        assert client.get("/ready").json()["audit"] == "chained"
        monkeypatch.setattr("geo.services.readiness.MIN_FREE_BYTES", 2**62)
        assert client.get("/ready").status_code == 503
        monkeypatch.undo()
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text("INSERT INTO event (who, what, noun) VALUES ('x', 'changed', 'plan')"))
        assert client.get("/ready").status_code == 503
    engine.dispose()


@pytest.mark.parametrize("error", [psycopg.OperationalError, psycopg.errors.AdminShutdown, psycopg.InterfaceError])
def test_a_connection_lost_while_rows_are_copied(town_engine: Engine, error: type[Exception]) -> None:
    engine = open_engine(town_engine.url.render_as_string(hide_password=False))

    # As a copy does: SQLAlchemy wraps the errors of statements alone.
    @event.listens_for(engine, "engine_connect")
    def lose(_: Connection) -> None:
        raise error("server closed the connection")

    with TestClient(create_app(AppSettings(), engine), base_url="http://localhost") as client:
        assert client.get("/ready").status_code == 503
    engine.dispose()


def test_an_older_schema_is_not_ready(empty_database_url: str) -> None:
    engine = open_engine(empty_database_url)
    try:
        with TestClient(create_app(AppSettings(), engine), base_url="http://localhost") as client:
            assert client.get("/health").status_code == 200
            answer = client.get("/ready")
            assert (answer.status_code, answer.json()["type"]) == (503, "urn:wangge:problem:database-away")
    finally:
        engine.dispose()


def test_a_database_that_goes_away_and_comes_back(databases: Databases) -> None:
    name = databases.create(template=databases.migrated_template())
    engine = open_engine(databases.url(name))
    with client_of(create_app(AppSettings(), engine), engine) as client:
        assert client.get("/streets").status_code == 200
        databases.drop(name)
        for path in ("/ready", "/streets", "/plans/1", "/"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5"), path
            assert name not in answer.text
        assert client.get("/health").status_code == 200
    engine.dispose()


def test_the_application_opens_and_closes_a_database_of_its_own(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANGGE_DATABASE_URL", fresh_database_url)
    app = create_app(AppSettings())
    with TestClient(app, base_url="http://localhost") as client:
        assert client.get("/ready").status_code == 200
        with app.state.engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM street")) == 0
    assert app.state.engine is None
