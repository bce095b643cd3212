"""Type-ahead: names that go on from what is typed so far, in characters, pinyin or initials."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice

import numpy as np

from geo.addresses.listening import Integers
from geo.addresses.sounds import readings, syllables

MOST_LOOKED_AT = 2_000
"""Names with the initials asked for that are compared syllable by syllable."""
LONGEST_TYPED = 60
"""Characters that are typed of a name at most, blanks apart: nothing goes on from more."""
_SEPARATOR = "\n"
_WAYS = 24


class Completions:
    """Names in the orders that type-ahead asks for."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)
        # Short names first: what is nearest to what was typed.
        order = sorted(range(len(names)), key=lambda number: (len(names[number]), names[number], number))
        self._rank = {number: rank for rank, number in enumerate(order)}
        self._alphabetical = sorted(range(len(names)), key=lambda number: names[number])
        self._sorted_names = [names[number] for number in self._alphabetical]
        self._order = order
        self._joined = _SEPARATOR.join(names[number] for number in order)
        self._ends: Integers = np.cumsum([len(names[number]) + 1 for number in order])
        by_initials = sorted((initials, number) for number, name in enumerate(names) for initials in initials_of(name))
        self._initials = [initials for initials, _ in by_initials]
        self._initials_numbers = [number for _, number in by_initials]
        by_first = sorted((first, number) for number, name in enumerate(names) for first in _read(name[:1]))
        self._firsts = [first for first, _ in by_first]
        self._firsts_numbers = [number for _, number in by_first]

    @classmethod
    def build(cls, names: Sequence[str]) -> "Completions":
        """Sort normalised names in every order that is asked for."""
        return cls(names)

    def find(self, prefix: str, limit: int) -> list[int]:
        """Return numbers of at most ``limit`` names, the best first."""
        wanted = "".join(prefix[: 2 * LONGEST_TYPED].split())
        if not wanted or len(wanted) > LONGEST_TYPED or limit < 1 or not self._names:
            return []
        found: dict[int, None] = {}
        for way in (self._beginning, self._containing, self._sounding):
            found.update(dict.fromkeys(islice((n for n in way(wanted) if n not in found), limit - len(found))))
            if len(found) >= limit:
                break
        return list(found)

    def _beginning(self, wanted: str) -> Iterable[int]:
        return sorted(_between(self._sorted_names, self._alphabetical, wanted), key=self._rank.__getitem__)

    def _containing(self, wanted: str) -> Iterator[int]:
        at = self._joined.find(wanted)
        while at >= 0:
            place = int(np.searchsorted(self._ends, at, "right"))
            yield self._order[place]
            at = self._joined.find(wanted, int(self._ends[place]))

    def _sounding(self, wanted: str) -> list[int]:
        """Names whose syllables begin as what is typed sounds, whole or half-typed (``ronghc``: 荣华城)."""
        found: dict[int, None] = {}
        for parts in _ways_to_read(wanted):
            if len(parts) == 1:
                fitting = _between(self._firsts, self._firsts_numbers, parts[0])
            else:
                initials = "".join(part[0] for part in parts)
                near = _between(self._initials, self._initials_numbers, initials)[:MOST_LOOKED_AT]
                fitting = [number for number in near if self._fits(number, parts)]
            found.update(dict.fromkeys(sorted(fitting, key=self._rank.__getitem__)))
        return list(found)

    def _fits(self, number: int, parts: Sequence[str]) -> bool:
        name = self._names[number]
        return len(parts) <= len(name) and all(
            any(reading.startswith(part) for reading in _read(character))
            for part, character in zip(parts, name, strict=False)
        )


def _read(character: str) -> tuple[str, ...]:
    """Return the syllables of a character; of one that has none, itself."""
    return readings(character) or (character,) if character else ()


def _between(texts: Sequence[str], numbers: Sequence[int], beginning: str) -> Sequence[int]:
    """Return the numbers of the sorted texts that begin so."""
    return numbers[bisect_left(texts, beginning) : bisect_right(texts, beginning + "\U0010ffff")]


def initials_of(name: str) -> tuple[str, ...]:
    """Return the first letters of a name's syllables, also with one character read another way.

    Examples
    --------
    >>> initials_of("长坡"), initials_of("b座")
    (('cp', 'zp'), ('bz',))
    """
    choices = [tuple(dict.fromkeys(reading[0] for reading in _read(character))) for character in name]
    usual = "".join(choice[0] for choice in choices)
    others = (usual[:at] + letter + usual[at + 1 :] for at, choice in enumerate(choices) for letter in choice[1:])
    return tuple(dict.fromkeys((usual, *others)))


def _ways_to_read(wanted: str) -> list[tuple[str, ...]]:
    """Divide what is typed into syllables, whole or half: characters by their reading, letters in a few ways."""
    ways: list[list[tuple[str, ...]]] = [[] for _ in range(len(wanted) + 1)]
    ways[len(wanted)] = [()]
    for start in range(len(wanted) - 1, -1, -1):
        for part, length in _parts_at(wanted, start):
            ways[start] += [(part, *rest) for rest in ways[start + length]]
        ways[start] = sorted(ways[start], key=len)[:_WAYS]
    return ways[0]


def _parts_at(wanted: str, start: int) -> Iterator[tuple[str, int]]:
    character = wanted[start]
    if not ("a" <= character <= "z"):
        for reading in _read(character):
            yield reading, 1
        return
    for length in range(min(6, len(wanted) - start), 0, -1):
        part = wanted[start : start + length]
        if part in _half_syllables():
            yield part, length


@cache
def _half_syllables() -> frozenset[str]:
    return frozenset(syllable[:length] for syllable in syllables() for length in range(1, len(syllable) + 1))
