"""How good a plan is: shapes of grids, and the registry of all metrics with unit, direction and source."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import DatumError

Direction = Literal["more", "less", "none"]


@dataclass(frozen=True)
class Metric:
    """One figure of a plan.

    Attributes
    ----------
    unit
        ``""`` for pure numbers.
    better
        Whether more or less of it is better; ``none`` when it only describes.
    source
        Where the definition comes from.
    """

    name: str
    zh: str
    en: str
    unit: str
    better: Direction
    source: str


_RULE = "community grid practice: 200-300 households a grid, one piece each"
_OWN = "this program"

#: Every key of ``Regionalization.metrics`` and every shape function here, by name.
METRICS: MappingProxyType[str, Metric] = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            Metric("atoms", "楼栋(单元)数", "atoms", "", "none", _OWN),
            Metric("households", "户数", "households", "户 households", "none", _OWN),
            Metric("grids", "网格数", "grids", "", "none", _OWN),
            Metric("in_range", "达标网格数", "grids in range", "", "more", _RULE),
            Metric("in_range_share", "达标率", "share of grids in range", "0-1", "more", _RULE),
            Metric("contiguous", "连片网格数", "grids in one piece", "", "more", _RULE),
            Metric("lower_bound", "网格数下界", "fewest grids possible", "", "none", "sum of ceil(H / upper)"),
            Metric("boundary_cost", "划界代价", "cost of all borders", "input", "less", "sum over cut edges"),
            Metric("boundary_cost_share", "划界代价占比", "share of edge cost cut", "0-1", "less", "cut / all edges"),
            Metric("barrier_crossed", "跨越屏障", "barriers inside grids", "weight", "less", "sum over edges kept"),
            Metric(
                "households_moved", "调整户数", "households that change grid", "户 households", "less",
                "greedy one-to-one matching of old and new grids",
            ),
            Metric("mean_households", "平均户数", "mean households of a grid", "户 households", "none", _OWN),
            Metric("min_households", "最少户数", "least households of a grid", "户 households", "none", _OWN),
            Metric("max_households", "最多户数", "most households of a grid", "户 households", "none", _OWN),
            Metric("seconds", "用时", "time taken", "s", "less", _OWN),
            Metric("iterations", "搜索步数", "changes tried", "", "none", _OWN),
            Metric("cancelled", "是否中止", "ended before its time", "0/1", "none", _OWN),
            Metric(
                "polsby_popper", "紧凑度(Polsby–Popper)", "compactness (Polsby-Popper)", "0-1", "more",
                "Polsby & Popper 1991, Yale Law & Policy Review 9(2)",
            ),
            Metric(
                "convex_hull_ratio", "凸包占比", "share of the convex hull", "0-1", "more",
                "Niemi et al. 1990, Journal of Politics 52(4)",
            ),
            Metric(
                "inertia_ratio", "惯性紧凑度", "compactness by moment of inertia", "0-1", "more",
                "Li, Goodchild & Church 2013, IJGIS 27(6)",
            ),
        )
    }
)  # fmt: skip


def polsby_popper(grids: gpd.GeoSeries) -> "pd.Series[float]":
    """Score how round each grid is: 4πA / P², from 0 (a thread) to 1 (a circle).

    Parameters
    ----------
    grids
        Polygons in a projected CRS, or in none but in metres.

    Returns
    -------
    Series
        On the index of ``grids``; NaN for an empty grid.

    Raises
    ------
    DatumError
        ``grids`` is in degrees, which distort the score.
    """
    _refuse_degrees(grids)
    return _scores(grids, 4 * np.pi * grids.area.to_numpy(), grids.length.to_numpy() ** 2)


def convex_hull_ratio(grids: gpd.GeoSeries) -> "pd.Series[float]":
    """Score how little each grid is bent or dented: its area over that of its convex hull. Raises as above."""
    _refuse_degrees(grids)
    return _scores(grids, grids.area.to_numpy(), grids.convex_hull.area.to_numpy())


def inertia_ratio(grids: gpd.GeoSeries) -> "pd.Series[float]":
    """Score how near to its middle each grid's area lies: A² / 2πI, 1 for a disc; ragged borders hardly count.

    I is the second moment of area about the centroid, summed over triangles from the centroid to each segment, holes
    taken off. Raises as :func:`polsby_popper`.
    """
    _refuse_degrees(grids)
    moments = np.array([_second_moment(grid) for grid in grids.to_numpy()])
    return _scores(grids, grids.area.to_numpy() ** 2, 2 * np.pi * moments)


def _second_moment(shape: shapely.Geometry | None) -> float:
    if shape is None or shape.is_empty:
        return 0.0
    middle = shape.centroid
    total = 0.0
    for polygon in shapely.get_parts(shape):
        oriented = shapely.orient_polygons(polygon)
        for ring in (oriented.exterior, *oriented.interiors):
            x, y = shapely.get_coordinates(ring).T - np.array([[middle.x], [middle.y]])
            turn = x[:-1] * y[1:] - x[1:] * y[:-1]
            across = x[:-1] ** 2 + x[:-1] * x[1:] + x[1:] ** 2 + y[:-1] ** 2 + y[:-1] * y[1:] + y[1:] ** 2
            total += float((turn * across).sum() / 12)
    return abs(total)


def _scores(
    grids: gpd.GeoSeries,
    over: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    under: "np.ndarray[tuple[int], np.dtype[np.float64]]",
) -> "pd.Series[float]":
    values = np.full(len(grids), np.nan)
    np.divide(over, under, out=values, where=under > 0)
    return pd.Series(np.minimum(values, 1.0), index=grids.index)


def _refuse_degrees(grids: gpd.GeoSeries) -> None:
    if grids.crs is not None and grids.crs.is_geographic:
        raise DatumError(
            f"坐标系 {grids.crs.name} 以度为单位,无法度量形状;请先投影到以米为单位的坐标系",
            f"the CRS {grids.crs.name} is in degrees, in which shapes cannot be measured; project to metres first",
        )
