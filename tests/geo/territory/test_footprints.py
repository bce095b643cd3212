"""Where atoms that share one ground stand on it."""

import numpy as np
from shapely import MultiPolygon, box, covers, points

from geo.territory.footprints import share_out, spread


def test_claimants_of_a_ground_with_a_wide_gap_stand_on_it_apart():
    ground = MultiPolygon([box(0, 0, 10, 5), box(90, 0, 101, 5)])
    found = share_out(ground, np.array([ground] * 5, dtype=object))
    assert covers(ground, points(found)).all()
    assert len(np.unique(found, axis=0)) == 5


def test_two_on_one_place_outside_their_face_stand_on_its_near_side_apart():
    face = box(0, 0, 10, 10)
    stood, home = spread(np.array([[-3.0, 5.0], [-3.0, 5.0]]), np.array([face], dtype=object))
    assert home.tolist() == [0, 0]
    assert covers(face, points(stood)).all()
    assert (stood[:, 0] < 1).all()
    assert np.hypot(*(stood[0] - stood[1])) > 0.1
