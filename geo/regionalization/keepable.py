"""What no merged plan in range can beat: households that stay together, and households that keep a worker.

Both hold for every plan of the same atoms with all grids in range, wherever its bknowns run; dividing more buildings
may beat them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, vstack

from geo.regionalization.old_layers import OldLayer, checked_layers

#: A bound this little below a whole number is that number: what floating point leaves of a sum.
ROUNDING = 1e-6


def most_together(
    households: ArrayLike, layers: Sequence[OldLayer], *, upper: int, places: ArrayLike | None = None
) -> dict[str, int]:
    """Bound for each layer how many households can be in the largest part of their old grid.

    Parameters
    ----------
    households
        n whole numbers >= 0.
    layers
        The old layers; one of weight 0 is left out.
    upper
        Most households of a new grid; a single atom may have more.
    places
        n whole numbers: no new grid holds atoms of two places, such as communities; None for one place.

    Returns
    -------
    dict
        Households by the layer's name.
    """
    weight, place = _arrays(households, places)
    bounds = {}
    for layer in checked_layers(layers, len(weight)):
        seats = _seats(weight, np.asarray(layer.labels, np.int64), place, upper)
        largest = np.zeros(int(seats.worker.max(initial=-1)) + 1, np.int64)
        np.maximum.at(largest, seats.worker, seats.most)
        bounds[layer.name] = int(largest.sum())
    return bounds


def most_kept(
    households: ArrayLike,
    layers: Sequence[OldLayer],
    *,
    lower: int,
    upper: int,
    places: ArrayLike | None = None,
) -> int:
    """Bound how many households can keep one worker they had, each worker in one grid and each grid with one worker.

    Solves a transport problem: households that share their old grids go to seats, a seat being an old grid's worker
    in one place. A seat that is taken up takes at least ``lower`` of the place's households and keeps at most its
    largest part; each worker takes up one seat, in shares at the most. The bound is that of the dual solution, which
    holds whatever the solver's tolerances are.

    Parameters
    ----------
    households, layers, upper, places
        As for :func:`most_together`.
    lower
        Fewest households of a new grid.
    """
    weight, place = _arrays(households, places)
    tables = [
        _seats(weight, np.asarray(layer.labels, np.int64), place, upper)
        for layer in checked_layers(layers, len(weight))
    ]
    if not tables:
        return 0
    seats = _Seats.of_all(tables)
    covered = (seats.of_atom >= 0).any(axis=0) & (weight > 0)
    if not covered.any():
        return 0
    # Households that share their seats are one block; each may go to the seat that it has in each layer.
    block, at = np.unique(seats.of_atom[:, covered], axis=1, return_inverse=True)
    in_block = np.bincount(at.ravel(), weight[covered]).astype(np.int64)
    layer_of, block_of = np.nonzero(block >= 0)
    there = np.bincount(place, weight).astype(np.int64)
    bound = _transport(block_of, block[layer_of, block_of], in_block, seats, there, lower)
    return min(int(in_block.sum()), int(np.floor(bound + ROUNDING)))


@dataclass(frozen=True)
class _Seats:
    """Old grids by place.

    Attributes
    ----------
    of_atom
        The seat of each atom, a row per layer; -1 where it has none.
    most
        The most households of whole atoms that one new grid can hold.
    worker, place
        The number of each seat's old grid, and its place.
    """

    of_atom: NDArray[np.int64]
    most: NDArray[np.int64]
    worker: NDArray[np.int64]
    place: NDArray[np.int64]

    @classmethod
    def of_all(cls, layers: Sequence["_Seats"]) -> "_Seats":
        """Number the seats of several layers through."""
        first = np.cumsum([0, *(len(one.most) for one in layers)])
        worker = np.cumsum([0, *(int(one.worker.max(initial=-1)) + 1 for one in layers)])
        pairs = list(zip(layers, first, worker, strict=False))
        return cls(
            np.vstack([np.where(one.of_atom >= 0, one.of_atom + start, -1) for one, start, _ in pairs]),
            np.concatenate([one.most for one in layers]),
            np.concatenate([one.worker + start for one, _, start in pairs]),
            np.concatenate([one.place for one in layers]),
        )


def _arrays(households: ArrayLike, places: ArrayLike | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    weight = np.asarray(households, np.int64)
    if places is None:
        return weight, np.zeros(len(weight), np.int64)
    return weight, np.unique(np.asarray(places), return_inverse=True)[1].astype(np.int64)


def _seats(weight: NDArray[np.int64], old: NDArray[np.int64], place: NDArray[np.int64], upper: int) -> _Seats:
    """List the seats of one layer."""
    known = np.flatnonzero(old >= 0)
    key, at = np.unique(np.vstack([old[known], place[known]]), axis=1, return_inverse=True)
    of_atom = np.full((1, len(old)), -1, np.int64)
    of_atom[0, known] = at.ravel()
    # The atoms of one seat follow each other.
    parts = np.split(weight[known[np.argsort(at.ravel(), kind="stable")]], np.cumsum(np.bincount(at.ravel()))[:-1])
    most = [_most_of(part.tolist(), upper) for part in parts[: key.shape[1]]]
    worker = np.unique(key[0], return_inverse=True)[1]
    return _Seats(of_atom, np.array(most, np.int64), worker.astype(np.int64), key[1])


def _most_of(weights: Sequence[int], upper: int) -> int:
    """Return the largest sum of some of the weights that is not above the limit, or a weight above it."""
    # Bit s says whether some of the weights make s.
    sums, whole = 1, (1 << (upper + 1)) - 1
    for one in weights:
        sums |= (sums << one) & whole if one <= upper else 0
    return max(sums.bit_length() - 1, *weights)


def _transport(
    block_of: NDArray[np.int64],
    seat_of: NDArray[np.int64],
    in_block: NDArray[np.integer],
    seats: _Seats,
    there: NDArray[np.integer],
    lower: int,
) -> float:
    """Bound the households that can be carried from blocks to seats.

    The unknowns are how many of each block go to each of its seats, the share of each seat that is taken up, and the
    households of each seat's grid.
    """
    n_pairs, n_seats, n_blocks, n_workers = len(block_of), len(seats.most), len(in_block), seats.worker.max() + 1
    most = seats.most.astype(np.float64)
    pair, seat = np.arange(n_pairs), np.arange(n_seats)
    share, size = n_pairs + seat, n_pairs + n_seats + seat
    columns = n_pairs + 2 * n_seats
    carried = _matrix(seat_of, pair, np.ones(n_pairs), n_seats, columns)
    taken = _matrix(seat, share, most, n_seats, columns)
    sized = _matrix(seat, size, np.ones(n_seats), n_seats, columns)
    rows = [
        (_matrix(block_of, pair, np.ones(n_pairs), n_blocks, columns), in_block),
        (carried - taken, np.zeros(n_seats)),
        (carried - sized, np.zeros(n_seats)),
        (_matrix(seat, share, np.full(n_seats, float(lower)), n_seats, columns) - sized, np.zeros(n_seats)),
        (_matrix(seats.worker, share, np.ones(n_seats), n_workers, columns), np.ones(n_workers)),
        (_matrix(seats.place, size, np.ones(n_seats), len(there), columns), there),
    ]
    limits = vstack([matrix for matrix, _ in rows], format="csr")
    right = np.concatenate([value for _, value in rows])
    gain = np.r_[np.ones(n_pairs), np.zeros(2 * n_seats)]
    highest = np.r_[np.minimum(in_block[block_of], most[seat_of]), np.ones(n_seats), there[seats.place]]
    found = linprog(-gain, A_ub=limits, b_ub=right, bounds=np.column_stack([np.zeros(columns), highest]))
    # Any prices of the limits that are not negative give a bound; the solver's are the best, to its tolerance.
    prices = np.maximum(0.0, -found.ineqlin.marginals) if found.status == 0 else np.zeros(len(right))
    return float(prices @ right + np.maximum(0.0, gain - limits.T @ prices) @ highest)


def _matrix(
    rows: NDArray[np.integer], columns: NDArray[np.integer], values: NDArray[np.float64], n_rows: int, n_columns: int
) -> csr_array:
    return coo_array((values, (rows, columns)), shape=(n_rows, n_columns)).tocsr()
