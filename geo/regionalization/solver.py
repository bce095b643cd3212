"""The search for one connected component: a tree cut to start from, then annealing, then repair of what is left."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from geo.regionalization import kernels
from geo.regionalization.coarsening import coarsen
from geo.regionalization.component import Component
from geo.regionalization.kernels import Bench, Graph, Plan
from geo.regionalization.regions import draw_regions, subgraph

#: Regions searched at once; the plan does not depend on it.
THREADS = numba.get_num_threads()

#: Tables of the dynamic program have one entry per household up to the upper limit; above this they are coarsened.
MAX_TABLE = 4000

#: Prices in units of the mean border edge. A grid out of range outweighs any border and any barrier.
BAD_GRID_PRICE = 400.0
BAD_RANGE_PRICE = 60.0
COMPACTNESS_PRICE = 0.01
#: Above a grid out of range, so that the search gets the number first and the range then; of the plans it has met, one
#: in range is kept before one with the wanted number.
MISCOUNT_PRICE = 2000.0


@dataclass(frozen=True)
class Rules:
    """Limits and prices, alike for all components.

    Attributes
    ----------
    compactness
        1 for the house's own price.
    each
        What every grid costs, in mean border edges.
    move
        What each household that leaves the grid that it started in costs.
    limits
        See ``kernels.Graph``.
    """

    lower: int
    upper: int
    compactness: float = 1.0
    each: float = 0.0
    move: float = 0.0
    limits: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 4)))

    def numbers(self, n_grids: int | None) -> NDArray[np.float64]:
        """Return the row of numbers that the kernels take."""
        grain = max(1, -(-self.upper // MAX_TABLE))
        numbers = np.zeros(11)
        numbers[kernels.LOWER], numbers[kernels.UPPER] = self.lower, self.upper
        numbers[kernels.BAD_GRID] = BAD_GRID_PRICE
        numbers[kernels.BAD_HOUSEHOLD] = BAD_RANGE_PRICE / self.lower
        numbers[kernels.COMPACTNESS] = COMPACTNESS_PRICE * self.compactness
        numbers[kernels.WANTED], numbers[kernels.MISCOUNT] = n_grids or 0, MISCOUNT_PRICE
        numbers[kernels.DP_LOWER], numbers[kernels.DP_UPPER] = -(-self.lower // grain), self.upper // grain
        numbers[kernels.EACH], numbers[kernels.MOVE] = self.each, self.move
        return numbers


#: A component of up to this many grids is searched longer, up to so many moves, and from the start again when it fails.
FEW_GRIDS, MOVES_FOR_FEW = 80, 3000
#: A plan in force with at most this share of grids out of range is repaired, one with more is drawn anew.
MOSTLY_GOOD = 0.4
#: Above this many grids a component is searched in regions of about ``REGION_GRIDS``.
WHOLE_GRIDS, REGION_GRIDS = 200, 120
#: Clusters of the first, coarse search hold at most this share of the upper limit.
CLUSTER_SHARE = 0.1


@dataclass(frozen=True)
class Stage:
    """One annealing.

    Attributes
    ----------
    moves_per_grid
        Splits and redraws for each grid that the component needs.
    flips_per_move
        Single atoms offered across a border after each of them.
    wide
        Share of moves that redraw three to five grids.
    hot, cold
        First and last temperature, in mean border edges.
    rounds
        How often regions are drawn anew, where there are several.
    """

    moves_per_grid: int
    flips_per_move: int
    wide: float
    hot: float
    cold: float
    rounds: int


@dataclass(frozen=True)
class Effort:
    """How long to search.

    Attributes
    ----------
    coarse, fine
        Annealing of clusters, then of atoms.
    repairs, moves_per_repair
        Rounds of repair while grids stay out of range, and moves in each for every such grid.
    attempts
        How often to begin anew, or to repair on where the component is big, while grids stay out of range.
    patch
        Whether to change the plan in force only where something is wrong.
    """

    coarse: Stage = Stage(400, 10, 0.3, 4.0, 0.2, 12)
    fine: Stage = Stage(60, 40, 0.15, 0.5, 0.05, 10)
    repairs: int = 8
    moves_per_repair: int = 500
    attempts: int = 3
    patch: bool = False


EFFORTS = {
    "polished": Effort(),
    "draft": Effort(
        coarse=Stage(40, 5, 0.15, 2.0, 0.2, 4), fine=Stage(8, 20, 0.05, 0.2, 0.05, 3), repairs=4, attempts=1
    ),
    "repair": Effort(attempts=1, patch=True),
}

Ticker = Callable[[float], bool]
#: Told the atoms of each grid out of range; says whether every one of them is bound to be.
Hopeless = Callable[[list[NDArray[np.int64]]], bool]
#: Takes labels, returns labels with fewer grids out of range where an exact search finds some.
Mender = Callable[[NDArray[np.int64]], NDArray[np.int64]]


class Solver:
    """Arrays of the kernels for one graph, and the best plan met."""

    def __init__(self, graph: Graph, numbers: NDArray[np.float64], seed: Sequence[int]) -> None:
        self.graph, self.numbers = graph, numbers
        n = len(graph.atoms)
        self.plan = _plan(n, graph.extra.shape[1])
        self.bench = _bench(graph, n, int(numbers[kernels.DP_UPPER]))
        self.state = np.maximum(np.random.SeedSequence([*seed, n]).generate_state(1, np.uint64), 1)
        self.best: NDArray[np.int32] = np.zeros(n, np.int32)
        self.best_score = (np.inf, np.inf)

    def begin(self, start: NDArray[np.int32] | None) -> None:
        """Load a plan to start from, or cut a tree."""
        if start is None:
            kernels.start_from_tree(self.graph, self.plan, self.bench, self.numbers, self.state)
        else:
            kernels.load(self.graph, self.plan, start, self.numbers)
        self.keep_if_best()

    def anneal(self, stage: Stage, steps: int, tick: Ticker) -> bool:
        """Cool slowly; return whether to go on."""
        chunks = int(np.clip(steps * stage.flips_per_move / 40_000, 12, 60))
        for i in range(chunks):
            hot, cold = (_heat(stage, (i + d) / chunks) for d in (0, 1))
            self.search(max(1, steps // chunks), stage.flips_per_move, stage.wide, 0.25, hot, cold)
            if not tick((i + 1) / chunks):
                return False
        self.search(max(1, steps // chunks), 2 * stage.flips_per_move, 0.0, 0.0, 0.0, 0.0)
        return True

    def patch(self, effort: Effort, steps: int, tick: Ticker) -> bool:
        """Bring the plan in force back into range by the smallest change; return whether to go on."""
        cold, flips = effort.fine.cold, effort.fine.flips_per_move
        for i in range(6):
            bad = int(self.plan.counts[kernels.BAD])
            if bad == 0:
                break
            self.search(200 * bad, 0, 0.1, 1.0, (2.0, 20.0)[i % 2], cold, repair=True)
            if not tick((i + 1) / 7):
                return False
        # Whatever moved without need comes back.
        self.search(steps // 4, flips, 0.02, 0.0, 0.0, 0.0)
        return tick(1.0)

    def settle(self, effort: Effort, steps: int, tick: Ticker) -> bool:
        """Change only what is cheaper at once, and what being out of range forces; return whether to go on."""
        cold, flips = effort.fine.cold, effort.fine.flips_per_move
        for i in range(4):
            self.search(steps // 8, flips, 0.1, 0.9, cold, 0.0, repair=True)
            self.search(steps // 40, flips, 0.0, 0.0, 0.0, 0.0)
            if not tick((i + 1) / 4):
                return False
        return True

    def repair(self, effort: Effort, steps: int, tick: Ticker, hopeless: Hopeless) -> bool:
        """Redraw around the grids out of range, hotter every other round, and polish; return whether to go on."""
        stage = effort.fine
        for i in range(effort.repairs):
            bad = int(self.plan.counts[kernels.BAD])
            if bad == 0 or (i in (0, 3) and self.all_hopeless(hopeless)):
                return True
            moves = effort.moves_per_repair * min(bad, 20)
            heat = 2.0 if i % 2 == 0 else 8.0
            self.search(moves, 10, 0.5, 0.6, heat, stage.cold, repair=True)
            self.search(min(steps, moves) // 4, stage.flips_per_move, 0.1, 0.3, stage.cold * 4, 0.0)
            if not tick(1.0):
                return False
        return True

    def search(
        self, steps: int, flips: int, wide: float, focus: float, hot: float, cold: float, *, repair: bool = False
    ) -> None:
        """Run the kernel, and keep the plan if it is the best so far."""
        kernels.search(
            self.graph, self.plan, self.bench, self.numbers, steps, flips, wide, focus, hot, cold, repair, self.state
        )
        self.keep_if_best()

    def mend(self, mender: Mender, stage: Stage, steps: int) -> None:
        """Let grids out of range of the best plan be mended exactly, and polish what that has changed."""
        labels = self.restore()
        if self.plan.counts[kernels.BAD]:
            mended = mender(labels.astype(np.int64)).astype(np.int32)
            if (mended != labels).any():
                kernels.load(self.graph, self.plan, mended, self.numbers)
                self.keep_if_best()
                self.search(max(1, steps // 8), stage.flips_per_move, 0.0, 0.0, 0.0, 0.0)

    def out_of_range(self) -> list[NDArray[np.int64]]:
        """Return the atoms of each grid whose households are out of range."""
        grids = self.plan.grids.bad[: self.plan.counts[kernels.BAD]]
        weight = self.plan.grids.weight[grids]
        grids = grids[(weight < self.numbers[kernels.LOWER]) | (weight > self.numbers[kernels.UPPER])]
        return [np.flatnonzero(self.plan.label == grid) for grid in np.sort(grids)]

    def all_hopeless(self, hopeless: Hopeless) -> bool:
        """Whether nothing can be mended: every grid that is wrong is out of range, and proved to be."""
        bad = self.out_of_range()
        return len(bad) == self.plan.counts[kernels.BAD] and hopeless(bad)

    def keep_if_best(self) -> None:
        """Remember the plan if none was better: first by how far out of range it is, then by its whole price."""
        wrong, energy = kernels.total_energy(self.graph, self.plan, self.numbers)
        score = (float(wrong), float(energy))
        if score < self.best_score:
            self.best_score = score
            self.best = self.plan.label.copy()

    def restore(self) -> NDArray[np.int32]:
        """Go back to the best plan; return its labels, 0..k-1."""
        grids, at = np.unique(self.best, return_inverse=True)
        labels = at.astype(np.int32)
        number = np.full(len(labels) + 1, -1, np.int32)
        number[grids] = np.arange(len(grids))
        self.graph.atoms.home = number[self.graph.atoms.home]
        self.best = labels
        kernels.load(self.graph, self.plan, labels, self.numbers)
        return labels

    @property
    def moves(self) -> int:
        """Moves and flips accepted or tried so far."""
        return int(self.plan.counts[kernels.MOVES] + self.plan.counts[kernels.FLIPS])


class Search:
    """The whole search of one component: coarse, fine, and repair of what is left out of range."""

    def __init__(self, component: Component, rules: Rules, seed: int, effort: Effort) -> None:
        self.component, self.seed, self.effort = component, seed, effort
        self.numbers = rules.numbers(component.n_grids)
        self.expected = max(2.0, 2.0 * float(component.weight.sum()) / (rules.lower + rules.upper))
        self.rules = rules
        self.target = (rules.lower + rules.upper) / 2
        self.whole = self.expected <= WHOLE_GRIDS or component.n_grids is not None
        self.graph = graph_of(component, rules)
        self.moves = 0

    def run(self, tick: Ticker, hopeless: Hopeless, mender: Mender) -> NDArray[np.int32]:
        """Return the best labels met."""
        start, effort = self.component.start, self.effort
        going = True
        if start is None:
            start, going = self._from_scratch(0, tick)
        solver = Solver(self.graph, self.numbers, [self.seed])
        solver.begin(start)
        steps = self._steps(effort.fine)
        if self.component.start is not None:
            bad, grids = int(solver.plan.counts[kernels.BAD]), int(solver.plan.counts[kernels.GRIDS])
            if effort.patch:
                going = solver.patch(effort, steps, tick)
            elif bad <= MOSTLY_GOOD * grids:
                going = solver.settle(effort, steps, tick)
            else:
                going = solver.anneal(replace(effort.fine, hot=1.0), 2 * steps, tick)
        for attempt in range(effort.attempts):
            if going:
                solver.mend(mender, effort.fine, steps)
                going = solver.repair(effort, steps, tick, hopeless)
            if going:
                solver.mend(mender, effort.fine, steps)
            solver.restore()
            wrong = int(solver.plan.counts[kernels.BAD])
            if not going or not wrong or solver.all_hopeless(hopeless) or attempt == effort.attempts - 1:
                break
            if self.expected <= FEW_GRIDS:
                again, going = self._from_scratch(attempt + 1, lambda _: tick(1.0))
                kernels.load(self.graph, solver.plan, again, self.numbers)
                solver.keep_if_best()
        self.moves += solver.moves
        return solver.plan.label.copy()

    def _from_scratch(self, attempt: int, tick: Ticker) -> tuple[NDArray[np.int32], bool]:
        """Anneal clusters, then atoms; return labels and whether to go on."""
        coarse, cluster = coarsen(
            self.component, int(CLUSTER_SHARE * self.rules.upper), np.random.default_rng([self.seed, attempt])
        )
        stages = self.effort.coarse, self.effort.fine
        first = self._anneal(graph_of(coarse, self.rules), None, stages[0], [attempt, 0], lambda x: tick(0.5 * x))
        labels, going = first[0][cluster], first[1]
        if going:
            labels, going = self._anneal(self.graph, labels, stages[1], [attempt, 1], lambda x: tick(0.5 + 0.5 * x))
        return labels, going

    def _anneal(
        self, graph: Graph, start: NDArray[np.int32] | None, stage: Stage, key: list[int], tick: Ticker
    ) -> tuple[NDArray[np.int32], bool]:
        if self.whole:
            solver = Solver(graph, self.numbers, [self.seed, *key])
            solver.begin(start)
            going = solver.anneal(stage, self._steps(stage), tick)
            self.moves += solver.moves
            return solver.restore(), going
        return self._anneal_regions(graph, start, stage, key, tick)

    def _steps(self, stage: Stage) -> int:
        steps = max(200, int(self.expected * stage.moves_per_grid))
        if self.expected <= FEW_GRIDS:
            steps = max(steps, int(min(2 * steps, MOVES_FOR_FEW)))
        return steps

    def _anneal_regions(
        self, graph: Graph, start: NDArray[np.int32] | None, stage: Stage, key: list[int], tick: Ticker
    ) -> tuple[NDArray[np.int32], bool]:
        n = len(graph.atoms)
        labels = np.arange(n, dtype=np.int32) if start is None else start
        with ThreadPoolExecutor(THREADS) as pool:
            for turn in range(stage.rounds):
                rng = np.random.default_rng([self.seed, *key, turn])
                region = draw_regions(graph, labels, REGION_GRIDS * self.target, rng)
                heats = [_heat(stage, (turn + d) / stage.rounds) for d in (0, 1)]
                parts = _parts(region)
                local = np.empty(n, np.int32)
                for part in parts:
                    local[part] = np.arange(len(part))
                fresh = start is None and turn == 0

                def work(
                    at: int,
                    parts: Any = parts,
                    region: Any = region,
                    local: Any = local,
                    heats: Any = heats,
                    fresh: bool = fresh,
                    turn: int = turn,
                    labels: Any = labels,
                ) -> tuple[Any, int]:
                    return self._search_region(
                        subgraph(graph, parts[at], region, local),
                        None if fresh else _compact(labels[parts[at]]),
                        stage,
                        (heats[0], heats[1]),
                        [self.seed, *key, turn, at],
                    )

                following = np.empty(n, np.int32)
                taken = 0
                for at, (found, moves) in enumerate(pool.map(work, range(len(parts)))):
                    following[parts[at]] = found + taken
                    taken += int(found.max()) + 1
                    self.moves += moves
                labels = following
                if not tick((turn + 1) / stage.rounds):
                    return labels, False
        return labels, True

    def _search_region(
        self,
        graph: Graph,
        start: NDArray[np.int32] | None,
        stage: Stage,
        heats: tuple[float, float],
        seed: list[int],
    ) -> tuple[NDArray[np.int32], int]:
        solver = Solver(graph, self.numbers, seed)
        solver.begin(start)
        grids = float(graph.atoms.weight.sum()) / self.target
        steps = int(grids * stage.moves_per_grid / stage.rounds)
        solver.search(steps, stage.flips_per_move, stage.wide, 0.25, *heats)
        return _compact(solver.plan.label), solver.moves


def _heat(stage: Stage, share: float) -> float:
    return float(stage.hot * (stage.cold / stage.hot) ** share)


def _parts(region: NDArray[np.int32]) -> list[NDArray[np.int64]]:
    order = np.argsort(region, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(region[order])) + 1)


def _compact(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.unique(labels, return_inverse=True)[1].astype(np.int32)


def solve(
    component: Component,
    rules: Rules,
    seed: int,
    effort: Effort,
    tick: Ticker,
    hopeless: Hopeless = lambda bad: False,
    mender: Mender = lambda labels: labels,
) -> tuple[NDArray[np.int32], int]:
    """Return the best plan found for one component and how many changes were made on the way."""
    search = Search(component, rules, seed, effort)
    labels = search.run(tick, hopeless, mender)
    return labels, search.moves


def deadline_ticker(tick: Ticker | None, until: float | None) -> Ticker:
    """Return a ticker that also stops at a time of the monotonic clock."""

    def go_on(share: float) -> bool:
        if tick is not None and not tick(share):
            return False
        return until is None or time.monotonic() < until

    return go_on


def graph_of(component: Component, rules: Rules) -> Graph:
    """Lay out a component as the kernels want it."""
    n = len(component.weight)
    ends = np.vstack([component.ends, component.soft_ends])
    price = np.r_[component.price, component.soft_price]
    hard = np.r_[np.ones(len(component.ends), bool), np.zeros(len(component.soft_ends), bool)]
    a, b = np.r_[ends[:, 0], ends[:, 1]], np.r_[ends[:, 1], ends[:, 0]]
    order = np.lexsort((b, a))
    start = np.r_[0, np.cumsum(np.bincount(a, minlength=n))].astype(np.int32)
    grain = max(1, -(-rules.upper // MAX_TABLE))
    atoms = _rows(n, kernels.ATOM)
    atoms.start, atoms.stop = start[:-1], start[1:]
    atoms.weight, atoms.coarse = component.weight, np.rint(component.weight / grain)
    atoms.points, atoms.sx, atoms.sy, atoms.sq = component.points.T
    arcs = _rows(len(a), kernels.ARC)
    arcs.near, arcs.hard, arcs.price = b[order], np.r_[hard, hard][order], np.r_[price, price][order]
    atoms.home = -1 if component.start is None else component.start
    ends = np.ascontiguousarray(component.ends.ravel(), dtype=np.int32)
    return Graph(atoms, arcs, ends, np.ascontiguousarray(component.extra), rules.limits)


def _rows(n: int, fields: np.dtype[np.void]) -> Any:
    return np.zeros(n, fields).view(np.recarray)


def _plan(n: int, quantities: int) -> Plan:
    return Plan(
        np.zeros(n, np.int32),
        _rows(n, kernels.LINK),
        _rows(n, kernels.GRID),
        np.zeros(5, np.int64),
        np.zeros((n, quantities)),
    )


def _bench(graph: Graph, n: int, table_upper: int) -> Bench:
    # One table per atom and one per tree edge, none longer than the limit or than all households.
    longest = int(min(table_upper, graph.atoms.coarse.sum())) + 1
    room = int(np.minimum(graph.atoms.coarse, table_upper).sum()) + n + n * longest
    return Bench(
        nodes=_rows(n + 1, kernels.NODE),
        edges=_rows(len(graph.arcs) // 2, kernels.EDGE),
        link=np.zeros(4 * n, np.int32),
        table=np.empty(room, np.float32),
        local=np.full(n, -1, np.int32),
        stamp=np.zeros(n, np.int32),
        extra=np.zeros((n, graph.extra.shape[1])),
    )
