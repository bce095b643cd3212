"""How characters sound: readings without tone, syllables that are taken for one another, Latin letters as syllables.

Readings come from pypinyin's table of single characters; which of several is usual in names of places, and what
speakers mix up, are data (``address_sounds.toml``).
"""

import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import MappingProxyType

from geo.territory.dictionaries import dictionary

READINGS_KEPT = 2
"""Readings of one character that are looked at, commonest first: others (大 as tai) are hardly ever said in a name."""

_INITIALS = (
    *("zh", "ch", "sh", "b", "p", "m", "f", "d", "t", "n", "l", "g", "k", "h", "j", "q", "x", "r", "z", "c", "s"),
    *("y", "w"),
)
_DIGITS = MappingProxyType(dict(zip("0123456789〇", "零一二三四五六七八九零", strict=True)))
_LONGEST_SYLLABLE = 6


@cache
def _pairs(kind: str) -> Mapping[str, str]:
    """All pairs of one kind in the dictionary of sounds, as first → second."""
    entries = dictionary("address_sounds").entries.values()
    return MappingProxyType({a: b for entry in entries if entry.extra["kind"] == kind for a, b in entry.extra["pairs"]})


@cache
def _table() -> Mapping[int, str]:
    """Readings of each character, by its code; read when first needed.

    Its file is loaded by itself: the package would load its phrases too, which takes ten times as long.
    """
    package = find_spec("pypinyin")
    file = Path(package.origin or "").with_name("pinyin_dict.py") if package else None
    spec = spec_from_file_location("pinyin_of_characters", file) if file else None
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("pypinyin has no table of single characters", name="pypinyin")
    table = module_from_spec(spec)
    spec.loader.exec_module(table)
    return MappingProxyType(table.pinyin_dict)


def _without_tone(reading: str) -> str:
    """Return ``lǜ`` as ``lv``: ASCII, as it is typed."""
    # ü keeps its two dots as a letter of its own before the tone marks are dropped with the other signs.
    spelt = unicodedata.normalize("NFD", reading).replace("u\u0308", "v")
    return "".join(letter for letter in spelt if letter.isascii() and letter.isalpha())


@lru_cache(maxsize=50_000)
def readings(character: str) -> tuple[str, ...]:
    """Return the syllables a character is read as, without tone, the usual one in names of places first.

    Digits are read as the numerals they are; Latin letters, signs and unknown characters have no reading.

    Examples
    --------
    >>> readings("厦"), readings("长"), readings("1")
    (('sha', 'xia'), ('chang', 'zhang'), ('yi',))
    """
    written = _DIGITS.get(character, character)
    found = [_without_tone(reading) for reading in _table().get(ord(written), "").split(",")]
    preferred = _pairs("reading").get(written)
    ordered = dict.fromkeys([preferred, *found] if preferred else found)
    return tuple(syllable for syllable in ordered if syllable)[:READINGS_KEPT]


@cache
def syllables() -> frozenset[str]:
    """Every syllable of Mandarin that some character has, without tone."""
    said = {reading for entry in _table().values() for reading in entry.split(",")}
    return frozenset(syllable for syllable in map(_without_tone, said) if any(vowel in syllable for vowel in "aeiouv"))


@cache
def parts(syllable: str) -> tuple[str, str]:
    """Divide a syllable into its initial ("" for none) and its final."""
    for initial in _INITIALS:
        if syllable.startswith(initial) and len(syllable) > len(initial):
            return initial, syllable[len(initial) :]
    return "", syllable


@cache
def folded(syllable: str) -> str:
    """Return the one syllable that stands for all that speakers take for this one.

    Examples
    --------
    >>> folded("shi"), folded("ning"), folded("fang")
    ('si', 'lin', 'huan')
    """
    initial, final = parts(syllable)
    whole = _pairs("initial").get(initial, initial) + _pairs("final").get(final, final)
    return _pairs("syllable").get(whole, whole)


def segmentations(letters: str, limit: int = 3) -> list[tuple[str, ...]]:
    """Divide Latin letters into syllables, in at most ``limit`` ways, those of fewest syllables first.

    A last letter that belongs to no syllable stays by itself (``yuanb`` for 苑 B): buildings have letters.

    Examples
    --------
    >>> segmentations("xian", 2), segmentations("yuanb", 1), segmentations("bbc")
    ([('xian',), ('xi', 'an')], [('yuan', 'b')], [])
    """
    # One more than asked for of each remaining length bounds the work, whatever the letters are.
    ways: list[list[tuple[str, ...]]] = [[] for _ in range(len(letters) + 1)]
    ways[len(letters)] = [()]
    for start in range(len(letters) - 1, -1, -1):
        for syllable in _beginnings(letters, start):
            ways[start] += [(syllable, *rest) for rest in ways[start + len(syllable)]]
        if start == len(letters) - 1 and start > 0 and not ways[start]:
            ways[start] = [(letters[start],)]
        ways[start] = sorted(ways[start], key=_doubt)[: limit + 1]
    return ways[0][:limit]


def _doubt(way: tuple[str, ...]) -> tuple[int, bool]:
    """Few syllables first; among as many, the way that leaves no letter over."""
    return len(way), bool(way) and way[-1] not in syllables()


def _beginnings(letters: str, start: int) -> Iterator[str]:
    """Syllables that stand at ``start``, the longest first."""
    for length in range(min(_LONGEST_SYLLABLE, len(letters) - start), 0, -1):
        if letters[start : start + length] in syllables():
            yield letters[start : start + length]
