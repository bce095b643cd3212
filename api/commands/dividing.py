"""Grids divided into cells on the terminal: for all commands that do it."""

from typing import Any

from rich.console import Console
from sqlalchemy.orm import Session

from api.commands.drafting import drafting
from api.commands.store import who_runs
from geo.services.cells import CellsOutcome, divide_into_cells

console = Console()
BAR = "划分联户网格 Cells"
REASONS_SHOWN = 12


def divide_with_progress(session: Session, plan: int, **options: Any) -> CellsOutcome:
    """Divide the grids of a draft, showing how far it is."""
    with drafting(BAR, console) as progress:
        return divide_into_cells(session, plan, who=who_runs(), progress=progress, **options)


def show_cells(summary: dict[str, Any]) -> None:
    """Print how the cells came out, and why some are out of range."""
    console.print(
        f"联户网格 Cells of {summary['lower']}–{summary['upper']} 户 households: {summary['cells']:,}  "
        f"网格 Grids: {summary['grids']:,}  户数 Households: {summary['households']:,}\n"
        f"达标率 In range: {summary['in_range_share']:.1%}  用时 Seconds: {summary['seconds']}"
    )
    if summary.get("cancelled"):
        console.print("[yellow]已提前停止,以上是目前最好的结果 Stopped early; this is the best so far[/yellow]")
    if summary["estimated_parts"]:
        console.print(
            f"  {summary['estimated_parts']:,} 处楼层的户数按层均摊,非逐户登记 "
            "runs of floors have their households shared out evenly, not counted"
        )
    missed = summary["out_of_range"]
    for row in missed[:REASONS_SHOWN]:
        console.print(f"  {row['code']}  {row['households']} 户: {row['reason_zh']} {row['reason_en']}", markup=False)
    if len(missed) > REASONS_SHOWN:
        console.print(f"  …… 另有 {len(missed) - REASONS_SHOWN} 个,见报告 and more in the report")
    for note in summary["notes"]:
        console.print(f"  {note}", markup=False)
