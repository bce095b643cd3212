"""``wangge households``: the doors of a building; each look is an event, as it is over HTTP."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.commands.store import open_store, who_runs
from geo.services.households import look_at_household_units
from geo.territory.dictionaries import dictionary

console = Console()


def households_command(
    building: Annotated[str, typer.Argument(help="楼栋编码 Code of a building")],
) -> None:
    """查看一栋楼的各户;每次查看都记入审计。 The doors of a building; every look is on record."""
    with open_store() as session:
        units = look_at_household_units(session, building, who=who_runs())
    # Shown after the transaction: without its event nobody sees anything.
    kinds = dictionary("unit_kinds").entries
    table = Table("编码 Code", "单元 Stairwell", "层 Floor", "室号 Room", "类型 Kind", "地址 Address")
    for unit in units:
        kind = kinds[unit.kind].label if unit.kind in kinds else unit.kind
        floor = "" if unit.floor is None else str(unit.floor)
        cells = (unit.code, unit.stairwell_code or "", floor, unit.room, kind, unit.address or "")
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    console.print(Text(f"{len(units)} 户 doors;查看已记入审计 the look is on record"))
