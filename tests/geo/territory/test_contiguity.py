import itertools

import geopandas as gpd
import numpy as np
import pytest
from shapely import Point, Polygon, box

from geo.errors import GeographicCRSError, GeometryError
from geo.territory.contiguity import Contiguity, connect_islands, contiguity
from geo.territory.tessellation import tessellate

CRS = "EPSG:4547"


def tiles(*shapes):
    return gpd.GeoSeries(list(shapes), crs=CRS)


def brute_force(series):
    found = {}
    for i, j in itertools.combinations(range(len(series)), 2):
        shared = series.iloc[i].intersection(series.iloc[j]).length
        if shared > 0.5:
            found[(i, j)] = shared
    return found


class TestContiguity:
    #  2 3
    #  0 1
    QUARTERS = tiles(box(0, 0, 10, 10), box(10, 0, 20, 10), box(0, 10, 10, 20), box(10, 10, 20, 20))

    def test_two_by_two_squares_touch_along_sides_not_at_the_corner(self):
        touching = contiguity(self.QUARTERS)
        assert touching.edges.tolist() == [[0, 1], [0, 2], [1, 3], [2, 3]]
        assert touching.shared_m.tolist() == [10, 10, 10, 10]
        assert not touching.bridge.any()

    def test_less_than_half_a_metre_is_a_corner(self):
        close = tiles(
            Polygon([(0, 0), (10, 0), (10, 10), (10, 10.4), (10, 20), (0, 20)]),
            Polygon([(10, 10), (20, 10), (20, 10.4), (10, 10.4)]),
        )
        assert len(contiguity(close).edges) == 0
        assert len(contiguity(close, least_m=0.3).edges) == 1

    def test_hole_touches_what_fills_it(self):
        inner = box(3, 3, 6, 6)
        touching = contiguity(tiles(box(0, 0, 10, 10).difference(inner), inner))
        assert touching.shared_m.tolist() == [12]

    def test_equals_brute_force(self):
        rng = np.random.default_rng(11)
        atoms = gpd.GeoSeries([Point(*xy) for xy in rng.uniform(0, 200, (60, 2))], crs=CRS)
        cut = tessellate(atoms, box(0, 0, 200, 200))
        touching = contiguity(cut)
        expected = brute_force(cut)
        assert [tuple(edge) for edge in touching.edges.tolist()] == sorted(expected)
        assert touching.shared_m == pytest.approx([expected[key] for key in sorted(expected)], rel=1e-6)

    def test_find(self):
        touching = contiguity(self.QUARTERS)
        assert touching.find(np.array([0, 1, 0]), np.array([2, 3, 3])).tolist() == [1, 2, -1]

    def test_one_tile_has_no_neighbours(self):
        touching = contiguity(tiles(box(0, 0, 1, 1)))
        assert touching.edges.shape == (0, 2)
        assert touching.components().tolist() == [0]
        assert touching.find(np.array([0]), np.array([0])).tolist() == [-1]

    def test_border_with_other_vertices_is_refused(self):
        t_junction = tiles(box(0, 0, 10, 10), box(10, 0, 20, 5), box(10, 5, 20, 10))
        with pytest.raises(GeometryError, match="different vertices"):
            contiguity(t_junction)

    def test_overlap_is_refused(self):
        with pytest.raises(GeometryError, match="overlap"):
            contiguity(tiles(box(0, 0, 10, 10), box(9, 0, 19, 10)))

    def test_degrees_are_refused(self):
        with pytest.raises(GeographicCRSError):
            contiguity(gpd.GeoSeries([box(114, 22, 115, 23)], crs=4326))


class TestConnectIslands:
    def test_bridge_joins_the_nearest_tiles_of_two_islands(self):
        #  0 1   gap   2 3
        islands = tiles(box(0, 0, 5, 5), box(5, 0, 10, 5), box(14, 0, 20, 5), box(20, 0, 25, 5))
        joined = connect_islands(islands, contiguity(islands))
        assert joined.edges.tolist() == [[0, 1], [1, 2], [2, 3]]
        assert joined.bridge.tolist() == [False, True, False]
        assert joined.shared_m.tolist() == [5, 0, 5]
        assert len(set(joined.components())) == 1

    def test_three_islands_need_two_bridges_the_shortest(self):
        #  far   a  b
        islands = tiles(box(0, 0, 5, 5), box(50, 0, 55, 5), box(57, 0, 60, 5))
        joined = connect_islands(islands, contiguity(islands))
        assert joined.edges[joined.bridge].tolist() == [[0, 1], [1, 2]]

    def test_many_islands_in_pairs(self):
        islands = tiles(*(box(x, y, x + 1, y + 1) for x in (0, 3, 30, 33) for y in (0, 40)))
        joined = connect_islands(islands, contiguity(islands))
        assert joined.bridge.sum() == 7
        assert len(set(joined.components())) == 1

    def test_connected_tiles_stay_as_they_are(self):
        touching = contiguity(TestContiguity.QUARTERS)
        assert connect_islands(TestContiguity.QUARTERS, touching) is touching


def test_contiguity_may_be_built_by_hand():
    touching = Contiguity(np.array([[0, 1]]), np.array([3.0]), 3)
    assert touching.components().tolist() == [0, 0, 1]
