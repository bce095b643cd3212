"""Tiles: a community cut into one piece of ground per atom, so that grids can be put together from whole tiles.

How a tile comes about::

    boundary + barriers + footprint outlines ──node──> faces: building ground, and open ground between barriers
    open ground with walls or points facing it ──Voronoi──> lines half-way between atoms
    all lines together ──node──> small faces, each labelled with one atom
    a face cut off from its atom, a traffic island, a park ──> the neighbour with the longest common border
    faces of one atom ──union──> its tile

Every tile is a union of faces of one noded arrangement, so common borders have bit-identical vertices. Building
ground is never open ground, so no border runs through a footprint.
"""

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from geo.errors import GeometryError
from geo.territory.arrangement import (
    GRID_M,
    Borders,
    Floats,
    Geometries,
    Indices,
    all_finite,
    faces,
    grow,
    interior_points,
    locate,
    node,
    pair_lengths,
    shared_borders,
)
from geo.territory.barriers import barrier_lines
from geo.territory.footprints import Claims, claim, share_out
from geo.territory.gaps import gap_lines
from geo.territory.midlines import SMOOTH_M, Seeds, midlines, nearest_label, strip_seeds, wall_seeds
from geo.territory.projected import require_projected
from geo.territory.rim import onto_rim

#: Metres. An atom this close to the boundary is still inside: files round coordinates.
INSIDE_M = 0.01
#: A face goes to a neighbour across a barrier only when it has hardly any other border.
ACROSS_BARRIER = 0.05

Progress = Callable[[float], None]


@dataclass(frozen=True)
class _Ground:
    """The arrangement of boundary, barriers and outlines, and who holds each face."""

    lines: Geometries
    faces: Geometries
    borders: Borders
    claims: Claims


def tessellate(
    atoms: gpd.GeoSeries,
    boundary: shapely.Polygon | shapely.MultiPolygon,
    barriers: gpd.GeoDataFrame | None = None,
    *,
    progress: Progress | None = None,
) -> gpd.GeoSeries:
    """Cut ``boundary`` into one connected tile per atom, along barriers where there are some between atoms.

    Parameters
    ----------
    atoms
        n buildings or stairwells, points or (multi)polygons, in a projected CRS, metres. Footprints may touch,
        overlap, coincide or reach over the boundary; points may coincide (see :mod:`geo.territory.footprints`).
    boundary
        The community, same CRS.
    barriers
        Lines or polygons, same CRS. They need not be noded or connected: gates and ends that just miss are closed
        (see :mod:`geo.territory.gaps`), other ends in the open and parts under buildings are ignored.
    progress
        Called with the share done, 0 to 1.

    Returns
    -------
    GeoSeries
        n tiles on the index of ``atoms``: an exact coverage of ``boundary`` (common borders have identical
        vertices; the rim lies on ``boundary``). A tile contains its atom; of a footprint in
        several parts the largest part, and of overlapping footprints the ground nobody smaller stands on. Every
        tile is one Polygon, unless ``boundary`` has parts without atoms: those belong to the nearest tile, and
        ``attrs["detached"]`` lists the index labels of such tiles.

    Raises
    ------
    GeometryError
        There are no atoms, an atom is empty, of another type or outside the boundary, the boundary has no area,
        or CRS differ.
    DatumError
        ``atoms`` has no CRS.
    """
    report = progress or (lambda share: None)
    shapes, area = _checked(atoms, boundary, barriers)
    origin = np.floor(shapely.get_coordinates(shapely.centroid(area))[0])
    shapes, near = _shift(shapes, -origin), _shift(area, -origin)
    lines = _shift(barrier_lines(barriers)[0], -origin)
    ground = _ground(shapes, near, lines)
    report(0.3)
    seeds = _seeds(ground, shapes)
    report(0.4)
    pieces, labels, region = _cut(ground, seeds, near, SMOOTH_M)
    if len(np.setdiff1d(np.arange(len(shapes)), labels)):
        # Many floors on one narrow footprint: smoothing swallowed a tile thinner than it moves lines.
        pieces, labels, region = _cut(ground, seeds, near, 0.0)
    report(0.8)
    labels = _settle(pieces, labels, region, shapes, ground.claims)
    tiles = _assemble(pieces, labels, len(shapes))
    report(1.0)
    series = gpd.GeoSeries(onto_rim(_shift(tiles, origin), area), index=atoms.index, crs=atoms.crs)
    series.attrs["detached"] = series.index[series.geom_type == "MultiPolygon"].tolist()
    return series


def _checked(
    atoms: gpd.GeoSeries, boundary: shapely.Geometry, barriers: gpd.GeoDataFrame | None
) -> tuple[Geometries, shapely.Geometry]:
    if len(atoms) == 0:
        raise GeometryError("没有楼栋或单元,无法划分地块", "there are no atoms: nothing to tessellate")
    require_projected(atoms)
    if barriers is not None and len(barriers) and barriers.crs != atoms.crs:
        raise GeometryError(
            f"屏障的坐标系 {barriers.crs} 与楼栋的 {atoms.crs} 不同;应先转换",
            f"barriers are in {barriers.crs}, atoms in {atoms.crs}; transform one of them first",
        )
    area = _checked_boundary(boundary)
    shapes = shapely.force_2d(np.asarray(atoms.to_numpy(), dtype=object))
    unusable = ~np.isin(shapely.get_type_id(shapes), (0, 3, 6)) | shapely.is_empty(shapes)
    unusable |= ~all_finite(shapes)
    if unusable.any():
        raise GeometryError(
            f"{unusable.sum()} 个楼栋没有几何、坐标不是数值,或既不是点也不是面",
            f"{unusable.sum()} atoms have no geometry, coordinates that are no numbers, or are no points or polygons",
        )
    shapes = _repaired(shapes)
    shapely.prepare(area)
    outside = ~shapely.intersects(area, shapes)
    outside[outside] = ~shapely.dwithin(shapes[outside], area, INSIDE_M)
    if outside.any():
        raise GeometryError(
            f"{outside.sum()} 个楼栋在社区边界之外;应改正坐标或换到所在的社区",
            f"{outside.sum()} atoms lie outside the boundary; correct them or move them to their community",
        )
    return shapes, area


def _repaired(shapes: Geometries) -> Geometries:
    """Make footprints that cross themselves valid; one without any area becomes the point in its middle."""
    broken = np.flatnonzero(~shapely.is_valid(shapes))
    if len(broken):
        sound = shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
        middle = shapely.centroid(shapes[broken])
        shapes = shapes.copy()
        shapes[broken] = np.where(shapely.is_empty(sound), middle, sound)
    return shapes


def _checked_boundary(boundary: shapely.Geometry) -> shapely.Geometry:
    area = shapely.force_2d(boundary)
    usable = area is not None and area.geom_type in ("Polygon", "MultiPolygon") and all_finite(np.array([area])).all()
    if not usable or not area.is_valid or area.area <= 0:
        raise GeometryError(
            "社区边界应为有面积的有效面", "the boundary must be a valid polygon or multipolygon with an area"
        )
    return area


def _shift(shapes: Geometries, by: Floats) -> Geometries:
    """Move by whole metres; exact for coordinates on the grid."""
    moved: Geometries = shapely.transform(shapes, lambda xy: xy + by)
    return moved


def _ground(shapes: Geometries, area: shapely.Geometry, barriers: Geometries) -> _Ground:
    near = barriers[shapely.intersects(barriers, area)] if len(barriers) else barriers
    footprints = shapes[shapely.area(shapes) > 0]
    lines = node([shapely.boundary(area), *near, *shapely.boundary(footprints)])
    gaps = gap_lines(lines, footprints)
    if len(gaps):
        lines = node([*lines, *gaps])
    kept = _inside(faces(lines), area)
    return _Ground(lines, kept, shared_borders(kept), claim(kept, shapes))


def _inside(polygons: Geometries, area: shapely.Geometry) -> Geometries:
    """Leave out what lies outside; of a face thinner than the grid, rounding alone would say where it lies."""
    shapely.prepare(area)
    inner = interior_points(polygons)
    inside = np.asarray(shapely.intersects(area, inner))
    thin = np.flatnonzero(~inside & (2 * shapely.area(polygons) < GRID_M * shapely.length(polygons)))
    inside[thin] = shapely.dwithin(inner[thin], area, 2 * GRID_M)
    kept: Geometries = polygons[inside]
    return kept


def _seeds(ground: _Ground, shapes: Geometries) -> Seeds:
    """Points that stand for atoms in each face that several atoms lay claim to."""
    claims = ground.claims
    shared = {atom: _lodging(ground, shapes, atom, lodgers) for atom, lodgers in claims.lodgers.items()}
    walls = wall_seeds(ground.borders, claims.owner)
    for atom, (members, points) in shared.items():
        mine = np.flatnonzero(walls.label == atom)
        walls.label[mine] = members[KDTree(points).query(walls.xy[mine])[1]]
    standing = np.flatnonzero(claims.point_face >= 0)
    seeds = [walls, Seeds(claims.points[standing], standing, claims.point_face[standing])]
    for atom, (members, points) in shared.items():
        own_faces = np.flatnonzero(claims.owner == atom)
        seeds.extend(Seeds(points, members, np.full(len(members), face)) for face in own_faces)
    joined = Seeds.join(seeds)
    return Seeds.join([joined, strip_seeds(joined, ground.borders, claims.owner, ground.faces)])


def _lodging(ground: _Ground, shapes: Geometries, atom: int, lodgers: list[int]) -> tuple[Indices, Floats]:
    """Where an owner and the atoms lodging with it stand on the ground they share."""
    members = np.array([atom, *lodgers], dtype=np.int64)
    whole = shapely.union_all(ground.faces[ground.claims.owner == atom])
    points = share_out(whole, shapes[members])
    if (shapely.get_dimensions(shapes[lodgers]) == 0).all():
        points[1:] = ground.claims.points[lodgers]
        outline = shapely.get_coordinates(shapely.segmentize(shapely.boundary(whole), 1.0))
        points[0] = outline[np.argmax(KDTree(points[1:]).query(outline)[0])]
    return members, points


def _cut(ground: _Ground, seeds: Seeds, area: shapely.Geometry, smooth_m: float) -> tuple[Geometries, Indices, Indices]:
    """Cut the ground along the lines half-way: the pieces, and of each its atom and the face it lies in."""
    halfway = midlines(seeds, ground.faces, smooth_m)
    pieces = _inside(faces(node([*ground.lines, *halfway])), area)
    return (pieces, *_label(pieces, ground, seeds))


def _label(pieces: Geometries, ground: _Ground, seeds: Seeds) -> tuple[Indices, Indices]:
    """The atom of each piece (-1: no atom has a claim), and the face of the ground it lies in."""
    inner = interior_points(pieces)
    region = locate(inner, ground.faces)
    labels = nearest_label(seeds, region, shapely.get_coordinates(inner))
    owner = ground.claims.owner[region]
    return np.where(labels >= 0, labels, owner), region


def _settle(pieces: Geometries, labels: Indices, region: Indices, shapes: Geometries, claims: Claims) -> Indices:
    """Keep of each atom's pieces those connected with the atom itself; give the others to a neighbour."""
    borders = shared_borders(pieces)
    left, right, length = pair_lengths(borders.left, borders.right, borders.length, len(pieces))
    same = labels[left] == labels[right]
    group = _components(left[same], right[same], len(pieces))
    anchor = _anchors(pieces, labels, region, group, shapes, claims)
    home = np.full(group.max() + 1, -1, dtype=np.int64)
    home[anchor] = np.arange(len(shapes))
    barrier = (region[left] != region[right]) & (claims.owner[region[left]] < 0) & (claims.owner[region[right]] < 0)
    weight = length * np.where(barrier, ACROSS_BARRIER, 1.0)
    home = grow(home, group[left], group[right], weight)
    return _give_to_nearest(home, group, pieces)[group]


def _components(left: Indices, right: Indices, count: int) -> Indices:
    graph = coo_array((np.ones(len(left)), (left, right)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _anchors(
    pieces: Geometries, labels: Indices, region: Indices, group: Indices, shapes: Geometries, claims: Claims
) -> Indices:
    """For each atom the group of pieces it stands in: most of its ground, or its point."""
    count = len(shapes)
    size = shapely.area(pieces)
    own_ground = claims.owner[region] == labels
    xy = np.where(np.isnan(claims.points), shapely.get_coordinates(shapely.centroid(shapes)), claims.points)
    away = np.zeros(len(pieces))
    known = labels >= 0
    away[known] = shapely.distance(pieces[known], shapely.points(xy[labels[known]]))
    # Groups of one atom in order of: own ground under it, then nearness of its point, then size.
    groups, of = np.unique(group, return_inverse=True)
    footing = np.bincount(of, size * own_ground)
    nearness = np.full(len(groups), np.inf)
    np.minimum.at(nearness, of, away)
    atom = np.full(len(groups), -1, dtype=np.int64)
    atom[of] = labels
    order = np.lexsort((-np.bincount(of, size), nearness, -footing, atom))
    order = order[atom[order] >= 0]
    found, first = np.unique(atom[order], return_index=True)
    if len(found) < count:
        missing = count - len(found)
        raise GeometryError(
            f"{missing} 个楼栋与别的楼栋挤在同一处,分不出地块;应合并或改正其位置",
            f"{missing} atoms stand too close to others to be given a tile; merge them or correct their places",
        )
    return groups[order[first]]


def _give_to_nearest(home: Indices, group: Indices, pieces: Geometries) -> Indices:
    """Parts of the boundary without any atom belong to the nearest settled piece."""
    lost = np.flatnonzero(home[group] < 0)
    if len(lost):
        settled = np.flatnonzero(home[group] >= 0)
        part = _islands(pieces[lost])
        whole = np.array([shapely.union_all(pieces[lost[part == number]]) for number in range(part.max() + 1)])
        nearest = shapely.STRtree(pieces[settled]).query_nearest(whole, all_matches=False)[1]
        home = home.copy()
        home[group[lost]] = home[group[settled[nearest]]][part]
    return home


def _islands(polygons: Geometries) -> Indices:
    borders = shared_borders(polygons)
    return _components(borders.left, borders.right, len(polygons))


def _assemble(pieces: Geometries, labels: Indices, count: int) -> Geometries:
    order = np.argsort(labels, kind="stable")
    cuts = np.searchsorted(labels[order], np.arange(1, count))
    tiles = np.array([shapely.coverage_union_all(part) for part in np.split(pieces[order], cuts)], dtype=object)
    return np.asarray(shapely.normalize(tiles), dtype=object)
