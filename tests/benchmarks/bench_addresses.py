"""Locating in a million addresses of a generated city: time and memory, beside rapidfuzz and pg_trgm.

``python -m tests.benchmarks.bench_addresses [--rows 1000000] [--queries 1000] [--no-peers | --peers-all]
[--no-hostile]``. The book is built, and asked, in a process of its own with nothing else in it; times are CPU times of
one core. Queries are made from rows of the gazetteer by seed, noisily, and what they mean is counted from its columns
(``addresses/queries.py``); peers are asked the first of the same queries, as many as they can answer in a reasonable
time, or all of them (``--peers-all``: two hours), and ours is counted on the same ones beside them. Written to
``tests/benchmarks/results/addresses.md``.
"""

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tests.benchmarks.addresses import peers
from tests.benchmarks.addresses.city import addresses
from tests.benchmarks.addresses.queries import noisy
from tests.geo.addresses.scoring import ELEMENTS, Query, Score, outcome

RESULTS = Path(__file__).parent / "results" / "addresses.md"
SEED = 1
#: Asked before the clock starts, so that what is made once is made.
WARM_UP = 50
#: Queries that peers are asked: each takes a second or so of rapidfuzz.
RAPIDFUZZ_QUERIES, TRGM_QUERIES = 60, 300
HOSTILE, HOSTILE_MS = 10_000, 50.0
LARGEST_BYTES = 8 << 30
#: What type-ahead is asked: the beginnings of queries.
TYPED = range(1, 9)
MEGABYTE = 1 << 10  # of what getrusage counts, kibibytes

HEADER = """# Locating by address

`python -m tests.benchmarks.bench_addresses`: {rows:,} addresses of the generated city ({levels}), a book of them, and
{queries:,} noisy queries by seed {seed}: whole and partial, numbers written otherwise, swapped, in callers' sentences,
in traditional characters, names that sound or look alike or lack a character, places that do not exist. Half do not say
the road, a third not the sub-district. CPU times of one core; {machine}.

"""
PEERS = """
## Beside others, in the same run

Asked the first queries of the same list, or with `--peers-all` all of them: rapidfuzz compares a text with every
address, which takes up to some seconds each. A row of ours on as many stands above theirs. Texts and addresses are
normalised as ours. The place that fits best is the answer; places that fit equally well are asked about; below the
threshold (rapidfuzz {rapidfuzz:g} of 100, pg_trgm {trgm:g}) there is none. acc@1: of queries that mean one place, those
answered by it. False: of all, those answered by one that was not meant. Handled: of those that mean several or none,
those not answered so.

| | queries | acc@1 % | false % | handled % | p50 ms | p99 ms | made ready s |
|---|--:|--:|--:|--:|--:|--:|--:|
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--peers-all", action="store_true")
    parser.add_argument("--no-hostile", action="store_true")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        _measure(options.folder, hostile=not options.no_hostile)
        return
    with tempfile.TemporaryDirectory() as folder:
        _compare(Path(folder), options)


# ── ours, in a process of its own ────────────────────────────────────────────────────────────────────────────────────


def _measure(folder: Path, *, hostile: bool) -> None:
    """Build a book of the folder's gazetteer, ask it the folder's queries, and write what that took."""
    from geo.addresses.book import AddressBook
    from geo.addresses.locating import locate
    from geo.addresses.suggesting import suggest

    # What takes more than this is stopped before it takes the machine.
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST_BYTES, LARGEST_BYTES))
    frame = pd.read_parquet(folder / "gazetteer.parquet")
    before = _peak_mb()
    began = time.process_time()
    book = AddressBook.build(frame)
    figures: dict[str, object] = {"build_s": time.process_time() - began, "peak_mb": _peak_mb(), "before_mb": before}
    texts = json.loads((folder / "queries.json").read_text(encoding="utf-8"))
    for text in texts[-WARM_UP:]:
        locate(book, text)
        suggest(book, text[:4])
    answers = []
    for text in texts:
        began = time.process_time()
        answer = locate(book, text)
        spent = 1000 * (time.process_time() - began)
        answers.append(([one.id for one in answer.candidates] if answer.outcome != "none" else [], spent))
    figures["answers"] = answers
    typed = [text[:length] for text in texts[:300] for length in TYPED if length <= len(text)]
    figures["typed_ms"] = [_spent(lambda text=text: suggest(book, text)) for text in typed]
    if hostile:
        figures["hostile_ms"] = _hostile(frame, lambda text: locate(book, text))
    figures["asked_mb"] = _peak_mb()
    (folder / "figures.json").write_text(json.dumps(figures), encoding="utf-8")


def _hostile(frame: pd.DataFrame, ask) -> list[float]:  # type: ignore[no-untyped-def]
    from tests.geo.addresses.hostile_strings import hostile

    names = sorted(
        {str(text) for kind in ("road", "compound", "community") for text in frame[kind].cat.categories if text}
    )
    return [_soonest(lambda text=text: ask(text)) for text in hostile(SEED, HOSTILE, names)]


def _soonest(work) -> float:  # type: ignore[no-untyped-def]
    """Milliseconds of CPU; what was slow is tried again, as another program may have taken the processor's caches."""
    spent = _spent(work)
    return spent if spent < HOSTILE_MS else min(spent, *(_spent(work) for _ in range(3)))


def _spent(work) -> float:  # type: ignore[no-untyped-def]
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE


# ── all together ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _compare(folder: Path, options: argparse.Namespace) -> None:
    print("addresses …", flush=True)
    frame = addresses(options.rows)
    queries = noisy(frame, SEED, options.queries)
    frame.to_parquet(folder / "gazetteer.parquet")
    (folder / "queries.json").write_text(json.dumps([query.text for query in queries]), encoding="utf-8")
    print("ours …", flush=True)
    command = [sys.executable, "-m", "tests.benchmarks.bench_addresses", "--folder", str(folder)]
    subprocess.run([*command, *(["--no-hostile"] if options.no_hostile else [])], check=True)
    figures = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    score = _score(frame, queries, [ids for ids, _ in figures["answers"]])
    levels = ", ".join(f"{level} {count:,}" for level, count in frame["level"].value_counts().items() if count)
    machine = f"{platform.processor() or platform.machine()}, Python {platform.python_version()}"
    lines = HEADER.format(rows=len(frame), levels=levels, queries=len(queries), seed=SEED, machine=machine)
    lines += _own_table(figures)
    print(score.table(), flush=True)
    lines += PEERS.format(rapidfuzz=peers.RAPIDFUZZ_LEAST, trgm=peers.TRGM_LEAST)
    everything = len(queries) if options.peers_all else None
    for count, rows in _peer_rows(frame, queries, everything) if not options.no_peers else ((len(queries), ""),):
        answers = figures["answers"][:count]
        own = score if count == len(queries) else _score(frame, queries[:count], [ids for ids, _ in answers])
        lines += _row("wangge", own, [spent for _, spent in answers], figures["build_s"]) + rows
    lines += f"\nOurs by kind of noise:\n\n```\n{score.table()}\n```\n"
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(lines, encoding="utf-8")
    print(lines)


def _own_table(figures: dict) -> str:  # type: ignore[type-arg]
    times = [spent for _, spent in figures["answers"]]
    rows = [
        ("book built, CPU s", f"{figures['build_s']:.1f}", "90"),
        ("peak memory, MB (of that before the book: the gazetteer and libraries)", _memory(figures), "2,048"),
        ("locate, p50 ms", f"{np.percentile(times, 50):.2f}", "3"),
        ("locate, p99 ms", f"{np.percentile(times, 99):.2f}", "20"),
        ("locate, longest ms", f"{max(times):.1f}", ""),
        ("type-ahead, p50 ms", f"{np.percentile(figures['typed_ms'], 50):.2f}", ""),
        ("type-ahead, p99 ms", f"{np.percentile(figures['typed_ms'], 99):.2f}", "30"),
    ]
    if "hostile_ms" in figures:
        longest = figures["hostile_ms"]
        rows.append((f"{len(longest):,} hostile strings, longest ms", f"{max(longest):.1f}", "50"))
        rows.append((f"of those over {HOSTILE_MS:g} ms", str(sum(spent > HOSTILE_MS for spent in longest)), "0"))
    body = "".join(f"| {name} | {value} | {target} |\n" for name, value, target in rows)
    return f"| | | at most |\n|---|--:|--:|\n{body}"


def _memory(figures: dict) -> str:  # type: ignore[type-arg]
    return f"{max(figures['peak_mb'], figures['asked_mb']):,.0f} ({figures['before_mb']:,.0f})"


def _peer_rows(frame: pd.DataFrame, queries: Sequence[Query], everything: int | None) -> Iterator[tuple[int, str]]:
    """Yield how many queries some peers were asked, and their rows."""
    print("written addresses …", flush=True)
    ids, written = frame["id"].tolist(), peers.written(frame)
    asked = queries[: everything or RAPIDFUZZ_QUERIES]
    lines = ""
    for name, make in (
        ("rapidfuzz, whole text (`fuzz.ratio`)", peers.rapidfuzz_whole),
        ("rapidfuzz, tokens (`fuzz.token_set_ratio`)", peers.rapidfuzz_tokens),
    ):
        print(f"{name} …", flush=True)
        began = time.process_time()
        peer = make(ids, written)
        ready = time.process_time() - began
        lines += _asked(name, frame, peer, asked, ready)
    yield len(asked), lines
    print("pg_trgm …", flush=True)
    asked = queries[: everything or TRGM_QUERIES]
    with peers.trgm(ids, written) as (peer, ready):
        yield len(asked), _asked("pg_trgm, GIN index (`%`, ordered by `<->`)", frame, peer, asked, ready)


def _asked(name: str, frame: pd.DataFrame, peer: peers.Peer, queries: Sequence[Query], ready: float) -> str:
    replies = [peer(query.text) for query in queries]
    score = _score(frame, queries, [reply.ids for reply in replies])
    return _row(name, score, [reply.cpu_ms for reply in replies], ready)


def _score(frame: pd.DataFrame, queries: Sequence[Query], answers: Sequence[Sequence[str]]) -> Score:
    places = _places(frame, queries, answers)
    score = Score()
    for query, ids in zip(queries, answers, strict=True):
        score.add(query, outcome(places, query, ids))
    return score


def _row(name: str, score: Score, times: Sequence[float], ready: float) -> str:
    shares = (score.accuracy(), score.false_matches(), score.handled())
    figures = " | ".join(f"{100 * share:.1f}" for share in shares)
    return (
        f"| {name} | {len(times):,} | {figures} | {np.percentile(times, 50):,.1f} | {np.percentile(times, 99):,.1f} "
        f"| {ready:,.1f} |\n"
    )


def _places(
    frame: pd.DataFrame, queries: Sequence[Query], answers: Sequence[Sequence[str]]
) -> dict[str, dict[str, str]]:
    """Rows that are needed to tell what answers are worth."""
    needed = {key for query in queries for key in query.meant} | {key for ids in answers for key in ids[:1]}
    columns = ["id", "level", "street", *ELEMENTS]
    return {row["id"]: row for row in frame.loc[frame["id"].isin(needed), columns].to_dict("records")}


if __name__ == "__main__":
    main()
