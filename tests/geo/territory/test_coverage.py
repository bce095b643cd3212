import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon, box

from geo.errors import GeographicCRSError, GeometryError
from geo.territory.compactness import polsby_popper, reock
from geo.territory.coverage import coverage_problems, dissolve, is_coverage, to_degrees
from geo.territory.rim import onto_rim
from geo.territory.simplification import simplify_borders
from geo.territory.tessellation import tessellate

CRS = "EPSG:4547"
SQUARE = box(0, 0, 20, 20)
LEFT, RIGHT = box(0, 0, 10, 20), box(10, 0, 20, 20)


def series(*shapes, crs=CRS, **kwargs):
    return gpd.GeoSeries(list(shapes), crs=crs, **kwargs)


class TestCoverageProblems:
    def test_halves_tile_the_square(self):
        assert coverage_problems(series(LEFT, RIGHT), SQUARE) == []
        assert is_coverage(series(LEFT, RIGHT), SQUARE)

    def test_gap_is_found_with_its_area_and_place(self):
        (gap,) = coverage_problems(series(box(0, 0, 8, 20), RIGHT), SQUARE)
        assert (gap.kind, gap.area_m2, gap.members) == ("gap", 40, ())
        assert 8 < gap.x < 10

    def test_overlap_names_both(self):
        (overlap,) = coverage_problems(series(box(0, 0, 12, 20), RIGHT, index=["a", "b"]), SQUARE)
        assert (overlap.kind, overlap.area_m2, overlap.members) == ("overlap", 40, ("a", "b"))
        assert "重叠" in str(overlap)

    def test_ground_outside_the_boundary(self):
        (outside,) = coverage_problems(series(LEFT, box(10, 0, 25, 20), index=["a", "b"]), SQUARE)
        assert (outside.kind, outside.area_m2, outside.members) == ("outside", 100, ("b",))

    def test_largest_first(self):
        problems = coverage_problems(series(box(1, 0, 10, 20), box(10, 0, 20, 15)), SQUARE)
        assert [problem.area_m2 for problem in problems] == [50, 20]

    def test_slivers_of_rounding_pass_unless_asked_for(self):
        near = series(box(0, 0, 9.999, 20), RIGHT)
        assert coverage_problems(near, SQUARE) == []
        assert len(coverage_problems(near, SQUARE, thinnest_m=0.0005)) == 1
        assert not is_coverage(near, SQUARE)

    def test_invalid_empty_and_missing_polygons_are_named(self):
        bow_tie = Polygon([(10, 0), (20, 20), (20, 0), (10, 20)])
        problems = coverage_problems(series(LEFT, bow_tie, Polygon(), None), SQUARE)
        assert [problem.members for problem in problems if problem.kind == "invalid"] == [(1,), (2,), (3,)]
        assert any(problem.kind == "gap" for problem in problems)

    def test_degrees_and_bad_boundary(self):
        with pytest.raises(GeographicCRSError):
            coverage_problems(series(LEFT, crs=4326), SQUARE)
        with pytest.raises(GeometryError, match="boundary"):
            coverage_problems(series(LEFT), Polygon([(0, 0), (9, 9), (9, 0), (0, 9)]))


class TestDissolve:
    QUARTERS = series(box(0, 0, 10, 10), box(10, 0, 20, 10), box(0, 10, 10, 20), box(10, 10, 20, 20))

    def test_quarters_to_halves(self):
        halves = dissolve(self.QUARTERS, [1, 2, 1, 2])
        assert halves.index.tolist() == [1, 2]
        assert halves[1].equals(LEFT)
        assert is_coverage(halves, SQUARE)

    def test_parts_that_do_not_touch_stay_apart(self):
        assert dissolve(self.QUARTERS, ["x", "y", "y", "x"])["x"].geom_type == "MultiPolygon"

    def test_as_many_labels_as_tiles(self):
        with pytest.raises(GeometryError, match="4 tiles but 2 labels"):
            dissolve(self.QUARTERS, [1, 2])

    def test_overlapping_tiles_are_refused(self):
        with pytest.raises(GeometryError, match="cannot be joined"):
            dissolve(series(box(0, 0, 10, 10), box(5, 0, 15, 10)), [1, 1])


class TestToDegrees:
    def drawn(self):
        """A long slanted community in degrees, and its tiles in metres."""
        boundary = Polygon([(114.01, 22.51), (114.06, 22.515), (114.055, 22.54), (114.012, 22.535)])
        metres = gpd.GeoSeries([boundary], crs=4326).to_crs(CRS).iloc[0]
        rng = np.random.default_rng(2)
        west, south, east, north = metres.bounds
        points = [Point(x, y) for x, y in rng.uniform((west, south), (east, north), (80, 2))]
        return boundary, tessellate(series(*[point for point in points if metres.contains(point)]), metres)

    def test_coverage_stays_exact(self):
        _, tiles = self.drawn()
        degrees = to_degrees(tiles)
        assert degrees.crs.to_epsg() == 4326
        assert degrees.index.equals(tiles.index)
        assert degrees.is_valid.all()
        assert shapely.coverage_is_valid(degrees.to_numpy())

    def test_rim_lies_on_the_boundary_in_degrees(self):
        boundary, tiles = self.drawn()
        bent = to_degrees(tiles)
        straight = to_degrees(tiles, boundary=boundary)
        area = 1e-12
        assert shapely.coverage_union_all(bent.to_numpy()).symmetric_difference(boundary).area > area
        assert shapely.coverage_union_all(straight.to_numpy()).symmetric_difference(boundary).area < area
        assert shapely.coverage_is_valid(straight.to_numpy())
        corners = set(boundary.exterior.coords)
        assert corners <= {tuple(xy) for xy in shapely.get_coordinates(straight.to_numpy())}

    def test_place_beyond_the_projection_is_refused(self):
        with pytest.raises(GeometryError, match="not valid in degrees"):
            to_degrees(series(box(1e9, 0, 2e9, 5)))


class TestOntoRim:
    HALVES = np.array([LEFT, RIGHT])

    def test_rim_within_a_millimetre_moves_onto_the_boundary(self):
        boundary = Polygon([(0, 0), (20, 0.0007), (20.0005, 20), (0, 20)])
        moved = onto_rim(self.HALVES, boundary)
        assert shapely.coverage_union_all(moved).symmetric_difference(boundary).area < 1e-9
        assert shapely.coverage_is_valid(moved)

    def test_rim_that_would_fold_stays_as_it_is(self):
        moved = onto_rim(self.HALVES, box(100, 100, 101, 101))
        assert shapely.equals_identical(moved, self.HALVES).all()

    def test_vertices_in_a_crack_stay(self):
        # A crack half a millimetre wide runs down from the top, where the grid has closed it.
        crack = SQUARE.difference(Polygon([(9.9998, 5), (10.0002, 5), (10.0002, 21), (9.9998, 21)]))
        moved = onto_rim(self.HALVES, crack)
        assert {(10, 0), (10, 20)} <= {tuple(xy) for xy in shapely.get_coordinates(moved)}
        assert shapely.coverage_is_valid(moved)


class TestSimplifyBorders:
    #  A border that wiggles by half a metre around x = 10.
    WIGGLE = ((10, 0), (10.4, 4), (9.7, 8), (10.3, 12), (9.8, 16), (10, 20))
    GRIDS = series(Polygon([(0, 0), *WIGGLE, (0, 20)]), Polygon([(20, 0), *WIGGLE, (20, 20)]), index=["a", "b"])

    def test_wiggle_becomes_a_line(self):
        plain = simplify_borders(self.GRIDS, 1.0)
        assert plain["a"].equals(LEFT)
        assert is_coverage(plain, SQUARE)

    def test_less_than_the_tolerance_stays(self):
        assert simplify_borders(self.GRIDS, 0.01).geom_equals(self.GRIDS).all()

    @pytest.mark.parametrize("west", [9.8, 10.05])
    def test_border_does_not_move_through_or_over_a_building(self, west):
        # The straight line x = 10 would leave the house in the wiggle on the other side, cut or whole.
        house = box(west, 3.5, 10.4, 4).intersection(self.GRIDS["a"])
        plain = simplify_borders(self.GRIDS, 1.0, buildings=series(house))
        assert plain["a"].equals(Polygon([(0, 0), (10, 0), (10.4, 4), (10, 20), (0, 20)]))  # plainer farther on
        assert plain["a"].buffer(1e-9).covers(house)

    def test_border_may_move_beside_a_building(self):
        assert simplify_borders(self.GRIDS, 1.0, buildings=series(box(12, 3, 15, 9)))["a"].equals(LEFT)

    def test_point_keeps_its_side(self):
        plain = simplify_borders(self.GRIDS, 1.0, buildings=series(Point(10.05, 4)))
        assert plain["a"].covers(Point(10.05, 4).buffer(0.1))
        assert is_coverage(plain, SQUARE)

    def test_only_the_line_at_the_building_stays(self):
        other = [(x + 10, y) for x, y in self.WIGGLE]
        three = series(self.GRIDS["a"], Polygon([*self.WIGGLE, *reversed(other)]), Polygon([(30, 0), *other, (30, 20)]))
        plain = simplify_borders(three, 1.0, buildings=series(box(9.9, 3, 10.1, 5)))
        assert plain[0].covers(box(9.9, 3, 10.1, 5))
        assert plain[2].equals(box(20, 0, 30, 20))
        assert is_coverage(plain, box(0, 0, 30, 20))

    def test_rim_stays(self):
        ragged = Polygon([(0, 0), (5, 0.2), (10, 0), (20, 0), (20, 20), (0, 20)])
        assert simplify_borders(series(ragged), 5.0)[0].equals(ragged)
        assert simplify_borders(series(ragged), 5.0, boundary=ragged)[0].equals(ragged)

    def test_rim_loses_what_dissolved_tiles_left_on_it_but_no_corner_of_the_boundary(self):
        corners = Polygon([(0, 0), (15, 0), (20, 0), (20, 20), (0, 20)])
        grid = Polygon([(0, 0), (5, 0), (15, 0), (20, 0), (20, 10), (20, 20), (0, 20)])
        plain = simplify_borders(series(grid), 1.0, boundary=corners)[0]
        assert set(plain.exterior.coords) == set(corners.exterior.coords)

    def test_vertices_on_a_road_have_a_tolerance_of_their_own(self):
        road = LineString(self.WIGGLE[:3])
        plain = simplify_borders(self.GRIDS, 1.0, followed=[road], followed_tolerance_m=0.1)
        assert plain["a"].exterior.covers(road)
        assert (10.3, 12) not in plain["a"].exterior.coords

    def test_narrow_grid_between_two_does_not_vanish(self):
        # Simplified, both sides of the bent strip would be the same straight line.
        strip = Polygon([(9, 0), (11, 10), (9, 20), (9.1, 20), (11.1, 10), (9.1, 0)])
        left = Polygon([(0, 0), (9, 0), (11, 10), (9, 20), (0, 20)])
        right = Polygon([(20, 0), (9.1, 0), (11.1, 10), (9.1, 20), (20, 20)])
        plain = simplify_borders(series(left, strip, right), 5.0)
        assert (plain.area > 0).all()
        assert is_coverage(plain, SQUARE)

    def test_island_within_a_grid_stays(self):
        island = Point(10, 10).buffer(0.5)
        plain = simplify_borders(series(SQUARE.difference(island), island), 2.0)
        assert (plain.area > 0).all()
        assert is_coverage(plain, SQUARE)

    def test_hole_in_the_coverage_stays(self):
        lake = box(12, 5, 15, 9)
        grids = series(self.GRIDS["a"], self.GRIDS["b"].difference(lake))
        assert is_coverage(simplify_borders(grids, 1.0), SQUARE.difference(lake))

    def test_bad_input(self):
        with pytest.raises(GeometryError, match="negative"):
            simplify_borders(self.GRIDS, -1)
        with pytest.raises(GeometryError, match="overlap"):
            simplify_borders(series(box(0, 0, 12, 20), RIGHT), 1)
        with pytest.raises(GeographicCRSError):
            simplify_borders(series(LEFT, crs=4326), 1)


class TestCompactness:
    def test_square_circle_and_thread(self):
        shapes = series(SQUARE, Point(0, 0).buffer(10, quad_segs=200), box(0, 0, 1000, 1), index=list("sct"))
        score = polsby_popper(shapes)
        assert score["s"] == pytest.approx(np.pi / 4)
        assert score["c"] == pytest.approx(1, abs=1e-4)
        assert score["t"] < 0.01
        assert reock(shapes)["s"] == pytest.approx(2 / np.pi)
        assert reock(shapes)["c"] == pytest.approx(1, abs=1e-4)

    def test_wiggly_border_lowers_one_score_and_not_the_other(self):
        comb = SQUARE.difference(MultiPolygon([box(x, 0, x + 0.5, 10) for x in range(1, 19, 2)]))
        assert polsby_popper(series(comb))[0] < 0.2
        assert reock(series(comb))[0] > 0.5

    @pytest.mark.parametrize("score", [polsby_popper, reock])
    def test_empty_and_missing_are_nan(self, score):
        assert score(series(Polygon(), None, SQUARE)).isna().tolist() == [True, True, False]

    @pytest.mark.parametrize("score", [polsby_popper, reock])
    def test_degrees(self, score):
        with pytest.raises(GeographicCRSError):
            score(series(LEFT, crs=4326))


def test_line_is_no_problem_of_a_coverage():
    # Neighbours that only touch have a line in common, which has no area and is no overlap.
    assert LEFT.intersection(RIGHT).equals(LineString([(10, 0), (10, 20)]))
    assert coverage_problems(series(LEFT, RIGHT), SQUARE) == []
