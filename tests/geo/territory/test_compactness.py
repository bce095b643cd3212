"""Shapes with known scores."""

import geopandas as gpd
import numpy as np
import pytest
from shapely import MultiPolygon, Point, Polygon, box

from geo.errors import GeographicCRSError
from geo.territory.compactness import convex_hull_ratio, inertia_ratio, polsby_popper

SQUARE = box(0, 0, 10, 10)
L_SHAPE = Polygon([(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)])
RING = Point(0, 0).buffer(10, 64).difference(Point(0, 0).buffer(5, 64))


def series(*shapes):
    return gpd.GeoSeries(list(shapes), crs="EPSG:4547")


def test_polsby_popper_of_a_circle_a_square_and_nothing():
    scores = polsby_popper(series(Point(0, 0).buffer(10, 256), SQUARE, Polygon()))
    assert scores[0] == pytest.approx(1, abs=1e-4)
    assert scores[1] == pytest.approx(np.pi / 4)
    assert np.isnan(scores[2])


def test_convex_hull_ratio_of_an_l():
    assert convex_hull_ratio(series(SQUARE, L_SHAPE)).tolist() == pytest.approx([1, 3 / 3.5])


def test_inertia_of_disc_square_ring_and_two_halves_apart():
    # Square of side a: I = a^4 / 6. Ring: I = pi (R^4 - r^4) / 2.
    apart = MultiPolygon([box(0, 0, 1, 1), box(9, 0, 10, 1)])
    disc, square, ring, halves = inertia_ratio(series(Point(0, 0).buffer(10, 256), SQUARE, RING, apart))
    assert disc == pytest.approx(1, abs=1e-4)
    assert square == pytest.approx(3 / np.pi)
    assert ring == pytest.approx(75**2 / (10**4 - 5**4), rel=1e-3)
    assert halves < 0.05


@pytest.mark.parametrize("score", [polsby_popper, convex_hull_ratio, inertia_ratio])
def test_degrees_are_refused(score):
    with pytest.raises(GeographicCRSError, match="degrees"):
        score(gpd.GeoSeries([SQUARE], crs="EPSG:4490"))
