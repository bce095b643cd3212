"""The terminal's way in: ``wangge COMMAND``. Only translates; the use cases are in ``geo/services``.

A command's module is loaded when the command runs: ``wangge --help`` and the processes that draft, which Python begins
by loading the program they belong to, need neither the database's libraries nor the web's.
"""

import sys
from importlib import import_module
from typing import Any

import typer
from rich.console import Console
from typer.core import TyperCommand, TyperGroup

from geo.errors import WanggeError

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130

#: Where each command is, and what ``wangge --help`` says of it: the first line of its own help.
COMMANDS = {
    "demo": (
        "api.commands.demo:demo_command",
        "从零开始演示:示例街道、网格划分、地图。 The sample street, a plan for it, and its map.",
    ),
    "import": (
        "api.commands.files:import_command",
        "把文件导入数据库:先预览,再在一个事务中写入。 Import a file: preview first, then one transaction.",
    ),
    "export": (
        "api.commands.files:export_command",
        "把数据库中的图层导出为文件。 Export layers of the store to a file.",
    ),
    "sample": (
        "api.commands.sample:sample_command",
        "生成示例街道(虚构),或大至百万楼栋的示例城市。 Make the fictional sample town, or a city of its kind.",
    ),
    "plan": (
        "api.commands.plan:plan_command",
        "划分网格:读取社区、街道或文件,写出方案草案和报告。 Draft grids and report what was reached.",
    ),
    "merge": (
        "api.commands.merge:merge_command",
        "多网合一:把各部门重叠的旧网格合并成一套,并报告谁变动。 Merge old networks into one and say who moves.",
    ),
    "cells": (
        "api.commands.cells:cells_command",
        "把方案草案的网格划分为联户网格(按单元、楼栋、街巷,高层按楼层)。 Divide a draft's grids into cells.",
    ),
    "edit": (
        "api.commands.edit:edit_command",
        "修改方案草案:移动楼栋、增减网格、改名;一次全部生效。 Edit a draft: move buildings, make and end grids.",
    ),
    "solve": (
        "api.commands.solve:solve_command",
        "锁定之外自动重划:保留的网格、小区不动,其余由引擎重新划分。 Divide a draft anew around what stays.",
    ),
    "locks": (
        "api.commands.locks:locks_command",
        "锁定的网格、小区及由谁锁定;锁定、解锁。 What is locked of a draft and by whom; lock and lift.",
    ),
    "remarks": (
        "api.commands.plan_papers:remarks_command",
        "方案的批注:列出、发表、处理。 Remarks on a plan: list them, make one, resolve one.",
    ),
    "edits": (
        "api.commands.edit:edits_command",
        "方案的修改记录:谁、何时、把哪些楼栋从哪个网格移到哪个网格。 What edits did to a plan, the oldest first.",
    ),
    "plan-report": (
        "api.commands.plan_papers:plan_report_command",
        "方案报告:各网格户数、原因、换网格员的户数、采用人和内容校验;可写成 PDF。 The report of a plan.",
    ),
    "plans": ("api.commands.plans:plans_command", "列出方案,新的在前。 List plans, the newest first."),
    "adopt": (
        "api.commands.plans:adopt_command",
        "采用方案草案,替代现行方案;采用后不能再修改。 Put a draft in force; it cannot be changed afterwards.",
    ),
    "map": (
        "api.commands.map:map_command",
        "生成地图:一个不需要网络的网页文件。 Draw the map as one page that needs no network.",
    ),
    "styles": (
        "api.commands.styles:styles_command",
        "图层样式:供 QGIS 的 .qml,供 MapLibre 的 .json。 Styles of the layers for QGIS and MapLibre.",
    ),
    "print": (
        "api.commands.map:print_command",
        "打印一个网格或社区:PDF 或 PNG。 Print one grid or community as a sheet.",
    ),
    "backup": (
        "api.commands.backup:backup_command",
        "备份整个数据库到一个文件(含个人信息,请妥善保管)。 Back up the whole store into one file; keep it safe.",
    ),
    "restore": (
        "api.commands.backup:restore_command",
        "从备份恢复:另建一库、核对无误后替换现有数据。 Restore a backup: beside the store, checked, then in its place.",
    ),
    "publish": (
        "api.commands.publish:publish_command",
        "按社区汇总可公开的数据,小于 10 的数不公开。 Counts per community for publication; small ones left out.",
    ),
    "locate": (
        "api.commands.locate:locate_command",
        "按人们的说法找地址:一个地点、几个候选,或说明没有。 Find an address as people say it, or say there is none.",
    ),
    "alias": (
        "api.commands.alias:alias_app",
        "别名:人们对地点的叫法,提议与审定 What people call places: proposed, decided on",
    ),
    "request": (
        "api.commands.request:request_app",
        "诉求:登记、分派、提级、导入导出 Requests: taken in, handed on, escalated; sheets",
    ),
    "figures": (
        "api.commands.figures:figures_command",
        "台账指标:新增、办结、超期、重开、各级解决率、覆盖率、三零目标。 The figures of the ledger.",
    ),
    "report": (
        "api.commands.report:report_app",
        "会议报告:月报、半年报,登记决议 Reports for meetings: monthly, half-yearly; resolutions",
    ),
    "hotspots": (
        "api.commands.figures:hot_spots_command",
        "时空热点:哪里在什么时候比偶然更集中。 Where cases came closer together than chance would have them.",
    ),
    "inspect": (
        "api.commands.inspect:inspect_app",
        "检查:计划、分级、今日巡查、补录 Inspections: plans, grades, a round, records",
    ),
    "case": (
        "api.commands.case:case_app",
        "事项:隐患、诉求等,按流程登记、办理、查看 Cases: opened, acted on and shown, as their workflow says",
    ),
    "bill": (
        "api.commands.bill:bill_command",
        "账单:一个对象的全部隐患,急的在前;可写成 PDF、Excel。 The bill of a thing: all its hazards.",
    ),
    "statement": (
        "api.commands.bill:statement_command",
        "月结单:期初 + 新增 + 复发 − 销号 − 作废 = 期末。 A month's statement, which adds up.",
    ),
    "responsibility": (
        "api.commands.responsibility:responsibility_command",
        "责任倒查:查了没有、查得怎样、办得怎样,逐步说明依据。 Who answers for a thing on a day, step by step.",
    ),
    "households": (
        "api.commands.households:households_command",
        "查看一栋楼的各户;每次查看都记入审计。 The doors of a building; every look is on record.",
    ),
    "audit": (
        "api.commands.audit:audit_app",
        "审计记录:核验、检索、导出 The audit trail: verify, search, export",
    ),
    "serve": ("api.commands.serve:serve_command", "启动网页与接口服务 Serve the map pages and the HTTP API."),
    "account": (
        "api.commands.account:account_app",
        "账户:建立、授权、重置、停用 Accounts: make, give roles, reset, end",
    ),
    "db": (
        "api.commands.database:database_app",
        "数据库:启动、停止、状态 The program's own database: start, stop, status",
    ),
}


class Commands(TyperGroup):
    """The commands: outlines for the list of them, each loaded when it is the one to run."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        for name, (_, line) in COMMANDS.items():
            self.add_command(TyperCommand(name, help=line))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that the first word names, and load it."""
        name, outline, rest = super().resolve_command(ctx, args)
        return name, None if outline is None else loaded(str(outline.name)), rest


def loaded(name: str) -> Any:
    """Return a command with its options, by its name."""
    module, attribute = COMMANDS[name][0].split(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        group = typer.main.get_group(found)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return typer.main.get_command(alone)


app = typer.Typer(name="wangge", cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback(help="网格:街道网格化管理 Spatial grid management for sub-districts")
def wangge() -> None:
    """Do nothing by itself."""


def main() -> None:
    """Run one command; an error raised on purpose prints its text and no traceback."""
    try:
        app()
    except WanggeError as error:
        Console(stderr=True).print(f"错误 Error: {error}", style="red", markup=False, highlight=False)
        sys.exit(EXIT_BAD_INPUT)
    except SystemExit as end:
        if end.code == EXIT_INTERRUPTED:
            Console(stderr=True).print("已中断,未完成的结果没有保存 Interrupted; nothing unfinished was kept")
        raise


if __name__ == "__main__":
    main()
