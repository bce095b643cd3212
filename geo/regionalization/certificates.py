"""Why grids are out of range: proofs where one can be had, else the nearest miss.

A proof is a statement about the input alone, and about households and contiguity alone. Two kinds are searched for:

- *arithmetic*: H households cannot be divided when no number of grids k has k * lower <= H <= k * upper;
- *pocket*: some atoms that no choice of disjoint connected sets in range covers (see ``cover``). An atom in no set
  in range is a pocket by itself; a pocket that is a whole component proves that the component cannot be divided.

Where a pocket must leave ``count`` of its atoms out of range, so many grids cite it and no more, and pockets that
different grids cite have no atom in common.
"""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from geo.regionalization.counting import renumbered
from geo.regionalization.cover import Budget, BudgetSpentError, Cover, Land, land
from geo.regionalization.outcome import Reason
from geo.regionalization.pockets import RUN_BUDGET, Proof, claimed, mend_land, prove
from geo.regionalization.problem import Problem, pieces

#: Connected sets looked at for one component as a whole before the search for a proof gives up.
COMPONENT_BUDGET = 30_000
#: Inhabited atoms of the biggest component that is tried as a whole.
WHOLE = 40
#: Grids out of range up to which the search asks, before it goes on repairing, whether they are bound to be.
FEW = 40
#: Grids out of range for which proofs are looked for; of a search that was stopped early nothing can be proved.
MOST_TRIED = 400


class Prover:
    """What proofs stand on: groups of atoms that move as one, and which free ones can share a grid.

    Attributes
    ----------
    going
        Asked now and then by everything that takes time; once it says no, what is not proved yet stays so.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.group = renumbered(problem.group, len(problem.group))[1]
        self.n = int(self.group.max(initial=-1)) + 1
        self.weight = np.bincount(self.group, problem.households, self.n).astype(np.int64)
        self.frozen = np.full(self.n, -1, np.int64)
        self.frozen[self.group] = problem.frozen
        self.free = (self.weight <= problem.upper) & (self.frozen < 0)
        ends = self.group[problem.edges]
        self.inner = self.free[ends].all(axis=1) & (ends[:, 0] != ends[:, 1])
        self.piece = pieces(self.n, ends[self.inner])
        self.whole: dict[int, Reason | None] = {}
        self.proofs: list[Proof] = []
        self.unproved: set[bytes] = set()
        self.vain: set[frozenset[int]] = set()
        self.going: Callable[[], bool] = lambda: True
        self.budget, self.mending = Budget(RUN_BUDGET, self._go_on), Budget(RUN_BUDGET, self._go_on)

    @cached_property
    def land(self) -> Land:
        """Free groups and the edges between them."""
        problem = self.problem
        ends = self.group[problem.edges[self.inner]]
        return land(self.weight, ends, problem.cost[self.inner], problem.lower, problem.upper)

    def _go_on(self) -> bool:
        return self.going()

    def explain(self, labels: NDArray[np.int64]) -> dict[int, Reason]:
        """Return the reason for every grid out of range, by label; ``labels`` are of atoms."""
        k = int(labels.max(initial=-1)) + 1
        households = np.bincount(labels, self.problem.households, k).astype(np.int64)
        wrong = np.flatnonzero((households < self.problem.lower) | (households > self.problem.upper))
        order = np.argsort(labels, kind="stable")
        start, stop = (np.searchsorted(labels[order], wrong, side) for side in ("left", "right"))
        grids = [np.unique(self.group[order[i:j]]) for i, j in zip(start, stop, strict=True)]
        return dict(zip(wrong.tolist(), self._reasons(grids), strict=True))

    def proved(self, grids: Sequence[NDArray[np.int64]], *, looking: bool) -> list[bool]:
        """Say which of some grids out of range, given as groups, are bound to be.

        Parameters
        ----------
        looking
            Whether to look for proofs beside those known: of few grids, until one has none.
        """
        looking = looking and len(grids) <= FEW and not any(grid.tobytes() in self.unproved for grid in grids)
        reasons = self._reasons(grids, all_or_none=True, looking=looking)
        if looking:
            self.unproved |= {grid.tobytes() for grid, reason in zip(grids, reasons, strict=True) if not reason.proved}
        return [reason.proved for reason in reasons]

    def mended(self, groups: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Bring grids of one component back into range where an exact search finds how; keep what it proves."""
        households = np.bincount(labels, self.weight[groups])
        if ((households >= self.problem.lower) & (households <= self.problem.upper)).all():
            return labels
        proofs = [] if self.problem.detours else self.proofs
        return mend_land(self.land, groups, labels, proofs, self.vain, self.mending)

    def _reasons(
        self, grids: Sequence[NDArray[np.int64]], *, all_or_none: bool = False, looking: bool = True
    ) -> list[Reason]:
        reasons: list[Reason | None] = [self._plain_reason(grid) for grid in grids]
        open_grids = [frozenset(grids[i].tolist()) for i, reason in enumerate(reasons) if reason is None]
        proofs: list[Proof | None] = [None] * len(open_grids)
        if not self.problem.detours and len(open_grids) <= MOST_TRIED:
            proofs = (
                prove(self.land, open_grids, self.proofs, self.budget, all_or_none=all_or_none)
                if looking
                else claimed(self.proofs, open_grids)
            )
        found = iter(proofs)
        return [
            self._pocket_reason(grid, next(found)) if reason is None else reason
            for grid, reason in zip(grids, reasons, strict=True)
        ]

    def _plain_reason(self, groups: NDArray[np.int64]) -> Reason | None:
        """Return the reason that is plain to see for one grid, or that holds for its whole component."""
        if (self.frozen[groups] >= 0).any():
            locked = groups[self.frozen[groups] >= 0]
            return self._make("fixed_by_lock", locked, int(self.weight[groups].sum()))
        big = groups[self.weight[groups] > self.problem.upper]
        if len(big):
            return self._make("atom_over_upper", big, int(self.weight[big].sum()))
        piece = int(self.piece[groups[0]])
        if piece not in self.whole:
            self.whole[piece] = self._component_reason(piece)
        return self.whole[piece]

    def _pocket_reason(self, groups: NDArray[np.int64], proof: Proof | None) -> Reason:
        if proof is None:
            return self._make("not_found", groups, int(self.weight[groups].sum()))
        pocket = np.array(sorted(proof.atoms))
        return self._make("pocket_infeasible", pocket, int(self.weight[pocket].sum()), proof.count)

    def _component_reason(self, piece: int) -> Reason | None:
        groups = np.flatnonzero((self.piece == piece) & self.free)
        total = int(self.weight[groups].sum())
        if total < self.problem.lower:
            return self._make("component_under_lower", groups, total)
        if self.problem.detours:
            return None
        inhabited = groups[self.weight[groups] > 0].tolist()
        impossible = -(-total // self.problem.upper) * self.problem.lower > total
        if not impossible and len(inhabited) <= WHOLE:
            impossible = self._cannot_be_covered(inhabited)
        return self._make("component_infeasible", groups, total) if impossible else None

    def _cannot_be_covered(self, inhabited: list[int]) -> bool:
        try:
            cover = Cover(self.land, inhabited, len(self.weight), Budget(COMPONENT_BUDGET, self._go_on))
            return next(cover.covers(), None) is None
        except BudgetSpentError:
            return False

    def _make(self, code: str, groups: NDArray[np.int64], households: int, count: int = 1) -> Reason:
        atoms = np.flatnonzero(np.isin(self.group, groups))
        zh, en = _sentence(code, len(atoms), count, households, self.problem.lower, self.problem.upper)
        return Reason(code, zh, en, tuple(int(a) for a in atoms), households)


def _sentence(code: str, atoms: int, count: int, households: int, lower: int, upper: int) -> tuple[str, str]:
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
        if atoms == 1:
            return (
                f"楼栋有 {households} 户,与周边任何楼栋组合都凑不成 {lower}-{upper} 户的网格(已证明)",
                f"a building of {households} households: no grid of {lower}-{upper} can be made with it (proved)",
            )
        return (
            f"这 {atoms} 栋共 {households} 户,互相争用周边楼栋,无论怎样划分至少有 {count} 栋"
            f"不能落入 {lower}-{upper} 户的网格(已证明)",
            f"{atoms} buildings with {households} households compete for what is around them: in every plan at least "
            f"{count} of them lies in no grid of {lower}-{upper} (proved)",
        )
    missing = lower - households if households < lower else households - upper
    return (
        f"在本次搜索中未找到可行划分:该网格 {households} 户,距 {lower}-{upper} 户差 {missing} 户",
        f"no way found in this search: the grid has {households} households, {missing} away from {lower}-{upper}",
    )
