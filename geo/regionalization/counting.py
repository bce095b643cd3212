"""Whole numbers from 0 to n - 1 put in order by counting them, in time that grows with how many there are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.regionalization.compilation import kernel


def in_order(keys: NDArray[np.integer], n: int) -> NDArray[np.int64]:
    """Return what puts keys below n in order, equal ones as they came."""
    order = np.empty(len(keys), np.int64)
    put_in_order(np.ascontiguousarray(keys, np.int32), np.zeros(n + 1, np.int64), order)
    return order


def pairs_in_order(one: NDArray[np.integer], other: NDArray[np.integer], n: int) -> NDArray[np.int64]:
    """Return what puts pairs in order by the one, those with the same one by the other, the same pairs as they came."""
    order = in_order(other, n)
    return order[in_order(one[order], n)]


def renumbered(labels: NDArray[np.integer], n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which labels below n there are, in ascending order, and the place of each label among these."""
    there = np.zeros(n, bool)
    there[labels] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[labels]


def different_pairs(
    one: NDArray[np.integer], other: NDArray[np.integer], n: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the different pairs in order, the lower number first in each, and which of these each pair is."""
    low, high = np.minimum(one, other), np.maximum(one, other)
    order = pairs_in_order(low, high, n)
    pairs = np.column_stack([low[order], high[order]]).astype(np.int32)
    first = np.ones(len(order), bool)
    first[1:] = (pairs[1:, 0] != pairs[:-1, 0]) | (pairs[1:, 1] != pairs[:-1, 1])
    at = np.empty(len(order), np.int64)
    at[order] = np.cumsum(first) - 1
    return pairs[first], at


def joined(
    ends: NDArray[np.integer], price: NDArray[np.float64], n: int
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Keep pairs of two different numbers from 0 on, in order, the prices of those that are the same summed."""
    one, other = ends[:, 0], ends[:, 1]
    kept = (one >= 0) & (other >= 0) & (one != other)
    pairs, at = different_pairs(one[kept], other[kept], n)
    return pairs, np.bincount(at, price[kept], len(pairs)).astype(np.float64)


@kernel
def put_in_order(keys: Any, start: Any, order: Any) -> None:
    """Fill in ``order``; ``start`` is scratch, one more than there are different keys, all zero."""
    for key in keys:
        start[key + 1] += 1
    filled = 0
    for key in range(len(start)):
        filled += start[key]
        start[key] = filled
    for i in range(len(keys)):
        order[start[keys[i]]] = i
        start[keys[i]] += 1
