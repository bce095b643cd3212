"""Proofs are checked against trying everything."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.regionalization import regionalize
from geo.regionalization.cover import Cover
from tests.geo.regionalization.brute_force import connected_partitions, feasible_partition_exists
from tests.strategies import limits, maps


def near_of(n, edges):
    near = [set() for _ in range(n)]
    for a, b in edges.tolist():
        near[a].add(b)
        near[b].add(a)
    return near


@given(m=maps(max_atoms=7, connected=True), bounds=limits(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_pocket_is_covered_exactly_when_some_partition_does_it(m, bounds, data):
    lower, upper = bounds
    households = m.households + 1
    n = len(households)
    pocket = data.draw(st.sets(st.integers(0, n - 1), min_size=1))
    answer = Cover(households, near_of(n, m.edges), lower, upper, 10**6).possible(frozenset(pocket))
    truth = False
    for labels in connected_partitions(n, m.edges):
        total = np.bincount(labels, households)[labels]
        truth = truth or all(lower <= total[a] <= upper for a in pocket)
    assert answer is truth


def test_no_answer_without_budget():
    households = np.full(30, 10)
    near = near_of(30, np.array([(i, j) for i in range(30) for j in range(i)]))
    assert Cover(households, near, 145, 146, 1000).possible(frozenset(range(30))) is None


@given(m=maps(max_atoms=8, most=20), bounds=limits(most=30))
@settings(max_examples=200, deadline=None)
def test_a_proved_reason_means_that_no_partition_helps_its_atoms(m, bounds):
    lower, upper = bounds
    result = regionalize(m.households, m.edges, m.boundary_cost, lower=lower, upper=upper)
    proved = [r for r in result.reasons.values() if r.proved]
    if proved:
        assert not feasible_partition_exists(m.households, m.edges, lower, upper)
    for reason in proved:
        assert reason.households == m.households[list(reason.atoms)].sum()
        if reason.code == "atom_over_upper":
            assert m.households[reason.atoms[0]] > upper
        if reason.code == "component_under_lower":
            assert reason.households < lower


@given(m=maps(max_atoms=8, most=12, connected=True), bounds=limits(most=24))
@settings(max_examples=150, deadline=None)
def test_small_maps_are_never_left_without_a_proof(m, bounds):
    lower, upper = bounds
    households = np.maximum(m.households, 1)
    result = regionalize(households, m.edges, m.boundary_cost, lower=lower, upper=upper)
    assert all(reason.proved for reason in result.reasons.values())
