"""A server that is told to stop while it drafts a plan: the plan is there whole, or not at all."""

import signal
import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from geo.storage.database import open_engine, session_scope
from tests import hostile
from tests.api import town
from tests.hostile import Server, Target

DRAFT = Target("POST", "/plans", "application/json", ("scope",))
BODY = b'{"scope": "%s", "lower": 100, "upper": 200, "name": "scope"}' % town.COMMUNITIES[0].encode()


@pytest.fixture
def store(fresh_database_url: str) -> Iterator[Engine]:
    engine = open_engine(fresh_database_url)
    with session_scope(engine) as session:
        town.build(session)
    yield engine
    engine.dispose()


class Drafting:
    """A draft under way: its plan is written, its buildings are not, since their table is locked."""

    def __init__(self, store: Engine, server: Server) -> None:
        self.answer: tuple[int, bytes] | None = None
        self._store = store
        self._server = server
        self._lock = store.connect()
        self._lock.execute(text("LOCK TABLE assignment IN SHARE ROW EXCLUSIVE MODE"))
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def _ask(self) -> None:
        try:
            self.answer = self._server.send_body(DRAFT, BODY)
        except (ConnectionError, TimeoutError):
            self.answer = None

    def wait_until_half_done(self) -> None:
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with self._store.connect() as connection:
                if connection.scalar(waiting):
                    return
            time.sleep(0.05)
        raise TimeoutError("no draft waits for the lock")

    def release(self) -> None:
        self._lock.rollback()
        self._lock.close()

    def end(self) -> None:
        self._thread.join(timeout=60)
        assert not self._thread.is_alive()


def plans_and_buildings(store: Engine) -> list[int]:
    with session_scope(store) as session:
        counts = text("SELECT count(a.*) FROM plan p LEFT JOIN assignment a ON a.plan_id = p.id GROUP BY p.id")
        return list(session.scalars(counts))


def test_a_running_draft_is_finished(store: Engine) -> None:
    with hostile.serving(store) as server:
        drafting = Drafting(store, server)
        drafting.wait_until_half_done()
        server.signal(signal.SIGTERM)
        time.sleep(1.0)
        assert server.alive
        drafting.release()
        drafting.end()
        assert server.wait(30) in (0, -signal.SIGTERM)
    assert drafting.answer is not None
    assert drafting.answer[0] == 201
    assert plans_and_buildings(store) == [town.ROWS**2]


def test_who_does_not_want_to_wait_gets_no_half_plan(store: Engine) -> None:
    with hostile.serving(store) as server:
        drafting = Drafting(store, server)
        drafting.wait_until_half_done()
        server.signal(signal.SIGTERM)
        time.sleep(0.5)
        server.signal(signal.SIGKILL)
        server.wait(30)
        drafting.release()
        drafting.end()
    assert drafting.answer is None
    assert plans_and_buildings(store) == []
