"""Every format through the one door: layers, datums, row numbers, what is noted."""

import json
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon, box

from geo.crs import from_wgs84, parse_datum
from geo.errors import ColumnError, DatumError, FileFormatError, NotFoundError
from geo.exchange.reading import read_frame
from geo.exchange.writing import write_frame, write_frames

PLACE = Point(114.05791234, 22.54312345)


def frame(n: int = 2, crs: int | None = 4326, **columns: list[object]) -> gpd.GeoDataFrame:
    shapes = [box(114.05 + i / 1000, 22.54, 114.0504 + i / 1000, 22.5404) for i in range(n)]
    return gpd.GeoDataFrame({"name": [f"{i}号楼" for i in range(n)], **columns}, geometry=shapes, crs=crs)


def points_csv(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


# ── layers ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def two_layers(tmp_path: Path) -> Path:
    path = tmp_path / "街道.gpkg"
    roads = gpd.GeoDataFrame({"类型": ["road"]}, geometry=[LineString([(114, 22), (114.1, 22)])], crs=4326)
    write_frames({"楼栋": frame(户数=[30, 40]), "道路": roads}, path)
    return path


def test_of_several_layers_one_must_be_named_or_follow_from_what_is_needed(two_layers: Path) -> None:
    with pytest.raises(FileFormatError, match="楼栋、道路"):
        read_frame(two_layers)
    assert read_frame(two_layers, prefer_geometry="line").layer == "道路"
    assert read_frame(two_layers, needs_column="户数").layer == "楼栋"
    assert read_frame(Path(f"{two_layers}#道路")).frame.geom_type.tolist() == ["LineString"]
    with pytest.raises(FileFormatError, match="没有图层“水系”"):
        read_frame(two_layers, layer="水系")


def test_a_file_whose_name_has_the_layer_sign_is_still_a_file(tmp_path: Path) -> None:
    path = tmp_path / "1#楼.csv"
    assert len(read_frame(points_csv(path, "a\n1\n")).frame) == 1


def test_a_missing_file_and_an_empty_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"没有文件"):
        read_frame(tmp_path / "none.gpkg")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(FileFormatError, match="是空的"):
        read_frame(tmp_path / "empty.csv")
    (tmp_path / "a.dwg").write_text("x")
    with pytest.raises(FileFormatError, match=r"支持:\.gpkg"):
        read_frame(tmp_path / "a.dwg")


# ── datums ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["gcj02", "bd09", "cgcs2000", "EPSG:4547", "cgcs2000-gk:114", "EPSG:4526"])
def test_a_stated_datum_brings_points_home(tmp_path: Path, name: str) -> None:
    there = from_wgs84(np.array([PLACE]), parse_datum(name))[0]
    path = points_csv(tmp_path / "a.csv", f"名称,x,y\n点,{there.x!r},{there.y!r}\n")
    read = read_frame(path, datum=name)
    assert read.frame.geometry[0].distance(PLACE) < 1e-8
    assert read.datum == parse_datum(name).name


def test_a_zone_prefix_in_the_eastings_is_enough(tmp_path: Path) -> None:
    there = from_wgs84(np.array([PLACE]), parse_datum("EPSG:4526"))[0]
    path = points_csv(tmp_path / "a.csv", f"x,y\n{there.x!r},{there.y!r}\n")
    assert read_frame(path, datum="cgcs2000-gk").frame.geometry[0].distance(PLACE) < 1e-8


def test_a_file_with_a_projected_crs_states_its_zone(tmp_path: Path) -> None:
    path = tmp_path / "gk.gpkg"
    frame().to_crs(4547).to_file(path, layer="a")
    for stated in (None, "cgcs2000-gk"):
        read = read_frame(path, datum=stated)
        assert read.frame.geometry.geom_equals_exact(frame().geometry, 1e-8).all()
    assert read_frame(path).datum == "EPSG:4547"


def test_the_users_word_overrules_the_file_and_is_noted(tmp_path: Path) -> None:
    shifted = from_wgs84(frame().geometry.to_numpy(), parse_datum("gcj02"))
    path = tmp_path / "gcj.gpkg"
    gpd.GeoDataFrame({"a": [1, 2]}, geometry=shifted, crs=4326).to_file(path)
    read = read_frame(path, datum="gcj02")
    assert read.frame.geometry.geom_equals_exact(frame().geometry, 1e-8).all()
    assert any("文件写的坐标基准是 WGS84" in zh for zh, _ in read.notes)


def test_geojson_states_a_datum_only_with_a_crs_member(tmp_path: Path) -> None:
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [114.05, 22.54]}}
    plain = {"type": "FeatureCollection", "features": [feature]}
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    (tmp_path / "plain.geojson").write_text(json.dumps(plain))
    (tmp_path / "stated.geojson").write_text(json.dumps({"crs": crs, **plain}))
    (tmp_path / "after.geojson").write_text(json.dumps({**plain, "crs": crs}))
    assert read_frame(tmp_path / "plain.geojson").datum is None
    assert read_frame(tmp_path / "stated.geojson").datum == "cgcs2000"
    assert read_frame(tmp_path / "after.geojson").datum == "cgcs2000"


def test_metres_without_a_datum_are_refused(tmp_path: Path) -> None:
    path = points_csv(tmp_path / "a.csv", "x,y\n512345,2500000\n")
    with pytest.raises(DatumError, match="--datum"):
        read_frame(path)


def test_a_shapefile_without_prj_states_nothing(tmp_path: Path) -> None:
    write_frame(frame(), tmp_path / "a.shp")
    (tmp_path / "a.prj").unlink()
    assert read_frame(tmp_path / "a.shp").datum is None


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_row_numbers_are_the_lines_of_the_file(tmp_path: Path) -> None:
    path = points_csv(tmp_path / "a.csv", '名称,备注\n甲,"一\n二"\n\n乙,三\n')
    read = read_frame(path)
    assert read.row_numbers.tolist() == [2, 5]
    assert not read.has_geometry
    assert read.frame.geometry.isna().all()


def test_columns_become_numbers_only_when_nothing_is_lost(tmp_path: Path) -> None:
    text = "户数,邮编,编码,长码,面积,缺\n12,018906,440307001,4403070010010000001,1.50,1\n3,518000,440307002,1,2,\n"
    types = read_frame(points_csv(tmp_path / "a.csv", text)).frame.dtypes.astype(str)
    assert types["户数"] == types["编码"] == "int64"
    assert types["面积"] == types["缺"] == "float64"
    assert types["邮编"] == types["长码"] == "object"


def test_long_codes_kept_as_integers_with_gaps_stay_exact(tmp_path: Path) -> None:
    codes = pd.array([4403070010010000001, None], dtype="Int64")
    gpd.GeoDataFrame({"code": codes}, geometry=[PLACE, PLACE], crs=4326).to_parquet(tmp_path / "a.parquet")
    assert read_frame(tmp_path / "a.parquet").frame["code"][0] == "4403070010010000001"


def test_heights_are_dropped_and_remembered(tmp_path: Path) -> None:
    solid = gpd.GeoDataFrame(geometry=[Point(114, 22, 5), Point(114, 22)], crs=4326)
    solid.to_parquet(tmp_path / "a.parquet")
    read = read_frame(tmp_path / "a.parquet")
    assert read.had_z.tolist() == [True, False]
    assert not read.frame.has_z.any()


def test_a_coordinate_that_is_no_number_is_that_rows_problem(tmp_path: Path) -> None:
    read = read_frame(
        points_csv(tmp_path / "a.csv", "名称,经度,纬度\n甲,114.05,22.54\n乙,东,22.5\n丙,114.05,nan\n丁,,\n")
    )
    assert sorted(read.problems) == [1, 2]
    assert read.problems[1].column == "经度"
    assert read.frame.geometry.isna().tolist() == [False, True, True, True]


def test_coordinate_columns_can_be_named(tmp_path: Path) -> None:
    path = points_csv(tmp_path / "a.csv", "东,北,lon,lat\n114.05,22.54,1,1\n")
    assert read_frame(path, lon="东", lat="北").frame.geometry[0].equals(Point(114.05, 22.54))
    with pytest.raises(ColumnError, match="没有坐标列“西”"):
        read_frame(path, lon="西", lat="北")


def test_swapped_columns_are_noted(tmp_path: Path) -> None:
    read = read_frame(points_csv(tmp_path / "a.csv", "经度,纬度\n22.54,114.05\n22.55,114.06\n"))
    assert any("写反" in zh for zh, _ in read.notes)


# ── there and back ───────────────────────────────────────────────────────────────────────────────────────────────────

SHAPES: dict[str, list[object]] = {
    "points": [PLACE, Point(114.1, 22.6), None],
    "areas": [
        MultiPolygon([box(114, 22, 114.1, 22.1), box(114.2, 22, 114.3, 22.1)]),
        Polygon([(114, 22), (114.3, 22), (114.3, 22.3)], [[(114.1, 22.02), (114.2, 22.05), (114.2, 22.1)]]),
        None,
    ],
}


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("a.gpkg", None),
        ("a.shp", "GBK"),
        ("a.zip", None),
        ("a.geojson", None),
        ("a.parquet", None),
        ("a.csv", None),
        ("a.csv", "GB18030"),
        ("a.xlsx", None),
    ],
)
def test_what_is_written_reads_back_the_same(tmp_path: Path, name: str, encoding: str | None, shapes: str) -> None:
    whole = gpd.GeoDataFrame(
        {
            "编码": ["4403070010010000001", "007", "x"],
            "一个特别长的中文列名": ["=1+1", "'引号", "@甲"],
            "一个特别长的中文列号": ["-2+3", "+86 755", '乙,"丙"'],
            "households_source": ["register", None, "estimated"],
            "户数": [12, 0, 300],
        },
        geometry=SHAPES[shapes],
        crs=4326,
    )
    write_frame(whole, tmp_path / name, encoding=encoding)
    back = read_frame(tmp_path / name).frame
    expected = whole.geometry.normalize()
    assert back.geometry.normalize().geom_equals_exact(expected, 1e-9).tolist() == [True, True, False]
    assert back.geometry[2] is None
    for column in whole.columns.drop("geometry"):
        assert back[column].fillna("-").tolist() == whole[column].fillna("-").tolist()


@pytest.mark.shared
def test_real_files_read(shared_data: Callable[[str], Path]) -> None:
    read = read_frame(shared_data("hk_als_addresses/hk_als.csv"))
    assert len(read.frame) == 8275
    assert read.encoding == "UTF-8"
    assert shapely.box(113.8, 22.1, 114.5, 22.6).contains(read.frame.geometry.to_numpy()).all()
