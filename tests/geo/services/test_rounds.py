"""Today's round: what is due where, in the order of a walk, for those who may see it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from geo.access.actor import Actor
from geo.errors import InputError
from geo.ledger.checklists import checklist
from geo.services import cases, grading, inspecting, rounds
from geo.services.cases import Deed
from geo.services.inspecting import Answered, Sent
from geo.services.inspection_coverage import coverage
from geo.services.inspection_planning import end_plan, list_plans, make_plan
from geo.services.inspectors import today
from geo.services.rounds import Round, Visit
from geo.storage import events
from geo.storage.database import session_scope
from tests import factories as make
from tests.databases import Databases
from tests.geo.services import inspected
from tests.geo.services.inspected import (
    ASSESSOR,
    ELSEWHERE,
    GRID,
    HIGH_HOME,
    INSPECTOR,
    LIFT,
    LOW_HOME,
    NEXT_GRID,
    NEXT_RENTAL,
    ONE,
    RENTAL,
    SECOND,
    SHOP,
    STAFF,
    STALL,
    TWO,
)


@pytest.fixture
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("inspected", inspected.fill)) as engine:
        yield engine


def of(engine: Engine, actor: Actor = INSPECTOR, **given: object) -> Round:
    with session_scope(engine, actor) as session:
        return rounds.todays_round(session, actor=actor, **given)  # type: ignore[arg-type]


def visits(found: Round) -> dict[str, Visit]:
    return {visit.code: visit for stop in found.stops for visit in stop.visits}


def look(engine: Engine, place: str, kind: str, *faults: str, days_ago: int = 0, no_access: bool = False) -> int | None:
    when = datetime.now(UTC) - timedelta(days=days_ago)
    items = (
        ()
        if no_access
        else tuple(Answered(code, "fault" if code in faults else "ok") for code in checklist(kind).items)
    )
    sent = Sent(f"{place}-{days_ago}-{no_access}", when, place_code=place, items=items, no_access=no_access)
    with session_scope(engine, INSPECTOR) as session:
        (taken,) = inspecting.record_inspections(session, [sent], actor=INSPECTOR)
    assert taken.outcome == "recorded", taken.reason_en
    return taken.hazards[0].case_id if taken.hazards else None


def test_what_was_never_seen_is_due_in_own_grids_alone(store: Engine) -> None:
    found = of(store)
    assert (found.day, found.grids) == (today(), (GRID,))
    assert set(visits(found)) == {RENTAL, SHOP, STALL, LOW_HOME, HIGH_HOME}  # lifts are others' to look at
    assert set(visits(of(store, ELSEWHERE))) == {NEXT_RENTAL}
    assert set(visits(of(store, STAFF, grids=[GRID]))) == set(visits(found))
    assert visits(found)[RENTAL].checklist == "rental"
    assert visits(found)[LOW_HOME].noun == "household_unit"


def test_what_was_seen_is_due_a_cycle_later(store: Engine) -> None:
    look(store, RENTAL, "rental", days_ago=5)
    look(store, SHOP, "small_shop", days_ago=5)
    assert {RENTAL, SHOP} & set(visits(of(store))) == set()
    assert RENTAL not in visits(of(store, on=today() + timedelta(days=1)))
    due = visits(of(store, on=today() + timedelta(days=2)))[RENTAL]
    assert (due.why, due.due_on, due.last_seen) == ("due", today() + timedelta(days=2), today() - timedelta(days=5))
    late = visits(of(store, on=today() + timedelta(days=4)))
    assert (late[RENTAL].why, SHOP in late) == ("overdue", False)


def test_a_closed_door_stays_on_the_round_and_is_told(store: Engine) -> None:
    look(store, RENTAL, "rental", days_ago=9)
    look(store, RENTAL, "rental", days_ago=1, no_access=True)
    visit = visits(of(store))[RENTAL]
    assert (visit.why, visit.no_access, visit.last_seen) == ("overdue", 1, today() - timedelta(days=9))


def test_a_grade_that_is_less_strict_takes_it_off_the_round(store: Engine) -> None:
    look(store, RENTAL, "rental", days_ago=8)
    assert RENTAL in visits(of(store))
    with session_scope(store, STAFF) as session:
        grading.grade_place(session, RENTAL, "ordinary", reason="整改到位", actor=STAFF)
    assert RENTAL not in visits(of(store))


def test_a_communitys_own_plan_goes_before_the_streets(store: Engine) -> None:
    look(store, SHOP, "small_shop", days_ago=5)
    with session_scope(store, STAFF) as session:
        make_plan(session, make.COMMUNITY, place_kind="small_shop", party="grid_worker", cycle_days=3, actor=STAFF)
    visit = visits(of(store))[SHOP]
    assert (visit.why, visit.due_on) == ("due", today())  # nobody is late by a rule that was not there


def test_an_ended_plan_asks_for_nothing(store: Engine) -> None:
    with session_scope(store, inspected.PLANNER) as session:
        plan = next(each for each in list_plans(session) if each.place_kind == "small_shop")
        end_plan(session, plan.id, version=plan.version, actor=inspected.PLANNER)
    assert {SHOP, STALL} & set(visits(of(store))) == set()


def test_doors_of_a_building_come_together_from_the_bottom_up(store: Engine) -> None:
    stop = next(stop for stop in of(store).stops if stop.building_code == ONE)
    assert [visit.code for visit in stop.visits] == [LOW_HOME, RENTAL, HIGH_HOME]
    assert stop.name == "1栋"


def test_doors_of_one_number_are_told_apart_by_their_stairwell(store: Engine) -> None:
    with session_scope(store) as session:
        other = make.make_stairwell(session, ONE, 2)
        beside = make.make_household_unit(session, ONE, 1, 2, stairwell_code=other, room="101")
        session.execute(text("UPDATE household_unit SET created_at = created_at - interval '400 days'"))
    found = visits(of(store))
    assert (found[LOW_HOME].name, found[beside].name) == ("1单元101", "2单元101")


def test_the_walk_begins_where_they_stand(store: Engine) -> None:
    west, east = (make.WEST - 0.001, make.SOUTH), (make.WEST + 0.004, make.SOUTH + 0.004)
    from_west = [stop.building_code for stop in of(store, start=west).stops]
    from_east = [stop.building_code for stop in of(store, start=east).stops]
    assert from_west == [ONE, TWO, None]
    assert from_east == [None, TWO, ONE]
    assert of(store, start=east) == of(store, start=east)


def test_a_hazard_to_look_at_again_is_on_the_round_of_others_than_its_fixer(store: Engine) -> None:
    case_id = look(store, SHOP, "small_shop", "wiring")
    assert case_id is not None
    with session_scope(store, INSPECTOR) as session:
        assert SHOP not in visits(rounds.todays_round(session, actor=INSPECTOR))
    evidence = frozenset({"before", "after"})
    fields = {"nature": "general", "assignee": "wang"}
    deed = Deed("fix_at_once", at=datetime.now(UTC), note="已整改", fields=fields, evidence=evidence)
    with session_scope(store, INSPECTOR) as session:
        cases.act_on_case(session, case_id, deed, actor=INSPECTOR)
    assert SHOP not in visits(of(store))
    again = visits(of(store, SECOND))[SHOP]
    assert (again.why, again.case_id, again.checklist) == ("hazard", case_id, None)
    assert again.summary is not None
    assert "电线" in again.summary


def test_who_sees_no_households_has_no_round(store: Engine) -> None:
    assert of(store, ASSESSOR, grids=[GRID]).stops == ()
    assert of(store, ELSEWHERE, grids=[GRID]).stops == ()
    assert of(store, INSPECTOR, grids=[NEXT_GRID]).stops == ()


def test_a_wider_scope_says_which_grid(store: Engine) -> None:
    with pytest.raises(InputError, match="grid"):
        of(store, STAFF)


def test_a_round_is_a_look_and_no_score(store: Engine) -> None:
    found = of(store)
    with session_scope(store) as session:
        (event,) = events.read(session, noun="round", code=GRID)
    assert (event.what, event.who) == ("looked", "wang")
    names = {*vars(found), *vars(found.stops[0]), *vars(found.stops[0].visits[0])}
    assert not {name for name in names for word in ("distance", "length", "score", "total", "done") if word in name}


def test_as_of_a_past_day_later_looks_are_not_known(store: Engine) -> None:
    look(store, RENTAL, "rental", days_ago=9)
    look(store, RENTAL, "rental", days_ago=0)
    assert RENTAL not in visits(of(store))
    assert visits(of(store, on=today() - timedelta(days=1)))[RENTAL].due_on == today() - timedelta(days=2)


def test_when_buildings_were_last_seen(store: Engine) -> None:
    look(store, RENTAL, "rental", days_ago=9)
    look(store, SHOP, "small_shop", days_ago=2)
    look(store, SHOP, "small_shop", days_ago=1, no_access=True)

    def seen(scope: str, on: date | None = None) -> dict[str, date | None]:
        with session_scope(store, STAFF) as session:
            found = coverage(session, scope, on)
        return dict(zip(found["building_code"], found["last_seen"], strict=True))

    now = seen(make.COMMUNITY)
    assert (now[ONE], now[TWO], now[inspected.THREE]) == (
        today() - timedelta(days=9),
        today() - timedelta(days=2),
        None,
    )
    assert set(seen(GRID)) == {ONE, TWO, inspected.THREE}
    assert seen(make.STREET) == now
    assert seen(GRID, today() - timedelta(days=3))[TWO] is None
    with session_scope(store, STAFF) as session:
        days = coverage(session, GRID).set_index("building_code")["days"]
    assert (days[ONE], days[TWO]) == (9, 2)
    assert days.isna()[inspected.THREE]


def test_lifts_of_a_building_are_no_grid_workers_and_a_place_once_ended_is_nobodys(store: Engine) -> None:
    with session_scope(store) as session:
        session.execute(text("UPDATE place SET ended_at = now() WHERE code = :code"), {"code": SHOP})
    assert {SHOP, LIFT} & set(visits(of(store))) == set()
