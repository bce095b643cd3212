import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, Point, box

from geo.errors import GeometryError
from geo.regionalization.drawing import FOLLOWED_TOLERANCE_M, HALFWAY_TOLERANCE_M, draw_grids
from geo.territory.coverage import coverage_problems, dissolve
from geo.territory.tessellation import tessellate
from tests.examples import examples

CRS = "EPSG:4547"
SIDE = 300.0
AREA = box(0, 0, SIDE, SIDE)


def series(shapes):
    return gpd.GeoSeries(list(shapes), crs=CRS)


def houses(count, seed):
    """Askew houses of many sizes; some touch, none overlap."""
    rng = np.random.default_rng(seed)
    found = []
    while len(found) < count:
        x, y = rng.uniform(10, SIDE - 30, 2)
        house = shapely.affinity.rotate(box(x, y, x + rng.uniform(3, 14), y + rng.uniform(3, 14)), rng.uniform(0, 90))
        if not any(house.intersects(other) for other in found):
            found.append(house)
    return series(found)


def bent_road(seed):
    rng = np.random.default_rng(seed)
    x = np.linspace(-5, SIDE + 5, 40)
    line = LineString(np.column_stack([x, SIDE / 2 + np.cumsum(rng.normal(0, 1.2, len(x)))]))
    return gpd.GeoDataFrame({"kind": ["road"]}, geometry=[line], crs=CRS)


def halves(tiles, columns=2, rows=2):
    middle = tiles.representative_point()
    column = np.minimum((middle.x / SIDE * columns).astype(int), columns - 1)
    return (column + columns * np.minimum((middle.y / SIDE * rows).astype(int), rows - 1)).to_numpy()


def shares(shapes, grids):
    """m² of each building in each grid."""
    return shapely.area(shapely.intersection(shapes.to_numpy()[:, None], grids.to_numpy()[None, :]))


@examples(25)
@given(seed=st.integers(0, 10_000), count=st.integers(2, 40), points=st.booleans(), road=st.booleans())
def test_grids_tile_the_community_and_keep_their_buildings(seed, count, points, road):
    buildings = houses(count, seed)
    if points:
        buildings = buildings.centroid
    barriers = bent_road(seed) if road else None
    tiles = tessellate(buildings, AREA, barriers)
    labels = halves(tiles)
    exact, drawn = dissolve(tiles, labels), draw_grids(tiles, labels, AREA, barriers, buildings)
    assert drawn.index.equals(exact.index)
    assert shapely.coverage_is_valid(drawn.to_numpy())
    assert coverage_problems(drawn, AREA, thinnest_m=1e-6) == []
    assert abs(drawn.area.sum() - AREA.area) < 1e-6 * AREA.area
    assert (shapely.get_num_geometries(drawn) == shapely.get_num_geometries(exact)).all()
    assert shapely.get_num_coordinates(drawn).sum() <= shapely.get_num_coordinates(exact).sum()
    assert shapely.hausdorff_distance(drawn.boundary, exact.boundary).max() <= HALFWAY_TOLERANCE_M + 1e-9
    if points:
        assert np.array_equal(
            drawn.sindex.query(buildings, predicate="within")[1], np.searchsorted(drawn.index, labels)
        )
    else:
        assert np.abs(shares(buildings, drawn) - shares(buildings, exact)).max() < 0.01 * 20 * 2


def test_a_border_along_a_road_stays_on_it():
    road = bent_road(3)
    line = road.geometry.iloc[0]
    buildings = houses(40, 3)
    buildings = buildings[buildings.distance(line) > 1].reset_index(drop=True)
    tiles = tessellate(buildings, AREA, road)
    middle = tiles.representative_point()
    side = (middle.y > np.interp(middle.x, *line.xy)).astype(int).to_numpy()
    drawn = draw_grids(tiles, side, AREA, road, buildings)
    border = shapely.line_merge(drawn.iloc[0].intersection(drawn.iloc[1]))
    assert shapely.hausdorff_distance(border, line.intersection(AREA)) <= FOLLOWED_TOLERANCE_M + 0.001
    assert 2 < shapely.get_num_coordinates(border) < shapely.get_num_coordinates(line)


def test_a_grid_is_in_parts_only_where_its_ground_is():
    islands = shapely.MultiPolygon([box(0, 0, 100, 100), box(200, 0, 300, 100)])
    tiles = tessellate(series([Point(50, 50), Point(250, 50)]), islands)
    apart = draw_grids(tiles, [0, 0], islands)
    assert apart.geom_type.tolist() == ["MultiPolygon"]
    assert apart.iloc[0].equals(islands)
    assert (draw_grids(tiles, [0, 1], islands).geom_type == "Polygon").all()


def test_one_grid_is_the_boundary_corner_by_corner():
    buildings = houses(20, 1)
    drawn = draw_grids(tessellate(buildings, AREA), np.zeros(20), AREA, None, buildings)
    assert set(drawn.iloc[0].exterior.coords) == set(AREA.exterior.coords)


def test_labels_for_other_tiles_are_refused():
    with pytest.raises(GeometryError, match="one per tile"):
        draw_grids(series([AREA]), [0, 1], AREA)
