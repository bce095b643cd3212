"""Tiles that a process keeps, within a number of bytes, each for as long as nothing changed that it was cut from.

What a tile is kept under says all that it depends on: layer and place, plan, scope and what one's roles let one see,
the day where rows come and go with it, and the last event of the audit trail about anything that the layer is made of.
The trail has the order of commits and is asked before a tile is cut, so that a kept tile is at least as new as what it
is kept under, in any number of processes. Whatever is kept was cut under row-level security.
"""

import gzip
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import Engine

from geo.storage.changes import Head, Since, changes_since
from geo.storage.tiles import Piece

#: What a kept tile takes beside its bytes, roughly: its key, its place in the order.
OVERHEAD_BYTES = 600
#: Smaller tiles are sent as they are.
LEAST_ZIPPED_BYTES = 1_000
ZIP_LEVEL = 4


@dataclass(frozen=True)
class Kept:
    """A piece of a tile with the digest of its bytes."""

    piece: Piece
    digest: bytes

    @classmethod
    def of(cls, piece: Piece) -> "Kept":
        """Keep a piece."""
        return cls(piece, blake2b(piece.content, digest_size=12).digest())


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
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                self._take(changes_since(connection, self._head))
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


class TileCache:
    """The tiles of one process.

    Parameters
    ----------
    most_bytes
        What all of them together may take; those asked for longest ago go first.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Kept | bytes] = OrderedDict()
        self._bytes = 0
        self.changes = Changes()

    @property
    def taken_bytes(self) -> int:
        """What all kept tiles take."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._kept)

    def piece(self, key: Hashable, cut: Callable[[], Piece]) -> Kept:
        """Return what is kept under a key, cut now where there is nothing."""
        kept = self._get(key)
        if not isinstance(kept, Kept):
            kept = Kept.of(cut())
            self._put(key, kept, len(kept.piece.content))
        return kept

    def zipped(self, etag: str, content: bytes) -> bytes | None:
        """Return a tile as gzip has it, by the digest of its bytes; None where that is not worth the while."""
        if len(content) < LEAST_ZIPPED_BYTES:
            return None
        kept = self._get(("gzip", etag))
        if not isinstance(kept, bytes):
            kept = gzip.compress(content, ZIP_LEVEL, mtime=0)
            self._put(("gzip", etag), kept, len(kept))
        return kept

    def _get(self, key: Hashable) -> "Kept | bytes | None":
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
            return kept

    def _put(self, key: Hashable, kept: "Kept | bytes", size: int) -> None:
        if size + OVERHEAD_BYTES > self._most_bytes:
            return
        with self._lock:
            before = self._kept.pop(key, None)
            self._bytes += size + OVERHEAD_BYTES - (0 if before is None else _size(before))
            self._kept[key] = kept
            while self._bytes > self._most_bytes:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= _size(gone)


def _size(kept: "Kept | bytes") -> int:
    return OVERHEAD_BYTES + len(kept if isinstance(kept, bytes) else kept.piece.content)
