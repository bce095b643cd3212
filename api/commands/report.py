"""``wangge report``: reports for the meetings that come round, and what was resolved there."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, cast

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.commands.store import open_store, who_runs, write_whole
from api.report_sheets import report_pdf
from geo.errors import FileFormatError, InputError
from geo.exchange.stamps import stamp_now
from geo.ledger.meetings import meetings
from geo.services.reporting import Compared, Report, Resolution, draw_up_report, resolve
from geo.territory.times import CHINA_TIME

console = Console()

report_app = typer.Typer(
    help="会议报告:月报、半年报,登记决议 Reports for meetings: monthly, half-yearly; resolutions", no_args_is_help=True
)

Kind = Annotated[str, typer.Argument(metavar="KIND", help="哪种会议,见 wangge report kinds Which meeting")]
Scope = Annotated[str, typer.Argument(metavar="CODE", help="街道或社区编码 Code of a street or community")]
Name = Annotated[
    str | None, typer.Option("--period", help="时段,如 2026-10、2026-H1,缺省为刚结束的 The last that has ended")
]


@report_app.command("kinds")
def kinds_command() -> None:
    """列出会议报告的种类和议程。 The kinds of reports, and what is on their agenda."""
    for one in meetings().values():
        console.print(Text(f"{one.code}  {one.zh} {one.en}"), soft_wrap=True)
        console.print(Text("  " + "、".join(item.zh for item in one.agenda)), soft_wrap=True)


@report_app.command("show")
def show_command(
    kind: Kind,
    scope: Scope,
    period: Name = None,
    out: Annotated[Path | None, typer.Option("--out", help="写成 .pdf Write a .pdf")] = None,
) -> None:
    """会议报告:三零目标、超期、热点、排名变化、上次决议;可写成 PDF。 The report for a meeting."""
    if out is not None and out.suffix.casefold() != ".pdf":
        raise FileFormatError(f"报告只能写成 .pdf,不能写“{out.suffix}”", f"a report is a .pdf, not {out.suffix!r}")
    with open_store() as session:
        report = draw_up_report(session, kind, scope, period, who=who_runs())
    if out is not None:
        write_whole(out, report_pdf(report, stamp_now(who_runs(), scope=f"{report.of.title} {scope}")))
        console.print(Text(f"已写出 Wrote {out}"), soft_wrap=True)
        return
    _show(report)


@report_app.command("resolve")
def resolve_command(
    kind: Kind,
    scope: Scope,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="要做什么 What is to be done")],
    period: Name = None,
    workflow: Annotated[str, typer.Option("--as", help="request 诉求、hazard 安全隐患 Followed as")] = "request",
    case_kind: Annotated[str, typer.Option("--kind", help="类型 Kind of the case")] = "other",
    nature: Annotated[str | None, typer.Option("--nature", help="性质 Nature")] = None,
    assignee: Annotated[str | None, typer.Option("--assignee", help="由谁负责 Who is in charge")] = None,
    community: Annotated[str | None, typer.Option("--community", help="社区编码 Which community does it")] = None,
    building: Annotated[str | None, typer.Option("--building", help="楼栋编码 At which building")] = None,
) -> None:
    """登记会议决议:成为事项,有人负责,下次会议跟踪。 Enter a resolution: it becomes a case."""
    if workflow not in ("request", "hazard"):
        raise InputError("--as 应为 request 或 hazard", "--as is request or hazard")
    with open_store() as session:
        name = period or (meetings()[kind].last_ended(datetime.now(CHINA_TIME).date()) if kind in meetings() else "")
        resolution = Resolution(
            text,
            cast(Literal["request", "hazard"], workflow),
            case_kind,
            nature,
            assignee,
            community_code=community,
            building_code=building,
        )
        opening = resolve(session, kind, scope, name, resolution, who=who_runs())
    said = {"opened": "已登记 opened", "joined": "已在办,已关联 linked", "known": "此前已登记 known"}[opening.outcome]
    console.print(Text(f"{said} {opening.case.number}  负责 in charge: {opening.case.assignee or '-'}"), soft_wrap=True)


def _show(report: Report) -> None:
    title = f"{report.of.title} {report.name} {report.meeting.zh} {report.meeting.en}"
    console.print(Text(title, style="bold"), soft_wrap=True)
    for compared in (report.goals, report.figures):
        console.print(_compared(compared))
    late = f"超期 overdue {report.n_overdue}"
    console.print(
        Text(late + "".join(f"\n  {one.named.case.number} {one.days} 天 days" for one in report.overdue[:10]))
    )
    for one in report.spots or ():
        where = " ".join(filter(None, (one.community, one.grid, one.near)))
        console.print(Text(f"热点 hot spot {where} {one.spot.count}:{one.kinds}"), soft_wrap=True)
    for ranked in report.ranking:
        console.print(Text(f"{ranked.place or '-':>4} ({ranked.before or '-'})  {ranked.name} {ranked.code}"))
    for said, rows in (("上次决议 before", report.follow_up), ("本次决议 resolved", report.resolutions)):
        for case in rows:
            line = f"{said} {case.case.number} {case.state.zh} {case.case.summary[:60]}"
            console.print(Text(line), soft_wrap=True)


def _compared(rows: Sequence[Compared]) -> Table:
    shown = Table(box=None, header_style="bold")
    shown.add_column("指标 figure")
    for heading in ("本期 now", "上期 before"):
        shown.add_column(heading, justify="right")
    for one in rows:
        values = ("–" if value is None else f"{value:g}" for value in (one.value, one.before))
        shown.add_row(f"{one.figure.zh}({one.figure.unit_zh})", *values)
    return shown
