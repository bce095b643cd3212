"""Tasks on the processors of this machine.

Each worker is a process with a pipe of its own and nothing shared: one that is killed takes nobody along, and its task
is given to another. (A ``ProcessPoolExecutor`` shares a queue, breaks as a whole, and until Python 3.11.5 waits forever
when a worker dies while work is handed out.)
"""

import os
import signal
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from multiprocessing.reduction import ForkingPickler
from typing import Any

from geo.errors import ExecutionError
from geo.regionalization.execution.tasks import Draft, Handout, Place, Task, run
from geo.regionalization.execution.watching import Watch

#: A task is given up when it was begun so often and its worker died each time.
TRIES = 2
#: Seconds between two looks at the clock, at the planner's wish to stop and at news from workers.
PULSE_S = 0.1
#: Seconds that a worker with nothing to do has for going.
LEAVE_S = 5.0
#: Each worker has one processor; threads of its own would only get in the others' way.
ONE_THREAD = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_NUM_THREADS")

STOP = "stop"
LEAVE = "leave"


def drafted_in_processes(
    handout: Handout[Place, Draft], workers: int, watch: Watch
) -> Iterator[tuple[Task[Place, Draft], list[Draft]]]:
    """Have tasks done by so many processes; yield each with its drafts as it is done.

    Whatever ends the iteration, no process is left behind.

    Raises
    ------
    ExecutionError
        The process died twice over the same task.
    """
    crew = _Crew(workers)
    try:
        yield from crew.work(handout, watch)
    except BaseException:
        crew.end()
        raise
    crew.leave()


@dataclass
class _Worker:
    process: ForkServerProcess
    pipe: "Connection[Any, Any]"
    task: Task[Any, Any] | None = None


@dataclass
class _Crew:
    """The processes of one draft; begun when there is work for one more."""

    size: int
    workers: list[_Worker] = field(default_factory=list)
    tries: dict[int, int] = field(default_factory=dict)
    told_to_stop: bool = False

    def work(self, handout: Handout[Place, Draft], watch: Watch) -> Iterator[tuple[Task[Place, Draft], list[Draft]]]:
        while not handout.over:
            self._give_out(handout)
            pipes = {worker.pipe: worker for worker in self.workers if worker.task}
            for pipe in wait(list(pipes), timeout=PULSE_S):
                worker = pipes[pipe]  # type: ignore[index]
                task = worker.task
                assert task is not None
                try:
                    news, value = worker.pipe.recv()
                except (EOFError, OSError):
                    self._bury(worker, handout)
                    continue
                if news == "share":
                    watch.share(task, value)
                    continue
                worker.task = None
                if news == "error":
                    raise value
                handout.done(task)
                watch.done(task)
                yield task, value
            if not watch.look() and not self.told_to_stop:
                self._stop()

    def _give_out(self, handout: Handout[Any, Any]) -> None:
        while any(worker.task is None for worker in self.workers) or len(self.workers) < self.size:
            task = handout.next()
            if task is None:
                return
            worker = next((worker for worker in self.workers if worker.task is None), None) or self._begin()
            worker.task = task
            self.tries[task.number] = self.tries.get(task.number, 0) + 1
            try:
                worker.pipe.send(task)
            except OSError:
                self._bury(worker, handout)

    def _begin(self) -> _Worker:
        # Not forked from the caller, who may hold database connections and threads that must not be copied, but from a
        # process of their own, which has the engine loaded: only the first draft waits for that.
        context = get_context("forkserver")
        context.set_forkserver_preload([__name__])
        ours, theirs = context.Pipe()
        with _deaf_to_interrupts(), _one_thread_each():
            process = context.Process(target=_serve, args=(theirs,), name="wangge-draft", daemon=True)
            process.start()
        theirs.close()
        worker = _Worker(process, ours)
        if self.told_to_stop:
            _tell(worker, STOP)
        self.workers.append(worker)
        return worker

    def _bury(self, worker: _Worker, handout: Handout[Any, Any]) -> None:
        """Give the task of a worker that died to another, unless it has killed enough of them."""
        task = worker.task
        self.workers.remove(worker)
        _end(worker)
        if task is None:
            return
        if self.tries[task.number] >= TRIES:
            raise ExecutionError(
                f"划分社区 {task.codes} 的进程两次意外终止,可能内存不足;请用 --workers 1 再试,或换内存更大的机器",
                f"the process that drafts community {task.codes} died twice, perhaps for lack of memory; "
                f"try --workers 1 or a machine with more memory",
            )
        handout.again(task)

    def _stop(self) -> None:
        self.told_to_stop = True
        for worker in self.workers:
            _tell(worker, STOP)

    def leave(self) -> None:
        """Let workers that have nothing to do go by themselves."""
        for worker in self.workers:
            _tell(worker, LEAVE)
        until = time.monotonic() + LEAVE_S
        for worker in self.workers:
            worker.process.join(max(0.0, until - time.monotonic()))
        self.end()

    def end(self) -> None:
        """End all workers at once."""
        for worker in self.workers:
            worker.process.kill()
        for worker in self.workers:
            _end(worker)
        self.workers.clear()


def _tell(worker: _Worker, word: str) -> None:
    try:
        worker.pipe.send(word)
    except OSError:
        return  # it died; the next look at its pipe says so


def _end(worker: _Worker) -> None:
    worker.process.kill()
    worker.process.join()
    worker.process.close()
    worker.pipe.close()


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Leave Ctrl-C to the process that the planner started: what is begun in here, and by that, inherits the mask."""
    # Python begins its resource tracker with the first worker, and then unblocks the signal before that worker.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Libraries read how many threads to start from the environment, once: where workers are forked from."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


# ── in the worker ────────────────────────────────────────────────────────────────────────────────────────────────────


def _serve(pipe: "Connection[Any, Any]") -> None:
    """Do tasks until told to leave."""
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    ear = _Ear(pipe)
    while True:
        try:
            order = pipe.recv()
            if order == LEAVE:
                return
            if order == STOP:
                ear.stopped = True
                continue
            ear.told_at = time.monotonic()
            answer: tuple[str, Any] = "drafts", run(order, ear.tell)
        except (EOFError, ConnectionError):
            return  # the caller is gone
        except Exception as error:
            answer = "error", _portable(error)
        pipe.send(answer)


@dataclass
class _Ear:
    """Tells the caller how far the task is, not too often, and hears it say stop."""

    pipe: "Connection[Any, Any]"
    stopped: bool = False
    told_at: float = 0.0

    def tell(self, share: float) -> bool:
        now = time.monotonic()
        if now - self.told_at >= PULSE_S:
            self.told_at = now
            self.pipe.send(("share", share))
            if not self.stopped and self.pipe.poll():
                self.stopped = self.pipe.recv() == STOP
        return not self.stopped


def _portable(error: Exception) -> Exception:
    """An error that can be sent, with the traceback that cannot."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        ForkingPickler.dumps(error)
    except Exception:
        return RuntimeError("".join(traceback.format_exception(error)))
    return error


def _leave_with_parent() -> None:
    """End this process when the one that began it is gone, however it went."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
