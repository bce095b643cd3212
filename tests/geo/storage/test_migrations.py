"""The migrations make exactly what ``tables.py`` says, and can be taken back."""

from collections.abc import Iterator

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from geo.access.actor import PUBLIC
from geo.errors import SchemaError
from geo.storage.boxes import boxes_are_trusted
from geo.storage.catalogue import METADATA
from geo.storage.database import migrate, migration_config, open_engine, session_scope

DEFINITIONS = """
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND conrelid::regclass::text = ANY (:tables)
  AND contype <> 't'
UNION ALL
SELECT 'index', tablename, indexname, indexdef FROM pg_indexes
WHERE schemaname = 'public' AND tablename = ANY (:tables)
UNION ALL
SELECT 'column', attrelid::regclass::text, attname,
  format_type(atttypid, atttypmod) || attnotnull || coalesce(pg_get_expr(adbin, adrelid), '')
  || attcollation::regcollation
FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attnum > 0 AND NOT attisdropped AND attrelid::regclass::text = ANY (:tables)
"""

TABLES_AND_TRIGGERS = """
SELECT (SELECT count(*) FROM pg_tables WHERE tablename = ANY (:tables)) + count(*)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT tgisinternal AND relname = ANY (:tables)
"""


@pytest.fixture
def empty_engine(empty_database_url: str) -> Iterator[Engine]:
    engine = open_engine(empty_database_url)
    yield engine
    engine.dispose()


def definitions(engine: Engine) -> set[tuple[str, ...]]:
    with engine.connect() as connection:
        return {tuple(row) for row in connection.execute(text(DEFINITIONS), {"tables": list(METADATA.tables)})}


def test_the_tables_and_the_migrations_agree(engine: Engine, empty_engine: Engine) -> None:
    with engine.begin() as connection:
        command.check(migration_config(connection))
    # Alembic compares no CHECKs and no collations; two databases side by side do.
    METADATA.create_all(empty_engine)
    assert definitions(engine) == definitions(empty_engine)


def test_all_migrations_can_be_taken_back(empty_engine: Engine) -> None:
    tables = {"tables": list(METADATA.tables)}
    migrate(empty_engine)
    with empty_engine.begin() as connection:
        command.downgrade(migration_config(connection), "base")
        assert connection.scalar(text(TABLES_AND_TRIGGERS), tables) == 0
        assert connection.scalar(text("SELECT count(*) FROM pg_proc WHERE proname = 'check_grids'")) == 0
    migrate(empty_engine)
    with empty_engine.begin() as connection:
        assert connection.scalar(text(TABLES_AND_TRIGGERS), tables) > len(METADATA.tables)


def test_migrations_are_one_line_of_dated_files() -> None:
    scripts = list(ScriptDirectory.from_config(migration_config()).walk_revisions())
    assert [len(script.nextrev) for script in scripts] == [0] + [1] * (len(scripts) - 1)
    for script in scripts:
        assert script.module.__file__ is not None
        assert script.module.__file__.rsplit("/", 1)[1].startswith("20")


def test_an_ordinary_user_migrates_once_the_role_is_theirs(empty_engine: Engine) -> None:
    """The owner of a database need be no superuser; the role is made by one, or by who may make roles."""
    database = empty_engine.url.database
    user = f"{database}_owner"
    with empty_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DO $$ BEGIN CREATE ROLE wangge_app NOLOGIN; EXCEPTION WHEN OTHERS THEN NULL; END $$"))
        connection.execute(text(f"CREATE ROLE {user} LOGIN"))
        connection.execute(text(f"ALTER DATABASE {database} OWNER TO {user}"))
    ordinary = open_engine(empty_engine.url.set(username=user).render_as_string(hide_password=False))
    try:
        with pytest.raises(SchemaError, match="GRANT wangge_app TO"):
            migrate(ordinary)
        with empty_engine.begin() as connection:
            connection.execute(text(f"GRANT wangge_app TO {user}"))
        migrate(ordinary)
        with session_scope(ordinary, PUBLIC) as session:
            assert session.scalar(text("SELECT current_user::text")) == "wangge_app"
        assert not boxes_are_trusted(ordinary)  # which takes a superuser; nothing else is different
    finally:
        ordinary.dispose()
        with empty_engine.begin() as connection:
            connection.execute(text(f"REASSIGN OWNED BY {user} TO CURRENT_USER"))
            connection.execute(text(f"DROP OWNED BY {user}"))
            connection.execute(text(f"DROP ROLE {user}"))
