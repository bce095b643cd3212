"""One graph under search: the arrays of the kernels, and the best plan met."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.regionalization import kernels
from geo.regionalization.component import Component
from geo.regionalization.counting import pairs_in_order
from geo.regionalization.efforts import Rules, Stage, heat_at
from geo.regionalization.layout import ARC, ATOM, EDGE, GRID, HOMES, LINK, NODE, ROW, STEM, Bench, Graph, Plan

Ticker = Callable[[float], bool]

#: Annealing compares its plans from this share of the cooling on.
KEEP_FROM = 0.75


class Solver:
    """Arrays of the kernels for one graph, and the best plan met."""

    def __init__(self, graph: Graph, numbers: NDArray[np.float64], seed: Sequence[int]) -> None:
        self.graph, self.numbers = graph, numbers
        n = len(graph.atoms)
        self.plan = _plan(n, graph.extra.shape[1])
        self.bench = _bench(graph, n, numbers)
        self.state = np.maximum(np.random.SeedSequence([*seed, n]).generate_state(1, np.uint64), 1)
        self.best: NDArray[np.int32] = np.zeros(n, np.int32)
        self.best_score = (np.inf, np.inf)

    def begin(self, start: NDArray[np.int32] | None) -> None:
        """Load a plan to start from, which may be the best already, or cut a tree."""
        if start is None:
            kernels.start_from_tree(self.graph, self.plan, self.bench, self.numbers, self.state)
        else:
            kernels.load(self.graph, self.plan, start, self.numbers)
            self.keep_if_best()

    def anneal(self, stage: Stage, steps: int, tick: Ticker) -> bool:
        """Cool slowly; return whether to go on."""
        chunks = int(np.clip(steps * stage.flips_per_move / 40_000, 12, 60))
        for i in range(chunks):
            hot, cold = (heat_at(stage, (i + d) / chunks) for d in (0, 1))
            self.search(max(1, steps // chunks), stage.flips_per_move, stage.wide, 0.25, hot, cold)
            # Of the hot plans the one that happens to be least out of range is no good.
            if i >= KEEP_FROM * chunks:
                self.keep_if_best()
            if not tick((i + 1) / chunks):
                self.keep_if_best()
                return False
        self.search(max(1, steps // chunks), 2 * stage.flips_per_move, 0.0, 0.0, 0.0, 0.0)
        self.keep_if_best()
        return True

    def search(
        self, steps: int, flips: int, wide: float, focus: float, hot: float, cold: float, *, repair: bool = False
    ) -> None:
        """Run the kernel."""
        kernels.search(
            self.graph, self.plan, self.bench, self.numbers, steps, flips, wide, focus, hot, cold, repair, self.state
        )

    def keep(self) -> None:
        """Take the plan as it is for the best."""
        self.best = self.plan.label.copy()

    def keep_if_best(self) -> None:
        """Remember the plan if none was better: first by how far out of range it is, then by its whole price."""
        wrong, energy = kernels.total_energy(self.graph, self.plan, self.numbers)
        score = (float(wrong), float(energy))
        if score < self.best_score:
            self.best_score = score
            self.best = self.plan.label.copy()

    @property
    def moves(self) -> int:
        """Moves and flips accepted or tried so far."""
        return int(self.plan.counts[kernels.MOVES] + self.plan.counts[kernels.FLIPS])


def graph_of(component: Component, rules: Rules) -> Graph:
    """Lay out a component as the kernels want it."""
    n = len(component.weight)
    ends = np.vstack([component.ends, component.soft_ends])
    price = np.r_[component.price, component.soft_price]
    hard = np.r_[np.ones(len(component.ends), bool), np.zeros(len(component.soft_ends), bool)]
    a, b = np.r_[ends[:, 0], ends[:, 1]], np.r_[ends[:, 1], ends[:, 0]]
    order = pairs_in_order(a, b, n)
    start = np.r_[0, np.cumsum(np.bincount(a, minlength=n))].astype(np.int32)
    atoms = _rows(n, ATOM)
    atoms.start, atoms.stop = start[:-1], start[1:]
    atoms.weight = component.weight
    atoms.points, atoms.sx, atoms.sy, atoms.sq = component.points.T
    arcs = _rows(len(a), ARC)
    arcs.near, arcs.hard, arcs.price = b[order], np.r_[hard, hard][order], np.r_[price, price][order]
    atoms.home = -1 if component.start is None else component.start
    ends = np.ascontiguousarray(component.ends.ravel(), dtype=np.int32)
    return Graph(atoms, arcs, ends, np.ascontiguousarray(component.extra), rules.limits)


def _rows(n: int, fields: np.dtype[np.void]) -> Any:
    return np.zeros(n, fields).view(np.recarray)


def _plan(n: int, quantities: int) -> Plan:
    return Plan(
        np.zeros(n, np.int32),
        _rows(n, LINK),
        _rows(n, GRID),
        np.zeros(5, np.int64),
        np.zeros((n, quantities)),
    )


def _bench(graph: Graph, n: int, numbers: NDArray[np.float64]) -> Bench:
    # One entry per atom and one table per tree edge, none longer than the limit or than all households, rounded as
    # the kernels do.
    longest = int(numbers[kernels.DP_UPPER])
    total = int(np.floor(graph.atoms.weight / numbers[kernels.GRAIN] + 0.5).sum())
    room = n + n * (min(longest, total) + 1)
    return Bench(
        nodes=_rows(n + 1, NODE),
        stems=_rows(n + 1, STEM),
        homes=_rows(n + 1, HOMES),
        rows=_rows(n + 1, ROW),
        up=np.zeros(n + 1, np.int32),
        edges=_rows(len(graph.arcs) // 2, EDGE),
        link=np.zeros(4 * n, np.int32),
        table=np.empty(room, np.float32),
        local=np.full(n, -1, np.int32),
        stamp=np.zeros(n, np.int32),
        extra=np.zeros((n, graph.extra.shape[1])),
    )
