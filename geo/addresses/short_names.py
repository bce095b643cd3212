"""What callers make of a name when they make it shorter: the ending, the phase, the number or the place left out.

A name is a distinctive part, which others do not have, and an ending, which says what it is: 荣昌花园一期 is 荣昌, 花园
and the phase 一期; 松岭一路 is 松岭, told from its sisters by 一, and 路. Endings and what a caller may leave out are
data (``address_generics.toml``), so are the characters that tell sisters apart (``address_protected.toml``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from geo.territory.dictionaries import Entry, dictionary

PHASE_LEFT_OUT = 0.25
NUMBER_LEFT_OUT = 0.5
"""松岭路 for 松岭一路: said often enough, but as often of a road that is simply called so."""
PLACE_LEFT_OUT = 0.25
SECOND_OMISSION = 0.1
SHORTEST = 2
"""Characters that are left at least: one alone is no name."""
_DIVISIONS = "省市区县镇乡"
_DIVISION_WORDS = ("街道", "社区")


@dataclass(frozen=True, slots=True)
class Shape:
    """A name in its parts: ``stem`` + ``qualifier`` + ``ending`` + ``phase``, each but the stem possibly empty."""

    stem: str
    qualifier: str
    ending: str
    phase: str
    kind: Entry | None

    @property
    def distinctive(self) -> str:
        """What comes before the ending."""
        return self.stem + self.qualifier

    @property
    def own(self) -> int:
        """How many characters there are before the first of several endings in a row: 兴业 of 兴业工厂大厦."""
        if self.qualifier or not self.ending:
            return len(self.distinctive)
        inner = shape(self.stem)
        return inner.own if len(inner.ending) > 1 and not inner.qualifier else len(self.stem)


@dataclass(frozen=True, slots=True)
class Variant:
    """One way a name is said: its text, the doubt it leaves, and which parts were left out of it."""

    text: str
    cost: float
    distinctive: int  # characters before the ending
    without_ending: bool
    without_phase: bool


@dataclass(frozen=True, slots=True)
class Following:
    """An ending in running text, right behind a name: its kind, where it ends, and what stands before it."""

    kind: Entry
    end: int
    qualifier: str


@cache
def endings() -> Mapping[str, Entry]:
    """Every ending, and its kind; of a word that several kinds have, the first kind of the dictionary."""
    found: dict[str, Entry] = {}
    for entry in dictionary("address_generics").entries.values():
        for word in entry.extra["words"]:
            found.setdefault(word, entry)
    return MappingProxyType(found)


@cache
def protected() -> Mapping[str, str]:
    """Every character that tells sister names apart, and its class (the codes of the dictionary)."""
    entries = dictionary("address_protected").entries.values()
    return MappingProxyType({character: entry.code for entry in entries for character in entry.extra["members"]})


@cache
def opens_names() -> frozenset[str]:
    """Characters right behind which a name may begin: the last of another name, and what people say before names."""
    return frozenset(word[-1] for word in endings()) | speech("before_names")


@cache
def speech(code: str) -> frozenset[str]:
    """Return the characters of one list of the dictionary of speech."""
    return frozenset(dictionary("address_speech")[code].extra["members"])


@cache
def _longest_ending() -> int:
    return max(map(len, endings()))


def _tells_sisters_apart(character: str) -> bool:
    return protected().get(character, "age_or_size") != "age_or_size"


def _without_phase(name: str) -> tuple[str, str]:
    """Divide 荣昌花园一期 into 荣昌花园 and 一期."""
    for length in (2, 1):
        start = len(name) - length
        word = name[start:]
        if start > SHORTEST and word in endings() and endings()[word].code == "part":
            first = start
            while first > SHORTEST and _tells_sisters_apart(name[first - 1]):
                first -= 1
            # 工业区 ends in 区 and has no phase: a phase has a number, a letter or a direction.
            return (name[:first], name[first:]) if first < start else (name, "")
    return name, ""


def _ending(name: str) -> str:
    """Return the longest ending of ``name`` that leaves enough of it."""
    for length in range(min(_longest_ending(), len(name) - SHORTEST), 0, -1):
        word = name[-length:]
        if word in endings() and endings()[word].code != "part":
            return word
    return ""


def shape(name: str) -> Shape:
    """Divide a name into its parts.

    Examples
    --------
    >>> parts = shape("荣昌花园一期")
    >>> parts.stem, parts.ending, parts.phase
    ('荣昌', '花园', '一期')
    >>> shape("碧河东路").qualifier
    '东'
    """
    rest, phase = _without_phase(name)
    ending = _ending(rest)
    before = rest[: len(rest) - len(ending)]
    kind = endings().get(ending)
    cut = len(before)
    while ending and cut > SHORTEST and _tells_sisters_apart(before[cut - 1]):
        cut -= 1
    return Shape(before[:cut], before[cut:], ending, phase, kind)


def variants(name: str, places: frozenset[str] = frozenset()) -> list[Variant]:
    """Return the ways in which callers say a name, the name itself first, each text once.

    Parameters
    ----------
    name
        The name, normalised.
    places
        Names of places (communities, villages) that names of other things begin with: 北垭 in 北垭松岭花园.
    """
    parts = shape(name)
    found = {name: Variant(name, 0.0, parts.own, False, False)}
    for said in _shortened(parts):
        # 花园大厦 is not called 花园.
        if len(said.text) >= SHORTEST and said.text not in endings():
            found.setdefault(said.text, said)
    rest = _without_place(name, places)
    if rest:
        found.setdefault(rest, Variant(rest, PLACE_LEFT_OUT, shape(rest).own, False, False))
    return list(found.values())


def _shortened(parts: Shape) -> Iterator[Variant]:
    """Yield the name with its phase, ending, number, or several of them left out."""
    left_out = parts.kind.extra["left_out"] if parts.kind else 1.0
    own, stem = parts.own, len(parts.stem)
    if parts.phase:
        yield Variant(parts.distinctive + parts.ending, PHASE_LEFT_OUT, own, False, True)
        yield Variant(parts.distinctive + parts.phase, left_out, own, True, False)
    if parts.ending:
        more = SECOND_OMISSION if parts.phase else 0.0
        yield Variant(parts.distinctive, left_out + more, own, True, bool(parts.phase))
    if parts.qualifier:
        yield Variant(parts.stem + parts.ending, NUMBER_LEFT_OUT, stem, False, True)
        yield Variant(parts.stem, max(left_out, NUMBER_LEFT_OUT) + SECOND_OMISSION, stem, True, True)
    inner = shape(parts.stem) if parts.ending and not parts.qualifier and not parts.phase else None
    # Two endings in a row (富丽花园小区) may both go; one of one character is rather a part of the name.
    if inner and len(inner.ending) > 1 and not inner.qualifier:
        yield Variant(inner.stem, left_out + SECOND_OMISSION, len(inner.stem), True, False)


def _without_place(name: str, places: frozenset[str]) -> str:
    """Return ``name`` without the place it begins with; empty when there is none, or nothing of its own remains."""
    for length in range(min(len(name) - SHORTEST - 1, 8), SHORTEST - 1, -1):
        head, rest = name[:length], name[length:]
        is_division = len(head) > SHORTEST and (head[-1] in _DIVISIONS or head.endswith(_DIVISION_WORDS))
        if (is_division or head in places) and rest not in endings() and len(shape(rest).distinctive) >= SHORTEST:
            return "" if shape(rest).ending == "" else rest
    return ""


def following(text: str, start: int) -> Following | None:
    """Return the ending at ``start`` of running text, with up to two characters before it that tell sisters apart.

    Endings of one character count only where they cannot be another word.

    Examples
    --------
    >>> found = following("荣昌北路12号", 2)
    >>> found.kind.code, found.qualifier, found.end
    ('road', '北', 4)
    """
    for skipped in range(3):
        at = start + skipped
        if skipped and not (at <= len(text) and _tells_sisters_apart(text[at - 1])):
            return None
        for length in range(min(_longest_ending(), len(text) - at), 0, -1):
            entry = endings().get(text[at : at + length])
            if entry is not None and (length > 1 or _is_clear(text, at, entry) or (not skipped and _is_last(text, at))):
                return Following(entry, at + length, text[start:at])
    return None


def _is_clear(text: str, at: int, kind: Entry) -> bool:
    """Whether an ending of one character is one whatever stands around it: 路 is, 楼 of 3楼 is not."""
    return kind.code == "part" or text[at] in kind.extra["clear"]


def _is_last(text: str, at: int) -> bool:
    """Whether no word goes on here: 楼 before 12号 is an ending, 楼 of 楼下 is not."""
    return not is_han(text[at + 1 : at + 2])


def is_han(character: str) -> bool:
    """Whether this is a Chinese character (a numeral, too); nothing is none."""
    return character >= "\u2e80" and character.isalpha()
