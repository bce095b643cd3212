"""Bad input is refused at the door, in words."""

import numpy as np
import pytest

from geo.errors import BoundsError, InputError
from geo.regionalization import Locks, regionalize

GOOD = {
    "households": [100, 120, 90],
    "edges": [[0, 1], [1, 2]],
    "boundary_cost": [1.0, 2.0],
    "lower": 200,
    "upper": 300,
}


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"households": [100, -1, 90]}, BoundsError, r"households\[1\] is -1"),
        ({"households": [100, 1.5, 90]}, BoundsError, "whole number"),
        ({"households": [100, float("nan"), 90]}, BoundsError, "nan"),
        ({"households": [100, float("inf"), 90]}, BoundsError, "inf"),
        ({"households": [100, "x", 90]}, InputError, "not numbers"),
        ({"households": [[100, 120, 90]]}, InputError, "one row"),
        ({"edges": [[0, 1], [1, 3]]}, BoundsError, "edge 1 joins"),
        ({"edges": [[0, 1], [1, -1]]}, BoundsError, "edge 1 joins"),
        ({"edges": [[0, 1, 2], [0, 1, 2]]}, InputError, "2 columns"),
        ({"edges": [0, 1]}, InputError, "2 columns"),
        ({"edges": [[0, 1], [1, 1.5]]}, InputError, "whole numbers"),
        ({"boundary_cost": [1.0]}, InputError, "2 numbers"),
        ({"boundary_cost": [1.0, float("nan")]}, BoundsError, r"boundary_cost\[1\] is nan"),
        ({"boundary_cost": [1.0, -2.0]}, BoundsError, r"boundary_cost\[1\] is -2"),
        ({"lower": 301}, BoundsError, "301-300"),
        ({"lower": 0}, BoundsError, "0-300"),
        ({"upper": 300.0}, BoundsError, "whole numbers"),
        ({"barrier": [0.0, 1.5]}, BoundsError, r"barrier\[1\] is 1.5"),
        ({"xy": [[0, 0], [1, 1]]}, InputError, "3 rows of 2"),
        ({"xy": [[0, 0], [1, 1], [np.nan, 0]]}, InputError, r"xy\[2\]"),
        ({"previous": [0, 1]}, InputError, "3 values"),
        ({"previous": [0, 1, -2]}, BoundsError, r"previous\[2\] is -2"),
        ({"locks": Locks(fixed=[0, -1])}, InputError, "3 values"),
        ({"locks": Locks(fixed=[0, -1, 0])}, InputError, "2 pieces"),
        ({"locks": Locks(together=[[0, 9]])}, BoundsError, "atom 9"),
        ({"locks": Locks(apart=[(0, 0)])}, InputError, "kept apart"),
        ({"locks": Locks(together=[[0, 1]], apart=[(0, 1)])}, InputError, "kept apart"),
        ({"locks": Locks(fixed=[0, 1, -1], together=[[0, 1]])}, InputError, "different grids"),
        ({"locks": Locks(n_grids=0)}, BoundsError, "at least 1"),
        ({"time_limit": -1.0}, BoundsError, "time_limit"),
        ({"seed": -1}, BoundsError, "seed"),
    ],
)
def test_bad_input_is_refused_in_words(change, error, words):
    given = {**GOOD, **change}
    positional = [given.pop(name) for name in ("households", "edges", "boundary_cost")]
    with pytest.raises(error, match=words) as caught:
        regionalize(*positional, **given)
    assert caught.value.zh
    assert "\n" not in caught.value.zh


def test_together_without_a_way_between_is_refused():
    with pytest.raises(InputError, match="nothing joins them"):
        regionalize([100, 100], np.empty((0, 2)), [], lower=200, upper=300, locks=Locks(together=[[0, 1]]))


def test_loops_and_double_edges_change_nothing_but_the_cost():
    households, edges = [100] * 6, [[i, i + 1] for i in range(5)]
    plain = regionalize(households, edges, [10, 10, 2, 10, 10], lower=200, upper=400)
    doubled = regionalize(households, [*edges, [3, 2], [4, 4]], [10, 10, 1, 10, 10, 1, 5], lower=200, upper=400)
    assert plain.labels.tolist() == doubled.labels.tolist()
    assert doubled.metrics["boundary_cost"] == 2
