"""Partitions of a handful of atoms, whose answers can be counted."""

import numpy as np

from geo.regionalization import regionalize
from geo.regionalization.exhaustive import cheapest_partition

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
