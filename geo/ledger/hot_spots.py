"""Hot spots: where in space and time cases come closer together than chance would have them.

Density-based clustering with a radius in space and one in time, after ST-DBSCAN (Birant & Kut 2007, Data & Knowledge
Engineering 60). What is found is weighed against the same places with their times shuffled (Knox 1964; Kulldorff et
al. 2005, PLoS Medicine 2): a place where something happens all the time is no hot spot of this week. On a busy street,
where everything has neighbours, a fixed number of them would make one spot of all of it: there a core has more of them
than its place has by chance.

Nothing depends on the order of the points, and chance on the seed alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from geo.errors import BoundsError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Shuffles that a spot is weighed against: the least chance that can be told is one in a thousand.
SHUFFLES = 999
#: Standard deviations over what its place has by chance that make a case's neighbours too many (project choice).
SIGMAS = 3.0
#: Pairs of neighbours beyond which points are too dense to be told apart; 16 bytes each.
MOST_PAIRS = 20_000_000
#: Neighbours looked at by all shuffles together, beyond which fewer shuffles are made.
MOST_LOOKS = 400_000_000


@dataclass(frozen=True)
class HotSpot:
    """Cases that lie close together in space and time.

    Attributes
    ----------
    members
        Positions of its points among those given, in rising order.
    x, y
        Their middle, metres in the points' CRS.
    radius_m
        From the middle to the farthest of them.
    first, last
        Their first and last time, days.
    chance
        How likely a spot of as many cases is in this very place when times are shuffled over all places:
        (1 + shuffles with one at least as large there) / (1 + shuffles). Of many spots a few are rare by chance too.
    """

    members: Integers
    x: float
    y: float
    radius_m: float
    first: float
    last: float
    chance: float

    @property
    def count(self) -> int:
        """How many cases it has."""
        return len(self.members)


def find(
    points: Floats,
    times: Floats,
    *,
    radius_m: float,
    days: float,
    at_least: int,
    shuffles: int = SHUFFLES,
    seed: int = 0,
    rare: float = 1.0,
    crowded: bool = False,
) -> list[HotSpot]:
    """Return the hot spots among points, the least likely by chance first, then the largest.

    Parameters
    ----------
    points
        n × 2, metres in a projected CRS.
    times
        n days since any moment.
    radius_m, days
        How close two cases are neighbours, in space and in time.
    at_least
        Neighbours, itself among them, that make a case the core of a spot. A spot has as many cases or more.
    shuffles
        How often times are shuffled; 0 leaves every chance at 1.
    rare
        Only spots that are no likelier than this are wanted: it is shuffled no further once none can be.
    crowded
        Whether the core of a spot has more neighbours as well than its place has by chance (:data:`SIGMAS`).

    Raises
    ------
    BoundsError
        A limit is not above zero, points and times are not as many, or one of them is no number; or there are more
        than :data:`MOST_PAIRS` pairs of points within the radius.
    """
    _check(points, times, radius_m, days, at_least)
    pairs = _close(points, radius_m)
    enough = _enough(times, pairs, days, at_least) if crowded else np.full(len(times), at_least, np.float64)
    labels = _clusters(points, times, pairs, days, enough)
    members = [np.flatnonzero(labels == label) for label in range(labels.max(initial=-1) + 1)]
    if not members:
        return []
    shuffles = min(shuffles, MOST_LOOKS // max(pairs.shape[1], 1))
    as_large = np.zeros(len(members), np.int64)
    for shuffled in _shuffled(points, times, shuffles, seed):
        as_large += _as_large(members, _clusters(points, shuffled, pairs, days, enough))
        if (1 + as_large > rare * (1 + shuffles)).all():
            break
    chances = (1 + as_large) / (1 + shuffles)
    spots = [
        _spot(points, times, own, chance)
        for own, chance in zip(members, chances.tolist(), strict=True)
        if chance <= rare
    ]
    return sorted(spots, key=lambda spot: (spot.chance, -spot.count, spot.x, spot.y, spot.first))


def _check(points: Floats, times: Floats, radius_m: float, days: float, at_least: int) -> None:
    if points.ndim != 2 or points.shape[1:] != (2,) or times.shape != points.shape[:1]:
        raise BoundsError("每个点要有两个坐标和一个时间", "every point has two coordinates and one time")
    if not (np.isfinite(points).all() and np.isfinite(times).all()):
        raise BoundsError("坐标或时间不是数", "a coordinate or time is no number")
    if not (radius_m > 0 and days > 0 and at_least >= 2):
        raise BoundsError(
            "半径(米)和天数须大于 0,热点至少 2 件",
            "radius (metres) and days are above 0, and a spot has 2 cases at least",
        )


def _close(points: Floats, radius_m: float) -> Integers:
    """Return all pairs of points within the radius, 2 × m, sorted by the first and then the second of them."""
    tree = cKDTree(points)
    n_pairs = (tree.count_neighbors(tree, radius_m) - len(points)) // 2
    if n_pairs > MOST_PAIRS:
        raise BoundsError(
            f"{radius_m:g} 米之内的点对有 {n_pairs} 对,最多 {MOST_PAIRS} 对;请缩小半径、时段或范围",
            f"{n_pairs} pairs of points lie within {radius_m:g} m, {MOST_PAIRS} at most: take a smaller radius",
        )
    pairs = np.asarray(tree.query_pairs(radius_m, output_type="ndarray"), np.int64).reshape(-1, 2)
    # One number tells both of a pair: it is sorted in a fraction of the time that two take.
    in_order = np.sort(pairs[:, 0] * len(points) + pairs[:, 1])
    return np.stack(np.divmod(in_order, max(len(points), 1)))


def _enough(times: Floats, pairs: Integers, days: float, at_least: int) -> Floats:
    """Return how many neighbours, itself among them, make each point a core: more where places are crowded."""
    in_order = np.sort(times)
    n_pairs = len(times) * (len(times) - 1) / 2
    together = float((np.searchsorted(in_order, in_order + days, "right") - np.arange(len(times)) - 1).sum())
    chance = together / n_pairs if n_pairs else 0.0
    around = np.bincount(pairs.ravel(), minlength=len(times))
    expected = around * chance
    many = 1 + expected + SIGMAS * np.sqrt(expected * (1 - chance))
    return np.where(expected < at_least / 2, at_least, np.maximum(at_least, many))


def _cores(times: Floats, pairs: Integers, days: float, enough: Floats) -> tuple[NDArray[np.bool_], Integers]:
    """Return which points are cores, and the pairs that are neighbours in time as well and have a core among them."""
    apart = times.take(pairs[0])
    apart -= times.take(pairs[1])
    near = np.flatnonzero(np.abs(apart, out=apart) <= days)
    ones, others = pairs[0].take(near), pairs[1].take(near)
    n_points = len(times)
    cores = 1 + np.bincount(ones, minlength=n_points) + np.bincount(others, minlength=n_points) >= enough
    with_core = np.flatnonzero(cores.take(ones) | cores.take(others))
    return cores, np.stack([ones.take(with_core), others.take(with_core)])


def _components(cores: NDArray[np.bool_], both: Integers) -> Integers:
    """Label cores that are neighbours, over any number of cores, alike; -1 for what is no core."""
    ones, others = both.take(np.flatnonzero(cores.take(both).all(axis=0)), axis=1)
    n_points = len(cores)
    # Pairs are sorted by the first, so that the rows of the graph need no sorting, and weights are what scipy takes.
    rows = np.concatenate([[0], np.bincount(ones, minlength=n_points).cumsum()])
    graph = csr_array((np.ones(len(ones)), others.astype(np.int32), rows.astype(np.int32)), shape=(n_points, n_points))
    labels: Integers = connected_components(graph, directed=False)[1].astype(np.int64)
    labels[~cores] = -1
    return labels


def _clusters(points: Floats, times: Floats, pairs: Integers, days: float, enough: Floats) -> Integers:
    """Label each point with its spot, numbered by their first points; -1 for those of none."""
    cores, both = _cores(times, pairs, days, enough)
    labels = _components(cores, both)
    # What is no core but has one for a neighbour is of the nearest one's spot; of two as near, of the earlier point's.
    of_core = cores.take(both)
    one_is = of_core[0] != of_core[1]
    rims = np.where(of_core[0][one_is], both[::-1, one_is], both[:, one_is]).T
    if len(rims):
        far = np.hypot(*(points[rims[:, 0]] - points[rims[:, 1]]).T)
        order = np.lexsort((points[rims[:, 1], 1], points[rims[:, 1], 0], times[rims[:, 1]], far, rims[:, 0]))
        point, first = np.unique(rims[order, 0], return_index=True)
        labels[point] = labels[rims[order[first], 1]]
    inside = labels >= 0
    # Numbered in the order in which they begin, whatever the components were called.
    kept, first = np.unique(labels[inside], return_index=True)
    numbers = np.full(len(labels) + 1, -1, np.int64)
    numbers[kept[np.argsort(first)]] = np.arange(len(kept))
    numbered: Integers = np.where(inside, numbers[labels], -1)
    return numbered


def _shuffled(points: Floats, times: Floats, shuffles: int, seed: int) -> Iterator[Floats]:
    """Yield the times shuffled over the points, from one order of both, whatever order they came in."""
    rng = np.random.default_rng(seed)
    order = np.lexsort((times, points[:, 1], points[:, 0]))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    in_order = np.sort(times)
    for _ in range(shuffles):
        yield rng.permutation(in_order)[rank]


def _as_large(spots: list[Integers], labels: Integers) -> NDArray[np.bool_]:
    """Tell of each spot whether some of its points are in one that is at least as large."""
    sizes = np.append(np.bincount(labels[labels >= 0], minlength=1), 0)
    return np.array([sizes[labels[members]].max() >= len(members) for members in spots])


def _spot(points: Floats, times: Floats, members: Integers, chance: float) -> HotSpot:
    middle = points[members].mean(axis=0)
    return HotSpot(
        members=members,
        x=float(middle[0]),
        y=float(middle[1]),
        radius_m=float(np.hypot(*(points[members] - middle).T).max()),
        first=float(times[members].min()),
        last=float(times[members].max()),
        chance=chance,
    )
