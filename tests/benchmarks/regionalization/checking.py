"""A second opinion on a plan, from the input and the labels alone: shares no code with the engine or the scorer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment


@dataclass(frozen=True)
class Checked:
    """What a plan is: households of each grid by label, grids in range, grids in several pieces, cost of borders."""

    households: dict[int, int]
    in_range: int
    in_pieces: int
    cut: int

    @property
    def grids(self) -> int:
        return len(self.households)


def check(
    households: Sequence[int], edges: np.ndarray, cost: np.ndarray, labels: np.ndarray, lower: int, upper: int
) -> Checked:
    """Count a plan by hand: every atom in one grid, households of each, its pieces by union and find."""
    if len(labels) != len(households):
        raise AssertionError(f"{len(labels)} labels for {len(households)} atoms")
    of = [int(label) for label in labels]
    if min(of, default=0) < 0:
        raise AssertionError("an atom is in no grid")
    parent = list(range(len(of)))

    def root(atom: int) -> int:
        while parent[atom] != atom:
            parent[atom] = parent[parent[atom]]
            atom = parent[atom]
        return atom

    cut = 0
    for (a, b), price in zip(np.asarray(edges).tolist(), np.asarray(cost).tolist(), strict=True):
        if of[a] == of[b]:
            parent[root(a)] = root(b)
        else:
            cut += price
    size: dict[int, int] = {}
    roots: dict[int, set[int]] = {}
    for atom, label in enumerate(of):
        size[label] = size.get(label, 0) + int(households[atom])
        roots.setdefault(label, set()).add(root(atom))
    return Checked(
        size,
        sum(lower <= held <= upper for held in size.values()),
        sum(len(found) > 1 for found in roots.values()),
        cut,
    )


def households_moved(households: np.ndarray, before: np.ndarray, after: np.ndarray) -> int:
    """Households whose grid changes, when old and new grids are paired so that fewest do (Hungarian method).

    Atoms that had no grid before (-1) do not count: nobody there had a grid worker.
    """
    known = before >= 0
    if not known.any():
        return 0
    old = np.unique(before[known], return_inverse=True)[1]
    new = np.unique(after[known], return_inverse=True)[1]
    shared = np.zeros((old.max() + 1, new.max() + 1))
    np.add.at(shared, (old, new), households[known])
    stay = shared[linear_sum_assignment(shared, maximize=True)].sum()
    return int(households[known].sum() - stay)
