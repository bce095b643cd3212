"""Rows of imported lists whose addresses are no one place, kept until somebody says where they are."""

from importlib.resources import files

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007_unplaced"
down_revision = "0006_addresses"
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
TIME = sa.DateTime(timezone=True)


def _run(name: str) -> None:
    sql = (files("geo.storage") / "migrations" / "sql" / name).read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _images(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, postgresql.JSONB(), nullable=False) for name in names]


def _rule(name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_unplaced_row_{name}"))


def upgrade() -> None:
    op.create_table(
        "unplaced_row",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        *_texts("noun", "source", "source_key"),
        sa.Column("row_number", sa.Integer(), nullable=False),
        *_images("file_row", "manner"),
        sa.Column("scope_code", CODE, nullable=True),
        *_texts("address", "outcome", "reason_zh", "reason_en"),
        *_images("choices"),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("code", CODE, nullable=True),
        *_texts("created_by"),
        sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        *(
            _rule(f"{column}_not_blank", f"{column} ~ '[^[:space:]]'")
            for column in ("noun", "source", "source_key", "created_by")
        ),
        _rule("outcome", "outcome IN ('several', 'none')"),
        _rule("state", "state IN ('open', 'placed', 'dropped')"),
        _rule("decided_at", "(decided_at IS NULL) = (state = 'open')"),
        _rule("decided_by", "(decided_at IS NULL) = (decided_by IS NULL)"),
        _rule("code_when_placed", "(code IS NOT NULL) = (state = 'placed')"),
        _rule("scope_code_structure", "scope_code ~ '^([0-9]{9}|[0-9]{12})$'"),
        _rule("row_number_range", "row_number >= 1"),
        _rule("version_range", "version >= 1"),
        sa.PrimaryKeyConstraint("id", name="pk_unplaced_row"),
        sa.UniqueConstraint("noun", "source", "source_key", name="uq_unplaced_row_noun_source_source_key"),
    )
    _run("2026_11_22_unplaced.sql")


def downgrade() -> None:
    _run("2026_11_22_unplaced_down.sql")
    op.drop_table("unplaced_row")
