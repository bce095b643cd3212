"""``wangge audit``: verify, search and export the trail of events."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.commands.store import open_store, who_runs
from geo.services.auditing import EventFilter, export_trail, moment, search_trail, verify_trail
from geo.territory.times import CHINA_TIME

console = Console()
EXIT_TAMPERED = 1
SHOWN_CHARACTERS = 60

audit_app = typer.Typer(help="审计记录:核验、检索、导出 The audit trail: verify, search, export", no_args_is_help=True)

Who = Annotated[str | None, typer.Option(help="谁:账户名 Login of who did it")]
What = Annotated[str | None, typer.Option(help="做了什么,如 adopted What was done")]
Noun = Annotated[str | None, typer.Option(help="对象种类,如 plan Kind of thing")]
Code = Annotated[str | None, typer.Option(help="对象编码 Code of the thing")]
Address = Annotated[str | None, typer.Option(help="网络地址 Network address")]
Since = Annotated[str | None, typer.Option(help="自(含)2026-11-01 From this day or moment on")]
Until = Annotated[str | None, typer.Option(help="至(含当日)2026-11-30 Up to the end of this day")]


@audit_app.command("verify")
def verify_command(
    head: Annotated[
        list[str] | None, typer.Option("--head", help="此前记下的校验值,可重复 A head noted before, repeatable")
    ] = None,
) -> None:
    """重新计算全部审计记录的哈希链,找出任何改动。 Compute the chain anew and find any tampering."""
    with open_store() as session, console.status("正在核验… Verifying…"):
        verified = verify_trail(session, head or [], who=who_runs())
    for found in verified.findings:
        console.print(f"{found.zh} {found.en}", style="red", markup=False, highlight=False)
    if verified.head is not None:
        console.print(f"校验值(请另行记下)Head, to be noted elsewhere: {verified.head}", markup=False, soft_wrap=True)
    if verified.findings:
        console.print(f"发现 {len(verified.findings)} 处问题 problems found", style="red", highlight=False)
        raise typer.Exit(code=EXIT_TAMPERED)
    console.print("审计记录完整 The audit trail is whole")


@audit_app.command("search")
def search_command(
    who: Who = None,
    what: What = None,
    noun: Noun = None,
    code: Code = None,
    address: Address = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="最多条数 At most")] = 50,
    after: Annotated[int | None, typer.Option(min=1, help="从此编号之前继续 Go on before this event")] = None,
) -> None:
    """按人、事、物、时间、地址检索审计记录,新的在前。 Search the trail, the newest first."""
    wanted = _filter(who, what, noun, code, address, since, until)
    with open_store() as session:
        found = search_trail(session, wanted, limit=limit, after=after)
    table = Table(box=None)
    for heading in ("编号 id", "时间 at", "谁 who", "地址 from", "事 what", "对象 thing", "内容 changed"):
        table.add_column(heading, overflow="fold")
    for record in found:
        changed = ", ".join(f"{name}: {old} → {new}" for name, (old, new) in record.changed.items())
        cells = (
            str(record.id),
            f"{record.at.astimezone(CHINA_TIME):%Y-%m-%d %H:%M:%S}",
            record.who,
            record.address or "",
            record.what,
            f"{record.noun} {record.code or ''}".strip(),
            changed if len(changed) <= SHOWN_CHARACTERS else f"{changed[: SHOWN_CHARACTERS - 1]}…",
        )
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    if len(found) == limit:
        console.print(f"还有更早的记录,加 --after {found[-1].id} There may be older ones: --after {found[-1].id}")


@audit_app.command("export")
def export_command(
    file: Annotated[Path, typer.Argument(help="输出文件 .xlsx .csv File to write")],
    who: Who = None,
    what: What = None,
    noun: Noun = None,
    code: Code = None,
    address: Address = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """导出审计记录为表格,公式不会执行。 Export the trail as a table in which nothing runs."""
    wanted = _filter(who, what, noun, code, address, since, until)
    with open_store() as session, console.status("正在导出… Exporting…") as shown:
        count = export_trail(
            session,
            wanted,
            file,
            who=who_runs(),
            progress=lambda done: shown.update(f"正在导出… Exporting… {done}"),
        )
    console.print(Text(f"已写出 Wrote {file}({count} 条 events)"))


def _filter(
    who: str | None,
    what: str | None,
    noun: str | None,
    code: str | None,
    address: str | None,
    since: str | None,
    until: str | None,
) -> EventFilter:
    return EventFilter(
        who=who,
        what=what,
        noun=noun,
        code=code,
        address=address,
        since=moment(since) if since else None,
        until=moment(until, end=True) if until else None,
    )
