"""Tiles that a process keeps, within a number of bytes, each for as long as nothing changed that it was cut from.

What a tile is kept under says all that it depends on: layer and place, plan, scope and what one's roles let one see,
the day where rows come and go with it, and the last event of the audit trail about anything that the layer is made of.
The trail has the order of commits and is asked before a tile is cut, so that a kept tile is at least as new as what it
is kept under, in any number of processes. Whatever is kept was cut under row-level security.
"""

import gzip
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from hashlib import blake2b

from geo.services.changes import Changes
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


class TileCache:
    """The tiles of one process.

    Parameters
    ----------
    most_bytes
        What all of them together may take; those asked for longest ago go first.
    changes
        What tells whether a tile is still what would be cut; one of its own where none is given.
    """

    def __init__(self, most_bytes: int, changes: Changes | None = None) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Kept | bytes] = OrderedDict()
        self._bytes = 0
        self.changes = changes or Changes()

    @property
    def taken_bytes(self) -> int:
        """What all kept tiles take."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: Hashable) -> Kept | None:
        """Return what is kept under a key, or None where there is nothing."""
        kept = self._get(key)
        return kept if isinstance(kept, Kept) else None

    def keep(self, key: Hashable, piece: Piece) -> Kept:
        """Keep a piece that was cut."""
        kept = Kept.of(piece)
        self._put(key, kept, len(piece.content))
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
