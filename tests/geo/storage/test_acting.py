"""An actor holds for a transaction, and for nothing after it."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo.access.actor import PUBLIC, Actor
from geo.errors import DatabaseError
from geo.storage import events
from geo.storage.database import open_engine, session_scope

SETTINGS = ["who", "account", "address", "request", "roles", "may", "streets", "whole", "communities", "grids"]
STREET, FIRST, SECOND, THIRD = "440307001", "440307001001", "440307001002", "440307001003"


def told(session: Session) -> dict[str, str]:
    names = ", ".join(f"current_setting('wangge.{name}', true) AS \"{name}\"" for name in SETTINGS)
    row = session.execute(text(f"SELECT current_user::text AS role, {names}")).mappings().one()
    return {name: value or "" for name, value in row.items()}


def test_the_database_is_told_who_acts(three_communities: Engine) -> None:
    roles = frozenset({"planner", "assessor"})
    scopes = (SECOND, f"{FIRST}004", f"{SECOND}001")
    actor = Actor("li", roles, scopes, account_id=7, address="10.0.0.8", request_id="r1")
    with session_scope(three_communities, actor) as session:
        assert told(session) == {
            "role": "wangge_app",
            "who": "li",
            "account": "7",
            "address": "10.0.0.8",
            "request": "r1",
            "roles": "assessor,planner",
            "may": "households,register,plans,ledger,inspection_plans",
            "streets": "",
            "whole": SECOND,
            "communities": f"{SECOND},{FIRST}",
            "grids": f"{FIRST}004",
        }


def test_a_street_is_all_of_its_communities(three_communities: Engine) -> None:
    with session_scope(three_communities, Actor("li", frozenset({"leader"}), (STREET,))) as session:
        assert told(session)["whole"] == told(session)["communities"] == f"{FIRST},{SECOND},{THIRD}"


def test_nothing_is_left_in_the_pool(fresh_database_url: str) -> None:
    engine = open_engine(fresh_database_url)
    try:
        actor = Actor("li", frozenset({"planner"}), (STREET,), account_id=7)
        with session_scope(engine, actor) as session:
            backend = session.scalar(text("SELECT pg_backend_pid()"))
        with pytest.raises(DatabaseError), session_scope(engine, actor) as session:
            session.execute(text("SELECT 1 / 0 FROM no_such_table"))
        with session_scope(engine) as session:
            assert session.scalar(text("SELECT pg_backend_pid()")) == backend  # the same connection came back
            assert told(session) == {"role": session.scalar(text("SELECT session_user::text"))} | dict.fromkeys(
                SETTINGS, ""
            )
    finally:
        engine.dispose()


def test_a_session_that_begins_anew_is_still_the_actors(three_communities: Engine) -> None:
    with session_scope(three_communities, Actor("li", frozenset({"planner"}), (FIRST,))) as session:
        assert told(session)["role"] == "wangge_app"
        session.commit()
        assert told(session)["role"] == "wangge_app"
        session.rollback()
        assert (told(session)["role"], told(session)["who"]) == ("wangge_app", "li")
        with session.begin_nested() as savepoint:
            savepoint.rollback()
        assert (told(session)["role"], told(session)["who"]) == ("wangge_app", "li")


def test_without_an_actor_the_owner_acts(three_communities: Engine) -> None:
    with session_scope(three_communities) as session:
        assert told(session)["role"] == session.scalar(text("SELECT session_user::text")) != "wangge_app"
        assert session.scalar(text("SELECT count(*) FROM community")) == 3


def test_nobody_writes_events_in_anothers_name(fresh_database_url: str) -> None:
    engine = open_engine(fresh_database_url)
    try:
        actor = Actor("li", frozenset({"planner"}), (), account_id=7, address="10.0.0.8", request_id="r1")
        with session_scope(engine, actor) as session:
            events.record(session, who="wang", what="seen", noun="building", code="1")
        with session_scope(engine, PUBLIC) as session:
            events.record(session, who="wang", what="refused", noun="sign_in", code="li")
        with session_scope(engine) as session:
            events.record(session, who="wang", what="seen", noun="building", code="1")
            rows = [(e.who, e.account_id, e.address, e.request_id) for e in events.read(session)]
        assert rows == [("wang", None, None, None), ("public", None, None, None), ("li", 7, "10.0.0.8", "r1")]
    finally:
        engine.dispose()


def test_missing_images_are_missing_and_not_json(session: Session) -> None:
    events.record(session, who="li", what="seen", noun="building", code="1")
    assert session.scalar(text("SELECT count(*) FROM event WHERE before IS NULL AND after IS NULL")) == 1


def test_a_transaction_that_was_told_nothing_writes_and_checks_no_events(three_communities: Engine) -> None:
    write = "INSERT INTO event (who, what, noun) VALUES ('wang', 'seen', 'plan')"
    for ask, words in ((write, "ck_event_who_not_blank"), ("SELECT * FROM audit_findings()", "only an auditor")):
        with Session(three_communities) as session:
            session.execute(text("SET LOCAL ROLE wangge_app"))
            with pytest.raises(DBAPIError, match=words):
                session.execute(text(ask))
