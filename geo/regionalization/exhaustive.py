"""Every partition of a handful of atoms, by dynamic programming over sets: what a search may miss, this finds."""

import numpy as np
from numpy.typing import NDArray

#: 3^10 steps take about a twentieth of a second.
MOST_ATOMS = 10


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
        The part of each atom; None when there is no such partition.
    """
    n = len(weight)
    kept = _prices_inside(n, ends, price)
    usable = _connected(n, ends) & _in_range(weight, lower, upper)
    best = {0: (0.0, 0)}
    for atoms in range(1, 1 << n):
        first = atoms & -atoms
        rest = others = atoms ^ first
        choices = []
        while True:  # every subset of the others, with the first
            part = first | others
            if usable[part] and atoms ^ part in best:
                choices.append((best[atoms ^ part][0] + kept[part], part))
            if not others:
                break
            others = (others - 1) & rest
        if choices:
            best[atoms] = max(choices)
    return _labels(n, best)


def _labels(n: int, best: dict[int, tuple[float, int]]) -> NDArray[np.int64] | None:
    left = (1 << n) - 1
    if left not in best:
        return None
    labels = np.zeros(n, np.int64)
    number = 0
    while left:
        part = best[left][1]
        labels[[i for i in range(n) if part >> i & 1]] = number
        number += 1
        left ^= part
    return labels


def _in_range(weight: NDArray[np.int64], lower: int, upper: int) -> NDArray[np.bool_]:
    sets = np.arange(1 << len(weight))
    total = sum((sets >> i & 1) * int(weight[i]) for i in range(len(weight)))
    return np.asarray((total >= lower) & (total <= upper))


def _prices_inside(n: int, ends: NDArray[np.int32], price: NDArray[np.float64]) -> NDArray[np.float64]:
    sets = np.arange(1 << n)
    inside = np.zeros(1 << n)
    for (a, b), cost in zip(ends.tolist(), price.tolist(), strict=True):
        inside += (sets >> a & 1) * (sets >> b & 1) * cost
    return inside


def _connected(n: int, ends: NDArray[np.int32]) -> NDArray[np.bool_]:
    near = [0] * n
    for a, b in ends.tolist():
        near[a] |= 1 << b
        near[b] |= 1 << a
    connected = np.zeros(1 << n, bool)
    for atoms in range(1, 1 << n):
        reached, grown = 0, atoms & -atoms
        while grown != reached:
            reached = grown
            for i in range(n):
                if reached >> i & 1:
                    grown |= near[i] & atoms
        connected[atoms] = reached == atoms
    return connected
