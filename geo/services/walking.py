"""Lists walked page by page to their end, for what is written whole: sheets of cases, of inspections."""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from geo.errors import BoundsError


class _Listed(Protocol):
    @property
    def id(self) -> int: ...


Record = TypeVar("Record", bound=_Listed)


def pages(
    look: Callable[[int | None], list[Record]], *, size: int, most: int, zh: str, en: str
) -> Iterator[list[Record]]:
    """Yield a list's pages, one after the other.

    Parameters
    ----------
    look
        Returns the page after the item of an id, the first one after None.
    size
        Items on a page: fewer, and it was the last one.
    most
        Items that are taken; ``zh`` and ``en`` name them, with their measure word, where there are more.

    Raises
    ------
    BoundsError
        There are more than ``most``.
    """
    count = 0
    after: int | None = None
    while True:
        page = look(after)
        count += len(page)
        if count > most:
            raise BoundsError(f"超过 {most} {zh};请缩小范围或时段", f"there are more than {most} {en}: ask for fewer")
        yield page
        if len(page) < size:
            return
        after = page[-1].id
