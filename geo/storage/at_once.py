"""Queries that go to the database together and come back together, in one round trip and without a session.

For what is asked so often that each round trip counts. What is asked for a person is a transaction as any other, that
reads alone: begun, told who acts (``acting``), asked and ended, all in the driver's pipeline. It is begun and ended in
so many words, so that nothing is ever asked without the rules of rows: what the database makes of the queries between
two of the pipeline's ends by itself would be the same, but could not be seen here.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import psycopg
from sqlalchemy import Dialect, Engine, Select, TextClause

from geo.access.actor import Actor
from geo.storage.acting import Extent, telling
from geo.storage.database import is_in_binary
from geo.storage.refusals import in_plain_words

#: So many queries are remembered in the driver's words.
MOST_QUERIES = 1_000
_Query = Select[Any] | TextClause
_BEGIN, _END = b"BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY", b"COMMIT"


@contextmanager
def lent(engine: Engine) -> Iterator[psycopg.Connection[Any]]:
    """Lend a connection as the driver has it, of the store's owner; each query is a transaction of its own.

    Raises
    ------
    WanggeError
        The database refused what was asked, or is away.
    """
    with in_plain_words():
        borrowed = engine.raw_connection()
        try:
            connection = borrowed.driver_connection
            assert isinstance(connection, psycopg.Connection)
            connection.autocommit = True
            yield connection
            connection.autocommit = False
        except BaseException:
            borrowed.invalidate()  # nobody knows what it is in the middle of
            raise
        borrowed.close()


def ask_at_once(
    engine: Engine,
    actor: Actor,
    queries: Sequence[Select[Any]],
    values: Mapping[str, Any],
    *,
    around: Extent | None = None,
) -> list[Sequence[Any]]:
    """Ask some queries as an actor, who sees what they may; return the first row of each.

    Parameters
    ----------
    queries
        Each has a row at least. Their values are given as the driver takes them, and come as it gives them.
    values
        Of all queries' parameters.
    around
        As for :func:`~geo.storage.acting.tell`.

    Raises
    ------
    WanggeError
        The database refused what was asked, or is away.
    """
    told, settings = telling(actor, around=around)
    with lent(engine) as connection:
        with connection.pipeline():
            connection.execute(_BEGIN, prepare=False)
            _send(connection, engine.dialect, told, settings)
            sent = [_send(connection, engine.dialect, query, values) for query in queries]
            connection.execute(_END, prepare=False)
        return [_first_row(cursor) for cursor in sent]


@dataclass(frozen=True)
class _Written:
    """A query in the driver's words."""

    words: bytes
    parameters: Mapping[str, Any]
    binary: bool


@lru_cache(MOST_QUERIES)
def _written(query: _Query, dialect: Dialect) -> _Written:
    compiled = query.compile(dialect=dialect)
    expanded = compiled.construct_expanded_state(compiled.params)  # a list has a parameter for each of its members
    binary = is_in_binary(query.get_execution_options())
    return _Written(expanded.statement.encode(), expanded.parameters, binary)


def _send(
    connection: psycopg.Connection[Any], dialect: Dialect, query: _Query, values: Mapping[str, Any]
) -> psycopg.Cursor[Any]:
    written = _written(query, dialect)
    given = {name: values.get(name, own) for name, own in written.parameters.items()}
    return connection.execute(written.words, given, binary=written.binary)


def _first_row(cursor: psycopg.Cursor[Any]) -> Sequence[Any]:
    row: Sequence[Any] | None = cursor.fetchone()
    assert row is not None, "a query without a row"
    return row
