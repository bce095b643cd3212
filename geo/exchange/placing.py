"""Which division a shape lies in, and whether a whole file lies beside where it should."""

from typing import Any, Literal

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import parse_datum, to_wgs84
from geo.errors import DatumError
from geo.exchange.rejections import Checklist, Problem
from geo.territory.nouns import Noun

Geometries = NDArray[Any]
Codes = NDArray[np.object_]

#: A shape may lie this far outside the division it names: borders are drawn by hand. About 10 m.
TOLERANCE_DEGREES = 1e-4
#: A file is shifted when fewer rows than this lie where they should, and more than that after a correction.
_FEW, _MOST = 0.5, 0.8

Shift = Literal["gcj02", "bd09"]


def inner_points(geometries: Geometries) -> Geometries:
    """Return a point on each shape; None stays None."""
    points: Geometries = shapely.point_on_surface(geometries)
    return points


def place_in(points: Geometries, areas: gpd.GeoDataFrame) -> Codes:
    """Return for each point the ``code`` of the area it is in (the first by order), or None."""
    home = np.full(len(points), len(areas), np.int64)
    # The index holds the points, because query() prepares its argument: that pays on large polygons.
    area, point = shapely.STRtree(points).query(areas.geometry.to_numpy(), predicate="intersects")
    np.minimum.at(home, point, area)
    codes = [*areas["code"], None]
    found: Codes = np.array([codes[number] for number in home], object)
    return found


def refuse_shifted(points: Geometries, areas: gpd.GeoDataFrame, datum: str | None) -> None:
    """Refuse a file most of whose rows lie outside the areas, but inside once they are corrected.

    Raises
    ------
    DatumError
        The rows look like GCJ-02 or BD-09 though another datum is stated.
    """
    shift = shift_of(points, areas)
    if shift is None:
        return
    label = parse_datum(shift).label
    raise DatumError(
        f"多数位置不在应在的街道、社区内,按 {label} 换算后就在其中:数据很可能是 {label},而声明的是 {datum};"
        f"请用 --datum {shift} 重新导入",
        f"most rows lie outside their divisions, and inside once converted from {shift}: the data is most likely "
        f"{shift}, while {datum} is stated; import again with --datum {shift}",
    )


def shift_of(points: Geometries, areas: gpd.GeoDataFrame) -> Shift | None:
    """Return the encryption that, undone, brings most points into the areas they now miss."""
    there = points[~shapely.is_missing(points)]
    if not len(there) or not len(areas) or _share_inside(there, areas) >= _FEW:
        return None
    shifts: tuple[Shift, Shift] = ("gcj02", "bd09")
    best = max(shifts, key=lambda shift: _share_inside(to_wgs84(there, parse_datum(shift)), areas))
    return best if _share_inside(to_wgs84(there, parse_datum(best)), areas) >= _MOST else None


def _share_inside(points: Geometries, areas: gpd.GeoDataFrame) -> float:
    return float((place_in(points, areas) != None).mean())  # noqa: E711 elementwise


def check_parents(frame: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, column: str, checklist: Checklist) -> None:
    """Reject good rows that lie outside the division their ``column`` names; unknown divisions are left alone."""
    shapes = dict(zip(areas["code"], areas.geometry.to_numpy(), strict=True))
    parents = frame[column].map(shapes, na_action="ignore").to_numpy(object)
    parents = np.array([shape if shape is not None and shape == shape else None for shape in parents], object)
    points = inner_points(frame.geometry.to_numpy())
    both = checklist.good & ~shapely.is_missing(parents) & ~shapely.is_missing(points)
    outside = np.zeros(len(frame), bool)
    outside[both] = shapely.distance(points[both], parents[both]) > TOLERANCE_DEGREES
    for position in np.flatnonzero(outside):
        code = str(frame[column].iloc[position])
        checklist.reject(
            int(position),
            column,
            code,
            Problem(
                f"位置不在 {code} 的范围内",
                f"it lies outside {code}",
                "更正上级编码,或检查坐标",
                "correct the parent's code, or check the coordinates",
            ),
        )


def reject_lost(frame: gpd.GeoDataFrame, column: str, parent: Noun, checklist: Checklist) -> None:
    """Reject good rows for which no division was found."""
    for position in np.flatnonzero(checklist.good & frame[column].isna().to_numpy()):
        checklist.reject(
            int(position),
            "geometry",
            "",
            Problem(
                f"位置不在任何{parent.zh}内",
                f"it lies in no {parent.name}",
                f"检查坐标,或先导入它所在的{parent.zh}",
                f"check the coordinates, or import its {parent.name} first",
            ),
        )


def largest_share(frame: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> Codes:
    """Return for each polygon the code of the area that covers most of it, or None when none touches it."""
    shapes, grounds = frame.geometry.to_numpy(), areas.geometry.to_numpy()
    area, shape = shapely.STRtree(shapes).query(grounds, predicate="intersects")
    shared = shapely.area(shapely.intersection(shapes[shape], grounds[area]))
    home: Codes = np.full(len(shapes), None, object)
    codes = areas["code"].to_numpy(object)
    for pair in np.argsort(shared, kind="stable"):
        if shared[pair] > 0:
            home[shape[pair]] = codes[area[pair]]
    return home
