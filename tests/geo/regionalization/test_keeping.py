"""Who keeps whom: streets whose answer one can count, then properties on random labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from geo.regionalization.keeping import NOBODY, keeping, worker_grids
from geo.regionalization.old_layers import OldLayer
from tests.examples import examples


def test_three_departments_become_one_network():
    # Six houses of 50. Before: 公安 3 grids, 城管 2, 社工 1 that leaves the last house out. After: 2 grids.
    layers = [
        OldLayer("公安", np.array([0, 0, 1, 1, 2, 2])),
        OldLayer("城管", np.array([0, 0, 0, 0, 1, 1])),
        OldLayer("社工", np.array([7, 7, 7, 7, 7, -1])),
    ]
    found = keeping([50] * 6, layers, [0, 0, 0, 0, 1, 1])
    # 城管's first worker has all 200 of the first grid; the second grid's 100 go to 公安's or 城管's worker.
    assert (found.kept, found.moved, found.uncovered) == (300, 0, 0)
    assert len(found.posts) == 6
    assert (found.posts["new"] == NOBODY).sum() == 4
    assert found.layers["grids"].to_dict() == {"公安": 3, "城管": 2, "社工": 1}
    assert found.layers["together"].to_dict() == {"公安": 300, "城管": 300, "社工": 200}
    assert found.layers["unmixed"].to_dict() == {"公安": 200, "城管": 300, "社工": 250}
    assert found.layers["kept"].to_dict() == {"公安": 200, "城管": 300, "社工": 200}
    assert found.layers["posts_kept"].sum() == 2
    assert found.grids["kept"].tolist() == [200, 100]


def test_who_moves_from_whom_to_whom():
    # One old grid of 300 is divided 200 + 100, its neighbour of 50 joins the smaller part.
    layer = OldLayer("公安", np.array([0, 0, 0, 1]))
    found = keeping([100, 100, 100, 50], [layer], [0, 0, 1, 1])
    rows = found.flows[["old", "new", "households", "kept"]].to_numpy().tolist()
    assert rows == [[0, 0, 200, True], [0, 1, 100, False], [1, 1, 50, True]]
    assert (found.kept, found.moved) == (250, 100)
    assert found.posts["moved"].tolist() == [100, 0]


def test_the_best_matching_is_found_where_the_greedy_one_is_not():
    # Greedy would give new 0 to old 0 (90) and leave old 1 with 1: 91. Best: old 0 gets new 1 (80), old 1 new 0 (85).
    old, new = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    found = keeping([90, 80, 85, 1], [OldLayer("公安", old)], new)
    assert found.kept == 165
    assert found.posts["new"].tolist() == [1, 0]


def test_a_new_grid_where_nobody_worked_has_no_earlier_worker():
    found = keeping([100, 100], [OldLayer("公安", np.array([0, -1]))], [0, 1])
    assert (found.kept, found.moved, found.uncovered) == (100, 0, 100)
    assert found.grids["old"].tolist() == [0, NOBODY]
    assert found.grids["layer"].tolist() == ["公安", None]


def test_weights_decide_whose_post_is_kept():
    labels = np.zeros(3, int)
    for first, second, winner in [(1.0, 2.0, "城管"), (2.0, 1.0, "公安")]:
        layers = [OldLayer("公安", labels, first), OldLayer("城管", labels, second)]
        assert keeping([10, 10, 10], layers, labels).grids["layer"].tolist() == [winner]


def test_nothing_is_kept_of_no_layer():
    found = keeping([10, 20], [], [0, 0])
    assert (found.kept, found.moved, found.uncovered) == (0, 0, 30)
    assert found.posts.empty
    assert found.layers.empty
    assert found.grids["households"].tolist() == [30]


@st.composite
def networks(draw):
    """Households, up to three layers with gaps and weights, and new grids numbered without gaps."""
    n = draw(st.integers(1, 12))

    def numbers(low, high):
        return np.array(draw(st.lists(st.integers(low, high), min_size=n, max_size=n)), np.int64)

    layers = [
        OldLayer(name, numbers(-1, 4), draw(st.sampled_from([0.0, 1.0, 3.0])))
        for name in ("公安", "城管", "社工")[: draw(st.integers(0, 3))]
    ]
    return numbers(0, 20), layers, np.unique(numbers(0, 4), return_inverse=True)[1]


@examples(50)
@given(networks())
def test_households_are_conserved(case):
    households, layers, new = case
    found = keeping(households, layers, new)
    assert found.kept + found.moved + found.uncovered == households.sum()
    assert (found.posts["kept"] + found.posts["moved"] == found.posts["households"]).all()
    assert (found.posts["kept"] <= found.posts["together"]).all()
    assert (found.posts["together"] <= found.posts["households"]).all()
    for layer in layers:
        if layer.weight == 0:
            assert layer.name not in found.layers.index
            continue
        row = found.layers.loc[layer.name]
        covered = households[layer.labels >= 0].sum()
        assert row["households"] == covered
        assert found.flows.loc[found.flows["layer"] == layer.name, "households"].sum() == covered
        assert row["kept"] <= row["together"] <= row["households"]
        assert row["kept"] <= row["unmixed"] <= row["households"]
    assert found.grids["households"].sum() == households.sum()


@examples(50)
@given(networks())
def test_each_grid_has_one_worker_and_each_worker_one_grid(case):
    households, layers, new = case
    found = keeping(households, layers, new)
    given_ = found.posts.loc[found.posts["new"] != NOBODY, "new"]
    assert given_.is_unique
    assert (found.grids["old"] != NOBODY).sum() == len(given_)
    assert found.layers["posts_kept"].sum() == len(given_)
    # A grid worker of a household that stays has it in the new grid; the others' sums agree from both sides.
    assert found.posts["kept"].sum() == found.grids["kept"].sum() == found.flows.query("kept")["households"].sum()


@examples(50)
@given(networks())
def test_the_matching_is_the_best_there_is(case):
    households, layers, new = case
    found = keeping(households, layers, new)
    weight = {layer.name: layer.weight for layer in layers}
    table = np.zeros((len(found.posts), new.max() + 1))
    for at, post in enumerate(found.posts.itertuples()):
        labels = next(layer.labels for layer in layers if layer.name == post.layer)
        table[at] = weight[post.layer] * np.bincount(new, households * (labels == post.old), new.max() + 1)
    best = table[linear_sum_assignment(table, maximize=True)].sum()
    reached = sum(table[at, grid] for at, grid in enumerate(found.posts["new"]) if grid != NOBODY)
    assert reached == pytest.approx(best)


@examples(50)
@given(networks(), st.randoms(use_true_random=False))
def test_the_order_of_layers_does_not_matter(case, random):
    households, layers, new = case
    shuffled = list(layers)
    random.shuffle(shuffled)
    one, other = keeping(households, layers, new), keeping(households, shuffled, new)
    assert one.posts.equals(other.posts)
    assert one.flows.equals(other.flows)
    assert one.layers.equals(other.layers)


def test_each_atom_knows_the_grid_that_its_old_worker_gets():
    # Old grid 0 has most of new grid 0; old grid 1 most of new grid 1; the last house had nobody.
    layer = OldLayer("公安", np.array([0, 0, 1, 1, 1, -1]))
    (grids,) = worker_grids(np.full(6, 50), [layer], np.array([0, 0, 0, 1, 1, 1]))
    assert grids.tolist() == [0, 0, 1, 1, 1, NOBODY]
