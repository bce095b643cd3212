"""Address books that are read before anybody asks."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from geo.services import accounts
from geo.services.address_books import AddressBooks
from geo.services.warming import readers, warm, warming
from geo.storage.database import open_engine, session_scope
from tests import factories as make
from tests.conftest import Databases
from tests.geo.services import addressed
from tests.geo.services.addressed import FIRST, GRIDS, INSPECTOR, NEXT, PLANNER, STAFF


@pytest.fixture
def store(databases: Databases) -> Iterator[Engine]:
    """Two communities with addresses, and accounts: a planner of the street, three people of one community, others."""
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        give(engine, "admin", "administrator")
        give(engine, "ends", "staff", "440307001002")
        for login in ("staff.a", "staff.b"):
            give(engine, login, "staff", FIRST)
        give(engine, "grid", "inspector", GRIDS[0])
        give(engine, "of.street", "planner", make.STREET)
        with session_scope(engine) as session:
            accounts.end(session, "ends", who="test")
        yield engine


def give(engine: Engine, login: str, role: str, *scopes: str) -> None:
    with session_scope(engine) as session:
        accounts.create(session, login, "某人", who="test")
        accounts.give(session, login, roles=[role], scopes=scopes, by=None, who="test")


@contextmanager
def layers_read(engine: Engine) -> Iterator[list[str]]:
    """The statements that read a whole layer, while the block lasts."""
    said: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.extend(name for name in ("stairwell", "city_element") if f"FROM {name}" in statement)

    event.listen(engine, "before_cursor_execute", note)
    yield said
    event.remove(engine, "before_cursor_execute", note)


def test_streets_come_first_then_what_most_people_ask_from(store: Engine) -> None:
    assert [actor.scopes for actor in readers(store)] == [(make.STREET,), (FIRST,), (GRIDS[0],)]


def test_whoever_asks_first_waits_for_no_book(store: Engine) -> None:
    books = AddressBooks()
    with layers_read(store) as said:
        assert warm(books, store) == 3
        assert said
    with layers_read(store) as said:
        for actor in (PLANNER, STAFF, INSPECTOR):
            assert books.of(store, actor).book is not None
        assert said == []
        # Of a scope that no account has the book is read when somebody asks.
        books.of(store, NEXT)
        assert said


def test_books_are_read_until_they_fill_what_is_kept(store: Engine) -> None:
    books = AddressBooks(most_rows=20)
    assert warm(books, store) == 1
    assert books.full
    kept = books.of(store, PLANNER).book
    assert kept is not None
    assert 2 * len(kept.frame) > 20


def test_nothing_is_read_once_the_server_stops(store: Engine) -> None:
    stop = threading.Event()
    stop.set()
    assert warm(AddressBooks(), store, stop) == 0


def test_they_are_read_beside_and_that_ends_with_the_server(store: Engine) -> None:
    books = AddressBooks(most_rows=20)
    with warming(books, store):
        began = time.monotonic()
        while not books.full and time.monotonic() - began < 60:
            time.sleep(0.01)
        assert books.full
    assert not any(thread.name == "address books" for thread in threading.enumerate())


def test_an_empty_store_is_passed_over_in_silence(fresh_database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    engine = open_engine(fresh_database_url)
    caplog.set_level("INFO", logger="wangge.addresses")
    try:
        give(engine, "of.street", "planner", make.STREET)
        with warming(AddressBooks(), engine):
            pass
    finally:
        engine.dispose()
    assert caplog.text == ""


def test_a_store_that_is_away_stops_no_server(store: Engine, caplog: pytest.LogCaptureFixture) -> None:
    with session_scope(store) as session:
        session.execute(text("REVOKE SELECT ON barrier FROM wangge_app"))
    try:
        with warming(AddressBooks(), store):
            began = time.monotonic()
            while not caplog.text and time.monotonic() - began < 60:
                time.sleep(0.01)
    finally:
        with session_scope(store) as session:
            session.execute(text("GRANT SELECT ON barrier TO wangge_app"))
    assert "could not be read before anybody asked" in caplog.text
