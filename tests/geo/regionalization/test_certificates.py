"""Proofs are checked against trying everything."""

import os
import time

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from geo.regionalization import regionalize
from geo.regionalization.certificates import Prover
from geo.regionalization.cover import Budget, BudgetSpentError, Cover, land
from geo.regionalization.problem import check_problem
from tests.examples import TIMES, examples
from tests.geo.regionalization.brute_force import connected_partitions, feasible_partition_exists
from tests.strategies import limits, maps


def land_of(households, edges, lower, upper):
    return land(households, np.asarray(edges).reshape(-1, 2), np.ones(len(edges)), lower, upper)


@given(m=maps(max_atoms=7, connected=True), bounds=limits(), data=st.data())
@examples(150)
def test_a_pocket_is_covered_exactly_when_some_partition_does_it(m, bounds, data):
    lower, upper = bounds
    inhabited = [a for a in range(len(m.households)) if 0 < m.households[a] <= upper]
    assume(inhabited)
    pocket = data.draw(st.sets(st.sampled_from(inhabited), min_size=1))
    spared = data.draw(st.integers(0, len(pocket) - 1))
    fits = m.households <= upper
    edges = m.edges[fits[m.edges].all(axis=1)]
    cover = Cover(land_of(m.households, edges, lower, upper), pocket, len(m.households), Budget(10**6))
    most = 0
    for labels in connected_partitions(len(m.households), edges):
        total = np.bincount(labels, m.households)[labels]
        most = max(most, sum(lower <= total[a] <= upper for a in pocket))
    assert (next(cover.covers(spared=spared), None) is not None) == (most >= len(pocket) - spared)


@given(m=maps(max_atoms=7, connected=True), bounds=limits(), tracked=st.integers(0, 3), data=st.data())
@examples(200)
def test_sharing_what_is_not_followed_never_rules_out_a_cover(m, bounds, tracked, data):
    lower, upper = bounds
    households = np.minimum(m.households, upper)
    inhabited = np.flatnonzero(households).tolist()
    assume(inhabited)
    pocket = data.draw(st.sets(st.sampled_from(inhabited), min_size=1, max_size=3))
    area = land_of(households, m.edges, lower, upper)
    followed = Cover(area, pocket, len(households), Budget(10**6))
    shared = Cover(area, pocket, tracked, Budget(10**6))
    if next(followed.covers(), None) is not None:
        assert next(shared.covers(), None) is not None


def test_no_answer_without_budget():
    area = land_of(np.full(30, 10), np.array([(i, j) for i in range(30) for j in range(i)]), 145, 146)
    with pytest.raises(BudgetSpentError):
        Cover(area, range(30), 0, Budget(1000))


@given(m=maps(max_atoms=8, most=20), bounds=limits(most=30))
@examples(100)
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
@examples(60)
def test_small_maps_are_never_left_without_a_proof(m, bounds):
    lower, upper = bounds
    households = np.maximum(m.households, 1)
    result = regionalize(households, m.edges, m.boundary_cost, lower=lower, upper=upper)
    assert all(reason.proved for reason in result.reasons.values())


def lattice(side):
    atoms = np.arange(side * side).reshape(side, side)
    beside = np.c_[atoms[:, :-1].ravel(), atoms[:, 1:].ravel()]
    return np.vstack([beside, np.c_[atoms[:-1].ravel(), atoms[1:].ravel()]])


def test_a_ticker_that_says_stop_ends_an_exact_search():
    area = land_of(np.full(30, 10), np.array([(i, j) for i in range(30) for j in range(i)]), 145, 146)
    asked = []

    def going():
        asked.append(1)
        return len(asked) < 3

    budget = Budget(10**15, going)
    with pytest.raises(BudgetSpentError):
        Cover(area, range(30), 0, budget)
    assert len(asked) == 3
    assert not budget.open


def test_a_ticker_that_says_stop_ends_the_choice_of_sets():
    # Two of 110 make a grid, and 121 on a chessboard are one too many: that takes long to see.
    area = land_of(np.full(121, 110), lattice(11), 200, 300)
    asked = []

    def going():
        asked.append(1)
        return len(asked) < 20

    with pytest.raises(BudgetSpentError):
        next(Cover(area, range(121), 0, Budget(10**15, going)).covers())
    assert len(asked) == 20


def test_without_time_nothing_is_proved_that_takes_some():
    # 110 + 110 in every grid, of 25 one is left: only trying everything shows it.
    problem = check_problem(np.full(25, 110), lattice(5), np.ones(40), 200, 300, None, None, None, None)
    plan = np.zeros(25, np.int64)
    hurried = Prover(problem)
    hurried.going = lambda: False
    assert [reason.code for reason in hurried.explain(plan).values()] == ["not_found"]
    assert hurried.proofs == []
    assert [reason.code for reason in Prover(problem).explain(plan).values()] == ["component_infeasible"]


def test_proofs_reach_over_any_number_of_empty_buildings():
    # A tower, a long way without anybody, another tower: each lacks ten, and together they are too many.
    length = 1_000 * TIMES
    households = np.zeros(length, np.int64)
    households[[0, -1]] = 190, 195
    way = np.column_stack([np.arange(length - 1), np.arange(1, length)])
    plan = regionalize(households, way, np.ones(length - 1), lower=200, upper=300, effort="draft")
    assert all(reason.proved for reason in plan.reasons.values())
    assert len(plan.reasons) == plan.metrics["grids"] > 0
    # With a third of 105 halfway one of the two is helped, whichever.
    households[length // 2] = 105
    plan = regionalize(households, way, np.ones(length - 1), lower=200, upper=300, effort="draft")
    assert [reason.proved for reason in plan.reasons.values()] == [True]
    assert sorted(np.bincount(plan.labels, households).tolist()) in ([190, 300], [195, 295])


#: Of 625 buildings one finds no partner: in each corner the search for a proof goes on until its budget is spent.
HARD = {
    "households": np.full(625, 110),
    "edges": lattice(25),
    "boundary_cost": np.ones(1200),
    "lower": 200,
    "upper": 300,
}


def test_a_time_limit_holds_where_proofs_are_hard():
    seconds = []
    for limit in (None, 0.2):
        began = time.process_time()
        plan = regionalize(**HARD, time_limit=limit)
        seconds.append(time.process_time() - began)
        assert {reason.code for reason in plan.reasons.values()} == {"not_found"}
    # Of several processors each may have been at work.
    assert seconds[1] < 0.4 * max(1, min(4, os.cpu_count() or 1))
    assert seconds[1] < seconds[0] / 2


def test_progress_that_says_stop_stops_proofs():
    told = []

    def progress(share):
        told.append(share)
        return share < 1

    began = time.process_time()
    plan = regionalize(**HARD, progress=progress)
    stopped = time.process_time() - began
    assert plan.metrics["cancelled"] == 1
    assert told.count(1.0) == 1
    assert {reason.code for reason in plan.reasons.values()} == {"not_found"}
    began = time.process_time()
    regionalize(**HARD)
    assert stopped < time.process_time() - began
