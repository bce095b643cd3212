"""The smallest change is checked against every plan there is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from geo.regionalization.cover import Budget, BudgetSpentError
from geo.regionalization.smallest_change import smallest_change
from tests.examples import examples
from tests.geo.regionalization.brute_force import connected, connected_partitions
from tests.strategies import limits, maps


def moved(households, before, now):
    """Households outside of the best pairing of old and new grids; -1 had none."""
    known = before >= 0
    shared = np.zeros((before.max(initial=0) + 1, now.max() + 1), np.int64)
    np.add.at(shared, (before[known], now[known]), households[known])
    return int(households[known].sum() - shared[linear_sum_assignment(shared, maximize=True)].sum())


def cut(edges, cost, labels):
    ends = labels[edges]
    return float(cost[ends[:, 0] != ends[:, 1]].sum())


@given(m=maps(max_atoms=7, most=8, connected=True), bounds=limits(most=16), data=st.data())
@examples(200)
def test_no_plan_in_range_moves_fewer_or_does_the_same_for_less(m, bounds, data):
    lower, upper = bounds
    n = len(m.households)
    before = np.array(data.draw(st.lists(st.integers(-1, 3), min_size=n, max_size=n)))
    best = None
    for labels in connected_partitions(n, m.edges):
        total = np.bincount(labels, m.households)
        if ((total >= lower) & (total <= upper)).all():
            one = (moved(m.households, before, labels), cut(m.edges, m.boundary_cost, labels))
            best = one if best is None else min(best, one)
    given_to = np.where(before >= 0, m.households, 0)
    arguments = (m.households, before, given_to, m.edges, m.boundary_cost, lower, upper)
    found = smallest_change(*arguments, int(m.households.sum()), Budget(10**6))
    if best is None:
        assert found is None
        return
    assert all(connected(set(np.flatnonzero(found == part).tolist()), m.edges) for part in np.unique(found))
    total = np.bincount(found, m.households)
    assert ((total >= lower) & (total <= upper)).all()
    assert moved(m.households, before, found) == best[0]
    assert cut(m.edges, m.boundary_cost, found) == pytest.approx(best[1])
    assert (smallest_change(*arguments, best[0], Budget(10**6)) == found).all()
    if best[0]:
        assert smallest_change(*arguments, best[0] - 1, Budget(10**6)) is None


def test_no_answer_without_budget():
    edges = np.array([(i, j) for i in range(30) for j in range(i)])
    with pytest.raises(BudgetSpentError):
        smallest_change(
            np.full(30, 10), np.zeros(30, int), np.full(30, 10), edges, np.ones(len(edges)), 100, 200, 300, Budget(1000)
        )


def test_more_states_than_are_kept_are_no_answer():
    edges = np.array([(i, j) for i in range(24) for j in range(i)])
    with pytest.raises(BudgetSpentError):
        smallest_change(
            np.full(24, 10), np.arange(24), np.full(24, 10), edges, np.ones(len(edges)), 20, 40, 240, Budget(10**9)
        )
