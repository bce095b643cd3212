"""``wangge inspect``: plans of inspections, grades of places, a round, and records of inspections from a file."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.commands.counting import counting
from api.commands.sheets import told_written, write_sheet
from api.commands.store import open_store, who_runs
from geo.errors import InputError, NotFoundError
from geo.exchange.address_files import read_table
from geo.exchange.formats import split_layer
from geo.exchange.stamps import stamp_now
from geo.ledger.checklists import Answered
from geo.services.auditing import moment
from geo.services.grading import grade_place
from geo.services.inspecting import InspectionFilter, Sent, Taken, record_inspections, record_many
from geo.services.inspection_planning import PlanRecord, change_plan, end_plan, list_plans, make_default_plans
from geo.services.inspection_sheets import export_inspections
from geo.services.inspections_from_sheets import MOST_ROWS, OUTCOMES, TakenRow, import_inspections, rows_read
from geo.services.rounds import Visit, todays_round
from geo.services.sheet_rows import parts_of, write_read
from geo.territory.dictionaries import dictionary

console = Console()
aside = Console(stderr=True)
ROWS_SHOWN = 20
SHEET_ENDINGS = (".csv", ".xlsx", ".xls")

inspect_app = typer.Typer(
    help="检查:计划、分级、今日巡查、补录 Inspections: plans, grades, a round, records", no_args_is_help=True
)

WHYS = {"due": "到期 due", "overdue": "逾期 late", "hazard": "隐患复查 hazard"}

Number = Annotated[int, typer.Argument(metavar="ID", help="计划编号 Number of the plan")]
Version = Annotated[int | None, typer.Option("--version", help="所见版本,已变动则拒绝 Version that was seen")]


@inspect_app.command("plan")
def plan_command(
    scope: Annotated[str, typer.Option("--scope", help="街道或社区编码 Code of a street or community")],
) -> None:
    """按字典建立检查计划(已有的不重复),并列出全部。 Make the dictionary's plans that are missing; list all."""
    with open_store() as session:
        made = make_default_plans(session, scope, who=who_runs())
        plans = list_plans(session, scope_code=scope)
    _show_plans(plans)
    console.print(Text(f"新建 {len(made)} 个计划 plans made"))


@inspect_app.command("plans")
def plans_command(
    scope: Annotated[str | None, typer.Option("--scope", help="街道或社区编码 Street or community")] = None,
) -> None:
    """列出检查计划。 List plans of inspections."""
    with open_store() as session:
        plans = list_plans(session, scope_code=scope)
    _show_plans(plans)


@inspect_app.command("change")
def change_command(
    number: Number,
    cycle: Annotated[int | None, typer.Option("--cycle", help="周期(天) Cycle, days")] = None,
    name: Annotated[str | None, typer.Option("--name", help="名称 Name")] = None,
    checklist: Annotated[str | None, typer.Option("--checklist", help="检查表 Checklist")] = None,
    version: Version = None,
) -> None:
    """修改计划的周期、名称或检查表。 Change a plan's cycle, name or checklist."""
    given = {"cycle_days": cycle, "name": name, "checklist": checklist}
    changes = {field: value for field, value in given.items() if value is not None}
    with open_store() as session:
        plan = change_plan(session, number, changes, version=version, who=who_runs())
    _show_plans([plan])


@inspect_app.command("end")
def end_command(number: Number, version: Version = None) -> None:
    """结束一个计划,仍留存在案。 End a plan; it stays on record."""
    with open_store() as session:
        plan = end_plan(session, number, version=version, who=who_runs())
    _show_plans([plan])


@inspect_app.command("grade")
def grade_command(
    place: Annotated[str, typer.Argument(help="场所编码 Code of a place")],
    grade: Annotated[str, typer.Argument(help="分级,见 place_grades 字典 Grade")],
    reason: Annotated[str, typer.Option("--reason", help="理由 Reason")],
) -> None:
    """给场所分级,写明理由。 Grade a place, with the reason."""
    with open_store() as session:
        found = grade_place(session, place, grade, reason=reason, who=who_runs())
    for each in found.history:
        label = dictionary("place_grades")[each.grade].label
        console.print(Text(f"{each.since} {label} {each.reason or ''} ({each.who})"))


@inspect_app.command("round")
def round_command(
    grid: Annotated[str, typer.Option("--grid", help="网格编码 Code of a grid")],
) -> None:
    """今日巡查:到期、逾期和待复查的,按步行顺序;查看已记入审计。 Today's round; the look is on record."""
    with open_store() as session:
        found = todays_round(session, grids=[grid], who=who_runs())
    table = Table(box=None, header_style="bold")
    for heading in ("", "楼栋 building", "检查什么 what", "楼层 floor", "原因 why", "编码 code"):
        table.add_column(heading)
    for number, stop in enumerate(found.stops, start=1):
        for visit in stop.visits:
            table.add_row(*(Text(cell) for cell in _visit_row(str(number), stop.name or "", visit)))
    console.print(table if found.stops else Text("今天没有到期的检查 Nothing is due today"))
    if found.left_out:
        console.print(Text("只列最久未查的;其余明日再列 Those that waited longest are listed; the others follow"))


@inspect_app.command("record")
def record_command(
    place: Annotated[str, typer.Argument(help="场所编码 Code of a place")],
    items: Annotated[
        list[str] | None, typer.Option("--item", help="项目=ok|fault|not_applicable[:说明] An item's result")
    ] = None,
    no_access: Annotated[bool, typer.Option("--no-access", help="无人开门 Nobody opened")] = False,
    party: Annotated[str, typer.Option(help="检查方 Party")] = "grid_worker",
    at: Annotated[datetime | None, typer.Option("--at", help="检查时间,缺省为现在 When; now by default")] = None,
    key: Annotated[str | None, typer.Option("--key", help="唯一键,缺省由场所与时间组成 Key of this record")] = None,
    note: Annotated[str | None, typer.Option("--note", help="备注 Note")] = None,
) -> None:
    """记录一次检查;有问题的项目成为隐患。 Record one inspection; faults become hazards."""
    when = (at or datetime.now()).astimezone()
    answers = tuple(_answer(item) for item in items or ())
    made = key or f"{place}-{when:%Y%m%dT%H%M%S}"
    sent = Sent(made, when, party=party, place_code=place, items=answers, no_access=no_access, note=note)
    with open_store() as session:
        taken = record_inspections(session, [sent], who=who_runs())
    _show_taken(taken)


@inspect_app.command("import")
def import_command(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="表格 .csv .xlsx .xls,或每行一条 JSON A sheet or JSON lines",
        ),
    ],
    sheet: Annotated[str | None, typer.Option("--sheet", help="工作表名,多张表时须写明 Name of the sheet")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="写出逐行结果 Where to write each row's result")] = None,
) -> None:
    """补录一批检查:表格(列同导出)或 JSON Lines(同 POST /inspections),只记一次。 Record a file, each look once."""
    if split_layer(path)[0].suffix.casefold() in SHEET_ENDINGS:
        is_whole = _import_sheet(path, sheet, out)
    else:
        if sheet is not None or out is not None:
            raise InputError("--sheet、--out 只用于表格", "--sheet and --out are for sheets alone")
        is_whole = _import_lines(path)
    if not is_whole:
        raise typer.Exit(1)


def _import_sheet(path: Path, sheet: str | None, out: Path | None) -> bool:
    table, taken = read_table(path, sheet=sheet), list[TakenRow]()
    with counting("补录 Recording", aside) as update:
        for part in parts_of(table, MOST_ROWS):
            told = partial(_told, update, len(taken), len(table.rows))
            # Each part is kept by itself: a file that broke off is sent again, and what it had is known.
            with open_store() as session:
                taken += import_inspections(session, part, who=who_runs(), progress=told)
    result = rows_read(table, taken)
    console.print(Text(",".join(f"{OUTCOMES[word]} {count}" for word, count in result.counts.items())))
    if out is not None:
        told_written(console, write_read(result, out, stamp=stamp_now(who_runs())))
    else:
        refused = [row for row in taken if row.taken.outcome == "refused"]
        for row in refused[:ROWS_SHOWN]:
            said = f"  第 {row.number} 行 row {row.number}: {row.taken.reason_zh} {row.taken.reason_en}"
            aside.print(Text(said), soft_wrap=True)
        if len(refused) > ROWS_SHOWN:
            aside.print(Text(f"  … 共 {len(refused)} 行;--out 写出全部 rows in all; --out writes them"))
    return result.refused.empty


def _told(update: Callable[[str, float, int], None], before: int, rows: int, done: int) -> None:
    update("补录 Recording", before + done, rows)


def _import_lines(path: Path) -> bool:
    if not path.is_file():
        raise NotFoundError(f"没有文件 {path}", f"there is no file {path}")
    sent = [_sent(line, number) for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if line]
    with open_store() as session:
        taken = record_many(session, sent, who=who_runs())
    _show_taken(taken)
    return all(each.outcome != "refused" for each in taken)


@inspect_app.command("export")
def export_command(
    out: Annotated[Path, typer.Argument(metavar="FILE", help=".csv 或 .xlsx")],
    scope: Annotated[str | None, typer.Option("--scope", help="街道、社区或网格 Street, community or grid")] = None,
    since: Annotated[str | None, typer.Option("--since", help="自,如 2026-11-01 From then on")] = None,
    until: Annotated[str | None, typer.Option("--until", help="至(含当日) Up to the end of then")] = None,
) -> None:
    """把检查记录写成表格,问题写成文字;查看已记入审计。 Write inspections to a sheet; the look is on record."""
    wanted = InspectionFilter(
        scope=scope,
        since=moment(since) if since else None,
        until=moment(until, end=True) if until else None,
    )
    with open_store() as session:
        table = export_inspections(session, wanted, who=who_runs())
    write_sheet(console, table, out, layer="检查", unit="条 inspections")


def _answer(said: str) -> Answered:
    code, _, rest = said.partition("=")
    result, _, note = rest.partition(":")
    if result not in ("ok", "fault", "not_applicable"):
        raise InputError(
            f"“{said[:60]}”应为 项目=ok、项目=fault 或 项目=not_applicable",
            f"{said[:60]!r} should be item=ok, item=fault or item=not_applicable",
        )
    return Answered(code, result, note or None)  # type: ignore[arg-type]


def _sent(line: str, number: int) -> Sent:
    try:
        given: dict[str, Any] = json.loads(line)
        items = tuple(Answered(**item) for item in given.pop("items", ()))
        when = datetime.fromisoformat(given.pop("inspected_at"))
        return Sent(**given, inspected_at=when, items=items)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InputError(
            f"第 {number} 行不是一条检查记录;字段见 POST /inspections",
            f"line {number} is no inspection; for its fields see POST /inspections",
        ) from None


def _visit_row(number: str, building: str, visit: Visit) -> tuple[str, ...]:
    floor = "" if visit.floor is None else str(visit.floor)
    what = visit.name if visit.why != "hazard" else f"{visit.number} {visit.summary}"
    return number, building, what, floor, WHYS[visit.why], visit.code


def _show_plans(plans: list[PlanRecord]) -> None:
    table = Table(box=None, header_style="bold")
    for heading in ("编号 id", "名称 name", "范围 scope", "周期(天) days", "检查方 party", "自 since", "至 until"):
        table.add_column(heading)
    for plan in plans:
        party = dictionary("inspection_parties")[plan.party].label
        cells = (plan.id, plan.name, plan.scope_code, plan.cycle_days, party, plan.since, plan.until or "")
        table.add_row(*(Text(str(cell)) for cell in cells))
    console.print(table if plans else Text("没有检查计划 No plans of inspections"))


def _show_taken(taken: list[Taken]) -> None:
    for each in taken:
        hazards = "、".join(hazard.number for hazard in each.hazards)
        why = f":{each.reason_zh} {each.reason_en}" if each.outcome == "refused" else ""
        console.print(Text(f"{each.client_key} {OUTCOMES[each.outcome]}{why} {hazards}".rstrip()))
