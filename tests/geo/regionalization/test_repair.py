"""Repairing a plan: the smallest change that brings it back into range."""

from dataclasses import replace

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from geo.regionalization import regionalize
from geo.regionalization.drafting import draft_community
from tests.benchmarks.regionalization.checking import households_moved
from tests.examples import examples
from tests.geo.regionalization.brute_force import connected_partitions
from tests.geo.regionalization.drawn import GRIDS, community, grids_of
from tests.strategies import limits, maps

REPAIR = replace(GRIDS, effort="repair")


def test_one_building_goes_over_where_one_is_enough():
    # Grid b lost a building (0 households): it has 160. One neighbour of a or c brings it to 240.
    drawn = community([[80] * 5 + [0] + [80] * 6, [0] * 12], previous=["aaaabbbbcccc", "aaaabbbbcccc"])
    drawn.buildings.loc[["00"], "households"] = 60
    drawn.buildings.loc[["06"], "households"] = 20
    draft = draft_community(drawn, REPAIR)
    assert draft.grids["in_range"].all()
    assert draft.metrics["households_moved"] == 80


def test_what_is_in_range_is_left_alone_however_crooked():
    crooked = ["abbccc", "aabddd"]
    draft = draft_community(community([[80] * 6, [80] * 6], previous=crooked), REPAIR)
    assert draft.metrics["households_moved"] == 0
    letters = "".join(crooked)
    names = [f"{r}{c}" for r in range(2) for c in range(6)]
    assert grids_of(draft) == {
        frozenset(name for name, letter in zip(names, letters, strict=True) if letter == grid) for grid in "abcd"
    }


@examples(5)
@given(st.lists(st.integers(30, 60), min_size=18, max_size=18))
def test_repairing_a_plan_in_range_moves_nobody(households):
    drawn = community([households[:6], households[6:12], households[12:]])
    draft = draft_community(drawn, GRIDS)
    assume(draft.grids["in_range"].all())
    then = replace(drawn, previous=draft.assignment.assign(grid=draft.assignment["grid"].astype(str)))
    repaired = draft_community(then, REPAIR)
    assert repaired.metrics["households_moved"] == 0
    assert grids_of(repaired) == grids_of(draft)


def fewest_moved(households, edges, before, lower, upper):
    """Households that move in the best plan in range; None where there is none."""
    fewest = None
    for labels in connected_partitions(len(households), edges):
        total = np.bincount(labels, households)
        if ((total >= lower) & (total <= upper)).all():
            moved = households_moved(households, before, labels)
            fewest = moved if fewest is None else min(fewest, moved)
    return fewest


@given(m=maps(max_atoms=8, most=8), bounds=limits(most=16), seed=st.integers(0, 3), data=st.data())
@examples(60)
def test_a_change_said_to_be_the_smallest_is(m, bounds, seed, data):
    lower, upper = bounds
    n = len(m.households)
    before = np.array(data.draw(st.lists(st.integers(-1, 2), min_size=n, max_size=n)))
    plan = regionalize(
        m.households, m.edges, m.boundary_cost,
        lower=lower, upper=upper, xy=m.xy, previous=before, effort="repair", seed=seed,
    )  # fmt: skip
    fewest = fewest_moved(m.households, m.edges, before, lower, upper)
    if plan.metrics["smallest_change_proved"]:
        assert plan.metrics["households_moved"] == fewest
    if fewest is not None and m.households.min() > 0:
        assert plan.metrics["in_range_share"] == 1


@given(
    households=st.lists(st.integers(40, 110), min_size=18, max_size=18),
    before=st.lists(st.sampled_from([0, 1, 2, 3]), min_size=18, max_size=18),
)
@examples(10)
def test_three_by_six_buildings_are_repaired_with_proof(households, before):
    plan = repaired(households, before, seed=0)
    if plan.reasons:
        return
    assert plan.metrics["smallest_change_proved"] == 1
    # Whatever else may be found for these, it moves as many households or more.
    for other in (repaired(households, before, seed=1), repaired(households, before, seed=0, effort="polished")):
        if not other.reasons:
            assert other.metrics["households_moved"] >= plan.metrics["households_moved"]


def repaired(households, before, *, seed, effort="repair"):
    atoms = np.arange(18).reshape(3, 6)
    edges = np.vstack(
        [np.c_[atoms[:, :-1].ravel(), atoms[:, 1:].ravel()], np.c_[atoms[:-1].ravel(), atoms[1:].ravel()]]
    )
    xy = np.c_[np.arange(18) // 6, np.arange(18) % 6] * 40.0
    return regionalize(
        households, edges, np.ones(len(edges)), lower=200, upper=300, xy=xy, previous=before, seed=seed, effort=effort
    )


def test_an_old_grid_on_two_islands_leaves_open_what_the_smallest_change_is():
    # Which island keeps the old grid is a question for both together.
    plan = regionalize([250, 250], np.empty((0, 2), int), [], lower=200, upper=300, previous=[0, 0], effort="repair")
    assert plan.metrics["smallest_change_proved"] == 0


def test_too_many_buildings_for_trying_everything_prove_nothing_unless_nobody_moves():
    side = 10
    atoms = np.arange(side * side).reshape(side, side)
    edges = np.vstack(
        [np.c_[atoms[:, :-1].ravel(), atoms[:, 1:].ravel()], np.c_[atoms[:-1].ravel(), atoms[1:].ravel()]]
    )
    before = np.repeat(np.arange(10), 10)
    arguments = {"lower": 200, "upper": 300, "previous": before, "effort": "repair"}
    kept = regionalize(np.full(100, 25), edges, np.ones(180), **arguments)
    assert (kept.metrics["households_moved"], kept.metrics["smallest_change_proved"]) == (0, 1)
    shrunk = np.where(np.arange(100) < 10, 10, 25)
    changed = regionalize(shrunk, edges, np.ones(180), **arguments)
    assert changed.metrics["households_moved"] > 0
    assert changed.metrics["smallest_change_proved"] == 0
