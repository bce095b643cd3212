"""The bar that long commands count on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def counting(title: str, console: Console) -> Iterator[Callable[[str, float, int], None]]:
    """Show a bar; yield what is to be called with what is being done, how much is done, and how much there is."""
    with Progress(
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("", total=None)

        def update(what: str, done: float, total: int) -> None:
            bar.update(task, completed=done, total=total, description=what)

        yield update
