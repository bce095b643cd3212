"""Measure the regionalization engine: ``python -m tests.benchmarks.bench_regionalization --peers --sizes 300 3000``.

Instances and scores are read from ``../shared/regionalization`` beside the project, which a plain clone does not
have. Peers are installed from PyPI into a temporary environment and run in a process of their own.
"""

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from geo.regionalization import regionalize

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "regionalization"
LOWER, UPPER = 200, 300
COLUMNS = ("in_band", "noncontig", "grids", "lb", "pp", "cut_w", "split_comp", "cross_main", "hh_std")

#: Run inside the peer's environment: a graph as JSON on stdin, labels as JSON on stdout.
METIS = """
import json, sys, time, pymetis
g = json.load(sys.stdin)
t = time.process_time()
_, labels = pymetis.part_graph(g["parts"], xadj=g["start"], adjncy=g["near"], vweights=g["weight"],
                               eweights=g["cost"], recursive=True)
json.dump({"labels": list(labels), "seconds": time.process_time() - t}, sys.stdout)
"""
SCRIPTS = {"pymetis": METIS}


def shared(name: str) -> ModuleType:
    """Import a module of the shared folder by its file name."""
    if not SHARED.is_dir():
        sys.exit(f"no {SHARED}: the instances that this benchmark runs on are not beside the project")
    sys.path.insert(0, str(SHARED))
    return importlib.import_module(name)


def ours(instance: Any, **options: Any) -> tuple[np.ndarray, float, str]:
    """Solve one instance; return labels, CPU seconds, and why grids are out of range."""
    began = time.process_time()
    result = regionalize(
        instance.households, instance.edges, instance.edge_weight, lower=LOWER, upper=UPPER, xy=instance.xy, **options
    )
    seconds = time.process_time() - began
    codes = [reason.code for reason in result.reasons.values()]
    return result.labels, seconds, ", ".join(f"{codes.count(c)} {c}" for c in sorted(set(codes)))


def with_barriers(instance: Any) -> tuple[np.ndarray, float, str]:
    """Solve one instance with its main roads as barriers."""
    return ours(instance, barrier=(instance.kind == 2).astype(float))


class Peer:
    """A program from PyPI in an environment of its own."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.python = folder / name / "bin" / "python"
        venv.create(folder / name, with_pip=True)
        subprocess.run([self.python, "-m", "pip", "install", "-qq", name], check=True)

    def __call__(self, instance: Any) -> tuple[np.ndarray, float, str]:
        """Partition into the number of parts that makes them 250 households on average."""
        n = len(instance.households)
        a, b = np.r_[instance.edges, instance.edges[:, ::-1]].T
        order = np.lexsort((b, a))
        graph = {
            "parts": max(2, round(int(instance.households.sum()) / ((LOWER + UPPER) / 2))),
            "start": np.r_[0, np.cumsum(np.bincount(a, minlength=n))].tolist(),
            "near": b[order].tolist(),
            "weight": instance.households.tolist(),
            "cost": np.r_[instance.edge_weight, instance.edge_weight][order].tolist(),
        }
        done = subprocess.run(
            [self.python, "-c", SCRIPTS[self.name]], input=json.dumps(graph), capture_output=True, text=True, check=True
        )
        answer = json.loads(done.stdout)
        return np.array(answer["labels"]), answer["seconds"], ""


def main() -> None:
    """Print one row per solver, profile and size: means over seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[300, 3000, 30000])
    parser.add_argument("--profiles", nargs="+", default=["mixed", "tower", "village"])
    parser.add_argument("--seeds", type=int, default=3, help="instances per size; one for 30,000 buildings and more")
    parser.add_argument("--split-over", type=int, default=300, help="divide buildings above this by stairwells")
    parser.add_argument("--peers", action="store_true", help="also run pymetis, installed for this run")
    options = parser.parse_args()
    instances, score = shared("instances"), shared("score")
    with tempfile.TemporaryDirectory() as folder:
        solvers = {"wangge": ours, "wangge, main roads as barriers": with_barriers}
        if options.peers:
            solvers |= {name: Peer(name, Path(folder)) for name in SCRIPTS}
        began = time.perf_counter()
        ours(instances.make(300, 99, "mixed"))
        print(f"first call (compiles, or loads what was compiled): {time.perf_counter() - began:.1f} s\n")
        print("| solver | buildings | profile | households/CPU s | CPU s | " + " | ".join(COLUMNS) + " | why not |")
        print("|---" * (len(COLUMNS) + 6) + "|")
        for size in options.sizes:
            for profile in options.profiles:
                made = [
                    instances.make(size, seed, profile, options.split_over)
                    for seed in range(options.seeds if size < 30000 else 1)
                ]
                for name, solver in solvers.items():
                    _print_row(name, size, profile, made, solver, score)


def _print_row(name: str, size: int, profile: str, made: list[Any], solver: Any, score: ModuleType) -> None:
    rows, seconds, notes = [], [], []
    for instance in made:
        labels, spent, why = solver(instance)
        rows.append(score.score(instance, labels))
        seconds.append(spent)
        notes += [why] if why else []
    means = [f"{np.mean([row[column] for row in rows]):.4g}" for column in COLUMNS]
    rate = sum(int(i.households.sum()) for i in made) / max(sum(seconds), 1e-9)
    cells = [name, str(size), profile, f"{rate:,.0f}", f"{np.mean(seconds):.2f}", *means, "; ".join(notes)]
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
