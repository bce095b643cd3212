"""Every rule of the database has words, and every word a rule."""

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from geo.errors import AccessError, ConflictError, DatabaseError, InputError, SchemaError, ServerError
from geo.storage.refusals import _BY_ENDING, _BY_NAME, in_plain_words, refusal

RULES = """
SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION SELECT indexname FROM pg_indexes WHERE schemaname = 'public'
"""
FUNCTIONS = "SELECT string_agg(prosrc, ' ') FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prolang = "
TRIGGERS = "SELECT string_agg(pg_get_triggerdef(oid), ' ') FROM pg_trigger WHERE NOT tgisinternal"


def test_every_line_of_words_is_of_a_rule_that_exists(engine: Engine) -> None:
    with engine.connect() as connection:
        names = set(connection.scalars(text(RULES)))
        language = "(SELECT oid FROM pg_language WHERE lanname = 'plpgsql')"
        sources = f"{connection.scalar(text(FUNCTIONS + language))} {connection.scalar(text(TRIGGERS))}"
    assert [end for end in _BY_ENDING if not any(name.endswith(end) for name in names)] == []
    assert [name for name in _BY_NAME if name not in names and f"'{name}'" not in sources] == []


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("SELECT 1 / 0", InputError),
        ("SELECT '\\xff'::bytea::text::integer", InputError),
        ("SELECT * FROM nowhere", DatabaseError),
        ("SET LOCAL ROLE wangge_app; DELETE FROM building", AccessError),
        ("DO $$ BEGIN RAISE 'role \"wangge_app\" does not exist' USING ERRCODE = '22023'; END $$", SchemaError),
        ("SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)", DatabaseError),
        ("SELECT pg_terminate_backend(pg_backend_pid())", ServerError),
    ],
)
def test_other_failures_have_words_too(engine: Engine, statement: str, error: type[Exception]) -> None:
    with engine.connect() as connection, pytest.raises(error) as said, in_plain_words():
        connection.exec_driver_sql(statement)
    assert "Traceback" not in str(said.value)


def test_a_lock_that_is_not_given_is_a_conflict(engine: Engine) -> None:
    with engine.connect() as holder, engine.connect() as other:
        holder.execute(text("LOCK TABLE plan IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(ConflictError), in_plain_words():
            other.execute(text("LOCK TABLE plan IN ACCESS SHARE MODE NOWAIT"))
        holder.rollback()


def test_failures_of_the_driver_itself_have_words() -> None:
    assert isinstance(refusal(psycopg.OperationalError("gone")), ServerError)
    assert isinstance(refusal(DBAPIError("SELECT 1", None, ValueError("odd"))), DatabaseError)
