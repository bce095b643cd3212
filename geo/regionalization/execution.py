"""Drafting many communities side by side, on the processors of this machine."""

import os
import pickle
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from geo.errors import WanggeError
from geo.regionalization.communities import Community
from geo.regionalization.drafting import CommunityDraft, DraftSettings, draft_community

#: A draft of fewer buildings than this is done sooner in one process than further ones take to start.
BUILDINGS_WORTH_A_PROCESS = 400


def draft_communities(
    communities: Sequence[Community],
    settings: DraftSettings,
    *,
    workers: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[CommunityDraft]:
    """Draft several communities, in parallel when there is more than one processor.

    Parameters
    ----------
    workers
        Processes; None for one per processor, or one alone for a small draft. The result does not depend on it.
    progress
        Called after each community with its code, how many are done, and how many there are.

    Returns
    -------
    list of CommunityDraft
        In the order of ``communities``.
    """
    workers = min(workers or _processes_worth_it(communities), len(communities))
    drafts: dict[int, CommunityDraft] = {}
    for position, draft in _drafted(communities, settings, workers):
        drafts[position] = draft
        if progress:
            progress(draft.code, len(drafts), len(communities))
    return [drafts[position] for position in range(len(communities))]


def _processes_worth_it(communities: Sequence[Community]) -> int:
    """A process takes seconds to start; a small draft is done before."""
    if sum(len(community.buildings) for community in communities) < BUILDINGS_WORTH_A_PROCESS:
        return 1
    return os.cpu_count() or 1


def _drafted(
    communities: Sequence[Community], settings: DraftSettings, workers: int
) -> Iterator[tuple[int, CommunityDraft]]:
    if workers <= 1:
        for position, community in enumerate(communities):
            yield position, draft_community(community, settings)
        return
    # spawn, not fork: the caller may hold database connections and threads that must not be copied.
    with (
        TemporaryDirectory(prefix="wangge-draft-") as folder,
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool,
    ):
        # The largest first, so that no long one is left alone at the end.
        order = sorted(range(len(communities)), key=lambda i: -len(communities[i].buildings))
        files = {i: _kept(communities[i], Path(folder) / str(i)) for i in order}
        try:
            with _workers_deaf_to_interrupts():
                waiting: dict[Future[CommunityDraft], int] = {
                    pool.submit(_draft_kept, files[i], settings): i for i in order
                }
            while waiting:
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield waiting.pop(future), future.result()
        except BrokenProcessPool as error:
            raise WanggeError(
                "划分进程意外终止,可能内存不足;请用 --workers 1 再试",
                "a drafting process died, perhaps for lack of memory; try again with --workers 1",
            ) from error
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            if isinstance(error, KeyboardInterrupt):
                for worker in active_children():
                    worker.terminate()
            raise


def _kept(community: Community, path: Path) -> Path:
    """Put a community where a worker finds it.

    Sent through the pool's pipe it would fill that; until Python 3.11.5 a pool whose worker dies then waits forever.
    """
    with path.open("wb") as stream:
        pickle.dump(community, stream, protocol=pickle.HIGHEST_PROTOCOL)
    return path


def _draft_kept(path: Path, settings: DraftSettings) -> CommunityDraft:
    community = pickle.loads(path.read_bytes())  # noqa: S301 - our own, out of a folder that only we can write
    return draft_community(community, settings)


@contextmanager
def _workers_deaf_to_interrupts() -> Iterator[None]:
    """Leave Ctrl-C to the process that the planner started: workers begun in here inherit the mask, it waits for us."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
