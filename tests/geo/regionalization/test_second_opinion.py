"""The benchmark's second opinion on plans, held to plans that can be counted on one's fingers."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks.regionalization.changes import change
from tests.benchmarks.regionalization.checking import check, households_moved

#   0 - 1 - 2
#   |       |
#   3 - 4 - 5
EDGES = np.array([[0, 1], [1, 2], [0, 3], [2, 5], [3, 4], [4, 5]])
COST = np.array([1, 2, 4, 8, 16, 32])
HOUSEHOLDS = np.array([10, 0, 5, 5, 5, 10])


def test_counts_range_and_border():
    seen = check(HOUSEHOLDS, EDGES, COST, np.array([0, 0, 1, 0, 1, 1]), 15, 19)
    assert seen.households == {0: 15, 1: 20}
    assert (seen.grids, seen.in_range, seen.in_pieces) == (2, 1, 0)
    assert seen.cut == 2 + 16


def test_finds_a_grid_in_pieces():
    seen = check(HOUSEHOLDS, EDGES, COST, np.array([0, 1, 0, 1, 1, 1]), 1, 100)
    # Grid 0 is atoms 0 and 2, which do not touch; grid 1 is atom 1 apart from 3, 4 and 5.
    assert seen.in_pieces == 2


def test_refuses_an_atom_without_a_grid():
    with pytest.raises(AssertionError, match="no grid"):
        check(HOUSEHOLDS, EDGES, COST, np.array([0, 0, 0, 0, 0, -1]), 1, 100)
    with pytest.raises(AssertionError, match="5 labels"):
        check(HOUSEHOLDS, EDGES, COST, np.zeros(5, int), 1, 100)


labels = st.lists(st.integers(0, 3), min_size=6, max_size=6).map(np.array)


@given(before=labels, after=labels)
def test_moves_as_few_as_any_pairing(before: np.ndarray, after: np.ndarray):
    fewest = min(int(HOUSEHOLDS[np.array(renamed)[before] != after].sum()) for renamed in permutations(range(4)))
    assert households_moved(HOUSEHOLDS, before, after) == fewest


def test_renaming_grids_moves_nobody_and_new_atoms_had_no_grid():
    before = np.array([0, 0, 1, 1, 1, -1])
    assert households_moved(HOUSEHOLDS, before, np.array([7, 7, 3, 3, 3, 7])) == 0


@given(seed=st.integers(0, 2**32 - 1))
def test_changes_only_a_share_of_the_buildings(seed: int):
    side = 20
    atoms = np.arange(side * side).reshape(side, side)
    edges = np.vstack(
        [np.c_[atoms[:, :-1].ravel(), atoms[:, 1:].ravel()], np.c_[atoms[:-1].ravel(), atoms[1:].ravel()]]
    )
    households = np.arange(side * side) % 13 * 20
    xy = np.c_[atoms.ravel() // side, atoms.ravel() % side] * 30.0
    after = change(
        households, edges, np.ones(len(edges), int), xy, atoms.ravel() // side, share=0.02, upper=300, seed=seed
    )
    old, new = after.households[: len(households)], len(after.households) - len(households)
    assert new == (after.before < 0).sum() == 1
    assert (old != households).sum() <= after.changed - new
    assert (old[households == 0] == 0).all()
    assert after.households.max() <= 300
    assert len(after.edges) == len(after.cost) == len(edges) + 2 * new
    assert (after.edges[len(edges) :, 1] >= len(households)).all()
