"""Use case: draft grids from files alone, with no database."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import WGS84, metric_crs_of
from geo.errors import ColumnError, FileFormatError, GeometryError, InputError
from geo.exchange.columns import guess_columns
from geo.exchange.reading import read_frame
from geo.exchange.writing import write_frames
from geo.regionalization.choices import distinct, trade_offs
from geo.regionalization.communities import Bounds, Community
from geo.regionalization.continuity import COLUMNS, by_place
from geo.regionalization.drafting import CommunityDraft, DraftSettings
from geo.regionalization.execution import Progress, draft_communities
from geo.regionalization.reporting import grid_code, report
from geo.regionalization.unmet import unmet
from geo.services.alternatives import draft_choices
from geo.services.wishes import Wishes, parameters_of, settings_of
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


@dataclass(frozen=True)
class FileAlternatives:
    """Several drafts from files, by the code of their style, and the table that weighs them (``choices.trade_offs``).

    A style that comes twice, with different seeds, has its seed behind it: ``balanced-1``.
    """

    plans: dict[str, FilePlan]
    table: dict[str, Any]


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


@dataclass(frozen=True)
class FileArea:
    """What was read: the rows, the barriers, and the communities made of them, in metres."""

    rows: _Rows
    barriers: gpd.GeoDataFrame
    communities: list[Community]


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
    area = read_area(request)
    settings = settings_for(request, area)
    drafts = draft_communities(
        area.communities, settings, workers=request.workers, scheduler=request.scheduler, progress=progress
    )
    return file_plan(request, area, drafts, settings, request.wishes, time.perf_counter() - started)


def plan_file_alternatives(
    request: FileRequest, styles: Sequence[str] | None = None, *, progress: Progress | None = None
) -> FileAlternatives:
    """Draft several plans that differ for the buildings of a file.

    Parameters
    ----------
    styles
        Codes or names of styles; None for all that make sense. The style of the wishes comes first.

    Raises
    ------
    InputError
        A file, column, datum, bound, style or lock is not usable; nothing was written.
    """
    area = read_area(request)
    choices = draft_choices(
        area.communities,
        settings_for(request, area),
        request.wishes.style,
        styles,
        workers=request.workers,
        scheduler=request.scheduler,
        progress=progress,
    )
    kept, left_out = distinct(choices)
    table = trade_offs(kept, left_out)
    found: dict[str, FilePlan] = {}
    for choice in kept:
        code = choice.style.code
        name = code if code not in found else f"{code}-{choice.settings.seed}"
        wishes = replace(request.wishes, style=code)
        found[name] = file_plan(request, area, choice.drafts, choice.settings, wishes, choice.seconds)
        found[name].report["alternatives"] = table
    return FileAlternatives(found, table)


def read_area(request: FileRequest) -> FileArea:
    """Read what the files of a request bring to a draft.

    Raises
    ------
    InputError
        A file, column, datum or bound is not usable.
    """
    Bounds(request.lower, request.upper)
    rows = _read_rows(request)
    crs = metric_crs_of(rows.frame)
    rows.frame = rows.frame.to_crs(crs)
    barriers = _read_barriers(request, crs)
    previous = _previous(request, rows)
    communities = _communities(request, rows, barriers)
    if not communities:
        raise InputError(
            f"没有可以划分的楼栋:{len(rows.rejected)} 行被拒绝,例如“{rows.rejected[0]['reason_zh']}”",
            f"there is no building to plan with: {len(rows.rejected)} rows rejected, "
            f"such as {rows.rejected[0]['reason_en']!r}",
        )
    return FileArea(rows, barriers, [_with_previous(community, previous) for community in communities])


def settings_for(request: FileRequest, area: FileArea) -> DraftSettings:
    """Turn a request's limits and wishes into the settings of its draft.

    Raises
    ------
    CodeError, InputError
        A wish names what is not there, or two of them contradict each other.
    """
    bounds = Bounds(request.lower, request.upper)
    return settings_of(request.wishes, bounds, request.seed, request.time_limit, area.communities)


def file_plan(
    request: FileRequest,
    area: FileArea,
    drafts: Sequence[CommunityDraft],
    settings: DraftSettings,
    wishes: Wishes,
    seconds: float,
    more: dict[str, Any] | None = None,
) -> FilePlan:
    """Put a plan together from drafts of an area; ``more`` is what the report says besides."""
    summary = report(drafts, settings.bounds, seed=settings.seed, seconds=seconds, quantities=settings.quantities)
    summary |= {
        "households_source": {_source(request): len(area.rows.frame)},
        "source": request.path.name,
        "rejected": area.rows.rejected,
        "notes": area.rows.notes + unmet(drafts, settings),
        "settings": parameters_of(wishes, settings),
        **(more or {}),
    }
    layers = _layers(area.rows.frame, area.communities, drafts, area.barriers)
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
    _take_further(rows, request)
    if rows.frame.empty:
        raise InputError(
            f"“{request.path.name}”没有一行可用({len(rows.rejected)} 行被拒绝)",
            f"{request.path.name!r} has no usable row ({len(rows.rejected)} rejected)",
        )
    return rows


def _take_households(rows: _Rows, column: str) -> None:
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


def _take_further(rows: _Rows, request: FileRequest) -> None:
    """Take the compound of each building and what is to be balanced."""
    frame = rows.frame
    frame["_compound"] = None
    if request.compound:
        _need(frame, request.compound, request.path)
        frame["_compound"] = _words(frame[request.compound])
    for balance in request.wishes.balances:
        _need(frame, balance.name, request.path)
        number, _, wrong = _whole_numbers(frame[balance.name])
        if wrong.any():
            first = int(frame["_row"].to_numpy()[wrong][0])
            raise ColumnError(
                f"“{balance.name}”应为不小于 0 的整数,第 {first} 行不是",
                f"{balance.name!r} must hold whole numbers, 0 or more; row {first} does not",
            )
        frame[f"_count {balance.name}"] = number


def _words(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Read names; None where there is none."""
    text = column.astype("string").str.strip()
    return text.astype(object).where(text.notna() & (text != ""), None)


def _previous(request: FileRequest, rows: _Rows) -> pd.DataFrame | None:
    """Read which grid in force each building is in."""
    if request.previous is None:
        if request.previous_column is not None:
            raise InputError(
                "--previous-column 只与 --previous-grids 的文件一起使用",
                "--previous-column goes with a file of --previous-grids only",
            )
        return None
    frame = rows.frame.set_index(rows.frame["_row"].astype(str)).assign(households=rows.frame["_households"].to_numpy())
    if request.previous in frame.columns:
        grid = _words(frame[request.previous])
        found = pd.DataFrame({"building": frame.index, "grid": grid.to_numpy(), "households": frame["households"]})
        return found[found["grid"].notna()].reindex(columns=COLUMNS)
    path = Path(request.previous)
    if not Path(str(path).partition("#")[0]).exists():
        raise ColumnError(
            f"“{request.previous}”既不是“{request.path.name}”的列,也不是文件",
            f"{request.previous!r} is neither a column of {request.path.name!r} nor a file",
        )
    return by_place(frame, read_old_grids(path, request.previous_column, request, frame.crs))


def read_old_grids(path: Path, column: str | None, request: FileRequest, crs: Any) -> gpd.GeoDataFrame:
    """Read a file of old grids: ``code`` and polygons, in ``crs``.

    Parameters
    ----------
    column
        The column that names them; None for one of codes or names where one can be guessed, else their numbers.

    Raises
    ------
    InputError
        The file, its datum or the column is not usable, or it holds no polygon.
    """
    named = _named(_areas(path, request).to_crs(crs), column, path).rename(columns={"name": "code"})
    return gpd.GeoDataFrame(named[["code", "geometry"]], crs=crs)


def _with_previous(community: Community, previous: pd.DataFrame | None) -> Community:
    if previous is None:
        return community
    own = previous[previous["building"].isin(community.buildings.index)].reset_index(drop=True)
    return community if own.empty else replace(community, previous=own)


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
    parents = _areas(path, request).to_crs(rows.frame.crs)
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


def _areas(path: Path, request: FileRequest) -> gpd.GeoDataFrame:
    areas = read_frame(path, datum=request.datum, encoding=request.encoding, prefer_geometry="area").frame
    areas = areas[areas.geom_type.isin(["Polygon", "MultiPolygon"])]
    if areas.empty:
        raise GeometryError(f"“{path.name}”中没有面", f"{path.name!r} holds no polygon")
    return areas


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
    counts = {name.removeprefix("_count "): part[name] for name in part.columns if name.startswith("_count ")}
    buildings = gpd.GeoDataFrame(
        {"households": part["_households"], "compound": part["_compound"], **counts},
        geometry=part.geometry,
        crs=part.crs,
        index=part.index,
    )
    near = barriers.iloc[barriers.sindex.query(boundary, predicate="intersects")] if len(barriers) else barriers
    stairwells = gpd.GeoDataFrame({"building": [], "stairwell": [], "households": []}, geometry=[], crs=part.crs)
    return Community(name, boundary, buildings, stairwells, near, tiles)


def _hull(frame: gpd.GeoDataFrame) -> shapely.Geometry:
    return frame.union_all().convex_hull.buffer(HULL_MARGIN_M, join_style="mitre")


def _layers(
    frame: gpd.GeoDataFrame,
    communities: list[Community],
    drafts: Sequence[CommunityDraft],
    barriers: gpd.GeoDataFrame,
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
    ours = [name for name in frame.columns if name.startswith(("_count ", "_compound"))]
    atoms = frame.drop(columns=["_row", "_community", "_households", "grid_code", *ours], errors="ignore")
    atoms = atoms.assign(grid_code=pd.Series(codes).reindex(frame.index), households=frame["_households"])
    before = [community.previous for community in communities if community.previous is not None]
    if before:
        grid = pd.concat(before).set_index("building")["grid"].reindex(frame.index).astype(object)
        atoms["previous_grid"] = grid.where(grid.notna(), None)
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
