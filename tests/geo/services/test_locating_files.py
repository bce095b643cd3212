"""Lists and sheets of addresses: every row answered, in its order, beside what the row said."""

import csv
from pathlib import Path

import openpyxl
import pytest

from geo.addresses.answers import Answer
from geo.errors import ColumnError, FileFormatError
from geo.exchange.address_files import read_table
from geo.exchange.stamps import stamp_now
from geo.services.locating_files import (
    ADDED,
    ANSWER_COLUMNS,
    FileBook,
    answer_queries,
    book_of_files,
    locate_sheet,
    write_answers,
    write_located,
)

STAMP = stamp_now("王工", scope="南苑街道 440305009")
HEADINGS = ["编码", "街道", "社区", "路名", "门牌号", "小区", "楼栋", "单元", "室号", "名称", "经度", "纬度", "网格"]
PLACES = [
    ["R1", "南苑街道", "朝阳社区", "柳荫路", "", "", "", "", "", "", "114.050", "22.550", ""],
    ["N1", "南苑街道", "朝阳社区", "柳荫路", "12号", "", "", "", "", "", "114.051", "22.551", "G1"],
    ["C1", "南苑街道", "朝阳社区", "柳荫路", "20号", "柳荫花园", "", "", "", "", "114.052", "22.552", "G2"],
    ["B1", "南苑街道", "朝阳社区", "柳荫路", "20号", "柳荫花园", "1栋", "", "", "", "114.053", "22.553", "G2"],
    ["B2", "南苑街道", "朝阳社区", "柳荫路", "20号", "柳荫花园", "2栋", "", "", "", "", "", ""],
    ["H1", "南苑街道", "朝阳社区", "柳荫路", "20号", "柳荫花园", "1栋", "", "302", "", "114.053", "22.553", "G2"],
    ["H2", "南苑街道", "朝阳社区", "柳荫路", "20号", "柳荫花园", "2栋", "", "302", "", "", "", ""],
    ["P1", "南苑街道", "朝阳社区", "", "", "", "", "", "", "朝阳菜市场", "114.054", "22.554", "G3"],
]
CLEAR, DOUBTFUL, UNKNOWN = "柳荫路20号柳荫花园1栋302", "柳荫花园302", "柳荫路20号柳荫花园9栋"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> FileBook:
    folder = tmp_path_factory.mktemp("gazetteer")
    places = table(folder / "places.csv", [HEADINGS, *PLACES])
    aliases = table(
        folder / "aliases.csv", [["别名", "类型", "标准名称", "编码"], ["老菜场", "地标", "朝阳菜市场", "P1"]]
    )
    return book_of_files(places, aliases)


def table(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


def cells(path: Path, sheet: str) -> list[list[object]]:
    return [list(row) for row in openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)]


def test_queries_are_answered_one_by_one(book: FileBook, tmp_path: Path) -> None:
    queries = [["query_id", "query", "expect"], ["a", CLEAR, ""], ["b", DOUBTFUL, ""], ["c", UNKNOWN, ""]]
    answers = answer_queries(book.ask, read_table(table(tmp_path / "q.csv", queries)))
    assert list(answers.columns) == ANSWER_COLUMNS
    assert answers["query_id"].tolist() == ["a", "b", "c"]
    assert answers["outcome"].tolist() == ["one", "several", "none"]
    assert answers.loc[0, ["answer", "lon", "lat"]].tolist() == ["H1", 114.053, 22.553]
    assert set(answers["answer"][1].split("|")) == {"H1", "H2"}
    assert answers["answer"][2] == "NONE"
    assert set(answers["nearest"][2].split("|")) <= {row[0] for row in PLACES}
    assert "楼栋" in answers["read_as"][2]


def test_answers_are_written_for_programs(book: FileBook, tmp_path: Path) -> None:
    queries = table(tmp_path / "q.csv", [["query"], [CLEAR], ["老菜场"]])
    written = write_answers(answer_queries(book.ask, read_table(queries)), tmp_path / "answers.csv")
    with written.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["query_id"], row["answer"]) for row in rows] == [("2", "H1"), ("3", "P1")]


def test_a_sheet_comes_back_whole_with_what_was_found(book: FileBook, tmp_path: Path) -> None:
    rows = [["序号", "来电内容", "事发地址"], ["1", "噪音", CLEAR], ["2", "=1+1", DOUBTFUL], ["3", "漏水", UNKNOWN]]
    sheet = locate_sheet(book.ask, book.grid_of, read_table(table(tmp_path / "calls.csv", rows)))
    assert sheet.rows.iloc[:, :3].to_numpy().tolist() == rows[1:]
    assert list(sheet.rows.columns[3:]) == ADDED
    assert sheet.counts == {"one": 1, "several": 1, "none": 1}

    written = write_located(sheet, tmp_path / "located.xlsx", stamp=STAMP)
    assert written == [tmp_path / "located.xlsx"]
    located = cells(written[0], "定位结果")
    assert "王工" in str(located[0][0])
    assert "南苑街道" in str(located[0][0])
    found = dict(zip(located[1], located[2], strict=True))
    assert (found["结果"], found["地址编码"], found["网格"]) == ("已定位", "H1", "G2")
    assert (found["经度"], found["纬度"]) == (114.053, 22.553)
    assert str(found["标准地址"]).endswith("柳荫花园1栋302")
    assert located[3][1] == "'=1+1"
    assert located[3][3] == "待确认"
    assert "[H1]" in str(located[3][-1])
    assert "[H2]" in str(located[3][-1])

    unmatched = cells(written[0], "未匹配")
    assert unmatched[1][:3] == ["行号", "地址", "结果"]
    assert [row[:3] for row in unmatched[2:]] == [[3, DOUBTFUL, "待确认"], [4, UNKNOWN, "未找到"]]
    assert all(row[3] and row[4] for row in unmatched[2:])


def test_a_place_without_a_point_has_none_in_the_sheet(book: FileBook, tmp_path: Path) -> None:
    rows = table(tmp_path / "calls.csv", [["地址"], ["柳荫路20号柳荫花园2栋302"]])
    written = write_located(
        locate_sheet(book.ask, book.grid_of, read_table(rows)), tmp_path / "located.xlsx", stamp=STAMP
    )
    found = dict(zip(*cells(written[0], "定位结果")[1:], strict=True))
    assert found["地址编码"] == "H2"
    assert (found["经度"], found["纬度"], found["网格"]) == (None, None, None)


def test_a_direction_leads_to_the_point_that_was_meant(book: FileBook, tmp_path: Path) -> None:
    rows = table(tmp_path / "calls.csv", [["地址"], [CLEAR], [f"{CLEAR}往南50米"], [f"{CLEAR}对面"]])
    sheet = locate_sheet(book.ask, book.grid_of, read_table(rows)).rows
    assert sheet["地址编码"].tolist() == ["H1", "H1", "H1"]
    assert sheet["纬度"][1] == pytest.approx(sheet["纬度"][0] - 50 / 111_000, abs=1e-5)
    assert sheet["网格"].fillna("").tolist() == ["G2", "", "G2"]
    assert "往南50米”已计入坐标" in sheet["原因"][1]
    assert "对面”未计入坐标" in sheet["原因"][2]
    answers = answer_queries(book.ask, read_table(rows))
    assert answers["lat"].tolist() == sheet["纬度"].tolist()


def test_a_sheet_that_was_located_before_keeps_what_it_says(book: FileBook, tmp_path: Path) -> None:
    first = locate_sheet(book.ask, book.grid_of, read_table(table(tmp_path / "a.csv", [["地址"], [CLEAR]])))
    again = write_located(first, tmp_path / "b.csv", stamp=STAMP)[0]
    second = locate_sheet(book.ask, book.grid_of, read_table(again), column="地址")
    assert list(second.rows.columns) == ["地址", *ADDED, *(f"{name}_2" for name in ADDED)]
    assert second.rows.loc[0, ["地址编码", "地址编码_2"]].tolist() == ["H1", "H1"]


def test_a_csv_has_its_unmatched_beside_it(book: FileBook, tmp_path: Path) -> None:
    rows = table(tmp_path / "calls.csv", [["地址"], [CLEAR], [UNKNOWN]])
    sheet = locate_sheet(book.ask, book.grid_of, read_table(rows))
    written = write_located(sheet, tmp_path / "located.csv", stamp=STAMP)
    assert [path.name for path in written] == ["located.csv", "located.未匹配.csv"]
    assert len(read_table(written[0]).rows) == 2
    assert [row[:2] for row in read_table(written[1]).rows] == [["3", UNKNOWN]]


def test_what_was_asked_before_is_not_asked_again(book: FileBook, tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(text: str) -> Answer:
        asked.append(text)
        return book.ask(text)

    rows = table(tmp_path / "calls.csv", [["地址"], [CLEAR], [UNKNOWN], [CLEAR]])
    assert len(locate_sheet(ask, book.grid_of, read_table(rows)).rows) == 3
    assert asked == [CLEAR, UNKNOWN]


def test_interrupted_nothing_is_written(book: FileBook, tmp_path: Path) -> None:
    out = tmp_path / "located.xlsx"
    out.write_bytes(b"before")
    sheet = locate_sheet(book.ask, book.grid_of, read_table(table(tmp_path / "c.csv", [["地址"], [CLEAR]])))
    sheet.rows["地址"] = "长" * 40_000  # more than a cell holds: the writer stops midway
    with pytest.raises(FileFormatError):
        write_located(sheet, out, stamp=STAMP)
    assert out.read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.csv", "located.xlsx"]


def test_a_sheet_without_a_clear_column_is_refused(book: FileBook, tmp_path: Path) -> None:
    rows = table(tmp_path / "calls.csv", [["甲地址", "乙地址"], [CLEAR, CLEAR]])
    with pytest.raises(ColumnError, match="甲地址、乙地址"):
        locate_sheet(book.ask, book.grid_of, read_table(rows))
    assert locate_sheet(book.ask, book.grid_of, read_table(rows), column="乙地址").counts["one"] == 1
