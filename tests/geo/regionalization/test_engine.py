"""Maps small enough to count on one's fingers, then properties on random ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.regionalization import Locks, regionalize
from tests.examples import examples
from tests.geo.regionalization.brute_force import connected, feasible_partition_exists
from tests.strategies import Map, limits, maps


def path(n: int) -> np.ndarray:
    return np.array([(i, i + 1) for i in range(n - 1)]).reshape(-1, 2)


def lattice(rows: int, columns: int) -> np.ndarray:
    """Edges of::

    0 1 2
    3 4 5
    6 7 8
    """
    at = np.arange(rows * columns).reshape(rows, columns)
    return np.vstack([np.c_[at[:, :-1].ravel(), at[:, 1:].ravel()], np.c_[at[:-1].ravel(), at[1:].ravel()]])


def solve(households, edges, lower, upper, **options):
    cost = options.pop("cost", np.ones(len(edges)))
    return regionalize(households, edges, cost, lower=lower, upper=upper, **options)


def sums(result, households):
    return sorted(np.bincount(result.labels, households).astype(int).tolist())


# ---- counted by hand


def test_no_atoms_give_an_empty_plan():
    result = solve([], np.empty((0, 2)), 200, 300)
    assert result.labels.tolist() == []
    assert result.reasons == {}
    assert result.metrics["grids"] == 0


def test_one_atom_in_range_is_one_grid():
    result = solve([250], np.empty((0, 2)), 200, 300)
    assert result.labels.tolist() == [0]
    assert result.reasons == {}


def test_path_of_three_is_cut_in_its_only_place():
    # 100 - 120 - 210: only {0, 1} and {2} are both in 200..300
    result = solve([100, 120, 210], path(3), 200, 300)
    assert result.labels.tolist() == [0, 0, 1]
    assert result.reasons == {}


def test_path_of_six_is_cut_by_weight_not_by_count():
    # 50 150 | 200 | 100 90 60
    result = solve([50, 150, 200, 100, 90, 60], path(6), 200, 250)
    assert result.labels.tolist() == [0, 0, 1, 2, 2, 2]


def test_nine_equal_atoms_make_three_grids_of_three():
    result = solve([100] * 9, lattice(3, 3), 300, 300)
    assert np.bincount(result.labels).tolist() == [3, 3, 3]
    assert result.metrics["in_range"] == result.metrics["contiguous"] == result.metrics["lower_bound"] == 3


def test_star_needs_its_middle_in_every_grid_so_two_leaves_stay_alone():
    # Leaves of 200 touch only the middle of 50: the middle joins one of them at most.
    result = solve([50, 200, 200, 200], np.array([(0, 1), (0, 2), (0, 3)]), 200, 300)
    assert result.reasons == {}
    assert sums(result, [50, 200, 200, 200]) == [200, 200, 250]


def test_cheap_border_is_where_the_grids_part():
    # The cut 2-3 is ten times cheaper than the others, all of which would be in range too.
    result = solve([100] * 6, path(6), 200, 400, cost=np.array([10, 10, 1, 10, 10.0]))
    assert result.labels.tolist() == [0, 0, 0, 1, 1, 1]


def test_no_grid_spans_a_barrier_that_it_need_not_span():
    # Two rows with a river between; the edges over the river are the dearest to cut.
    edges = lattice(2, 4)
    over = np.abs(edges[:, 0] - edges[:, 1]) == 4
    result = solve([100] * 8, edges, 200, 400, cost=np.where(over, 5.0, 1.0), barrier=over.astype(float))
    assert result.metrics["barrier_crossed"] == 0
    assert set(result.labels[:4]).isdisjoint(result.labels[4:])


def test_a_barrier_is_crossed_when_households_need_it():
    result = solve([150, 100], path(2), 200, 300, barrier=np.array([1.0]))
    assert result.labels.tolist() == [0, 0]
    assert result.metrics["barrier_crossed"] == 1


def test_empty_buildings_belong_somewhere_and_join_others():
    # 120 - 0 - 120: the two halves only meet through the empty building.
    result = solve([120, 0, 120], path(3), 200, 300)
    assert result.labels.tolist() == [0, 0, 0]
    assert result.reasons == {}


# ---- what cannot be met is said


def test_building_over_the_limit_is_a_grid_of_its_own_with_a_reason():
    result = solve([250, 400, 250], path(3), 200, 300)
    assert result.labels.tolist() == [0, 1, 2]
    reason = result.reasons[1]
    assert (reason.code, reason.atoms, reason.households, reason.proved) == ("atom_over_upper", (1,), 400, True)
    assert "400" in reason.zh
    assert "400" in reason.en


def test_island_below_the_limit_is_one_grid_with_a_reason():
    result = solve([60, 50, 250], np.array([(0, 1)]), 200, 300)
    assert result.labels.tolist() == [0, 0, 1]
    assert result.reasons[0].code == "component_under_lower"
    assert result.reasons[0].households == 110


def test_households_that_no_count_of_grids_divides_are_proved_impossible():
    result = solve([50] * 7, path(7), 200, 300)
    assert {r.code for r in result.reasons.values()} == {"component_infeasible"}


def test_two_towers_that_fit_neither_alone_nor_together_are_proved_impossible():
    # H = 950 allows four grids by number, but 160 can only join 180, and that makes 340.
    result = solve([160, 180, 210, 200, 200], path(5), 200, 300)
    proved = [r for r in result.reasons.values() if r.proved]
    assert proved
    assert all(0 in r.atoms for r in proved)


def test_empty_land_between_buildings_too_big_goes_to_one_of_them():
    result = solve([400, 0, 400], path(3), 200, 300)
    assert result.metrics["grids"] == 2
    assert result.labels[1] in (0, 1)
    assert {r.code for r in result.reasons.values()} == {"atom_over_upper"}


# ---- locks, plan in force


def test_fixed_grid_is_kept_exactly():
    fixed = [-1, -1, 7, 7, -1, -1]
    result = solve([100] * 6, path(6), 200, 300, locks=Locks(fixed=fixed))
    assert result.labels.tolist() == [0, 0, 1, 1, 2, 2]


def test_fixed_grid_out_of_range_is_said_to_be_fixed():
    result = solve([100] * 5, path(5), 200, 300, locks=Locks(fixed=[3, -1, -1, -1, -1]))
    assert result.reasons[0].code == "fixed_by_lock"


def test_together_holds_where_a_cheaper_cut_would_part_them():
    cost = np.array([10, 10, 1, 10, 10.0])
    result = solve([100] * 6, path(6), 200, 400, cost=cost, locks=Locks(together=[[2, 3]]))
    assert result.labels[2] == result.labels[3]
    assert result.reasons == {}


def test_together_takes_the_way_between_along():
    result = solve([50, 50, 50, 50], path(4), 100, 200, locks=Locks(together=[[0, 2]]))
    assert result.labels[0] == result.labels[1] == result.labels[2]


def test_apart_is_kept_where_possible():
    result = solve([100] * 4, path(4), 100, 400, locks=Locks(apart=[(1, 2)]), cost=np.array([1.0, 9.0, 1.0]))
    assert result.labels[1] != result.labels[2]


@pytest.mark.parametrize("wanted", [4, 5, 6])
def test_number_of_grids_is_met_where_possible(wanted):
    # 1,200 households in 200..300: four, five or six grids.
    result = solve([20] * 60, lattice(6, 10), 200, 300, locks=Locks(n_grids=wanted))
    assert result.metrics["grids"] == wanted
    assert result.reasons == {}


def test_plan_in_force_is_kept_when_it_is_good():
    previous = np.repeat([5, 3, 9], 4)
    result = solve([60] * 12, path(12), 200, 300, previous=previous)
    assert result.metrics["households_moved"] == 0
    assert result.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4


def test_plan_out_of_range_is_repaired_by_a_small_change():
    households = np.full(120, 20)
    before = solve(households, lattice(10, 12), 200, 300, xy=grid_xy(10, 12)).labels
    households[7] = 120
    result = solve(households, lattice(10, 12), 200, 300, xy=grid_xy(10, 12), previous=before)
    assert result.reasons == {}
    assert result.metrics["households_moved"] <= 0.15 * households.sum()


def grid_xy(rows: int, columns: int) -> np.ndarray:
    at = np.arange(rows * columns)
    return np.c_[at % columns, at // columns] * 30.0


# ---- time, progress


def test_progress_rises_to_one_and_false_ends_the_search_with_a_whole_plan():
    seen: list[float] = []

    def stop_early(share: float) -> bool:
        seen.append(share)
        return len(seen) < 3

    result = solve([20] * 144, lattice(12, 12), 200, 300, progress=stop_early)
    assert len(seen) == 3
    assert seen == sorted(seen)
    assert result.metrics["cancelled"] == 1
    assert result.metrics["contiguous"] == result.metrics["grids"]
    shares: list[float] = []
    solve([20] * 144, lattice(12, 12), 200, 300, progress=shares.append)
    assert shares[-1] == 1.0


def test_time_limit_is_kept_and_the_plan_is_whole():
    households = np.full(3600, 20)
    result = solve(households, lattice(60, 60), 200, 300, time_limit=0.3)
    assert result.metrics["seconds"] < 3
    assert result.metrics["contiguous"] == result.metrics["grids"]
    assert np.bincount(result.labels, households).sum() == households.sum()


def test_a_patch_of_one_tower_is_left_alone():
    """Towers of 280 and pockets of 30 between them: single atoms become patches, which have no border to move."""
    rng = np.random.default_rng(2)
    households = rng.choice([30, 160, 170, 280], 400, p=[0.3, 0.3, 0.2, 0.2])
    result = solve(households, lattice(20, 20), 200, 300, seed=1)
    assert result.metrics["contiguous"] == result.metrics["grids"]
    assert set(result.reasons) == {
        label for label, total in enumerate(np.bincount(result.labels, households)) if not 200 <= total <= 300
    }


# ---- properties


def check(result, m: Map, lower: int, upper: int) -> None:
    labels = result.labels
    k = int(labels.max()) + 1
    assert sorted(set(labels.tolist())) == list(range(k))
    assert np.unique(labels, return_index=True)[1].tolist() == sorted(np.unique(labels, return_index=True)[1].tolist())
    for grid in range(k):
        assert connected(set(np.flatnonzero(labels == grid).tolist()), m.edges)
    households = np.bincount(labels, m.households, k)
    assert households.sum() == m.households.sum()
    wrong = {i for i in range(k) if not lower <= households[i] <= upper}
    assert set(result.reasons) == wrong


@given(m=maps(), bounds=limits())
@examples(60)
def test_every_plan_is_a_partition_into_whole_grids_with_reasons(m, bounds):
    lower, upper = bounds
    first = solve(m.households, m.edges, lower, upper, cost=m.boundary_cost, barrier=m.barrier, xy=m.xy, seed=3)
    check(first, m, lower, upper)
    again = solve(m.households, m.edges, lower, upper, cost=m.boundary_cost, barrier=m.barrier, xy=m.xy, seed=3)
    assert again.labels.tolist() == first.labels.tolist()


@given(m=maps(connected=True), bounds=limits())
@examples(100)
def test_in_range_whenever_trying_everything_finds_a_way_and_no_proof_is_false(m, bounds):
    lower, upper = bounds
    result = solve(m.households, m.edges, lower, upper, cost=m.boundary_cost)
    if feasible_partition_exists(m.households, m.edges, lower, upper):
        assert result.reasons == {}
    else:
        assert result.reasons


@given(m=maps(max_atoms=14, most=60, connected=True), seed=st.integers(0, 2**32))
@examples(50)
def test_any_seed_and_previous_plan_give_whole_grids(m, seed):
    previous = np.arange(len(m.households)) % 3 - 1
    result = solve(m.households, m.edges, 40, 60, cost=m.boundary_cost, previous=previous, seed=seed)
    check(result, m, 40, 60)


@given(m=maps(connected=True), data=st.data())
@examples(50)
def test_locks_hold_on_any_map(m, data):
    n = len(m.households)
    group = data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=3))
    result = solve(m.households, m.edges, 5, 15, cost=m.boundary_cost, locks=Locks(together=[group]))
    check(result, m, 5, 15)
    assert len({int(result.labels[a]) for a in group}) == 1
