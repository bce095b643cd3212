"""Why grids are out of range: proofs where one can be had, else the nearest miss.

A proof is a statement about the input alone. Two kinds are searched for:

- *arithmetic*: H households cannot be divided when no number of grids k has k * lower <= H <= k * upper;
- *pocket*: a few atoms of which no choice of disjoint connected sets in range covers all. The search goes through
  every connected set in range around the first atom left, and gives up, proving nothing, when its budget is spent.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geo.regionalization.outcome import Reason
from geo.regionalization.problem import Problem, pieces

#: Connected sets looked at before a search for a proof gives up.
BUDGET = 200_000
#: Atoms in the biggest pocket that is tried.
POCKET = 8


def explain(problem: Problem, labels: NDArray[np.int64], time_limit: float | None) -> dict[int, Reason]:
    """Return the reason for every grid out of range."""
    k = int(labels.max(initial=-1)) + 1
    households = np.bincount(labels, problem.households, k).astype(np.int64)
    wrong = np.flatnonzero((households < problem.lower) | (households > problem.upper))
    if len(wrong) == 0:
        return {}
    ground = _Ground(problem)
    reasons: dict[int, Reason] = {}
    for label in wrong:
        atoms = np.flatnonzero(labels == label)
        reasons[int(label)] = ground.reason(atoms, int(households[label]), labels)
    return reasons


@dataclass
class Cover:
    """Search for disjoint connected sets in range that cover some atoms of a graph.

    Attributes
    ----------
    weight
        Households of each atom.
    near
        Neighbours of each atom, as bit masks when few, else as tuples.
    """

    weight: list[int]
    near: list[tuple[int, ...]]
    lower: int
    upper: int
    budget: int = BUDGET
    looked: int = 0
    failed: set[tuple[frozenset[int], frozenset[int]]] = field(default_factory=set)

    def possible(self, pocket: frozenset[int]) -> bool | None:
        """Whether all of ``pocket`` can be covered; None when the budget is spent before the answer is known."""
        try:
            return self._cover(pocket, frozenset())
        except _BudgetSpentError:
            return None

    def _cover(self, left: frozenset[int], used: frozenset[int]) -> bool:
        if not left:
            return True
        if (left, used) in self.failed:
            return False
        # The heaviest atom has the fewest sets to be in.
        first = max(left, key=lambda a: (self.weight[a], -a))
        stack = [(frozenset((first,)), used, self.weight[first])]
        while stack:
            part, banned, weight = stack.pop()
            self.looked += 1
            if self.looked > self.budget:
                raise _BudgetSpentError
            if self.lower <= weight <= self.upper and self._cover(left - part, used | part):
                return True
            # Each connected set is met once: a neighbour is either taken now or banned for the rest of the branch.
            border = sorted({b for a in part for b in self.near[a]} - part - banned)
            for b in border:
                if weight + self.weight[b] <= self.upper:
                    stack.append((part | {b}, banned, weight + self.weight[b]))
                banned = banned | {b}
        self.failed.add((left, used))
        return False


class _BudgetSpentError(Exception):
    pass


class _Ground:
    """What proofs stand on: groups of atoms that move as one, and who touches whom among the free ones."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        group = np.unique(problem.group, return_inverse=True)[1]
        self.group = group
        self.n = int(group.max()) + 1
        self.weight = np.bincount(group, problem.households, self.n).astype(np.int64)
        frozen = np.full(self.n, -1, np.int64)
        frozen[group] = problem.frozen
        self.frozen = frozen
        self.free = (self.weight <= problem.upper) & (frozen < 0)
        ends = group[problem.edges]
        inner = ends[self.free[ends].all(axis=1) & (ends[:, 0] != ends[:, 1])]
        self.piece = pieces(self.n, inner)
        near: list[set[int]] = [set() for _ in range(self.n)]
        for a, b in inner.tolist():
            near[a].add(b)
            near[b].add(a)
        self.near = [tuple(sorted(s)) for s in near]
        self.whole: dict[int, Reason | None] = {}
        self.pockets: dict[int, tuple[int, ...] | None] = {}

    def reason(self, atoms: NDArray[np.int64], households: int, labels: NDArray[np.int64]) -> Reason:
        groups = np.unique(self.group[atoms])
        if (self.frozen[groups] >= 0).any():
            return self._make("fixed_by_lock", atoms, households)
        big = groups[self.weight[groups] > self.problem.upper]
        if len(big):
            return self._make("atom_over_upper", np.flatnonzero(np.isin(self.group, big)), households)
        piece = int(self.piece[groups[0]])
        if piece not in self.whole:
            self.whole[piece] = self._component_reason(piece)
        found = self.whole[piece]
        if found is not None:
            return found
        pocket = self._pocket(groups)
        if pocket is not None:
            inside = np.flatnonzero(np.isin(self.group, pocket))
            return self._make("pocket_infeasible", inside, int(self.weight[list(pocket)].sum()))
        return self._make("not_found", atoms, households)

    def _component_reason(self, piece: int) -> Reason | None:
        groups = np.flatnonzero((self.piece == piece) & self.free)
        atoms = np.flatnonzero(np.isin(self.group, groups))
        total = int(self.weight[groups].sum())
        if total < self.problem.lower:
            return self._make("component_under_lower", atoms, total)
        if self.problem.detours:
            return None
        if -(-total // self.problem.upper) * self.problem.lower > total:
            return self._make("component_infeasible", atoms, total)
        inhabited = groups[self.weight[groups] > 0]
        if len(inhabited) <= 16 and self._cover().possible(frozenset(inhabited.tolist())) is False:
            return self._make("component_infeasible", atoms, total)
        return None

    def _cover(self) -> Cover:
        return Cover(self.weight.tolist(), self.near, self.problem.lower, self.problem.upper)

    def _pocket(self, groups: NDArray[np.int64]) -> tuple[int, ...] | None:
        """Look for atoms of a grid out of range that cannot all be covered: one alone, then with those around it."""
        if self.problem.detours:
            return None
        inhabited = sorted((g for g in groups.tolist() if self.weight[g] > 0), key=lambda g: (-self.weight[g], g))
        for g in inhabited:
            if self._cover().possible(frozenset((g,))) is False:
                return (g,)
        cover = self._cover()
        for g in inhabited[:3]:
            pocket = self._around(g)
            if cover.possible(pocket) is False:
                return self._shrunk(pocket)
        return None

    def _around(self, group: int) -> frozenset[int]:
        """An atom and the heavy ones near it."""
        ring = {group}
        for _ in range(2):
            ring |= {b for a in ring for b in self.near[a]}
        heavy = sorted(ring - {group}, key=lambda a: (-self.weight[a], a))[: POCKET - 1]
        return frozenset({group, *(a for a in heavy if self.weight[a] > 0)})

    def _shrunk(self, pocket: frozenset[int]) -> tuple[int, ...]:
        """Leave out atoms that the proof does not need."""
        for a in sorted(pocket, key=lambda a: (self.weight[a], a)):
            if self._cover().possible(pocket - {a}) is False:
                pocket = pocket - {a}
        return tuple(sorted(pocket))

    def _make(self, code: str, atoms: NDArray[np.int64], households: int) -> Reason:
        zh, en = _sentence(code, len(atoms), households, self.problem.lower, self.problem.upper)
        return Reason(code, zh, en, tuple(int(a) for a in atoms), households)


def _sentence(code: str, atoms: int, households: int, lower: int, upper: int) -> tuple[str, str]:
    if code == "fixed_by_lock":
        return (
            f"该网格已锁定,共 {households} 户,不在 {lower}-{upper} 户之内",
            f"the grid is locked at {households} households, outside {lower}-{upper}",
        )
    if code == "atom_over_upper":
        return (
            f"楼栋有 {households} 户,超过上限 {upper} 户,且没有单元数据可供拆分",
            f"a building of {households} households exceeds {upper} and has no stairwell data to divide it by",
        )
    if code == "component_under_lower":
        return (
            f"这一片 {atoms} 栋共 {households} 户,不足 {lower} 户,且与其他可并入的楼栋不相连",
            f"an island of {atoms} buildings and {households} households, below {lower}, touches nothing it could join",
        )
    if code == "component_infeasible":
        return (
            f"这一片 {atoms} 栋共 {households} 户,无法划分为 {lower}-{upper} 户的网格(已证明)",
            f"{atoms} buildings with {households} households cannot be divided into grids of {lower}-{upper} (proved)",
        )
    if code == "pocket_infeasible":
        return (
            f"有 {atoms} 栋共 {households} 户,与周边任何楼栋组合都不能全部落入 {lower}-{upper} 户(已证明)",
            f"{atoms} buildings with {households} households: no grids of {lower}-{upper} can hold them all (proved)",
        )
    missing = lower - households if households < lower else households - upper
    return (
        f"在本次搜索中未找到可行划分:该网格 {households} 户,距 {lower}-{upper} 户差 {missing} 户",
        f"no way found in this search: the grid has {households} households, {missing} away from {lower}-{upper}",
    )
