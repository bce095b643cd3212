"""Figures of the ledger as a table, for spreadsheets and the terminal."""

import pandas as pd

from geo.services.figuring import FigureRow, FigureTable, registry


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
