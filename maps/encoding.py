"""Geometry as short JSON: whole micro-degrees (six decimals), each vertex as its step from the one before.

A layer's shapes are one list of paths. An area's paths are its rings without the closing vertex, outer rings
counter-clockwise and holes clockwise, so that one non-zero fill draws it; a line's paths are its parts; a point's
path is the point. The page decodes this in ``static/shapes.js``.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

MICRO = 1_000_000  # micro-degrees in a degree; one is about 0.1 m

_LETTERS = {2: "A", 1: "L", 0: "P"}


@dataclass(frozen=True)
class Shapes:
    """Encoded geometries.

    Attributes
    ----------
    kinds
        One letter per feature: A area, L line, P point, N nothing.
    counts
        Paths per feature.
    paths
        ``[x, y, dx, dy, …]`` in micro-degrees, the first vertex counted from the origin.
    """

    kinds: str
    counts: list[int]
    paths: list[list[int]]

    def as_row(self) -> dict[str, Any]:
        """Return the shapes for the page."""
        return {"kinds": self.kinds, "counts": self.counts, "paths": self.paths}


def encode(geometries: NDArray[Any], origin: tuple[int, int]) -> Shapes:
    """Encode geometries in degrees (lon, lat).

    Parameters
    ----------
    origin
        (lon, lat) in micro-degrees from which first vertices are counted.
    """
    dimensions = np.where(shapely.is_empty(geometries), -1, shapely.get_dimensions(geometries))
    pieces, owners = [], []
    for dimension in (2, 1, 0):
        chosen = np.flatnonzero(dimensions == dimension)
        parts, part_of = shapely.get_parts(geometries[chosen], return_index=True)
        kept = shapely.get_dimensions(parts) == dimension
        parts, owner = parts[kept], chosen[part_of[kept]]
        if dimension == 2:
            parts, ring_of = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
            owner = owner[ring_of]
        pieces.append(parts)
        owners.append(owner)
    path_owner = np.concatenate(owners)
    order = np.argsort(path_owner, kind="stable")
    paths = _steps(np.concatenate(pieces)[order], np.asarray(origin, dtype=np.int64))
    counts = np.bincount(path_owner, minlength=len(geometries)).tolist() if len(geometries) else []
    kinds = "".join(_LETTERS.get(dimension, "N") for dimension in dimensions.tolist())
    return Shapes(kinds, counts, paths)


def _steps(paths: NDArray[Any], origin: NDArray[np.int64]) -> list[list[int]]:
    if not len(paths):
        return []
    coordinates, path_of = shapely.get_coordinates(paths, return_index=True)
    micro = np.rint(coordinates * MICRO).astype(np.int64)
    first = np.flatnonzero(np.diff(path_of, prepend=-1))
    steps = np.diff(micro, axis=0, prepend=micro[:1])
    steps[first] = micro[first] - origin
    stops = np.append(first[1:], len(micro))
    stops = stops - (shapely.get_type_id(paths) == shapely.GeometryType.LINEARRING)
    flat = steps.ravel().tolist()
    return [flat[2 * start : 2 * stop] for start, stop in zip(first.tolist(), stops.tolist(), strict=True)]


def label_points(geometries: NDArray[Any], origin: tuple[int, int]) -> list[list[int]]:
    """Return where a label sits best: the middle of the widest place of each area's largest part.

    ``[x, y]`` in micro-degrees from the origin; for lines and points a point on them.
    """
    points = []
    for geometry in geometries:
        lon, lat = _widest_place(geometry)
        points.append([round(lon * MICRO) - origin[0], round(lat * MICRO) - origin[1]])
    return points


def _widest_place(geometry: shapely.Geometry) -> tuple[float, float]:
    if geometry is None or geometry.is_empty:
        return 0.0, 0.0
    if shapely.get_dimensions(geometry) < 2 or geometry.area == 0:
        point = geometry.representative_point()
        return point.x, point.y
    largest = max(shapely.get_parts(geometry), key=shapely.area)
    # Degrees of longitude are shorter than those of latitude: stretch them alike before looking for a circle.
    shrink = float(np.cos(np.radians(shapely.get_coordinates(largest)[:, 1].mean())))
    flat = shapely.transform(largest, lambda xy: xy * (shrink, 1.0))
    tolerance = max(np.ptp(shapely.get_coordinates(flat), axis=0).max() / 100, 1e-7)
    centre = shapely.get_coordinates(shapely.maximum_inscribed_circle(flat, tolerance=tolerance))[0]
    return float(centre[0]) / shrink, float(centre[1])
