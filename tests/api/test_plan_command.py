"""``wangge plan`` at the terminal: tiers, and what is printed of a report."""

import json
import re

import geopandas as gpd
import pyogrio
import pytest
from shapely import Point
from typer.testing import CliRunner

from api.cli import app
from api.commands.store import who_runs
from geo.errors import BoundsError, CodeError

WEST, SOUTH, STEP = 114.12, 22.53, 0.0005


def planned(tmp_path, households: list[int], *options: str, **columns: list[object]):
    """Plan a row of buildings; return what was printed, without line breaks, and the report."""
    points = [Point(WEST + i * STEP, SOUTH) for i in range(len(households))]
    frame = gpd.GeoDataFrame({"户数": households, **columns}, geometry=points, crs=4326)
    frame.to_file(tmp_path / "楼栋.gpkg")
    out = tmp_path / "plan.gpkg"
    told = ["plan", str(tmp_path / "楼栋.gpkg"), "--households", "户数", "--out", str(out), *options]
    ran = CliRunner().invoke(app, told, catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    report = json.loads(out.with_suffix(".report.json").read_text(encoding="utf-8"))
    return re.sub(r"\s+", " ", ran.output), report


@pytest.mark.parametrize(
    ("options", "bounds"),
    [
        ((), (200, 300)),
        (("--tier", "community"), (2000, 4000)),
        (("--tier", "联户网格"), (30, 40)),
        (("--tier", "cell", "--lower", "25"), (25, 40)),
        (("--tier", "cell", "--lower", "20", "--upper", "70"), (20, 70)),
    ],
)
def test_a_tier_sets_the_range_and_stated_limits_win(tmp_path, options, bounds):
    _, report = planned(tmp_path, [35] * 60, *options)
    assert (report["lower"], report["upper"]) == bounds
    assert report["in_range"] == report["grids"] > 0


def test_a_tier_that_is_none_is_refused(tmp_path):
    with pytest.raises(CodeError, match="cell"):
        planned(tmp_path, [35], "--tier", "village")
    with pytest.raises(BoundsError, match="50"):
        planned(tmp_path, [35], "--tier", "cell", "--lower", "50")


def test_leftovers_beside_each_other_in_two_communities_are_printed(tmp_path):
    printed, report = planned(tmp_path, [75, 75, 75, 75], "--parent", "片区", 片区=["东", "东", "西", "西"])
    (case,) = report["border_cases"]
    assert case["solves"]
    assert "Across a community border: 东-001 + 西-001, 150 + 150 户" in printed
    assert "together in range" in printed


def test_leftovers_that_no_neighbour_completes_are_printed_as_such(tmp_path):
    printed, _ = planned(tmp_path, [50, 50, 50], "--parent", "片区", 片区=["东", "西", "西"])
    assert "not in range together either" in printed


def test_estimated_floors_and_compounds_are_printed(tmp_path):
    columns = {"层数": [20, None, None], "小区": ["甲", "乙", "乙"]}
    options = ("--floors", "层数", "--compound-column", "小区")
    printed, report = planned(tmp_path, [600, 100, 120], *options, **columns)
    assert report["in_range"] == report["grids"]
    assert f"shared out evenly, not counted: {report['estimated_parts']}" in printed
    assert report["estimated_parts"] >= 2
    assert (report["compounds"], report["compounds_fitting"]) == (2, 1)
    assert re.search(r"Compounds split: [12]/2 ?,其中一格放得下的 of which one grid could hold: [01]/1", printed)


def test_a_planned_file_says_who_wrote_it_and_of_what(tmp_path):
    planned(tmp_path, [120, 120])
    stamp = pyogrio.read_info(tmp_path / "plan.gpkg", layer="grids")["layer_metadata"]["STAMP"]
    assert stamp.startswith(f"网格 wangge · 导出 exported: {who_runs()} · ")
    assert "楼栋.gpkg" in stamp
