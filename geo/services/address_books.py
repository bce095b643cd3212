"""Address books of a process, kept in memory: one for each scope that is asked from, and for whom sees households.

A book is read in the name of who asks, so that row-level security decides what is in it: nothing that is answered out
of it - places, what could be meant, how many - can tell of anything else.

A book is as of an event of the audit trail: the one committed last when it was read. Whoever asks looks whether
anything that can be located was committed since then. If so the book is read anew beside, while the old one goes on
answering, and answers say of which event they are. That is right for any number of processes: the trail has the order
of commits.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from geo.access.actor import Actor
from geo.access.roles import sees_households
from geo.addresses.book import AddressBook
from geo.addresses.shapes import likeness
from geo.errors import WanggeError
from geo.services.address_rows import read_rows
from geo.storage import addresses
from geo.storage.addresses import Moment
from geo.storage.database import session_scope

log = logging.getLogger("wangge.addresses")

#: After a book was read, it is left alone so many times as long as that took: where things change all the time, reading
#: them anew takes at most a fifth of one processor.
REST = 4.0
#: Rows of all books of a process together; a million take up to 2 GB. A street has some 60,000 rows, and its
#: communities and their grids as many once more each.
MOST_ROWS = 1_500_000


@dataclass(frozen=True)
class Book:
    """An address book with the event that it is as of.

    Attributes
    ----------
    book
        None where nothing at all is seen.
    moment
        The event.
    rested_at
        When it may be read again, on the monotonic clock, seconds.
    current
        Whether nothing that can be located was committed since; else a newer book is being read.
    """

    book: AddressBook | None
    moment: Moment
    places: "pd.Index[Any]"
    rested_at: float
    current: bool = True

    def row_of(self, place: str) -> int | None:
        """Return the row of a place, by its id; None where the book has none."""
        found = self.places.get_indexer(pd.Index([place]))
        return None if found[0] < 0 else int(found[0])


class AddressBooks:
    """The books of one process.

    Parameters
    ----------
    most_rows
        How many rows all of them may have; those asked longest ago go first, the newest stays whatever its size.
    """

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        self._most_rows = most_rows
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Book] = OrderedDict()
        self._reading: dict[Hashable, threading.Lock] = {}
        self._beside: dict[Hashable, threading.Thread] = {}

    def of(self, engine: Engine, actor: Actor | None) -> Book:
        """Return the book of who asks; read first where there is none, and beside where the one there is old.

        Parameters
        ----------
        actor
            None for the store's owner, who sees everything.
        """
        key = asked_by(engine, actor)
        with self._lock:
            book = self._kept.get(key)
        if book is None:
            return self.renew(engine, actor, old=None)
        with session_scope(engine) as session:
            head = addresses.head(session)
            changed = addresses.changed_since(session, book.moment)
        with self._lock:
            if self._kept.get(key) is book:
                self._kept.move_to_end(key)
                if not changed:
                    # As good as read now: the next to ask looks at what comes after.
                    book = self._kept[key] = replace(book, moment=head)
            running = self._beside.get(key)
            if changed and (running is None or not running.is_alive()):
                self._beside[key] = threading.Thread(
                    target=self._read_beside, args=(engine, actor, book), name="address book", daemon=True
                )
                self._beside[key].start()
        return replace(book, current=not changed)

    def renew(self, engine: Engine, actor: Actor | None, *, old: Book | None) -> Book:
        """Return a book other than the old one, read now unless another has just done so."""
        key = asked_by(engine, actor)
        with self._lock:
            reading = self._reading.setdefault(key, threading.Lock())
        with reading:
            with self._lock:
                kept = self._kept.get(key)
            if kept is not None and (old is None or kept.book is not old.book):
                return kept
            book = _read(engine, actor)
            with self._lock:
                self._keep(key, book)
            return book

    def settle(self) -> None:
        """Wait until nothing is being read beside."""
        for thread in list(self._beside.values()):
            thread.join()

    @property
    def full(self) -> bool:
        """Whether a further book might put out another one: half of what may be kept is."""
        with self._lock:
            return 2 * sum(len(kept.places) for kept in self._kept.values()) > self._most_rows

    def _keep(self, key: Hashable, book: Book) -> None:
        self._kept[key] = book
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and sum(len(kept.places) for kept in self._kept.values()) > self._most_rows:
            self._kept.popitem(last=False)

    def _read_beside(self, engine: Engine, actor: Actor | None, old: Book) -> None:
        time.sleep(max(0.0, old.rested_at - time.monotonic()))
        try:
            self.renew(engine, actor, old=old)
        except (WanggeError, SQLAlchemyError) as error:
            # The old book goes on; whoever asks next has it read again.
            log.warning("an address book could not be read anew: %s", type(error).__name__)


def _read(engine: Engine, actor: Actor | None) -> Book:
    began = time.monotonic()
    # The event first: what is committed while the rows are read makes the book old, and never goes unnoticed.
    with session_scope(engine) as session:
        moment = addresses.head(session)
    with session_scope(engine, actor) as session:
        rows = read_rows(session)
    book = None if rows.places.empty else AddressBook.build(rows.places, rows.aliases)
    likeness("梨", "松")  # reads the tables of shapes now, so that no caller waits for them
    places = pd.Index([]) if book is None else pd.Index(book.frame["id"])
    ended = time.monotonic()
    return Book(book, moment, places, rested_at=ended + REST * (ended - began))


def asked_by(engine: Engine, actor: Actor | None) -> Hashable:
    """Return what all who see the same have in common: they ask from one book."""
    scope = None if actor is None else (actor.streets, actor.communities, actor.grids, sees_households(actor.roles))
    return engine.url, scope
