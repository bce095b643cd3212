"""Hot spots that can be counted on one's fingers, and what holds for all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import BoundsError
from geo.ledger import hot_spots
from geo.ledger.hot_spots import HotSpot, find

NEAR = {"radius_m": 50.0, "days": 3.0, "at_least": 3}


def found(rows: list[tuple[float, float, float]], **given: float) -> list[HotSpot]:
    table = np.array(rows, float).reshape(-1, 3)
    return find(table[:, :2], table[:, 2], **{**NEAR, "shuffles": 99, **given})


def test_three_at_one_place_in_one_week_are_a_spot() -> None:
    (spot,) = found([(0, 0, 0), (30, 0, 1), (0, 30, 2), (900, 0, 1), (0, 900, 40)])
    assert spot.members.tolist() == [0, 1, 2]
    assert (spot.x, spot.y, spot.count) == (10.0, 10.0, 3)
    assert (spot.first, spot.last) == (0.0, 2.0)
    assert spot.radius_m == pytest.approx(np.hypot(20, 10))


def test_what_is_close_in_space_or_time_alone_is_none() -> None:
    assert found([(0, 0, 0), (1, 0, 10), (0, 1, 20)]) == []
    assert found([(0, 0, 0), (500, 0, 0), (0, 500, 0)]) == []
    assert found([]) == []


def test_spots_grow_from_core_to_core_and_take_their_rims_along() -> None:
    #   0 - 1 - 2 - 3 - 4    each 40 m from the next: 1, 2 and 3 have three within reach, 0 and 4 are rims
    (spot,) = found([(40.0 * place, 0, 0) for place in range(5)])
    assert spot.members.tolist() == [0, 1, 2, 3, 4]


def test_a_rim_belongs_to_the_nearer_of_two_spots() -> None:
    #   five at 0, five at 100, and one at 50.4 that reaches cores of each and has too few neighbours for a core
    west = [(0, 0, 0), (1, 0, 0), (0, 9, 0), (0, 8, 0), (0, 7, 0)]
    east = [(100 - x, y, t) for x, y, t in west]
    one, other = found([*west, *east, (50.4, 0, 0)], at_least=5)
    assert sorted((one.members.tolist(), other.members.tolist())) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9, 10]]


def test_a_burst_is_rarer_than_a_place_where_it_happens_all_the_time() -> None:
    rng = np.random.default_rng(1)
    burst = [(x, y, 50 + t) for x, y, t in rng.uniform((0, 0, 0), (30, 30, 2), (12, 3))]
    always = [(1000 + x, y, t) for x, y, t in rng.uniform((0, 0, 0), (30, 30, 100), (60, 3))]
    spots = found([*burst, *always], shuffles=199)
    assert spots[0].members.tolist() == list(range(12))
    assert spots[0].chance <= 0.01
    assert all(spot.chance > 0.05 for spot in spots[1:])


def test_without_shuffles_chance_says_nothing() -> None:
    (spot,) = found([(0, 0, 0), (1, 0, 0), (0, 1, 0)], shuffles=0)
    assert spot.chance == 1.0


_POINTS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(0, 20)), max_size=25, unique=True)


@settings(max_examples=30)
@given(_POINTS, st.randoms(use_true_random=False))
def test_the_order_of_points_changes_nothing(rows: list[tuple[int, int, int]], random: object) -> None:
    mixed = list(rows)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    one, other = (
        sorted((spot.count, spot.x, spot.y, spot.chance) for spot in found(table, shuffles=19))
        for table in (rows, mixed)
    )
    assert len(one) == len(other)
    np.testing.assert_allclose(one, other)


@settings(max_examples=30)
@given(_POINTS)
def test_every_member_has_a_core_for_a_neighbour_and_no_point_is_in_two(rows: list[tuple[int, int, int]]) -> None:
    table = np.array(rows, float).reshape(-1, 3)
    close = np.hypot(*(table[:, None, :2] - table[None, :, :2]).transpose(2, 0, 1)) <= 50
    close &= np.abs(table[:, None, 2] - table[None, :, 2]) <= 3
    cores = set(np.flatnonzero(close.sum(axis=1) >= 3).tolist())
    spots = found(rows, shuffles=0)
    members = [point for spot in spots for point in spot.members.tolist()]
    assert len(members) == len(set(members))
    assert cores <= set(members)
    for spot in spots:
        inside = set(spot.members.tolist())
        for point in inside:
            assert set(np.flatnonzero(close[point]).tolist()) & cores & inside


@pytest.mark.parametrize("wrong", [{"radius_m": 0.0}, {"days": -1.0}, {"at_least": 1}])
def test_limits_are_above_zero(wrong: dict[str, float]) -> None:
    with pytest.raises(BoundsError):
        found([(0, 0, 0)], **wrong)


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(BoundsError):
        found([(0, float("nan"), 0)])
    with pytest.raises(BoundsError):
        find(np.zeros((2, 2)), np.zeros(3), **NEAR)


def test_too_dense_is_said_and_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hot_spots, "MOST_PAIRS", 10)
    with pytest.raises(BoundsError, match="10"):
        found([(0, 0, 0)] * 6)


def test_a_busy_street_is_not_one_spot_and_a_burst_in_it_is_found() -> None:
    rng = np.random.default_rng(5)
    points, times = rng.uniform(0, 600, (1_500, 2)), rng.uniform(0, 90, 1_500)
    near: dict[str, float] = {"radius_m": 60, "days": 14, "at_least": 5, "shuffles": 39}
    assert find(points, times, **near)[0].count > 1_000  # type: ignore[arg-type]
    calm = find(points, times, **near, crowded=True, rare=0.05)  # type: ignore[arg-type]
    assert all(spot.count < 150 for spot in calm)
    burst = np.vstack([points, rng.normal(300, 8, (60, 2))]), np.append(times, rng.uniform(40, 46, 60))
    found = find(*burst, **near, crowded=True, rare=0.05)  # type: ignore[arg-type]
    assert any(set(range(1_500, 1_560)) <= set(spot.members.tolist()) for spot in found)
    every = find(*burst, **near, crowded=True)  # type: ignore[arg-type]
    assert [spot.x for spot in found] == [spot.x for spot in every if spot.chance <= 0.05]
    assert len(every) > len(found)
