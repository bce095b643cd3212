"""Accounts are kept, changed and ended by administrators; secrets are written and never read."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo.access.actor import PUBLIC, Actor
from geo.errors import AccessError, CodeError, ConflictError, InputError, NotFoundError, StaleVersionError
from geo.storage import accounts, acting, audit, events, sign_ins
from geo.storage.access_tables import Account
from geo.storage.database import open_engine, session_scope

HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"


@pytest.fixture
def store(fresh_database_url: str) -> Iterator[Engine]:
    engine = open_engine(fresh_database_url)
    yield engine
    engine.dispose()


def person(engine: Engine, login: str, *roles: str, scope: str | None = None) -> Actor:
    with session_scope(engine) as session:
        account_id = accounts.create(session, login=login, person=f"{login} 先生", who="terminal")
        for role in roles:
            accounts.give_role(session, account_id, role, scope, who="terminal")
    return Actor(login, frozenset(roles), () if scope is None else (scope,), account_id=account_id)


def test_an_account_from_its_creation_to_its_end(session: Session) -> None:
    made = accounts.create(session, login="Li.Si ", person=" 李四 ", who="admin")
    seen = accounts.read(session, made)
    assert (seen.login, seen.person, seen.version, seen.created_by, seen.roles) == ("li.si", "李四", 1, "admin", ())
    assert accounts.find(session, "LI.SI") == seen
    renamed = accounts.rename(session, made, person="李思", who="admin", version=1)
    assert (renamed.person, renamed.version) == ("李思", 2)
    with pytest.raises(StaleVersionError, match="第 2 版"):
        accounts.rename(session, made, person="李斯", who="admin", version=1)
    ended = accounts.end(session, made, who="admin")
    assert ended.ended_at is not None
    for refused in (
        lambda: accounts.end(session, made, who="admin"),
        lambda: accounts.rename(session, made, person="李", who="admin", version=3),
        lambda: accounts.give_role(session, made, "planner", "440307001", who="admin"),
    ):
        with pytest.raises(ConflictError, match="已终止"):
            refused()
    assert [event.what for event in events.read(session, noun="account")] == ["ended", "changed", "created"]


@pytest.mark.parametrize("login", ["", "张三", "a b", ".a", "a" * 65, "a@b"])
def test_a_login_is_plain(session: Session, login: str) -> None:
    with pytest.raises(CodeError, match="login_structure"):
        accounts.create(session, login=login, person="张三", who="admin")


def test_a_login_is_given_once(session: Session) -> None:
    made = accounts.create(session, login="zhang", person="张三", who="admin")
    accounts.end(session, made, who="admin")
    with session.begin_nested(), pytest.raises(ConflictError, match="uq_account_login"):
        accounts.create(session, login="ZHANG", person="张三丰", who="admin")


def test_an_account_has_a_person(session: Session) -> None:
    with pytest.raises(InputError, match="person_not_blank"):
        accounts.create(session, login="zhang", person=" ", who="admin")


def test_roles_come_and_go(session: Session) -> None:
    made = accounts.create(session, login="zhang", person="张三", who="admin")
    accounts.give_role(session, made, "planner", "440307001", who="officer")
    accounts.give_role(session, made, "inspector", "440307001001002", who="officer")
    accounts.give_role(session, made, "leader", who="officer")
    held = [(role.role, role.scope_code) for role in accounts.read(session, made).roles]
    assert held == [("inspector", "440307001001002"), ("leader", None), ("planner", "440307001")]
    with pytest.raises(ConflictError, match="planner"):
        accounts.give_role(session, made, "planner", "440307001", who="officer")
    accounts.take_role(session, made, "planner", "440307001", who="officer")
    accounts.take_role(session, made, "leader", who="officer")
    assert [role.role for role in accounts.read(session, made).roles] == ["inspector"]
    with pytest.raises(NotFoundError, match="planner"):
        accounts.take_role(session, made, "planner", "440307001", who="officer")
    assert accounts.holders(session, "inspector") == 1
    assert accounts.holders(session, "planner") == 0
    told = events.read(session, noun="account", code=str(made))
    assert [event.what for event in told] == [*["role taken"] * 2, *["role given"] * 3, "created"]
    assert told[2].after == {"login": "zhang", "role": "leader", "scope_code": None}


def test_a_scope_is_a_code(session: Session) -> None:
    made = accounts.create(session, login="zhang", person="张三", who="admin")
    with pytest.raises(CodeError, match="scope_code_structure"):
        accounts.give_role(session, made, "planner", "44030700", who="officer")


def test_lists_make_pages(session: Session) -> None:
    made = [accounts.create(session, login=login, person=login, who="admin") for login in ("c", "a", "b")]
    accounts.end(session, made[2], who="admin")
    accounts.give_role(session, made[0], "auditor", who="admin")
    assert [account.login for account in accounts.list_accounts(session)] == ["a", "c"]
    assert [account.login for account in accounts.list_accounts(session, ended=True, limit=2)] == ["a", "b"]
    assert [account.login for account in accounts.list_accounts(session, ended=True, after="b")] == ["c"]
    assert [account.login for account in accounts.list_accounts(session, role="auditor")] == ["c"]


def test_secrets_are_in_no_event(session: Session) -> None:
    made = accounts.create(session, login="zhang", person="张三", who="admin")
    accounts.set_password(session, made, HASH, who="zhang")
    accounts.set_second_factor(session, made, "SECRETSECRET", who="zhang")
    accounts.confirm_second_factor(session, made, step=7, who="zhang")
    accounts.set_password(session, made, None, who="admin")
    accounts.set_second_factor(session, made, None, who="admin")
    told = events.read(session, noun="account")
    assert [event.what for event in told] == [
        "second factor reset",
        "password reset",
        "second factor confirmed",
        "second factor offered",
        "password changed",
        "created",
    ]
    assert not [event for event in told if "argon2" in repr(event) or "SECRET" in repr(event)]


def test_a_code_of_the_second_factor_is_taken_once(session: Session) -> None:
    made = accounts.create(session, login="zhang", person="张三", who="admin")
    assert accounts.take_step(session, made, 7)
    assert not accounts.take_step(session, made, 7)
    assert not accounts.take_step(session, made, 6)
    assert accounts.take_step(session, made, 8)


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_administrator_keeps_accounts_and_sees_no_secret(store: Engine) -> None:
    admin = person(store, "admin", "administrator")
    with session_scope(store, admin) as session:
        made = accounts.create(session, login="zhang", person="张三", who="somebody")
        accounts.give_role(session, made, "planner", "440307001", who="somebody")
        accounts.set_password(session, made, None, who="somebody")
        assert [account.login for account in accounts.list_accounts(session)] == ["admin", "zhang"]
        account = session.get_one(Account, made)
        assert account.person == "张三"
    with session_scope(store) as session:
        told = audit.search(session, noun="account", code=str(made))
        assert {(event.who, event.account_id) for event in told} == {("admin", admin.account_id)}
    for column in ("password_hash", "second_factor_secret", "*"):
        with pytest.raises(AccessError), session_scope(store, admin) as session:
            session.execute(text(f"SELECT {column} FROM account"))
    with pytest.raises(AccessError), session_scope(store, admin) as session:
        session.execute(select(Account.password_hash))


def test_an_administrator_sets_nobodys_password(store: Engine) -> None:
    admin, zhang = person(store, "admin", "administrator"), person(store, "zhang", "planner", scope="440307001")
    assert zhang.account_id is not None
    for secret in ("password_hash = 'x'", "second_factor_secret = 'x'"):
        with pytest.raises(AccessError, match="数据库已拒绝"), session_scope(store, admin) as session:
            session.execute(text(f"UPDATE account SET {secret} WHERE id = {zhang.account_id}"))
    with session_scope(store, zhang) as session:
        accounts.set_password(session, zhang.account_id, HASH, who="zhang")
        accounts.set_second_factor(session, zhang.account_id, "SECRET", who="zhang")
    with session_scope(store, PUBLIC) as session:
        found = sign_ins.find_login(session, "zhang")
        assert found is not None
        assert (found.password_hash, found.second_factor_secret) == (HASH, "SECRET")


def test_nobody_gives_roles_to_themselves(store: Engine) -> None:
    for role in ("administrator", "security_officer"):
        actor = person(store, f"{role[:5]}1", role)
        assert actor.account_id is not None
        with pytest.raises(AccessError, match="数据库已拒绝"), session_scope(store, actor) as session:
            accounts.give_role(session, actor.account_id, "planner", "440307001", who=actor.name)


@pytest.mark.parametrize("role", ["planner", "inspector", "staff", "assessor", "leader", "security_officer", "auditor"])
def test_only_administrators_make_accounts(store: Engine, role: str) -> None:
    actor = person(store, "zhang", role)
    with pytest.raises(AccessError, match="数据库已拒绝"), session_scope(store, actor) as session:
        accounts.create(session, login="li", person="李四", who="zhang")


def test_others_see_their_own_account_alone(store: Engine) -> None:
    zhang, li = person(store, "zhang", "planner", scope="440307001"), person(store, "li", "leader", scope="440307001")
    assert li.account_id is not None
    with session_scope(store, zhang) as session:
        assert [account.login for account in accounts.list_accounts(session)] == ["zhang"]
        with pytest.raises(NotFoundError):
            accounts.read(session, li.account_id)
        with pytest.raises(NotFoundError):
            accounts.end(session, li.account_id, who="zhang")
    with session_scope(store, PUBLIC) as session:
        assert accounts.list_accounts(session, ended=True) == []


def test_accounts_are_ended_and_not_deleted(session: Session) -> None:
    accounts.create(session, login="zhang", person="张三", who="admin")
    for table in ("account", "account_role"):
        with session.begin_nested() as savepoint:
            with pytest.raises(DBAPIError, match="DELETE of"):
                session.execute(text(f"DELETE FROM {table}"))
            savepoint.rollback()


def test_what_roles_allow() -> None:
    def words(*roles: str) -> list[str]:
        return acting.allowed(Actor("x", frozenset(roles), ()))

    assert words("planner") == ["households", "register", "plans", "ledger", "inspection_plans"]
    assert words("assessor", "leader") == ["households", "ledger", "inspection_plans"]
    assert words("inspector") == ["households", "register", "phones", "ledger"]
    assert words("auditor") == words("public") == words("no such role") == []
