"""Use case: draft grids from files alone, with no database."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import WGS84, metric_crs_of
from geo.errors import ColumnError, FileFormatError, GeometryError, InputError
from geo.exchange.columns import guess_columns
from geo.exchange.reading import read_frame
from geo.exchange.writing import write_frames
from geo.regionalization.communities import Bounds, Community
from geo.regionalization.drafting import CommunityDraft, DraftSettings
from geo.regionalization.execution import Progress, draft_communities
from geo.regionalization.reporting import grid_code, report
from geo.territory.dictionaries import dictionary
from geo.territory.households import estimate_households
from geo.territory.nouns import COMMUNITY
from geo.territory.overlaps import settle_overlaps
from geo.territory.tessellation import tessellate

#: Without a parent the grids tile the convex hull of the buildings, this much wider, in metres.
HULL_MARGIN_M = 20.0
NO_PARENT = "all"
#: Metres from floor to floor of a dwelling, to turn a height into floors; common practice is 2.8 to 3.0.
STOREY_HEIGHT_M = 3.0
#: Headings under which files of lines say what they are.
KIND_COLUMNS = ("kind", "类型", "类别", "kind_detail", "highway", "railway", "waterway", "fclass", "type")


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
        For the estimate: the column of floors, or of height in metres.
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
    datum: str | None = None
    encoding: str | None = None
    seed: int = 0
    time_limit: float | None = None
    workers: int | None = None
    scheduler: str | None = None


@dataclass(frozen=True)
class FilePlan:
    """A draft from files: frames in EPSG:4326 and the report.

    Attributes
    ----------
    layers
        ``grids`` (code, community, households, in_range, reason ..., polygon), ``atoms`` (the rows of the file with
        ``grid_code``), ``communities`` and, when there were some, ``barriers``.
    """

    layers: dict[str, gpd.GeoDataFrame]
    report: dict[str, Any]


@dataclass
class _Rows:
    """The usable rows of the input and what was said of the others."""

    frame: gpd.GeoDataFrame
    rejected: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def reject(self, mask: "pd.Series[bool]", zh: str, en: str) -> None:
        """Take the marked rows out and keep why."""
        for number in self.frame.loc[mask, "_row"]:
            self.rejected.append({"row": int(number), "reason_zh": zh, "reason_en": en})
        self.frame = self.frame[~mask]


def plan_file(request: FileRequest, *, progress: Progress | None = None) -> FilePlan:
    """Draft grids for the buildings of a file.

    Parameters
    ----------
    progress
        See :func:`~geo.regionalization.execution.draft_communities`, as for ``workers`` and ``scheduler``.

    Raises
    ------
    InputError
        A file, column, datum or bound is not usable; nothing was written.
    """
    started = time.perf_counter()
    bounds = Bounds(request.lower, request.upper)
    rows = _read_rows(request)
    crs = metric_crs_of(rows.frame)
    rows.frame = rows.frame.to_crs(crs)
    barriers = _read_barriers(request, crs)
    communities = _communities(request, rows, barriers)
    if not communities:
        raise InputError(
            f"没有可以划分的楼栋:{len(rows.rejected)} 行被拒绝,例如“{rows.rejected[0]['reason_zh']}”",
            f"there is no building to plan with: {len(rows.rejected)} rows rejected, "
            f"such as {rows.rejected[0]['reason_en']!r}",
        )
    settings = DraftSettings(bounds, request.seed, request.time_limit)
    drafts = draft_communities(
        communities, settings, workers=request.workers, scheduler=request.scheduler, progress=progress
    )
    seconds = time.perf_counter() - started
    summary = report(drafts, bounds, seed=request.seed, seconds=seconds)
    summary |= {
        "households_source": {_source(request): len(rows.frame)},
        "source": request.path.name,
        "rejected": rows.rejected,
        "notes": rows.notes,
    }
    layers = _layers(rows.frame, communities, drafts, barriers)
    return FilePlan({name: layer.to_crs(WGS84) for name, layer in layers.items()}, summary)


def _source(request: FileRequest) -> str:
    return "estimated" if request.households is None else "register"


def write_plan(plan: FilePlan, path: Path) -> None:
    """Write the layers of a plan to one GeoPackage, whole or not at all."""
    if path.suffix.lower() != ".gpkg":
        raise FileFormatError(
            f"划分结果有多个图层,只能写入 .gpkg,而不是“{path.name}”",
            f"a plan has several layers and goes to a .gpkg file, not {path.name!r}",
        )
    write_frames(plan.layers, path)


def _read_rows(request: FileRequest) -> _Rows:
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
    rows = _Rows(frame, notes=[f"{zh} {en}" for zh, en in read.notes])
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
    if request.households is None:
        _estimate(rows, request)
    else:
        _need(frame, request.households, request.path)
        _take_households(rows, request.households)
    if rows.frame.empty:
        raise InputError(
            f"“{request.path.name}”没有一行可用({len(rows.rejected)} 行被拒绝)",
            f"{request.path.name!r} has no usable row ({len(rows.rejected)} rejected)",
        )
    return rows


def _take_households(rows: _Rows, column: str) -> None:
    text = rows.frame[column].astype("string").str.strip()
    blank = text.isna() | (text == "")
    number = pd.to_numeric(text.mask(blank, "0"), errors="coerce").to_numpy(np.float64, na_value=np.nan)
    wrong = ~(np.isfinite(number) & (number >= 0) & (number == np.floor(number)) & (number < 1e6))
    rows.frame["_households"] = np.where(wrong, 0, number).astype(np.int64)
    rows.reject(
        pd.Series(wrong, index=rows.frame.index),
        f"“{column}”应为不小于 0 的整数",
        f"{column!r} must be a whole number, 0 or more",
    )
    if blank.any():
        rows.notes.append(f"{int(blank.sum())} 行户数为空,按 0 计 {int(blank.sum())} blank counts taken as 0")


def _estimate(rows: _Rows, request: FileRequest) -> None:
    frame = rows.frame
    rows.reject(
        frame.geom_type == "Point", "点没有面积,无法估算户数", "a point has no area to estimate households from"
    )
    frame = rows.frame
    floors = pd.Series(np.nan, index=frame.index)
    if request.height:
        _need(frame, request.height, request.path)
        floors = (pd.to_numeric(frame[request.height], errors="coerce") / STOREY_HEIGHT_M).round()
    if request.floors:
        _need(frame, request.floors, request.path)
        floors = pd.to_numeric(frame[request.floors], errors="coerce").fillna(floors)
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
    _need(frame, column, path)
    kept = frame[frame[column].astype("string") == value]
    if kept.empty:
        found = "、".join(map(str, frame[column].dropna().unique()[:10]))
        raise ColumnError(
            f"没有“{column}”等于“{value}”的行;该列的值有:{found}",
            f"no row has {column!r} = {value!r}; the column holds: {found}",
        )
    return kept


def _need(frame: pd.DataFrame, column: str, path: Path) -> None:
    if column not in frame.columns:
        have = "、".join(str(name) for name in frame.columns if name not in ("geometry", "_row"))
        raise ColumnError(
            f"“{path.name}”没有“{column}”列;现有列:{have}", f"{path.name!r} has no column {column!r}; it has: {have}"
        )


def _read_barriers(request: FileRequest, crs: Any) -> gpd.GeoDataFrame:
    parts = [_barrier_part(path, request) for path in request.barriers]
    parts = [part for part in parts if len(part)]
    if not parts:
        return gpd.GeoDataFrame({"kind": []}, geometry=[], crs=crs)
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=WGS84).to_crs(crs)


def _barrier_part(path: Path, request: FileRequest) -> gpd.GeoDataFrame:
    frame = read_frame(path, datum=request.datum, encoding=request.encoding, prefer_geometry="line").frame
    frame = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    areas = frame.geom_type.isin(["Polygon", "MultiPolygon"])
    geometry = frame.geometry.where(~areas, frame.boundary)
    kind = pd.Series(request.barrier_kind, index=frame.index)
    if "water" in str(path).casefold():
        kind[:] = "river"
    kinds = dictionary("barrier_kinds")
    for column in reversed([name for name in KIND_COLUMNS if name in frame.columns]):
        found = frame[column].map(lambda value: kinds.find(str(value)), na_action="ignore")
        kind = kind.mask(found.notna(), found.map(lambda entry: entry.code, na_action="ignore"))
    lines = geometry.geom_type.isin(["LineString", "MultiLineString"])
    return gpd.GeoDataFrame({"kind": kind[lines]}, geometry=shapely.force_2d(geometry[lines].to_numpy()), crs=WGS84)


def _communities(request: FileRequest, rows: _Rows, barriers: gpd.GeoDataFrame) -> list[Community]:
    rows.frame = rows.frame.set_index(rows.frame["_row"].astype(str), drop=False)
    if request.parent is None:
        rows.frame["_community"] = NO_PARENT
        return [_community(NO_PARENT, _hull(rows.frame), rows.frame, barriers, None)]
    if request.parent in rows.frame.columns:
        return _by_column(rows, request.parent, barriers)
    path = Path(request.parent)
    if not Path(str(path).partition("#")[0]).exists():
        raise ColumnError(
            f"“{request.parent}”既不是“{request.path.name}”的列,也不是文件",
            f"{request.parent!r} is neither a column of {request.path.name!r} nor a file",
        )
    return _by_polygons(request, path, rows, barriers)


def _by_column(rows: _Rows, column: str, barriers: gpd.GeoDataFrame) -> list[Community]:
    blank = rows.frame[column].isna()
    rows.reject(blank, f"“{column}”为空", f"{column!r} is blank")
    frame = rows.frame
    frame["_community"] = frame[column].astype(str)
    tiles = tessellate(frame.geometry, _hull(frame), barriers)
    return [
        _community(name, shapely.coverage_union_all(tiles[part.index].to_numpy()), part, barriers, tiles[part.index])
        for name, part in frame.groupby("_community", sort=True)
    ]


def _by_polygons(request: FileRequest, path: Path, rows: _Rows, barriers: gpd.GeoDataFrame) -> list[Community]:
    parents = read_frame(path, datum=request.datum, encoding=request.encoding, prefer_geometry="area").frame
    parents = parents[parents.geom_type.isin(["Polygon", "MultiPolygon"])].to_crs(rows.frame.crs)
    if parents.empty:
        raise GeometryError(f"“{path.name}”中没有面", f"{path.name!r} holds no polygon")
    parents = _named(parents, request.parent_column, path)
    parents.geometry, overlaps = settle_overlaps(parents.geometry)
    rows.notes.extend(
        f"{parents['name'][o.first]} 与 {parents['name'][o.second]} 重叠 {o.area_m2:,.0f} m²,归前者 "
        f"overlap given to the first"
        for o in overlaps
    )
    parents = parents[~parents.is_empty]
    points = gpd.GeoDataFrame(geometry=rows.frame.representative_point(), crs=rows.frame.crs)
    joined = points.sjoin(parents[["name", "geometry"]], predicate="intersects")
    joined = joined[~joined.index.duplicated()]
    rows.frame["_community"] = joined["name"].reindex(rows.frame.index)
    rows.reject(rows.frame["_community"].isna(), "不在任何上级区划内", "lies in no parent division")
    shapes = parents.set_index("name").geometry
    return [
        _community(str(name), shapes[name], part, barriers, None)
        for name, part in rows.frame.groupby("_community", sort=True)
    ]


def _named(parents: gpd.GeoDataFrame, column: str | None, path: Path) -> gpd.GeoDataFrame:
    parents = parents.assign(geometry=shapely.make_valid(shapely.force_2d(parents.geometry.to_numpy())))
    if column is not None:
        _need(parents, column, path)
        return parents.assign(name=parents[column].astype(str)).dissolve("name").reset_index()
    guessed = guess_columns(parents, COMMUNITY).columns
    for heading in (guessed[name] for name in ("code", "name") if name in guessed):
        if parents[heading].notna().all() and parents[heading].is_unique:
            return parents.assign(name=parents[heading].astype(str)).reset_index(drop=True)
    return parents.assign(name=[str(i + 1) for i in range(len(parents))]).reset_index(drop=True)


def _community(
    name: str,
    boundary: shapely.Geometry,
    part: gpd.GeoDataFrame,
    barriers: gpd.GeoDataFrame,
    tiles: gpd.GeoSeries | None,
) -> Community:
    buildings = gpd.GeoDataFrame(
        {"households": part["_households"], "compound": None}, geometry=part.geometry, crs=part.crs, index=part.index
    )
    near = barriers.iloc[barriers.sindex.query(boundary, predicate="intersects")] if len(barriers) else barriers
    stairwells = gpd.GeoDataFrame({"building": [], "stairwell": [], "households": []}, geometry=[], crs=part.crs)
    return Community(name, boundary, buildings, stairwells, near, tiles)


def _hull(frame: gpd.GeoDataFrame) -> shapely.Geometry:
    return frame.union_all().convex_hull.buffer(HULL_MARGIN_M, join_style="mitre")


def _layers(
    frame: gpd.GeoDataFrame, communities: list[Community], drafts: list[CommunityDraft], barriers: gpd.GeoDataFrame
) -> dict[str, gpd.GeoDataFrame]:
    grids: list[gpd.GeoDataFrame] = []
    codes: dict[str, str] = {}
    for draft in drafts:
        part = draft.grids.copy()
        part.insert(0, "code", [grid_code(draft.code, int(number) + 1) for number in part.index])
        part.insert(1, "community", draft.code)
        grids.append(part)
        by_number = part["code"].to_dict()
        codes |= dict(zip(draft.assignment["building"], draft.assignment["grid"].map(by_number), strict=True))
    atoms = frame.drop(columns=["_row", "_community", "_households", "grid_code"], errors="ignore")
    atoms = atoms.assign(grid_code=pd.Series(codes).reindex(frame.index), households=frame["_households"])
    layers = {
        "grids": gpd.GeoDataFrame(pd.concat(grids, ignore_index=True), crs=frame.crs),
        "atoms": atoms.reset_index(drop=True),
        "communities": gpd.GeoDataFrame(
            {"name": [c.code for c in communities]}, geometry=[c.boundary for c in communities], crs=frame.crs
        ),
    }
    if len(barriers):
        layers["barriers"] = barriers
    return layers
