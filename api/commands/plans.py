"""``wangge plans`` and ``wangge adopt``: which plans there are, and which is in force."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.commands.store import open_store, who_runs
from geo.services.adopting import adopt_plan
from geo.services.planning import scope_codes
from geo.services.reading import PlanFilter, read_plan, read_plans
from geo.services.redrawing import grids_to_redraw
from geo.services.retiring import adopt_merged, merged_from, retire_sources, told_ended
from geo.territory.dictionaries import dictionary

if TYPE_CHECKING:
    from geo.storage.plans import PlanRecord

console = Console()
PLANS_SHOWN = 100
MISFITS_SHOWN = 12


def plans_command(
    scope: Annotated[
        str | None, typer.Argument(help="街道或社区的编码或名称 Code or name of a street or community")
    ] = None,
    state: Annotated[str | None, typer.Option(help="状态 draft | adopted | superseded State")] = None,
) -> None:
    """列出方案,新的在前。 List plans, the newest first."""
    if state is not None:
        state = dictionary("plan_states")[state].code
    with open_store() as session:
        code = scope_codes(session, scope)[0] if scope else None
        found = read_plans(session, PlanFilter(scope=code, state=state), limit=PLANS_SHOWN, after=None)
    table = Table(title="网格划分方案 Plans")
    # What does not fit goes on in the next line: a code that is cut off cannot be copied.
    for heading, numbers in (
        ("编号 Id", True),
        ("名称 Name", False),
        ("状态 State", False),
        ("范围 Scope", True),
        ("部门 Dept.", False),
        ("网格 Grids", True),
        ("户数 Households", True),
    ):
        table.add_column(heading.replace(" ", "\n"), overflow="fold", no_wrap=numbers)
    for plan in found:
        state_words = dictionary("plan_states")[plan.state].label
        counts = (f"{plan.grids:,}", f"{plan.households:,}")
        cells = (str(plan.id), plan.name, state_words, plan.scope_code, plan.department, *counts)
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)


def adopt_command(
    plan: Annotated[int, typer.Argument(help="方案编号,见 wangge plans Id of the plan")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="不再询问 Do not ask")] = False,
    retire: Annotated[
        bool,
        typer.Option(
            "--retire",
            help="多网合一:同时结束所合并的各部门方案 Of a merged plan: end the departments' plans it replaces",
        ),
    ] = False,
) -> None:
    """采用方案草案,替代现行方案;采用后不能再修改。 Put a draft in force; it cannot be changed afterwards."""
    with open_store() as session:
        draft = read_plan(session, plan)
        sources = merged_from(draft)
        zh, en = ("社区", "communities") if draft.tier == "community" else ("网格", "grids")
        question = (
            f"采用方案 {draft.id} {draft.name}({draft.grids} 个{zh},{draft.households:,} 户)? "
            f"Adopt plan {draft.id} ({draft.grids} {en}, {draft.households:,} households)?"
        )
        misfits = grids_to_redraw(session, plan)
        show_misfits(misfits, "采用后 After this,")
        in_force = draft.state == "adopted"
        if retire and in_force:
            question = f"结束方案 {draft.id} 所合并的各部门方案? End the departments' plans that {draft.id} replaces?"
        if sources:
            _say_sources(
                "将一并结束 Will end as well"
                if retire
                else "仍将生效(--retire 则结束) Stay in force (--retire ends them)",
                sources,
            )
        if not yes and not typer.confirm(question):
            console.print("没有改变 Nothing changed")
            return
        ended: list[PlanRecord] = []
        if retire and in_force:
            ended = retire_sources(session, plan, who=who_runs())
        elif retire:
            draft, ended = adopt_merged(session, plan, who=who_runs(), version=draft.version)
        else:
            draft = adopt_plan(session, plan, who=who_runs(), version=draft.version)
    console.print(f"已采用 Adopted: {draft.id} {draft.name}", markup=False)
    for line in told_ended(ended):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    show_misfits(misfits, "现在 Now")
    if misfits:
        console.print(f"  wangge plan {draft.scope_code[:9]}", markup=False, highlight=False)


def show_misfits(misfits: Sequence[Mapping[str, Any]], when: str) -> None:
    """Print which grids in force do not fit the communities of a plan, after some words."""
    if not misfits:
        return
    astride = sum(bool(row["straddles"]) for row in misfits)
    console.print(
        f"{when} {len(misfits)} 个现行网格须重划(其中 {astride} 个跨社区),此前照常生效 grids in force have to be drawn "
        f"anew ({astride} lie in two communities); until then they stay in force",
        markup=False,
    )
    for row in misfits[:MISFITS_SHOWN]:
        held = ",".join(f"{code} {count} 户" for code, count in row["communities"].items())
        console.print(f"  {row['grid']}: {held}", markup=False, highlight=False)
    if len(misfits) > MISFITS_SHOWN:
        console.print(f"  …… 另有 {len(misfits) - MISFITS_SHOWN} 个 and more")


def _say_sources(words: str, sources: Sequence[Mapping[str, Any]]) -> None:
    """Name departments' plans in a line, after some words."""
    named = "、".join(f"{one['department']} {one['plan']} {one['name']}" for one in sources)
    console.print(f"{words}: {named}", markup=False, highlight=False, soft_wrap=True)
