"""``wangge merge``: several networks of old grids into one, out of the store or out of files."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from api.commands.drafting import Engine, EngineOption, SchedulerOption, drafting, scheduler_for
from api.commands.plan import show_report, write_report
from api.commands.store import open_store, who_runs
from geo.errors import InputError
from geo.exchange.stamps import stamp_now
from geo.services.file_rows import FileRequest
from geo.services.merging import current_workers, merge_scope, write_handover
from geo.services.merging_files import merge_files
from geo.services.planning import scope_codes
from geo.services.planning_files import write_plan
from geo.services.wishes import Wishes
from geo.territory.dictionaries import dictionary

console = Console()
BAR = "合并 Merging"
_FILES = "文件 Files"
#: Codes of grids named on the screen; the tables have all.
SHOWN_CODES = 5


def merge_command(
    scope: Annotated[
        str | None, typer.Argument(help="街道或社区的编码或名称 Code or name of a street or community")
    ] = None,
    departments: Annotated[
        str | None,
        typer.Option(help="合并哪些部门的网格,用逗号分开;缺省为全部 Departments, by commas; all if left out"),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option("--weight", help="部门权重 城管=2,可多次,0 为不计 Weight DEPARTMENT=NUMBER; repeatable; 0: none"),
    ] = None,
    lower: Annotated[int, typer.Option(help="每个网格最少户数 Least households per grid")] = 200,
    upper: Annotated[int, typer.Option(help="每个网格最多户数 Most households per grid")] = 300,
    grids: Annotated[int | None, typer.Option(help="网格总数 Number of grids in all")] = None,
    stability: Annotated[
        float | None, typer.Option(help="调节:少拆原有网格,1 为常值 Dial: keep old grids together, 1 as usual")
    ] = None,
    name: Annotated[str | None, typer.Option(help="方案名称 Name of the plan")] = None,
    compare: Annotated[
        bool, typer.Option(help="另按同样户数重新划分一遍作比较 Draw the same bounds afresh too, to compare")
    ] = True,
    moves: Annotated[Path | None, typer.Option(help="谁变动:.xlsx 或 .csv Who moves, as tables: .xlsx or .csv")] = None,
    personal: Annotated[
        bool, typer.Option("--personal", help="变动表中写入网格员姓名 Names of grid workers in the tables")
    ] = False,
    report: Annotated[Path | None, typer.Option(help="报告 .json Report")] = None,
    seed: Annotated[int, typer.Option(help="随机种子 Seed")] = 0,
    time_limit: Annotated[float | None, typer.Option(help="每个社区最多秒数 Seconds per community")] = None,
    workers: Annotated[int | None, typer.Option(help="进程数 Processes")] = None,
    engine: EngineOption = Engine.LOCAL,
    scheduler: SchedulerOption = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", rich_help_panel=_FILES, help="楼栋文件,不用数据库 Buildings, without a store"),
    ] = None,
    households: Annotated[str | None, typer.Option(rich_help_panel=_FILES, help="户数列 Column of households")] = None,
    old: Annotated[
        list[Path] | None,
        typer.Option("--old", rich_help_panel=_FILES, help="旧网格面文件,每层一个 A file of old grids; one per layer"),
    ] = None,
    old_column: Annotated[
        str | None, typer.Option(rich_help_panel=_FILES, help="旧网格的名称列 Column that names old grids")
    ] = None,
    parent: Annotated[
        str | None,
        typer.Option(rich_help_panel=_FILES, help="上级区划,列名或面文件 Parent division, a column or a file"),
    ] = None,
    barriers: Annotated[
        list[Path] | None,
        typer.Option(rich_help_panel=_FILES, help="道路、河流、围墙,可多次 Roads, rivers, walls; repeatable"),
    ] = None,
    barrier_kind: Annotated[
        str, typer.Option(rich_help_panel=_FILES, help="未注明类型的线 Kind of lines that do not say")
    ] = "road",
    datum: Annotated[str | None, typer.Option(rich_help_panel=_FILES, help="坐标基准 Datum")] = None,
    encoding: Annotated[str | None, typer.Option(rich_help_panel=_FILES, help="编码 Encoding, such as GBK")] = None,
    out: Annotated[Path | None, typer.Option(rich_help_panel=_FILES, help="结果 .gpkg Result")] = None,
) -> None:
    """多网合一:把各部门重叠的旧网格合并成一套,并报告谁变动。 Merge old networks into one and say who moves."""
    scheduler = scheduler_for(engine, scheduler)
    wishes = Wishes(grids=grids, dials={} if stability is None else {"stability": stability})
    chosen: dict[str, Any] = {"lower": lower, "upper": upper, "seed": seed, "time_limit": time_limit, "wishes": wishes}
    chosen |= {"workers": workers, "scheduler": scheduler}
    if (file is None) == (scope is None):
        raise InputError(
            "请写明街道或社区,或用 --file 给出楼栋文件(二者取一)",
            "name a street or community, or give a file of buildings with --file (one of the two)",
        )
    if file is None:
        assert scope is not None
        named = None if departments is None else _names(departments)
        _merge_store(scope, named, _weights(weights), name, compare, moves, report, chosen, personal=personal)
        return
    if households is None or not old:
        raise InputError(
            "合并文件时请用 --households 指定户数列,并用 --old 给出至少一层旧网格",
            "merging from files needs --households COLUMN and at least one --old FILE",
        )
    request = FileRequest(
        path=file,
        households=households,
        parent=parent,
        barriers=tuple(barriers or ()),
        barrier_kind=dictionary("barrier_kinds")[barrier_kind].code,
        datum=datum,
        encoding=encoding,
        **chosen,
    )
    out = out or Path("out") / "merged.gpkg"
    with drafting(BAR, console) as progress:
        plan = merge_files(
            request, old, column=old_column, weights=_weights(weights), compare=compare, progress=progress
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    write_plan(plan, out, stamp=stamp_now(who_runs(), scope=request.path.name))
    _tell(plan.report, report or out.with_suffix(".report.json"), moves, None)
    console.print(f"方案 Plan: {out}")


def _merge_store(
    scope: str,
    departments: list[str] | None,
    weights: dict[str, float],
    name: str | None,
    compare: bool,
    moves: Path | None,
    report: Path | None,
    chosen: dict[str, Any],
    *,
    personal: bool,
) -> None:
    with open_store() as session:
        (code,) = scope_codes(session, scope)
        with drafting(BAR, console) as progress:
            outcome = merge_scope(
                session,
                code,
                departments=departments,
                weights=weights,
                name=name,
                who=who_runs(),
                compare=compare,
                progress=progress,
                **chosen,
            )
        names = current_workers(session, code) if personal else None
    _tell({"plan": outcome.plan_id, **outcome.report}, report or Path("out") / "report.json", moves, names)
    console.print(f"方案草案已保存 Draft saved: {outcome.plan_id}")
    console.print("采用并结束各部门方案 To adopt it and end the departments' plans:")
    console.print(f"  wangge adopt {outcome.plan_id} --retire", markup=False, highlight=False)
    _show_maps(code, outcome.plan_id, outcome.report["merging"])


def _tell(summary: dict[str, Any], report: Path, moves: Path | None, workers: Mapping[str, str] | None) -> None:
    show_report(summary)
    show_merging(summary["merging"])
    write_report(summary, report)
    console.print(f"报告 Report: {report}")
    if moves is not None:
        moves.parent.mkdir(parents=True, exist_ok=True)
        for path in write_handover(summary["merging"], moves, workers, stamp=stamp_now(who_runs())):
            console.print(f"变动表 Who moves: {path}", markup=False)


def show_merging(merging: Mapping[str, Any]) -> None:
    """Print what became of departments' old grids: how many there were, who stays together, who moves."""
    change = merging["grids_change"]
    console.print(
        f"网格 Grids: {merging['grids_before']:,} → {merging['grids_after']:,}"
        + ("" if change is None else f" ({change:+.1%})")
    )
    table = Table(title="多网合一 Old networks merged")
    for heading in (
        "部门\nDepartment",
        "原网格\nOld grids",
        "户数\nHouseholds",
        "同格\nTogether",
        "可及\nPossible",
        "重划\nAfresh",
        "不混\nUnmixed",
        "留任\nPosts kept",
        "撤岗\nRedundant",
    ):
        table.add_column(heading, justify="left" if heading.startswith("部门") else "right", overflow="fold")
    afresh = {row["department"]: row for row in merging.get("afresh", {}).get("departments", [])}
    for row in merging["departments"]:
        there = row["households"]
        table.add_row(
            row["department"],
            f"{row['grids']:,}",
            f"{there:,}",
            _share(row["together"], there),
            _share(row["most_together"], there),
            _share(afresh[row["department"]]["together"], there) if afresh else "—",
            _share(row["unmixed"], there),
            f"{row['posts_kept']:,}",
            f"{row['posts_redundant']:,}",
        )
    console.print(table)
    counts = merging["households"]
    console.print(
        f"保有一位原网格员 Keep a worker: {counts['kept']:,} 户 households"
        + (f" ({counts['kept_share']:.1%})" if counts["kept_share"] is not None else "")
        + f"  至多 At most: {counts['most_kept']:,}"
        + f"  变动 Move: {counts['moved']:,}  原无网格 Not covered before: {counts['uncovered']:,}"
    )
    if "afresh" in merging:
        other = merging["afresh"]["households"]
        console.print(
            f"重新划分则保有 Drawn afresh, they would be: {other['kept']:,} ({_share(other['kept'], other['all'])})"
        )
    redundant = sum(row["posts_redundant"] for row in merging["departments"])
    console.print(f"撤并岗位 Posts without a grid: {redundant:,}" + _first_codes(merging["posts"], "to"))
    nobody = sum(row["from"] is None for row in merging["grids"])
    console.print(f"尚无网格员的新网格 New grids without a worker: {nobody:,}" + _first_codes(merging["grids"], "from"))


def _first_codes(rows: Sequence[Mapping[str, Any]], missing: str) -> str:
    """Name the first grids that nothing goes with, so that a planner knows where to look."""
    codes = [row["code"] for row in rows if row[missing] is None]
    shown = "、".join(codes[:SHOWN_CODES])
    return f" ({shown}{'…' if len(codes) > SHOWN_CODES else ''})" if codes else ""


def _show_maps(scope: str, plan: int, merging: Mapping[str, Any]) -> None:
    """Say which commands draw who moves, one for each department."""
    console.print("谁变动的地图 Maps of who moves:")
    for row in merging["departments"]:
        name = row["department"]
        page = Path("out") / f"moves-{name}.html"
        words = ["wangge", "map", scope, "--against", name, "--plan", str(plan), "--out", str(page)]
        console.print(f"  {' '.join(_quoted(word) for word in words)}", markup=False, highlight=False, soft_wrap=True)


def _quoted(word: str) -> str:
    """Quote what a shell would take apart; Chinese names need no quotes."""
    return word if word.replace("-", "").replace(".", "").replace("/", "").isalnum() else shlex.quote(word)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "—"


def _names(text: str) -> list[str]:
    names = [part.strip() for part in text.replace("，", ",").replace("、", ",").split(",") if part.strip()]
    if not names:
        raise InputError(
            "--departments 是空的;请写部门名,用逗号分开,或去掉此项",
            "--departments is empty; give names with commas between, or leave it out",
        )
    return names


def _weights(texts: list[str] | None) -> dict[str, float]:
    weights = {}
    for text in texts or ():
        name, sign, number = text.rpartition("=")
        try:
            if not sign or not name.strip():
                raise ValueError
            weights[name.strip()] = float(number)
        except ValueError:
            raise InputError(
                f"--weight 应写成 部门=数字,例如 城管=2,而不是“{text[:60]}”",
                f"--weight takes DEPARTMENT=NUMBER, such as 城管=2, not {text[:60]!r}",
            ) from None
    return weights
