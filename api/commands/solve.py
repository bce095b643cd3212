"""``wangge solve``: the engine divides a draft anew around what stays."""

from typing import Annotated

import typer
from rich.console import Console

from api.commands.drafting import drafting
from api.commands.edit import show_edited
from api.commands.store import open_store, who_runs
from geo.regionalization.locks import FITTING
from geo.services.locking import read_locks
from geo.services.reading import read_plan
from geo.services.solving import Kept, solve_rest

console = Console()


def solve_command(
    plan: Annotated[int, typer.Argument(help="方案草案编号,见 wangge plans Id of a draft plan")],
    keep_grid: Annotated[
        list[str] | None, typer.Option(help="原样保留的网格编码,可重复 Code of a grid that stays, repeatable")
    ] = None,
    whole_compound: Annotated[
        list[str] | None,
        typer.Option(help="不拆分的小区编码,可重复;fitting 为所有放得下的 Compound kept whole; fitting: all that fit"),
    ] = None,
    locked: Annotated[
        bool, typer.Option("--locked", help="保留各人已锁定的网格和小区,见 wangge locks Keep what planners locked")
    ] = False,
    community: Annotated[
        list[str] | None, typer.Option(help="只重划此社区,可重复 Only this community, repeatable")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="随机种子,同种子同结果 Same seed, same grids")] = 0,
    version: Annotated[
        int | None, typer.Option(help="所见版本;已有他人修改则拒绝 Version you saw; refused when others changed it")
    ] = None,
) -> None:
    """锁定之外自动重划:保留的网格、小区不动,其余由引擎重新划分。 Divide a draft anew around what stays."""
    with open_store() as session:
        seen = read_plan(session, plan)
        locks = [lock.code for lock in read_locks(session, plan)] if locked else []
        grids = {*(keep_grid or ()), *(code for code in locks if code.isdigit())}
        compounds = tuple(sorted({*(whole_compound or ()), *(code for code in locks if not code.isdigit())}))
        kept = Kept(
            tuple(sorted(grids)), FITTING if FITTING in compounds else compounds or None, tuple(community or ())
        )  # fmt: skip
        with drafting(seen.name, console) as told:
            solved = solve_rest(
                session,
                plan,
                kept,
                who=who_runs(),
                version=seen.version if version is None else version,
                seed=seed,
                progress=lambda share: told(seen.scope_code, share, 1),
            )
    if solved is None:
        console.print("已停止,方案没有改变 Stopped; the plan is as it was", markup=False)
    elif solved.edited is None:
        console.print("没有更好的划分,方案没有改变 Nothing better was found; the plan is as it was", markup=False)
    else:
        show_edited(solved.edited)
        console.print(
            f"已重划 Solved: 方案 plan {plan}, {solved.moved} 处换了网格 units changed their grid, "
            f"第 {solved.edited.plan.version} 版 version {solved.edited.plan.version}",
            markup=False,
            soft_wrap=True,
        )
