"""``wangge demo``: the sample town, a plan for it, and its map, from nothing."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.orm import Session

from api.commands.map import write_map, write_sheet
from api.commands.plan import draft_with_progress, show_report, write_report
from api.commands.sample import load_with_progress
from api.commands.store import open_store, who_runs
from geo.services.exporting import export
from geo.services.reading import PlanFilter, read_grids, read_plans
from geo.services.sampling import SAMPLE_STREET

console = Console()


def demo_command(
    out: Annotated[Path, typer.Option(help="结果文件夹 Folder for results")] = Path("out"),
    seed: Annotated[int, typer.Option(help="示例城区的随机种子 Seed of the sample town")] = 7,
) -> None:
    """从零开始演示:示例街道、网格划分、地图。 The sample street, a plan for it, and its map."""
    out.mkdir(parents=True, exist_ok=True)
    with open_store() as session:
        load_with_progress(session, seed=seed, who=who_runs())
        session.commit()
        plan_id = _draft(session, out / "report.json")
        session.commit()
        write_map(session, SAMPLE_STREET, plan_id, out / "map.html")
        first = read_grids(session, plan_id, limit=1, after=None)["code"].iloc[0]
        write_sheet(session, first, plan_id, out / "sheet.pdf")
        export(session, ["grid", "building", "city_element"], out / "plan.gpkg", scope=SAMPLE_STREET, plan_id=plan_id)
    console.print(f"打印图 Sheet of one grid: {out / 'sheet.pdf'}\n方案数据 Plan data: {out / 'plan.gpkg'}")
    console.print(f"再划分联户网格 Cells in its grids: wangge cells {plan_id},然后 then wangge map")
    console.print(f"报告 Report: {out / 'report.json'}\n地图 Map: {(out / 'map.html').resolve()}", soft_wrap=True)


def _draft(session: Session, report_path: Path) -> int:
    """Draft the sample street, or take the draft that an earlier demo made."""
    earlier = next(iter(read_plans(session, PlanFilter(SAMPLE_STREET, department=""), limit=1, after=None)), None)
    if earlier is not None and earlier.report:
        show_report(earlier.report)
        write_report(earlier.report, report_path)
        return earlier.id
    outcome = draft_with_progress(session, SAMPLE_STREET)
    show_report(outcome.report)
    write_report({"plan": outcome.plan_id, **outcome.report}, report_path)
    return outcome.plan_id
