"""The truth about tiny maps, by trying everything."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray


def connected(atoms: set[int], edges: ArrayLike) -> bool:
    left, stack = set(atoms), [next(iter(atoms))]
    left.discard(stack[0])
    while stack:
        a = stack.pop()
        for u, v in np.asarray(edges).tolist():
            for x, y in ((u, v), (v, u)):
                if x == a and y in left:
                    left.discard(y)
                    stack.append(y)
    return not left


def connected_partitions(n: int, edges: ArrayLike) -> Iterator[NDArray[np.int64]]:
    """All labellings in which every part is connected."""

    def assign(labels: list[int]) -> Iterator[list[int]]:
        if len(labels) == n:
            yield labels
            return
        for label in range(max(labels, default=-1) + 2):
            yield from assign([*labels, label])

    for labels in assign([]):
        found = np.array(labels)
        if all(connected(set(np.flatnonzero(found == k).tolist()), edges) for k in set(labels)):
            yield found


def feasible_partition_exists(households: ArrayLike, edges: ArrayLike, lower: int, upper: int) -> bool:
    """Whether some partition has every part connected and in range."""
    weight = np.asarray(households)
    n = len(weight)
    near = [0] * n
    for a, b in np.asarray(edges).tolist():
        near[a] |= 1 << b
        near[b] |= 1 << a

    def whole(mask: int) -> bool:
        reached = mask & -mask
        while True:
            grown = reached
            for i in range(n):
                if reached >> i & 1:
                    grown |= near[i] & mask
            if grown == reached:
                return reached == mask
            reached = grown

    total = [sum(int(weight[i]) for i in range(n) if mask >> i & 1) for mask in range(1 << n)]
    good = [mask > 0 and lower <= total[mask] <= upper and whole(mask) for mask in range(1 << n)]
    possible = [True] + [False] * ((1 << n) - 1)
    for mask in range(1, 1 << n):
        first = mask & -mask
        rest = mask ^ first
        part = rest
        while True:
            if good[part | first] and possible[rest ^ part]:
                possible[mask] = True
                break
            if not part:
                break
            part = (part - 1) & rest
    return possible[-1]
