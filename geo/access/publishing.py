"""What of a table of counts may be published: no small count, and nothing that small counts could be worked out from.

A table has rows, columns, and their totals. Who reads it knows every number that is shown, that the totals are sums,
and that no count is below zero; with these alone each count left out lies somewhere between two bounds. Counts are
left out until for each of them these bounds are at least as far apart as the smallest count that is shown.

Such tables are networks (Cox 1995, J. Am. Stat. Assoc. 90): counts are arcs between rows and columns, and a table that
looks the same to its reader differs by flows around circles of counts left out. A count that is too well known opens
the cheapest further circles. A total is dear, a large count dearer than a small one.

What this does not hide: how a count moves between two publications, and what one knows from elsewhere.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from geo.errors import BoundsError

Counts: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]
Costs: TypeAlias = NDArray[np.float64]

#: How much dearer it is to leave out a total than a count of the same size.
COST_OF_TOTAL = 20.0
#: Where no count bounds a flow.
UNBOUNDED = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Published:
    """A table with its totals, and which of its numbers are shown.

    Attributes
    ----------
    counts
        (rows + 1) × (columns + 1): the last row and column are totals, their corner is the sum of all.
    shown
        Of the same shape. Where it is False the number must not leave the server.
    """

    counts: Counts
    shown: Mask

    def cell(self, row: int, column: int) -> int | None:
        """Return the number, None where it is left out; -1 is the row or column of totals."""
        return int(self.counts[row, column]) if self.shown[row, column] else None


def suppress(counts: Counts, least: int) -> Published:
    """Decide which numbers of a table may be shown.

    Parameters
    ----------
    counts
        rows × columns of counts, without totals; no count is below zero.
    least
        The smallest count that is shown, and the least distance of the bounds between which any other can be known.

    Raises
    ------
    BoundsError
        A count is below zero, the table is empty, or ``least`` is below 1.

    Notes
    -----
    Leaving out one more count takes nothing from what protects the others, so each is looked at once. Every count can
    rise by any amount together with its totals: there is always a circle to open, and the search ends.
    """
    counts = np.asarray(counts, dtype=np.int64)
    if counts.ndim != 2 or not counts.size or least < 1 or (counts < 0).any():
        raise BoundsError(
            "发布的表格要有行和列,数量不能为负,最小可发布数至少为 1",
            "a published table has rows and columns, counts of 0 or more, and shows counts of at least 1 or more",
        )
    table = with_totals(counts)
    hidden = table < least
    waiting = _places(hidden)
    while waiting:
        place = waiting.pop(0)
        opened = _protect(table, hidden, place, least) & ~hidden
        hidden |= opened
        waiting += _places(opened)
    return Published(table, ~hidden)


def suppress_parts(total: int, parts: Counts, least: int) -> list[int | None]:
    """Decide which parts of a number that is published may be shown; None stands for those that may not.

    Parameters
    ----------
    parts
        n counts that add up to ``total``, which everybody knows.

    Notes
    -----
    Who knows the total and the parts shown knows nothing of any other number of the table that the total is in: of what
    is left out there, the parts say no more than their sum does.

    Raises
    ------
    BoundsError
        The parts do not add up to the total, or as for :func:`suppress`.
    """
    parts = np.asarray(parts, dtype=np.int64).reshape(-1, 1)
    if int(parts.sum()) != total:
        raise BoundsError("各部分之和与已发布的数不符", "the parts do not add up to the number that was published")
    found = suppress(parts, least)
    # Where only a total left out would hide a small part, no part is shown: the total is known already.
    return [found.cell(row, 0) if found.shown[-1, -1] else None for row in range(len(parts))]


def with_totals(counts: Counts) -> Counts:
    """Append the totals of rows and columns."""
    rows = np.vstack([counts, counts.sum(axis=0)])
    return np.hstack([rows, rows.sum(axis=1, keepdims=True)])


def _places(mask: Mask) -> list[tuple[int, int]]:
    return [(row, column) for row, column in np.argwhere(mask).tolist()]


def _protect(table: Counts, hidden: Mask, place: tuple[int, int], least: int) -> Mask:
    """Return what must be left out so that the count at ``place`` may lie ``least`` apart from another it could be."""
    falling = _Flow(table, hidden, place, rising=False)
    fallen = falling.push(least, at_cost=False)
    rising = _Flow(table, hidden, place, rising=True)
    rising.push(least - fallen, at_cost=True)
    return rising.hidden


class _Flow:
    """Tables that look like one table, moved ever further at one count: its flow comes back through the others.

    A count of the body, and the sum of all, flows from its row to its column; a total the other way round. So every
    row and column takes in what it gives, and its total stays its sum. A count can rise without end and fall to zero.
    """

    def __init__(self, table: Counts, hidden: Mask, place: tuple[int, int], *, rising: bool) -> None:
        self.hidden = hidden.copy()
        self._now = table.copy()
        self._outward = np.ones(table.shape, dtype=np.int64)
        self._outward[-1, :-1] = self._outward[:-1, -1] = -1
        self._costs = np.log2(2.0 + table)
        self._costs[-1, :] *= COST_OF_TOTAL
        self._costs[:-1, -1] *= COST_OF_TOTAL
        self._place = place
        self._sign = 1 if rising else -1

    def push(self, amount: int, *, at_cost: bool) -> int:
        """Move the count by up to ``amount`` and return by how much; ``at_cost``: leaving out what that takes."""
        moved = 0
        if self._sign < 0:
            amount = min(amount, int(self._now[self._place]))
        while moved < amount:
            circle = self._cheapest_circle(at_cost=at_cost)
            if circle is None:
                break
            room = min((self._room(row, column, way) for row, column, way in circle), default=UNBOUNDED)
            step = min(amount - moved, room)
            for row, column, way in circle:
                self._now[row, column] += step * way * self._outward[row, column]
                self.hidden[row, column] = True
            self._now[self._place] += step * self._sign
            moved += step
        return moved

    def _room(self, row: int, column: int, way: int) -> int:
        """How much can flow along a count, ``way`` 1 being from its row to its column."""
        return UNBOUNDED if way * self._outward[row, column] > 0 else int(self._now[row, column])

    def _cheapest_circle(self, *, at_cost: bool) -> list[tuple[int, int, int]] | None:
        """Find the way back from where the count flows to, as (row, column, way) of each count on it (Dijkstra)."""
        there, back = self._prices(at_cost=at_cost)
        n_rows, n_columns = self._now.shape
        row, column = self._place
        onward = self._sign * self._outward[row, column] > 0
        start, goal = (n_rows + column, row) if onward else (row, n_rows + column)
        price = np.full(n_rows + n_columns, np.inf)
        before = np.full(n_rows + n_columns, -1)
        done = np.zeros(n_rows + n_columns, dtype=bool)
        price[start] = 0.0
        while not done[goal]:
            node = int(np.argmin(np.where(done, np.inf, price)))
            if done[node] or np.isinf(price[node]):
                return None
            done[node] = True
            reached, first = (there[node], n_rows) if node < n_rows else (back[:, node - n_rows], 0)
            offered = price[node] + reached
            nearer = np.flatnonzero(offered < price[first : first + offered.size]) + first
            price[nearer] = offered[nearer - first]
            before[nearer] = node
        return self._traced(before, start, goal)

    def _traced(self, before: NDArray[np.int64], start: int, goal: int) -> list[tuple[int, int, int]]:
        n_rows = self._now.shape[0]
        circle = []
        while goal != start:
            node = int(before[goal])
            circle.append((node, goal - n_rows, 1) if node < n_rows else (goal, node - n_rows, -1))
            goal = node
        return circle

    def _prices(self, *, at_cost: bool) -> tuple[Costs, Costs]:
        """What it costs to let counts flow from row to column, and from column to row; infinite where none can."""
        closed = self._costs if at_cost else np.full(self._costs.shape, np.inf)
        costs = np.where(self.hidden, 0.0, closed)
        costs[self._place] = np.inf
        falling = np.where(self._now > 0, costs, np.inf)
        outward = self._outward > 0
        return np.where(outward, costs, falling), np.where(outward, falling, costs)
