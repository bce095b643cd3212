"""Rules over several rows: overlaps, states of plans, append-only events; nothing is deleted."""

from importlib.resources import files

from alembic import op

revision = "0002_rules"
down_revision = "0001_first_tables"
branch_labels = None
depends_on = None


def _run(name: str) -> None:
    sql = (files("geo.storage") / "migrations" / "sql" / name).read_text(encoding="utf-8")
    # Without parameters the driver leaves every % alone and takes several statements at once.
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})


def upgrade() -> None:
    _run("2026_11_21_rules.sql")


def downgrade() -> None:
    _run("2026_11_21_rules_down.sql")
