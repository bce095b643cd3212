"""Figures of the ledger, what they leave out, and hot spots as tables, for spreadsheets and the terminal."""

from collections.abc import Sequence
from datetime import date, datetime

import pandas as pd

from geo.services.describing_cases import NamedCase
from geo.services.figuring import FigureRow, FigureTable, labels_of, registry
from geo.services.hot_spots import Spot
from geo.services.left_out import BuildingLeftOut, GridLeftOut
from geo.territory.times import CHINA_TIME

#: Decimals of degrees in sheets: a tenth of a metre.
DECIMALS = 6
CASE_COLUMNS = ["编号", "流程", "类型", "性质", "状态", "环节", "登记", "期限", "办结", "网格"]
BUILDING_COLUMNS = ["楼栋编码", "楼栋", "社区", "网格", "网格员", "上次入内", "天数", "期内无人应门"]
GRID_COLUMNS = ["网格编码", "网格", "户数", "自", "此前"]
SPOT_COLUMNS = ["件数", "类型", "自", "至", "经度", "纬度", "半径(米)", "偶然"]


def as_sheet(table: FigureTable) -> pd.DataFrame:
    """Return figures as a sheet: a row for each row, the total last, a column for each figure."""
    rows = [*table.rows, table.total] if table.by != "all" else list(table.rows)
    told = [
        {"分行": row_name(row), **{f"{one.zh}({one.unit_zh})": row.values[code] for code, one in registry().items()}}
        for row in rows
    ]
    if table.by != "all":
        told[-1]["分行"] = "合计"
    return pd.DataFrame(told)


def row_name(row: FigureRow) -> str:
    """Return what a row is called, with its code where it has one."""
    return " ".join(part for part in (row.key or "", row.label) if part) or "合计 all"


def cases_sheet(cases: Sequence[NamedCase]) -> pd.DataFrame:
    """Return the cases that a figure counts as a sheet, the newest first; nothing of what was written about them."""
    told = [
        {
            "编号": one.case.number,
            "流程": one.workflow.zh,
            "类型": one.kind.zh,
            "性质": one.nature.zh if one.nature else "",
            "状态": one.state.zh,
            "环节": one.step.zh,
            "登记": local_day(one.case.opened_at),
            "期限": local_day(one.case.due_at),
            "办结": local_day(one.case.closed_at),
            "网格": one.case.grid_code,
        }
        for one in cases
    ]
    return pd.DataFrame(told, columns=CASE_COLUMNS)


def local_day(moment: datetime | None) -> date | None:
    """Return the day of a moment in China, if there is one."""
    return None if moment is None else moment.astimezone(CHINA_TIME).date()


def buildings_sheet(buildings: Sequence[BuildingLeftOut]) -> pd.DataFrame:
    """Return the buildings that coverage leaves out as a sheet, by code: where, whose, and when last seen."""
    told = [
        {
            "楼栋编码": one.code,
            "楼栋": one.name,
            "社区": one.community_code,
            "网格": "、".join(grid.code for grid in one.grids),
            "网格员": "、".join(person for grid in one.grids for person in grid.people or ()),
            "上次入内": one.last_seen,
            "天数": one.days,
            "期内无人应门": one.tried,
        }
        for one in buildings
    ]
    return pd.DataFrame(told, columns=BUILDING_COLUMNS).astype({"天数": "Int64"})


def grids_sheet(grids: Sequence[GridLeftOut]) -> pd.DataFrame:
    """Return the grids that have nobody in charge as a sheet, by code, and since when."""
    told = [
        {
            "网格编码": one.code,
            "网格": one.name,
            "户数": one.households,
            "自": one.since,
            "此前": "有人在岗" if one.had_somebody else "无人在册",
        }
        for one in grids
    ]
    return pd.DataFrame(told, columns=GRID_COLUMNS).astype({"户数": "Int64"})


def spots_sheet(spots: Sequence[Spot], workflow: str | None = None) -> pd.DataFrame:
    """Return hot spots as a sheet, the least likely by chance first: where, when, how many of which kinds."""
    words = labels_of("kind", workflow)
    told = [
        {
            "件数": spot.count,
            "类型": "、".join(f"{words.get(kind, kind)} {count}" for kind, count in spot.kinds.items()),
            "自": spot.first,
            "至": spot.last,
            "经度": round(spot.lon, DECIMALS),
            "纬度": round(spot.lat, DECIMALS),
            "半径(米)": round(spot.radius_m, 1),
            "偶然": round(spot.chance, 4),
        }
        for spot in spots
    ]
    return pd.DataFrame(told, columns=SPOT_COLUMNS)
