"""The compiled Voronoi diagram against what defines it: an edge is as far from two points, with none nearer."""

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial import KDTree

from geo.territory.triangulation import chains, ridges

BOUNDS = (0.0, 0.0, 100.0, 100.0)
quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
#: Whole metres: many points on one line and on one circle.
lattice = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=60, unique=True)
anywhere = st.lists(
    st.tuples(st.floats(0, 100, width=32), st.floats(0, 100, width=32)), min_size=1, max_size=60, unique=True
)


def drawn(places, labels):
    xy = np.array(places, dtype=np.float64)
    label = np.resize(np.array(labels, dtype=np.int64), len(xy))
    return xy, label, *ridges(xy, label, *BOUNDS)


@quick
@given(st.one_of(lattice, anywhere), st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_every_edge_lies_half_way_between_two_atoms(places, labels):
    xy, label, corner, edge = drawn(places, labels)
    middles = (corner[edge[:, 0]] + corner[edge[:, 1]]) / 2
    near = np.flatnonzero(np.abs(middles - 50).max(axis=1) <= 50)
    for place in middles[near]:
        away = np.hypot(*(xy - place).T)
        nearest = away.min()
        assert len(set(label[away <= nearest + 1e-4])) > 1


@quick
@given(st.one_of(lattice, anywhere), st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_edges_part_what_is_nearest_to_different_atoms(places, labels):
    xy, label, corner, edge = drawn(places, labels)
    lines = shapely.linestrings(np.stack([corner[edge[:, 0]], corner[edge[:, 1]]], axis=1))
    walk = np.linspace((0.37, 0.11), (99.3, 99.81), 400)
    nearest = label[KDTree(xy).query(walk)[1]]
    steps = shapely.linestrings(np.stack([walk[:-1], walk[1:]], axis=1))
    tree = shapely.STRtree(lines)
    parted = np.zeros(len(steps), dtype=bool)
    parted[tree.query(steps, predicate="dwithin", distance=1e-4)[0]] = True
    assert parted[nearest[1:] != nearest[:-1]].all()


def test_a_square_of_four_atoms_is_quartered():
    _, _, corner, edge = drawn([(25, 25), (75, 25), (75, 75), (25, 75)], [0, 1, 2, 3])
    middle = corner[np.hypot(*(corner - 50).T) < 1e-6]
    assert len(middle) >= 1
    assert len(edge) == 4
    ends = corner[edge] - 50
    assert (np.abs(ends).min(axis=2) < 1e-6).all()


@pytest.mark.parametrize("count", [1, 2, 50])
def test_points_on_one_place_count_once(count):
    _, _, _, edge = drawn([(30, 50)] * count + [(70, 50)], [0] * count + [1])
    assert len(edge) >= 1


def test_points_of_one_atom_have_no_edge():
    _, _, _, edge = drawn([(x, 3 * x % 7) for x in range(40)], [4])
    assert len(edge) == 0


class TestChains:
    def test_straight_corners_are_left_out_and_junctions_stay(self):
        xy = np.array([[0, 0], [1, 0], [2, 0.05], [3, 0], [3, 4], [6, 0]], dtype=np.float64)
        points, line = chains(np.array([[0, 1], [1, 2], [2, 3], [3, 4], [3, 5]]), xy, 0.2)
        assert [points[line == i].tolist() for i in range(3)] == [[[0, 0], [3, 0]], [[3, 0], [3, 4]], [[3, 0], [6, 0]]]

    def test_a_ring_is_closed(self):
        xy = np.array([[0, 0], [4, 0], [4, 4], [0, 4]], dtype=np.float64)
        points, line = chains(np.array([[0, 1], [1, 2], [2, 3], [3, 0]]), xy, 0.2)
        assert points[0].tolist() == points[-1].tolist()
        assert set(line.tolist()) == {0}
        assert shapely.Polygon(points).area == 16

    @quick
    @given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=60), st.floats(0, 2))
    def test_every_edge_is_on_a_line_and_near_it(self, pairs, tolerance):
        edge = np.array(sorted({(min(p), max(p)) for p in pairs if p[0] != p[1]}), dtype=np.int64).reshape(-1, 2)
        angle = np.arange(21) * 2.4
        xy = np.stack([np.cos(angle), np.sin(angle)], axis=1) * np.sqrt(np.arange(21))[:, None]
        points, line = chains(edge, xy, tolerance)
        if not len(edge):
            assert len(points) == 0
            return
        drawn_lines = shapely.union_all(shapely.linestrings(points, indices=line))
        before = shapely.multilinestrings([xy[pair] for pair in edge])
        assert shapely.hausdorff_distance(before, drawn_lines) <= tolerance + 1e-9
        ends = [tuple(points[line == i][j]) for i in range(int(line.max()) + 1) for j in (0, -1)]
        degree = np.bincount(edge.ravel(), minlength=21)
        assert {tuple(place) for place in xy[(degree > 0) & (degree != 2)]} <= set(ends)
