"""``wangge bill`` and ``wangge statement``: all hazards of a thing, and what changed in a month."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.console import Console
from rich.table import Table as Shown
from rich.text import Text

from api.bill_sheets import BY, Table, as_pdf, bill_table, statement_table, write_table
from api.commands.store import open_store, who_runs, write_whole
from geo.errors import CodeError, InputError
from geo.exchange.stamps import stamp_now
from geo.services.billing import MOST_ITEMS_IN_FILES, By, draw_up_bill, draw_up_statement, noun_of
from geo.territory.times import CHINA_TIME

console = Console()
ROWS_SHOWN = 100

Out = Annotated[Path | None, typer.Option("--out", help="写成文件 .pdf、.xlsx、.csv Write a file")]
Workflow = Annotated[str, typer.Option("--workflow", help="流程 Workflow")]


def bill_command(
    code: Annotated[
        str, typer.Argument(metavar="CODE", help="场所、户、楼栋、小区、网格、社区、街道或责任主体编码 Code of a thing")
    ],
    out: Out = None,
    workflow: Workflow = "hazard",
) -> None:
    """账单:一个对象的全部隐患,急的在前;可写成 PDF、Excel。 The bill of a thing: all its hazards."""
    now, who = datetime.now(UTC), who_runs()
    with open_store() as session:
        most = MOST_ITEMS_IN_FILES if out else ROWS_SHOWN
        sheet = draw_up_bill(session, noun_of(code), code, now=now, workflow_code=workflow, most=most, who=who)
    _give(bill_table(sheet), out, scope=f"{sheet.of.title} {code}")
    if not sheet.is_whole:
        console.print(Text(f"只列最急的 {len(sheet.items)} 件;全部用 --out 写出 The gravest alone: --out has all"))


def statement_command(
    code: Annotated[str, typer.Argument(metavar="CODE", help="街道、社区或网格编码 Street, community or grid")],
    month: Annotated[str | None, typer.Option("--month", help="月份,如 2026-11,缺省为本月 Month")] = None,
    by: Annotated[str, typer.Option("--by", help="分行:community、grid、kind What lines are of")] = "kind",
    out: Out = None,
    workflow: Workflow = "hazard",
) -> None:
    """月结单:期初 + 新增 + 复发 − 销号 − 作废 = 期末。 A month's statement, which adds up."""
    if by not in BY:
        raise CodeError(f"--by 应为 {'、'.join(BY)} 之一", f"--by is one of {', '.join(BY)}")
    with open_store() as session:
        chosen = month or f"{datetime.now(CHINA_TIME):%Y-%m}"
        sheet = draw_up_statement(session, code, chosen, by=cast(By, by), workflow_code=workflow)
    _give(statement_table(sheet), out, scope=f"{sheet.of.title} {code}")


def _give(table: Table, out: Path | None, *, scope: str) -> None:
    """Show a table, or write it."""
    if out is None:
        _show(table)
        return
    stamp = stamp_now(who_runs(), scope=scope)
    if out.suffix.casefold() == ".pdf":
        write_whole(out, as_pdf(table, stamp))
    elif out.suffix.casefold() in (".xlsx", ".csv"):
        write_table(table, out, stamp)
    else:
        raise InputError(f"不能写“{out.suffix}”;可写 .pdf、.xlsx、.csv", f"{out.suffix!r}: write .pdf, .xlsx or .csv")
    console.print(Text(f"已写出 Wrote {out}"), soft_wrap=True)


def _show(table: Table) -> None:
    console.print(Text(f"{table.title} {table.said}", style="bold"))
    console.print(Text("  ".join(f"{name} {value}" for name, value in table.figures)))
    shown = Shown(box=None, header_style="bold")
    for number, heading in enumerate(table.headings):
        shown.add_column(heading, justify="right" if number in table.numbers else "left")
    for row in table.rows:
        shown.add_row(*(Text(str(cell)) for cell in row))
    console.print(shown)
    for note in table.notes:
        console.print(Text(note, style="dim"))
