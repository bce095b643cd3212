"""What an inspector sees of a street's bill is looked up from their own grids, and is all that they see."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text

from geo.access.actor import Actor
from geo.services.billing import draw_up_bill
from geo.services.cases import CaseFilter, NewCase, open_case, read_cases
from geo.storage.cases import count_kinds
from geo.storage.database import session_scope
from tests import factories as make
from tests.databases import Databases
from tests.geo.services import inspected
from tests.geo.services.inspected import ASSESSOR, ELSEWHERE, INSPECTOR, LIFT, NEXT_RENTAL, PLANNER, RENTAL, SHOP, TWO


@pytest.fixture
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("inspected", inspected.fill)) as engine:
        yield engine


def seen_by(engine: Engine, actor: Actor, noun: str, code: str) -> tuple[list[str], list[str]]:
    """Return the numbers on a bill, and those of the cases that are seen when all are asked for."""
    with session_scope(engine, actor) as session:
        sheet = draw_up_bill(session, noun, code, now=datetime.now(UTC), actor=actor)
        found = read_cases(session, CaseFilter(workflow="hazard"))
        return sorted(one.case.number for one in sheet.items), sorted(case.number for case in found)


def test_an_inspectors_bill_of_a_street_is_all_that_they_see(store: Engine) -> None:
    places = (SHOP, RENTAL, NEXT_RENTAL, LIFT)
    with session_scope(store, PLANNER) as session:
        for code in places:
            open_case(session, NewCase("hazard", "wiring", "插座", place_code=code), actor=PLANNER)
    counted = []
    for actor in (INSPECTOR, ELSEWHERE, PLANNER):
        for noun, code in (("street", make.STREET), ("community", make.COMMUNITY)):
            bill, found = seen_by(store, actor, noun, code)
            assert bill == found
        counted.append(len(found))
    assert counted[2] == len(places)
    assert 0 < counted[1] < counted[0] < counted[2]


def test_ended_cases_are_counted_as_rules_of_rows_show_them(store: Engine) -> None:
    """Counted by a function with the owner's rights, and once more from the rows that each person sees."""
    with session_scope(store, PLANNER) as session:
        for code in (SHOP, RENTAL, LIFT):
            open_case(session, NewCase("hazard", "wiring", "插座", place_code=code), actor=PLANNER)
        outside = NewCase("hazard", "fire_exit_blocked", "堆物", building_code=TWO)
        open_case(session, outside, actor=PLANNER)
    with session_scope(store) as session:
        session.execute(text("UPDATE ledger_case SET state = 'closed', closed_at = now() + interval '1 day'"))
    counted, now = {}, datetime.now(UTC)
    people = {
        "planner": PLANNER,
        "leader": Actor("leo", frozenset({"leader"}), (make.COMMUNITY,)),
        "elsewhere": Actor("eli", frozenset({"leader"}), (f"{make.STREET}999",)),
        "assessor": ASSESSOR,
    }
    for name, actor in people.items():
        for scope in (make.STREET, make.COMMUNITY):
            with session_scope(store, actor) as session:
                ways = [
                    count_kinds(session, CaseFilter(workflow="hazard", scope=scope), moment=now, in_whole=in_whole)
                    for in_whole in (True, False)
                ]
            assert ways[0] == ways[1]
            counted[name, scope] = sum(row["ended"] for row in ways[0])
    assert counted == {
        (name, scope): number
        for name, number in (("planner", 4), ("leader", 4), ("elsewhere", 0), ("assessor", 1))
        for scope in (make.STREET, make.COMMUNITY)
    }
