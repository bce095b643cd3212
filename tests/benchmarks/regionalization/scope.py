"""What one run of the benchmark covers, and what its sections share."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.regionalization.instances import shared
from tests.benchmarks.regionalization.peers import Peers
from tests.benchmarks.regionalization.report import Report

LOWER, UPPER = 200, 300
#: Up to this many buildings several instances are run, twice each; above, one once.
SMALL = 3_000
#: A plan of a dozen grids is a matter of chance: up to this many buildings the engine and the partitioner that its
#: targets are relative to are run on so many instances at least.
TINY, INSTANCES_OF_TINY = 1_000, 20
#: Our own engine is ended after this many seconds: far beyond every target.
PATIENCE_S = 1_800.0


@dataclass
class Scope:
    """The selection, the folder for graphs, and the clock of ``--minutes``."""

    sizes: Sequence[int]
    profiles: Sequence[str]
    seeds: Sequence[int]
    all_peers: bool
    peer_seconds: float
    minutes: float | None
    folder: Path
    peers: Peers
    report: Report
    began: float = field(default_factory=time.monotonic)
    rows: list[Any] = field(default_factory=list)

    def out_of_time(self) -> bool:
        return self.minutes is not None and time.monotonic() - self.began > 60 * self.minutes

    def seeds_of(self, size: int) -> Sequence[int]:
        return self.seeds if size <= SMALL else self.seeds[:1]

    def compared_seeds_of(self, size: int) -> Sequence[int]:
        """Return the instances on which the engine is held against KaMinPar; other peers run on :meth:`seeds_of`."""
        if size > TINY:
            return self.seeds_of(size)
        return range(self.seeds[0], self.seeds[0] + max(len(self.seeds), INSTANCES_OF_TINY))

    def make(self, size: int, seed: int, profile: str, split_over: int = UPPER) -> Any:
        return shared("instances").make(size, seed, profile, split_over)
