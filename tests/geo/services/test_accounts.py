"""Accounts: who may make, change, reset and end whose."""

from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import Engine, text

from geo.access.actor import Actor
from geo.errors import AccessError, CodeError, ConflictError, InputError, NotFoundError, SignInError, StaleVersionError
from geo.services import accounts, signing_in
from geo.storage import accounts as stored
from geo.storage.database import open_engine, session_scope

PASSWORD = "correct horse battery"
STREET = "440304006"
COMMUNITY, GRID = f"{STREET}001", f"{STREET}001001"
OFFICERS = {"admin": "administrator", "security": "security_officer", "audit": "auditor"}


@pytest.fixture
def engine(fresh_database_url: str) -> Iterator[Engine]:
    engine = open_engine(fresh_database_url)
    yield engine
    engine.dispose()


def made(engine: Engine, login: str, roles: Sequence[str] = (), scopes: Sequence[str] = ()) -> Actor:
    """Make an account at the terminal, and return who acts when it is signed in."""
    with session_scope(engine) as session:
        accounts.create(session, login, "某人某某", who="test")
        accounts.give(session, login, roles=roles, scopes=scopes, by=None, who="test")
        account_id = accounts.read_account(session, login).id
    return Actor(login, frozenset(roles), tuple(scopes), account_id=account_id)


@pytest.fixture
def officers(engine: Engine) -> dict[str, Actor]:
    return {login: made(engine, login, [role]) for login, role in OFFICERS.items()}


def give(
    engine: Engine, by: Actor, login: str, roles: Sequence[str], scopes: Sequence[str] = (), version: int | None = None
) -> accounts.AccountDetail:
    with session_scope(engine, by) as session:
        return accounts.give(session, login, roles=roles, scopes=scopes, by=by, who=by.name, version=version)


def test_an_account_is_made_without_password_and_without_roles(engine: Engine, officers: dict[str, Actor]) -> None:
    admin = officers["admin"]
    with session_scope(engine, admin) as session:
        link = accounts.create(session, "li.hua", "李华", who=admin.name)
        account = accounts.read_account(session, "li.hua")
    assert (account.roles, account.scopes, account.password_changed_at) == ((), (), None)
    assert link.token is not None
    assert signing_in.invited(engine, link.token).person == "李华"
    signing_in.use_link(engine, link.token, login="ignored", person="ignored", password=PASSWORD)
    assert signing_in.sign_in(engine, "li.hua", PASSWORD, kind="bearer").actor.roles == frozenset()


@pytest.mark.parametrize("login", ["", "x", "Li", "李华", "a b", "-ab", "a" * 33, "a\n", "root'--"])
def test_logins_are_plain(engine: Engine, login: str) -> None:
    with session_scope(engine) as session, pytest.raises(InputError):
        accounts.create(session, login, "某人", who="test")


@pytest.mark.parametrize("person", ["", "x" * 41, "a\x00b", "a\u202eb"])
def test_names_are_shown_as_they_are(engine: Engine, person: str) -> None:
    with session_scope(engine) as session, pytest.raises(InputError):
        accounts.create(session, "li.hua", person, who="test")


@pytest.mark.parametrize("login", ["clock", "street"])
def test_nobody_is_called_as_those_are_who_act_without_an_account(engine: Engine, login: str) -> None:
    with pytest.raises(InputError, match="another"), session_scope(engine) as session:
        accounts.create(session, login, "李娜", who="admin")


def test_a_login_is_never_given_again(engine: Engine) -> None:
    made(engine, "li.hua")
    with session_scope(engine) as session:
        accounts.end(session, "li.hua", who="test")
    with session_scope(engine) as session, pytest.raises(ConflictError):
        accounts.create(session, "li.hua", "别人", who="test")


def test_the_security_officer_gives_roles_and_takes_them(engine: Engine, officers: dict[str, Actor]) -> None:
    made(engine, "li.hua")
    security = officers["security"]
    given = give(engine, security, "li.hua", ["planner", "staff"], [COMMUNITY])
    assert (given.roles, given.scopes) == (("planner", "staff"), (COMMUNITY,))
    changed = give(engine, security, "li.hua", ["planner"], [STREET], given.version)
    assert (changed.roles, changed.scopes) == (("planner",), (STREET,))
    assert changed.version != given.version
    with pytest.raises(StaleVersionError):
        give(engine, security, "li.hua", ["planner"], [COMMUNITY], given.version)
    assert give(engine, security, "li.hua", []).roles == ()
    with engine.connect() as connection:
        trail = connection.execute(text("SELECT who, what FROM event WHERE what LIKE 'role%' AND who = 'security'"))
        assert [row.what for row in trail].count("role given") == 3


@pytest.mark.parametrize(
    ("roles", "scopes"),
    [
        (["administrator", "auditor"], []),
        (["administrator", "security_officer"], []),
        (["auditor", "planner"], [STREET]),
        (["administrator"], [STREET]),
        (["planner"], []),
        (["assessor", "auditor"], [STREET]),
        (["inspector"], [COMMUNITY]),
        (["inspector"], [STREET]),
        (["staff"], [STREET]),
        (["planner"], ["44030400"]),
        (["planner"], ["440304006x"]),
        (["king"], [STREET]),
        (["public"], [STREET]),
        (["public"], []),
    ],
)
def test_roles_and_scopes_have_to_fit(
    engine: Engine, officers: dict[str, Actor], roles: list[str], scopes: list[str]
) -> None:
    made(engine, "li.hua")
    with pytest.raises((InputError, CodeError)):
        give(engine, officers["security"], "li.hua", roles, scopes)


@pytest.mark.parametrize("by", ["admin", "audit"])
def test_nobody_else_gives_roles(engine: Engine, officers: dict[str, Actor], by: str) -> None:
    made(engine, "li.hua")
    with pytest.raises(AccessError):
        give(engine, officers[by], "li.hua", ["planner"], [STREET])


def test_nobody_gives_roles_to_themselves(engine: Engine, officers: dict[str, Actor]) -> None:
    with pytest.raises(AccessError):
        give(engine, officers["security"], "security", ["planner"], [STREET])


def test_without_a_security_officer_the_administrator_appoints_one_and_nothing_else(engine: Engine) -> None:
    admin = made(engine, "admin", ["administrator"])
    made(engine, "wu")
    with pytest.raises(AccessError):
        give(engine, admin, "wu", ["planner"], [STREET])
    assert give(engine, admin, "wu", ["security_officer"]).roles == ("security_officer",)
    made(engine, "zhao")
    with pytest.raises(AccessError):
        give(engine, admin, "zhao", ["security_officer"])


def test_the_last_administrator_stays(engine: Engine, officers: dict[str, Actor]) -> None:
    with session_scope(engine) as session, pytest.raises(ConflictError):
        accounts.end(session, "admin", who="test")
    made(engine, "second", ["administrator"])
    with session_scope(engine) as session:
        accounts.end(session, "admin", who="test")
    with session_scope(engine) as session, pytest.raises(ConflictError):
        accounts.end(session, "admin", who="test")


def test_the_administrator_resets_a_forgotten_password(engine: Engine, officers: dict[str, Actor]) -> None:
    with session_scope(engine) as session:
        accounts.make_ready(
            session, "li.hua", "李华", roles=["planner"], scopes=[STREET], password=PASSWORD, who="test"
        )
    token = signing_in.sign_in(engine, "li.hua", PASSWORD, kind="bearer").token
    for other in ("security", "audit"):
        with pytest.raises(AccessError):
            accounts.reset(engine, "li.hua", by=officers[other], who=other)
    link = accounts.reset(engine, "li.hua", by=officers["admin"], who="admin")
    assert signing_in.actor_of(engine, token, address=None, request_id=None) is None
    with pytest.raises(SignInError):
        signing_in.sign_in(engine, "li.hua", PASSWORD, kind="bearer")
    signing_in.use_link(engine, link.token or "", login="", person="", password="a new good sentence")
    found = signing_in.sign_in(engine, "li.hua", "a new good sentence", kind="bearer").actor
    assert (found.roles, found.scopes) == ({"planner"}, (STREET,))


def test_an_officer_is_reset_by_the_two_others_together(engine: Engine, officers: dict[str, Actor]) -> None:
    with session_scope(engine) as session:
        account = accounts.read_account(session, "admin")
        stored.set_second_factor(session, account.id, "A" * 32, who="test")
        stored.confirm_second_factor(session, account.id, step=1, who="test")
    with pytest.raises(AccessError):
        accounts.reset(engine, "admin", by=officers["admin"], who="admin")
    for _ in range(2):  # one who asks twice is still one
        alone = accounts.reset(engine, "admin", by=officers["security"], who="security")
        assert (alone.token, alone.still_needed) == (None, 1)
    together = accounts.reset(engine, "admin", by=officers["audit"], who="audit")
    assert together.token is not None
    with session_scope(engine) as session:
        assert not accounts.read_account(session, "admin").has_second_factor
    # What was asked for is done: the next reset begins anew.
    assert accounts.reset(engine, "admin", by=officers["audit"], who="audit").still_needed == 1


def test_whoever_asked_and_is_no_officer_any_more_does_not_count(engine: Engine, officers: dict[str, Actor]) -> None:
    accounts.reset(engine, "admin", by=officers["security"], who="security")
    with session_scope(engine) as session:
        accounts.end(session, "security", who="test")
    assert accounts.reset(engine, "admin", by=officers["audit"], who="audit").still_needed == 1


def test_the_terminal_resets_anybody_and_says_so(engine: Engine, officers: dict[str, Actor]) -> None:
    assert accounts.reset(engine, "admin", by=None, who="root").token is not None
    with engine.connect() as connection:
        assert "root" in connection.execute(text("SELECT who FROM event WHERE what = 'reset'")).scalars().all()


def test_unknown_accounts_are_said(engine: Engine, officers: dict[str, Actor]) -> None:
    with pytest.raises(NotFoundError):
        accounts.reset(engine, "nobody", by=officers["admin"], who="admin")
    with session_scope(engine) as session, pytest.raises(NotFoundError):
        accounts.end(session, "nobody", who="test")


def test_whoever_is_no_officer_sees_no_account_but_their_own(engine: Engine) -> None:
    planner = made(engine, "li.hua", ["planner"], [STREET])
    made(engine, "wu")
    with session_scope(engine, planner) as session:
        assert [account.login for account in accounts.read_accounts(session, limit=10, after=None)] == ["li.hua"]
