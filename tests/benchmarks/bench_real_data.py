"""Import, plan and map of real towns, timed: ``python -m tests.benchmarks.bench_real_data [WORD ...]``.

Reads ``../shared/data``; writes nothing outside temporary folders. Each command of ``wangge`` is a process of its own:
wall seconds, of a plan also the CPU seconds of all its processes, peak memory of the largest one, and what the report
says. A case with imports goes through a database of its own, one without is planned straight from the file. Words name
the cases to run by part of their name.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
SG = f"{DATA}/sg_hdb_blocks/hdb_blocks.gpkg"
FR = f"{DATA}/fr_olemps_bdtopo/olemps.gpkg"
SH = f"{DATA}/cn_shanghai_osm/shanghai_bund.gpkg"
SZ = f"{DATA}/cn_suzhou_buildings/suzhou.gpkg"
SG_BLOCKS = (f"{SG}#blocks", "--households", "total_dwelling_units", "--floors", "max_floor_lvl")
ABROAD = ("--extent", "world", "--under", "990001001")
NEW_STREET = ("--create-street", "990001001", "Abroad")
BUND = ("--create-street", "310101001", "外滩街道", "--create-community", "310101001001", "外滩社区")
OLD_CITY = ("--create-street", "320508001", "平江街道", "--create-community", "320508001001", "古城社区")


@dataclass(frozen=True)
class Case:
    """One real input and how to plan it."""

    name: str
    plan: tuple[str, ...]
    imports: tuple[tuple[str, ...], ...] = ()


CASES = (
    Case(
        "Toa Payoh, one community",
        (*SG_BLOCKS, "--where", "bldg_contract_town=TP"),
    ),
    Case(
        "all blocks, planning areas",
        (
            *SG_BLOCKS,
            "--parent",
            f"{SG}#subzones_mp14",
            "--parent-column",
            "Planning_Area_Name",
        ),
    ),
    Case(
        "all blocks, subzones",
        (
            *SG_BLOCKS,
            "--parent",
            f"{SG}#subzones_mp14",
            "--parent-column",
            "Subzone_Name",
        ),
    ),
    Case(
        "Olemps, roads and water as barriers",
        (
            f"{FR}#buildings",
            "--households",
            "NB_LOGTS",
            "--parent",
            f"{FR}#commune",
            "--parent-column",
            "NOM",
            "--barriers",
            f"{FR}#roads",
            "--barriers",
            f"{FR}#water",
        ),
    ),
    Case(
        "Shanghai Bund, households estimated",
        (
            f"{SH}#buildings",
            "--estimate-households",
            "--height",
            "height",
            "--barriers",
            f"{SH}#roads",
            "--barriers",
            f"{SH}#water",
        ),
    ),
    Case(
        "store: all blocks, subzones",
        ("990001001",),
        (
            (*ABROAD, f"{SG}#subzones_mp14", "--as", "community", "--map", "name=Subzone_Name", *NEW_STREET),
            (*ABROAD, f"{SG}#blocks", "--as", "building", "--set", "kind=tower", "--where", "residential=Y"),
        ),
    ),
    Case(
        "store: Olemps",
        ("990001001",),
        (
            (*ABROAD, f"{FR}#commune", "--as", "community", *NEW_STREET),
            (*ABROAD, f"{FR}#roads", "--as", "barrier", "--set", "kind=road"),
            (*ABROAD, f"{FR}#water", "--as", "barrier", "--set", "kind=river"),
            (*ABROAD, f"{FR}#buildings", "--as", "building", "--set", "kind=other"),
        ),
    ),
    Case(
        "store: Shanghai Bund, households estimated",
        ("310101001",),
        (
            (f"{SH}#buildings", "--as", "building", "--estimate-households", *BUND),
            (f"{SH}#roads", "--as", "barrier", "--under", "310101001"),
        ),
    ),
    Case(
        "store: Suzhou old city, households estimated",
        ("320508001",),
        ((SZ, "--as", "building", "--estimate-households", *OLD_CITY),),
    ),
    Case("Suzhou old city, households estimated", (f"{SZ}", "--estimate-households", "--floors", "Floor")),
)


@dataclass(frozen=True)
class Spent:
    """What one command took."""

    seconds: float
    cpu_s: float
    peak_mb: float


def wangge(*arguments: str, data: Path) -> Spent:
    """Run one command in a process of its own, its database in ``data``."""
    command = [sys.executable, "-m", "api.cli", *arguments]
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, cwd=data.parent, env=os.environ | {"WANGGE_DATA_DIR": str(data)}
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Spent(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def run(case: Case, folder: Path) -> dict[str, object]:
    """Import, plan and draw one case, and return its figures."""
    data, report, page = folder / "postgres", folder / "report.json", folder / "map.html"
    out = folder / "plan.gpkg"
    try:
        imports = [wangge("import", *arguments, "--yes", data=data) for arguments in case.imports]
        plan = wangge("plan", *case.plan, "--out", str(out), "--report", str(report), data=data)
        source = (case.plan[0],) if case.imports else ("--file", str(out))
        drawn = wangge("map", *source, "--out", str(page), data=data)
    finally:
        if case.imports:
            wangge("db", "stop", data=data)
    summary = json.loads(report.read_text(encoding="utf-8"))
    return {
        "case": case.name,
        "atoms": summary["atoms"],
        "households": summary["households"],
        "grids": summary["grids"],
        "in range": f"{summary['in_range_share']:.1%}",
        "in pieces": summary["grids"] - summary["contiguous"],
        "bound": summary["lower_bound"],
        "import s": round(sum(spent.seconds for spent in imports), 1),
        "plan s": round(plan.seconds, 1),
        "plan CPU s": round(plan.cpu_s, 1),
        "map s": round(drawn.seconds, 1),
        "peak MB": round(max(spent.peak_mb for spent in (*imports, plan, drawn))),
        "map MB": round(page.stat().st_size / 1e6, 1),
        "reasons": summary["reasons"],
    }


def main() -> None:
    """Print one row per case."""
    if not DATA.is_dir():
        sys.exit(f"{DATA} is not there; this benchmark reads real data from it")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    wanted = sys.argv[1:]
    for case in CASES:
        if wanted and not any(word in case.name for word in wanted):
            continue
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o711)  # run as root, the database belongs to another account
            print(json.dumps(run(case, Path(folder)), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
