"""Remembered visitors: looked up once, forgotten with the first change of an account, and by the clock."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest
from sqlalchemy import Engine, text

from geo.services import accounts, signing_in, visitors
from geo.services.changes import Changes
from geo.services.signing_in import SignedIn, Visitor, visitor_of
from geo.services.visitors import Visitors
from geo.storage import accounts as stored
from geo.storage.database import session_scope
from tests.databases import Databases

PASSWORD, STREET, COMMUNITY = "correct horse battery", "440304006", "440304006001"
OFFICE, HOME = "10.0.0.7", "10.9.9.9"


@pytest.fixture
def people(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("visitors", _make_people)) as engine:
        yield engine


def _make_people(engine: Engine) -> None:
    with session_scope(engine) as session:
        for login in ("li.hua", "wang"):
            accounts.make_ready(
                session, login, "某某某", roles=["planner"], scopes=[STREET], password=PASSWORD, who="test"
            )


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """Each look into the store, which goes on as it does."""
    noted = Mock(side_effect=visitor_of)
    monkeypatch.setattr(visitors, "visitor_of", noted)
    return noted


def signed_in(engine: Engine, login: str = "li.hua") -> SignedIn:
    return signing_in.sign_in(engine, login, PASSWORD, kind="bearer", address=OFFICE)


def find(known: Visitors, engine: Engine, token: str, address: str = OFFICE, request_id: str = "r1") -> Visitor | None:
    return known.find(engine, token, address=address, request_id=request_id)


def test_who_is_known_is_looked_up_once_and_comes_with_each_request_s_own_number(
    people: Engine, looked_up: Mock
) -> None:
    known, token = Visitors(Changes()), signed_in(people).token
    first, second = find(known, people, token), find(known, people, token, HOME, "r2")
    assert looked_up.call_count == 1
    assert first is not None
    assert second is not None
    assert (first.actor.address, first.actor.request_id) == (OFFICE, "r1")
    assert second == replace(first, actor=replace(first.actor, address=HOME, request_id="r2"))


def test_what_cannot_be_a_token_is_not_asked_for(people: Engine, looked_up: Mock) -> None:
    assert find(Visitors(Changes()), people, "x' OR 1=1") is None
    assert looked_up.call_count == 0


def taken(engine: Engine, made: SignedIn) -> None:
    with session_scope(engine) as session:
        assert made.actor.account_id is not None
        stored.take_role(session, made.actor.account_id, "planner", STREET, who="test")


def ended(engine: Engine, made: SignedIn) -> None:
    with session_scope(engine) as session:
        accounts.end(session, "li.hua", who="test")


def signed_out(engine: Engine, made: SignedIn) -> None:
    signing_in.sign_out(engine, made.actor)


def password_changed(engine: Engine, made: SignedIn) -> None:
    signing_in.change_password(engine, signed_in(engine).actor, PASSWORD, "another good sentence")


@pytest.mark.parametrize("change", [taken, ended, signed_out, password_changed])
def test_what_is_taken_is_gone_with_the_next_request_in_every_process(
    people: Engine, change: Callable[[Engine, SignedIn], None]
) -> None:
    here, there, made = Visitors(Changes()), Visitors(Changes()), signed_in(people)
    for known in (here, there):
        found = find(known, people, made.token)
        assert found is not None
        assert found.actor.roles == {"planner"}
    change(people, made)
    for known in (here, there):
        after = find(known, people, made.token)
        assert after == visitor_of(people, made.token, address=OFFICE, request_id="r1")
        assert after is None or not after.actor.roles


def test_another_s_sign_in_is_never_given_out(people: Engine) -> None:
    known, tokens = Visitors(Changes(), most=1), [signed_in(people, login).token for login in ("li.hua", "wang")]
    for _ in range(3):
        found = [find(known, people, token) for token in tokens]
        assert [one.actor.name for one in found if one] == ["li.hua", "wang"]
        assert len(known) == 1


def test_it_is_looked_up_again_within_the_minute_and_when_a_role_begins_or_ends(people: Engine) -> None:
    token = signed_in(people).token

    def until() -> timedelta:
        found = visitor_of(people, token, address=OFFICE, request_id="r1")
        assert found is not None
        return found.until - datetime.now(UTC)

    assert timedelta(seconds=55) < until() <= timedelta(seconds=60)
    for column in ("since", "until"):
        with people.begin() as connection:
            connection.execute(text(f"UPDATE account_role SET {column} = now() + interval '20 seconds'"))
        assert timedelta(seconds=15) < until() <= timedelta(seconds=20)
        with people.begin() as connection:
            connection.execute(text("UPDATE account_role SET since = now() - interval '1 day', until = NULL"))


def test_after_that_it_is_looked_up_whatever_happened(people: Engine, looked_up: Mock) -> None:
    known, token = Visitors(Changes()), signed_in(people).token
    with people.begin() as connection:
        connection.execute(text("UPDATE account_role SET until = now() + interval '400 milliseconds'"))
    first = find(known, people, token)
    assert first is not None
    assert first.actor.roles == {"planner"}
    while datetime.now(UTC) < first.until:
        pass
    second = find(known, people, token)
    assert second is not None
    assert second.actor.roles == frozenset()
    assert looked_up.call_count == 2
