"""How long borders are when only points are known."""

import numpy as np
import pytest

from geo.regionalization import Prices, regionalize
from geo.regionalization.borders import border_lengths


def lattice(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    at = np.arange(rows * columns).reshape(rows, columns)
    edges = np.vstack([np.c_[at[:, :-1].ravel(), at[:, 1:].ravel()], np.c_[at[:-1].ravel(), at[1:].ravel()]])
    y, x = np.divmod(np.arange(rows * columns), columns)
    return np.column_stack([x, y]).astype(float), edges.astype(np.int32)


def test_borders_follow_the_distance_to_the_next_row():
    xy, edges = lattice(6, 6)
    xy = xy * (10.0, 30.0)
    lengths = border_lengths(xy, edges)
    beside = xy[edges[:, 0], 1] == xy[edges[:, 1], 1]
    inner = np.isin(edges, np.arange(36).reshape(6, 6)[1:-1, 1:-1]).all(axis=1)
    assert lengths[beside & inner] == pytest.approx(3 * lengths[~beside & inner])


@pytest.mark.parametrize("xy", [[[0, 0], [1, 0], [2, 0]], [[0, 0]] * 5, [[0, 0], [1, 1], [2, 2], [3, 3], [4, 4]]])
def test_points_without_an_area_have_no_border(xy):
    edges = np.column_stack([np.arange(len(xy) - 1), np.arange(1, len(xy))]).astype(np.int32)
    assert (border_lengths(np.array(xy, float), edges) == 0).all()


def test_no_border_counts_as_longer_than_a_few_median_ones():
    rng = np.random.default_rng(5)
    xy, edges = lattice(12, 12)
    lengths = border_lengths(xy + rng.uniform(-0.3, 0.3, xy.shape), edges)
    assert lengths.min() >= 0
    assert lengths.max() <= 3
    assert np.median(lengths[lengths > 0]) == pytest.approx(1, rel=0.1)


def perimeter(labels: np.ndarray, edges: np.ndarray) -> int:
    return int((labels[edges[:, 0]] != labels[edges[:, 1]]).sum())


def test_the_dial_buys_short_borders_with_dear_ones():
    """Streets are free to draw along but zigzag; straight borders cost something."""
    rng = np.random.default_rng(1)
    xy, edges = lattice(24, 24)
    cost = rng.choice([0.1, 3.0], len(edges))
    found = [
        regionalize(np.full(576, 10), edges, cost, lower=200, upper=300, xy=xy, prices=Prices(compactness=dial))
        for dial in (0.0, 20.0)
    ]
    assert perimeter(found[1].labels, edges) < perimeter(found[0].labels, edges)
    assert found[1].metrics["boundary_cost"] > found[0].metrics["boundary_cost"]
    assert all(plan.metrics["in_range_share"] == 1 for plan in found)
