"""Plans are written whole, adopted one at a time, and say what changed to one who saw an older version."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.errors import (
    BoundsError,
    CodeError,
    ColumnError,
    ConflictError,
    DatumError,
    GeometryError,
    InputError,
    NotFoundError,
    WanggeError,
)
from geo.storage import events, plans
from geo.storage.database import open_engine, session_scope
from geo.territory.times import CHINA_TIME
from tests import factories as make

FIRST, SECOND = "440307001001001", "440307001001002"


@pytest.fixture
def fresh_engine(fresh_database_url: str) -> Iterator[Engine]:
    engine = open_engine(fresh_database_url)
    yield engine
    engine.dispose()


# ── writing and reading ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_draft_comes_back_as_it_went_in(session: Session) -> None:
    whole = make.make_building(session, 1)
    divided = make.make_building(session, 2, households=400)
    stairwells = [make.make_stairwell(session, divided, number) for number in (1, 2)]
    assignment = make.assignment_frame(
        [
            (whole, None, FIRST, 24),
            (divided, stairwells[0], FIRST, 200),
            (divided, stairwells[1], FIRST, 80),
            (divided, stairwells[1], SECOND, 120),
        ]
    ).assign(floor_from=[None, None, 1, 5], floor_to=[None, None, 4, 10])
    grids = make.grid_frame().assign(reason_code=[None, "building_too_big"], reason=[None, "一栋楼就超过上限"])
    plan_id = make.make_plan(
        session,
        name="初稿",
        seed=7,
        parameters={"time_limit": 2.5},
        report={"grids": 2},
        grids=grids,
        assignment=assignment,
    )
    plan = plans.read_plan(session, plan_id)
    assert (plan.name, plan.state, plan.version, plan.seed) == ("初稿", "draft", 1, 7)
    assert (plan.parameters, plan.report) == ({"time_limit": 2.5}, {"grids": 2})
    assert (plan.grids, plan.households) == (2, 500)
    kept = plans.read_grids(session, plan_id)
    assert list(kept.columns) == [*plans.GRID_COLUMNS, "geometry"]
    assert_geodataframe_equal(kept, grids[kept.columns], check_dtype=False, check_like=True)
    table = plans.read_assignment(session, plan_id)
    pd.testing.assert_frame_equal(table, assignment.astype(table.dtypes.to_dict()))


def test_the_frames_may_come_in_any_order_and_index(session: Session) -> None:
    grids = make.grid_frame(count=4).iloc[::-1].set_index(pd.Index([7, 7, 9, 1]))
    assert plans.read_grids(session, make.make_plan(session, grids=grids))["code"].tolist() == sorted(grids["code"])


def test_plan_of_nothing_is_a_plan(session: Session) -> None:
    plan = make.make_plan(session, grids=make.grid_frame()[:0])
    assert plans.read_grids(session, plan).empty
    assert plans.read_assignment(session, plan).empty


def test_creating_is_an_event(session: Session) -> None:
    plan_id = make.make_plan(session, who="规划员")
    (event,) = events.read(session, noun="plan", code=str(plan_id))
    assert (event.who, event.what) == ("规划员", "created")
    assert event.after is not None
    assert (event.after["grids"], event.after["state"]) == (2, "draft")


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"scope_code": "440307001099"}, CodeError),
        ({"scope_code": "x"}, CodeError),
        ({"name": ""}, InputError),
        ({"lower": 301}, BoundsError),
        ({"lower": -1}, BoundsError),
        ({"grids": make.grid_frame().drop(columns="households")}, ColumnError),
        ({"grids": make.grid_frame().to_crs(4547)}, DatumError),
        ({"grids": make.grid_frame().assign(code=FIRST)}, ConflictError),
        ({"grids": make.grid_frame().assign(code=["440307001001001", "440307001001002x"])}, CodeError),
        ({"grids": make.grid_frame().assign(households=-1)}, BoundsError),
        ({"grids": make.grid_frame().set_geometry([make.square().centroid] * 2)}, GeometryError),
        ({"grids": make.grid_frame().set_geometry(shapely.force_3d([make.square(), make.square(1)]))}, GeometryError),
        ({"assignment": make.assignment_frame().drop(columns="grid_code")}, ColumnError),
        ({"assignment": make.assignment_frame([("4403070010010000001", None, "440307001001009", 1)])}, CodeError),
        ({"assignment": make.assignment_frame([("4403070010010000099", None, FIRST, 1)])}, CodeError),
        ({"assignment": make.assignment_frame([("4403070010010000001", None, FIRST, 1)] * 2)}, ConflictError),
    ],
)
def test_what_is_no_plan_is_refused_whole(session: Session, given: dict[str, Any], error: type[WanggeError]) -> None:
    make.make_building(session)
    session.commit()
    with pytest.raises(error) as refused:
        make.make_plan(session, **given)
    assert refused.value.zh
    session.rollback()
    assert plans.list_plans(session) == []


def test_lists_are_newest_first_and_page(session: Session) -> None:
    make.make_community(session, 2)
    ids = [make.make_plan(session, community=f"44030700100{1 + i % 2}") for i in range(5)]
    ids.append(make.make_plan(session, scope_code=make.STREET, department="城管", grids=make.grid_frame()))
    assert [plan.id for plan in plans.list_plans(session)] == ids[::-1]
    page = plans.list_plans(session, limit=2)
    assert [plan.id for plan in plans.list_plans(session, limit=2, after=page[-1].id)] == ids[3:1:-1]
    assert [plan.id for plan in plans.list_plans(session, scope_code="440307001002")] == [ids[3], ids[1]]
    assert len(plans.list_plans(session, scope_code=make.STREET)) == 6
    assert [plan.id for plan in plans.list_plans(session, department="城管")] == ids[5:]
    assert plans.list_plans(session, state="adopted") == []


def test_latest_is_of_exactly_the_scope(session: Session) -> None:
    first, second = make.make_plan(session), make.make_plan(session)
    plans.adopt(session, first, who="tester", version=1)
    found = [plans.latest(session, make.COMMUNITY, state=state) for state in (None, "adopted", "superseded")]
    assert [plan.id if plan else None for plan in found] == [second, first, None]
    assert plans.latest(session, make.STREET) is None
    assert plans.latest(session, make.COMMUNITY, "城管") is None


@pytest.mark.parametrize("plan_id", [0, -1, 99, 2**62])
def test_plan_that_is_not_there(session: Session, plan_id: int) -> None:
    with pytest.raises(NotFoundError):
        plans.read_plan(session, plan_id)
    with pytest.raises(NotFoundError):
        plans.adopt(session, plan_id, who="tester", version=1)


# ── adopting ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_adopting_supersedes_the_plan_before(session: Session) -> None:
    first, second = make.make_plan(session), make.make_plan(session)
    plans.adopt(session, first, who="tester", version=1)
    adopted = plans.adopt(session, second, who="tester", version=1)
    superseded = plans.read_plan(session, first)
    assert (adopted.state, adopted.version) == ("adopted", 2)
    assert (superseded.state, superseded.version) == ("superseded", 3)
    assert superseded.superseded_at == adopted.adopted_at
    assert [(event.what, event.code) for event in events.read(session, noun="plan", limit=2)] == [
        ("adopted", str(second)),
        ("superseded", str(first)),
    ]


def test_a_street_supersedes_its_communities_and_a_community_leaves_the_street(session: Session) -> None:
    make.make_community(session, 2)
    west, east = make.make_plan(session), make.make_plan(session, community="440307001002")
    grids = pd.concat([make.grid_frame(), make.grid_frame("440307001002")])
    street = make.make_plan(session, scope_code=make.STREET, grids=grids)
    other = make.make_plan(session, department="城管")
    later = make.make_plan(session)
    for plan in (west, east, other, street, later):
        plans.adopt(session, plan, who="tester", version=1)
    states = [plans.read_plan(session, plan).state for plan in (west, east, other, street, later)]
    assert states == ["superseded", "superseded", "adopted", "adopted", "adopted"]


def test_a_plan_is_adopted_once(session: Session) -> None:
    plan = make.make_plan(session)
    plans.adopt(session, plan, who="tester", version=1)
    for version in (1, 2):
        with pytest.raises(ConflictError):
            plans.adopt(session, plan, who="tester", version=version)
    with pytest.raises(ConflictError):
        plans.rename(session, plan, name="改名", who="tester", version=2)


def test_a_stale_version_is_told_what_changed(session: Session) -> None:
    plan = make.make_plan(session, name="初稿")
    plans.rename(session, plan, name="二稿", who="李四", version=1)
    for stale in (plans.adopt, lambda *args, **given: plans.rename(*args, name="三稿", **given)):
        with pytest.raises(ConflictError) as refused:
            stale(session, plan, who="张三", version=1)
        for word in ("李四", "name", "初稿", "二稿"):
            assert word in refused.value.zh
            assert word in refused.value.en
    assert plans.read_plan(session, plan).name == "二稿"
    assert plans.adopt(session, plan, who="张三", version=2).state == "adopted"


def test_old_grids_are_recorded_after_the_fact_but_in_order(session: Session) -> None:
    first, second, third = (make.make_plan(session) for _ in range(3))
    spring, autumn = datetime(2025, 3, 1), datetime(2025, 9, 1)
    adopted = plans.adopt(session, first, who="tester", version=1, at=autumn)
    assert adopted.adopted_at == autumn.replace(tzinfo=CHINA_TIME)
    with pytest.raises(ConflictError, match="2025-08-31"):  # told in UTC
        plans.adopt(session, second, who="tester", version=1, at=spring)
    with pytest.raises(BoundsError):
        plans.adopt(session, second, who="tester", version=1, at=datetime.now() + timedelta(days=2))
    assert plans.adopt(session, third, who="tester", version=1).adopted_at is not None


# ── two at once ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("other_scope", [make.COMMUNITY, make.STREET])
def test_of_two_adopted_at_once_one_wins(fresh_engine: Engine, other_scope: str) -> None:
    with session_scope(fresh_engine) as session:
        first = make.make_plan(session)
        second = make.make_plan(session, scope_code=other_scope, grids=make.grid_frame())
    waiting = Event()

    def adopt_second() -> None:
        with session_scope(fresh_engine) as session:
            session.connection()
            waiting.set()
            plans.adopt(session, second, who="李四", version=1)

    with ThreadPoolExecutor(1) as pool:
        with session_scope(fresh_engine) as session:
            plans.adopt(session, first, who="张三", version=1)
            late = pool.submit(adopt_second)
            waiting.wait(10)
            with pytest.raises(TimeoutError):
                late.result(timeout=0.3)
        with pytest.raises(ConflictError, match=f"plan {first}"):
            late.result(timeout=10)
    with session_scope(fresh_engine) as session:
        assert [plan.id for plan in plans.list_plans(session, state="adopted")] == [first]
        assert plans.read_plan(session, second).state == "draft"
        # Having seen the other, one may still decide for one's own.
        assert plans.adopt(session, second, who="李四", version=1).state == "adopted"


def test_plans_of_two_departments_are_adopted_side_by_side(fresh_engine: Engine) -> None:
    with session_scope(fresh_engine) as session:
        ids = [make.make_plan(session, department=department) for department in ("城管", "公安")]

    def adopt(plan: int) -> str:
        with session_scope(fresh_engine) as session:
            return plans.adopt(session, plan, who="tester", version=1).state

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(adopt, ids)) == ["adopted", "adopted"]


def test_of_two_who_rename_at_once_one_wins(fresh_engine: Engine) -> None:
    with session_scope(fresh_engine) as session:
        plan = make.make_plan(session)

    def rename(name: str) -> bool:
        try:
            with session_scope(fresh_engine) as session:
                plans.rename(session, plan, name=name, who=name, version=1)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(rename, "甲乙丙丁"))
    assert sum(won) == 1
    with session_scope(fresh_engine) as session:
        assert plans.read_plan(session, plan).name == "甲乙丙丁"[won.index(True)]
