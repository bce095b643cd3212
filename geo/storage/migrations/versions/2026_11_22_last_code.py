"""Numbers of a street are given one after the other, also by those who see a part of what has them."""

from importlib.resources import files

from alembic import op

revision = "0013_last_code"
down_revision = "0012_ledger_scale"
branch_labels = None
depends_on = None


def upgrade() -> None:
    sql = (files("geo.storage") / "migrations" / "sql" / "2026_11_22_last_code.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})


def downgrade() -> None:
    op.execute("DROP FUNCTION last_code(text, text)")
