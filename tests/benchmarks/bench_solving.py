"""How long it takes to solve the rest of a community: ``python -m tests.benchmarks.bench_solving [--store FOLDER]``.

In the sample street's communities of 2,500 to 3,500 households each: two grids that touch are merged by hand, a third
of the others are locked, and the rest is solved as ``POST /plans/{plan_id}/solve`` does it: read from the store,
ground, search, polygons, report, and written back as one edit. The first one, which loads compiled code, is left out.
Writes ``tests/benchmarks/results/solving.md``.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.errors import InputError
from geo.services.editing import Move, edit_plan
from geo.services.planning import plan_scope
from geo.services.sampling import load_sample
from geo.services.solving import Kept, solve_rest
from geo.storage import divisions, embedded, plans
from geo.storage.database import migrate, open_engine, session_scope

RESULTS = Path(__file__).parent / "results" / "solving.md"
LEAST, MOST = 2_500, 3_500
LIMIT_S = 1.0
ROUNDS = 3
WHO = "bench"


@dataclass(frozen=True)
class Solve:
    """One solve: seconds by the clock and of this process's processor time, and what came of it."""

    community: str
    households: int
    units: int
    kept: int
    out_before: int
    out_after: int
    moved: int
    wall_s: float
    cpu_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, help="folder of a store that is kept")
    options = parser.parse_args()
    with store_in(options.store) as engine:
        write(list(solves(engine)))


@contextmanager
def store_in(folder: Path | None) -> Iterator[Engine]:
    """Open a store with the sample street, in a folder that is named or for the time being."""
    with tempfile.TemporaryDirectory(prefix="wangge-solving-", dir="/tmp") as temporary:
        place = folder or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        place.chmod(0o755)
        try:
            engine = open_engine(embedded.start(place / "postgres"))
            migrate(engine)
            with session_scope(engine) as session:
                load_sample(session, who=WHO)
            yield engine
            engine.dispose()
        finally:
            embedded.stop(place / "postgres")


def solves(engine: Engine) -> Iterator[Solve]:
    """Solve the rest of each community of the right size, some rounds."""
    with session_scope(engine) as session:
        street = divisions.streets(session)[0]
        codes = divisions.community_codes(session, street.code)
    is_first = True
    for code in codes:
        with session_scope(engine) as session:
            made = plan_scope(session, code, who=WHO)
            if not LEAST <= made.report["households"] <= MOST:
                continue
            for number in range(ROUNDS + is_first):
                found = _solve(session, code, made.plan_id, seed=number)
                if is_first and number == 0:
                    continue
                print(found, flush=True)
                yield found
            is_first = False


def _solve(session: Session, code: str, plan_id: int, *, seed: int) -> Solve:
    _merge_two(session, plan_id)
    before = plans.read_plan(session, plan_id)
    grids = plans.read_grids(session, plan_id)
    fine = grids.loc[grids["reason_code"].isna(), "code"].tolist()
    kept = tuple(fine[::3])
    wall, cpu = time.perf_counter(), time.process_time()
    solved = solve_rest(session, plan_id, Kept(grids=kept), who=WHO, version=before.version, seed=seed)
    session.commit()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert solved is not None
    after = plans.read_plan(session, plan_id)
    return Solve(
        code,
        after.households,
        len(plans.read_assignment(session, plan_id)),
        len(kept),
        before.grids - before.report["in_range"],
        after.grids - after.report["in_range"],
        solved.moved,
        wall,
        cpu,
    )


def _merge_two(session: Session, plan_id: int) -> None:
    """Let the first grid that can be end in one that it touches."""
    grids = plans.read_grids(session, plan_id)
    rows = plans.read_assignment(session, plan_id)
    for ending in grids["code"]:
        mine = rows[rows["grid_code"] == ending]
        whole = mine[mine["stairwell_code"].isna() & mine["floor_from"].isna()]
        if len(whole) < len(mine):
            continue  # of divided buildings the parts would have to be named
        near = grids[grids.touches(grids.geometry[grids["code"] == ending].iloc[0]) & (grids["code"] != ending)]
        for target in near["code"]:
            point = session.begin_nested()
            try:
                moves = [Move(building, target) for building in mine["building_code"]]
                version = plans.read_plan(session, plan_id).version
                edit_plan(session, plan_id, moves, ended_grids=(ending,), who=WHO, version=version)
            except InputError:
                point.rollback()
                session.expire_all()
                continue
            point.commit()
            return
    raise RuntimeError("no two grids can be merged")


def write(found: list[Solve]) -> None:
    """Write the table of results."""
    wall, cpu = (median(getattr(one, name) for one in found) for name in ("wall_s", "cpu_s"))
    head = (
        f"# Solving the rest\n\n`python -m tests.benchmarks.bench_solving`: {len(found)} solves of the sample street's "
        f"communities of {LEAST:,}-{MOST:,} households, two grids merged by hand before each, a third of the others "
        f"locked; from reading the store to the commit. Wall seconds depend on what else the machine does; the "
        f"processor time is of this process, without the database's. Asked for: under {LIMIT_S:g} s.\n\n"
        f"Median: **{cpu:.2f} s** of processor, {wall:.2f} s by the clock.\n\n"
        "| community | households | units | grids locked | out of range before → after | units moved "
        "| cpu s | wall s |\n"
        "|---|--:|--:|--:|---|--:|--:|--:|\n"
    )
    lines = [
        f"| {one.community} | {one.households:,} | {one.units} | {one.kept} | {one.out_before} → {one.out_after} "
        f"| {one.moved} | {one.cpu_s:.2f} | {one.wall_s:.2f} |"
        for one in found
    ]
    RESULTS.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
