"""Former names of things, and aliases: what people call a place, proposed by staff and decided on by planners."""

from importlib.resources import files

import sqlalchemy as sa
from alembic import op

revision = "0006_addresses"
down_revision = "0005_access"
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
TIME = sa.DateTime(timezone=True)


def _run(name: str) -> None:
    sql = (files("geo.storage") / "migrations" / "sql" / name).read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _now(name: str) -> sa.Column[object]:
    return sa.Column(name, TIME, server_default=sa.text("now()"), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=sa.text("1"), nullable=False)


def _not_blank(table: str, *columns: str) -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(f"{column} ~ '[^[:space:]]'", name=op.f(f"ck_{table}_{column}_not_blank"))
        for column in columns
    ]


def upgrade() -> None:
    op.create_table(
        "former_name",
        _id(),
        _text("noun"),
        sa.Column("code", CODE, nullable=False),
        _text("field"),
        _text("old"),
        _now("until"),
        _text("who", nullable=True),
        *_not_blank("former_name", "noun", "code", "field", "old"),
        sa.PrimaryKeyConstraint("id", name="pk_former_name"),
    )
    op.create_index("ix_former_name_noun_code", "former_name", ["noun", "code", "id"])
    op.create_table(
        "address_alias",
        _id(),
        _text("alias"),
        _text("kind"),
        _text("noun"),
        sa.Column("code", CODE, nullable=False),
        _text("name"),
        sa.Column("state", sa.Text(), server_default=sa.text("'proposed'"), nullable=False),
        _number("times"),
        _text("proposed_by"),
        _now("proposed_at"),
        _text("decided_by", nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        _number("version"),
        *_not_blank("address_alias", "alias", "kind", "noun", "code", "name", "proposed_by"),
        sa.CheckConstraint("char_length(alias) <= 60", name=op.f("ck_address_alias_alias_length")),
        sa.CheckConstraint(
            "state IN ('proposed', 'accepted', 'rejected', 'ended')", name=op.f("ck_address_alias_state")
        ),
        sa.CheckConstraint("(decided_at IS NULL) = (state = 'proposed')", name=op.f("ck_address_alias_decided_at")),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name=op.f("ck_address_alias_decided_by")),
        sa.CheckConstraint("times >= 1", name=op.f("ck_address_alias_times_range")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_address_alias_version_range")),
        sa.PrimaryKeyConstraint("id", name="pk_address_alias"),
    )
    # What has ended may be proposed anew.
    op.create_index(
        "uq_address_alias_said",
        "address_alias",
        ["alias", "kind", "code"],
        unique=True,
        postgresql_where=sa.text("state <> 'ended'"),
    )
    _run("2026_11_22_addresses.sql")


def downgrade() -> None:
    _run("2026_11_22_addresses_down.sql")
    for table in ("address_alias", "former_name"):
        op.drop_table(table)
