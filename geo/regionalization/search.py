"""The search for one connected component: clusters first, then atoms, then what is left out of range is mended."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numba
import numpy as np
from numpy.typing import NDArray

from geo.regionalization import kernels
from geo.regionalization.coarsening import coarsen
from geo.regionalization.component import Component
from geo.regionalization.counting import in_order, renumbered
from geo.regionalization.efforts import Effort, Rules, Stage, heat_at
from geo.regionalization.layout import Graph
from geo.regionalization.regions import draw_patches, draw_regions, subgraph
from geo.regionalization.solver import Solver, Ticker, graph_of

#: Regions searched at once; the plan does not depend on it.
THREADS = numba.get_num_threads()

#: A component of up to this many grids is searched longer, up to so many moves, and from the start again when it fails.
FEW_GRIDS, MOVES_FOR_FEW = 80, 900
#: A plan in force with at most this share of grids out of range is settled, one with more is drawn anew.
MOSTLY_GOOD = 0.4
#: Above this many grids a component is searched in regions of about ``REGION_GRIDS``.
WHOLE_GRIDS, REGION_GRIDS = 200, 120
#: Of the moves of a whole plan, how many its regions get: to cut them out and put them back takes the rest of the time.
REGION_MOVES = 1.0
#: Temperatures that a stage goes through, at least.
COOLINGS = 12
#: Grids around one out of range that are redrawn to mend it; twice as many every other round.
PATCH_GRIDS = 30
#: How often patches of a big plan are redrawn around grids that are proved to be bound to be out of range.
HOPELESS_TURNS = 2
#: An exact search mends up to so many grids out of range; more are for annealing.
FEW_WRONG = 100
#: Flips after each split while a patch takes what makes it cheaper at once.
SMOOTHING_FLIPS = 40

Labels = NDArray[np.int32]
Atoms = NDArray[np.int64]
#: Told the atoms of each grid out of range, and whether to look for proofs; says which are proved to be bound to be.
Hopeless = Callable[[list[Atoms], bool], list[bool]]
#: Takes labels, returns labels with fewer grids out of range where an exact search finds some.
Mender = Callable[[Atoms], Atoms]


def solve(
    component: Component,
    rules: Rules,
    seed: int,
    effort: Effort,
    tick: Ticker,
    hopeless: Hopeless = lambda bad, looking: [False] * len(bad),
    mender: Mender = lambda labels: labels,
) -> tuple[Labels, int]:
    """Return the best plan found for one component and how many changes were made on the way.

    Parameters
    ----------
    tick
        Called with the share done; the search ends with the best so far when it returns False.
    """
    search = Search(component, rules, seed, effort, tick, hopeless, mender)
    return search.run(), search.moves


def deadline_ticker(tick: Ticker | None, until: float | None) -> Ticker:
    """Return a ticker that also stops at a time of the monotonic clock."""

    def go_on(share: float) -> bool:
        if tick is not None and not tick(share):
            return False
        return until is None or time.monotonic() < until

    return go_on


class Search:
    """One component on its way from a start to the best plan found.

    Labels are names: a grid keeps its number from step to step, so that households know their home.
    """

    def __init__(
        self,
        component: Component,
        rules: Rules,
        seed: int,
        effort: Effort,
        tick: Ticker,
        hopeless: Hopeless,
        mender: Mender,
    ) -> None:
        self.component, self.rules, self.seed, self.effort = component, rules, seed, effort
        self.tick, self.hopeless, self.mender = tick, hopeless, mender
        self.numbers = rules.numbers(component.n_grids)
        self.quick = rules.numbers(component.n_grids, quick=True)
        self.target = (rules.lower + rules.upper) / 2
        self.expected = max(2.0, float(component.weight.sum()) / self.target)
        self.whole = self.expected <= WHOLE_GRIDS or component.n_grids is not None
        self.graph = graph_of(component, rules)
        self.moves = 0
        self.going = True

    def run(self) -> Labels:
        """Search until nothing is out of range that could be mended, or the ticker says stop."""
        labels = self._from_scratch(0) if self.component.start is None else self._follow(self.component.start)
        for attempt in range(self.effort.attempts):
            labels = self._mend_exactly(labels, attempt)
            if not self.effort.patch:
                labels = self._mend_exactly(self._mend(labels, attempt), attempt)
            wrong = self._wrong(labels)
            if not self.going or not len(self._hopeful(labels, wrong, looking=True)):
                break
            if self.expected <= FEW_GRIDS and attempt < self.effort.attempts - 1 and not self.effort.patch:
                labels = self._better(labels, self._from_scratch(attempt + 1))
        return labels

    # ── from nothing ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _from_scratch(self, attempt: int) -> Labels:
        """Anneal clusters, drawn anew and smaller within the grids found, and last atoms."""
        rng = np.random.default_rng([self.seed, attempt])
        n = len(self.graph.atoms)
        labels, start = np.zeros(n, np.int32), None
        shares = np.linspace(0.0 if attempt == 0 else 1.0, 1.0, len(self.effort.stages) + 1)
        for number, stage in enumerate(self.effort.stages):
            graph, cluster = self.graph, np.arange(n, dtype=np.int32)
            if stage.cluster:
                clusters, cluster = coarsen(self.component, int(stage.cluster * self.rules.upper), rng, labels)
                graph = graph_of(clusters, self.rules)
            if number > 0:
                start = np.empty(len(graph.atoms), np.int32)
                start[cluster] = renumbered(labels, n)[1]
            labels = self._anneal(graph, start, stage, [attempt, number], (shares[number], shares[number + 1]))[cluster]
        return labels

    def _anneal(
        self, graph: Graph, start: Labels | None, stage: Stage, key: list[int], span: tuple[float, float]
    ) -> Labels:
        if start is not None and not self.going:
            return start
        if not self.whole:
            return self._anneal_regions(graph, start, stage, key, span)
        solver = Solver(graph, self.quick, [self.seed, *key])
        solver.begin(start)
        self.going = solver.anneal(stage, self._steps(stage), _between(self.tick, *span))
        self.moves += solver.moves
        return solver.best

    def _steps(self, stage: Stage) -> int:
        steps = max(200, int(self.expected * stage.moves_per_grid))
        if self.expected <= FEW_GRIDS:
            steps = max(steps, int(min(2 * steps, MOVES_FOR_FEW)))
        return steps

    def _anneal_regions(
        self, graph: Graph, start: Labels | None, stage: Stage, key: list[int], span: tuple[float, float]
    ) -> Labels:
        """Cool region by region, regions drawn anew for every round."""
        fresh = start is None
        labels = np.arange(len(graph.atoms), dtype=np.int32) if start is None else start
        for turn in range(stage.rounds):
            rng = np.random.default_rng([self.seed, *key, turn])
            region = draw_regions(graph, labels, REGION_GRIDS * self.target, rng)
            cooling = np.linspace(turn, turn + 1, -(-COOLINGS // stage.rounds) + 1) / stage.rounds
            heats = [heat_at(stage, share) for share in cooling]
            last = turn == stage.rounds - 1

            def work(
                solver: Solver, anew: bool = fresh and turn == 0, heats: list[float] = heats, last: bool = last
            ) -> None:
                if anew:
                    solver.begin(None)
                grids = float(solver.graph.atoms.weight.sum()) / self.target
                steps = int(grids * REGION_MOVES * stage.moves_per_grid / stage.rounds / (len(heats) - 1))
                for hot, cold in pairwise(heats):
                    solver.search(steps, stage.flips_per_move, stage.wide, 0.25, hot, cold)
                if last:
                    solver.search(steps, 2 * stage.flips_per_move, 0.0, 0.0, 0.0, 0.0)
                solver.keep()

            share = [span[0] + (span[1] - span[0]) * (turn + d) / stage.rounds for d in (0, 1)]
            tick = _between(self.tick, *share)
            # Until every region has its first grids there is no plan to stop with.
            within = _never if fresh and turn == 0 else tick
            labels = self._side_by_side(graph, labels, _parts(region), [*key, turn], work, within, self.quick)
            if within is _never:
                self.going = tick(1.0)
            if not self.going:
                break
        return labels

    # ── from the plan in force ───────────────────────────────────────────────────────────────────────────────────────

    def _follow(self, start: Labels) -> Labels:
        """Start from a plan: patch it, settle it, or where too much of it is out of range draw it anew."""
        if self.effort.patch:
            return self._come_home(self._mend(start, 0))
        stage = self.effort.stages[-1]
        if len(self._wrong(start)) <= MOSTLY_GOOD * len(np.unique(start)):
            start = self._mend(start, 0)
            stage = replace(stage, moves_per_grid=stage.moves_per_grid // 3, hot=2 * stage.cold, wide=0.05, rounds=3)
        else:
            stage = replace(stage, hot=1.0)
        return self._anneal(self.graph, start, stage, [0, 8], (0.3, 1.0))

    def _come_home(self, labels: Labels) -> Labels:
        """Let whatever moved without need move back."""
        touched = np.unique(labels[labels != self.graph.atoms.home])
        near = np.flatnonzero(np.isin(labels, touched) | np.isin(self.graph.atoms.home, touched))
        if not len(near) or not self.going:
            return labels
        return self._smoothed(labels, [near], 20, [0, 3], _never)

    # ── what is out of range ─────────────────────────────────────────────────────────────────────────────────────────

    def _mend(self, labels: Labels, attempt: int) -> Labels:
        """Redraw patches around the grids that are wrong, hotter every other round, larger as it goes on."""
        stage, patch = self.effort.stages[-1], self.effort.patch
        for turn in range(self.effort.repairs):
            wrong = self._wrong(labels)
            hopeful = self._hopeful(labels, wrong, looking=turn in (0, 3))
            # Grids bound to be out of range are redrawn too at first: sometimes fewer of them are left.
            wrong = hopeful if self.whole or turn >= HOPELESS_TURNS else wrong
            if not len(wrong) or not self.going:
                return labels
            parts = draw_patches(self.graph, labels, wrong, PATCH_GRIDS * 2 ** (turn // 2))
            heat = (2.0, 20.0 if patch else 8.0)[turn % 2]

            def work(solver: Solver, heat: float = heat) -> None:
                bad, grids = int(solver.plan.counts[kernels.BAD]), int(solver.plan.counts[kernels.GRIDS])
                moves = self.effort.moves_per_repair * min(bad, 20)
                if patch:
                    solver.search(moves, 0, 0.1, 1.0, heat, stage.cold, repair=True)
                else:
                    solver.search(moves, 10, 0.5, 0.6, heat, stage.cold, repair=True)
                    steps = min(moves, 40 * grids)
                    solver.search(steps, SMOOTHING_FLIPS, 0.1, 0.3, 4 * stage.cold, 0.0)
                solver.keep_if_best()

            labels = self._side_by_side(self.graph, labels, parts, [attempt, 4, turn], work, lambda _: self.tick(1.0))
        return labels

    def _mend_exactly(self, labels: Labels, attempt: int) -> Labels:
        """Let an exact search mend what it can, and smooth what that has changed."""
        if not self.going or not 0 < len(self._wrong(labels)) <= FEW_WRONG:
            return labels
        found = self.mender(labels.astype(np.int64))
        changed = found != labels
        if not changed.any():
            return labels
        names = np.setdiff1d(found, labels)
        unused = np.flatnonzero(np.bincount(labels, minlength=len(labels)) == 0)[: len(names)]
        new = np.isin(found, names)
        found[new] = unused[np.searchsorted(names, found[new])]
        mended = found.astype(np.int32)
        touched = np.unique(mended[changed])
        parts = draw_patches(self.graph, mended, touched, min(PATCH_GRIDS, 2 * len(touched) + 10))
        return self._smoothed(mended, parts, 10, [attempt, 5], lambda _: self.tick(1.0))

    def _smoothed(
        self, labels: Labels, parts: list[Atoms], moves_per_grid: int, key: list[int], tick: Ticker
    ) -> Labels:
        """Let parts of a plan take what makes it cheaper at once."""

        def work(solver: Solver) -> None:
            grids = int(solver.plan.counts[kernels.GRIDS])
            solver.search(moves_per_grid * grids, SMOOTHING_FLIPS, 0.0, 0.0, 0.0, 0.0)
            solver.keep_if_best()

        return self._side_by_side(self.graph, labels, parts, key, work, tick)

    def _wrong(self, labels: Labels) -> Labels:
        """Return the grids whose households or further quantities are out of their limits."""
        weight = np.bincount(labels, self.component.weight)
        wrong = (weight < self.rules.lower) | (weight > self.rules.upper)
        for limit, column in zip(self.rules.limits, self.component.extra.T, strict=True):
            amount = np.bincount(labels, column)
            wrong |= (amount < limit[kernels.LEAST] - 1e-9) | (amount > limit[kernels.MOST] + 1e-9)
        wrong &= np.bincount(labels) > 0
        return np.flatnonzero(wrong).astype(np.int32)

    def _hopeful(self, labels: Labels, wrong: Labels, *, looking: bool) -> Labels:
        """Return the grids that are wrong without being proved to be bound to be out of range."""
        weight = np.bincount(labels, self.component.weight)[wrong]
        out = (weight < self.rules.lower) | (weight > self.rules.upper)
        if not out.all() or not len(wrong):
            return wrong
        proved = self.hopeless([np.flatnonzero(labels == grid) for grid in wrong], looking)
        return np.array([grid for grid, bound in zip(wrong, proved, strict=True) if not bound], np.int32)

    def _better(self, one: Labels, other: Labels) -> Labels:
        solver = Solver(self.graph, self.numbers, [self.seed])
        for labels in (one, other):
            solver.begin(labels)
        return solver.best

    # ── side by side ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _side_by_side(
        self,
        graph: Graph,
        labels: Labels,
        parts: list[Atoms],
        key: list[int],
        work: Callable[[Solver], None],
        tick: Ticker,
        numbers: NDArray[np.float64] | None = None,
    ) -> Labels:
        """Search disjoint parts, none of which cuts a grid, and put what was found in place of what was there."""
        part_of = np.full(len(labels), -1, np.int32)
        local = np.empty(len(labels), np.int32)
        for number, members in enumerate(parts):
            part_of[members] = number
            local[members] = np.arange(len(members))
        grids = int(np.count_nonzero(np.bincount(labels)))

        def local_numbers(difference: int) -> NDArray[np.float64]:
            # Of the wanted count of grids, what is left for this part.
            local = (self.numbers if numbers is None else numbers).copy()
            if local[kernels.WANTED] > 0:
                local[kernels.WANTED] = max(1, local[kernels.WANTED] + difference)
            return local

        def search(number: int) -> tuple[Labels, Labels, int]:
            members = parts[number]
            piece = subgraph(graph, members, part_of, local)
            names, start = np.unique(labels[members], return_inverse=True)
            _rehome(piece, names)
            solver = Solver(piece, local_numbers(len(names) - grids), [self.seed, *key, number])
            solver.begin(start.astype(np.int32))
            work(solver)
            return names, solver.best, solver.moves

        following = labels.copy()
        unused = iter(np.flatnonzero(np.bincount(labels, minlength=len(labels)) == 0))
        with ThreadPoolExecutor(THREADS) as pool:
            waiting = [pool.submit(search, number) for number in range(len(parts))]
            for number, future in enumerate(waiting):
                names, found, moves = future.result()
                fresh = np.fromiter(unused, np.int64, max(0, int(found.max()) + 1 - len(names)))
                following[parts[number]] = np.r_[names, fresh][found]
                self.moves += moves
                if self.going and not tick((number + 1) / len(parts)):
                    self.going = False
                    pool.shutdown(cancel_futures=True)
                    break
        return following


def _never(share: float) -> bool:
    """A ticker that never says stop."""
    return True


def _between(tick: Ticker, begin: float, end: float) -> Ticker:
    return lambda share: tick(begin + (end - begin) * share)


def _parts(region: Labels) -> list[Atoms]:
    order = in_order(region, int(region.max(initial=-1)) + 1)
    return np.split(order, np.flatnonzero(np.diff(region[order])) + 1)


def _rehome(graph: Graph, names: Labels) -> None:
    """Say homes in the numbers of a part; homes outside of it are nothing to keep there."""
    at = np.searchsorted(names, graph.atoms.home)
    at[at == len(names)] = 0
    graph.atoms.home = np.where(names[at] == graph.atoms.home, at, -1)
