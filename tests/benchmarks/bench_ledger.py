"""Bills, statements, figures and maps with a million hazards in the store, beside a pass over all of them in pandas.

``python -m tests.benchmarks.bench_ledger [--hazards 1000000] [--buildings 28000] [--stories 20000] [--asked 200]``.

A generated city (streets, communities, buildings, places) goes into a PostGIS of its own; a few thousand hazards are
played by the ledger's engine over three years (``geo/sample/ledger_stories.py``) and each is told of many places, so
that every row keeps the store's rules and every statement adds up. Then, as a leader of the streets under row-level
security, bills of buildings, places, grids and communities are drawn up, tiles and boxes of the map read, the month's
statement of each street and its figures. Times are CPU times of this process and its connection's server process
together, beside the wall clock of a machine that others may use. The baseline answers the same questions from data
frames that are in memory already, by a pass over all rows. Written to ``tests/benchmarks/results/ledger.md``.
"""

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.ledger import bills
from geo.ledger.figures import Period
from geo.sample import stream_city
from geo.sample.ledger import any_stories, tell_again
from geo.services.billing import draw_up_bill, draw_up_statement
from geo.services.figuring import figure
from geo.services.ledger_layers import ledger_content
from geo.services.sampling_ledger import write_cases
from geo.services.tiling import Tile, tile_of
from geo.storage import case_points, embedded, layers, plans
from geo.storage.acting import act
from geo.storage.database import migrate, open_engine, session_scope
from geo.territory.nouns import NOUNS
from geo.territory.times import CHINA_TIME

RESULTS = Path(__file__).parent / "results" / "ledger.md"
SEED = 7
YEARS = 3
NOW = datetime(2026, 11, 22, 10, tzinfo=CHINA_TIME)
MONTH = "2026-10"
YEAR = Period(date(2025, 12, 1), date(2026, 11, 22))
#: Hazards written at a time; all of them at once would need their memory at once.
AT_ONCE = 100_000
#: Side of the boxes that maps ask for, degrees: a tile of level 16.
BOX_DEGREES = 360 / 2**16
WHO = "bench"
DEPARTMENT = "社工"

HEADER = """# The ledger with many hazards

`python -m tests.benchmarks.bench_ledger`: {hazards:,} hazards with {moves:,} moves over {years} years in {streets}
streets ({buildings:,} buildings, {places:,} places) of the generated city, told from {stories:,} stories that the
engine played. Written in {load_s:,.0f} s of CPU. Asked as a leader of the streets, under row-level security; CPU of
this process and its server process together, wall clock beside it (load {load:.0f} on {cpus} processors). {machine}.
Baseline: the same answer by a pass over data frames that are in memory already, in the same run.

| asked | n | rows, mean | p50 ms CPU | p95 ms CPU | p95 ms wall | pandas p50 ms CPU |
|---|--:|--:|--:|--:|--:|--:|
"""


@dataclass(frozen=True)
class Asked:
    """How long the answers to one kind of question took, in milliseconds."""

    name: str
    rows: list[int]
    cpu_ms: list[float]
    wall_ms: list[float]
    baseline_ms: list[float]

    @property
    def line(self) -> str:
        p50, p95 = np.percentile(self.cpu_ms, (50, 95))
        wall = np.percentile(self.wall_ms, 95)
        baseline = f"{np.median(self.baseline_ms):,.1f}" if self.baseline_ms else "–"
        return (
            f"| {self.name} | {len(self.cpu_ms)} | {np.mean(self.rows):,.0f} | {p50:,.1f} | {p95:,.1f} "
            f"| {wall:,.1f} | {baseline} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hazards", type=int, default=1_000_000)
    parser.add_argument("--buildings", type=int, default=28_000)
    parser.add_argument("--stories", type=int, default=20_000)
    parser.add_argument("--asked", type=int, default=200, help="things whose bills and boxes are asked for")
    parser.add_argument("--figures", type=int, default=20, help="streets whose figures are asked for")
    options = parser.parse_args()
    fast = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "8GB"}
    with tempfile.TemporaryDirectory(prefix="wangge-ledger-", dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        try:
            url = embedded.start(Path(folder) / "postgres", settings=fast)
            engine = open_engine(url)
            migrate(engine)
            run(engine, options)
            engine.dispose()
        finally:
            embedded.stop(Path(folder) / "postgres")


def run(engine: Engine, options: argparse.Namespace) -> None:
    began = time.process_time()
    subjects = build_city(engine, options.buildings)
    print(f"city: {len(subjects):,} subjects, {time.process_time() - began:,.0f} s", flush=True)
    moves, load_s = fill(engine, subjects, options.hazards, options.stories)
    print(f"ledger: {moves:,} moves, {load_s:,.0f} s", flush=True)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    measured = ask(engine, subjects, options.asked, options.figures)
    header = HEADER.format(
        hazards=options.hazards,
        moves=moves,
        years=YEARS,
        streets=subjects["street_code"].nunique(),
        buildings=subjects["building_code"].nunique(),
        places=int(subjects["place_code"].notna().sum()),
        stories=options.stories,
        load_s=load_s,
        load=os.getloadavg()[0],
        cpus=os.cpu_count(),
        machine=f"Python {platform.python_version()}",
    )
    RESULTS.write_text(header + "\n".join(each.line for each in measured) + "\n", encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


# ── the store ────────────────────────────────────────────────────────────────────────────────────────────────────────


def build_city(engine: Engine, buildings: int) -> pd.DataFrame:
    """Write the city's ground street by street; return what hazards may be about: its buildings and places."""
    parts = []
    for town in stream_city(SEED, buildings=buildings):
        with session_scope(engine) as session:
            for noun in ("street", "community", "building", "place"):
                frame = town[noun]
                for column in ("compound_code", "responsible_body_code"):
                    if column in frame.columns:
                        frame = frame.assign(**{column: None})
                layers.upsert(session, NOUNS[noun], frame, who=WHO)
            put_in_force(session, town)
        parts.append(subjects_of(town))
    return pd.concat(parts, ignore_index=True)


def put_in_force(session: Session, town: dict[str, gpd.GeoDataFrame]) -> None:
    """Adopt the town's old grids of one department as the grids in force."""
    own = town["grid"][town["grid"].department == DEPARTMENT]
    plan_id = plans.create_draft(
        session,
        name="现行网格",
        scope_code=str(town["street"].code.iat[0]),
        department="",
        lower=None,
        upper=None,
        seed=None,
        parameters={},
        report={},
        grids=own[["code", "name", "community_code", "households", "geometry"]],
        assignment=pd.DataFrame({name: [] for name in plans.ASSIGNMENT_COLUMNS}),
        who=WHO,
    )
    plans.adopt(session, plan_id, who=WHO, version=plans.read_plan(session, plan_id).version)


def subjects_of(town: dict[str, gpd.GeoDataFrame]) -> pd.DataFrame:
    """Return buildings and places with the old grid that they lie in."""
    grids = town["grid"][town["grid"].department == DEPARTMENT][["code", "geometry"]].rename(
        columns={"code": "grid_code"}
    )
    buildings = town["building"][["code", "geometry"]]
    middles = buildings.set_geometry(buildings.geometry.representative_point())
    inside = gpd.sjoin(middles, grids, predicate="within", how="left").drop_duplicates("code").set_index("code")
    points = pd.concat(
        [
            pd.DataFrame({"building_code": middles.code, "place_code": None, "at": middles.geometry}),
            pd.DataFrame(
                {
                    "building_code": town["place"].building_code,
                    "place_code": town["place"].code,
                    "at": town["place"].geometry,
                }
            ),
        ],
        ignore_index=True,
    ).dropna(subset="building_code")
    at = gpd.GeoSeries(points.pop("at"))
    return points.reset_index(drop=True).assign(
        street_code=points["building_code"].str[:9].to_numpy(),
        community_code=points["building_code"].str[:12].to_numpy(),
        grid_code=points["building_code"].map(inside["grid_code"]).to_numpy(),
        household_unit_code=None,
        responsible_body_code=None,
        lon=at.x.to_numpy(),
        lat=at.y.to_numpy(),
    )


def fill(engine: Engine, subjects: pd.DataFrame, hazards: int, stories: int) -> tuple[int, float]:
    """Write the hazards; return how many moves they have and the CPU seconds it took, the server's among them."""
    since = date(NOW.year - YEARS, NOW.month, 1)
    before = time.process_time()
    played = any_stories(stories, since=since, until=NOW, seed=SEED)
    rng = np.random.default_rng(SEED)
    moves, server = 0, 0.0
    for start in range(0, hazards, AT_ONCE):
        with session_scope(engine) as session:
            process = backend(session)
            begun = cpu_of(process)
            moves += write_cases(session, tell_again(played, subjects, min(AT_ONCE, hazards - start), rng=rng))
            server += cpu_of(process) - begun
        print(f"  {start + AT_ONCE:,} of {hazards:,}", flush=True)
    return moves, time.process_time() - before + server


# ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def ask(engine: Engine, subjects: pd.DataFrame, count: int, figures: int) -> list[Asked]:
    """Ask every kind of question of places drawn by seed."""
    rng = np.random.default_rng(SEED)
    with session_scope(engine) as session:
        cases = pd.read_sql(
            "SELECT id, number, kind, nature, state, street_code, community_code, grid_code, building_code, "
            "place_code, step, found_at, closed_at, yellow_at, least(due_at, step_due_at) AS due_at, "
            "ST_X(geom) AS lon, ST_Y(geom) AS lat FROM ledger_case",
            session.connection(),
        )

    def codes(column: str, n: int) -> list[str]:
        known = subjects[column].dropna().unique()
        return [str(code) for code in rng.choice(known, min(n, len(known)), replace=False)]

    measured = []
    for noun in ("building", "place", "grid", "community"):
        wanted = codes(f"{noun}_code", count if noun != "community" else count // 4)
        bill, beside = partial(bill_of, noun), partial(bill_in_pandas, cases, f"{noun}_code")
        measured.append(timed(engine, f"bill of a {noun}", [(code, code) for code in wanted], bill, beside))
    streets = codes("street_code", 20)
    places = subjects.iloc[rng.integers(0, len(subjects), count)]
    corners = zip(places["lon"].astype(float), places["lat"].astype(float), strict=True)
    spots = list(zip(places["street_code"].astype(str), corners, strict=True))
    return [
        *measured,
        timed(
            engine, "hazards of three years in a box of the map", spots, points_in, lambda at: box_in_pandas(cases, at)
        ),
        timed(engine, "vector tile of live hazards, level 16", spots, tile_at, None),
        timed(
            engine,
            "month's statement of a street",
            [(code, code) for code in streets],
            lambda session, code: draw_up_statement(session, code, MONTH).total.closing,
            statements_in_pandas(engine, streets[:3]),
        ),
        timed(
            engine,
            "year's figures of a street, by community",
            [(code, code) for code in streets[:figures]],
            lambda session, code: len(figure(session, code, YEAR, workflow="hazard", by="community").rows),
            None,
        ),
        timed(
            engine,
            "map page's ledger of a street, 12 months",
            [(code, code) for code in streets[:8]],
            lambda session, code: len(ledger_content(session, code, at=NOW).hazards),
            None,
        ),
    ]


def timed(
    engine: Engine,
    name: str,
    questions: Sequence[tuple[str, Any]],
    answer: Callable[[Session, Any], int],
    baseline: Callable[[Any], object] | None,
) -> Asked:
    """Put questions one after the other, each in a transaction of its own; the first is put before the clock runs."""
    rows, cpu, wall, beside = [], [], [], []
    with Session(engine) as session:
        scopes = sorted({code[:9] for code, _ in questions})
        act(session, Actor("bench-leader", frozenset({"leader"}), tuple(scopes)))
        answer(session, questions[0][1])
        session.rollback()
        process = backend(session)
        for _, question in questions:
            session.rollback()
            session.execute(text("SELECT 1"))  # signing in to the transaction is not what is measured
            begun, own, server = time.perf_counter(), time.process_time(), cpu_of(process)
            rows.append(answer(session, question))
            session.rollback()
            wall.append(1e3 * (time.perf_counter() - begun))
            cpu.append(1e3 * (time.process_time() - own + cpu_of(process) - server))
    for _, question in questions if baseline else ():
        own = time.process_time()
        beside.append(0.0 if baseline is None or baseline(question) is None else 1e3 * (time.process_time() - own))
    print(f"  {name}: p95 {np.percentile(cpu, 95):,.1f} ms CPU, {np.percentile(wall, 95):,.1f} ms wall", flush=True)
    return Asked(name, rows, cpu, wall, [each for each in beside if each])


def bill_of(noun: str, session: Session, code: str) -> int:
    return draw_up_bill(session, noun, code, now=NOW, who=WHO).bill.number


def points_in(session: Session, at: tuple[float, float]) -> int:
    box = (*at, at[0] + BOX_DEGREES, at[1] + BOX_DEGREES)
    since = NOW - timedelta(days=366 * YEARS)
    return len(case_points.read_case_points(session, "hazard", since=since, at=NOW, box=box))


def tile_at(session: Session, at: tuple[float, float]) -> int:
    """Return the bytes of the tile; what it holds is asked for nowhere else."""
    side = 1 << 16
    x = int((at[0] + 180) / 360 * side)
    y = int((1 - np.arcsinh(np.tan(np.radians(at[1]))) / np.pi) / 2 * side)
    return len(tile_of(session, ["hazards"], Tile(16, x, y)))


def backend(session: Session) -> int:
    """Return the process that serves a session's connection."""
    return int(session.scalar(text("SELECT pg_backend_pid()")) or 0)


def cpu_of(process: int) -> float:
    """Return the CPU seconds of a process so far, to the nanosecond."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


# ── the same in pandas ───────────────────────────────────────────────────────────────────────────────────────────────


def bill_in_pandas(cases: pd.DataFrame, column: str, code: str) -> object:
    """Pick out the cases of a thing from all of them, and draw up their bill."""
    own = cases[cases[column] == code]
    red, yellow = own["due_at"] < NOW, own["yellow_at"] < NOW
    lit = pd.Series(np.where(red, "red", np.where(yellow, "yellow", "green")), index=own.index, dtype=object)
    return bills.bill(own.assign(light=lit.where(own["state"] == "open", None), who=""), NOW)


def box_in_pandas(cases: pd.DataFrame, at: tuple[float, float]) -> object:
    lon, lat = cases["lon"], cases["lat"]
    return cases[lon.between(at[0], at[0] + BOX_DEGREES) & lat.between(at[1], at[1] + BOX_DEGREES)]


def statements_in_pandas(engine: Engine, streets: Sequence[str]) -> Callable[[str], object]:
    """Return what draws up a street's statement from all its moves in memory, for some streets; None for others."""
    query = text(
        "SELECT m.case_id AS case, m.at, m.state, "
        "CASE WHEN m.action IN ('rectified', 'fix_at_once') THEN 'fix' END AS effect "
        "FROM case_move m JOIN ledger_case c ON c.id = m.case_id WHERE c.street_code = :street ORDER BY m.id"
    )
    with session_scope(engine) as session:
        moves = {code: pd.read_sql(query, session.connection(), params={"street": code}) for code in streets}
    return lambda code: bills.statement(moves[code], MONTH) if code in moves else None


if __name__ == "__main__":
    main()
