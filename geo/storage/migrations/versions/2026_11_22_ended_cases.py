"""What has ended is counted from narrow indexes, and resolutions of meetings are found in an index of their own."""

from importlib.resources import files

import sqlalchemy as sa
from alembic import op

revision = "0015_ended_cases"
down_revision = "0014_overdue"
branch_labels = None
depends_on = None

#: What has ended is counted from these alone: all of it, and what is about no door and no place.
ENDED = {
    "ix_ledger_case_ended": "state = 'closed'",
    "ix_ledger_case_ended_outside": "state = 'closed' AND household_unit_code IS NULL AND place_code IS NULL",
}
COUNTED = ["street_code", "workflow", "community_code", "kind", "nature"]
#: What they were counted from before: all that rules of rows ask.
WIDE = ["kind", "nature", "grid_code", "building_code", "household_unit_code", "place_code", "geom"]


def upgrade() -> None:
    op.drop_index("ix_ledger_case_ended", "ledger_case")
    for name, which in ENDED.items():
        op.create_index(name, "ledger_case", COUNTED, postgresql_where=sa.text(which))
    op.create_index(
        "ix_ledger_case_resolved",
        "ledger_case",
        ["community_code", "opened_at"],
        postgresql_where=sa.text("details ? 'meetings'"),
    )
    sql = files("geo.storage.migrations") / "sql" / "2026_11_22_ended_cases.sql"
    op.get_bind().exec_driver_sql(sql.read_text(encoding="utf-8"), execution_options={"no_parameters": True})


def downgrade() -> None:
    op.execute("DROP FUNCTION ended_cases(text, text)")
    op.drop_index("ix_ledger_case_resolved", "ledger_case")
    for name in ENDED:
        op.drop_index(name, "ledger_case")
    op.create_index(
        "ix_ledger_case_ended",
        "ledger_case",
        ["street_code", "community_code", "workflow"],
        postgresql_include=WIDE,
        postgresql_where=sa.text("state = 'closed'"),
    )
