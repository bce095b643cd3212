"""Several networks of old grids that lie over each other, merged into one.

Atoms that no old layer divides are blocks. Blocks are joined to grids first, each whole where its households allow
it, at a price for every household that is parted from others of its old grid. Then the plan is repaired building by
building, and where that does not bring it into range the pocket is drawn afresh; at last more households are brought
together (``reuniting.py``). Of several such plans the best is kept, and its measures and reasons are those of any
other plan. A plan drawn afresh is a start as well where no other is in range.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.regionalization.communities import OldNetwork
from geo.regionalization.continuity import old_grids
from geo.regionalization.engine import Progress, regionalize
from geo.regionalization.old_layers import OldLayer, agreement, checked_layers
from geo.regionalization.outcome import Locks, Prices, Regionalization
from geo.regionalization.problem import Problem, check_problem, pieces
from geo.regionalization.reuniting import reunite, upset

#: Parting a full grid's households from as many that shared an old grid with them in every layer, in mean borders.
#: Of 0 to 60 tried on towns with two layers: above it few more households stay together, and grids get ragged.
PARTING_PRICE = 6.0
#: Plans are followed from several starts, but no more than so many, while they have so many grids in all.
MOST_STARTS, GRIDS_FOR_ONE_START = 3, 60
#: How many grids around one out of range are drawn afresh with it, counted in steps from grid to grid.
POCKET_REACHES = (2, 4)


def merge(
    households: ArrayLike,
    edges: ArrayLike,
    boundary_cost: ArrayLike,
    layers: Sequence[OldLayer],
    *,
    lower: int,
    upper: int,
    xy: ArrayLike | None = None,
    barrier: ArrayLike | None = None,
    locks: Locks | None = None,
    previous: ArrayLike | None = None,
    seed: int = 0,
    time_limit: float | None = None,
    progress: Progress | None = None,
    prices: Prices | None = None,
    **asked: Any,
) -> Regionalization:
    """Assign atoms to grids in range that keep the households of each layer's old grids together.

    The order of the layers does not matter. Barriers come before old grids: no block reaches across one. Without
    layers it is :func:`~geo.regionalization.engine.regionalize`.

    Parameters
    ----------
    households, edges, boundary_cost, lower, upper, xy, barrier, locks, seed, time_limit, progress
        As for :func:`~geo.regionalization.engine.regionalize`.
    previous
        The plan in force, which matters only where there are no layers.
    prices
        ``stability`` says how dear parting households is; with 0 the layers do not matter.
    asked
        Whatever else :func:`~geo.regionalization.engine.regionalize` is asked for.

    Returns
    -------
    Regionalization
        ``households_moved`` is not among the metrics: :func:`geo.regionalization.keeping.keeping` counts them.

    Raises
    ------
    BoundsError
        A number is out of what is allowed, such as a weight below 0.
    InputError
        A layer says something of another number of atoms, or two layers have the same name.
    """
    prices, quantities = prices or Prices(), asked.get("quantities", ())
    problem = check_problem(
        households, edges, boundary_cost, lower, upper, xy, barrier, None, locks, prices, quantities
    )
    layers = checked_layers(layers, len(problem.households))
    asked |= {"xy": xy, "barrier": barrier, "locks": locks, "lower": lower, "upper": upper, "seed": seed}
    asked["prices"] = prices
    if not layers or prices.stability == 0:
        asked |= {"previous": previous, "time_limit": time_limit, "progress": progress}
        return regionalize(households, edges, boundary_cost, **asked)
    asked["barrier"] = problem.barrier
    run = _Run(asked, None if time_limit is None else time.monotonic() + time_limit, progress)
    begun = time.monotonic()
    labels = _best_plan(problem, layers, run)
    found = run.regionalize(problem, 1.0, previous=labels, effort="repair")
    metrics = {name: value for name, value in found.metrics.items() if name != "households_moved"}
    metrics["seconds"] = time.monotonic() - begun
    metrics["iterations"] = float(run.iterations)
    metrics["cancelled"] = float(run.stopped)
    return replace(found, metrics=metrics)


def atom_layers(atoms: pd.DataFrame, networks: Sequence[OldNetwork]) -> list[OldLayer]:
    """Turn old networks by codes into layers by atom.

    Parameters
    ----------
    atoms
        Columns ``building`` and ``stairwell``, as for :func:`~geo.regionalization.continuity.old_grids`.
    """
    return [
        OldLayer(network.name, pd.factorize(old_grids(atoms, network.grids))[0].astype(np.int64), network.weight)
        for network in networks
    ]


def blocks(problem: Problem, layers: Sequence[OldLayer]) -> NDArray[np.int64]:
    """Number what no layer, no barrier and no limit divides; each block hangs together.

    A block has the same old grid in each layer for all of its atoms. Atoms of a block with more households than
    ``upper`` are blocks of their own, as are those that no layer knows.
    """
    uncut = problem.barrier == 0
    for layer in layers:
        ends = np.asarray(layer.labels)[problem.edges]
        uncut &= ends[:, 0] == ends[:, 1]
    uncut &= agreement(problem.edges, layers) > 0
    block = pieces(len(problem.households), problem.edges[uncut]).astype(np.int64)
    too_big = (np.bincount(block, problem.households) > problem.upper)[block]
    block[too_big] = len(block) + np.flatnonzero(too_big)
    numbered: NDArray[np.int64] = np.unique(block, return_inverse=True)[1]
    return numbered


@dataclass
class _Run:
    """What all steps share: what was asked for, the time there is, and how far the work is.

    Attributes
    ----------
    asked
        Options of :func:`~geo.regionalization.engine.regionalize`.
    until
        Time of the monotonic clock at which to end.
    done
        The share of the whole work that is done; it never goes back.
    """

    asked: dict[str, Any]
    until: float | None
    progress: Progress | None
    done: float = 0.0
    stopped: bool = False
    iterations: int = 0

    @property
    def going(self) -> bool:
        """Whether there is time left and nobody said stop."""
        return not self.stopped and (self.until is None or time.monotonic() < self.until)

    def part(self, end: float) -> Callable[[float], bool]:
        """Return the progress of a step after which the share ``end`` of the work is done."""
        begin = self.done

        def tell(share: float) -> bool:
            self.done = max(self.done, end if share >= 1 else begin + (end - begin) * share)
            if self.progress is not None and not self.stopped:
                self.stopped = self.progress(self.done) is False
            return self.going

        return tell

    def regionalize(self, problem: Problem, end: float, **more: Any) -> Regionalization:
        """Draw on the true ground."""
        return self.solve(end, problem.households, problem.edges, problem.cost, **self.asked | more)

    def solve(self, end: float, *ground: ArrayLike, **options: Any) -> Regionalization:
        """Run the engine, for no more than half of the time there is left: it may take all that it is given."""
        left = None if self.until is None else max(0.0, self.until - time.monotonic()) / 2
        found = regionalize(*ground, **options, time_limit=left, progress=self.part(end))
        self.iterations += int(found.metrics["iterations"])
        return found


def _best_plan(problem: Problem, layers: Sequence[OldLayer], run: _Run) -> NDArray[np.int64]:
    """Follow the old grids from several starts; draw afresh only where none comes into range."""
    block, seed = blocks(problem, layers), run.asked["seed"]
    expected = 2 * problem.households.sum() / (problem.lower + problem.upper)
    starts = int(np.clip(GRIDS_FOR_ONE_START // max(1.0, expected), 1, MOST_STARTS))
    best: NDArray[np.int64] | None = None
    open_reasons = 0
    for number in range(starts + 1):
        if best is not None and (not run.going or (number == starts and not open_reasons)):
            break
        share = 0.9 / (starts + 1)
        if number < starts:
            joined = _join_blocks(problem, layers, block, seed + number, run, run.done + 0.3 * share)
            found = run.regionalize(
                problem, run.done + 0.3 * share, previous=joined.labels[block], effort="repair", seed=seed + number
            )
            found = _rescued(problem, found, run)
            open_reasons = _unproved(found) if number == 0 else min(open_reasons, _unproved(found))
        else:
            # Range comes before old grids: a search that nothing holds may find what one from whole blocks does not.
            found = run.regionalize(problem, run.done + 0.5 * share)
        labels = found.labels
        if run.going:
            labels = reunite(problem, layers, labels, seed=seed, go_on=run.part(run.done + 0.4 * share))
        if best is None or upset(problem, layers, labels) < upset(problem, layers, best):
            best = labels
    assert best is not None
    return best


def _unproved(found: Regionalization) -> int:
    return sum(not reason.proved for reason in found.reasons.values())


def _rescued(problem: Problem, found: Regionalization, run: _Run) -> Regionalization:
    """Draw afresh around grids out of range, wider and wider, and keep the rest as it is."""
    for reach in POCKET_REACHES:
        if not _unproved(found) or not run.going:
            break
        grid = np.zeros(int(found.labels.max()) + 1, bool)
        grid[[number for number, reason in found.reasons.items() if not reason.proved]] = True
        ends = found.labels[problem.edges]
        for _ in range(reach):
            touched = grid[ends].any(axis=1)
            grid[ends[touched].ravel()] = True
        pocket = grid[found.labels] & (problem.frozen < 0)
        if pocket.all():
            break
        locks = replace(run.asked["locks"] or Locks(), fixed=np.where(pocket, -1, found.labels))
        drawn = run.regionalize(problem, run.done, locks=locks, effort="polished").labels
        tried = run.regionalize(problem, run.done, previous=drawn, effort="repair")
        if len(tried.reasons) < len(found.reasons):
            found = tried
    return found


def _join_blocks(
    problem: Problem,
    layers: Sequence[OldLayer],
    block: NDArray[np.int64],
    seed: int,
    run: _Run,
    end: float,
) -> Regionalization:
    """Divide blocks into grids; a border between blocks of one old grid costs by the households that it parts."""
    n_blocks = int(block.max(initial=-1)) + 1
    ends = np.sort(block[problem.edges], axis=1)
    across = ends[:, 0] != ends[:, 1]
    key, at = np.unique(ends[across, 0] * n_blocks + ends[across, 1], return_inverse=True)
    pairs = np.column_stack([key // max(n_blocks, 1), key % max(n_blocks, 1)])
    cost = np.bincount(at, problem.cost[across], len(key))
    wall = np.bincount(at, problem.barrier[across], len(key)) / np.maximum(np.bincount(at, minlength=len(key)), 1)
    weight = np.bincount(block, problem.households, n_blocks).astype(np.int64)
    # Every atom of a block has the same old grids; any of them stands for it.
    any_atom = np.unique(block, return_index=True)[1]
    of_block = [replace(layer, labels=np.asarray(layer.labels)[any_atom]) for layer in layers]
    parted = np.minimum(weight[pairs].min(axis=1, initial=problem.upper), problem.upper) / problem.upper
    unit = float(cost.mean()) if len(cost) and cost.any() else 1.0
    cost = cost + PARTING_PRICE * problem.prices.stability * unit * agreement(pairs, of_block) * parted
    return run.solve(
        end,
        weight,
        pairs,
        cost,
        lower=problem.lower,
        upper=problem.upper,
        xy=_middles(problem, block, n_blocks),
        barrier=wall,
        locks=None if problem.n_grids is None else Locks(n_grids=problem.n_grids),
        seed=seed,
        prices=problem.prices,
    )


def _middles(problem: Problem, block: NDArray[np.int64], n_blocks: int) -> NDArray[np.float64] | None:
    if problem.xy is None:
        return None
    count = np.bincount(block, minlength=n_blocks)
    return np.column_stack([np.bincount(block, problem.xy[:, axis], n_blocks) / count for axis in (0, 1)])
