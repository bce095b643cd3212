"""Coverages: polygons that tile an area with no gap and no overlap, and what breaks one."""

from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike

from geo.crs import WGS84
from geo.errors import GeometryError
from geo.territory.arrangement import all_finite
from geo.territory.overlaps import mended
from geo.territory.projected import require_projected
from geo.territory.rim import CORNER_DEGREES, onto_rim

#: Metres. Gaps and overlaps thinner than this come from rounding, not from the drawing.
THINNEST_M = 0.005


@dataclass(frozen=True)
class Problem:
    """One place where polygons do not tile their area.

    Attributes
    ----------
    kind
        ``gap`` (nobody's ground), ``overlap`` (two polygons'), ``outside`` (beyond the boundary), ``invalid`` (a
        polygon that crosses itself).
    area_m2
        Its area; 0 for ``invalid``.
    x, y
        A point in it, in the CRS of the polygons.
    members
        Index labels of the polygons concerned.
    """

    kind: Literal["gap", "overlap", "outside", "invalid"]
    area_m2: float
    x: float
    y: float
    members: tuple[object, ...] = ()

    def __str__(self) -> str:
        zh = {"gap": "缝隙", "overlap": "重叠", "outside": "超出边界", "invalid": "自相交"}[self.kind]
        return f"{zh} {self.kind}: {self.area_m2:.2f} m² @ ({self.x:.1f}, {self.y:.1f}) {list(self.members)}"


def coverage_problems(
    polygons: gpd.GeoSeries, boundary: shapely.Polygon | shapely.MultiPolygon, *, thinnest_m: float = THINNEST_M
) -> list[Problem]:
    """List the gaps and overlaps of polygons that should tile ``boundary``, largest first.

    Parameters
    ----------
    polygons
        Grids or tiles in a projected CRS, metres. They may be anybody's work: nothing is taken for granted.
    boundary
        What they should cover, same CRS.
    thinnest_m
        Slivers of less mean width are let pass.

    Raises
    ------
    GeometryError
        The CRS is in degrees, or ``boundary`` is not valid.
    """
    require_projected(polygons)
    if not shapely.is_valid(boundary):
        raise GeometryError("边界不是有效的面", f"the boundary is not valid: {shapely.is_valid_reason(boundary)}")
    shapes = polygons.to_numpy()
    broken = np.flatnonzero(~shapely.is_valid(shapes) | shapely.is_empty(shapes) | shapely.is_missing(shapes))
    problems = [_invalid(shapes[i], polygons.index[i]) for i in broken]
    shapes = shapely.make_valid(np.where(shapely.is_missing(shapes), shapely.Polygon(), shapes))
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    common = shapely.intersection(shapes[one], shapes[other])
    for i in np.flatnonzero(shapely.area(common) > 0):
        members = (polygons.index[one[i]], polygons.index[other[i]])
        problems += _pieces("overlap", common[i], members, thinnest_m)
    union = shapely.union_all(shapes)
    problems += _pieces("gap", shapely.difference(boundary, union), (), thinnest_m)
    outside = shapely.difference(union, boundary)
    if not shapely.is_empty(outside):
        members = tuple(polygons.index[shapely.STRtree(shapes).query(outside, predicate="intersects")])
        problems += _pieces("outside", outside, members, thinnest_m)
    return sorted(problems, key=lambda problem: -problem.area_m2)


def is_coverage(polygons: gpd.GeoSeries, boundary: shapely.Polygon | shapely.MultiPolygon) -> bool:
    """Whether polygons tile ``boundary``: exactly among themselves, to a millimetre along the rim."""
    return bool(shapely.coverage_is_valid(polygons.to_numpy(), gap_width=THINNEST_M)) and not coverage_problems(
        polygons, boundary
    )


def _pieces(
    kind: Literal["gap", "overlap", "outside"],
    shape: shapely.Geometry,
    members: tuple[object, ...],
    thinnest_m: float,
) -> list[Problem]:
    parts = shapely.get_parts(shape)
    parts = parts[shapely.area(parts) > 0]
    # A long strip of area A and perimeter P is 2A/P wide.
    parts = parts[2 * shapely.area(parts) / shapely.length(parts) > thinnest_m]
    inner = shapely.get_coordinates(shapely.point_on_surface(parts))
    areas = shapely.area(parts)
    return [Problem(kind, float(area), float(x), float(y), members) for area, (x, y) in zip(areas, inner, strict=True)]


def _invalid(shape: shapely.Geometry | None, label: object) -> Problem:
    if shape is None or shapely.is_empty(shape):
        return Problem("invalid", 0.0, float("nan"), float("nan"), (label,))
    x, y = shapely.get_coordinates(shape)[0]
    return Problem("invalid", 0.0, float(x), float(y), (label,))


def dissolve(tiles: gpd.GeoSeries, labels: ArrayLike) -> gpd.GeoSeries:
    """Join tiles of one label into one polygon, exactly: no vertex moves.

    Parameters
    ----------
    tiles
        A coverage of n polygons.
    labels
        n labels, one per tile.

    Returns
    -------
    GeoSeries
        One (multi)polygon per label, on the sorted labels; a coverage again.

    Raises
    ------
    GeometryError
        There are not as many labels as tiles, or the tiles are no coverage.
    """
    label = np.asarray(labels)
    if label.shape != (len(tiles),):
        raise GeometryError(
            f"地块有 {len(tiles)} 个,标签有 {label.size} 个;应一一对应",
            f"{len(tiles)} tiles but {label.size} labels; give one per tile",
        )
    shapes = tiles.to_numpy()
    if not shapely.coverage_is_valid(shapes):
        raise GeometryError(
            "地块相互重叠或边界的顶点不一致,不能合并",
            "the tiles overlap or have common borders with different vertices; they cannot be joined",
        )
    groups = pd.Series(np.arange(len(tiles))).groupby(label, sort=True).indices
    joined = [shapely.coverage_union_all(shapes[members]) for members in groups.values()]
    return gpd.GeoSeries(joined, index=pd.Index(list(groups)), crs=tiles.crs)


def to_degrees(coverage: gpd.GeoSeries, *, boundary: shapely.Geometry | None = None) -> gpd.GeoSeries:
    """Transform a coverage to EPSG:4326 (lon, lat), still exact: equal vertices stay equal.

    Parameters
    ----------
    coverage
        Polygons in a projected CRS.
    boundary
        What they tile, as stored in degrees. A straight line in metres is slightly bent in degrees (1 cm on a
        side of 1 km), so vertices on the rim are put back onto it.

    Raises
    ------
    GeometryError
        A polygon is not valid in degrees, which only coordinates beyond the projection's reach can cause.
    """
    degrees = coverage.to_crs(WGS84)
    if boundary is not None:
        shapes = onto_rim(degrees.to_numpy(), boundary, corner=CORNER_DEGREES)
        degrees = gpd.GeoSeries(shapes, index=coverage.index, crs=WGS84)
    degrees = _uncrossed(degrees, coverage)
    sound = degrees.is_valid.to_numpy() & all_finite(degrees.to_numpy())
    if not sound.all():
        wrong = int((~sound).sum())
        raise GeometryError(
            f"{wrong} 个面换算为经纬度后无效;请检查坐标系 {coverage.crs}",
            f"{wrong} polygons are not valid in degrees; check the CRS {coverage.crs}",
        )
    return degrees


def _uncrossed(degrees: gpd.GeoSeries, coverage: gpd.GeoSeries) -> gpd.GeoSeries:
    """Undo the crossings that transforming gave to sides which all but touch: cracks thinner than rounding."""
    crossed = ~degrees.is_valid.to_numpy()
    if not crossed.any() or not all_finite(degrees.to_numpy()).all():
        return degrees
    repaired = mended(degrees)
    lost = (repaired[crossed].to_crs(coverage.crs).area - coverage[crossed].area).abs()
    return repaired if (lost <= coverage[crossed].length * THINNEST_M).all() else degrees
