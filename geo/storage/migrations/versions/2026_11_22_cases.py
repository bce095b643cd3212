"""What working on cases needs beside their tables: clocks, numbers, indexes, and who reads events about them."""

from importlib.resources import files
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009_cases"
down_revision = "0008_ledger"
branch_labels = None
depends_on = None


TIME = sa.DateTime(timezone=True)
#: How the limits of a case count, and what it has to be told when it is acted on next.
CLOCKS: dict[str, sa.types.TypeEngine[Any]] = {
    "step_counts_from": TIME,
    "step_unit": sa.Text(),
    "due_counts_from": TIME,
    "due_unit": sa.Text(),
    "yellow_at": TIME,
    "resume_step": sa.Text(),
    "moved_at": TIME,
    "last_by": sa.Text(),
}


def _run(name: str) -> None:
    sql = (files("geo.storage") / "migrations" / "sql" / name).read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})


def upgrade() -> None:
    for name, kind in CLOCKS.items():
        op.add_column("ledger_case", sa.Column(name, kind, nullable=True))
    op.add_column("ledger_case", sa.Column("due_is_own", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("ledger_case", sa.Column("extended", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(op.f("ck_ledger_case_extended_range"), "ledger_case", "extended >= 0")
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
    op.drop_constraint(op.f("ck_ledger_case_extended_range"), "ledger_case")
    for name in ("extended", "due_is_own", *CLOCKS):
        op.drop_column("ledger_case", name)
