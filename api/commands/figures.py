"""``wangge figures`` and ``wangge hotspots``: what the ledger counts, and where it thickens."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.commands.sheets import write_sheet
from api.commands.store import open_store, who_runs
from api.figure_sheets import as_sheet, buildings_sheet, cases_sheet, grids_sheet, row_name, spots_sheet
from geo.errors import BoundsError, InputError
from geo.services.case_files import MOST_CASES
from geo.services.describing_cases import name_counted
from geo.services.figuring import By, Period, cases_of, figure, labels_of, registry
from geo.services.hot_spots import check_kind, find_hot_spots
from geo.services.left_out import buildings_left_out, grids_left_out
from geo.territory.times import CHINA_TIME

console = Console()

Scope = Annotated[str, typer.Argument(metavar="CODE", help="街道、社区或网格编码 Of a street, community or grid")]
Since = Annotated[str | None, typer.Option("--since", help="自此日,缺省为本月 1 日 From this day; the month's first")]
Until = Annotated[str | None, typer.Option("--until", help="至此日(含),缺省为今日 Up to this day; today")]
Out = Annotated[Path | None, typer.Option("--out", help="写成表格 .csv、.xlsx Write a sheet")]
Workflow = Annotated[str | None, typer.Option("--as", help="流程,如 hazard、request Of this workflow only")]


def figures_command(
    scope: Scope,
    since: Since = None,
    until: Until = None,
    workflow: Workflow = None,
    by: Annotated[
        str, typer.Option("--by", help="分行:all、community、grid、kind、nature、body、month What rows are told by")
    ] = "all",
    opened: Annotated[
        str | None,
        typer.Option(
            "--open", metavar="FIGURE", help="打开一个指标:列出所统计的事项、网格,或未覆盖的楼栋 What it counts"
        ),
    ] = None,
    out: Out = None,
) -> None:
    """台账指标:新增、办结、超期、重开、各级解决率、覆盖率、三零目标。 The figures of the ledger."""
    if opened is not None:
        _open_figure(opened, scope, _period(since, until), workflow, by, out)
        return
    with open_store() as session:
        found = figure(session, scope, _period(since, until), workflow=workflow, by=cast(By, by))
    if out is not None:
        write_sheet(console, as_sheet(found), out, layer="指标", scope=scope)
        return
    shown = Table(box=None, header_style="bold")
    shown.add_column("指标 figure")
    for row in found.rows:
        shown.add_column(row_name(row), justify="right")
    for code, one in registry().items():
        cells = [_cell(row.values[code]) for row in found.rows]
        shown.add_row(f"{one.zh}({one.unit_zh}){one.en}", *cells)
    console.print(Text(f"{scope} {found.period.first} – {found.period.last}"))
    console.print(shown)


def hot_spots_command(
    scope: Scope,
    since: Since = None,
    until: Until = None,
    workflow: Workflow = None,
    kind: Annotated[str | None, typer.Option("--kind", help="只看此类型 Of this kind only")] = None,
    radius_m: Annotated[float, typer.Option("--radius", help="邻近半径,米 Metres")] = 100.0,
    days: Annotated[float, typer.Option("--days", help="邻近天数 Days")] = 14.0,
    at_least: Annotated[int, typer.Option("--at-least", help="至少几件 Cases that make a spot")] = 5,
    out: Out = None,
) -> None:
    """时空热点:哪里在什么时候比偶然更集中。 Where cases came closer together than chance would have them."""
    check_kind(workflow, kind)
    with open_store() as session:
        found = find_hot_spots(
            session,
            scope,
            _period(since, until),
            workflow=workflow,
            kind=kind,
            radius_m=radius_m,
            days=days,
            at_least=at_least,
        )
    if out is not None:
        write_sheet(console, spots_sheet(found, workflow), out, layer="热点", scope=scope)
        return
    words = labels_of("kind", workflow)
    shown = Table(box=None, header_style="bold")
    for heading in ("件数 count", "经度 lon", "纬度 lat", "半径 m", "自 first", "至 last", "偶然 chance", "类型 kinds"):
        shown.add_column(heading)
    for spot in found:
        kinds = "、".join(f"{words.get(name, name)} {count}" for name, count in spot.kinds.items())
        where = (f"{spot.lon:.6f}", f"{spot.lat:.6f}", f"{spot.radius_m:.0f}")
        shown.add_row(str(spot.count), *where, str(spot.first), str(spot.last), f"{spot.chance:.3f}", Text(kinds))
    console.print(shown if found else Text("没有热点 No hot spot"))


def _open_figure(code: str, scope: str, period: Period, workflow: str | None, by: str, out: Path | None) -> None:
    """List what a figure opens to: the cases or grids that it counts, the buildings that coverage leaves out."""
    if by != "all":
        raise InputError("--open 不与 --by 同用;请缩小范围", "--open goes without --by: give a smaller scope")
    known = registry().get(code)
    with open_store() as session:
        if known is not None and known.opens == "buildings":
            found = buildings_left_out(session, scope, period, who=who_runs())
            console.print(
                Text(f"{found.buildings} 栋中检查过 inspected of them {found.inspected},其余 others {found.left_out}")
            )
            table = buildings_sheet(found.items)
        elif known is not None and known.opens == "grids":
            table = grids_sheet(grids_left_out(session, scope, period))
        else:
            cases = cases_of(session, code, scope, period, workflow=workflow, limit=MOST_CASES + 1)
            if len(cases) > MOST_CASES:
                raise BoundsError(
                    f"超过 {MOST_CASES} 件;请缩小范围或时段", f"more than {MOST_CASES} cases: ask for fewer"
                )
            table = cases_sheet([name_counted(case) for case in cases])
    if out is not None:
        write_sheet(console, table, out, layer=registry()[code].zh, scope=scope, unit="行 rows")
        return
    shown = Table(box=None, header_style="bold")
    for heading in table.columns:
        shown.add_column(str(heading))
    for row in table.astype("object").where(table.notna(), "–").itertuples(index=False):
        shown.add_row(*(Text(str(value)) for value in row))
    console.print(shown if len(table) else Text("没有 None"))


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _period(since: str | None, until: str | None) -> Period:
    today = datetime.now(CHINA_TIME).date()
    first, last = _day(since), _day(until) or today
    return Period(first or last.replace(day=1), last)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError(f"日期“{text}”应写成 2026-11-01", f"a day is written as 2026-11-01, not {text!r}") from None
