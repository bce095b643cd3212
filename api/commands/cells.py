"""``wangge cells``: divide the grids of a draft into linked-household cells."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from api.commands.dividing import divide_with_progress, show_cells
from api.commands.drafting import Engine, EngineOption, SchedulerOption, scheduler_for
from api.commands.plan import write_report
from api.commands.store import open_store

console = Console()


def cells_command(
    plan: Annotated[int, typer.Argument(help="方案草案编号,见 wangge plans Id of a draft plan")],
    lower: Annotated[int | None, typer.Option(help="每个联户网格最少户数,默认 30 Least households per cell")] = None,
    upper: Annotated[int | None, typer.Option(help="每个联户网格最多户数,默认 40 Most households per cell")] = None,
    seed: Annotated[int, typer.Option(help="随机种子 Seed")] = 0,
    report: Annotated[Path | None, typer.Option(help="报告 .json Report")] = None,
    workers: Annotated[int | None, typer.Option(help="进程数 Processes")] = None,
    engine: EngineOption = Engine.LOCAL,
    scheduler: SchedulerOption = None,
) -> None:
    """把方案草案的网格划分为联户网格(按单元、楼栋、街巷,高层按楼层)。 Divide a draft's grids into cells."""
    where: dict[str, Any] = {"workers": workers, "scheduler": scheduler_for(engine, scheduler)}
    with open_store() as session:
        outcome = divide_with_progress(session, plan, lower=lower, upper=upper, seed=seed, **where)
    show_cells(outcome.report)
    if report is not None:
        write_report({"plan": plan, **outcome.report}, report)
        console.print(f"报告 Report: {report}")
    console.print(f"已保存到方案草案 Saved with draft: {plan}")
