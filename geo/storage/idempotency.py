"""Answers of creates, kept for a day by the key that the client chose, so that a repeat makes nothing twice.

The answer is written in the transaction that makes the thing: either both are kept or neither, whatever happens to the
server in between. While a request is under way its key is held by a lock of its transaction.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from geo.errors import ConflictError, InputError
from geo.storage.access_tables import IdempotencyKey

#: How long an answer is kept: beyond it a client has long given up repeating.
KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class Answer:
    """What a create was answered with."""

    status: int
    headers: dict[str, str]
    body: bytes


def claim(session: Session, account_id: int, key: str, request_hash: bytes) -> Answer | None:
    """Return the answer that an account's request with this key was given; None where this is the first one.

    The key is then the transaction's own until it ends; :func:`keep` writes the answer.

    Parameters
    ----------
    request_hash
        Of everything that says what is asked for; another one under the same key is refused.

    Raises
    ------
    ConflictError
        The first request is still under way.
    InputError
        The key was used for another request.
    """
    held = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
    if not session.scalar(held, {"name": f"wangge.once.{account_id}.{key}"}):
        raise ConflictError(
            "使用同一 Idempotency-Key 的请求正在处理,请稍后再试",
            "a request with this Idempotency-Key is under way; try again in a moment",
        )
    # What was kept too long is as if it had never been.
    session.execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.account_id == account_id, IdempotencyKey.created_at <= func.now() - KEPT
        )
    )
    row = session.scalars(
        select(IdempotencyKey).where(IdempotencyKey.account_id == account_id, IdempotencyKey.key == key)
    ).one_or_none()
    if row is None:
        session.add(IdempotencyKey(account_id=account_id, key=key, request_hash=request_hash))
        session.flush()
        return None
    if row.request_hash != request_hash:
        raise InputError(
            "这个 Idempotency-Key 已用于另一个请求;每个新请求请用新的键",
            "this Idempotency-Key was used for another request; use a new key for each new request",
        )
    assert row.status is not None
    assert row.body is not None
    return Answer(row.status, dict(row.headers or {}), row.body)


def keep(session: Session, account_id: int, key: str, answer: Answer) -> None:
    """Write the answer of a request that :func:`claim` said is the first, in its transaction."""
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.account_id == account_id, IdempotencyKey.key == key)
        .values(status=answer.status, headers=answer.headers, body=answer.body, finished_at=func.clock_timestamp())
    )
