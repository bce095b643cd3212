"""Encodings, delimiters, headings and spreadsheet cells."""

from pathlib import Path

import geopandas as gpd
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from geo.errors import FileFormatError
from geo.exchange.encodings import canonical_encoding, decode_text
from geo.exchange.reading import read_frame
from geo.exchange.tables import neutralise, read_csv, restore
from geo.exchange.writing import short_names, write_frame, write_frames

LINES = "名称,地址\n翠竹苑,翠竹路1号\n南湖花园,湖贝路20号\n"


def shapefile(path: Path, encoding: str) -> Path:
    frame = gpd.GeoDataFrame({"名称": ["翠竹苑一期", "abc"]}, geometry=[Point(114, 22)] * 2, crs=4326)
    write_frame(frame, path, encoding=encoding)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_the_encoding_of_a_csv_is_found(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_bytes(LINES.encode(encoding))
    read = read_frame(tmp_path / "a.csv")
    assert read.frame["名称"].tolist() == ["翠竹苑", "南湖花园"]


def test_a_sample_is_shown_when_the_encoding_is_a_guess() -> None:
    (zh, _), *_ = decode_text(LINES.encode("gbk"), None).notes
    assert "名称,地址" in zh


def test_lines_in_another_encoding_are_that_rows_problem(tmp_path: Path) -> None:
    mixed = LINES.encode("utf-8") + "新秀小区,新秀路\n".encode("gbk") + "文锦,文锦路\n".encode()
    (tmp_path / "a.csv").write_bytes(mixed)
    read = read_frame(tmp_path / "a.csv")
    assert list(read.problems) == [2]
    assert "GB18030" in read.problems[2].zh
    assert read.frame["名称"].tolist() == ["翠竹苑", "南湖花园", "新秀小区", "文锦"]
    assert read.encoding == "UTF-8"


def test_bytes_in_no_encoding_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\n\xff\xff\xfe,\x81\n")
    with pytest.raises(FileFormatError, match="--encoding"):
        read_frame(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_bytes(b"a,b\n\0\0,1\n")
    with pytest.raises(FileFormatError, match="空字节"):
        read_frame(tmp_path / "b.csv")
    (tmp_path / "c.csv").write_bytes(LINES.encode("gbk"))
    with pytest.raises(FileFormatError, match="不是 UTF-8"):
        read_frame(tmp_path / "c.csv", encoding="utf8")


@pytest.mark.parametrize("name", ["ANSI 936", "936", "cp936", "GBK", "gb2312", "OEM 936"])
def test_gbk_has_many_names(name: str) -> None:
    assert canonical_encoding(name) == "GBK"


@pytest.mark.parametrize(
    ("written", "cpg"),
    [("GBK", None), ("GBK", "ANSI 936"), ("GBK", "UTF-8"), ("GBK", "ISO-8859-1"), ("UTF-8", None), ("UTF-8", "936")],
)
def test_the_text_of_a_shapefile_is_told_from_its_bytes(tmp_path: Path, written: str, cpg: str | None) -> None:
    path = shapefile(tmp_path / "a.shp", written)
    path.with_suffix(".cpg").unlink()
    if cpg:
        path.with_suffix(".cpg").write_text(cpg)
    read = read_frame(path)
    assert read.frame["名称"].tolist() == ["翠竹苑一期", "abc"]
    assert read.encoding == ("UTF-8" if written == "UTF-8" else "GB18030")
    if cpg != "ANSI 936":
        assert any("例:“名称”" in zh for zh, _ in read.notes)


def test_a_shapefiles_encoding_can_be_stated(tmp_path: Path) -> None:
    path = shapefile(tmp_path / "a.shp", "GBK")
    assert read_frame(path, encoding="GBK").frame["名称"][0] == "翠竹苑一期"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    (tmp_path / "a.csv").write_text(delimiter.join(["名称", '"甲,乙;丙"', "数"]) + "\n" + delimiter.join("a1b") + "\n")
    assert len(read_csv(tmp_path / "a.csv", None).headings) == 3


@given(st.text(max_size=30))
def test_a_neutralised_text_is_harmless_and_comes_back(text: str) -> None:
    written = neutralise(text)
    assert restore(written) == text
    if written[:1] in "=@\t\r" and written:
        raise AssertionError(written)


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+cmd|'/C calc'!A0", "-2+3", "\t=1", "\r=1", "'=1"])
def test_formulas_are_neutralised(text: str) -> None:
    assert neutralise(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-5", "+86 755-8888", "1.5", "甲", "-12.5", ""])
def test_numbers_and_words_are_left_alone(text: str) -> None:
    assert neutralise(text) == text


# ── spreadsheets ─────────────────────────────────────────────────────────────────────────────────────────────────────


def workbook(path: Path, rows: list[list[object]], merge: tuple[int, int, int, int] | None = None) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("楼栋")
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, str) and cell.startswith("="):
                    formula, _, value = cell.partition(" → ")
                    sheet.write_formula(row, column, formula, None, value)
                elif cell is not None:
                    sheet.write(row, column, cell)
        if merge:
            sheet.merge_range(*merge, rows[merge[0]][merge[1]])
    return path


def test_titles_and_merged_headings_are_understood(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["南湖街道楼栋表", None, None, None],
        ["名称", "规模", None, "备注"],
        [None, "层数", "户数", None],
        ["翠竹苑", 7, 42, None],
    ]
    read = read_frame(workbook(tmp_path / "a.xlsx", rows, (1, 1, 1, 2)))
    assert [name for name in read.frame if name != "geometry"] == ["名称", "层数", "户数", "备注"]
    assert read.frame["户数"].tolist() == [42]
    assert read.row_numbers.tolist() == [4]


def test_formulas_give_their_saved_value_and_dead_ones_are_a_problem(tmp_path: Path) -> None:
    rows: list[list[object]] = [["名称", "户数"], ["甲", "=6*7 → 42"], ["乙", "=6*7 → "], ["丙", 3]]
    read = read_frame(workbook(tmp_path / "a.xlsx", rows))
    assert read.frame["户数"].tolist()[0] == 42
    assert list(read.problems) == [1]
    assert "B3" in read.problems[1].zh
    assert any("2 个公式单元格" in zh for zh, _ in read.notes)


def test_codes_that_excel_rounded_are_a_problem(tmp_path: Path) -> None:
    rows: list[list[object]] = [["编码", "名称"], [4403070010010000001, "甲"], ["4403070010010000001", "乙"]]
    read = read_frame(workbook(tmp_path / "a.xlsx", rows))
    assert list(read.problems) == [0]
    assert "15 位" in read.problems[0].zh


def test_one_of_several_sheets_must_be_named(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[Point(114, 22)], crs=4326)
    write_frames({"甲": frame, "乙": frame}, tmp_path / "a.xlsx")
    with pytest.raises(FileFormatError, match="甲、乙"):
        read_frame(tmp_path / "a.xlsx")
    assert read_frame(Path(f"{tmp_path / 'a.xlsx'}#乙")).layer == "乙"


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(
    st.lists(
        st.text(st.characters(codec="gbk", exclude_categories=("C", "Z")), min_size=1, max_size=12),
        unique_by=str.casefold,
    )
)
def test_short_names_fit_are_cut_between_characters_and_differ(names: list[str]) -> None:
    short = short_names(names, "GBK")
    assert list(short) == names
    assert all(len(name.encode("GBK")) <= 10 for name in short.values())
    assert len({name.casefold() for name in short.values()}) == len(names)


def test_text_that_a_shapefile_would_cut_is_refused(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"a": ["长" * 100]}, geometry=[Point(114, 22)], crs=4326)
    with pytest.raises(FileFormatError, match="254"):
        write_frame(frame, tmp_path / "a.shp")
    assert not list(tmp_path.iterdir())


def test_a_character_the_encoding_lacks_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"a": ["𠮷"]}, geometry=[Point(114, 22)], crs=4326)
    (tmp_path / "a.csv").write_text("old")
    with pytest.raises(FileFormatError, match="𠮷"):
        write_frame(frame, tmp_path / "a.csv", encoding="GBK")
    assert (tmp_path / "a.csv").read_text() == "old"


def test_points_and_areas_become_two_shapefiles(tmp_path: Path) -> None:
    shapes = [Point(114, 22), Point(114, 22).buffer(0.001)]
    written = write_frame(gpd.GeoDataFrame({"a": [1, 2]}, geometry=shapes, crs=4326), tmp_path / "a.shp")
    assert {path.name for path in written if path.suffix == ".shp"} == {"a_point.shp", "a_area.shp"}


def test_an_unknown_extension_is_refused(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[Point(114, 22)], crs=4326)
    with pytest.raises(FileFormatError, match="可写"):
        write_frame(frame, tmp_path / "a.dwg")
