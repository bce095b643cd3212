"""Lines half-way against what defines them: as far from seeds of two atoms, with no seed nearer."""

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial import KDTree

from geo.territory.midlines import SEED_GRID_M, SMOOTH_M, Seeds, midlines
from tests.examples import examples

FACE = shapely.box(0, 0, 100, 100)
OFF_M = 1e-3
quick = settings(examples(60), suppress_health_check=list(HealthCheck))
#: Whole metres: many seeds on one line and on one circle.
lattice = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=60, unique=True)
anywhere = st.lists(
    st.tuples(st.floats(0, 100, width=32), st.floats(0, 100, width=32)), min_size=1, max_size=60, unique=True
)
labels_of = st.lists(st.integers(0, 5), min_size=1, max_size=8)


def drawn(places, labels, smooth_m=0.0):
    """Seeds on places that are apart on the grid on which they count, labels in turn, and the lines between them."""
    xy = np.array(places, dtype=np.float64)
    xy = np.unique(np.round(xy / (8 * SEED_GRID_M)), axis=0) * 8 * SEED_GRID_M
    label = np.resize(np.array(labels, dtype=np.int64), len(xy))
    return xy, label, lines_between(xy, label, smooth_m)


def lines_between(xy, label, smooth_m=0.0):
    seeds = Seeds(np.asarray(xy, dtype=np.float64), np.asarray(label), np.zeros(len(xy), dtype=np.int64))
    return midlines(seeds, np.array([FACE], dtype=object), smooth_m)


def pieces(lines):
    """Straight pieces of lines."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    same = line[1:] == line[:-1]
    return np.stack([xy[:-1][same], xy[1:][same]], axis=1)


def assert_half_way(xy, label, lines, off_m=OFF_M):
    for place in pieces(lines).mean(axis=1):
        away = np.hypot(*(xy - place).T)
        assert len(set(label[away <= away.min() + off_m])) > 1


def assert_parted(xy, label, lines, off_m=OFF_M):
    """Going across the face, the nearest atom changes only at a line."""
    walk = np.linspace((0.37, 0.11), (99.3, 99.81), 400)
    nearest = label[KDTree(xy).query(walk)[1]]
    steps = shapely.linestrings(np.stack([walk[:-1], walk[1:]], axis=1))
    parted = np.zeros(len(steps), dtype=bool)
    parted[shapely.STRtree(lines).query(steps, predicate="dwithin", distance=off_m)[0]] = True
    assert parted[nearest[1:] != nearest[:-1]].all()


@quick
@given(st.one_of(lattice, anywhere), labels_of)
def test_lines_are_half_way_and_part_what_is_nearest_to_different_atoms(places, labels):
    xy, label, lines = drawn(places, labels)
    assert_half_way(xy, label, lines)
    assert_parted(xy, label, lines)


@quick
@given(st.one_of(lattice, anywhere), labels_of)
def test_smoothed_lines_lie_no_farther_off_than_they_are_smoothed(places, labels):
    _, _, exact = drawn(places, labels)
    _, _, smooth = drawn(places, labels, SMOOTH_M)
    if len(exact) == 0:
        assert len(smooth) == 0
        return
    places = np.concatenate(
        [shapely.line_interpolate_point(smooth, at, normalized=True) for at in np.linspace(0, 1, 30)]
    )
    # By the rim the line meant may lie outside, where it is cut off.
    inner = places[shapely.distance(places, FACE.boundary) > SMOOTH_M + OFF_M]
    assert (shapely.distance(inner, shapely.multilinestrings(exact)) <= SMOOTH_M + OFF_M).all()


def test_a_line_that_wavers_less_than_it_is_smoothed_is_straight():
    row = np.arange(0, 101, 2.0)
    uneven = np.stack([row, 40 + 0.1 * (np.arange(len(row)) % 2)], axis=1)
    even = np.stack([row, np.full(len(row), 60.0)], axis=1)
    seeds, label = np.concatenate([uneven, even]), np.repeat([0, 1], len(row))
    assert len(pieces(lines_between(seeds, label))) > 50
    assert len(pieces(lines_between(seeds, label, SMOOTH_M))) == 1


@quick
@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.integers(-13, -5))
def test_seeds_that_all_but_coincide_draw_no_line_that_is_not_there(number, count, exponent):
    rng = np.random.default_rng(number)
    places = rng.uniform(0, 100, (count, 2))
    shaken = np.repeat(places, 4, axis=0) + rng.normal(0, 10.0**exponent, (4 * count, 2))
    label = np.repeat(np.arange(count), 4)
    lines = lines_between(shaken, label)
    assert_half_way(shaken, label, lines, 0.01)
    assert_parted(shaken, label, lines, 0.01)


def test_a_square_of_four_atoms_is_quartered():
    lines = lines_between([(25, 25), (75, 25), (75, 75), (25, 75)], [0, 1, 2, 3])
    quarters = shapely.get_parts(
        shapely.polygonize(shapely.get_parts(shapely.node(shapely.geometrycollections([*lines, FACE.boundary]))))
    )
    assert shapely.area(quarters) == pytest.approx([2500] * 4)


def test_a_ring_around_an_atom_is_closed():
    angle = np.arange(12) / 12 * 2 * np.pi
    around = 50 + 30 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lines = lines_between([(50, 50), *around], [0] + [1] * 12)
    assert len(lines) == 1
    assert shapely.is_ring(lines).all()
    assert len(pieces(lines)) == 12


@pytest.mark.parametrize("count", [1, 2, 50])
def test_seeds_on_one_place_count_once(count):
    lines = lines_between([(30, 50)] * count + [(70, 50)], [0] * count + [1])
    assert len(lines) == 1
    assert shapely.get_coordinates(lines)[:, 0] == pytest.approx(50)
    assert shapely.length(lines) == pytest.approx(100)


def test_seeds_of_one_atom_have_no_line():
    assert len(lines_between([(x, 3 * x % 7) for x in range(40)], [4] * 40)) == 0
