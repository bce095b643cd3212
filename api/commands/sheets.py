"""Sheets that commands write: each with its stamp, and told with how many rows it has."""

from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.text import Text

from api.commands.store import who_runs
from geo.exchange.stamps import stamp_now
from geo.exchange.writing import write_frame


def write_sheet(
    console: Console, table: pd.DataFrame, out: Path, *, layer: str, scope: str = "", unit: str | None = None
) -> None:
    """Write a table to a file and say so; ``unit`` names its rows in both languages, where their number is told."""
    told_written(
        console,
        write_frame(table, out, layer=layer, stamp=stamp_now(who_runs(), scope=scope)),
        "" if unit is None else f"({len(table)} {unit})",
    )


def told_written(console: Console, files: list[Path], more: str = "") -> None:
    """Say which files were written."""
    for written in files:
        console.print(Text(f"已写出 Wrote {written}{more}"), soft_wrap=True)
