"""Where drafts are made, how far they are, and how a planner stops them: for all commands that draft."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from api.commands.counting import counting
from geo.errors import InputError
from geo.regionalization.execution import Progress

STOPPING = "正在停止,保留目前最好的结果;再按 Ctrl-C 立即结束 Stopping with the best so far; Ctrl-C again ends at once"


class Engine(StrEnum):
    """Where the communities are drafted."""

    LOCAL = "local"
    DASK = "dask"


EngineOption = Annotated[
    Engine, typer.Option(help="计算位置:本机或 Dask 集群 Where to compute: this machine or a Dask cluster")
]
SchedulerOption = Annotated[
    str | None,
    typer.Option(help="可信的 Dask 调度器地址 Address of a Dask scheduler that you trust, such as tcp://10.0.0.5:8786"),
]


def scheduler_for(engine: Engine, scheduler: str | None) -> str | None:
    """Return the address of the Dask scheduler to be used, None for this machine's processors.

    Raises
    ------
    InputError
        One of the two options says Dask and the other does not.
    """
    if engine is Engine.DASK and not scheduler:
        raise InputError(
            "使用 --engine dask 时请用 --scheduler 给出调度器地址,例如 tcp://10.0.0.5:8786",
            "--engine dask needs the address of a scheduler: --scheduler tcp://10.0.0.5:8786",
        )
    if engine is Engine.LOCAL and scheduler:
        raise InputError(
            "--scheduler 只用于集群;请加上 --engine dask,或去掉 --scheduler",
            "--scheduler is for a cluster; add --engine dask, or leave out --scheduler",
        )
    return scheduler


@contextmanager
def drafting(title: str, console: Console) -> Iterator[Progress]:
    """Show how far a draft is; on Ctrl-C have it end with the best so far, on a second one end at once."""
    with _interrupts() as asked, counting(title, console) as count:
        told = False

        def progress(what: str, done: float, total: int) -> bool:
            nonlocal told
            if asked.is_set() and not told:
                told = True
                Console(stderr=True).print(STOPPING)
            count(what, done, total)
            return not asked.is_set()

        yield progress


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """Note the first Ctrl-C in what is yielded; let the second one through."""
    asked = threading.Event()

    def note(_signal: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
