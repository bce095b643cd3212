"""The rows of a file of buildings: read, checked, and brought to what a draft needs of them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import metric_crs_of
from geo.errors import ColumnError, InputError
from geo.exchange.reading import read_frame
from geo.services.wishes import Wishes
from geo.territory.households import estimate_households

#: Metres from floor to floor of a dwelling, to turn a height into floors; common practice is 2.8 to 3.0.
STOREY_HEIGHT_M = 3.0
#: No dwelling has more floors; the highest residential towers of the world have about 130.
MOST_FLOORS = 150

Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class FileRequest:
    """What to draft from which files.

    Attributes
    ----------
    path
        Points or polygons, one row per building; ``file.gpkg#layer`` names a layer.
    households
        The column with households per building; blank counts as 0. None: they are estimated from footprint and
        floors, and the report says so.
    floors, height
        The column of floors, or of height in metres: for the estimate, and to divide a building by floors that is
        too large for a grid. Floors that are blank, no number, or beyond :data:`MOST_FLOORS` are unknown.
    parent
        A column of ``path`` whose values are the communities, or a file of polygons; None for one community.
    parent_column
        The column of the parent file that names its communities; polygons with the same name are one community.
        None: a column of codes or names where one can be guessed, else their numbers.
    barriers
        Files of lines (or polygons, whose outlines count) along which borders are best drawn.
    barrier_kind
        Dictionary ``barrier_kinds`` code for lines that do not say what they are.
    where
        ``COLUMN=VALUE``: only those rows.
    compound
        A column of ``path`` that names the compound of each building; blank for none.
    previous
        The grids in force: a column of ``path`` with the grid of each building (blank for none), or a file of
        polygons. None where there are none.
    previous_column
        The column of the file of old grids that names them; None as for ``parent_column``.
    wishes
        Style, dials, locks, further quantities. Buildings are named by their row numbers, as in ``rejected``; a
        quantity is a column of ``path``, blank counts as 0.
    """

    path: Path
    households: str | None = None
    lower: int = 200
    upper: int = 300
    layer: str | None = None
    parent: str | None = None
    parent_column: str | None = None
    barriers: tuple[Path, ...] = ()
    barrier_kind: str = "road"
    floors: str | None = None
    height: str | None = None
    where: str | None = None
    compound: str | None = None
    previous: str | None = None
    previous_column: str | None = None
    wishes: Wishes = field(default_factory=Wishes)
    datum: str | None = None
    encoding: str | None = None
    seed: int = 0
    time_limit: float | None = None
    workers: int | None = None
    scheduler: str | None = None


@dataclass
class FileRows:
    """The usable rows of the input and what was said of the others.

    Attributes
    ----------
    frame
        The columns of the file, and with an underscore ours: ``_row`` (number in the file), ``_households``,
        ``_floors`` (missing where unknown), ``_compound`` (None for none), ``_count NAME`` of what is balanced.
    """

    frame: gpd.GeoDataFrame
    rejected: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def reject(self, mask: "pd.Series[bool]", zh: str, en: str) -> None:
        """Take the marked rows out and keep why."""
        for number in self.frame.loc[mask, "_row"]:
            self.rejected.append({"row": int(number), "reason_zh": zh, "reason_en": en})
        self.frame = self.frame[~mask]


def read_rows(request: FileRequest) -> FileRows:
    """Read the buildings of a request, in EPSG:4326.

    Raises
    ------
    InputError
        The file or a column is not usable, or no row is.
    """
    read = read_frame(
        request.path,
        layer=request.layer,
        encoding=request.encoding,
        datum=request.datum,
        needs_column=request.households,
    )
    frame = read.frame.copy()
    frame["_row"] = np.asarray(read.row_numbers)
    frame = frame.reset_index(drop=True)
    rows = FileRows(frame, notes=[f"{zh} {en}" for zh, en in read.notes])
    if request.where:
        rows.frame = _filtered(frame, request.where, request.path)
    geometry = rows.frame.geometry
    rows.reject(geometry.isna() | geometry.is_empty, "没有坐标", "no coordinates")
    geometry = rows.frame.geometry
    rows.reject(
        ~geometry.geom_type.isin(["Point", "Polygon", "MultiPolygon"]), "应为点或面", "neither a point nor a polygon"
    )
    inside = rows.frame.bounds
    rows.reject(
        ~(inside["minx"].ge(-180) & inside["maxx"].le(180) & inside["miny"].ge(-90) & inside["maxy"].le(90)),
        "坐标超出经纬度范围",
        "coordinates are outside of longitude and latitude",
    )
    rows.frame.geometry = shapely.force_2d(rows.frame.geometry.to_numpy())
    rows.frame.geometry = shapely.make_valid(rows.frame.geometry.to_numpy())
    rows.frame["_floors"] = _floors(rows.frame, request)
    if request.households is None:
        _estimate(rows)
    else:
        need_column(frame, request.households, request.path)
        _take_households(rows, request.households)
    _take_further(rows, request)
    if rows.frame.empty:
        raise InputError(
            f"“{request.path.name}”没有一行可用({len(rows.rejected)} 行被拒绝)",
            f"{request.path.name!r} has no usable row ({len(rows.rejected)} rejected)",
        )
    return rows


def _take_households(rows: FileRows, column: str) -> None:
    number, blank, wrong = _whole_numbers(rows.frame[column])
    rows.frame["_households"] = number
    rows.reject(
        pd.Series(wrong, index=rows.frame.index),
        f"“{column}”应为不小于 0 的整数",
        f"{column!r} must be a whole number, 0 or more",
    )
    if blank.any():
        rows.notes.append(f"{int(blank.sum())} 行户数为空,按 0 计 {int(blank.sum())} blank counts taken as 0")


def _whole_numbers(column: "pd.Series[Any]") -> tuple[Counts, Flags, Flags]:
    """Read counts: the numbers (0 where there is none), which were blank, and which are no whole number >= 0."""
    text = column.astype("string").str.strip()
    blank = (text.isna() | (text == "")).to_numpy(bool)
    number = pd.to_numeric(text.mask(blank, "0"), errors="coerce").to_numpy(np.float64, na_value=np.nan)
    wrong = ~(np.isfinite(number) & (number >= 0) & (number == np.floor(number)) & (number < 1e6))
    return np.where(wrong, 0, number).astype(np.int64), blank, wrong


def _take_further(rows: FileRows, request: FileRequest) -> None:
    """Take the compound of each building and what is to be balanced."""
    frame = rows.frame
    frame["_compound"] = None
    if request.compound:
        need_column(frame, request.compound, request.path)
        frame["_compound"] = words(frame[request.compound])
    for balance in request.wishes.balances:
        need_column(frame, balance.name, request.path)
        number, _, wrong = _whole_numbers(frame[balance.name])
        if wrong.any():
            first = int(frame["_row"].to_numpy()[wrong][0])
            raise ColumnError(
                f"“{balance.name}”应为不小于 0 的整数,第 {first} 行不是",
                f"{balance.name!r} must hold whole numbers, 0 or more; row {first} does not",
            )
        frame[f"_count {balance.name}"] = number


def words(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Read names; None where there is none."""
    text = column.astype("string").str.strip()
    return text.astype(object).where(text.notna() & (text != ""), None)


def _floors(frame: gpd.GeoDataFrame, request: FileRequest) -> "pd.Series[float]":
    floors = pd.Series(np.nan, index=frame.index)
    if request.height:
        need_column(frame, request.height, request.path)
        floors = (pd.to_numeric(frame[request.height], errors="coerce") / STOREY_HEIGHT_M).round()
    if request.floors:
        need_column(frame, request.floors, request.path)
        floors = pd.to_numeric(frame[request.floors], errors="coerce").fillna(floors)
    return floors.astype(float)


def _estimate(rows: FileRows) -> None:
    rows.reject(
        rows.frame.geom_type == "Point", "点没有面积,无法估算户数", "a point has no area to estimate households from"
    )
    frame = rows.frame
    floors = frame["_floors"]
    frame["_households"] = estimate_households(frame.geometry.to_crs(metric_crs_of(frame)), floors)
    rows.notes.append(
        f"户数系按层数和占地面积估算,非登记数;{int(floors.isna().sum())} 栋层数不明,按 1 层计 "
        f"households are estimated from floors and footprint, not registered; "
        f"{int(floors.isna().sum())} buildings of unknown floors count as one floor"
    )


def _filtered(frame: gpd.GeoDataFrame, where: str, path: Path) -> gpd.GeoDataFrame:
    column, sign, value = where.partition("=")
    if not sign:
        raise ColumnError(f"筛选条件“{where}”应写成 列名=值", f"filter {where!r} should read COLUMN=VALUE")
    need_column(frame, column, path)
    # 2.0 is how a column of whole numbers with gaps is read; who filters writes 2.
    said = frame[column].astype("string").str.removesuffix(".0")
    kept = frame[said == value.removesuffix(".0")]
    if kept.empty:
        found = "、".join(said.dropna().unique()[:10])
        raise ColumnError(
            f"没有“{column}”等于“{value}”的行;该列的值有:{found}",
            f"no row has {column!r} = {value!r}; the column holds: {found}",
        )
    return kept


def parts_of(held: pd.DataFrame, frame: gpd.GeoDataFrame, unit: str) -> gpd.GeoDataFrame:
    """Return which rows of a file, and which of their floors, are in which unit of a plan.

    Parameters
    ----------
    held
        ``building`` (of the index of ``frame``), ``floor_from``, ``floor_to`` (missing for all floors),
        ``households``, ``estimated`` and the column ``unit``, a code.
    """
    counted = {name: held[name].astype("Int64").to_numpy() for name in ("floor_from", "floor_to", "households")}
    return gpd.GeoDataFrame(
        {
            "row": frame["_row"].reindex(held["building"]).to_numpy(),
            **counted,
            "estimated": held["estimated"].astype(bool).to_numpy(),
            unit: held[unit].to_numpy(),
        },
        geometry=frame.geometry.reindex(held["building"]).to_numpy(),
        crs=frame.crs,
    )


def need_column(frame: pd.DataFrame, column: str, path: Path) -> None:
    """Raise ColumnError, naming the columns there are, where a file has no such column."""
    if column not in frame.columns:
        have = "、".join(str(name) for name in frame.columns if name not in ("geometry", "_row"))
        raise ColumnError(
            f"“{path.name}”没有“{column}”列;现有列:{have}", f"{path.name!r} has no column {column!r}; it has: {have}"
        )
