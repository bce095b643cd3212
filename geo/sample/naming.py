"""Names of roads, lanes, compounds and people, put together from word lists."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import BoundsError
from geo.sample.blocks import Layout

_DIGITS = "零一二三四五六七八九"


def numeral(number: int) -> str:
    """Write 1-99 in Chinese figures, as lanes are numbered: 三, 十, 十二, 二十."""
    tens, ones = divmod(number, 10)
    if not 0 < number < 100:
        raise BoundsError(f"{number} 不在 1-99 之内", f"{number} is not within 1-99")
    return (("" if tens == 1 else _DIGITS[tens]) + "十" if tens else "") + (_DIGITS[ones] if ones else "")


class Namer:
    """Draws names that do not repeat within one town."""

    def __init__(self, words: Mapping[str, Any], rng: np.random.Generator) -> None:
        self.words = words
        self.rng = rng
        self._queues: dict[tuple[str, ...], list[str]] = {}
        self._used: set[str] = set()

    def one(self, key: str) -> str:
        """Return any entry of a list, repeats allowed."""
        return str(self.rng.choice(self.words[key]))

    def stem(self, key: str) -> str:
        """Return an entry of a list, each once; when all are used, numbered on with 新, 东, 西 before them."""
        queue = self._queues.setdefault((key,), [])
        if not queue:
            taken = [entry for entry in self._prefixed(key) if entry not in self._used]
            if not taken:
                raise BoundsError(f"词表 {key} 已用完", f"the word list {key} is used up")
            queue += taken
        name = queue.pop(0)
        self._used.add(name)
        return name

    def _prefixed(self, key: str) -> list[str]:
        shuffled = [str(word) for word in self.rng.permutation(self.words[key])]
        return shuffled + [prefix + word for prefix in "新东西南北大小" for word in shuffled]

    def joined(self, heads: str, tails: str) -> str:
        """Return a head and a tail, each pair once; a head comes again only after all others had their turn."""
        queue = self._queues.setdefault((heads, tails), [])
        for _ in range(3 * len(self.words[heads]) * len(self.words[tails])):
            if not queue:
                queue += [str(word) for word in self.rng.permutation(self.words[heads])]
            name = queue.pop(0) + self.one(tails)
            if name not in self._used:
                self._used.add(name)
                return name
        raise BoundsError(f"词表 {heads}、{tails} 已用完", f"the word lists {heads} and {tails} are used up")

    def people(self, count: int) -> list[str]:
        """Return names of people: a surname and one or two characters."""
        surnames = self.rng.choice(list(self.words["surnames"]), count)
        given = self.rng.choice(list(self.words["given"]), (count, 2))
        short = self.rng.random(count) < 0.22
        return [s + a + ("" if one else b) for s, (a, b), one in zip(surnames, given, short, strict=True)]

    def phones(self, count: int) -> list[str]:
        """Return numbers that no telephone has: none in China begins with 000, so nobody can be rung by chance."""
        return [f"000{number:08d}" for number in self.rng.integers(0, 10**8, count)]


def line_names(layout: Layout, namer: Namer) -> list[str]:
    """Name every line: roads keep their name across blocks, lanes are numbered after the road they leave."""
    lines = layout.lines
    words = namer.words
    roads: dict[tuple[str, int], tuple[str, str]] = {}
    names = [""] * len(lines)
    for row in _rows(lines, "main_road", "road"):
        key = (row.axis, row.line)
        if key not in roads:
            tails = words["main_road_tails" if row.kind == "main_road" else "road_tails"]
            roads[key] = (namer.stem("road_stems"), str(namer.rng.choice(tails)))
        names[row.Index] = "".join(roads[key])
    for row in _rows(lines, "river", "railway"):
        names[row.Index] = namer.stem("rivers" if row.kind == "river" else "railways")
    counts: dict[str, int] = {}
    for row in _rows(lines, "lane"):
        stem = _parent_stem(layout, row, roads)
        counts[stem] = counts.get(stem, 0) + 1
        names[row.Index] = f"{stem}{numeral(counts[stem])}巷"
    return names


def _rows(lines: pd.DataFrame, *kinds: str) -> Iterator[Any]:
    # A column called index would be hidden by the tuples' own method of that name.
    return iter(lines[lines.kind.isin(kinds)].rename(columns={"index": "line"}).itertuples())


def _parent_stem(layout: Layout, lane: Any, roads: Mapping[tuple[str, int], tuple[str, str]]) -> str:
    """Return the stem of the road nearest to the lane among those that run across its ends."""
    across = "j" if lane.axis == "i" else "i"
    for at in (lane.start, lane.end):
        if (across, int(at)) in roads:
            return roads[across, int(at)][0]
    own = [index for axis, index in roads if axis == lane.axis]
    return roads[lane.axis, min(own, key=lambda index: abs(index - lane.line))][0]


def distances_along(layout: Layout) -> dict[str, NDArray[np.float64]]:
    """Return for each node its distance from the start of its row line ("i") and column line ("j"), in metres."""
    xy = layout.lattice.xy
    result = {}
    for axis, number in (("i", 0), ("j", 1)):
        steps = np.hypot(*np.moveaxis(np.diff(xy, axis=number), -1, 0))
        result[axis] = np.concatenate([np.zeros_like(np.take(steps, [0], number)), np.cumsum(steps, number)], number)
    return result


def letters(numbers: Iterable[int]) -> list[str]:
    """Return A座, B座 ... for 0, 1 ..."""
    return [f"{chr(ord('A') + number % 26)}座" for number in numbers]
