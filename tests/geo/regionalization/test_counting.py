"""What is counted into order is in the order that comparing puts it in."""

import numpy as np
import pytest

from geo.regionalization.counting import different_pairs, in_order, joined, pairs_in_order, renumbered


@pytest.mark.parametrize("count", [0, 1, 500])
def test_order_is_that_of_a_stable_sort(count):
    rng = np.random.default_rng(count)
    one, other = rng.integers(0, 20, (2, count))
    assert (in_order(one, 20) == np.argsort(one, kind="stable")).all()
    assert (pairs_in_order(one, other, 20) == np.lexsort((other, one))).all()


def test_labels_are_renumbered_without_gaps():
    names, number = renumbered(np.array([7, 2, 2, 9]), 10)
    assert names.tolist() == [2, 7, 9]
    assert number.tolist() == [1, 0, 0, 2]


def test_a_pair_given_either_way_round_is_one():
    pairs, at = different_pairs(np.array([3, 0, 1]), np.array([1, 2, 3]), 4)
    assert pairs.tolist() == [[0, 2], [1, 3]]
    assert at.tolist() == [1, 0, 1]


def test_prices_of_the_same_pair_are_summed_and_loops_and_what_is_outside_dropped():
    ends = np.array([[2, 1], [0, 1], [1, 2], [2, 2], [-1, 0]])
    pairs, price = joined(ends, np.array([1.0, 10.0, 0.5, 7.0, 9.0]), 3)
    assert pairs.tolist() == [[0, 1], [1, 2]]
    assert price.tolist() == [10.0, 1.5]


def test_nothing_joins_to_nothing():
    pairs, price = joined(np.empty((0, 2), np.int32), np.empty(0), 0)
    assert pairs.shape == (0, 2)
    assert price.shape == (0,)
