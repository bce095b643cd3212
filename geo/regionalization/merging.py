"""Several networks of old grids that lie over each other, merged into one.

Atoms that no old layer divides are blocks. Blocks are joined to grids first, each whole where its households allow
it, at a price for every household that is parted from others of its old grid. Then the plan is repaired building by
building where whole blocks could not come into range, or drawn afresh where no repair comes into range. This last
step knows the true borders, so its measures and reasons are those of any other plan.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.errors import BoundsError, InputError
from geo.regionalization.communities import OldNetwork
from geo.regionalization.continuity import old_grids
from geo.regionalization.engine import Progress, regionalize
from geo.regionalization.outcome import Locks, Prices, Regionalization
from geo.regionalization.problem import Problem, check_problem, pieces

#: Parting a full grid's households from as many that shared an old grid with them in every layer, in mean borders.
#: Of 0 to 60 tried on towns with two layers: above it few more households stay together, and grids get ragged.
PARTING_PRICE = 6.0
#: Of the time there is, the share for joining blocks; the rest is for the repair.
JOINING_SHARE = 0.6


@dataclass(frozen=True)
class OldLayer:
    """One network of old grids, by atom.

    Attributes
    ----------
    name
        The department, or the file; no two layers have the same.
    labels
        n whole numbers: the old grid of each atom, -1 where the layer has none.
    weight
        How much its grids count beside those of the other layers; 0 leaves it out.
    """

    name: str
    labels: NDArray[np.integer]
    weight: float = 1.0


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
    problem = check_problem(households, edges, boundary_cost, lower, upper, xy, barrier, None, locks)
    layers = checked_layers(layers, len(problem.households))
    prices = prices or Prices()
    asked |= {"xy": xy, "barrier": barrier, "locks": locks, "lower": lower, "upper": upper, "seed": seed}
    asked |= {"prices": prices} if prices != Prices() else {}
    if not layers or prices.stability == 0:
        asked |= {"previous": previous, "time_limit": time_limit, "progress": progress}
        return regionalize(households, edges, boundary_cost, **asked)
    block = blocks(problem, layers)
    first, second = _part(progress, 0.0), _part(progress, JOINING_SHARE)
    limits = _share_of(time_limit, JOINING_SHARE), _share_of(time_limit, 1 - JOINING_SHARE)
    joined = _join_blocks(problem, layers, block, seed, prices, limits[0], first)
    asked |= {"time_limit": limits[1], "progress": second}
    start = {"previous": joined.labels[block], "effort": "repair"}
    found = regionalize(households, edges, boundary_cost, **asked | start)
    runs = [joined, found]
    if not (all(reason.proved for reason in found.reasons.values()) or found.metrics["cancelled"]):
        # Range comes before old grids: a search that nothing holds may find what one from whole blocks does not.
        left = None if time_limit is None else max(0.0, time_limit - sum(run.metrics["seconds"] for run in runs))
        runs.append(regionalize(households, edges, boundary_cost, **asked | {"time_limit": left}))
        found = min(runs[1:], key=lambda run: len(run.reasons))
    metrics = {name: value for name, value in found.metrics.items() if name != "households_moved"}
    for name in ("seconds", "iterations"):
        metrics[name] = sum(run.metrics[name] for run in runs)
    metrics["cancelled"] = max(run.metrics["cancelled"] for run in runs)
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


def checked_layers(layers: Sequence[OldLayer], n_atoms: int) -> list[OldLayer]:
    """Return the layers that count, by name.

    Raises
    ------
    BoundsError
        A weight is below 0 or no number.
    InputError
        A layer has another number of labels than there are atoms, or a name comes twice.
    """
    names = [layer.name for layer in layers]
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise InputError(
            f"旧网格层“{double[0]}”给了两次;每层只能有一份,请合并或改名",
            f"the old layer {double[0]!r} is given twice; give each layer once, or rename one",
        )
    for layer in layers:
        if not np.isfinite(layer.weight) or layer.weight < 0:
            raise BoundsError(
                f"“{layer.name}”的权重为 {layer.weight},应不小于 0",
                f"the weight of {layer.name!r} is {layer.weight}; it must be 0 or more",
            )
        if np.shape(layer.labels) != (n_atoms,):
            raise InputError(
                f"旧网格层“{layer.name}”有 {np.size(layer.labels)} 个标签,应与楼栋同为 {n_atoms} 个",
                f"the old layer {layer.name!r} has {np.size(layer.labels)} labels; there are {n_atoms} atoms",
            )
    return sorted((layer for layer in layers if layer.weight > 0), key=lambda layer: layer.name)


def agreement(edges: NDArray[np.integer], layers: Sequence[OldLayer]) -> NDArray[np.float64]:
    """Return for each pair of atoms the share, by weight, of the layers that have both in one old grid; 0 to 1."""
    kept = np.zeros(len(edges))
    for layer in layers:
        ends = np.asarray(layer.labels)[edges]
        kept += layer.weight * ((ends[:, 0] == ends[:, 1]) & (ends[:, 0] >= 0))
    whole = sum(layer.weight for layer in layers)
    return kept / whole if whole > 0 else kept


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


def _join_blocks(
    problem: Problem,
    layers: Sequence[OldLayer],
    block: NDArray[np.int64],
    seed: int,
    prices: Prices,
    time_limit: float | None,
    progress: Progress | None,
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
    dials: dict[str, Any] = {"prices": prices} if prices != Prices() else {}
    cost = cost + PARTING_PRICE * prices.stability * unit * agreement(pairs, of_block) * parted
    return regionalize(
        weight,
        pairs,
        cost,
        lower=problem.lower,
        upper=problem.upper,
        xy=_middles(problem, block, n_blocks),
        barrier=wall,
        locks=None if problem.n_grids is None else Locks(n_grids=problem.n_grids),
        seed=seed,
        time_limit=time_limit,
        progress=progress,
        **dials,
    )


def _middles(problem: Problem, block: NDArray[np.int64], n_blocks: int) -> NDArray[np.float64] | None:
    if problem.xy is None:
        return None
    count = np.bincount(block, minlength=n_blocks)
    return np.column_stack([np.bincount(block, problem.xy[:, axis], n_blocks) / count for axis in (0, 1)])


def _share_of(time_limit: float | None, share: float) -> float | None:
    return None if time_limit is None else time_limit * share


def _part(progress: Progress | None, begun: float) -> Callable[[float], bool | None] | None:
    """Progress of the part of the work that starts when ``begun`` of it is done; it never goes back."""
    if progress is None:
        return None
    tell, most = progress, begun
    share = JOINING_SHARE if begun == 0.0 else 1 - JOINING_SHARE

    def part(done: float) -> bool | None:
        nonlocal most
        most = max(most, begun + share * done)
        return tell(most)

    return part
