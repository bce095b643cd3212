"""Bounds on what can be kept: none is beaten by any plan in range of a tiny map, and some are reached."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from geo.errors import InputError
from geo.regionalization.keepable import most_kept, most_together
from geo.regionalization.old_layers import OldLayer
from tests.examples import examples
from tests.geo.regionalization.brute_force import connected_partitions

LOWER, UPPER = 12, 20


def layer(*labels, name="公安", weight=1.0):
    return OldLayer(name, np.array(labels), weight)


def plans_in_range(households, edges, lower=LOWER, upper=UPPER):
    """All plans with every grid in one piece and in range."""
    for labels in connected_partitions(len(households), edges):
        sizes = np.bincount(labels, households)
        if ((sizes >= lower) & (sizes <= upper)).all():
            yield labels


def row(n):
    return [(i, i + 1) for i in range(n - 1)]


@st.composite
def maps(draw):
    """Up to seven houses in a row or with short cuts, and one to three layers with gaps."""
    n = draw(st.integers(1, 7))
    households = np.array(draw(st.lists(st.integers(0, 14), min_size=n, max_size=n)))
    more = draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=3))
    labels = st.lists(st.integers(-1, 3), min_size=n, max_size=n)
    layers = [layer(*draw(labels), name=name) for name in ("公安", "城管", "社工")[: draw(st.integers(1, 3))]]
    return households, [*row(n), *((a, b) for a, b in more if a != b)], layers


def reached(households, one, labels):
    """Count what a plan keeps of one layer's old grids, a row per old grid and a column per new one."""
    shared = np.zeros((5, labels.max() + 1), np.int64)
    np.add.at(shared, (one.labels, labels), households)
    return shared[:-1]  # the last row is label -1


def kept_by(households, layers, labels):
    shared = np.vstack([reached(households, one, labels) for one in layers])
    return shared[linear_sum_assignment(shared, maximize=True)].sum()


@examples(40)
@given(maps(), st.integers(0, 6))
def test_no_plan_in_range_keeps_more(case, border):
    households, edges, layers = case
    places = np.arange(len(households)) >= border
    edges = [(a, b) for a, b in edges if places[a] == places[b]]
    limits = {"lower": LOWER, "upper": UPPER, "places": places}
    together = most_together(households, layers, upper=UPPER, places=places)
    kept = most_kept(households, layers, **limits)
    alone = most_kept(households, layers[:1], **limits)
    for labels in plans_in_range(households, edges):
        assert kept_by(households, layers, labels) <= kept
        assert kept_by(households, layers[:1], labels) <= alone
        for one in layers:
            assert reached(households, one, labels).max(axis=1).sum() <= together[one.name]


@examples(25)
@given(maps())
def test_bounds_are_no_looser_than_counting(case):
    households, _, layers = case
    together = most_together(households, layers, upper=UPPER)
    for one in layers:
        sums = np.bincount(one.labels[one.labels >= 0], households[one.labels >= 0])
        assert together[one.name] <= np.minimum(sums, UPPER).sum()
        assert most_kept(households, [one], lower=LOWER, upper=UPPER) <= together[one.name]
    covered = np.any([one.labels >= 0 for one in layers], axis=0)
    assert 0 <= most_kept(households, layers, lower=LOWER, upper=UPPER) <= households[covered].sum()


@examples(25)
@given(maps(), st.randoms(use_true_random=False))
def test_the_order_of_layers_and_houses_does_not_matter(case, random):
    households, _, layers = case
    order = list(range(len(households)))
    random.shuffle(order)
    moved = [OldLayer(one.name, one.labels[order]) for one in reversed(layers)]
    assert most_together(households[order], moved, upper=UPPER) == most_together(households, layers, upper=UPPER)
    bounds = {"lower": LOWER, "upper": UPPER}
    assert most_kept(households[order], moved, **bounds) == most_kept(households, layers, **bounds)


class TestTogether:
    def test_two_towers_that_no_grid_holds_are_parted(self):
        assert most_together([160] * 4, [layer(0, 0, 0, 0)], upper=300) == {"公安": 160}

    def test_the_best_of_all_sums_counts(self):
        # 130 + 90 + 80 are 300; no other choice is within it and as much.
        assert most_together([180, 130, 90, 80, 75], [layer(0, 0, 0, 0, 0)], upper=300) == {"公安": 300}
        assert most_together([180, 130, 90, 85], [layer(0, 0, 0, 0)], upper=300) == {"公安": 270}

    def test_a_building_above_the_limit_is_a_grid_and_stays_whole(self):
        assert most_together([400], [layer(0)], upper=300) == {"公安": 400}

    def test_an_old_grid_across_two_communities_keeps_its_larger_part(self):
        assert most_together([100, 100, 60], [layer(0, 0, 0)], upper=300, places=[1, 2, 2]) == {"公安": 160}

    def test_a_layer_of_no_weight_is_left_out(self):
        assert most_together([100], [layer(0, weight=0.0), layer(0, name="城管")], upper=300) == {"城管": 100}

    def test_houses_without_an_old_grid_are_not_counted(self):
        assert most_together([100, 50], [layer(0, -1)], upper=300) == {"公安": 100}
        assert most_together([100, 50], [layer(-1, -1)], upper=300) == {"公安": 0}


class TestKept:
    def test_small_posts_need_grids_that_others_fill(self):
        # One grid of 300 has room for one of the three workers; in shares of grids of 200, for one and a half.
        one = [layer(0, 1, 2)]
        assert most_kept([100] * 3, one, lower=300, upper=300) == 100
        assert most_kept([100] * 3, one, lower=200, upper=300) == 150

    def test_departments_share_the_households(self):
        # West and east halves are one department's grids, the middle is another's: its worker takes from both.
        layers = [layer(0, 0, 1, 1), layer(-1, 5, 5, -1, name="城管")]
        assert most_kept([100] * 4, layers, lower=200, upper=200) == 400
        assert most_kept([100] * 4, layers[1:], lower=200, upper=200) == 200

    def test_a_worker_has_one_grid_in_one_community(self):
        assert most_kept([250, 250], [layer(0, 0)], lower=200, upper=300) == 250
        assert most_kept([250, 210], [layer(0, 0)], lower=200, upper=300, places=[0, 1]) == 250

    def test_a_community_is_not_filled_from_another(self):
        # The worker's grid takes 200: half of them are there, and of the worker half.
        assert most_kept([100, 300], [layer(0, -1)], lower=200, upper=300) == 100
        assert most_kept([100, 300], [layer(0, -1)], lower=200, upper=300, places=[0, 1]) == 50

    @pytest.mark.parametrize("layers", [[], [layer(-1, -1)], [layer(0, 0, weight=0.0)]])
    def test_nothing_is_kept_where_nobody_worked(self, layers):
        assert most_kept([100, 100], layers, lower=200, upper=300) == 0

    def test_a_layer_of_other_houses_is_refused(self):
        with pytest.raises(InputError):
            most_kept([100, 100], [layer(0)], lower=200, upper=300)


def test_a_street_of_thirty_thousand_buildings_takes_a_moment():
    random = np.random.default_rng(5)
    at = np.arange(30_000)
    households = random.integers(0, 60, len(at))
    layers = [layer(*(at // 29)), layer(*(at // 17), name="城管"), layer(*(at // 41), name="社工")]
    kept = most_kept(households, layers, lower=200, upper=300, places=at // 300)
    assert 0 < kept < households.sum()
