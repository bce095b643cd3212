"""Signing in: what works, what does not, that nobody learns why, and that nobody shuts others out."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import Engine, text

from geo.access.actor import Actor
from geo.access.second_factor import new_key
from geo.errors import ConflictError, LockedOutError, NotFoundError, PasswordError, SignInError
from geo.services import accounts, signing_in
from geo.services.signing_in import SignedIn, actor_of, sign_in, visitor_of
from geo.storage import accounts as stored
from geo.storage.database import open_engine, session_scope
from tests.databases import Databases

PASSWORD, OTHER = "correct horse battery", "another good sentence"
STREET = "440304006"
OFFICE, HOME = "10.0.0.7", "10.9.9.9"


@pytest.fixture
def engine(fresh_database_url: str) -> Iterator[Engine]:
    engine = open_engine(fresh_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def people(databases: Databases) -> Iterator[Engine]:
    """A store with a planner and an administrator who has enrolled no second factor yet."""
    with databases.engine(databases.filled("signing_in", _make_people)) as engine:
        yield engine


def _make_people(engine: Engine) -> None:
    with session_scope(engine) as session:
        for login, roles, scopes in (("li.hua", ["planner"], [STREET]), ("admin", ["administrator"], [])):
            accounts.make_ready(session, login, "某人某某", roles=roles, scopes=scopes, password=PASSWORD, who="test")


def signed_in(engine: Engine, login: str = "li.hua", password: str = PASSWORD, **said: str | None) -> SignedIn:
    return sign_in(engine, login, password, said.get("code"), kind="bearer", address=said.get("address", OFFICE))


def actor(engine: Engine, token: str) -> Actor | None:
    return actor_of(engine, token, address=OFFICE, request_id="r1")


def trail(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT who, what FROM event WHERE noun = 'account' ORDER BY id"))
        return [(row.who, row.what) for row in rows]


def test_a_sign_in_says_who_acts_where_and_from_where(people: Engine) -> None:
    made = signed_in(people)
    found = actor(people, made.token)
    assert found is not None
    assert (found.name, found.roles, found.scopes) == ("li.hua", {"planner"}, (STREET,))
    assert (found.address, found.request_id) == (OFFICE, "r1")
    assert found.sign_in_id == made.actor.sign_in_id
    assert timedelta(hours=11, minutes=59) < made.expires_at - datetime.now(UTC) <= timedelta(hours=12)
    assert trail(people)[-1] == ("li.hua", "signed in")


def test_only_a_fingerprint_of_the_token_is_kept(people: Engine) -> None:
    token = signed_in(people).token
    with people.connect() as connection:
        dump = connection.execute(text("SELECT s::text FROM sign_in s")).scalars().all()
        dump += connection.execute(text("SELECT e::text FROM event e")).scalars().all()
    assert token not in "".join(dump)
    assert PASSWORD not in "".join(dump)


@pytest.mark.parametrize(
    ("login", "password"),
    [("li.hua", "wrong password"), ("nobody", PASSWORD), ("", ""), ("LI.HUA'--", PASSWORD), ("li.hua", PASSWORD * 99)],
)
def test_whatever_is_wrong_the_answer_is_the_same(people: Engine, login: str, password: str) -> None:
    with pytest.raises(SignInError) as refused:
        signed_in(people, login, password)
    with pytest.raises(SignInError) as other:
        signed_in(people, "nobody.else", "whatever it is")
    assert str(refused.value) == str(other.value)


def test_an_ended_account_is_as_unknown(people: Engine) -> None:
    token = signed_in(people).token
    with session_scope(people) as session:
        accounts.end(session, "li.hua", who="test")
    assert actor(people, token) is None
    with pytest.raises(SignInError):
        signed_in(people)


def test_logins_are_found_however_they_are_cased(people: Engine) -> None:
    assert signed_in(people, " Li.Hua ").actor.name == "li.hua"


def test_an_unknown_login_takes_as_long_as_a_wrong_password(people: Engine) -> None:
    def took(login: str) -> float:
        times = []
        for number in range(5):
            start = time.process_time()
            with pytest.raises(SignInError):
                signed_in(people, login, "wrong password", address=f"10.1.{number}.{len(login)}")
            times.append(time.process_time() - start)
        return sorted(times)[2]

    took("warm.up")
    assert 0.6 < took("nobody") / took("li.hua") < 1.7


def test_roles_that_are_taken_away_are_gone_with_the_next_request(people: Engine) -> None:
    token = signed_in(people).token
    with session_scope(people) as session:
        accounts.give(session, "li.hua", roles=["assessor"], scopes=[f"{STREET}001"], by=None, who="test")
    found = actor(people, token)
    assert found is not None
    assert (found.roles, found.scopes) == ({"assessor"}, (f"{STREET}001",))


def test_signing_out_ends_it_at_once(people: Engine) -> None:
    made, other = signed_in(people), signed_in(people)
    signing_in.sign_out(people, made.actor)
    assert actor(people, made.token) is None
    assert actor(people, other.token) is not None


def test_a_sign_in_takes_the_place_of_the_one_that_the_browser_had(people: Engine) -> None:
    before = signed_in(people).token
    after = sign_in(people, "li.hua", PASSWORD, kind="cookie", address=OFFICE, replaces=before)
    assert actor(people, before) is None
    assert actor(people, after.token) is not None


@pytest.mark.parametrize(
    ("column", "ago", "holds"),
    [("idle_until", "1 second", False), ("expires_at", "1 second", False), ("seen_at", "29 minutes", True)],
)
def test_idle_and_old_sign_ins_end(people: Engine, column: str, ago: str, holds: bool) -> None:
    token = signed_in(people).token
    with people.begin() as connection:
        connection.execute(text(f"UPDATE sign_in SET {column} = now() - interval '{ago}'"))
    assert (actor(people, token) is not None) is holds


def test_the_idle_time_starts_anew_with_a_request_and_is_written_once_a_minute(people: Engine) -> None:
    token = signed_in(people).token

    def idle_until() -> datetime:
        with people.connect() as connection:
            found: datetime = connection.execute(text("SELECT idle_until FROM sign_in")).scalar_one()
            return found

    first = idle_until()
    actor(people, token)
    assert idle_until() == first
    with people.begin() as connection:
        connection.execute(text("UPDATE sign_in SET seen_at = now() - interval '61 seconds'"))
    actor(people, token)
    assert idle_until() > first


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "a" * 4_000, "é" * 43])
def test_what_is_no_token_is_nobody(people: Engine, token: str) -> None:
    assert actor(people, token) is None


# ── lock-out ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def fail(engine: Engine, times: int, *, login: str = "li.hua", address: str = HOME) -> None:
    for _ in range(times):
        with pytest.raises(SignInError):
            signed_in(engine, login, "wrong password", address=address)


def test_after_a_few_failures_an_address_waits_and_others_do_not(people: Engine) -> None:
    fail(people, 5)
    with pytest.raises(LockedOutError) as refused:
        signed_in(people, address=HOME)
    assert 25 <= refused.value.wait_s <= 30
    assert signed_in(people, address=OFFICE).actor.name == "li.hua"
    assert signed_in(people, "admin", address=HOME).actor.name == "admin"


def test_a_login_that_does_not_exist_waits_as_one_that_does(people: Engine) -> None:
    fail(people, 5, login="nobody")
    with pytest.raises(LockedOutError):
        signed_in(people, "nobody", address=HOME)


def test_the_right_password_starts_the_count_anew(people: Engine) -> None:
    fail(people, 4)
    signed_in(people, address=HOME)
    fail(people, 4)
    signed_in(people, address=HOME)


def test_neighbours_in_one_ipv6_network_count_together(people: Engine) -> None:
    for number in range(5):
        fail(people, 1, address=f"2001:db8::{number + 1:x}")
    with pytest.raises(LockedOutError):
        signed_in(people, address="2001:db8::ffff")
    assert signed_in(people, address="2001:db8:0:1::1").actor.name == "li.hua"


def test_a_flood_from_everywhere_slows_strangers_and_never_the_person_at_home(people: Engine) -> None:
    signed_in(people, address=OFFICE)
    with people.begin() as connection:
        # As a hundred failures from a hundred addresses leave it, without a hundred password checks.
        key = signing_in._key("li.hua", None)
        connection.execute(
            text("INSERT INTO sign_in_failure (key) SELECT :key FROM generate_series(1, 100)"), {"key": key}
        )
    with pytest.raises(LockedOutError) as refused:
        signed_in(people, address=HOME)
    assert refused.value.wait_s <= 60
    assert signed_in(people, address=OFFICE).actor.name == "li.hua"


def test_many_tries_at_once_are_still_as_many_tries(people: Engine) -> None:
    outcomes: list[str] = []

    def guess() -> None:
        try:
            signed_in(people, "li.hua", "wrong password", address=HOME)
        except (SignInError, LockedOutError) as refused:
            outcomes.append(type(refused).__name__)

    threads = [threading.Thread(target=guess) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("SignInError") == 5
    assert outcomes.count("LockedOutError") == 4


# ── passwords ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_password_ends_the_other_sign_ins(people: Engine) -> None:
    here, elsewhere = signed_in(people), signed_in(people)
    signing_in.change_password(people, here.actor, PASSWORD, OTHER)
    assert actor(people, here.token) is not None
    assert actor(people, elsewhere.token) is None
    with pytest.raises(SignInError):
        signed_in(people)
    assert signed_in(people, password=OTHER).actor.name == "li.hua"
    assert ("li.hua", "password changed") in trail(people)


def test_the_old_password_is_asked_for_and_the_new_one_looked_at(people: Engine) -> None:
    made = signed_in(people)
    with pytest.raises(SignInError):
        signing_in.change_password(people, made.actor, OTHER, "yet another sentence")
    for weak in (PASSWORD, "short", "password1234", "li.hua li.hua li"):
        with pytest.raises(PasswordError):
            signing_in.change_password(people, replace(made.actor, address="10.2.2.2"), PASSWORD, weak)
    assert signed_in(people).actor.name == "li.hua"


def test_the_old_password_cannot_be_guessed_at_a_desk_left_alone(people: Engine) -> None:
    made = signed_in(people)
    for _ in range(5):
        with pytest.raises(SignInError):
            signing_in.change_password(people, made.actor, "a guess of mine", OTHER)
    with pytest.raises(LockedOutError):
        signing_in.change_password(people, made.actor, PASSWORD, OTHER)


# ── second factor ────────────────────────────────────────────────────────────────────────────────────────────────────


def code_of(key: str, *, steps: int = 0) -> str:
    return pyotp.TOTP(key).at(datetime.now(UTC) + timedelta(seconds=30 * steps))


def test_an_administrator_may_do_nothing_until_the_second_factor_is_enrolled(people: Engine) -> None:
    made = signed_in(people, "admin")
    assert made.needs_second_factor
    visitor = visitor_of(people, made.token, address=OFFICE, request_id=None)
    assert visitor is not None
    assert (visitor.needs_second_factor, visitor.actor.roles, visitor.actor.scopes) == (True, frozenset(), ())

    enrolment = signing_in.begin_second_factor(people, made.actor)
    assert signing_in.begin_second_factor(people, made.actor) == enrolment
    with pytest.raises(SignInError):
        signing_in.confirm_second_factor(people, made.actor, "000000" if code_of(enrolment.key) != "000000" else "1")
    signing_in.confirm_second_factor(people, made.actor, code_of(enrolment.key))
    found = actor(people, made.token)
    assert found is not None
    assert found.roles == {"administrator"}
    with pytest.raises(ConflictError):
        signing_in.begin_second_factor(people, made.actor)


def test_once_enrolled_a_code_is_needed_and_taken_once(people: Engine) -> None:
    made = signed_in(people, "admin")
    key = signing_in.begin_second_factor(people, made.actor).key
    first = code_of(key)
    signing_in.confirm_second_factor(people, made.actor, first)
    for wrong in (None, "", first, code_of(new_key())):
        with pytest.raises(SignInError):
            signed_in(people, "admin", code=wrong, address=HOME)
    second = code_of(key, steps=1)
    assert signed_in(people, "admin", code=second, address=HOME).actor.roles == {"administrator"}
    with pytest.raises(SignInError):
        signed_in(people, "admin", code=second, address=HOME)


def test_of_two_with_the_same_code_one_comes_in(people: Engine) -> None:
    made = signed_in(people, "admin")
    key = signing_in.begin_second_factor(people, made.actor).key
    signing_in.confirm_second_factor(people, made.actor, code_of(key))
    code, came_in, lock = code_of(key, steps=1), [], threading.Lock()

    def enter(address: str) -> None:
        try:
            signed_in(people, "admin", code=code, address=address)
        except SignInError:
            return
        with lock:
            came_in.append(address)

    threads = [threading.Thread(target=enter, args=(f"10.3.3.{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(came_in) == 1


# ── one-time links ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_administrator_is_made_through_a_link_that_works_once(engine: Engine) -> None:
    link = accounts.first_link(engine)
    assert link is not None
    assert link.token is not None
    assert signing_in.invited(engine, link.token) == signing_in.Invited("administrator", None, None)
    with pytest.raises(PasswordError):
        signing_in.use_link(engine, link.token, login="chen", person="陈静", password="password1234")
    assert signing_in.use_link(engine, link.token, login="chen", person="陈静", password=PASSWORD) == "chen"
    made = signed_in(engine, "chen")
    assert made.needs_second_factor
    with pytest.raises(NotFoundError):
        signing_in.use_link(engine, link.token, login="chen2", person="陈静", password=PASSWORD)
    assert accounts.first_link(engine) is None
    with session_scope(engine) as session:
        assert [account.login for account in accounts.read_accounts(session, limit=10, after=None)] == ["chen"]


def test_a_newer_link_takes_the_place_of_older_ones(engine: Engine) -> None:
    older, newer = accounts.first_link(engine), accounts.first_link(engine)
    assert older is not None
    assert newer is not None
    with pytest.raises(NotFoundError):
        signing_in.invited(engine, older.token or "")
    assert signing_in.invited(engine, newer.token or "").purpose == "administrator"


def test_a_link_is_over_after_a_day(engine: Engine) -> None:
    link = accounts.first_link(engine)
    assert link is not None
    with engine.begin() as connection:
        left = connection.execute(text("SELECT expires_at - now() FROM invitation")).scalar_one()
        assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)
        connection.execute(text("UPDATE invitation SET expires_at = now() - interval '1 second'"))
    with pytest.raises(NotFoundError):
        signing_in.use_link(engine, link.token or "", login="chen", person="陈静", password=PASSWORD)


def test_of_two_who_use_a_link_at_once_one_is_made(engine: Engine) -> None:
    link = accounts.first_link(engine)
    assert link is not None
    made, lock = [], threading.Lock()

    def use(login: str) -> None:
        try:
            signing_in.use_link(engine, link.token or "", login=login, person="陈静", password=PASSWORD)
        except NotFoundError:
            return
        with lock:
            made.append(login)

    threads = [threading.Thread(target=use, args=(f"chen{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    with session_scope(engine) as session:
        assert stored.holders(session, "administrator") == 1
