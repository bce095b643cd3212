"""``wangge plan``: draft grids out of the store or out of a file."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from api.commands.dividing import divide_with_progress, show_cells
from api.commands.drafting import Engine, EngineOption, SchedulerOption, drafting, scheduler_for
from api.commands.plans import show_misfits
from api.commands.store import open_store, who_runs, write_whole
from api.commands.wish_options import (
    AlternativesOption,
    ApartOption,
    BalanceOption,
    BordersOption,
    CompactnessOption,
    CompoundColumnOption,
    CrossingsOption,
    FewerOption,
    GridsOption,
    KeepGridOption,
    LocksOption,
    PostsOption,
    PreviousColumnOption,
    PreviousGridsOption,
    PreviousOption,
    RepairOption,
    StabilityOption,
    StyleOption,
    StylesOption,
    TogetherOption,
    WholeCompoundOption,
    codes_of,
    previous_of,
    wishes_of,
)
from geo.errors import InputError
from geo.exchange.formats import FORMATS
from geo.exchange.stamps import stamp_now
from geo.regionalization.communities import find_tier, tier_bounds
from geo.services.file_rows import FileRequest
from geo.services.planning import PlanOutcome, plan_alternatives, plan_scope, scope_codes
from geo.services.planning_files import plan_file, plan_file_alternatives, write_plan
from geo.territory.dictionaries import dictionary

console = Console()
BAR = "划分 Planning"
REASONS_SHOWN = 12
MOVES_SHOWN = 6
CASES_SHOWN = 6


@dataclass(frozen=True)
class Styles:
    """Which styles are compared; None for all that make sense."""

    named: tuple[str, ...] | None


def plan_command(
    target: Annotated[
        str,
        typer.Argument(help="街道或社区的编码、名称,all,或文件 Code or name of a street or community, all, or a file"),
    ] = "all",
    tier: Annotated[
        str,
        typer.Option(
            help="层级,决定户数范围:网格 grid、社区 community(重划街道内的社区)、联户网格 cell "
            "Tier of the units; sets their range; community redraws a street's communities"
        ),
    ] = "grid",
    lower: Annotated[
        int | None, typer.Option(help="每个网格最少户数,默认按层级 Least households per grid [200]")
    ] = None,
    upper: Annotated[
        int | None, typer.Option(help="每个网格最多户数,默认按层级 Most households per grid [300]")
    ] = None,
    cells: Annotated[
        bool, typer.Option("--cells", help="再把网格划分为联户网格 Divide the grids into cells of 30–40 as well")
    ] = False,
    name: Annotated[str | None, typer.Option(help="方案名称 Name of the plan")] = None,
    households: Annotated[str | None, typer.Option(help="文件:户数列 File: column of households")] = None,
    estimate_households: Annotated[
        bool,
        typer.Option(
            "--estimate-households", help="文件:无户数列,按层数和面积估算 File: estimate from floors and area"
        ),
    ] = False,
    floors: Annotated[
        str | None,
        typer.Option(help="文件:层数列,用于估算和按楼层拆分 File: column of floors, to estimate and to divide by"),
    ] = None,
    height: Annotated[
        str | None, typer.Option(help="文件:高度列(米),代替层数 File: column of height in metres, for floors")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="文件:图层 File: layer")] = None,
    parent: Annotated[
        str | None,
        typer.Option(help="文件:上级区划,列名或面文件 File: parent division, a column or a file of polygons"),
    ] = None,
    parent_column: Annotated[
        str | None, typer.Option(help="上级区划文件的名称列 Column of the parent file that names divisions")
    ] = None,
    barriers: Annotated[
        list[Path] | None, typer.Option(help="文件:道路、河流、围墙,可多次 File: roads, rivers, walls; repeatable")
    ] = None,
    barrier_kind: Annotated[str, typer.Option(help="未注明类型的线 Kind of lines that do not say")] = "road",
    where: Annotated[str | None, typer.Option(help="文件:列名=值 File: only rows with COLUMN=VALUE")] = None,
    datum: Annotated[str | None, typer.Option(help="文件:坐标基准 File: datum, such as wgs84, gcj02, bd09")] = None,
    encoding: Annotated[str | None, typer.Option(help="文件:编码 File: encoding, such as GBK")] = None,
    out: Annotated[Path | None, typer.Option(help="文件:结果 .gpkg File: result")] = None,
    report: Annotated[Path | None, typer.Option(help="报告 .json Report")] = None,
    seed: Annotated[int, typer.Option(help="随机种子 Seed")] = 0,
    time_limit: Annotated[float | None, typer.Option(help="每个社区最多秒数 Seconds per community")] = None,
    workers: Annotated[int | None, typer.Option(help="进程数 Processes")] = None,
    style: StyleOption = None,
    borders: BordersOption = None,
    crossings: CrossingsOption = None,
    compactness: CompactnessOption = None,
    stability: StabilityOption = None,
    fewer: FewerOption = None,
    balance: BalanceOption = None,
    repair: RepairOption = False,
    alternatives: AlternativesOption = False,
    styles: StylesOption = None,
    previous: PreviousOption = None,
    previous_grids: PreviousGridsOption = None,
    previous_column: PreviousColumnOption = None,
    compound_column: CompoundColumnOption = None,
    keep_grid: KeepGridOption = None,
    whole_compound: WholeCompoundOption = None,
    together: TogetherOption = None,
    apart: ApartOption = None,
    grids: GridsOption = None,
    posts: PostsOption = None,
    locks: LocksOption = None,
    settle_borders: Annotated[
        bool,
        typer.Option(
            "--settle-borders",
            help="另存社区边界调整草案,使跨界可解的网格达标 "
            "Draft also the communities with the buildings moved that would bring grids into range",
        ),
    ] = False,
    engine: EngineOption = Engine.LOCAL,
    scheduler: SchedulerOption = None,
) -> None:
    """划分网格:读取社区、街道或文件,写出方案草案和报告。 Draft grids and report what was reached."""
    wishes = wishes_of(
        style=style,
        dials={
            "boundary": borders,
            "barrier": crossings,
            "compactness": compactness,
            "stability": stability,
            "fewer": fewer,
        },
        balance=balance,
        repair=repair,
        keep_grid=keep_grid,
        whole_compound=whole_compound,
        together=together,
        apart=apart,
        grids=grids,
        posts=posts,
        locks=locks,
    )
    if settle_borders:
        _refuse_unsettled(target, alternatives or styles is not None)
        wishes = replace(wishes, settle_borders=True)
    bounds = tier_bounds(tier, lower, upper)
    options: dict[str, Any] = {
        "lower": bounds.lower,
        "upper": bounds.upper,
        "seed": seed,
        "time_limit": time_limit,
        "workers": workers,
        "scheduler": scheduler_for(engine, scheduler),
        "wishes": wishes,
    }
    compared = _compared(alternatives, styles)
    if cells:
        _check_cells(tier, compared)
    if not _is_file(target):
        if previous_grids or previous_column or compound_column:
            raise InputError(
                "--previous-grids、--previous-column 和 --compound-column 只用于文件;数据库中的现行方案用 --previous",
                "--previous-grids, --previous-column and --compound-column are for files; the store has --previous",
            )
        options |= {"previous": previous_of(previous), "tier": find_tier(tier).code}
        _plan_store(target, name, report, compared, options, cells=cells)
        return
    if previous is not None:
        raise InputError(
            "--previous 只用于数据库中的方案;文件的现行网格用 --previous-grids 列名或面文件",
            "--previous is for plans in the store; a file has --previous-grids, a column or a file of polygons",
        )
    if (households is None) != estimate_households:
        raise InputError(
            "划分文件时请用 --households 指定户数列,或用 --estimate-households 估算",
            "planning from a file needs either --households COLUMN or --estimate-households",
        )
    request = FileRequest(
        path=Path(target),
        households=households,
        floors=floors,
        height=height,
        layer=layer,
        parent=parent,
        parent_column=parent_column,
        barriers=tuple(barriers or ()),
        barrier_kind=dictionary("barrier_kinds")[barrier_kind].code,
        where=where,
        datum=datum,
        encoding=encoding,
        compound=compound_column,
        previous=previous_grids,
        previous_column=previous_column,
        **options,
    )
    out = out or Path("out") / "plan.gpkg"
    if compared is not None:
        _compare_file(request, compared, out, report)
        return
    with drafting(BAR, console) as progress:
        plan = plan_file(request, cells=cells, progress=progress)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_plan(plan, out, stamp=stamp_now(who_runs(), scope=request.path.name))
    report = report or out.with_suffix(".report.json")
    write_report(plan.report, report)
    show_report(plan.report)
    if cells:
        show_cells(plan.report["cells"])
    console.print(f"方案 Plan: {out}\n报告 Report: {report}")


def _refuse_unsettled(target: str, compared: bool) -> None:
    """Borders are settled for one plan out of the store."""
    if compared or _is_file(target):
        raise InputError(
            "--settle-borders 只用于数据库中一个方案的划分,不与 --alternatives、--styles 或文件同用",
            "--settle-borders is for one plan out of the store, not for files, --alternatives or --styles",
        )


def _compared(alternatives: bool, styles: str | None) -> Styles | None:
    """Return which styles to compare: none named means all; None when nothing is to be compared."""
    if styles is None:
        return Styles(None) if alternatives else None
    return Styles(codes_of(styles))


def _check_cells(tier: str, compared: Styles | None) -> None:
    """Cells are drafted in the grids of one plan.

    Raises
    ------
    InputError
        Something else is planned.
    """
    code = find_tier(tier).code
    if code != "grid":
        raise InputError(
            f"--cells 在网格内划分联户网格,不能与 --tier {code} 同用;请去掉其中一个",
            f"--cells divides grids and does not go with --tier {code}; leave out one of them",
        )
    if compared is not None:
        raise InputError(
            "--cells 只划分一个方案,不能与 --alternatives、--styles 同用;先选定方案,再运行 wangge cells",
            "--cells divides one plan and goes with neither --alternatives nor --styles; choose one, then wangge cells",
        )


def _compare_file(request: FileRequest, styles: Styles, out: Path, report: Path | None) -> None:
    """Write each plan as ``plan.STYLE.gpkg`` with its report beside it, and the table of all."""
    with drafting(BAR, console) as progress:
        found = plan_file_alternatives(request, styles.named, progress=progress)
    paths = {style: out.with_suffix(f".{style}{out.suffix}") for style in found.plans}
    for row, path in zip(found.table["plans"], paths.values(), strict=True):
        row["file"] = path.name
    out.parent.mkdir(parents=True, exist_ok=True)
    for style, path in paths.items():
        write_plan(found.plans[style], path, stamp=stamp_now(who_runs(), scope=request.path.name, plan=style))
        write_report(found.plans[style].report, path.with_suffix(".report.json"))
    report = report or out.with_suffix(".report.json")
    write_report({"alternatives": found.table}, report)
    show_alternatives(found.table)
    console.print(f"方案 Plans: {'、'.join(map(str, paths.values()))}\n报告 Report: {report}", markup=False)


def _plan_store(
    target: str,
    name: str | None,
    path: Path | None,
    compared: Styles | None,
    options: dict[str, Any],
    *,
    cells: bool = False,
) -> None:
    summaries: list[dict[str, Any]] = []
    with open_store() as session:
        for code in scope_codes(session, target):
            if compared is None:
                made = [draft_with_progress(session, code, name=name, **options)]
                show_report(made[0].report)
            else:
                with drafting(BAR, console) as progress:
                    found = plan_alternatives(
                        session, code, who=who_runs(), name=name, progress=progress, styles=compared.named, **options
                    )
                made = found.plans
                show_alternatives(found.table)
            session.commit()
            summaries += [{"plan": outcome.plan_id, **outcome.report} for outcome in made]
            console.print(f"方案草案已保存 Draft saved: {'、'.join(str(outcome.plan_id) for outcome in made)}")
            if any(outcome.report["cancelled"] for outcome in made):
                break
            if cells:
                divided = divide_with_progress(session, made[0].plan_id, workers=options["workers"])
                show_cells(divided.report)
                session.commit()
                summaries[-1]["cells"] = divided.report
    path = path or Path("out") / "report.json"
    write_report(summaries[0] if len(summaries) == 1 else {"plans": summaries}, path)
    console.print(f"报告 Report: {path}")


def draft_with_progress(session: Session, code: str, **options: Any) -> PlanOutcome:
    """Draft one street or community, showing how far it is."""
    with drafting(BAR, console) as progress:
        return plan_scope(session, code, who=who_runs(), progress=progress, **options)


def show_report(summary: dict[str, Any]) -> None:
    """Print a report: the totals, one row per community, and why grids are out of range."""
    tier = find_tier(summary.get("tier", "grid"))
    unit, limits = f"{tier.zh}划分 {tier.en}", f"{summary['lower']}–{summary['upper']} 户 households"
    table = Table(title=f"{unit}: {limits}")
    for heading in (
        "社区\nCommunity",
        "楼栋/单元\nAtoms",
        "户数\nHouseholds",
        f"{tier.zh}\n{tier.en}",
        "达标\nIn range",
        "下界\nBound",
    ):
        table.add_column(heading, justify="left" if heading.startswith("社区") else "right", overflow="fold")
    for row in summary["communities"]:
        table.add_row(
            row["name"] or row["code"],
            *(f"{row[key]:,}" for key in ("atoms", "households", "grids", "in_range", "lower_bound")),
        )
    table.add_section()
    table.add_row(
        "合计 Total", *(f"{summary[key]:,}" for key in ("atoms", "households", "grids", "in_range", "lower_bound"))
    )
    console.print(table)
    spread = summary["households_per_grid"]
    console.print(
        f"达标率 In range: {summary['in_range_share']:.1%}  "
        f"连片 Contiguous: {summary['contiguous']}/{summary['grids']}  "
        f"每网格户数 Households per grid: {spread['least']}–{spread['most']}, 中位 median {spread['median']:g}  "
        f"用时 Seconds: {summary['seconds']}"
    )
    if summary.get("cancelled"):
        console.print("[yellow]已提前停止,以上是目前最好的结果 Stopped early; this is the best so far[/yellow]")
    _show_continuity(summary)
    if summary.get("estimated_parts"):
        console.print(
            f"按楼层拆分而按层均摊户数 Runs of floors whose households were shared out evenly, not counted: "
            f"{summary['estimated_parts']:,}"
        )
    show_misfits(summary.get("grids_to_redraw", ()), "采用后 Once adopted,")
    _show_failures(summary)
    _show_moves(summary)
    for row in summary.get("rejected", [])[:REASONS_SHOWN]:
        console.print(f"  拒绝 Rejected row {row['row']}: {row['reason_zh']} {row['reason_en']}", markup=False)
    for note in summary.get("notes", []):
        console.print(f"  {note}", markup=False)


def _show_failures(summary: dict[str, Any]) -> None:
    """Print why grids are out of range, and which of them could be settled with a neighbouring community."""
    failed = [row for row in summary["grid_list"] if row["reason"]]
    for row in failed[:REASONS_SHOWN]:
        console.print(f"  {row['code']}  {row['households']} 户: {row['reason_zh']} {row['reason_en']}", markup=False)
    if len(failed) > REASONS_SHOWN:
        console.print(f"  …… 另有 {len(failed) - REASONS_SHOWN} 个,见报告 and more in the report")
    cases = summary.get("border_cases", ())
    for case in cases[:CASES_SHOWN]:
        verdict = (
            "合起来可以达标 together in range" if case["solves"] else "合起来也不达标 not in range together either"
        )
        console.print(
            f"  跨社区边界相邻 Across a community border: {' + '.join(case['grids'])}, "
            f"{' + '.join(map(str, case['households']))} 户 households, {case['border_m']:g} m: {verdict}",
            markup=False,
        )
    if len(cases) > CASES_SHOWN:
        console.print(f"  …… 另有 {len(cases) - CASES_SHOWN} 对,见报告 and more in the report")


def _show_moves(summary: dict[str, Any]) -> None:
    """Print which buildings would settle grids out of range, were they in the community next door."""
    moves = summary.get("border_moves", ())
    for move in moves[:CASES_SHOWN]:
        to: dict[str, list[str]] = {}
        for building, community in move["buildings"].items():
            to.setdefault(community, []).append(building)
        named = ";".join(f"{'、'.join(found)} → {community}" for community, found in to.items())
        result = "、".join(f"{row['community']} {row['households']} 户" for row in move["result"])
        console.print(
            f"  移楼可解 Settled by moving: {' + '.join(move['grids'])}: {named}({move['households']} 户 households)"
            f" ⇒ {result}",
            markup=False,
        )
    if len(moves) > CASES_SHOWN:
        console.print(f"  …… 另有 {len(moves) - CASES_SHOWN} 处,见报告 and more in the report")
    plan = summary.get("communities_plan")
    if plan:
        console.print(
            f"社区边界调整草案 Draft of the communities so changed: {plan};采用后再划网格 adopt it, then plan grids\n"
            f"  wangge adopt {plan}",
            markup=False,
        )
    elif moves and summary.get("tier") == "grid":
        console.print("  --settle-borders 可另存这样的社区草案 drafts the communities so changed", markup=False)


def _show_continuity(summary: dict[str, Any]) -> None:
    """Print whose households change their grid worker, compounds split, and what grids hold of further quantities."""
    if summary.get("households_before"):
        share = summary["households_moved"] / summary["households_before"]
        console.print(
            f"更换网格员 Change their grid worker: {summary['households_moved']:,} 户 households ({share:.1%})"
        )
        for move in summary["moves"][:MOVES_SHOWN]:
            console.print(f"  {move['from']} → {move['to']}: {move['households']} 户 households", markup=False)
    if summary.get("compounds"):
        console.print(
            f"被拆分的小区 Compounds split: {summary['compounds_split']:g}/{summary['compounds']:g}" + _fitting(summary)
        )
    for held in summary.get("quantities", ()):
        console.print(
            f"{held['name']}: 每格 per grid {held['least']:g}–{held['most']:g},"
            f"{held['in_range']}/{held['grids']} 达标 in range",
            markup=False,
        )


def _fitting(summary: dict[str, Any]) -> str:
    """Say it of compounds that a grid could hold; reports of earlier versions do not know."""
    if "compounds_fitting" not in summary:
        return ""
    return (
        f",其中一格放得下的 of which one grid could hold: "
        f"{summary['compounds_fitting_split']:g}/{summary['compounds_fitting']:g}"
    )


def show_alternatives(table: dict[str, Any]) -> None:
    """Print the table of trade-offs: one column per plan, one row per figure; so it fits a narrow terminal."""
    plans = table["plans"]
    shown = Table(title="方案比较 Plans compared")
    shown.add_column("风格\nStyle")
    for row in plans:
        shown.add_column(f"{row['zh']}\n{row['en']}", justify="right", overflow="fold")
    shown.add_row("方案 Plan", *(str(row["plan"] or row["file"] or "") for row in plans))
    for column in table["figures"]:
        values = (_rounded(row["figures"][column["name"]]) for row in plans)
        shown.add_row(f"{column['zh']} {column['en']}", *values)
    shown.add_row("与首个方案不同的户数 households unlike the first plan", *(f"{row['differs'][0]:,}" for row in plans))
    console.print(shown)
    words = {row["style"]: (row["zh"], row["en"]) for row in table["plans"]}
    columns = {column["name"]: column for column in table["figures"]}
    for row in table["plans"]:
        if row.get("drawn_as"):
            console.print(
                f"  {row['zh']}取自为“{row['drawn_as']}”所划的方案,因其更合此风格 {row['en']}: the plan drawn for "
                f"{row['drawn_as']}, which serves it better",
                markup=False,
            )
    for out in table["same"]:
        console.print(f"  {_left_out(out, words, columns)}", markup=False)
    price = table["price_of_stability"]
    if price is not None:
        console.print(
            f"保持稳定的代价 Price of stability: 网格 grids {price['grids']:+g},划界代价 border cost "
            f"{price['boundary_cost']:+,g},紧凑度 compactness {price['polsby_popper']:+g}"
        )


def _left_out(out: dict[str, Any], words: dict[str, tuple[str, str]], columns: dict[str, dict[str, str]]) -> str:
    """Say why a plan was not saved; reports of earlier versions know one reason only."""
    zh, en = words.get(out["as"], (out["as"], out["as"]))
    told = f"{out['zh']}(种子 seed {out['seed']})"
    goal = out.get("goal")
    if goal is None:
        return f"{told}与{zh}只差 {out['differs']} 户,未另存 {out['en']}: as good as {en}, not saved"
    figure = columns[goal["name"]]
    return (
        f"{told}的{figure['zh']}为 {goal['mine']:g},不如{zh}的 {goal['theirs']:g},未另存 "
        f"{out['en']}: {figure['en']} {goal['mine']:g}, not as good as {goal['theirs']:g} of {en}; not saved"
    )


def _rounded(value: float) -> str:
    """Write a figure in at most six letters or so: what is above a hundred without decimals."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def write_report(summary: dict[str, Any], path: Path) -> None:
    """Write a report as JSON, whole or not at all."""
    write_whole(path, json.dumps(summary, ensure_ascii=False, indent=1).encode("utf-8"))


def _is_file(target: str) -> bool:
    path = Path(target.partition("#")[0])
    return path.exists() or any(path.suffix.casefold() in form.extensions for form in FORMATS)
