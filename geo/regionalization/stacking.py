"""Floors lie above each other: any of them may share a cell with the building next door, wherever its tile was drawn.

Tiles draw the floors of a tower side by side, so that only some of them touch the neighbours. Whether a grid can be
divided must not depend on that. Here every floor of a tower touches every floor of the towers beside it; what is found
that way is drawn anew, each run of floors on the side of the neighbour that it belongs to.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.territory.arrangement import Floats, Geometries, Indices


@dataclass(frozen=True)
class Stacks:
    """Which of n atoms may share a cell, wherever they are drawn.

    Attributes
    ----------
    edges
        int[m, 2], numbers of atoms.
    cost, barrier
        float[m], as :func:`geo.regionalization.regionalize` takes them.
    """

    edges: Indices
    cost: Floats
    barrier: Floats


def stacked(holder: Indices, touching: Indices, cost: Floats, barrier: Floats, within: float) -> Stacks:
    """Say which atoms may share a cell: neighbours in one holder's stack, and all of two holders that touch.

    Parameters
    ----------
    holder
        int[n], the stairwell or building of each atom; the floors of one follow each other from the lowest up.
    touching, cost, barrier
        Pairs of holders, and what a border there costs and crosses. The cost is shared by the pairs of atoms.
    within
        What a border between two floors of one holder costs.
    """
    members = [np.flatnonzero(holder == number) for number in range(int(holder.max(initial=-1)) + 1)]
    above = [np.column_stack([own[:-1], own[1:]]) for own in members]
    beside = [
        np.column_stack([np.repeat(members[one], len(members[other])), np.tile(members[other], len(members[one]))])
        for one, other in touching
    ]
    pairs = np.array([len(found) for found in beside], dtype=np.int64)
    inner = sum(len(found) for found in above)
    return Stacks(
        np.concatenate([np.zeros((0, 2), np.int64), *above, *beside]),
        np.concatenate([np.full(inner, within), np.repeat(cost / np.maximum(pairs, 1), pairs)]),
        np.concatenate([np.zeros(inner), np.repeat(barrier, pairs)]),
    )


def runs_in_place(
    holder: Indices, labels: NDArray[np.int64], shapes: Geometries, *, backwards: bool
) -> tuple[Indices, NDArray[np.int64]]:
    """Put what each holder has in each cell in the order in which it is to be drawn along the holder's length.

    Parameters
    ----------
    holder, labels
        int[n], the holder and the cell of each atom.
    shapes
        Footprint or point of each holder, metres.
    backwards
        From the other end of the length.

    Returns
    -------
    tuple
        The holder and the cell of each run, in the order in which they are drawn.
    """
    runs = np.unique(np.column_stack([holder, labels]), axis=0)
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    along = np.zeros(len(runs))
    for number, (own, cell) in enumerate(runs):
        others = runs[(runs[:, 1] == cell) & (runs[:, 0] != own), 0]
        if len(others):
            along[number] = (middle[others].mean(axis=0) - middle[own]) @ _axis(shapes[own])
    order = np.lexsort((-along if backwards else along, runs[:, 0]))
    return runs[order, 0], runs[order, 1]


def _axis(shape: shapely.Geometry) -> Floats:
    """The direction of a footprint's longer side; east for a point."""
    corner = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shape))
    if len(corner) < 4:
        return np.array([1.0, 0.0])
    sides = np.diff(corner[:3], axis=0)
    longer = sides[int(np.argmax(np.hypot(*sides.T)))]
    return np.asarray(longer / np.hypot(*longer), dtype=np.float64)
