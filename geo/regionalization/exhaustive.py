"""Every partition of a small component: what a search by moves may miss, this finds."""

import numpy as np
from numpy.typing import NDArray

from geo.regionalization.cover import Budget, BudgetSpentError
from geo.regionalization.smallest_change import SEARCH_BUDGET, smallest_change

#: Atoms of the biggest component for which it pays to try.
MOST_ATOMS = 24


def cheapest_partition(
    weight: NDArray[np.int64], ends: NDArray[np.int32], price: NDArray[np.float64], lower: int, upper: int
) -> NDArray[np.int64] | None:
    """Return the partition into connected parts of ``lower`` to ``upper`` that keeps the most price inside.

    Parameters
    ----------
    weight
        int[n], n at most :data:`MOST_ATOMS`.
    ends, price
        int[m, 2] and float[m]: edges and what cutting each costs.

    Returns
    -------
    int[n] or None
        The part of each atom; None when there is no such partition, or too many to try them all.
    """
    nobody = np.zeros(len(weight), np.int64)
    try:
        # Where nobody has an old grid nobody moves, and the cheapest plan is left.
        return smallest_change(weight, nobody - 1, nobody, ends, price, lower, upper, 0, Budget(SEARCH_BUDGET))
    except BudgetSpentError:
        return None
