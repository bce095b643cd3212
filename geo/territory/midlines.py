"""Lines half-way between neighbours: a Voronoi diagram of walls and points in each piece of open ground."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import shapely
from scipy.spatial import KDTree, Voronoi

from geo.territory.arrangement import Borders, Floats, Geometries, Indices, lines_from

#: Metres between the points that stand for a wall: narrow passages need close ones.
CLOSEST_M, WIDEST_M, TOUCHING_M = 0.3, 3.0, 1.5
#: Metres from a wall's end to its first point. The same on all walls, so that the line between two buildings that
#: touch starts at the corner they share.
CORNER_M = 0.1
#: Metres a line may be smoothed. It may then touch a wall, but building ground is never given away.
SMOOTH_M = 0.2


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
        order = np.argsort(self.face, kind="stable")
        numbers, start = np.unique(self.face[order], return_index=True)
        return dict(zip(numbers.tolist(), np.split(order, start[1:]), strict=True))


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
    """Half the way to the nearest wall of another building on the same ground, within limits."""
    spacing = np.full(len(start), WIDEST_M)
    walls = lines_from(start, end)
    one, other = shapely.STRtree(walls).query(walls, predicate="dwithin", distance=2 * WIDEST_M)
    apart = (atom[one] != atom[other]) & (face[one] == face[other])
    one, other = one[apart], other[apart]
    gap = shapely.distance(walls[one], walls[other])
    np.minimum.at(spacing, one, np.where(gap > 0, np.clip(gap / 2, CLOSEST_M, WIDEST_M), TOUCHING_M))
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


def midlines(seeds: Seeds, faces: Geometries) -> Geometries:
    """Draw, in each face, the lines half-way between seeds of different atoms."""
    found = []
    for face, members in seeds.by_face().items():
        if len(np.unique(seeds.label[members])) > 1:
            found.append(_midlines_in(seeds.xy[members], seeds.label[members], faces[face]))
    return np.concatenate(found) if found else np.empty(0, dtype=object)


def _midlines_in(xy: Floats, label: Indices, face: shapely.Polygon) -> Geometries:
    west, south, east, north = face.bounds
    middle = np.array([(west + east) / 2, (south + north) / 2])
    far = 20.0 * max(east - west, north - south)
    # Four far points keep every line between real seeds finite inside the face.
    frame = np.array([[-far, 0.0], [far, 0.0], [0.0, -far], [0.0, far]])
    diagram = Voronoi(np.concatenate([xy - middle, frame]))
    atom = np.concatenate([label, np.full(4, -1)])[diagram.ridge_points]
    ridge = np.asarray(diagram.ridge_vertices)
    between = (atom[:, 0] != atom[:, 1]) & (atom >= 0).all(axis=1) & (ridge >= 0).all(axis=1)
    ends = diagram.vertices[ridge[between]] + middle
    lines = lines_from(ends[:, 0], ends[:, 1])
    shapely.prepare(face)
    chains = shapely.line_merge(shapely.multilinestrings(lines[shapely.intersects(face, lines)]))
    smooth = shapely.simplify(shapely.get_parts(chains), SMOOTH_M)
    return _clip(smooth, face)


def _clip(lines: Geometries, face: shapely.Polygon) -> Geometries:
    """The parts of lines inside a prepared face. Only lines that leave it are cut, all in one overlay."""
    whole = shapely.contains_properly(face, lines)
    cut = shapely.get_parts(shapely.intersection(shapely.multilinestrings(lines[~whole]), face))
    return np.concatenate([lines[whole], cut[shapely.get_dimensions(cut) == 1]])


def nearest_label(seeds: Seeds, face: Indices, xy: Floats) -> Indices:
    """Return the atom of the nearest seed in the same face for each point; -1 where the face has none."""
    label = np.full(len(xy), -1, dtype=np.int64)
    order = np.argsort(face, kind="stable")
    numbers, start = np.unique(face[order], return_index=True)
    asked = dict(zip(numbers.tolist(), np.split(order, start[1:]), strict=True))
    for number, members in seeds.by_face().items():
        if number in asked:
            points = asked[number]
            label[points] = seeds.label[members][KDTree(seeds.xy[members]).query(xy[points])[1]]
    return label
