"""``wangge locks``: what planners locked of a draft, and whose locks they are."""

from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from api.commands.store import open_store, who_runs
from geo.services.locking import change_locks, read_locks
from geo.territory.times import CHINA_TIME

console = Console()


def locks_command(
    plan: Annotated[int, typer.Argument(help="方案草案编号,见 wangge plans Id of a draft plan")],
    lock: Annotated[
        list[str] | None,
        typer.Option(help="锁定网格或小区,可重复 Code of a grid or compound to lock, repeatable"),
    ] = None,
    lift: Annotated[
        list[str] | None,
        typer.Option(help="解锁网格或小区,不论由谁锁定,可重复 Code to lift the lock of, whoever's it is, repeatable"),
    ] = None,
) -> None:
    """锁定的网格、小区及由谁锁定;锁定、解锁。 What is locked of a draft and by whom; lock and lift."""
    with open_store() as session:
        if lock or lift:
            found = change_locks(session, plan, lock=lock or (), lift=lift or (), who=who_runs())
        else:
            found = read_locks(session, plan)
    for one in found:
        line = f"{one.code}  {one.at.astimezone(CHINA_TIME):%Y-%m-%d %H:%M}  {one.who}"
        console.print(Text(line), soft_wrap=True)
    if not found:
        console.print("没有锁定 Nothing is locked")
