"""The truth about tiny maps, by trying everything."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray


def connected(atoms: set[int], edges: ArrayLike) -> bool:
    left, stack = set(atoms), [next(iter(atoms))]
    left.discard(stack[0])
    near = neighbours_of(edges)
    while stack:
        reached = left & near[stack.pop()]
        left -= reached
        stack.extend(reached)
    return not left


def neighbours_of(edges: ArrayLike) -> dict[int, set[int]]:
    near: dict[int, set[int]] = defaultdict(set)
    for a, b in np.asarray(edges).reshape(-1, 2).tolist():
        near[a].add(b)
        near[b].add(a)
    return near


def connected_partitions(n: int, edges: ArrayLike) -> Iterator[NDArray[np.int64]]:
    """All labellings in which every part is connected; parts are numbered by their first atom."""
    near = neighbours_of(edges)

    def parts_with_first(free: frozenset[int]) -> Iterator[frozenset[int]]:
        """Every connected set of free atoms that holds the first of them, once."""
        stack = [(frozenset([min(free)]), free - {min(free)})]
        while stack:
            part, allowed = stack.pop()
            yield part
            for b in sorted(set().union(*(near[a] for a in part)) & allowed):
                allowed -= {b}
                stack.append((part | {b}, allowed))

    def divide(free: frozenset[int], labels: list[int], label: int) -> Iterator[NDArray[np.int64]]:
        if not free:
            yield np.array(labels, dtype=np.int64)
            return
        for part in parts_with_first(free):
            for a in part:
                labels[a] = label
            yield from divide(free - part, labels, label + 1)

    yield from divide(frozenset(range(n)), [0] * n, 0)


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

    total = [0]
    for i in range(n):
        total += [t + int(weight[i]) for t in total]
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
