"""Our engine, measured from outside: hands a task to ``engine_child`` and reads its answer back."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.regionalization.processes import Finished, run

CHILD = "tests.benchmarks.regionalization.engine_child"


@dataclass(frozen=True)
class Plan:
    """One run: labels, its own seconds, reasons by label, the engine's metrics."""

    labels: np.ndarray
    wall_s: float
    cpu_s: float
    reasons: dict[int, dict[str, Any]]
    metrics: dict[str, float]


@dataclass(frozen=True)
class Answer:
    """All runs of one process, and what the process itself took."""

    plans: list[Plan]
    imported_s: float
    first_call_cpu_s: float
    second_call_cpu_s: float
    peak_mb: float


def solve(
    graph: Path, runs: list[dict[str, Any]], limit_s: float, environment: dict[str, str] | None = None
) -> Answer | Finished:
    """Do the runs on the graph stored at ``graph`` in one new process; ``Finished`` when it did not end well."""
    stem = graph.with_suffix(".answer")
    task = graph.with_suffix(".task.json")
    task.write_text(json.dumps({"graph": str(graph), "answer": str(stem), "runs": runs}))
    ended = run([sys.executable, "-m", CHILD, str(task)], limit_s, environment)
    if not ended.done:
        return ended
    told = json.loads(Path(f"{stem}.json").read_text())
    plans = [
        Plan(
            np.load(f"{stem}.{number}.npy"),
            one["wall_s"],
            one["cpu_s"],
            {int(label): reason for label, reason in one["reasons"].items()},
            one["metrics"],
        )
        for number, one in enumerate(told["runs"])
    ]
    peak = max(told["peak_mb"], ended.peak_mb)
    return Answer(plans, told["imported_s"], told["first_call_cpu_s"], told["second_call_cpu_s"], peak)
