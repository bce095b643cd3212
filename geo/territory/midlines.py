"""Lines half-way between neighbours: a Voronoi diagram of walls and points in each piece of open ground.

Triangulating is Qhull's work (:class:`scipy.spatial.Delaunay`), joining and thinning lines that of GEOS.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import shapely
from scipy.spatial import Delaunay, KDTree

from geo.territory.arrangement import GRID_M, Borders, Floats, Geometries, Indices, grow, lines_from

#: Metres between the points that stand for a wall: narrow passages need close ones.
CLOSEST_M, WIDEST_M, TOUCHING_M = 0.3, 3.0, 1.5
#: Metres from a wall's end to its first point. The same on all walls, so that the line between two buildings that
#: touch starts at the corner they share.
CORNER_M = 0.1
#: Metres a line may be smoothed. It may then touch a wall, but building ground is never given away.
SMOOTH_M = 0.2
#: Metres. Seeds are moved onto this grid: Qhull draws lines that are not there between seeds that all but coincide. It
#: is finer than that of the arrangement, so that lines still meet in the corner that two buildings share.
SEED_GRID_M = GRID_M / 16
#: Far points lie so many times the extent of the seeds away: every place in the face is nearer to a seed.
FAR = 4.0
#: Metres, square metres. A triangle of no area has its centre infinitely far away; any place beyond the face will do.
BEYOND_M, NO_AREA_M2 = 1e9, 1e-30


#: Metres. Empty ground narrower than this on average (the middle of a dual carriageway) and longer around than
#: that is shared out along its length; a park or a traffic island stays in one piece.
STRIP_WIDTH_M, STRIP_AROUND_M = 25.0, 150.0
#: Metres. Ground farther than this from anything that stands in the same strip counts as empty.
STRIP_EMPTY_M = 50.0
#: Metres between the places at which the rim of a strip is looked at.
RIM_STEP_M = 10.0


@dataclass(frozen=True)
class Seeds:
    """Points that stand for atoms in faces.

    Attributes
    ----------
    xy
        float[k, 2].
    label
        int[k], the atom.
    face
        int[k], the face in which it counts.
    """

    xy: Floats
    label: Indices
    face: Indices

    @classmethod
    def join(cls, parts: list[Self]) -> Self:
        """Put several sets into one."""
        return cls(
            np.concatenate([part.xy for part in parts]),
            np.concatenate([part.label for part in parts]),
            np.concatenate([part.face for part in parts]),
        )

    def by_face(self) -> dict[int, Indices]:
        """Positions of the seeds of each face."""
        return _members(self.face)


def _members(group: Indices) -> dict[int, Indices]:
    """Positions of the members of each group."""
    order = np.argsort(group, kind="stable")
    numbers, start = np.unique(group[order], return_index=True)
    return dict(zip(numbers.tolist(), np.split(order, start)[1:], strict=True))


def wall_seeds(borders: Borders, owner: Indices) -> Seeds:
    """Put seeds along every wall that faces open ground.

    Parameters
    ----------
    borders
        Borders between all faces.
    owner
        int[faces], the atom on whose ground a face is; -1 for open ground.
    """
    owned = owner >= 0
    facing = owned[borders.left] != owned[borders.right]
    left, right = borders.left[facing], borders.right[facing]
    wall = np.where(owned[left], left, right)
    face = np.where(owned[left], right, left)
    start, end = borders.start[facing], borders.end[facing]
    spacing = _spacing(start, end, owner[wall], face)
    piece, xy = _along(start, end, spacing)
    return Seeds(xy, owner[wall][piece], face[piece])


def _spacing(start: Floats, end: Floats, atom: Indices, face: Indices) -> Floats:
    """As far as the nearest wall of another building on the same ground, within limits.

    Between walls g apart, points s apart put the line up to s²/8g off the middle: no farther than it is smoothed.
    """
    spacing = np.full(len(start), WIDEST_M)
    walls, reach = lines_from(start, end), WIDEST_M * WIDEST_M / (8 * SMOOTH_M)
    (west, south), (east, north) = np.minimum(start, end).T - reach, np.maximum(start, end).T + reach
    one, other = shapely.STRtree(walls).query(shapely.box(west, south, east, north))
    # Most pairs are walls of one building: those are left out before any distance is measured.
    apart = (one < other) & (atom[one] != atom[other]) & (face[one] == face[other])
    one, other = one[apart], other[apart]
    gap = shapely.distance(walls[one], walls[other])
    enough = np.clip(np.minimum(gap, np.sqrt(8 * SMOOTH_M * gap)), CLOSEST_M, WIDEST_M)
    enough = np.where(gap > 0, enough, TOUCHING_M)
    for side in (one, other):
        np.minimum.at(spacing, side, enough)
    return spacing


def _along(start: Floats, end: Floats, spacing: Floats) -> tuple[Indices, Floats]:
    length = np.hypot(*(end - start).T)
    margin = np.minimum(CORNER_M, length / 4)
    count = np.ceil((length - 2 * margin) / spacing).astype(np.int64) + 1
    piece = np.repeat(np.arange(len(start)), count)
    rank = np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
    step = (length - 2 * margin) / np.maximum(count - 1, 1)
    along = (margin[piece] + rank * step[piece]) / length[piece]
    return piece, start[piece] + along[:, None] * (end - start)[piece]


def strip_seeds(seeds: Seeds, borders: Borders, owner: Indices, faces: Geometries) -> Seeds:
    """Lend long narrow faces that hardly anything stands in the seeds of the ground along one side.

    The middle of a dual carriageway is shared out along its length between the buildings of one side; the border
    to the other side then runs along the carriageway there. Taken whole it would stretch a tile along the road.
    """
    strips = _strips(seeds, owner, faces)
    source = np.where(owner < 0, np.arange(len(faces)), -1)
    seeded = np.isin(np.arange(len(faces)), seeds.face)
    source[~seeded] = -1
    source[strips] = -1
    open_ground = (owner[borders.left] < 0) & (owner[borders.right] < 0)
    # Parks and islands pass nothing on: only strips inherit.
    heir = np.isin(np.arange(len(faces)), strips) | (source >= 0)
    passes = open_ground & heir[borders.left] & heir[borders.right]
    source = grow(source, borders.left[passes], borders.right[passes], borders.length[passes])
    members = seeds.by_face()
    lent = [
        _lend(seeds, members[int(source[strip])], int(strip), faces[strip]) for strip in strips if source[strip] >= 0
    ]
    return Seeds.join(lent) if lent else Seeds(np.empty((0, 2)), np.empty(0, np.int64), np.empty(0, np.int64))


def _strips(seeds: Seeds, owner: Indices, faces: Geometries) -> Indices:
    around = shapely.length(faces)
    narrow = (owner < 0) & (around > STRIP_AROUND_M) & (2 * shapely.area(faces) < STRIP_WIDTH_M * around)
    members = seeds.by_face()
    strips = []
    for face in np.flatnonzero(narrow).tolist():
        if face in members:
            rim = _rim(faces[face])
            empty = KDTree(seeds.xy[members[face]]).query(rim)[0] > STRIP_EMPTY_M
            if empty.mean() < 0.5:
                continue
        strips.append(face)
    return np.array(strips, dtype=np.int64)


def _rim(face: shapely.Polygon) -> Floats:
    return np.asarray(shapely.get_coordinates(shapely.segmentize(shapely.boundary(face), RIM_STEP_M)), dtype=np.float64)


def _lend(seeds: Seeds, members: Indices, strip: int, face: shapely.Polygon) -> Seeds:
    """Those of the seeds that are nearest to some place in the strip."""
    xy = seeds.xy[members]
    # The nearest one lies within the farthest distance met on the rim, and half a step more.
    reach = KDTree(xy).query(_rim(face))[0].max() + RIM_STEP_M
    near = members[shapely.dwithin(shapely.points(xy), face, reach)]
    return Seeds(seeds.xy[near], seeds.label[near], np.full(len(near), strip))


def midlines(seeds: Seeds, faces: Geometries, smooth_m: float) -> Geometries:
    """Draw, in each face, the lines half-way between seeds of different atoms, smoothed by so many metres."""
    found = []
    for face, members in seeds.by_face().items():
        if len(np.unique(seeds.label[members])) > 1:
            found.append(_midlines_in(seeds.xy[members], seeds.label[members], faces[face], smooth_m))
    return np.concatenate(found) if found else np.empty(0, dtype=object)


def _midlines_in(xy: Floats, label: Indices, face: shapely.Polygon, smooth_m: float) -> Geometries:
    ridges = _ridges(xy, label, face)
    shapely.prepare(face)
    chains = shapely.line_merge(shapely.multilinestrings(ridges[shapely.intersects(face, ridges)]))
    # Each line apart, though it may then cross another: all are noded afterwards.
    lines = shapely.simplify(shapely.get_parts(chains), smooth_m, preserve_topology=False)
    return _clip(lines, face)


def _ridges(xy: Floats, label: Indices, face: shapely.Polygon) -> Geometries:
    """Edges of the Voronoi diagram between seeds of different atoms, at least as far as the face reaches.

    Taken from its dual: scipy's Delaunay triangulation comes as arrays, its Voronoi diagram as lists.
    """
    corners = np.concatenate([xy, np.reshape(face.bounds, (2, 2))])
    low, high = corners.min(axis=0), corners.max(axis=0)
    middle, far = (low + high) / 2, FAR * (high - low).max()
    # Four far points make every edge between seeds end somewhere.
    frame = np.array([[-far, 0.0], [far, 0.0], [0.0, -far], [0.0, far]])
    points = np.concatenate([np.rint((xy - middle) / SEED_GRID_M) * SEED_GRID_M, frame])
    atom = np.concatenate([label, np.full(4, -1)])
    mesh = Delaunay(points)
    centre = _circumcentres(points[mesh.simplices]) + middle
    other = mesh.neighbors
    # Neighbour k of a triangle lies across the side opposite its corner k.
    first, second = atom[mesh.simplices[:, [1, 2, 0]]], atom[mesh.simplices[:, [2, 0, 1]]]
    between = (first != second) & (first >= 0) & (second >= 0) & (other > np.arange(len(other))[:, None])
    triangle, side = np.nonzero(between)
    start, end = centre[triangle], centre[other[triangle, side]]
    apart = (start != end).any(axis=1)
    return lines_from(start[apart], end[apart])


def _circumcentres(triangles: Floats) -> Floats:
    corner = triangles[:, 0]
    b, c = (triangles[:, 1:] - corner[:, None]).transpose(1, 0, 2)
    twice_area = 2 * (b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0])
    b2, c2 = (b**2).sum(axis=1), (c**2).sum(axis=1)
    across = np.stack([c[:, 1] * b2 - b[:, 1] * c2, b[:, 0] * c2 - c[:, 0] * b2], axis=1)
    away = across / np.where(twice_area == 0, NO_AREA_M2, twice_area)[:, None]
    return np.asarray(corner + np.clip(away, -BEYOND_M, BEYOND_M), dtype=np.float64)


def _clip(lines: Geometries, face: shapely.Polygon) -> Geometries:
    """The parts of lines inside a prepared face. Only lines that leave it are cut, all in one overlay."""
    whole = shapely.contains_properly(face, lines)
    cut = shapely.get_parts(shapely.intersection(shapely.multilinestrings(lines[~whole]), face))
    found = np.concatenate([lines[whole], cut])
    kept: Geometries = found[shapely.length(found) > 0]
    return kept


def nearest_label(seeds: Seeds, face: Indices, xy: Floats) -> Indices:
    """Return the atom of the nearest seed in the same face for each point; -1 where the face has none."""
    label = np.full(len(xy), -1, dtype=np.int64)
    asked = _members(face)
    for number, members in seeds.by_face().items():
        if number in asked:
            points = asked[number]
            label[points] = seeds.label[members][KDTree(seeds.xy[members]).query(xy[points])[1]]
    return label
