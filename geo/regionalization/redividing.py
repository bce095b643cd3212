"""The rest of an edited community divided anew by the engine, around what a planner wants kept.

What moves is what the planner sees: the rows of the plan's assignment (buildings, stairwells, runs of floors) are the
atoms, none of them divided further or put together. So an edit that moves these rows back undoes it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.regionalization.communities import Bounds
from geo.regionalization.continuity import Codes, continued, old_grids
from geo.regionalization.drafting import quantities_of
from geo.regionalization.edited_grids import Asked, Ground
from geo.regionalization.engine import regionalize
from geo.regionalization.locks import CodeLocks, atom_locks
from geo.regionalization.numbering import grid_code, number_drafted
from geo.regionalization.outcome import Prices


@dataclass(frozen=True)
class RestAsked:
    """What is asked of the rest of a plan.

    Attributes
    ----------
    asked
        What was asked of the plan.
    locks
        What stays; its ``keep_grids`` are grids of the plan that is edited.
    prices
        The planner's dials.
    seed
        Same ground, same locks, same seed, same grids.
    time_limit
        Seconds for each community; None until the search converges.
    """

    asked: Asked
    locks: CodeLocks = field(default_factory=CodeLocks)
    prices: Prices = field(default_factory=Prices)
    seed: int = 0
    time_limit: float | None = None


def redivide(
    ground: Ground, rows: pd.DataFrame, rest: RestAsked, progress: Callable[[float], bool | None] | None = None
) -> "pd.Series[str]":
    """Divide a community anew but for what is locked.

    Grids keep the codes of those they go on with; new ones get codes that neither the plan nor the one in force has.
    Where nothing but grids is locked, all stays as it is rather than get further out of range.

    Parameters
    ----------
    ground, rows
        The community and its rows, :data:`~geo.regionalization.editing.ROW_COLUMNS`.
    progress
        Called with the share done, 0 to 1; returning False ends the search with the best so far.

    Returns
    -------
    Series
        The grid of each row.

    Raises
    ------
    InputError
        A grid that shall stay lies in pieces.
    """
    now = rows["grid"].to_numpy(dtype=object)
    atoms, bounds = ground.atoms, rest.asked.bounds
    households = atoms["households"].to_numpy(np.int64)
    edges, community = ground.touching.edges, ground.community
    inner = ground.tiles.representative_point()
    xy = np.column_stack([inner.x, inner.y])
    before = old_grids(atoms, community.previous)
    in_force = pd.factorize(before)[0].astype(np.int64)
    follows = rest.prices.stability > 0 and (in_force >= 0).any()
    solved = regionalize(
        households,
        edges,
        ground.costs.boundary_cost,
        lower=bounds.lower,
        upper=bounds.upper,
        xy=xy,
        barrier=ground.costs.cross_weight,
        previous=in_force if follows else None,
        locks=atom_locks(rest.locks, atoms, now, edges, bounds.upper, community.code),
        seed=rest.seed,
        time_limit=rest.time_limit,
        progress=progress,
        prices=rest.prices,
        quantities=quantities_of(community, atoms, rest.asked.settings()),
    )
    free_to_stay = not (rest.locks.whole_compounds or rest.locks.together)
    if free_to_stay and _misses(pd.factorize(now)[0], households, bounds) < _misses(solved.labels, households, bounds):
        return rows["grid"].astype(object)
    taken = frozenset(str(code) for code in (*now, *before) if code is not None)
    codes = _codes(community.code, solved.labels, now, households, xy, taken)
    return pd.Series(codes[solved.labels], index=rows.index, dtype=object)


def _misses(labels: NDArray[np.integer], households: NDArray[np.int64], bounds: Bounds) -> tuple[int, int]:
    """How many grids are out of range, and by how many households in all."""
    held = np.bincount(labels, households).astype(np.int64)
    missing = np.maximum(bounds.lower - held, 0) + np.maximum(held - bounds.upper, 0)
    return int((missing > 0).sum()), int(missing.sum())


def _codes(
    community: str,
    labels: NDArray[np.int64],
    now: Codes,
    households: NDArray[np.int64],
    xy: NDArray[np.float64],
    taken: frozenset[str],
) -> NDArray[np.object_]:
    """The code of each label: of the grid of the plan that it goes on with, or a new one."""
    old = continued(now, labels, households)
    number = np.bincount(labels)
    middle = np.column_stack([np.bincount(labels, xy[:, axis]) / number for axis in (0, 1)])
    numbers = number_drafted(middle, community, old, taken)
    return np.array([grid_code(community, int(one)) for one in numbers], dtype=object)
