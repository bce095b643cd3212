"""What a map shows, as plain frames: what use cases gather and what pages and sheets draw."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date

import geopandas as gpd
import pandas as pd

from geo.crs import WGS84
from geo.errors import ColumnError, DatumError
from geo.territory.ledger_content import LedgerContent

#: Columns without which a frame cannot be drawn. Everything else is drawn when it is there.
NEEDED = {
    "grids": ("code", "households"),
    "cells": ("code", "households"),
    "communities": ("code", "name"),
    "compounds": ("name",),
    "buildings": ("households",),
    "barriers": ("kind",),
    "city_elements": ("kind",),
}


@dataclass(frozen=True, kw_only=True)
class MapContent:
    """Everything a map may show. Frames are in EPSG:4326 (lon, lat); absent ones are None.

    Personal data has no place here: there is no field for household units, people or telephones, and of each frame
    only the columns that maps name are read.

    Attributes
    ----------
    plan_state
        A code of ``plan_states``, or "".
    lower, upper
        Bounds of households per grid the plan was made for, both included; None when not known.
    grids
        ``code``, ``households``; optional ``name``, ``community_code``, ``reason`` (why out of range) and
        ``reason_en``, ``contiguous``.
    cells
        Linked-household cells of the grids: ``code``, ``households``; optional ``grid_code``, ``in_range``, ``reason``.
    buildings
        ``households``; optional ``code, name, address, kind, floors, households_source, grid_code``, and
        ``keeps_out_of_range``: code of the grid that is out of range because of the building. Points or areas.
    stairwells
        ``building_code, name, floors, households``; ``grid_code`` where the plan divides the building by stairwells.
        Geometry is not read.
    old_grids
        Department's name to its grids: ``code``, optional ``name``, ``households``.
    ledger
        Hazards, what was looked at, hot spots; None leaves them out of the page.
    """

    title: str
    subtitle: str = ""
    plan_name: str = ""
    plan_state: str = ""
    plan_date: date | None = None
    lower: int | None = None
    upper: int | None = None
    grids: gpd.GeoDataFrame | None = None
    cells: gpd.GeoDataFrame | None = None
    communities: gpd.GeoDataFrame | None = None
    compounds: gpd.GeoDataFrame | None = None
    buildings: gpd.GeoDataFrame | None = None
    stairwells: pd.DataFrame | None = None
    barriers: gpd.GeoDataFrame | None = None
    city_elements: gpd.GeoDataFrame | None = None
    old_grids: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    ledger: LedgerContent | None = None

    def __post_init__(self) -> None:
        for name, frame in self.frames().items():
            _check(name, frame)

    def frames(self) -> dict[str, gpd.GeoDataFrame]:
        """Return the frames that are there and hold something, by name; old grids as ``old_grids:department``."""
        present = {each.name: getattr(self, each.name) for each in fields(self)}
        frames = {name: frame for name, frame in present.items() if isinstance(frame, gpd.GeoDataFrame)}
        frames.pop("stairwells", None)
        frames.update({f"old_grids:{department}": frame for department, frame in self.old_grids.items()})
        return {name: frame for name, frame in frames.items() if len(frame)}


def _check(name: str, frame: gpd.GeoDataFrame) -> None:
    if frame.crs is None or not frame.crs.equals(WGS84, ignore_axis_order=True):
        raise DatumError(
            f"地图图层 {name} 的坐标系是 {frame.crs},只接受 EPSG:4326;请先用 to_crs 转换",
            f"map layer {name} is in {frame.crs}; only EPSG:4326 is taken: convert it with to_crs first",
        )
    missing = [column for column in NEEDED.get(name, ("code",)) if column not in frame.columns]
    if missing:
        raise ColumnError(
            f"地图图层 {name} 缺少列:{'、'.join(missing)}",
            f"map layer {name} lacks columns: {', '.join(missing)}",
        )


@dataclass(frozen=True, kw_only=True)
class PlanSide:
    """One plan of a comparison.

    Attributes
    ----------
    name
        What tells it from the others.
    note
        A line about it: its state, its day.
    grids
        As in :class:`MapContent`.
    assignment
        ``building`` (key of :attr:`ComparisonContent.buildings`), ``grid`` (code), ``households``; where buildings are
        divided ``stairwell``, ``floor_from``, ``floor_to``.
    measured
        Figures that the plan's report knows beside those that its grids show, by the names of the report.
    """

    name: str
    note: str = ""
    grids: gpd.GeoDataFrame
    assignment: pd.DataFrame
    lower: int | None = None
    upper: int | None = None
    measured: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check("grids", self.grids)


@dataclass(frozen=True, kw_only=True)
class ComparisonContent:
    """Several plans of one area and the ground they share. Frames are in EPSG:4326 (lon, lat).

    Attributes
    ----------
    ground
        Everything but the grids, which belong to the plans. Its buildings have a column ``key``, by which assignments
        name them.
    plans
        Two or more; the first is what the others are held against.
    """

    ground: MapContent
    plans: tuple[PlanSide, ...]

    @property
    def buildings(self) -> gpd.GeoDataFrame:
        """The buildings with their keys; empty where the ground has none."""
        frame = self.ground.buildings
        if frame is None:
            return gpd.GeoDataFrame({"key": [], "households": []}, geometry=[], crs=WGS84)
        return frame
