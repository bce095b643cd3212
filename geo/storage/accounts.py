"""Accounts and the roles that they hold: kept, changed, ended; each change leaves an event.

No hash or secret is ever in an event, nor read here: see ``sign_ins``.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from geo.errors import ConflictError, NotFoundError, StaleVersionError
from geo.storage import events
from geo.storage.access_tables import Account, AccountRole, Invitation
from geo.storage.refusals import in_plain_words


@dataclass(frozen=True)
class HeldRole:
    """A role that an account holds: in a street, community or grid, or in none (None)."""

    id: int
    role: str
    scope_code: str | None
    since: datetime


@dataclass(frozen=True)
class AccountRecord:
    """An account without its secrets; ``roles`` are those held at the moment."""

    id: int
    login: str
    person: str
    second_factor_confirmed_at: datetime | None
    password_changed_at: datetime | None
    ended_at: datetime | None
    version: int
    created_at: datetime
    created_by: str
    roles: tuple[HeldRole, ...]


def create(session: Session, *, login: str, person: str, who: str) -> int:
    """Keep a new account, which has neither password nor roles yet; return its id.

    Raises
    ------
    ConflictError
        The login is taken, perhaps by an account that has ended.
    CodeError, InputError
        The login has other characters than a-z, 0-9 and . _ -, or the person has no name.
    """
    with in_plain_words():
        account = Account(login=login.strip().lower(), person=person.strip(), created_by=who)
        session.add(account)
        session.flush()
    _tell(session, account.id, who=who, what="created", before=None)
    return account.id


def read(session: Session, account_id: int) -> AccountRecord:
    """Read one account.

    Raises
    ------
    NotFoundError
        There is none, or none that this session may see.
    """
    found = _records(session, Account.id == account_id)
    if not found:
        raise _missing(account_id)
    return found[0]


def find(session: Session, login: str) -> AccountRecord | None:
    """Find an account by its login."""
    return next(iter(_records(session, Account.login == login.strip().lower())), None)


def list_accounts(
    session: Session, *, role: str | None = None, ended: bool = False, limit: int = 100, after: str | None = None
) -> list[AccountRecord]:
    """List accounts by login: those that go on, unless ``ended`` asks for all; the next page is ``after`` a login."""
    wanted: list[Any] = [] if ended else [Account.ended_at.is_(None)]
    if role is not None:
        wanted.append(Account.id.in_(select(AccountRole.account_id).where(AccountRole.role == role, _holds())))
    if after is not None:
        wanted.append(Account.login > after)
    return _records(session, *wanted, limit=limit)


def holders(session: Session, role: str) -> int:
    """Count the accounts that go on and hold a role."""
    held = select(AccountRole.account_id).where(AccountRole.role == role, _holds())
    query = select(func.count()).select_from(Account).where(Account.ended_at.is_(None), Account.id.in_(held))
    return session.scalar(query) or 0


def rename(session: Session, account_id: int, *, person: str, who: str, version: int) -> AccountRecord:
    """Give an account's person another name.

    Raises
    ------
    NotFoundError, StaleVersionError, ConflictError
        There is no such account; it is not at ``version`` any more, or has ended.
    """
    return _change(session, account_id, {"person": person.strip()}, who=who, what="changed", version=version)


def end(session: Session, account_id: int, *, who: str, version: int | None = None) -> AccountRecord:
    """End an account: nobody signs in with it any more. Its sign-ins hold no longer from this moment.

    Raises
    ------
    NotFoundError, StaleVersionError, ConflictError
        There is no such account; it is not at ``version`` any more, or has ended.
    """
    return _change(session, account_id, {"ended_at": func.now()}, who=who, what="ended", version=version)


# ── secrets: written, never read ─────────────────────────────────────────────────────────────────────────────────────


def set_password(session: Session, account_id: int, password_hash: str | None, *, who: str) -> None:
    """Keep the hash of a new password; None takes the password away. For a hash the session is the account's own.

    Raises
    ------
    NotFoundError, ConflictError
        There is no such account, or it has ended.
    """
    what = "password reset" if password_hash is None else "password changed"
    changes = {"password_hash": password_hash, "password_changed_at": func.now()}
    _change(session, account_id, changes, who=who, what=what)


def set_second_factor(session: Session, account_id: int, secret: str | None, *, who: str) -> None:
    """Keep the secret of a second factor that is still to be confirmed; None takes it away.

    Raises
    ------
    NotFoundError, ConflictError
        There is no such account, or it has ended.
    """
    changes = {
        "second_factor_secret": secret,
        "second_factor_confirmed_at": None,
        "second_factor_last_step": None,
    }
    what = "second factor reset" if secret is None else "second factor offered"
    _change(session, account_id, changes, who=who, what=what)


def confirm_second_factor(session: Session, account_id: int, *, step: int, who: str) -> None:
    """Let the second factor count from now on; ``step`` is that of the code that proved it.

    Raises
    ------
    NotFoundError, ConflictError
        There is no such account, or it has ended.
    """
    changes = {"second_factor_confirmed_at": func.now(), "second_factor_last_step": step}
    _change(session, account_id, changes, who=who, what="second factor confirmed")


def take_step(session: Session, account_id: int, step: int) -> bool:
    """Mark the step of a second factor's code as used; False when it, or a later one, was used. Of two one succeeds."""
    unused = or_(Account.second_factor_last_step.is_(None), Account.second_factor_last_step < step)
    taken = update(Account).where(Account.id == account_id, unused).values(second_factor_last_step=step)
    done = session.execute(taken.returning(Account.id).execution_options(synchronize_session=False)).all()
    session.expire_all()
    return bool(done)


# ── roles ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def give_role(session: Session, account_id: int, role: str, scope_code: str | None = None, *, who: str) -> int:
    """Let an account hold a role from now on, in a scope or in none; return the id of its holding.

    Whether roles may be held together is for the caller to ask (``geo/access/roles.py``), who locks the account first.

    Raises
    ------
    NotFoundError, ConflictError
        There is no such account; it has ended, or holds the role there already.
    CodeError
        The scope is no code of a street, community or grid.
    """
    seen = read(session, account_id)
    if seen.ended_at is not None:
        raise _ended(seen)
    if any((held.role, held.scope_code) == (role, scope_code) for held in seen.roles):
        raise ConflictError(
            f"账户 {seen.login} 已有角色 {role}({scope_code or '无范围'})",
            f"account {seen.login} holds the role {role} already ({scope_code or 'no scope'})",
        )
    with in_plain_words():
        held = AccountRole(account_id=account_id, role=role, scope_code=scope_code)
        session.add(held)
        session.flush()
    after = {"login": seen.login, "role": role, "scope_code": scope_code}
    events.record(session, who=who, what="role given", noun="account", code=str(account_id), after=after)
    return held.id


def take_role(session: Session, account_id: int, role: str, scope_code: str | None = None, *, who: str) -> None:
    """Let an account hold a role no longer.

    Raises
    ------
    NotFoundError
        There is no such account, or it does not hold the role there.
    """
    seen = read(session, account_id)
    there = AccountRole.scope_code.is_(None) if scope_code is None else AccountRole.scope_code == scope_code
    taken = (
        update(AccountRole)
        .where(AccountRole.account_id == account_id, AccountRole.role == role, there, _holds())
        .values(until=func.now())
        .returning(AccountRole.id)
        .execution_options(synchronize_session=False)
    )
    with in_plain_words():
        found = session.execute(taken).all()
    if not found:
        raise NotFoundError(
            f"账户 {seen.login} 没有角色 {role}({scope_code or '无范围'})",
            f"account {seen.login} does not hold the role {role} ({scope_code or 'no scope'})",
        )
    session.expire_all()
    before = {"login": seen.login, "role": role, "scope_code": scope_code}
    events.record(session, who=who, what="role taken", noun="account", code=str(account_id), before=before)


def lock(session: Session, account_id: int) -> None:
    """Let nobody else change an account or its roles until the end of the transaction."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"wangge.account.{account_id}", 0))))


def invite(
    session: Session, account_id: int, *, token_hash: bytes, purpose: str, expires_at: datetime, who: str
) -> int:
    """Keep a one-time link with which the account's person sets a password; return its id.

    Parameters
    ----------
    token_hash
        SHA-256 of the token in the link, 32 bytes.
    purpose
        ``administrator`` for the first of all, ``password`` for everybody else.
    """
    with in_plain_words():
        link = Invitation(token_hash=token_hash, account_id=account_id, purpose=purpose, expires_at=expires_at)
        session.add(link)
        session.flush()
    after = {"purpose": purpose, "expires_at": expires_at.isoformat()}
    events.record(session, who=who, what="invited", noun="account", code=str(account_id), after=after)
    return link.id


# ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _holds() -> Any:
    return (AccountRole.since <= func.now()) & or_(AccountRole.until.is_(None), AccountRole.until > func.now())


def _change(
    session: Session,
    account_id: int,
    changes: dict[str, Any],
    *,
    who: str,
    what: str,
    version: int | None = None,
) -> AccountRecord:
    lock(session, account_id)
    seen = read(session, account_id)
    if version is not None and seen.version != version:
        raise StaleVersionError(
            f"账户 {seen.login} 已变为第 {seen.version} 版(您看到的是第 {version} 版);请刷新后再试",
            f"account {seen.login} is at version {seen.version}, you saw {version}. Reload first",
        )
    if seen.ended_at is not None:
        raise _ended(seen)
    moved = (
        update(Account)
        .where(Account.id == account_id)
        .values(version=Account.version + 1, **changes)
        .execution_options(synchronize_session=False)
    )
    with in_plain_words():
        session.execute(moved)
    session.expire_all()
    return _tell(session, account_id, who=who, what=what, before=_image(seen))


def _tell(session: Session, account_id: int, *, who: str, what: str, before: dict[str, Any] | None) -> AccountRecord:
    after = read(session, account_id)
    told = _image(after)
    events.record(session, who=who, what=what, noun="account", code=str(account_id), before=before, after=told)
    return after


def _image(account: AccountRecord) -> dict[str, Any]:
    """What an event says of an account."""
    fields = {name: value for name, value in asdict(account).items() if name != "roles"}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in fields.items()}


def _records(session: Session, *wanted: Any, limit: int | None = None) -> list[AccountRecord]:
    names = [name for name in AccountRecord.__dataclass_fields__ if name != "roles"]
    query = select(*(getattr(Account, name) for name in names)).where(*wanted).order_by(Account.login).limit(limit)
    rows = [dict(row) for row in session.execute(query).mappings()]
    roles = _roles(session, [row["id"] for row in rows])
    return [AccountRecord(**row, roles=tuple(roles.get(row["id"], ()))) for row in rows]


def _roles(session: Session, account_ids: Iterable[int]) -> dict[int, list[HeldRole]]:
    query = (
        select(AccountRole)
        .where(AccountRole.account_id.in_(list(account_ids)), _holds())
        .order_by(AccountRole.role, AccountRole.scope_code.nulls_first(), AccountRole.id)
    )
    held: dict[int, list[HeldRole]] = {}
    for row in session.scalars(query):
        held.setdefault(row.account_id, []).append(HeldRole(row.id, row.role, row.scope_code, row.since))
    return held


def _missing(account_id: int) -> NotFoundError:
    return NotFoundError(f"没有编号为 {account_id} 的账户", f"there is no account {account_id}")


def _ended(account: AccountRecord) -> ConflictError:
    return ConflictError(f"账户 {account.login} 已终止", f"account {account.login} has ended")
