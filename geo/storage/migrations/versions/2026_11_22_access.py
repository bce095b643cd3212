"""Accounts and sign-ins, a role for the application with row-level security, and the chain of events."""

from importlib.resources import files

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005_access"
down_revision = "0004_communities"
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
TIME = sa.DateTime(timezone=True)
NEW_TABLES = (
    "idempotency_key",
    "sign_in_failure",
    "invitation",
    "sign_in",
    "account_role",
    "account",
    "event_chain",
)


def _run(name: str) -> None:
    sql = (files("geo.storage") / "migrations" / "sql" / name).read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False)


def _now(name: str, default: str = "now()") -> sa.Column[object]:
    return sa.Column(name, TIME, server_default=sa.text(default), nullable=False)


def _not_blank(table: str, column: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} ~ '[^[:space:]]'", name=op.f(f"ck_{table}_{column}_not_blank"))


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=f"fk_{table}_account_id")


def _token(table: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.CheckConstraint("octet_length(token_hash) = 32", name=op.f(f"ck_{table}_token_hash_length")),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("token_hash", name=f"uq_{table}_token_hash"),
        _of_account(table),
    )


def _events() -> None:
    for name, kind in (("address", sa.Text()), ("request_id", sa.Text()), ("account_id", sa.BigInteger())):
        op.add_column("event", sa.Column(name, kind, nullable=True))
    op.create_table(
        "event_chain",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_event_chain"),
        sa.UniqueConstraint("event_id", name="uq_event_chain_event_id"),
    )


def _accounts() -> None:
    op.create_table(
        "account",
        _id(),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("second_factor_secret", sa.Text(), nullable=True),
        sa.Column("second_factor_confirmed_at", TIME, nullable=True),
        sa.Column("second_factor_last_step", sa.BigInteger(), nullable=True),
        sa.Column("password_changed_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        _now("created_at"),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("login ~ '^[a-z0-9][a-z0-9._-]{0,63}$'", name=op.f("ck_account_login_structure")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_account_version_range")),
        _not_blank("account", "person"),
        _not_blank("account", "created_by"),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("login", name="uq_account_login"),
    )
    op.create_table(
        "account_role",
        _id(),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("scope_code", CODE, nullable=True),
        _now("since"),
        sa.Column("until", TIME, nullable=True),
        _not_blank("account_role", "role"),
        sa.CheckConstraint(
            "scope_code ~ '^([0-9]{9}|[0-9]{12}|[0-9]{15})$'", name=op.f("ck_account_role_scope_code_structure")
        ),
        sa.CheckConstraint("since <= until", name=op.f("ck_account_role_since_before_until")),
        sa.PrimaryKeyConstraint("id", name="pk_account_role"),
        _of_account("account_role"),
    )
    op.create_index(
        "uq_account_role_held",
        "account_role",
        ["account_id", "role", "scope_code"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )


def _sign_ins() -> None:
    op.create_table(
        "sign_in",
        _id(),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        _now("created_at"),
        _now("seen_at"),
        sa.Column("idle_until", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("ended_because", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('cookie', 'bearer')", name=op.f("ck_sign_in_kind")),
        *_token("sign_in"),
    )
    op.create_table(
        "invitation",
        _id(),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        _now("created_at"),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.CheckConstraint("purpose IN ('administrator', 'password')", name=op.f("ck_invitation_purpose")),
        *_token("invitation"),
    )
    for table in ("sign_in", "invitation"):
        op.create_index(f"ix_{table}_account_id", table, ["account_id"])
    op.create_table(
        "sign_in_failure",
        _id(),
        sa.Column("key", sa.Text(), nullable=False),
        _now("at", "clock_timestamp()"),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_failure"),
    )
    op.create_index("ix_sign_in_failure_key_at", "sign_in_failure", ["key", "at"])


def _idempotency() -> None:
    op.create_table(
        "idempotency_key",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", postgresql.JSONB(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        _now("created_at"),
        sa.Column("finished_at", TIME, nullable=True),
        _not_blank("idempotency_key", "key"),
        sa.PrimaryKeyConstraint("account_id", "key", name="pk_idempotency_key"),
        _of_account("idempotency_key"),
    )
    op.create_index("ix_idempotency_key_created_at", "idempotency_key", ["created_at"])


def upgrade() -> None:
    _events()
    _accounts()
    _sign_ins()
    _idempotency()
    _run("2026_11_22_access.sql")


def downgrade() -> None:
    _run("2026_11_22_access_down.sql")
    for table in NEW_TABLES:
        op.drop_table(table)
    for column in ("address", "request_id", "account_id"):
        op.drop_column("event", column)
