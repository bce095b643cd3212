"""Text as it sounds and looks, token by token: what names and queries are compared by.

A token is a character, or a syllable written in Latin letters. One text may be heard in several ways (``xian`` is 西安
or 县); each way is a stream, and the streams of a text lie in one row with a barrier between them.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.addresses.short_names import is_han, opens_names, protected, speech
from geo.addresses.sounds import READINGS_KEPT, folded, readings, segmentations, syllables

Integers = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

LONGEST_TEXT = 600
"""Tokens of a text that are looked at: what a caller says is shorter."""
MOST_LETTERS = 160
"""Latin letters in a text that is heard as pinyin: two names and a road have some fifty."""
_STREAMS = 3
_LATIN = re.compile("[a-z]+")
_PASSED_OVER = frozenset("()[]{}<>《》「」【】“”‘’'\"·・•.-–—_/&")
_SYLLABLE_CODES = 0x200000  # above every character
_FIRST_HAN = 0x2E80
BARRIER = -9
_SAME_NUMERALS = ("零〇0", "一1", "二2两", "三3", "四4", "五5", "六6", "七7", "八8", "九9", "十", "百", "千")
_NUMERALS = {character: value for value, row in enumerate(_SAME_NUMERALS) for character in row}


class Features(NamedTuple):
    """What is compared of one token; -1 where there is none."""

    code: int
    key: int  # hash of the first reading, folded
    other_keys: tuple[int, ...]  # hashes of the other readings, where they differ
    sounds: tuple[int, ...]
    folds: tuple[int, ...]
    protection: int  # 0: none; else 1 + the place of the class in the dictionary
    numeral: int
    letters: int  # how many Latin letters a syllable is written with; 0 for a character


@cache
def _numbered_syllables() -> dict[str, int]:
    every = sorted(syllables() | {folded(syllable) for syllable in syllables()})
    return {syllable: number for number, syllable in enumerate(every)}


@cache
def protections() -> dict[str, int]:
    """Of each class of protected characters, its number."""
    return {code: number + 1 for number, code in enumerate(dict.fromkeys(protected().values()))}


def _hash(text: str) -> int:
    # Odd, so that no token vanishes in a sum.
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little") | 1


@lru_cache(maxsize=50_000)
def character_features(character: str) -> Features:
    """Describe a character of a name or a text."""
    numbers = _numbered_syllables()
    read = tuple(syllable for syllable in readings(character) if syllable in numbers)
    sounds = tuple(numbers[syllable] for syllable in read)
    folds = tuple(numbers[folded(syllable)] for syllable in read)
    keys = tuple(dict.fromkeys(_hash(folded(syllable)) for syllable in read)) or (_hash("=" + character),)
    none = (-1,) * (READINGS_KEPT - len(read))
    guarded = protections().get(protected().get(character, ""), 0)
    numeral = _NUMERALS.get(character, -1)
    return Features(ord(character), keys[0], keys[1:], sounds + none, folds + none, guarded, numeral, 0)


@lru_cache(maxsize=2_000)
def syllable_features(syllable: str) -> Features:
    """Describe a syllable written in Latin letters."""
    number, fold = _numbered_syllables()[syllable], folded(syllable)
    none = (-1,) * (READINGS_KEPT - 1)
    sounds, folds = (number, *none), (_numbered_syllables()[fold], *none)
    return Features(_SYLLABLE_CODES + number, _hash(fold), (), sounds, folds, 0, -1, len(syllable))


def is_passed_over(character: str) -> bool:
    """Whether names are compared as if this were not there: blanks, brackets, dots and dashes inside of names."""
    return character.isspace() or character in _PASSED_OVER


@dataclass(frozen=True, slots=True)
class Heard:
    """How the Latin runs (by their start) divide into syllables, a dictionary a stream; none first."""

    start: Integers  # where the token stands in the text
    end: Integers
    room: Integers  # how many tokens from here on, before a barrier
    code: Integers
    key: Hashes
    sounds: Integers
    folds: Integers
    protection: Integers
    numeral: Integers
    letters: Integers
    counting: npt.NDArray[np.bool_]  # a number, side or letter, in which sisters differ
    filler: npt.NDArray[np.bool_]  # what people say while they think
    begins: npt.NDArray[np.bool_]  # a name may begin right behind
    goes_on: npt.NDArray[np.bool_]  # a name right before would rather go on


def hear(text: str) -> Heard:
    """Take a normalised text apart into tokens: as written, and with its Latin letters as syllables."""
    placed: list[tuple[int, int, Features | None]] = []
    for syllables_of_run in _ways(text):
        placed += _stream(text, syllables_of_run)
        placed.append((len(text), len(text), None))
    rows = [features or _BARRIER for _, _, features in placed]
    old_or_new = protections()["age_or_size"]
    room = [0] * len(rows)
    for at in range(len(rows) - 2, -1, -1):
        room[at] = 0 if placed[at][2] is None else room[at + 1] + 1
    return Heard(
        start=np.array([start for start, _, _ in placed], np.int64),
        end=np.array([end for _, end, _ in placed], np.int64),
        room=np.array(room, np.int64),
        code=np.array([row.code for row in rows], np.int64),
        key=np.array([row.key for row in rows], np.uint64),
        sounds=np.array([row.sounds for row in rows], np.int64),
        folds=np.array([row.folds for row in rows], np.int64),
        protection=np.array([row.protection for row in rows], np.int64),
        numeral=np.array([row.numeral for row in rows], np.int64),
        letters=np.array([row.letters for row in rows], np.int64),
        counting=np.array([row.protection not in (0, old_or_new) for row in rows], np.bool_),
        filler=np.array([text[start:end] in speech("fillers") for start, end, _ in placed], np.bool_),
        begins=np.array([features is None or _opens(text[start:end]) for start, end, features in placed], np.bool_),
        goes_on=np.array([features is not None and _goes_on(features) for _, _, features in placed], np.bool_),
    )


def _opens(said: str) -> bool:
    return not is_han(said) or said in opens_names()


def _goes_on(features: Features) -> bool:
    return features.protection == 0 and _FIRST_HAN <= features.code < _SYLLABLE_CODES


_BARRIER = Features(BARRIER, 1, (), (-1,) * READINGS_KEPT, (-1,) * READINGS_KEPT, 0, -1, 0)


def _ways(text: str) -> list[dict[int, tuple[str, ...]]]:
    """How the Latin runs (by their start) divide into syllables, a dictionary per stream; none first."""
    runs = [run for run in _LATIN.finditer(text[:LONGEST_TEXT]) if len(run[0]) > 1]
    if sum(len(run[0]) for run in runs) > MOST_LETTERS:
        return [{}]
    found = {run.start(): segmentations(run[0], _STREAMS) for run in runs}
    found = {start: ways for start, ways in found.items() if ways}
    count = max(map(len, found.values()), default=0)
    return [{}] + [{start: ways[min(way, len(ways) - 1)] for start, ways in found.items()} for way in range(count)]


def _stream(text: str, syllables_of_run: dict[int, tuple[str, ...]]) -> list[tuple[int, int, Features | None]]:
    """Tokens with their span; None for a barrier: signs that no name runs across."""
    tokens: list[tuple[int, int, Features | None]] = []
    at = 0
    while at < len(text) and len(tokens) < LONGEST_TEXT:
        if at in syllables_of_run:
            for syllable in syllables_of_run[at]:
                heard = syllable_features(syllable) if syllable in syllables() else character_features(syllable)
                tokens.append((at, at + len(syllable), heard))
                at += len(syllable)
            continue
        if text[at].isalnum():
            tokens.append((at, at + 1, character_features(text[at])))
        elif not is_passed_over(text[at]):
            tokens.append((at, at + 1, None))
        at += 1
    return tokens
