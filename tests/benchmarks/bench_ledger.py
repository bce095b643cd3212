"""Bills, statements, figures and maps with a million hazards in the store, beside a pass over all of them in pandas.

``python -m tests.benchmarks.bench_ledger [--hazards 1000000] [--buildings 28000] [--asked 100] [--store FOLDER]``.

A generated city (streets, communities, buildings, places) goes into a PostGIS of its own; a few thousand hazards are
played by the ledger's engine over three years (``geo/sample/ledger_stories.py``) and each is told of many places, so
that every row keeps the store's rules and every statement adds up. Then, under row-level security, each in the name of
people with different scopes, bills of buildings, places, grids, communities and streets are drawn up, tiles and boxes
of the map read, the month's statement of each street and its figures. A store that is named is kept, and is asked
again without being written anew. Times are CPU times of this process and its connection's server process
together, beside the wall clock of a machine that others may use. The baseline answers the same questions from data
frames that are in memory already, by a pass over all rows. Written to ``tests/benchmarks/results/ledger.md``.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
from geo.ledger.bills import LIVE
from geo.ledger.figures import By, Period
from geo.sample import stream_city
from geo.sample.ledger import any_stories, tell_again
from geo.services.billing import draw_up_bill, draw_up_statement
from geo.services.figuring import figure
from geo.services.ledger_layers import ledger_content
from geo.services.mapping import content_from_store
from geo.services.sampling_ledger import write_cases
from geo.services.tiling import Tile, tile_of
from geo.storage import case_points, embedded, layers, plans
from geo.storage.acting import act
from geo.storage.database import migrate, open_engine, session_scope
from geo.territory.nouns import NOUNS
from geo.territory.times import CHINA_TIME
from maps.pages import plan_page

RESULTS = Path(__file__).parent / "results" / "ledger.md"
SEED = 7
YEARS = 3
NOW = datetime(2026, 11, 22, 10, tzinfo=CHINA_TIME)
MONTH = "2026-10"
YEAR = Period(date(2025, 12, 1), date(2026, 11, 22))
#: Hazards written at a time; all of them at once would need their memory at once.
AT_ONCE = 100_000
#: A store for measuring need not outlive a power cut.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "8GB"}
#: Side of the boxes that maps ask for, degrees: a tile of level 16.
BOX_DEGREES = 360 / 2**16
WHO = "bench"
DEPARTMENT = "社工"
#: Who asks, and the level of the scope that they see of what they ask about.
PEOPLE: Mapping[str, str] = {"planner": "street", "leader": "community", "inspector": "grid"}

HEADER = """# The ledger with many hazards

`python -m tests.benchmarks.bench_ledger`: {hazards:,} hazards with {moves:,} moves over {years} years in {streets}
streets ({buildings:,} buildings, {places:,} places) of the generated city, told from {stories:,} stories that the
engine played. Written in {load_s:,.0f} s of CPU. Asked under row-level security, by a
planner of the street, a leader of the community, an inspector of the grid alone; CPU of this process and its server
process together, wall clock beside it (load {load:.0f} on {cpus} processors). {machine}. Baseline: the same answer by
a pass over data frames that are in memory already, in the same run.

| asked | by one who sees the | n | rows, mean | p50 ms CPU | p95 ms CPU | p95 ms wall | pandas p50 ms CPU |
|---|---|--:|--:|--:|--:|--:|--:|
"""


@dataclass(frozen=True)
class Question:
    """What is asked about (a code, or a point), and the scopes that it lies in."""

    about: Any
    street: str
    community: str
    grid: str


@dataclass(frozen=True)
class Asked:
    """How long the answers to one kind of question took, in milliseconds."""

    name: str
    level: str
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
            f"| {self.name} | {self.level} | {len(self.cpu_ms)} | {np.mean(self.rows):,.0f} | {p50:,.1f} | {p95:,.1f} "
            f"| {wall:,.1f} | {baseline} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hazards", type=int, default=1_000_000)
    parser.add_argument("--buildings", type=int, default=28_000)
    parser.add_argument("--stories", type=int, default=20_000)
    parser.add_argument("--asked", type=int, default=100, help="things whose bills and boxes are asked for")
    parser.add_argument("--figures", type=int, default=5, help="streets whose figures are asked for")
    parser.add_argument("--store", type=Path, help="folder of a store that is kept; made where there is none")
    parser.add_argument("--only", default="", help="ask only questions with this in their name, and write no results")
    options = parser.parse_args()
    with kept(options.store) as folder:
        try:
            url = embedded.start(folder / "postgres", settings=FAST)
            engine = open_engine(url)
            migrate(engine)
            run(engine, folder, options)
            engine.dispose()
        finally:
            embedded.stop(folder / "postgres")


@contextmanager
def kept(store: Path | None) -> Iterator[Path]:
    """Give a folder for the store: the one that is named, or one for the time being."""
    if store is not None:
        store.mkdir(parents=True, exist_ok=True)
        yield store
        return
    with tempfile.TemporaryDirectory(prefix="wangge-ledger-", dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def run(engine: Engine, folder: Path, options: argparse.Namespace) -> None:
    if not (folder / "written.json").exists():
        write(engine, folder, options)
    subjects, written = pd.read_parquet(folder / "subjects.parquet"), json.loads((folder / "written.json").read_text())
    measured = ask(engine, subjects, options)
    if options.only:
        return
    header = HEADER.format(
        **written,
        years=YEARS,
        streets=subjects["street_code"].nunique(),
        buildings=subjects["building_code"].nunique(),
        places=int(subjects["place_code"].notna().sum()),
        load=os.getloadavg()[0],
        cpus=os.cpu_count(),
        machine=f"Python {platform.python_version()}",
    )
    RESULTS.write_text(header + "\n".join(each.line for each in measured) + "\n", encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


# ── the store ────────────────────────────────────────────────────────────────────────────────────────────────────────


def write(engine: Engine, folder: Path, options: argparse.Namespace) -> None:
    """Fill a store, and leave beside it what there is to ask about and what the writing took."""
    began = time.process_time()
    subjects = build_city(engine, options.buildings)
    print(f"city: {len(subjects):,} subjects, {time.process_time() - began:,.0f} s", flush=True)
    moves, load_s = fill(engine, subjects, options.hazards, options.stories)
    print(f"ledger: {moves:,} moves, {load_s:,.0f} s", flush=True)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    subjects.to_parquet(folder / "subjects.parquet")
    told = {"hazards": options.hazards, "stories": options.stories, "moves": moves, "load_s": load_s}
    (folder / "written.json").write_text(json.dumps(told), encoding="utf-8")


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
            subjects = subjects_of(town)
            put_in_force(session, town, subjects)
        parts.append(subjects)
    return pd.concat(parts, ignore_index=True)


def put_in_force(session: Session, town: dict[str, gpd.GeoDataFrame], subjects: pd.DataFrame) -> None:
    """Adopt the town's old grids of one department as the grids in force, with the buildings that lie in them."""
    own = town["grid"][town["grid"].department == DEPARTMENT]
    inside = subjects[subjects["place_code"].isna()].dropna(subset="grid_code")
    assignment = inside[["building_code", "grid_code"]].assign(stairwell_code=None, households=0)
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
        assignment=assignment[plans.ASSIGNMENT_COLUMNS],
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


def ask(engine: Engine, subjects: pd.DataFrame, options: argparse.Namespace) -> list[Asked]:
    """Ask every kind of question of places drawn by seed, in the name of everybody who may."""
    rng = np.random.default_rng(SEED)
    with session_scope(engine) as session:
        cases = pd.read_sql(
            "SELECT id, number, kind, nature, state, street_code, community_code, grid_code, building_code, "
            "place_code, step, found_at, closed_at, yellow_at, least(due_at, step_due_at) AS due_at, "
            "ST_X(geom) AS lon, ST_Y(geom) AS lat FROM ledger_case",
            session.connection(),
        )

    drawn = subjects.dropna(subset="grid_code").iloc[rng.permutation(subjects["grid_code"].notna().sum())]

    def about(column: str, count: int) -> list[Question]:
        """Return that many things that a column names, each with the scopes that it lies in."""
        return [
            Question(str(row[column]), *map(str, row[["street_code", "community_code", "grid_code"]]))
            for _, row in drawn.dropna(subset=column).drop_duplicates(column).head(count).iterrows()
        ]

    def points(count: int) -> list[Question]:
        return [
            Question(at, *map(str, scopes))
            for at, scopes in zip(
                drawn[["lon", "lat"]].head(count).itertuples(index=False, name=None),
                drawn[["street_code", "community_code", "grid_code"]].head(count).to_numpy(),
                strict=True,
            )
        ]

    asking: list[tuple[str, list[Question], Callable[[Session, Any], int], Callable[[Any], object] | None]] = []
    for noun in ("building", "place", "grid", "community", "street"):
        wanted = about(f"{noun}_code", options.asked if noun not in ("community", "street") else -(-options.asked // 4))
        bill, beside = partial(bill_of, noun), partial(bill_in_pandas, cases, f"{noun}_code")
        asking.append((f"bill of a {noun}", wanted, bill, beside))
    streets, communities = about("street_code", 12), about("community_code", -(-options.asked // 4))
    few = streets[: options.figures]
    spots = points(options.asked)
    asking += [
        ("hazards of three years in a box of the map", spots, points_in, partial(box_in_pandas, cases)),
        ("vector tile of live hazards, level 16", spots, partial(tile_at, 16), None),
        ("vector tile of live hazards, level 14", spots, partial(tile_at, 14), None),
        ("month's statement of a street", streets, statement_of, statements_in_pandas(engine, streets[:3])),
        ("month's statement of a community", communities, statement_of, None),
        (
            "year's figures of a street, by community",
            streets[: options.figures],
            partial(figures_by, "community"),
            None,
        ),
        ("year's figures of a street, by month", few, partial(figures_by, "month"), None),
        ("map page's ledger of a street, 12 months", few, gathered, None),
        ("map page of a street, 12 months", few, drawn_page, None),
    ]
    return [
        timed(engine, name, who, level, wanted, answer, beside if level == "street" else None)
        for name, wanted, answer, beside in asking
        if options.only in name
        for who, level in PEOPLE.items()
        if level == "street" or not name.startswith(("year's", "map page"))
    ]


def timed(
    engine: Engine,
    name: str,
    who: str,
    level: str,
    questions: Sequence[Question],
    answer: Callable[[Session, Any], int],
    baseline: Callable[[Any], object] | None,
) -> Asked:
    """Put questions one after the other, each in a transaction of its own; the first is put before the clock runs."""
    rows, cpu, wall, beside = [], [], [], []
    for place, question in enumerate([questions[0], *questions]):
        with Session(engine) as session:
            session.info["actor"] = Actor(f"bench-{who}", frozenset({who}), (getattr(question, level),))
            act(session, session.info["actor"])
            process = backend(session)  # signing in to the transaction is not what is measured
            begun, own, server = time.perf_counter(), time.process_time(), cpu_of(process)
            found = answer(session, question.about)
            session.rollback()
            took = time.process_time() - own + cpu_of(process) - server
        if place:
            rows.append(found)
            wall.append(1e3 * (time.perf_counter() - begun))
            cpu.append(1e3 * took)
    for question in questions if baseline else ():
        own = time.process_time()
        if baseline is not None and baseline(question.about) is not None:
            beside.append(1e3 * (time.process_time() - own))
    p50, p95 = np.percentile(cpu, (50, 95))
    print(
        f"  {name}, {level}: {p50:,.1f} p95 {p95:,.1f} ms CPU, {np.percentile(wall, 95):,.1f} ms wall, "
        f"{np.mean(rows):,.0f} rows",
        flush=True,
    )
    return Asked(name, level, rows, cpu, wall, beside)


def bill_of(noun: str, session: Session, code: str) -> int:
    return draw_up_bill(session, noun, code, now=NOW, actor=session.info["actor"]).bill.number


def points_in(session: Session, at: tuple[float, float]) -> int:
    box = (*at, at[0] + BOX_DEGREES, at[1] + BOX_DEGREES)
    since = NOW - timedelta(days=366 * YEARS)
    return len(case_points.read_case_points(session, "hazard", since=since, at=NOW, box=box))


def tile_at(level: int, session: Session, at: tuple[float, float]) -> int:
    """Return the bytes of the tile; what it holds is asked for nowhere else."""
    side = 1 << level
    x = int((at[0] + 180) / 360 * side)
    y = int((1 - np.arcsinh(np.tan(np.radians(at[1]))) / np.pi) / 2 * side)
    return len(tile_of(session, ["hazards"], Tile(level, x, y)))


def statement_of(session: Session, code: str) -> int:
    return draw_up_statement(session, code, MONTH).total.closing


def figures_by(by: By, session: Session, code: str) -> int:
    return len(figure(session, code, YEAR, workflow="hazard", by=by).rows)


def gathered(session: Session, code: str) -> int:
    return len(ledger_content(session, code, at=NOW).hazards)


def drawn_page(session: Session, code: str) -> int:
    """Return the characters of the page."""
    return len(plan_page(content_from_store(session, code, ledger=True)))


def backend(session: Session) -> int:
    """Return the process that serves a session's connection."""
    return int(session.scalar(text("SELECT pg_backend_pid()")) or 0)


def cpu_of(process: int) -> float:
    """Return the CPU seconds of a process so far, to the nanosecond."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


# ── the same in pandas ───────────────────────────────────────────────────────────────────────────────────────────────


def bill_in_pandas(cases: pd.DataFrame, column: str, code: str) -> object:
    """Pick out the cases of a thing from all of them, put them in order and count them by kind and nature."""
    own = cases[(cases[column] == code) & (cases["state"] != "void")]
    live = own["state"].isin(LIVE)
    red, yellow = own["due_at"] < NOW, own["yellow_at"] < NOW
    lit = pd.Series(np.where(red, 0, np.where(yellow, 1, 2)), index=own.index)
    age_days = (own["closed_at"].fillna(NOW) - own["found_at"]).dt.days
    order = pd.DataFrame({"ended": ~live, "light": lit, "nature": own["nature"], "age": -age_days})
    flags = pd.DataFrame({"number": 1, "live": live, "overdue": red & live, "ended": ~live})
    counted = flags.groupby([own["kind"], own["nature"]], dropna=False).sum()
    return own.loc[order.sort_values(list(order.columns)).index], counted


def box_in_pandas(cases: pd.DataFrame, at: tuple[float, float]) -> object:
    lon, lat = cases["lon"], cases["lat"]
    return cases[lon.between(at[0], at[0] + BOX_DEGREES) & lat.between(at[1], at[1] + BOX_DEGREES)]


def statements_in_pandas(engine: Engine, streets: Sequence[Question]) -> Callable[[str], object]:
    """Return what draws up a street's statement from all its moves in memory, for some streets; None for others."""
    query = text(
        "SELECT m.case_id AS case, m.at, m.state, "
        "CASE WHEN m.action IN ('rectified', 'fix_at_once') THEN 'fix' END AS effect "
        "FROM case_move m JOIN ledger_case c ON c.id = m.case_id WHERE c.street_code = :street ORDER BY m.id"
    )
    with session_scope(engine) as session:
        moves = {
            each.about: pd.read_sql(query, session.connection(), params={"street": each.about}) for each in streets
        }
    return lambda code: bills.statement(moves[code], MONTH) if code in moves else None


if __name__ == "__main__":
    main()
