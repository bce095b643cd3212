"""The written table: header, targets, one table per section, wrong plans."""

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


@dataclass
class Report:
    """Prints as it goes, and keeps what it printed for the file."""

    output: Path | None
    arguments: Sequence[str]
    wrong: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    targets: list[tuple[str, str, str]] = field(default_factory=list)
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    header: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.header = [
            f"- began {self.begun:%Y-%m-%d %H:%M} UTC on {_processor()}, {os.cpu_count()} processors, "
            f"{_memory_gb():.0f} GB, Python {platform.python_version()}; "
            f"load at the beginning {os.getloadavg()[0]:.1f}",
            f"- commit `{_commit()}`; command "
            f"`{' '.join(['python -m tests.benchmarks.bench_regionalization', *self.arguments])}`",
        ]
        print("\n".join(self.header), flush=True)

    def section(self, title: str, note: str = "") -> None:
        self.line(f"\n## {title}\n")
        if note:
            self.line(f"{note}\n")

    def line(self, text: str) -> None:
        self.body.append(text)
        print(text, flush=True)

    def heads(self, names: Sequence[str]) -> None:
        self.row(names)
        self.line("|---" * len(names) + "|")

    def row(self, cells: Sequence[object]) -> None:
        self.line(f"| {' | '.join(str(cell) for cell in cells)} |")

    def target(self, asked: str, measured: str, met: bool | None) -> None:
        """Note a target: what was asked, what came out, and whether that will do (None: not measured)."""
        self.targets.append((asked, measured, {True: "met", False: "**missed**", None: "not measured"}[met]))

    def write(self, *, whole: bool = False) -> None:
        """Write what there is so far; the last time with the targets on top."""
        if self.output is None:
            return
        state = [] if whole else ["- **unfinished run: sections are missing below**"]
        self.output.parent.mkdir(parents=True, exist_ok=True)
        self.output.write_text("\n".join(["# Redistricting engine, measured\n", *self.header, *state, *self.body, ""]))

    def finish(self) -> None:
        """Print the targets and close the file."""
        print()
        table = ["", "## Targets\n", "| asked | measured | |", "|---|---|---|"]
        table += [f"| {asked} | {measured} | {verdict} |" for asked, measured, verdict in self.targets]
        wrong = [f"- {text}" for text in self.wrong] or ["None."]
        table += ["", "## Wrong plans (the second opinion disagrees, or a rule is broken)\n", *wrong]
        print("\n".join(table), flush=True)
        took = (datetime.now(UTC) - self.begun).total_seconds() / 60
        self.header.append(f"- took {took:.0f} minutes; load at the end {os.getloadavg()[0]:.1f}")
        self.body = [*table, *self.body]
        self.write(whole=True)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _commit() -> str:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "--", "geo/regionalization", "data/dictionaries")
    return git("rev-parse", "--short", "HEAD") + (" with uncommitted changes to the engine" if changed else "")
