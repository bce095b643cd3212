"""What is not solved in time goes up the rungs, one by one and once, in the name of the clock."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from geo.ledger.history import doer_names
from geo.services import cases
from geo.services.cases import CaseRecord, NewCase, open_case
from geo.services.escalating import Escalation, escalate_overdue
from geo.storage import events
from geo.storage.database import session_scope
from tests.databases import Databases
from tests.geo.services import addressed
from tests.geo.services.addressed import FLAG, ONE, STAFF


@pytest.fixture
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        yield engine


def opened(engine: Engine, workflow: str, kind: str, building: str) -> CaseRecord:
    with session_scope(engine, STAFF) as session:
        return open_case(session, NewCase(workflow, kind, "说明", building_code=building), actor=STAFF)


def make_late(engine: Engine, case_id: int, days: int) -> None:
    """Have a case been opened so many days ago; whole weeks, so that working days stay what they are."""
    assert days % 7 == 0
    columns = ("opened_at", "found_at", "step_since", "moved_at", "due_at", "due_counts_from", "step_due_at")
    moved = ", ".join(f"{name} = {name} - make_interval(days => :days)" for name in (*columns, "step_counts_from"))
    with session_scope(engine) as session:
        session.execute(text(f"UPDATE ledger_case SET {moved} WHERE id = :id"), {"days": days, "id": case_id})


def escalate(engine: Engine) -> list[Escalation]:
    with session_scope(engine) as session:
        return escalate_overdue(session)


def test_what_is_not_solved_in_time_goes_up_the_rungs_once(store: Engine) -> None:
    late, fresh = opened(store, "request", "rubbish", FLAG), opened(store, "request", "lift", ONE)
    assert escalate(store) == []
    make_late(store, late.id, 56)
    done = escalate(store)
    assert [(one.case.id, one.from_rung, one.case.rung) for one in done] == [
        (late.id, "steward", "community"),
        (late.id, "community", "street"),
    ]
    assert escalate(store) == []
    with session_scope(store) as session:
        moves = cases.read_moves(session, late.id)
        told = events.read(session, noun="case", code=str(late.id))
        assert cases.read_case(session, fresh.id).rung == "steward"
    assert [move.action for move in moves][-2:] == ["escalate", "escalate"]
    assert [event.what for event in told[:2]] == ["escalate", "escalate"]
    assert "社区" in str(moves[-2].details)
    assert doer_names(moves[-1].who) == ("系统(到期自动)", "the clock, by itself")


def test_hazards_and_other_matters_go_up_as_well(store: Engine) -> None:
    hazard = opened(store, "hazard", "wiring", FLAG)
    make_late(store, hazard.id, 56)
    assert [one.case.rung for one in escalate(store)] == ["community", "street"]
    matter = opened(store, "escalation", "other", ONE)
    # Half of its twenty working days are gone, and no limit has passed yet.
    make_late(store, matter.id, 21)
    with session_scope(store) as session:
        session.execute(
            text("UPDATE ledger_case SET due_at = now() + interval '3 days' WHERE id = :id"), {"id": matter.id}
        )
    assert [(one.case.id, one.case.rung) for one in escalate(store)] == [(matter.id, "community")]


def test_what_has_ended_stays(store: Engine) -> None:
    hazard = opened(store, "hazard", "wiring", FLAG)
    make_late(store, hazard.id, 56)
    ended = "UPDATE ledger_case SET state = 'void', step = 'void', closed_at = now(), closed_by = 'x' WHERE id = :id"
    with session_scope(store) as session:
        session.execute(text(ended), {"id": hazard.id})
    assert escalate(store) == []
