"""Households brought together with their old grid: rows of houses one can count, then properties on random maps."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geo.regionalization import regionalize
from geo.regionalization.old_layers import OldLayer
from geo.regionalization.outcome import Locks
from geo.regionalization.problem import check_problem
from geo.regionalization.reuniting import reunite, upset
from tests.examples import examples
from tests.geo.regionalization.brute_force import connected
from tests.strategies import limits, maps


def row(n, lower, upper, locks=None):
    """A row of n houses of 100 households."""
    edges = np.array([(i, i + 1) for i in range(n - 1)]).reshape(-1, 2)
    return check_problem([100] * n, edges, np.ones(len(edges)), lower, upper, None, None, None, locks)


def test_a_border_moves_to_where_the_old_one_was():
    layer = OldLayer("公安", np.array([0, 0, 0, 1, 1]))
    assert reunite(row(5, 200, 300), [layer], np.array([0, 0, 1, 1, 1])).tolist() == [0, 0, 0, 1, 1]


def test_range_comes_before_old_grids():
    # The old border would leave grids of 100 and 500.
    layer = OldLayer("公安", np.array([0, 1, 1, 1, 1, 1]))
    assert reunite(row(6, 300, 300), [layer], np.array([0, 0, 0, 1, 1, 1])).tolist() == [0, 0, 0, 1, 1, 1]


def test_a_fixed_grid_stays():
    layer = OldLayer("公安", np.array([0, 0, 0, 1, 1]))
    locks = Locks(fixed=[0, 0, -1, -1, -1])
    assert reunite(row(5, 200, 300, locks), [layer], np.array([0, 0, 1, 1, 1])).tolist() == [0, 0, 1, 1, 1]


def test_buildings_that_touch_nothing_stay():
    problem = check_problem([250, 250], [], [], 200, 300, None, None, None, None)
    assert reunite(problem, [OldLayer("公安", np.array([0, 0]))], np.array([0, 1])).tolist() == [0, 1]


def test_the_search_ends_when_told_to():
    told = []
    layer = OldLayer("公安", np.array([0, 0, 0, 1, 1]))
    reunite(row(5, 200, 300), [layer], np.array([0, 0, 1, 1, 1]), go_on=lambda done: told.append(done) is not None)
    assert len(told) == 1


def test_a_plan_is_less_upset_where_fewer_leave_their_old_grid():
    layer = OldLayer("公安", np.array([0, 0, 0, 1, 1]))
    problem = row(5, 200, 300)
    good, bad, wrong = ([0, 0, 0, 1, 1], [0, 0, 1, 1, 1], [0, 0, 0, 0, 1])
    order = [upset(problem, [layer], np.array(labels)) for labels in (good, bad, wrong)]
    assert order == sorted(order)
    assert [out_of_range for out_of_range, _ in order] == [0, 0, 2]


@examples(20)
@given(maps(), limits(), st.data())
def test_a_reunited_plan_is_a_partition_in_one_piece_and_no_further_out_of_range(town, bounds, data):
    lower, upper = bounds
    n = len(town.households)
    old = data.draw(st.lists(st.integers(-1, 3), min_size=n, max_size=n))
    ground = (town.households, town.edges, town.boundary_cost)
    options = {"lower": lower, "upper": upper, "xy": town.xy, "barrier": town.barrier}
    labels = regionalize(*ground, **options, effort="draft").labels
    problem = check_problem(*ground, lower, upper, town.xy, town.barrier, None, None)
    found = reunite(problem, [OldLayer("公安", np.array(old, np.int64))], labels)
    assert found.shape == labels.shape
    for grid in range(int(found.max(initial=-1)) + 1):
        assert connected(np.flatnonzero(found == grid), town.edges)

    def wrong(plan):
        sizes = np.bincount(plan, town.households)
        return ((sizes < lower) | (sizes > upper)).sum()

    assert wrong(found) <= wrong(labels)
