"""Cells with their reasons and assignment; plans that divide stairwells by floors."""

from importlib.resources import files

import sqlalchemy as sa
from alembic import op

revision = "0003_cells"
down_revision = "0002_rules"
branch_labels = None
depends_on = None

#: Where a unique index of ``assignment`` holds: for what is not divided by floors.
WHOLE = " AND floor_from IS NULL"


def _run(name: str) -> None:
    sql = (files("geo.storage") / "migrations" / "sql" / name).read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})


def _floors(table: str) -> None:
    op.create_check_constraint(op.f(f"ck_{table}_floors_both"), table, "(floor_from IS NULL) = (floor_to IS NULL)")
    op.create_check_constraint(op.f(f"ck_{table}_floors_order"), table, "floor_from <= floor_to")


def _unique_rows(condition: str) -> None:
    for name, column, what in (
        ("uq_assignment_building", "building_code", "stairwell_code IS NULL"),
        ("uq_assignment_stairwell", "stairwell_code", "stairwell_code IS NOT NULL"),
    ):
        op.create_index(
            name, "assignment", ["plan_id", column], unique=True, postgresql_where=sa.text(what + condition)
        )


def _drop_unique_rows() -> None:
    for name in ("uq_assignment_building", "uq_assignment_stairwell"):
        op.drop_index(name, "assignment")


def upgrade() -> None:
    for name, kind in (("cell_lower", sa.Integer()), ("cell_upper", sa.Integer()), ("cell_seed", sa.BigInteger())):
        op.add_column("plan", sa.Column(name, kind, nullable=True))
    op.create_check_constraint(op.f("ck_plan_cell_lower_upper"), "plan", "cell_lower <= cell_upper")
    op.create_check_constraint(op.f("ck_plan_cell_lower_range"), "plan", "cell_lower >= 0")
    for name in ("reason_code", "reason"):
        op.add_column("cell", sa.Column(name, sa.Text(), nullable=True))
    for name in ("floor_from", "floor_to"):
        op.add_column("assignment", sa.Column(name, sa.Integer(), nullable=True))
    _floors("assignment")
    _drop_unique_rows()
    _unique_rows(WHOLE)
    op.create_table(
        "cell_assignment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("cell_id", sa.BigInteger(), nullable=False),
        sa.Column("building_code", sa.Text(collation="C"), nullable=False),
        sa.Column("stairwell_code", sa.Text(collation="C"), nullable=True),
        sa.Column("floor_from", sa.Integer(), nullable=True),
        sa.Column("floor_to", sa.Integer(), nullable=True),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("estimated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("households >= 0", name=op.f("ck_cell_assignment_households_range")),
        sa.CheckConstraint(
            "starts_with(stairwell_code, building_code)",
            name=op.f("ck_cell_assignment_stairwell_code_under_building_code"),
        ),
        sa.ForeignKeyConstraint(["building_code"], ["building.code"], name="fk_cell_assignment_building_code"),
        sa.ForeignKeyConstraint(["cell_id"], ["cell.id"], name="fk_cell_assignment_cell_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["stairwell_code"], ["stairwell.code"], name="fk_cell_assignment_stairwell_code"),
        sa.PrimaryKeyConstraint("id", name="pk_cell_assignment"),
    )
    _floors("cell_assignment")
    for name in ("building_code", "cell_id", "stairwell_code"):
        op.create_index(f"ix_cell_assignment_{name}", "cell_assignment", [name], unique=False)
    _run("2026_11_21_cells.sql")


def downgrade() -> None:
    _run("2026_11_21_cells_down.sql")
    op.drop_table("cell_assignment")
    _drop_unique_rows()
    _unique_rows("")
    for name in ("floor_to", "floor_from"):
        op.drop_column("assignment", name)
    for name in ("reason", "reason_code"):
        op.drop_column("cell", name)
    for name in ("cell_seed", "cell_upper", "cell_lower"):
        op.drop_column("plan", name)
