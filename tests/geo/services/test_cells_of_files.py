"""Cells in the grids drafted for a file: in the layers, in the report and on the map."""

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box
from typer.testing import CliRunner

from api.cli import app
from geo.crs import metric_crs_of
from geo.errors import InputError
from geo.services.file_rows import FileRequest
from geo.services.mapping_files import content_from_file
from geo.services.planning_files import FilePlan, plan_file, write_plan
from geo.territory.coverage import coverage_problems

WEST, SOUTH, STEP = 114.12, 22.53, 0.0005


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two communities of 24 houses each, every fourth of them a tower of 18 floors with 36 or 108 households."""
    rows = [(r, c) for r in range(6) for c in range(8)]
    frame = gpd.GeoDataFrame(
        {
            "户数": [108 if (r + c) % 8 == 0 else 36 if (r + c) % 4 == 0 else 12 for r, c in rows],
            "层数": [18 if (r + c) % 4 == 0 else 6 for r, c in rows],
            "片区": ["东" if c >= 4 else "西" for _, c in rows],
        },
        geometry=[
            box(x, y, x + STEP / 3, y + STEP / 4) for x, y in ((WEST + c * STEP, SOUTH + r * STEP) for r, c in rows)
        ],
        crs=4326,
    )
    path = tmp_path_factory.mktemp("cells") / "楼栋.gpkg"
    frame.to_file(path, layer="blocks")
    return path


@pytest.fixture(scope="module")
def plan(blocks: Path) -> FilePlan:
    return plan_file(FileRequest(blocks, "户数", floors="层数", parent="片区", workers=1), cells=True)


def test_cells_are_in_range_and_tile_their_grids(plan: FilePlan) -> None:
    cells, grids = plan.layers["cells"], plan.layers["grids"]
    assert plan.report["cells"]["in_range_share"] == 1.0
    assert plan.report["cells"]["cells"] == len(cells)
    assert cells["households"].between(30, 40).all()
    assert cells.groupby("grid_code")["households"].sum().to_dict() == dict(
        zip(grids["code"], grids["households"], strict=True)
    )
    crs = metric_crs_of(grids)
    for code, area in zip(grids["code"], grids.to_crs(crs).geometry, strict=True):
        assert coverage_problems(cells[cells["grid_code"] == code].to_crs(crs).geometry, area) == []


def test_codes_of_cells_follow_those_of_their_grids(plan: FilePlan) -> None:
    cells = plan.layers["cells"]
    assert cells["code"].is_unique
    for grid, own in cells.groupby("grid_code"):
        assert own["code"].tolist() == [f"{grid}L{number:02d}" for number in range(1, len(own) + 1)]


def test_what_is_in_a_cell_is_said_by_the_rows_of_the_file(plan: FilePlan, blocks: Path) -> None:
    parts = plan.layers["cell_parts"]
    held = parts.groupby("cell_code")["households"].sum()
    assert held.to_dict() == plan.layers["cells"].set_index("code")["households"].to_dict()
    assert parts.groupby("row")["households"].sum().tolist() == gpd.read_file(blocks)["户数"].tolist()
    tower = parts[parts["floor_from"].notna()].sort_values(["row", "floor_from"])
    assert tower["estimated"].all()
    for _, runs in tower.groupby("row"):
        assert (runs["floor_from"].iloc[0], runs["floor_to"].iloc[-1]) == (1, 18)
        assert (runs["floor_from"].to_numpy()[1:] == runs["floor_to"].to_numpy()[:-1] + 1).all()


def test_without_being_asked_there_are_none(blocks: Path) -> None:
    plan = plan_file(FileRequest(blocks, "户数", parent="片区", workers=1))
    assert not {"cells", "cell_parts"} & set(plan.layers)
    assert "cells" not in plan.report


def test_the_same_cells_on_two_workers(plan: FilePlan, blocks: Path) -> None:
    again = plan_file(FileRequest(blocks, "户数", floors="层数", parent="片区", workers=2), cells=True)
    pd.testing.assert_frame_equal(
        pd.DataFrame(plan.layers["cell_parts"].drop(columns="geometry")),
        pd.DataFrame(again.layers["cell_parts"].drop(columns="geometry")),
    )
    assert plan.layers["cells"].geometry.geom_equals_exact(again.layers["cells"].geometry, 0).all()


def test_the_map_of_the_file_shows_them(plan: FilePlan, tmp_path: Path) -> None:
    write_plan(plan, tmp_path / "plan.gpkg")
    content = content_from_file(tmp_path / "plan.gpkg")
    assert content.cells is not None
    assert sorted(content.cells["code"]) == sorted(plan.layers["cells"]["code"])


class TestTerminal:
    def run(self, *arguments: str) -> str:
        return CliRunner().invoke(app, ["plan", *arguments], catch_exceptions=False).output

    def test_cells_are_written_beside_the_grids(self, blocks: Path, tmp_path: Path) -> None:
        out = tmp_path / "plan.gpkg"
        told = self.run(str(blocks), "--households", "户数", "--floors", "层数", "--cells", "--out", str(out))
        assert "联户网格 Cells of 30–40" in told
        report = json.loads(out.with_suffix(".report.json").read_text(encoding="utf-8"))
        assert (
            report["cells"]["households"]
            == report["households"]
            == gpd.read_file(out, layer="cells")["households"].sum()
        )

    @pytest.mark.parametrize("other", [["--tier", "cell"], ["--tier", "community"], ["--alternatives"]])
    def test_cells_go_with_one_plan_of_grids(self, blocks: Path, other: list[str]) -> None:
        with pytest.raises(InputError, match="--cells"):
            self.run(str(blocks), "--households", "户数", "--cells", *other)
