"""Real towns: touching and overlapping footprints, thousands of unconnected roads, islands."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.crs import metric_crs_of
from geo.territory.arrangement import GRID_M
from geo.territory.barriers import border_costs
from geo.territory.contiguity import contiguity
from geo.territory.coverage import coverage_problems, dissolve, to_degrees
from geo.territory.simplification import simplify_borders
from geo.territory.tessellation import tessellate

pytestmark = pytest.mark.shared


def in_metres(path, *layers):
    frames = [gpd.read_file(path, layer=layer) for layer in layers]
    crs = metric_crs_of(frames[0])
    return [frame.to_crs(crs) for frame in frames]


def hull(buildings):
    return shapely.convex_hull(shapely.union_all(buildings.geometry.to_numpy())).buffer(20)


def assert_tiled(tiles, boundary, area_m2=1e-4):
    shapes = tiles.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert (shapely.area(shapes) > 0).all()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.coverage_union_all(shapes).symmetric_difference(boundary).area < area_m2
    degrees = to_degrees(tiles)
    assert shapely.coverage_is_valid(degrees.to_numpy())


def cut(buildings, boundary, tiles):
    """Positions of buildings, touched by no other, of which a tile other than their own holds more than rounding."""
    shapes = buildings.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    free = np.ones(len(shapes), dtype=bool)
    free[one[one != other]] = False
    free &= shapely.get_num_geometries(shapes) == 1
    lost = shapely.area(shapely.difference(shapely.intersection(shapes, boundary), tiles.to_numpy()))
    assert free.sum() > len(shapes) / 4
    return np.flatnonzero(free & (lost > 2 * GRID_M * shapely.length(shapes)))


def test_small_town_with_roads(shared_data):
    path = shared_data("fr_olemps_bdtopo/olemps.gpkg")
    buildings, roads, commune = in_metres(path, "buildings", "roads", "commune")
    boundary = commune.geometry.iloc[0]
    buildings = buildings[buildings.intersects(boundary)].reset_index(drop=True)
    roads["kind"] = "road"
    tiles = tessellate(buildings.geometry, boundary, roads)
    assert_tiled(tiles, boundary)
    assert (tiles.geom_type == "Polygon").all()
    assert len(cut(buildings.geometry, boundary, tiles)) == 0
    touching = contiguity(tiles)
    assert set(touching.components()) == {0}
    costs = border_costs(tiles, touching, roads)
    between_roads = costs.cross_weight > 0
    assert 0.2 < between_roads.mean() < 0.8
    assert (costs.boundary_cost[between_roads] < touching.shared_m[between_roads]).all()

    x = tiles.representative_point().x
    grids = dissolve(tiles, np.searchsorted(np.quantile(x, [0.2, 0.4, 0.6, 0.8]), x))
    plain = simplify_borders(grids, 1.0, buildings=buildings.geometry)
    assert coverage_problems(plain, boundary) == []
    assert shapely.get_num_coordinates(plain.to_numpy()).sum() < shapely.get_num_coordinates(grids.to_numpy()).sum()
    walls = shapely.STRtree(buildings.geometry.buffer(-0.02).to_numpy())
    crossed, crossed_plain = (
        set(walls.query(shapely.boundary(part.to_numpy()), predicate="intersects")[1]) for part in (grids, plain)
    )
    assert crossed_plain <= crossed


def test_city_centre_with_dual_carriageways_and_overlapping_building_parts(shared_data):
    buildings, roads = in_metres(shared_data("cn_shanghai_osm/shanghai_bund.gpkg"), "buildings", "roads")
    boundary = hull(buildings)
    tiles = tessellate(buildings.geometry, boundary, roads)
    assert_tiled(tiles, boundary)
    assert (tiles.geom_type == "Polygon").all()
    assert len(cut(buildings.geometry, boundary, tiles)) == 0
    assert set(contiguity(tiles).components()) == {0}


def test_old_city_of_touching_houses_without_roads(shared_data):
    (buildings,) = in_metres(shared_data("cn_suzhou_buildings/suzhou.gpkg"), "buildings")
    west, south, east, north = buildings.total_bounds
    middle = buildings.cx[west : (west + east) / 2, south : (south + north) / 2].reset_index(drop=True)
    boundary = hull(middle)
    tiles = tessellate(middle.geometry, boundary)
    assert_tiled(tiles, boundary)
    assert (tiles.geom_type == "Polygon").all()
    assert len(cut(middle.geometry, boundary, tiles)) == 0


def test_whole_city_of_points_on_islands(shared_data):
    blocks, subzones = in_metres(shared_data("sg_hdb_blocks/hdb_blocks.gpkg"), "blocks", "subzones_mp14")
    boundary = shapely.make_valid(shapely.union_all(subzones.geometry.to_numpy()))
    blocks = blocks[blocks.intersects(boundary)].reset_index(drop=True)
    tiles = tessellate(blocks.geometry, boundary)
    # The subzones were digitised apart: cracks between them, thinner than a millimetre, are rounded away.
    assert_tiled(tiles, boundary, area_m2=30)
    assert shapely.dwithin(blocks.geometry.to_numpy(), tiles.to_numpy(), GRID_M).all()
    assert tiles.attrs["detached"]
    assert (tiles[~tiles.index.isin(tiles.attrs["detached"])].geom_type == "Polygon").all()
