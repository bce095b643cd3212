from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.ledger.bills import statement
from geo.ledger.figures import Period
from geo.ledger.workflows import workflow
from geo.sample.ledger import any_stories, tell_again
from geo.services.figuring import figure
from geo.services.ledger_layers import ledger_content
from geo.services.sampling import SAMPLE_STREET, load_sample
from geo.services.sampling_ledger import LedgerCounts, beginning, load_sample_ledger, write_cases
from geo.services.sampling_plan import put_in_force, staff_grids
from geo.storage import plans
from geo.storage.database import session_scope
from geo.territory.times import CHINA_TIME
from tests.databases import Databases
from tests.geo.sample.recipes import small_recipe

AT = datetime(2026, 11, 20, 18, tzinfo=CHINA_TIME)
#: When grids of the merged network came in force, amid the year.
IN_FORCE = datetime(2026, 3, 1, tzinfo=CHINA_TIME)
MONTHS = ["2025-12", *(f"2026-{month:02d}" for month in range(1, 12))]


def settle(engine: Engine) -> None:
    with session_scope(engine) as session:
        load_sample(session, 3, who="tester", recipe=small_recipe())
        put_in_force(session, draw_social_workers_grids(session), since=IN_FORCE, who="tester")
        load_sample_ledger(session, SAMPLE_STREET, 3, who="tester", at=AT)


def draw_social_workers_grids(session: Session) -> int:
    """Draft the social workers' old grids as those of the merged network."""
    old = plans.latest(session, SAMPLE_STREET, "社工")
    assert old is not None
    nothing = pd.DataFrame({name: [] for name in plans.ASSIGNMENT_COLUMNS})
    bounds: dict[str, Any] = {"lower": None, "upper": None, "seed": None, "parameters": {}, "report": {"any": 1}}
    grids = plans.read_grids(session, old.id)
    return plans.create_draft(
        session, name="x", scope_code=SAMPLE_STREET, **bounds, grids=grids, assignment=nothing, who="tester"
    )


@pytest.fixture(scope="module")
def filled(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("sample ledger", settle)) as engine:
        yield engine


@pytest.fixture
def store(filled: Engine) -> Iterator[Session]:
    with Session(filled) as session:
        yield session


def read(session: Session, query: str, **values: Any) -> pd.DataFrame:
    result = session.execute(text(query), values)
    return pd.DataFrame(result.all(), columns=list(result.keys()))


def moves_of(session: Session, code: str = "hazard") -> pd.DataFrame:
    moves = read(
        session,
        "SELECT m.case_id AS case, m.at, m.state, m.action, m.to_step, m.who, m.recorded_at FROM case_move m "
        "JOIN ledger_case c ON c.id = m.case_id WHERE c.workflow = :code ORDER BY m.id",
        code=code,
    )
    effects: dict[str, Any] = {name: action.effect for name, action in workflow(code).actions.items()}
    return moves.assign(effect=moves["action"].map(effects))


def test_a_year_has_looks_hazards_and_requests(store: Session) -> None:
    counted = read(store, "SELECT workflow, state, count(*) FROM ledger_case GROUP BY workflow, state")
    by_state = counted.groupby("state")["count"].sum()
    assert counted.groupby("workflow")["count"].sum()["hazard"] > 50
    assert counted.groupby("workflow")["count"].sum()["request"] > 5
    assert by_state["closed"] > by_state["open"] > 0
    results = read(store, "SELECT result, count(*) FROM inspection GROUP BY result").set_index("result")["count"]
    assert results["clear"] > results["findings"] > 0
    assert results["no_access"] > 0


@pytest.mark.parametrize(("table", "moment"), [("ledger_case", "opened_at"), ("inspection", "inspected_at")])
def test_each_lies_in_the_grid_of_its_day(store: Session, table: str, moment: str) -> None:
    query = (
        f"SELECT t.{moment} AS at, t.grid_code, array(SELECT g.code FROM grid g JOIN plan p ON p.id = g.plan_id "
        "WHERE p.state = 'adopted' AND p.department = '' AND ST_Intersects(g.geom, t.geom)) AS around "
        f"FROM {table} t"
    )
    told = read(store, query)
    earlier = told[told["at"] < IN_FORCE]
    later = told[told["at"] >= IN_FORCE]
    assert len(earlier) > 5
    assert earlier["grid_code"].isna().all()
    assert later["grid_code"].notna().mean() > 0.9
    inside = later.dropna(subset="grid_code")
    assert all(code in around for code, around in zip(inside["grid_code"], inside["around"], strict=True))


def test_a_plan_in_force_leaves_a_draft_of_it_once(store: Session) -> None:
    drafted, in_force = plans.list_plans(store, scope_code=SAMPLE_STREET, department="")
    assert (drafted.state, in_force.state, in_force.adopted_at) == ("draft", "adopted", IN_FORCE)
    assert (drafted.grids, drafted.report) == (in_force.grids, in_force.report)
    assert put_in_force(store, drafted.id, since=IN_FORCE, who="tester") == drafted.id
    assert beginning(AT) == datetime(2025, 12, 1, tzinfo=CHINA_TIME)


def test_every_statement_adds_up_and_follows_the_one_before(store: Session) -> None:
    moves = moves_of(store)
    opening = 0
    for month in MONTHS:
        told = statement(moves, month)
        assert told.adds_up
        assert told.opening == opening
        opening = told.closing
    live = store.scalar(
        text("SELECT count(*) FROM ledger_case WHERE workflow = 'hazard' AND state IN ('open', 'paused')")
    )
    assert opening == live > 0


def test_cases_stand_where_their_last_move_left_them(store: Session) -> None:
    last = moves_of(store).groupby("case").last()
    cases = read(
        store, "SELECT id, step, state, version FROM ledger_case WHERE workflow = 'hazard' ORDER BY id"
    ).set_index("id")
    assert (cases["step"] == last["to_step"]).all()
    assert (cases["state"] == last["state"]).all()
    assert (cases["version"] == moves_of(store).groupby("case").size()).all()


def test_moves_are_in_the_order_of_their_time(store: Session) -> None:
    moves = moves_of(store)
    assert moves["at"].is_monotonic_increasing
    assert (moves["at"] <= AT).all()
    ids = read(store, "SELECT id, opened_at FROM ledger_case WHERE workflow = 'hazard' ORDER BY id")
    assert ids["opened_at"].is_monotonic_increasing


def test_inspections_name_their_hazards_and_hazards_their_inspection(store: Session) -> None:
    faults = read(
        store,
        "SELECT i.id AS inspection, i.place_code, (item->>'case_id')::bigint AS case_id FROM inspection i "
        "CROSS JOIN jsonb_array_elements(i.items) item WHERE item->>'result' = 'fault'",
    )
    hazards = read(store, "SELECT id, inspection_id, place_code FROM ledger_case WHERE workflow = 'hazard'")
    both = hazards.merge(faults, left_on="id", right_on="case_id", how="outer")
    assert (both["inspection_id"] == both["inspection"]).all()
    assert (both["place_code_x"] == both["place_code_y"]).all()


def test_only_grid_workers_looks_bear_an_inspectors_name(store: Session) -> None:
    names = read(store, "SELECT DISTINCT party, inspector FROM inspection")
    own = names[names["party"] == "grid_worker"]["inspector"]
    assert own.str.startswith("inspector-").all()
    assert not names[names["party"] != "grid_worker"]["inspector"].str.startswith("inspector-").any()


def test_who_asked_is_kept_apart(store: Session) -> None:
    reporters = read(
        store,
        "SELECT r.name, r.phone, c.summary, c.workflow FROM case_reporter r JOIN ledger_case c ON c.id = r.case_id",
    )
    assert len(reporters)
    assert (reporters["workflow"] == "request").all()
    assert reporters["phone"].str.startswith("000").all()
    assert not any(name in summary for name, summary in zip(reporters["name"], reporters["summary"], strict=True))


def test_every_graded_place_has_one_grade_today(store: Session) -> None:
    grades = read(
        store,
        "SELECT p.code, count(g.id) FROM place p LEFT JOIN place_grade g ON g.place_code = p.code AND g.until IS NULL "
        "WHERE p.kind IN ('rental', 'single_flats') AND p.building_code IS NOT NULL GROUP BY p.code",
    )
    assert (grades["count"] == 1).all()


def test_the_map_counts_what_the_statement_counts(store: Session) -> None:
    content = ledger_content(store, SAMPLE_STREET, at=AT)
    closing = statement(moves_of(store), "2026-11").closing
    assert int(content.hazards["ended_at"].isna().sum()) == closing
    assert content.since.isoformat() == "2025-12-01"
    assert len(content.seen) > 0


def test_a_second_time_changes_nothing(store: Session) -> None:
    assert load_sample_ledger(store, SAMPLE_STREET, 3, who="tester") == LedgerCounts()


def test_people_play_their_parts_and_a_street_without_buildings_is_refused(session: Session) -> None:
    with pytest.raises(NotFoundError, match="没有楼栋"):
        load_sample_ledger(session, SAMPLE_STREET, who="tester")
    load_sample(session, 3, who="tester", recipe=small_recipe())
    community = f"{SAMPLE_STREET}001"
    people = {("inspector", community): "demo-inspector", ("leader", community): "demo-leader"}
    counts = load_sample_ledger(session, SAMPLE_STREET, 3, who="tester", people=people, at=AT)
    assert counts.moves == session.scalar(text("SELECT count(*) FROM case_move"))
    finders = read(session, "SELECT DISTINCT found_by, community_code FROM ledger_case WHERE workflow = 'hazard'")
    own = finders["community_code"] == community
    assert set(finders[own]["found_by"]) == {"demo-inspector"}
    assert "demo-inspector" not in set(finders[~own]["found_by"])
    told = session.scalar(text("SELECT after->>'hazards' FROM event WHERE noun = 'ledger'"))
    assert told == str(counts.hazards)


def test_few_stories_are_told_of_many_places(session: Session) -> None:
    load_sample(session, 3, who="tester", recipe=small_recipe())
    rows = read(session, "SELECT code, community_code FROM building")
    subjects = rows.rename(columns={"code": "building_code"}).assign(
        street_code=SAMPLE_STREET,
        household_unit_code=None,
        place_code=None,
        responsible_body_code=None,
        lon=114.1,
        lat=22.5,
    )
    stories = any_stories(20, since=datetime(2026, 1, 1).date(), until=AT, seed=5)
    told = tell_again(stories, subjects, 500, rng=np.random.default_rng(5))
    moves = write_cases(session, told)
    assert session.scalar(text("SELECT count(*) FROM ledger_case")) == 500
    assert moves == int(stories.moves.groupby("story").size().loc[told.subjects["story"]].sum())
    assert statement(moves_of(session), "2026-11").adds_up
    assert write_cases(session, tell_again(stories, subjects, 0, rng=np.random.default_rng(5))) == 0


def test_every_grid_in_force_has_a_worker_once_the_grids_are_staffed(store: Session) -> None:
    day = IN_FORCE.date()
    store.execute(text("UPDATE grid_staff SET ended_at = now() WHERE right(grid_code, 1) IN ('1', '5')"))
    assert figure(store, SAMPLE_STREET, Period(day, day)).total.values["grids_without_worker"]
    hired = staff_grids(store, SAMPLE_STREET, since=day, seed=3, who="tester")
    assert hired > 0
    assert figure(store, SAMPLE_STREET, Period(day, AT.date())).total.values["grids_without_worker"] == 0
    assert staff_grids(store, SAMPLE_STREET, since=day, seed=3, who="tester") == 0
