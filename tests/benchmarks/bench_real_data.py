"""Import, plan and map of real towns, timed: ``python -m tests.benchmarks.bench_real_data``.

Reads ``../shared/data``; writes nothing outside a temporary folder. Each row is one run of ``wangge`` as a process of
its own, with wall seconds, peak memory of its largest process, and what the report says.
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


@dataclass(frozen=True)
class Case:
    """One real input and how to plan it."""

    name: str
    arguments: tuple[str, ...]


CASES = (
    Case(
        "Toa Payoh, one community",
        (f"{SG}#blocks", "--households", "total_dwelling_units", "--where", "bldg_contract_town=TP"),
    ),
    Case(
        "all blocks, planning areas",
        (
            f"{SG}#blocks",
            "--households",
            "total_dwelling_units",
            "--parent",
            f"{SG}#subzones_mp14",
            "--parent-column",
            "Planning_Area_Name",
        ),
    ),
    Case(
        "all blocks, subzones",
        (
            f"{SG}#blocks",
            "--households",
            "total_dwelling_units",
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
    Case("Suzhou old city, households estimated", (f"{SZ}", "--estimate-households", "--floors", "Floor")),
)


def run(case: Case, folder: Path) -> dict[str, object]:
    """Plan one case in a process of its own and return its figures."""
    report = folder / "report.json"
    out = folder / "plan.gpkg"
    command = [sys.executable, "-m", "api.cli", "plan", *case.arguments, "--out", str(out), "--report", str(report)]
    started = time.perf_counter()
    plan = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT)
    _, status, usage = os.wait4(plan.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        return {"case": case.name, "failed": os.waitstatus_to_exitcode(status)}
    started = time.perf_counter()
    drawn = [sys.executable, "-m", "api.cli", "map", "--file", str(out), "--out", str(folder / "map.html")]
    subprocess.run(drawn, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    summary = json.loads(report.read_text())
    return {
        "case": case.name,
        "atoms": summary["atoms"],
        "households": summary["households"],
        "grids": summary["grids"],
        "in range": f"{summary['in_range_share']:.1%}",
        "in pieces": summary["grids"] - summary["contiguous"],
        "bound": summary["lower_bound"],
        "plan s": round(seconds, 1),
        "map s": round(time.perf_counter() - started, 1),
        "peak MB": round(usage.ru_maxrss / 1024),
        "map MB": round((folder / "map.html").stat().st_size / 1e6, 1),
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
            print(json.dumps(run(case, Path(folder)), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
