"""``wangge edit`` and ``wangge edits``: move buildings of a draft between grids, make and end grids; who did what."""

import re
from collections import Counter
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.commands.store import open_store, who_runs
from geo.errors import InputError
from geo.services.editing import Edited, Move, edit_plan, rename_plan
from geo.services.grounding import Stroke, strokes_of_plan
from geo.services.reading import read_plan
from geo.territory.times import CHINA_TIME

console = Console()

#: A building's or stairwell's code, floors of it where the plan divides these, and the grid's code.
_MOVE = re.compile(
    r"(?P<building>[0-9]{19})(?P<rest>[A-Z][0-9]+)?(:(?P<low>-?[0-9]+)-(?P<high>-?[0-9]+))?=(?P<grid>\S+)"
)


def edit_command(
    plan: Annotated[int, typer.Argument(help="方案草案编号,见 wangge plans Id of a draft plan")],
    move: Annotated[
        list[str] | None,
        typer.Option(
            help="楼栋=网格,可重复;已拆分的写 单元=网格 或 楼栋:3-6=网格 BUILDING=GRID, repeatable; of divided ones "
            "STAIRWELL=GRID or BUILDING:3-6=GRID"
        ),
    ] = None,
    new_grid: Annotated[list[str] | None, typer.Option(help="新建网格的编码 Code of a grid to make")] = None,
    end_grid: Annotated[list[str] | None, typer.Option(help="撤销网格的编码 Code of a grid to end")] = None,
    name: Annotated[str | None, typer.Option(help="方案改名;已采用的不改 Rename the draft")] = None,
    version: Annotated[
        int | None, typer.Option(help="所见版本;已有他人修改则拒绝 Version you saw; refused when others changed it")
    ] = None,
) -> None:
    """修改方案草案:移动楼栋、增减网格、改名;一次全部生效。 Edit a draft: move buildings, make and end grids."""
    moves = [move_of(text) for text in move or []]
    new, ended = new_grid or [], end_grid or []
    if not (moves or new or ended or name):
        raise InputError(
            "没有要修改的内容;请用 --move 楼栋=网格 等写明",
            "nothing to edit; say what with --move BUILDING=GRID and the like",
        )
    with open_store() as session:
        seen = read_plan(session, plan).version if version is None else version
        if moves or new or ended:
            edited = edit_plan(session, plan, moves, new_grids=new, ended_grids=ended, who=who_runs(), version=seen)
            seen = edited.plan.version
        if name:
            seen = rename_plan(session, plan, name=name, who=who_runs(), version=seen).version
    if moves or new or ended:
        show_edited(edited)
    console.print(f"已保存 Saved: 方案 plan {plan}, 第 {seen} 版 version {seen}", markup=False)


def edits_command(
    plan: Annotated[int, typer.Argument(help="方案编号,见 wangge plans Id of the plan")],
    after: Annotated[int, typer.Option(min=0, help="只列此版本以后的 Only those after this version")] = 0,
) -> None:
    """方案的修改记录:谁、何时、把哪些楼栋从哪个网格移到哪个网格。 What edits did to a plan, the oldest first."""
    with open_store() as session:
        record, strokes = strokes_of_plan(session, plan, after=after)
    if not strokes:
        console.print("没有修改过 No edits")
    table = Table(title=Text(f"{record.name} 的修改 Edits of plan {record.id}", style="table.title"))
    for heading in ("版本 Version", "时间 At", "谁 Who", "修改 What"):
        table.add_column(heading.replace(" ", "\n"), overflow="fold")
    for stroke in strokes:
        at = f"{stroke.at.astimezone(CHINA_TIME):%Y-%m-%d %H:%M}"
        table.add_row(*(Text(cell) for cell in (str(stroke.version), at, stroke.who, _in_words(stroke))))
    if strokes:
        console.print(table)


def _in_words(stroke: Stroke) -> str:
    ways = Counter(stroke.moves.values())
    moved = [f"{was} → {became}: {count} 处 places" for (was, became), count in sorted(ways.items())]
    made = [f"新建 made {code}" for code in stroke.new_grids]
    ended = [f"撤销 ended {code}" for code in stroke.ended_grids]
    return "\n".join([*moved, *made, *ended]) or "重画边界 borders drawn anew"


def move_of(text: str) -> Move:
    """Read ``BUILDING=GRID``, ``STAIRWELL=GRID`` or either with floors, ``BUILDING:3-6=GRID``.

    Raises
    ------
    InputError
        The text does not read so.
    """
    found = _MOVE.fullmatch(text.strip())
    if found is None:
        raise InputError(
            f"“{text[:60]}”应写成 楼栋编码=网格编码,如 4403070010010000001=440307001001002",
            f"{text[:60]!r} should read BUILDING=GRID, such as 4403070010010000001=440307001001002",
        )
    building = found["building"]
    stairwell = building + found["rest"] if found["rest"] else None
    floors = (int(found["low"]), int(found["high"])) if found["low"] is not None else None
    return Move(building, found["grid"], stairwell, floors)


def show_edited(edited: Edited) -> None:
    """Print the grids that an edit changed or ended, and what the editor should know."""
    for row in edited.grids.itertuples():
        console.print(f"  {row.code} {row.name}: {row.households} 户 households", markup=False, highlight=False)
    for code in edited.ended:
        console.print(f"  {code}: 已撤销 ended", markup=False, highlight=False)
    for notice in edited.notices:
        console.print(f"  注意 Note: {notice.zh} {notice.en}", markup=False, highlight=False, soft_wrap=True)
