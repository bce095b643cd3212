"""Vector tiles beside tipg and beside PostGIS alone: ``python -m tests.benchmarks.bench_tiles [--store FOLDER]``.

100,000 buildings, as dense as real sub-districts are, go into a PostGIS of its own. Tiles of them are then asked for at
levels 14, 15 and 16, round by round, of three in turn, so that whatever else the machine does hits all alike:

- the product over HTTP, one process, in the name of a planner of the whole city who is signed in: the sign-in is looked
  up, the request metered and logged, the tile cut under row-level security, nothing kept (cold) or kept (cached);
- tipg over HTTP, one process, as the owner of the tables: nobody signs in, no rules of rows. It is installed from PyPI
  into an environment of its own (``--tipg FOLDER``; made where there is none), and is no part of the product. It is
  told to serve tiles whole, which it does not by itself;
- pgbench with the statement that tipg and most others send, as the owner: each shape transformed to Web Mercator. No
  HTTP and no Python: the ceiling of what cutting tiles so can give.

Then tiles of levels 10 to 16 of the generated city, ten times as large, and how fast tiles come out of memory. A store
that is named is kept and asked again. Rates are of wall clock; CPU is that of server and database together, read from
/proc, which tells more where others use the machine. Written to ``tests/benchmarks/results/tiles.md``; what stands
there under "Notes" stays.
"""

import argparse
import gzip
import os
import platform
import re
import selectors
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
from shapely import Point
from sqlalchemy import Engine, text

from geo.access.actor import Actor
from geo.sample import stream_city
from geo.services.tile_cache import TileCache
from geo.services.tiling import MadeTile, Tile, kept_tile
from geo.storage import embedded, layers
from geo.storage.database import migrate, open_engine, session_scope
from geo.territory.nouns import NOUNS
from tests.api.people import token_of
from tests.benchmarks.bench_ledger import FAST, WHO, kept, put_in_force, subjects_of
from tests.vector_tiles import opened, tile_at

RESULTS = Path(__file__).parent / "results" / "tiles.md"
NOTES = "## Notes"
SEED = 7
LEVELS = (14, 15, 16)
PEERS = ("wangge", "tipg", "sql")
PARTS = ("cold", "kept", "far")
FAR_LEVELS = (10, 11, 12, 13, 14, 15, 16)
#: Requests under way at the same time: more than processors, fewer than a browser's; several browsers'.
AT_ONCE = 4
MANY_AT_ONCE = 32
#: How kept tiles are asked for: of how many processes, at which level, how many at a time, and zipped, as browsers ask
#: for them, or not.
KEPT_AS = (
    (1, 15, 1, False),
    (1, 15, AT_ONCE, False),
    (1, 15, MANY_AT_ONCE, False),
    (1, 15, MANY_AT_ONCE, True),
    (1, 16, MANY_AT_ONCE, False),
    (1, 16, MANY_AT_ONCE, True),
    (2, 16, MANY_AT_ONCE, False),
    (2, 16, MANY_AT_ONCE, True),
)
#: Bytes that are read at a time.
LARGEST_READ = 1 << 20
TIPG = "tipg==1.6.1"
#: What is copied to make a city ten times as large, each copy so many degrees further east.
COPIES, SHIFT = 9, 1.0
#: Codes of the dense city begin so.
DENSE_CODE = "449001"
NOUNS_OF_CITY = ("street", "community", "responsible_body", "compound", "barrier", "building", "city_element")
START_S = 60

HEADER = """# Vector tiles

`python -m tests.benchmarks.bench_tiles`: {buildings:,} buildings on 25 km²; {machine}, load {load:.0f}
when it began. Tiles of buildings with code and kind (the product's with their names as well), up to {asked} of each
level, {at_once} requests at a time, {rounds} rounds in turn; medians of rounds. "CPU" is of server and database
together.

"""

COLD = """## Cold

| level | tiles | buildings a tile, mean / most | wangge/s | tipg/s | SQL/s | wangge : tipg | wangge : SQL |
|--:|--:|--:|--:|--:|--:|--:|--:|
"""

CPU = """
| level | CPU ms wangge | CPU ms tipg | CPU ms SQL | tipg : wangge | SQL : wangge | buildings fewer in tipg's |
|--:|--:|--:|--:|--:|--:|--:|
"""

KEPT = """## Kept

Over HTTP: signed in, metered, logged, as of now. "Of who asks" is the CPU of the benchmark itself, which shares the
processors with servers and database.

| | kB a tile | tiles/s | : tipg's at 16 | CPU ms a tile | of who asks |
|---|--:|--:|--:|--:|--:|
"""

FAR = """## Ten times as large

{buildings:,} buildings of the generated city. One tile of each of the layers that a page asks for at its level, cut
cold for a planner of one street and for a leader of the whole city; ms of wall clock.

| level | tiles | street p50 / worst | city p50 / worst | kB, largest | zipped | not shown one by one, largest |
|--:|--:|--:|--:|--:|--:|---|
"""
#: What a page draws at a level and nearer.
ON_A_PAGE = {
    "communities": 8,
    "grids": 10,
    "barriers": 11,
    "compounds": 12,
    "buildings": 10,
    "elements": 12,
    "hazards": 12,
}


@dataclass
class Round:
    """One peer's tiles of one level in one round."""

    rate: float
    cpu_ms: float


@dataclass
class Level:
    """All rounds of one level, by peer."""

    level: int
    tiles: list[Tile]
    counts: list[int]
    rounds: dict[str, list[Round]] = field(default_factory=dict)
    cut_off: int = 0

    def median(self, peer: str, what: str = "rate") -> float:
        return float(statistics.median(getattr(each, what) for each in self.rounds[peer]))

    @property
    def rates(self) -> str:
        ours, tipg, sql = (self.median(peer) for peer in PEERS)
        return (
            f"| {self.level} | {len(self.tiles)} | {statistics.mean(self.counts):,.0f} / {max(self.counts):,} "
            f"| {ours:,.1f} | {tipg:,.1f} | {sql:,.1f} | {ours / tipg:.2f} | {ours / sql:.2f} |"
        )

    @property
    def cpu(self) -> str:
        ours, tipg, sql = (self.median(peer, "cpu_ms") for peer in PEERS)
        return (
            f"| {self.level} | {ours:,.1f} | {tipg:,.1f} | {sql:,.1f} | {tipg / ours:.2f} | {sql / ours:.2f} "
            f"| {self.cut_off:,} |"
        )


@dataclass(frozen=True)
class Server:
    """A server that runs: its port, its process, the headers that every request brings."""

    port: int
    process: int
    path: Callable[[Tile], str]
    headers: Mapping[str, str] = field(default_factory=dict)


# ── the store ────────────────────────────────────────────────────────────────────────────────────────────────────────


def build(engine: Engine, buildings: int) -> None:
    """Write the city street by street, with grids in force."""
    for town in stream_city(SEED, buildings=buildings):
        with session_scope(engine) as session:
            for noun in NOUNS_OF_CITY:
                if len(town.get(noun, ())):
                    layers.upsert(session, NOUNS[noun], town[noun], who=WHO)
            put_in_force(session, town, subjects_of(town))
    vacuum(engine)


# As dense as the sub-districts that there are figures of: 100,000 buildings of eight corners each on 25 km².
DENSE = """
WITH spot AS (
  SELECT
    across, up, n, west + (across * 32 + n % 32) * step AS x, south + (up * 32 + n / 32) * step AS y,
    street || to_char(up % 2 * 10 + across + 1, 'FM000') AS community
  FROM (SELECT 100.0 AS west, 22.5 AS south, 0.00015 AS step) place,
    generate_series(0, 9) AS across, generate_series(0, 9) AS up, generate_series(0, 999) AS n,
    LATERAL (SELECT '449001' || to_char(up / 2 + 1, 'FM000') AS street) street
),
streets AS (
  INSERT INTO street (code, name, geom)
  SELECT left(community, 9), left(community, 9), ST_Envelope(ST_Collect(ST_SetSRID(ST_MakePoint(x, y), 4326)))
  FROM (SELECT community, x, y FROM spot WHERE n IN (0, 999)) s GROUP BY 1
),
communities AS (
  INSERT INTO community (code, name, street_code, geom)
  SELECT community, community, left(community, 9), ST_Envelope(ST_Collect(ST_SetSRID(ST_MakePoint(x, y), 4326)))
  FROM spot GROUP BY community
)
INSERT INTO building (code, name, kind, community_code, households_source, geom)
SELECT
  community || '01' || to_char(n, 'FM00000'), n || '栋', (ARRAY['tower', 'walk_up', 'village_house'])[n % 3 + 1],
  community, 'register', ST_Rotate(ST_Translate(ST_GeomFromText(
    'POLYGON((0 0,8e-5 0,8e-5 4e-5,6e-5 4e-5,6e-5 9e-5,2e-5 9e-5,2e-5 4e-5,0 4e-5,0 0))', 4326), x, y),
    radians(n * 37 % 360), ST_SetSRID(ST_MakePoint(x, y), 4326))
FROM spot
"""


def lay_out(engine: Engine) -> None:
    """Write the dense city; rules and triggers look away."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(DENSE))


def vacuum(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def grow(engine: Engine) -> None:
    """Copy the city's ground eastwards, each copy with a city code of its own; rules and triggers look away."""
    copied = {
        "street": ("code",),
        "community": ("code", "street_code"),
        "compound": ("code", "community_code"),
        "barrier": ("code",),
        "building": ("code", "community_code", "compound_code"),
        "city_element": ("code", "community_code"),
    }
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table, codes in copied.items():
            names = "SELECT column_name FROM information_schema.columns WHERE table_name = :table"
            columns = list(connection.scalars(text(names), {"table": table}))
            made = [
                f"overlay({name} placing to_char(50 + n, 'FM00') from 3)"
                if name in codes
                else f"ST_Translate(geom, n * {SHIFT}, 0)"
                if name == "geom"
                else "NULL"
                if name == "responsible_body_code"
                else name
                for name in columns
            ]
            connection.execute(
                text(
                    f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(made)} "
                    f"FROM {table}, generate_series(1, {COPIES}) AS n WHERE NOT starts_with(code, '{DENSE_CODE}')"
                )
            )
    vacuum(engine)


def tiles_of(engine: Engine, level: int, most: int, *, dense: bool) -> list[Tile]:
    """Return the tiles of a level with buildings in them, drawn evenly over the city."""
    with session_scope(engine) as session:
        points = pd.read_sql(
            "SELECT (ST_XMin(geom) + ST_XMax(geom)) / 2 AS x, (ST_YMin(geom) + ST_YMax(geom)) / 2 AS y "
            f"FROM building WHERE starts_with(code, '{DENSE_CODE}') = {dense} ORDER BY code",
            session.connection(),
        )
    step = max(1, len(points) // 4_000)
    found = dict.fromkeys(tile_at(Point(x, y), level) for x, y in points.iloc[::step].itertuples(index=False))
    tiles = list(found)
    return tiles[:: max(1, len(tiles) // most)][:most]


# ── peers ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def running(command: Sequence[str], port: int, environment: dict[str, str], log: Path) -> Iterator[int]:
    """Run a server until it is no longer needed; give its process."""
    with log.open("wb") as output:
        child = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=output)
    try:
        for _ in range(START_S * 10):
            if child.poll() is not None:
                sys.exit(f"{command[0]} ended: {log.read_text(encoding='utf-8')[-2000:]}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield child.pid
    finally:
        child.terminate()
        child.wait(20)


@contextmanager
def product(url: str, token: str, folder: Path, *, keeps: bool) -> Iterator[Server]:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "tests.benchmarks.bench_tiles",
        "--serve",
        str(port),
        *(["--keep"] if keeps else []),
    ]
    with running(
        command, port, {"WANGGE_DATABASE_URL": url, "WANGGE_RATE_FACTOR": "1e9"}, folder / f"wangge-{port}.log"
    ) as process:
        yield Server(
            port,
            process,
            lambda tile: f"/tiles/buildings/{tile.z}/{tile.x}/{tile.y}",
            {"Authorization": f"Bearer {token}"},
        )


def serve(port: int, *, keeps: bool) -> None:
    """Serve the product; with nothing kept every tile is cut anew. No address book is read beside: nobody asks one."""
    import uvicorn

    from api.logs import install_logs
    from api.main import create_app

    install_logs()
    app = create_app(engine=open_engine())
    if not keeps:
        app.state.tiles = TileCache(0, app.state.tiles.changes)
    uvicorn.run(app, port=port, access_log=False, log_config=None)


@contextmanager
def tipg(url: str, environment: Path, folder: Path) -> Iterator[Server]:
    if not (environment / "bin" / "uvicorn").exists():
        venv.create(environment, with_pip=True)
        subprocess.run([environment / "bin" / "pip", "install", "-q", TIPG, "uvicorn"], check=True)
    port = free_port()
    settings = {
        "DATABASE_URL": "postgresql://{user}@{host}:{port}/{database}".format(**connection(url)),
        "TIPG_MAX_FEATURES_PER_TILE": "1000000",  # else it stops at 10,000, and says nothing
        "TIPG_DB_SCHEMAS": '["public"]',
        "TIPG_DB_TABLES": '["public.building"]',
    }
    command = [str(environment / "bin" / "uvicorn"), "tipg.main:app", "--port", str(port), "--no-access-log"]
    with running(command, port, settings, folder / "tipg.log") as process:
        start = "/collections/public.building/tiles/WebMercatorQuad"
        yield Server(port, process, lambda tile: f"{start}/{tile.z}/{tile.x}/{tile.y}?properties=code,kind")


SQL = """SELECT ST_AsMVT(drawn, 'building', 4096, 'shape') FROM (
SELECT code, kind, ST_AsMVTGeom(ST_Transform(geom, 3857),
  ST_MakeEnvelope({metres}, 3857), 4096, 256, true) AS shape
FROM building WHERE geom && ST_MakeEnvelope({degrees}, 4326) AND ended_at IS NULL) AS drawn;
"""


def connection(url: str) -> dict[str, str]:
    """Return the parts of the address of the bench's own server, its socket's folder escaped."""
    match = re.fullmatch(
        r"postgresql\+psycopg://(?P<user>\w+)@/(?P<database>\w+)\?host=(?P<host>[^&]+)&port=(?P<port>\d+)", url
    )
    assert match is not None, f"tiles are measured on the bench's own server, not on {url}"
    return match.groupdict()


def pgbench(url: str, tiles: Sequence[Tile], seconds: float, folder: Path) -> float:
    """Return how many of the tiles PostGIS alone cuts in a second."""
    scripts = []
    for number, tile in enumerate(tiles):
        script = folder / f"tile{number}.sql"
        boxes = {"metres": tile.metres, "degrees": tile.degrees(256 / 4096)}
        script.write_text(SQL.format(**{name: ", ".join(map(repr, box)) for name, box in boxes.items()}))
        scripts += ["-f", str(script)]
    server = connection(url)
    order = ["pgbench", "-n", "-h", unquote(server["host"]), "-p", server["port"], "-U", server["user"]]
    order += ["-c", str(AT_ONCE), "-j", "1", "-T", str(max(1, round(seconds))), *scripts, server["database"]]
    if os.geteuid() == 0:
        order = ["su", "postgres", "-s", "/bin/sh", "-c", shlex.join(order)]
    told = subprocess.run(order, check=True, capture_output=True, text=True).stdout
    found = re.search(r"tps = ([0-9.]+)", told)
    assert found is not None, told
    return float(found[1])


# ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def request_for(server: Server, tile: Tile, *, zipped: bool = False) -> bytes:
    told = {"Host": "127.0.0.1", **server.headers, **({"Accept-Encoding": "gzip"} if zipped else {})}
    lines = [f"GET {server.path(tile)} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def fetch(server: Server, tiles: Sequence[Tile]) -> list[bytes]:
    """Return tiles, asked for one after another."""
    line = HTTPConnection("127.0.0.1", server.port)
    found = []
    for tile in tiles:
        line.request("GET", server.path(tile), headers=server.headers)
        answer = line.getresponse()
        body = answer.read()
        assert answer.status in (200, 204), (answer.status, body[:500])
        found.append(body)
    line.close()
    return found


def ask(
    servers: Sequence[Server], tiles: Sequence[Tile], seconds: float, at_once: int = AT_ONCE, *, zipped: bool = False
) -> tuple[int, int]:
    """Ask for tiles over and over for so long, several at a time; return how many came, and how many bytes.

    Servers of the same tiles share the lines.

    One thread that reads into one buffer and looks at heads alone, so that as little as can be of the machine is taken
    by who asks.
    """
    requests = [request_for(servers[0], tile, zipped=zipped) for tile in tiles]
    buffer = bytearray(LARGEST_READ)
    done = size = 0
    left = [0] * at_once  # of the answer that comes on each line
    place = list(range(at_once))
    with selectors.DefaultSelector() as lines, ExitStack() as opened_:
        for number in range(at_once):
            port = servers[number % len(servers)].port
            opened = opened_.enter_context(socket.create_connection(("127.0.0.1", port)))
            opened.sendall(requests[number % len(tiles)])
            lines.register(opened, selectors.EVENT_READ, number)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for key, _ in lines.select(seconds):
                line, number = key.fileobj, key.data
                assert isinstance(line, socket.socket)
                got = line.recv_into(buffer)
                assert got, "the server hung up"
                left[number] = left[number] - got if left[number] else _left(buffer, got)
                size += got
                if not left[number]:
                    done += 1
                    place[number] += at_once
                    line.sendall(requests[place[number] % len(tiles)])
    return done, size


def _left(buffer: bytearray, got: int) -> int:
    """Return how much of an answer is still to come after its first bytes."""
    end = buffer.find(b"\r\n\r\n", 0, got) + 4
    head = bytes(buffer[:end])
    size = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    assert size is not None or b" 204 " in head, head
    assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 204")), head
    return end + int(size[1] if size else 0) - got


def asking(server: Server, tiles: Sequence[Tile], seconds: float) -> Callable[[], float]:
    return lambda: ask([server], tiles, seconds)[0] / seconds


def cpu_s(process: int) -> float:
    """CPU seconds of a process and all of its children, those that ended as well."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        own = int(stat.parent.name) == process
        if own or int(fields[1]) == process:
            total += sum(map(int, fields[11:15] if own else fields[11:13]))
    return total / os.sysconf("SC_CLK_TCK")


def timed(ask_for: Callable[[], float], processes: Sequence[int]) -> Round:
    """Return the rate that ``ask_for`` says it had, and the CPU that a tile took."""
    before, began = sum(map(cpu_s, processes)), time.monotonic()
    rate = ask_for()
    spent, wall = sum(map(cpu_s, processes)) - before, time.monotonic() - began
    return Round(rate, 1_000 * spent / (rate * wall))


def cold(url: str, engine: Engine, token: str, database: int, options: argparse.Namespace, folder: Path) -> list[Level]:
    found = []
    with product(url, token, folder, keeps=False) as ours, tipg(url, options.tipg, folder) as theirs:
        for level in LEVELS:
            tiles = tiles_of(engine, level, options.tiles, dense=True)
            # What is asked first warms the database for all, and is compared: nothing may be missing.
            counts = [_buildings(body, "buildings") for body in fetch(ours, tiles)]
            told = [_buildings(body, "default") for body in fetch(theirs, tiles)]
            for server in (ours, theirs):
                ask([server], tiles, options.seconds)
            one = Level(level, tiles, counts, cut_off=sum(max(0, a - b) for a, b in zip(counts, told, strict=True)))
            for _ in range(options.rounds):
                for peer, server in (("wangge", ours), ("tipg", theirs)):
                    took = timed(asking(server, tiles, options.seconds), [server.process, database])
                    one.rounds.setdefault(peer, []).append(took)
                took = timed(partial(pgbench, url, tiles, options.seconds, folder), [database])
                one.rounds.setdefault("sql", []).append(took)
            print(one.rates, one.cpu, sep="\n", flush=True)
            found.append(one)
    return found


def _buildings(body: bytes, layer: str) -> int:
    found = opened(gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body)
    return len(found[layer].features) if layer in found else 0


def warm(
    url: str,
    engine: Engine,
    token: str,
    database: int,
    options: argparse.Namespace,
    folder: Path,
    tipg_rate: float | None,
) -> list[str]:
    """How fast kept tiles come: over HTTP, and within the process with and without looking at the trail each time."""

    def against_tipg(rate: float) -> str:
        return "–" if tipg_rate is None else f"{rate / tipg_rate:.1f}"

    rows = []
    with ExitStack() as started:
        most = max(processes for processes, *_ in KEPT_AS)
        all_ours = [started.enter_context(product(url, token, folder, keeps=True)) for _ in range(most)]
        for processes, level, at_once, zipped in KEPT_AS:
            ours = all_ours[:processes]
            tiles = tiles_of(engine, level, options.tiles, dense=True)
            ask(ours, tiles, options.seconds, at_once, zipped=zipped)
            took, own, size = [], [], 0
            for _ in range(options.rounds):
                came: list[int] = []
                before = time.process_time()
                order = partial(_rate_of, came, ours, tiles, options.seconds, at_once, zipped=zipped)
                took.append(timed(order, [*(each.process for each in ours), database]))
                own.append(1_000 * (time.process_time() - before) / came[0])
                size = came[1] // came[0]
            rate = statistics.median(each.rate for each in took)
            cpu = statistics.median(each.cpu_ms for each in took)
            of = "" if processes == 1 else f" of {processes} processes"
            what = f"over HTTP{of}, level {level}{', zipped' if zipped else ''}, {at_once} at a time"
            rows.append(
                f"| {what} | {size / 1_000:,.0f} | {rate:,.0f} | {against_tipg(rate)} | {cpu:.2f} "
                f"| {statistics.median(own):.2f} |"
            )
            print(rows[-1], flush=True)
    tiles = tiles_of(engine, 15, options.tiles, dense=True)
    cache, actor = TileCache(500_000_000), whole_city(engine, dense=True)
    for threads in (1, 16):
        for tile in tiles:
            kept_tile(cache, engine, actor, ["buildings"], tile)
        asked = partial(in_process, cache, engine, actor, tiles, threads, options.seconds)
        got = timed(asked, [os.getpid(), database])
        who = "one thread" if threads == 1 else f"{threads} threads"
        rows.append(
            f"| in the process, each asks whether anything changed, {who} | | {got.rate:,.0f} "
            f"| {against_tipg(got.rate)} | {got.cpu_ms:.2f} | |"
        )
    cache.changes.look = lambda engine: None  # type: ignore[method-assign]
    got = timed(partial(in_process, cache, engine, actor, tiles, 1, options.seconds), [os.getpid()])
    rows.append(
        f"| in the process, not asked whether anything changed, one thread | | {got.rate:,.0f} "
        f"| {against_tipg(got.rate)} | {got.cpu_ms:.3f} | |"
    )
    return rows


def _rate_of(
    came: list[int], servers: Sequence[Server], tiles: Sequence[Tile], seconds: float, at_once: int, *, zipped: bool
) -> float:
    came[:] = ask(servers, tiles, seconds, at_once, zipped=zipped)
    return came[0] / seconds


def in_process(
    cache: TileCache, engine: Engine, actor: Actor, tiles: Sequence[Tile], threads: int, seconds: float
) -> float:
    until, done = time.monotonic() + seconds, [0] * threads

    def go_on(number: int) -> None:
        place = number
        while time.monotonic() < until:
            kept_tile(cache, engine, actor, ["buildings"], tiles[place % len(tiles)])
            done[number] += 1
            place += 1

    running_ = [threading.Thread(target=go_on, args=(number,)) for number in range(threads)]
    for thread in running_:
        thread.start()
    for thread in running_:
        thread.join()
    return sum(done) / seconds


def whole_city(engine: Engine, *, dense: bool) -> Actor:
    chosen = text(f"SELECT code FROM street WHERE starts_with(code, '{DENSE_CODE}') = :dense ORDER BY code")
    with session_scope(engine) as session:
        streets = session.scalars(chosen, {"dense": dense}).all()
    return Actor("leader", frozenset({"leader"}), tuple(streets))


def far(engine: Engine) -> list[str]:
    """What a page's tiles take in a large city, level by level."""
    city = whole_city(engine, dense=False)
    rows = []
    for level in FAR_LEVELS:
        tiles = tiles_of(engine, level, 12, dense=False)
        names = [name for name, first in ON_A_PAGE.items() if level >= first]
        took: dict[str, list[float]] = {"street": [], "city": []}
        made: list[MadeTile] = []
        for tile in tiles:
            with session_scope(engine) as session:
                here = text("SELECT code FROM street WHERE geom && ST_MakeEnvelope(:w, :s, :e, :n, 4326) LIMIT 1")
                street = session.scalar(here, dict(zip("wsen", tile.degrees(0), strict=True)))
            for who, actor in (("street", Actor("p", frozenset({"planner"}), (str(street),))), ("city", city)):
                began = time.perf_counter()
                made.append(kept_tile(TileCache(0), engine, actor, names, tile))
                took[who].append(1_000 * (time.perf_counter() - began))
        largest = max(made, key=lambda one: len(one.content))
        zipped = len(gzip.compress(largest.content, 4))
        street, whole = (f"{statistics.median(ms):,.0f} / {max(ms):,.0f}" for ms in took.values())
        rows.append(
            f"| {level} | {len(tiles)} | {street} | {whole} | {len(largest.content) / 1_000:,.0f} "
            f"| {zipped / 1_000:,.0f} | {largest.generalised or '–'} |"
        )
        print(rows[-1], flush=True)
    return rows


# ── all of it ────────────────────────────────────────────────────────────────────────────────────────────────────────


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--buildings", type=int, default=100_000)
    parser.add_argument("--store", type=Path, help="folder of a store that is kept; made where there is none")
    parser.add_argument("--tipg", type=Path, default=Path(tempfile.gettempdir()) / "wangge-bench-tipg")
    parser.add_argument("--tiles", type=int, default=60, help="tiles of each level")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each peer in each round")
    parser.add_argument("--only", choices=PARTS, help="measure this alone, and write no results")
    parser.add_argument(
        "--leave", choices=PARTS, nargs="*", default=[], help="leave this part of the results as it stands"
    )
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--keep", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, keeps=options.keep)
        return
    with kept(options.store) as folder:
        try:
            run(folder, options)
        finally:
            embedded.stop(folder / "postgres")


def run(folder: Path, options: argparse.Namespace) -> None:
    url = embedded.start(folder / "postgres", settings=FAST)
    engine = open_engine(url)
    migrate(engine)
    if not _count(engine, dense=True):
        lay_out(engine)
        vacuum(engine)
    database = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
    written = HEADER.format(
        buildings=_count(engine, dense=True),
        machine=f"{os.cpu_count()} processors, Python {platform.python_version()}",
        load=os.getloadavg()[0], asked=options.tiles, at_once=AT_ONCE, rounds=options.rounds,
    )  # fmt: skip
    actor = whole_city(engine, dense=True)
    token = token_of(engine, "bench-dense", ["leader"], actor.scopes)
    wanted = {options.only} if options.only else {*PARTS} - {*options.leave}
    before = _parts(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    tipg_rate = None
    if "cold" in wanted:
        found = cold(url, engine, token, database, options, folder)
        tipg_rate = next(each.median("tipg") for each in found if each.level == LEVELS[-1])
        written += COLD + "".join(f"{each.rates}\n" for each in found)
        written += CPU + "".join(f"{each.cpu}\n" for each in found) + "\n"
    else:
        written += before.get(COLD.partition("\n")[0], "")
    if "kept" in wanted:
        rows = warm(url, engine, token, database, options, folder, tipg_rate)
        written += KEPT + "".join(f"{row}\n" for row in rows) + "\n"
    else:
        written += before.get(KEPT.partition("\n")[0], "")
    if "far" in wanted:
        if not _count(engine, dense=False):
            build(engine, options.buildings)
        if _count(engine, dense=False) < 2 * options.buildings:
            grow(engine)
        written += FAR.format(buildings=_count(engine, dense=False)) + "".join(f"{row}\n" for row in far(engine)) + "\n"
    else:
        written += before.get(FAR.partition("\n")[0], "")
    engine.dispose()
    if options.only is None:
        RESULTS.write_text(written + before.get(NOTES, f"{NOTES}\n"), encoding="utf-8")


def _parts(text: str) -> dict[str, str]:
    """Return the parts of results by their headings."""
    return {part.partition("\n")[0]: part for part in re.split(r"^(?=## )", text, flags=re.MULTILINE)}


def _count(engine: Engine, *, dense: bool) -> int:
    counted = text(f"SELECT count(*) FROM building WHERE starts_with(code, '{DENSE_CODE}') = :dense")
    with session_scope(engine) as session:
        return int(session.scalar(counted, {"dense": dense}) or 0)


if __name__ == "__main__":
    main()
