"""Plans of inspections: made from the dictionary, changed, ended; and grades of places with their history."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.errors import (
    AccessError,
    BoundsError,
    CodeError,
    ConflictError,
    InputError,
    NotFoundError,
    StaleVersionError,
)
from geo.services import grading
from geo.services.inspection_planning import (
    change_plan,
    end_plan,
    list_plans,
    make_default_plans,
    make_plan,
    read_plan,
)
from geo.services.inspectors import today
from geo.storage import acting, events
from geo.storage.database import session_scope
from geo.territory.dictionaries import dictionary
from tests import factories as make
from tests.databases import Databases
from tests.geo.services import inspected
from tests.geo.services.inspected import ELSEWHERE, INSPECTOR, PLANNER, RENTAL, SHOP, STAFF


@pytest.fixture(scope="module")
def filled(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("inspected", inspected.fill)) as engine:
        yield engine


@pytest.fixture
def store(filled: Engine) -> Iterator[Session]:
    """A session whose work is undone after the test."""
    with filled.connect() as connection:
        transaction = connection.begin()
        with Session(bind=connection, join_transaction_mode="create_savepoint") as session:
            yield session
        transaction.rollback()


def act(store: Session, actor: Actor) -> None:
    acting.tell(store.connection(), actor)


def workshop(store: Session, **given: object) -> int:
    default = {"place_kind": "small_workshop", "party": "fire_rescue", "cycle_days": 60, "actor": PLANNER}
    return make_plan(store, make.COMMUNITY, **(default | given)).id  # type: ignore[arg-type]


def test_the_dictionarys_plans_are_made_once(store: Session) -> None:
    there = list_plans(store, scope_code=make.STREET)
    assert len(there) == len(dictionary("inspection_cycles").entries)
    assert make_default_plans(store, make.STREET, who="tester") == []
    own = make_default_plans(store, make.COMMUNITY, who="tester")
    assert len(own) == len(there)
    assert {plan.since for plan in own} == {today()}


def test_one_of_ones_own(store: Session) -> None:
    act(store, PLANNER)
    plan = read_plan(store, workshop(store))
    assert (plan.checklist, plan.name, plan.created_by) == ("small_workshop", "小作坊:消防救援部门", "chen")
    with pytest.raises(ConflictError, match="已有同样的检查计划"):
        workshop(store)
    with pytest.raises(CodeError, match="不用于"):
        workshop(store, checklist_code="lift", party="street")
    with pytest.raises(CodeError, match="不分"):
        workshop(store, grade="strict", party="street")
    with pytest.raises(BoundsError, match="1830"):
        workshop(store, cycle_days=0, party="street")
    with pytest.raises(BoundsError, match="过去"):
        workshop(store, since=today() - timedelta(days=1), party="street")
    with pytest.raises(InputError, match="1 到 100 字"):
        workshop(store, name="长" * 101, party="street")


def test_changed_by_who_saw_its_newest_version(store: Session) -> None:
    plan_id = workshop(store)
    changed = change_plan(store, plan_id, {"cycle_days": 45, "name": "小作坊四十五天"}, version=1, actor=PLANNER)
    assert (changed.cycle_days, changed.name, changed.version) == (45, "小作坊四十五天", 2)
    with pytest.raises(StaleVersionError):
        change_plan(store, plan_id, {"cycle_days": 50}, version=1, actor=PLANNER)
    with pytest.raises(InputError, match="新建"):
        change_plan(store, plan_id, {"party": "insurer"}, version=2, actor=PLANNER)
    (newest, *_) = events.read(store, noun="inspection_plan", code=make.COMMUNITY)
    assert newest.changed["cycle_days"] == (60, 45)


def test_ended_it_stays_on_record_and_another_may_follow(store: Session) -> None:
    plan_id = workshop(store)
    assert end_plan(store, plan_id, version=1, actor=PLANNER).until == today()
    with pytest.raises(ConflictError, match="结束"):
        end_plan(store, plan_id, actor=PLANNER)
    assert workshop(store) != plan_id
    assert plan_id in [plan.id for plan in list_plans(store)]
    assert plan_id not in [plan.id for plan in list_plans(store, on=today())]


def test_plans_are_for_those_who_plan(store: Session) -> None:
    act(store, INSPECTOR)
    assert list_plans(store)
    with pytest.raises(AccessError):
        workshop(store, actor=INSPECTOR)


def test_what_is_not_there(store: Session) -> None:
    with pytest.raises(NotFoundError):
        end_plan(store, 10**9, actor=PLANNER)
    with pytest.raises(CodeError):
        make_default_plans(store, "12", who="tester")


def test_a_grade_is_given_with_its_reason_and_the_old_one_kept(store: Session) -> None:
    act(store, INSPECTOR)
    before = grading.read_grade(store, RENTAL)
    assert before.current is not None
    assert (before.current.grade, before.version) == ("strict", 2)
    after = grading.grade_place(store, RENTAL, "watched", reason="整改到位", version=2, actor=INSPECTOR)
    assert after.current is not None
    assert (after.current.grade, after.current.who, after.version) == ("watched", "wang", 3)
    assert [(each.grade, each.until) for each in after.history] == [("watched", None), ("strict", today())]


def test_a_grade_given_twice_in_a_day_and_the_first_held_on_no_day(store: Session) -> None:
    for grade in ("watched", "ordinary"):
        grading.grade_place(store, RENTAL, grade, reason="改正", actor=STAFF)
    first, second, *_ = grading.read_grade(store, RENTAL).history
    assert (first.grade, second.since, second.until) == ("ordinary", today(), today())


def test_grades_are_refused_with_why(store: Session) -> None:
    with pytest.raises(StaleVersionError):
        grading.grade_place(store, RENTAL, "watched", reason="整改到位", version=1, actor=STAFF)
    with pytest.raises(ConflictError, match="已是"):
        grading.grade_place(store, RENTAL, "strict", reason="违规", actor=STAFF)
    with pytest.raises(InputError, match="理由"):
        grading.grade_place(store, RENTAL, "watched", reason=" ", actor=STAFF)
    with pytest.raises(CodeError, match="不分"):
        grading.grade_place(store, SHOP, "watched", reason="违规", actor=STAFF)
    with pytest.raises(CodeError, match="red"):
        grading.grade_place(store, RENTAL, "red", reason="违规", actor=STAFF)


def test_grades_of_others_places_are_not_there(store: Session) -> None:
    act(store, ELSEWHERE)
    with pytest.raises(NotFoundError):
        grading.read_grade(store, RENTAL)
    with pytest.raises(NotFoundError):
        grading.grade_place(store, RENTAL, "watched", reason="整改到位", actor=ELSEWHERE)


def test_two_grade_at_once_and_one_is_told_of_the_other(databases: Databases) -> None:
    def grade(engine: Engine, number: int) -> str:
        try:
            with session_scope(engine, STAFF) as session:
                grading.grade_place(session, RENTAL, "watched", reason=f"第{number}次", version=2, actor=STAFF)
        except ConflictError as error:
            return type(error).__name__
        return "graded"

    with databases.engine(databases.filled("inspected", inspected.fill)) as engine, ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(lambda number: grade(engine, number), range(4)))
    assert outcomes == ["StaleVersionError"] * 3 + ["graded"]
