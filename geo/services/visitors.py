"""Who is behind the tokens that a process has seen lately.

Each is remembered until an account changes, in whichever process, and for a minute at most: all that ends a sign-in,
gives a role or takes one leaves an event about the account in the audit trail, which is asked for every request. That
is one look for all requests that wait for it, and what else is kept by the trail, such as tiles, needs no other.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Engine

from geo.access.tokens import fingerprint, looks_like_token
from geo.services.changes import Changes
from geo.services.signing_in import Visitor, visitor_of

#: Events about these may change who somebody is.
_CHANGED_BY = ("account",)
#: So many are remembered; of more, those who asked longest ago are forgotten.
MOST = 10_000


@dataclass(frozen=True)
class _Known:
    visitor: Visitor
    stamp: tuple[int, int]


class Visitors:
    """The visitors of one process."""

    def __init__(self, changes: Changes, most: int = MOST) -> None:
        self._changes = changes
        self._most = most
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def find(self, engine: Engine, token: str, *, address: str | None, request_id: str | None) -> Visitor | None:
        """Return who is behind a token, or None when it holds no more; see :func:`~geo.services.signing_in.visitor_of`.

        The changes have been looked at afterwards, where the token could be one at all.
        """
        if not looks_like_token(token):
            return None
        self._changes.look(engine)
        stamp = self._changes.stamp(_CHANGED_BY)
        known = self.remembered(token, address=address, request_id=request_id)
        if known is None:
            known = visitor_of(engine, token, address=address, request_id=request_id)
            self._put(fingerprint(token), known, stamp)
        return known

    def remembered(self, token: str, *, address: str | None, request_id: str | None) -> Visitor | None:
        """Return who is behind a token if they are remembered as of the last look at what changed, and None if not."""
        known = self._get(fingerprint(token))
        if known is None or known.stamp != self._changes.stamp(_CHANGED_BY):
            return None
        if known.visitor.until <= datetime.now(UTC):
            return None
        return replace(known.visitor, actor=replace(known.visitor.actor, address=address, request_id=request_id))

    def _get(self, key: bytes) -> _Known | None:
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
            return known

    def _put(self, key: bytes, visitor: Visitor | None, stamp: tuple[int, int]) -> None:
        with self._lock:
            self._known.pop(key, None)
            if visitor is not None:
                self._known[key] = _Known(visitor, stamp)
                if len(self._known) > self._most:
                    self._known.popitem(last=False)
