"""Can some atoms be covered by disjoint connected sets in range? An exact search with a budget."""

import heapq
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class Cover:
    """Search for disjoint connected sets, each with ``lower`` to ``upper`` households, that cover a pocket.

    Atoms outside the pocket may be used or left over, so that a pocket which cannot be covered rules out every
    partition of the whole graph.

    Parameters
    ----------
    weight
        Households of each atom, above 0 where it is looked at.
    near
        Neighbours of each atom.
    budget
        Sets and combinations looked at before the search gives up.
    """

    def __init__(
        self, weight: NDArray[np.int64], near: Sequence[set[int]], lower: int, upper: int, budget: int
    ) -> None:
        self.weight, self.near = weight, near
        self.lower, self.upper = lower, upper
        self.left = budget

    def possible(self, pocket: frozenset[int]) -> bool | None:
        """Whether the pocket can be covered; None when the budget is spent before the answer is known."""
        try:
            return self._coverable(pocket)
        except _BudgetSpentError:
            return None

    def _coverable(self, pocket: frozenset[int]) -> bool:
        ball = self._ball(pocket)
        number = {a: i for i, a in enumerate(ball)}
        self.local_weight = [int(self.weight[a]) for a in ball]
        self.masks = [sum(1 << number[b] for b in self.near[a] if b in number) for a in ball]
        wanted = sum(1 << number[a] for a in pocket)
        if len(pocket) == 1:
            return bool(self._sets_with(number[next(iter(pocket))], wanted, first_only=True))
        found: set[int] = set()
        for a in sorted(pocket, key=lambda a: -int(self.weight[a])):
            mine = self._sets_with(number[a], wanted, first_only=False)
            if not mine:
                return False
            found.update(mine)
        useful = _least(found, wanted)
        holding = {number[a]: [s for s in useful if s >> number[a] & 1] for a in pocket}
        return self._exact(wanted, 0, holding, set())

    def _ball(self, pocket: frozenset[int]) -> list[int]:
        """Atoms that a set in range around some atom of the pocket can reach."""
        least = {a: int(self.weight[a]) for a in pocket}
        heap = [(w, a) for a, w in least.items()]
        heapq.heapify(heap)
        while heap:
            far, a = heapq.heappop(heap)
            if far > least[a]:
                continue
            for b in self.near[a]:
                there = far + int(self.weight[b])
                if there <= self.upper and there < least.get(b, self.upper + 1):
                    least[b] = there
                    heapq.heappush(heap, (there, b))
        return sorted(least)

    def _sets_with(self, first: int, wanted: int, *, first_only: bool) -> list[int]:
        """Return the connected sets in range that hold ``first``, or one of them.

        Every connected set is met once: an atom on the border is either taken now or banned on the rest of the branch.
        """
        found: list[int] = []
        start = 1 << first
        stack = [(start, self.masks[first], start, self.local_weight[first])]
        while stack:
            self._spend()
            part, border, banned, weight = stack.pop()
            if self.lower <= weight <= self.upper:
                found.append(part)
                if first_only:
                    return found
            options = border & ~banned
            while options:
                bit = options & -options
                options ^= bit
                atom = bit.bit_length() - 1
                banned |= bit
                if weight + self.local_weight[atom] <= self.upper:
                    stack.append((part | bit, border | self.masks[atom], banned, weight + self.local_weight[atom]))
        return found

    def _exact(self, wanted: int, used: int, holding: dict[int, list[int]], failed: set[tuple[int, int]]) -> bool:
        """Cover what is left of the pocket, the atom with the fewest open sets first."""
        if not wanted:
            return True
        if (wanted, used) in failed:
            return False
        best: list[int] | None = None
        for atom, sets in holding.items():
            if wanted >> atom & 1:
                self._spend()
                still = [s for s in sets if not s & used]
                if best is None or len(still) < len(best):
                    best = still
        for s in best or ():
            if self._exact(wanted & ~s, used | s, holding, failed):
                return True
        failed.add((wanted, used))
        return False

    def _spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise _BudgetSpentError


class _BudgetSpentError(Exception):
    """The search has looked at as much as it may."""


def _least(sets: set[int], wanted: int) -> list[int]:
    """Drop sets that use more than another which covers the same of the pocket."""
    by_cover: dict[int, list[int]] = {}
    for s in sorted(sets, key=lambda s: (s.bit_count(), s)):
        rivals = by_cover.setdefault(s & wanted, [])
        if not any(r & s == r for r in rivals):
            rivals.append(s)
    return [s for rivals in by_cover.values() for s in rivals]
