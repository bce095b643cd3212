"""Accounts: who may sign in, as what, and where.

Nobody is there by default. The first start prints a one-time link for the first administrator; the administrator makes
the others, the security officer gives them roles, and each person sets their own password through a link. Whoever runs
the program in a terminal owns the store, and is bound by none of this (``by`` is None).

An account's roles all count in all of its scopes. Who is to plan in one place and to inspect in another has two
accounts: what a role may do somewhere never adds up with what another sees elsewhere.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.access.actor import SCOPE_DIGITS, Actor, check_scope
from geo.access.limits import span
from geo.access.passwords import hash_password, refuse_weak
from geo.access.roles import check_roles, needs_second_factor
from geo.access.roles import roles as all_roles
from geo.access.tokens import fingerprint, new_token
from geo.errors import AccessError, ConflictError, InputError, NotFoundError, StaleVersionError
from geo.services.signing_in import check_login, check_person
from geo.storage import accounts, events, invitations, sign_ins
from geo.storage.accounts import AccountRecord
from geo.storage.database import session_scope
from geo.storage.turns import take_turn

ADMINISTRATOR, SECURITY_OFFICER, AUDITOR = "administrator", "security_officer", "auditor"
#: How many of the other two officers it takes to reset one.
OFFICERS_TO_RESET = 2

#: Logins that hold the place of the first administrator until the link is used, which makes the account; they end then.
FIRST = "first-administrator"

RESET, RESET_ASKED = "reset", "reset asked"

#: One at a time: who holds which role is looked at, then changed.
TURN = "accounts"


@dataclass(frozen=True)
class AccountDetail:
    """An account as its administrators see it: no secret of it.

    Attributes
    ----------
    version
        Of its roles and scopes, which changes with them.
    """

    id: int
    login: str
    person: str
    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    has_second_factor: bool
    version: int
    created_at: datetime
    password_changed_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Link:
    """A one-time link, or how many officers still have to agree to it.

    Attributes
    ----------
    token
        Shown to whoever asked, this once; None while officers are missing.
    """

    token: str | None
    expires_at: datetime | None
    still_needed: int = 0


def create(session: Session, login: str, person: str, *, who: str) -> Link:
    """Make an account without roles, and the link with which its person sets a password.

    Raises
    ------
    InputError
        The login or the name cannot be taken.
    ConflictError
        The login is taken, or was before.
    """
    check_login(login)
    check_person(person)
    if accounts.find(session, login) is not None:
        raise ConflictError(
            f"登录名 {login} 已被使用过,不能再用;请换一个", f"the login {login} is or was in use; choose another"
        )
    return _invite(session, accounts.create(session, login=login, person=person, who=who), "password", who=who)


def read_accounts(session: Session, *, limit: int, after: str | None) -> list[AccountDetail]:
    """Read accounts, ordered by login, ended ones too; not those that waited for the first administrator."""
    found = accounts.list_accounts(session, ended=True, limit=limit, after=after)
    return [_detail(account) for account in found if not account.login.startswith(FIRST)]


def read_account(session: Session, login: str) -> AccountDetail:
    """Read an account.

    Raises
    ------
    NotFoundError
        There is none of this login.
    """
    found = accounts.find(session, login)
    if found is None:
        raise NotFoundError(f"没有账户 {login}", f"there is no account {login}")
    return _detail(found)


def appoints(session: Session, by: Actor) -> frozenset[str]:
    """Return the roles that somebody may give to others as things stand.

    The security officer gives all; while there is none, an administrator appoints one.
    """
    if by.may({SECURITY_OFFICER}):
        return frozenset(all_roles()) - {"public"}
    alone = by.may({ADMINISTRATOR}) and not accounts.holders(session, SECURITY_OFFICER)
    return frozenset({SECURITY_OFFICER} if alone else ())


def give(
    session: Session,
    login: str,
    *,
    roles: Iterable[str],
    scopes: Iterable[str],
    by: Actor | None,
    who: str,
    version: int | None = None,
) -> AccountDetail:
    """Replace what an account may do, and where.

    Parameters
    ----------
    by
        Who gives it; None for whoever runs the program in a terminal.
    version
        The version that was seen; None takes any.

    Raises
    ------
    NotFoundError
        There is no such account.
    InputError
        The roles exclude one another, or roles and scopes do not fit.
    AccessError
        Who gives them may not.
    StaleVersionError
        They changed meanwhile.
    ConflictError
        The account has ended.
    """
    take_turn(session, TURN)
    account = _going_on(session, login)
    wanted, where = check_roles(roles), _checked_scopes(scopes)
    _check_fit(wanted, where)
    if by is not None:
        _check_giver(session, by, account, wanted)
    if version is not None and version != account.version:
        raise StaleVersionError(
            f"账户 {login} 的角色已被别人修改;请重新查看后再改",
            f"the roles of account {login} were changed meanwhile; look at them again",
        )
    held = {(role.role, role.scope_code) for role in accounts.read(session, account.id).roles}
    given: set[tuple[str, str | None]] = {(role, scope) for role in wanted for scope in where or (None,)}
    for role, scope in sorted(held - given, key=str):
        accounts.take_role(session, account.id, role, scope, who=who)
    for role, scope in sorted(given - held, key=str):
        accounts.give_role(session, account.id, role, scope, who=who)
    return read_account(session, login)


def end(session: Session, login: str, *, who: str) -> None:
    """End an account and its sign-ins.

    Raises
    ------
    NotFoundError
        There is no such account.
    ConflictError
        It has ended, or is the last administrator's.
    """
    take_turn(session, TURN)
    account = _going_on(session, login)
    if ADMINISTRATOR in account.roles and accounts.holders(session, ADMINISTRATOR) < 2:
        raise ConflictError(
            "这是最后一位系统管理员,不能停用;请先任命另一位",
            "this is the last administrator's account; appoint another one first",
        )
    accounts.end(session, account.id, who=who)
    sign_ins.end_sign_ins(session, account.id, because="account ended")


def reset(engine: Engine, login: str, *, by: Actor | None, who: str) -> Link:
    """Take away an account's password, second factor and sign-ins, and make a link to set a password with.

    Raises
    ------
    NotFoundError
        There is no such account.
    ConflictError
        It has ended.
    AccessError
        Who asks may not.
    """
    if by is not None:
        with session_scope(engine, by) as session:
            account = _going_on(session, login)
            _check_resetter(by, account)
            events.record(session, who=who, what=RESET_ASKED, noun="account", code=str(account.id))
    # As the owner: who else asked is in the audit trail, which officers do not read.
    with session_scope(engine) as session:
        take_turn(session, TURN)
        account = _going_on(session, login)
        if by is not None and needs_second_factor(account.roles):
            missing = OFFICERS_TO_RESET - len(_who_asked(session, account))
            if missing > 0:
                return Link(None, None, missing)
        accounts.set_password(session, account.id, None, who=who)
        accounts.set_second_factor(session, account.id, None, who=who)
        sign_ins.end_sign_ins(session, account.id, because="reset")
        events.record(session, who=who, what=RESET, noun="account", code=str(account.id))
        return _invite(session, account.id, "password", who=who)


def make_ready(
    session: Session,
    login: str,
    person: str,
    *,
    roles: Sequence[str],
    scopes: Sequence[str],
    password: str,
    who: str,
) -> None:
    """Make an account that can be used at once, or set the password of one that is there: for the terminal alone.

    Raises
    ------
    InputError
        The login, the name, the roles or the scopes cannot be taken.
    PasswordError
        The password is easily guessed.
    ConflictError
        The account has ended.
    """
    refuse_weak(password, login, person)
    if accounts.find(session, login) is None:
        create(session, login, person, who=who)
        give(session, login, roles=roles, scopes=scopes, by=None, who=who)
    account = _going_on(session, login)
    accounts.set_password(session, account.id, hash_password(password), who=who)
    invitations.withdraw(session, account.id)
    sign_ins.end_sign_ins(session, account.id, because="password changed")


def first_link(engine: Engine) -> Link | None:
    """Make the one-time link with which the first administrator is made; None when there is one already.

    Links made before hold no more.
    """
    with session_scope(engine) as session:
        take_turn(session, TURN)
        if accounts.holders(session, ADMINISTRATOR):
            return None
        waiting = [found for found in accounts.list_accounts(session) if found.login.startswith(FIRST)]
        if waiting:
            account_id = waiting[0].id
        else:
            earlier = accounts.list_accounts(session, ended=True, limit=10_000)
            number = sum(account.login.startswith(FIRST) for account in earlier) + 1
            account_id = accounts.create(session, login=f"{FIRST}-{number}", person="系统管理员", who="wangge")
        return _invite(session, account_id, "administrator", who="wangge")


def _invite(session: Session, account_id: int, purpose: str, *, who: str) -> Link:
    token = new_token()
    expires_at = datetime.now(UTC) + span("link_hours")
    invitations.withdraw(session, account_id)
    accounts.invite(session, account_id, token_hash=fingerprint(token), purpose=purpose, expires_at=expires_at, who=who)
    return Link(token, expires_at)


def _detail(account: AccountRecord) -> AccountDetail:
    held = ",".join(str(role.id) for role in sorted(account.roles, key=lambda role: role.id))
    return AccountDetail(
        id=account.id,
        login=account.login,
        person=account.person,
        roles=tuple(sorted({role.role for role in account.roles})),
        scopes=tuple(sorted({role.scope_code for role in account.roles if role.scope_code})),
        has_second_factor=account.second_factor_confirmed_at is not None,
        # Holdings are never given the same number again, so that the same version means the same roles.
        version=zlib.crc32(held.encode()) % 999_999_999 + 1,
        created_at=account.created_at,
        password_changed_at=account.password_changed_at,
        ended_at=account.ended_at,
    )


def _going_on(session: Session, login: str) -> AccountDetail:
    account = read_account(session, login)
    if account.ended_at is not None:
        raise ConflictError(f"账户 {login} 已停用", f"account {login} has ended")
    return account


def _checked_scopes(scopes: Iterable[str]) -> list[str]:
    found = sorted(set(scopes))
    for code in found:
        check_scope(code)
    return found


def _check_fit(wanted: frozenset[str], where: Sequence[str]) -> None:
    """Refuse roles that need a scope and have none, or a wider one than they are given for."""
    if "public" in wanted:
        raise InputError("“公众”不是可以授予的角色", "public is whoever has not signed in; it is given to nobody")
    widest = {role: all_roles()[role].scope for role in wanted}
    scoped = {role: level for role, level in widest.items() if level != "none"}
    if bool(scoped) != bool(where):
        raise InputError(
            "管理员、安全管理员、审计管理员不带范围,其他角色须至少有一个范围(街道、社区或网格编码)",
            "the three administrators have no scope; every other role needs one: a street, a community or a grid",
        )
    if scoped and len(scoped) < len(widest):
        raise InputError("带范围的角色不能与不带范围的同属一个账户", "roles with and without a scope need two accounts")
    for role, level in scoped.items():
        short = [code for code in where if len(code) < SCOPE_DIGITS[level]]
        if short:
            raise InputError(
                f"“{all_roles()[role].zh}”的范围最大为 {SCOPE_DIGITS[level]} 位编码,{short[0]} 过大",
                f"{all_roles()[role].en}: a scope has {SCOPE_DIGITS[level]} digits or more; {short[0]} is wider",
            )


def _check_giver(session: Session, by: Actor, account: AccountDetail, wanted: frozenset[str]) -> None:
    if account.login == by.name:
        raise AccessError("不能给自己授权;请由其他人操作", "nobody gives roles to themselves")
    if by.may({SECURITY_OFFICER}):
        return
    if not wanted or wanted - appoints(session, by):
        raise AccessError(
            "角色由安全管理员设定;尚无安全管理员时,系统管理员可任命一位",
            "the security officer gives roles; while there is none, the administrator may appoint one",
        )


def _check_resetter(by: Actor, account: AccountDetail) -> None:
    if account.login == by.name:
        raise AccessError("不能重置自己的账户", "nobody resets their own account")
    if not needs_second_factor(account.roles) and not by.may({ADMINISTRATOR}):
        raise AccessError("这个账户由系统管理员重置", "the administrator resets this account")


def _who_asked(session: Session, account: AccountDetail) -> set[str]:
    """Return the officers who asked for a reset within a day and since the last one."""
    since = datetime.now(UTC) - span("link_hours")
    asked: set[str] = set()
    for event in events.read(session, noun="account", code=str(account.id), since=since, limit=10_000):
        if event.what == RESET:
            break
        if event.what == RESET_ASKED:
            asked.add(event.who)
    held = [accounts.find(session, name) for name in asked - {account.login}]
    return {
        officer.login
        for officer in held
        if officer is not None and officer.ended_at is None and needs_second_factor(role.role for role in officer.roles)
    }
