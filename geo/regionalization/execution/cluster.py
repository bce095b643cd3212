"""Tasks on a Dask cluster.

Whoever can reach a Dask scheduler can run any program on it and on its workers, and what its workers send back can do
anything here: Dask speaks in pickles. So a scheduler must be one's own, on a network of one's own, or be spoken to over
TLS with certificates that only one's own machines have: an address of ``tls://...`` and Dask's own settings
``distributed.comm.tls`` (``ca-file``, ``client.cert``, ``client.key``), in ``~/.config/dask/*.yaml`` or as
``DASK_DISTRIBUTED__COMM__TLS__CA_FILE`` and so on. wangge adds no door of its own.

Workers must have the same wangge and the same libraries: the plan is then the same. A worker that differs refuses
its task, and says in what.
"""

import asyncio
import hashlib
import pickle
import platform
import queue
import time
import uuid
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import shapely

from geo.errors import ExecutionError, InputError
from geo.regionalization.execution.tasks import Draft, Handout, Place, Task, run
from geo.regionalization.execution.watching import Watch

try:
    import distributed
    from distributed.comm.core import connect
except ImportError as error:
    raise InputError(
        "本机没有安装 Dask;请运行 pip install 'wangge[dask]',或去掉 --engine dask",
        "Dask is not installed here; run pip install 'wangge[dask]', or leave out --engine dask",
    ) from error

#: Seconds to wait for a scheduler that does not answer.
CONNECT_S = 10.0
#: Seconds to wait for workers where a scheduler has none: a machine that starts again needs about half a minute.
WORKERS_S = 60.0
#: Seconds between two looks at the planner's wish to stop and at news from workers.
PULSE_S = 0.2
#: Seconds between two questions of the scheduler whether it has workers.
LOOK_S = 2.0
#: Seconds between two questions of a worker whether to stop, and between two words on how far it is.
WORD_S = 0.5
#: Tasks given out for each thread: one to do and one to go on with.
TASKS_PER_THREAD = 2

#: What must be the same on all machines for the same plan.
LIBRARIES = ("numpy", "numba", "llvmlite", "scipy", "pandas", "geopandas", "shapely", "dask", "distributed")

Drafts = distributed.Future[list[Any]]


class Cluster:
    """A connection to a scheduler and its workers, for one draft.

    Parameters
    ----------
    scheduler
        Address of the scheduler.

    Raises
    ------
    ExecutionError
        No scheduler answers there, it has no worker, or a worker differs from this machine.
    """

    def __init__(self, scheduler: str) -> None:
        self.address = scheduler
        self.name = uuid.uuid4().hex
        self.client = _connected(scheduler)
        try:
            self.threads = self._wait_for_workers()
        except BaseException:
            self.client.close()
            raise
        self.stop = distributed.Event(f"wangge-stop-{self.name}", client=self.client)
        self.news: queue.SimpleQueue[Drafts | dict[str, Any]] = queue.SimpleQueue()
        self.seen_at = self.look_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Its futures go with it, and so does the work of those that are not done.
        self.client.close(timeout=CONNECT_S)

    def drafted(self, handout: Handout[Place, Draft], watch: Watch) -> Iterator[tuple[Task[Place, Draft], list[Draft]]]:
        """Have tasks done; yield each with its drafts as it is done. A task whose worker dies is done by another."""
        self.client.subscribe_topic(self.name, lambda event: self.news.put(event[1]))
        out: dict[Drafts, Task[Place, Draft]] = {}
        told_to_stop = False
        while not handout.over:
            while len(out) < self.threads * TASKS_PER_THREAD and (task := handout.next()):
                out[self._submit(task)] = task
            for news in self._heard():
                if isinstance(news, dict):
                    running = next((task for task in out.values() if task.number == news["task"]), None)
                    if running:
                        watch.share(running, news["share"])
                    continue
                task = out.pop(news)
                drafts = self._taken(news, task)
                handout.done(task)
                watch.done(task)
                yield task, drafts
            self._check_alive()
            if not watch.look() and not told_to_stop:
                told_to_stop = True
                self.stop.set()

    def _submit(self, task: Task[Any, Any]) -> Drafts:
        kept = pickle.dumps(task, protocol=pickle.HIGHEST_PROTOCOL)
        key = f"wangge-{self.name}-{task.number}"
        future = self.client.submit(_work, kept, task.number, release(), self.name, key=key, pure=False)
        future.add_done_callback(self.news.put)
        return future

    def _heard(self) -> Iterator[Drafts | dict[str, Any]]:
        try:
            yield self.news.get(timeout=PULSE_S)
            while True:
                yield self.news.get_nowait()
        except queue.Empty:
            return

    def _taken(self, future: Drafts, task: Task[Place, Draft]) -> list[Draft]:
        """The drafts of a task that is over, or what became of it instead."""
        if future.status in ("cancelled", "lost"):
            raise self._lost()
        error = future.exception(timeout=CONNECT_S) if future.status == "error" else None
        if isinstance(error, distributed.KilledWorker):
            raise ExecutionError(
                f"划分社区 {task.codes} 时集群的进程多次意外终止,可能内存不足",
                f"workers of the cluster died again and again over community {task.codes}, perhaps for lack of memory",
            ) from error
        if isinstance(error, ModuleNotFoundError):
            raise ExecutionError(
                f"集群的工作机缺少程序:{error};请在每台工作机上安装相同版本的 wangge",
                f"a worker of the cluster lacks a module: {error}; install the same wangge on every worker",
            ) from error
        if error is not None:
            raise error
        drafts: list[Draft] = future.result(timeout=WORKERS_S)
        future.release()
        return drafts

    def _wait_for_workers(self) -> int:
        try:
            self.client.wait_for_workers(1, timeout=CONNECT_S)
        except TimeoutError as error:
            raise ExecutionError(
                f"Dask 调度器 {self.address} 没有工作进程;请先启动 dask worker {self.address}",
                f"the Dask scheduler at {self.address} has no worker; start one: dask worker {self.address}",
            ) from error
        return sum(self.client.nthreads().values())

    def _check_alive(self) -> None:
        """Notice a scheduler that went, or that has had no worker for long."""
        if self.client.status not in ("running", "connecting"):
            raise self._lost()
        now = time.monotonic()
        if now < self.look_at:
            return
        self.look_at = now + LOOK_S
        try:
            workers = self.client.scheduler_info(n_workers=0)["n_workers"]
        except OSError as error:
            raise self._lost() from error
        if workers:
            self.seen_at = now
        elif now - self.seen_at > WORKERS_S:
            raise ExecutionError(
                f"Dask 调度器 {self.address} 已有 {WORKERS_S:g} 秒没有工作进程,划分中止",
                f"the Dask scheduler at {self.address} has had no worker for {WORKERS_S:g} s; the draft was given up",
            )

    def _lost(self) -> ExecutionError:
        return ExecutionError(
            f"与 Dask 调度器 {self.address} 的连接中断,划分中止;请检查后再试",
            f"the connection to the Dask scheduler at {self.address} was lost; see to it and try again",
        )


def _connected(scheduler: str) -> distributed.Client:
    try:
        # Asked first: a client that cannot connect lives on, and holds up whatever happens to collect it as garbage.
        asyncio.run(_answering(scheduler))
        return distributed.Client(scheduler, timeout=CONNECT_S, set_as_default=False, name="wangge")
    except (OSError, ValueError, TypeError) as error:
        raise ExecutionError(
            f"连不上 Dask 调度器 {scheduler}:{error};地址应形如 tcp://10.0.0.5:8786,加密时 tls://10.0.0.5:8786",
            f"no Dask scheduler can be reached at {scheduler}: {error}; "
            f"an address reads tcp://10.0.0.5:8786, or tls://10.0.0.5:8786 where it is encrypted",
        ) from error


async def _answering(scheduler: str) -> None:
    """Connect to a scheduler and hang up.

    Raises
    ------
    OSError, ValueError, TypeError
        Nobody answers, or not in the way that is spoken here.
    """
    spoken = distributed.Security().get_connection_args("client")
    connection = await connect(scheduler, timeout=CONNECT_S, **spoken)
    await connection.close()


# ── on the worker ────────────────────────────────────────────────────────────────────────────────────────────────────


def _work(kept: bytes, number: int, wanted: dict[str, str], name: str) -> list[Any]:
    """Do one task on a worker, if it is the same there as here."""
    _check_release(wanted)
    worker = distributed.get_worker()
    stop = distributed.Event(f"wangge-stop-{name}", client=distributed.get_client())
    task: Task[Any, Any] = pickle.loads(kept)  # noqa: S301 - see the module: a cluster is trusted or not used
    told_at, stopped = time.monotonic() - WORD_S, False

    def tell(share: float) -> bool:
        nonlocal told_at, stopped
        now = time.monotonic()
        if now - told_at >= WORD_S:
            told_at = now
            worker.log_event(name, {"task": number, "share": share})
            stopped = stopped or stop.is_set()
        return not stopped

    return run(task, tell)


def _check_release(wanted: dict[str, str]) -> None:
    here = release()
    differing = [f"{name} {here.get(name)} ≠ {wanted[name]}" for name in wanted if here.get(name) != wanted[name]]
    if differing:
        worker = f"{platform.node()} ({distributed.get_worker().address})"
        raise ExecutionError(
            f"工作机 {worker} 的程序与本机不同:{'、'.join(differing)};请在各机安装相同版本",
            f"worker {worker} differs from this machine: {', '.join(differing)}; install the same on all of them",
        )


@cache
def release() -> dict[str, str]:
    """Return what a plan depends on, by name: Python, libraries, and wangge down to its source."""
    python = ".".join(platform.python_version_tuple()[:2])
    libraries = {name: version(name) for name in LIBRARIES}
    return {"python": python, "geos": shapely.geos_version_string, **libraries, "wangge": _sources()}


def _sources() -> str:
    """The version, and the first digits of a hash over all sources and dictionaries that a draft is made with."""
    root = Path(__file__).resolve().parents[3]
    files = [
        *(root / "geo").glob("*.py"),
        *(root / "geo" / "territory").rglob("*.py"),
        *(root / "geo" / "regionalization").rglob("*.py"),
        *(root / "data" / "dictionaries").glob("*.toml"),
    ]
    found = hashlib.sha256()
    for path in sorted(files):
        found.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{version('wangge')} ({found.hexdigest()[:8]})"
