"""A generated city planned as it comes, community by community: time, and peak memory of every process.

``python -m tests.benchmarks.bench_city [--buildings 10000 30000] [--workers 2] [--minutes N]``; ``--buildings 1000000``
is the whole city. With ``--minutes`` no further sub-district of a size is begun after so long; its row counts what was
done until then. Each size runs in a process of its own, which generates one sub-district after the other, hands its
communities to ``geo.regionalization.execution.stream_drafts``, and writes the grids to a GeoPackage and the assignment
to a Parquet file as they come back: neither the city nor its plan is ever in memory as a whole. The table is written to
``tests/benchmarks/results/city.md``.
"""

import argparse
import math
import multiprocessing
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

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
#: Grids are kept until there are so many: a GeoPackage takes a transaction each time.
GRIDS_AT_A_TIME = 500
#: Barriers this far outside of a community still shape its border, in metres.
BARRIER_MARGIN_M = 5.0

HEADER = """# A city as it comes

`python -m tests.benchmarks.bench_city`: sub-districts are generated one by one, their communities drafted by
{workers} processes (200–300 households, stairwells known, seed 7), grids written to a GeoPackage and the assignment to
a Parquet file as they come back. "Main" generates and writes; "peak" is the resident memory of the main process and of
the largest worker at their largest, libraries and machine code included. {machine}.

| buildings | communities | households | grids | in range % | in one piece % | wall s | generate CPU s | write CPU s \
| draft CPU s | ms CPU a building, drafting | main peak MB | worker peak MB |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
"""


@dataclass
class Counts:
    """What came of one city."""

    asked: int
    until: float
    buildings: int = 0
    communities: int = 0
    households: int = 0
    grids: int = 0
    in_range: int = 0
    in_one_piece: int = 0
    generate_s: float = 0.0
    write_s: float = 0.0
    draft_s: float = 0.0
    wall_s: float = 0.0
    peaks_mb: dict[int, float] = field(default_factory=dict)

    def row(self, main: int) -> str:
        shares = (100 * self.in_range / self.grids, 100 * self.in_one_piece / self.grids)
        workers = max((peak for process, peak in self.peaks_mb.items() if process != main), default=0.0)
        return (
            f"| {self.buildings:,} | {self.communities:,} | {self.households:,} | {self.grids:,} | {shares[0]:.2f} "
            f"| {shares[1]:.2f} | {self.wall_s:,.0f} | {self.generate_s:,.0f} | {self.write_s:,.0f} "
            f"| {self.draft_s:,.0f} | {1e3 * self.draft_s / self.buildings:.2f} | {self.peaks_mb[main]:,.0f} "
            f"| {workers:,.0f} |"
        )


def communities_of(counts: Counts) -> Iterator[Community]:
    """Every community of the city, one sub-district in memory at a time."""
    streets = stream_city(SEED, buildings=counts.asked)
    while True:
        began = time.process_time()
        frames = next(streets, None) if time.monotonic() < counts.until else None
        ready = [] if frames is None else in_metres(frames)
        counts.generate_s += time.process_time() - began
        if frames is None:
            return
        for community in ready:
            counts.communities += 1
            counts.buildings += len(community.buildings)
            yield community


def in_metres(frames: dict[str, gpd.GeoDataFrame]) -> list[Community]:
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


class Plan:
    """The plan's two files, written as its drafts come."""

    def __init__(self, folder: Path) -> None:
        self.grids, self.assignment = folder / "grids.gpkg", folder / "assignment.parquet"
        self.waiting: list[gpd.GeoDataFrame] = []
        columns = [("building", pa.string()), ("stairwell", pa.string()), ("grid", pa.string())]
        self.schema = pa.schema([*columns, ("households", pa.int64())])
        self.rows = pq.ParquetWriter(self.assignment, self.schema)

    def add(self, draft: CommunityDraft) -> None:
        codes = [grid_code(draft.code, int(number) + 1) for number in draft.grids.index]
        grids = draft.grids[["households", "in_range", "reason_zh", "reason_en", "geometry"]]
        self.waiting.append(grids.assign(code=codes).to_crs(WGS84))
        if sum(map(len, self.waiting)) >= GRIDS_AT_A_TIME:
            self._write()
        by_number = dict(zip(draft.grids.index, codes, strict=True))
        rows = draft.assignment.assign(grid=draft.assignment["grid"].map(by_number))
        rows = rows[self.schema.names].astype({"building": "string", "stairwell": "string", "grid": "string"})
        self.rows.write_table(pa.Table.from_pandas(rows, self.schema, preserve_index=False))

    def close(self) -> None:
        self._write()
        self.rows.close()

    def _write(self) -> None:
        if self.waiting:
            frame = gpd.GeoDataFrame(pd.concat(self.waiting, ignore_index=True), crs=WGS84)
            frame[["reason_zh", "reason_en"]] = frame[["reason_zh", "reason_en"]].astype("string")
            pyogrio.write_dataframe(frame, self.grids, layer="grids", append=self.grids.exists(), promote_to_multi=True)
            self.waiting.clear()


def plan_city(buildings: int, workers: int, minutes: float, answers: "multiprocessing.Queue[str]") -> None:
    started, looked = time.monotonic(), 0.0
    counts = Counts(buildings, until=started + 60 * minutes)

    def watch(*_: object) -> None:
        nonlocal looked
        if time.monotonic() - looked > 1:
            looked = time.monotonic()
            counts.peaks_mb |= peaks()

    with tempfile.TemporaryDirectory(prefix="wangge-city-") as folder:
        plan = Plan(Path(folder))
        settings = DraftSettings(Bounds(200, 300), seed=SEED)
        for draft in stream_drafts(communities_of(counts), settings, workers=workers, progress=watch):
            began = time.process_time()
            plan.add(draft)
            counts.write_s += time.process_time() - began
            counts.grids += len(draft.grids)
            counts.households += int(draft.grids["households"].sum())
            counts.in_range += int(draft.grids["in_range"].sum())
            counts.in_one_piece += int(draft.grids["contiguous"].sum())
        plan.close()
        assert len(pyogrio.read_dataframe(plan.grids, read_geometry=False, columns=["code"])) == counts.grids
        assert pq.read_metadata(plan.assignment).num_rows >= counts.buildings
    counts.wall_s = time.monotonic() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    counts.draft_s = used.ru_utime + used.ru_stime
    counts.peaks_mb |= peaks()
    answers.put(counts.row(os.getpid()))


def peaks() -> dict[int, float]:
    """Largest resident memory so far of this process and of its workers, MB, by process."""
    children = [process.pid for process in multiprocessing.active_children() if process.pid]
    found = {}
    for process in [os.getpid(), *children]:
        try:
            status = Path(f"/proc/{process}/status").read_text()
        except FileNotFoundError:
            continue
        highest = next((line for line in status.splitlines() if line.startswith("VmHWM:")), None)
        if highest:
            found[process] = int(highest.split()[1]) * 1024 / MEGABYTE
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--buildings", type=int, nargs="+", default=[10_000, 30_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=math.inf)
    options = parser.parse_args()
    machine = f"{os.cpu_count()} processors, Python {platform.python_version()}"
    text = HEADER.format(workers=options.workers, machine=machine)
    print(text, end="", flush=True)
    context = multiprocessing.get_context("spawn")
    for buildings in options.buildings:
        answers = context.Queue()
        process = context.Process(target=plan_city, args=(buildings, options.workers, options.minutes, answers))
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(1)
        row = answers.get()
        print(row, flush=True)
        text += row + "\n"
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
