"""A command in a process of its own: how long it took, and the most memory it held."""

import math
import os
import resource
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

#: Seconds between two looks at a child's memory.
TICK = 0.05
#: Wall seconds that a child may take, per CPU second it may use.
IDLE = 6


@dataclass(frozen=True)
class Finished:
    """How a child ended. ``peak_mb`` sums the peaks of all its processes, which is never less than the true peak."""

    status: str
    wall_s: float
    cpu_s: float
    peak_mb: float
    error: str = ""

    @property
    def done(self) -> bool:
        return self.status == "done"


def run(command: list[str], limit_s: float, environment: dict[str, str] | None = None) -> Finished:
    """Run a command in a session of its own; it may use ``limit_s`` CPU seconds, on a busy machine no others count.

    A child that waits instead of working is ended after ``IDLE`` times as long.
    """
    with tempfile.TemporaryFile() as errors:
        began = time.monotonic()
        child = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
            env=os.environ | (environment or {}),
            cwd=Path(__file__).resolve().parents[3],
            preexec_fn=partial(_limit_cpu, math.ceil(limit_s)),
        )
        peaks: dict[int, float] = {}
        ended, status, used = 0, 0, None
        try:
            while not ended:
                for process, peak in _peaks(child.pid).items():
                    peaks[process] = max(peak, peaks.get(process, 0.0))
                if time.monotonic() - began > IDLE * limit_s:
                    os.killpg(child.pid, signal.SIGKILL)
                time.sleep(TICK)
                ended, status, used = os.wait4(child.pid, os.WNOHANG)
        finally:
            if not ended:
                os.killpg(child.pid, signal.SIGKILL)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - began
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip()
    cpu, peak = used.ru_utime + used.ru_stime, sum(peaks.values())
    if child.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return Finished(f"timed out after {cpu:.0f} CPU s", wall, cpu, peak)
    if child.returncode:
        last = said.splitlines()[-1] if said else ""
        return Finished(f"failed ({child.returncode}): {last[:100]}", wall, cpu, peak, said)
    return Finished("done", wall, cpu, peak)


def _limit_cpu(seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))


def _peaks(session: int) -> dict[int, float]:
    """Peak resident megabytes so far of each living process of a session."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if os.getsid(int(entry.name)) == session:
                found[int(entry.name)] = peak_mb(entry)
        except (ProcessLookupError, FileNotFoundError, PermissionError):
            continue
    return found


def peak_mb(entry: Path = Path("/proc/self")) -> float:
    """Peak resident megabytes of one process since it began; unlike ``getrusage`` without what its parent held."""
    for line in (entry / "status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0
