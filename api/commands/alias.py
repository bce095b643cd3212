"""``wangge alias``: what people call places; proposed by those who answer calls, decided on by planners."""

from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.commands.store import open_store, who_runs
from geo.services.address_books import AddressBooks
from geo.services.aliases import AliasRecord, confirm, decide, list_aliases, propose
from geo.services.former_names import former_names
from geo.territory.dictionaries import dictionary
from geo.territory.times import CHINA_TIME

console = Console()
ROWS_SHOWN = 200

alias_app = typer.Typer(
    help="别名:人们对地点的叫法,提议与审定 What people call places: proposed, decided on", no_args_is_help=True
)


class State(StrEnum):
    """Where an alias stands."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ENDED = "ended"


Number = Annotated[int, typer.Argument(metavar="ID", help="别名编号 Number of the alias")]
Version = Annotated[int | None, typer.Option("--version", help="所见版本,已变动则拒绝 Version that was seen")]


@alias_app.command("list")
def list_command(state: Annotated[State | None, typer.Option(help="只列出此状态 Of this state only")] = None) -> None:
    """列出别名,新的在前。 List aliases, the newest first."""
    with open_store() as session:
        found = list_aliases(session, state=state.value if state else None, limit=ROWS_SHOWN)
    states = dictionary("alias_states").entries
    table = Table(box=None, header_style="bold")
    for heading in ("编号 id", "别名 alias", "名称 name", "编码 code", "状态 state", "次数 times", "版本 version"):
        table.add_column(heading)
    for alias in found:
        row = (alias.id, alias.alias, alias.name, f"{alias.noun} {alias.code}", states[alias.state].label)
        table.add_row(*(Text(str(cell)) for cell in (*row, alias.times, alias.version)))
    console.print(table if found else Text("没有别名 No aliases"))


@alias_app.command("propose")
def propose_command(
    alias: Annotated[str, typer.Argument(metavar="NAME", help="叫法:旧名、俗称 What people call it")],
    place: Annotated[str, typer.Option("--place", help="所指地点的编码 Id of the place")],
    accept: Annotated[bool, typer.Option("--accept", help="同时采用 Accept it at once")] = False,
) -> None:
    """提出一个地点的别名,待审定。 Propose a name for a place, for a planner to decide on."""
    with open_store() as session:
        done = propose(session, AddressBooks(), alias, place, accept=accept, who=who_runs())
    console.print(Text(f"{done.id}: {_said(done)}"))


@alias_app.command("confirm")
def confirm_command(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="来电人的说法 The address as it was said")],
    place: Annotated[str, typer.Option("--place", help="所指地点的编码 Id of the place that was meant")],
) -> None:
    """记下所说的是哪里;名册没有的叫法成为待审定的别名。 Record what was meant; new names are proposed."""
    with open_store() as session:
        done = confirm(session, AddressBooks(), text, place, who=who_runs())
    for alias in done.aliases:
        console.print(Text(f"{alias.id}: {alias.alias} → {alias.name}({alias.times})"))
    if not done.aliases:
        console.print(Text("没有新的叫法 No new name in it"))


@alias_app.command("former")
def former_command(
    code: Annotated[str, typer.Argument(metavar="CODE", help="街道、社区、楼栋等的编码 Code of the thing")],
) -> None:
    """列出曾用的名称和地址,旧的在前。 List the names and addresses that a thing had, the oldest first."""
    with open_store() as session:
        found = former_names(session, code, who=who_runs())
    for each in found:
        until = f"{each.until.astimezone(CHINA_TIME):%Y-%m-%d %H:%M}"
        console.print(Text(f"{each.label} {each.field}: {each.old}(至 until {until},{each.who or '-'})"))
    if not found:
        console.print(Text("没有曾用名 No former names"))


@alias_app.command("accept")
def accept_command(number: Number, version: Version = None) -> None:
    """采用一个别名。 Accept an alias."""
    _decide(number, State.ACCEPTED, version)


@alias_app.command("reject")
def reject_command(number: Number, version: Version = None) -> None:
    """不采用一个别名。 Reject an alias."""
    _decide(number, State.REJECTED, version)


@alias_app.command("end")
def end_command(number: Number, version: Version = None) -> None:
    """停用已采用的别名,仍留存在案。 End an alias; it stays on record."""
    _decide(number, State.ENDED, version)


def _decide(number: int, state: State, version: int | None) -> None:
    with open_store() as session:
        done = decide(session, number, state.value, version=version, who=who_runs())
    console.print(Text(_said(done)))


def _said(alias: AliasRecord) -> str:
    return f"{alias.alias} → {alias.name}:{dictionary('alias_states')[alias.state].label}"
