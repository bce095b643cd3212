"""``wangge sample``: the sample town into a file or the store, or a whole city into a folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from api.commands.counting import counting
from api.commands.store import open_store, who_runs
from geo.errors import InputError
from geo.services import sampling
from geo.territory.nouns import NOUNS

if TYPE_CHECKING:
    from geo.storage.layers import UpsertCounts

console = Console()
BAR = "示例 Sample"


def sample_command(
    out: Annotated[Path | None, typer.Option(help="写入文件,如 town.gpkg Write to a file")] = None,
    load: Annotated[bool, typer.Option("--load", help="写入数据库 Load into the store")] = False,
    seed: Annotated[int, typer.Option(min=0, help="随机种子:相同种子得到相同街道 Seed")] = 7,
    scale: Annotated[
        int | None, typer.Option(min=1, help="生成城市,至少这么多楼栋 A city of at least so many buildings")
    ] = None,
    out_dir: Annotated[Path, typer.Option(help="城市的文件夹 Folder of the city")] = Path("out/city"),
    units: Annotated[bool, typer.Option("--units", help="城市也写出每一户 Household units for the city, too")] = False,
    form: Annotated[str, typer.Option("--format", help="城市的文件格式:gpkg 或 parquet Format")] = "gpkg",
) -> None:
    """生成示例街道(虚构),或大至百万楼栋的示例城市。 Make the fictional sample town, or a city of its kind."""
    if sum((out is not None, load, scale is not None)) != 1:
        raise InputError(
            "请在 --out 文件、--load、--scale 楼栋数 中选一个",
            "choose one of --out FILE, --load, --scale BUILDINGS",
        )
    if scale is not None:
        with counting(BAR, console) as progress:
            city = sampling.write_city(out_dir, seed, buildings=scale, units=units, form=form, progress=progress)
        console.print(
            f"{out_dir}: {city.streets:,} 街道 streets, {city.buildings:,} 楼栋 buildings, "
            f"{city.households:,} 户 households"
        )
    elif out is not None:
        with counting(BAR, console) as progress:
            rows = sampling.write_sample(out, seed, progress=progress)
        _show({noun: (count,) for noun, count in rows.items()}, ("行 Rows",))
        console.print(f"已写入 Written: {out}", soft_wrap=True)
    else:
        with open_store() as session:
            load_with_progress(session, seed=seed, who=who_runs())


def load_with_progress(session: Session, *, seed: int, who: str) -> "dict[str, UpsertCounts]":
    """Load the sample town into the store, showing how far it is and what became of its rows."""
    with counting(BAR, console) as progress:
        counts = sampling.load_sample(session, seed, who=who, progress=progress)
    rows = {noun: (count.inserted, count.updated, count.unchanged) for noun, count in counts.items()}
    _show(rows, ("新增 Inserted", "更新 Updated", "未变 Unchanged"))
    return counts


def _show(rows: Mapping[str, tuple[int, ...]], headings: tuple[str, ...]) -> None:
    table = Table(title="示例街道 Sample town")
    table.add_column("图层 Layer")
    for heading in headings:
        table.add_column(heading, justify="right")
    for noun, counts in rows.items():
        table.add_row(f"{NOUNS[noun].zh} {noun}", *(f"{count:,}" for count in counts))
    console.print(table)
