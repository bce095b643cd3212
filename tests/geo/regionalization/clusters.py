"""A real Dask cluster on this machine: a scheduler and workers, each a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import distributed

ROOT = Path(__file__).resolve().parents[3]


@dataclass
class Machines:
    """A scheduler and its workers, ended with the test."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    address: str = ""

    def dask(self, *words: str, sources: Path = ROOT) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words, "--no-dashboard", "--host", "127.0.0.1"],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(sources), **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        note = self.folder / "scheduler.json"
        process = self.dask("scheduler", "--port", "0", "--scheduler-file", str(note), *words)
        until = time.monotonic() + 60
        while not self.address:
            assert time.monotonic() < until, "the scheduler does not start"
            assert process.poll() is None, "the scheduler ended"
            try:
                self.address = json.loads(note.read_text())["address"]
            except (FileNotFoundError, json.JSONDecodeError):
                time.sleep(0.05)
        return process

    def worker(self, *, sources: Path = ROOT, threads: int = 1, nanny: bool = False) -> subprocess.Popen[bytes]:
        words = ("worker", self.address, "--nthreads", str(threads), "--nanny" if nanny else "--no-nanny")
        return self.dask(*words, sources=sources)

    def wait_for_workers(self, n: int) -> None:
        with distributed.Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(n, timeout=60)


@contextmanager
def machines(folder: Path, **environment: str) -> Iterator[Machines]:
    made = Machines(folder, environment)
    try:
        yield made
    finally:
        for process in made.processes:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
