"""Use case: gather several planned files of one area beside each other, without any database."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import ColumnError, FileFormatError, InputError
from geo.exchange.reading import read_frame
from geo.services.comparing import MOST_PLANS, REPORTED, located
from geo.services.mapping_files import content_from_file, report_of
from geo.territory.map_content import ComparisonContent, MapContent, PlanSide

#: Decimals of a degree, about a metre: buildings of two files at one place are the same building.
SAME_PLACE_DECIMALS = 5
#: Headings under which a file of old grids names them.
NAMES = ("code", "编码", "网格编码", "name", "名称", "网格名称")


def comparison_from_files(
    paths: Sequence[Path], *, title: str | None = None, lower: int | None = None, upper: int | None = None
) -> ComparisonContent:
    """Gather files that ``wangge plan`` wrote, the first as the one the others are held against.

    A file of polygons alone, such as old grids, is taken too: buildings belong to the polygon they stand in.

    Parameters
    ----------
    lower, upper
        Bounds of households per grid; they overrule the reports'.

    Raises
    ------
    InputError
        There are not two to eight files, or none of them is a plan.
    FileFormatError, ColumnError
        A file cannot be read or holds no grids.
    """
    if not 2 <= len(paths) <= MOST_PLANS:
        raise InputError(
            f"比较需要 2 至 {MOST_PLANS} 个方案,得到 {len(paths)} 个",
            f"a comparison takes 2 to {MOST_PLANS} plans, got {len(paths)}",
        )
    contents = [_planned(path, lower, upper) for path in paths]
    planned = [content for content in contents if content is not None]
    if not planned:
        raise InputError("这些文件中没有划分结果(wangge plan)", "none of the files was written by wangge plan")
    keys = _keys(planned)
    buildings = _all_buildings(planned, keys)
    sides, waiting = [], iter(zip(planned, keys, strict=True))
    for path, content in zip(paths, contents, strict=True):
        if content is None:
            sides.append(_polygons_alone(path, buildings))
        else:
            sides.append(_side(path, *next(waiting)))
    ground = replace(
        planned[0],
        title=title or "方案比较",
        subtitle=" · ".join(path.name for path in paths),
        plan_name="",
        plan_date=None,
        lower=None,
        upper=None,
        grids=None,
        buildings=buildings.drop(columns="grid_code"),
    )
    return ComparisonContent(ground=ground, plans=tuple(sides))


def _planned(path: Path, lower: int | None, upper: int | None) -> MapContent | None:
    """The file as a plan; None for a file of other layers."""
    try:
        read_frame(path, layer="atoms", datum="wgs84")
    except FileFormatError:
        return None
    return content_from_file(path, lower=lower, upper=upper)


def _keys(contents: Sequence[MapContent]) -> list[pd.Series]:
    """What names each building in all files: its code where every file has them, else its place."""
    frames = [content.buildings for content in contents]
    if all(frame is not None and "code" in frame and frame["code"].notna().all() for frame in frames):
        coded = [frame["code"].astype(str) for frame in frames if frame is not None]
        if all(each.is_unique for each in coded):
            return coded
    return [_places(frame) for frame in frames if frame is not None]


def _places(frame: gpd.GeoDataFrame) -> pd.Series:
    xy = np.round(shapely.get_coordinates(shapely.centroid(frame.geometry.to_numpy())), SAME_PLACE_DECIMALS)
    place = pd.Series([f"{x:.5f},{y:.5f}" for x, y in xy], index=frame.index)
    # Several registers' rows at one place keep their order.
    return place + "#" + place.groupby(place).cumcount().astype(str)


def _all_buildings(contents: Sequence[MapContent], keys: Sequence[pd.Series]) -> gpd.GeoDataFrame:
    frames = [content.buildings.assign(key=key) for content, key in zip(contents, keys, strict=True)]  # type: ignore[union-attr]
    every = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=frames[0].crs)
    return every[~every["key"].duplicated()].reset_index(drop=True)


def _side(path: Path, content: MapContent, keys: pd.Series) -> PlanSide:
    assert content.buildings is not None
    assert content.grids is not None
    report = report_of(path)
    households = pd.to_numeric(content.buildings["households"], errors="coerce").fillna(0).astype("int64")
    grid = content.buildings["grid_code"]
    return PlanSide(
        name=path.stem,
        note="" if content.plan_date is None else content.plan_date.isoformat(),
        grids=content.grids,
        assignment=pd.DataFrame(
            {
                "building": keys.to_numpy(),
                "grid": grid.astype(object).where(grid.notna(), None).to_numpy(),
                "households": households.to_numpy(),
            }
        ),
        lower=content.lower,
        upper=content.upper,
        measured={name: float(report[name]) for name in REPORTED if isinstance(report.get(name), int | float)},
    )


def _polygons_alone(path: Path, buildings: gpd.GeoDataFrame) -> PlanSide:
    frame = read_frame(path, datum="wgs84", prefer_geometry="area").frame
    frame = frame[frame.geom_type.isin(["Polygon", "MultiPolygon"])].reset_index(drop=True)
    if frame.empty:
        raise FileFormatError(f"“{path.name}”中没有面", f"{path.name!r} holds no polygon")
    heading = next((name for name in NAMES if name in frame.columns and frame[name].is_unique), None)
    if heading is None:
        raise ColumnError(
            f"“{path.name}”没有能区分网格的编码或名称列({'、'.join(NAMES)})",
            f"{path.name!r} has no column of codes or names that tells its grids apart ({', '.join(NAMES)})",
        )
    grids = frame[["geometry"]].assign(code=frame[heading].astype(str))
    grids, assignment = located(buildings, grids)
    return PlanSide(name=path.stem, grids=grids, assignment=assignment)
