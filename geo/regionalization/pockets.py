"""Grids out of range where few sets are in range: a small region is searched exactly, and mended or proved impossible.

High-rise grids consist of one to three big buildings and some small ones. What decides about them is which big
building takes which filling, and that is few enough to be enumerated (see ``cover``). A pocket starts at a grid out of
range. If some cover of it can be carried out with fewer grids out of range than before, the plan is mended; if there
is no cover, that is a proof; else the atoms that the cover would leave stranded join the pocket, and so it grows along
the chain of what would have to move.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from geo.regionalization.cover import Budget, BudgetSpentError, Cover, Land, land
from geo.regionalization.covering import BITS

#: What may be looked at for one grid out of range, and for one pocket on the way there.
GRID_BUDGET, POCKET_BUDGET = 60_000, 20_000
#: What may be looked at in one run for all grids out of range: a few seconds.
RUN_BUDGET = 600_000
#: Atoms of the biggest pocket; light atoms that are followed one by one, at first and at most.
MOST_ATOMS = 30
FIRST_TRACKED, MOST_TRACKED = 12, 48
#: Covers of one pocket that are tried out.
TRIALS = 12
#: Times a pocket grows.
ROUNDS = 16
#: Further than every way.
NOWHERE = (np.inf, 0)


@dataclass(frozen=True)
class Proof:
    """In every plan at least ``count`` of the atoms lie in grids out of range."""

    atoms: frozenset[int]
    count: int


@dataclass(frozen=True)
class Mended:
    """A plan with as few grids out of range as was found, and what is proved about those left.

    Grids keep their numbers, new ones take numbers that are free.
    """

    labels: NDArray[np.int64]
    proofs: list[Proof]


def mend(
    weight: NDArray[np.int64],
    ends: NDArray[np.integer],
    price: NDArray[np.float64],
    labels: NDArray[np.integer],
    lower: int,
    upper: int,
    budget: int = RUN_BUDGET,
) -> Mended:
    """Bring grids out of range back by exact search around each of them.

    Parameters
    ----------
    weight
        Households of n atoms, none above ``upper``.
    ends, price
        int[m, 2] and float[m]: edges, and what a border across each costs.
    labels
        n labels from 0, each grid in one piece.
    budget
        Sets and combinations looked at in all; the same number gives the same plan on any machine.

    Returns
    -------
    Mended
        Never more grids out of range than before. Where there are none, ``labels`` as they were.
    """
    proofs: list[Proof] = []
    area, atoms = land(weight, ends, price, lower, upper), np.arange(len(weight))
    return Mended(mend_land(area, atoms, np.asarray(labels, np.int64), proofs, set(), Budget(budget)), proofs)


def mend_land(
    area: Land,
    atoms: NDArray[np.int64],
    labels: NDArray[np.int64],
    proofs: list[Proof],
    vain: set[frozenset[int]],
    budget: Budget,
) -> NDArray[np.int64]:
    """Do what :func:`mend` does for some atoms of a land that exists already.

    Parameters
    ----------
    labels
        Of these atoms.
    proofs
        What is proved already; what is found is put there.
    vain
        Grids that were neither mended nor proved before, as sets of atoms; they are not tried again.
    budget
        What may be looked at for all grids.
    """
    plan = _Plan(area, atoms, labels)
    for grid in plan.out_of_range():
        if not budget.open or grid not in plan.households or not plan.wrong(plan.households[grid]):
            continue
        tried = frozenset(plan.members(grid))
        if tried not in vain:
            with budget.part(GRID_BUDGET) as mine:
                if not _settle(plan, grid, proofs, mine):
                    vain.add(tried)
    return plan.labels()


def prove(
    area: Land, grids: Sequence[frozenset[int]], proofs: list[Proof], budget: Budget, *, all_or_none: bool = False
) -> list[Proof | None]:
    """Return for each of some grids out of range the proof that it is bound to be, looking only for proofs.

    Parameters
    ----------
    grids
        Atoms of each.
    proofs
        What is proved already; what is found is put there.
    budget
        What may be looked at for all of them.
    all_or_none
        Stop at the first grid that has no proof.
    """
    given = claimed(proofs, grids)
    for i, grid in enumerate(grids):
        if given[i] is None:
            known = proofs.copy()
            with budget.part(GRID_BUDGET) as mine:
                _prove(area, grid, grids, proofs, mine)
            if proofs != known:
                given = claimed(proofs, grids)
            if all_or_none and given[i] is None:
                break
    return given


def claimed(proofs: Sequence[Proof], grids: Sequence[frozenset[int]]) -> list[Proof | None]:
    """Give each grid a proof that holds one of its atoms; none is given to more grids than it says."""
    left = [proof.count for proof in proofs]
    holding: dict[int, list[int]] = {}
    for i, proof in enumerate(proofs):
        for atom in proof.atoms:
            holding.setdefault(atom, []).append(i)
    given: list[Proof | None] = []
    for grid in grids:
        first = min((i for atom in grid for i in holding.get(atom, ()) if left[i]), default=None)
        if first is not None:
            left[first] -= 1
        given.append(None if first is None else proofs[first])
    return given


def _prove(
    area: Land, grid: frozenset[int], wrong: Sequence[frozenset[int]], proofs: list[Proof], budget: Budget
) -> None:
    """Look for a proof in growing rings of tight atoms around one grid, loosely at first."""
    for tracked in (FIRST_TRACKED, 2 * FIRST_TRACKED):
        pocket, size = _seeds(area, grid), 0
        while size < len(pocket) <= MOST_ATOMS and budget.open:
            pocket, known = _with_known(pocket, proofs)
            size = len(pocket)
            meeting = sum(1 for other in wrong if not other.isdisjoint(pocket))
            for spared in range(meeting - 1, known - 1, -1):
                if _proved(area, pocket, tracked, spared, proofs, budget):
                    return
            pocket = pocket | _tight_around(area, pocket)


def _proved(area: Land, pocket: set[int], tracked: int, spared: int, proofs: list[Proof], budget: Budget) -> bool:
    try:
        with budget.part(POCKET_BUDGET) as mine:
            cover = Cover(area, pocket, tracked, mine)
            if next(cover.covers(spared=spared), None) is not None:
                return False
            _keep(proofs, cover, spared)
    except BudgetSpentError:
        return False
    return True


def _with_known(pocket: set[int], proofs: list[Proof]) -> tuple[set[int], int]:
    """Take along the proofs that a pocket meets, and count what they prove: two that overlap must not add up."""
    known, left = 0, list(proofs)
    while met := [proof for proof in left if not proof.atoms.isdisjoint(pocket)]:
        known += sum(proof.count for proof in met)
        pocket = pocket.union(*(proof.atoms for proof in met))
        left = [proof for proof in left if proof not in met]
    return pocket, known


def _keep(proofs: list[Proof], cover: Cover, spared: int) -> None:
    """Put a proof in the place of those it contains, without the atoms that it does not need."""
    pocket = list(cover.pocket)
    replaced = [proof for proof in proofs if not proof.atoms.isdisjoint(pocket)]
    cover.budget.left = max(cover.budget.left, POCKET_BUDGET)
    try:
        for a in reversed(cover.pocket):
            rest = [b for b in pocket if b != a]
            if len(rest) > spared and next(cover.covers(rest, spared), None) is None:
                pocket = rest
    except BudgetSpentError:
        # The proof stands, with more atoms than it needs.
        pass
    proofs[:] = [proof for proof in proofs if proof not in replaced]
    proofs.append(Proof(frozenset(pocket), spared + 1))


def _seeds(area: Land, grid: Iterable[int]) -> set[int]:
    """Atoms of a grid out of range that a pocket starts from: those hard to place, or the heaviest."""
    inhabited = sorted((a for a in grid if area.weight[a] > 0), key=lambda a: (-area.weight[a], a))
    tight = [a for a in inhabited if _tight(area, a)]
    return set(tight[:MOST_ATOMS] or inhabited[:2])


def _tight(area: Land, atom: int) -> bool:
    """Whether an atom needs others for a grid, and leaves them little room."""
    return area.upper - area.lower < area.weight[atom] < area.lower


def _tight_around(area: Land, pocket: set[int]) -> set[int]:
    """Tight atoms within two steps."""
    one = {b for a in pocket for b in area.near[a]}
    two = one.union(*(area.near[b] for b in sorted(one)))
    return {a for a in two if _tight(area, a)} - pocket


class _Plan:
    """Grids as sets of atoms, looked up as they are needed, and the changes made to them."""

    def __init__(self, area: Land, atoms: NDArray[np.int64], labels: NDArray[np.int64]) -> None:
        self.area, self.atoms = area, atoms
        self.first = labels
        whole = np.full(len(area.weight), -1, np.int64)
        whole[atoms] = labels
        self.label: list[int] = whole.tolist()
        self.order = atoms[np.argsort(labels, kind="stable")]
        self.stop = np.cumsum(np.bincount(labels))
        weight = np.array(area.weight, np.int64)[atoms]
        self.households: dict[int, int] = dict(enumerate(np.bincount(labels, weight).astype(np.int64).tolist()))
        self.changed: dict[int, set[int]] = {}
        self.next = len(self.stop)

    def members(self, grid: int) -> set[int]:
        """Atoms of a grid."""
        if grid not in self.changed:
            start = self.stop[grid - 1] if grid else 0
            self.changed[grid] = set(self.order[start : self.stop[grid]].tolist())
        return self.changed[grid]

    def change(self, members: dict[int, set[int]], households: dict[int, int], following: int) -> None:
        """Replace some grids; those without atoms are gone."""
        for grid, atoms in members.items():
            self.changed[grid] = atoms
            self.households[grid] = households[grid]
            if not atoms:
                del self.households[grid]
            for a in atoms:
                self.label[a] = grid
        self.next = following

    def wrong(self, households: int) -> bool:
        """Whether so many households are out of range."""
        return not self.area.lower <= households <= self.area.upper

    def out_of_range(self) -> list[int]:
        """Grids out of range, by number."""
        return sorted(grid for grid, households in self.households.items() if self.wrong(households))

    def labels(self) -> NDArray[np.int64]:
        """Return the label of each atom; a grid has the number of the old one that makes up most of it, if it may."""
        now = np.array(self.label, np.int64)[self.atoms]
        moved = np.flatnonzero(np.isin(now, [g for g in self.changed if g in self.households]))
        weight = np.array(self.area.weight, np.int64)[self.atoms[moved]]
        key, at = np.unique(now[moved] * (self.next + 1) + self.first[moved], return_inverse=True)
        shared = np.bincount(at, weight).astype(np.int64)
        number: dict[int, int] = {}
        free = set(range(self.next)) - (self.households.keys() - self.changed.keys())
        for i in np.lexsort((key, -shared)).tolist():
            grid, old = divmod(int(key[i]), self.next + 1)
            if grid not in number and old in free:
                number[grid] = old
                free.discard(old)
        rest = iter(sorted(free))
        for grid in np.unique(now[moved]).tolist():
            number.setdefault(grid, -1)
            if number[grid] < 0:
                number[grid] = next(rest)
        found = now.copy()
        found[moved] = [number[grid] for grid in now[moved].tolist()]
        return found


def _settle(plan: _Plan, grid: int, proofs: list[Proof], budget: Budget) -> bool:
    """Mend one grid out of range, or prove that it is bound to be; return False when neither was possible."""
    pocket, tracked = _seeds(plan.area, plan.members(grid)), FIRST_TRACKED
    for _ in range(ROUNDS):
        pocket, known = _with_known(pocket, proofs)
        meeting = {plan.label[a] for a in pocket if plan.wrong(plan.households[plan.label[a]])}
        if pocket and known >= len(meeting):
            return True
        if not pocket or len(pocket) > MOST_ATOMS or not budget.open:
            return False
        try:
            with budget.part(POCKET_BUDGET) as mine:
                attempt = _try(plan, Cover(plan.area, pocket, tracked, mine), len(meeting) - 1, proofs)
        except BudgetSpentError:
            attempt = _Attempt(set(), crowded=False)
        if attempt is None:
            return True
        if attempt.crowded and tracked < MOST_TRACKED:
            tracked *= 2
            continue
        grown = pocket | attempt.stranded
        if len(grown) == len(pocket) or len(grown) > MOST_ATOMS:
            grown = pocket | _tight_around(plan.area, pocket)
        if len(grown) > len(pocket):
            pocket = grown
        elif tracked < MOST_TRACKED:
            tracked *= 2
        else:
            return False
    return False


@dataclass(frozen=True)
class _Attempt:
    """What carrying out covers has shown: atoms left stranded; whether sets found nothing left to fill them."""

    stranded: set[int]
    crowded: bool


def _try(plan: _Plan, cover: Cover, spared: int, proofs: list[Proof]) -> _Attempt | None:
    """Carry out covers until one helps; return None when all is settled, by that or by a proof."""
    stranded: set[int] = set()
    tried = failed = 0
    for sets in islice(cover.covers(spared=spared, cost=_disturbance(plan, cover)), TRIALS):
        trial = _Trial(plan, sets)
        if trial.helps:
            trial.adopt()
            return None
        tried, failed = tried + 1, failed + trial.crowded
        stranded |= trial.stranded
    if not tried:
        _keep(proofs, cover, spared)
        return None
    return _Attempt(stranded, crowded=failed == tried)


def _disturbance(plan: _Plan, cover: Cover) -> NDArray[np.float64]:
    """What each set takes from other grids than that of its heaviest atom: households, and ranges broken."""
    atoms, weight = cover.atoms, plan.area.weights[cover.atoms]
    holds = np.column_stack([cover.sets[:, i // BITS] >> i % BITS & 1 for i in range(len(atoms))]).astype(np.int64)
    grids, grid = np.unique([plan.label[a] for a in atoms.tolist()], return_inverse=True)
    member = np.zeros((len(atoms), len(grids)), np.int64)
    member[np.arange(len(atoms)), grid] = 1
    taken, takes = holds @ (weight[:, None] * member), holds @ member > 0
    heaviest_first = np.lexsort((atoms, -weight))
    home = grid[heaviest_first[holds[:, heaviest_first].argmax(axis=1)]]
    rows = np.arange(len(holds))
    taken[rows, home], takes[rows, home] = 0, False
    left = np.array([plan.households[g] for g in grids.tolist()]) - taken
    broken = takes & ((left < plan.area.lower) | (left > plan.area.upper))
    return np.asarray(taken.sum(axis=1) + takes.sum(axis=1) + 300.0 * broken.sum(axis=1), float)


class _Trial:
    """A plan after some sets have become grids: sets filled up, what they left put elsewhere."""

    def __init__(self, plan: _Plan, sets: list[list[int]]) -> None:
        self.plan, self.area = plan, plan.area
        self.label: dict[int, int] = {}
        self.members: dict[int, set[int]] = {}
        self.households: dict[int, int] = {}
        self.fixed = {a for atoms in sets for a in atoms}
        self.next = plan.next
        self.helps, self.stranded = False, set[int]()
        keys = [self._new(atoms) for atoms in sets]
        self.crowded = not all(self._filled(key) for key in keys)
        if not self.crowded:
            self._absorb(list(self._left_over()))
            self._judge()

    def adopt(self) -> None:
        """Make the plan what this trial is."""
        self.plan.change(self.members, self.households, self.next)

    def _judge(self) -> None:
        before = sum(self.plan.wrong(self.plan.households[g]) for g in self.members if g in self.plan.households)
        now = [g for g, atoms in self.members.items() if atoms and self.plan.wrong(self.households[g])]
        self.helps = len(now) < before
        for grid in now:
            self.stranded |= _seeds(self.area, self.members[grid])

    def _of(self, atom: int) -> int:
        return self.label.get(atom, self.plan.label[atom])

    def _touch(self, grid: int) -> set[int]:
        if grid not in self.members:
            self.members[grid] = set(self.plan.members(grid))
            self.households[grid] = self.plan.households[grid]
        return self.members[grid]

    def _new(self, atoms: Iterable[int]) -> int:
        grid, self.next = self.next, self.next + 1
        self.members[grid], self.households[grid] = set(), 0
        for a in atoms:
            self._move(a, grid)
        return grid

    def _move(self, atom: int, grid: int) -> None:
        old = self._of(atom)
        self._touch(old).discard(atom)
        self.households[old] -= self.area.weight[atom]
        self._touch(grid).add(atom)
        self.households[grid] += self.area.weight[atom]
        self.label[atom] = grid

    def _filled(self, grid: int) -> bool:
        """Join the parts of a set by atoms that no other has, and take more until it is in range."""
        while True:
            parts = _parts(self.area, self.members[grid])
            if len(parts) == 1 and self.households[grid] >= self.area.lower:
                return True
            heaviest = max(self.members[grid], key=lambda a: (self.area.weight[a], -a))
            first = next(part for part in parts if heaviest in part)
            way = self._way(first, self.members[grid] - first, self.area.upper - self.households[grid])
            if way is None:
                return False
            self.fixed.update(way)
            for a in way:
                self._move(a, grid)

    def _way(self, start: set[int], goals: set[int], room: int) -> list[int] | None:
        """Find the atoms to take for the nearest goal, or for the nearest inhabited atom where there are no goals."""
        near, weight = self.area.near, self.area.weight
        home = self.plan.label[max(start, key=lambda a: (weight[a], -a))]
        least: dict[int, tuple[float, int]] = dict.fromkeys(start, (0.0, 0))
        back: dict[int, int] = {}
        steps: dict[int, float] = {}
        heap = [(0.0, 0, a) for a in sorted(start)]
        while heap:
            far, households, a = heapq.heappop(heap)
            if (far, households) > least[a]:
                continue
            if a not in start and (a in goals if goals else weight[a] > 0):
                way = [a]
                while (a := back[a]) not in start:
                    way.append(a)
                return [b for b in way if b not in goals]
            for b in near[a]:
                taken = households + (0 if b in goals else weight[b])
                if taken > room:
                    continue
                if b not in steps:
                    steps[b] = self._step(b, goals, home)
                step = far + steps[b]
                if (step, taken) < least.get(b, NOWHERE):
                    least[b], back[b] = (step, taken), a
                    heapq.heappush(heap, (step, taken, b))
        return None

    def _step(self, atom: int, goals: set[int], home: int) -> float:
        """What it takes to go on to an atom; infinite where that may not be."""
        was = self.plan.label[atom]
        if was < 0 or (atom in self.fixed and atom not in goals):
            return np.inf
        return 1.0 if self.label.get(atom, was) == home else 1.0 + self._loss(atom)

    def _loss(self, atom: int) -> float:
        """How unwelcome it is to take an atom out of its grid."""
        grid, weight = self._of(atom), self.area.weight[atom]
        households = self.households.get(grid, self.plan.households.get(grid, 0))
        broken = self.plan.wrong(households - weight) and not self.plan.wrong(households)
        return 1.0 + weight / 20.0 + (10.0 if broken else 0.0)

    def _left_over(self) -> Iterator[int]:
        """Yield the pieces that old grids have fallen into, as grids of their own."""
        for grid in sorted(g for g in self.members if g in self.plan.households):
            parts = _parts(self.area, self.members[grid])
            for part in parts[1:]:
                yield self._new(part)
            if parts:
                yield grid

    def _absorb(self, pending: list[int]) -> None:
        """Put pieces out of range into grids with room, whole where one has room for all of it, else atom by atom."""
        pending = sorted(g for g in pending if self.plan.wrong(self.households[g]))
        for grid in pending:
            if not self._joined_whole(grid) and not self._borrowed(grid):
                self._dissolve(grid)

    def _joined_whole(self, grid: int) -> bool:
        weight = self.households[grid]
        prices = self._neighbours(self.members[grid], weight)
        if not prices:
            return False
        into = max(prices, key=lambda g: (prices[g], -g))
        for a in sorted(self.members[grid]):
            self._move(a, into)
        return True

    def _neighbours(self, atoms: set[int], weight: int) -> dict[int, float]:
        """Grids around with room for so many households (or that come into range by them), by price of the border."""
        prices: dict[int, float] = {}
        for a in sorted(atoms):
            for b, price in zip(self.area.near[a], self.area.price[a], strict=True):
                grid = self._of(b)
                if b in atoms or grid < 0:
                    continue
                households = self.households.get(grid, self.plan.households.get(grid, 0))
                if households + weight <= self.area.upper:
                    prices[grid] = prices.get(grid, 0.0) + price
        return prices

    def _borrowed(self, grid: int) -> bool:
        """Bring a piece below the lower limit into range by atoms that grids around can spare."""
        while self.households[grid] < self.area.lower:
            room = self.area.upper - self.households[grid]
            rim = {b for a in self.members[grid] for b in self.area.near[a]} - self.members[grid]
            heaviest_first = sorted(rim, key=lambda b: (-self.area.weight[b], b))
            lent = (b for b in heaviest_first if 0 < self.area.weight[b] <= room and self._can_spare(b))
            found = next(lent, None)
            if found is None:
                return False
            self._move(found, grid)
        return self.households[grid] <= self.area.upper

    def _can_spare(self, atom: int) -> bool:
        grid = self._of(atom)
        if grid < 0:
            return False
        members = self.members[grid] if grid in self.members else self.plan.members(grid)
        households = self.households.get(grid, self.plan.households.get(grid, 0)) - self.area.weight[atom]
        return not self.plan.wrong(households) and len(members) > 1 and _whole_without(self.area, members, atom)

    def _dissolve(self, grid: int) -> None:
        """Give the atoms of a piece away one by one, the heaviest first, while a grid beside has room for them."""
        going = True
        while going and self.members[grid] and self.plan.wrong(self.households[grid]):
            going = False
            for a in sorted(self.members[grid], key=lambda a: (-self.area.weight[a], a)):
                prices = self._neighbours({a}, self.area.weight[a])
                prices.pop(grid, None)
                if prices and _whole_without(self.area, self.members[grid], a):
                    self._move(a, max(prices, key=lambda g: (prices[g], -g)))
                    going = True
                    break


def _parts(area: Land, atoms: set[int]) -> list[set[int]]:
    """Connected parts of some atoms, in the order of their first atoms."""
    left, parts = set(atoms), []
    for start in sorted(atoms):
        if start in left:
            left.discard(start)
            part = [start]
            for a in part:
                found = left.intersection(area.near[a])
                left -= found
                part.extend(found)
            parts.append(set(part))
    return parts


def _whole_without(area: Land, atoms: set[int], atom: int) -> bool:
    """Whether some atoms in one piece still are when one of them is taken out."""
    wanted = atoms.intersection(area.near[atom])
    if len(wanted) <= 1:
        return True
    seen = {atom, wanted.pop()}
    walk = [*seen - {atom}]
    for a in walk:
        found = atoms.intersection(area.near[a]) - seen
        seen |= found
        wanted -= found
        if not wanted:
            return True
        walk.extend(found)
    return False
