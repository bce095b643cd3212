"""The search for one connected component: a tree cut to start from, then annealing, then repair of what is left."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.regionalization import kernels
from geo.regionalization.kernels import Bench, Graph, Plan

#: Tables of the dynamic program have one entry per household up to the upper limit; above this they are coarsened.
MAX_TABLE = 4000

#: Prices in units of the mean border edge. A grid out of range outweighs any border and any barrier.
BAD_GRID_PRICE = 400.0
BAD_RANGE_PRICE = 60.0
COMPACTNESS_PRICE = 0.01
#: Above a grid out of range, so that the search gets the number first and the range then; of the plans it has met, one
#: in range is kept before one with the wanted number.
MISCOUNT_PRICE = 2000.0

#: A component of up to this many grids is searched longer, up to so many moves, and from the start again when it fails.
FEW_GRIDS, MOVES_FOR_FEW = 80, 3000
#: A plan in force with at most this share of grids out of range is repaired, one with more is drawn anew.
MOSTLY_GOOD = 0.4


@dataclass(frozen=True)
class Effort:
    """How long to search.

    Attributes
    ----------
    moves_per_grid
        Splits and redraws for each grid that the component needs.
    flips_per_move
        Single atoms offered across a border after each of them.
    hot, cold
        First and last temperature, in mean border edges.
    wide
        Share of moves that redraw three to five grids.
    repairs, moves_per_repair
        Rounds of repair while grids stay out of range, and moves in each for every such grid.
    attempts
        How often to begin anew, or to repair on where the component is big, while grids stay out of range.
    """

    moves_per_grid: int = 120
    flips_per_move: int = 40
    hot: float = 1.0
    cold: float = 0.05
    wide: float = 0.08
    repairs: int = 8
    moves_per_repair: int = 500
    attempts: int = 3


@dataclass(frozen=True)
class Component:
    """One connected component in local numbers 0..n-1, no atom above the upper limit.

    Attributes
    ----------
    ends
        Edges that join atoms; contiguity is judged along these.
    price
        Price of cutting each of them, in mean border edges; below zero where a barrier should be a border.
    soft_ends, soft_price
        Pairs that only carry a price.
    start
        Labels to start from, 0..k-1, each grid in one piece; None to start from a tree.
    n_grids
        How many grids are wanted; None for any number.
    """

    weight: NDArray[np.int64]
    ends: NDArray[np.int32]
    price: NDArray[np.float64]
    soft_ends: NDArray[np.int32]
    soft_price: NDArray[np.float64]
    xy: NDArray[np.float64] | None
    start: NDArray[np.int32] | None = None
    n_grids: int | None = None


Ticker = Callable[[float], bool]
#: Told the atoms of each grid out of range; says whether every one of them is bound to be.
Hopeless = Callable[[list[NDArray[np.int64]]], bool]


class Solver:
    """Arrays of the kernels for one component, and the schedule that drives them."""

    def __init__(self, component: Component, lower: int, upper: int, seed: int) -> None:
        self.lower, self.upper = lower, upper
        self.graph = _graph(component, upper)
        self.numbers = _numbers(lower, upper, component.n_grids)
        n = len(component.weight)
        self.plan = _plan(n)
        self.bench = _bench(self.graph, n, int(self.numbers[kernels.DP_UPPER]))
        mixed = np.random.SeedSequence([seed, n]).generate_state(1, np.uint64)
        self.state = np.maximum(mixed, 1)
        self.best: NDArray[np.int32] = np.zeros(n, np.int32)
        self.best_score = (np.inf, np.inf)
        self.warm = False

    def begin(self, start: NDArray[np.int32] | None) -> None:
        """Load a plan to start from, or cut a tree."""
        if start is None:
            kernels.start_from_tree(self.graph, self.plan, self.bench, self.numbers, self.state)
        else:
            kernels.load(self.graph, self.plan, start, self.numbers)
        self._keep_if_best()
        bad, grids = int(self.plan.counts[kernels.BAD]), int(self.plan.counts[kernels.GRIDS])
        self.warm = start is not None and bad <= MOSTLY_GOOD * grids

    def run(self, effort: Effort, tick: Ticker, hopeless: Hopeless) -> None:
        """Anneal, then repair while grids are out of range; ``tick`` takes the share done and says whether to go on."""
        expected = max(2.0, 2.0 * float(self.graph.atoms.weight.sum()) / (self.lower + self.upper))
        steps = max(200, int(expected * effort.moves_per_grid))
        if expected <= FEW_GRIDS:
            steps = max(steps, int(min(2 * steps, MOVES_FOR_FEW)))
        going = self._settle(effort, steps, tick) if self.warm else self._anneal(effort, steps, tick)
        for attempt in range(effort.attempts):
            going = going and self._repair(effort, steps, tick, hopeless)
            self._restore()
            bad = self._out_of_range()
            if not going or not bad or hopeless(bad) or attempt == effort.attempts - 1:
                return
            if expected <= FEW_GRIDS:
                kernels.start_from_tree(self.graph, self.plan, self.bench, self.numbers, self.state)
                going = self._anneal(effort, steps, lambda _: tick(1.0))

    def _anneal(self, effort: Effort, steps: int, tick: Ticker) -> bool:
        """Cool slowly; return whether to go on."""
        chunks = int(np.clip(steps * effort.flips_per_move / 40_000, 12, 60))
        for i in range(chunks):
            hot, cold = (effort.hot * (effort.cold / effort.hot) ** ((i + d) / chunks) for d in (0, 1))
            self._search(steps // chunks, effort.flips_per_move, effort.wide, 0.25, hot, cold)
            if not tick((i + 1) / chunks):
                return False
        self._search(steps // chunks, 2 * effort.flips_per_move, 0.0, 0.0, 0.0, 0.0)
        return True

    def _settle(self, effort: Effort, steps: int, tick: Ticker) -> bool:
        """Change only what is cheaper at once, and what being out of range forces; return whether to go on."""
        for i in range(4):
            self._search(steps // 8, effort.flips_per_move, 0.1, 0.9, effort.cold, 0.0, repair=True)
            self._search(steps // 40, effort.flips_per_move, 0.0, 0.0, 0.0, 0.0)
            if not tick((i + 1) / 4):
                return False
        return True

    def _repair(self, effort: Effort, steps: int, tick: Ticker, hopeless: Hopeless) -> bool:
        """Redraw around the grids out of range, hotter every other round, and polish; return whether to go on."""
        for i in range(effort.repairs):
            bad = int(self.plan.counts[kernels.BAD])
            if bad == 0 or (i in (0, 3) and hopeless(self._out_of_range())):
                return True
            moves = effort.moves_per_repair * min(bad, 20)
            heat = effort.hot * (2.0 if i % 2 == 0 else 8.0)
            self._search(moves, 10, 0.5, 0.6, heat, effort.cold, repair=True)
            self._search(min(steps, moves) // 4, effort.flips_per_move, 0.1, 0.3, effort.cold * 4, 0.0)
            if not tick(1.0):
                return False
        return True

    def _search(
        self, steps: int, flips: int, wide: float, focus: float, hot: float, cold: float, *, repair: bool = False
    ) -> None:
        kernels.search(
            self.graph, self.plan, self.bench, self.numbers, steps, flips, wide, focus, hot, cold, repair, self.state
        )
        self._keep_if_best()

    def _out_of_range(self) -> list[NDArray[np.int64]]:
        grids = self.plan.grids.bad[: self.plan.counts[kernels.BAD]]
        return [np.flatnonzero(self.plan.label == grid) for grid in np.sort(grids)]

    def _keep_if_best(self) -> None:
        wrong, energy = kernels.total_energy(self.graph, self.plan, self.numbers)
        score = (float(wrong), float(energy))
        if score < self.best_score:
            self.best_score = score
            self.best = self.plan.label.copy()

    def _restore(self) -> None:
        _, compact = np.unique(self.best, return_inverse=True)
        kernels.load(self.graph, self.plan, compact.astype(np.int32), self.numbers)

    @property
    def moves(self) -> int:
        """Moves and flips accepted or tried so far."""
        return int(self.plan.counts[kernels.MOVES] + self.plan.counts[kernels.FLIPS])


def solve(
    component: Component,
    lower: int,
    upper: int,
    seed: int,
    effort: Effort,
    tick: Ticker,
    hopeless: Hopeless = lambda bad: False,
) -> tuple[NDArray[np.int32], int]:
    """Return the best plan found for one component and how many changes were made on the way."""
    solver = Solver(component, lower, upper, seed)
    solver.begin(component.start)
    solver.run(effort, tick, hopeless)
    return solver.plan.label.copy(), solver.moves


def deadline_ticker(tick: Ticker | None, until: float | None) -> Ticker:
    """Return a ticker that also stops at a time of the monotonic clock."""

    def go_on(share: float) -> bool:
        if tick is not None and not tick(share):
            return False
        return until is None or time.monotonic() < until

    return go_on


def _numbers(lower: int, upper: int, n_grids: int | None) -> NDArray[np.float64]:
    grain = max(1, -(-upper // MAX_TABLE))
    numbers = np.zeros(9)
    numbers[kernels.LOWER], numbers[kernels.UPPER] = lower, upper
    numbers[kernels.BAD_GRID] = BAD_GRID_PRICE
    numbers[kernels.BAD_HOUSEHOLD] = BAD_RANGE_PRICE / lower
    numbers[kernels.COMPACTNESS] = COMPACTNESS_PRICE
    numbers[kernels.WANTED], numbers[kernels.MISCOUNT] = n_grids or 0, MISCOUNT_PRICE
    numbers[kernels.DP_LOWER], numbers[kernels.DP_UPPER] = -(-lower // grain), upper // grain
    return numbers


def _graph(component: Component, upper: int) -> Graph:
    n = len(component.weight)
    ends = np.vstack([component.ends, component.soft_ends])
    price = np.r_[component.price, component.soft_price]
    hard = np.r_[np.ones(len(component.ends), bool), np.zeros(len(component.soft_ends), bool)]
    a, b = np.r_[ends[:, 0], ends[:, 1]], np.r_[ends[:, 1], ends[:, 0]]
    order = np.lexsort((b, a))
    start = np.r_[0, np.cumsum(np.bincount(a, minlength=n))].astype(np.int32)
    grain = max(1, -(-upper // MAX_TABLE))
    atoms = _rows(n, kernels.ATOM)
    atoms.start, atoms.stop = start[:-1], start[1:]
    atoms.weight, atoms.coarse = component.weight, np.rint(component.weight / grain)
    atoms.x, atoms.y = _spaced(component)
    arcs = _rows(len(a), kernels.ARC)
    arcs.near, arcs.hard, arcs.price = b[order], np.r_[hard, hard][order], np.r_[price, price][order]
    return Graph(atoms, arcs, np.ascontiguousarray(component.ends.ravel(), dtype=np.int32))


def _spaced(component: Component) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates in units of the median edge, about the middle; all zero when there are none."""
    n = len(component.weight)
    if component.xy is None or len(component.ends) == 0:
        return np.zeros(n), np.zeros(n)
    far = np.hypot(*(component.xy[component.ends[:, 0]] - component.xy[component.ends[:, 1]]).T)
    unit = float(np.median(far))
    if unit <= 0:
        return np.zeros(n), np.zeros(n)
    place = (component.xy - component.xy.mean(axis=0)) / unit
    return np.ascontiguousarray(place[:, 0]), np.ascontiguousarray(place[:, 1])


def _rows(n: int, fields: np.dtype[np.void]) -> Any:
    return np.zeros(n, fields).view(np.recarray)


def _plan(n: int) -> Plan:
    return Plan(np.zeros(n, np.int32), _rows(n, kernels.LINK), _rows(n, kernels.GRID), np.zeros(5, np.int64))


def _bench(graph: Graph, n: int, table_upper: int) -> Bench:
    # One table per atom and one per tree edge, none longer than the limit or than all households.
    longest = int(min(table_upper, graph.atoms.coarse.sum())) + 1
    room = int(np.minimum(graph.atoms.coarse, table_upper).sum()) + n + n * longest
    return Bench(
        nodes=_rows(n, kernels.NODE),
        edges=_rows(len(graph.arcs) // 2, kernels.EDGE),
        link=np.zeros(4 * n, np.int32),
        table=np.empty(room, np.float32),
        local=np.full(n, -1, np.int32),
        stamp=np.zeros(n, np.int32),
    )
