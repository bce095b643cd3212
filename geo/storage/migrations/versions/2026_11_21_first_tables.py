"""Nouns, plans with their grids, cells and assignments, events: tables without the rules over several rows."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem

revision = "0001_first_tables"
down_revision = None
branch_labels = None
depends_on = None


def _kept_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
    ]


def _kept_rules(table: str) -> list[SchemaItem]:
    return [
        sa.UniqueConstraint("source", "source_key", name=f"uq_{table}_source_source_key"),
        sa.CheckConstraint("source_key IS NULL OR source IS NOT NULL", name=op.f(f"ck_{table}_source_key_has_source")),
        sa.CheckConstraint("version >= 1", name=op.f(f"ck_{table}_version_range")),
    ]


def _geom(*, nullable: bool) -> sa.Column[Any]:
    return sa.Column("geom", Geometry("GEOMETRY", srid=4326, dimension=2, spatial_index=False), nullable=nullable)


def _geom_rules(table: str, types: str) -> list[SchemaItem]:
    extent = "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90"
    return [
        sa.CheckConstraint(f"GeometryType(geom) IN ({types})", name=op.f(f"ck_{table}_geom_type")),
        sa.CheckConstraint("NOT ST_IsEmpty(geom) AND ST_IsValid(geom)", name=op.f(f"ck_{table}_geom_valid")),
        sa.CheckConstraint(extent, name=op.f(f"ck_{table}_geom_extent")),
    ]


def upgrade() -> None:
    op.create_table(
        "barrier",
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        _geom(nullable=False),
        *_kept_columns(),
        *_geom_rules("barrier", "'LINESTRING', 'MULTILINESTRING'"),
        sa.CheckConstraint("code ~ '^[0-9]{9}B[0-9]{5}$'", name=op.f("ck_barrier_code_structure")),
        sa.CheckConstraint("kind ~ '[^[:space:]]'", name=op.f("ck_barrier_kind_not_blank")),
        *_kept_rules("barrier"),
        sa.PrimaryKeyConstraint("code", name="pk_barrier"),
    )
    op.create_index("ix_barrier_geom", "barrier", ["geom"], postgresql_using="gist")
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("noun ~ '[^[:space:]]'", name=op.f("ck_event_noun_not_blank")),
        sa.CheckConstraint("what ~ '[^[:space:]]'", name=op.f("ck_event_what_not_blank")),
        sa.CheckConstraint("who ~ '[^[:space:]]'", name=op.f("ck_event_who_not_blank")),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
    )
    op.create_index("ix_event_noun_code", "event", ["noun", "code", "id"], unique=False)
    op.create_table(
        "grid_staff",
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("grid_code", sa.Text(collation="C"), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        *_kept_columns(),
        sa.CheckConstraint("code ~ '^[0-9]{9}S[0-9]{4}$'", name=op.f("ck_grid_staff_code_structure")),
        sa.CheckConstraint("grid_code ~ '^[0-9]{15}$'", name=op.f("ck_grid_staff_grid_code_structure")),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_grid_staff_name_not_blank")),
        sa.CheckConstraint("role ~ '[^[:space:]]'", name=op.f("ck_grid_staff_role_not_blank")),
        sa.CheckConstraint("since <= until", name=op.f("ck_grid_staff_since_before_until")),
        *_kept_rules("grid_staff"),
        sa.PrimaryKeyConstraint("code", name="pk_grid_staff"),
    )
    op.create_index("ix_grid_staff_grid_code", "grid_staff", ["grid_code"], unique=False)
    op.create_table(
        "responsible_body",
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        *_kept_columns(),
        sa.CheckConstraint("code ~ '^[0-9]{9}R[0-9]{4}$'", name=op.f("ck_responsible_body_code_structure")),
        sa.CheckConstraint("kind ~ '[^[:space:]]'", name=op.f("ck_responsible_body_kind_not_blank")),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_responsible_body_name_not_blank")),
        *_kept_rules("responsible_body"),
        sa.PrimaryKeyConstraint("code", name="pk_responsible_body"),
    )
    op.create_table(
        "street",
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _geom(nullable=False),
        *_kept_columns(),
        *_geom_rules("street", "'POLYGON', 'MULTIPOLYGON'"),
        sa.CheckConstraint("code ~ '^[0-9]{9}$'", name=op.f("ck_street_code_structure")),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_street_name_not_blank")),
        *_kept_rules("street"),
        sa.PrimaryKeyConstraint("code", name="pk_street"),
    )
    op.create_index("ix_street_geom", "street", ["geom"], postgresql_using="gist")
    op.create_table(
        "community",
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("street_code", sa.Text(collation="C"), nullable=False),
        _geom(nullable=False),
        *_kept_columns(),
        *_geom_rules("community", "'POLYGON', 'MULTIPOLYGON'"),
        sa.CheckConstraint("code ~ '^[0-9]{12}$'", name=op.f("ck_community_code_structure")),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_community_name_not_blank")),
        *_kept_rules("community"),
        sa.CheckConstraint("starts_with(code, street_code)", name=op.f("ck_community_code_under_street_code")),
        sa.ForeignKeyConstraint(["street_code"], ["street.code"], name="fk_community_street_code"),
        sa.PrimaryKeyConstraint("code", name="pk_community"),
    )
    op.create_index("ix_community_geom", "community", ["geom"], postgresql_using="gist")
    op.create_index("ix_community_street_code", "community", ["street_code"], unique=False)
    op.create_table(
        "city_element",
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("community_code", sa.Text(collation="C"), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("responsible_body_code", sa.Text(collation="C"), nullable=True),
        _geom(nullable=False),
        *_kept_columns(),
        *_geom_rules("city_element", "'POINT', 'POLYGON', 'MULTIPOLYGON', 'LINESTRING', 'MULTILINESTRING'"),
        sa.CheckConstraint("code ~ '^[0-9]{12}E[0-9]{4}$'", name=op.f("ck_city_element_code_structure")),
        sa.CheckConstraint("kind ~ '[^[:space:]]'", name=op.f("ck_city_element_kind_not_blank")),
        *_kept_rules("city_element"),
        sa.CheckConstraint("starts_with(code, community_code)", name=op.f("ck_city_element_code_under_community_code")),
        sa.ForeignKeyConstraint(["community_code"], ["community.code"], name="fk_city_element_community_code"),
        sa.ForeignKeyConstraint(
            ["responsible_body_code"], ["responsible_body.code"], name="fk_city_element_responsible_body_code"
        ),
        sa.PrimaryKeyConstraint("code", name="pk_city_element"),
    )
    op.create_index("ix_city_element_community_code", "city_element", ["community_code"], unique=False)
    op.create_index("ix_city_element_geom", "city_element", ["geom"], postgresql_using="gist")
    op.create_index("ix_city_element_responsible_body_code", "city_element", ["responsible_body_code"], unique=False)
    op.create_table(
        "compound",
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("community_code", sa.Text(collation="C"), nullable=False),
        sa.Column("responsible_body_code", sa.Text(collation="C"), nullable=True),
        _geom(nullable=False),
        *_kept_columns(),
        *_geom_rules("compound", "'POLYGON', 'MULTIPOLYGON'"),
        sa.CheckConstraint("code ~ '^[0-9]{12}X[0-9]{3}$'", name=op.f("ck_compound_code_structure")),
        sa.CheckConstraint("kind ~ '[^[:space:]]'", name=op.f("ck_compound_kind_not_blank")),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_compound_name_not_blank")),
        *_kept_rules("compound"),
        sa.CheckConstraint("starts_with(code, community_code)", name=op.f("ck_compound_code_under_community_code")),
        sa.ForeignKeyConstraint(["community_code"], ["community.code"], name="fk_compound_community_code"),
        sa.ForeignKeyConstraint(
            ["responsible_body_code"], ["responsible_body.code"], name="fk_compound_responsible_body_code"
        ),
        sa.PrimaryKeyConstraint("code", name="pk_compound"),
    )
    op.create_index("ix_compound_community_code", "compound", ["community_code"], unique=False)
    op.create_index("ix_compound_geom", "compound", ["geom"], postgresql_using="gist")
    op.create_index("ix_compound_responsible_body_code", "compound", ["responsible_body_code"], unique=False)
    op.create_table(
        "plan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("department", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("scope_code", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "scope_street_code",
            sa.Text(collation="C"),
            sa.Computed("left(scope_code, 9)", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "scope_community_code",
            sa.Text(collation="C"),
            sa.Computed("CASE WHEN length(scope_code) = 12 THEN scope_code ELSE NULL::text END", persisted=True),
            nullable=True,
        ),
        sa.Column("lower", sa.Integer(), nullable=True),
        sa.Column("upper", sa.Integer(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column(
            "parameters", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("(state = 'draft') = (adopted_at IS NULL)", name=op.f("ck_plan_adopted_at")),
        sa.CheckConstraint("(state = 'superseded') = (superseded_at IS NOT NULL)", name=op.f("ck_plan_superseded_at")),
        sa.CheckConstraint("created_by ~ '[^[:space:]]'", name=op.f("ck_plan_created_by_not_blank")),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_plan_name_not_blank")),
        sa.CheckConstraint("scope_code ~ '^([0-9]{9}|[0-9]{12})$'", name=op.f("ck_plan_scope_code_structure")),
        sa.CheckConstraint("state IN ('draft', 'adopted', 'superseded')", name=op.f("ck_plan_state")),
        sa.CheckConstraint("adopted_at <= superseded_at", name=op.f("ck_plan_adopted_before_superseded")),
        sa.CheckConstraint("lower <= upper", name=op.f("ck_plan_lower_upper")),
        sa.CheckConstraint("lower >= 0", name=op.f("ck_plan_lower_range")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_plan_version_range")),
        sa.ForeignKeyConstraint(["scope_community_code"], ["community.code"], name="fk_plan_scope_community_code"),
        sa.ForeignKeyConstraint(["scope_street_code"], ["street.code"], name="fk_plan_scope_street_code"),
        sa.PrimaryKeyConstraint("id", name="pk_plan"),
    )
    op.create_index(
        "uq_plan_adopted_scope",
        "plan",
        ["scope_code", "department"],
        unique=True,
        postgresql_where=sa.text("state = 'adopted'"),
    )
    op.create_table(
        "building",
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("community_code", sa.Text(collation="C"), nullable=False),
        sa.Column("compound_code", sa.Text(collation="C"), nullable=True),
        sa.Column("floors", sa.Integer(), nullable=True),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("households_source", sa.Text(), nullable=False),
        _geom(nullable=False),
        *_kept_columns(),
        *_geom_rules("building", "'POINT', 'POLYGON', 'MULTIPOLYGON'"),
        sa.CheckConstraint("code ~ '^[0-9]{19}$'", name=op.f("ck_building_code_structure")),
        sa.CheckConstraint("households_source ~ '[^[:space:]]'", name=op.f("ck_building_households_source_not_blank")),
        sa.CheckConstraint("kind ~ '[^[:space:]]'", name=op.f("ck_building_kind_not_blank")),
        sa.CheckConstraint("households >= 0", name=op.f("ck_building_households_range")),
        *_kept_rules("building"),
        sa.CheckConstraint("starts_with(code, community_code)", name=op.f("ck_building_code_under_community_code")),
        sa.ForeignKeyConstraint(["community_code"], ["community.code"], name="fk_building_community_code"),
        sa.ForeignKeyConstraint(["compound_code"], ["compound.code"], name="fk_building_compound_code"),
        sa.PrimaryKeyConstraint("code", name="pk_building"),
    )
    op.create_index("ix_building_community_code", "building", ["community_code"], unique=False)
    op.create_index("ix_building_compound_code", "building", ["compound_code"], unique=False)
    op.create_index("ix_building_geom", "building", ["geom"], postgresql_using="gist")
    op.create_table(
        "grid",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("community_code", sa.Text(collation="C"), nullable=False),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        _geom(nullable=False),
        *_geom_rules("grid", "'POLYGON', 'MULTIPOLYGON'"),
        sa.CheckConstraint("code ~ '^[0-9]{15}$'", name=op.f("ck_grid_code_structure")),
        sa.CheckConstraint("households >= 0", name=op.f("ck_grid_households_range")),
        sa.CheckConstraint("starts_with(code, community_code)", name=op.f("ck_grid_code_under_community_code")),
        sa.ForeignKeyConstraint(["community_code"], ["community.code"], name="fk_grid_community_code"),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name="fk_grid_plan_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_grid"),
        sa.UniqueConstraint("id", "code", name="uq_grid_id_code"),
        sa.UniqueConstraint("plan_id", "code", name="uq_grid_plan_id_code"),
        sa.UniqueConstraint("plan_id", "id", name="uq_grid_plan_id_id"),
    )
    op.create_index("ix_grid_community_code", "grid", ["community_code"], unique=False)
    op.create_index("ix_grid_geom", "grid", ["geom"], postgresql_using="gist")
    op.create_table(
        "cell",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=False),
        sa.Column("grid_code", sa.Text(collation="C"), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("households", sa.Integer(), nullable=True),
        _geom(nullable=True),
        *_geom_rules("cell", "'POLYGON', 'MULTIPOLYGON'"),
        sa.CheckConstraint("code ~ '^[0-9]{15}L[0-9]{2}$'", name=op.f("ck_cell_code_structure")),
        sa.CheckConstraint("households >= 0", name=op.f("ck_cell_households_range")),
        sa.CheckConstraint("starts_with(code, grid_code)", name=op.f("ck_cell_code_under_grid_code")),
        sa.ForeignKeyConstraint(
            ["grid_id", "grid_code"], ["grid.id", "grid.code"], name="fk_cell_grid_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_cell"),
        sa.UniqueConstraint("grid_id", "code", name="uq_cell_grid_id_code"),
    )
    op.create_index("ix_cell_geom", "cell", ["geom"], postgresql_using="gist")
    op.create_table(
        "stairwell",
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("building_code", sa.Text(collation="C"), nullable=False),
        sa.Column("floors", sa.Integer(), nullable=True),
        sa.Column("households", sa.Integer(), nullable=True),
        _geom(nullable=True),
        *_kept_columns(),
        *_geom_rules("stairwell", "'POINT', 'POLYGON', 'MULTIPOLYGON'"),
        sa.CheckConstraint("code ~ '^[0-9]{19}U[0-9]{2}$'", name=op.f("ck_stairwell_code_structure")),
        sa.CheckConstraint("households >= 0", name=op.f("ck_stairwell_households_range")),
        *_kept_rules("stairwell"),
        sa.CheckConstraint("starts_with(code, building_code)", name=op.f("ck_stairwell_code_under_building_code")),
        sa.ForeignKeyConstraint(["building_code"], ["building.code"], name="fk_stairwell_building_code"),
        sa.PrimaryKeyConstraint("code", name="pk_stairwell"),
    )
    op.create_index("ix_stairwell_building_code", "stairwell", ["building_code"], unique=False)
    op.create_index("ix_stairwell_geom", "stairwell", ["geom"], postgresql_using="gist")
    op.create_table(
        "assignment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=False),
        sa.Column("building_code", sa.Text(collation="C"), nullable=False),
        sa.Column("stairwell_code", sa.Text(collation="C"), nullable=True),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.CheckConstraint("households >= 0", name=op.f("ck_assignment_households_range")),
        sa.CheckConstraint(
            "starts_with(stairwell_code, building_code)", name=op.f("ck_assignment_stairwell_code_under_building_code")
        ),
        sa.ForeignKeyConstraint(["building_code"], ["building.code"], name="fk_assignment_building_code"),
        sa.ForeignKeyConstraint(
            ["plan_id", "grid_id"], ["grid.plan_id", "grid.id"], name="fk_assignment_plan_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["stairwell_code"], ["stairwell.code"], name="fk_assignment_stairwell_code"),
        sa.PrimaryKeyConstraint("id", name="pk_assignment"),
    )
    op.create_index("ix_assignment_building_code", "assignment", ["building_code"], unique=False)
    op.create_index("ix_assignment_grid_id", "assignment", ["grid_id"], unique=False)
    op.create_index("ix_assignment_stairwell_code", "assignment", ["stairwell_code"], unique=False)
    op.create_index(
        "uq_assignment_building",
        "assignment",
        ["plan_id", "building_code"],
        unique=True,
        postgresql_where=sa.text("stairwell_code IS NULL"),
    )
    op.create_index(
        "uq_assignment_stairwell",
        "assignment",
        ["plan_id", "stairwell_code"],
        unique=True,
        postgresql_where=sa.text("stairwell_code IS NOT NULL"),
    )
    op.create_table(
        "household_unit",
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("building_code", sa.Text(collation="C"), nullable=False),
        sa.Column("stairwell_code", sa.Text(collation="C"), nullable=True),
        sa.Column("floor", sa.Integer(), nullable=True),
        sa.Column("room", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        *_kept_columns(),
        sa.CheckConstraint("code ~ '^[0-9]{25}$'", name=op.f("ck_household_unit_code_structure")),
        sa.CheckConstraint("kind ~ '[^[:space:]]'", name=op.f("ck_household_unit_kind_not_blank")),
        sa.CheckConstraint("room ~ '[^[:space:]]'", name=op.f("ck_household_unit_room_not_blank")),
        *_kept_rules("household_unit"),
        sa.CheckConstraint("starts_with(code, building_code)", name=op.f("ck_household_unit_code_under_building_code")),
        sa.CheckConstraint(
            "starts_with(stairwell_code, building_code)",
            name=op.f("ck_household_unit_stairwell_code_under_building_code"),
        ),
        sa.ForeignKeyConstraint(["building_code"], ["building.code"], name="fk_household_unit_building_code"),
        sa.ForeignKeyConstraint(["stairwell_code"], ["stairwell.code"], name="fk_household_unit_stairwell_code"),
        sa.PrimaryKeyConstraint("code", name="pk_household_unit"),
    )
    op.create_index("ix_household_unit_building_code", "household_unit", ["building_code"], unique=False)
    op.create_index("ix_household_unit_stairwell_code", "household_unit", ["stairwell_code"], unique=False)
    op.create_table(
        "place",
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("building_code", sa.Text(collation="C"), nullable=True),
        sa.Column("household_unit_code", sa.Text(collation="C"), nullable=True),
        sa.Column("responsible_body_code", sa.Text(collation="C"), nullable=True),
        _geom(nullable=False),
        *_kept_columns(),
        *_geom_rules("place", "'POINT', 'POLYGON', 'MULTIPOLYGON'"),
        sa.CheckConstraint("code ~ '^[0-9]{9}P[0-9]{6}$'", name=op.f("ck_place_code_structure")),
        sa.CheckConstraint("kind ~ '[^[:space:]]'", name=op.f("ck_place_kind_not_blank")),
        sa.CheckConstraint("name ~ '[^[:space:]]'", name=op.f("ck_place_name_not_blank")),
        *_kept_rules("place"),
        sa.ForeignKeyConstraint(["building_code"], ["building.code"], name="fk_place_building_code"),
        sa.ForeignKeyConstraint(["household_unit_code"], ["household_unit.code"], name="fk_place_household_unit_code"),
        sa.ForeignKeyConstraint(
            ["responsible_body_code"], ["responsible_body.code"], name="fk_place_responsible_body_code"
        ),
        sa.PrimaryKeyConstraint("code", name="pk_place"),
    )
    op.create_index("ix_place_building_code", "place", ["building_code"], unique=False)
    op.create_index("ix_place_geom", "place", ["geom"], postgresql_using="gist")
    op.create_index("ix_place_household_unit_code", "place", ["household_unit_code"], unique=False)
    op.create_index("ix_place_responsible_body_code", "place", ["responsible_body_code"], unique=False)


def downgrade() -> None:
    for table in (
        "place",
        "household_unit",
        "assignment",
        "stairwell",
        "cell",
        "grid",
        "building",
        "plan",
        "compound",
        "city_element",
        "community",
        "street",
        "responsible_body",
        "grid_staff",
        "event",
        "barrier",
    ):
        op.drop_table(table)
