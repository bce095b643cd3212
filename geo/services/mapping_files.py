"""Use case: gather what a map shows out of a planned file, without any database."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd

from geo.errors import ColumnError, FileFormatError
from geo.exchange.reading import read_frame
from geo.territory.dictionaries import dictionary
from geo.territory.map_content import MapContent
from geo.territory.nouns import BUILDING

#: Names under which the report of a plan lies beside the file.
_REPORTS = ("{stem}.report.json", "report.json")


def content_from_file(
    path: Path,
    *,
    report: Path | None = None,
    title: str | None = None,
    lower: int | None = None,
    upper: int | None = None,
) -> MapContent:
    """Gather the map of a plan made from a file.

    Parameters
    ----------
    path
        GeoPackage with the layers ``grids`` and ``atoms``, and perhaps ``communities`` and ``barriers``.
    report
        The plan's report; the one beside the file when None, if there is one. It knows the bounds and whether
        households were estimated.
    lower, upper
        Bounds of households per grid; they overrule the report's.

    Raises
    ------
    FileFormatError
        The file is no GeoPackage of a plan, or the report is no report.
    """
    told = report_of(path, report)
    grids = _layer(path, "grids")
    atoms = _layer(path, "atoms")
    communities = _optional_layer(path, "communities")
    return MapContent(
        title=title or f"{path.stem} 网格图",
        subtitle=str(told.get("source", path.name)),
        plan_name=path.stem,
        plan_date=date.fromtimestamp(path.stat().st_mtime),
        lower=lower if lower is not None else told.get("lower"),
        upper=upper if upper is not None else told.get("upper"),
        grids=_as_grids(grids),
        cells=_optional_layer(path, "cells"),
        communities=_as_communities(communities),
        buildings=_as_buildings(atoms, told),
        barriers=_optional_layer(path, "barriers"),
    )


def _layer(path: Path, name: str) -> gpd.GeoDataFrame:
    return read_frame(path, layer=name, datum="wgs84").frame


def _optional_layer(path: Path, name: str) -> gpd.GeoDataFrame | None:
    try:
        frame = _layer(path, name)
    except FileFormatError:
        return None  # the layers needed were read from this file before: only this one is not there
    return frame if len(frame) else None


def report_of(path: Path, stated: Path | None = None) -> dict[str, Any]:
    """Return the report of a planned file, {} where there is none.

    Raises
    ------
    FileFormatError
        It is no report of a plan.
    """
    beside = [path.with_name(name.format(stem=path.stem)) for name in _REPORTS]
    found = stated or next((name for name in beside if name.is_file()), None)
    if found is None:
        return {}
    try:
        told = json.loads(found.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FileFormatError(f"读不懂报告 {found}:{error}", f"cannot read the report {found}: {error}") from error
    if not isinstance(told, dict):
        raise FileFormatError(f"{found} 不是方案报告", f"{found} is no report of a plan")
    if stated is None and told.get("grids") is None:
        return {}
    return told


def _as_grids(grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    renamed = {"community": "community_code", "reason_zh": "reason"}
    names = {old: new for old, new in renamed.items() if old in grids.columns and new not in grids.columns}
    grids = grids.rename(columns=names)
    missing = [name for name in ("code", "households") if name not in grids.columns]
    if missing:
        raise ColumnError(
            f"图层 grids 缺少列 {'、'.join(missing)};请使用 wangge plan 的结果文件",
            f"layer grids lacks {', '.join(missing)}; give the file that wangge plan wrote",
        )
    return grids


def _as_communities(frame: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """Parents as communities; a file planned as one whole has none worth drawing."""
    if frame is None or len(frame) == 1:
        return None
    name = "name" if "name" in frame.columns else "code"
    return frame.assign(name=frame[name], code=frame[name] if "code" not in frame.columns else frame["code"])


#: Columns of a building that a file may bring under other names.
_DESCRIBING = ("code", "name", "address", "floors")


def _as_buildings(atoms: gpd.GeoDataFrame, told: dict[str, Any]) -> gpd.GeoDataFrame:
    """Rename the file's own columns to those of a building, as far as they are recognised."""
    headings = {str(column).lower(): column for column in atoms.columns}
    buildings = atoms[["households", "grid_code", "geometry"]].copy()
    for name in _DESCRIBING:
        known = (name, *BUILDING.column(name).aliases)
        heading = next((headings[alias] for alias in known if alias in headings), None)
        if heading is not None:
            buildings[name] = atoms[heading]
    if "kind" in atoms.columns:
        known_kinds = dictionary("building_kinds").entries
        buildings["kind"] = atoms["kind"].where(atoms["kind"].isin(list(known_kinds)))
    source = _source(atoms, told)
    if source is not None:
        buildings["households_source"] = source
    return buildings


def _source(atoms: gpd.GeoDataFrame, told: dict[str, Any]) -> Any:
    if "households_source" in atoms.columns:
        return atoms["households_source"]
    counted = told.get("households_source")
    if isinstance(counted, dict) and len(counted) == 1:
        return next(iter(counted))
    return None
