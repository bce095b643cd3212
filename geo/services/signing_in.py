"""Signing in and out: who is behind a request, and for how long.

A sign-in is a token of 256 random bits of which the store keeps the SHA-256 alone. Every request looks it up, or
whether anything about accounts has changed since (``visitors``), so that what is ended, here or by an administrator, is
worth nothing from that moment on.

Whoever tries to sign in learns one thing: it worked or it did not. A login that does not exist, an ended account, a
wrong password and a wrong code take the same time, leave the same trace and get the same answer. A try is written down
as failed before the password is looked at, under a lock of its account and address, so that a hundred at once are still
a hundred.
"""

import hashlib
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.access.actor import PUBLIC, Actor
from geo.access.limits import span
from geo.access.lockout import wait_at_address, wait_for_account
from geo.access.passwords import hash_password, is_password, refuse_weak
from geo.access.roles import needs_second_factor
from geo.access.second_factor import address_of, new_key, step_of_code
from geo.access.tokens import fingerprint, looks_like_token, new_token
from geo.errors import ConflictError, InputError, LockedOutError, NotFoundError, PasswordError, SignInError
from geo.storage import accounts, events, sign_ins
from geo.storage.database import session_scope
from geo.storage.sign_ins import LoginRecord
from geo.storage.turns import take_turn
from geo.territory.dictionaries import dictionary

Kind = Literal["cookie", "bearer"]

LOGIN = re.compile("[a-z0-9][a-z0-9._-]{1,31}")

#: Dictionaries of those who act, in records, without an account.
_NO_ACCOUNTS = ("doers", "inspection_parties")

#: Longest password that is looked at: hashing more would only give strangers work to order.
MAX_TYPED = 512


@dataclass(frozen=True)
class SignedIn:
    """A sign-in just made; its token is known to nobody else, and to nobody afterwards."""

    token: str
    actor: Actor
    expires_at: datetime
    needs_second_factor: bool


@dataclass(frozen=True)
class Visitor:
    """Who is behind a token.

    Attributes
    ----------
    needs_second_factor
        The account's roles need one that is not enrolled yet; until then the actor has no roles.
    until
        When to look again at the latest, though no account changes: the time without a request is to start anew, the
        sign-in ends, or a role begins or ends by its dates.
    """

    actor: Actor
    expires_at: datetime
    needs_second_factor: bool
    until: datetime


@dataclass(frozen=True)
class Enrolment:
    """A second factor on its way: the key, and the address that carries it into an authenticator."""

    key: str
    address: str


@dataclass(frozen=True)
class Invited:
    """What a one-time link is for; the first administrator chooses login and name."""

    purpose: str
    login: str | None
    person: str | None


# ── signing in ───────────────────────────────────────────────────────────────────────────────────────────────────────


def sign_in(
    engine: Engine,
    login: str,
    password: str,
    code: str | None = None,
    *,
    kind: Kind,
    address: str | None = None,
    agent: str | None = None,
    replaces: str | None = None,
) -> SignedIn:
    """Sign in.

    Parameters
    ----------
    login, password, code
        What was typed; the code only where the account has enrolled a second factor.
    kind
        Whether a browser keeps the token as a cookie, or a program bears it.
    address, agent
        Where the request came from, and what program it says it is.
    replaces
        Token of a sign-in that this one takes the place of; it ends.

    Raises
    ------
    SignInError
        Login, password or code is wrong.
    LockedOutError
        Too many tries failed from this address, or of this account from strange ones.
    BusyError
        Too many passwords are being checked.
    """
    wanted = login.strip().casefold()[:64]
    with session_scope(engine, _stranger(address)) as session:
        _hold_back(session, wanted, address)
        found = sign_ins.find_login(session, wanted)
    now = datetime.now(UTC)
    right = is_password(password[:MAX_TYPED], found.password_hash if found else None)
    step = _step(found, code, now) if found else None
    if found is None or not right or found.ended_at is not None or (_has_second_factor(found) and step is None):
        _record_failure(engine, found, address)
        raise _wrong()
    token, expires_at = new_token(), now + span("absolute_hours")
    account = Actor(found.login, frozenset(), (), account_id=found.account_id, address=address)
    with session_scope(engine, account) as session:
        if step is not None and not accounts.take_step(session, found.account_id, step):
            raise _wrong()  # somebody was faster with the same code
        sign_in_id = sign_ins.open_sign_in(
            session,
            account_id=found.account_id,
            token_hash=fingerprint(token),
            kind=kind,
            idle_until=now + span("idle_minutes"),
            expires_at=expires_at,
            address=address,
            agent=agent,
        )
        sign_ins.clear_failures(session, _key(wanted, address))
        sign_ins.forget_failures(session, now - span("forget_hours"))
        _tell(session, account, "signed in")
    if replaces is not None:
        _end_token(engine, replaces, address)
    pending = needs_second_factor(found.roles) and not _has_second_factor(found)
    actor = replace(account, sign_in_id=sign_in_id, **_rights(found.roles, found.scopes, pending=pending))
    return SignedIn(token, actor, expires_at, pending)


def visitor_of(engine: Engine, token: str, *, address: str | None, request_id: str | None) -> Visitor | None:
    """Return who is behind a token, or None when it holds no more; the time without a request starts anew."""
    if not looks_like_token(token):
        return None
    kept = fingerprint(token)
    # As the owner, whom a look-up by fingerprint tells no more than anybody: it is done for every request.
    with session_scope(engine) as session:
        found = sign_ins.find_sign_in(session, kept)
        if found is None:
            return None
        now, seen_at = datetime.now(UTC), found.seen_at
        if now - seen_at >= span("touch_seconds"):
            sign_ins.touch_sign_in(session, kept, idle_until=now + span("idle_minutes"))
            seen_at = now
        ends = (seen_at + span("touch_seconds"), found.idle_until, found.expires_at)
        until = min((*ends, *sign_ins.turns_of_roles(session, found.account_id)))
    pending = needs_second_factor(found.roles) and found.second_factor_confirmed_at is None
    actor = Actor(
        found.login,
        **_rights(found.roles, found.scopes, pending=pending),
        account_id=found.account_id,
        sign_in_id=found.sign_in_id,
        address=address,
        request_id=request_id,
    )
    return Visitor(actor, found.expires_at, pending, until)


def actor_of(engine: Engine, token: str, *, address: str | None, request_id: str | None) -> Actor | None:
    """Return who acts with a token, or None when it holds no more."""
    visitor = visitor_of(engine, token, address=address, request_id=request_id)
    return visitor.actor if visitor else None


def sign_out(engine: Engine, actor: Actor) -> None:
    """End the sign-in that an actor came with."""
    assert actor.account_id is not None
    assert actor.sign_in_id is not None
    with session_scope(engine, actor) as session:
        sign_ins.end_sign_in(session, actor.sign_in_id, because="signed out")
        _tell(session, actor, "signed out")


# ── one's own password and second factor ─────────────────────────────────────────────────────────────────────────────


def change_password(engine: Engine, actor: Actor, old: str, new: str) -> None:
    """Change one's own password; all other sign-ins of the account end.

    Raises
    ------
    SignInError
        The old password is wrong.
    LockedOutError
        It was wrong too often.
    PasswordError
        The new one is easily guessed, or is the old one.
    BusyError
        Too many passwords are being checked.
    """
    assert actor.account_id is not None
    with session_scope(engine, actor) as session:
        _hold_back(session, actor.name, actor.address)
        found = sign_ins.find_login(session, actor.name)
    if found is None or not is_password(old[:MAX_TYPED], found.password_hash):
        _record_failure(engine, found, actor.address)
        raise SignInError("现在的密码不对", "the present password is wrong")
    if old == new:
        raise PasswordError("新密码与现在的相同,请换一个", "the new password is the present one; choose another")
    refuse_weak(new, found.login, found.person)
    kept = hash_password(new)
    with session_scope(engine, actor) as session:
        accounts.set_password(session, actor.account_id, kept, who=actor.name)
        sign_ins.end_sign_ins(session, actor.account_id, because="password changed", but=actor.sign_in_id)
        sign_ins.clear_failures(session, _key(actor.name, actor.address))


def begin_second_factor(engine: Engine, actor: Actor) -> Enrolment:
    """Give an account a key for its authenticator; the same one until its first code confirms it.

    Raises
    ------
    ConflictError
        A second factor is enrolled already.
    """
    assert actor.account_id is not None
    with session_scope(engine, actor) as session:
        found = sign_ins.find_login(session, actor.name)
        if found is None or found.second_factor_confirmed_at is not None:
            raise _enrolled()
        key = found.second_factor_secret
        if key is None:
            key = new_key()
            accounts.set_second_factor(session, actor.account_id, key, who=actor.name)
    return Enrolment(key, address_of(key, actor.name))


def confirm_second_factor(engine: Engine, actor: Actor, code: str) -> None:
    """Enrol the second factor by its first code; all other sign-ins of the account end.

    Raises
    ------
    SignInError
        The code is wrong.
    LockedOutError
        It was wrong too often.
    ConflictError
        A second factor is enrolled already, or there is no key yet.
    """
    assert actor.account_id is not None
    with session_scope(engine, actor) as session:
        _hold_back(session, actor.name, actor.address)
        found = sign_ins.find_login(session, actor.name)
    if found is None or found.second_factor_confirmed_at is not None or found.second_factor_secret is None:
        raise _enrolled()
    step = step_of_code(found.second_factor_secret, code, at=datetime.now(UTC), last_step=found.second_factor_last_step)
    if step is None:
        raise SignInError(
            "动态码不对或已用过,请等下一个;如一直不对,请核对手机时间",
            "the code is wrong or was used; wait for the next one, and check the telephone's clock if it stays so",
        )
    with session_scope(engine, actor) as session:
        if not accounts.take_step(session, actor.account_id, step):
            raise _enrolled()
        accounts.confirm_second_factor(session, actor.account_id, step=step, who=actor.name)
        sign_ins.end_sign_ins(session, actor.account_id, because="second factor", but=actor.sign_in_id)
        sign_ins.clear_failures(session, _key(actor.name, actor.address))


def same_twice(first: str, second: str) -> None:
    """Refuse a new password that was typed differently the second time.

    Raises
    ------
    PasswordError
        It was.
    """
    if first != second:
        raise PasswordError("两次输入的密码不同,请重新输入", "the two passwords differ; type them again")


# ── one-time links ───────────────────────────────────────────────────────────────────────────────────────────────────


def invited(engine: Engine, token: str) -> Invited:
    """Return what a one-time link is for.

    Raises
    ------
    NotFoundError
        There is no such link, it was used, or its time is over.
    """
    found = None
    if looks_like_token(token):
        with session_scope(engine, PUBLIC) as session:
            found = sign_ins.find_invitation(session, fingerprint(token))
    if found is None:
        raise _no_link()
    first = found.purpose == "administrator"
    return Invited(found.purpose, None if first else found.login, None if first else found.person)


def use_link(engine: Engine, token: str, *, login: str, person: str, password: str, address: str | None = None) -> str:
    """Set the password that a one-time link is for; the link is used up, and the account's sign-ins end.

    Parameters
    ----------
    login, person
        What the first administrator is to be called; for other links they are known and these are passed over.

    Returns
    -------
    str
        The login to sign in with.

    Raises
    ------
    NotFoundError
        The link does not hold, or not any more.
    InputError
        The login or the name cannot be taken.
    PasswordError
        The password is easily guessed.
    ConflictError
        The login is taken.
    """
    told = invited(engine, token)
    name, called = (login.strip(), person.strip()) if told.login is None else (told.login, told.person or "")
    check_login(name)
    check_person(called)
    refuse_weak(password, name, called)
    kept = hash_password(password)
    # As the owner: there is nobody yet whom the store could hold to anything but the link itself.
    with session_scope(engine) as session:
        account_id = sign_ins.use_invitation(session, fingerprint(token))
        if account_id is None:
            raise _no_link()
        if told.login is None:
            accounts.end(session, account_id, who=name)
            account_id = accounts.create(session, login=name, person=called, who=name)
            accounts.give_role(session, account_id, "administrator", who=name)
        accounts.set_password(session, account_id, kept, who=name)
        sign_ins.end_sign_ins(session, account_id, because="password changed")
        after = {"address": address}
        events.record(session, who=name, what="link used", noun="account", code=str(account_id), after=after)
    return name


def check_login(login: str) -> None:
    """Refuse what cannot be a login.

    Raises
    ------
    InputError
        It has other signs, or too few or too many, or stands in records for somebody who has no account.
    """
    if not LOGIN.fullmatch(login):
        raise InputError(
            "登录名应为 2 至 32 个小写字母、数字、点、横线,以字母或数字开头",
            "a login has 2 to 32 small letters, digits, dots and dashes, and begins with a letter or digit",
        )
    if any(login in dictionary(name).entries for name in _NO_ACCOUNTS):
        raise InputError(
            f"登录名“{login}”在记录中另有所指,请另选一个",
            f"the login {login!r} means somebody else in records; choose another",
        )


def check_person(person: str) -> None:
    """Refuse what cannot be a person's name.

    Raises
    ------
    InputError
        It is empty, too long, or has signs that are not shown.
    """
    if not 1 <= len(person) <= 40 or not person.isprintable():
        raise InputError("姓名应为 1 至 40 个字", "a person's name has 1 to 40 characters")


# ── what they share ──────────────────────────────────────────────────────────────────────────────────────────────────


def _rights(held: Iterable[str], scopes: Iterable[str], *, pending: bool) -> dict[str, Any]:
    """What an account may do and where; nothing while it has to enrol a second factor."""
    if pending:
        return {"roles": frozenset(), "scopes": ()}
    return {"roles": frozenset(held), "scopes": tuple(scopes)}


def _has_second_factor(found: LoginRecord) -> bool:
    return found.second_factor_confirmed_at is not None


def _step(found: LoginRecord, code: str | None, now: datetime) -> int | None:
    if not _has_second_factor(found) or found.second_factor_secret is None:
        return None
    return step_of_code(found.second_factor_secret, code or "", at=now, last_step=found.second_factor_last_step)


def _tell(session: Session, actor: Actor, what: str) -> None:
    events.record(session, who=actor.name, what=what, noun="account", code=str(actor.account_id))


def _stranger(address: str | None) -> Actor:
    return replace(PUBLIC, address=address)


def _hold_back(session: Session, login: str, address: str | None) -> None:
    """Refuse a try that comes too soon; write any other down as failed, until it has succeeded."""
    now = datetime.now(UTC)
    since = now - span("forget_hours")
    here, anywhere = _key(login, address), _key(login, None)
    take_turn(session, anywhere)
    wait = wait_at_address(sign_ins.failures(session, here, since), now)
    strange = not _is_known(session, login, address, now)
    if strange:
        wait = max(wait, wait_for_account(sign_ins.failures(session, anywhere, since), now))
    if wait > timedelta(0):
        seconds = max(1, round(wait.total_seconds()))
        raise LockedOutError(
            f"失败次数过多,请 {seconds} 秒后再试", f"too many tries failed; try again in {seconds} s", wait_s=seconds
        )
    sign_ins.record_failure(session, here, *([anywhere] if strange else []))


def _is_known(session: Session, login: str, address: str | None, now: datetime) -> bool:
    """Tell whether the account was signed in from an address of late."""
    found = sign_ins.find_login(session, login)
    if found is None or address is None:
        return False
    used = sign_ins.recent_addresses(session, found.account_id, now - span("known_address_days"))
    return _network(address) in {_network(other) for other in used}


def _key(login: str, address: str | None) -> str:
    # People type passwords into the wrong field: what was typed is never kept as it is.
    typed = hashlib.sha256(login.encode()).hexdigest()
    return typed if address is None else f"{typed} {_network(address)}"


def _network(address: str) -> str:
    """Name what one customer has: an address, or of IPv6 the network of all of theirs."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _record_failure(engine: Engine, found: LoginRecord | None, address: str | None) -> None:
    # The same work whether or not the login exists; one that does not may be a password, and is not kept.
    code = str(found.account_id) if found else None
    with session_scope(engine, _stranger(address)) as session:
        events.record(session, who=PUBLIC.name, what="sign-in failed", noun="account", code=code)


def _end_token(engine: Engine, token: str, address: str | None) -> None:
    visitor = visitor_of(engine, token, address=address, request_id=None)
    if visitor is not None:
        sign_out(engine, visitor.actor)


def _wrong() -> SignInError:
    return SignInError(
        "登录名、密码或动态码不对;请检查后再试",
        "the login, the password or the code is wrong; check them and try again",
    )


def _enrolled() -> ConflictError:
    return ConflictError(
        "动态码已经启用;换手机请联系其他管理员重置",
        "a second factor is enrolled already; for a new telephone the other officers reset the account",
    )


def _no_link() -> NotFoundError:
    return NotFoundError(
        "链接无效、已用过或已过期;请向管理员要一个新的",
        "the link is wrong, used or out of date; ask an administrator for a new one",
    )
