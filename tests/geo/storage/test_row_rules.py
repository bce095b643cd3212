"""What a single row may be is enforced by the database: every rule is attacked by raw SQL."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import shapely
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo.errors import ConflictError
from geo.storage.catalogue import METADATA
from geo.storage.refusals import refusal
from geo.storage.tables import NOUN_TABLES
from geo.territory.nouns import NOUNS
from tests import factories as make

SQUARE = "SRID=4326;POLYGON((114.1 22.6,114.101 22.6,114.101 22.601,114.1 22.601,114.1 22.6))"
LINE = "SRID=4326;LINESTRING(114.1 22.6,114.101 22.6)"
# Not over the grid that the town's plan has.
ELSEWHERE = "SRID=4326;POLYGON((114.109 22.6,114.11 22.6,114.11 22.601,114.109 22.601,114.109 22.6))"
POINT = "SRID=4326;POINT(114.1 22.6)"

#: One sound row of each table, as text; parents and surrogate ids come from ``town``.
ROWS: dict[str, dict[str, Any]] = {
    "street": {"code": "440307002", "name": "东街道", "geom": SQUARE},
    "community": {"code": "440307001002", "name": "社区", "street_code": "440307001", "geom": SQUARE},
    "compound": {
        "code": "440307001001X001",
        "name": "花园",
        "kind": "managed",
        "community_code": "440307001001",
        "geom": SQUARE,
    },
    "barrier": {"code": "440307001B00001", "kind": "road", "geom": LINE},
    "building": {
        "code": "4403070010010000009",
        "kind": "tower",
        "community_code": "440307001001",
        "households_source": "register",
        "geom": SQUARE,
    },
    "stairwell": {"code": "4403070010010000001U01", "building_code": "4403070010010000001", "geom": POINT},
    "household_unit": {
        "code": "4403070010010000001001001",
        "building_code": "4403070010010000001",
        "room": "101",
        "kind": "home",
    },
    "place": {"code": "440307001P000001", "name": "小店", "kind": "small_shop", "geom": POINT},
    "city_element": {
        "code": "440307001001E0001",
        "kind": "garbage_point",
        "community_code": "440307001001",
        "geom": POINT,
    },
    "responsible_body": {"code": "440307001R0001", "name": "物业", "kind": "property_company"},
    "grid_staff": {"code": "440307001S0001", "name": "张三", "role": "grid_worker"},
    "grid": {"code": "440307001001009", "community_code": "440307001001", "geom": ELSEWHERE},
    "cell": {"code": "440307001001001L01", "grid_code": "440307001001001", "geom": SQUARE},
    "event": {"who": "张三", "what": "changed", "noun": "building"},
    "plan": {"name": "方案", "scope_code": "440307001", "created_by": "张三"},
}
SPATIAL = [name for name in ROWS if "geom" in METADATA.tables[name].columns]
TYPES = {**{name: noun.geometry for name, noun in NOUNS.items()}, "cell": ("Polygon", "MultiPolygon")}


@pytest.fixture(scope="module")
def settled(engine: Engine) -> Iterator[Connection]:
    """A street, a community, a building, and a plan with the one grid 440307001001001 in the community's west."""
    with engine.connect() as connection, connection.begin() as transaction:
        with Session(bind=connection, join_transaction_mode="create_savepoint") as session:
            make.make_building(session)
            make.make_plan(session, grids=make.grid_frame(count=4)[:1])
            session.commit()
        yield connection
        transaction.rollback()


@pytest.fixture
def town(settled: Connection) -> Iterator[Session]:
    """The settled town in a session that the test may break; made once, since making it takes longer than a test."""
    with settled.begin_nested() as savepoint:
        with Session(bind=settled, join_transaction_mode="create_savepoint") as session:
            yield session
        savepoint.rollback()


def insert(session: Session, table: str, **changes: Any) -> None:
    row = ROWS[table] | changes
    if table == "grid":
        row.setdefault("plan_id", session.scalar(text("SELECT max(id) FROM plan")))
    if table == "cell":
        row.setdefault("grid_id", session.scalar(text("SELECT max(id) FROM grid")))
    values = ", ".join("CAST(:geom AS geometry)" if name == "geom" else f":{name}" for name in row)
    session.execute(text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values})"), row)


def refused(session: Session, table: str, **changes: Any) -> str:
    """Insert what must not go in; return the name of the rule that refused it, or the message where it has none."""
    with pytest.raises(DBAPIError) as caught:
        insert(session, table, **changes)
    diagnosis = caught.value.orig.diag  # type: ignore[union-attr]
    return diagnosis.constraint_name or diagnosis.message_primary


@pytest.mark.parametrize("table", ROWS)
def test_sound_row_is_taken(town: Session, table: str) -> None:
    insert(town, table)


# ── geometry ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("table", SPATIAL)
@pytest.mark.parametrize(
    ("geom", "said"),
    [
        (SQUARE.replace("4326", "4490"), "SRID"),
        ("SRID=4326;POINT Z (114.1 22.6 3)", "Z dimension"),
        ("SRID=4326;POINT M (114.1 22.6 3)", "M dimension"),
        ("SRID=4326;GEOMETRYCOLLECTION(POINT(114.1 22.6))", "geom_type"),
        ("SRID=4326;MULTIPOINT((114.1 22.6))", "geom_type"),
    ],
)
def test_datum_dimension_and_type(town: Session, table: str, geom: str, said: str) -> None:
    assert said in refused(town, table, geom=geom)


@pytest.mark.parametrize("table", SPATIAL)
def test_only_the_types_of_the_noun(town: Session, table: str) -> None:
    samples = {"Point": POINT, "Polygon": SQUARE, "LineString": LINE}
    for kind, geom in samples.items():
        if kind not in TYPES[table]:
            with town.begin_nested() as savepoint:
                assert refused(town, table, geom=geom) == f"ck_{table}_geom_type"
                savepoint.rollback()


@pytest.mark.parametrize("table", [name for name in SPATIAL if "Polygon" in TYPES[name]])
@pytest.mark.parametrize(
    ("geom", "rule"),
    [
        ("POLYGON EMPTY", "geom_valid"),
        ("POLYGON((114.1 22.6,114.2 22.7,114.2 22.6,114.1 22.7,114.1 22.6))", "geom_valid"),
        ("POLYGON((114.1 22.6,114.2 22.6,114.1 22.6,114.1 22.6))", "geom_valid"),
        ("POLYGON((114.1 22.6,181 22.6,114.2 22.7,114.1 22.6))", "geom_extent"),
        ("POLYGON((114.1 22.6,114.2 -91,114.2 22.7,114.1 22.6))", "geom_extent"),
        ("POLYGON((500000 2500000,500010 2500000,500010 2500010,500000 2500000))", "geom_extent"),
    ],
)
def test_areas_are_valid_and_on_the_globe(town: Session, table: str, geom: str, rule: str) -> None:
    assert refused(town, table, geom=f"SRID=4326;{geom}") == f"ck_{table}_{rule}"


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("table", ["place", "building", "stairwell"])
def test_points_have_finite_coordinates(town: Session, table: str, bad: float) -> None:
    for x, y in ((bad, 22.6), (114.1, bad), (bad, bad)):
        geom = shapely.to_wkb(shapely.set_srid(shapely.Point(x, y), 4326), hex=True, include_srid=True)
        with town.begin_nested() as savepoint:
            assert refused(town, table, geom=geom).startswith(f"ck_{table}_geom_")
            savepoint.rollback()


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_lines_and_areas_have_finite_coordinates(town: Session, bad: float) -> None:
    with np.errstate(invalid="ignore"):
        line = shapely.LineString([(114.1, 22.6), (114.2, bad), (114.3, 22.6)])
        area = shapely.Polygon([(114.1, 22.6), (114.2, bad), (114.3, 22.6)])
    for table, geometry in (("barrier", line), ("street", area)):
        geom = shapely.to_wkb(shapely.set_srid(geometry, 4326), hex=True, include_srid=True)
        with town.begin_nested() as savepoint:
            assert refused(town, table, geom=geom).startswith(f"ck_{table}_geom_")
            savepoint.rollback()


@pytest.mark.parametrize("table", [name for name in SPATIAL if name not in ("stairwell", "cell")])
def test_geometry_is_required(town: Session, table: str) -> None:
    assert "geom" in refused(town, table, geom=None)


# ── codes, references, texts, numbers ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("table", [name for name in ROWS if "code" in ROWS[name]])
def test_code_has_its_structure(town: Session, table: str) -> None:
    code = ROWS[table]["code"]
    for wrong in (code[:-1], f"{code}0", f"{code[:-1]}x", f"{code[:-1]}九", f"{code}\n", ""):
        with town.begin_nested() as savepoint:
            assert refused(town, table, code=wrong) == f"ck_{table}_code_structure"
            savepoint.rollback()


@pytest.mark.parametrize(
    ("table", "code", "parent"),
    [
        ("community", "440307002001", "street_code"),
        ("compound", "440307002001X001", "street"),
        ("building", "4403070020010000009", "street"),
        ("stairwell", "4403070010010000002U01", "building_code"),
        ("household_unit", "4403070010010000002001001", "building_code"),
        ("city_element", "440307002001E0001", "street"),
        ("grid", "440307001002001", "community_code"),
        ("cell", "440307001001002L01", "grid_code"),
    ],
)
def test_code_starts_with_its_parents(town: Session, table: str, code: str, parent: str) -> None:
    assert refused(town, table, code=code) == f"ck_{table}_code_under_{parent}"


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        ("community", {"code": "440307009001", "street_code": "440307009"}),
        ("building", {"code": "4403070010090000001", "community_code": "440307001009"}),
        ("building", {"compound_code": "440307001001X099"}),
        ("compound", {"responsible_body_code": "440307001R0099"}),
        ("household_unit", {"stairwell_code": "4403070010010000001U09"}),
        ("place", {"building_code": "4403070010010000099"}),
        ("place", {"household_unit_code": "4403070010010000001001009"}),
        ("plan", {"scope_code": "440307009"}),
        ("plan", {"scope_code": "440307001099"}),
        ("cell", {"code": "440307001001002L01", "grid_code": "440307001001002"}),
    ],
)
def test_references_exist(town: Session, table: str, changes: dict[str, Any]) -> None:
    assert refused(town, table, **changes).startswith(f"fk_{table}_")


@pytest.mark.parametrize(
    ("table", "changes", "rule"),
    [
        ("street", {"name": "　\t"}, "ck_street_name_not_blank"),
        ("building", {"kind": ""}, "ck_building_kind_not_blank"),
        ("building", {"households": -1}, "ck_building_households_range"),
        ("stairwell", {"households": -1}, "ck_stairwell_households_range"),
        ("grid", {"households": -1}, "ck_grid_households_range"),
        ("cell", {"households": -1}, "ck_cell_households_range"),
        ("grid_staff", {"grid_code": "4403070010010"}, "ck_grid_staff_grid_code_structure"),
        ("grid_staff", {"since": "2026-02-01", "until": "2026-01-31"}, "ck_grid_staff_since_before_until"),
        ("place", {"source_key": "7"}, "ck_place_source_key_has_source"),
        ("place", {"version": 0}, "ck_place_version_range"),
        ("plan", {"name": " "}, "ck_plan_name_not_blank"),
        ("plan", {"lower": 301, "upper": 300}, "ck_plan_lower_upper"),
        ("plan", {"lower": -1, "upper": 300}, "ck_plan_lower_range"),
        ("plan", {"scope_code": "44030700100"}, "ck_plan_scope_code_structure"),
        ("event", {"who": ""}, "ck_event_who_not_blank"),
        (
            "household_unit",
            {"stairwell_code": "4403070010010000002U01"},
            "ck_household_unit_stairwell_code_under_building_code",
        ),
    ],
)
def test_texts_and_numbers(town: Session, table: str, changes: dict[str, Any], rule: str) -> None:
    assert refused(town, table, **changes) == rule


def test_a_source_gives_each_key_once(town: Session) -> None:
    insert(town, "place", source="shops.csv", source_key="7")
    insert(town, "place", code="440307001P000002", source="other.csv", source_key="7")
    insert(town, "place", code="440307001P000003", source="shops.csv")
    insert(town, "place", code="440307001P000004", source="shops.csv")
    rule = refused(town, "place", code="440307001P000005", source="shops.csv", source_key="7")
    assert rule == "uq_place_source_source_key"


# ── nothing is deleted ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("table", NOUN_TABLES)
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_rows_of_nouns_are_ended_not_deleted(town: Session, table: str, statement: str) -> None:
    with pytest.raises(DBAPIError) as caught:
        town.execute(text(statement.format(table)))
    assert isinstance(refusal(caught.value), ConflictError)


@pytest.mark.parametrize("statement", ["DELETE FROM event", "UPDATE event SET who = 'x'", "TRUNCATE event"])
def test_events_are_append_only(town: Session, statement: str) -> None:
    town.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))  # no table with events to be chained yet can be truncated
    with pytest.raises(DBAPIError) as caught:
        town.execute(text(statement))
    assert "event_append_only" in str(refusal(caught.value))
