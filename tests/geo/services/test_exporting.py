"""Out of the store and in again: the same things, in every format and datum."""

import json
import zipfile
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import openpyxl
import pyogrio
import pytest
from pyarrow import parquet
from shapely import LineString, MultiPolygon, Polygon
from sqlalchemy.orm import Session

from geo.errors import InputError, NotFoundError
from geo.exchange.geometries import same_shapes
from geo.exchange.reading import read_frame
from geo.exchange.stamps import stamp_now
from geo.services.exporting import export
from geo.services.importing import import_file
from geo.storage import events, layers
from geo.territory.nouns import NOUNS
from geo.territory.times import CHINA_TIME
from tests.factories import (
    COMMUNITY,
    STREET,
    make_barrier,
    make_building,
    make_city_element,
    make_community,
    make_compound,
    make_grid_staff,
    make_household_unit,
    make_place,
    make_plan,
    make_responsible_body,
    make_stairwell,
    square,
)

HOLED = Polygon(square(0).exterior, [square(0).buffer(-0.00005).exterior])


def lay(session: Session) -> None:
    """One of everything, with the awkward ones: a hole, two parts, a point, missing values, a formula for a name."""
    make_community(session)
    make_community(session, 2)
    body = make_responsible_body(session, name="-安心物业")
    make_compound(session, responsible_body_code=body)
    make_barrier(session, geometry=LineString([(114.11, 22.60), (114.10, 22.61), (114.12, 22.601)]), name="湖贝路")
    building = make_building(session, geometry=HOLED, name="一号楼,东", address="南湖路1号")
    make_building(session, 2, geometry=MultiPolygon([square(1), square(3)]), households=None, floors=None)
    make_building(session, 3, geometry=square(5).centroid, kind="tower")
    make_building(session, 1, community_code=f"{STREET}002")
    stairwell = make_stairwell(session, building)
    make_household_unit(session, building, stairwell_code=stairwell)
    make_place(session, building_code=building)
    make_city_element(session, responsible_body_code=body)
    make_grid_staff(session)


@pytest.fixture
def town(on_laid: Session) -> Session:
    return on_laid


SPATIAL = ["street", "community", "compound", "barrier", "building", "place", "city_element"]
TABLES = ["responsible_body", "household_unit"]


def taken_back(session: Session, path: Path, noun: str, datum: str) -> tuple[int, int, int, int]:
    result = import_file(session, path, noun, datum=datum, who="tester")
    return result.inserted, result.updated, result.unchanged, result.rejected


@pytest.mark.parametrize("name", ["a.gpkg", "a.geojson", "a.parquet", "a.csv", "a.xlsx", "a.shp"])
def test_an_export_read_back_changes_nothing(town: Session, tmp_path: Path, name: str) -> None:
    nouns = [*SPATIAL, *TABLES] if name in ("a.gpkg", "a.csv", "a.xlsx") else ["building", "barrier"]
    written = export(town, nouns, tmp_path / name, who="li")
    for noun in nouns:
        if len(written) == 1:
            files = [Path(f"{written[0]}#{noun}")]
        else:
            files = [path for path in written if f".{noun}" in path.name and path.suffix == Path(name).suffix]
        counts = [taken_back(town, file, noun, "wgs84") for file in files]
        assert [sum(column) for column in zip(*counts, strict=True)] == [0, 0, layers.count(town, NOUNS[noun]), 0], noun


@pytest.mark.parametrize("datum", ["gcj02", "bd09", "cgcs2000", "cgcs2000-gk", "EPSG:4526"])
def test_any_datum_comes_back_to_the_same_place(town: Session, tmp_path: Path, datum: str) -> None:
    (path,) = export(town, ["building"], tmp_path / "a.gpkg", datum=datum, who="li")
    read = read_frame(path)
    assert read.datum is not None
    before = layers.read(town, NOUNS["building"])
    assert same_shapes(read.frame.geometry.to_numpy(), before.geometry.to_numpy()).all()
    assert taken_back(town, path, "building", datum) == (0, 0, 4, 0)


def test_encrypted_degrees_claim_no_crs(town: Session, tmp_path: Path) -> None:
    written = export(town, ["building"], tmp_path / "a.shp", datum="gcj02", who="li")
    path = next(path for path in written if path.suffix == ".shp")
    assert not path.with_suffix(".prj").exists()
    (path,) = export(town, ["building"], tmp_path / "a.geojson", datum="gcj02", who="li")
    assert read_frame(path).datum is None


def test_a_scope_takes_what_belongs_to_it(town: Session, tmp_path: Path) -> None:
    (path,) = export(town, ["building"], tmp_path / "a.csv", scope=COMMUNITY, who="li")
    assert read_frame(path).frame["community_code"].astype(str).unique().tolist() == [COMMUNITY]
    with pytest.raises(NotFoundError):
        export(town, ["building"], tmp_path / "b.csv", scope="没有的街道", who="li")


def test_people_leave_only_when_asked(town: Session, tmp_path: Path) -> None:
    (path,) = export(town, ["grid_staff"], tmp_path / "a.csv", who="li")
    assert "name" not in read_frame(path).frame
    (path,) = export(town, ["grid_staff"], tmp_path / "a.csv", personal=True, who="li")
    assert read_frame(path).frame["name"].tolist() == ["网格员1"]


def test_grids_are_those_of_the_plan(town: Session, tmp_path: Path) -> None:
    plan = make_plan(town)
    (path,) = export(town, ["grid"], tmp_path / "a.gpkg", plan_id=plan, who="li")
    frame = read_frame(path).frame
    assert len(frame) == 2
    assert isinstance(frame, gpd.GeoDataFrame)
    with pytest.raises(InputError, match="--plan"):
        export(town, ["grid"], tmp_path / "a.gpkg", who="li")


def stamp_of(path: Path) -> str:
    """Read a file's stamp with the plainest tool there is for its format."""
    if path.suffix == ".gpkg":
        return str(pyogrio.read_info(path)["layer_metadata"]["STAMP"])
    if path.suffix == ".geojson":
        return str(json.loads(path.read_text(encoding="utf-8"))["description"])
    if path.suffix == ".parquet":
        return parquet.read_schema(path).metadata[b"stamp"].decode()
    if path.suffix == ".csv":
        return path.read_text(encoding="utf-8-sig").splitlines()[0].rstrip(",")
    if path.suffix == ".xlsx":
        return str(openpyxl.load_workbook(path).active["A1"].value)
    return str(ElementTree.parse(path.with_name(f"{path.name}.xml")).getroot().findtext(".//abstract"))


@pytest.mark.parametrize("name", ["a.gpkg", "a.geojson", "a.parquet", "a.csv", "a.xlsx", "a.shp"])
def test_every_file_says_who_took_it_and_what_of(town: Session, tmp_path: Path, name: str) -> None:
    plan = make_plan(town, name="<b>&第一稿")
    written = export(town, ["grid"], tmp_path / name, scope=COMMUNITY, plan_id=plan, who="li=")
    path = next(path for path in written if path.suffix == Path(name).suffix and "cell" not in path.name)
    stamp = stamp_of(path)
    for said in ("li=", COMMUNITY, "第1社区", f"{plan} <b>&第一稿", f"{datetime.now(CHINA_TIME):%Y-%m-%d}"):
        assert said in stamp


def test_stamped_shapefiles_travel_in_their_zip(town: Session, tmp_path: Path) -> None:
    (path,) = export(town, ["building"], tmp_path / "a.zip", who="li")
    names = zipfile.ZipFile(path).namelist()
    assert sum(name.endswith(".shp.xml") for name in names) == sum(name.endswith(".shp") for name in names) > 0
    read = [read_frame(Path(f"{path}#{name[:-4]}")) for name in names if name.endswith(".shp")]
    assert sum(len(each.frame) for each in read) == layers.count(town, NOUNS["building"])


def test_a_stamp_is_one_line_whatever_names_hold() -> None:
    line = stamp_now("li\n=1+1", scope="街\r道" * 90, plan="\u202eabc").line
    assert len(line.splitlines()) == 1
    assert line.startswith("网格")
    assert line.isprintable()
    assert len(line) < 300


def test_what_leaves_is_on_record(town: Session, tmp_path: Path) -> None:
    export(town, ["household_unit", "grid_staff"], tmp_path / "a.xlsx", scope=STREET, personal=True, who="li")
    found = [(e.who, e.what, e.noun, e.code, e.after) for e in events.read(town, limit=1)]
    assert found == [("li", "exported", "household_unit", STREET, {"rows": 1, "personal": True})]


def test_nothing_to_write_is_said(session: Session, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="没有数据"):
        export(session, ["building"], tmp_path / "a.gpkg", who="li")
    with pytest.raises(InputError, match="castle"):
        export(session, ["castle"], tmp_path / "a.gpkg", who="li")
