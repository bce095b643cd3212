"""A command in a process of its own: how long it took, and the most memory it held."""

import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

#: Seconds between two looks at a child's memory.
TICK = 0.05


@dataclass(frozen=True)
class Finished:
    """How a child ended. ``peak_mb`` sums the peaks of all its processes, which is never less than the true peak."""

    status: str
    wall_s: float
    peak_mb: float
    error: str = ""

    @property
    def done(self) -> bool:
        return self.status == "done"


def run(command: list[str], limit_s: float, environment: dict[str, str] | None = None) -> Finished:
    """Run a command in a session of its own, which is ended as a whole after ``limit_s`` seconds."""
    with tempfile.TemporaryFile() as errors:
        began = time.monotonic()
        child = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
            env=os.environ | (environment or {}),
            cwd=Path(__file__).resolve().parents[3],
        )
        peaks: dict[int, float] = {}
        late = False
        while child.poll() is None:
            peaks |= _peaks(child.pid)
            late = time.monotonic() - began > limit_s
            if late:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                break
            time.sleep(TICK)
        wall = time.monotonic() - began
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip()
    if late:
        return Finished(f"timed out after {limit_s:.0f} s", wall, sum(peaks.values()))
    if child.returncode:
        last = said.splitlines()[-1] if said else ""
        return Finished(f"failed ({child.returncode}): {last[:100]}", wall, sum(peaks.values()), said)
    return Finished("done", wall, sum(peaks.values()))


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
