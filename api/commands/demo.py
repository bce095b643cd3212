"""``wangge demo``: the sample town, a plan for it, and its map, from nothing."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from api.commands.map import write_map, write_sheet
from api.commands.plan import draft_with_progress, show_report, write_report
from api.commands.sample import load_with_progress
from api.commands.store import open_store, who_runs
from geo.access.passwords import random_password
from geo.access.roles import roles as all_roles
from geo.services.accounts import make_ready
from geo.services.exporting import export
from geo.services.reading import PlanFilter, read_grids, read_plans
from geo.services.sampling import SAMPLE_STREET
from geo.services.sampling_ledger import beginning, load_sample_ledger
from geo.services.sampling_plan import put_in_force, staff_grids

console = Console()

COMMUNITY = f"{SAMPLE_STREET}001"
#: Login -> name, roles, scopes: one of each kind.
PEOPLE = {
    "demo-planner": ("演示规划员", ["planner"], [SAMPLE_STREET]),
    "demo-staff": ("演示工作人员", ["staff"], [COMMUNITY]),
    "demo-inspector": ("演示网格员", ["inspector"], [f"{COMMUNITY}001"]),
    "demo-assessor": ("演示考核员", ["assessor"], [SAMPLE_STREET]),
    "demo-leader": ("演示领导", ["leader"], [SAMPLE_STREET]),
    "demo-administrator": ("演示系统管理员", ["administrator"], []),
    "demo-security": ("演示安全管理员", ["security_officer"], []),
    "demo-auditor": ("演示审计管理员", ["auditor"], []),
}


def demo_command(
    out: Annotated[Path, typer.Option(help="结果文件夹 Folder for results")] = Path("out"),
    seed: Annotated[int, typer.Option(help="示例城区的随机种子 Seed of the sample town")] = 7,
) -> None:
    """从零开始演示:示例街道、网格划分、地图。 The sample street, a plan for it, and its map."""
    out.mkdir(parents=True, exist_ok=True)
    with open_store() as session:
        load_with_progress(session, seed=seed, who=who_runs())
        plan_id = _draft(session, out / "report.json")
        # Cases lie in the grids of their days: the plan has been in force for longer than they go back.
        plan_id = put_in_force(session, plan_id, since=beginning(), who=who_runs())
        staff_grids(session, SAMPLE_STREET, since=beginning().date(), seed=seed, who=who_runs())
        session.commit()
        _fill_ledger(session, seed)
        session.commit()
        write_map(session, SAMPLE_STREET, plan_id, out / "map.html")
        write_map(session, SAMPLE_STREET, plan_id, out / "hazards.html", ledger=True)
        first = read_grids(session, plan_id, limit=1, after=None)["code"].iloc[0]
        write_sheet(session, first, plan_id, out / "sheet.pdf")
        passwords = make_people(session)
        nouns, target = ["grid", "building", "city_element"], out / "plan.gpkg"
        export(session, nouns, target, scope=SAMPLE_STREET, plan_id=plan_id, who=who_runs())
    console.print(f"打印图 Sheet of one grid: {out / 'sheet.pdf'}\n方案数据 Plan data: {out / 'plan.gpkg'}")
    console.print(f"再划分联户网格 Cells in its grids: wangge cells {plan_id},然后 then wangge map")
    console.print(f"安全账单地图 Map of hazards: {(out / 'hazards.html').resolve()}", soft_wrap=True)
    console.print(f"报告 Report: {out / 'report.json'}\n地图 Map: {(out / 'map.html').resolve()}", soft_wrap=True)
    _show_people(passwords)


def _fill_ledger(session: Session, seed: int) -> None:
    """Write a year of inspections, hazards and requests; the first community's are the demo people's own."""
    people = {
        ("inspector", COMMUNITY): "demo-inspector",
        ("staff", COMMUNITY): "demo-staff",
        **{("leader", f"{SAMPLE_STREET}{number:03d}"): "demo-leader" for number in range(1, 100)},
    }
    written = load_sample_ledger(session, SAMPLE_STREET, seed, who=who_runs(), people=people)
    if written.hazards:
        console.print(
            f"安全账单 Ledger: 检查 inspections {written.inspections:,},隐患 hazards {written.hazards:,},"
            f"诉求 requests {written.requests:,}",
            highlight=False,
            soft_wrap=True,
        )


def make_people(session: Session) -> dict[str, str]:
    """Make one account for each kind of person, or find those of an earlier demo; each gets a new random password."""
    passwords = {}
    for login, (person, roles, scopes) in PEOPLE.items():
        passwords[login] = random_password()
        make_ready(session, login, person, roles=roles, scopes=scopes, password=passwords[login], who=who_runs())
    return passwords


def _show_people(passwords: dict[str, str]) -> None:
    table = Table(
        title="演示账户(密码只显示这一次) Demo accounts; their passwords are shown this once", title_justify="left"
    )
    for heading in ("登录名 login", "密码 password", "角色 role", "范围 scope"):
        table.add_column(heading, no_wrap=True)
    for login, password in passwords.items():
        _, roles, scopes = PEOPLE[login]
        table.add_row(login, password, "、".join(all_roles()[code].zh for code in roles), " ".join(scopes))
    console.print(table)
    console.print(
        "启动服务后在 /sign-in 登录;三种管理员首次登录时启用动态码。 "
        "wangge serve, then /sign-in; the three administrators enrol a second factor when they first sign in."
    )


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
