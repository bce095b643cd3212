"""Mending and proving on graphs small enough to try everything."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from geo.regionalization import Locks, Quantity, cover, regionalize
from geo.regionalization.cover import Budget, Cover, land
from geo.regionalization.pockets import GRID_BUDGET, Proof, claimed, mend, prove
from tests.examples import examples
from tests.geo.regionalization.brute_force import connected, connected_partitions, feasible_partition_exists
from tests.strategies import limits, maps


def out_of_range(households, labels, lower, upper):
    total = np.bincount(labels, households)
    return [np.flatnonzero(labels == g) for g in np.unique(labels) if not lower <= total[g] <= upper]


def assert_proved(proofs, households, plans, lower, upper):
    for labels in plans:
        total = np.bincount(labels, households)[labels]
        for proof in proofs:
            assert sum(not lower <= total[a] <= upper for a in proof.atoms) >= proof.count


@given(m=maps(max_atoms=7, most=10, connected=True), bounds=limits(most=20), data=st.data())
@examples(200)
def test_mending_keeps_grids_whole_and_leaves_no_more_out_of_range(m, bounds, data):
    lower, upper = bounds
    households = np.minimum(m.households, upper)
    assume(households.sum() > 0)
    before = data.draw(st.sampled_from(list(connected_partitions(len(households), m.edges))))
    mended = mend(households, m.edges, m.boundary_cost, before, lower, upper)
    assert all(connected(set(np.flatnonzero(mended.labels == g).tolist()), m.edges) for g in np.unique(mended.labels))
    now = out_of_range(households, mended.labels, lower, upper)
    assert len(now) <= len(out_of_range(households, before, lower, upper))
    assert mended.labels.max() < len(households)
    assert (mend(households, m.edges, m.boundary_cost, before, lower, upper).labels == mended.labels).all()


@given(m=maps(max_atoms=7, most=10, connected=True), bounds=limits(most=20), data=st.data())
@examples(200)
def test_a_proof_holds_in_every_plan(m, bounds, data):
    lower, upper = bounds
    households = np.minimum(m.households, upper)
    plans = list(connected_partitions(len(households), m.edges))
    before = data.draw(st.sampled_from(plans))
    proofs = list(mend(households, m.edges, m.boundary_cost, before, lower, upper).proofs)
    area = land(households, m.edges, m.boundary_cost, lower, upper)
    wrong = [frozenset(grid.tolist()) for grid in out_of_range(households, before, lower, upper)]
    prove(area, wrong, proofs, Budget(GRID_BUDGET))
    assert_proved(proofs, households, plans, lower, upper)
    atoms = [a for proof in proofs for a in proof.atoms]
    assert len(atoms) == len(set(atoms))


#: Towers in a row, shops at both ends: 180 must hand its shop over, all along the row.
CHAIN = np.array([20, 180, 20, 180, 20, 180, 20, 180])


def test_a_chain_of_towers_passes_fillings_on():
    # 0  1   2  3   4  5   6  7
    # 20-180-20-180-20-180-20-180, each shop with the tower before it, none left for the last.
    edges = np.array([(i, i + 1) for i in range(7)])
    mended = mend(CHAIN, edges, np.ones(7), np.array([0, 0, 0, 1, 1, 2, 2, 3]), 200, 300)
    assert mended.labels.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert mended.proofs == []


def test_towers_that_compete_for_one_filling_are_named():
    # Both towers reach the shop through one empty building, which one of them can have.
    households = np.array([180, 180, 0, 60])
    edges = np.array([(0, 1), (0, 2), (1, 2), (2, 3)])
    found = mend(households, edges, np.ones(4), np.array([0, 1, 1, 1]), 200, 300)
    assert found.proofs == [Proof(frozenset({0, 1}), 1)]
    plan = regionalize(households, edges, np.ones(4), lower=200, upper=300)
    assert [reason.proved for reason in plan.reasons.values()] == [True]


def test_two_grids_never_cite_a_proof_of_one():
    proof = Proof(frozenset({1, 2}), 1)
    assert claimed([proof], [frozenset({1}), frozenset({2})]) == [proof, None]


def test_a_spent_budget_mends_nothing_and_proves_nothing():
    edges = np.array([(i, i + 1) for i in range(7)])
    before = np.array([0, 0, 0, 1, 1, 2, 2, 3])
    found = mend(CHAIN, edges, np.ones(7), before, 200, 300, budget=1)
    assert (found.labels == before).all()
    assert found.proofs == []


@pytest.mark.parametrize(
    "asked",
    [
        {"locks": Locks(n_grids=2)},
        {"locks": Locks(apart=[(0, 1)])},
        {"quantities": [Quantity("posts", [1, 0, 0, 0], 1, 1)]},
    ],
)
@given(
    households=st.lists(st.integers(1, 10), min_size=4, max_size=4),
    edges=st.sampled_from([[(0, 1), (1, 2), (2, 3)], [(0, 1), (0, 2), (0, 3)], [(0, 1), (1, 2), (2, 3), (0, 3)]]),
    bounds=limits(most=20),
)
@examples(10)
def test_wishes_beside_households_never_make_a_proof(asked, households, edges, bounds):
    lower, upper = bounds
    plan = regionalize(households, edges, np.ones(len(edges)), lower=lower, upper=upper, **asked)
    if any(reason.proved for reason in plan.reasons.values()):
        assert not feasible_partition_exists(households, edges, lower, upper)


@given(m=maps(max_atoms=7, most=10, connected=True), bounds=limits(most=20), data=st.data())
@examples(200)
def test_a_proof_holds_though_little_is_looked_at_around_a_pocket(m, bounds, data):
    lower, upper = bounds
    households = np.minimum(m.households, upper)
    plans = list(connected_partitions(len(households), m.edges))
    before = data.draw(st.sampled_from(plans))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cover, "COUNTRY", data.draw(st.integers(1, 5)))
        proofs = mend(households, m.edges, m.boundary_cost, before, lower, upper).proofs
    assert_proved(proofs, households, plans, lower, upper)


def test_beyond_what_is_looked_at_there_may_be_enough(monkeypatch):
    # 110 at the end of a road of empty atoms, with as many at its other end.
    households = np.array([110, *[0] * 8, 110])
    edges = np.array([(i, i + 1) for i in range(9)])
    area = land(households, edges, np.ones(9), 200, 300)
    for country, chosen in ((10, [0, 9]), (5, [0])):
        monkeypatch.setattr(cover, "COUNTRY", country)
        (sets,) = Cover(area, [0], 0, Budget(10**6)).covers()
        assert [sorted(atoms) for atoms in sets] == [chosen]
