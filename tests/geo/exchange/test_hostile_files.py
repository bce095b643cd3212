"""Files that would read other files, break the parser, fill the disk, or run in a spreadsheet."""

import struct
import time
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from shapely import Point

from geo.errors import FileFormatError
from geo.exchange import parsing
from geo.exchange.formats import MAX_RATIO, check_zip
from geo.exchange.reading import read_frame
from geo.exchange.wkb import too_deep, too_deep_text
from geo.exchange.writing import write_frame

SECRET = "a,b\n1,topsecret\n"
NESTED = struct.pack("<BII", 1, 7, 1)


def vrt(target: Path) -> str:
    return (
        f'<OGRVRTDataSource><OGRVRTLayer name="{target.stem}"><SrcDataSource>{target}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )


def deep_collection(depth: int) -> bytes:
    return NESTED * depth + shapely.to_wkb(Point(114, 22), byte_order=1)


def wkb_parquet(path: Path, rows: list[bytes]) -> Path:
    geo = (
        b'{"version":"1.0.0","primary_column":"geometry","columns":{"geometry":{"encoding":"WKB","geometry_types":[]}}}'
    )
    table = pa.table({"name": [str(i) for i in range(len(rows))], "geometry": rows})
    pq.write_table(table.replace_schema_metadata({"geo": geo}), path)
    return path


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".geojson", ".json", ".parquet", ".csv", ".xlsx", ".xls", ".zip"])
def test_a_vrt_in_disguise_is_refused(tmp_path: Path, suffix: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text(SECRET)
    disguise = tmp_path / f"layer{suffix}"
    disguise.write_text(vrt(secret))
    with pytest.raises(FileFormatError) as refused:
        read_frame(disguise)
    assert "topsecret" not in str(refused.value)


def test_the_parser_itself_opens_no_vrt(tmp_path: Path) -> None:
    # Even when the check of the first bytes is gone round: the driver is not there.
    secret = tmp_path / "secret.csv"
    secret.write_text(SECRET)
    disguise = tmp_path / "layer.geojson"
    disguise.write_text(vrt(secret))
    with pytest.raises(FileFormatError, match="无法读取"):
        parsing.parse(disguise, "gdal", driver="GeoJSON")


def test_a_vrt_zipped_as_a_shapefile_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for suffix in ("shp", "shx", "dbf"):
            archive.writestr(f"a.{suffix}", vrt(tmp_path / "secret.csv") + " " * 100)
    with pytest.raises(FileFormatError):
        read_frame(tmp_path / "a.zip")


@pytest.mark.parametrize(
    "path",
    [
        "/vsicurl/http://127.0.0.1/a.gpkg",
        "/vsizip/a.zip/b.shp",
        "http://127.0.0.1/a.geojson",
        "zip://a.zip",
        "PG:dbname=wangge",
        "CSV:/etc/passwd",
        "<OGRVRTDataSource/>",
        "\\vsimem\\a",
        "a\n.gpkg",
    ],
)
def test_only_plain_paths_are_taken(path: str) -> None:
    with pytest.raises(FileFormatError, match="本机"):
        read_frame(Path(path))


def test_a_file_of_another_kind_is_refused_by_its_first_bytes(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[Point(114, 22)], crs=4326)
    write_frame(frame, tmp_path / "a.gpkg")
    (tmp_path / "a.csv").write_bytes((tmp_path / "a.gpkg").read_bytes())
    with pytest.raises(FileFormatError, match=r"不是 \.csv 格式"):
        read_frame(tmp_path / "a.csv")


# ── nesting ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_deeply_nested_collection_rejects_its_row_only(tmp_path: Path) -> None:
    rows = [shapely.to_wkb(Point(114, 22)), deep_collection(12000), deep_collection(2)]
    read = read_frame(wkb_parquet(tmp_path / "a.parquet", rows))
    assert list(read.problems) == [1]
    assert read.frame.geometry.isna().tolist() == [False, True, False]


def test_nesting_is_found_behind_any_members_and_in_both_byte_orders() -> None:
    polygon = shapely.to_wkb(shapely.box(0, 0, 1, 1), byte_order=1)
    multi = shapely.to_wkb(shapely.from_wkt("MULTILINESTRING Z ((0 0 1, 1 1 1), (2 2 2, 3 3 3))"), byte_order=0)
    empty = shapely.to_wkb(shapely.from_wkt("GEOMETRYCOLLECTION EMPTY"), byte_order=1)
    late = struct.pack("<BII", 1, 7, 4) + polygon + multi + empty + deep_collection(12000)
    assert too_deep(late)
    assert too_deep(struct.pack(">BII", 0, 7, 1) + struct.pack(">BII", 0, 1007, 1) + deep_collection(5000))
    assert not too_deep(struct.pack("<BII", 1, 7, 3) + polygon + multi + empty)
    assert not too_deep(shapely.to_wkb(shapely.from_wkt("GEOMETRYCOLLECTION(POINT(1 1), MULTIPOINT(1 1, 2 2))")))
    assert too_deep(NESTED + b"\x01\x03")  # cut off


def test_random_collections_are_walked_like_shapely_walks_them() -> None:
    rng = np.random.default_rng(7)
    leaves = [Point(1, 2), shapely.box(0, 0, 1, 1), shapely.LineString([(0, 0), (1, 1), (2, 0)]), shapely.Polygon()]
    for _ in range(200):
        depth = int(rng.integers(1, 4))
        shape = leaves[rng.integers(len(leaves))]
        for _ in range(depth):
            members = [leaves[i] for i in rng.integers(len(leaves), size=int(rng.integers(0, 3)))]
            shape = shapely.GeometryCollection([*members, shape])
        assert not too_deep(shapely.to_wkb(shape, output_dimension=3, byte_order=int(rng.integers(2))))


def test_nested_text_is_found_before_it_is_parsed(tmp_path: Path) -> None:
    deep = "GEOMETRYCOLLECTION(" * 5000 + "POINT(1 1)" + ")" * 5000
    assert too_deep_text(deep)
    assert not too_deep_text("MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)),((5 5, 6 5, 6 6, 5 5)))")
    (tmp_path / "a.csv").write_text(f'name,wkt\na,"POINT(114 22)"\nc,"POINT(114 22)"\nb,"{deep}"\n')
    assert list(read_frame(tmp_path / "a.csv").problems) == [2]


def test_a_crash_of_the_parser_is_an_error_not_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crasher = tmp_path / "crash.py"
    crasher.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    monkeypatch.setattr(parsing.parser_process, "__file__", str(crasher))
    with pytest.raises(FileFormatError, match="崩溃"):
        parsing.parse(tmp_path / "a.gpkg", "gdal", driver="GPKG")


def test_memory_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "MEMORY_BYTES", 2**26)
    write_frame(gpd.GeoDataFrame({"a": [1]}, geometry=[Point(114, 22)], crs=4326), tmp_path / "a.gpkg")
    with pytest.raises(FileFormatError):
        read_frame(tmp_path / "a.gpkg")


# ── zips ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("suffix", [".zip", ".xlsx"])
def test_a_zip_bomb_is_refused_before_it_unpacks(tmp_path: Path, suffix: str) -> None:
    bomb = tmp_path / f"bomb{suffix}"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml" if suffix == ".xlsx" else "a.shp", b"\0" * (30 * 2**20))
    started = time.monotonic()
    with pytest.raises(FileFormatError, match="超出限制"):
        read_frame(bomb)
    assert time.monotonic() - started < 5


def test_a_zip_that_lies_about_its_size_is_stopped_while_it_unpacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = gpd.GeoDataFrame({"a": ["x" * 200] * 500}, geometry=[Point(114, 22)] * 500, crs=4326)
    write_frame(frame, tmp_path / "a.zip")
    monkeypatch.setattr("geo.exchange.formats.check_zip", lambda path: None)
    monkeypatch.setattr("geo.exchange.formats.MAX_UNPACKED_BYTES", 20_000)
    with pytest.raises(FileFormatError, match="超出限制"):
        read_frame(tmp_path / "a.zip")


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for number in range(2001):
            archive.writestr(f"{number}.txt", b"")
    with pytest.raises(FileFormatError, match="2001"):
        check_zip(tmp_path / "a.zip")


def test_members_cannot_leave_their_folder(tmp_path: Path) -> None:
    write_frame(gpd.GeoDataFrame({"a": [1]}, geometry=[Point(114, 22)], crs=4326), tmp_path / "in" / "a.shp")
    with zipfile.ZipFile(tmp_path / "slip.zip", "w") as archive:
        for part in (tmp_path / "in").iterdir():
            archive.write(part, f"../../../evil/{part.name}")
    before = {path.name for path in tmp_path.iterdir()}
    assert len(read_frame(tmp_path / "slip.zip").frame) == 1
    assert {path.name for path in tmp_path.iterdir()} == before


def test_a_zip_with_no_shapefile_and_a_broken_one_are_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(FileFormatError, match=r"没有 \.shp"):
        read_frame(tmp_path / "a.zip")
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04" + b"\0" * 50)
    with pytest.raises(FileFormatError, match="损坏"):
        read_frame(tmp_path / "b.zip")
    assert MAX_RATIO >= 20  # text compresses to a twentieth


def test_a_zip_whose_list_points_before_its_beginning_is_named(tmp_path: Path) -> None:
    write_frame(gpd.GeoDataFrame({"a": [1]}, geometry=[Point(114, 22)], crs=4326), tmp_path / "a.zip")
    content = bytearray((tmp_path / "a.zip").read_bytes())
    for place in (40, 60, 200, len(content) // 2, len(content) - 60, len(content) - 10):
        spoilt = bytearray(content)
        spoilt[place : place + 4] = b"\xff\xff\xff\x7f"
        (tmp_path / "b.zip").write_bytes(spoilt)
        try:
            read_frame(tmp_path / "b.zip")
        except FileFormatError as error:
            assert error.zh  # noqa: PT017 - some of them can be read


def test_a_truncated_geopackage_is_an_error_in_words(tmp_path: Path) -> None:
    write_frame(gpd.GeoDataFrame({"a": [1]}, geometry=[Point(114, 22)], crs=4326), tmp_path / "a.gpkg")
    whole = (tmp_path / "a.gpkg").read_bytes()
    (tmp_path / "b.gpkg").write_bytes(whole[: len(whole) // 3])
    with pytest.raises(FileFormatError):
        read_frame(tmp_path / "b.gpkg")
