"""``wangge backup`` and ``wangge restore``: the whole store into one file, and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from api.commands.store import who_runs
from geo.errors import InputError
from geo.exchange.copies import Manifest, check_copy
from geo.services import keeping_copies
from geo.storage.database import migrate, open_engine

console = Console()


def backup_command(
    file: Annotated[Path, typer.Argument(help="备份文件 File to write, e.g. wangge-2026-11-22.backup")],
    force: Annotated[bool, typer.Option("--force", help="覆盖已有文件 Replace a file that exists")] = False,
) -> None:
    """备份整个数据库到一个文件(含个人信息,请妥善保管)。 Back up the whole store into one file; keep it safe."""
    if file.exists() and not force:
        raise InputError(f"{file} 已存在;请换一个名字,或加 --force 覆盖", f"{file} exists; choose another or --force")
    engine = open_engine()
    try:
        migrate(engine)
        with _progress() as tell:
            made = keeping_copies.back_up(engine, file, who=who_runs(), progress=tell)
    finally:
        engine.dispose()
    console.print(f"已写出 Wrote {file}({file.stat().st_size / 2**20:.1f} MB)", markup=False, highlight=False)
    _show(made)


def restore_command(
    file: Annotated[Path, typer.Argument(help="备份文件 File that wangge backup wrote")],
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="确认用备份替换现有数据 Replace what the store holds")
    ] = False,
    check_only: Annotated[
        bool, typer.Option("--check", help="只核对文件,不恢复 Check the file, restore nothing")
    ] = False,
) -> None:
    """从备份恢复:另建一库、核对无误后替换现有数据。 Restore a backup: beside the store, checked, then in its place."""
    if check_only:
        _show(check_copy(file))
        return
    if not yes:
        raise InputError(
            "恢复会用备份替换现有数据(现有数据改名保留);确认请加 --yes",
            "a restore puts the backup in the place of the store (which is kept under another name); add --yes",
        )
    engine = open_engine()
    try:
        with _progress() as tell:
            done = keeping_copies.restore(engine, file, who=who_runs(), progress=tell)
    finally:
        engine.dispose()
    console.print("已恢复并核对 Restored and checked")
    _show(done.manifest)
    if done.kept:
        console.print(
            f"原有数据保留为数据库 {done.kept};确认无误后可删除 The data before is kept as the database {done.kept}",
            markup=False,
            highlight=False,
        )


@contextmanager
def _progress() -> Iterator[keeping_copies.Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=1.0)

        def tell(what: str, share: float) -> None:
            bar.update(task, description=what, completed=share)

        yield tell


def _show(manifest: Manifest) -> None:
    lines = [
        f"  时间 made at        {manifest.made_at}",
        f"  结构 schema         {manifest.schema_revision}",
        f"  行数 rows           {sum(manifest.rows.values()):,}",
        f"  审计 audit trail    {manifest.audit_head or '-'}",
        f"  校验 SHA-256        {manifest.dump_sha256}",
    ]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
