"""A plan changed so that more households stay with others of their old grid, and with a worker they had.

Each old grid has a place: an atom amid its largest part in one new grid. Households of the old grid in another new
grid than that atom cost by their number, and so do those whose new grid's worker was none of theirs. The engine's own
moves lower this beside borders, barriers and shape, range first; then places and workers are found anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.regionalization.component import Component, point_sums
from geo.regionalization.counting import joined
from geo.regionalization.efforts import Rules, Stage, heat_at
from geo.regionalization.engine import APART_PRICE, BARRIER_PRICE, EACH_PRICE, FEWER_PRICE, QUANTITY_PRICE
from geo.regionalization.keeping import losses, worker_grids
from geo.regionalization.old_layers import OldLayer
from geo.regionalization.problem import Problem
from geo.regionalization.solver import Solver, graph_of

#: In mean borders, for each household: away from the most of its old grid (in all layers), and without a worker it had.
#: Of 0.03 to 1 tried on the sample town and on towns with two layers: below, fewer stay; above, grids get ragged.
PARTED_PRICE, NEW_WORKER_PRICE = 0.2, 0.2
#: How often places and workers are found anew, each time cooler.
ROUNDS = 6
STAGE = Stage(cluster=0.0, moves_per_grid=40, flips_per_move=40, wide=0.1, hot=6.0, cold=0.02, rounds=4)
LEAST_MOVES = 100

Labels = NDArray[np.int64]


def reunite(
    problem: Problem,
    layers: Sequence[OldLayer],
    labels: Labels,
    *,
    seed: int = 0,
    go_on: Callable[[float], bool] = lambda done: True,
) -> Labels:
    """Return a plan that keeps more of old grids and is no further out of range; what is locked stays.

    Parameters
    ----------
    layers
        As :func:`~geo.regionalization.old_layers.checked_layers` returns them; at least one.
    labels
        New grid 0..k-1 of each atom, each grid in one piece.
    go_on
        Called with the share done; the best so far is returned when it says no.
    """
    ground = _mobile(problem, layers, labels)
    if not (ground.local[problem.edges] >= 0).all(axis=1).any():
        return labels
    for turn in range(ROUNDS):
        labels = ground.anneal(labels, [seed, turn], STAGE.hot * (1 - turn / ROUNDS))
        if not go_on((turn + 1) / ROUNDS):
            break
    return labels


def upset(problem: Problem, layers: Sequence[OldLayer], labels: Labels) -> tuple[int, float]:
    """Say how bad a plan is: grids out of range, then borders, parted households and new workers, in mean borders."""
    sizes = np.bincount(labels, problem.households)
    wrong = int(((sizes < problem.lower) | (sizes > problem.upper)).sum())
    parted, moved = losses(problem.households, layers, labels)
    mean = sum(layer.weight for layer in layers) / len(layers)
    weighted = sum(layer.weight / mean * count for layer, count in zip(layers, parted, strict=True))
    cut = labels[problem.edges[:, 0]] != labels[problem.edges[:, 1]]
    borders = float(_border_prices(problem)[cut].sum())
    price = PARTED_PRICE * weighted + NEW_WORKER_PRICE * moved
    return wrong, borders + problem.prices.stability * price


@dataclass(frozen=True)
class _Ground:
    """What may change its grid: groups of atoms, in numbers of their own.

    Attributes
    ----------
    local
        Number of each atom's group, 0..count-1; -1 where it has to stay.
    """

    problem: Problem
    layers: Sequence[OldLayer]
    local: Labels
    count: int

    def anneal(self, labels: Labels, seed: list[int], hot: float) -> Labels:
        """Run one round from a plan; return the better of that plan and what was found."""
        problem, mine = self.problem, self.local >= 0
        of_group = np.empty(self.count, np.int64)
        of_group[self.local[mine]] = labels[mine]
        names, start = np.unique(of_group, return_inverse=True)
        others = int(labels.max()) + 1 - len(names)
        rules = _rules(problem)
        graph = graph_of(self._component(labels, start.astype(np.int32)), rules)
        graph.atoms.home = self._homes(labels, names)
        wanted = None if problem.n_grids is None else max(1, problem.n_grids - others)
        solver = Solver(graph, rules.numbers(wanted), seed)
        solver.begin(start.astype(np.int32))
        moves = max(LEAST_MOVES, len(names) * STAGE.moves_per_grid) // STAGE.rounds
        for turn in range(STAGE.rounds):
            heat = heat_at(STAGE, turn / STAGE.rounds) * hot / STAGE.hot
            solver.search(moves, STAGE.flips_per_move, STAGE.wide, 0.0, heat, heat)
        solver.search(moves // 2, 2 * STAGE.flips_per_move, 0.0, 0.0, 0.0, 0.0)
        solver.keep_if_best()
        found = labels.copy()
        found[mine] = len(labels) + solver.best[self.local[mine]]
        numbered: Labels = np.unique(found, return_inverse=True)[1].astype(np.int64)
        return numbered

    def _component(self, labels: Labels, start: NDArray[np.int32]) -> Component:
        problem, mine = self.problem, self.local >= 0
        weight = np.bincount(self.local[mine], problem.households[mine], self.count).astype(np.int64)
        ends, price = joined(self.local[problem.edges], _border_prices(problem), self.count)
        soft_ends, soft_price = self._bonds(labels)
        xy = None
        if problem.xy is not None:
            size = np.bincount(self.local[mine], minlength=self.count)
            xy = np.column_stack(
                [np.bincount(self.local[mine], problem.xy[mine, d], self.count) / size for d in (0, 1)]
            )
        amounts = [np.bincount(self.local[mine], one.values[mine], self.count) for one in problem.quantities]
        return Component(
            weight=weight,
            ends=ends,
            price=price,
            soft_ends=soft_ends,
            soft_price=soft_price,
            points=point_sums(xy, ends, self.count),
            extra=np.column_stack(amounts) if amounts else np.empty((self.count, 0)),
            start=start,
        )

    def _bonds(self, labels: Labels) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Tie the households of each old grid to its place, and keep apart what must be."""
        problem = self.problem
        mean = sum(layer.weight for layer in self.layers) / len(self.layers)
        pairs, prices = [], []
        for layer in self.layers:
            place = _places(problem, layer, labels)
            known = np.flatnonzero((place >= 0) & (problem.households > 0))
            pairs.append(self.local[np.column_stack([known, place[known]])])
            prices.append(PARTED_PRICE * layer.weight / mean * problem.households[known])
        ends, price = joined(np.vstack(pairs), problem.prices.stability * np.concatenate(prices), self.count)
        apart = self.local[problem.apart] if len(problem.apart) else np.empty((0, 2), np.int64)
        apart = apart[(apart >= 0).all(axis=1)]
        return np.vstack([ends, apart]).astype(np.int32), np.r_[price, np.full(len(apart), -APART_PRICE)]

    def _homes(self, labels: Labels, names: Labels) -> NDArray[np.int32]:
        """Number the grid of a worker that each group had: its own grid's if it is one, else the heaviest layer's."""
        problem = self.problem
        home = np.full(len(labels), -1, np.int64)
        grids = worker_grids(problem.households, self.layers, labels)
        order = sorted(range(len(grids)), key=lambda i: (self.layers[i].weight, self.layers[i].name))
        for grid in (grids[i] for i in order):
            home = np.where(grid >= 0, grid, home)
        for grid in grids:
            home = np.where(grid == labels, labels, home)
        # A group lives where its largest atom does.
        mine = np.flatnonzero(self.local >= 0)
        mine = mine[np.lexsort((problem.households[mine], self.local[mine]))]
        of_group = np.empty(self.count, np.int64)
        of_group[self.local[mine]] = home[mine]
        at = np.minimum(np.searchsorted(names, of_group), len(names) - 1)
        return np.where(names[at] == of_group, at, -1).astype(np.int32)


def _mobile(problem: Problem, layers: Sequence[OldLayer], labels: Labels) -> _Ground:
    """Number the groups of atoms that may move: not fixed, not above the limit, and in no grid with one that is."""
    weight = np.bincount(problem.group, problem.households)
    bound = (problem.frozen >= 0) | (weight > problem.upper)[problem.group]
    stays = np.isin(labels, labels[bound])
    local = np.full(len(labels), -1, np.int64)
    numbers, local[~stays] = np.unique(problem.group[~stays], return_inverse=True)
    return _Ground(problem, layers, local, len(numbers))


def _places(problem: Problem, layer: OldLayer, labels: Labels) -> Labels:
    """Return for each atom the middle one of those of its old grid in that one's main new grid; -1 for no old grid."""
    atoms = np.flatnonzero(np.asarray(layer.labels) >= 0)
    place = np.full(len(labels), -1, np.int64)
    if not len(atoms):
        return place
    names, old = np.unique(np.asarray(layer.labels)[atoms], return_inverse=True)
    k = int(labels.max()) + 1
    key, at = np.unique(old * k + labels[atoms], return_inverse=True)
    shared = np.bincount(at, problem.households[atoms])
    best = np.lexsort((key, -shared, key // k))
    main = key[best[np.unique((key // k)[best], return_index=True)[1]]]
    inside = key[at] == main[old]
    atoms_in, old_in = atoms[inside], old[inside]
    far = -problem.households[atoms_in].astype(float)
    if problem.xy is not None:
        count = np.bincount(old_in, minlength=len(names))
        middle = [np.bincount(old_in, problem.xy[atoms_in, d], len(names)) / count for d in (0, 1)]
        far = np.hypot(*(problem.xy[atoms_in, d] - middle[d][old_in] for d in (0, 1)))
    order = np.lexsort((far, old_in))
    place[atoms] = atoms_in[order[np.unique(old_in[order], return_index=True)[1]]][old]
    return place


def _border_prices(problem: Problem) -> NDArray[np.float64]:
    mean = float(problem.cost.mean()) if len(problem.cost) and problem.cost.any() else 1.0
    dials = problem.prices
    return dials.boundary * problem.cost / mean - dials.barrier * BARRIER_PRICE * problem.barrier


def _rules(problem: Problem) -> Rules:
    limits = [
        (
            one.lower,
            one.upper,
            QUANTITY_PRICE,
            QUANTITY_PRICE / max(1e-9, one.upper if one.upper < np.inf else one.lower),
        )
        for one in problem.quantities
    ]
    dials = problem.prices
    return Rules(
        problem.lower,
        problem.upper,
        compactness=dials.compactness,
        each=EACH_PRICE + FEWER_PRICE * dials.fewer,
        move=NEW_WORKER_PRICE * dials.stability,
        limits=np.array(limits, dtype=float).reshape(-1, 4),
    )
