"""Why grids are out of range: proofs where one can be had, else the nearest miss.

A proof is a statement about the input alone. Two kinds are searched for:

- *arithmetic*: H households cannot be divided when no number of grids k has k * lower <= H <= k * upper;
- *pocket*: some atoms that no choice of disjoint connected sets in range covers (see ``cover``). An atom in no set
  in range is a pocket by itself; a pocket that is a whole component proves that the component cannot be divided.

Proofs let atoms without households serve several grids at once as connections. That can only make more plans
possible, so what is impossible then is impossible.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from geo.regionalization.cover import Cover
from geo.regionalization.outcome import Reason
from geo.regionalization.problem import Problem, pieces

#: Connected sets looked at for one component, and for one pocket, before the search for a proof gives up.
COMPONENT_BUDGET = 100_000
POCKET_BUDGET = 20_000
#: Inhabited atoms of the biggest component that is tried as a whole, and of the biggest pocket.
WHOLE, POCKET = 40, 24
#: Pockets tried in one run; a plan with more grids out of range than this has a common cause.
MOST_POCKETS = 200
#: Grids out of range up to which the search asks, before it goes on repairing, whether they are bound to be.
FEW = 12


class Prover:
    """What proofs stand on: groups of atoms that move as one, and which free inhabited ones can share a grid."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.group = np.unique(problem.group, return_inverse=True)[1]
        self.n = int(self.group.max(initial=-1)) + 1
        self.weight = np.bincount(self.group, problem.households, self.n).astype(np.int64)
        self.frozen = np.full(self.n, -1, np.int64)
        self.frozen[self.group] = problem.frozen
        self.free = (self.weight <= problem.upper) & (self.frozen < 0)
        ends = self.group[problem.edges]
        inner = ends[self.free[ends].all(axis=1) & (ends[:, 0] != ends[:, 1])]
        self.piece = pieces(self.n, inner)
        self.near = _near_inhabited(self.n, inner, self.weight)
        self.whole: dict[int, Reason | None] = {}
        self.known: dict[tuple[int, ...], list[int]] = {}

    def explain(self, labels: NDArray[np.int64]) -> dict[int, Reason]:
        """Return the reason for every grid out of range, by label; ``labels`` are of atoms."""
        k = int(labels.max(initial=-1)) + 1
        households = np.bincount(labels, self.problem.households, k).astype(np.int64)
        wrong = np.flatnonzero((households < self.problem.lower) | (households > self.problem.upper))
        return {int(w): self.reason(self.group[labels == w], int(households[w])) for w in wrong}

    def all_proved(self, grids: list[NDArray[np.int64]]) -> bool:
        """Whether each of some grids out of range, given as groups, is bound to be; a few are tried, not many."""
        return len(grids) <= FEW and all(self.reason(grid, int(self.weight[grid].sum())).proved for grid in grids)

    def reason(self, groups: NDArray[np.int64], households: int) -> Reason:
        """Return the reason for one grid out of range, given as groups."""
        groups = np.unique(groups)
        if (self.frozen[groups] >= 0).any():
            return self._make("fixed_by_lock", groups[self.frozen[groups] >= 0], households)
        big = groups[self.weight[groups] > self.problem.upper]
        if len(big):
            return self._make("atom_over_upper", big, int(self.weight[big].sum()))
        piece = int(self.piece[groups[0]])
        if piece not in self.whole:
            self.whole[piece] = self._component_reason(piece)
        found = self.whole[piece]
        if found is not None:
            return found
        inhabited = tuple(groups[self.weight[groups] > 0].tolist())
        if inhabited not in self.known:
            self.known[inhabited] = self._pocket(inhabited)
        pocket = self.known[inhabited]
        if pocket:
            return self._make("pocket_infeasible", np.array(pocket), int(self.weight[pocket].sum()))
        return self._make("not_found", groups, households)

    def _component_reason(self, piece: int) -> Reason | None:
        groups = np.flatnonzero((self.piece == piece) & self.free)
        total = int(self.weight[groups].sum())
        if total < self.problem.lower:
            return self._make("component_under_lower", groups, total)
        if self.problem.detours:
            return None
        inhabited = groups[self.weight[groups] > 0]
        impossible = -(-total // self.problem.upper) * self.problem.lower > total
        if not impossible and len(inhabited) <= WHOLE:
            impossible = self._proved(inhabited.tolist(), COMPONENT_BUDGET)
        return self._make("component_infeasible", groups, total) if impossible else None

    def _proved(self, pocket: Iterable[int], budget: int) -> bool:
        cover = Cover(self.weight, self.near, self.problem.lower, self.problem.upper, budget)
        return cover.possible(frozenset(pocket)) is False

    def _pocket(self, groups: tuple[int, ...]) -> list[int]:
        """Look for atoms of a grid out of range that cannot all be covered: one alone, then with those around it."""
        if self.problem.detours or len(self.known) > MOST_POCKETS:
            return []
        inhabited = sorted(groups, key=lambda g: (-self.weight[g], g))
        for g in inhabited[:POCKET]:
            if self._proved((g,), POCKET_BUDGET):
                return [g]
        for g in inhabited[:3]:
            for pocket in self._rings(g):
                if self._proved(pocket, POCKET_BUDGET):
                    return self._shrunk(pocket)
        return []

    def _rings(self, group: int) -> list[list[int]]:
        """Growing pockets around an atom: the heavy atoms within one, two, three steps."""
        heavy = self.problem.upper - self.problem.lower
        pocket, found = {group}, []
        for _ in range(3):
            border = {b for a in pocket for b in self.near[a]} - pocket
            chosen = sorted((b for b in border if self.weight[b] > heavy), key=lambda b: (-self.weight[b], b))
            if not chosen or len(pocket) >= POCKET:
                break
            pocket |= set(chosen[: POCKET - len(pocket)])
            found.append(sorted(pocket))
        return found

    def _shrunk(self, pocket: list[int]) -> list[int]:
        """Leave out atoms that the proof does not need."""
        for a in sorted(pocket, key=lambda a: (self.weight[a], a)):
            rest = [b for b in pocket if b != a]
            if self._proved(rest, POCKET_BUDGET):
                pocket = rest
        return pocket

    def _make(self, code: str, groups: NDArray[np.int64], households: int) -> Reason:
        atoms = np.flatnonzero(np.isin(self.group, groups))
        zh, en = _sentence(code, len(atoms), households, self.problem.lower, self.problem.upper)
        return Reason(code, zh, en, tuple(int(a) for a in atoms), households)


def _near_inhabited(n: int, ends: NDArray[np.int64], weight: NDArray[np.int64]) -> list[set[int]]:
    """Inhabited atoms that touch, or that atoms without households join."""
    near: list[set[int]] = [set() for _ in range(n)]
    empty = weight == 0
    for a, b in ends[~empty[ends].any(axis=1)].tolist():
        near[a].add(b)
        near[b].add(a)
    patch = pieces(n, ends[empty[ends].all(axis=1)])
    around: dict[int, set[int]] = {}
    for a, b in ends[empty[ends].sum(axis=1) == 1].tolist():
        hollow, full = (a, b) if empty[a] else (b, a)
        around.setdefault(int(patch[hollow]), set()).add(full)
    for ring in around.values():
        for a in ring:
            near[a] |= ring - {a}
    return near


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
