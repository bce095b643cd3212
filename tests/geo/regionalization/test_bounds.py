"""Bounds are checked against every plan there is."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geo.regionalization import Locks, regionalize
from geo.regionalization.bounds import fewest_grids, least_out_of_range, most_grids, packing_bound
from geo.regionalization.certificates import Prover
from geo.regionalization.problem import check_problem
from tests.examples import examples
from tests.geo.regionalization.brute_force import connected_partitions
from tests.strategies import limits, maps


def prover_of(m, lower, upper, locks=None):
    return Prover(check_problem(m.households, m.edges, m.boundary_cost, lower, upper, None, None, None, locks))


@given(m=maps(max_atoms=7, connected=True), bounds=limits())
@examples(150)
def test_no_plan_has_fewer_or_more_grids(m, bounds):
    lower, upper = bounds
    households = np.minimum(m.households, upper)
    m = type(m)(households, m.edges, m.boundary_cost, m.barrier, m.xy)
    prover = prover_of(m, lower, upper)
    fewest, most = fewest_grids(prover), most_grids(prover)
    for labels in connected_partitions(len(households), m.edges):
        total = np.bincount(labels, households)
        if total.max() <= upper:
            assert fewest <= len(total)
        if total.min() >= lower:
            assert len(total) <= most


@given(
    weight=st.lists(st.integers(0, 12), max_size=6).map(np.array),
    upper=st.integers(12, 24),
)
@examples(100)
def test_the_packing_bound_is_no_more_than_the_bins_needed(weight, upper):
    weight = weight.astype(np.int64)
    bound = packing_bound(weight, upper)
    assert bound >= -(-int(weight.sum()) // upper)
    everything = np.array([(i, j) for i in range(len(weight)) for j in range(i)]).reshape(-1, 2)
    for labels in connected_partitions(len(weight), everything):
        if len(labels) and np.bincount(labels, weight).max() <= upper:
            filled = np.bincount(labels, weight) > 0
            assert bound <= filled.sum()


def test_big_buildings_need_grids_of_their_own():
    assert packing_bound(np.array([160, 160, 160]), 300) == 3
    assert packing_bound(np.array([100] * 7), 300) == 3
    assert packing_bound(np.array([101] * 7), 300) == 4


def test_what_is_out_of_reach_fills_nothing():
    # 200 - 250 - 60: the room beside 200 is no use to 60, which does not fit beside 250.
    found = regionalize([200, 250, 60], [[0, 1], [1, 2]], [1.0, 1.0], lower=10, upper=300)
    assert found.metrics["lower_bound"] == 3
    assert found.metrics["gap_to_lower_bound"] == 0


@given(m=maps(max_atoms=7, most=14), bounds=limits(), data=st.data())
@examples(200)
def test_what_is_proved_out_of_range_is_so_in_every_plan(m, bounds, data):
    lower, upper = bounds
    households = np.minimum(m.households, upper)
    m = type(m)(households, m.edges, m.boundary_cost, m.barrier, m.xy)
    prover = prover_of(m, lower, upper)
    plans = list(connected_partitions(len(households), m.edges))
    prover.explain(data.draw(st.sampled_from(plans)))
    grids, inside = least_out_of_range(prover)
    for labels in plans:
        total = np.bincount(labels, households)
        wrong = (total < lower) | (total > upper)
        assert wrong.sum() >= grids
        assert total[wrong].sum() >= inside


def test_locked_grids_and_buildings_above_the_limit_count_as_they_are():
    # 0 | 1 2 | 3: above the limit, locked below it, an island too small.
    locks = Locks(fixed=[-1, 0, 0, -1])
    found = regionalize([400, 50, 60, 70], [[0, 1], [1, 2]], [1.0, 1.0], lower=200, upper=300, locks=locks)
    assert found.metrics["grids"] == found.metrics["lower_bound"] == found.metrics["upper_bound"] == 3
    assert found.metrics["out_of_range_lower_bound"] == 3
    assert found.metrics["gap_to_out_of_range_lower_bound"] == 0
    assert found.metrics["households_out_of_range_lower_bound"] == found.metrics["households_out_of_range"] == 580
