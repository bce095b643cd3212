"""One connected component of the graph, as the search sees it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
    points
        Per atom: how many points it stands for, the sums of their x and y, and of x² + y², in units of the median edge.
    extra
        Further quantities, one row per atom and one column for each; no columns when there are none.
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
    points: NDArray[np.float64]
    extra: NDArray[np.float64]
    start: NDArray[np.int32] | None = None
    n_grids: int | None = None


def point_sums(xy: NDArray[np.float64] | None, ends: NDArray[np.int32], n: int) -> NDArray[np.float64]:
    """Return ``Component.points`` of n atoms at ``xy`` (metres); without positions every place counts as the same."""
    place = np.zeros((n, 2))
    if xy is not None and len(ends):
        unit = float(np.median(np.hypot(*(xy[ends[:, 0]] - xy[ends[:, 1]]).T)))
        if unit > 0:
            place = (xy - xy.mean(axis=0)) / unit
    return np.column_stack([np.ones(n), place, (place**2).sum(axis=1)])
