"""How long cases stood past their limits is kept with what was done to them: figures of earlier months stay."""

import sqlalchemy as sa
from alembic import op

revision = "0014_overdue"
down_revision = "0013_last_code"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case_move", sa.Column("overdue_since", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_case_move_overdue", "case_move", ["case_id", "at"], postgresql_where=sa.text("overdue_since IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_case_move_overdue", "case_move")
    op.drop_column("case_move", "overdue_since")
