"""Opening a database refuses what could not hold the data; migrating is safe for several processes at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock

import psycopg
import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy.orm import Session

from geo.errors import CodeError, DatabaseError, SchemaError, ServerError
from geo.storage import database
from geo.storage.database import DatabaseSettings, check_schema, migrate, open_engine, session_scope
from tests import factories as make


@pytest.fixture
def fresh_engine(fresh_database_url: str) -> Iterator[Engine]:
    engine = open_engine(fresh_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def empty_engine(empty_database_url: str) -> Iterator[Engine]:
    engine = open_engine(empty_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def unusual_database(empty_database_url: str) -> Iterator[Callable[..., str]]:
    """Make a database with the given options and run statements in it; dropped afterwards."""
    server = make_url(empty_database_url).set(drivername="postgresql")
    name = f"{server.database}_unusual"

    def create(options: str, *statements: str) -> str:
        with psycopg.connect(server.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 {options}')
        url = server.set(database=name).render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)
        return url

    yield create
    with psycopg.connect(server.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def test_plain_and_short_urls_become_psycopg(fresh_database_url: str) -> None:
    for scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        url = make_url(fresh_database_url).set(drivername=scheme).render_as_string(hide_password=False)
        engine = open_engine(url)
        assert engine.url.drivername == "postgresql+psycopg"
        engine.dispose()


def test_the_environment_names_the_database(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANGGE_DATABASE_URL", fresh_database_url)
    engine = open_engine()
    assert engine.url.database == make_url(fresh_database_url).database
    engine.dispose()


def test_settings_do_not_print_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANGGE_DATABASE_URL", "postgresql://user:hush@host/db")
    assert "hush" not in repr(DatabaseSettings())


@pytest.mark.parametrize("url", ["", "not a url", "://", "postgresql://u:hush@host:port/db", "http://[::1"])
def test_unreadable_url_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANGGE_DATABASE_URL", url or "nonsense")
    with pytest.raises(ServerError) as refused:
        open_engine(url or None)
    assert "hush" not in str(refused.value)


def test_other_databases_are_refused() -> None:
    with pytest.raises(ServerError, match="mysql"):
        open_engine("mysql://user:hush@localhost/db")


def test_unreachable_server_is_said_without_the_password() -> None:
    with pytest.raises(ServerError) as refused:
        open_engine("postgresql://user:hush@127.0.0.1:1/db")
    assert "127.0.0.1:1" in str(refused.value)
    assert "hush" not in str(refused.value)
    assert "连不上" in refused.value.zh


def test_c_locale_is_refused(unusual_database: Callable[..., str]) -> None:
    url = unusual_database("ENCODING 'UTF8' LOCALE 'C'", "CREATE EXTENSION postgis", "CREATE EXTENSION pg_trgm")
    with pytest.raises(DatabaseError, match="LC_CTYPE"):
        open_engine(url)


def test_other_encoding_is_refused(unusual_database: Callable[..., str]) -> None:
    with pytest.raises(DatabaseError, match="UTF8"):
        open_engine(unusual_database("ENCODING 'LATIN1' LOCALE 'C'"))


@pytest.mark.parametrize(("installed", "missing"), [("pg_trgm", "postgis"), ("postgis", "pg_trgm")])
def test_missing_extension_is_named(unusual_database: Callable[..., str], installed: str, missing: str) -> None:
    url = unusual_database("ENCODING 'UTF8' LOCALE 'C.UTF-8'", f"CREATE EXTENSION {installed}")
    with pytest.raises(DatabaseError, match=f"CREATE EXTENSION {missing}"):
        open_engine(url)


def test_old_postgis_is_refused(unusual_database: Callable[..., str]) -> None:
    url = unusual_database(
        "ENCODING 'UTF8' LOCALE 'C.UTF-8'",
        "CREATE EXTENSION postgis",
        "CREATE EXTENSION pg_trgm",
        "UPDATE pg_extension SET extversion = '2.5.3' WHERE extname = 'postgis'",
    )
    with pytest.raises(DatabaseError, match=r"2\.5\.3.*3\.1"):
        open_engine(url)


def test_several_processes_may_migrate_at_once(empty_engine: Engine) -> None:
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(migrate, empty_engine) for _ in range(3)]:
            done.result()
    assert check_schema(empty_engine)


def test_schema_that_is_absent_or_newer_is_refused(empty_engine: Engine) -> None:
    with pytest.raises(SchemaError):
        check_schema(empty_engine)
    migrate(empty_engine)
    with empty_engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
    for step in (migrate, check_schema):
        with pytest.raises(SchemaError, match="9999_future"):
            step(empty_engine)


def test_a_scope_commits_as_a_whole_or_not_at_all(fresh_engine: Engine) -> None:
    with session_scope(fresh_engine) as session:
        make.make_street(session)
    with pytest.raises(RuntimeError):
        _fail_after_a_write(fresh_engine)
    with session_scope(fresh_engine) as session:
        assert _count(session, "street") == 1
        assert _count(session, "community") == 0


def test_a_scope_says_what_the_database_refused(fresh_engine: Engine) -> None:
    with pytest.raises(CodeError, match="ck_grid_staff_code_structure"), session_scope(fresh_engine) as session:
        session.execute(text("INSERT INTO grid_staff (code, name, role) VALUES ('440307001S1', '张三', 'grid_worker')"))


# ── connections that are used again ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def asked_whether_alive(fresh_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Mock:
    """Each time that a connection is asked whether it holds, which goes on as it does."""
    noted = Mock(side_effect=fresh_engine.dialect.do_ping)
    monkeypatch.setattr(fresh_engine.dialect, "do_ping", noted)
    return noted


def _process_of(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT pg_backend_pid()")) or 0)


def _end(engine: Engine, process: int) -> None:
    """End one of the server's processes, as a server that is started again ends all."""
    with psycopg.connect(engine.url.set(drivername="postgresql").render_as_string(hide_password=False)) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [process])
        while other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [process]).fetchone():
            other.rollback()


def test_a_connection_that_was_used_just_now_is_not_asked_whether_it_holds(
    fresh_engine: Engine, asked_whether_alive: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LATELY_S", 60.0)
    assert len({_process_of(fresh_engine) for _ in range(5)}) == 1
    assert asked_whether_alive.call_count == 0
    monkeypatch.setattr(database, "LATELY_S", 0.0)
    _process_of(fresh_engine)
    assert asked_whether_alive.call_count == 1


@pytest.mark.parametrize("lately", [60.0, 0.0], ids=["used just now", "used long ago"])
def test_nobody_notices_a_server_that_was_started_again(
    fresh_engine: Engine, monkeypatch: pytest.MonkeyPatch, lately: float
) -> None:
    monkeypatch.setattr(database, "LATELY_S", lately)
    for _ in range(3):
        before = _process_of(fresh_engine)
        _end(fresh_engine, before)
        with session_scope(fresh_engine) as session:
            assert session.scalar(text("SELECT pg_backend_pid()")) != before


def _fail_after_a_write(engine: Engine) -> None:
    with session_scope(engine) as session:
        make.make_community(session)
        raise RuntimeError


def _count(session: Session, table: str) -> int:
    return session.scalar(text(f"SELECT count(*) FROM {table}")) or 0
