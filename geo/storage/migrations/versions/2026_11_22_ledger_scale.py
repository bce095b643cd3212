"""Bills, figures and maps with a million cases: what they are counted from, and rules of rows that cost little."""

from importlib.resources import files

import sqlalchemy as sa
from alembic import op

revision = "0012_ledger_scale"
down_revision = "0011_own_scope"
branch_labels = None
depends_on = None

#: All that rules of rows ask, so that what has ended is counted from the index alone.
COUNTED = ["kind", "nature", "grid_code", "building_code", "household_unit_code", "place_code", "geom"]


def _run(name: str) -> None:
    sql = (files("geo.storage") / "migrations" / "sql" / name).read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})


def upgrade() -> None:
    op.create_index("ix_ledger_case_grid_closed", "ledger_case", ["grid_code", "closed_at"])
    op.drop_index(op.f("ix_ledger_case_grid_code"), "ledger_case")
    op.create_index(
        "ix_ledger_case_ended",
        "ledger_case",
        ["street_code", "community_code", "workflow"],
        postgresql_include=COUNTED,
        postgresql_where=sa.text("state = 'closed'"),
    )
    op.create_index(
        "ix_ledger_case_reopened",
        "ledger_case",
        ["street_code", "community_code"],
        postgresql_where=sa.text("reopened > 0"),
    )
    _run("2026_11_22_ledger_scale.sql")


def downgrade() -> None:
    _run("2026_11_22_ledger_scale_down.sql")
    op.drop_index("ix_ledger_case_reopened", "ledger_case")
    op.drop_index("ix_ledger_case_ended", "ledger_case")
    op.create_index(op.f("ix_ledger_case_grid_code"), "ledger_case", ["grid_code"])
    op.drop_index("ix_ledger_case_grid_closed", "ledger_case")
