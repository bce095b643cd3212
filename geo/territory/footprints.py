"""Who holds which ground: footprints overlap, coincide and contain each other; here each piece gets one owner.

The smaller footprint wins a piece that several cover (a tower on its podium, a building part on its outline); of
equal ones the first. An atom left without ground of its own (a point inside a footprint, one of two coincident
footprints, an outline wholly covered by its parts) *lodges* with the owner of a piece it covers: the owner's ground
is then shared out between them.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from geo.territory.arrangement import Floats, Geometries, Indices, interior_points, locate

#: Square metres. A smaller footprint is taken as a point.
LEAST_FOOTPRINT_M2 = 0.05
#: Metres. Points closer than this are one place and are spread on a ring around it.
SAME_PLACE_M = 0.02
#: Metres. The radius of such a ring, times the root of how many stand on it, and for how many it is a ring.
RING_M, RING_MEMBERS = 0.35, 6


@dataclass(frozen=True)
class Claims:
    """Which atom holds each face of the arrangement, and where the atoms without a face stand.

    Attributes
    ----------
    owner
        int[faces], the atom whose building stands there; -1 on open ground.
    lodgers
        For each owner that must share its ground, the atoms lodging with it.
    points
        float[atoms, 2], where an atom without ground stands; NaN for the others.
    point_face
        int[atoms], the open face such a point lies in; -1 for lodgers and atoms with ground.
    """

    owner: Indices
    lodgers: dict[int, list[int]]
    points: Floats
    point_face: Indices


def claim(faces: Geometries, atoms: Geometries) -> Claims:
    """Give every face at most one owner, and every atom ground or a place to stand.

    Parameters
    ----------
    faces
        Faces of an arrangement in which the outlines of all footprints are noded.
    atoms
        Points and (multi)polygons that all touch the area of the faces.
    """
    inner = interior_points(faces)
    areas = shapely.area(atoms)
    ground = np.flatnonzero(areas >= LEAST_FOOTPRINT_M2)
    covering, face = shapely.STRtree(inner).query(atoms[ground], predicate="intersects")
    covering = ground[covering]
    # The smallest footprint, then the first, owns the face.
    order = np.lexsort((covering, areas[covering], face))
    face, covering = face[order].astype(np.int64), covering[order]
    first = np.ones(len(face), dtype=bool)
    first[1:] = face[1:] != face[:-1]
    owner = np.full(len(faces), -1, dtype=np.int64)
    owner[face[first]] = covering[first]
    landless = np.setdiff1d(np.arange(len(atoms)), owner)
    return _lodge(faces, atoms, owner, landless, (face, covering))


def _lodge(
    faces: Geometries, atoms: Geometries, owner: Indices, landless: Indices, covers: tuple[Indices, Indices]
) -> Claims:
    points = np.full((len(atoms), 2), np.nan)
    point_face = np.full(len(atoms), -1, dtype=np.int64)
    lodgers: dict[int, list[int]] = {}
    if len(landless):
        middle = shapely.get_coordinates(shapely.point_on_surface(atoms[landless]))
        points[landless], home = spread(middle, faces)
        face, covering = covers
        size = shapely.area(faces)[face]
        for atom, at in zip(landless.tolist(), home.tolist(), strict=True):
            covered = np.flatnonzero(covering == atom)
            if len(covered):
                at = int(face[covered[np.argmax(size[covered])]])
            if owner[at] >= 0:
                lodgers.setdefault(int(owner[at]), []).append(atom)
            else:
                point_face[atom] = at
    return Claims(owner, lodgers, points, point_face)


def spread(places: Floats, faces: Geometries) -> tuple[Floats, Indices]:
    """Move points that stand on one place apart, in their order; each stays in the face its place is in.

    Up to :data:`RING_MEMBERS` stand on a ring, more in a spiral, no farther out than a third of the way to the next
    place. Where that leads over a line (a wall, the boundary), they stand in a row on this side of it.

    Returns
    -------
    points, face
        Where each point stands, and the position of its face.
    """
    home = locate(shapely.points(places), faces)
    pairs = KDTree(places).query_pairs(SAME_PLACE_M, output_type="ndarray")
    if not len(pairs):
        return places, home
    n = len(places)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    count, place = connected_components(graph, directed=False)
    size = np.bincount(place, minlength=count)
    centre = np.stack([np.bincount(place, places[:, axis], count) / size for axis in (0, 1)], axis=1)
    radius = RING_M * np.sqrt(size)
    if count > 1:
        radius = np.minimum(radius, KDTree(centre).query(centre, k=2)[0][:, 1] / 3)
    _, first = np.unique(place, return_index=True)
    home = home[first][place]
    points = np.where(size[place, None] > 1, centre[place] + _pattern(place, size) * radius[place, None], places)
    over = (size[place] > 1) & ~shapely.covers(faces[home], shapely.points(points))
    for group in np.unique(place[over]):
        members = np.flatnonzero(place == group)
        face, middle = faces[home[members[0]]], shapely.Point(centre[group])
        # The place is outside its face where footprints reach over the boundary.
        ground = shapely.intersection(face, middle.buffer(radius[group] + face.distance(middle)))
        points[members] = share_out(ground, shapely.points(places[members]))
    return points, home


def _pattern(place: NDArray[np.int32], size: Indices) -> Floats:
    """Places within a circle of radius 1: a ring for a few, a sunflower for many (on a ring they would crowd)."""
    members = size[place]
    rank = _rank_within(place)
    few = members <= RING_MEMBERS
    angle = np.where(few, 2 * np.pi * rank / members, rank * np.pi * (3 - np.sqrt(5)))
    out = np.where(few, 1.0, np.sqrt((rank + 0.5) / members))
    return np.asarray(out[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), dtype=np.float64)


def _rank_within(group: NDArray[np.int32]) -> Indices:
    """0, 1, 2 ... within each group, in order of appearance."""
    order = np.argsort(group, kind="stable")
    start = np.searchsorted(group[order], group[order])
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - start
    return rank


def share_out(ground: shapely.Geometry, claimants: Geometries) -> Floats:
    """Find one point in ``ground`` for each of k claimants, along its length, in the order in which they lie there."""
    k = len(claimants)
    axis, origin = _long_axis(ground)
    along = (shapely.get_coordinates(shapely.centroid(claimants)) - origin) @ axis
    corners = (shapely.get_coordinates(ground) - origin) @ axis
    cuts = np.linspace(corners.min(), corners.max(), k + 1)
    reach = 2 * float(shapely.length(ground)) + 1
    across = np.array([-axis[1], axis[0]]) * reach
    points = np.empty((k, 2))
    for slot, atom in enumerate(np.argsort(along, kind="stable")):
        near, far = origin + axis * cuts[slot], origin + axis * cuts[slot + 1]
        strip = shapely.Polygon([near - across, near + across, far + across, far - across])
        pieces = shapely.get_parts(shapely.intersection(ground, strip))
        if not shapely.area(
            pieces
        ).any():  # the strip lies between two parts of the ground; the largest has no such gap
            parts = shapely.get_parts(ground)
            return share_out(parts[np.argmax(shapely.area(parts))], claimants)
        points[atom] = shapely.get_coordinates(shapely.point_on_surface(pieces[np.argmax(shapely.area(pieces))]))[0]
    return points


def _long_axis(ground: shapely.Geometry) -> tuple[Floats, Floats]:
    corner = shapely.get_coordinates(shapely.minimum_rotated_rectangle(ground))
    sides = np.diff(corner[:3], axis=0)
    lengths = np.hypot(*sides.T)
    side = int(np.argmax(lengths))
    return sides[side] / lengths[side], corner[0]
