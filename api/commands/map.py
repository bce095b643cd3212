"""``wangge map`` and ``wangge print``: the map as one page, and one grid or community as a sheet."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.orm import Session

from api.commands.store import open_store, who_runs, write_whole
from api.published_maps import hazards_map
from geo.errors import InputError
from geo.exchange.stamps import stamp_now
from geo.services.comparing import comparison_from_store, newest_plan
from geo.services.comparing_files import comparison_from_files
from geo.services.mapping import content_from_store
from geo.services.mapping_files import content_from_file
from geo.services.publishing_ledger import published_hazards_of
from geo.territory.map_content import ComparisonContent, MapContent
from maps.comparison import comparison_page
from maps.pages import plan_page
from maps.sheets import PaperName, sheet_pdf, sheet_png

console = Console()

File = Annotated[Path | None, typer.Option("--file", help="wangge plan 的结果文件 File that wangge plan wrote")]
Plan = Annotated[int | None, typer.Option("--plan", help="方案编号,缺省为最新 Plan, by default the newest")]
Report = Annotated[Path | None, typer.Option(help="方案报告,缺省为文件旁的报告 Report of the plan")]
Lower = Annotated[int | None, typer.Option(help="文件:每网格最少户数 File: least households per grid")]
Upper = Annotated[int | None, typer.Option(help="文件:每网格最多户数 File: most households per grid")]
Title = Annotated[str | None, typer.Option(help="标题 Title")]


def map_command(
    places: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SCOPE | --compare PLAN PLAN ...]",
            help="街道或社区的编码或名称;--compare 时为要比较的方案 "
            "Code or name of a street or community; with --compare the plans to compare",
        ),
    ] = None,
    compare: Annotated[
        bool,
        typer.Option(
            "--compare",
            help="并排比较几个方案:编号、部门名称、“现行”或 wangge plan 的结果文件 "
            "Compare plans: numbers, a department, in-force, or files that wangge plan wrote",
        ),
    ] = False,
    against: Annotated[
        str | None,
        typer.Option(
            help="谁换网格:与此方案(编号、部门名称或“现行”)相比 "
            "Who changes grid against this plan: a number, a department, or in-force"
        ),
    ] = None,
    plan: Plan = None,
    file: File = None,
    report: Report = None,
    lower: Lower = None,
    upper: Upper = None,
    title: Title = None,
    hazards: Annotated[
        bool,
        typer.Option(
            "--hazards", help="加上安全账单:隐患、检查、热点 With the ledger: hazards, inspections, hot spots"
        ),
    ] = False,
    published: Annotated[
        bool,
        typer.Option(
            "--published", help="与 --hazards 同用:可公开的隐患图,只有各区数量 With --hazards: what anyone may see"
        ),
    ] = False,
    out: Annotated[Path, typer.Option(help="结果网页 Page to write")] = Path("out/map.html"),
    tianditu_token: Annotated[
        str | None,
        typer.Option(envvar="WANGGE_TIANDITU_TOKEN", help="天地图密钥,提供后可选底图 Token for optional tiles"),
    ] = None,
) -> None:
    """生成地图:一个不需要网络的网页文件。 Draw the map as one page that needs no network."""
    if hazards and (compare or against is not None or file is not None):
        raise InputError(
            "--hazards 只用于数据库中的地图,不能与 --compare、--against、--file 同时使用",
            "--hazards is for maps out of the store: not with --compare, --against or --file",
        )
    if published:
        if not hazards or plan is not None:
            raise InputError(
                "--published 与 --hazards 同用,不能与 --plan 同用",
                "--published goes with --hazards, and not with --plan",
            )
        _write_published(_one_scope(places or []), out)
        return
    if compare or against is not None:
        comparison = _comparison(places or [], compare, against, plan, file, lower, upper, title)
        said = _stamp(comparison.ground.title, " | ".join(side.name for side in comparison.plans))
        page = comparison_page(comparison, colouring="change" if against else "households", stamp=said)
        write_whole(out, page.encode("utf-8"))
        names = "、".join(side.name for side in comparison.plans)
        console.print(f"比较 Comparison: {out} ({names})", highlight=False, soft_wrap=True)
        return
    content = _content(_one_scope(places or []), plan, file, report, lower, upper, title, ledger=hazards)
    _write_page(content, out, tianditu_token)
    grids = 0 if content.grids is None else len(content.grids)
    size = f"{out.stat().st_size / 1e6:.1f} MB, 网格 grids {grids}"
    console.print(f"地图 Map: {out} ({size})", highlight=False, soft_wrap=True)


def _write_published(street: str | None, out: Path) -> None:
    if street is None:
        raise InputError("请写明街道的编码或名称", "name the street, by its code or name")
    with open_store() as session:
        found = published_hazards_of(session, street)
    write_whole(out, hazards_map(found).encode("utf-8"))
    said = f"公开地图 Published map: {out} ({found.period.first} – {found.period.last})"
    console.print(said, highlight=False, soft_wrap=True)


def _one_scope(places: list[str]) -> str | None:
    if len(places) > 1:
        raise InputError(
            f"只能给出一个街道或社区,得到 {len(places)} 个;比较方案请加 --compare",
            f"one street or community, got {len(places)}; to compare plans add --compare",
        )
    return places[0] if places else None


def _comparison(
    places: list[str],
    compare: bool,
    against: str | None,
    plan: int | None,
    file: Path | None,
    lower: int | None,
    upper: int | None,
    title: str | None,
) -> ComparisonContent:
    if compare:
        if plan is not None or against is not None or file is not None:
            raise InputError(
                "--compare 后直接列出方案,不能与 --plan、--against、--file 同时使用",
                "list the plans after --compare; it goes with none of --plan, --against and --file",
            )
        if any(place.lower().endswith(".gpkg") for place in places):
            return comparison_from_files([Path(place) for place in places], title=title, lower=lower, upper=upper)
        with open_store() as session:
            return comparison_from_store(session, places, title=title)
    assert against is not None
    if file is not None:
        return comparison_from_files([Path(against), file], title=title, lower=lower, upper=upper)
    with open_store() as session:
        scope = _one_scope(places)
        newer = plan if plan is not None else newest_plan(session, scope)
        return comparison_from_store(session, [against, str(newer)], scope, title=title)


def print_command(
    focus: Annotated[
        str, typer.Argument(help="网格编码或短号,或社区编码或名称 Code of a grid, code or name of a community")
    ],
    plan: Plan = None,
    scope: Annotated[
        str | None, typer.Option(help="所在街道或社区 Street or community it lies in; found by code when not given")
    ] = None,
    file: File = None,
    report: Report = None,
    lower: Lower = None,
    upper: Upper = None,
    title: Title = None,
    out: Annotated[Path, typer.Option(help="结果 .pdf 或 .png Sheet to write")] = Path("out/sheet.pdf"),
    paper: Annotated[PaperName | None, typer.Option(help="纸张 Paper")] = None,
    dpi: Annotated[int, typer.Option(help="PNG 分辨率 Resolution of a PNG")] = 150,
) -> None:
    """打印一个网格或社区:PDF 或 PNG。 Print one grid or community as a sheet."""
    _check_sheet_name(out)
    if file is None:
        scope = scope or _street_of(focus)
    content = _content(scope, plan, file, report, lower, upper, title)
    _write_sheet(content, focus, out, paper=paper, dpi=dpi)
    console.print(f"图纸 Sheet: {out}", highlight=False, soft_wrap=True)


def write_map(session: Session, scope: str | None, plan_id: int | None, out: Path, *, ledger: bool = False) -> None:
    """Write the map page of a street or community out of the store."""
    _write_page(content_from_store(session, scope, plan_id, ledger=ledger), out, None)


def write_sheet(session: Session, focus: str, plan_id: int | None, out: Path) -> None:
    """Write the sheet of a grid or community out of the store; its street is found by its code."""
    _check_sheet_name(out)
    _write_sheet(content_from_store(session, _street_of(focus), plan_id), focus, out)


def _write_page(content: MapContent, out: Path, tianditu_token: str | None) -> None:
    said = _stamp(content.title, content.plan_name)
    write_whole(out, plan_page(content, tianditu_token=tianditu_token, stamp=said).encode("utf-8"))


def _stamp(scope: str, plan: str) -> str:
    return stamp_now(who_runs(), scope=scope, plan=plan).line


def _check_sheet_name(out: Path) -> None:
    if out.suffix.lower() not in (".pdf", ".png"):
        raise InputError(f"只能写 .pdf 或 .png,不能写“{out.name}”", f"a sheet is a .pdf or .png, not {out.name!r}")


def _write_sheet(content: MapContent, focus: str, out: Path, *, paper: PaperName | None = None, dpi: int = 150) -> None:
    if out.suffix.lower() == ".png":
        write_whole(out, sheet_png(content, focus, dpi=dpi, paper=paper, printed_by=who_runs()))
    else:
        write_whole(out, sheet_pdf(content, focus, paper=paper, printed_by=who_runs()))


def _street_of(focus: str) -> str | None:
    """Return the street that a grid's or community's code starts with; a sheet shows the neighbours too."""
    return focus[:9] if focus.isdigit() and len(focus) in (12, 15) else None


def _content(
    scope: str | None,
    plan: int | None,
    file: Path | None,
    report: Path | None,
    lower: int | None,
    upper: int | None,
    title: str | None,
    *,
    ledger: bool = False,
) -> MapContent:
    if file is not None:
        if plan is not None or scope is not None:
            raise InputError(
                "--file 与街道、--plan 不能同时使用", "--file cannot be combined with a scope or --plan"
            )  # fmt: skip
        return content_from_file(file, report=report, title=title, lower=lower, upper=upper)
    with open_store() as session:
        return content_from_store(session, scope, plan, title=title, ledger=ledger)
