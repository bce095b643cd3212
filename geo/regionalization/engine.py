"""Buildings in, grids out: every grid in one piece and in range wherever that is possible, with a reason where not."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import BoundsError, InputError
from geo.regionalization.borders import border_lengths
from geo.regionalization.bounds import bound_figures
from geo.regionalization.certificates import Prover
from geo.regionalization.component import Component, point_sums
from geo.regionalization.counting import joined, renumbered
from geo.regionalization.efforts import EFFORTS, Rules
from geo.regionalization.exhaustive import MOST_ATOMS, cheapest_partition
from geo.regionalization.outcome import Locks, Prices, Quantity, Regionalization
from geo.regionalization.problem import Problem, check_problem, pieces
from geo.regionalization.search import deadline_ticker, solve
from geo.regionalization.smallest_change import Repairs, households_moved

#: In mean border edges: what it costs to have a barrier of weight 1 inside a grid, per edge that crosses it.
BARRIER_PRICE = 6.0
#: What a border of median length costs for its length alone: short borders make round grids.
LENGTH_PRICE = 0.1
#: What it costs to draw a border between two atoms that share a grid in the plan in force, and to move a household.
STABILITY_PRICE = 1.0
MOVE_PRICE = 0.02
#: Where nothing but the smallest change is asked for.
REPAIR_PRICE, REPAIR_MOVE_PRICE = 3.0, 0.5
#: What a grid outside of the limits of a further quantity costs, and missing them by their whole amount once more.
QUANTITY_PRICE = 100.0
#: What each grid costs, and what the dial ``fewer`` adds.
EACH_PRICE, FEWER_PRICE = 10.0, 40.0
#: What it costs to put two atoms that must be apart in one grid: less than a grid out of range, more than all else.
APART_PRICE = 150.0

#: Attempts while grids stay out of range and there is time left of a limit that was given.
PATIENT = 1000
#: Up to so many old and new grids are paired in the best way there is.
FEW_PAIRED = 1_000
#: Seconds for the reasons of grids out of range when a search was stopped.
LAST_SECONDS = 0.1

Effort = Literal["polished", "draft", "repair"]
Progress = Callable[[float], bool | None]


def regionalize(
    households: ArrayLike,
    edges: ArrayLike,
    boundary_cost: ArrayLike,
    *,
    lower: int,
    upper: int,
    xy: ArrayLike | None = None,
    barrier: ArrayLike | None = None,
    previous: ArrayLike | None = None,
    locks: Locks | None = None,
    seed: int = 0,
    time_limit: float | None = None,
    progress: Progress | None = None,
    prices: Prices | None = None,
    quantities: Sequence[Quantity] = (),
    effort: Effort = "polished",
) -> Regionalization:
    """Assign atoms (buildings, stairwells) to grids of ``lower`` to ``upper`` households, each in one piece.

    In order of weight: few grids out of range, locks kept, few barriers inside grids, cheap borders; then compact
    grids and few changes to the plan in force. Every connected component of the graph is solved by itself. An atom
    above ``upper`` is a grid of its own.

    Parameters
    ----------
    households
        n whole numbers >= 0.
    edges
        m pairs of atom numbers that touch. Loops are ignored; of an edge given twice the costs are summed.
    boundary_cost
        m costs >= 0 of drawing a border across each edge, in any unit.
    lower, upper
        Households of a grid, both included; 0 < lower <= upper.
    xy
        n positions in metres, for compactness; None when shape does not matter.
    barrier
        m weights from 0 (free to cross) to 1 (no grid should lie on both sides).
    previous
        n labels of the plan in force, -1 for unknown; that plan is where the search starts.
    locks
        What must be kept: see :class:`~geo.regionalization.outcome.Locks`.
    seed
        Same input, same seed, same plan, on any machine, unless ``time_limit`` or ``progress`` ended the search.
    time_limit
        Seconds after which the best plan so far is returned; None for as many moves as the size asks for.
    progress
        Called with the share done; returning False ends the search with the best plan so far.
    prices
        The planner's dials; None for the house's own setting.
    quantities
        What grids should hold beside households, within limits of their own: kept where it can be without a grid
        out of range, and before barriers, borders, shape and stability.
    effort
        ``polished``; ``draft`` for a good plan many times sooner; ``repair`` to change ``previous`` only where it
        has grids out of range, and there as few households as can be.

    Returns
    -------
    Regionalization
        Labels, a reason for every grid out of range, and metrics.

    Raises
    ------
    BoundsError
        A number is out of what is allowed: negative households, an atom number that does not exist, lower > upper.
    InputError
        A shape is wrong, a value is not a number, locks contradict one another, or there is nothing to repair.
    """
    began = time.monotonic()
    _check_controls(seed, time_limit, effort, previous is not None)
    problem = check_problem(
        households, edges, boundary_cost, lower, upper, xy, barrier, previous, locks, prices, quantities
    )
    prover = Prover(problem)
    until = None if time_limit is None else began + time_limit
    search = _Search(problem, prover, seed, effort, until, progress)
    labels = _numbered(search.run())
    prover.going = search.closing()
    reasons = prover.explain(labels)
    metrics = measure(problem, labels) | bound_figures(prover, labels)
    metrics["seconds"] = time.monotonic() - began
    metrics["iterations"] = float(search.iterations)
    metrics["cancelled"] = float(search.stopped)
    if effort == "repair":
        metrics["smallest_change_proved"] = float(search.repairs.smallest and not reasons)
    return Regionalization(labels, reasons, metrics)


def _check_controls(seed: int, time_limit: float | None, effort: str, follows: bool) -> None:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise BoundsError(
            f"随机种子 seed 为 {seed!r},应为非负整数", f"seed is {seed!r}; it must be a whole number >= 0"
        )
    if time_limit is not None and not time_limit >= 0:
        raise BoundsError(f"时限 {time_limit} 秒无效,应不小于 0", f"time_limit is {time_limit}; it must be 0 or more")
    if effort not in EFFORTS:
        raise InputError(
            f"effort 为 {effort!r},可用:{'、'.join(EFFORTS)}", f"effort is {effort!r}; use {list(EFFORTS)}"
        )
    if effort == "repair" and not follows:
        raise InputError("没有现行方案可供修复,请给出 previous", "there is no plan to repair; give `previous`")


@dataclass
class _Search:
    """One run over all components."""

    problem: Problem
    prover: Prover
    seed: int
    effort: Effort
    until: float | None
    progress: Progress | None
    iterations: int = 0
    stopped: bool = False

    @cached_property
    def repairs(self) -> Repairs:
        """What is known of the smallest change to the plan in force."""
        return Repairs(self.prover)

    def run(self) -> NDArray[np.int64]:
        problem = self.problem
        group, n_groups, weight, frozen = self.prover.group, self.prover.n, self.prover.weight, self.prover.frozen
        locked = frozen >= 0
        alone = (weight > problem.upper) & ~locked
        free = ~alone & ~locked
        ends = group[problem.edges]
        # Grids fixed or too big first, then one component after the other.
        labels = np.full(n_groups, -1, np.int64)
        labels[locked] = np.unique(frozen[locked], return_inverse=True)[1]
        taken = int(labels.max(initial=-1)) + 1
        labels[alone] = taken + np.arange(alone.sum())
        taken += int(alone.sum())
        price = self._prices()
        members = _members(self.prover.piece, free)
        sizes = np.array([weight[atoms].sum() for atoms in members], dtype=float)
        wanted = [None] * len(members) if problem.n_grids is None else _shares(problem, sizes, problem.n_grids - taken)
        done, whole = 0.0, max(sizes.sum(), 1.0)
        for atoms, size, count in zip(members, sizes, wanted, strict=True):
            found = self._solve(atoms, group, weight, price, count, done / whole, size / whole)
            labels[atoms] = taken + found
            taken += int(found.max()) + 1
            done += size
        _attach_empty(labels, weight, ends, problem.cost)
        if self.progress is not None and not self.stopped:
            self.progress(1.0)
        return labels[group]

    def closing(self) -> Callable[[], bool]:
        """Return what tells whether to look for reasons still: a moment, once the search was told to stop."""

        def tick(share: float) -> bool:
            return self.progress is None or self.stopped or self.progress(share) is not False

        now = time.monotonic()
        end = now if self.stopped else self.until
        ticker = deadline_ticker(tick, None if end is None else max(now, end) + LAST_SECONDS)
        return lambda: ticker(1.0)

    def _prices(self) -> NDArray[np.float64]:
        """Price of a border across each edge, in mean border edges."""
        problem = self.problem
        mean = float(problem.cost.mean()) if len(problem.cost) else 0.0
        price = problem.cost / mean if mean > 0 else np.zeros(len(problem.cost))
        dials = problem.prices
        price = dials.boundary * price - dials.barrier * BARRIER_PRICE * problem.barrier
        # A draft does without the lengths of borders, unless the dial asks for them.
        if problem.xy is not None and dials.compactness > (1 if self.effort == "draft" else 0):
            price = price + dials.compactness * LENGTH_PRICE * border_lengths(problem.xy, problem.edges)
        if problem.previous is not None:
            before = problem.previous[problem.edges]
            known = (before >= 0).all(axis=1)
            same = before[:, 0] == before[:, 1]
            stability = REPAIR_PRICE if self.effort == "repair" else dials.stability * STABILITY_PRICE
            price = price + stability * np.where(known, np.where(same, 1.0, -1.0), 0.0)
        return price

    def _solve(
        self,
        atoms: NDArray[np.int64],
        group: NDArray[np.int64],
        weight: NDArray[np.int64],
        price: NDArray[np.float64],
        n_grids: int | None,
        done: float,
        share: float,
    ) -> NDArray[np.int64]:
        problem = self.problem
        total = int(weight[atoms].sum())
        if len(atoms) == 1 or (total < 2 * problem.lower and total <= problem.upper):
            return np.zeros(len(atoms), np.int64)
        component = replace(self._component(atoms, group, weight, price), n_grids=n_grids)

        def tick(fraction: float) -> bool:
            if self.progress is not None and not self.stopped:
                self.stopped = self.progress(min(1.0, done + share * fraction)) is False
            return not self.stopped

        effort = EFFORTS[self.effort]
        if self.until is not None:
            effort = replace(effort, attempts=PATIENT)

        def hopeless(bad: list[NDArray[np.int64]], looking: bool) -> list[bool]:
            return self.prover.proved([atoms[grid] for grid in bad], looking=looking)

        # The exact searches know households and borders, and nothing of further wishes.
        plain = component.n_grids is None and not len(component.soft_ends) and not problem.quantities

        def mender(labels: NDArray[np.int64]) -> NDArray[np.int64]:
            return self.prover.mended(atoms, labels) if plain else labels

        ticker = deadline_ticker(tick, self.until)
        self.prover.going = lambda: ticker(1.0)
        labels, moves = solve(component, self._rules(), self.seed, effort, ticker, hopeless, mender)
        self.iterations += moves
        # The search names grids and leaves gaps between their numbers.
        numbered = renumbered(labels, len(labels))[1]
        if plain:
            numbered = self._exact(component, numbered)
        if self.effort == "repair":
            numbered = self.repairs.mended(atoms, component, numbered, plain=plain)
        return numbered

    def _rules(self) -> Rules:
        problem, dials = self.problem, self.problem.prices
        limits = np.array(
            [
                (q.lower, q.upper, QUANTITY_PRICE, QUANTITY_PRICE / max(1e-9, q.upper if q.upper < np.inf else q.lower))
                for q in problem.quantities
            ]
        ).reshape(-1, 4)
        move = 0.0
        if problem.previous is not None:
            move = REPAIR_MOVE_PRICE if self.effort == "repair" else dials.stability * MOVE_PRICE
        return Rules(
            problem.lower,
            problem.upper,
            compactness=dials.compactness,
            each=EACH_PRICE + FEWER_PRICE * dials.fewer,
            move=move,
            limits=limits,
        )

    def _exact(self, component: Component, labels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of a handful of atoms left with grids out of range, take the best partition in range if there is one."""
        problem, weight = self.problem, component.weight
        sizes = np.bincount(labels, weight)
        sound = ((sizes >= problem.lower) & (sizes <= problem.upper)).all()
        if sound or len(weight) > MOST_ATOMS:
            return labels
        found = cheapest_partition(weight, component.ends, component.price, problem.lower, problem.upper)
        return labels if found is None else found

    def _component(
        self, atoms: NDArray[np.int64], group: NDArray[np.int64], weight: NDArray[np.int64], price: NDArray[np.float64]
    ) -> Component:
        problem = self.problem
        local = np.full(len(weight), -1, np.int32)
        local[atoms] = np.arange(len(atoms))
        ends, prices = joined(local[group[problem.edges]], price, len(atoms))
        apart = local[group[problem.apart]] if len(problem.apart) else np.empty((0, 2), np.int32)
        apart = apart[(apart >= 0).all(axis=1)]
        xy = None
        if problem.xy is not None:
            at = local[group]
            mine = at >= 0
            count = np.bincount(at[mine], minlength=len(atoms))
            xy = np.column_stack([np.bincount(at[mine], problem.xy[mine, d], len(atoms)) / count for d in (0, 1)])
        start = None
        if problem.previous is not None:
            start = _start_from(problem.previous, local[group], ends, weight[atoms], problem.upper)
        return Component(
            weight=weight[atoms],
            ends=ends,
            price=prices,
            soft_ends=apart,
            soft_price=np.full(len(apart), -APART_PRICE),
            points=point_sums(xy, ends, len(atoms)),
            extra=self._extra(local[group], len(atoms)),
            start=start,
        )

    def _extra(self, at: NDArray[np.int32], n: int) -> NDArray[np.float64]:
        mine = at >= 0
        sums = [np.bincount(at[mine], quantity.values[mine], n) for quantity in self.problem.quantities]
        return np.column_stack(sums) if sums else np.empty((n, 0))


def _members(piece: NDArray[np.int32], free: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Free atoms of each component, components in the order of their first atoms."""
    atoms = np.flatnonzero(free)
    order = np.argsort(piece[atoms], kind="stable")
    sorted_atoms = atoms[order]
    cuts = np.flatnonzero(np.diff(piece[sorted_atoms])) + 1
    return sorted((part for part in np.split(sorted_atoms, cuts) if len(part)), key=lambda part: int(part[0]))


def _shares(problem: Problem, households: NDArray[np.float64], total: int) -> list[int | None]:
    """Divide a wanted number of grids among components, within what their households allow."""
    least = np.maximum(1, np.ceil(households / problem.upper)).astype(int)
    most = np.maximum(least, households // problem.lower).astype(int)
    shares = least.copy()
    while shares.sum() < total and (shares < most).any():
        shares[np.argmax(np.where(shares < most, households / (shares + 1), -1.0))] += 1
    return [int(share) for share in shares]


def _start_from(
    previous: NDArray[np.int64],
    local: NDArray[np.int32],
    ends: NDArray[np.int32],
    weight: NDArray[np.int64],
    upper: int,
) -> NDArray[np.int32] | None:
    """The plan in force as a start: its pieces in this component; None when it says nothing about it."""
    label = np.full(len(weight), -1, np.int64)
    mine = local >= 0
    label[local[mine]] = previous[mine]
    if (label < 0).all():
        return None
    # Atoms new since then join a neighbour that is known, step by step.
    while (label < 0).any():
        for a, b in ((0, 1), (1, 0)):
            new = (label[ends[:, a]] < 0) & (label[ends[:, b]] >= 0)
            label[ends[new, a]] = label[ends[new, b]]
    same = label[ends[:, 0]] == label[ends[:, 1]]
    return pieces(len(weight), ends[same])


def _attach_empty(
    labels: NDArray[np.int64], weight: NDArray[np.int64], ends: NDArray[np.int64], cost: NDArray[np.float64]
) -> None:
    """Give components without any household to the grid with which they share the dearest border."""
    k = int(labels.max(initial=-1)) + 1
    empty = np.bincount(labels, weight, k) == 0
    sides = labels[ends]
    rim = empty[sides[:, 0]] != empty[sides[:, 1]]
    inner = np.where(empty[sides[rim, 0]], sides[rim, 0], sides[rim, 1])
    outer = np.where(empty[sides[rim, 0]], sides[rim, 1], sides[rim, 0])
    pair, at = np.unique(inner * k + outer, return_inverse=True)
    shared = np.bincount(at, cost[rim] + 1e-9, len(pair))
    goal = np.arange(k)
    for i in np.argsort(shared, kind="stable"):
        goal[pair[i] // k] = pair[i] % k
    labels[:] = goal[labels]


def _numbered(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number grids 0..k-1 by their first atom."""
    k = int(labels.max(initial=-1)) + 1
    first = np.full(k, len(labels))
    np.minimum.at(first, labels, np.arange(len(labels)))
    rank = np.empty(k, np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(k)
    return rank[labels]


def measure(problem: Problem, labels: NDArray[np.int64]) -> dict[str, float]:
    """Return the figures of a plan that ``metrics`` describes, those of the search and the bounds apart."""
    k = int(labels.max(initial=-1)) + 1
    households = np.bincount(labels, problem.households, k)
    in_range = (households >= problem.lower) & (households <= problem.upper)
    cut = labels[problem.edges[:, 0]] != labels[problem.edges[:, 1]]
    piece = pieces(len(labels), problem.edges[~cut])
    per_grid = np.bincount(labels[np.unique(piece, return_index=True)[1]], minlength=k) if k else np.zeros(0)
    total = float(problem.cost.sum())
    return {
        "atoms": float(len(labels)),
        "households": float(problem.households.sum()),
        "grids": float(k),
        "in_range": float(in_range.sum()),
        "in_range_share": float(in_range.mean()) if k else 1.0,
        "contiguous": float((per_grid == 1).sum()),
        "boundary_cost": float(problem.cost[cut].sum()),
        "boundary_cost_share": float(problem.cost[cut].sum()) / total if total > 0 else 0.0,
        "barrier_crossed": float(problem.barrier[~cut].sum()),
        "households_moved": float(_moved(problem, labels)),
        "mean_households": float(households.mean()) if k else 0.0,
        "min_households": float(households.min(initial=np.inf)) if k else 0.0,
        "max_households": float(households.max(initial=0.0)),
    }


def _moved(problem: Problem, labels: NDArray[np.int64]) -> int:
    """Households outside of the best pairing of old and new grids; of very many, the largest shares pair up first."""
    if problem.previous is None:
        return 0
    known = problem.previous >= 0
    if max(len(np.unique(problem.previous)), int(labels.max(initial=-1)) + 1) <= FEW_PAIRED:
        return households_moved(problem.previous, labels, problem.households)
    old = np.unique(problem.previous[known], return_inverse=True)[1]
    k = int(labels.max(initial=-1)) + 1
    key, at = np.unique(old * max(k, 1) + labels[known], return_inverse=True)
    shared = np.bincount(at, problem.households[known], len(key)).astype(np.int64)
    kept = 0
    seen_old: set[int] = set()
    seen_new: set[int] = set()
    for i in np.lexsort((key, -shared)):
        before, now = int(key[i]) // max(k, 1), int(key[i]) % max(k, 1)
        if before not in seen_old and now not in seen_new:
            seen_old.add(before)
            seen_new.add(now)
            kept += int(shared[i])
    return int(problem.households[known].sum()) - kept
