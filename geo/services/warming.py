"""Books read before anybody asks: those of the streets and communities that accounts are in, when the server starts.

The first question of a scope would wait for its book otherwise, some seconds for a street of 60,000 rows.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from geo.access.actor import Actor
from geo.errors import WanggeError
from geo.services.address_books import AddressBooks, asked_by
from geo.storage import accounts
from geo.storage.database import session_scope

log = logging.getLogger("wangge.addresses")

#: Accounts whose scopes are looked at.
MOST_ACCOUNTS = 10_000
#: A book that is being read when the server stops is waited for so long, seconds; then the process ends without it.
PATIENCE_S = 5.0


@contextmanager
def warming(books: AddressBooks, engine: Engine) -> Iterator[None]:
    """Read books beside for as long as the block lasts, until all are read that are kept anyway."""
    stop = threading.Event()
    thread = threading.Thread(target=_warm_until, args=(books, engine, stop), name="address books", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE_S)


def warm(books: AddressBooks, engine: Engine, stop: threading.Event | None = None) -> int:
    """Read the books of all scopes that accounts have, those that most people ask from first; return how many.

    Books are read until they fill what a process keeps of them, or until told to stop. Whoever asks meanwhile for one
    that is being read gets that one.
    """
    read = 0
    for actor in readers(engine):
        if (stop is not None and stop.is_set()) or books.full:
            break
        if books.of(engine, actor).book is not None:
            read += 1
    return read


def readers(engine: Engine) -> list[Actor]:
    """Return one account of each scope that books are read for, the commonest scopes first; administrators have none.

    Whoever sees a street whole comes before those who see a part of one.
    """
    with session_scope(engine) as session:
        found = accounts.list_accounts(session, limit=MOST_ACCOUNTS)
    actors = [
        Actor(
            account.login,
            frozenset(held.role for held in account.roles),
            tuple(held.scope_code for held in account.roles if held.scope_code is not None),
        )
        for account in found
    ]
    scoped = [actor for actor in actors if actor.scopes]
    count = Counter(asked_by(engine, actor) for actor in scoped)
    first = {asked_by(engine, actor): actor for actor in reversed(scoped)}
    return sorted(
        first.values(), key=lambda actor: (not actor.streets, -count[asked_by(engine, actor)], actor.scopes, actor.name)
    )


def _warm_until(books: AddressBooks, engine: Engine, stop: threading.Event) -> None:
    began = time.monotonic()
    try:
        read = warm(books, engine, stop)
    except (WanggeError, SQLAlchemyError) as error:
        # Whoever asks first waits for the book, and hears what is wrong with it.
        log.warning("address books could not be read before anybody asked: %s", type(error).__name__)
        return
    if read:
        log.info("address books of %d scopes were read in %.1f s", read, time.monotonic() - began)
