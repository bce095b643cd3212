"""When each noun last changed, as far as a process has looked: what it keeps of a noun holds for as long as it has not.

The audit trail has the order of commits, and everything that changes anything leaves an event there, in whichever
process it was done.
"""

import threading
from collections.abc import Iterable

from sqlalchemy import Engine

from geo.storage.changes import Head, Since, changes_since


class Changes:
    """When each noun last changed, as far as this process has looked at the audit trail."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._begun = self._done = 0  # looks
        self._looking = False
        self._head = Head()
        self._store = 0
        self._last: dict[str, int] = {}

    def look(self, engine: Engine) -> None:
        """Look at what was committed until now; whatever is asked afterwards is as of now or later.

        One look serves all who came before it began.
        """
        with self._turn:
            needed = self._begun + 1
            while self._looking and self._done < needed:
                self._turn.wait()
            if self._done >= needed:
                return
            self._looking = True
            self._begun += 1
        done = self._done
        try:
            self._take(changes_since(engine, self._head))
            done = self._begun
        finally:
            with self._turn:
                self._looking, self._done = False, done
                self._turn.notify_all()

    def _take(self, since: Since) -> None:
        last = {} if since.replaced else dict(self._last)
        for change, seq in since.changed.items():
            for name in (change, change.partition(".")[0]):
                last[name] = max(seq, last.get(name, 0))
        with self._turn:
            self._store += since.replaced
            self._last, self._head = last, since.head

    def stamp(self, names: Iterable[str]) -> tuple[int, int]:
        """Return the last event about any of some nouns (``noun``, or ``noun.what``), and which store it is of."""
        last = self._last
        return self._store, max((last.get(name, 0) for name in names), default=0)
