"""What working on cases needs beside their tables: numbers, indexes, and who reads events about them."""

from importlib.resources import files

import sqlalchemy as sa
from alembic import op

revision = "0009_cases"
down_revision = "0008_ledger"
branch_labels = None
depends_on = None


def _run(name: str) -> None:
    sql = (files("geo.storage") / "migrations" / "sql" / name).read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})


def upgrade() -> None:
    op.create_index("ix_ledger_case_street_closed", "ledger_case", ["street_code", "closed_at"])
    op.create_index(
        "ix_ledger_case_assignee",
        "ledger_case",
        ["assignee"],
        postgresql_where=sa.text("state IN ('open', 'paused')"),
    )
    op.create_index(
        "ix_case_move_client_key", "case_move", ["client_key"], postgresql_where=sa.text("client_key IS NOT NULL")
    )
    op.drop_index(op.f("ix_ledger_case_street_code"), "ledger_case")
    _run("2026_11_22_cases.sql")


def downgrade() -> None:
    _run("2026_11_22_cases_down.sql")
    op.create_index(op.f("ix_ledger_case_street_code"), "ledger_case", ["street_code"])
    op.drop_index("ix_case_move_client_key", "case_move")
    op.drop_index("ix_ledger_case_assignee", "ledger_case")
    op.drop_index("ix_ledger_case_street_closed", "ledger_case")
