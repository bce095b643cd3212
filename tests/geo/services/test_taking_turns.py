"""Two who send about the same things at once, each in an order of their own, never wait for each other in a ring."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from geo.access.actor import Actor
from geo.exchange.tables import TextTable
from geo.ledger.checklists import checklist
from geo.services import inspecting
from geo.services.address_books import AddressBooks
from geo.services.case_files import import_cases
from geo.services.inspecting import Answered, Sent
from geo.storage.database import session_scope
from geo.storage.turns import take_turns
from tests.databases import Databases
from tests.geo.services import addressed, inspected

#: The machine may be busy with other things; a ring would be found by the server after a second.
LONGEST_WAIT_S = 30.0
_WAITING = text(
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())"
)


@pytest.fixture
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("inspected", inspected.fill)) as engine:
        yield engine


@pytest.fixture
def town(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        yield engine


def wait_until_somebody_waits(engine: Engine) -> None:
    last = time.monotonic() + LONGEST_WAIT_S
    with engine.connect() as connection:
        while not connection.scalar(_WAITING):
            assert time.monotonic() < last, "nobody waits for anybody"
            connection.rollback()
            time.sleep(0.01)


def looks(*faults: str) -> list[Sent]:
    """Return looks at one shop, each with another fault."""
    at = datetime.now(UTC) - timedelta(hours=1)
    items = [
        tuple(Answered(item, "fault" if item == fault else "ok") for item in checklist("small_shop").items)
        for fault in faults
    ]
    return [Sent(f"k{number}", at, place_code=inspected.SHOP, items=each) for number, each in enumerate(items)]


def test_inspections_of_one_thing_with_faults_in_opposite_order(store: Engine) -> None:
    def send(actor: Actor, sent: list[Sent], halfway: Callable[[], None] = lambda: None) -> list[str]:
        with session_scope(store, actor) as session:
            first = inspecting.record_inspections(session, sent[:1], actor=actor)
            halfway()
            return [one.outcome for one in first + inspecting.record_inspections(session, sent[1:], actor=actor)]

    with ThreadPoolExecutor(1) as pool:
        others = []

        def halfway() -> None:
            others.append(pool.submit(send, inspected.SECOND, looks("gas", "wiring")))
            wait_until_somebody_waits(store)

        assert send(inspected.INSPECTOR, looks("wiring", "gas"), halfway) == ["recorded"] * 2
        assert others[0].result(LONGEST_WAIT_S) == ["recorded"] * 2


def test_sheets_of_hazards_in_opposite_order(town: Engine) -> None:
    headings = ["隐患描述", "隐患地址", "隐患类型"]
    rows = [["电线老化", "荷香路30号小李便利店", "wiring"], ["电线老化", "荷香路12号锦绣花园1栋", "wiring"]]

    def read(name: str, rows: list[list[str]], halfway: Callable[[int], None] = lambda done: None) -> dict[str, int]:
        table = TextTable(headings, rows, [2, 3])
        with session_scope(town, addressed.STAFF) as session:
            told = {"code": "hazard", "source": name, "actor": addressed.STAFF, "progress": halfway}
            return import_cases(session, AddressBooks(), table, **told).counts  # type: ignore[arg-type]

    with ThreadPoolExecutor(1) as pool:
        others = []

        def halfway(done: int) -> None:
            if done == 1:
                others.append(pool.submit(read, "b.csv", rows[::-1]))
                wait_until_somebody_waits(town)

        assert read("a.csv", rows, halfway)["opened"] == 2
        assert others[0].result(LONGEST_WAIT_S)["joined"] == 2


def test_there_are_turns_for_the_longest_sheet(town: Engine) -> None:
    with session_scope(town) as session:
        take_turns(session, (f"row {number}" for number in range(20_000)))
