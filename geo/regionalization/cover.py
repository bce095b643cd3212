"""Can some atoms be covered by disjoint connected sets in range? An exact search with a budget.

Atoms near the pocket are *tracked*: a set has them or not, and no two sets share one. The light atoms further away
are *shared*: each of their patches may serve any number of sets, as a way and with any part of its households. That
can only make more covers possible, so what has no cover has none in truth; a cover that is found has still to be
carried out.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

FAR = 1 << 60
#: Where so many atoms are in reach most are light, and a search by moves mends what an exact one would not get through.
MOST_IN_REACH = 3000


class _Rows:
    """Lists of different lengths kept in one array; only those that are asked for become lists."""

    def __init__(self, values: NDArray[np.generic], stop: NDArray[np.int64]) -> None:
        self.values, self.stop = values, stop
        self.lists: dict[int, list[Any]] = {}

    def __getitem__(self, row: int) -> list[Any]:
        found = self.lists.get(row)
        if found is None:
            start = self.stop[row - 1] if row else 0
            found = self.lists[row] = self.values[start : self.stop[row]].tolist()
        return found


class Land(NamedTuple):
    """Atoms that may share grids.

    Attributes
    ----------
    weight
        Households of each atom.
    near, price
        Neighbours of each atom in ascending order, and the price of a border towards each.
    lower, upper
        Households of a grid, both included.
    """

    weight: Sequence[int]
    near: _Rows
    price: _Rows
    lower: int
    upper: int


def land(
    weight: NDArray[np.int64], ends: NDArray[np.integer], price: NDArray[np.float64], lower: int, upper: int
) -> Land:
    """Return the land of n atoms and the m edges between them."""
    a, b = np.r_[ends[:, 0], ends[:, 1]], np.r_[ends[:, 1], ends[:, 0]]
    order = np.lexsort((b, a))
    stop = np.cumsum(np.bincount(a, minlength=len(weight)))
    near, prices = _Rows(b[order], stop), _Rows(np.r_[price, price][order], stop)
    return Land(weight.tolist(), near, prices, lower, upper)


class BudgetSpentError(Exception):
    """The search has looked at as much as it may."""


class Budget:
    """Sets and combinations that may still be looked at; counts, so that every machine gives up at the same place."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self) -> None:
        """Count one.

        Raises
        ------
        BudgetSpentError
            Nothing is left.
        """
        self.left -= 1
        if self.left < 0:
            raise BudgetSpentError


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

    Raises
    ------
    BudgetSpentError
        By the constructor or by :meth:`covers`, before the answer is known.
    """

    def __init__(self, area: Land, pocket: Iterable[int], tracked: int, budget: Budget) -> None:
        self.land, self.budget = area, budget
        self.pocket = sorted(pocket, key=lambda a: (-area.weight[a], a))
        ball = _ball(area, self.pocket)
        self.atoms = _tracked(area, self.pocket, ball, tracked)
        self.number = {a: i for i, a in enumerate(self.atoms)}
        self.weight = [area.weight[a] for a in self.atoms]
        self._share_the_rest(ball)
        self.sets = _least(self._all_sets(), (1 << len(self.pocket)) - 1)

    def covers(
        self, pocket: Iterable[int] | None = None, spared: int = 0, cost: Callable[[list[int]], float] | None = None
    ) -> Iterator[list[list[int]]]:
        """Yield covers, each a list of sets of tracked atoms; a set may need shared atoms beside.

        Parameters
        ----------
        pocket
            Part of the pocket to cover; None for all of it.
        spared
            How many atoms of it may be left uncovered.
        cost
            Of a set; cheap sets are tried first.
        """
        wanted = sum(1 << self.number[a] for a in (self.pocket if pocket is None else pocket))
        sets = [s for s in self.sets if s & wanted]
        if cost is not None:
            sets.sort(key=lambda s: (cost(self._atoms_of(s)), s))
        open_sets = _OpenSets(sets, wanted, self.budget)
        for chosen in open_sets.exact(wanted, 0, spared, []):
            yield [self._atoms_of(s) for s in chosen]

    def _atoms_of(self, part: int) -> list[int]:
        return [self.atoms[i] for i in _bits(part)]

    def _share_the_rest(self, ball: set[int]) -> None:
        """Find the patches of atoms in reach that are not tracked, and what each tracked atom reaches through them."""
        area, number = self.land, self.number
        patch: dict[int, int] = {}
        self.patch_weight: list[int] = []
        touching: list[int] = []
        self.patches, self.reach = [0] * len(self.atoms), [0] * len(self.atoms)
        for i, a in enumerate(self.atoms):
            for b in area.near[a]:
                if b in number:
                    self.reach[i] |= 1 << number[b]
                elif b in ball:
                    if b not in patch:
                        inside, rim = _patch(area, b, ball, number)
                        patch.update(dict.fromkeys(inside, len(touching)))
                        self.patch_weight.append(sum(area.weight[c] for c in inside))
                        touching.append(rim)
                    self.patches[i] |= 1 << patch[b]
        for i, patches in enumerate(self.patches):
            for k in _bits(patches):
                self.reach[i] |= touching[k]
            self.reach[i] &= ~(1 << i)

    def _all_sets(self) -> set[int]:
        """Return the sets in range that hold pocket atoms; some that only hold more besides are left out."""
        far = [self._households_to(q) for q in range(len(self.pocket))]
        found: set[int] = set()
        for first in range(len(self.pocket)):
            # Sets with an earlier atom of the pocket have been met from there.
            self._grow(first, (1 << first) - 1, far, found)
        return found

    def _households_to(self, goal: int) -> list[int]:
        """Least households to take along from next to each tracked atom up to and with ``goal``."""
        far = [FAR] * len(self.atoms)
        far[goal] = self.weight[goal]
        heap = [(far[goal], goal)]
        while heap:
            least, i = heapq.heappop(heap)
            if least > far[i]:
                continue
            for j in _bits(self.reach[i]):
                there = least + self.weight[j]
                if there <= self.land.upper and there < far[j]:
                    far[j] = there
                    heapq.heappush(heap, (there, j))
        return [f - w if f < FAR else FAR for f, w in zip(far, self.weight, strict=True)]

    def _grow(self, first: int, banned: int, far: list[list[int]], found: set[int]) -> None:
        """Meet every connected set from ``first`` once: an atom on the border is taken, or banned on that branch.

        A set in range grows on only along ways to further atoms of the pocket, since covers need no other.
        """
        lower, upper, weight, reach = self.land.lower, self.land.upper, self.weight, self.reach
        goals = [
            q for q in range(len(far)) if q != first and not banned >> q & 1 and weight[first] + far[q][first] <= upper
        ]
        start = 1 << first
        stack = [(start, reach[first], banned | start, weight[first], self.patches[first], self._shared(first, 0))]
        while stack:
            self.budget.spend()
            part, border, banned, own, patches, shared = stack.pop()
            enough = own + shared >= lower
            if enough:
                found.add(part)
            open_goals = [q for q in goals if not banned >> q & 1] if enough else []
            options = border & ~banned if open_goals or not enough else 0
            while options:
                bit = options & -options
                options ^= bit
                banned |= bit
                i = bit.bit_length() - 1
                then = own + weight[i]
                if then > upper or self._useless(i, patches, border | part):
                    continue
                if enough and not any(then + far[q][i] <= upper for q in open_goals):
                    continue
                more = shared + self._shared(i, patches)
                stack.append((part | bit, border | reach[i], banned, then, patches | self.patches[i], more))

    def _shared(self, i: int, patches: int) -> int:
        """Households of the patches that an atom adds to those at hand."""
        return sum(self.patch_weight[k] for k in _bits(self.patches[i] & ~patches))

    def _useless(self, i: int, patches: int, known: int) -> bool:
        """Whether an atom outside the pocket has no households and leads nowhere that is not at hand already."""
        outside = i >= len(self.pocket) and self.weight[i] == 0
        return outside and not self.patches[i] & ~patches and not self.reach[i] & ~known


class _OpenSets:
    """Exact cover by sets given as bits: the atom with the fewest sets left first, failures remembered."""

    def __init__(self, sets: list[int], wanted: int, budget: Budget) -> None:
        self.budget = budget
        self.holding = {i: [s for s in sets if s >> i & 1] for i in _bits(wanted)}
        self.matter = {i: _union(held) for i, held in self.holding.items()}
        self.failed: set[tuple[int, int, int]] = set()

    def exact(self, wanted: int, used: int, spared: int, chosen: list[int]) -> Iterator[list[int]]:
        if not wanted:
            yield list(chosen)
            return
        tightest, best, matter = -1, [0] * 0, 0
        for i in _bits(wanted):
            self.budget.spend()
            still = [s for s in self.holding[i] if not s & used]
            if tightest < 0 or len(still) < len(best):
                tightest, best = i, still
            matter |= self.matter[i]
        key = (wanted, used & matter, spared)
        if key in self.failed:
            return
        failed = True
        for s in best:
            for cover in self.exact(wanted & ~s, used | s, spared, [*chosen, s]):
                failed = False
                yield cover
        if spared:
            bit = 1 << tightest
            for cover in self.exact(wanted & ~bit, used | bit, spared - 1, chosen):
                failed = False
                yield cover
        if failed:
            self.failed.add(key)


def _ball(area: Land, pocket: Sequence[int]) -> set[int]:
    """Atoms that a set in range around some atom of the pocket can reach; too many of them spend the budget."""
    least = {a: area.weight[a] for a in pocket}
    heap = [(w, a) for a, w in least.items()]
    heapq.heapify(heap)
    while heap:
        if len(least) > MOST_IN_REACH:
            raise BudgetSpentError
        far, a = heapq.heappop(heap)
        if far > least[a]:
            continue
        for b in area.near[a]:
            there = far + area.weight[b]
            if there <= area.upper and there < least.get(b, area.upper + 1):
                least[b] = there
                heapq.heappush(heap, (there, b))
    return set(least)


def _tracked(area: Land, pocket: Sequence[int], ball: set[int], most: int) -> list[int]:
    """The pocket, the light atoms nearest to it by steps, and all heavy ones in reach."""
    queue, seen = list(pocket), set(pocket)
    for a in queue:
        for b in area.near[a]:
            if b in ball and b not in seen:
                seen.add(b)
                queue.append(b)
    around = queue[len(pocket) :]
    heavy = area.upper - area.lower
    light = [a for a in around if area.weight[a] <= heavy]
    return [*pocket, *light[:most], *(a for a in around if area.weight[a] > heavy)]


def _patch(area: Land, start: int, ball: set[int], number: dict[int, int]) -> tuple[set[int], int]:
    """Untracked atoms that hang together with ``start``, and the tracked ones around them as bits."""
    inside, stack, rim = {start}, [start], 0
    while stack:
        for b in area.near[stack.pop()]:
            if b in number:
                rim |= 1 << number[b]
            elif b in ball and b not in inside:
                inside.add(b)
                stack.append(b)
    return inside, rim


def _least(sets: set[int], wanted: int) -> list[int]:
    """Drop sets that use more than another which covers the same of the pocket."""
    by_cover: dict[int, list[int]] = {}
    for s in sorted(sets, key=lambda s: (s.bit_count(), s)):
        rivals = by_cover.setdefault(s & wanted, [])
        if not any(r & s == r for r in rivals):
            rivals.append(s)
    return [s for rivals in by_cover.values() for s in rivals]


def _union(sets: Iterable[int]) -> int:
    joined = 0
    for s in sets:
        joined |= s
    return joined


def _bits(part: int) -> Iterator[int]:
    while part:
        bit = part & -part
        yield bit.bit_length() - 1
        part ^= bit
