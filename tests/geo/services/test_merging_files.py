"""Merging layers of old grids out of files, and the command that does it."""

import json

import geopandas as gpd
import pytest
from shapely import Point, box
from typer.testing import CliRunner

from api.cli import app
from geo.errors import BoundsError, ColumnError, FileFormatError, InputError
from geo.services.file_rows import FileRequest
from geo.services.merging_files import layer_name, merge_files

WEST, SOUTH, STEP = 114.12, 22.53, 0.0005


def columns(first, last):
    """The area of the houses in these columns, both included."""
    return box(WEST + (first - 0.5) * STEP, SOUTH - STEP, WEST + (last + 0.5) * STEP, SOUTH + STEP)


@pytest.fixture
def files(tmp_path):
    """Twelve houses of 50 in a row; 公安 in four beats, 城管 in two that meet in the middle."""
    houses = gpd.GeoDataFrame(
        {"户数": 50}, geometry=[Point(WEST + c * STEP, SOUTH) for c in range(12)], crs=4326, index=range(12)
    )
    houses.to_file(tmp_path / "楼栋.gpkg")
    beats = [(0, 1), (2, 5), (6, 8), (9, 11)]
    for name, spans in (("公安", beats), ("城管", [(0, 5), (6, 11)])):
        frame = gpd.GeoDataFrame(
            {"编号": [f"{name}{i + 1}" for i in range(len(spans))]},
            geometry=[columns(*span) for span in spans],
            crs=4326,
        )
        frame.to_file(tmp_path / f"{name}.gpkg")
    return tmp_path


def request(files, **options):
    return FileRequest(files / "楼栋.gpkg", "户数", **options)


def test_layers_become_one_network(files):
    plan = merge_files(request(files), [files / "公安.gpkg", files / "城管.gpkg"], column="编号")
    merging = plan.report["merging"]
    assert (merging["grids_before"], merging["grids_after"]) == (6, 2)
    assert merging["households"]["kept_share"] == 1.0
    assert {(row["department"], row["from"]) for row in merging["grids"]} == {("城管", "城管1"), ("城管", "城管2")}
    assert sorted(plan.layers["grids"]["households"]) == [300, 300]
    assert merging["afresh"]["households"]["all"] == 600


def test_a_weight_of_0_leaves_a_layer_out(files):
    both = [files / "公安.gpkg", files / "城管.gpkg"]
    plan = merge_files(request(files), both, column="编号", weights={"公安": 0.0}, compare=False)
    assert [row["department"] for row in plan.report["merging"]["departments"]] == ["城管"]


def test_overlapping_grids_of_one_layer_are_settled_and_said(files):
    overlapping = gpd.GeoDataFrame({"编号": ["A", "B"]}, geometry=[columns(0, 6), columns(5, 11)], crs=4326)
    overlapping.to_file(files / "应急.gpkg")
    plan = merge_files(request(files), [files / "应急.gpkg"], column="编号", compare=False)
    posts = {row["code"]: row["households"] for row in plan.report["merging"]["posts"]}
    assert posts == {"A": 350, "B": 250}
    assert any("1 pairs of old grids of 应急 overlap" in note for note in plan.report["notes"])


def test_what_is_wrong_with_old_layers_is_said(files):
    with pytest.raises(FileFormatError, match="no file of old grids"):
        merge_files(request(files), [files / "没有.gpkg"])
    with pytest.raises(ColumnError, match="two layers"):
        merge_files(request(files), [files / "公安.gpkg", files / "公安.gpkg"])
    with pytest.raises(ColumnError, match="格号"):
        merge_files(request(files), [files / "公安.gpkg"], column="格号")
    with pytest.raises(BoundsError, match="消防"):
        merge_files(request(files), [files / "公安.gpkg"], weights={"消防": 2.0})


def test_layers_are_called_after_their_file_or_layer(tmp_path):
    assert layer_name(tmp_path / "公安.gpkg") == "公安"
    assert layer_name(tmp_path / "旧网格.gpkg#城管") == "城管"


class TestCommand:
    def run(self, *words):
        return CliRunner().invoke(app, ["merge", *map(str, words)], catch_exceptions=False)

    def test_files_are_merged_and_who_moves_is_written(self, files):
        done = self.run(
            *("--file", files / "楼栋.gpkg", "--households", "户数", "--old-column", "编号"),
            *("--old", files / "公安.gpkg", "--old", files / "城管.gpkg", "--weight", "城管=2"),
            *("--out", files / "合并.gpkg", "--moves", files / "变动.csv"),
        )
        assert done.exit_code == 0
        assert "6 → 2 (-66.7%)" in done.output
        report = json.loads((files / "合并.report.json").read_text(encoding="utf-8"))
        assert report["merging"]["departments"][1]["weight"] == 2.0
        assert len(gpd.read_file(files / "合并.gpkg", layer="grids")) == 2
        moves = (files / "变动.户数去向_moves.csv").read_text(encoding="utf-8-sig")
        assert "公安1" in moves

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            ([], "二者取一"),
            (["南湖街道", "--file", "a.gpkg"], "二者取一"),
            (["--file", "a.gpkg", "--households", "户数"], "--old FILE"),
            (["南湖街道", "--weight", "城管"], "DEPARTMENT=NUMBER"),
            (["南湖街道", "--departments", " , "], "--departments is empty"),
        ],
    )
    def test_what_is_missing_is_said(self, words, says):
        with pytest.raises(InputError, match=says):
            self.run(*words)
