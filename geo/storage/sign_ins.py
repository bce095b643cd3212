"""Sign-ins, one-time links and failed tries: what is asked before anybody is known.

Hashes and secrets cannot be read by the role that persons act as; the look-ups here go through functions of the
database that take a whole login or a whole fingerprint and give one row (``migrations/sql/2026_11_22_access.sql``).
All of this works in a session of the public's as in one of the owner's, but for :func:`open_sign_in` and
:func:`end_sign_in`, which are the account's own deeds.

Tokens are never kept, only their SHA-256 (``geo/access/tokens.py``).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text, union_all, update
from sqlalchemy.orm import Session

from geo.storage.access_tables import AccountRole, SignIn
from geo.storage.refusals import in_plain_words


@dataclass(frozen=True)
class LoginRecord:
    """An account as a sign-in needs it, with its secrets; ``roles`` and ``scopes`` are those held at the moment."""

    account_id: int
    login: str
    person: str
    password_hash: str | None
    second_factor_secret: str | None
    second_factor_confirmed_at: datetime | None
    second_factor_last_step: int | None
    password_changed_at: datetime | None
    ended_at: datetime | None
    roles: tuple[str, ...]
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class SignInRecord:
    """A sign-in that holds, with the roles and scopes that its account has at the moment."""

    sign_in_id: int
    account_id: int
    login: str
    person: str
    kind: str
    created_at: datetime
    seen_at: datetime
    idle_until: datetime
    expires_at: datetime
    address: str | None
    second_factor_confirmed_at: datetime | None
    roles: tuple[str, ...]
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class InvitationRecord:
    """A one-time link that holds: not used, not expired, of an account that goes on."""

    invitation_id: int
    account_id: int
    login: str
    person: str
    purpose: str
    expires_at: datetime
    roles: tuple[str, ...]
    scopes: tuple[str, ...]


def find_login(session: Session, login: str) -> LoginRecord | None:
    """Find an account by its login, ended ones too; letter case is passed over."""
    row = _one(session, "SELECT * FROM find_login(:login)", login=login.strip().lower())
    return None if row is None else LoginRecord(**row)


def find_sign_in(session: Session, token_hash: bytes) -> SignInRecord | None:
    """Find the sign-in of a token, when it holds: not ended, idle or expired, of an account that goes on."""
    row = _one(session, "SELECT * FROM find_sign_in(:token)", token=token_hash)
    return None if row is None else SignInRecord(**row)


def turns_of_roles(session: Session, account_id: int) -> list[datetime]:
    """Return when roles of an account will begin or end by their dates; for the store's owner."""
    held = AccountRole.account_id == account_id
    moments = (select(column).where(held, column > func.now()) for column in (AccountRole.since, AccountRole.until))
    return list(session.scalars(union_all(*moments)))


def open_sign_in(
    session: Session,
    *,
    account_id: int,
    token_hash: bytes,
    kind: str,
    idle_until: datetime,
    expires_at: datetime,
    address: str | None,
    agent: str | None,
) -> int:
    """Keep a new sign-in and return its id; the session is the account's own, or the owner's.

    Parameters
    ----------
    token_hash
        SHA-256 of the token, 32 bytes.
    kind
        ``cookie`` or ``bearer``.
    agent
        What the client says of itself.
    """
    with in_plain_words():
        opened = SignIn(
            token_hash=token_hash,
            account_id=account_id,
            kind=kind,
            idle_until=idle_until,
            expires_at=expires_at,
            address=address,
            agent=agent,
        )
        session.add(opened)
        session.flush()
    return opened.id


def touch_sign_in(session: Session, token_hash: bytes, *, idle_until: datetime) -> bool:
    """Say that a sign-in was used just now, which moves its idle limit; False when it holds no more."""
    return bool(_value(session, "SELECT touch_sign_in(:token, :idle)", token=token_hash, idle=idle_until))


def end_sign_in(session: Session, sign_in_id: int, because: str) -> bool:
    """End a sign-in; False when it had ended, or is none that this session may end."""
    return _end(session, SignIn.id == sign_in_id, because) > 0


def end_sign_ins(session: Session, account_id: int, because: str, *, but: int | None = None) -> int:
    """End all sign-ins of an account, but one where that is asked for; return how many."""
    wanted = SignIn.account_id == account_id
    return _end(session, wanted if but is None else wanted & (SignIn.id != but), because)


def list_sign_ins(session: Session, account_id: int) -> list[SignIn]:
    """List an account's sign-ins that hold, the newest first; their tokens' hashes are not read."""
    now = func.now()
    holds = (SignIn.ended_at.is_(None), SignIn.idle_until > now, SignIn.expires_at > now)
    query = select(SignIn).where(SignIn.account_id == account_id, *holds).order_by(SignIn.id.desc())
    return list(session.scalars(query))


def recent_addresses(session: Session, account_id: int, since: datetime) -> set[str]:
    """Return the addresses that an account was signed in from since a moment."""
    query = text("SELECT * FROM sign_in_addresses(:account, :since)")
    return set(session.scalars(query, {"account": account_id, "since": since}))


# ── one-time links ───────────────────────────────────────────────────────────────────────────────────────────────────


def find_invitation(session: Session, token_hash: bytes) -> InvitationRecord | None:
    """Find a one-time link, when it holds."""
    row = _one(session, "SELECT * FROM find_invitation(:token)", token=token_hash)
    return None if row is None else InvitationRecord(**row)


def use_invitation(session: Session, token_hash: bytes) -> int | None:
    """Use up a one-time link and return its account's id; None when it does not hold. Of two at once one succeeds."""
    account_id: int | None = _value(session, "SELECT use_invitation(:token)", token=token_hash)
    return account_id


# ── failed tries ─────────────────────────────────────────────────────────────────────────────────────────────────────


def record_failure(session: Session, *keys: str) -> None:
    """Keep that a try failed just now, under each key (such as a login, and a login with an address)."""
    session.execute(text("SELECT record_failures(:keys)"), {"keys": list(keys)})


def failures(session: Session, key: str, since: datetime) -> list[datetime]:
    """Return when tries under a key failed since a moment, the oldest first."""
    return list(session.scalars(text("SELECT * FROM read_failures(:key, :since)"), {"key": key, "since": since}))


def clear_failures(session: Session, key: str) -> None:
    """Forget the failed tries under a key."""
    session.execute(text("SELECT clear_failures(:key)"), {"key": key})


def forget_failures(session: Session, before: datetime) -> None:
    """Forget all failed tries from before a moment."""
    session.execute(text("SELECT forget_failures(:before)"), {"before": before})


# ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _end(session: Session, wanted: Any, because: str) -> int:
    ended = (
        update(SignIn)
        .where(wanted, SignIn.ended_at.is_(None))
        .values(ended_at=func.now(), ended_because=because)
        .returning(SignIn.id)
        .execution_options(synchronize_session=False)
    )
    found = len(session.execute(ended).all())
    session.expire_all()
    return found


def _one(session: Session, query: str, **values: Any) -> dict[str, Any] | None:
    row = session.execute(text(query), values).mappings().one_or_none()
    if row is None:
        return None
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}


def _value(session: Session, query: str, **values: Any) -> Any:
    return session.execute(text(query), values).scalar()
