"""What else finds an address in a list: rapidfuzz over the written addresses, and pg_trgm in PostgreSQL.

Each is given what helps it: texts normalised as ours are. Each answers the place that fits best; places that fit
equally well are asked about, and a fit below its threshold is no answer.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import psycopg
from rapidfuzz import fuzz, process, utils
from sqlalchemy.engine import make_url

from geo.addresses.normalising import normalise
from geo.storage import embedded

#: Places that fit within this of the best fit as well as it.
EQUAL = 1e-6
#: Fits below are no answer: rapidfuzz of 100, pg_trgm (its own default) of 1.
RAPIDFUZZ_LEAST, TRGM_LEAST = 60.0, 0.3
MOST = 20


@dataclass(frozen=True)
class Reply:
    """Places that a peer answers, and the milliseconds that it took: of CPU, and by the clock."""

    ids: list[str]
    cpu_ms: float
    wall_ms: float


Peer = Callable[[str], Reply]


def written(frame: pd.DataFrame) -> list[str]:
    """Whole addresses, normalised."""
    columns = ("province", "city", "district", "street", "community", "road", "number", "compound", "building", "unit")
    parts = [frame[name].astype(object) for name in (*columns, "room", "name")]
    known: dict[str, str] = {}
    return [
        "".join(known.get(part) or known.setdefault(part, normalise(part)) for part in row if part)
        for row in zip(*parts, strict=True)
    ]


def rapidfuzz_whole(ids: Sequence[str], addresses: Sequence[str]) -> Peer:
    """``fuzz.ratio`` of the whole text and the whole address."""
    return _rapidfuzz(ids, addresses, fuzz.ratio, lambda text: text)


def rapidfuzz_tokens(ids: Sequence[str], addresses: Sequence[str]) -> Peer:
    """``fuzz.token_set_ratio``, whose tokens are single Chinese characters and whole numbers."""
    return _rapidfuzz(ids, [_tokens(address) for address in addresses], fuzz.token_set_ratio, _tokens)


def _tokens(text: str) -> str:
    spaced = "".join(sign if sign.isascii() and sign.isalnum() else f" {sign} " for sign in text)
    return " ".join(utils.default_process(spaced).split())


def _rapidfuzz(
    ids: Sequence[str],
    addresses: Sequence[str],
    scorer: Callable[..., float],
    prepared: Callable[[str], str],
) -> Peer:
    def answer(text: str) -> Reply:
        began, cpu = time.perf_counter(), time.process_time()
        found = process.extract(
            prepared(normalise(text)), addresses, scorer=scorer, score_cutoff=RAPIDFUZZ_LEAST, limit=MOST
        )
        best = [ids[place] for _, score, place in found if score >= found[0][1] - EQUAL]
        return Reply(best, 1000 * (time.process_time() - cpu), 1000 * (time.perf_counter() - began))

    return answer


@contextmanager
def trgm(ids: Sequence[str], addresses: Sequence[str]) -> Iterator[tuple[Peer, float]]:
    """A server of its own with all addresses under a GIN index, and the seconds that filling and indexing took."""
    folder = Path(tempfile.mkdtemp(prefix="wangge-bench-", dir="/tmp"))
    folder.chmod(0o755)  # root's server runs as another account, which has to pass through
    try:
        url = make_url(embedded.start(folder / "postgres", settings={"fsync": "off", "shared_buffers": "256MB"}))
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            began = time.perf_counter()
            _fill(connection, ids, addresses)
            yield _asker(connection), time.perf_counter() - began
    finally:
        embedded.stop(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)


def _fill(connection: psycopg.Connection, ids: Sequence[str], addresses: Sequence[str]) -> None:
    connection.execute("CREATE UNLOGGED TABLE listed (id text, address text)")
    with connection.cursor().copy("COPY listed FROM STDIN") as copy:
        for row in zip(ids, addresses, strict=True):
            copy.write_row(row)
    connection.execute("SET maintenance_work_mem = '512MB'")
    connection.execute("CREATE INDEX ON listed USING gin (address gin_trgm_ops)")
    connection.execute("ANALYZE listed")
    connection.execute("SET max_parallel_workers_per_gather = 0")  # one core, as ours
    connection.execute("SELECT set_config('pg_trgm.similarity_threshold', %s, false)", [str(TRGM_LEAST)])


def _asker(connection: psycopg.Connection) -> Peer:
    pid = connection.execute("SELECT pg_backend_pid()").fetchone()
    assert pid is not None
    spent = Path(f"/proc/{pid[0]}/schedstat")

    def answer(text: str) -> Reply:
        began, cpu = time.perf_counter(), int(spent.read_text().split()[0])
        rows = connection.execute(
            "SELECT id, address <-> %(text)s AS apart FROM listed WHERE address %% %(text)s ORDER BY 2 LIMIT %(most)s",
            {"text": normalise(text), "most": MOST},
        ).fetchall()
        best = [str(key) for key, apart in rows if apart <= rows[0][1] + EQUAL]
        used = (int(spent.read_text().split()[0]) - cpu) / 1e6
        return Reply(best, used, 1000 * (time.perf_counter() - began))

    return answer
