"""Sign-ins hold for a time and can be ended at once; nobody comes from the store back to a token."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.access.actor import PUBLIC, Actor
from geo.errors import AccessError, WanggeError
from geo.storage import accounts, sign_ins
from geo.storage.database import open_engine, session_scope

HOUR = timedelta(hours=1)


@pytest.fixture
def store(fresh_database_url: str) -> Iterator[Engine]:
    engine = open_engine(fresh_database_url)
    yield engine
    engine.dispose()


def token(name: str) -> bytes:
    return sha256(name.encode()).digest()


def account(session: Session, login: str = "zhang") -> int:
    made = accounts.create(session, login=login, person="张三", who="admin")
    accounts.give_role(session, made, "planner", "440307001", who="admin")
    accounts.give_role(session, made, "leader", "440307001001", who="admin")
    return made


def open_one(
    session: Session, account_id: int, name: str, *, idle: timedelta = HOUR, most: timedelta = 8 * HOUR
) -> int:
    now = datetime.now(UTC)
    return sign_ins.open_sign_in(
        session,
        account_id=account_id,
        token_hash=token(name),
        kind="cookie",
        idle_until=now + idle,
        expires_at=now + most,
        address="10.0.0.8",
        agent="Firefox",
    )


def test_a_sign_in_is_found_by_its_token(session: Session) -> None:
    zhang = account(session)
    opened = open_one(session, zhang, "a")
    found = sign_ins.find_sign_in(session, token("a"))
    assert found is not None
    assert (found.sign_in_id, found.account_id, found.login, found.kind) == (opened, zhang, "zhang", "cookie")
    assert (found.roles, found.scopes) == (("leader", "planner"), ("440307001", "440307001001"))
    assert sign_ins.find_sign_in(session, token("b")) is None
    accounts.take_role(session, zhang, "planner", "440307001", who="admin")
    changed = sign_ins.find_sign_in(session, token("a"))
    assert changed is not None
    assert (changed.roles, changed.scopes) == (("leader",), ("440307001001",))


@pytest.mark.parametrize("limits", [(-HOUR, HOUR), (HOUR, -HOUR)])
def test_an_idle_or_old_sign_in_holds_no_more(session: Session, limits: tuple[timedelta, timedelta]) -> None:
    open_one(session, account(session), "a", idle=limits[0], most=limits[1])
    assert sign_ins.find_sign_in(session, token("a")) is None
    assert not sign_ins.touch_sign_in(session, token("a"), idle_until=datetime.now(UTC) + HOUR)


def test_being_used_moves_the_idle_limit_up_to_the_last(session: Session) -> None:
    open_one(session, account(session), "a")
    assert sign_ins.touch_sign_in(session, token("a"), idle_until=datetime.now(UTC) + 9 * HOUR)
    found = sign_ins.find_sign_in(session, token("a"))
    assert found is not None
    assert found.idle_until == found.expires_at
    assert not sign_ins.touch_sign_in(session, token("b"), idle_until=datetime.now(UTC) + HOUR)


def test_sign_ins_end(session: Session) -> None:
    zhang = account(session)
    ids = [open_one(session, zhang, name) for name in ("a", "b", "c")]
    assert [one.id for one in sign_ins.list_sign_ins(session, zhang)] == ids[::-1]
    assert sign_ins.end_sign_in(session, ids[0], "signed out")
    assert not sign_ins.end_sign_in(session, ids[0], "signed out")
    assert sign_ins.end_sign_ins(session, zhang, "password changed", but=ids[1]) == 1
    assert sign_ins.find_sign_in(session, token("b")) is not None
    assert sign_ins.end_sign_ins(session, zhang, "ended") == 1
    assert [sign_ins.find_sign_in(session, token(name)) for name in ("a", "b", "c")] == [None] * 3


def test_no_sign_in_outlives_its_account(session: Session) -> None:
    zhang = account(session)
    open_one(session, zhang, "a")
    accounts.end(session, zhang, who="admin")
    assert sign_ins.find_sign_in(session, token("a")) is None


def test_a_login_is_found_in_any_case_of_letters(session: Session) -> None:
    account(session)
    found = sign_ins.find_login(session, " ZHANG ")
    assert found is not None
    assert (found.login, found.roles, found.password_hash) == ("zhang", ("leader", "planner"), None)
    assert sign_ins.find_login(session, "nobody") is None


def test_only_fingerprints_are_kept(session: Session) -> None:
    zhang, now = account(session), datetime.now(UTC)
    with pytest.raises(WanggeError, match="token_hash_length"):
        sign_ins.open_sign_in(
            session,
            account_id=zhang,
            token_hash=b"the token itself",
            kind="cookie",
            idle_until=now,
            expires_at=now,
            address=None,
            agent=None,
        )


# ── one-time links ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_link_is_used_once(session: Session) -> None:
    zhang = account(session)
    expires = datetime.now(UTC) + HOUR
    accounts.invite(session, zhang, token_hash=token("link"), purpose="password", expires_at=expires, who="admin")
    found = sign_ins.find_invitation(session, token("link"))
    assert found is not None
    assert (found.account_id, found.login, found.purpose, found.expires_at) == (zhang, "zhang", "password", expires)
    assert sign_ins.use_invitation(session, token("link")) == zhang
    assert sign_ins.use_invitation(session, token("link")) is None
    assert sign_ins.find_invitation(session, token("link")) is None


def test_an_expired_link_and_one_of_an_ended_account_hold_no_more(session: Session) -> None:
    zhang, li = account(session), account(session, "li")
    now = datetime.now(UTC)
    accounts.invite(session, zhang, token_hash=token("a"), purpose="password", expires_at=now - HOUR, who="admin")
    accounts.invite(session, li, token_hash=token("b"), purpose="password", expires_at=now + HOUR, who="admin")
    accounts.end(session, li, who="admin")
    for name in ("a", "b"):
        assert sign_ins.find_invitation(session, token(name)) is None
        assert sign_ins.use_invitation(session, token(name)) is None


def test_of_many_who_use_a_link_at_once_one_succeeds(store: Engine) -> None:
    with session_scope(store) as session:
        zhang = account(session)
        expires = datetime.now(UTC) + HOUR
        accounts.invite(session, zhang, token_hash=token("link"), purpose="password", expires_at=expires, who="admin")

    def use(_: int) -> int | None:
        with session_scope(store, PUBLIC) as session:
            return sign_ins.use_invitation(session, token("link"))

    with ThreadPoolExecutor(5) as pool:
        assert sorted(pool.map(use, range(10)), key=str) == [zhang, *[None] * 9]


# ── failed tries ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_failed_tries_are_counted_by_key(session: Session) -> None:
    before = datetime.now(UTC) - HOUR
    sign_ins.record_failure(session, "zhang", "zhang 10.0.0.8")
    sign_ins.record_failure(session, "zhang")
    assert len(sign_ins.failures(session, "zhang", before)) == 2
    assert len(sign_ins.failures(session, "zhang 10.0.0.8", before)) == 1
    assert sign_ins.failures(session, "zhang", datetime.now(UTC) + HOUR) == []
    assert sign_ins.failures(session, "zhang", before) == sorted(sign_ins.failures(session, "zhang", before))
    sign_ins.clear_failures(session, "zhang")
    assert sign_ins.failures(session, "zhang", before) == []
    sign_ins.forget_failures(session, datetime.now(UTC) + HOUR)
    assert sign_ins.failures(session, "zhang 10.0.0.8", before) == []


def test_addresses_of_late(session: Session) -> None:
    zhang = account(session)
    open_one(session, zhang, "a")
    assert sign_ins.recent_addresses(session, zhang, datetime.now(UTC) - HOUR) == {"10.0.0.8"}
    assert sign_ins.recent_addresses(session, zhang, datetime.now(UTC) + HOUR) == set()
    assert sign_ins.recent_addresses(session, zhang + 1, datetime.now(UTC) - HOUR) == set()


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_public_signs_in_without_reading_any_hash(store: Engine) -> None:
    with session_scope(store) as session:
        zhang, li = account(session), account(session, "li")
    actor = Actor("zhang", frozenset({"planner"}), ("440307001",), account_id=zhang)
    with session_scope(store, PUBLIC) as session:
        assert sign_ins.find_login(session, "zhang") is not None
        sign_ins.record_failure(session, "zhang")
        assert len(sign_ins.failures(session, "zhang", datetime.now(UTC) - HOUR)) == 1
        sign_ins.clear_failures(session, "zhang")
    with session_scope(store, actor) as session:
        opened = open_one(session, zhang, "a")
    with pytest.raises(AccessError, match="数据库已拒绝"), session_scope(store, actor) as session:
        open_one(session, li, "b")
    with pytest.raises(AccessError, match="数据库已拒绝"), session_scope(store, PUBLIC) as session:
        open_one(session, zhang, "c")
    with session_scope(store, PUBLIC) as session:
        assert sign_ins.find_sign_in(session, token("a")) is not None
        assert sign_ins.touch_sign_in(session, token("a"), idle_until=datetime.now(UTC) + HOUR)
        assert not sign_ins.end_sign_in(session, opened, "not mine")
    with session_scope(store, Actor("li", frozenset(), (), account_id=li)) as session:
        assert sign_ins.list_sign_ins(session, zhang) == []
        assert sign_ins.end_sign_ins(session, zhang, "not mine") == 0
    with session_scope(store, Actor("officer", frozenset({"security_officer"}), (), account_id=99)) as session:
        assert [one.id for one in sign_ins.list_sign_ins(session, zhang)] == [opened]
        assert sign_ins.end_sign_ins(session, zhang, "revoked") == 1


@pytest.mark.parametrize("role", ["administrator", "security_officer", "auditor", "planner", "public"])
@pytest.mark.parametrize("table", ["sign_in", "invitation", "account", "sign_in_failure", "event_chain"])
def test_no_role_reads_hashes(store: Engine, role: str, table: str) -> None:
    with (
        pytest.raises(AccessError, match="数据库已拒绝"),
        session_scope(store, Actor("x", frozenset({role}), ("440307001",), account_id=1)) as session,
    ):
        session.execute(text(f"SELECT * FROM {table}"))
