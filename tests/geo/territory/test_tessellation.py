"""Tiny maps, 100 by 100 metres or so, whose tiles can be told by eye."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon, box

from geo.errors import DatumError, GeographicCRSError, GeometryError
from geo.territory.contiguity import contiguity
from geo.territory.tessellation import tessellate

CRS = "EPSG:4547"
ORIGIN = np.array([500_000.0, 2_500_000.0])
SQUARE = box(0, 0, 100, 100)


def there(shape):
    """Drawn near (0, 0), moved to where Shenzhen lies."""
    return shapely.transform(shape, lambda xy: xy + ORIGIN)


def here(shape):
    return shapely.transform(shape, lambda xy: xy - ORIGIN)


def barriers(*lines, kind="road"):
    return gpd.GeoDataFrame({"kind": [kind] * len(lines)}, geometry=[there(line) for line in lines], crs=CRS)


def tiles_of(atoms, boundary=SQUARE, lines=(), **kwargs):
    series = gpd.GeoSeries([there(atom) for atom in atoms], crs=CRS)
    tiles = tessellate(series, there(boundary), barriers(*lines) if lines else None, **kwargs)
    assert_exact(tiles, there(boundary))
    return gpd.GeoSeries([here(tile) for tile in tiles], index=tiles.index)


def assert_exact(tiles, boundary):
    shapes = tiles.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert not shapely.is_empty(shapes).any()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.coverage_union_all(shapes).symmetric_difference(boundary).area < 1e-6
    assert tiles.area.sum() == pytest.approx(boundary.area, rel=1e-9)


def same(tile, expected, tolerance_m2=0.5):
    return tile.symmetric_difference(expected).area < tolerance_m2


class TestPoints:
    def test_two_by_two_points_make_four_quarters(self):
        tiles = tiles_of([Point(25, 25), Point(75, 25), Point(25, 75), Point(75, 75)])
        quarters = [box(0, 0, 50, 50), box(50, 0, 100, 50), box(0, 50, 50, 100), box(50, 50, 100, 100)]
        assert all(same(tile, quarter) for tile, quarter in zip(tiles, quarters, strict=True))

    def test_one_point_takes_all(self):
        (tile,) = tiles_of([Point(3, 4)])
        assert tile.equals(SQUARE)

    def test_points_on_one_place_each_get_a_tile(self):
        tiles = tiles_of([Point(50, 50)] * 4 + [Point(50, 50.001), Point(80, 80)])
        assert (tiles.area > 100).all()
        assert (tiles.geom_type == "Polygon").all()

    def test_many_points_on_one_place(self):
        tiles = tiles_of([Point(50, 50)] * 400)
        assert (tiles.geom_type == "Polygon").all()
        assert (tiles.area > 0.1).all()

    def test_points_on_one_place_at_the_rim_stand_inside(self):
        tiles = tiles_of([Point(0, 0)] * 5 + [Point(50, 100)] * 4 + [Point(50, 50)])
        assert (tiles.area > 1).all()
        assert (tiles.geom_type == "Polygon").all()

    def test_points_on_one_place_by_a_wall_stay_on_one_side_of_it(self):
        tiles = tiles_of([Point(49.9, 50)] * 4 + [Point(90, 50)], lines=[LineString([(50, 0), (50, 100)])])
        assert same(tiles[4], box(50, 0, 100, 100), 1e-6)

    def test_road_between_points_is_the_border_though_nearer_to_one(self):
        tiles = tiles_of([Point(10, 50), Point(90, 50)], lines=[LineString([(30, -5), (30, 105)])])
        assert same(tiles[0], box(0, 0, 30, 100), 1e-6)

    def test_point_on_the_boundary_and_a_centimetre_outside_are_inside(self):
        tiles = tiles_of([Point(0, 50), Point(100.005, 50)])
        assert same(tiles[0], box(0, 0, 50, 100), 1)

    def test_point_on_a_road_gets_one_side(self):
        tiles = tiles_of([Point(30, 50), Point(90, 50)], lines=[LineString([(30, 0), (30, 100)])])
        assert (tiles.area > 1000).all()


class TestFootprints:
    def test_wall_between_two_buildings_is_their_border(self):
        wall = LineString([(60, 0), (60, 100)])
        tiles = tiles_of([box(10, 40, 30, 60), box(70, 40, 90, 60)], lines=[wall])
        assert same(tiles[0], box(0, 0, 60, 100), 1e-6)

    def test_without_a_barrier_the_border_is_half_way_between_walls(self):
        tiles = tiles_of([box(10, 0, 30, 100), box(50, 0, 90, 100)])
        assert same(tiles[0], box(0, 0, 40, 100))

    def test_building_astride_a_road_stays_whole_and_the_road_divides_the_others(self):
        #  A | road | B   with C on both sides of the road
        a, b, c = box(10, 70, 30, 90), box(70, 70, 90, 90), box(40, 10, 60, 30)
        tiles = tiles_of([a, b, c], lines=[LineString([(50, 0), (50, 100)])])
        assert all(atom.difference(tile).area < 0.1 for atom, tile in zip([a, b, c], tiles, strict=True))
        assert (tiles.geom_type == "Polygon").all()
        assert tiles[0].bounds[2] == pytest.approx(50)
        assert tiles[1].bounds[0] == pytest.approx(50)

    def test_u_shaped_building_wrapped_around_another(self):
        u = Polygon([(10, 10), (90, 10), (90, 90), (70, 90), (70, 30), (30, 30), (30, 90), (10, 90)])
        inner = box(45, 45, 55, 80)
        tiles = tiles_of([u, inner])
        assert u.difference(tiles[0]).area < 0.3
        assert inner.within(tiles[1].buffer(0.01))
        assert (tiles.geom_type == "Polygon").all()

    def test_building_in_a_courtyard_is_a_hole_in_the_other_tile(self):
        ring = box(20, 20, 80, 80).difference(box(35, 35, 65, 65))
        tiles = tiles_of([ring, box(45, 45, 55, 55)])
        assert same(tiles[1], box(40, 40, 60, 60), 20)  # its corners are round
        assert len(tiles[0].interiors) == 1

    def test_terrace_houses_that_touch_meet_at_their_common_corner(self):
        houses = [box(10 + 20 * i, 40, 30 + 20 * i, 60) for i in range(4)]
        tiles = tiles_of(houses)
        assert same(tiles[1], box(30, 0, 50, 100))
        assert same(tiles[2], box(50, 0, 70, 100))

    def test_smaller_of_two_overlapping_footprints_keeps_its_ground(self):
        podium, tower = box(10, 10, 60, 60), box(50, 50, 70, 70)
        tiles = tiles_of([podium, tower])
        assert tower.difference(tiles[1]).area < 0.1
        assert podium.difference(tower).difference(tiles[0]).area < 0.3

    def test_coincident_footprints_share_their_ground(self):
        tiles = tiles_of([box(20, 40, 80, 60)] * 3)
        assert all(tile.intersection(box(20, 40, 80, 60)).area == pytest.approx(400, rel=0.05) for tile in tiles)
        assert (tiles.geom_type == "Polygon").all()

    def test_outline_covered_by_its_parts_still_gets_a_tile(self):
        tiles = tiles_of([box(20, 20, 80, 80), box(20, 20, 50, 80), box(50, 20, 80, 80)])
        assert (tiles.area > 500).all()

    def test_point_inside_a_footprint_shares_its_ground(self):
        tiles = tiles_of([box(20, 20, 80, 80), Point(30, 30)])
        assert tiles[1].contains(Point(30, 30))
        assert (tiles.geom_type == "Polygon").all()

    def test_ground_that_is_built_over_entirely(self):
        tiles = tiles_of([box(-10, 0, 40, 100), box(40, 0, 100, 100)])
        assert same(tiles[0], box(0, 0, 40, 100), 1e-6)

    def test_footprint_over_the_boundary_counts_as_far_as_it_is_inside(self):
        tiles = tiles_of([box(-20, 40, 30, 60), box(70, 40, 120, 60)])
        assert same(tiles[0], box(0, 0, 50, 100))

    def test_largest_part_of_a_scattered_building_is_the_one_that_counts(self):
        scattered = MultiPolygon([box(5, 5, 30, 30), box(90, 90, 95, 95)])
        tiles = tiles_of([scattered, box(40, 40, 80, 80)])
        assert box(5, 5, 30, 30).difference(tiles[0]).area < 0.1
        assert tiles[0].geom_type == "Polygon"

    def test_footprint_of_no_size_is_taken_as_a_point(self):
        tiles = tiles_of([box(20, 50, 20.1, 50.1), box(70, 40, 80, 60)])
        assert tiles[0].contains(Point(20.05, 50.05))

    def test_many_floors_on_the_podium_of_two_towers_all_have_ground(self):
        # Between the towers the floors are thinner than lines are smoothed.
        corners = [
            (48, 53),
            (52, 98),
            (60, 112),
            (77, 118),
            (91, 111),
            (98, 93),
            (94, 55),
            (85, 40),
            (68, 34),
            (52, 43),
        ]
        towers = [Point(x, y).buffer(size, quad_segs=4) for x, y, size in ((71, 55, 10.4), (74, 89, 10.7))]
        tiles = tiles_of([Polygon(corners)] * 170 + towers, box(0, 0, 150, 150))
        assert (tiles.geom_type == "Polygon").all()


class TestBarriers:
    def test_dead_end_and_unconnected_lines_change_nothing(self):
        atoms = [Point(25, 50), Point(75, 50)]
        stray = [LineString([(0, 20), (60, 20)]), LineString([(80, 80), (90, 90)])]
        plain, strayed = tiles_of(atoms), tiles_of(atoms, lines=stray)
        assert same(plain[0], strayed[0], 1e-3)

    def test_wall_with_a_gate_is_closed_there(self):
        wall = MultiLineString([[(30, 0), (30, 44)], [(30, 56), (30, 100)]])
        tiles = tiles_of([Point(10, 50), Point(90, 50)], lines=[wall])
        assert same(tiles[0], box(0, 0, 30, 100), 1e-6)

    def test_opening_wider_than_a_gate_is_none(self):
        wall = MultiLineString([[(30, 0), (30, 40)], [(30, 60), (30, 100)]])
        tiles = tiles_of([Point(10, 50), Point(90, 50)], lines=[wall])
        assert same(tiles[0], box(0, 0, 50, 100))

    def test_gate_is_not_closed_through_a_building(self):
        wall = MultiLineString([[(30, 0), (30, 45)], [(30, 55), (30, 100)]])
        house = box(25, 46, 35, 54)
        tiles = tiles_of([house, Point(90, 50)], lines=[wall])
        assert house.difference(tiles[0]).area < 0.1

    def test_line_that_just_misses_a_road_reaches_it(self):
        lines = [LineString([(0, 50), (100, 50)]), LineString([(30, 0), (30, 46)]), LineString([(30, 54), (30, 98)])]
        tiles = tiles_of([Point(10, 10), Point(90, 10), Point(10, 90), Point(90, 90)], lines=lines)
        assert same(tiles[0], box(0, 0, 30, 50), 1e-6)
        assert same(tiles[2], box(0, 50, 30, 100), 1e-6)

    def test_middle_of_a_dual_carriageway_goes_to_one_side_and_the_border_runs_on_the_other(self):
        # Three houses north, two south of two lanes 10 m apart and 300 m long.
        lanes = [LineString([(0, 95), (300, 95)]), LineString([(0, 105), (300, 105)])]
        north, south = [Point(50 + 100 * i, 150) for i in range(3)], [Point(75 + 150 * i, 50) for i in range(2)]
        tiles = tiles_of([*north, *south], box(0, 0, 300, 200), lanes)
        middle = [tile.intersection(box(0, 95, 300, 105)).area for tile in tiles]
        assert sorted([sum(middle[:3]), sum(middle[3:])]) == pytest.approx([0, 3000], abs=1)
        assert max(middle) < 1600

    def test_overlapping_unnoded_and_repeated_lines(self):
        lines = [
            LineString([(50, -10), (50, 60)]),
            LineString([(50, 40), (50, 110)]),
            LineString([(50, 110), (50, -10)]),
            LineString([(-10, 50), (110, 50)]),
        ]
        tiles = tiles_of([Point(10, 10), Point(90, 10), Point(10, 90), Point(90, 90)], lines=lines)
        assert same(tiles[0], box(0, 0, 50, 50), 1e-6)

    def test_ground_without_atoms_goes_to_the_neighbour_with_the_longest_border(self):
        # A park in the middle of the right side: 40 m of its rim lie on the tile left of it, 20 m on each other.
        park = Polygon([(80, 30), (100, 30), (100, 70), (80, 70)])
        atoms = [Point(20, 50), Point(95, 10), Point(95, 90)]
        lines = [park.exterior, LineString([(60, 0), (60, 100)]), LineString([(60, 50), (80, 50)])]
        tiles = tiles_of(atoms, lines=[LineString(line) for line in lines])
        owner = [tile.intersection(park).area for tile in tiles]
        assert sorted(owner)[:2] == pytest.approx([0, 0], abs=0.5)
        assert max(owner) == pytest.approx(park.area, abs=0.5)

    def test_river_bed_given_as_polygon(self):
        river = box(-10, 45, 110, 55)
        tiles = tiles_of([Point(50, 10), Point(50, 90)], lines=[river])
        assert {round(tile.area) for tile in tiles} == {4500, 5500}

    def test_three_dimensional_lines(self):
        tiles = tiles_of([Point(10, 50), Point(90, 50)], lines=[LineString([(30, -5, 9), (30, 105, 8)])])
        assert same(tiles[0], box(0, 0, 30, 100), 1e-6)


class TestBoundary:
    def test_part_without_atoms_belongs_to_the_nearest_tile_and_is_said(self):
        boundary = MultiPolygon([SQUARE, box(110, 0, 130, 20)])
        series = gpd.GeoSeries([there(Point(20, 50)), there(Point(80, 50))], index=["w", "e"], crs=CRS)
        tiles = tessellate(series, there(boundary))
        assert tiles["e"].geom_type == "MultiPolygon"
        assert tiles.attrs["detached"] == ["e"]
        assert_exact(tiles, there(boundary))

    def test_parts_with_atoms_stand_alone(self):
        tiles = tiles_of([Point(20, 50), Point(120, 10)], MultiPolygon([SQUARE, box(110, 0, 130, 20)]))
        assert tiles[0].equals(SQUARE)

    def test_hole_in_the_boundary_stays_a_hole(self):
        lake = SQUARE.difference(box(40, 40, 60, 60))
        tiles = tiles_of([Point(20, 50), Point(80, 50)], lake)
        assert same(tiles[0], box(0, 0, 50, 100).difference(box(40, 40, 60, 60)), 0.5)

    def test_slanted_boundary_keeps_its_corners_to_the_last_bit(self):
        boundary = Polygon([(0.1234567, 3.3), (97.31, -11.17), (103.77, 88.21), (-7.77, 101.01)])
        tiles = tiles_of([Point(20, 50), Point(80, 50), Point(50, 20)], boundary)
        corners = shapely.get_coordinates(there(boundary))
        found = shapely.get_coordinates([there(tile) for tile in tiles])
        assert all((np.abs(found - corner).max(axis=1) < 1e-9).any() for corner in corners)

    @pytest.mark.parametrize("seed", [232, 242, 286, 309, 361])
    def test_crack_thinner_than_the_grid_is_closed_whichever_way_its_sides_are_rounded(self, seed):
        draw = np.random.default_rng(seed)
        middle, inner, at, width = draw.uniform([-5, 300, -20, 0.0005], [5, 590, 20, 0.004])
        lower, end = (0, 100 + middle), (inner, 100 + at)
        left = tuple(draw.uniform([-20, 99.998], [20, 100.002]))
        crack = shapely.make_valid(Polygon([(0, lower[1] + width), end, lower, left]))
        boundary = shapely.make_valid(Polygon([(-50, -20), (600, 0), (600, 200), (-50, 230)]).difference(crack))
        places = shapely.points(draw.uniform([0, 0], [590, 190], (draw.integers(3, 12), 2)))
        atoms = gpd.GeoSeries(places, crs=CRS)
        assert shapely.coverage_is_valid(tessellate(atoms, boundary).to_numpy())


class TestInput:
    def test_index_is_kept(self):
        series = gpd.GeoSeries([there(Point(20, 50)), there(Point(80, 50))], index=["b7", "b3"], crs=CRS)
        assert tessellate(series, there(SQUARE)).index.tolist() == ["b7", "b3"]

    def test_same_input_same_tiles(self):
        rng = np.random.default_rng(3)
        atoms = [Point(*xy) for xy in rng.uniform(1, 99, (40, 2))]
        assert tiles_of(atoms).geom_equals_exact(tiles_of(atoms), 0).all()

    def test_progress_grows_to_one(self):
        seen = []
        tiles_of([Point(20, 50), Point(80, 50)], progress=seen.append)
        assert seen == sorted(seen)
        assert seen[-1] == 1.0

    def test_no_atoms(self):
        with pytest.raises(GeometryError, match="no atoms"):
            tessellate(gpd.GeoSeries([], crs=CRS), there(SQUARE))

    def test_atoms_outside_are_counted(self):
        series = gpd.GeoSeries([there(Point(50, 50)), there(Point(150, 50)), there(box(200, 0, 210, 9))], crs=CRS)
        with pytest.raises(GeometryError, match="2 atoms lie outside"):
            tessellate(series, there(SQUARE))

    @pytest.mark.parametrize(
        "shape",
        [
            None,
            Point(),
            Polygon(),
            Point(np.nan, 1),
            Point(np.inf, 1),
            LineString([(1, 1), (2, 2)]),
            MultiPoint([(1, 1)]),
        ],
    )
    def test_unusable_atoms(self, shape):
        with pytest.raises(GeometryError, match="1 atoms have no geometry"):
            tessellate(gpd.GeoSeries([there(Point(50, 50)), shape], crs=CRS), there(SQUARE))

    def test_footprint_and_barrier_with_a_coordinate_that_is_no_number(self):
        with np.errstate(invalid="ignore"):
            broken = shapely.polygons(
                [(500_001, 2_500_001), (500_009, np.nan), (500_009, 2_500_009), (500_001, 2_500_001)]
            )
            line = shapely.linestrings([(500_001, 2_500_001), (500_009, np.nan)])
        with pytest.raises(GeometryError, match="1 atoms have no geometry"):
            tessellate(gpd.GeoSeries([broken], crs=CRS), there(SQUARE))
        with pytest.raises(GeometryError, match="1 barriers are points"):
            tessellate(
                gpd.GeoSeries([there(Point(5, 5))], crs=CRS), there(SQUARE), gpd.GeoDataFrame(geometry=[line], crs=CRS)
            )

    @pytest.mark.parametrize(
        "shape",
        [
            Polygon([(20, 20), (40, 40), (40, 20), (20, 40)]),
            Polygon([(20, 20), (40, 20), (40, 40), (30, 40), (30, 70), (30, 40), (20, 40)]),
            Polygon([(20, 20), (40, 40), (30, 30)]),
            Polygon([(20, 20), (20, 20), (20, 20)]),
            MultiPolygon([box(10, 10, 30, 30), box(20, 20, 40, 40)]),
        ],
        ids=["bow tie", "spike", "line", "dot", "overlapping parts"],
    )
    def test_broken_footprints_are_repaired(self, shape):
        tiles = tiles_of([shape, Point(80, 80)])
        assert (tiles.area > 1000).all()

    @pytest.mark.parametrize(
        "boundary",
        [None, Polygon(), LineString([(0, 0), (1, 1)]), Polygon([(0, 0), (9, 9), (9, 0), (0, 9)]), Point(1, 1)],
    )
    def test_unusable_boundary(self, boundary):
        with pytest.raises(GeometryError, match="boundary"):
            tessellate(gpd.GeoSeries([there(Point(50, 50))], crs=CRS), boundary)

    def test_degrees(self):
        with pytest.raises(GeographicCRSError):
            tessellate(gpd.GeoSeries([Point(114, 22)], crs=4326), box(113, 21, 115, 23))

    def test_feet(self):
        with pytest.raises(GeometryError, match="metre"):
            tessellate(gpd.GeoSeries([Point(1, 1)], crs=2263), SQUARE)

    def test_no_crs(self):
        with pytest.raises(DatumError):
            tessellate(gpd.GeoSeries([Point(50, 50)]), SQUARE)

    def test_barriers_in_another_crs(self):
        other = gpd.GeoDataFrame({"kind": ["road"]}, geometry=[LineString([(0, 0), (1, 1)])], crs=4326)
        with pytest.raises(GeometryError, match="barriers are in"):
            tessellate(gpd.GeoSeries([there(Point(50, 50))], crs=CRS), there(SQUARE), other)

    def test_barrier_that_is_a_point(self):
        with pytest.raises(GeometryError, match="1 barriers are points"):
            tiles_of([Point(50, 50)], lines=[Point(2, 2)])

    def test_missing_barriers_are_passed_over(self):
        lines = gpd.GeoDataFrame({"kind": ["road", "road"]}, geometry=[None, LineString()], crs=CRS)
        tiles = tessellate(gpd.GeoSeries([there(Point(50, 50))], crs=CRS), there(SQUARE), lines)
        assert tiles.iloc[0].equals(there(SQUARE))


def test_contiguity_of_quarters_is_a_ring():
    tiles = tiles_of([Point(25, 25), Point(75, 25), Point(25, 75), Point(75, 75)]).set_crs(CRS)
    assert contiguity(tiles).edges.tolist() == [[0, 1], [0, 2], [1, 3], [2, 3]]
