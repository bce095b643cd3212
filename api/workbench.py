"""Who may start heavy work now: plans take a processor for minutes, map pages for seconds."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from api.errors import RequestError


class Workbench:
    """A bounded number of places; at each, one piece of work known by its key, and no key twice.

    Parameters
    ----------
    places
        Pieces of work at the same time in this process.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._keys: set[str] = set()

    @property
    def busy(self) -> int:
        """How many places are taken now."""
        return len(self._keys)

    @contextmanager
    def work_on(self, key: str) -> Iterator[None]:
        """Hold a place for ``key``; never waits.

        Raises
        ------
        RequestError
            Somebody works on ``key`` already (409), or every place is taken (503).
        """
        with self._lock:
            if key in self._keys:
                raise RequestError(
                    "already-drafting",
                    f"{key} 正在划分,请等它完成后在 /plans?scope={key} 查看",
                    f"{key} is being drafted; wait until it is done and look at /plans?scope={key}",
                )
            if len(self._keys) >= self._places:
                raise RequestError(
                    "too-busy",
                    f"已有 {self._places} 项在进行,请稍后再试",
                    f"{self._places} pieces of work are under way; try again later",
                    headers={"Retry-After": "30"},
                )
            self._keys.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._keys.remove(key)
