"""``wangge plan``, ``wangge plans`` and ``wangge adopt`` as typed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import pytest
from shapely import Point
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from api.cli import app
from geo.errors import ConflictError, InputError, NotFoundError
from geo.storage import plans
from geo.storage.database import session_scope
from tests import factories
from tests.geo.regionalization.clusters import machines

#: Towers along each side of the place that is drafted by processes, in four communities.
SIDE = 20


@pytest.fixture
def store(empty_store: Engine) -> Engine:
    with session_scope(empty_store) as session:
        factories.make_community(session)
        for number in range(1, 5):
            factories.make_building(session, number, households=120)
    return empty_store


def run(*words: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=answer, catch_exceptions=False)


def state_of(engine: Engine, plan: int) -> str:
    with session_scope(engine) as session:
        return plans.read_plan(session, plan).state


def test_a_street_is_planned_listed_and_adopted(store: Engine) -> None:
    drafted = run("plan", "南湖街道", "--name", "试划")
    assert "达标率 In range: 100.0%" in drafted.output
    report = json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    assert (report["households"], report["grids"], report["in_range"]) == (480, 2, 2)

    listed = run("plans", "南湖街道")
    assert "试划" in listed.output
    assert "草案" in listed.output

    kept = run("adopt", str(report["plan"]), answer="n\n")
    assert "没有改变" in kept.output
    assert state_of(store, report["plan"]) == "draft"

    run("adopt", str(report["plan"]), "-y")
    assert state_of(store, report["plan"]) == "adopted"
    assert "试划" not in run("plans", "--state", "draft").output
    with pytest.raises(ConflictError):
        run("adopt", str(report["plan"]), "-y")


def test_a_plan_that_is_not_there_is_said(store: Engine) -> None:
    with pytest.raises(NotFoundError, match="77"):
        run("adopt", "77", "-y")


def begin_draft(folder: Path) -> tuple[subprocess.Popen[bytes], list[int]]:
    """Start a draft in two worker processes; return it and all processes that it began, the workers last."""
    cells = [(r, c) for r in range(SIDE) for c in range(SIDE)]
    towers = {"户数": 50, "片区": [f"{2 * r // SIDE}{2 * c // SIDE}" for r, c in cells]}
    points = [Point(114.1 + c * 0.0005, 22.5 + r * 0.0005) for r, c in cells]
    gpd.GeoDataFrame(towers, geometry=points, crs=4326).to_file(folder / "a.gpkg")
    words = ["plan", "a.gpkg", "--households", "户数", "--parent", "片区", "--out", "plan.gpkg", "--workers", "2"]
    draft = subprocess.Popen(
        [sys.executable, "-m", "api.cli", *words], cwd=folder, stderr=subprocess.PIPE, start_new_session=True
    )
    # One counts what the others share, one is there for the two workers to be forked from.
    while (
        len(begun := (family := children_of(draft.pid)) + [own for child in family for own in children_of(child)]) < 4
    ):
        assert draft.poll() is None, "it was done too soon"
        time.sleep(0.02)
    return draft, begun


def children_of(process: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def wait_for_the_end_of(children: list[int]) -> None:
    """Processes take a moment to end after the one that they work for."""
    until = time.monotonic() + 60
    while any(runs(child) for child in children):
        assert time.monotonic() < until, "a worker goes on without the draft it works for"
        time.sleep(0.1)


def test_a_draft_interrupted_once_keeps_the_best_so_far(tmp_path: Path) -> None:
    draft, children = begin_draft(tmp_path)
    os.killpg(draft.pid, signal.SIGINT)
    said = draft.communicate(timeout=120)[1].decode()
    assert draft.returncode == 0
    assert "正在停止" in said
    assert "Traceback" not in said
    report = json.loads((tmp_path / "plan.report.json").read_text())
    assert report["cancelled"]
    assert report["households"] == SIDE * SIDE * 50
    assert len(gpd.read_file(tmp_path / "plan.gpkg", layer="atoms")) == SIDE * SIDE
    wait_for_the_end_of(children)


def test_a_draft_interrupted_twice_leaves_nothing_behind(tmp_path: Path) -> None:
    draft, children = begin_draft(tmp_path)
    assert draft.stderr is not None
    # Ctrl-C reaches every process of the terminal; only the draft may act on it.
    assert not any(hears_interrupts(child) for child in children[1:])
    os.killpg(draft.pid, signal.SIGINT)
    assert "正在停止" in draft.stderr.readline().decode()
    os.killpg(draft.pid, signal.SIGINT)
    said = draft.communicate(timeout=60)[1].decode()
    assert draft.returncode == 130
    assert "已中断" in said
    assert "Traceback" not in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gpkg"]
    wait_for_the_end_of(children)


def test_workers_end_when_the_draft_is_killed(tmp_path: Path) -> None:
    draft, children = begin_draft(tmp_path)
    draft.kill()
    draft.communicate(timeout=60)
    wait_for_the_end_of(children)


def test_a_file_is_planned_on_a_dask_cluster_as_on_this_machine(tmp_path: Path) -> None:
    places = {"户数": 90, "片区": [str(i // 15) for i in range(30)]}
    points = [Point(114.1 + i % 5 * 0.0005, 22.5 + i // 5 * 0.0005) for i in range(30)]
    gpd.GeoDataFrame(places, geometry=points, crs=4326).to_file(tmp_path / "a.gpkg")
    words = ["plan", str(tmp_path / "a.gpkg"), "--households", "户数", "--parent", "片区"]
    with machines(tmp_path) as made:
        made.begin()
        made.worker()
        run(*words, "--out", str(tmp_path / "there.gpkg"), "--engine", "dask", "--scheduler", made.address)
    run(*words, "--out", str(tmp_path / "here.gpkg"), "--workers", "1")
    there, here = (gpd.read_file(tmp_path / name, layer="atoms") for name in ("there.gpkg", "here.gpkg"))
    assert there["grid_code"].tolist() == here["grid_code"].tolist()
    assert here["grid_code"].nunique() == 10


@pytest.mark.parametrize(
    "words", [("--engine", "dask"), ("--scheduler", "tcp://127.0.0.1:9"), ("--engine", "local", "--scheduler", "x")]
)
def test_dask_without_scheduler_and_scheduler_without_dask_are_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="--scheduler"):
        run("plan", "all", *words)


def hears_interrupts(process: int) -> bool:
    status = Path(f"/proc/{process}/status").read_text()
    blocked = int(status.partition("SigBlk:")[2].split()[0], 16)
    return not blocked & 1 << signal.SIGINT - 1


def runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return False
    return state != "Z"  # one whose parent has ended and that nobody has asked about yet
