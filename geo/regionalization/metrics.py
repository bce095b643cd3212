"""The registry of what is measured of a plan: unit, direction and source of each figure."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

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

#: Every key of ``Regionalization.metrics`` and every function of ``geo.territory.compactness``, by name.
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
            Metric(
                "lower_bound", "网格数下界", "fewest grids of at most the upper limit", "", "none",
                "per component: ceil(H / upper); L2 of Martello & Toth 1990; flow to big buildings in reach",
            ),
            Metric(
                "upper_bound", "网格数上界", "most grids of at least the lower limit", "", "none",
                "per component: floor(H / lower)",
            ),
            Metric(
                "gap_to_lower_bound", "高于下界的网格数", "grids above the fewest", "", "less",
                "grids - lower_bound",
            ),
            Metric(
                "out_of_range_lower_bound", "必然不达标网格数", "grids proved to be out of range in every plan", "",
                "none", "proofs: see geo/regionalization/certificates.py",
            ),
            Metric(
                "gap_to_out_of_range_lower_bound", "高于必然数的不达标网格数",
                "grids out of range above those proved", "", "less", "out of range - out_of_range_lower_bound",
            ),
            Metric(
                "households_out_of_range", "不达标网格内户数", "households in grids out of range", "户 households",
                "less", _RULE,
            ),
            Metric(
                "households_out_of_range_lower_bound", "必然不达标户数",
                "households proved to be in grids out of range in every plan", "户 households", "none",
                "proofs: see geo/regionalization/certificates.py",
            ),
            Metric("boundary_cost", "划界代价", "cost of all borders", "input", "less", "sum over cut edges"),
            Metric("boundary_cost_share", "划界代价占比", "share of edge cost cut", "0-1", "less", "cut / all edges"),
            Metric("barrier_crossed", "跨越屏障", "barriers inside grids", "weight", "less", "sum over edges kept"),
            Metric(
                "households_moved", "调整户数", "households that change grid", "户 households", "less",
                "best one-to-one pairing of old and new grids; greedy above 1,000 grids",
            ),
            Metric(
                "smallest_change_proved", "变动最小(已证明)", "no plan in range moves fewer households, proved",
                "0/1", "more", "exhaustive search: see geo/regionalization/smallest_change.py",
            ),
            Metric(
                "households_before", "现行网格户数", "households in grids in force", "户 households",
                "none", _OWN,
            ),
            Metric("compounds", "小区数", "compounds", "", "none", _OWN),
            Metric("compounds_split", "被拆分的小区", "compounds split", "", "less", _OWN),
            Metric("compounds_fitting", "一格放得下的小区", "compounds that a grid could hold", "", "none", _OWN),
            Metric(
                "compounds_fitting_split", "被拆分的小区,其中一格放得下的",
                "compounds split, of which one grid could hold", "", "less", _OWN,
            ),
            Metric("boundary_cost_total", "全部邻接代价", "cost of all edges", "input", "none", "sum over edges"),
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
                "reock", "外接圆占比", "share of the enclosing circle", "0-1", "more",
                "Reock 1961, Midwest Journal of Political Science 5(1)",
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
