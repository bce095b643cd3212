"""Peers from PyPI, each in a temporary environment of its own, run by ``peer_solvers`` inside it."""

import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.benchmarks.regionalization.peer_solvers import SOLVERS
from tests.benchmarks.regionalization.processes import Finished, run

NUMPY = "numpy==2.4.6"
GEO = ["geopandas==1.2.0", "libpysal==4.14.1"]
#: What each family of peers is installed from. Wheels only: no peer is built here.
PINS = {
    "KaMinPar": ["kaminpar==3.7.3", NUMPY],
    "METIS": ["pymetis==2025.2.2", NUMPY],
    "Mt-KaHyPar": ["mtkahypar==1.7.post1", NUMPY],
    "KaHIP": ["kahip==3.25", NUMPY],
    "GerryChain": ["gerrychain==1.0.0", "networkx==3.6.1", NUMPY],
    "GeoDa": ["pygeoda==0.1.3", NUMPY],
    "spopt": ["spopt==0.7.0", *GEO, NUMPY],
}
SCRIPT = Path(__file__).with_name("peer_solvers.py")


@dataclass(frozen=True)
class PeerRun:
    """What a peer answered, or how it ended without an answer."""

    ended: Finished
    labels: np.ndarray | None = None
    cpu_s: float = float("nan")


class Peers:
    """Installs a family when one of it is first asked; remembers who timed out, and at which size."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.missing: dict[str, str] = {}
        self.gave_up: dict[str, str] = {}

    def solve(self, name: str, graph: Path, atoms: int, seed: int, limit_s: float) -> PeerRun:
        """Let one of ``SOLVERS`` divide a stored graph; one that timed out is not tried again, and says so."""
        if name not in SOLVERS:
            raise KeyError(name)
        family = name.split()[0]
        python = self._installed(family)
        if python is None:
            return PeerRun(Finished(f"not installed: {self.missing[family]}", 0.0, 0.0))
        if name in self.gave_up:
            return PeerRun(Finished(f"not tried: {self.gave_up[name]}", 0.0, 0.0))
        answer = graph.with_suffix(".peer.npz")
        # The peer's own limit is for those that start again and again until they find something.
        ended = run([str(python), str(SCRIPT), name, str(graph), str(answer), str(seed), str(limit_s)], limit_s)
        if not ended.done:
            if ended.status.startswith("timed out"):
                self.gave_up[name] = f"{ended.status} at {atoms:,} buildings"
            return PeerRun(ended)
        with np.load(answer) as stored:
            return PeerRun(ended, stored["labels"], float(stored["seconds"]))

    def _installed(self, family: str) -> Path | None:
        python = self.folder / family / "bin" / "python"
        if family in self.missing:
            return None
        if not python.exists():
            venv.create(self.folder / family, with_pip=True)
            pip = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--only-binary", ":all:"]
            done = subprocess.run([*pip, *PINS[family]], capture_output=True, text=True, check=False)
            if done.returncode:
                self.missing[family] = (done.stderr.strip().splitlines() or ["pip failed"])[-1][:100]
                return None
        return python
