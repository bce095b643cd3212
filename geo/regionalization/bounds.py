"""What no plan can beat: fewest and most grids, and what must stay out of range.

Fewest grids is bin packing on a map. Three bounds are taken, the best for each connected component: households by the
upper limit; the packing bound of Martello and Toth, which sees that big buildings cannot share a grid; and a flow
bound, which also sees that what would fill them up may not be within reach.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra, maximum_flow

from geo.regionalization.certificates import Prover

#: Atoms of the biggest component for which the flow bound is worked out; ways are measured for so many at a time.
MOST_ATOMS, AT_ONCE = 5_000, 100


def bound_figures(prover: Prover, labels: NDArray[np.int64]) -> dict[str, float]:
    """Return the figures of a plan that stand against bounds, by their names in the registry.

    Parameters
    ----------
    labels
        The plan by atom; its grids out of range have been explained by ``prover``.
    """
    problem = prover.problem
    households = np.bincount(labels, problem.households)
    wrong = (households < problem.lower) | (households > problem.upper)
    fewest = fewest_grids(prover)
    least_grids, least_households = least_out_of_range(prover)
    return {
        "lower_bound": float(fewest),
        "upper_bound": float(most_grids(prover)),
        "gap_to_lower_bound": float(len(households) - fewest),
        "out_of_range_lower_bound": float(least_grids),
        "gap_to_out_of_range_lower_bound": float(wrong.sum() - least_grids),
        "households_out_of_range": float(households[wrong].sum()),
        "households_out_of_range_lower_bound": float(least_households),
    }


def fewest_grids(prover: Prover) -> int:
    """Return a number of grids that no plan without grids above the upper limit goes below.

    Atoms above the limit and locked grids count as one each.
    """
    upper = prover.problem.upper
    fixed = len(np.unique(prover.frozen[prover.frozen >= 0])) + int((prover.weight[prover.frozen < 0] > upper).sum())
    return fixed + sum(_fewest(prover, groups) for groups in _components(prover)) + _empty_islands(prover)


def most_grids(prover: Prover) -> int:
    """Return a number of grids that no plan exceeds in which every grid reaches the lower limit, islands apart."""
    lower, upper = prover.problem.lower, prover.problem.upper
    fixed = len(np.unique(prover.frozen[prover.frozen >= 0])) + int((prover.weight[prover.frozen < 0] > upper).sum())
    inhabited = [max(1, int(prover.weight[groups].sum()) // lower) for groups in _components(prover)]
    return fixed + sum(inhabited) + _empty_islands(prover)


def least_out_of_range(prover: Prover) -> tuple[int, int]:
    """Return grids, and households in grids, that are out of range in every plan, as far as it is proved.

    Of one component only one grid counts: a grid as big as the component would be out of range for all its pockets.
    Households add up over pockets that have no atom in common.
    """
    problem, weight = prover.problem, prover.weight
    alone = (weight > problem.upper) & (prover.frozen < 0)
    grids, households = int(alone.sum()), int(weight[alone].sum())
    for label in np.unique(problem.frozen[problem.frozen >= 0]):
        total = int(problem.households[problem.frozen == label].sum())
        if not problem.lower <= total <= problem.upper:
            grids, households = grids + 1, households + total
    least: dict[int, int] = {}
    for proof in prover.proofs:
        piece = int(prover.piece[next(iter(proof.atoms))])
        lightest = sorted(int(weight[a]) for a in proof.atoms)[: proof.count]
        least[piece] = least.get(piece, 0) + sum(lightest)
    for piece, reason in prover.whole.items():
        if reason is not None:
            inside = weight[(prover.piece == piece) & prover.free & (weight > 0)]
            proved = int(inside.sum()) if reason.code == "component_under_lower" else int(inside.min(initial=0))
            least[piece] = max(least.get(piece, 0), proved)
    return grids + len(least), households + sum(least.values())


def packing_bound(weight: NDArray[np.int64], upper: int) -> int:
    """Return how many bins of size ``upper`` some weights need at least, none of them above it.

    The bound L2, and the plain one that no bin holds more than k weights above upper / (k + 1).

    References
    ----------
    Martello & Toth (1990), Discrete Applied Mathematics 28(1), 59-70.
    """
    ordered = np.sort(weight[weight > 0])
    if len(ordered) == 0:
        return 0
    total = np.r_[0, np.cumsum(ordered)]
    half = int(np.searchsorted(ordered, upper // 2, "right"))
    small = np.r_[0, np.unique(ordered[:half])]
    first = np.searchsorted(ordered, small, "left")
    alone = np.searchsorted(ordered, upper - small, "right")
    room = (alone - half) * upper - (total[alone] - total[half])
    missing = np.maximum(0, -(-(total[half] - total[first] - room) // upper))
    crowds = (-(-(len(ordered) - int(np.searchsorted(ordered, upper // (k + 1), "right"))) // k) for k in range(1, 10))
    return max(int((len(ordered) - half + missing).max()), *crowds)


def _components(prover: Prover) -> list[NDArray[np.int64]]:
    """Free groups of each component with households."""
    groups = np.flatnonzero(prover.free)
    order = groups[np.argsort(prover.piece[groups], kind="stable")]
    cuts = np.flatnonzero(np.diff(prover.piece[order])) + 1
    return [part for part in np.split(order, cuts) if prover.weight[part].sum() > 0]


def _empty_islands(prover: Prover) -> int:
    """Components without households that touch nothing they could be given to."""
    empty = np.flatnonzero(prover.free & (np.bincount(prover.piece, prover.weight, prover.n)[prover.piece] == 0))
    ends = prover.group[prover.problem.edges]
    leaving = prover.piece[ends[:, 0]] != prover.piece[ends[:, 1]]
    return len(np.setdiff1d(prover.piece[empty], prover.piece[ends[leaving].ravel()]))


def _fewest(prover: Prover, groups: NDArray[np.int64]) -> int:
    weight, upper = prover.weight[groups], prover.problem.upper
    best = max(1, -(-int(weight.sum()) // upper), packing_bound(weight, upper))
    if len(groups) > MOST_ATOMS or not (2 * weight > upper).any() or not prover.going():
        return best
    return max(best, _flow_bound(prover, groups))


def _flow_bound(prover: Prover, groups: NDArray[np.int64]) -> int:
    """Grids that the big atoms need, one each, and those for what cannot be put beside any of them.

    Households of small atoms flow to big atoms within reach as far as there is room; atoms may be split on the way.
    """
    weight, upper = prover.weight[groups], prover.problem.upper
    big, small = np.flatnonzero(2 * weight > upper), np.flatnonzero((2 * weight <= upper) & (weight > 0))
    if len(small) == 0:
        return len(big)
    pairs = _within_reach(_ways(prover, groups), weight, big, small, upper)
    n, source, sink = len(groups), len(groups), len(groups) + 1
    tails = np.r_[np.full(len(small), source), pairs[:, 1], big]
    heads = np.r_[small, pairs[:, 0], np.full(len(big), sink)]
    room = np.r_[weight[small], weight[pairs[:, 1]], upper - weight[big]]
    pipes = csr_array((room.astype(np.int32), (tails, heads)), shape=(n + 2, n + 2))
    placed = int(maximum_flow(pipes, source, sink).flow_value)
    return len(big) + -(-(int(weight[small].sum()) - placed) // upper)


def _ways(prover: Prover, groups: NDArray[np.int64]) -> csr_array:
    """Steps between the groups of a component, as long as the households that each takes along."""
    local = np.full(prover.n, -1, np.int64)
    local[groups] = np.arange(len(groups))
    ends = local[prover.group[prover.problem.edges[prover.inner]]]
    ends = np.unique(np.sort(ends[(ends >= 0).all(axis=1)], axis=1), axis=0)
    a, b = np.r_[ends[:, 0], ends[:, 1]], np.r_[ends[:, 1], ends[:, 0]]
    # A step of no length would be no edge; all of them together stay below one household.
    length = prover.weight[groups[b]] + 0.5 / len(groups)
    joined = coo_array((length, (a, b)), shape=(len(groups), len(groups)))
    return csr_array(joined)


def _within_reach(
    ways: csr_array, weight: NDArray[np.int64], big: NDArray[np.int64], small: NDArray[np.int64], upper: int
) -> NDArray[np.int64]:
    """Pairs of a big and a small atom that a connected set of at most ``upper`` could hold."""
    found = []
    for some in np.split(big, range(AT_ONCE, len(big), AT_ONCE)):
        # Sources of one chunk differ in households; the furthest that any of them may go bounds the search.
        far = dijkstra(ways, indices=some, limit=upper - int(weight[some].min()) + 0.75)
        near = np.argwhere(far[:, small] <= (upper - weight[some] + 0.75)[:, None])
        found.append(np.column_stack([some[near[:, 0]], small[near[:, 1]]]))
    return np.vstack(found)
