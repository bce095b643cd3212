"""Every row of a file against what its noun allows: one bad row is rejected with its reason, never the file."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import WGS84
from geo.errors import ColumnError
from geo.exchange.columns import ColumnMapping
from geo.exchange.geometries import check_geometries
from geo.exchange.reading import FrameRead
from geo.exchange.rejections import Checklist, Problem
from geo.exchange.values import parse_value
from geo.territory.dictionaries import dictionary
from geo.territory.nouns import Column, Noun


def check_rows(
    read: FrameRead,
    noun: Noun,
    mapping: ColumnMapping,
    checklist: Checklist,
    *,
    defaults: Mapping[str, str],
    china_only: bool,
) -> gpd.GeoDataFrame:
    """Turn a file's rows into a noun's.

    Parameters
    ----------
    defaults
        Noun column → what stands there when the file has no value; checked like the file's own.
    china_only
        Reject what lies outside :data:`geo.crs.CHINA_BOUNDS`.

    Returns
    -------
    GeoDataFrame
        The noun's columns plus ``geometry``, EPSG:4326, on the index 0..n-1 of all rows. What could not be read is
        None; ``checklist.good`` says which rows to use. Missing required values are rejected by
        :func:`require_values`, after the caller has filled in what can be found.
    """
    for position, found in read.problems.items():
        checklist.reject(position, found.column, found.value, Problem(found.zh, found.en))
    values = {
        column.name: _column(read.frame, column, mapping.columns.get(column.name), defaults.get(column.name), checklist)
        for column in noun.columns
    }
    geometries = check_geometries(read, noun, checklist, china_only=china_only)
    return gpd.GeoDataFrame(values, geometry=gpd.GeoSeries(geometries, crs=WGS84), crs=WGS84)


def require_values(frame: gpd.GeoDataFrame, noun: Noun, mapping: ColumnMapping, checklist: Checklist) -> None:
    """Reject good rows that lack a required value."""
    for column in noun.columns:
        if not column.required:
            continue
        heading = mapping.columns.get(column.name, column.name)
        for position in np.flatnonzero(checklist.good & frame[column.name].isna().to_numpy()):
            checklist.reject(
                int(position),
                heading,
                "",
                Problem(
                    f"缺少{column.zh}",
                    f"{column.name} is missing",
                    f"填写,或用 --map {column.name}=列名 / --set {column.name}=值 指明",
                    f"fill it in, or state --map {column.name}=HEADING or --set {column.name}=VALUE",
                ),
            )


def reject_duplicates(frame: gpd.GeoDataFrame, mapping: ColumnMapping, checklist: Checklist) -> None:
    """Reject the second and later rows with a code, and note good rows with the same geometry."""
    codes = frame["code"].where(checklist.good)
    first = {code: position for position, code in reversed(list(enumerate(codes))) if isinstance(code, str)}
    for position in np.flatnonzero((codes.notna() & codes.duplicated()).to_numpy()):
        number = checklist.row_number(first[codes.iloc[position]])
        checklist.reject(
            int(position),
            mapping.columns.get("code", "code"),
            str(codes.iloc[position]),
            Problem(
                f"编码与第 {number} 行重复",
                f"the same code as in row {number}",
                "删除重复行,或更正编码",
                "delete the duplicate or correct its code",
            ),
        )
    there = frame.geometry.notna().to_numpy() & checklist.good
    shapes = pd.Series(shapely.to_wkb(shapely.normalize(frame.geometry.to_numpy()[there])))
    same = int(shapes.duplicated().sum())
    if same:
        checklist.note(f"有 {same} 行的几何与其他行完全相同", f"{same} rows have exactly the geometry of another row")


def _column(
    frame: pd.DataFrame, column: Column, heading: str | None, default: str | None, checklist: Checklist
) -> pd.Series:
    """Parse a column, each different cell once."""
    filler = _default(column, default)
    if heading is None:
        return pd.Series([filler] * len(frame), dtype=object)
    parsed: dict[Any, Any] = {}
    values: list[Any] = []
    for position, cell in enumerate(frame[heading].tolist()):
        known = cell if isinstance(cell, (str, int, float)) else str(cell)
        if known not in parsed:
            parsed[known] = parse_value(column, cell)
        value, found = parsed[known]
        if found is not None:
            checklist.reject(position, heading, str(cell), found)
        values.append(filler if value is None else value)
    return pd.Series(values, dtype=object)


def _default(column: Column, default: str | None) -> Any:
    if default is not None:
        value, found = parse_value(column, default)
        if found is not None:
            raise ColumnError(
                f"{column.name} 的默认值“{default}”不可用:{found.zh};{found.fix_zh}",
                f"{default!r} cannot stand for {column.name}: {found.en}; {found.fix_en}",
            )
        return value
    # A kind nobody states is 'other' where the dictionary has that word.
    if column.name == "kind" and column.dictionary and "other" in dictionary(column.dictionary):
        return "other"
    return None
