"""Quantities beside households."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import BoundsError
from geo.regionalization.balancing import Balance, of_atoms


@given(st.lists(st.integers(0, 90), min_size=1, max_size=8), st.integers(0, 200))
def test_a_divided_building_loses_nothing(households, shops):
    atoms = pd.DataFrame({"building": "a", "households": households})
    values = np.asarray(of_atoms(Balance("shop"), atoms, pd.DataFrame({"shop": [shops]}, index=["a"])).values)
    assert values.sum() == shops
    assert (values >= 0).all()
    if sum(households):
        assert np.abs(values - shops * np.array(households) / sum(households)).max() < 1


def test_one_post_goes_to_the_largest_part():
    atoms = pd.DataFrame({"building": ["a", "a", "b"], "households": [10, 30, 5]})
    post = of_atoms(Balance("posts", 1, 1), atoms, pd.DataFrame({"posts": [1, 0]}, index=["a", "b"]))
    assert list(post.values) == [0, 1, 0]


@pytest.mark.parametrize(("lower", "upper"), [(-1, None), (3, 2), (None, -1)])
def test_ranges_that_make_no_sense(lower, upper):
    with pytest.raises(BoundsError, match="shop"):
        Balance("shop", lower, upper)


def test_what_lies_within():
    assert 3 in Balance("shop", 3, 5)
    assert 2 not in Balance("shop", 3, 5)
    assert 99 in Balance("shop", 3)
    assert 0 in Balance("shop", None, 5)
