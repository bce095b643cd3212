"""Columns guessed, cells read, shapes mended or refused: without files and without a store."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box

from geo.crs import WGS84, from_wgs84, parse_datum
from geo.errors import ColumnError, DatumError
from geo.exchange.columns import guess_columns
from geo.exchange.geometries import check_geometries, same_shapes
from geo.exchange.intake import take_in
from geo.exchange.numbering import number_rows, number_units, source_keys
from geo.exchange.placing import check_parents, largest_share, place_in, refuse_shifted
from geo.exchange.reading import FrameRead
from geo.exchange.rejections import Checklist
from geo.exchange.values import parse_value
from geo.territory.nouns import BARRIER, BUILDING, COMMUNITY, NOUNS

HERE = box(114.05, 22.54, 114.0502, 22.5402)


def read_of(shapes: list[object], **columns: list[object]) -> FrameRead:
    frame = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapes, crs=WGS84), crs=WGS84)
    had_z = np.zeros(len(shapes), bool)
    return FrameRead(frame, None, None, "wgs84", [], np.arange(2, len(shapes) + 2), had_z)


def checked(shapes: list[object], noun: str = "building", *, china_only: bool = True) -> tuple[list[object], Checklist]:
    read = read_of(shapes)
    checklist = Checklist(read.row_numbers)
    return check_geometries(read, NOUNS[noun], checklist, china_only=china_only).tolist(), checklist


# ── columns ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_headings_are_matched_by_any_known_name() -> None:
    frame = pd.DataFrame(
        {"楼栋名称": ["甲"], "ＮＢ＿ＬＯＧＴＳ": [3], "总 层 数": [7], "详细地址": ["路"], "类型": ["多层住宅"]}
    )
    found = guess_columns(frame, BUILDING)
    assert found.columns["name"] == "楼栋名称"
    assert found.columns["households"] == "ＮＢ＿ＬＯＧＴＳ"
    assert found.columns["floors"] == "总 层 数"
    assert found.columns["kind"] == "类型"
    assert found.confidence["name"] > found.confidence["floors"]


def test_two_equal_candidates_are_shown() -> None:
    found = guess_columns(pd.DataFrame({"总户数": [1], "hs": [2]}), BUILDING)
    assert set(found.ambiguous["households"]) == {"总户数", "hs"}
    assert found.columns["households"] == found.ambiguous["households"][0]
    unclear = guess_columns(pd.DataFrame({"Subzone_Name": ["a"], "Region_Name": ["b"]}), COMMUNITY)
    assert "name" not in unclear.columns
    assert unclear.ambiguous["name"] == ["Subzone_Name", "Region_Name"]


def test_a_heading_whose_values_do_not_fit_is_left_out_with_the_reason() -> None:
    found = guess_columns(pd.DataFrame({"kind": ["highway"] * 9, "编码": ["A1"] * 9}), BUILDING)
    assert "kind" not in found.columns
    assert "highway" in found.doubtful["kind"][1]
    assert "code" not in found.columns


def test_the_users_mapping_wins_and_is_checked() -> None:
    frame = pd.DataFrame({"总户数": [1], "登记户": [2]})
    assert guess_columns(frame, BUILDING, {"households": "登记户"}).columns["households"] == "登记户"
    assert "households" not in guess_columns(frame, BUILDING, {"households": ""}).columns
    with pytest.raises(ColumnError, match="没有“户”列"):
        guess_columns(frame, BUILDING, {"households": "户"})
    with pytest.raises(ColumnError, match="没有“heads”列"):
        guess_columns(frame, BUILDING, {"heads": "总户数"})


def test_only_a_column_that_differs_in_every_row_identifies_rows() -> None:
    assert guess_columns(pd.DataFrame({"OBJECTID": [1, 2], "id": [1, 1]}), BUILDING).key == "OBJECTID"
    assert guess_columns(pd.DataFrame({"id": [1, 1]}), BUILDING).key is None
    assert guess_columns(pd.DataFrame({"id": [1, None]}), BUILDING).key is None


# ── cells ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("households", " １２ ", 12),
        ("households", "1,234", 1234),
        ("households", 30.0, 30),
        ("households", "", None),
        ("households", float("nan"), None),
        ("kind", "高层住宅", "tower"),
        ("kind", "WALK-UP", "walk_up"),
        ("name", " 翠竹\u200b苑 \n 一期", "翠竹苑 一期"),
        ("name", "-", "-"),
        ("name", "-1层(地下室)", "-1层(地下室)"),
    ],
)
def test_a_cell_is_read(column: str, cell: object, value: object) -> None:
    assert parse_value(BUILDING.column(column), cell) == (value, None)


@pytest.mark.parametrize(
    ("column", "cell", "why"),
    [
        ("households", "很多", "整数"),
        ("households", "12.5", "整数"),
        ("households", -1, "超出"),
        ("households", 99999, "超出"),
        ("floors", "9" * 60, "超出"),
        ("kind", "城堡", "字典"),
        ("name", "=HYPERLINK(1)", "公式"),
        ("name", "@SUM(A1)", "公式"),
        ("name", "+cmd|'/C calc'!A0", "公式"),
        ("name", "a\u202eb", "方向"),
        ("name", "a\x07b", "控制"),
        ("name", "\ud800", "控制"),
        ("name", "长" * 201, "201"),
        ("code", "123", "19 位"),
        ("community_code", "880307001001", "省级"),
    ],
)
def test_a_cell_is_refused_with_its_reason(column: str, cell: object, why: str) -> None:
    value, found = parse_value(BUILDING.column(column), cell)
    assert value is None
    assert found is not None
    assert why in found.zh
    assert found.fix_zh
    assert found.en


def test_dates_are_read_as_written_in_china() -> None:
    since = NOUNS["grid_staff"].column("since")
    assert str(parse_value(since, "2026年1月31日")[0]) == "2026-01-31"
    assert str(parse_value(since, "2026/01/31 00:00:00")[0]) == "2026-01-31"
    assert parse_value(since, "2026-02-30")[1] is not None


# ── shapes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_missing_empty_and_not_finite_shapes_are_rejected() -> None:
    with np.errstate(invalid="ignore"):
        torn = Polygon([(114, 22), (114, np.nan), (114.1, 22)])
    broken = [None, Polygon(), Point(np.nan, 22), Point(114, np.inf), torn]
    shapes, checklist = checked([*broken, HERE])
    assert checklist.good.tolist() == [False] * 5 + [True]
    assert [found.row_number for found in checklist.rejections] == [2, 3, 4, 5, 6]
    assert shapes[:5] == [None] * 5


def test_what_lies_abroad_is_rejected_unless_the_world_is_allowed() -> None:
    singapore = Point(103.8, 1.3)
    assert not checked([singapore, HERE])[1].good[0]
    assert checked([singapore], china_only=False)[1].good[0]
    assert not checked([Point(181, 1)], china_only=False)[1].good[0]


def test_swapped_degrees_are_recognised() -> None:
    _, checklist = checked([Point(22.54, 114.05), Point(31.2, 121.4), Point(103.8, 1.3), HERE])
    assert ["写反" in found.problem.zh for found in checklist.rejections] == [True, True, False]


def test_a_bow_tie_is_rejected_and_a_spike_is_mended() -> None:
    bow_tie = Polygon([(114, 22), (114.001, 22.001), (114.001, 22), (114, 22.001)])
    spike = Polygon([(114, 22), (114.001, 22), (114.001, 22.001), (114.002, 22.002), (114.001, 22.001), (114, 22.001)])
    shapes, checklist = checked([bow_tie, spike])
    assert checklist.good.tolist() == [False, True]
    assert "自相交" in checklist.rejections[0].problem.zh
    assert shapely.is_valid(shapes[1])
    assert shapes[1].geom_type == "Polygon"
    assert any("修复了 1 个" in zh for zh, _ in checklist.notes)


def test_types_are_fitted_where_nothing_is_lost() -> None:
    shapes, checklist = checked(
        [MultiPolygon([HERE]), GeometryCollection([HERE]), LineString([(114, 22), (114.1, 22)])]
    )
    assert [shape and shape.geom_type for shape in shapes] == ["Polygon", "Polygon", None]
    assert checklist.good.tolist() == [True, True, False]
    lines, checklist = checked([HERE, Point(114, 22)], "barrier")
    assert lines[0].geom_type == "LineString"
    assert checklist.good.tolist() == [True, False]


def test_one_shape_is_known_again_however_it_is_written() -> None:
    ring = list(HERE.exterior.coords)
    turned = Polygon(ring[2:] + ring[1:3])
    shapes = np.array([HERE, HERE, None], object)
    others = np.array([MultiPolygon([turned]), shapely.transform(HERE, lambda xy: xy + 1e-6), None], object)
    assert same_shapes(shapes, others)[:2].tolist() == [True, False]


# ── belonging ────────────────────────────────────────────────────────────────────────────────────────────────────────

AREAS = gpd.GeoDataFrame(
    {"code": ["440307001001", "440307001002"]},
    geometry=[box(114.05, 22.54, 114.055, 22.545), box(114.055, 22.54, 114.06, 22.545)],
    crs=WGS84,
)
SPREAD = shapely.points(np.random.default_rng(3).uniform((114.0505, 22.5405), (114.0595, 22.5445), (200, 2)))


@pytest.mark.parametrize("name", ["gcj02", "bd09"])
def test_a_shifted_file_is_refused_and_its_datum_named(name: str) -> None:
    shifted = from_wgs84(SPREAD, parse_datum(name))
    with pytest.raises(DatumError, match=f"--datum {name}"):
        refuse_shifted(shifted, AREAS, "wgs84")


def test_a_file_in_place_or_simply_elsewhere_is_not_called_shifted() -> None:
    refuse_shifted(SPREAD, AREAS, "wgs84")
    refuse_shifted(shapely.transform(SPREAD, lambda xy: xy + 0.5), AREAS, "wgs84")


def test_points_are_placed_and_strangers_are_not() -> None:
    points = shapely.points([[114.051, 22.541], [114.058, 22.541], [115, 22.5]])
    assert place_in(np.append(points, None), AREAS).tolist() == ["440307001001", "440307001002", None, None]


def test_a_row_outside_the_parent_it_names_is_rejected() -> None:
    inside, outside = Point(114.052, 22.541), Point(114.058, 22.541)
    frame = gpd.GeoDataFrame(
        {"community_code": ["440307001001", "440307001001", None]}, geometry=[inside, outside, outside], crs=WGS84
    )
    checklist = Checklist(np.arange(3))
    check_parents(frame, AREAS, "community_code", checklist)
    assert checklist.good.tolist() == [True, False, True]


def test_a_grid_across_communities_goes_where_most_of_it_lies() -> None:
    across = box(114.053, 22.541, 114.058, 22.542)
    frame = gpd.GeoDataFrame(geometry=[across, box(115, 22, 115.1, 22.1)], crs=WGS84)
    assert largest_share(frame, AREAS).tolist() == ["440307001002", None]


# ── codes and keys ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_numbers_follow_the_highest_taken_in_the_order_of_rows() -> None:
    parents = np.array(["440307001001", None, "440307001002", "440307001001"], object)
    taken = {"440307001001": ["4403070010010000007"], "440307001002": []}
    codes = number_rows("building", parents, lambda parent: taken[parent], Checklist(np.arange(4)))
    assert codes.tolist() == ["4403070010010000008", None, "4403070010020000001", "4403070010010000009"]


def test_a_row_for_which_no_number_is_left_is_rejected() -> None:
    checklist = Checklist(np.arange(2))
    parents = np.array(["440307001001"] * 2, object)
    codes = number_rows("compound", parents, lambda _: ["440307001001X998"], checklist)
    assert codes.tolist() == ["440307001001X999", None]
    assert checklist.good.tolist() == [True, False]


def test_household_units_are_numbered_by_floor_and_door() -> None:
    building = "4403070010010000001"
    frame = pd.DataFrame(
        {"building_code": [building] * 4, "floor": [12, None, 12, -1], "room": ["1203", "302", "A1203", "B1"]}
    )
    codes = number_units(frame, np.ones(4, bool), set())
    assert codes.tolist() == [building + tail for tail in ("012003", "003002", "012004", "101001")]


def test_a_content_key_knows_a_row_again_and_tells_rows_apart() -> None:
    frame = gpd.GeoDataFrame({"b": [1, 1], "a": ["x", "y"]}, geometry=[HERE, HERE], crs=WGS84)
    again = gpd.GeoDataFrame({"a": ["x", "y"], "b": [1.0, 1.0]}, geometry=[HERE, HERE], crs=WGS84)
    assert source_keys(frame, None) == source_keys(again, None)
    assert len(set(source_keys(frame, None))) == 2
    assert source_keys(frame, "a") == ["x", "y"]


def test_duplicates_and_bad_defaults_are_caught() -> None:
    code = "4403070010010000001"
    read = read_of([HERE, HERE, HERE], code=[code, code, None], name=["a", "b", "c"])
    intake = take_in(read, BUILDING, "s", mapping=None, key=None, defaults={}, china_only=True)
    assert intake.good.tolist() == [True, False, True]
    assert "第 2 行重复" in intake.checklist.rejections[0].problem.zh
    assert any("几何与其他行完全相同" in zh for zh, _ in intake.checklist.notes)
    with pytest.raises(ColumnError, match="castle"):
        take_in(read, BUILDING, "s", mapping=None, key=None, defaults={"kind": "castle"}, china_only=True)


def test_the_very_same_row_twice_is_rejected_once() -> None:
    read = read_of([HERE, HERE], name=["a", "a"])
    intake = take_in(read, BUILDING, "s", mapping=None, key=None, defaults={}, china_only=True)
    assert intake.good.tolist() == [True, False]


def test_a_kind_without_other_must_be_given() -> None:
    read = read_of([LineString([(114, 22), (114.1, 22)])])
    intake = take_in(read, BARRIER, "s", mapping=None, key=None, defaults={}, china_only=True)
    assert intake.frame["kind"].isna().all()
    stated = take_in(read, BARRIER, "s", mapping=None, key=None, defaults={"kind": "河流"}, china_only=True)
    assert stated.frame["kind"].tolist() == ["river"]
