"""Bills and statements over a real store: everything counted once, and a month that adds up whatever was done."""

from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.errors import CodeError, InputError, NotFoundError
from geo.ledger import bills
from geo.ledger.workflows import Action
from geo.services import billing, cases
from geo.services.billing import draw_up_bill, draw_up_statement
from geo.services.cases import CaseFilter, CaseRecord, Deed, NewCase, act_on_case, open_case
from geo.storage import events
from geo.territory.times import CHINA_TIME
from tests import factories as make
from tests.examples import examples
from tests.ledgered import ANNA, BEN, LEADER, STAFF, Ground, close, do, ground

MONTHS = ("2026-01", "2026-02", "2026-03", "2026-04")
START = datetime(2026, 1, 1, tzinfo=CHINA_TIME)
PEOPLE = (ANNA, BEN, STAFF, LEADER)
FILLED: dict[str, Any] = {"assignee": "anna", "reason": "说明", "note": "说明", "measures": "措施"}


lay = ground


@pytest.fixture
def session(on_laid: Session) -> Session:
    return on_laid


@pytest.fixture
def place(laid: tuple[Engine, Ground]) -> Ground:
    return laid[1]


def hazard(place: Ground, **given: Any) -> NewCase:
    return NewCase(**({"workflow": "hazard", "kind": "wiring", "summary": "插座", "place_code": place.place} | given))


def now(session: Session) -> datetime:
    return cases._now(session)


def test_a_bill_counts_what_there_is(session: Session, place: Ground) -> None:
    wiring = open_case(session, hazard(place), actor=ANNA, at=START)
    gas = do(session, open_case(session, hazard(place, kind="gas"), actor=ANNA), "judge", LEADER, nature="major")
    done = close(session, open_case(session, hazard(place, kind="other"), actor=ANNA))
    entered_twice = open_case(session, hazard(place, kind="water_heater"), actor=ANNA)
    do(session, entered_twice, "void", LEADER, reason="误登")
    for noun, code in (
        ("place", place.place),
        ("household_unit", place.unit),
        ("building", place.building),
        ("compound", place.compound),
        ("responsible_body", place.body),
        ("grid", place.grids[0]),
        ("community", make.COMMUNITY),
        ("street", make.STREET),
    ):
        sheet = draw_up_bill(session, noun, code, now=now(session), actor=LEADER)
        assert (sheet.bill.number, sheet.bill.live, sheet.bill.overdue) == (3, 2, 1), noun
        # The overdue one first, then what is not done with, then the rest.
        assert [one.case.id for one in sheet.items] == [wiring.id, gas.id, done.id, entered_twice.id], noun
        assert sheet.of.code == code
        assert sheet.is_whole
    for noun, code in (("grid", place.grids[1]), ("building", place.other_building)):
        assert draw_up_bill(session, noun, code, now=now(session), actor=LEADER).bill.number == 0


def test_a_bill_counts_all_and_shows_the_gravest(session: Session, place: Ground) -> None:
    kinds = ("wiring", "gas", "other", "structure")
    made = [
        open_case(session, hazard(place, kind=kind), actor=ANNA, at=START + timedelta(days=number))
        for number, kind in enumerate(kinds)
    ]
    close(session, made[0])
    do(session, made[1], "judge", LEADER, nature="major")
    moment = now(session)
    whole = draw_up_bill(session, "place", place.place, now=moment, actor=LEADER)
    part = draw_up_bill(session, "place", place.place, now=moment, most=2, actor=LEADER)
    assert (len(part.items), part.is_whole) == (2, False)
    assert {one.case.id for one in part.items} == {made[2].id, made[3].id}
    assert part.bill.kinds == whole.bill.kinds


def test_whose_bill_is_looked_at_is_an_event(session: Session, place: Ground) -> None:
    draw_up_bill(session, "building", place.building, now=now(session), actor=LEADER)
    draw_up_bill(session, "household_unit", place.unit, now=now(session), actor=LEADER)
    open_case(session, hazard(place), actor=ANNA)
    draw_up_bill(session, "building", place.building, now=now(session), actor=LEADER)
    looks = [
        (event.who, event.noun, event.code, event.after)
        for event in reversed(events.read(session))
        if event.what == "looked"
    ]
    assert looks == [
        (LEADER.name, "household_unit", place.unit, {"cases": 0}),
        (LEADER.name, "building", place.building, {"cases": 1}),
    ]


def test_what_has_no_bill(session: Session, place: Ground) -> None:
    with pytest.raises(CodeError, match="barrier"):
        draw_up_bill(session, "barrier", "440307001B00001", now=START, actor=LEADER)
    with pytest.raises(NotFoundError):
        draw_up_bill(session, "building", f"{make.COMMUNITY}0000099", now=START, actor=LEADER)
    for wrong in ("4403", "44030700100A", ""):
        with pytest.raises(CodeError):
            draw_up_statement(session, wrong, "2026-01")
    for wrong in ("2026-13", "January", "2026"):
        with pytest.raises(InputError):
            draw_up_statement(session, make.STREET, wrong)


def test_a_month_counted_on_fingers(session: Session, place: Ground) -> None:
    def at(month: int, day: int) -> datetime:
        return datetime(2026, month, day, 10, tzinfo=CHINA_TIME)

    def finish(case: CaseRecord, month: int, day: int) -> CaseRecord:
        fixed = Deed(
            "fix_at_once", at(month, day), fields={"nature": "general", "assignee": "anna"}, note="好了", evidence=BOTH
        )
        case = act_on_case(session, case.id, fixed, actor=ANNA)
        return act_on_case(session, case.id, Deed("pass", at(month, day), evidence=BOTH), actor=BEN)

    lon, lat = place.far_point
    finish(open_case(session, hazard(place), actor=ANNA, at=at(1, 5)), 1, 20)
    came_back = finish(open_case(session, hazard(place, kind="gas"), actor=ANNA, at=at(1, 31)), 2, 1)
    open_case(session, hazard(place, kind="other", place_code=None, lon=lon, lat=lat), actor=ANNA, at=at(2, 28))
    again = Deed("reopen", at(3, 3), fields={"reason": "又犯"}, evidence=BOTH)
    act_on_case(session, came_back.id, again, actor=BEN)
    void = open_case(session, hazard(place, kind="structure"), actor=ANNA, at=at(3, 4))
    act_on_case(session, void.id, Deed("void", at(3, 5), fields={"reason": "误登"}), actor=LEADER)
    # opening, found, reopened, closed, voided, closing, fixed
    expected = {
        "2025-12": (0, 0, 0, 0, 0, 0, 0),
        "2026-01": (0, 2, 0, 1, 0, 1, 1),
        "2026-02": (1, 1, 0, 1, 0, 1, 1),
        "2026-03": (1, 1, 1, 0, 1, 2, 0),
        "2026-04": (2, 0, 0, 0, 0, 2, 0),
    }
    for month, figures in expected.items():
        assert row(draw_up_statement(session, make.STREET, month).total) == figures, month
    by_grid = {
        one.code: row(one.statement) for one in draw_up_statement(session, make.COMMUNITY, "2026-03", by="grid").rows
    }
    assert by_grid == {place.grids[0]: (0, 1, 1, 0, 1, 1, 0), place.grids[1]: (1, 0, 0, 0, 0, 1, 0)}
    by_kind = draw_up_statement(session, place.grids[0], "2026-01", by="kind").rows
    assert [(one.code, one.name.zh, row(one.statement)) for one in by_kind] == [
        ("gas", "燃气隐患", (0, 1, 0, 0, 0, 1, 0)),
        ("wiring", "用电隐患", (0, 1, 0, 1, 0, 0, 1)),
    ]


BOTH = frozenset({"before", "after"})


def row(statement: bills.Statement) -> tuple[int, ...]:
    names = ("opening", "found", "reopened", "closed", "voided", "closing", "fixed")
    return tuple(getattr(statement, name) for name in names)


# ── whatever is done ─────────────────────────────────────────────────────────────────────────────────────────────────

#: What is done next: which case (or a new one), by whom, which of the things that they may do, how long after.
STEPS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, len(PEOPLE) - 1), st.integers(0, 9), st.integers(0, 9 * 24)),
    min_size=3,
    max_size=14,
)


# Each example is undone, so that all of them may share the ground. To shrink one takes minutes.
@settings(
    parent=examples(20),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(steps=STEPS)
def test_a_statement_adds_up_whatever_was_done(session: Session, place: Ground, steps: list[tuple[int, ...]]) -> None:
    """And it says what the engine says that counts the same moves by itself."""
    with session.begin_nested() as savepoint:
        at = START
        for which, person, choice, hours in steps:
            at += timedelta(hours=hours)
            step(session, place, which, PEOPLE[person], choice, at)
        frame = moves_of(session)
        for by in ("community", "grid", "kind"):
            last = None
            for month in MONTHS:
                sheet = draw_up_statement(session, make.STREET, month, by=by)  # type: ignore[arg-type]
                assert sheet.total.adds_up
                assert all(one.statement.adds_up for one in sheet.rows)
                assert tuple(map(sum, zip(*(row(one.statement) for one in sheet.rows), strict=True))) in (
                    row(sheet.total),
                    (),
                )
                assert last is None or sheet.total.opening == last
                last = sheet.total.closing
                assert frame.empty or sheet.total == bills.statement(frame, month)
        savepoint.rollback()


def step(session: Session, place: Ground, which: int, by: Actor, choice: int, at: datetime) -> None:
    """Open a case, or do one of the things that somebody may do to one that there is."""
    known = cases.read_cases(session, CaseFilter())
    if which == 0 or len(known) < which:
        lon, lat = (place.point, place.far_point)[choice % 2]
        kind = ("wiring", "gas", "other")[choice % 3]
        open_case(session, hazard(place, kind=kind, place_code=None, lon=lon, lat=lat), actor=by, at=at)
        return
    case = known[which - 1]
    allowed = cases.possible_actions(session, case, actor=by)
    if allowed:
        action = allowed[choice % len(allowed)]
        deed = Deed(action.code, at, fields=filled(action, case, at), evidence=frozenset(action.evidence))
        act_on_case(session, case.id, deed, actor=by)


def filled(action: Action, case: CaseRecord, at: datetime) -> dict[str, Any]:
    due = max(filter(None, (at, case.step_due_at, case.due_at))) + timedelta(days=1)
    natures = sorted(action.natures) or ["general"]
    return {name: {**FILLED, "nature": natures[0], "until": due}[name] for name in action.requires}


def moves_of(session: Session) -> pd.DataFrame:
    effects = {action.code: action.effect for action in billing.workflow("hazard").actions.values()}
    rows = [
        (case.id, move.at, move.state, effects.get(move.action))
        for case in cases.read_cases(session, CaseFilter())
        for move in cases.read_moves(session, case.id)
    ]
    return pd.DataFrame(rows, columns=list(bills.MOVE_COLUMNS))
