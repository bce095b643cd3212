"""``wangge publish``: counts of a street's communities that anyone may see, as a table."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from api.commands.store import open_store, write_whole
from geo.errors import FileFormatError
from geo.services.publishing import as_csv, published_street

console = Console()


def publish_command(
    street: Annotated[str, typer.Argument(help="街道编码或名称 Street, by code or name")],
    out: Annotated[Path, typer.Option(help="输出文件 .csv File to write")],
) -> None:
    """按社区汇总可公开的数据,小于 10 的数不公开。 Counts per community for publication; small ones left out."""
    if out.suffix.casefold() != ".csv":
        raise FileFormatError(
            f"公开数据写成 .csv,不能写“{out.suffix}”", f"what is published is written as .csv, not {out.suffix!r}"
        )
    with open_store() as session:
        published = published_street(session, street)
    write_whole(out, as_csv(published))
    console.print(Text(f"已写出 Wrote {out}({published.name},{len(published.communities)} 个社区 communities)"))
