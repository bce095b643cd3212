"""What a plan's rows may be together is enforced by the database: every rule is attacked by raw SQL."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import geopandas as gpd
import pytest
import shapely
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo.errors import CodeError, ConflictError, GeometryError
from geo.storage import plans
from geo.storage.database import open_engine, session_scope
from tests import factories as make

#: Degrees of one metre near the made-up street, in each direction.
METRE = 1e-5
FIRST, SECOND = "440307001001001", "440307001001002"


@pytest.fixture(scope="module")
def settled(engine: Engine) -> Iterator[Connection]:
    """Two communities with two buildings in the first, and three plans: adopted, superseded and draft."""
    with engine.connect() as connection, connection.begin() as transaction:
        with Session(bind=connection, join_transaction_mode="create_savepoint") as session:
            make.make_community(session, 2)
            buildings = [make.make_building(session, number) for number in (1, 2)]
            rows = [(building, None, FIRST, 24) for building in buildings]
            for name in ("superseded", "adopted", "draft"):
                plan = make.make_plan(session, name=name, assignment=make.assignment_frame(rows))
                session.execute(
                    text(
                        "INSERT INTO cell (grid_id, grid_code, code, households) "
                        "SELECT id, code, code || 'L01', 30 FROM grid WHERE plan_id = :plan"
                    ),
                    {"plan": plan},
                )
                if name != "draft":
                    plans.adopt(session, plan, who="tester", version=1)
            session.commit()
        yield connection
        transaction.rollback()


@pytest.fixture
def town(settled: Connection) -> Iterator[Session]:
    with settled.begin_nested() as savepoint:
        with Session(bind=settled, join_transaction_mode="create_savepoint") as session:
            yield session
        savepoint.rollback()


def plan_id(session: Session, name: str) -> int:
    return session.execute(text("SELECT id FROM plan WHERE name = :name"), {"name": name}).scalar_one()


def rule_broken(session: Session, statement: str, **values: object) -> str:
    with pytest.raises(DBAPIError) as caught:
        session.execute(text(statement), values)
    return caught.value.orig.diag.constraint_name  # type: ignore[union-attr]


def add_grid(session: Session, geometry: shapely.Geometry, *, number: int = 9, plan: str = "draft") -> None:
    session.execute(
        text(
            "INSERT INTO grid (plan_id, code, community_code, geom) "
            "VALUES (:plan, :code, '440307001001', CAST(:geom AS geometry))"
        ),
        {
            "plan": plan_id(session, plan),
            "code": f"440307001001{number:03d}",
            "geom": f"SRID=4326;{geometry.wkt}",
        },
    )


# ── states ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "state", "rule"),
    [
        ("draft", "superseded", "plan_move"),
        ("adopted", "draft", "plan_move"),
        ("superseded", "draft", "plan_move"),
        ("superseded", "adopted", "plan_move"),
        ("draft", "burnt", "plan_move"),
    ],
)
def test_a_plan_moves_from_draft_to_adopted_to_superseded_only(town: Session, name: str, state: str, rule: str) -> None:
    statement = "UPDATE plan SET state = :state, adopted_at = now(), superseded_at = now() WHERE name = :name"
    assert rule_broken(town, statement, state=state, name=name) == rule


@pytest.mark.parametrize("state", ["adopted", "superseded"])
def test_a_plan_starts_as_a_draft(town: Session, state: str) -> None:
    statement = (
        "INSERT INTO plan (name, scope_code, created_by, state, adopted_at, superseded_at) "
        "VALUES ('x', '440307001001', 'x', :state, now(), now())"
    )
    assert rule_broken(town, statement, state=state) == "plan_move"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("state = 'adopted'", "ck_plan_adopted_at"),
        ("adopted_at = now()", "ck_plan_adopted_at"),
        ("superseded_at = now()", "ck_plan_superseded_at"),
    ],
)
def test_dates_belong_to_states(town: Session, change: str, rule: str) -> None:
    assert rule_broken(town, f"UPDATE plan SET {change} WHERE name = 'draft'") == rule


def test_a_plan_is_not_superseded_before_it_was_adopted(town: Session) -> None:
    statement = "UPDATE plan SET state = 'superseded', superseded_at = '2000-01-01' WHERE name = 'adopted'"
    assert rule_broken(town, statement) == "ck_plan_adopted_before_superseded"


def test_one_adopted_plan_per_scope_and_department(town: Session) -> None:
    statement = "UPDATE plan SET state = 'adopted', adopted_at = now() WHERE name = 'draft'"
    assert rule_broken(town, statement) == "uq_plan_adopted_scope"


def test_departments_have_adopted_plans_of_their_own(town: Session) -> None:
    for department in ("城管", "公安"):
        plan = make.make_plan(town, department=department, lower=None, upper=None, seed=None)
        assert plans.adopt(town, plan, who="tester", version=1).state == "adopted"


@pytest.mark.parametrize("name", ["adopted", "superseded"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE plan SET name = 'x' WHERE id = :plan",
        "UPDATE plan SET adopted_at = '2000-01-01' WHERE id = :plan",
        "UPDATE plan SET report = '{\"in_range\": 1}' WHERE id = :plan",
        "UPDATE plan SET scope_code = '440307001002' WHERE id = :plan",
        "DELETE FROM plan WHERE id = :plan",
        "UPDATE grid SET households = 1 WHERE plan_id = :plan",
        "DELETE FROM grid WHERE plan_id = :plan",
        "INSERT INTO grid (plan_id, code, community_code, geom) SELECT :plan, '440307001001009', community_code, geom "
        "FROM grid WHERE plan_id = :plan LIMIT 1",
        "UPDATE cell SET households = 1 FROM grid g WHERE g.id = grid_id AND g.plan_id = :plan",
        "DELETE FROM cell USING grid g WHERE g.id = grid_id AND g.plan_id = :plan",
        "INSERT INTO cell (grid_id, grid_code, code) SELECT id, code, code || 'L09' FROM grid WHERE plan_id = :plan",
        "UPDATE assignment SET households = 1 WHERE plan_id = :plan",
        "UPDATE assignment SET grid_id = (SELECT max(id) FROM grid WHERE plan_id = :plan) WHERE plan_id = :plan",
        "DELETE FROM assignment WHERE plan_id = :plan",
        "INSERT INTO assignment (plan_id, grid_id, building_code, households) "
        "SELECT plan_id, grid_id, '4403070010010000003', 1 FROM assignment WHERE plan_id = :plan LIMIT 1",
    ],
)
def test_history_cannot_be_changed(town: Session, name: str, statement: str) -> None:
    make.make_building(town, 3)
    assert rule_broken(town, statement, plan=plan_id(town, name)) == "plan_frozen"


@pytest.mark.parametrize("table", ["plan", "grid", "cell", "assignment"])
def test_plans_cannot_be_truncated(town: Session, table: str) -> None:
    assert rule_broken(town, f"TRUNCATE {table} CASCADE") in ("plan_frozen", "event_append_only")


def test_a_draft_can_be_changed_and_thrown_away(town: Session) -> None:
    draft = {"plan": plan_id(town, "draft")}
    town.execute(text("UPDATE grid SET households = 260 WHERE plan_id = :plan"), draft)
    town.execute(text("UPDATE cell SET households = 31 FROM grid g WHERE g.id = grid_id AND plan_id = :plan"), draft)
    town.execute(text("DELETE FROM plan WHERE id = :plan"), draft)
    assert town.scalar(text("SELECT count(*) FROM assignment WHERE plan_id = :plan"), draft) == 0


# ── geometry ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def outside_of_grids(session: Session) -> None:
    """Leave the draft only its first grid, the community's west half."""
    session.execute(
        text("DELETE FROM grid WHERE plan_id = :plan AND code = :code"),
        {"plan": plan_id(session, "draft"), "code": SECOND},
    )


def strip(session: Session, west_by_m: float) -> shapely.Geometry:
    """A small square east of the draft's first grid that reaches ``west_by_m`` into it."""
    outside_of_grids(session)
    middle = make.WEST + make.COMMUNITY_DEGREES / 2
    return shapely.box(middle - west_by_m * METRE, make.SOUTH, middle + 50 * METRE, make.SOUTH + 50 * METRE)


@pytest.mark.parametrize("into_m", [0.05, 1.0, 49.0])
def test_overlapping_grid_is_refused(town: Session, into_m: float) -> None:
    with pytest.raises(DBAPIError) as caught:
        add_grid(town, strip(town, into_m))
    assert caught.value.orig.diag.constraint_name == "grid_overlap"  # type: ignore[union-attr]


@pytest.mark.parametrize("into_m", [-5.0, 0.0, 0.001, 0.01])
def test_neighbours_and_slivers_are_taken(town: Session, into_m: float) -> None:
    add_grid(town, strip(town, into_m))


def test_grid_inside_another_is_refused(town: Session) -> None:
    with pytest.raises(DBAPIError) as caught:
        add_grid(town, make.square(1, 1))
    assert caught.value.orig.diag.constraint_name == "grid_overlap"  # type: ignore[union-attr]


def test_grid_moved_over_another_is_refused(town: Session) -> None:
    statement = (
        "UPDATE grid SET geom = (SELECT geom FROM grid WHERE plan_id = :plan AND code = :first) "
        "WHERE plan_id = :plan AND code = :second"
    )
    draft = plan_id(town, "draft")
    assert rule_broken(town, statement, plan=draft, first=FIRST, second=SECOND) == "grid_overlap"


def test_grids_that_change_places_in_one_statement_are_taken(town: Session) -> None:
    swap = (
        "UPDATE grid SET geom = other.geom FROM grid other "
        "WHERE grid.plan_id = :plan AND other.plan_id = :plan AND other.id <> grid.id"
    )
    town.execute(text(swap), {"plan": plan_id(town, "draft")})


def test_plans_may_lie_over_each_other(town: Session) -> None:
    assert make.make_plan(town, department="公安") != make.make_plan(town, department="城管")


@pytest.mark.parametrize(("beyond_m", "taken"), [(0.02, True), (0.2, False), (5.0, False), (5000.0, False)])
def test_grid_stays_in_its_community(town: Session, beyond_m: float, taken: bool) -> None:
    outside_of_grids(town)
    east = make.WEST + make.COMMUNITY_DEGREES
    geometry = shapely.box(east - 50 * METRE, make.SOUTH, east + beyond_m * METRE, make.SOUTH + 50 * METRE)
    if taken:
        add_grid(town, geometry)
        return
    with pytest.raises(DBAPIError) as caught:
        add_grid(town, geometry)
    assert caught.value.orig.diag.constraint_name == "grid_inside_community"  # type: ignore[union-attr]


def test_departments_old_grids_may_straddle_communities_but_not_overlap(town: Session) -> None:
    wide = make.grid_frame()
    wide.geometry = [make.square(0, 0, 0.015), make.square(1, 0, 0.015)]
    assert make.make_plan(town, department="城管", grids=wide)
    wide.geometry = [make.square(0, 0, 0.015), make.square(0.5, 0, 0.015)]
    with pytest.raises(GeometryError, match=f"{FIRST} and {SECOND}|{SECOND} and {FIRST}"):
        make.make_plan(town, department="公安", grids=wide)


def test_grids_lie_in_the_plans_scope(town: Session) -> None:
    with pytest.raises(CodeError, match="grid_inside_scope"):
        make.make_plan(town, scope_code="440307001002", grids=make.grid_frame())


def test_borders_that_bend_with_the_projection_are_no_overlap(town: Session) -> None:
    """Grids cut in metres share long straight borders; in degrees one has a corner on it that the other lacks."""
    community = gpd.GeoSeries([make.square(0, 0, make.COMMUNITY_DEGREES)], crs=4326).to_crs(4547).iloc[0]
    west, south, east, north = community.bounds
    middle, third = (west + east) / 2, south + (north - south) / 3
    inner = community.buffer(-0.5)
    halves = [shapely.box(west, south, middle, north), shapely.box(middle, south, east, third)]
    halves.append(shapely.box(middle, third, east, north))
    grids = make.grid_frame(count=3)
    grids.geometry = gpd.GeoSeries([half.intersection(inner) for half in halves], crs=4547).to_crs(4326)
    assert make.make_plan(town, grids=grids)


# ── assignments ──────────────────────────────────────────────────────────────────────────────────────────────────────


def assign(session: Session, building: str, stairwell: str | None = None, *, plan: str = "draft") -> None:
    session.execute(
        text(
            "INSERT INTO assignment (plan_id, grid_id, building_code, stairwell_code, households) "
            "SELECT plan_id, id, :building, :stairwell, 1 FROM grid WHERE plan_id = :plan AND code = :grid"
        ),
        {"building": building, "stairwell": stairwell, "plan": plan_id(session, plan), "grid": SECOND},
    )


def test_a_building_is_assigned_once(town: Session) -> None:
    with pytest.raises(DBAPIError, match="uq_assignment_building"):
        assign(town, "4403070010010000001")


def test_a_stairwell_is_assigned_once(town: Session) -> None:
    building = make.make_building(town, 3)
    stairwells = [make.make_stairwell(town, building, number) for number in (1, 2)]
    for stairwell in stairwells:
        assign(town, building, stairwell)
    with pytest.raises(DBAPIError, match="uq_assignment_stairwell"):
        assign(town, building, stairwells[0])


def test_a_building_is_not_assigned_whole_and_by_stairwells(town: Session) -> None:
    building = "4403070010010000001"
    stairwell = make.make_stairwell(town, building)
    with pytest.raises(DBAPIError) as caught:
        assign(town, building, stairwell)
    assert caught.value.orig.diag.constraint_name == "assignment_once"  # type: ignore[union-attr]


def test_a_grid_of_another_plan_is_refused(town: Session) -> None:
    statement = (
        "UPDATE assignment SET grid_id = (SELECT min(id) FROM grid WHERE plan_id = :other) WHERE plan_id = :plan"
    )
    values = {"plan": plan_id(town, "draft"), "other": plan_id(town, "adopted")}
    assert rule_broken(town, statement, **values) == "fk_assignment_plan_id"


def test_buildings_lie_in_the_plans_scope(town: Session) -> None:
    elsewhere = make.make_building(town, community_code="440307001002")
    with pytest.raises(CodeError, match="assignment_inside_scope"):
        make.make_plan(town, assignment=make.assignment_frame([(elsewhere, None, FIRST, 1)]))


# ── two writers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_writers_cannot_put_grids_over_each_other(fresh_database_url: str) -> None:
    engine = open_engine(fresh_database_url)
    with session_scope(engine) as session:
        make.make_plan(session, name="draft", grids=make.grid_frame()[:1])
    together = Barrier(2)

    def write(number: int) -> bool:
        try:
            with session_scope(engine) as session:
                together.wait()
                add_grid(session, make.square(30, 1), number=number)
        except GeometryError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        for attempt in range(5):
            results = list(pool.map(write, (10 + 2 * attempt, 11 + 2 * attempt)))
            assert sorted(results) == ([False, True] if attempt == 0 else [False, False])
    engine.dispose()


def test_a_grid_cannot_slip_into_a_plan_that_is_being_adopted(fresh_database_url: str) -> None:
    engine = open_engine(fresh_database_url)
    with session_scope(engine) as session:
        plan = make.make_plan(session, name="draft", grids=make.grid_frame()[:1])
    with ThreadPoolExecutor(1) as pool:
        with session_scope(engine) as adopting:
            plans.adopt(adopting, plan, who="tester", version=1)
            late = pool.submit(_add_grid_late, engine)
            with pytest.raises(TimeoutError):
                late.result(timeout=0.3)
        with pytest.raises(ConflictError):
            late.result(timeout=10)
    engine.dispose()


def _add_grid_late(engine: Engine) -> None:
    with session_scope(engine) as session:
        add_grid(session, make.square(30, 1))
