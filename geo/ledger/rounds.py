"""A round on foot: in which order buildings are visited, and the doors of each from the bottom up.

The order is for the feet alone. Nothing here says how far somebody walked or how many doors they saw: neither is a
score, and neither leaves this module.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import shortest_path

from geo.territory.barriers import barrier_lines
from geo.territory.dictionaries import dictionary
from geo.territory.projected import require_projected

Floats = NDArray[np.float64]

#: Metres of way round that a barrier which nobody crosses (a river, an expressway) costs beyond the straight line;
#: others cost their share by ``cross_weight``. About two blocks to the next bridge or gate.
DETOUR_M = 300.0
#: A move of the order has to save more than this, metres: less is not worth the sum of its roundings.
LEAST_GAIN_M = 1e-6


@dataclass(frozen=True)
class Door:
    """Where in a building a thing is; what is unknown comes first, at the entrance."""

    code: str
    stairwell_code: str | None = None
    floor: int | None = None
    unit_code: str | None = None

    @property
    def height(self) -> tuple[str, int, str, str]:
        """What doors of a building are sorted by: stairwell by stairwell, each from the bottom up."""
        return (self.stairwell_code or "", self.floor or 0, self.unit_code or "", self.code)


def from_the_bottom(doors: Sequence[Door]) -> list[Door]:
    """Return doors of one building in the order in which they are walked past on the way up."""
    return sorted(doors, key=lambda door: door.height)


def walking_distances(points: gpd.GeoSeries, barriers: gpd.GeoDataFrame | None = None) -> Floats:
    """Return how far it is on foot from each point to each, metres.

    The straight line, and for each barrier that it crosses a way round (:data:`DETOUR_M`); where it is nearer over
    other points, the way over them. A wall with a gate is drawn with a gap, through which the straight line leads.

    Parameters
    ----------
    points
        n points in a projected CRS, metres.
    barriers
        Lines in the same CRS with a column ``kind`` of the dictionary ``barrier_kinds``.

    Returns
    -------
    float[n, n], symmetric.

    Raises
    ------
    GeographicCRSError
        ``points`` or ``barriers`` are in degrees.
    """
    require_projected(points)
    xy = shapely.get_coordinates(points.to_numpy())
    apart: Floats = np.hypot(*(xy[:, None, :] - xy[None, :, :]).transpose(2, 0, 1))
    if barriers is None or len(barriers) == 0 or len(points) < 2:
        return apart
    require_projected(barriers)
    way: Floats = shortest_path(apart + _detours(xy, barriers), method="FW", directed=False)
    return way


def visiting_order(distances: Floats, start: int = 0) -> list[int]:
    """Return all stops in an order that is short to walk, from ``start`` on; it need not end where it began.

    The nearest next, then improved by turning parts round and moving runs of up to three stops until neither helps.
    The same distances give the same order.

    Parameters
    ----------
    distances
        float[n, n], symmetric, metres.
    """
    order = _nearest_next(distances, start)
    improving = True
    while improving:
        improving = _turn_parts(order, distances) or _move_runs(order, distances)
    return order


def length_of(order: Sequence[int], distances: Floats) -> float:
    """Return how long an order is, metres; to compare orders with, never to tell people by."""
    return float(distances[list(order[:-1]), list(order[1:])].sum())


def _detours(xy: Floats, barriers: gpd.GeoDataFrame) -> Floats:
    """Return for each pair of points what barriers between them cost, metres."""
    lines, row = barrier_lines(barriers)
    kinds = dictionary("barrier_kinds")
    weights = np.array([float(kinds[kind].extra["cross_weight"]) for kind in barriers["kind"]])[row] * DETOUR_M
    one, other = np.triu_indices(len(xy), 1)
    walks = shapely.linestrings(np.stack([xy[one], xy[other]], axis=1))
    crossed, line = shapely.STRtree(lines).query(walks, predicate="crosses")
    # A barrier drawn in several parts is one: the dearest of what a walk crosses counts once for each barrier.
    pairs = np.unique(np.stack([crossed, row[line]]), axis=1)
    weight_of_row = np.zeros(len(barriers))
    weight_of_row[row] = weights
    cost = np.zeros((len(xy), len(xy)))
    cost[one, other] = np.bincount(pairs[0], weight_of_row[pairs[1]], len(one))
    return cost + cost.T


def _nearest_next(distances: Floats, start: int) -> list[int]:
    order, left = [start], np.ones(len(distances), dtype=bool)
    left[start] = False
    while left.any():
        there = np.where(left, distances[order[-1]], np.inf)
        order.append(int(there.argmin()))
        left[order[-1]] = False
    return order


def _turn_parts(order: list[int], distances: Floats) -> bool:
    """Turn round the part whose turning saves most, for each beginning; whether any did (2-opt)."""
    n, better = len(order), False
    for i in range(1, n - 1):
        here = np.array(order)
        before, first = here[i - 1], here[i]
        last = here[i + 1 :]
        after = np.append(here[i + 2 :], -1)
        open_end = after < 0
        now = distances[before, first] + np.where(open_end, 0.0, distances[last, after])
        turned = distances[before, last] + np.where(open_end, 0.0, distances[first, after])
        gain = now - turned
        best = int(gain.argmax())
        if gain[best] > LEAST_GAIN_M:
            order[i : i + 2 + best] = order[i : i + 2 + best][::-1]
            better = True
    return better


def _move_runs(order: list[int], distances: Floats) -> bool:
    """Move the first run of up to three stops that is better elsewhere; whether there was one (or-opt)."""
    n = len(order)
    for size in (1, 2, 3):
        for i in range(1, n - size + 1):
            if _move(order, i, size, distances):
                return True
    return False


def _move(order: list[int], i: int, size: int, distances: Floats) -> bool:
    """Move the run of ``size`` stops at ``i`` to where it saves most, either way round, if anywhere."""
    run = order[i : i + size]
    rest = np.array(order[:i] + order[i + size :])
    joined = distances[order[i - 1], order[i + size]] if i + size < len(order) else 0.0
    left = distances[order[i - 1], run[0]] + (distances[run[-1], order[i + size]] if i + size < len(order) else 0.0)
    after = np.append(rest[1:], -1)
    ends = after < 0
    skipped = np.where(ends, 0.0, distances[rest, after])
    found = None
    for head, tail in ((run[0], run[-1]), (run[-1], run[0])):
        added = distances[rest, head] + np.where(ends, 0.0, distances[tail, after]) - skipped
        best = int(added.argmin())
        gain = left - joined - added[best]
        if gain > LEAST_GAIN_M and (found is None or gain > found[0]):
            found = gain, best, head == run[0]
    if found is None:
        return False
    _, place, forward = found
    order[:] = [*rest[: place + 1].tolist(), *(run if forward else run[::-1]), *rest[place + 1 :].tolist()]
    return True
