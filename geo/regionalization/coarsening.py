"""Coarsening: atoms that hardly any good plan would part, joined into clusters, so that a search has less to move."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.regionalization.compilation import kernel
from geo.regionalization.component import Component
from geo.regionalization.counting import in_order, joined, renumbered

#: Rounds of clustering; each joins what the one before left single, and clusters with clusters.
ROUNDS = 3


def coarsen(
    component: Component, heaviest: int, rng: np.random.Generator, within: NDArray[np.int32]
) -> tuple[Component, NDArray[np.int32]]:
    """Join atoms across their dearest borders into connected clusters of at most ``heaviest`` households.

    Parameters
    ----------
    within
        The grid of each atom; clusters do not cross from one to another.

    Returns
    -------
    Component
        One atom per cluster; prices between two clusters are summed.
    ndarray
        The cluster of each atom.
    """
    cluster = np.arange(len(component.weight), dtype=np.int32)
    coarse, of = component, within
    for _ in range(ROUNDS):
        n = len(coarse.weight)
        found = np.arange(n, dtype=np.int32)
        start, near, price = _rows(coarse, of)
        join(start, near, price, coarse.weight, rng.permutation(n), heaviest, found, coarse.weight.copy())
        number = renumbered(found, n)[1].astype(np.int32)
        coarse, cluster = _contracted(coarse, number), number[cluster]
        inside, of = of, np.empty(len(coarse.weight), np.int32)
        of[number] = inside
        if len(coarse.weight) > 0.9 * n:
            break
    return coarse, cluster


@kernel
def join(start: Any, near: Any, price: Any, weight: Any, order: Any, heaviest: Any, cluster: Any, total: Any) -> None:
    """Let each atom that is still single join the neighbouring cluster that it is tied to most."""
    n = len(order)
    tie = np.zeros(n)
    members = np.ones(n, np.int32)
    for i in order:
        if members[i] > 1 or cluster[i] != i:
            continue
        for e in range(start[i], start[i + 1]):
            tie[cluster[near[e]]] += price[e]
        best, most = -1, 1e-9
        for e in range(start[i], start[i + 1]):
            c = cluster[near[e]]
            if c != i and tie[c] > most and total[c] + weight[i] <= heaviest:
                best, most = c, tie[c]
        for e in range(start[i], start[i + 1]):
            tie[cluster[near[e]]] = 0.0
        if best >= 0:
            cluster[i] = best
            members[best] += 1
            total[best] += weight[i]


def _rows(
    component: Component, within: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]:
    """Edges and soft pairs in compressed rows; those between two grids tie nothing."""
    ends = np.vstack([component.ends, component.soft_ends])
    price = np.r_[component.price, component.soft_price]
    price[within[ends[:, 0]] != within[ends[:, 1]]] = 0.0
    a, b = np.r_[ends[:, 0], ends[:, 1]], np.r_[ends[:, 1], ends[:, 0]]
    n = len(component.weight)
    order = in_order(a, n)
    start = np.r_[0, np.cumsum(np.bincount(a, minlength=n))]
    return start, b[order].astype(np.int32), np.r_[price, price][order]


def _contracted(component: Component, cluster: NDArray[np.int32]) -> Component:
    n = int(cluster.max()) + 1
    ends, price = joined(cluster[component.ends], component.price, n)
    soft_ends, soft_price = joined(cluster[component.soft_ends], component.soft_price, n)
    return replace(
        component,
        weight=np.bincount(cluster, component.weight, n).astype(np.int64),
        ends=ends,
        price=price,
        soft_ends=soft_ends,
        soft_price=soft_price,
        points=_summed(component.points, cluster, n),
        extra=_summed(component.extra, cluster, n),
        start=None,
    )


def _summed(values: NDArray[np.float64], cluster: NDArray[np.int32], n: int) -> NDArray[np.float64]:
    sums = [np.bincount(cluster, column, n) for column in values.T]
    return np.column_stack(sums) if sums else np.zeros((n, 0))
