"""``wangge plan-report`` and ``wangge remarks``: what a plan is decided with, and what people said of it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.commands.store import open_store, who_runs, write_whole
from geo.errors import InputError
from geo.exchange.stamps import stamp_now
from geo.services.commenting import CommentRecord, add_comment, read_comments, resolve_comment
from geo.services.plan_reports import PlanReport, draw_up_report, map_of_report
from geo.territory.dictionaries import dictionary
from geo.territory.times import CHINA_TIME

console = Console()

PlanNumber = Annotated[int, typer.Argument(help="方案编号,见 wangge plans Id of the plan")]


def plan_report_command(
    plan: PlanNumber, out: Annotated[Path | None, typer.Option("--out", help="写成 .pdf 文件 Write a PDF")] = None
) -> None:
    """方案报告:各网格户数、原因、换网格员的户数、采用人和内容校验;可写成 PDF。 The report of a plan."""
    if out is not None and out.suffix.casefold() != ".pdf":
        raise InputError(f"“{out.name}”应为 .pdf 文件", f"{out.name!r} should be a .pdf file")
    with open_store() as session:
        report = draw_up_report(session, plan)
        content = map_of_report(session, report) if out else None
    _show(report)
    if out is not None:
        from api.plan_sheets import report_pdf  # loads what draws, which only files need

        stamp = stamp_now(
            who_runs(), scope=f"{report.scope.name} {report.scope.code}", plan=f"{plan} {report.plan.name}"
        )
        write_whole(out, report_pdf(report, content, stamp))
        console.print(f"已写出 Written: {out}", markup=False)


def remarks_command(
    plan: PlanNumber,
    say: Annotated[str | None, typer.Option(help="发表批注 Say something")] = None,
    grid: Annotated[str | None, typer.Option(help="所批注的网格编码 The grid it is about")] = None,
    building: Annotated[str | None, typer.Option(help="所批注的楼栋编码 The building it is about")] = None,
    resolve: Annotated[int | None, typer.Option(help="处理完的批注编号 Number of a remark that was seen to")] = None,
) -> None:
    """方案的批注:列出、发表、处理。 Remarks on a plan: list them, make one, resolve one."""
    if grid is not None and building is not None:
        raise InputError("批注只能针对一个网格或一栋楼", "a remark is about one grid or one building")
    with open_store() as session:
        if say is not None:
            if not say.strip():
                raise InputError("批注不能为空", "a remark says something")
            add_comment(session, plan, say.strip(), grid_code=grid, building_code=building, who=who_runs())
        found = read_comments(session, plan)
        if resolve is not None:
            seen = next((one.version for one in found if one.id == resolve), 0)
            resolve_comment(session, plan, resolve, who=who_runs(), version=seen)
            found = read_comments(session, plan)
    for one in found:
        console.print(Text(_line(one)), soft_wrap=True)
    if not found:
        console.print("还没有批注 No remarks yet")


def _line(one: CommentRecord) -> str:
    about = one.grid_code or one.building_code or "方案 plan"
    done = f" · {one.resolved_by} 已处理 resolved" if one.resolved_by else ""
    return f"{one.id}  {one.at.astimezone(CHINA_TIME):%Y-%m-%d %H:%M}  {one.who}  [{about}]  {one.said}{done}"


def _show(report: PlanReport) -> None:
    plan, state = report.plan, dictionary("plan_states")[report.plan.state]
    console.print(f"{plan.id} {plan.name} · {state.zh} {state.en} · 第 {plan.version} 版", markup=False)
    table = Table(box=None)
    for heading in ("网格 grid", "户数 households", "范围 range", "紧凑度 compact", "换网格员 moved", "原因 reason"):
        table.add_column(heading)
    for line in report.grids:
        inside = {True: "✓", False: "超出 out", None: "—"}[line.in_range]
        score = "—" if line.compactness is None else f"{line.compactness:.2f}"
        counts = ("—" if value is None else f"{value:,}" for value in (line.households, line.moved))
        households, moved = counts
        table.add_row(line.code, households, inside, score, moved, Text(line.reason_zh or ""))
    console.print(table)
    if report.difference:
        difference = report.difference
        console.print(
            f"换网格员 change worker: {difference.moved:,}/{difference.households:,} 户;"
            f"撤并 ended {len(difference.ended)},新设 new {len(difference.new)}",
            markup=False,
        )
    if report.signature:
        at = report.signature.at.astimezone(CHINA_TIME)
        console.print(f"采用 adopted: {report.signature.who} {at:%Y-%m-%d %H:%M}", markup=False)
    same = {True: "与采用时一致 as adopted", False: "与采用时不一致 not as adopted", None: ""}[report.is_as_signed]
    console.print(f"SHA-256 {report.content} {same}", markup=False, soft_wrap=True)
