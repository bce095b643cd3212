"""Figures of the ledger and hot spots as tables, for spreadsheets and the terminal."""

from collections.abc import Sequence

import pandas as pd

from geo.services.figuring import FigureRow, FigureTable, labels_of, registry
from geo.services.hot_spots import Spot

#: Decimals of degrees in sheets: a tenth of a metre.
DECIMALS = 6
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
