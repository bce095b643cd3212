"""Run the benchmarks one after the other: ``python -m tests.benchmarks [--minutes N] [NAME ...]``.

Every ``bench_*.py`` of this folder, each in a process of its own, quick ones first. One that fails does not keep the
others from running; at the end the failed ones are named and the status is 1. ``--minutes`` is the time of each: the
engine's benchmark then begins nothing new and says what it left out, any other is ended, which counts as failed.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent
#: In this order; those not named here come in between, by name.
FIRST = ["bench_map", "bench_tessellation", "bench_sample"]
LAST = ["bench_real_data", "bench_regionalization"]
#: Benchmarks that know ``--minutes`` themselves, and how much longer they may take to end what they have begun.
PATIENT = {"bench_regionalization": 30}
#: Seconds that a benchmark has to end when told to.
POLITE_S = 10


def benchmarks() -> list[str]:
    """Names of all benchmarks there are, in the order in which they run."""
    found = sorted(path.stem for path in FOLDER.glob("bench_*.py"))
    first, last = ([name for name in names if name in found] for names in (FIRST, LAST))
    return [*first, *(name for name in found if name not in (*first, *last)), *last]


def main() -> None:
    there = benchmarks()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=", ".join(name.removeprefix("bench_") for name in there))
    parser.add_argument("--minutes", type=float, help="time of each benchmark")
    options = parser.parse_args()
    wanted = [f"bench_{name.removeprefix('bench_')}" for name in options.names] or there
    unknown = sorted(set(wanted) - set(there))
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(there)}")
    outcomes = [(name, *_run(name, options.minutes)) for name in wanted]
    print()
    for name, outcome, seconds in outcomes:
        print(f"{name:<24} {seconds:>7.0f} s  {outcome}", flush=True)
    if any(outcome != "ok" for _, outcome, _ in outcomes):
        sys.exit(1)


def _run(name: str, minutes: float | None) -> tuple[str, float]:
    command, limit = [sys.executable, "-m", f"tests.benchmarks.{name}"], None
    if minutes is not None:
        limit = 60 * (minutes + PATIENT.get(name, 0))
        command += ["--minutes", f"{minutes:g}"] if name in PATIENT else []
    print(f"\n=== {' '.join(command[1:])}", flush=True)
    began = time.monotonic()
    # A session of its own, so that whatever a benchmark started (a browser, a database) ends with it.
    child = subprocess.Popen(command, start_new_session=True)
    try:
        status = child.wait(limit)
        outcome = "ok" if status == 0 else f"FAILED with status {status}"
    except subprocess.TimeoutExpired:
        outcome = f"FAILED: not done after {minutes:g} minutes"
    finally:
        if child.poll() is None:
            _end(child)
    return outcome, time.monotonic() - began


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End a benchmark and its session: first politely, so that it can end what it measures."""
    for order in (signal.SIGTERM, signal.SIGKILL):
        os.killpg(child.pid, order)
        try:
            child.wait(POLITE_S)
        except subprocess.TimeoutExpired:
            continue
        return


if __name__ == "__main__":
    main()
