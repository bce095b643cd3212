"""Partitions of a handful of atoms, whose answers can be counted."""

import numpy as np
import pytest
from hypothesis import given

from geo.regionalization import regionalize
from geo.regionalization.exhaustive import cheapest_partition
from tests.examples import examples
from tests.geo.regionalization.brute_force import connected_partitions
from tests.strategies import limits, maps

PATH = np.array([[0, 1], [1, 2], [2, 3]], np.int32)


def test_the_cheapest_of_two_cuts_is_taken():
    weight = np.array([1, 1, 1, 1])
    price = np.array([1.0, 9.0, 2.0])
    assert cheapest_partition(weight, PATH, price, 1, 3).tolist() == [0, 1, 1, 1]


def test_parts_hang_together():
    # 3 and 3 would do by weight, but they are the two ends.
    assert cheapest_partition(np.array([3, 4, 3]), PATH[:2], np.ones(2), 6, 6) is None


def test_there_may_be_none():
    assert cheapest_partition(np.array([5, 5, 5]), PATH[:2], np.ones(2), 6, 9) is None


def test_a_handful_of_atoms_is_always_solved():
    households = [0, 10, 0, 0, 1, 11, 3]
    edges = [[0, 1], [0, 2], [0, 3], [0, 4], [0, 5], [0, 6], [1, 2], [1, 4], [3, 4], [4, 5], [3, 6]]
    solved = regionalize(households, edges, np.ones(len(edges)), lower=5, upper=13)
    assert solved.reasons == {}


@given(m=maps(max_atoms=7, most=8, connected=True), bounds=limits(most=16))
@examples(100)
def test_no_partition_in_range_keeps_more(m, bounds):
    lower, upper = bounds
    best = None
    for labels in connected_partitions(len(m.households), m.edges):
        total = np.bincount(labels, m.households)
        if ((total >= lower) & (total <= upper)).all():
            inside = m.boundary_cost[labels[m.edges[:, 0]] == labels[m.edges[:, 1]]].sum()
            best = inside if best is None else max(best, inside)
    found = cheapest_partition(m.households, m.edges, m.boundary_cost, lower, upper)
    if best is None:
        assert found is None
        return
    total = np.bincount(found, m.households)
    assert ((total >= lower) & (total <= upper)).all()
    assert m.boundary_cost[found[m.edges[:, 0]] == found[m.edges[:, 1]]].sum() == pytest.approx(best)


def test_more_partitions_than_can_be_tried_are_left():
    everything = np.array([(i, j) for i in range(24) for j in range(i)], np.int32)
    assert cheapest_partition(np.full(24, 10), everything, np.ones(len(everything)), 20, 240) is None
