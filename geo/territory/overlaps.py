"""Divisions whose borders were drawn twice: thin overlaps are settled, wide ones are shown."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from geo.territory.projected import require_projected

#: Common ground below this is no overlap: coordinates of seven decimals move borders this much.
NEGLIGIBLE_M2 = 0.01
#: An overlap is thin when it is at most this share of the smaller polygon: borders drawn twice, not two claims.
THIN_SHARE = 0.02
#: What mending a crossing leaves over is below this share of the area.
SPECK_SHARE = 1e-6


@dataclass(frozen=True)
class Overlap:
    """Ground that two polygons share; ``first`` and ``second`` are their index labels, ``share`` of the smaller."""

    first: object
    second: object
    area_m2: float
    share: float

    @property
    def thin(self) -> bool:
        """Whether it is a border drawn twice rather than two claims on one place."""
        return self.share <= THIN_SHARE


def find_overlaps(polygons: gpd.GeoSeries) -> list[Overlap]:
    """Find the pairs that share ground, in the order of their positions.

    Parameters
    ----------
    polygons
        Valid polygons in a projected CRS, metres.

    Raises
    ------
    GeographicCRSError
        The polygons are in degrees.
    """
    require_projected(polygons)
    shapes = polygons.to_numpy()
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    left, right = left[left < right], right[left < right]
    areas = shapely.area(shapely.intersection(shapes[left], shapes[right]))
    smaller = np.minimum(shapely.area(shapes[left]), shapely.area(shapes[right]))
    order = np.lexsort((right, left))
    return [
        Overlap(polygons.index[left[i]], polygons.index[right[i]], float(areas[i]), float(areas[i] / smaller[i]))
        for i in order
        if areas[i] > NEGLIGIBLE_M2
    ]


def settle_overlaps(polygons: gpd.GeoSeries) -> tuple[gpd.GeoSeries, list[Overlap]]:
    """Give ground that several polygons claim to the first of them.

    Returns
    -------
    GeoSeries
        The same polygons, the later one of each pair without the common ground; empty where nothing is left.
    list of Overlap
        What was settled.
    """
    found = find_overlaps(polygons)
    settled = polygons.copy()
    for overlap in found:
        rest = settled[overlap.second].difference(settled[overlap.first])
        settled[overlap.second] = _polygons(rest, NEGLIGIBLE_M2)
    return settled, found


def mended(areas: gpd.GeoSeries) -> gpd.GeoSeries:
    """Make areas valid that transforming coordinates broke where two of their sides all but touch.

    Returns
    -------
    GeoSeries
        Valid polygons and multipolygons in the same CRS, without the specks that mending leaves over.
    """
    broken = ~areas.is_valid
    if not broken.any():
        return areas
    mended = areas.copy()
    mended[broken] = [
        _polygons(shapely.make_valid(shape, method="structure", keep_collapsed=False), shape.area * SPECK_SHARE)
        for shape in areas[broken]
    ]
    return mended


def _polygons(shape: shapely.Geometry, least: float) -> shapely.Geometry:
    """The areas of a geometry larger than ``least``, as one polygon or multipolygon."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > least]
    if not parts:
        return shapely.Polygon()
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
