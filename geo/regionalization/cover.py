"""Can some atoms be covered by disjoint connected sets in range? An exact search with a budget.

Atoms near the pocket are *tracked*: a set has them or not, and no two sets share one. The light atoms further away
are *shared*: each of their patches may serve any number of sets, as a way and with any part of its households. That
can only make more covers possible, so what has no cover has none in truth; a cover that is found has still to be
carried out. The loops are in ``covering``.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.regionalization import covering
from geo.regionalization.counting import pairs_in_order
from geo.regionalization.covering import BITS, Choice, Growth, Surroundings

#: So many atoms nearest to a pocket are looked at: empty ones lead through whole towns. What is beyond may serve any
#: number of sets, as what is shared may.
COUNTRY = 4_000
#: Atoms in reach that count as one step of the budget.
IN_REACH_PER_STEP = 1000
#: Steps between two looks at the clock, some hundredths of a second at most: sets grown, atoms to be covered looked
#: at, and pairs of sets compared.
SETS_AT_ONCE, ATOMS_AT_ONCE, PAIRS_AT_ONCE = 2_000, 1_000, 1_000_000
#: Rows that arrays begin with: for sets, and for what has failed.
ROOM, FAILURES = 256, 32

Integers = NDArray[np.int64]


class _Rows(dict[int, list[Any]]):
    """Lists of different lengths kept in one array; only those that are asked for become lists."""

    def __init__(self, listed: NDArray[np.generic], start: Integers) -> None:
        super().__init__()
        self.listed, self.start = listed, start

    def __missing__(self, row: int) -> list[Any]:
        found: list[Any] = self.listed[self.start[row] : self.start[row + 1]].tolist()
        self[row] = found
        return found


class Land(NamedTuple):
    """Atoms that may share grids.

    Attributes
    ----------
    weight
        Households of each atom; ``weights`` are the same as an array.
    near, price
        Neighbours of each atom in ascending order, and the price of a border towards each.
    lower, upper
        Households of a grid, both included.
    """

    weight: list[int]
    weights: Integers
    near: _Rows
    price: _Rows
    lower: int
    upper: int


def land(
    weight: NDArray[np.int64], ends: NDArray[np.integer], price: NDArray[np.float64], lower: int, upper: int
) -> Land:
    """Return the land of n atoms and the m edges between them."""
    a, b = np.r_[ends[:, 0], ends[:, 1]].astype(np.int64), np.r_[ends[:, 1], ends[:, 0]].astype(np.int64)
    order = pairs_in_order(a, b, len(weight))
    start = np.r_[0, np.cumsum(np.bincount(a, minlength=len(weight)))].astype(np.int64)
    near, prices = _Rows(b[order], start), _Rows(np.r_[price, price][order], start)
    return Land(weight.tolist(), np.ascontiguousarray(weight, np.int64), near, prices, lower, upper)


class BudgetSpentError(Exception):
    """The search has looked at as much as it may, or was told to stop."""


def _always() -> bool:
    return True


class Budget:
    """Sets and combinations that may still be looked at; counts, so that every machine gives up at the same place.

    Parameters
    ----------
    left
        How many.
    going
        Asked now and then; once it says no, nothing is left.
    """

    def __init__(self, left: int, going: Callable[[], bool] = _always) -> None:
        self.left, self.going = left, going

    @property
    def open(self) -> bool:
        """Whether anything is left and nobody has said stop."""
        if self.left > 0 and not self.going():
            self.left = 0
        return self.left > 0

    def spend(self, steps: int) -> None:
        """Count some steps that were done.

        Raises
        ------
        BudgetSpentError
            Nothing is left.
        """
        self.left -= steps
        if not self.open:
            raise BudgetSpentError

    @contextmanager
    def part(self, most: int) -> "Iterator[Budget]":
        """Lend up to so much of what is left; what is not used comes back."""
        lent = max(0, min(self.left, most))
        part = Budget(lent, self.going)
        try:
            yield part
        finally:
            self.left -= lent - min(lent, part.left)


class Cover:
    """All ways to cover a pocket by disjoint connected sets with ``lower`` to ``upper`` households.

    Atoms outside the pocket may be used or left over, so that a pocket which cannot be covered rules out every
    partition of the whole land.

    Parameters
    ----------
    pocket
        Atoms to be covered, each of at most ``upper``.
    tracked
        How many light atoms around the pocket are followed one by one; the heavy ones in reach always are.
    budget
        What may be looked at.

    Attributes
    ----------
    atoms
        The tracked atoms, those of the pocket first.
    sets
        Sets in range that hold atoms of the pocket, in rows; see ``covering``.

    Raises
    ------
    BudgetSpentError
        By the constructor or by :meth:`covers`, before the answer is known.
    """

    def __init__(self, area: Land, pocket: Iterable[int], tracked: int, budget: Budget) -> None:
        self.land, self.budget = area, budget
        self.pocket = sorted(pocket, key=lambda a: (-area.weight[a], a))
        self.atoms, self.around, in_reach = _surroundings(area, self.pocket, tracked)
        budget.spend(in_reach // IN_REACH_PER_STEP)
        self.sets = self._minimal(self._all_sets())

    def covers(
        self, pocket: Iterable[int] | None = None, spared: int = 0, cost: NDArray[np.float64] | None = None
    ) -> Iterator[list[list[int]]]:
        """Yield covers, each a list of sets of tracked atoms; a set may need shared atoms beside.

        Parameters
        ----------
        pocket
            Part of the pocket to cover; None for all of it.
        spared
            How many atoms of it may be left uncovered.
        cost
            Of each of ``sets``; cheap ones are tried first.
        """
        place = {a: i for i, a in enumerate(self.pocket)}
        wanted = np.zeros(self.sets.shape[1], np.int64)
        for a in self.pocket if pocket is None else pocket:
            wanted[place[a] // BITS] |= 1 << place[a] % BITS
        useful = np.flatnonzero((self.sets & wanted).any(axis=1))
        if cost is not None:
            useful = useful[np.argsort(cost[useful], kind="stable")]
        choice = _choice(self.sets[useful], wanted, spared, len(self.pocket))
        while True:
            choice, found = self._next(choice)
            if found is None:
                return
            yield [self.atoms[_members(row, len(self.atoms))].tolist() for row in choice.sets[found]]

    def _next(self, choice: Choice) -> tuple[Choice, list[int] | None]:
        """Return the sets of the next cover by number, None when there is none."""
        while True:
            steps = min(ATOMS_AT_ONCE, self.budget.left)
            done = covering.choose_sets(choice, steps)
            status = int(choice.counts[covering.STATUS])
            if status == covering.FULL:
                choice = _with_room(choice)
            elif status != covering.PAUSED:
                self.budget.left -= done
                depth = int(choice.counts[covering.DEPTH])
                chosen = choice.frames[1 : depth + 1, covering.CHOSEN]
                return choice, chosen[chosen >= 0].tolist() if status == covering.FOUND else None
            # Where not even one frame could be entered the steps left are too few for it.
            self.budget.spend(steps if status == covering.PAUSED and not done else done)

    def _all_sets(self) -> Integers:
        """Return the sets in range that hold pocket atoms; some that only hold more besides are left out."""
        growth = _growth(self.around)
        while True:
            done = covering.grow_sets(
                self.around, growth, self.land.lower, self.land.upper, min(SETS_AT_ONCE, self.budget.left)
            )
            status = growth.counts[covering.STATUS]
            if status == covering.DONE:
                self.budget.left -= done
                return growth.found[: growth.counts[covering.SETS]]
            if status == covering.FULL:
                growth = _grown(growth)
            self.budget.spend(done)

    def _minimal(self, sets: Integers) -> Integers:
        """Drop sets that use more than another which covers the same of the pocket."""
        pocket = np.zeros(sets.shape[1], np.int64)
        for i in range(len(self.pocket)):
            pocket[i // BITS] |= 1 << i % BITS
        size = np.bitwise_count(sets).sum(axis=1)
        by_cover = np.lexsort([*sets.T, size, *(sets & pocket).T])
        covers = (sets & pocket)[by_cover]
        group = np.r_[0, np.cumsum((covers[1:] != covers[:-1]).any(axis=1))][: len(sets)]
        ordered, kept, at = sets[by_cover], np.zeros(len(sets), bool), 0
        while at < len(sets):
            at = covering.drop_supersets(ordered, group, kept, at, PAIRS_AT_ONCE)
            if not self.budget.open and at < len(sets):
                raise BudgetSpentError
        # Small sets first: they leave most to the others.
        left = ordered[kept]
        return left[np.lexsort([*left.T, size[by_cover][kept]])]


def _surroundings(area: Land, pocket: list[int], tracked: int) -> tuple[Integers, Surroundings, int]:
    """Choose what is tracked around a pocket; return these atoms, what is known of them, and how many are in reach."""
    start, near = area.near.start, area.near.listed
    inside = np.zeros(len(area.weights), bool)
    number, least = np.zeros(len(area.weights), np.int64), np.zeros(len(area.weights), np.int64)
    country = np.zeros(max(len(pocket), min(len(area.weights), COUNTRY)), np.int64)
    country[: len(pocket)] = pocket
    country = country[: covering.gather_country(start, near, inside, country, len(pocket))]
    count, beyond = covering.gather_ball(
        area.weights, start, near, area.upper, inside, country, number, least, len(pocket)
    )
    # The light atoms nearest by steps, and all heavy ones.
    around = country[len(pocket) : count]
    heavy = area.weights[around] > area.upper - area.lower
    light = np.flatnonzero(~heavy)
    ball = np.r_[country[: len(pocket)], around[light[:tracked]], around[heavy], around[light[tracked:]]]
    number[ball] = 1 + np.arange(count)
    n = len(pocket) + min(tracked, len(light)) + int(heavy.sum())
    patch, patch_weight = np.full(count, -1, np.int64), np.zeros(count + 1, np.int64)
    reach = np.zeros((n, _words(n)), np.int64)
    plenty = area.upper if beyond else 0
    patches = covering.share_rest(area.weights, start, near, ball, number, inside, plenty, reach, patch, patch_weight)
    rim, touched = np.zeros((patches, _words(n)), np.int64), np.zeros((n, _words(patches)), np.int64)
    covering.reach_through(start, near, ball, number, inside, patch, rim, reach, touched)
    atoms = ball[:n]
    far = np.zeros((len(pocket), n), np.int64)
    covering.measure(area.weights[atoms], reach, area.upper, far)
    return atoms, Surroundings(area.weights[atoms], reach, touched, patch_weight[:patches], far), count


def _growth(around: Surroundings) -> Growth:
    """Lay out the growing of sets."""
    words, patches, rows = around.reach.shape[1], around.patches.shape[1], ROOM + len(around.weight)
    return Growth(
        part=np.zeros((rows, words), np.int64),
        border=np.zeros((rows, words), np.int64),
        banned=np.zeros((rows, words), np.int64),
        patches=np.zeros((rows, patches), np.int64),
        own=np.zeros(rows, np.int64),
        shared=np.zeros(rows, np.int64),
        found=np.zeros((ROOM, words), np.int64),
        hand=np.zeros((4, max(words, patches)), np.int64),
        counts=np.array([0, 0, -1, 0]),
    )


def _grown(growth: Growth) -> Growth:
    """Double the room for sets."""
    names = ("part", "border", "banned", "patches", "own", "shared", "found")
    return growth._replace(**{name: _doubled(getattr(growth, name)) for name in names})


def _choice(sets: Integers, wanted: Integers, spared: int, pocket: int) -> Choice:
    """Lay out the search for covers by some sets."""
    held, at = np.nonzero(np.array([sets[:, i // BITS] >> i % BITS & 1 for i in range(pocket)]).reshape(pocket, -1))
    matter = np.zeros((pocket, len(wanted)), np.int64)
    np.bitwise_or.at(matter, held, sets[at])
    words = len(wanted)
    wanted_rows, frames = np.zeros((pocket + 2, words), np.int64), np.zeros((pocket + 2, 6), np.int64)
    wanted_rows[0], frames[0, covering.SPARED] = wanted, spared
    start = np.r_[0, np.cumsum(np.bincount(held, minlength=pocket))].astype(np.int64)
    return Choice(
        sets=np.ascontiguousarray(sets),
        held=at.astype(np.int64),
        start=start,
        matter=matter,
        wanted=wanted_rows,
        used=np.zeros_like(wanted_rows),
        mattering=np.zeros_like(wanted_rows),
        frames=frames,
        keys=np.zeros((FAILURES, 2 * words + 1), np.int64),
        slots=np.full(2 * FAILURES, -1, np.int64),
        counts=np.array([0, 0, 1, 0]),
    )


def _with_room(choice: Choice) -> Choice:
    """Double the room for failures."""
    doubled = choice._replace(keys=_doubled(choice.keys), slots=np.full(2 * len(choice.slots), -1, np.int64))
    covering.rehash(doubled)
    return doubled


def _doubled(rows: Integers) -> Integers:
    return np.concatenate([rows, np.zeros_like(rows)])


def _words(n: int) -> int:
    return max(1, -(-n // BITS))


def _members(row: Integers, n: int) -> Integers:
    """Members of a set, by number."""
    return np.flatnonzero([int(row[i // BITS]) >> i % BITS & 1 for i in range(n)])
