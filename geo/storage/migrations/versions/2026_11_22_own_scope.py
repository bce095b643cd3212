"""What somebody sees grid by grid is looked up for those alone who have such grids."""

from importlib.resources import files

from alembic import op

revision = "0011_own_scope"
down_revision = "0010_workbench"
branch_labels = None
depends_on = None


def _run(name: str) -> None:
    sql = (files("geo.storage") / "migrations" / "sql" / name).read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})


def upgrade() -> None:
    _run("2026_11_22_own_scope.sql")


def downgrade() -> None:
    _run("2026_11_22_own_scope_down.sql")
