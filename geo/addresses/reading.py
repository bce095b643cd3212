"""How a text can be read: which stretches are names, what structure stands between them, and what is left over.

A reading takes some of the names that were found, none over another, and reads the gaps by the grammar. Left-overs are
free where people say such things (openings, connecting words, where from the place, what is the matter there) and cost
where a name seems to have stood that the book does not know.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise

from geo.addresses.book import DIVISIONS, AddressBook
from geo.addresses.grammar import Piece, pieces
from geo.addresses.names import NameMatch
from geo.addresses.normalising import SEPARATORS
from geo.addresses.words import either, words
from geo.territory.dictionaries import dictionary

#: A stretch that a name seems to have stood in, and that no name explains.
UNKNOWN_NAME = 1.0
#: Per character left over between two elements, and beside a name.
PER_CHARACTER = 0.12
#: Beside a name stands what would make it another one (新, 东, 二期).
OTHER_NAME = 0.55
#: A name that stands letter for letter in the text is left out.
UNUSED = 0.35
#: A name that is a part of a longer one that stands there too (青云大道 of 青云大道公交站).
INSIDE = 0.3
#: Characters of the longest stretch that may be one name.
LONGEST_NAME = 8
#: Readings tried at most.
MOST_READINGS = 48
#: Sets of names that are weighed: a real text has a dozen or two, one of names alone has no end of them.
MOST_SELECTIONS = 300
#: With more names in it than this, a text is a story or no address at all: those that explain most for least are
#: weighed, with less work.
CROWDED, LIKELIEST, SHARE_OF_WORK = 16, 12, 6

_EDGES = SEPARATORS + "-/#."
#: Kinds of which a reading has one at most; two roads make a crossing.
ANCHORS = ("entity", "road", "name", "mark", "zone")


@dataclass(frozen=True, slots=True)
class Named:
    """A stretch of the text that a name of the book explains; ``entities`` are the things of that name and kind."""

    start: int
    end: int
    kind: str
    entities: tuple[int, ...]
    names: tuple[int, ...]
    cost: float
    how: str


@dataclass(frozen=True)
class Reading:
    """Names, structure and the cost of both.

    Attributes
    ----------
    unknown
        A stretch that seems to be a name nobody knows.
    tail
        Where the text after the last element begins.
    left_out
        Names that stand letter for letter in the text and are not taken.
    """

    names: tuple[Named, ...]
    pieces: tuple[Piece, ...]
    cost: float
    unknown: str = ""
    tail: int = 0
    left_out: tuple[Named, ...] = ()

    @property
    def explained(self) -> int:
        """How many characters are names."""
        return sum(name.end - name.start for name in self.names)

    def named(self, kind: str) -> Named | None:
        """Return the first name of a kind."""
        return next((name for name in self.names if name.kind == kind), None)


def named(book: AddressBook, found: Sequence[NameMatch]) -> list[Named]:
    """Return what the names that were found stand for; names of one stretch, kind and cost are one choice."""
    groups: dict[tuple[int, int, str, float, str], tuple[set[int], set[int]]] = {}
    for match in found:
        for target in book.targets[match.name]:
            how = "alias" if match.how == "exact" and match.name in book.aliased else match.how
            key = (match.start, match.end, target.kind, round(match.cost, 3), how)
            entities, names = groups.setdefault(key, (set(), set()))
            entities.add(target.entity)
            names.add(match.name)
    return [
        Named(start, end, kind, tuple(sorted(entities)), tuple(sorted(names)), cost, how)
        for (start, end, kind, cost, how), (entities, names) in groups.items()
    ]


def without_repeats(text: str, choices: Sequence[Named]) -> tuple[str, list[Named], list[Named]]:
    """Return the text with divisions and repetitions blanked out, the divisions, and the choices that are left.

    Divisions only narrow, wherever they stand; a name that is said twice is one name.
    """
    divisions: list[Named] = []
    left: list[Named] = []
    signs = list(text)
    seen: dict[tuple[str, tuple[int, ...]], int] = {}
    for name in sorted(choices, key=lambda each: (each.start, -each.end)):
        inside = name.cost == 0 and _longer(name, choices)
        if name.kind in DIVISIONS and name.cost == 0 and not inside:
            divisions.append(name)
            signs[name.start : name.end] = " " * (name.end - name.start)
        elif name.cost == 0 and seen.get((name.kind, name.entities), 0) >= name.end - name.start:
            signs[name.start : name.end] = " " * (name.end - name.start)
        elif name.kind not in DIVISIONS:
            # 松岭 of 松岭一路 may stand for 松岭花园, and is no repetition of it that makes the whole name needless.
            seen[name.kind, name.entities] = max(seen.get((name.kind, name.entities), 0), name.end - name.start)
            left.append(replace(name, cost=INSIDE) if inside or _shadowed(name, choices) else name)
    return "".join(signs), divisions, [name for name in left if not any(_cuts(name, other) for other in divisions)]


def _cuts(name: Named, division: Named) -> bool:
    """Whether a name that was not said letter for letter is made of a division's characters."""
    return name.cost > 0 and _meet(name, division) and not (name.start <= division.start and division.end < name.end)


def _shadowed(name: Named, choices: Sequence[Named]) -> bool:
    """Whether a building has the very name of a compound: who says it means the compound."""
    return name.kind in ("mark", "zone") and any(
        (other.start, other.end, other.kind) == (name.start, name.end, "entity") and other.cost == 0
        for other in choices
    )


def _longer(name: Named, choices: Sequence[Named]) -> bool:
    """Whether the name is a part of a longer one that stands there letter for letter too."""
    return any(
        other.start <= name.start and name.end <= other.end and other.end - other.start > name.end - name.start
        for other in choices
        if other.cost == 0 and other.kind not in DIVISIONS
    )


def readings(text: str, choices: Sequence[Named], most: int = MOST_READINGS) -> Iterator[tuple[float, Reading]]:
    """Yield at most so many readings of ``text``, each with a cost that neither it nor any later one can be under."""
    crowded = len(choices) > CROWDED
    if crowded:
        choices = sorted(choices, key=_worth)[:LIKELIEST]
    selections = _selections(text, choices, MOST_SELECTIONS // SHARE_OF_WORK if crowded else MOST_SELECTIONS)
    selections = selections[: most // SHARE_OF_WORK if crowded else most]
    for chosen, left_out in sorted(selections, key=lambda each: _least(*each)):
        yield _least(chosen, left_out), _read(text, chosen, left_out)


def _least(chosen: tuple[Named, ...], left_out: tuple[Named, ...]) -> float:
    return UNUSED * len(left_out) + sum(name.cost for name in chosen)


def _worth(name: Named) -> float:
    """How little a name costs for what it explains; under 0 it is better than none."""
    return name.cost - 0.1 * (name.end - name.start)


def _selections(text: str, choices: Sequence[Named], enough: int) -> list[tuple[tuple[Named, ...], tuple[Named, ...]]]:
    """Return sets of names, none over another, and the names that each leaves out; those that explain much first."""
    ranked = sorted(choices, key=lambda name: (name.start, -name.end, name.cost))
    found: list[tuple[float, tuple[Named, ...], tuple[Named, ...]]] = []
    letterwise = [name for name in ranked if not name.cost]

    def extend(at: int, first: int, chosen: tuple[Named, ...], worth: float) -> None:
        if len(found) >= enough:
            return
        left_out = _left_out(text, chosen, letterwise)
        found.append((worth + UNUSED * len(left_out), chosen, left_out))
        for place in range(first, len(ranked)):
            name = ranked[place]
            if name.start >= at and _may_join(chosen, name):
                extend(name.end, place + 1, (*chosen, name), worth + _worth(name))

    extend(0, 0, (), 0.0)
    found.sort(key=lambda each: each[0])
    return [(chosen, left_out) for _, chosen, left_out in found]


def _left_out(text: str, chosen: tuple[Named, ...], letterwise: Sequence[Named]) -> tuple[Named, ...]:
    """Return the names that stand letter for letter in the text and are not taken; they come as they begin."""
    left: list[Named] = []
    free = 0
    for name in letterwise:
        if name.start < free or any(_explains(one, name) for one in chosen):
            continue
        if chosen and name.start >= chosen[-1].end and _far(text[chosen[-1].end : name.start]):
            continue
        left.append(name)
        free = name.end
    return tuple(left)


def _meet(one: Named, other: Named) -> bool:
    return one.start < other.end and other.start < one.end


def _explains(one: Named, other: Named) -> bool:
    """Whether ``other``, which stands there letter for letter, need not be taken since ``one`` is."""
    if one.cost == 0 or not _meet(one, other):
        return _meet(one, other)
    return one.start <= other.start and other.end <= one.end and one.end - one.start > other.end - other.start


def _may_join(chosen: tuple[Named, ...], name: Named) -> bool:
    same = sum(other.kind == name.kind for other in chosen)
    return same < (2 if name.kind == "road" else 1)


# ── one reading ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(text: str, chosen: tuple[Named, ...], left_out: tuple[Named, ...]) -> Reading:
    structure = _structure(text, chosen)
    elements: list[Named | Piece] = sorted([*chosen, *structure], key=lambda each: each.start)
    kept, cost, unknown = _cluster(text, elements)
    names = tuple(each for each in kept if isinstance(each, Named))
    parts = tuple(each for each in kept if isinstance(each, Piece))
    return Reading(names, parts, cost + _least(names, left_out), unknown, kept[-1].end if kept else 0, left_out)


def _structure(text: str, chosen: tuple[Named, ...]) -> list[Piece]:
    found: list[Piece] = []
    at = 0
    for name in (*chosen, None):
        end = name.start if name else len(text)
        if at < end:
            found += pieces(text, at, end)
        if name:
            at = name.end
    return found


def _cluster(text: str, elements: list[Named | Piece]) -> tuple[list[Named | Piece], float, str]:
    """Return the elements that belong together, what the left-overs cost, and a stretch that seems an unknown name."""
    names = [place for place, each in enumerate(elements) if isinstance(each, Named)]
    if not elements:
        return [], UNKNOWN_NAME if name_like(text) else 0.0, text if name_like(text) else ""
    first, last = (names[0], names[-1]) if names else (0, 0)
    cost, unknown = 0.0, ""
    # Before the first name: structure that stands right before it (202 石头岗村), as long as nothing else does.
    while first > 0 and isinstance(elements[first - 1], Piece) and _joined(text, elements[first - 1], elements[first]):
        first -= 1
    while last + 1 < len(elements) and isinstance(elements[last + 1], Piece):
        if not _belongs(text, elements, last + 1):
            break
        last += 1
    kept = elements[first : last + 1]
    for one, other in pairwise(kept):
        price, strange = _between(text[one.end : other.start])
        cost += price
        unknown = unknown or strange
    price, strange = _leading(text[: kept[0].start], kept[0]) if kept else (0.0, "")
    cost, unknown = cost + price, strange or unknown
    if kept:
        price, strange = _trailing(text[kept[-1].end :], kept[-1])
        cost, unknown = cost + price, unknown or strange
    return kept, cost, unknown


def _belongs(text: str, elements: list[Named | Piece], place: int) -> bool:
    """Whether a piece still tells of the place before it, and not of what is the matter there."""
    gap = text[elements[place - 1].end : elements[place].start]
    if not _bare(gap):
        return not _far(gap)
    if _far(gap) or len(_bare(gap)) > LONGEST_NAME:
        return False
    # Something stood between that is no name of the book: a number after it counts only where a building or stairwell
    # follows in the same clause, as after a name that was misspelt.
    following = elements[place:]
    for one, other in pairwise([elements[place - 1], *following]):
        if _clause(text[one.end : other.start]) or not isinstance(other, Piece):
            return False
        if other.strong:
            return True
    return False


def _joined(text: str, one: Named | Piece, other: Named | Piece) -> bool:
    """Whether nothing that says anything stands between two elements."""
    return not _bare(text[one.end : other.start])


@lru_cache(maxsize=8192)
def _far(gap: str) -> bool:
    return bool(re.search(either("relations"), gap))


@lru_cache(maxsize=8192)
def _clause(gap: str) -> bool:
    return bool(re.search(r"[,;。!?]", gap))


@cache
def _fillers() -> re.Pattern[str]:
    return re.compile(either("inside", "openings", "joining"))


@lru_cache(maxsize=8192)
def _bare(gap: str) -> str:
    """Return what is left of a gap without separators and words that say nothing."""
    return re.sub(rf"[{re.escape(_EDGES)}]", "", _fillers().sub("", gap))


@lru_cache(maxsize=8192)
def _between(gap: str) -> tuple[float, str]:
    rest = _bare(gap)
    if not rest:
        return 0.0, ""
    if name_like(rest):
        return UNKNOWN_NAME, rest
    return min(PER_CHARACTER * len(rest), 0.6), ""


def _leading(gap: str, first: Named | Piece) -> tuple[float, str]:
    if not gap or (gap[-1] in _EDGES and isinstance(first, Named)):
        return 0.0, ""
    clause = re.split(rf"[{re.escape(SEPARATORS)}]", gap)[-1]
    rest = _after_opening(clause)
    if not rest:
        return 0.0, ""
    if isinstance(first, Piece):
        return UNKNOWN_NAME, rest
    if first.kind in ("mark", "zone"):
        return OTHER_NAME, ""  # a building's own name needs its compound, if one was said
    if rest[-1] in "新老旧大小东南西北中前后上下内外" or (rest[-1].isalnum() and rest[-1].isascii()):
        return OTHER_NAME, ""
    if len(rest) == 1:
        return 2 * PER_CHARACTER, ""
    return PER_CHARACTER, ""


def _after_opening(clause: str) -> str:
    """Return what follows the last opening word of a clause; one character is no name, the word before it was none."""
    for opening in reversed(list(re.finditer(either("openings"), clause))):
        rest = clause[opening.end() :]
        if len(rest) != 1:
            return rest
    return clause


def _trailing(gap: str, last: Named | Piece) -> tuple[float, str]:
    if not isinstance(last, Named) or not gap or gap[0] in _EDGES:
        return 0.0, ""
    if re.match(either("relations", "crossing", "inside"), gap):
        return 0.0, ""
    if gap.startswith(words("everyday")):
        return 0.0, ""
    ending = re.match(rf"[\u4e00-\u9fff]{{0,2}}?{_kinds()}", gap)
    return (OTHER_NAME if ending else 0.0), ""


@cache
def _kinds() -> str:
    """Endings of names, as a pattern."""
    found = {word for entry in dictionary("address_generics").entries.values() for word in entry.extra["words"]}
    long = sorted((word for word in found if len(word) > 1), key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, long))}|{either('short_endings')})"


@cache
def _name_like() -> re.Pattern[str]:
    return re.compile(rf"[\u4e00-\u9fff]{{1,8}}?{_kinds()}")


@lru_cache(maxsize=8192)
def name_like(text: str) -> bool:
    """Whether a stretch seems to be or to hold a name: something and an ending of roads, compounds or places."""
    for word in words("everyday"):
        text = text.replace(word, " ")
    return bool(_name_like().search(text))
