"""Where atoms that share one ground stand on it."""

import numpy as np
from shapely import MultiPolygon, box, covers, points

from geo.territory.footprints import share_out


def test_claimants_of_a_ground_with_a_wide_gap_stand_on_it_apart():
    ground = MultiPolygon([box(0, 0, 10, 5), box(90, 0, 101, 5)])
    found = share_out(ground, np.array([ground] * 5, dtype=object))
    assert covers(ground, points(found)).all()
    assert len(np.unique(found, axis=0)) == 5
