"""Regions: a big plan is searched part by part, each part small enough for the processor's cache, side by side.

Grids never reach over the border of a region while it is searched, so that regions do not depend on one another;
they are drawn anew for every round, so that no border stays where it was.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.regionalization.compilation import kernel
from geo.regionalization.counting import different_pairs, pairs_in_order, renumbered
from geo.regionalization.layout import ARC, Graph

#: Regions below this share of the wanted size join a neighbour.
CRUMB = 0.4


def draw_regions(
    graph: Graph, labels: NDArray[np.int32], households: float, rng: np.random.Generator
) -> NDArray[np.int32]:
    """Group grids that touch into regions of about so many households.

    Returns
    -------
    ndarray
        The region of each atom.
    """
    names, unit = renumbered(labels, len(labels))
    weight = np.bincount(unit, graph.atoms.weight)
    start, near = _touching(graph, unit, len(names))
    region = np.full(len(names), -1, np.int32)
    grow(start, near, weight, rng.permutation(len(names)), households, region)
    return region[unit]


def draw_patches(
    graph: Graph, labels: NDArray[np.int32], middles: NDArray[np.int32], grids: int
) -> list[NDArray[np.int64]]:
    """Take up to so many grids around each of some grids, none in two patches.

    Returns
    -------
    list of ndarray
        The atoms of each patch; a grid that an earlier patch took along has none of its own.
    """
    names, unit = renumbered(labels, len(labels))
    start, near = _touching(graph, unit, len(names))
    patch = np.full(len(names), -1, np.int32)
    for number, middle in enumerate(np.searchsorted(names, middles)):
        reach = [int(middle)] if patch[middle] < 0 else []
        for i in reach:
            patch[i] = number
            for j in near[start[i] : start[i + 1]].tolist():
                if patch[j] < 0 and j not in reach and len(reach) < grids:
                    reach.append(j)
    at = patch[unit]
    return [np.flatnonzero(at == number) for number in np.unique(at[at >= 0])]


def _touching(graph: Graph, unit: NDArray[np.int64], n: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return which of n units touch, in compressed rows."""
    one, other = unit[graph.ends[::2]], unit[graph.ends[1::2]]
    apart = one != other
    pairs, _ = different_pairs(one[apart], other[apart], n)
    ends = np.vstack([pairs, pairs[:, ::-1]])
    order = pairs_in_order(ends[:, 0], ends[:, 1], n)
    return np.r_[0, np.cumsum(np.bincount(ends[:, 0], minlength=n))], ends[order, 1]


@kernel
def grow(start: Any, near: Any, weight: Any, order: Any, households: Any, region: Any) -> None:
    """Let regions grow breadth first from random units; then let crumbs join the region they touch most."""
    n = len(order)
    queue = np.empty(n, np.int32)
    sums = np.zeros(n)
    count = 0
    for first in order:
        if region[first] >= 0:
            continue
        queue[0] = first
        region[first] = count
        done, filled = 0, 1
        while done < filled and sums[count] < households:
            i = queue[done]
            done += 1
            sums[count] += weight[i]
            for e in range(start[i], start[i + 1]):
                j = near[e]
                if region[j] < 0:
                    region[j] = count
                    queue[filled] = j
                    filled += 1
        # What was only seen, not taken, is free again.
        for k in range(done, filled):
            region[queue[k]] = -1
        count += 1
    goal = np.arange(count)
    joined = np.zeros(count, np.bool_)
    touch = np.zeros(count)
    members = np.argsort(region)
    at = 0
    for r in range(count):
        end = at
        while end < n and region[members[end]] == r:
            end += 1
        if sums[r] < CRUMB * households and not joined[r]:
            best = -1
            for k in range(at, end):
                for e in range(start[members[k]], start[members[k] + 1]):
                    other = region[near[e]]
                    if other != r and goal[other] == other:
                        touch[other] += 1.0
                        if best < 0 or touch[other] > touch[best]:
                            best = other
            for k in range(at, end):
                for e in range(start[members[k]], start[members[k] + 1]):
                    touch[region[near[e]]] = 0.0
            if best >= 0:
                goal[r] = best
                joined[best] = True
        at = end
    for i in range(n):
        region[i] = goal[region[i]]


def subgraph(graph: Graph, members: NDArray[np.int64], region: NDArray[np.int32], local: NDArray[np.int32]) -> Graph:
    """Cut one region out of a graph.

    Parameters
    ----------
    members
        Its atoms.
    region, local
        Region of each atom of the graph, and its number within its region, by the order of ``members``.
    """
    atoms = graph.atoms[members].copy()
    room = int((atoms.stop - atoms.start).sum())
    arcs = np.empty(room, ARC).view(np.recarray)
    ends = np.empty(room, np.int32)
    n_arcs, n_ends = cut_out(graph.atoms, graph.arcs, members, region, local, atoms, arcs, ends)
    return Graph(atoms.view(np.recarray), arcs[:n_arcs], ends[:n_ends], graph.extra[members], graph.limits)


@kernel
def cut_out(
    old_atoms: Any, old_arcs: Any, members: Any, region: Any, local: Any, atoms: Any, arcs: Any, ends: Any
) -> tuple[int, int]:
    """Fill in atoms, arcs and ends of one region; return how many arcs and ends there are."""
    filled, ended = 0, 0
    for i in range(len(members)):
        atom = members[i]
        atoms[i].start = filled
        for e in range(old_atoms[atom].start, old_atoms[atom].stop):
            j = old_arcs[e].near
            if region[j] == region[atom]:
                arcs[filled].near = local[j]
                arcs[filled].hard = old_arcs[e].hard
                arcs[filled].price = old_arcs[e].price
                filled += 1
                if old_arcs[e].hard and local[j] > i:
                    ends[ended] = i
                    ends[ended + 1] = local[j]
                    ended += 2
        atoms[i].stop = filled
    return filled, ended
