"""Drafting from files alone."""

import json

import geopandas as gpd
import pytest
from shapely import LineString, Point, box
from typer.testing import CliRunner

from api.cli import app
from geo.crs import metric_crs_of
from geo.errors import ColumnError, FileFormatError, GeometryError, InputError, WanggeError
from geo.services.file_rows import FileRequest
from geo.services.planning_files import plan_file, write_plan
from geo.territory.coverage import coverage_problems

WEST, SOUTH, STEP = 114.12, 22.53, 0.0005


def board(rows: int, columns: int, households: int = 30, **extra) -> gpd.GeoDataFrame:
    cells = [(r, c) for r in range(rows) for c in range(columns)]
    return gpd.GeoDataFrame(
        {"户数": households, "片区": ["东" if c >= columns / 2 else "西" for _, c in cells], **extra},
        geometry=[Point(WEST + c * STEP, SOUTH + r * STEP) for r, c in cells],
        crs=4326,
    )


@pytest.fixture
def blocks(tmp_path):
    path = tmp_path / "楼栋.gpkg"
    board(6, 8).to_file(path, layer="blocks")
    return path


def test_points_in_one_community(blocks, tmp_path):
    plan = plan_file(FileRequest(blocks, "户数"))
    assert plan.report["households"] == 48 * 30
    assert plan.report["in_range"] == plan.report["grids"] == plan.report["contiguous"]
    assert plan.layers["atoms"]["grid_code"].notna().all()
    write_plan(plan, tmp_path / "plan.gpkg")
    grids = gpd.read_file(tmp_path / "plan.gpkg", layer="grids")
    assert grids["households"].between(200, 300).all()
    whole = grids.to_crs(metric_crs_of(grids)).geometry
    assert coverage_problems(whole, whole.union_all()) == []


def test_a_column_names_the_communities(blocks):
    plan = plan_file(FileRequest(blocks, "户数", parent="片区"))
    atoms = plan.layers["atoms"]
    assert {code.rpartition("-")[0] for code in atoms["grid_code"]} == {"东", "西"}
    assert all(code.startswith(side) for code, side in zip(atoms["grid_code"], atoms["片区"], strict=True))


def test_a_file_of_polygons_names_the_communities_and_rejects_what_lies_outside(blocks, tmp_path):
    middle = WEST + 3.5 * STEP
    parents = gpd.GeoDataFrame(
        {"名": ["甲", "乙"]},
        geometry=[
            box(WEST - STEP, SOUTH - STEP, middle, SOUTH + 7 * STEP),
            box(middle, SOUTH - STEP, WEST + 6.5 * STEP, SOUTH + 7 * STEP),
        ],
        crs=4326,
    )
    parents.to_file(tmp_path / "parents.gpkg")
    request = FileRequest(blocks, "户数", parent=str(tmp_path / "parents.gpkg"), parent_column="名")
    plan = plan_file(request)
    assert sorted(plan.layers["communities"]["name"]) == ["乙", "甲"]
    assert [row["row"] for row in plan.report["rejected"]] == [8 * (r + 1) for r in range(6)]
    assert plan.report["atoms"] == 42


def test_the_name_of_a_parent_is_guessed_and_overlaps_are_settled(blocks, tmp_path):
    middle = WEST + 3.5 * STEP
    shapes = [
        box(WEST - STEP, SOUTH - STEP, middle + STEP / 50, SOUTH + 7 * STEP),
        box(middle, SOUTH - STEP, WEST + 9 * STEP, SOUTH + 7 * STEP),
    ]
    gpd.GeoDataFrame({"名称": ["甲", "乙"]}, geometry=shapes, crs=4326).to_file(tmp_path / "parents.gpkg")
    plan = plan_file(FileRequest(blocks, "户数", parent=str(tmp_path / "parents.gpkg")))
    assert {row["community"] for row in plan.report["grid_list"]} == {"甲", "乙"}
    assert any("重叠" in note for note in plan.report["notes"])


def test_borders_follow_barriers(tmp_path):
    path, roads = tmp_path / "b.gpkg", tmp_path / "roads.geojson"
    board(2, 8, households=30).to_file(path)
    middle = WEST + 3.5 * STEP
    road = LineString([(middle, SOUTH - STEP), (middle, SOUTH + 2 * STEP)])
    gpd.GeoDataFrame({"highway": ["primary"]}, geometry=[road], crs=4326).to_file(roads)
    plan = plan_file(FileRequest(path, "户数", barriers=(roads,)))
    assert plan.layers["barriers"]["kind"].tolist() == ["main_road"]
    a, b = plan.layers["grids"].geometry
    assert a.intersection(b).distance(road) < 1e-9
    assert a.intersection(b).hausdorff_distance(road.intersection(a.union(b))) < 1e-6


def test_households_can_be_estimated_and_are_marked_so(tmp_path):
    path = tmp_path / "footprints.gpkg"
    shapes = board(4, 4).geometry.to_crs(4547).buffer(20, cap_style="square").to_crs(4326)
    gpd.GeoDataFrame({"层": [6] * 16}, geometry=shapes).to_file(path)
    plan = plan_file(FileRequest(path, None, floors="层"))
    assert plan.report["households"] == 16 * 100
    assert plan.report["households_source"] == {"estimated": 16}
    assert any("估算" in note for note in plan.report["notes"])


def test_bad_rows_are_rejected_by_number_and_the_rest_is_planned(tmp_path):
    rows = ["lon,lat,hh"] + [f"{WEST + i * STEP},{SOUTH},60" for i in range(8)]
    rows += [f"{WEST},{SOUTH + STEP},-4", f",{SOUTH},60", f"{WEST},{SOUTH + STEP},many", f"{WEST},{SOUTH + 2 * STEP},"]
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    plan = plan_file(FileRequest(path, "hh", datum="wgs84"))
    assert sorted(row["row"] for row in plan.report["rejected"]) == [10, 11, 12]
    assert plan.report["households"] == 480
    assert plan.report["atoms"] == 9


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"households": "户"}, ColumnError, "户数"),
        ({"where": "片区"}, ColumnError, "COLUMN=VALUE"),
        ({"where": "片区=南"}, ColumnError, "东"),
        ({"parent": "街区"}, ColumnError, "neither"),
        ({"layer": "roads"}, FileFormatError, "blocks"),
    ],
)
def test_wrong_words_are_answered_with_what_there_is(blocks, change, error, words):
    with pytest.raises(error, match=words):
        plan_file(FileRequest(**({"path": blocks, "households": "户数"} | change)))


def test_nothing_usable_is_an_error(tmp_path):
    path = tmp_path / "b.gpkg"
    board(2, 2, households=-1).to_file(path)
    with pytest.raises(InputError, match="4 rejected"):
        plan_file(FileRequest(path, "户数"))


def test_parent_file_without_polygons_is_refused(blocks):
    with pytest.raises(GeometryError, match="polygon"):
        plan_file(FileRequest(blocks, "户数", parent=str(blocks)))


def test_plan_goes_to_a_geopackage_only(blocks, tmp_path):
    plan = plan_file(FileRequest(blocks, "户数"))
    with pytest.raises(FileFormatError, match="gpkg"):
        write_plan(plan, tmp_path / "plan.shp")


class TestCommand:
    def test_writes_plan_and_report(self, blocks, tmp_path):
        out, report = tmp_path / "o" / "plan.gpkg", tmp_path / "o" / "report.json"
        arguments = ["plan", str(blocks), "--households", "户数", "--out", str(out), "--report", str(report)]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
        summary = json.loads(report.read_text(encoding="utf-8"))
        wanted = {"atoms", "households", "grids", "in_range", "contiguous", "lower_bound", "seconds", "grid_list"}
        assert wanted <= summary.keys()
        assert len(gpd.read_file(out, layer="grids")) == summary["grids"] == len(summary["grid_list"])

    def test_households_column_or_estimate_must_be_said(self, blocks):
        result = CliRunner().invoke(app, ["plan", str(blocks)])
        assert isinstance(result.exception, WanggeError)
        assert "--households" in str(result.exception)

    def test_missing_file_is_said(self, tmp_path):
        result = CliRunner().invoke(app, ["plan", str(tmp_path / "no.gpkg"), "--households", "户数"])
        assert isinstance(result.exception, WanggeError)


@pytest.mark.shared
class TestRealTowns:
    def test_toa_payoh(self, shared_data):
        path = shared_data("sg_hdb_blocks/hdb_blocks.gpkg")
        request = FileRequest(path, "total_dwelling_units", layer="blocks", where="bldg_contract_town=TP")
        report = plan_file(request).report
        assert report["households"] == 36_426 or report["atoms"] >= 293
        assert report["contiguous"] == report["grids"]
        assert report["in_range_share"] > 0.88
        assert all(row["reason"] for row in report["grid_list"] if not row["in_range"])

    def test_houses_of_two_floors_in_olemps_with_roads(self, shared_data):
        path = shared_data("fr_olemps_bdtopo/olemps.gpkg")
        request = FileRequest(
            path,
            "NB_LOGTS",
            layer="buildings",
            where="NB_ETAGES=2",
            parent=f"{path}#commune",
            barriers=(path.with_name("olemps.gpkg#roads"),),
        )
        report = plan_file(request).report
        assert report["households"] == 695
        assert report["in_range"] == report["grids"] == report["contiguous"]


def test_a_building_over_the_limit_is_divided_by_floors_where_the_file_knows_them(tmp_path):
    towers = board(1, 4, [130, 620, 620, 130], 层数=["10", "31", None, "4"])
    towers.to_file(tmp_path / "towers.gpkg")
    plan = plan_file(FileRequest(tmp_path / "towers.gpkg", "户数", floors="层数"))
    parts, atoms, grids = (plan.layers[name] for name in ("parts", "atoms", "grids"))
    assert set(parts["row"]) == {2}
    assert (parts["households"].sum(), parts["floor_from"].min(), parts["floor_to"].max()) == (620, 1, 31)
    assert parts["estimated"].all()
    assert plan.report["estimated_parts"] == len(parts)
    assert len(atoms) == 4
    assert not {"_floors", "_households"} & set(atoms.columns)
    assert grids["households"].sum() == 1500
    held = parts.groupby("grid_code")["households"].sum()
    assert atoms["grid_code"][1] == held.index[held == held.max()][-1]
    failed = grids[~grids["in_range"]]
    assert failed["reason_code"].notna().all()
    assert atoms["grid_code"][2] in set(failed["code"])
    write_plan(plan, tmp_path / "plan.gpkg")
    assert len(gpd.read_file(tmp_path / "plan.gpkg", layer="parts")) == len(parts)


@pytest.mark.parametrize("floors", ["很高", "-3", "1000000000", "inf"])
def test_floors_that_make_no_sense_are_unknown(tmp_path, floors):
    board(1, 2, [600, 100], 层数=[floors, "5"]).to_file(tmp_path / "towers.gpkg")
    plan = plan_file(FileRequest(tmp_path / "towers.gpkg", "户数", floors="层数"))
    assert "parts" not in plan.layers
    assert plan.report["divided_buildings"] == 0
