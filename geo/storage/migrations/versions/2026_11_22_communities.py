"""Plans of communities; things keep their codes when the borders of communities move."""

from importlib.resources import files

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

revision = "0004_communities"
down_revision = "0003_cells"
branch_labels = None
depends_on = None

#: Whose codes start with the community that they were given in.
GIVEN_IN_COMMUNITIES = ("compound", "building", "city_element")
CODE = sa.Text(collation="C")


def _run(name: str) -> None:
    sql = (files("geo.storage") / "migrations" / "sql" / name).read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})


def _adopted_scope(*more: str) -> None:
    op.drop_index("uq_plan_adopted_scope", "plan")
    op.create_index(
        "uq_plan_adopted_scope",
        "plan",
        ["scope_code", "department", *more],
        unique=True,
        postgresql_where=sa.text("state = 'adopted'"),
    )


def upgrade() -> None:
    op.add_column("plan", sa.Column("tier", sa.Text(), server_default=sa.text("'grid'"), nullable=False))
    op.create_check_constraint(op.f("ck_plan_tier"), "plan", "tier IN ('community', 'grid', 'cell')")
    _adopted_scope("tier")
    for table in GIVEN_IN_COMMUNITIES:
        op.drop_constraint(op.f(f"ck_{table}_code_under_community_code"), table)
        op.create_check_constraint(
            op.f(f"ck_{table}_code_under_street"), table, "starts_with(code, left(community_code, 9))"
        )
    op.create_table(
        "drawn_community",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("code", CODE, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("community_code", CODE, nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("geom", Geometry("GEOMETRY", srid=4326, dimension=2, spatial_index=False), nullable=False),
        sa.CheckConstraint("code ~ '^[0-9]{12}$'", name=op.f("ck_drawn_community_code_structure")),
        sa.CheckConstraint("households >= 0", name=op.f("ck_drawn_community_households_range")),
        sa.CheckConstraint(
            "GeometryType(geom) IN ('POLYGON', 'MULTIPOLYGON')", name=op.f("ck_drawn_community_geom_type")
        ),
        sa.CheckConstraint("NOT ST_IsEmpty(geom) AND ST_IsValid(geom)", name=op.f("ck_drawn_community_geom_valid")),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90",
            name=op.f("ck_drawn_community_geom_extent"),
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name="fk_drawn_community_plan_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["community_code"], ["community.code"], name="fk_drawn_community_community_code"),
        sa.PrimaryKeyConstraint("id", name="pk_drawn_community"),
        sa.UniqueConstraint("plan_id", "code", name="uq_drawn_community_plan_id_code"),
        sa.UniqueConstraint("plan_id", "id", name="uq_drawn_community_plan_id_id"),
    )
    op.create_index("ix_drawn_community_geom", "drawn_community", ["geom"], postgresql_using="gist")
    op.create_index("ix_drawn_community_community_code", "drawn_community", ["community_code"])
    op.create_table(
        "community_assignment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("drawn_id", sa.BigInteger(), nullable=False),
        sa.Column("building_code", CODE, nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.CheckConstraint("households >= 0", name=op.f("ck_community_assignment_households_range")),
        sa.ForeignKeyConstraint(
            ["plan_id", "drawn_id"],
            ["drawn_community.plan_id", "drawn_community.id"],
            name="fk_community_assignment_plan_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["building_code"], ["building.code"], name="fk_community_assignment_building_code"),
        sa.PrimaryKeyConstraint("id", name="pk_community_assignment"),
        sa.UniqueConstraint("plan_id", "building_code", name="uq_community_assignment_plan_id_building_code"),
    )
    for name in ("building_code", "drawn_id"):
        op.create_index(f"ix_community_assignment_{name}", "community_assignment", [name])
    _run("2026_11_22_communities.sql")


def downgrade() -> None:
    _run("2026_11_22_communities_down.sql")
    op.drop_table("community_assignment")
    op.drop_table("drawn_community")
    for table in GIVEN_IN_COMMUNITIES:
        op.drop_constraint(op.f(f"ck_{table}_code_under_street"), table)
        op.create_check_constraint(
            op.f(f"ck_{table}_code_under_community_code"), table, "starts_with(code, community_code)"
        )
    _adopted_scope()
    op.drop_constraint(op.f("ck_plan_tier"), "plan")
    op.drop_column("plan", "tier")
