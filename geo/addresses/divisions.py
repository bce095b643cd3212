"""Provinces, cities, districts and streets that a text names and the book does not have: the place is elsewhere."""

import re
from collections.abc import Sequence
from functools import cache

from geo.addresses.book import AddressBook
from geo.addresses.normalising import SEPARATORS
from geo.addresses.sounds import readings
from geo.addresses.words import either, words

_STARTS = re.compile(rf"[{re.escape(SEPARATORS)}-]+")
_DIVISION = re.compile(
    r"(?P<province>[\u4e00-\u9fff]{2,3}?(?:省|自治区))|(?P<city>[\u4e00-\u9fff]{2,4}?(?:市|自治州|盟))|"
    r"(?P<district>[\u4e00-\u9fff]{1,4}?(?:新区|区|县|自治旗|[左右前后中]旗))|(?P<street>[\u4e00-\u9fff]{1,4}?(?:街道|镇|乡))"
)


def elsewhere(book: AddressBook, text: str, covered: Sequence[tuple[int, int]]) -> tuple[str, str] | None:
    """Return kind and text of a division that the book does not have, or None.

    Divisions are looked for where an address begins: at the start of the text or of a clause, after openings, and after
    another division. Stretches in ``covered`` are names of the book already.
    """
    begins = {0, *(found.end() for found in _STARTS.finditer(text))}
    begins |= {found.end() for found in re.finditer(either("openings"), text)}
    for at in sorted(begins):
        strange = _at(book, text, at, covered)
        if strange:
            return strange
    return None


def _at(book: AddressBook, text: str, at: int, covered: Sequence[tuple[int, int]]) -> tuple[str, str] | None:
    while True:
        inside = next((end for start, end in covered if start <= at < end), None)
        if inside is not None:
            at = inside
            continue
        found = _DIVISION.match(text, at)
        if not found or any(start < found.end() and found.start() < end for start, end in covered):
            return None
        kind, said = str(found.lastgroup), found[0]
        if said.endswith(_not_divisions()) or said in _not_divisions():
            return None
        if not _known(book, kind, said):
            return kind, said
        at = found.end()


def _known(book: AddressBook, kind: str, said: str) -> bool:
    """Whether the book has such a division, or has none of the kind, so that it cannot tell."""
    texts = [text for text in book.vocabularies[kind].texts if text]
    if not texts:
        return True
    return any(said.rstrip("省市区县") == text.rstrip("省市区县") or _sound_alike(said, text) for text in texts)


def _sound_alike(said: str, text: str) -> bool:
    return len(said) == len(text) and all(
        one == other or set(readings(one)) & set(readings(other)) for one, other in zip(said, text, strict=True)
    )


@cache
def _not_divisions() -> tuple[str, ...]:
    return tuple(word for word in words("not_districts") if len(word) > 1)
