"""The terminal's way in: ``wangge COMMAND``. Only translates; the use cases are in ``geo/services``."""

import sys

import typer
from rich.console import Console

from api.commands.cells import cells_command
from api.commands.database import database_app
from api.commands.demo import demo_command
from api.commands.files import export_command, import_command
from api.commands.map import map_command, print_command
from api.commands.merge import merge_command
from api.commands.plan import plan_command
from api.commands.plans import adopt_command, plans_command
from api.commands.sample import sample_command
from api.commands.serve import serve_command
from geo.errors import WanggeError

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="wangge",
    help="网格:街道网格化管理 Spatial grid management for sub-districts",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(database_app, name="db")
app.command("demo")(demo_command)
app.command("import")(import_command)
app.command("export")(export_command)
app.command("sample")(sample_command)
app.command("plan")(plan_command)
app.command("merge")(merge_command)
app.command("cells")(cells_command)
app.command("plans")(plans_command)
app.command("adopt")(adopt_command)
app.command("map")(map_command)
app.command("print")(print_command)
app.command("serve")(serve_command)


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
