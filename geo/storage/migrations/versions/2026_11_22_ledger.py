"""The ledger: cases and the workflows they run through, inspections and their plans, and what shows either."""

from importlib.resources import files

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0008_ledger"
down_revision = "0007_unplaced"
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
TIME = sa.DateTime(timezone=True)
POINT = Geometry("GEOMETRY", srid=4326, dimension=2, spatial_index=False)
JSONB = postgresql.JSONB()
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


def _create_workflow_version() -> None:
    op.create_table(
        "workflow_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", JSONB, nullable=False),
        sa.Column("first_used_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("code ~ '[^[:space:]]'", name=op.f("ck_workflow_version_code_not_blank")),
        sa.CheckConstraint("digest ~ '[^[:space:]]'", name=op.f("ck_workflow_version_digest_not_blank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_version")),
        sa.UniqueConstraint("code", "digest", name=op.f("uq_workflow_version_code_digest")),
    )


def _create_inspection_plan() -> None:
    op.create_table(
        "inspection_plan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
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
        sa.CheckConstraint("checklist ~ '[^[:space:]]'", name=op.f("ck_inspection_plan_checklist_not_blank")),
        sa.CheckConstraint("created_by ~ '[^[:space:]]'", name=op.f("ck_inspection_plan_created_by_not_blank")),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_inspection_plan_name_not_blank")),
        sa.CheckConstraint("party ~ '[^[:space:]]'", name=op.f("ck_inspection_plan_party_not_blank")),
        sa.CheckConstraint("place_kind ~ '[^[:space:]]'", name=op.f("ck_inspection_plan_place_kind_not_blank")),
        sa.CheckConstraint(
            "scope_code ~ '^([0-9]{9}|[0-9]{12})$'", name=op.f("ck_inspection_plan_scope_code_structure")
        ),
        sa.CheckConstraint("cycle_days >= 1", name=op.f("ck_inspection_plan_cycle_days_range")),
        sa.CheckConstraint("since <= until", name=op.f("ck_inspection_plan_since_before_until")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_inspection_plan_version_range")),
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
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("place_code", CODE, nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.CheckConstraint("grade ~ '[^[:space:]]'", name=op.f("ck_place_grade_grade_not_blank")),
        sa.CheckConstraint("who ~ '[^[:space:]]'", name=op.f("ck_place_grade_who_not_blank")),
        sa.CheckConstraint("since <= until", name=op.f("ck_place_grade_since_before_until")),
        sa.ForeignKeyConstraint(["place_code"], ["place.code"], name=op.f("fk_place_grade_place_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_grade")),
    )
    op.create_index(op.f("ix_place_grade_place_code"), "place_grade", ["place_code"])
    op.create_index(
        "uq_place_grade_current", "place_grade", ["place_code"], unique=True, postgresql_where=sa.text("until IS NULL")
    )


def _create_inspection() -> None:
    op.create_table(
        "inspection",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=True),
        sa.Column("street_code", CODE, nullable=False),
        sa.Column("community_code", CODE, nullable=False),
        sa.Column("grid_code", CODE, nullable=True),
        sa.Column("building_code", CODE, nullable=True),
        sa.Column("household_unit_code", CODE, nullable=True),
        sa.Column("place_code", CODE, nullable=True),
        sa.Column("city_element_code", CODE, nullable=True),
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
        sa.CheckConstraint("GeometryType(geom) IN ('POINT')", name=op.f("ck_inspection_geom_type")),
        sa.CheckConstraint("checklist ~ '[^[:space:]]'", name=op.f("ck_inspection_checklist_not_blank")),
        sa.CheckConstraint("grid_code ~ '^[0-9]{15}$'", name=op.f("ck_inspection_grid_code_structure")),
        sa.CheckConstraint("inspector ~ '[^[:space:]]'", name=op.f("ck_inspection_inspector_not_blank")),
        sa.CheckConstraint("party ~ '[^[:space:]]'", name=op.f("ck_inspection_party_not_blank")),
        sa.CheckConstraint("result IN ('clear', 'findings', 'no_access')", name=op.f("ck_inspection_result")),
        sa.CheckConstraint("NOT ST_IsEmpty(geom) AND ST_IsValid(geom)", name=op.f("ck_inspection_geom_valid")),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90",
            name=op.f("ck_inspection_geom_extent"),
        ),
        sa.CheckConstraint("char_length(note) <= 2000", name=op.f("ck_inspection_note_length")),
        sa.CheckConstraint(
            "household_unit_code IS NULL OR building_code IS NOT NULL",
            name=op.f("ck_inspection_household_unit_has_building"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(place_code, city_element_code, building_code) >= 1", name=op.f("ck_inspection_has_subject")
        ),
        sa.CheckConstraint(
            "starts_with(household_unit_code, building_code)",
            name=op.f("ck_inspection_household_unit_code_under_building_code"),
        ),
        sa.ForeignKeyConstraint(["building_code"], ["building.code"], name=op.f("fk_inspection_building_code")),
        sa.ForeignKeyConstraint(
            ["city_element_code"], ["city_element.code"], name=op.f("fk_inspection_city_element_code")
        ),
        sa.ForeignKeyConstraint(["community_code"], ["community.code"], name=op.f("fk_inspection_community_code")),
        sa.ForeignKeyConstraint(
            ["household_unit_code"], ["household_unit.code"], name=op.f("fk_inspection_household_unit_code")
        ),
        sa.ForeignKeyConstraint(["place_code"], ["place.code"], name=op.f("fk_inspection_place_code")),
        sa.ForeignKeyConstraint(["plan_id"], ["inspection_plan.id"], name=op.f("fk_inspection_plan_id")),
        sa.ForeignKeyConstraint(["street_code"], ["street.code"], name=op.f("fk_inspection_street_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
        sa.UniqueConstraint("inspector", "client_key", name=op.f("uq_inspection_inspector_client_key")),
    )
    op.create_index(op.f("ix_inspection_building_code"), "inspection", ["building_code"])
    op.create_index(op.f("ix_inspection_city_element_code"), "inspection", ["city_element_code"])
    op.create_index("ix_inspection_community_code_inspected_at", "inspection", ["community_code", "inspected_at"])
    op.create_index("ix_inspection_geom", "inspection", ["geom"], postgresql_using="gist")
    op.create_index(op.f("ix_inspection_grid_code"), "inspection", ["grid_code"])
    op.create_index(op.f("ix_inspection_household_unit_code"), "inspection", ["household_unit_code"])
    op.create_index("ix_inspection_place_code_inspected_at", "inspection", ["place_code", "inspected_at"])
    op.create_index(op.f("ix_inspection_plan_id"), "inspection", ["plan_id"])
    op.create_index(op.f("ix_inspection_street_code"), "inspection", ["street_code"])


def _create_ledger_case() -> None:
    op.create_table(
        "ledger_case",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number", CODE, nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("workflow_version_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("nature", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("rung", sa.Text(), nullable=True),
        sa.Column("street_code", CODE, nullable=False),
        sa.Column("community_code", CODE, nullable=False),
        sa.Column("grid_code", CODE, nullable=True),
        sa.Column("building_code", CODE, nullable=True),
        sa.Column("household_unit_code", CODE, nullable=True),
        sa.Column("place_code", CODE, nullable=True),
        sa.Column("city_element_code", CODE, nullable=True),
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
        sa.CheckConstraint("GeometryType(geom) IN ('POINT')", name=op.f("ck_ledger_case_geom_type")),
        sa.CheckConstraint("found_by ~ '[^[:space:]]'", name=op.f("ck_ledger_case_found_by_not_blank")),
        sa.CheckConstraint("grid_code ~ '^[0-9]{15}$'", name=op.f("ck_ledger_case_grid_code_structure")),
        sa.CheckConstraint(
            "joined_into_id IS NULL OR (joined_into_id <> id AND state = 'void')",
            name=op.f("ck_ledger_case_joined_is_void"),
        ),
        sa.CheckConstraint("kind ~ '[^[:space:]]'", name=op.f("ck_ledger_case_kind_not_blank")),
        sa.CheckConstraint("number ~ '[^[:space:]]'", name=op.f("ck_ledger_case_number_not_blank")),
        sa.CheckConstraint("source ~ '[^[:space:]]'", name=op.f("ck_ledger_case_source_not_blank")),
        sa.CheckConstraint("state IN ('open', 'paused', 'closed', 'void')", name=op.f("ck_ledger_case_state")),
        sa.CheckConstraint("step ~ '[^[:space:]]'", name=op.f("ck_ledger_case_step_not_blank")),
        sa.CheckConstraint("summary ~ '[^[:space:]]'", name=op.f("ck_ledger_case_summary_not_blank")),
        sa.CheckConstraint("workflow ~ '[^[:space:]]'", name=op.f("ck_ledger_case_workflow_not_blank")),
        sa.CheckConstraint("NOT ST_IsEmpty(geom) AND ST_IsValid(geom)", name=op.f("ck_ledger_case_geom_valid")),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90",
            name=op.f("ck_ledger_case_geom_extent"),
        ),
        sa.CheckConstraint("char_length(summary) <= 2000", name=op.f("ck_ledger_case_summary_length")),
        sa.CheckConstraint("city_element_code IS NULL OR place_code IS NULL", name=op.f("ck_ledger_case_one_subject")),
        sa.CheckConstraint(
            "state <> 'closed' OR fixed_by IS NULL OR closed_by IS DISTINCT FROM fixed_by",
            name=op.f("ck_ledger_case_fixer_never_closes"),
        ),
        sa.CheckConstraint(
            "household_unit_code IS NULL OR building_code IS NOT NULL",
            name=op.f("ck_ledger_case_household_unit_has_building"),
        ),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("ck_ledger_case_rating_range")),
        sa.CheckConstraint("reopened >= 0", name=op.f("ck_ledger_case_reopened_range")),
        sa.CheckConstraint("sightings >= 1", name=op.f("ck_ledger_case_sightings_range")),
        sa.CheckConstraint(
            "starts_with(household_unit_code, building_code)",
            name=op.f("ck_ledger_case_household_unit_code_under_building_code"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_ledger_case_version_range")),
        sa.ForeignKeyConstraint(["building_code"], ["building.code"], name=op.f("fk_ledger_case_building_code")),
        sa.ForeignKeyConstraint(
            ["city_element_code"], ["city_element.code"], name=op.f("fk_ledger_case_city_element_code")
        ),
        sa.ForeignKeyConstraint(["community_code"], ["community.code"], name=op.f("fk_ledger_case_community_code")),
        sa.ForeignKeyConstraint(
            ["household_unit_code"], ["household_unit.code"], name=op.f("fk_ledger_case_household_unit_code")
        ),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspection.id"], name=op.f("fk_ledger_case_inspection_id")),
        sa.ForeignKeyConstraint(["joined_into_id"], ["ledger_case.id"], name=op.f("fk_ledger_case_joined_into_id")),
        sa.ForeignKeyConstraint(["place_code"], ["place.code"], name=op.f("fk_ledger_case_place_code")),
        sa.ForeignKeyConstraint(
            ["responsible_body_code"], ["responsible_body.code"], name=op.f("fk_ledger_case_responsible_body_code")
        ),
        sa.ForeignKeyConstraint(["street_code"], ["street.code"], name=op.f("fk_ledger_case_street_code")),
        sa.ForeignKeyConstraint(
            ["workflow_version_id"], ["workflow_version.id"], name=op.f("fk_ledger_case_workflow_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_case")),
        sa.UniqueConstraint("found_by", "client_key", name=op.f("uq_ledger_case_found_by_client_key")),
        sa.UniqueConstraint("number", name=op.f("uq_ledger_case_number")),
    )
    op.create_index(op.f("ix_ledger_case_building_code"), "ledger_case", ["building_code"])
    op.create_index(op.f("ix_ledger_case_city_element_code"), "ledger_case", ["city_element_code"])
    op.create_index("ix_ledger_case_community_closed", "ledger_case", ["community_code", "closed_at"])
    op.create_index("ix_ledger_case_community_opened", "ledger_case", ["community_code", "opened_at"])
    op.create_index("ix_ledger_case_geom", "ledger_case", ["geom"], postgresql_using="gist")
    op.create_index(op.f("ix_ledger_case_grid_code"), "ledger_case", ["grid_code"])
    op.create_index(op.f("ix_ledger_case_household_unit_code"), "ledger_case", ["household_unit_code"])
    op.create_index(op.f("ix_ledger_case_inspection_id"), "ledger_case", ["inspection_id"])
    op.create_index(op.f("ix_ledger_case_joined_into_id"), "ledger_case", ["joined_into_id"])
    op.create_index(
        "ix_ledger_case_open",
        "ledger_case",
        ["community_code", "workflow", "step_due_at"],
        postgresql_where=sa.text("state IN ('open', 'paused')"),
    )
    op.create_index(op.f("ix_ledger_case_place_code"), "ledger_case", ["place_code"])
    op.create_index(op.f("ix_ledger_case_responsible_body_code"), "ledger_case", ["responsible_body_code"])
    op.create_index(op.f("ix_ledger_case_street_code"), "ledger_case", ["street_code"])


def _create_case_move() -> None:
    op.create_table(
        "case_move",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
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
        sa.CheckConstraint("action ~ '[^[:space:]]'", name=op.f("ck_case_move_action_not_blank")),
        sa.CheckConstraint("grid_code ~ '^[0-9]{15}$'", name=op.f("ck_case_move_grid_code_structure")),
        sa.CheckConstraint("state IN ('open', 'paused', 'closed', 'void')", name=op.f("ck_case_move_state")),
        sa.CheckConstraint("to_step ~ '[^[:space:]]'", name=op.f("ck_case_move_to_step_not_blank")),
        sa.CheckConstraint("who ~ '[^[:space:]]'", name=op.f("ck_case_move_who_not_blank")),
        sa.CheckConstraint("char_length(note) <= 2000", name=op.f("ck_case_move_note_length")),
        sa.ForeignKeyConstraint(["case_id"], ["ledger_case.id"], name=op.f("fk_case_move_case_id")),
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
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_case_reporter_name_not_blank")),
        sa.ForeignKeyConstraint(["case_id"], ["ledger_case.id"], name=op.f("fk_case_reporter_case_id")),
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
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
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
        sa.CheckConstraint("who ~ '[^[:space:]]'", name=op.f("ck_evidence_who_not_blank")),
        sa.CheckConstraint("(case_id IS NULL) <> (inspection_id IS NULL)", name=op.f("ck_evidence_of_one")),
        sa.CheckConstraint("(lon IS NULL) = (lat IS NULL)", name=op.f("ck_evidence_lon_lat")),
        sa.CheckConstraint("abs(lon) <= 180 AND abs(lat) <= 90", name=op.f("ck_evidence_lon_lat_range")),
        sa.ForeignKeyConstraint(["case_id"], ["ledger_case.id"], name=op.f("fk_evidence_case_id")),
        sa.ForeignKeyConstraint(["hash"], ["evidence_content.hash"], name=op.f("fk_evidence_hash")),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspection.id"], name=op.f("fk_evidence_inspection_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    op.create_index(op.f("ix_evidence_case_id"), "evidence", ["case_id"])
    op.create_index(op.f("ix_evidence_inspection_id"), "evidence", ["inspection_id"])


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
