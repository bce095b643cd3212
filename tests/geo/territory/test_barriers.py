import geopandas as gpd
import pytest
from shapely import LineString, MultiPolygon, Point, box

from geo.errors import CodeError, GeometryError
from geo.territory.barriers import barrier_lines, border_costs
from geo.territory.contiguity import connect_islands, contiguity
from geo.territory.dictionaries import dictionary

CRS = "EPSG:4547"
#  2 3      each 10 by 10
#  0 1
TILES = gpd.GeoSeries([box(0, 0, 10, 10), box(10, 0, 20, 10), box(0, 10, 10, 20), box(10, 10, 20, 20)], crs=CRS)
EDGES = [(0, 1), (0, 2), (1, 3), (2, 3)]


def costs(*kinds_and_lines, compounds=None, tiles=TILES):
    kinds, lines = zip(*kinds_and_lines, strict=True) if kinds_and_lines else ((), ())
    barriers = gpd.GeoDataFrame({"kind": list(kinds)}, geometry=list(lines), crs=CRS)
    return border_costs(tiles, contiguity(tiles), barriers, compounds=compounds)


def kind(code, column):
    return float(dictionary("barrier_kinds")[code].extra[column])


class TestBorderCosts:
    def test_open_border_costs_its_metres(self):
        result = costs()
        assert result.boundary_cost.tolist() == [10, 10, 10, 10]
        assert result.cross_weight.tolist() == [0, 0, 0, 0]

    def test_no_barriers_at_all(self):
        assert border_costs(TILES, contiguity(TILES)).boundary_cost.tolist() == [10, 10, 10, 10]

    def test_main_road_makes_the_border_along_it_cheap_and_crossing_it_dear(self):
        result = costs(("main_road", LineString([(10, -5), (10, 25)])))
        along = 10 * kind("main_road", "cost_factor")
        assert result.boundary_cost == pytest.approx([along, 10, 10, along])
        assert result.cross_weight == pytest.approx([kind("main_road", "cross_weight"), 0, 0, 0.8])

    def test_inside_a_compound_a_border_costs_three_times(self):
        result = costs(compounds=[7, 7, -1, -1])
        assert result.boundary_cost.tolist() == [30, 10, 10, 10]

    def test_wall_inside_a_compound_makes_it_an_ordinary_barrier(self):
        result = costs(("wall", LineString([(10, 0), (10, 10)])), compounds=[7, 7, 7, 7])
        assert result.boundary_cost == pytest.approx([10 * kind("wall", "cost_factor"), 30, 30, 30])

    def test_of_two_barriers_on_one_line_the_strongest_counts(self):
        line = LineString([(10, 0), (10, 10)])
        result = costs(("lane", line), ("railway", line))
        assert result.boundary_cost[0] == pytest.approx(10 * kind("railway", "cost_factor"))
        assert result.cross_weight[0] == kind("railway", "cross_weight")

    def test_barrier_along_a_quarter_of_the_border_weighs_half(self):
        pair = gpd.GeoSeries.from_wkt(
            ["POLYGON((0 0,10 0,10 2.5,10 10,0 10,0 0))", "POLYGON((10 0,20 0,20 10,10 10,10 2.5,10 0))"], crs=CRS
        )
        result = costs(("river", LineString([(10, 0), (10, 2.5)])), tiles=pair)
        assert result.cross_weight == pytest.approx([0.5 * kind("river", "cross_weight")])
        assert result.boundary_cost == pytest.approx([7.5 + 2.5 * kind("river", "cost_factor")])

    def test_road_across_the_border_is_no_barrier_between(self):
        result = costs(("main_road", LineString([(0, 5), (20, 5)])))
        assert result.boundary_cost.tolist() == [10, 10, 10, 10]

    def test_line_beside_the_border_counts_up_to_a_metre(self):
        near, far = LineString([(10.9, -5), (10.9, 25)]), LineString([(11.1, -5), (11.1, 25)])
        assert costs(("river", near)).cross_weight[0] == 1
        assert costs(("river", far)).cross_weight[0] == 0

    def test_bridges_cost_nothing(self):
        islands = gpd.GeoSeries([box(0, 0, 10, 10), box(20, 0, 30, 10)], crs=CRS)
        joined = connect_islands(islands, contiguity(islands))
        result = border_costs(islands, joined, compounds=[1, 1])
        assert result.boundary_cost.tolist() == [0]
        assert result.cross_weight.tolist() == [0]

    def test_unknown_kind(self):
        with pytest.raises(CodeError, match="hedge"):
            costs(("hedge", LineString([(10, 0), (10, 10)])))

    def test_compounds_of_another_size(self):
        with pytest.raises(GeometryError, match="3 compounds for 4 tiles"):
            costs(compounds=[1, 2, 3])

    def test_another_crs(self):
        barriers = gpd.GeoDataFrame({"kind": ["road"]}, geometry=[LineString([(0, 0), (1, 1)])], crs=4326)
        with pytest.raises(GeometryError, match="different CRS"):
            border_costs(TILES, contiguity(TILES), barriers)


class TestBarrierLines:
    def test_lines_are_taken_apart_and_keep_their_row(self):
        frame = gpd.GeoDataFrame(
            geometry=[None, MultiPolygon([box(0, 0, 1, 1), box(5, 5, 6, 6)]), LineString([(0, 0, 5), (1, 1, 5)])],
            crs=CRS,
        )
        lines, row = barrier_lines(frame)
        assert row.tolist() == [1, 1, 2]
        assert {line.geom_type for line in lines} <= {"LineString", "LinearRing"}
        assert not any(line.has_z for line in lines)

    def test_none(self):
        assert len(barrier_lines(None)[0]) == 0

    @pytest.mark.parametrize("shape", [Point(1, 1), LineString([(0, 0), (float("inf"), 1)])])
    def test_unusable(self, shape):
        with pytest.raises(GeometryError, match="1 barriers"):
            barrier_lines(gpd.GeoDataFrame(geometry=[shape], crs=CRS))
