"""Peers from PyPI, each in a temporary environment of its own, run by ``peer_solvers`` inside it."""

import json
import subprocess
import venv
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

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
#: What each was asked, and what it cannot be asked.
ASKED = {
    "KaMinPar": "k = households / 250 blocks of at most +20 % or +8 %; no lower limit, no contiguity",
    "METIS": "k blocks, recursive or k-way; only k-way can be asked for contiguous ones; no lower limit",
    "Mt-KaHyPar": "k blocks, +20 % or +8 %; no lower limit, no contiguity",
    "KaHIP": "k blocks; connected blocks are an option of its command line that the wheel does not offer",
    "GerryChain": "recursive tree partition within 200-300, begun anew when 1,000 trees give no cut",
    "GeoDa": "positions as attributes, at least 200 households; no upper limit",
    "spopt": "max-p heuristic, positions as attributes, at least 200 households; no upper limit",
}
SCRIPT = Path(__file__).with_name("peer_solvers.py")


@dataclass(frozen=True)
class PeerRun:
    """What a peer answered, or how it ended without an answer."""

    ended: Finished
    labels: np.ndarray | None = None
    cpu_s: float = float("nan")


class Peers:
    """Installs a family when one of it is first asked; remembers who timed out, and at which size.

    Parameters
    ----------
    folder
        Where the environments go.
    kept
        A folder of answers of earlier runs on this machine, which are taken for new ones and added to; None to run
        every peer now.
    """

    def __init__(self, folder: Path, kept: Path | None = None) -> None:
        self.folder = folder
        self.kept = kept
        self.missing: dict[str, str] = {}
        self.gave_up: dict[str, str] = {}

    def solve(self, name: str, graph: Path, atoms: int, seed: int, limit_s: float) -> PeerRun:
        """Let one of ``SOLVERS`` divide a stored graph; one that timed out is not tried again, and says so."""
        if name in self.gave_up:
            return PeerRun(Finished(f"not tried: {self.gave_up[name]}", 0.0, 0.0, 0.0))
        stored = self.kept and self.kept / f"{_slug(name)}-{graph.stem}-{seed}.npz"
        if stored and stored.exists():
            answer = _read(stored)
        else:
            answer = self._solve(name, graph, seed, limit_s)
            if stored:
                _write(stored, answer)
        if answer.ended.status.startswith("timed out"):
            self.gave_up[name] = f"{answer.ended.status} at {atoms:,} buildings"
        return answer

    def _solve(self, name: str, graph: Path, seed: int, limit_s: float) -> PeerRun:
        family = name.split()[0]
        python = self._installed(family)
        if python is None:
            return PeerRun(Finished(f"not installed: {self.missing[family]}", 0.0, 0.0, 0.0))
        answer = graph.with_suffix(".peer.npz")
        # The peer's own limit is for those that start again and again until they find something.
        ended = run([str(python), str(SCRIPT), name, str(graph), str(answer), str(seed), str(limit_s)], limit_s)
        if not ended.done:
            return PeerRun(ended)
        with np.load(answer) as told:
            labels = np.unique(told["labels"], return_inverse=True)[1]
            return PeerRun(ended, labels, float(told["seconds"]))

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


def _slug(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def _write(path: Path, answer: PeerRun) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    labels = np.array([]) if answer.labels is None else answer.labels
    np.savez_compressed(path, labels=labels, seconds=answer.cpu_s, ended=json.dumps(asdict(answer.ended)))


def _read(path: Path) -> PeerRun:
    with np.load(path) as stored:
        ended = Finished(**json.loads(str(stored["ended"])))
        labels = stored["labels"]
        return PeerRun(ended, labels if len(labels) else None, float(stored["seconds"]))
