"""What files bring to a draft: communities with their buildings, the barriers between them, the grids in force."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geo.crs import WGS84, metric_crs_of
from geo.errors import ColumnError, GeometryError, InputError
from geo.exchange.columns import guess_columns
from geo.exchange.reading import read_frame
from geo.regionalization.communities import Bounds, Community
from geo.regionalization.continuity import COLUMNS, by_place
from geo.regionalization.floors import households_by_floor
from geo.services.file_rows import MOST_FLOORS, FileRequest, FileRows, need_column, read_rows, words
from geo.territory.dictionaries import dictionary
from geo.territory.nouns import COMMUNITY
from geo.territory.overlaps import settle_overlaps
from geo.territory.tessellation import tessellate

#: Without a parent the grids tile the convex hull of the buildings, this much wider, in metres.
HULL_MARGIN_M = 20.0
NO_PARENT = "all"
#: Headings under which files of lines say what they are.
KIND_COLUMNS = ("kind", "类型", "类别", "kind_detail", "highway", "railway", "waterway", "fclass", "type")


@dataclass(frozen=True)
class FileArea:
    """What was read: the rows, the barriers, and the communities made of them, in metres."""

    rows: FileRows
    barriers: gpd.GeoDataFrame
    communities: list[Community]


def read_area(request: FileRequest) -> FileArea:
    """Read what the files of a request bring to a draft.

    Raises
    ------
    InputError
        A file, column, datum or bound is not usable.
    """
    Bounds(request.lower, request.upper)
    rows = read_rows(request)
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


def _previous(request: FileRequest, rows: FileRows) -> pd.DataFrame | None:
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
        grid = words(frame[request.previous])
        found = pd.DataFrame({"building": frame.index, "grid": grid.to_numpy(), "households": frame["households"]})
        return found[found["grid"].notna()].reindex(columns=COLUMNS)
    path = Path(request.previous)
    if not Path(str(path).partition("#")[0]).exists():
        raise ColumnError(
            f"“{request.previous}”既不是“{request.path.name}”的列,也不是文件",
            f"{request.previous!r} is neither a column of {request.path.name!r} nor a file",
        )
    return by_place(frame, read_old_grids(path, request.previous_column, request, frame.crs))


def _with_previous(community: Community, previous: pd.DataFrame | None) -> Community:
    if previous is None:
        return community
    own = previous[previous["building"].isin(community.buildings.index)].reset_index(drop=True)
    return community if own.empty else replace(community, previous=own)


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


def _communities(request: FileRequest, rows: FileRows, barriers: gpd.GeoDataFrame) -> list[Community]:
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


def _by_column(rows: FileRows, column: str, barriers: gpd.GeoDataFrame) -> list[Community]:
    blank = rows.frame[column].isna()
    rows.reject(blank, f"“{column}”为空", f"{column!r} is blank")
    frame = rows.frame
    frame["_community"] = frame[column].astype(str)
    tiles = tessellate(frame.geometry, _hull(frame), barriers)
    return [
        _community(name, shapely.coverage_union_all(tiles[part.index].to_numpy()), part, barriers, tiles[part.index])
        for name, part in frame.groupby("_community", sort=True)
    ]


def _by_polygons(request: FileRequest, path: Path, rows: FileRows, barriers: gpd.GeoDataFrame) -> list[Community]:
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
        need_column(parents, column, path)
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
    nothing: dict[str, list[Any]] = {"building": [], "stairwell": [], "households": [], "floors": []}
    stairwells = gpd.GeoDataFrame(nothing, geometry=[], crs=part.crs)
    return Community(name, boundary, buildings, stairwells, near, tiles, floors=_households_by_floor(part, stairwells))


def _households_by_floor(part: gpd.GeoDataFrame, stairwells: gpd.GeoDataFrame) -> pd.DataFrame:
    """Share the households of each building out over its floors, where those are known; a file knows no doors."""
    known = part["_floors"].where(part["_floors"].between(1, MOST_FLOORS)).round()
    doors = pd.DataFrame({"building": [], "stairwell": [], "floor": [], "households": []})
    return households_by_floor(
        doors, pd.DataFrame({"households": part["_households"], "floors": known}, part.index), stairwells
    )


def _hull(frame: gpd.GeoDataFrame) -> shapely.Geometry:
    return frame.union_all().convex_hull.buffer(HULL_MARGIN_M, join_style="mitre")
