"""The tables of accounts: who may sign in, what is kept of sign-ins, and of requests that create something."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from geo.storage.declaring import Base, Code, at_least, not_blank


def _fingerprint_rule() -> CheckConstraint:
    """Of a token only its SHA-256 is kept."""
    return CheckConstraint("octet_length(token_hash) = 32", name="token_hash_length")


class Account(Base):
    """An account (账户): a person who may sign in. Its secrets are read by ``sign_ins`` alone."""

    __tablename__ = "account"
    __table_args__ = (
        *not_blank("person", "created_by"),
        CheckConstraint("login ~ '^[a-z0-9][a-z0-9._-]{0,63}$'", name="login_structure"),
        *at_least(1, "version"),
        UniqueConstraint("login"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    login: Mapped[str]
    person: Mapped[str]
    password_hash: Mapped[str | None] = mapped_column(deferred=True)
    second_factor_secret: Mapped[str | None] = mapped_column(deferred=True)
    second_factor_confirmed_at: Mapped[datetime | None]
    second_factor_last_step: Mapped[int | None] = mapped_column(BigInteger)
    password_changed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_by: Mapped[str]


class AccountRole(Base):
    """A role that an account holds, from a moment to another, in a street, community or grid, or in none."""

    __tablename__ = "account_role"
    __table_args__ = (
        *not_blank("role"),
        CheckConstraint("scope_code ~ '^([0-9]{9}|[0-9]{12}|[0-9]{15})$'", name="scope_code_structure"),
        CheckConstraint("since <= until", name="since_before_until"),
        Index(
            "uq_account_role_held",
            "account_id",
            "role",
            "scope_code",
            unique=True,
            postgresql_where=text("until IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("account.id"))
    role: Mapped[str]
    scope_code: Mapped[str | None] = mapped_column(Code)
    since: Mapped[datetime] = mapped_column(server_default=func.now())
    until: Mapped[datetime | None]


class SignIn(Base):
    """A sign-in (登录) of an account: what is kept of its token, and how long it holds."""

    __tablename__ = "sign_in"
    __table_args__ = (
        CheckConstraint("kind IN ('cookie', 'bearer')", name="kind"),
        _fingerprint_rule(),
        UniqueConstraint("token_hash"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(deferred=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("account.id"), index=True)
    kind: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    idle_until: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None]
    address: Mapped[str | None]
    agent: Mapped[str | None]


class Invitation(Base):
    """A one-time link with which a person sets the password of an account."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint("purpose IN ('administrator', 'password')", name="purpose"),
        _fingerprint_rule(),
        UniqueConstraint("token_hash"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(deferred=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("account.id"), index=True)
    purpose: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInFailure(Base):
    """A try to sign in that failed; ``key`` says of whom and from where."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (Index("ix_sign_in_failure_key_at", "key", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class IdempotencyKey(Base):
    """The answer that a create was given, by the key that its client chose; unfinished while ``status`` is missing."""

    __tablename__ = "idempotency_key"
    __table_args__ = (*not_blank("key"), Index("ix_idempotency_key_created_at", "created_at"))

    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("account.id"), primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None]
    body: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
