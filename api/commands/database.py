"""``wangge db``: start, stop and look at the program's own database server."""

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from geo.storage import embedded
from geo.storage.database import DatabaseSettings
from geo.storage.embedded import ServerStatus

console = Console()

database_app = typer.Typer(
    help="数据库:启动、停止、状态 The program's own database: start, stop, status", no_args_is_help=True
)


def _managed_here() -> bool:
    """Tell whether the program's own server is in use; say so when it is not."""
    if DatabaseSettings().database_url is None:
        return True
    # On the error stream, so that `psql $(wangge db url)` never takes it for an address.
    Console(stderr=True).print(
        "已设置 WANGGE_DATABASE_URL:使用外部数据库,本程序不负责它的启动和停止。\n"
        "WANGGE_DATABASE_URL is set: an outside database is in use, and nothing is managed here.",
        highlight=False,
    )
    return False


@database_app.command("start")
def start_command() -> None:
    """启动数据库;首次启动时建立。 Start the database; the first time, make it."""
    if not _managed_here():
        return
    with console.status("正在准备数据库… Getting the database ready…"):
        embedded.start(progress=lambda line: console.print(line, highlight=False))
    _show(embedded.status())


@database_app.command("stop")
def stop_command() -> None:
    """停止数据库;已提交的数据不会丢失。 Stop the database; what is committed is safe."""
    if not _managed_here():
        return
    console.print("数据库已停止 Stopped" if embedded.stop() else "数据库本来就没有运行 It was not running")


@database_app.command("status")
def status_command() -> None:
    """查看数据库是否运行、在哪里、多大。 Tell whether the database runs, where it is and how big."""
    if _managed_here():
        _show(embedded.status())


@database_app.command("url")
def url_command() -> None:
    """启动数据库并打印它的地址,供其他程序使用。 Start the database and print its URL, for other programs."""
    if _managed_here():
        # Not through the console, which would wrap a long line.
        typer.echo(embedded.start())


def _show(status: ServerStatus) -> None:
    table = Table(show_header=False, title="数据库 Database", title_justify="left")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in _rows(status):
        table.add_row(label, Text(value))  # a path may hold brackets, which are markup in plain strings
    console.print(table)


def _rows(status: ServerStatus) -> list[tuple[str, str]]:
    state = "运行中 running" if status.running else "已停止 stopped" if status.initialised else "尚未建立 not made yet"
    size = None if status.database_bytes is None else f"{status.database_bytes / 1024**2:,.1f} MB"
    optional = [
        ("PostgreSQL 版本 version", status.version),
        ("进程号 process", status.pid),
        ("套接字 socket", status.socket),
        ("数据量 size", size),
        ("连接数 connections", status.connections),
        ("地址 URL", status.url),
    ]
    known = [(label, str(value)) for label, value in optional if value is not None]
    return [("状态 state", state), ("数据目录 data folder", str(status.data_dir)), *known]
