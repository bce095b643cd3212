"""The engine in a process of its own: ``python -m tests.benchmarks.regionalization.engine_child TASK.json``.

The task names a graph, the runs to do on it and where the answer goes. The first call is on a tiny map and timed by
itself, so that loading the compiled kernels is not taken for solving.
"""

import json
import resource
import sys
import time
from pathlib import Path

BORN = time.monotonic()


def cpu_seconds() -> float:
    """CPU seconds of this process, of its threads, and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main() -> None:
    import numpy as np

    from geo.regionalization import regionalize
    from tests.benchmarks.regionalization.processes import peak_mb

    imported = time.monotonic() - BORN
    task = json.loads(Path(sys.argv[1]).read_text())
    with np.load(task["graph"]) as stored:
        graph = {name: stored[name] for name in stored.files}
    tiny = _tiny(np)
    calls = []
    for _ in range(2):
        began = cpu_seconds()
        for effort in sorted({run.get("effort", "polished") for run in task["runs"]} - {"repair"}):
            regionalize(**tiny, **_effort(effort))
        if any(run.get("previous") for run in task["runs"]):
            for effort in sorted({run.get("effort", "polished") for run in task["runs"]}):
                regionalize(**tiny, previous=np.arange(36) // 12, **_effort(effort))
        calls.append(cpu_seconds() - began)
    answers = []
    for number, run in enumerate(task["runs"]):
        options = _effort(run.get("effort", "polished"))
        if run.get("previous"):
            options["previous"] = graph["previous"]
        if run.get("barrier"):
            options["barrier"] = graph["main_road"].astype(float)
        began, began_cpu = time.monotonic(), cpu_seconds()
        result = regionalize(
            graph["households"],
            graph["edges"],
            graph["cost"],
            lower=run["lower"],
            upper=run["upper"],
            xy=graph["xy"],
            seed=run.get("seed", 0),
            **options,
        )
        wall, cpu = time.monotonic() - began, cpu_seconds() - began_cpu
        np.save(f"{task['answer']}.{number}.npy", result.labels)
        reasons = {
            int(label): {
                "code": reason.code,
                "proved": bool(reason.proved),
                "atoms": [int(atom) for atom in reason.atoms],
                "households": int(reason.households),
            }
            for label, reason in result.reasons.items()
        }
        metrics = {name: float(value) for name, value in result.metrics.items()}
        answers.append({"wall_s": wall, "cpu_s": cpu, "reasons": reasons, "metrics": metrics})
    summary = {
        "imported_s": imported,
        "first_call_cpu_s": calls[0],
        "second_call_cpu_s": calls[1],
        "peak_mb": peak_mb(),
        "runs": answers,
    }
    Path(f"{task['answer']}.json").write_text(json.dumps(summary))


def _effort(effort: str) -> dict[str, object]:
    return {} if effort == "polished" else {"effort": effort}


def _tiny(np):  # type: ignore[no-untyped-def]
    """Six by six atoms of two households."""
    atoms = np.arange(36).reshape(6, 6)
    edges = np.vstack(
        [np.c_[atoms[:, :-1].ravel(), atoms[:, 1:].ravel()], np.c_[atoms[:-1].ravel(), atoms[1:].ravel()]]
    )
    return {
        "households": np.full(36, 2),
        "edges": edges,
        "boundary_cost": np.ones(len(edges)),
        "xy": np.c_[atoms.ravel() // 6, atoms.ravel() % 6] * 20.0,
        "lower": 20,
        "upper": 30,
    }


if __name__ == "__main__":
    main()
