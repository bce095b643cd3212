"""The smallest change that brings a small plan back into range, by trying everything that could be smaller.

A plan keeps what its grids share with the old grids that they continue, each old grid continued by one at most; all
other households move. What a part of the plan makes move is known from the part and the old grid that it continues,
so parts are put together atom by atom: always one that holds the first atom not yet in any. What moves more than a
plan that is known already is dropped on the way, which leaves few parts where little has to move.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from geo.regionalization.certificates import Prover
from geo.regionalization.compilation import kernel
from geo.regionalization.component import Component
from geo.regionalization.cover import Budget, BudgetSpentError

Integers = NDArray[np.int64]

#: Atoms of the biggest component that is tried; each is a bit of a number.
MOST_ATOMS = 60
#: Steps for one component, about a tenth of a second, and for all of them: a part that does not go with others is one.
SEARCH_BUDGET, RUN_BUDGET = 40_000_000, 200_000_000
#: Steps that a part takes that is grown, or put beside others.
COSTLY = 50
#: Of both, as many as are kept.
MOST_KEPT = 50_000
STEPS_AT_ONCE = 1_000_000

DONE, PAUSED, FULL = 0, 1, 2
#: Slots of ``_Parts.counts``, and of ``_States.counts``.
TOP, PARTS, FIRST, STATUS = 0, 1, 2, 3
STATES, LAYER, STATE, PART = 0, 1, 2, 4


class _Old(NamedTuple):
    """Households of each atom, those of them that had a grid, which one that was (-1 for none), and neighbours."""

    weight: Integers
    known: Integers
    home: Integers
    near: Integers


class _Parts(NamedTuple):
    """Connected sets in range by their first atom: those of atom ``i`` are ``found[start[i]:start[i + 1]]``."""

    found: Integers
    start: Integers
    stack: Integers
    counts: Integers


class _States(NamedTuple):
    """Atoms in parts already, and the old grids continued that others could still want; how to get there best.

    ``heads`` and ``after`` list the states by the first atom that is in no part.
    """

    covered: Integers
    continued: Integers
    moved: Integers
    kept: NDArray[np.float64]
    back: Integers
    part: Integers
    after: Integers
    heads: Integers
    slots: Integers
    counts: Integers


def smallest_change(
    weight: Integers,
    home: Integers,
    known: Integers,
    ends: NDArray[np.integer],
    price: NDArray[np.float64],
    lower: int,
    upper: int,
    most: int,
    budget: Budget,
) -> Integers | None:
    """Return the plan in range that moves fewest households, the cheapest of these.

    Parameters
    ----------
    weight
        Households of n atoms, n at most :data:`MOST_ATOMS`.
    home, known
        The old grid of each atom, -1 for none, and how many of its households are counted when it leaves.
    ends, price
        int[m, 2] and float[m]: edges, and what a border across each costs.
    most
        Households that may move: those of a plan in range that is known, or all.

    Returns
    -------
    int[n] or None
        The part of each atom, numbered by first atoms; None when no plan in range moves that few.

    Raises
    ------
    BudgetSpentError
        Before the answer is known.
    """
    n = len(weight)
    near = np.zeros(n, np.int64)
    for a, b in ends.tolist():
        near[a] |= 1 << b
        near[b] |= 1 << a
    grids = np.unique(home[home >= 0])
    number_of = np.where(home >= 0, np.searchsorted(grids, home), -1)
    old = _Old(weight.astype(np.int64), known.astype(np.int64), number_of.astype(np.int64), near)
    parts = _all_parts(old, lower, upper, most, budget)
    inside = np.zeros(len(parts.found))
    for (a, b), cost in zip(ends.tolist(), price.tolist(), strict=True):
        inside += (parts.found >> a & parts.found >> b & 1) * cost
    states = _all_states(old, parts, inside, most, budget)
    last = int(states.heads[n])
    if last < 0:
        return None
    labels, number = np.zeros(n, np.int64), 0
    while states.back[last] >= 0:
        labels[(parts.found[states.part[last]] >> np.arange(n) & 1).astype(bool)] = number
        last, number = int(states.back[last]), number + 1
    # Walked from the end; parts are numbered by their first atoms.
    return number - 1 - labels


class Repairs:
    """The plan in force and what was done about it, one component after the other.

    Attributes
    ----------
    smallest
        Whether of every component so far it is proved that no plan in range moves fewer households.
    """

    def __init__(self, prover: Prover) -> None:
        self.prover, self.problem = prover, prover.problem
        self.budget = Budget(RUN_BUDGET, lambda: prover.going())
        self.smallest = prover.problem.previous is not None and not prover.problem.detours and self._apart()

    def mended(self, groups: Integers, component: Component, labels: Integers, *, plain: bool) -> Integers:
        """Return a plan of one component that moves fewer households than ``labels``, where there is one.

        Parameters
        ----------
        groups
            The groups of atoms that the component consists of, in its order.
        plain
            Whether there are no wishes beside households: of others nothing is known here.
        """
        old = self._old(groups)
        if old is None:
            self.smallest = False
            return labels
        home, known = old
        households = np.bincount(labels, component.weight)
        sound = bool(((households >= self.problem.lower) & (households <= self.problem.upper)).all())
        if sound and _nobody_moves(home, labels):
            return labels
        found = None
        if plain and len(groups) <= MOST_ATOMS:
            most = households_moved(home, labels, known) if sound else int(known.sum())
            found = self._smallest(component, home, known, most)
            # Of plans that move as many, the search has looked at shape too.
            if found is not None and (not sound or households_moved(home, found, known) < most):
                labels = found
        self.smallest &= found is not None
        return labels

    def _smallest(self, component: Component, home: Integers, known: Integers, most: int) -> Integers | None:
        try:
            with self.budget.part(SEARCH_BUDGET) as budget:
                return smallest_change(
                    component.weight,
                    home,
                    known,
                    component.ends,
                    component.price,
                    self.problem.lower,
                    self.problem.upper,
                    most,
                    budget,
                )
        except BudgetSpentError:
            return None

    def _old(self, groups: Integers) -> tuple[Integers, Integers] | None:
        """Return the old grid of each group and how many households had it; None where one comes from several."""
        problem, prover = self.problem, self.prover
        place = np.full(prover.n, -1, np.int64)
        place[groups] = np.arange(len(groups))
        at = place[prover.group]
        told = (at >= 0) & (self._previous >= 0)
        first, last = np.full(len(groups), np.iinfo(np.int64).max), np.full(len(groups), -1, np.int64)
        np.minimum.at(first, at[told], self._previous[told])
        np.maximum.at(last, at[told], self._previous[told])
        if (first < last).any():
            return None
        return last, np.bincount(at[told], problem.households[told], len(groups)).astype(np.int64)

    @property
    def _previous(self) -> Integers:
        """The old grid of each atom with households, -1 for unknown."""
        previous = self.problem.previous
        if previous is None:
            return np.full(len(self.problem.households), -1, np.int64)
        return np.where(self.problem.households > 0, previous, -1)

    def _apart(self) -> bool:
        """Whether no old grid reaches over several components or locked grids, which would have to share it."""
        prover = self.prover
        place = np.where(prover.free, prover.piece, prover.n + np.arange(prover.n))
        place = np.where(prover.frozen >= 0, 2 * prover.n + prover.frozen, place)[prover.group]
        told = self._previous >= 0
        pairs = np.unique(np.column_stack([self._previous[told], place[told]]), axis=0)
        return len(np.unique(pairs[:, 0])) == len(pairs)


def _nobody_moves(before: Integers, now: Integers) -> bool:
    """Whether new grids are the old ones, as far as these are known."""
    known = before >= 0
    pairs = np.unique(np.column_stack([before[known], now[known]]), axis=0)
    return all(len(np.unique(column)) == len(pairs) for column in pairs.T)


def households_moved(before: Integers, now: Integers, households: Integers) -> int:
    """Return the households outside of the best pairing of old and new grids.

    Parameters
    ----------
    before, now
        Old grid of each atom, -1 for none, and new grid.
    """
    known = before >= 0
    if not known.any():
        return 0
    old, at = np.unique(before[known], return_inverse=True)
    new, to = np.unique(now[known], return_inverse=True)
    shared = np.zeros((len(old), len(new)), np.int64)
    np.add.at(shared, (at, to), households[known])
    return int(households[known].sum() - shared[linear_sum_assignment(shared, maximize=True)].sum())


def _all_parts(old: _Old, lower: int, upper: int, most: int, budget: Budget) -> _Parts:
    n = len(old.weight)
    parts = _Parts(
        found=np.zeros(MOST_KEPT, np.int64),
        start=np.zeros(n + 1, np.int64),
        stack=np.zeros((n * n + n + 1, 4), np.int64),
        counts=np.array([0, 0, -1, 0]),
    )
    while True:
        done = grow_parts(old, parts, lower, upper, most, min(STEPS_AT_ONCE, budget.left))
        if parts.counts[STATUS] == DONE:
            budget.left -= min(done, budget.left)
            return parts._replace(found=parts.found[: parts.counts[PARTS]])
        budget.spend(done if parts.counts[STATUS] == PAUSED else budget.left)


def _all_states(old: _Old, parts: _Parts, inside: NDArray[np.float64], most: int, budget: Budget) -> _States:
    n = len(old.weight)
    states = _States(
        covered=np.zeros(MOST_KEPT, np.int64),
        continued=np.zeros(MOST_KEPT, np.int64),
        moved=np.zeros(MOST_KEPT, np.int64),
        kept=np.zeros(MOST_KEPT),
        back=np.zeros(MOST_KEPT, np.int64),
        part=np.zeros(MOST_KEPT, np.int64),
        after=np.zeros(MOST_KEPT, np.int64),
        heads=np.full(n + 1, -1, np.int64),
        slots=np.full(1 << (2 * MOST_KEPT).bit_length(), -1, np.int64),
        counts=np.zeros(5, np.int64),
    )
    # Of the first state nothing is in any part.
    states.counts[STATES], states.counts[PART] = 1, -1
    states.back[0], states.after[0], states.heads[0] = -1, -1, 0
    while True:
        done = join_parts(old, parts, inside, states, most, min(STEPS_AT_ONCE, budget.left))
        if states.counts[STATUS] == DONE:
            budget.left -= min(done, budget.left)
            return states
        budget.spend(done if states.counts[STATUS] == PAUSED else budget.left)


@kernel
def moved_at_least(old: Any, part: Any, tally: Any) -> Any:
    """Households that move into a part, whatever old grid it continues; ``tally`` is left as what each has in it."""
    tally[:] = 0
    known, most = np.int64(0), np.int64(0)
    for i in range(len(old.weight)):
        if part >> i & 1 and old.home[i] >= 0:
            known += old.known[i]
            tally[old.home[i]] += old.known[i]
            most = max(most, tally[old.home[i]])
    return known - most


@kernel
def grow_parts(old: Any, parts: Any, lower: Any, upper: Any, most: Any, steps: Any) -> Any:
    """Meet every connected set of at most ``upper`` that moves at most ``most`` once, and keep those in range."""
    n = len(old.weight)
    tally = np.zeros(n + 1, np.int64)
    counts, stack = parts.counts, parts.stack
    done = 0
    while True:
        if counts[TOP] == 0:
            first = counts[FIRST] + 1
            parts.start[first] = counts[PARTS]
            if first == n:
                counts[STATUS] = DONE
                return done
            one = np.int64(1)
            stack[0, 0], stack[0, 1] = one << first, old.near[first]
            stack[0, 2], stack[0, 3] = (one << (first + 1)) - 1, old.weight[first]
            counts[TOP], counts[FIRST] = 1, first
        if done >= steps:
            counts[STATUS] = PAUSED
            return done
        if counts[PARTS] == len(parts.found):
            counts[STATUS] = FULL
            return done
        done += COSTLY
        counts[TOP] -= 1
        top = counts[TOP]
        part, border, banned, weight = stack[top, 0], stack[top, 1], stack[top, 2], stack[top, 3]
        if weight > upper or moved_at_least(old, part, tally) > most:
            continue
        if weight >= lower:
            parts.found[counts[PARTS]] = part
            counts[PARTS] += 1
        for i in range(n):
            bit = np.int64(1) << i
            if border & bit and not banned & bit:
                banned |= bit
                if weight + old.weight[i] <= upper:
                    top = counts[TOP]
                    stack[top, 0], stack[top, 1] = part | bit, border | old.near[i]
                    stack[top, 2], stack[top, 3] = banned, weight + old.weight[i]
                    counts[TOP] += 1


@kernel
def join_parts(old: Any, parts: Any, inside: Any, states: Any, most: Any, steps: Any) -> Any:
    """Give each state, first atom left by first atom left, every part that holds it and is free of the others."""
    n = len(old.weight)
    tally = np.zeros(n + 1, np.int64)
    counts = states.counts
    done = 0
    while counts[LAYER] < n:
        layer, state = counts[LAYER], counts[STATE]
        if state < 0:
            counts[LAYER] = layer + 1
            counts[STATE], counts[PART] = states.heads[layer + 1], -1
            continue
        if counts[PART] < 0:
            counts[PART] = parts.start[layer]
        if counts[PART] == parts.start[layer + 1]:
            counts[STATE], counts[PART] = states.after[state], -1
            continue
        if done >= steps:
            counts[STATUS] = PAUSED
            return done
        if counts[STATES] + n + 1 > len(states.covered):
            counts[STATUS] = FULL
            return done
        done += 1
        p = counts[PART]
        part = parts.found[p]
        counts[PART] = p + 1
        if part & states.covered[state]:
            continue
        done += COSTLY
        moved_at_least(old, part, tally)
        known = np.int64(0)
        for grid in range(n):
            known += tally[grid]
        for grid in range(-1, n):
            if grid >= 0 and (tally[grid] == 0 or states.continued[state] >> grid & 1):
                continue
            moved = states.moved[state] + known - (tally[grid] if grid >= 0 else 0)
            if moved <= most:
                enter_state(old, states, state, p, part, grid, moved, states.kept[state] + inside[p], most)
    counts[STATUS] = DONE
    return done


@kernel
def enter_state(
    old: Any, states: Any, back: Any, p: Any, part: Any, grid: Any, moved: Any, kept: Any, most: Any
) -> None:
    """Note a way to a state, if it is the best so far and not bound to move too many."""
    n = len(old.weight)
    one = np.int64(1)
    covered = states.covered[back] | part
    continued, wanted = states.continued[back], np.int64(0)
    if grid >= 0:
        continued |= one << grid
    first, ahead = n, np.int64(0)
    for i in range(n - 1, -1, -1):
        if not covered >> i & 1:
            first = i
            if old.home[i] >= 0 and old.known[i] > 0:
                wanted |= one << old.home[i]
                # Its grid is continued elsewhere: it will move.
                if continued >> old.home[i] & 1:
                    ahead += old.known[i]
    if moved + ahead > most:
        return
    continued &= wanted
    slots = states.slots
    at = ((covered * 0x2545F4914F6CDD1D) ^ (continued * 0x1B03738712FAD5C9)) >> 20 & (len(slots) - 1)
    while slots[at] >= 0:
        s = slots[at]
        if states.covered[s] == covered and states.continued[s] == continued:
            if moved < states.moved[s] or (moved == states.moved[s] and kept > states.kept[s]):
                states.moved[s], states.kept[s], states.back[s], states.part[s] = moved, kept, back, p
            return
        at = (at + 1) & (len(slots) - 1)
    s = states.counts[STATES]
    states.counts[STATES] = s + 1
    slots[at] = s
    states.covered[s], states.continued[s], states.moved[s], states.kept[s] = covered, continued, moved, kept
    states.back[s], states.part[s] = back, p
    states.after[s], states.heads[first] = states.heads[first], s
