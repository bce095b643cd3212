"""Row-level security: whatever a query asks for, an actor gets and writes the rows of their scope alone.

Two streets stand side by side, A with the communities A1 and A2, B with B1. Each community has two grids, in each grid
a building and all that belongs to one. A row's *path* says where it is ("A/A1/2"), and what is expected follows from
it. Queries here have no WHERE at all: a filter that is forgotten must leak nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pytest
from shapely import affinity
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.access.actor import PUBLIC, Actor
from geo.errors import AccessError
from geo.storage import buildings, divisions, events, layers, plans, unplaced
from geo.storage.acting import act, tell
from geo.storage.catalogue import METADATA
from geo.storage.database import open_engine, session_scope
from geo.storage.unplaced import NewUnplaced
from geo.territory import codes
from geo.territory.nouns import NOUNS
from tests import factories as make
from tests.databases import Databases

STREETS = {"A": "440307001", "B": "440307002"}
COMMUNITIES = {"A1": "440307001001", "A2": "440307001002", "B1": "440307002001"}
PEOPLE = ("household_unit", "place", "unplaced_row", "place_grade", "inspection")
#: What hangs on a case; here each case is about a door.
OF_CASES = ("ledger_case", "case_move", "evidence", "evidence_content")

#: The key of each table that holds rows with a scope.
KEYS = {
    **dict.fromkeys([noun for noun in NOUNS if noun != "grid"], "code"),
    **dict.fromkeys(["plan", "grid", "cell", "assignment", "cell_assignment"], "id"),
    **dict.fromkeys(["drawn_community", "community_assignment"], "id"),
    **dict.fromkeys(["former_name", "address_alias", "unplaced_row"], "id"),
    **dict.fromkeys(["ledger_case", "case_move", "evidence", "inspection_plan", "place_grade", "inspection"], "id"),
    **{"case_reporter": "case_id", "evidence_content": "hash"},
    **{"plan_comment": "id", "plan_job": "id", "plan_presence": "plan_id", "plan_lock": "plan_id"},
}
#: What is taken away again, and plans, which are deleted as long as they are drafts.
FORGOTTEN = ("plan", "plan_presence", "plan_lock")
#: What of a street is seen by everybody who sees something of it.
STREETS_OWN = ("street", "responsible_body", "inspection_plan")
#: Workflows are the same everywhere.
OF_ALL = {"workflow_version"}
OF_ACCOUNTS = {"account", "account_role", "sign_in", "invitation", "sign_in_failure", "idempotency_key"}
OF_EVENTS = {"event", "event_chain"}


@dataclass
class Board:
    """The store, and where each of its rows is: by table and key the path, with "draft" for rows of drafts."""

    engine: Engine
    paths: dict[str, dict[Any, str]] = field(default_factory=lambda: {table: {} for table in KEYS})


def settle(session: Session, board: Board, street: str, name: str) -> None:
    """A community with two grids in force and two in a draft, and in each grid a building with all that hangs on it."""
    up = 0 if street == "A" else 5 * make.COMMUNITY_DEGREES
    code, path = COMMUNITIES[name], f"{street}/{name}"
    number = int(code[-3:])

    def lifted(geometry: Any) -> Any:
        return affinity.translate(geometry, 0, up)

    def kept(noun: str, where: str, made: str) -> str:
        board.paths[noun][made] = where
        return made

    ground = lifted(make.square(number - 1, 0, make.COMMUNITY_DEGREES))
    note_unplaced(session, board, path, code)
    note_inspections(session, board, path, code)
    kept("community", path, make.make_community(session, number, street_code=STREETS[street], geometry=ground))
    rows = []
    for grid in (1, 2):
        where = f"{path}/{grid}"
        spot = lifted(make.square((number - 1) * 50 + (grid - 1) * 25 + 5, 5))
        serial = number * 10 + grid
        home = kept(
            "compound",
            where,
            make.make_compound(session, grid, community_code=code, geometry=spot.buffer(0.0001)),
        )
        building = kept(
            "building",
            where,
            make.make_building(session, grid, community_code=code, compound_code=home, geometry=spot),
        )
        note_names(session, board, where, building)
        stairwell = kept("stairwell", where, make.make_stairwell(session, building))
        unit = make.make_household_unit(session, building, stairwell_code=stairwell, address=f"{where} 1 单元")
        kept("household_unit", where, unit)
        street_code = STREETS[street]
        for offset, more in ((0, {"building_code": building}), (500, {})):
            place = codes.make("place", street_code, serial + offset)
            kept("place", where, make.make_place(session, code=place, name=where, geometry=spot.centroid, **more))
        note_ledger(session, board, where, unit, codes.make("place", street_code, serial), spot.centroid)
        element = make.make_city_element(session, grid, community_code=code, geometry=spot.centroid)
        kept("city_element", where, element)
        staff = codes.make("grid_staff", street_code, serial)
        grid_code = codes.make("grid", code, grid)
        kept("grid_staff", where, make.make_grid_staff(session, code=staff, grid_code=grid_code, phone="139"))
        rows.append((building, None, grid_code, 24))
    grids = make.grid_frame(code)
    grids = gpd.GeoDataFrame(grids.drop(columns="geometry"), geometry=grids.translate(0, up), crs=grids.crs)
    for state in ("adopted", "draft"):
        plan = make.make_plan(
            session, community=code, grids=grids, assignment=make.assignment_frame(rows), name=f"{name} {state}"
        )
        add_cells(session, plan)
        if state == "adopted":
            plans.adopt(session, plan, who="tester", version=1)
        note_plan(session, board, plan, path, "" if state == "adopted" else "draft ")


def note_names(session: Session, board: Board, where: str, building: str) -> None:
    """A name that the building had, and one that people call it."""
    for name in ("旧名", "新名"):
        session.execute(text("UPDATE building SET name = :name WHERE code = :code"), {"name": name, "code": building})
    alias = text(
        "INSERT INTO address_alias (alias, kind, noun, code, name, proposed_by) "
        "VALUES ('俗名', 'building', 'building', :code, '新名', 'tester') RETURNING id"
    )
    board.paths["address_alias"][session.scalar(alias, {"code": building})] = where
    former = text("SELECT id FROM former_name WHERE noun = 'building' AND code = :code")
    board.paths["former_name"][session.scalars(former, {"code": building}).one()] = where


def note_unplaced(session: Session, board: Board, path: str, scope: str) -> None:
    """A row of a list whose address was found nowhere."""
    row = NewUnplaced("place", "list", path, 2, {"a": path}, {}, scope, path, "none", "无", "none", [])
    unplaced.keep(session, [row], who="tester")
    found = text("SELECT id FROM unplaced_row WHERE source_key = :path")
    board.paths["unplaced_row"][session.scalars(found, {"path": path}).one()] = path


def note_ledger(session: Session, board: Board, where: str, unit: str, place: str, spot: Any) -> None:
    """A hazard of a door with all that hangs on it, and an inspection of a place with a grade."""
    values = {"unit": unit, "building": unit[:19], "community": unit[:12], "street": unit[:9], "place": place}
    values |= {"where": where, "spot": spot.wkt}
    for table, query in {
        "workflow_version": "INSERT INTO workflow_version (code, digest, content) VALUES ('hazard', :where, '{}') "
        "RETURNING id",
        "ledger_case": "INSERT INTO ledger_case (number, workflow, workflow_version_id, kind, summary, step, "
        "street_code, community_code, building_code, household_unit_code, geom, source, found_by, found_at, "
        "step_since) "
        "SELECT :where, 'hazard', id, 'wiring', :where, 'found', :street, :community, :building, :unit, "
        "ST_GeomFromText(:spot, 4326), 'patrol', 'tester', now(), now() FROM workflow_version WHERE digest = :where "
        "RETURNING id",
        "case_move": "INSERT INTO case_move (case_id, action, to_step, state, at, who) "
        "SELECT id, 'open', 'found', 'open', now(), 'tester' FROM ledger_case WHERE number = :where RETURNING id",
        "case_reporter": "INSERT INTO case_reporter (case_id, name, phone) "
        "SELECT id, :where, '139' FROM ledger_case WHERE number = :where RETURNING case_id",
        "evidence_content": "INSERT INTO evidence_content (hash, media_type, content) "
        "VALUES (sha256(convert_to(:where, 'UTF8')), 'image/png', 'x') RETURNING hash",
        "evidence": "INSERT INTO evidence (case_id, phase, hash, who) SELECT id, 'finding', "
        "sha256(convert_to(:where, 'UTF8')), 'tester' FROM ledger_case WHERE number = :where RETURNING id",
        "place_grade": "INSERT INTO place_grade (place_code, grade, since, who) "
        "VALUES (:place, 'orange', current_date, 'tester') RETURNING id",
        "inspection": "INSERT INTO inspection (street_code, community_code, building_code, place_code, geom, party, "
        "checklist, result, items, inspected_at, inspector) VALUES (:street, :community, :building, :place, "
        "ST_GeomFromText(:spot, 4326), 'grid', 'rental', 'clear', '[]', now(), 'tester') RETURNING id",
    }.items():
        made = session.scalar(text(query), values)
        if table in board.paths:
            board.paths[table][made] = where


def note_inspections(session: Session, board: Board, path: str, scope: str) -> None:
    """What is inspected how often in a street or community."""
    plan = text(
        "INSERT INTO inspection_plan (name, scope_code, place_kind, party, cycle_days, checklist, since, created_by) "
        "VALUES (:path, :scope, 'rental', 'grid', 7, 'rental', current_date, 'tester') RETURNING id"
    )
    board.paths["inspection_plan"][session.scalar(plan, {"path": path, "scope": scope})] = path


def add_cells(session: Session, plan: int) -> None:
    session.execute(
        text(
            "INSERT INTO cell (grid_id, grid_code, code, households) "
            "SELECT id, code, code || 'L01', 24 FROM grid WHERE plan_id = :plan"
        ),
        {"plan": plan},
    )
    session.execute(
        text(
            "INSERT INTO cell_assignment (cell_id, building_code, households) SELECT c.id, a.building_code, 24 "
            "FROM cell c JOIN grid g ON g.id = c.grid_id JOIN assignment a ON a.grid_id = g.id WHERE g.plan_id = :plan"
        ),
        {"plan": plan},
    )


def note_plan(session: Session, board: Board, plan: int, path: str, draft: str) -> None:
    board.paths["plan"][plan] = f"{draft}{path}"
    for table, query in {
        "grid": "SELECT id, code FROM grid WHERE plan_id = :plan",
        "assignment": "SELECT a.id, g.code FROM assignment a JOIN grid g ON g.id = a.grid_id WHERE a.plan_id = :plan",
        "cell": "SELECT c.id, c.grid_code FROM cell c JOIN grid g ON g.id = c.grid_id WHERE g.plan_id = :plan",
        "cell_assignment": "SELECT a.id, c.grid_code FROM cell_assignment a JOIN cell c ON c.id = a.cell_id "
        "JOIN grid g ON g.id = c.grid_id WHERE g.plan_id = :plan",
    }.items():
        for key, code in session.execute(text(query), {"plan": plan}):
            name = next(name for name, community in COMMUNITIES.items() if code.startswith(community))
            board.paths[table][key] = f"{draft}{name[0]}/{name}/{int(code[12:15])}"

    for table, query in {
        "plan_comment": "INSERT INTO plan_comment (plan_id, said, who) VALUES (:plan, 'why', 'tester') RETURNING id",
        "plan_presence": "INSERT INTO plan_presence (plan_id, who) VALUES (:plan, 'tester') RETURNING plan_id",
        "plan_lock": "INSERT INTO plan_lock (plan_id, code, who) SELECT plan_id, code, 'tester' FROM grid "
        "WHERE plan_id = :plan ORDER BY code LIMIT 1 RETURNING plan_id",
        "plan_job": "INSERT INTO plan_job (plan_id, kind, asked, created_by) VALUES (:plan, 'solve', '{}', 'tester') "
        "RETURNING id",
    }.items():
        board.paths[table][session.scalar(text(query), {"plan": plan})] = f"{draft}{path}"


def settle_street(session: Session, board: Board, street: str) -> None:
    """A street's own rows: bodies, a road, a department's old grids in force, and a draft of communities."""
    code = STREETS[street]
    board.paths["street"][code] = street
    note_unplaced(session, board, street, code)
    note_inspections(session, board, street, code)
    body = codes.make("responsible_body", code, 1)
    board.paths["responsible_body"][make.make_responsible_body(session, code=body)] = street
    area = make.square(0, 0 if street == "A" else 5, make.COMMUNITY_DEGREES)
    road = codes.make("barrier", code, 1)
    board.paths["barrier"][make.make_barrier(session, code=road, geometry=area.exterior)] = street
    unassigned = codes.make("grid_staff", code, 999)
    board.paths["grid_staff"][make.make_grid_staff(session, code=unassigned)] = street

    old = make.make_plan(session, scope_code=code, department="消防", grids=street_grids(session, street), name="old")
    plans.adopt(session, old, who="tester", version=1)
    note_plan(session, board, old, street, "")
    for key, path in list(board.paths["grid"].items()):
        if session.scalar(text("SELECT plan_id FROM grid WHERE id = :id"), {"id": key}) == old:
            board.paths["grid"][key] = f"{path.rsplit('/', 1)[0]}/old"

    communities = layers.read(session, NOUNS["community"], street_code=code)
    drawn = communities.assign(community_code=communities["code"], households=48, reason_code=None, reason=None)
    homes = layers.read(session, NOUNS["building"], street_code=code)
    assignment = homes.assign(building_code=homes["code"], grid_code=homes["community_code"], households=24)
    assignment = assignment.assign(stairwell_code=None)
    plan = make.make_plan(
        session, scope_code=code, tier="community", grids=drawn, assignment=assignment, name="communities"
    )
    board.paths["plan"][plan] = f"draft {street}"
    for table, column in (("drawn_community", "code"), ("community_assignment", "building_code")):
        rows = session.execute(text(f"SELECT id, {column} FROM {table} WHERE plan_id = :plan"), {"plan": plan})
        for key, found in rows:
            name = next(name for name, community in COMMUNITIES.items() if found.startswith(community))
            grid = f"/{int(found[-5:])}" if table == "community_assignment" else ""
            board.paths[table][key] = f"draft {street}/{name}{grid}"


def street_grids(session: Session, street: str) -> gpd.GeoDataFrame:
    communities = layers.read(session, NOUNS["community"], street_code=STREETS[street])
    return gpd.GeoDataFrame(
        {
            "code": [f"{code}009" for code in communities["code"]],
            "community_code": communities["code"],
            "households": 48,
            "reason": None,
        },
        geometry=[ground.buffer(-0.001) for ground in communities.geometry],
        crs=communities.crs,
    )


@pytest.fixture(scope="module")
def board(databases: Databases) -> Iterator[Board]:
    name = databases.create(template=databases.migrated_template())
    made = Board(open_engine(databases.url(name)))
    with session_scope(made.engine) as session:
        for street, names in (("A", ("A1", "A2")), ("B", ("B1",))):
            for community in names:
                settle(session, made, street, community)
            settle_street(session, made, street)
    yield made
    made.engine.dispose()
    databases.drop(name)


def actor(role: str, *scopes: str) -> Actor:
    return Actor(f"{role}-1", frozenset({role}), scopes, account_id=7)


A, A1, A2 = STREETS["A"], COMMUNITIES["A1"], COMMUNITIES["A2"]
ACTORS = {
    "planner of A": actor("planner", A),
    "planner of A1": actor("planner", A1),
    "staff of A1": actor("staff", A1),
    "leader of A": actor("leader", A),
    "assessor of A1": actor("assessor", A1),
    "inspector of A1/1": actor("inspector", f"{A1}001"),
    "planner of nothing": actor("planner"),
    "administrator": actor("administrator"),
    "security officer": actor("security_officer"),
    "auditor": actor("auditor"),
    "public": PUBLIC,
}


def expected(who: str, table: str, path: str) -> bool:
    """Whether a row is to be seen, from where it is."""
    role = who.split(" ")[0]
    draft, place = path.startswith("draft "), path.removeprefix("draft ")
    if table == "barrier":
        return who != "public"
    if table in (*PEOPLE, *OF_CASES) and role not in ("planner", "staff", "leader", "inspector"):
        return False
    if table == "case_reporter" and role not in ("staff", "inspector"):
        return False
    _, _, scope = who.partition(" of ")
    if scope == "A":
        return place.startswith("A")
    near = place == "A" and (table in STREETS_OWN or (table == "plan" and not draft))
    if scope == "A1":
        return near or place == "A/A1" or place.startswith("A/A1/")
    if scope == "A1/1":
        if table == "community_assignment":
            return place == "A/A1/1"
        if draft:
            return False
        return near or place == "A/A1/1" or (table in ("community", "plan", "inspection_plan") and place == "A/A1")
    return False


def seen(session: Session, table: str) -> set[Any]:
    return set(session.scalars(text(f"SELECT {KEYS[table]} FROM {table}")))


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_board_has_rows_everywhere(board: Board) -> None:
    with session_scope(board.engine) as session:
        for table, paths in board.paths.items():
            assert paths, table
            assert seen(session, table) == set(paths), table
    assert set(METADATA.tables) == {*KEYS, *OF_ACCOUNTS, *OF_EVENTS, *OF_ALL}


@pytest.mark.parametrize("table", list(KEYS))
@pytest.mark.parametrize("who", list(ACTORS))
def test_a_query_without_a_filter_gives_the_actors_rows(board: Board, who: str, table: str) -> None:
    with session_scope(board.engine, ACTORS[who]) as session:
        wanted = {key for key, path in board.paths[table].items() if expected(who, table, path)}
        assert seen(session, table) == wanted
        assert session.scalar(text(f"SELECT count(*) FROM {table}")) == len(wanted)


@pytest.mark.parametrize("table", list(KEYS))
def test_the_expectations_are_no_empty_promise(board: Board, table: str) -> None:
    """Each table has rows that the planner of A1 (staff, who call back) sees, and rows that they do not."""
    if table == "barrier":
        return
    who = "staff of A1" if table == "case_reporter" else "planner of A1"
    told = {expected(who, table, path) for path in board.paths[table].values()}
    assert told == {True, False}


@pytest.mark.parametrize("table", list(METADATA.tables))
def test_where_nothing_was_told_there_is_nothing_and_no_error(board: Board, table: str) -> None:
    with Session(board.engine) as session:
        session.execute(text("SET LOCAL ROLE wangge_app"))
        readable = "id" if table in OF_ACCOUNTS - {"idempotency_key", "sign_in_failure"} else "1"
        if table in ("event_chain", "sign_in_failure"):
            with pytest.raises(Exception, match="permission denied"):
                session.execute(text(f"SELECT 1 FROM {table}"))
        else:
            assert session.execute(text(f"SELECT {readable} FROM {table}")).all() == []
        session.rollback()


@pytest.mark.parametrize("table", list(METADATA.tables))
def test_every_table_is_guarded(board: Board, table: str) -> None:
    with session_scope(board.engine) as session:
        query = text("SELECT relrowsecurity FROM pg_class WHERE oid = CAST(:name AS regclass)")
        assert session.scalar(query, {"name": table}) is True


def test_what_the_queries_of_the_store_give(board: Board) -> None:
    with session_scope(board.engine, ACTORS["planner of A1"]) as session:
        assert set(buildings.read_buildings(session)["community_code"]) == {A1}
        assert len(buildings.read_doors(session)) == 2
        assert divisions.community_codes(session) == [A1]
        assert {plan.name for plan in plans.list_plans(session)} == {"A1 adopted", "A1 draft", "old"}
        assert set(layers.read(session, NOUNS["place"])["name"]) == {"A/A1/1", "A/A1/2"}
        # Asking for the sibling by name finds nothing either.
        assert buildings.read_buildings(session, community_codes=[A2]).empty
        assert layers.read(session, NOUNS["household_unit"], community_codes=[A2]).empty


def test_a_buildings_households_do_not_depend_on_who_asks(board: Board) -> None:
    with session_scope(board.engine) as session:
        told = buildings.read_buildings(session, community_codes=[A1]).drop(columns="geometry")
        stairs = buildings.read_stairwells(session, community_codes=[A1])["households"]
    assert list(told["households"]) == list(stairs) == [1, 1]  # one door each is on record, 24 were declared
    for who in ("assessor of A1", "staff of A1", "planner of A"):
        with session_scope(board.engine, ACTORS[who]) as session:
            assert buildings.read_buildings(session, community_codes=[A1]).drop(columns="geometry").equals(told)
            assert buildings.read_stairwells(session, community_codes=[A1])["households"].equals(stairs)
    with session_scope(board.engine, ACTORS["assessor of A1"]) as session:
        assert buildings.read_doors(session).empty


def test_joins_and_sums_leak_nothing(board: Board) -> None:
    with session_scope(board.engine, ACTORS["staff of A1"]) as session:
        query = """
            SELECT count(*) FROM building b JOIN community c ON true LEFT JOIN household_unit u ON true
            LEFT JOIN plan p ON true WHERE c.code <> :own OR b.community_code <> :own OR NOT starts_with(u.code, :own)
        """
        assert session.scalar(text(query), {"own": A1}) == 0
        assert session.scalar(text("SELECT sum(households) FROM building")) == 48


def test_functions_with_the_owners_rights_are_known(board: Board) -> None:
    """Each of them goes past row-level security on purpose; a new one has to be looked at, and to be put here."""
    with session_scope(board.engine) as session:
        found = session.execute(
            text(
                "SELECT proname, has_function_privilege('public', p.oid, 'EXECUTE') FROM pg_proc p "
                "WHERE prosecdef AND pronamespace = 'public'::regnamespace "
                "AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
            )
        )
        by_name = {row[0]: row[1] for row in found}
        rules = {"lock_drafts", "check_plan_rows", "check_grids", "check_assignments", "check_cell_assignments"}
        rules |= {"check_drawn_communities", "renew_scope", "chain_event", "keep_former_name"}
        asked = {"own_grids", "own_buildings", "audit_findings", "audit_heads", "audited_events", "roles_held"}
        asked |= {"scopes_held", "find_login", "find_sign_in", "touch_sign_in", "find_invitation", "use_invitation"}
        asked |= {"record_failures", "read_failures", "clear_failures", "forget_failures", "sign_in_addresses"}
        asked |= {"doors_counted", "on_own_ground", "last_code", "ended_cases"}
        assert set(by_name) == rules | asked
        assert not {name for name in asked if by_name[name]}  # only the application's role may call these
        paths = session.scalars(
            text(
                "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace "
                "AND NOT coalesce(array_to_string(proconfig, ';') LIKE '%pg_temp%', false) "
                "AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = pg_proc.oid AND d.deptype = 'e')"
            )
        )
        assert list(paths) == []


def test_no_view_goes_round_it(board: Board) -> None:
    with session_scope(board.engine) as session:
        views = session.scalars(
            text(
                "SELECT relname FROM pg_class c WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace "
                "AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
            )
        )
        assert list(views) == []


def test_the_role_is_an_ordinary_one(board: Board) -> None:
    with session_scope(board.engine) as session:
        query = "SELECT rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles "
        row = session.execute(text(f"{query} WHERE rolname = 'wangge_app'")).one()
        assert not any(row)
        owned = "SELECT count(*) FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = 'wangge_app')"
        assert session.scalar(text(owned)) == 0


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

NAMED = ["street", "community", "compound", "building", "stairwell", "place", "city_element", "grid_staff"]


@pytest.mark.parametrize("table", [*NAMED, "household_unit", "responsible_body", "plan"])
@pytest.mark.parametrize("who", ["planner of A1", "inspector of A1/1", "assessor of A1", "auditor", "public"])
def test_an_update_without_a_filter_stays_in_scope(board: Board, who: str, table: str) -> None:
    column = "room" if table == "household_unit" else "name"
    only_drafts = " WHERE state = 'draft'" if table == "plan" else ""
    with Session(board.engine) as session:
        act(session, ACTORS[who])
        session.execute(text(f"UPDATE {table} SET {column} = 'x'{only_drafts}"))
        session.execute(text("RESET ROLE"))
        touched = set(session.scalars(text(f"SELECT {KEYS[table]} FROM {table} WHERE {column} = 'x'")))
        session.rollback()
    role = who.split(" ")[0]
    writes = role in ("planner", "inspector") and (table != "plan" or role == "planner")
    allowed = {key for key, path in board.paths[table].items() if writes and expected(who, table, path)}
    if table == "plan":
        allowed = {key for key in allowed if board.paths[table][key].startswith("draft")}
    if table == "street" or (table == "community" and role == "inspector"):
        allowed = set()  # only those of a whole street redraw it, only those of a whole community its border
    if table in ("compound", "city_element") and role == "inspector":
        allowed = set()
    assert touched == allowed


@pytest.mark.parametrize("who", ["planner of A1", "staff of A1", "inspector of A1/1"])
def test_nothing_is_made_in_the_next_community(board: Board, who: str) -> None:
    spot = make.square(60, 6)
    home = {"code": f"{A2}0000077", "kind": "walk_up", "community_code": A2, "households_source": "register"}
    home |= {"geometry": spot}
    tries = {
        "building": lambda s: layers.upsert(s, NOUNS["building"], make.frame_of("building", [home]), who="x"),
        "compound": lambda s: make.make_compound(s, 77, community_code=A2),
        "city_element": lambda s: make.make_city_element(s, 77, community_code=A2),
        "stairwell": lambda s: make.make_stairwell(s, f"{A2}0000002", 9),
        "household_unit": lambda s: make.make_household_unit(s, f"{A2}0000002", 5),
        "place in a building": lambda s: make.make_place(s, 901, building_code=f"{A2}0000002", geometry=spot.centroid),
        "place": lambda s: make.make_place(s, 902, geometry=spot.centroid),
        "grid_staff": lambda s: make.make_grid_staff(s, 901, grid_code=f"{A2}001"),
        "responsible_body": lambda s: make.make_responsible_body(s, 901, code=f"{STREETS['B']}R0901"),
        "barrier": lambda s: make.make_barrier(s, code=f"{STREETS['B']}B00901", geometry=spot.exterior),
        "street": lambda s: make.make_street(s, code="440307003"),
        "community": lambda s: layers.upsert(
            s,
            NOUNS["community"],
            make.frame_of("community", [{"code": f"{A}009", "name": "x", "street_code": A, "geometry": spot}]),
            who="x",
        ),
    }
    for name, attempt in tries.items():
        refused = pytest.raises(AccessError, match="拒绝")
        with refused, session_scope(board.engine, ACTORS[who]) as session:
            attempt(session)
            pytest.fail(f"{who} made {name}")


def test_a_row_is_not_moved_out_of_scope_or_into_it(board: Board) -> None:
    own = f"UPDATE building SET community_code = '{A2}' WHERE community_code = '{A1}'"
    with (
        pytest.raises(AccessError, match="拒绝"),
        session_scope(board.engine, ACTORS["planner of A1"]) as session,
    ):
        session.execute(text(own))
    with session_scope(board.engine, ACTORS["planner of A1"]) as session:
        moved = session.execute(text(f"UPDATE building SET community_code = '{A1}' WHERE community_code = '{A2}'"))
        assert moved.rowcount == 0  # type: ignore[attr-defined]


def test_importing_over_anothers_row_is_refused(board: Board) -> None:
    with (
        pytest.raises(AccessError, match="拒绝"),
        session_scope(board.engine, ACTORS["planner of A1"]) as session,
    ):
        make.make_building(session, 1, code=f"{A2}0000001", community_code=A1, name="theirs")


PLAN_ROWS = ("grid", "cell", "assignment", "cell_assignment", "drawn_community", "community_assignment")


@pytest.mark.parametrize("table", ["plan", *PLAN_ROWS])
@pytest.mark.parametrize("who", ["planner of A1", "staff of A1", "leader of A", "inspector of A1/1"])
def test_only_planners_delete_rows_of_plans_and_only_of_their_own_drafts(board: Board, who: str, table: str) -> None:
    with Session(board.engine) as session:
        act(session, ACTORS[who])
        only_drafts = " WHERE state = 'draft'" if table == "plan" else ""
        session.execute(text(f"DELETE FROM {table}{only_drafts}"))
        session.execute(text("RESET ROLE"))
        left = seen(session, table)
        session.rollback()
    mine = {
        key
        for key, path in board.paths[table].items()
        if who == "planner of A1" and path.startswith("draft A/A1") and table in ("plan", *PLAN_ROWS[:4])
    }
    assert set(board.paths[table]) - left == mine


def test_a_planner_draws_in_no_plan_of_others(board: Board) -> None:
    sibling = next(key for key, path in board.paths["plan"].items() if path == "draft A/A2")
    grid = "INSERT INTO grid (plan_id, code, community_code, geom) SELECT :plan, code || '', community_code, geom "
    for plan in (sibling, next(key for key, path in board.paths["plan"].items() if path == "draft A")):
        with (
            pytest.raises(AccessError, match="拒绝"),
            session_scope(board.engine, ACTORS["planner of A1"]) as session,
        ):
            session.execute(text(f"{grid} FROM grid LIMIT 1"), {"plan": plan})


@pytest.mark.parametrize("table", [table for table in KEYS if table not in (*FORGOTTEN, *PLAN_ROWS)])
def test_the_application_deletes_nothing_that_is_kept(board: Board, table: str) -> None:
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with (
            pytest.raises(AccessError, match="拒绝"),
            session_scope(board.engine, ACTORS["planner of A"]) as session,
        ):
            session.execute(text(statement))


def test_a_presence_is_left_by_whoever_it_is_of_or_when_it_is_stale(board: Board) -> None:
    with session_scope(board.engine, ACTORS["planner of A"]) as session:
        assert session.execute(text("DELETE FROM plan_presence")).rowcount == 0  # type: ignore[attr-defined]
        mine = "INSERT INTO plan_presence (plan_id, who) SELECT plan_id, 'planner-1' FROM plan_presence LIMIT 1"
        assert session.execute(text(mine)).rowcount == 1  # type: ignore[attr-defined]
        assert session.execute(text("DELETE FROM plan_presence")).rowcount == 1  # type: ignore[attr-defined]


def test_a_lock_is_set_by_planners_in_their_own_names_and_lifted_by_any_of_the_plan(board: Board) -> None:
    there = "SELECT count(*) FROM plan_lock"
    set_one = "INSERT INTO plan_lock (plan_id, code, who) SELECT plan_id, '{code}', '{who}' FROM plan_lock LIMIT 1"
    with session_scope(board.engine, ACTORS["planner of A1"]) as session:
        count = session.scalar(text(there))
        mine = set_one.format(code=f"{A1}900", who="planner-1")
        assert session.execute(text(mine)).rowcount == 1  # type: ignore[attr-defined]
        assert session.execute(text("DELETE FROM plan_lock WHERE code LIKE '%900'")).rowcount == 1  # type: ignore[attr-defined]
        assert count == session.scalar(text(there))
        session.rollback()
    with pytest.raises(AccessError), session_scope(board.engine, ACTORS["planner of A1"]) as session:
        session.execute(text(set_one.format(code=f"{A1}900", who="another")))
    with pytest.raises(AccessError), session_scope(board.engine, ACTORS["staff of A1"]) as session:
        session.execute(text(set_one.format(code=f"{A1}900", who="staff-1")))
    with session_scope(board.engine, ACTORS["leader of A"]) as session:
        assert session.execute(text("DELETE FROM plan_lock")).rowcount == 0  # type: ignore[attr-defined]
    with session_scope(board.engine, ACTORS["planner of A"]) as session:
        seen = session.scalar(text(there))
        assert session.execute(text("DELETE FROM plan_lock")).rowcount == seen > 0  # type: ignore[attr-defined]
        session.rollback()


REPORT = {
    "households": 96,
    "share": 0.123456789012345,
    "households_per_grid": {"median": 24},
    "scope": A,
    "grid_list": [{"code": f"{community}00{grid}", "households": 24} for community in (A1, A2) for grid in (1, 2)],
    "moves": [{"building": f"{A1}0000001", "to": f"{A2}001"}],
    "notes": [["第2社区有山", "a hill"]],
    "previous_plans": [3],
    "merging": {"sources": {f"{A2}001": 1}},
    "widest": f"{A2}001",
}
PART = {**REPORT, "grid_list": REPORT["grid_list"][:2], "moves": [], "notes": [], "merging": {}, "widest": None}


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("planner of A", REPORT),
        ("staff of A1", PART),
        ("inspector of A1/1", PART | {"grid_list": REPORT["grid_list"][:1]}),
    ],
)
def test_of_a_streets_report_one_sees_ones_own_part(board: Board, who: str, told: dict[str, Any]) -> None:
    """A plan of the whole street is in force for each of its communities, and its report is about all of them."""
    with Session(board.engine) as session:
        plan = make.make_plan(
            session,
            scope_code=A,
            department="公安",
            grids=street_grids(session, "A"),
            report=REPORT,
            parameters=REPORT,
        )
        plans.adopt(session, plan, who="tester", version=1)
        session.flush()
        tell(session.connection(), ACTORS[who])
        found = plans.read_plan(session, plan)
        session.rollback()
    assert found.report == found.parameters == told


# ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_events_are_read_in_scope(board: Board) -> None:
    with session_scope(board.engine) as session:
        everything = events.read(session, limit=10_000)
    with session_scope(board.engine, ACTORS["planner of A1"]) as session:
        found = events.read(session, limit=10_000)
    own_plans = {str(key) for key, path in board.paths["plan"].items() if expected("planner of A1", "plan", path)}
    wanted = {
        event.id
        for event in everything
        if (event.noun == "plan" and event.code in own_plans)
        or (event.noun != "plan" and (event.code or "").startswith(A1))
    }
    assert {event.id for event in found} == wanted
    assert wanted
    with session_scope(board.engine, ACTORS["assessor of A1"]) as session:
        assert {event.noun for event in events.read(session, limit=10_000)}.isdisjoint(PEOPLE)
    with session_scope(board.engine, ACTORS["auditor"]) as session:
        read = events.read(session, limit=10_000)
        assert {event.id for event in read} == {
            event.id for event in everything if event.noun not in (*PEOPLE, "grid_staff")
        }
    for who in ("public", "planner of nothing", "administrator", "security officer"):
        with session_scope(board.engine, ACTORS[who]) as session:
            assert events.read(session) == []


# ── how it is found ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_index_on_communities_is_used(board: Board) -> None:
    with session_scope(board.engine, ACTORS["planner of A1"]) as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(session.scalars(text("EXPLAIN SELECT * FROM building")))
    assert "Index Scan on ix_building_community_code" in plan
    assert "Index Cond: (community_code = ANY" in plan
