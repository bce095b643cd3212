"""Old networks merged: rows of houses whose answer one can count, then properties on random maps."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import BoundsError, InputError
from geo.regionalization import Locks, regionalize
from geo.regionalization.communities import Bounds, OldNetwork
from geo.regionalization.drafting import DraftSettings, draft_community
from geo.regionalization.merging import blocks, merge
from geo.regionalization.old_layers import OldLayer, agreement
from geo.regionalization.outcome import Prices
from geo.regionalization.problem import check_problem
from tests.examples import examples
from tests.geo.regionalization.brute_force import connected
from tests.geo.regionalization.drawn import community, grids_of
from tests.strategies import limits, maps


def path(n):
    return np.array([(i, i + 1) for i in range(n - 1)]).reshape(-1, 2)


def merged(households, edges, layers, lower, upper, **options):
    return merge(households, edges, np.ones(len(edges)), layers, lower=lower, upper=upper, **options).labels.tolist()


# ---- counted by hand


def test_borders_follow_the_old_grids():
    # Eight houses of 100: any cut into 300 + 300 + 200 is in range; only one parts no old grid.
    layer = OldLayer("城管", np.array([0, 0, 1, 1, 1, 2, 2, 2]))
    assert merged([100] * 8, path(8), [layer], 200, 300) == [0, 0, 1, 1, 1, 2, 2, 2]


def test_small_old_grids_are_joined_whole():
    # Old grids of 100, 200, 200, 100 become two of 300: nobody is parted.
    layer = OldLayer("社工", np.array([0, 1, 1, 2, 2, 3]))
    assert merged([100] * 6, path(6), [layer], 300, 300) == [0, 0, 0, 1, 1, 1]


def test_the_heavier_layer_wins():
    # Six houses of 100 make two grids of 200 to 400; one layer wants 2 + 4, the other 4 + 2.
    early, late = np.array([0, 0, 1, 1, 1, 1]), np.array([0, 0, 0, 0, 1, 1])
    locks = Locks(n_grids=2)

    def with_weights(first, second):
        layers = [OldLayer("公安", early, first), OldLayer("城管", late, second)]
        return merged([100] * 6, path(6), layers, 200, 400, locks=locks)

    assert with_weights(5, 1) == [0, 0, 1, 1, 1, 1]
    assert with_weights(1, 5) == [0, 0, 0, 0, 1, 1]


def test_an_old_grid_above_the_limit_is_divided_all_the_same():
    layer = OldLayer("公安", np.zeros(6, int))
    labels = merged([100] * 6, path(6), [layer], 300, 300)
    assert labels == [0, 0, 0, 1, 1, 1]


def test_whole_blocks_that_cannot_come_into_range_are_opened():
    # Blocks of 200 + 200 + 200 in 300..300: only half a block with a whole one will do.
    layer = OldLayer("公安", np.array([0, 0, 1, 1, 2, 2]))
    assert merged([100] * 6, path(6), [layer], 300, 300) == [0, 0, 0, 1, 1, 1]


def test_no_block_reaches_across_a_barrier():
    layer = OldLayer("公安", np.zeros(4, int))
    problem = check_problem([50] * 4, path(4), np.ones(3), 100, 200, None, [0, 1, 0], None, None)
    assert blocks(problem, [layer]).tolist() == [0, 0, 1, 1]


def test_blocks_are_what_no_layer_divides():
    # 公安 covers all, 社工 leaves the middle out.
    police, social = OldLayer("公安", np.array([0, 0, 0, 1, 1])), OldLayer("社工", np.array([0, -1, -1, -1, 0]))
    problem = check_problem([10] * 5, path(5), np.ones(4), 10, 30, None, None, None, None)
    assert blocks(problem, [police, social]).tolist() == [0, 1, 1, 2, 3]


def test_agreement_is_a_share_of_weights():
    layers = [OldLayer("公安", np.array([0, 0, 1]), 3.0), OldLayer("社工", np.array([-1, -1, -1]), 1.0)]
    assert agreement(path(3), layers).tolist() == [0.75, 0.0]


def test_a_draft_follows_the_old_networks_of_its_community():
    # Two rows of five houses; any two grids of 200 to 300 will do, and nobody would draw the old ones anew.
    drawn = community([[50, 50, 50, 50, 50], [50, 50, 50, 50, 50]])
    keys = drawn.buildings.index
    west = keys.isin(["00", "01", "02", "10"])
    old = pd.DataFrame({"building": keys, "stairwell": None, "grid": np.where(west, "W", "E")})
    draft = draft_community(replace(drawn, networks=(OldNetwork("城管", old),)), DraftSettings(Bounds(200, 300)))
    assert grids_of(draft) == {frozenset(keys[west]), frozenset(keys[~west])}
    ignored = replace(drawn, networks=(OldNetwork("城管", old, 0.0),))
    afresh = draft_community(drawn, DraftSettings(Bounds(200, 300)))
    assert grids_of(draft_community(ignored, DraftSettings(Bounds(200, 300)))) == grids_of(afresh) != grids_of(draft)


# ---- refused


def test_a_negative_weight_is_refused():
    with pytest.raises(BoundsError, match="权重"):
        merged([100] * 2, path(2), [OldLayer("公安", np.array([0, 0]), -1.0)], 100, 300)


def test_a_layer_of_other_atoms_is_refused():
    with pytest.raises(InputError, match="3 labels; there are 2 atoms"):
        merged([100] * 2, path(2), [OldLayer("公安", np.array([0, 0, 1]))], 100, 300)


def test_a_layer_given_twice_is_refused():
    with pytest.raises(InputError, match="given twice"):
        merged([100] * 2, path(2), [OldLayer("公安", np.array([0, 0]))] * 2, 100, 300)


# ---- properties


@st.composite
def old_layers(draw, n):
    """One to three layers over n atoms, whole or partial, of different weights."""
    count = draw(st.integers(1, 3))
    return [
        OldLayer(
            name,
            np.array(draw(st.lists(st.integers(-1, 3), min_size=n, max_size=n)), np.int64),
            draw(st.sampled_from([0.5, 1.0, 2.0])),
        )
        for name in ("公安", "城管", "社工")[:count]
    ]


@st.composite
def merges(draw):
    """A map, limits, and old layers over it."""
    town = draw(maps())
    lower, upper = draw(limits())
    return town, lower, upper, draw(old_layers(len(town.households)))


def solve(case, layers, **options):
    town, lower, upper, _ = case
    ground = {"xy": town.xy, "barrier": town.barrier, "lower": lower, "upper": upper}
    return merge(town.households, town.edges, town.boundary_cost, layers, **ground, **options)


@examples(30)
@given(merges())
def test_merged_grids_are_a_partition_in_one_piece_with_a_reason_where_out_of_range(case):
    town, lower, upper, layers = case
    result = solve(case, layers)
    households = np.bincount(result.labels, town.households)
    assert len(result.labels) == len(town.households)
    assert households.sum() == town.households.sum()
    for grid, count in enumerate(households):
        assert connected(np.flatnonzero(result.labels == grid), town.edges)
        assert (lower <= count <= upper) != (grid in result.reasons)


@examples(10)
@given(merges(), st.randoms(use_true_random=False))
def test_the_order_of_layers_does_not_matter(case, random):
    layers = list(case[3])
    random.shuffle(layers)
    assert solve(case, layers).labels.tolist() == solve(case, case[3]).labels.tolist()


@examples(10)
@given(merges(), merges())
def test_a_layer_of_weight_0_is_as_good_as_none(case, other):
    n = len(case[0].households)
    ignored = OldLayer("应急", np.resize(other[3][0].labels, n), 0.0)
    assert solve(case, [*case[3], ignored]).labels.tolist() == solve(case, case[3]).labels.tolist()


@examples(10)
@given(merges())
def test_without_layers_or_their_price_the_plan_is_drawn_afresh(case):
    town, lower, upper, layers = case
    afresh = regionalize(
        town.households,
        town.edges,
        town.boundary_cost,
        xy=town.xy,
        barrier=town.barrier,
        lower=lower,
        upper=upper,
    )
    assert solve(case, []).labels.tolist() == afresh.labels.tolist()
    unweighted = [OldLayer(layer.name, layer.labels, 0.0) for layer in layers]
    assert solve(case, unweighted).labels.tolist() == afresh.labels.tolist()


def test_progress_runs_to_the_end_and_can_stop():
    layer = OldLayer("公安", np.arange(40) // 3)
    seen = []
    merge([50] * 40, path(40), np.ones(39), [layer], lower=200, upper=300, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    stopped = merge([50] * 40, path(40), np.ones(39), [layer], lower=200, upper=300, progress=lambda done: False)
    assert stopped.metrics["cancelled"] == 1.0


def test_stability_0_draws_afresh():
    layer = OldLayer("城管", np.array([0, 0, 1, 1, 1, 2, 2, 2]))
    options = {"lower": 200, "upper": 300, "prices": Prices(stability=0.0)}
    with_layer = merge([100] * 8, path(8), np.ones(7), [layer], **options)
    assert with_layer.labels.tolist() == merge([100] * 8, path(8), np.ones(7), [], **options).labels.tolist()
