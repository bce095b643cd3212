"""Where tasks are run, and in which order their drafts come back."""

import os
from collections.abc import Iterable, Iterator, Sequence

from geo.errors import InputError
from geo.regionalization.cell_ground import CellGround
from geo.regionalization.cells import CellDraft
from geo.regionalization.communities import Bounds, Community
from geo.regionalization.drafting import CommunityDraft, DraftSettings
from geo.regionalization.execution.processes import drafted_in_processes
from geo.regionalization.execution.tasks import CellWork, Draft, GridWork, Handout, Place, Task, Work, in_tasks, run
from geo.regionalization.execution.watching import Progress, Watch

#: A draft of fewer buildings than this is done sooner in one process than further ones take to start.
BUILDINGS_WORTH_A_PROCESS = 400
#: So is a division into cells of fewer parts: at 6 ms each.
PARTS_WORTH_A_PROCESS = 400
#: On a cluster a task of less is mostly spent on the way: some 1 s of work at 2.5 ms a building.
BUILDINGS_WORTH_A_TASK = 400
#: With tasks fewer than this per worker, the others wait long for the one that ends last.
TASKS_PER_WORKER = 4
#: A stream's tasks run at most this far ahead, per worker, of the draft that its reader waits for.
TASKS_AHEAD = 4


def draft_communities(
    communities: Sequence[Community],
    settings: DraftSettings,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> list[CommunityDraft]:
    """Draft several communities, in parallel when there is more than one processor.

    Parameters
    ----------
    workers
        Processes; None for one per processor, or one alone for a small draft. The result does not depend on it.
    scheduler
        Address of a Dask scheduler whose workers do it instead, such as ``tcp://10.0.0.5:8786``.
    progress
        Called several times a second with the code of the community drafted last, how many are done, those being
        drafted counted by their share, and how many there are. When it returns False, every search ends with the
        best so far; communities not begun are drafted as fast as can be. Drafts so ended have the metric
        ``cancelled``.

    Returns
    -------
    list of CommunityDraft
        In the order of ``communities``.

    Raises
    ------
    InputError
        ``workers`` is below 1, or given together with ``scheduler``.
    ExecutionError
        A worker died again and again, or the cluster cannot be used.
    """
    return _drafts(
        communities,
        GridWork(settings),
        BUILDINGS_WORTH_A_PROCESS,
        workers=workers,
        scheduler=scheduler,
        progress=progress,
    )


def draft_cells_of(
    grounds: Sequence[CellGround],
    bounds: Bounds,
    *,
    seed: int = 0,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> list[CellDraft]:
    """Divide the grids of several communities into cells, in parallel when there is more than one processor.

    ``workers``, ``scheduler``, ``progress`` and errors as in :func:`draft_communities`.

    Returns
    -------
    list of CellDraft
        In the order of ``grounds``.
    """
    return _drafts(
        grounds, CellWork(bounds, seed), PARTS_WORTH_A_PROCESS, workers=workers, scheduler=scheduler, progress=progress
    )


def _drafts(
    places: Sequence[Place],
    work: Work[Place, Draft],
    worth_a_process: int,
    *,
    workers: int | None,
    scheduler: str | None,
    progress: Progress | None,
) -> list[Draft]:
    _check_workers(workers, scheduler)
    # The largest first, so that no long one is left alone at the end.
    order = sorted(range(len(places)), key=lambda i: -work.size(places[i]))
    queue = [(i, places[i]) for i in order]
    watch = Watch(progress, len(places))
    drafts: dict[int, Draft] = {}
    if scheduler is None:
        workers = min(workers or _processes_worth_it(sum(map(work.size, places)), worth_a_process), len(places))
        finished = _run_locally(Handout(in_tasks(queue, work)), workers, watch)
    else:
        finished = _run_on_cluster(queue, work, scheduler, watch, ahead=False)
    for task, done in finished:
        drafts |= zip(task.positions, done, strict=True)
    return [drafts[position] for position in range(len(places))]


def stream_drafts(
    communities: Iterable[Community],
    settings: DraftSettings,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    total: int | None = None,
    progress: Progress | None = None,
) -> Iterator[CommunityDraft]:
    """Draft communities one after the other as they come, never holding more than a few of them or of their drafts.

    For a whole city, whose communities are read and whose drafts are written as they come. ``workers``,
    ``scheduler`` and errors as in :func:`draft_communities`; the drafts are the same.

    Parameters
    ----------
    communities
        Taken only as fast as they are drafted and the drafts are taken.
    total
        How many there will be, for ``progress``; None: those taken so far.

    Yields
    ------
    CommunityDraft
        In the order of ``communities``.
    """
    _check_workers(workers, scheduler)
    watch = Watch(progress, total)
    if scheduler is None:
        workers = workers or os.cpu_count() or 1
        handout = Handout(in_tasks(enumerate(communities), GridWork(settings)), ahead=workers * TASKS_AHEAD)
        finished = _run_locally(handout, workers, watch)
    else:
        finished = _run_on_cluster(enumerate(communities), GridWork(settings), scheduler, watch, ahead=True)
    yield from _in_order(finished)


def _check_workers(workers: int | None, scheduler: str | None) -> None:
    if workers is not None and workers < 1:
        raise InputError(f"进程数为 {workers},应至少为 1", f"workers is {workers}; it must be 1 or more")
    if workers is not None and scheduler is not None:
        raise InputError(
            "进程数与 Dask 调度器只能给出一个:集群的进程数由集群决定",
            "give either workers or a scheduler: a cluster has as many workers as were started there",
        )


def _processes_worth_it(size: int, worth_a_process: int) -> int:
    """A process takes seconds to start; a small draft is done before."""
    return 1 if size < worth_a_process else os.cpu_count() or 1


def _run_locally(
    handout: Handout[Place, Draft], workers: int, watch: Watch
) -> Iterator[tuple[Task[Place, Draft], list[Draft]]]:
    if workers > 1:
        yield from drafted_in_processes(handout, workers, watch)
        return
    while task := handout.next():
        drafts = run(task, lambda share, task=task: watch.share(task, share))  # type: ignore[misc]
        handout.done(task)
        watch.done(task)
        yield task, drafts


def _run_on_cluster(
    places: Iterable[tuple[int, Place]], work: Work[Place, Draft], scheduler: str, watch: Watch, *, ahead: bool
) -> Iterator[tuple[Task[Place, Draft], list[Draft]]]:
    # Imported only here: Dask is an extra, and takes a second to load.
    from geo.regionalization.execution.cluster import Cluster

    with Cluster(scheduler) as cluster:
        slots = cluster.threads
        size = BUILDINGS_WORTH_A_TASK
        if isinstance(places, list):
            whole = sum(work.size(place) for _, place in places)
            size = min(size, whole // (slots * TASKS_PER_WORKER))
        tasks = in_tasks(places, work, size=size)
        yield from cluster.drafted(Handout(tasks, slots * TASKS_AHEAD if ahead else None), watch)


def _in_order(finished: Iterator[tuple[Task[Place, Draft], list[Draft]]]) -> Iterator[Draft]:
    waiting: dict[int, list[Draft]] = {}
    due = 0
    for task, drafts in finished:
        waiting[task.number] = drafts
        while due in waiting:
            yield from waiting.pop(due)
            due += 1
