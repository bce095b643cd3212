"""Files into a real store: what is taken, what is refused, and that a second time changes nothing."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, Point, box
from sqlalchemy.orm import Session

from geo.crs import WGS84, from_wgs84, parse_datum
from geo.errors import ColumnError, DatumError, InputError, NotFoundError
from geo.exchange.geometries import same_shapes
from geo.exchange.writing import write_frame
from geo.services.importing import ImportResult, import_file, preview
from geo.storage import layers, plans
from geo.territory.nouns import NOUNS
from tests.factories import (
    COMMUNITY,
    SOUTH,
    STREET,
    WEST,
    make_building,
    make_community,
    make_compound,
    make_responsible_body,
    make_street,
    square,
)


def take(session: Session, path: Path, noun: str, **options: Any) -> ImportResult:
    return import_file(session, path, noun, **{"who": "tester", **options})


def counts(result: ImportResult) -> tuple[int, int, int, int]:
    return result.inserted, result.updated, result.unchanged, result.rejected


def kept(session: Session, noun: str) -> gpd.GeoDataFrame:
    return layers.read(session, NOUNS[noun])


def layer(path: Path, shapes: list[Any], **columns: list[Any]) -> Path:
    write_frame(gpd.GeoDataFrame(columns, geometry=shapes, crs=WGS84), path)
    return path


def towers(path: Path, count: int = 3, **columns: list[Any]) -> Path:
    default = {"楼名": [f"{i + 1}号楼" for i in range(count)], "总户数": [24] * count, "层数": [6] * count}
    return layer(path, [square(i * 2) for i in range(count)], **{**default, **columns})


# ── what is taken ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_buildings_find_their_community_their_compound_and_a_code(session: Session, tmp_path: Path) -> None:
    make_community(session)
    make_community(session, 2)
    compound = make_compound(session)
    shapes = [square(0), square(3), square(55)]
    path = layer(
        tmp_path / "楼.gpkg", shapes, 名称=["甲", "乙", "丙"], 户数=[30, 40, 50], 类型=["多层住宅", "高层住宅", None]
    )
    result = take(session, path, "building", under=STREET)
    assert counts(result) == (3, 0, 0, 0)
    rows = kept(session, "building").set_index("name")
    assert rows["code"].to_dict() == {
        "甲": f"{COMMUNITY}0000001",
        "乙": f"{COMMUNITY}0000002",
        "丙": f"{STREET}0020000001",
    }
    assert rows["kind"].to_dict() == {"甲": "walk_up", "乙": "tower", "丙": "other"}
    assert rows["compound_code"].fillna("").to_dict() == {"甲": compound, "乙": compound, "丙": ""}
    assert set(rows["households_source"]) == {"register"}


@pytest.mark.parametrize("name", ["a.gpkg", "a.csv"])
def test_the_same_file_again_changes_nothing(session: Session, tmp_path: Path, name: str) -> None:
    make_community(session)
    path = towers(tmp_path / name)
    assert counts(take(session, path, "building", under=STREET, datum="wgs84")) == (3, 0, 0, 0)
    assert counts(take(session, path, "building", under=STREET, datum="wgs84")) == (0, 0, 3, 0)


def test_rows_with_an_identifier_are_known_again_after_an_edit(session: Session, tmp_path: Path) -> None:
    make_community(session)
    take(session, towers(tmp_path / "a.gpkg", ID=["x", "y", "z"]), "building")
    before = kept(session, "building")["code"].tolist()
    edited = towers(tmp_path / "a.gpkg", 4, ID=["x", "y", "z", "w"], 总户数=[24, 99, 24, 24])
    assert counts(take(session, edited, "building")) == (1, 1, 2, 0)
    after = kept(session, "building")
    assert after["code"].tolist()[:3] == before
    assert after["households"].tolist() == [24, 99, 24, 24]


def test_a_row_that_moved_to_another_community_is_not_silently_kept(session: Session, tmp_path: Path) -> None:
    make_community(session)
    make_community(session, 2)
    take(session, layer(tmp_path / "a.gpkg", [square(0), square(2)], id=["x", "y"]), "building")
    result = take(session, layer(tmp_path / "a.gpkg", [square(55), square(2)], id=["x", "y"]), "building")
    assert counts(result) == (0, 0, 1, 1)
    assert "不在其上级" in result.rejections[0].problem.zh


def test_gcj02_is_converted_at_the_door(session: Session, tmp_path: Path) -> None:
    make_community(session)
    shapes = from_wgs84(np.array([square(0), square(2)], object), parse_datum("gcj02"))
    path = layer(tmp_path / "a.gpkg", list(shapes), 名称=["a", "b"])
    take(session, path, "building", datum="gcj02")
    shapes = kept(session, "building").geometry.to_numpy()
    assert same_shapes(shapes, np.array([square(0), square(2)], object)).all()


def test_communities_make_their_street(session: Session, tmp_path: Path) -> None:
    path = layer(tmp_path / "社区.gpkg", [square(i, 0, 0.01) for i in range(3)], 名称=["东", "中", "西"])
    result = take(session, path, "community", create_street=(STREET, "南湖街道"))
    assert counts(result) == (3, 0, 0, 0)
    street = kept(session, "street").iloc[0]
    assert street["name"] == "南湖街道"
    assert street.geometry.equals(box(WEST, SOUTH, WEST + 0.03, SOUTH + 0.01))
    assert kept(session, "community")["code"].tolist() == [f"{STREET}{i:03d}" for i in (1, 2, 3)]


def test_a_community_can_be_made_around_the_buildings(session: Session, tmp_path: Path) -> None:
    path = towers(tmp_path / "a.gpkg")
    with pytest.raises(NotFoundError, match="--create-community"):
        take(session, path, "building")
    take(session, path, "building", create_street=(STREET, "街"), create_community=(COMMUNITY, "社区"))
    area = kept(session, "community").geometry.iloc[0]
    assert all(area.contains(shape) for shape in kept(session, "building").geometry)


def test_other_nouns_find_their_place(session: Session, tmp_path: Path) -> None:
    make_community(session)
    building = make_building(session)
    take(
        session,
        layer(tmp_path / "路.gpkg", [LineString([(WEST, SOUTH), (WEST + 0.1, SOUTH)])], 类型=["支路"]),
        "barrier",
        under=STREET,
    )
    take(session, layer(tmp_path / "点.gpkg", [square(5).centroid], 类别=["公共厕所"]), "city_element")
    take(session, layer(tmp_path / "元.gpkg", [square(0).centroid], 名称=["1单元"]), "stairwell")
    (tmp_path / "户.csv").write_text(f"楼栋编码,房号,所在层\n{building},302,3\n{building},303,3\n")
    take(session, tmp_path / "户.csv", "household_unit", defaults={"kind": "home"})
    (tmp_path / "企.csv").write_text("名称,类型,电话\n安心物业,property_company,0755-123\n")
    take(session, tmp_path / "企.csv", "responsible_body", under=STREET)
    found = {
        noun: kept(session, noun)["code"].tolist()
        for noun in ("barrier", "city_element", "stairwell", "household_unit", "responsible_body")
    }
    assert found == {
        "barrier": [f"{STREET}B00001"],
        "city_element": [f"{COMMUNITY}E0001"],
        "stairwell": [f"{building}U01"],
        "household_unit": [f"{building}003002", f"{building}003003"],
        "responsible_body": [f"{STREET}R0001"],
    }


def test_missing_households_are_estimated_only_when_asked_and_marked(session: Session, tmp_path: Path) -> None:
    make_community(session)
    path = layer(tmp_path / "a.gpkg", [square(0), square(2)], 户数=[30, None], 高度=[9.0, 18.0])
    take(session, path, "building")
    assert kept(session, "building")["households"].tolist() == [30, pd.NA]
    result = take(session, path, "building", estimate_households=True)
    rows = kept(session, "building")
    assert rows["households_source"].tolist() == ["register", "estimated"]
    assert 20 < rows["households"].iloc[1] < 60  # 21 m by 22 m on six floors
    assert any("估算" in zh for zh, _ in result.notes)


def test_filter_and_defaults_choose_and_fill(session: Session, tmp_path: Path) -> None:
    make_community(session)
    path = towers(tmp_path / "a.gpkg", 住宅=["Y", "N", "Y"])
    result = take(session, path, "building", where={"住宅": "Y"}, defaults={"kind": "高层住宅"})
    assert counts(result) == (2, 0, 0, 0)
    assert set(kept(session, "building")["kind"]) == {"tower"}
    with pytest.raises(InputError, match="没有“住宅”等于“X”的行"):
        take(session, path, "building", where={"住宅": "X"})


def test_the_preview_shows_columns_and_writes_nothing(session: Session, tmp_path: Path) -> None:
    seen = preview(towers(tmp_path / "a.gpkg"), "building", mapping={"name": "楼名"})
    assert seen.rows == 3
    assert seen.datum == "wgs84"
    assert seen.columns.columns == {"name": "楼名", "households": "总户数", "floors": "层数"}
    assert seen.sample["楼名"].tolist() == ["1号楼", "2号楼", "3号楼"]
    assert kept(session, "building").empty


# ── old grids ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_departments_grids_become_its_plan_and_only_once(session: Session, tmp_path: Path) -> None:
    make_community(session)
    make_community(session, 2)
    shapes = [box(WEST, SOUTH, WEST + 0.004, SOUTH + 0.01), box(WEST + 0.004, SOUTH, WEST + 0.012, SOUTH + 0.01)]
    overlapping = box(WEST + 0.011, SOUTH, WEST + 0.02, SOUTH + 0.01)
    path = layer(tmp_path / "综治.gpkg", [*shapes, overlapping], 名称=["一", "二", "三"], 户数=[400, 500, 10])
    result = take(session, path, "grid", under=STREET, department="综治", adopt=True)
    assert counts(result) == (2, 0, 0, 1)
    assert "重叠" in result.rejections[0].problem.zh
    plan = plans.read_plan(session, result.plan_ids[0])
    assert (plan.state, plan.department, plan.scope_code) == ("adopted", "综治", STREET)
    grids = plans.read_grids(session, plan.id).set_index("name")
    assert grids["community_code"].to_dict() == {"一": COMMUNITY, "二": COMMUNITY}
    assert sorted(grids["code"]) == [f"{COMMUNITY}001", f"{COMMUNITY}002"]
    again = take(session, path, "grid", under=STREET, department="综治")
    assert counts(again) == (0, 0, 2, 1)
    assert again.plan_ids == []
    with pytest.raises(ColumnError, match="--department"):
        take(session, path, "grid", under=STREET)


# ── what is refused ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_coordinates_without_a_datum_are_refused_with_the_choices(session: Session, tmp_path: Path, name: str) -> None:
    make_community(session)
    with pytest.raises(DatumError, match=r"gcj02.*bd09"):
        take(session, towers(tmp_path / name), "building")


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_shifted_file_is_refused_as_a_whole(session: Session, tmp_path: Path, datum: str) -> None:
    make_community(session)
    shapes = from_wgs84(np.array([square(i, i) for i in range(20)], object), parse_datum(datum))
    path = layer(tmp_path / "a.gpkg", list(shapes), 名称=[str(i) for i in range(20)])
    with pytest.raises(DatumError, match=f"--datum {datum}"):
        take(session, path, "building")
    assert kept(session, "building").empty


def test_every_bad_row_is_reported_and_the_good_ones_are_taken(session: Session, tmp_path: Path) -> None:
    make_community(session)
    make_responsible_body(session)
    good = square(0)
    bow_tie = shapely.Polygon(
        [(WEST, SOUTH), (WEST + 0.001, SOUTH + 0.001), (WEST + 0.001, SOUTH), (WEST, SOUTH + 0.001)]
    )
    rows: list[tuple[Any, ...]] = [
        ("好", COMMUNITY, "12", good),
        ("几何无效", COMMUNITY, "12", bow_tie),
        ("没有几何", COMMUNITY, "12", None),
        ("国外", COMMUNITY, "12", Point(103.8, 1.3)),
        ("公式", COMMUNITY, "=1+1", square(2)),
        ("文字", COMMUNITY, "十二", square(4)),
        ("负数", COMMUNITY, "-3", square(6)),
        ("外边", COMMUNITY, "12", square(500)),
        ("无此社区", f"{STREET}009", "12", square(8)),
        ("坏编码", "12345", "12", square(10)),
        ("线", COMMUNITY, "12", LineString([(WEST, SOUTH), (WEST + 0.001, SOUTH)])),
        ("反\u202e向", COMMUNITY, "12", square(12)),
    ]
    wkt = [shape.wkt if shape is not None else "" for *_, shape in rows]
    with (tmp_path / "a.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(
            [("名称", "社区编码", "户数", "geometry"), *((*row[:3], text) for row, text in zip(rows, wkt, strict=True))]
        )
    report = tmp_path / "rejected.csv"
    result = take(session, tmp_path / "a.csv", "building", datum="wgs84", report_path=report)
    assert counts(result) == (1, 0, 0, len(rows) - 1)
    with report.open(encoding="utf-8-sig", newline="") as stream:
        told = list(csv.DictReader(stream))
    assert [int(line["行号 row"]) for line in told] == list(range(3, len(rows) + 2))
    assert all(line["原因"] and line["怎么改"] and line["reason"] and line["fix"] for line in told)
    assert next(line for line in told if line["行号 row"] == "6")["值 value"] == "'=1+1"
    words = [
        "自相交",
        "没有几何",
        "中国以外",
        "公式",
        "整数",
        "超出",
        "不在",
        "没有社区",
        "12 位",
        "LineString",
        "方向",
    ]
    assert [word for word, line in zip(words, told, strict=True) if word not in line["原因"]] == []


def test_codes_twice_and_unknown_parents_are_rejected(session: Session, tmp_path: Path) -> None:
    make_community(session)
    codes = [f"{COMMUNITY}0000001", f"{COMMUNITY}0000001", f"{COMMUNITY}0000002", f"{STREET}0090000001"]
    path = layer(
        tmp_path / "a.gpkg", [square(i) for i in range(4)], 编码=codes, 小区编码=[None, None, f"{COMMUNITY}X009", None]
    )
    result = take(session, path, "building")
    assert counts(result) == (1, 0, 0, 3)
    told = {found.row_number: found.problem.zh for found in result.rejections}
    assert "重复" in told[2]
    assert "没有住宅小区" in told[3]
    assert "社区" in told[4]


def test_when_no_row_is_good_nothing_is_written_but_the_report(session: Session, tmp_path: Path) -> None:
    path = layer(tmp_path / "a.gpkg", [Point(103.8, 1.3)], 名称=["a"])
    with pytest.raises(InputError, match="没有一行可以导入"):
        take(session, path, "building", create_street=(STREET, "街"), report_path=tmp_path / "r.xlsx")
    assert (tmp_path / "r.xlsx").exists()
    assert kept(session, "street").empty


def test_a_required_value_nobody_gives_is_named(session: Session, tmp_path: Path) -> None:
    make_street(session)
    path = layer(tmp_path / "a.gpkg", [square(0, 0, 0.01)], 面积=[1])
    with pytest.raises(InputError, match="缺少名称"):
        take(session, path, "community", under=STREET)


def test_unknown_nouns_and_extents_are_refused(session: Session, tmp_path: Path) -> None:
    path = towers(tmp_path / "a.gpkg")
    with pytest.raises(InputError, match="castle"):
        take(session, path, "castle")
    with pytest.raises(InputError, match="mars"):
        take(session, path, "building", extent="mars")


# ── real data ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.shared
def test_toa_payoh_is_imported(session: Session, shared_data: Callable[[str], Path]) -> None:
    file = shared_data("sg_hdb_blocks/hdb_blocks.gpkg")
    abroad = {"extent": "world", "under": "990001001"}
    take(
        session,
        Path(f"{file}#subzones_mp14"),
        "community",
        create_street=("990001001", "新加坡"),
        mapping={"name": "Subzone_Name"},
        **abroad,
    )
    only = {"residential": "Y", "bldg_contract_town": "TP"}
    assert counts(take(session, Path(f"{file}#blocks"), "building", where=only, **abroad)) == (293, 0, 0, 0)
    assert kept(session, "building")["households"].sum() == 36426
    assert counts(take(session, Path(f"{file}#blocks"), "building", where=only, **abroad)) == (0, 0, 293, 0)


@pytest.mark.shared
def test_suzhou_is_imported_with_estimated_households(session: Session, shared_data: Callable[[str], Path]) -> None:
    made = {"create_street": ("320508001", "平江街道"), "create_community": ("320508001001", "古城社区")}
    file = shared_data("cn_suzhou_buildings/suzhou.gpkg")
    result = take(session, file, "building", estimate_households=True, **made)
    assert counts(result) == (3076, 0, 0, 0)
    assert set(kept(session, "building")["households_source"]) == {"estimated"}


def test_the_preview_says_which_columns_are_coordinates(tmp_path: Path) -> None:
    file = tmp_path / "登记表.csv"
    file.write_text("楼栋名称,经度,纬度,备注\n1栋,114.12,22.53,无\n", encoding="utf-8")
    seen = preview(file, "building", datum="wgs84")
    assert seen.columns.unused == ["备注"]
    assert any("经度、纬度" in zh for zh, _ in seen.notes)
