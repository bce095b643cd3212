"""The ledger: cases and the workflows they run through, inspections and their plans, and what shows either."""

from importlib.resources import files
from typing import Any

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem

revision = "0008_ledger"
down_revision = "0007_unplaced"
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
TIME = sa.DateTime(timezone=True)
POINT = Geometry("GEOMETRY", srid=4326, dimension=2, spatial_index=False)
JSONB = postgresql.JSONB()
EXTENT = "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90"
#: In the order in which they refer to one another.
TABLES = (
    "workflow_version",
    "inspection_plan",
    "place_grade",
    "inspection",
    "ledger_case",
    "case_move",
    "case_reporter",
    "evidence_content",
    "evidence",
)


def _run(name: str) -> None:
    sql = (files("geo.storage") / "migrations" / "sql" / name).read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False)


def _where_columns() -> list[sa.Column[Any]]:
    """Where a case or inspection is, and what it is about."""
    needed = ("street_code", "community_code")
    known = ("grid_code", "building_code", "household_unit_code", "place_code", "city_element_code")
    return [sa.Column(name, CODE, nullable=name in known) for name in (*needed, *known)]


def _where_rules(table: str) -> list[SchemaItem]:
    rules = {
        "geom_type": "GeometryType(geom) IN ('POINT')",
        "geom_valid": "NOT ST_IsEmpty(geom) AND ST_IsValid(geom)",
        "geom_extent": EXTENT,
        "grid_code_structure": "grid_code ~ '^[0-9]{15}$'",
        "household_unit_has_building": "household_unit_code IS NULL OR building_code IS NOT NULL",
        "household_unit_code_under_building_code": "starts_with(household_unit_code, building_code)",
    }
    nouns = ("street", "community", "building", "household_unit", "place", "city_element")
    return [
        *(sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}")) for name, rule in rules.items()),
        *_points_at(table, **{f"{noun}_code": f"{noun}.code" for noun in nouns}),
    ]


def _not_blank(table: str, *columns: str) -> list[SchemaItem]:
    return [
        sa.CheckConstraint(f"{column} ~ '[^[:space:]]'", name=op.f(f"ck_{table}_{column}_not_blank"))
        for column in columns
    ]


def _points_at(table: str, **targets: str) -> list[SchemaItem]:
    return [
        sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))
        for column, target in targets.items()
    ]


def _create_workflow_version() -> None:
    op.create_table(
        "workflow_version",
        _id(),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", JSONB, nullable=False),
        sa.Column("first_used_at", TIME, server_default=sa.text("now()"), nullable=False),
        *_not_blank("workflow_version", "code", "digest"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_version")),
        sa.UniqueConstraint("code", "digest", name=op.f("uq_workflow_version_code_digest")),
    )


def _create_inspection_plan() -> None:
    op.create_table(
        "inspection_plan",
        _id(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope_code", CODE, nullable=False),
        sa.Column("place_kind", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("cycle_days", sa.Integer(), nullable=False),
        sa.Column("checklist", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "scope_code ~ '^([0-9]{9}|[0-9]{12})$'", name=op.f("ck_inspection_plan_scope_code_structure")
        ),
        sa.CheckConstraint("cycle_days >= 1", name=op.f("ck_inspection_plan_cycle_days_range")),
        sa.CheckConstraint("since <= until", name=op.f("ck_inspection_plan_since_before_until")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_inspection_plan_version_range")),
        *_not_blank("inspection_plan", "checklist", "created_by", "name", "party", "place_kind"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_plan")),
    )
    op.create_index(
        "uq_inspection_plan_current",
        "inspection_plan",
        ["scope_code", "place_kind", sa.text("coalesce(grade, '')"), "party"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )


def _create_place_grade() -> None:
    op.create_table(
        "place_grade",
        _id(),
        sa.Column("place_code", CODE, nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.CheckConstraint("since <= until", name=op.f("ck_place_grade_since_before_until")),
        *_not_blank("place_grade", "grade", "who"),
        *_points_at("place_grade", place_code="place.code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_grade")),
    )
    op.create_index(op.f("ix_place_grade_place_code"), "place_grade", ["place_code"])
    op.create_index(
        "uq_place_grade_current", "place_grade", ["place_code"], unique=True, postgresql_where=sa.text("until IS NULL")
    )


def _create_inspection() -> None:
    op.create_table(
        "inspection",
        _id(),
        sa.Column("plan_id", sa.BigInteger(), nullable=True),
        *_where_columns(),
        sa.Column("geom", POINT, nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("checklist", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("items", JSONB, nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("inspected_at", TIME, nullable=False),
        sa.Column("recorded_at", TIME, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("inspector", sa.Text(), nullable=False),
        sa.Column("client_key", sa.Text(), nullable=True),
        sa.CheckConstraint("result IN ('clear', 'findings', 'no_access')", name=op.f("ck_inspection_result")),
        sa.CheckConstraint("char_length(note) <= 2000", name=op.f("ck_inspection_note_length")),
        sa.CheckConstraint(
            "num_nonnulls(place_code, city_element_code, building_code) >= 1", name=op.f("ck_inspection_has_subject")
        ),
        *_not_blank("inspection", "checklist", "inspector", "party"),
        *_where_rules("inspection"),
        *_points_at("inspection", plan_id="inspection_plan.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
        sa.UniqueConstraint("inspector", "client_key", name=op.f("uq_inspection_inspector_client_key")),
    )
    op.create_index("ix_inspection_community_code_inspected_at", "inspection", ["community_code", "inspected_at"])
    op.create_index("ix_inspection_geom", "inspection", ["geom"], postgresql_using="gist")
    op.create_index("ix_inspection_place_code_inspected_at", "inspection", ["place_code", "inspected_at"])
    for column in ("building_code", "city_element_code", "grid_code", "household_unit_code", "plan_id", "street_code"):
        op.create_index(f"ix_inspection_{column}", "inspection", [column])


def _create_ledger_case() -> None:
    op.create_table(
        "ledger_case",
        _id(),
        sa.Column("number", CODE, nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("workflow_version_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("rung", sa.Text(), nullable=True),
        *_where_columns(),
        sa.Column("responsible_body_code", CODE, nullable=True),
        sa.Column("geom", POINT, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("inspection_id", sa.BigInteger(), nullable=True),
        sa.Column("joined_into_id", sa.BigInteger(), nullable=True),
        sa.Column("assignee_role", sa.Text(), nullable=True),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("found_by", sa.Text(), nullable=False),
        sa.Column("found_at", TIME, nullable=False),
        sa.Column("opened_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("step_since", TIME, nullable=False),
        sa.Column("step_due_at", TIME, nullable=True),
        sa.Column("due_at", TIME, nullable=True),
        sa.Column("paused_at", TIME, nullable=True),
        sa.Column("fixed_by", sa.Text(), nullable=True),
        sa.Column("fixed_at", TIME, nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("sightings", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("reopened", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("details", JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("client_key", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "(closed_at IS NOT NULL) = (state IN ('closed', 'void'))", name=op.f("ck_ledger_case_closed_at")
        ),
        sa.CheckConstraint("(paused_at IS NOT NULL) = (state = 'paused')", name=op.f("ck_ledger_case_paused_at")),
        sa.CheckConstraint(
            "joined_into_id IS NULL OR (joined_into_id <> id AND state = 'void')",
            name=op.f("ck_ledger_case_joined_is_void"),
        ),
        sa.CheckConstraint("state IN ('open', 'paused', 'closed', 'void')", name=op.f("ck_ledger_case_state")),
        sa.CheckConstraint("char_length(summary) <= 2000", name=op.f("ck_ledger_case_summary_length")),
        sa.CheckConstraint("city_element_code IS NULL OR place_code IS NULL", name=op.f("ck_ledger_case_one_subject")),
        sa.CheckConstraint(
            "state <> 'closed' OR fixed_by IS NULL OR closed_by IS DISTINCT FROM fixed_by",
            name=op.f("ck_ledger_case_fixer_never_closes"),
        ),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("ck_ledger_case_rating_range")),
        sa.CheckConstraint("reopened >= 0", name=op.f("ck_ledger_case_reopened_range")),
        sa.CheckConstraint("sightings >= 1", name=op.f("ck_ledger_case_sightings_range")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_ledger_case_version_range")),
        *_not_blank("ledger_case", "found_by", "kind", "number", "source", "step", "summary", "workflow"),
        *_where_rules("ledger_case"),
        *_points_at(
            "ledger_case",
            inspection_id="inspection.id",
            joined_into_id="ledger_case.id",
            responsible_body_code="responsible_body.code",
            workflow_version_id="workflow_version.id",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_case")),
        sa.UniqueConstraint("found_by", "client_key", name=op.f("uq_ledger_case_found_by_client_key")),
        sa.UniqueConstraint("number", name=op.f("uq_ledger_case_number")),
    )
    op.create_index("ix_ledger_case_community_closed", "ledger_case", ["community_code", "closed_at"])
    op.create_index("ix_ledger_case_community_opened", "ledger_case", ["community_code", "opened_at"])
    op.create_index("ix_ledger_case_geom", "ledger_case", ["geom"], postgresql_using="gist")
    op.create_index(
        "ix_ledger_case_open",
        "ledger_case",
        ["community_code", "workflow", "step_due_at"],
        postgresql_where=sa.text("state IN ('open', 'paused')"),
    )
    for column in (
        "building_code",
        "city_element_code",
        "grid_code",
        "household_unit_code",
        "inspection_id",
        "joined_into_id",
        "place_code",
        "responsible_body_code",
        "street_code",
    ):
        op.create_index(f"ix_ledger_case_{column}", "ledger_case", [column])


def _create_case_move() -> None:
    op.create_table(
        "case_move",
        _id(),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("from_step", sa.Text(), nullable=True),
        sa.Column("to_step", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("recorded_at", TIME, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("details", JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("grid_code", CODE, nullable=True),
        sa.Column("client_key", sa.Text(), nullable=True),
        sa.CheckConstraint("grid_code ~ '^[0-9]{15}$'", name=op.f("ck_case_move_grid_code_structure")),
        sa.CheckConstraint("state IN ('open', 'paused', 'closed', 'void')", name=op.f("ck_case_move_state")),
        sa.CheckConstraint("char_length(note) <= 2000", name=op.f("ck_case_move_note_length")),
        *_not_blank("case_move", "action", "to_step", "who"),
        *_points_at("case_move", case_id="ledger_case.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_move")),
        sa.UniqueConstraint("case_id", "client_key", name=op.f("uq_case_move_case_id_client_key")),
    )
    op.create_index("ix_case_move_at", "case_move", ["at"])
    op.create_index("ix_case_move_case_id_id", "case_move", ["case_id", "id"])


def _create_case_reporter() -> None:
    op.create_table(
        "case_reporter",
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("contact", JSONB, server_default=sa.text("'{}'"), nullable=False),
        *_not_blank("case_reporter", "name"),
        *_points_at("case_reporter", case_id="ledger_case.id"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_reporter")),
    )


def _create_evidence_content() -> None:
    op.create_table(
        "evidence_content",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("ck_evidence_content_hash_length")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_evidence_content")),
    )


def _create_evidence() -> None:
    op.create_table(
        "evidence",
        _id(),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("inspection_id", sa.BigInteger(), nullable=True),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("taken_at", TIME, nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("recorded_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("phase IN ('finding', 'before', 'after', 'receipt')", name=op.f("ck_evidence_phase")),
        sa.CheckConstraint("(case_id IS NULL) <> (inspection_id IS NULL)", name=op.f("ck_evidence_of_one")),
        sa.CheckConstraint("(lon IS NULL) = (lat IS NULL)", name=op.f("ck_evidence_lon_lat")),
        sa.CheckConstraint("abs(lon) <= 180 AND abs(lat) <= 90", name=op.f("ck_evidence_lon_lat_range")),
        *_not_blank("evidence", "who"),
        *_points_at("evidence", case_id="ledger_case.id", hash="evidence_content.hash", inspection_id="inspection.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    for column in ("case_id", "inspection_id"):
        op.create_index(f"ix_evidence_{column}", "evidence", [column])


def upgrade() -> None:
    _create_workflow_version()
    _create_inspection_plan()
    _create_place_grade()
    _create_inspection()
    _create_ledger_case()
    _create_case_move()
    _create_case_reporter()
    _create_evidence_content()
    _create_evidence()
    _run("2026_11_22_ledger.sql")


def downgrade() -> None:
    _run("2026_11_22_ledger_down.sql")
    for table in reversed(TABLES):
        op.drop_table(table)
