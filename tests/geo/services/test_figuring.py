"""Figures over cases that can be counted by hand; each opens to as many cases as it says."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.errors import BoundsError, CodeError, InputError
from geo.ledger.figures import BY, Period
from geo.services import figuring
from geo.services.cases import NewCase, open_case
from geo.services.figuring import FigureTable, cases_of, figure, registry
from geo.storage.database import session_scope
from geo.territory.times import CHINA_TIME
from tests.databases import Databases
from tests.factories import STREET
from tests.geo.services import addressed
from tests.geo.services.addressed import ASSESSOR, ELSEWHERE, FIRST, FLAG, GRIDS, NEXT, ONE, SECOND, STAFF, TWO

JUNE = Period(date(2026, 6, 1), date(2026, 6, 30))
NOW = datetime(2026, 8, 15, tzinfo=UTC)


def june(day: int, hour: int = 4) -> datetime:
    return datetime(2026, 6, 1, hour, tzinfo=UTC) + timedelta(days=day - 1)


def case(
    session: Session,
    workflow: str,
    kind: str,
    building: str,
    opened: datetime,
    at: datetime | None = None,
    **columns: object,
) -> int:
    """A case as it might stand by now; ``at``: when its first move says that it was opened, now if none does."""
    new = NewCase(workflow, kind, "说明", building_code=building)
    record = open_case(session, new, who="tester", at=at)
    set_ = {"opened_at": opened, "found_at": opened, "step_since": opened, "moved_at": opened, **columns}
    told = ", ".join(f"{name} = :{name}" for name in set_)
    session.execute(text(f"UPDATE ledger_case SET {told} WHERE id = :id"), {**set_, "id": record.id})
    return record.id


def done(session: Session, case_id: int, *moves: tuple[str, str, datetime], late: datetime | None = None) -> None:
    """Do things to a case: action, state afterwards, when; ``late``: since when it had been overdue."""
    move = text(
        "INSERT INTO case_move (case_id, action, to_step, state, at, who, overdue_since) "
        "VALUES (:id, :action, 'x', :state, :at, 'x', :late)"
    )
    for action, state, at in moves:
        session.execute(move, {"id": case_id, "action": action, "state": state, "at": at, "late": late})


def closed(at: datetime, **more: object) -> dict[str, object]:
    return {"state": "closed", "step": "closed", "closed_at": at, "closed_by": "b", "yellow_at": None, **more}


def fill(engine: Engine) -> None:
    addressed.fill(engine)
    with session_scope(engine) as session:
        # Grid 1: solved in time, solved late by the community, open past its limit. Grid 2: open; void.
        case(session, "hazard", "wiring", ONE, june(2), **closed(june(4), due_at=june(9), rung="grid"))
        case(session, "hazard", "gas", ONE, june(3), **closed(june(13), due_at=june(9), rung="community"))
        case(session, "hazard", "lift", TWO, june(5), due_at=june(20))
        case(session, "hazard", "gas", FLAG, june(25), due_at=june(40))
        case(session, "hazard", "other", FLAG, june(6), **{**closed(june(7)), "state": "void", "step": "void"})
        # Before and after: still open in June; solved in June; of July.
        case(session, "hazard", "structure", FLAG, june(-20), **closed(june(35), due_at=june(35)))
        case(session, "hazard", "lift", FLAG, june(-10), **closed(june(1), due_at=june(9), rung="street"))
        case(session, "hazard", "roof_locked", FLAG, june(31))
        # The neighbours: an accident, a complaint that came back, one that residents rated.
        case(session, "request", "accident", ELSEWHERE, june(8), **closed(june(9), due_at=june(9), rating=2))
        back = case(session, "request", "noise", ELSEWHERE, june(9), june(9), nature="complaint", reopened=1)
        case(session, "request", "noise", ELSEWHERE, june(10), **closed(june(12), due_at=june(12), rating=5))
        done(session, back, ("close", "closed", june(15)), ("reopen", "open", june(20)))
        for building, result, at in ((ONE, "clear", june(5)), (TWO, "no_access", june(5)), (FLAG, "clear", june(35))):
            session.execute(
                text(
                    "INSERT INTO inspection (street_code, community_code, building_code, geom, party, checklist, "
                    "result, items, inspected_at, inspector) SELECT :street, community_code, code, "
                    "ST_PointOnSurface(geom), 'x', 'x', :result, '[]', :at, 'x' FROM building WHERE code = :code"
                ),
                {"street": STREET, "code": building, "result": result, "at": at},
            )


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("figures", fill)) as engine:
        yield engine


def told(engine: Engine, scope: str = STREET, **given: object) -> FigureTable:
    actor = given.get("actor")
    with session_scope(engine, actor) as session:  # type: ignore[arg-type]
        return figure(session, scope, JUNE, **{"now": NOW, "workflow": "hazard", **given})  # type: ignore[arg-type]


def test_hazards_of_june(store: Engine) -> None:
    values = told(store).total.values
    assert {code: values[code] for code in ("found", "solved", "voided", "open", "overdue", "reopened")} == {
        "found": 5, "solved": 3, "voided": 1, "open": 3, "overdue": 1, "reopened": 0,
    }  # fmt: skip
    assert values["in_time"] == 66.7
    shares = values["solved_in_grid"], values["solved_in_community"], values["solved_by_street"]
    assert shares == (33.3, 33.3, 33.3)
    assert values["median_days"] == 10.0
    assert values["satisfied"] is None
    # Of four buildings one was inspected; nobody came to the door of another.
    assert values["coverage"] == 25.0


def test_the_three_goals(store: Engine) -> None:
    values = told(store, workflow=None).total.values
    assert (values["complaints"], values["accidents"], values["grids_without_worker"]) == (1, 1, 0)
    # The grids came into force today.
    since_june = Period(JUNE.first, datetime.now(CHINA_TIME).date())
    with session_scope(store) as session:
        assert figure(session, STREET, since_june).total.values["grids_without_worker"] == 0
        ended = "UPDATE grid_staff SET until = '2026-06-29' WHERE grid_code = :code"
        session.execute(text(ended), {"code": GRIDS[0]})
        table = figure(session, STREET, since_june, by="grid", now=NOW)
        session.rollback()
    assert table.total.values["grids_without_worker"] == 1
    assert {row.key: row.values["grids_without_worker"] for row in table.rows if row.key} == {GRIDS[0]: 1, GRIDS[1]: 0}


def test_requests_that_residents_rated(store: Engine) -> None:
    values = told(store, workflow="request").total.values
    assert (values["found"], values["solved"], values["reopened"], values["satisfied"]) == (3, 2, 1, 50.0)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("community", {FIRST: 5, SECOND: 0}),
        ("grid", {GRIDS[0]: 3, GRIDS[1]: 2}),
        ("kind", {"gas": 2, "lift": 1, "other": 1, "structure": 0, "wiring": 1}),
        ("nature", {None: 5}),
        ("month", {"2026-06": 5}),
    ],
)
def test_rows_tell_apart_what_the_total_has(store: Engine, by: figuring.By, expected: dict[str | None, int]) -> None:
    table = told(store, by=by)
    assert {row.key: row.values["found"] for row in table.rows} == expected
    for code in ("found", "solved", "voided", "open", "overdue", "reopened"):
        assert sum(row.values[code] or 0 for row in table.rows) == table.total.values[code], code


def test_months_say_what_each_month_says_by_itself(store: Engine) -> None:
    with session_scope(store) as session:
        year = Period(date(2026, 5, 3), date(2026, 8, 9))
        months = figure(session, STREET, year, by="month", workflow=None, now=NOW).rows
        for row, period in zip(months, Period(date(2026, 5, 1), date(2026, 8, 31)).months(), strict=True):
            alone = figure(session, STREET, period, workflow=None, now=NOW).total.values
            ground = {"coverage", "grids_without_worker"}
            assert {code: row.values[code] for code in registry() if code not in ground} == {
                code: alone[code] for code in registry() if code not in ground
            }, row.key


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("code", [code for code, one in registry().items() if one.opens == "cases"])
def test_every_figure_opens_to_its_cases(store: Engine, by: figuring.By, code: str) -> None:
    with session_scope(store) as session:
        table = figure(session, STREET, JUNE, by=by, now=NOW)
        for row in table.rows:
            opened = cases_of(session, code, STREET, JUNE, by=by, key=row.key, limit=100, now=NOW)
            assert len(opened) == row.values[code], (row.key, opened)
            assert [one.id for one in opened] == sorted((one.id for one in opened), reverse=True)


def test_lists_are_walked_page_by_page(store: Engine) -> None:
    with session_scope(store) as session:
        whole = cases_of(session, "found", STREET, JUNE, limit=100)
        first = cases_of(session, "found", STREET, JUNE, limit=3)
        rest = cases_of(session, "found", STREET, JUNE, limit=100, after=first[-1].id)
    assert [*first, *rest] == whole


def test_everybody_gets_the_figures_of_their_scope(store: Engine) -> None:
    assert told(store, FIRST, actor=STAFF).total.values["found"] == 5
    assert told(store, FIRST, actor=NEXT).total.values["found"] == 0
    assert told(store, GRIDS[0], actor=STAFF).total.values["found"] == 3
    seen = told(store, FIRST, actor=ASSESSOR)
    assert (seen.is_whole, seen.total.values["grids_without_worker"]) == (False, None)
    assert told(store, FIRST, actor=STAFF).is_whole


def test_what_is_no_figure_is_refused_in_words(store: Engine) -> None:
    with session_scope(store) as session:
        with pytest.raises(InputError, match="median_days"):
            cases_of(session, "median_days", STREET, JUNE, limit=1)
        with pytest.raises(InputError):
            cases_of(session, "nothing", STREET, JUNE, limit=1)
        with pytest.raises(InputError):
            cases_of(session, "found", STREET, JUNE, by="month", key="2026-13", limit=1)
        with pytest.raises(InputError):
            figure(session, STREET, JUNE, by="weather")  # type: ignore[arg-type]
        with pytest.raises(CodeError):
            figure(session, "44", JUNE)
        with pytest.raises(BoundsError):
            figure(session, STREET, Period(date(1990, 1, 1), date(2026, 1, 1)), by="month")


@pytest.mark.parametrize(
    "became",
    [
        {"state": "open", "due_at": june(60)},
        {"state": "paused", "paused_at": june(40)},
        {"state": "closed", "step": "closed", "closed_at": june(40), "closed_by": "b", "yellow_at": None},
    ],
)
def test_what_was_overdue_in_june_stays_so_whatever_is_done_in_july(store: Engine, became: dict[str, object]) -> None:
    with session_scope(store) as session:
        lift = text("SELECT id FROM ledger_case WHERE kind = 'lift' AND due_at = :due")
        case_id = session.scalars(lift, {"due": june(20)}).one()
        columns = ", ".join(f"{name} = :{name}" for name in became)
        update = f"UPDATE ledger_case SET moved_at = :at, {columns} WHERE id = :id"
        session.execute(text(update), {**became, "at": june(40), "id": case_id})
        done(session, case_id, ("x", str(became["state"]), june(40)), late=june(20))
        for by in figuring.BY:
            table = figure(session, STREET, JUNE, workflow="hazard", by=by, now=NOW)
            assert table.total.values["overdue"] == sum(row.values["overdue"] or 0 for row in table.rows) == 1
        opened = cases_of(session, "overdue", STREET, JUNE, workflow="hazard", limit=9, now=NOW)
        assert [one.id for one in opened] == [case_id]
        session.rollback()


#: Opened and closed in June, back in July, closed again in August; the last time late.
CAME_BACK = ("close", "closed", june(6)), ("note", "closed", june(8)), ("reopen", "open", june(45))


@pytest.mark.parametrize("workflow", ["hazard", None])
@pytest.mark.parametrize(
    ("became", "more"),
    [
        ({"state": "open", "moved_at": june(45)}, ()),
        (closed(june(70), due_at=june(60), moved_at=june(70)), (("close", "closed", june(70)),)),
    ],
)
def test_what_came_back_later_had_ended_in_june(
    store: Engine, workflow: str | None, became: dict[str, object], more: tuple[tuple[str, str, datetime], ...]
) -> None:
    summer = [Period(date(2026, month, 1), date(2026, month, days)) for month, days in ((6, 30), (7, 31), (8, 31))]
    names = ("found", "solved", "open", "reopened", "in_time", "median_days")
    with session_scope(store) as session:
        before = [figure(session, STREET, each, workflow=workflow, now=NOW).total.values for each in summer]
        told = {"reopened": 1, "due_at": june(9), **became}
        case_id = case(session, "hazard", "gas", TWO, june(2), june(2), **told)
        done(session, case_id, *CAME_BACK)
        done(session, case_id, *more, late=june(60))
        after = [figure(session, STREET, each, workflow=workflow, now=NOW).total.values for each in summer]
        changes = [
            [(new[name] or 0) - (old[name] or 0) for name in names[:4]] for new, old in zip(after, before, strict=True)
        ]
        ended = int(bool(more))
        assert changes == [[1, 1, 0, 0], [0, 0, 1, 1], [0, ended, 1 - ended, 0]]
        listed = [cases_of(session, "solved", STREET, each, workflow=workflow, limit=99, now=NOW) for each in summer]
        assert [case_id in [one.id for one in rows] for rows in listed] == [True, False, bool(more)]
        listed = [cases_of(session, "open", STREET, each, workflow=workflow, limit=99, now=NOW) for each in summer]
        assert [case_id in [one.id for one in rows] for rows in listed] == [False, True, not more]
        year = Period(summer[0].first, summer[-1].last)
        months = figure(session, STREET, year, by="month", workflow=workflow, now=NOW).rows
        assert [{name: row.values[name] for name in names} for row in months] == [
            {name: values[name] for name in names} for values in after
        ]
        session.rollback()
