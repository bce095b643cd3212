"""``wangge request``: requests taken in, handed on, taken up the rungs; sheets and other systems."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from api.commands.case import case_table
from api.commands.counting import counting
from api.commands.pairs import pairs_of
from api.commands.sheets import told_written, write_sheet
from api.commands.store import open_store, who_runs
from geo.exchange.address_files import read_table
from geo.exchange.stamps import stamp_now
from geo.services.address_books import AddressBooks
from geo.services.auditing import moment
from geo.services.case_files import OUTCOMES, export_cases, import_cases
from geo.services.cases import CaseFilter, look_at_cases
from geo.services.describing_cases import describe
from geo.services.escalating import escalate_overdue
from geo.services.placing_requests import WhereError
from geo.services.pulling_requests import pull
from geo.services.requesting import (
    REQUEST,
    KnownAlreadyError,
    NewRequest,
    Reporter,
    hand_on,
    look_at_unplaced,
    numbered,
    place_request,
    take,
)
from geo.services.sheet_rows import write_read
from geo.territory.times import CHINA_TIME

console = Console()
aside = Console(stderr=True)
ROWS_SHOWN, ROWS_LISTED = 20, 200

request_app = typer.Typer(
    help="诉求:登记、分派、提级、导入导出 Requests: taken in, handed on, escalated; sheets", no_args_is_help=True
)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="诉求编号 The request's number")]
Since = Annotated[str | None, typer.Option("--since", help="自,如 2026-11-01 From then on")]
Until = Annotated[str | None, typer.Option("--until", help="至(含当日) Up to the end of then")]


@request_app.command("open")
def open_command(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="诉求内容 What is asked for")],
    address: Annotated[str | None, typer.Option("--address", help="所说的地址 The address as it was said")] = None,
    place: Annotated[str | None, typer.Option("--place", help="选定候选的编号 Id of the place that was chosen")] = None,
    community: Annotated[
        str | None,
        typer.Option("--community", help="地点不明时先登记在此社区 Where it is kept if the place is unclear"),
    ] = None,
    channel: Annotated[str, typer.Option("--channel", help="渠道,见 request_channels How it came")] = "hotline",
    kind: Annotated[str | None, typer.Option("--kind", help="类型,不写则研判 Judged by the text if not said")] = None,
    name: Annotated[str | None, typer.Option("--name", help="诉求人姓名 Who asks")] = None,
    phone: Annotated[str | None, typer.Option("--phone", help="诉求人电话 Their telephone")] = None,
    joins: Annotated[str | None, typer.Option("--joins", help="并入此编号的诉求 The same as this one")] = None,
    is_new: Annotated[bool, typer.Option("--new", help="与已有的不是一件事 Something else than what is known")] = False,
) -> None:
    """登记一件诉求:研判、定位、查重、分派建议。 Take a request in."""
    with open_store() as session:
        new = NewRequest(
            text,
            channel=channel,
            kind=kind,
            address=address,
            place=place,
            community_code=community,
            reporter=Reporter(name, phone),
            joins=numbered(session, joins).id if joins else None,
            is_new=is_new,
        )
        try:
            taken = take(session, AddressBooks(), new, who=who_runs())
        except WhereError as error:
            for one in (*error.found.candidates, *error.found.nearest):
                aside.print(Text(f"  {one.id}  {one.address} {one.apart}"), soft_wrap=True)
            raise
        except KnownAlreadyError as error:
            for hint in error.hints:
                aside.print(Text(f"  {hint.number}({hint.distance_m:.0f} m){hint.summary[:60]}"), soft_wrap=True)
            raise
    record = taken.case
    due = f"{record.due_at:%Y-%m-%d %H:%M}" if record.due_at else "-"
    console.print(Text(f"{record.number}  {record.kind}  {record.building_code or record.community_code}"))
    if taken.into is not None:
        console.print(Text(f"并入 joined to {taken.into.number}"))
    if not taken.is_placed:
        console.print(Text("地点待核实 Where it is has to be asked: wangge request place"))
    console.print(Text(f"负责 in charge: {taken.route.party.label} [{taken.route.code}]  时限 due: {due}"))


@request_app.command("list")
def list_command(
    today: Annotated[bool, typer.Option("--today", help="只要今日登记的 Only those taken in today")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="只要超期的 Only those past a limit")] = False,
    unplaced: Annotated[bool, typer.Option("--unplaced", help="只要地点待核实的 Only those of unknown place")] = False,
    taken: Annotated[bool, typer.Option("--taken", help="只要我登记的 Only those that I took in")] = False,
    assignee: Annotated[
        list[str] | None, typer.Option("--assignee", help="只要交办给此人或此编码的,可重复 Assigned to, repeatable")
    ] = None,
    scope: Annotated[str | None, typer.Option("--scope", help="街道、社区或网格编码 Street, community or grid")] = None,
    text: Annotated[str | None, typer.Option("--text", help="编号或内容中的文字 In number or summary")] = None,
    ended: Annotated[bool, typer.Option("--all", help="也列出已办结、作废的 Ended ones too")] = False,
) -> None:
    """列出在办的诉求,新的在前。 List open requests, the newest first: the desk's work-list."""
    now = datetime.now(CHINA_TIME)
    wanted = CaseFilter(
        workflow=REQUEST,
        states=None if ended else ("open", "paused"),
        light="red" if overdue else None,
        since=moment(f"{now:%Y-%m-%d}") if today else None,
        found_by=who_runs() if taken else None,
        assignees=tuple(assignee) if assignee else None,
        scope=scope,
        text=text,
    )
    with open_store() as session:
        if unplaced:
            found = look_at_unplaced(session, limit=ROWS_LISTED)
        else:
            found = look_at_cases(session, wanted, limit=ROWS_LISTED, who=who_runs())
        shown = describe(session, found, now=now)
    console.print(case_table(shown) if shown else Text("没有诉求 No requests"))


@request_app.command("place")
def place_command(
    number: Number,
    place: Annotated[str, typer.Option("--place", help="地点编号,见 wangge locate Id of the place")],
) -> None:
    """补定一件诉求的地点。 Say where a request is, of which the community alone was known."""
    with open_store() as session:
        done = place_request(session, AddressBooks(), numbered(session, number).id, place=place, who=who_runs())
    console.print(Text(f"{done.number}: {done.building_code or done.community_code}"))


@request_app.command("route")
def route_command(
    number: Number,
    nature: Annotated[str, typer.Option("--nature", help="性质:inquiry、help、complaint … Its nature")],
    kind: Annotated[str | None, typer.Option("--kind", help="改判的类型 Another kind")] = None,
    assignee: Annotated[str | None, typer.Option("--assignee", help="承办人,缺省按职责清单 By the duty list")] = None,
) -> None:
    """受理、研判、按职责清单分派。 Accept a request, judge it, and hand it on by the duty list."""
    with open_store() as session:
        given = {"nature": nature, "kind": kind, "assignee": assignee}
        record, duty, route = hand_on(session, numbered(session, number).id, **given, who=who_runs())  # type: ignore[arg-type]
    for zh, en in route.reasons:
        console.print(Text(f"{zh} {en}"), soft_wrap=True)
    console.print(Text(f"{record.number} → {record.assignee}({duty.limit.zh} {duty.limit.en})"))


@request_app.command("escalate")
def escalate_command() -> None:
    """把逾期未办结的逐级提级;可由定时任务反复运行。 Take what is overdue up the rungs; safe to run again and again."""
    with open_store() as session:
        done = escalate_overdue(session)
    for one in done:
        console.print(Text(f"{one.case.number}: {one.from_rung} → {one.case.rung}"))
    console.print(Text(f"提级 {len(done)} 次 taken up {len(done)} rungs"))


@request_app.command("import")
def import_command(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="表格:.csv、.xlsx、.xls A sheet")],
    workflow: Annotated[str, typer.Option("--as", help="request 诉求或 hazard 隐患 Requests or hazards")] = "request",
    community: Annotated[
        str | None, typer.Option("--community", help="地址不明的行登记到此社区 Where rows go that are no one place")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option("--column", help="列=表头,如 text=情况 Which heading a column has")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="写出逐行结果 Where to write each row's result")] = None,
) -> None:
    """把表格逐行登记为诉求或隐患;不能登记的行带原因退回。 Open a case for each row of a sheet."""
    table = read_table(path)
    with open_store() as session, counting("登记 Taking in", aside) as update:
        result = import_cases(
            session,
            AddressBooks(),
            table,
            code=workflow,
            columns=pairs_of(column, "--column"),
            source=path.name,
            community=community,
            who=who_runs(),
            progress=lambda done: update("登记 Taking in", done, len(table.rows)),
        )
    console.print(Text(",".join(f"{OUTCOMES[word]} {word} {count}" for word, count in result.counts.items())))
    if out is not None:
        told_written(console, write_read(result, out, stamp=stamp_now(who_runs())))
    elif len(result.refused):
        shown = result.refused.head(ROWS_SHOWN)
        for number, why in zip(shown["行号"], shown.iloc[:, -2], strict=True):
            aside.print(Text(f"  第 {number} 行 row {number}: {why}"), soft_wrap=True)


@request_app.command("export")
def export_command(
    out: Annotated[Path, typer.Argument(metavar="FILE", help=".csv 或 .xlsx")],
    workflow: Annotated[str | None, typer.Option("--as", help="只要此流程的 Of this workflow only")] = "request",
    scope: Annotated[str | None, typer.Option("--scope", help="街道、社区或网格 Street, community or grid")] = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """把事项写成表格(不含诉求人)。 Write cases to a sheet, without who asked."""
    wanted = CaseFilter(
        workflow=workflow,
        scope=scope,
        since=moment(since) if since else None,
        until=moment(until, end=True) if until else None,
    )
    with open_store() as session:
        table = export_cases(session, wanted, who=who_runs())
    write_sheet(console, table, out, layer="事项", unit="件 cases")


@request_app.command("pull")
def pull_command(
    url: Annotated[str, typer.Argument(metavar="URL", help="对方 Open311 接口的地址 …/v2 Address of their interface")],
    since: Since = None,
    until: Until = None,
    jurisdiction: Annotated[str | None, typer.Option("--jurisdiction", help="jurisdiction_id")] = None,
    key: Annotated[
        str | None, typer.Option("--key", envvar="WANGGE_OPEN311_KEY", help="对方的 api_key Their api_key")
    ] = None,
) -> None:
    """从另一套 Open311 系统接收在办诉求,每件只接收一次。 Take over the open requests of another system, each once."""
    with open_store() as session:
        done = pull(
            session,
            AddressBooks(),
            url,
            since=_moment(since),
            until=_moment(until, end=True),
            jurisdiction=jurisdiction,
            key=key,
            who=who_runs(),
        )
    for theirs, why in done.refused[:ROWS_SHOWN]:
        aside.print(Text(f"  {theirs}: {why}"), soft_wrap=True)
    console.print(
        Text(
            f"接收 taken {len(done.taken)},已有 known {done.known},"
            f"未接收 refused {len(done.refused)},无法读取 unreadable {done.unreadable}"
        )
    )


def _moment(text: str | None, *, end: bool = False) -> datetime | None:
    return moment(text, end=end) if text else None
