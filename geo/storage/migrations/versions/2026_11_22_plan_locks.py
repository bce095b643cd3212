"""What planners locked of a draft is kept in the store, where all who work on it see whose lock it is."""

from importlib.resources import files

import sqlalchemy as sa
from alembic import op

revision = "0016_plan_locks"
down_revision = "0015_ended_cases"
branch_labels = None
depends_on = None

GRID_OR_COMPOUND = "code ~ '^[0-9]{15}$' OR code ~ '^[0-9]{12}X[0-9]{3}$'"


def upgrade() -> None:
    op.create_table(
        "plan_lock",
        sa.Column("plan_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint("who ~ '[^[:space:]]'", name=op.f("ck_plan_lock_who_not_blank")),
        sa.CheckConstraint(GRID_OR_COMPOUND, name=op.f("ck_plan_lock_code_structure")),
        sa.PrimaryKeyConstraint("plan_id", "code", name=op.f("pk_plan_lock")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_lock_plan_id"), ondelete="CASCADE"),
    )
    sql = files("geo.storage.migrations") / "sql" / "2026_11_22_plan_locks.sql"
    op.get_bind().exec_driver_sql(sql.read_text(encoding="utf-8"), execution_options={"no_parameters": True})


def downgrade() -> None:
    op.drop_table("plan_lock")
