"""A generated city planned as it comes, community by community: time, and peak memory of every process.

``python -m tests.benchmarks.bench_city [--buildings 10000 30000] [--folder F] [--workers 2] [--minutes N]``;
``--buildings 1000000`` is the whole city. Each size is generated and planned by processes of their own:

- *generate*: one sub-district after the other is written to ``F/city``; those that are there already are left alone.
- *plan*: the sub-districts are read back one after the other, their communities handed to
  ``geo.regionalization.execution.stream_drafts``, and each draft is written to ``F/plan`` as it comes back. Communities
  that are planned already, by a run that was killed, are not planned again. Neither the city nor its plan is ever in
  memory as a whole.
- *join*: all drafts together become a GeoPackage of grids and a Parquet file of buildings.

Without ``--folder`` all of that happens in a temporary folder. With ``--minutes`` no further sub-district of a size is
begun after so long; its row counts what was done until then. The table is written to
``tests/benchmarks/results/city.md``, a row per size, effort and number of workers; rows of other sizes stay.
"""

import argparse
import json
import math
import multiprocessing
import os
import platform
import resource
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio

from geo.crs import WGS84, metric_crs_of
from geo.regionalization.communities import Bounds, Community
from geo.regionalization.drafting import CommunityDraft, DraftSettings
from geo.regionalization.execution import stream_drafts
from geo.regionalization.reporting import grid_code
from geo.sample import stream_city

RESULTS = Path(__file__).parent / "results" / "city.md"
SEED = 7
MEGABYTE = 1 << 20
LAYERS = ("community", "building", "stairwell", "barrier")
#: Grids are kept until there are so many: a GeoPackage takes a transaction each time.
GRIDS_AT_A_TIME = 5000
#: Barriers this far outside of a community still shape its border, in metres.
BARRIER_MARGIN_M = 5.0
#: Seconds between two lines that say how far it is, and between two records of what was spent: what a run that is
#: killed spent after its last record is counted nowhere.
TELL_S, RECORD_S = 30.0, 5.0

HEADER = """# A city as it comes

`python -m tests.benchmarks.bench_city`: sub-districts are generated one by one into a folder, read back one by one,
their communities drafted by several processes (200–300 households, stairwells known, seed 7), and each draft written
as it comes back; a run that is killed goes on where it was. "Main" reads and writes; "peak" is the resident memory of
one process at its largest, libraries and machine code included. {machine}.

| buildings | effort, workers | communities | households | grids | in range % | in one piece % | generate CPU s \
| peak MB | plan wall s | main CPU s | draft CPU s | ms CPU a building, drafting | main peak MB | worker peak MB \
| joined in s | runs | grids out of range, by reason |
|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|
"""


@dataclass(frozen=True)
class Asked:
    """What to measure."""

    buildings: int
    folder: Path
    workers: int
    effort: str
    minutes: float

    @property
    def city(self) -> Path:
        """The generated sub-districts; what a sub-district holds depends on its number alone."""
        return self.folder / "city"

    @property
    def plan(self) -> Path:
        """The drafts, by sub-district."""
        return self.folder / f"plan-{self.effort}-{self.buildings}"

    @property
    def spent(self) -> Path:
        """What each run has spent."""
        return self.folder / f"spent-{self.effort}-{self.buildings}"


# ── generate ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def generate(asked: Asked) -> None:
    """Write sub-districts until they have the buildings that were asked for."""
    spent = Spent(asked.spent, "generate")
    built, number, until = 0, 0, time.monotonic() + 60 * asked.minutes
    streets: Iterator[dict[str, gpd.GeoDataFrame]] | None = None
    line = Line("generate", asked.buildings)
    while built < asked.buildings and time.monotonic() < until:
        street = asked.city / f"{number:04d}"
        if not street.exists():
            # Begun anew where sub-districts are there already: the next of the stream would be one of those.
            streets = streets or stream_city(SEED, buildings=asked.buildings, first=number)
            write_street(next(streets), street)
            spent.record({})
        else:
            streets = None
        built += sum(contents(street).values())
        number += 1
        line.tell(built)
    spent.record({}, at_once=True)
    print(f"generate: {built:,} buildings in {number} sub-districts", flush=True)


def write_street(frames: dict[str, gpd.GeoDataFrame], street: Path) -> None:
    """Write one sub-district so that it is there as a whole or not at all."""
    begun = street.with_suffix(".begun")
    shutil.rmtree(begun, ignore_errors=True)
    begun.mkdir(parents=True)
    for layer in LAYERS:
        frames[layer].to_parquet(begun / f"{layer}.parquet")
    counts = frames["building"]["community_code"].value_counts()
    held = {str(code): int(counts.get(code, 0)) for code in frames["community"]["code"]}
    (begun / "communities.json").write_text(json.dumps(held), encoding="utf-8")
    begun.rename(street)


def contents(street: Path) -> dict[str, int]:
    """Buildings of each community of a written sub-district."""
    return dict(json.loads((street / "communities.json").read_text(encoding="utf-8")))


# ── plan ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Progress:
    """Which communities there are, and which are planned."""

    asked: Asked
    until: float
    streets: list[Path] = field(default_factory=list)
    done: int = 0

    def __post_init__(self) -> None:
        built = 0
        for street in sorted(path for path in self.asked.city.iterdir() if not path.suffix):
            if built < self.asked.buildings:
                self.streets.append(street)
                built += sum(contents(street).values())
        self.done = sum(
            size
            for street in self.streets
            for code, size in contents(street).items()
            if self.mark(street, code).exists()
        )

    @property
    def total(self) -> int:
        """Buildings of all sub-districts."""
        return sum(sum(contents(street).values()) for street in self.streets)

    def mark(self, street: Path, code: str) -> Path:
        """The file that says that a community is planned."""
        return self.asked.plan / street.name / f"{code}.json"

    def missing(self) -> Iterator[tuple[Path, Community]]:
        """Every community that is not planned yet, one sub-district in memory at a time."""
        for street in self.streets:
            codes = [code for code in contents(street) if not self.mark(street, code).exists()]
            if time.monotonic() > self.until:
                return
            if codes:
                yield from ((street, community) for community in in_metres(street) if community.code in codes)


def in_metres(street: Path) -> list[Community]:
    frames = {layer: gpd.read_parquet(street / f"{layer}.parquet") for layer in LAYERS}
    crs = metric_crs_of(frames["community"])
    areas = frames["community"].set_index("code").geometry.to_crs(crs)
    buildings = frames["building"].set_index("code").to_crs(crs)
    stairwells = frames["stairwell"].to_crs(crs)
    barriers = frames["barrier"][["kind", "geometry"]].to_crs(crs)
    return [one_community(code, area, buildings, stairwells, barriers) for code, area in areas.items()]


def one_community(code, area, buildings, stairwells, barriers) -> Community:
    own = buildings[buildings["community_code"] == code]
    frame = own[["households", "compound_code", "geometry"]].rename(columns={"compound_code": "compound"})
    steps = stairwells[stairwells["building_code"].isin(own.index)]
    steps = steps.rename(columns={"building_code": "building", "code": "stairwell"})
    summed = steps.groupby("building")["households"].sum()
    whole = summed.index[summed == own["households"].reindex(summed.index)]
    steps = steps.loc[steps["building"].isin(whole), ["building", "stairwell", "households", "geometry"]]
    near = barriers.iloc[barriers.sindex.query(area.buffer(BARRIER_MARGIN_M), predicate="intersects")]
    return Community(code, area, frame.rename_axis(None), steps, near)


def plan(asked: Asked) -> None:
    """Draft every community that has no draft yet."""
    progress = Progress(asked, until=time.monotonic() + 60 * asked.minutes)
    total, home = progress.total, dict[str, Path]()
    if progress.done == total:
        return
    spent = Spent(asked.spent, "plan")
    line = Line("plan", total, progress.done)
    if progress.done:
        print(f"plan: {progress.done:,} of {total:,} buildings were planned by an earlier run", flush=True)

    def communities() -> Iterator[Community]:
        for street, community in progress.missing():
            home[community.code] = street
            yield community

    settings = DraftSettings(Bounds(200, 300), seed=SEED, effort=asked.effort)  # type: ignore[arg-type]
    watch: Callable[..., None] = lambda *_: spent.record(peaks())  # noqa: E731
    for draft in stream_drafts(communities(), settings, workers=asked.workers, progress=watch):
        write_draft(draft, progress.mark(home.pop(draft.code), draft.code))
        progress.done += len(draft.assignment["building"].unique())
        line.tell(progress.done)
    spent.record(peaks(), at_once=True)


def write_draft(draft: CommunityDraft, mark: Path) -> None:
    """Write a draft's grids and assignment, and last the file that says that both are there."""
    mark.parent.mkdir(parents=True, exist_ok=True)
    codes = [grid_code(draft.code, int(number) + 1) for number in draft.grids.index]
    grids = draft.grids[["households", "in_range", "reason_zh", "reason_en", "geometry"]].assign(code=codes)
    grids.to_crs(WGS84).to_parquet(mark.with_suffix(".grids.parquet"))
    by_number = dict(zip(draft.grids.index, codes, strict=True))
    rows = draft.assignment.assign(grid=draft.assignment["grid"].map(by_number))
    rows[["building", "stairwell", "grid", "households"]].to_parquet(mark.with_suffix(".assignment.parquet"))
    figures = {
        "households": int(draft.grids["households"].sum()),
        "grids": len(draft.grids),
        "in_range": int(draft.grids["in_range"].sum()),
        "in_one_piece": int(draft.grids["contiguous"].sum()),
        "reasons": dict(Counter(draft.grids["reason_code"].dropna())),
    }
    begun = mark.with_suffix(".begun")
    begun.write_text(json.dumps(figures), encoding="utf-8")
    begun.rename(mark)


# ── join ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def join(asked: Asked) -> dict[str, Any]:
    """Put all drafts into two files and add their figures up."""
    began = time.monotonic()
    progress = Progress(asked, until=math.inf)
    grids, assignment = asked.plan / "grids.gpkg", asked.plan / "assignment.parquet"
    grids.unlink(missing_ok=True)
    columns = [("building", pa.string()), ("stairwell", pa.string()), ("grid", pa.string())]
    schema = pa.schema([*columns, ("households", pa.int64())])
    figures: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    waiting: list[gpd.GeoDataFrame] = []
    with pq.ParquetWriter(assignment, schema) as rows:
        for street in progress.streets:
            for code, size in contents(street).items():
                mark = progress.mark(street, code)
                if not mark.exists():
                    continue
                found = json.loads(mark.read_text(encoding="utf-8"))
                reasons.update(found.pop("reasons"))
                figures.update(found | {"buildings": size, "communities": 1})
                frame = pd.read_parquet(mark.with_suffix(".assignment.parquet"))
                types = dict.fromkeys(("building", "stairwell", "grid"), "string")
                rows.write_table(pa.Table.from_pandas(frame.astype(types), schema, preserve_index=False))
                waiting.append(gpd.read_parquet(mark.with_suffix(".grids.parquet")))
                if sum(map(len, waiting)) >= GRIDS_AT_A_TIME:
                    append(waiting, grids)
        append(waiting, grids)
    assert pyogrio.read_info(grids)["features"] == figures["grids"]
    assert pq.read_metadata(assignment).num_rows >= figures["buildings"]
    return {**figures, "reasons": dict(reasons), "join_s": time.monotonic() - began}


def append(waiting: list[gpd.GeoDataFrame], grids: Path) -> None:
    if waiting:
        frame = gpd.GeoDataFrame(pd.concat(waiting, ignore_index=True), crs=WGS84)
        frame[["reason_zh", "reason_en"]] = frame[["reason_zh", "reason_en"]].astype("string")
        pyogrio.write_dataframe(frame, grids, layer="grids", append=grids.exists(), promote_to_multi=True)
        waiting.clear()


# ── what it takes ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Record:
    """What one run of one phase has spent."""

    phase: str
    wall_s: float = 0.0
    main_cpu_s: float = 0.0
    workers_cpu_s: float = 0.0
    main_peak_mb: float = 0.0
    worker_peak_mb: float = 0.0


class Spent:
    """Keeps a record of this run on disk, so that a run that is killed counts as well."""

    def __init__(self, folder: Path, phase: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{phase}-{time.time_ns()}.json"
        self.began, self.looked, self.now = time.monotonic(), 0.0, Record(phase)
        self.cpu: dict[int, float] = {}

    def record(self, processes: dict[int, tuple[float, float]], *, at_once: bool = False) -> None:
        """Write down what was spent until now, but not too often."""
        if not at_once and time.monotonic() - self.looked < RECORD_S:
            return
        self.looked = time.monotonic()
        self.cpu |= {process: cpu for process, (cpu, _) in processes.items()}
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        mine = resource.getrusage(resource.RUSAGE_SELF)
        now = self.now
        now.wall_s = time.monotonic() - self.began
        now.main_cpu_s = mine.ru_utime + mine.ru_stime
        now.workers_cpu_s = max(sum(self.cpu.values()), ended.ru_utime + ended.ru_stime)
        now.main_peak_mb = mine.ru_maxrss * 1024 / MEGABYTE
        now.worker_peak_mb = max([now.worker_peak_mb, *(peak for _, peak in processes.values())])
        begun = self.path.with_suffix(".begun")
        begun.write_text(json.dumps(asdict(now)), encoding="utf-8")
        begun.rename(self.path)


def peaks() -> dict[int, tuple[float, float]]:
    """CPU seconds and largest resident memory in MB so far of this process's workers, by process."""
    found = {}
    for process in (child.pid for child in multiprocessing.active_children() if child.pid):
        try:
            status = Path(f"/proc/{process}/status").read_text()
            times = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
        except FileNotFoundError:
            continue
        highest = next((line for line in status.splitlines() if line.startswith("VmHWM:")), None)
        if highest:
            cpu = sum(map(int, times)) / os.sysconf("SC_CLK_TCK")
            found[process] = (cpu, int(highest.split()[1]) * 1024 / MEGABYTE)
    return found


@dataclass
class Line:
    """Says now and then how far it is and how long it will take."""

    phase: str
    total: int
    before: int = 0
    began: float = field(default_factory=time.monotonic)
    told: float = field(default_factory=time.monotonic)

    def tell(self, done: int) -> None:
        now = time.monotonic()
        if now - self.told < TELL_S or done <= self.before:
            return
        self.told = now
        left = (now - self.began) / (done - self.before) * max(0, self.total - done)
        print(f"{self.phase}: {done:,} of {self.total:,} buildings, {left / 60:,.0f} min left", flush=True)


def row_of(asked: Asked, found: dict[str, Any]) -> str:
    records = [Record(**json.loads(path.read_text(encoding="utf-8"))) for path in sorted(asked.spent.glob("*.json"))]
    made = [record for record in records if record.phase == "generate"]
    planned = [record for record in records if record.phase == "plan"]
    drafting = sum(record.workers_cpu_s for record in planned)
    shares = [100 * found[name] / found["grids"] for name in ("in_range", "in_one_piece")]
    reasons = ", ".join(f"{code} {count:,}" for code, count in sorted(found["reasons"].items())) or "–"
    return (
        f"| {found['buildings']:,} | {asked.effort}, {asked.workers} | {found['communities']:,} "
        f"| {found['households']:,} | {found['grids']:,} | {shares[0]:.2f} | {shares[1]:.2f} "
        f"| {sum(record.main_cpu_s for record in made):,.0f} | {max(record.main_peak_mb for record in made):,.0f} "
        f"| {sum(record.wall_s for record in planned):,.0f} | {sum(record.main_cpu_s for record in planned):,.0f} "
        f"| {drafting:,.0f} | {1e3 * drafting / found['buildings']:.2f} "
        f"| {max(record.main_peak_mb for record in planned):,.0f} "
        f"| {max(record.worker_peak_mb for record in planned):,.0f} | {found['join_s']:,.0f} | {len(planned)} "
        f"| {reasons} |"
    )


def write_row(row: str) -> None:
    """Put a row into the table in place of the one of the same size, effort and workers."""
    machine = f"{os.cpu_count()} processors, Python {platform.python_version()}"
    header = HEADER.format(machine=machine)
    columns = header.strip().splitlines()[-2]
    before, _, after = RESULTS.read_text(encoding="utf-8").partition(columns) if RESULTS.exists() else ("", "", "")
    lines = after.splitlines()[2:] if before else []
    # The table ends where a line is none of its rows; further tables may follow among the notes.
    end = next((at for at, line in enumerate(lines) if not line.startswith("| ")), len(lines))
    same = row.split("|")[1:3]
    rows = [line for line in lines[:end] if line.split("|")[1:3] != same] + [row]
    rows.sort(key=lambda line: int(line.split("|")[1].replace(",", "")))
    notes = "\n".join(lines[end:]).strip()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(header + "\n".join(rows) + "\n" + (f"\n{notes}\n" if notes else ""), encoding="utf-8")


def run_phase(phase: Callable[[Asked], None], asked: Asked) -> None:
    """Run one phase; end with the process that began it, however that one ends."""

    def leave_with_parent() -> None:
        parent = multiprocessing.parent_process()
        assert parent is not None
        parent.join()
        os._exit(1)

    threading.Thread(target=leave_with_parent, daemon=True).start()
    phase(asked)


def measure(asked: Asked) -> str:
    """Generate, plan and join one city, each in a process of its own; return its row."""
    context = multiprocessing.get_context("spawn")
    for phase in (generate, plan):
        process = context.Process(target=run_phase, args=(phase, asked))
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(1)
    return row_of(asked, join(asked))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--buildings", type=int, nargs="+", default=[10_000, 30_000])
    parser.add_argument("--folder", type=Path, help="where the city and its plan are kept, for a repeat to go on")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--effort", choices=["polished", "draft"], default="polished")
    parser.add_argument("--minutes", type=float, default=math.inf)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wangge-city-") as temporary:
        folder = options.folder or Path(temporary)
        for buildings in options.buildings:
            row = measure(Asked(buildings, folder, options.workers, options.effort, options.minutes))
            print(row, flush=True)
            write_row(row)


if __name__ == "__main__":
    main()
