import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from maps.encoding import MICRO, Shapes, encode, label_points

ORIGIN = (114_100_000, 22_600_000)


def decode(shapes: Shapes, origin: tuple[int, int]) -> list[list[np.ndarray]]:
    """The page's decoder, told again: paths per feature in micro-degrees."""
    paths = iter(shapes.paths)
    return [
        [np.cumsum(np.array(next(paths)).reshape(-1, 2), axis=0) + origin for _ in range(count)]
        for count in shapes.counts
    ]


def test_a_square_is_one_ring_of_four_steps() -> None:
    shapes = encode(np.array([shapely.box(114.1, 22.6, 114.1001, 22.6002)]), ORIGIN)
    assert shapes.kinds == "A"
    assert shapes.counts == [1]
    (ring,) = decode(shapes, ORIGIN)[0]
    assert {tuple(vertex - ORIGIN) for vertex in ring} == {(0, 0), (100, 0), (100, 200), (0, 200)}


def test_kinds_parts_and_holes() -> None:
    holed = shapely.box(0, 0, 3, 3).difference(shapely.box(1, 1, 2, 2))
    two = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6)])
    line = shapely.MultiLineString([[(0, 0), (1, 1)], [(2, 2), (3, 3)]])
    shapes = encode(np.array([holed, shapely.Point(1, 2), two, None, line, shapely.Polygon()]), (0, 0))
    assert shapes.kinds == "APANLN"
    assert shapes.counts == [2, 1, 2, 0, 2, 0]
    outer, hole = decode(shapes, (0, 0))[0]
    assert shapely.is_ccw(shapely.linearrings(outer))
    assert not shapely.is_ccw(shapely.linearrings(hole))


def test_nothing_is_nothing() -> None:
    assert encode(np.array([], dtype=object), (0, 0)) == Shapes("", [], [])


@given(
    st.lists(
        st.tuples(st.floats(73, 135), st.floats(18, 53), st.floats(1e-4, 0.01), st.floats(1e-4, 0.01)),
        min_size=1,
        max_size=20,
    )
)
def test_decoding_gives_every_vertex_back_to_six_decimals(boxes: list[tuple[float, float, float, float]]) -> None:
    areas = np.array([shapely.box(x, y, x + w, y + h) for x, y, w, h in boxes])
    for area, (ring,) in zip(areas, decode(encode(areas, ORIGIN), ORIGIN), strict=True):
        back = shapely.Polygon(ring / MICRO)
        assert back.hausdorff_distance(area) <= 1.5e-6
        assert back.normalize().equals_exact(shapely.set_precision(area, 1e-6).normalize(), 1.1e-6)


def test_a_label_sits_in_the_widest_place_and_inside() -> None:
    # A thin arm to the east, a wide body in the west.
    shape = shapely.union_all([shapely.box(0, 0, 0.01, 0.01), shapely.box(0.01, 0.004, 0.05, 0.005)])
    ((x, y),) = label_points(np.array([shape]), (0, 0))
    assert shapely.box(0.004, 0.004, 0.006, 0.006).contains(shapely.Point(x / MICRO, y / MICRO))


@pytest.mark.parametrize("empty", [None, shapely.Polygon()])
def test_an_absent_geometry_has_a_label_nowhere(empty: shapely.Polygon | None) -> None:
    assert label_points(np.array([empty]), (0, 0)) == [[0, 0]]
