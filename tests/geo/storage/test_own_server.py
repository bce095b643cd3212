"""A server of one's own, prepared as README says: the program connects as somebody who is no superuser."""

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL, Engine, make_url, text

from geo.access.actor import Actor
from geo.errors import DatabaseError
from geo.services.keeping_copies import back_up, restore
from geo.storage import copies
from geo.storage.boxes import boxes_are_trusted
from geo.storage.copies import Restoring
from geo.storage.database import migrate, open_engine, session_scope
from tests.api import town
from tests.geo.services.addressed import actor

PLANNER = actor("planner", town.STREET)
README = (Path(__file__).resolve().parents[3] / "README.md").read_text("utf-8")
OWNER = f"wangge_owner_{secrets.token_hex(4)}"
PREPARED = f"wangge_template_{secrets.token_hex(4)}"


def statements() -> list[str]:
    """Return what README has an administrator say, with names that no other run of the tests has."""
    [block] = re.findall(r"## A database server of your own.*?```sql\n(.*?)```", README, re.DOTALL)
    said = [line.partition("--")[0].strip() for line in block.splitlines()]
    named = [re.sub(r"\bwangge\b", OWNER, line.replace("wangge_template", PREPARED)) for line in said]
    # What concerns all of the server is not for a test to change.
    return [line for line in named if not line.startswith("ALTER SYSTEM")]


def connect(url: URL, database: str) -> psycopg.Connection:
    plain = url.set(drivername="postgresql", database=database).render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


@pytest.fixture
def owned(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(copies, "PREPARED", PREPARED)
    server = make_url(empty_database_url)
    database = "postgres"
    for line in statements():
        if line.startswith("\\connect"):
            database = line.split()[1]
            continue
        with connect(server, database) as administrator:
            try:
                administrator.execute(line)
            except psycopg.errors.DuplicateObject:
                assert line.startswith("CREATE ROLE wangge_app")
    own = server.set(username=OWNER, password="change me", database=OWNER)
    engine = open_engine(own.render_as_string(hide_password=False))
    try:
        yield engine
    finally:
        engine.dispose()
        with connect(server, "postgres") as administrator:
            administrator.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE false").format(sql.Identifier(PREPARED)))
            for (name,) in administrator.execute(
                "SELECT datname FROM pg_database WHERE starts_with(datname, %s) OR datname = %s", (OWNER, PREPARED)
            ).fetchall():
                administrator.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            administrator.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(OWNER)))


def seen(engine: Engine, who: Actor) -> list[str]:
    with session_scope(engine, who) as session:
        return list(session.scalars(text("SELECT code FROM building ORDER BY code")))


def test_an_owner_without_rights_over_the_server_keeps_a_store_backs_it_up_and_restores_it(
    owned: Engine, tmp_path: Path
) -> None:
    migrate(owned)
    town.settle(owned)
    with owned.connect() as connection:
        assert connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")) is False
    assert boxes_are_trusted(owned)
    before = seen(owned, PLANNER)
    assert before
    copy = tmp_path / "town.backup"
    back_up(owned, copy, who="test")
    with session_scope(owned) as session:
        session.execute(text("UPDATE community SET name = '改过', version = version + 1"))
    restore(owned, copy, who="test")
    assert seen(owned, PLANNER) == before
    with session_scope(owned) as session:
        assert "改过" not in session.scalars(text("SELECT name FROM community")).all()
    with owned.connect() as connection:
        assert connection.scalar(
            text("SELECT proleakproof FROM pg_proc WHERE oid = 'geometry_overlaps(geometry, geometry)'::regprocedure")
        )


def test_without_the_prepared_database_a_restore_says_what_an_administrator_does(
    owned: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(owned)
    copy = tmp_path / "town.backup"
    back_up(owned, copy, who="test")
    monkeypatch.setattr(copies, "PREPARED", "wangge_template_that_nobody_made")
    with pytest.raises(DatabaseError, match="may not make extensions") as refused:
        restore(owned, copy, who="test")
    assert "wangge_template" in str(refused.value)
    assert not Restoring(owned.url).others()
