"""What holds of every tessellation, on maps nobody drew: houses that overlap, coincide, straddle roads and rims."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box
from shapely.affinity import rotate

from geo.territory.arrangement import GRID_M
from geo.territory.contiguity import contiguity
from geo.territory.coverage import dissolve, to_degrees
from geo.territory.tessellation import tessellate
from tests.examples import examples

CRS = "EPSG:4547"
ORIGIN = np.array([512_345.678, 2_498_765.432])
SLANTED = Polygon([(0, 0), (103.3, 4.7), (98.1, 96.4), (55.5, 88.8), (-3.2, 101.9)])

places = st.tuples(st.integers(5, 90), st.integers(8, 85))
fine = st.floats(5, 90, allow_nan=False, width=32)
points = st.builds(lambda x, y: Point(x, y), fine, st.floats(8, 85, width=32))
houses = st.builds(
    lambda xy, w, h, turn: rotate(box(xy[0], xy[1], xy[0] + w, xy[1] + h), turn),
    places,
    st.integers(1, 30),
    st.integers(1, 30),
    st.sampled_from([0, 0, 0, 7, 33, 45, 90]),
)
roads = st.lists(st.tuples(fine, fine), min_size=2, max_size=5).map(LineString)
atoms_of = st.lists(st.one_of(points, houses), min_size=1, max_size=14)
quick = settings(examples(60), suppress_health_check=list(HealthCheck))


def moved(shape):
    return shapely.transform(shape, lambda xy: xy + ORIGIN)


def drawn(atoms, lines, boundary=SLANTED):
    series = gpd.GeoSeries([moved(atom) for atom in atoms], crs=CRS)
    inside = series[series.intersects(moved(boundary))].reset_index(drop=True)
    barriers = gpd.GeoDataFrame({"kind": ["road"] * len(lines)}, geometry=[moved(line) for line in lines], crs=CRS)
    return inside, moved(boundary), barriers


@quick
@given(atoms_of, st.lists(roads, max_size=5))
def test_tiles_cover_the_boundary_exactly_and_hang_together(atoms, lines):
    series, boundary, barriers = drawn(atoms, lines)
    tiles = tessellate(series, boundary, barriers)
    shapes = tiles.to_numpy()
    assert len(tiles) == len(series)
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    assert (shapely.area(shapes) > 0).all()
    assert (tiles.geom_type == "Polygon").all()
    assert shapely.coverage_union_all(shapes).symmetric_difference(boundary).area < 1e-5
    assert tiles.area.sum() == pytest.approx(boundary.area, rel=1e-9)


@quick
@given(atoms_of, st.lists(roads, max_size=4))
def test_houses_that_keep_apart_are_never_cut(atoms, lines):
    series, boundary, barriers = drawn(atoms, lines)
    apart = [
        i
        for i, atom in enumerate(series)
        if not any(atom.intersects(other) for j, other in enumerate(series) if j != i)
    ]
    tiles = tessellate(series, boundary, barriers)
    for i in apart:
        outside = series[i].intersection(boundary).difference(tiles[i]).area
        assert outside <= 2 * GRID_M * series[i].length + 1e-9
        assert series[i].distance(tiles[i]) <= 2 * GRID_M


@quick
@given(atoms_of, st.lists(roads, max_size=4), st.randoms(use_true_random=False))
def test_contiguity_and_dissolving_agree_with_the_geometry(atoms, lines, random):
    series, boundary, barriers = drawn(atoms, lines)
    tiles = tessellate(series, boundary, barriers)
    touching = contiguity(tiles)
    assert (touching.edges[:, 0] < touching.edges[:, 1]).all()
    for (i, j), shared in zip(touching.edges, touching.shared_m, strict=True):
        assert tiles[i].intersection(tiles[j]).length == pytest.approx(shared, rel=1e-3, abs=5e-3)
    labels = [random.randrange(3) for _ in tiles]
    grids = dissolve(tiles, labels)
    assert grids.area.sum() == pytest.approx(tiles.area.sum(), rel=1e-12)
    assert shapely.coverage_is_valid(grids.to_numpy())
    degrees = to_degrees(grids)
    assert shapely.coverage_is_valid(degrees.to_numpy())


@quick
@given(st.lists(points, min_size=2, max_size=30))
def test_without_barriers_a_point_lies_in_its_tile_and_no_other_is_nearer(atoms):
    apart = [Point(xy) for xy in sorted({(round(atom.x), round(atom.y)) for atom in atoms})]
    series, boundary, _ = drawn(apart, [])
    tiles = tessellate(series, boundary)
    assert shapely.dwithin(series.to_numpy(), tiles.to_numpy(), GRID_M).all()
    # Within 20 cm of smoothing, every place in a tile is nearest to the tile's own point. The notch of the
    # boundary hands single corners to others, so places near to their point are asked.
    for i, tile in enumerate(tiles):
        place = shapely.point_on_surface(tile.intersection(series[i].buffer(3)))
        assert place.distance(series[i]) <= series.distance(place).min() + 0.5
