"""Shapes of a file against what a noun's shapes must be: there, finite, flat, in place, of its type, valid."""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import CHINA_BOUNDS, in_china
from geo.exchange.reading import FrameRead
from geo.exchange.rejections import Checklist, Problem
from geo.territory.nouns import AREA, LINE, Noun

#: A repair may move this share of an area; more is another shape, which its owner has to draw.
MAX_REPAIR = 0.001
#: About a millimetre.
SAME_DEGREES = 1e-8

Geometries = NDArray[Any]
Flags = NDArray[np.bool_]

_EMPTY = Problem("没有几何", "there is no geometry", "补上坐标或图形,或删除该行", "add the shape, or delete the row")
_NOT_FINITE = Problem("坐标是 NaN 或无穷大", "a coordinate is NaN or infinite", "补上坐标", "give real coordinates")
_NOT_DEGREES = Problem(
    "坐标超出经纬度范围",
    "coordinates beyond ±180, ±90 degrees",
    "检查坐标基准与经纬度顺序",
    "check datum and axis order",
)
_NOT_CHINA = Problem(
    "位置在中国以外",
    "it lies outside China",
    "检查经纬度顺序与坐标基准;确为外地数据请加 --extent world",
    "check axis order and datum; for data from elsewhere state --extent world",
)
_SWAPPED = Problem(
    "位置在中国以外,经纬度似乎写反了",
    "it lies outside China; longitude and latitude look swapped",
    "交换经度和纬度两列(--lon、--lat)",
    "exchange the two columns (--lon, --lat)",
)


def check_geometries(read: FrameRead, noun: Noun, checklist: Checklist, *, china_only: bool) -> Geometries:
    """Return the shapes with what can be mended mended; the rest rejected and None."""
    geometries: Geometries = np.array(read.frame.geometry.to_numpy(), dtype=object)
    if not noun.geometry:
        return np.full(len(geometries), None, object)
    there = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    if noun.geometry_required:
        reported = np.zeros(len(geometries), bool)
        reported[[position for position, found in read.problems.items() if found.column != ""]] = True
        _reject(checklist, ~there & ~reported, _EMPTY)
    geometries[~there] = None
    _drop(geometries, _not_finite(geometries), _NOT_FINITE, checklist)
    _check_place(geometries, checklist, china_only)
    if read.had_z.any():
        count = int(read.had_z.sum())
        checklist.note(f"{count} 行带高程,已舍去高程", f"{count} rows had a third dimension, which was dropped")
    _repair(geometries, checklist)
    _fit_type(geometries, noun, checklist)
    return geometries


def same_shapes(left: Geometries, right: Geometries) -> Flags:
    """Say which pairs are one shape to a millimetre, wherever their rings begin and whichever way they run.

    By the greatest distance between their lines: putting vertices in a normal order first would not do, since the
    smallest rounding error can change which comes first.
    """
    left, right = _single(left), _single(right)
    alike = shapely.get_type_id(left) == shapely.get_type_id(right)
    alike &= shapely.get_num_coordinates(left) == shapely.get_num_coordinates(right)
    same: Flags = alike & (shapely.hausdorff_distance(left, right) < SAME_DEGREES)
    return same


def _single(geometries: Geometries) -> Geometries:
    """Unwrap multi-geometries of one part."""
    flat = geometries.copy()
    wrapped = (shapely.get_num_geometries(flat) == 1) & (shapely.get_type_id(flat) > 3)
    flat[wrapped] = shapely.get_geometry(flat[wrapped], 0)
    return flat


def _reject(checklist: Checklist, bad: Flags, problem: Problem) -> None:
    for position in np.flatnonzero(bad):
        checklist.reject(int(position), "geometry", "", problem)


def _drop(geometries: Geometries, bad: Flags, problem: Problem, checklist: Checklist) -> None:
    _reject(checklist, bad, problem)
    geometries[bad] = None


def _not_finite(geometries: Geometries) -> Flags:
    coordinates, owner = shapely.get_coordinates(geometries, return_index=True)
    bad = np.zeros(len(geometries), bool)
    bad[owner[~np.isfinite(coordinates).all(axis=1)]] = True
    return bad


def _check_place(geometries: Geometries, checklist: Checklist, china_only: bool) -> None:
    bounds = shapely.bounds(geometries)
    with np.errstate(invalid="ignore"):
        beyond = (bounds[:, 0] < -180) | (bounds[:, 2] > 180) | (bounds[:, 1] < -90) | (bounds[:, 3] > 90)
        west, south, east, north = CHINA_BOUNDS
        abroad = (bounds[:, 0] < west) | (bounds[:, 2] > east) | (bounds[:, 1] < south) | (bounds[:, 3] > north)
        swapped = (beyond | abroad) & in_china(bounds[:, 1], bounds[:, 0]) & china_only
    _drop(geometries, swapped, _SWAPPED, checklist)
    _drop(geometries, beyond & ~swapped, _NOT_DEGREES, checklist)
    if china_only:
        _drop(geometries, abroad & ~beyond & ~swapped, _NOT_CHINA, checklist)


def _repair(geometries: Geometries, checklist: Checklist) -> None:
    broken = np.flatnonzero(~shapely.is_missing(geometries) & ~shapely.is_valid(geometries))
    repaired = 0
    for position in broken:
        before = geometries[position]
        after = _same_dimension(shapely.make_valid(before), shapely.get_dimensions(before))
        area = max(before.area, after.area)
        if after.is_empty or not after.is_valid or abs(after.area - before.area) > MAX_REPAIR * area:
            why = str(shapely.is_valid_reason(before))
            problem = Problem(
                f"图形无效({_chinese_reason(why)})",
                f"invalid geometry: {why}",
                "在 GIS 软件中修正图形(自相交、重复环)",
                "mend it in a GIS (self-intersections, repeated rings)",
            )
            checklist.reject(int(position), "geometry", "", problem)
            geometries[position] = None
        else:
            geometries[position] = after
            repaired += 1
    if repaired:
        checklist.note(
            f"自动修复了 {repaired} 个无效图形(面积变化不到 0.1%)",
            f"{repaired} invalid shapes were mended (area changed < 0.1 %)",
        )


def _same_dimension(geometry: Any, dimension: int) -> Any:
    """Keep the parts of a repaired shape that are still areas (or lines): a repair may leave crumbs."""
    if shapely.get_dimensions(geometry) != dimension or geometry.geom_type == "GeometryCollection":
        parts = [part for part in shapely.get_parts(geometry) if shapely.get_dimensions(part) == dimension]
        return shapely.union_all(parts) if parts else shapely.Polygon()
    return geometry


def _chinese_reason(reason: str) -> str:
    words = {
        "Self-intersection": "自相交",
        "Ring Self-intersection": "环自相交",
        "Duplicate Rings": "重复环",
        "Hole lies outside shell": "洞在外环之外",
        "Nested holes": "洞中有洞",
        "Nested shells": "外环嵌套",
        "Too few points": "点数不足",
        "Interior is disconnected": "内部不连通",
    }
    return next((zh for en, zh in words.items() if reason.startswith(en)), reason[:40])


def _fit_type(geometries: Geometries, noun: Noun, checklist: Checklist) -> None:
    """Bring shapes to the noun's types where nothing is lost; reject the others."""
    outlines = 0
    # One kind of shape for one thing: shapefiles and GDAL wrap and unwrap single parts as they like.
    geometries[:] = _single(geometries)
    for position in np.flatnonzero(~shapely.is_missing(geometries)):
        shape = geometries[position]
        if shape.geom_type in noun.geometry:
            continue
        fitted = _fitted(shape, noun)
        if fitted is None:
            problem = Problem(
                f"{noun.zh}不能是 {shape.geom_type}",
                f"a {noun.name} cannot be a {shape.geom_type}",
                f"应为 {'、'.join(noun.geometry)}",
                f"use {', '.join(noun.geometry)}",
            )
            checklist.reject(int(position), "geometry", shape.geom_type, problem)
        elif shape.geom_type in AREA:
            outlines += 1
        geometries[position] = fitted
    if outlines:
        checklist.note(f"{outlines} 个面取其边线", f"{outlines} areas were taken by their outline")


def _fitted(shape: Any, noun: Noun) -> Any:
    parts = shapely.get_parts(shape)
    if noun.geometry == LINE and shape.geom_type in AREA:
        return shapely.boundary(shape)
    if shape.geom_type == "LinearRing" and set(LINE) & set(noun.geometry):
        return shapely.LineString(shape.coords)
    if shape.geom_type == "GeometryCollection":
        kinds = {part.geom_type for part in parts}
        if kinds and kinds <= set(AREA) and set(AREA) <= set(noun.geometry):
            return shapely.union_all(parts)
    return None
