"""How far a draft is, told to whoever asked, and whether to stop with the best so far."""

from collections.abc import Callable
from typing import Any

from geo.regionalization.execution.tasks import Task

#: Called with the code of the community drafted last, how many communities are done, those being drafted counted by
#: their share, and how many there are. Returning False ends every search with the best so far.
Progress = Callable[[str, float, int], bool | None]


def part_of(progress: Progress | None, number: int, runs: int) -> Progress | None:
    """Progress of one run over the communities, the ``number``-th of several, as progress of them all."""
    if progress is None:
        return None
    tell = progress

    def part(code: str, done: float, total: int) -> bool | None:
        return tell(code, number * total + done, runs * total)

    return part


class Watch:
    """One draft's progress, over all tasks.

    Parameters
    ----------
    total
        How many communities there are; None when nobody knows yet: those seen so far.
    """

    def __init__(self, progress: Progress | None, total: int | None) -> None:
        self._progress = progress
        self._total = total
        self._seen = 0
        self._finished = 0
        self._latest = ""
        self._shares: dict[int, float] = {}
        self._told = 0.0
        self.stopped = False

    def share(self, task: Task[Any, Any], share: float) -> bool:
        """Take in how much of a task is done; return whether to go on."""
        self._begun(task)
        self._shares[task.number] = share * len(task.places)
        return self.look()

    def done(self, task: Task[Any, Any]) -> bool:
        """Take in that a task is done; return whether to go on."""
        self._begun(task)
        del self._shares[task.number]
        self._finished += len(task.places)
        self._latest = task.places[-1].code
        return self.look()

    def look(self) -> bool:
        """Tell how far it is, be it no news; return whether to go on."""
        if self._progress:
            # What a worker that died had done is done again: say that nothing moves rather than that it goes back.
            self._told = max(self._told, self._finished + sum(self._shares.values()))
            total = self._seen if self._total is None else self._total
            if self._progress(self._latest, min(self._told, float(total)), total) is False:
                self.stopped = True
        return not self.stopped

    def _begun(self, task: Task[Any, Any]) -> None:
        if task.number not in self._shares:
            self._shares[task.number] = 0.0
            self._seen += len(task.places)
