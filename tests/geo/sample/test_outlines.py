import numpy as np
import pytest
import shapely

from geo.sample.outlines import most_stairwells, outline

SHAPES = ("plain", "slab", "comb", "cross", "point", "wings", "ell", "cup")
CASES = [(shape, n) for shape in SHAPES for n in range(1, most_stairwells(shape) + 1) if (shape, n) != ("wings", 2)]


@pytest.mark.parametrize(("shape", "count"), CASES)
def test_stairwells_are_a_coverage_of_the_outline(shape, count):
    drawn = outline(shape, count)
    whole = shapely.Polygon(drawn.ring)
    parts = shapely.polygons([shapely.linearrings(ring) for ring in drawn.stairwells])
    assert len(parts) == count
    assert whole.is_valid
    assert whole.exterior.is_ccw
    assert shapely.coverage_is_valid(parts)
    assert shapely.coverage_union_all(parts).equals(whole)
    assert np.abs(drawn.ring).max() <= 0.5


def test_slab_of_three_has_equal_sections():
    areas = shapely.area([shapely.Polygon(ring) for ring in outline("slab", 3).stairwells])
    assert areas == pytest.approx([areas[0]] * 3)


def test_wings_asked_for_two_stairwells_stay_whole():
    assert len(outline("wings", 2).stairwells) == 1
