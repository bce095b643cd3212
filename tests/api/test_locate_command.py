"""``wangge locate`` as typed, with a gazetteer in a file and nothing else."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from geo.errors import ColumnError, InputError, NotFoundError
from tests.geo.services.test_locating_files import CLEAR, DOUBTFUL, HEADINGS, PLACES, UNKNOWN, table


@pytest.fixture
def gazetteer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    # Nowhere near a store: whatever asks for one fails.
    monkeypatch.setenv("WANGGE_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    monkeypatch.chdir(tmp_path)
    return str(table(tmp_path / "gazetteer.csv", [HEADINGS, *PLACES]))


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["locate", *words], catch_exceptions=False)


def test_one_place(gazetteer: str) -> None:
    said = run(CLEAR, "--gazetteer", gazetteer)
    assert said.exit_code == 0
    assert "已定位" in said.output
    assert "[H1]" in said.output
    assert "网格 grid G2" in said.output
    assert "114.053000, 22.553000" in said.output


def test_several_places_are_numbered(gazetteer: str) -> None:
    said = run(DOUBTFUL, "--gazetteer", gazetteer).output
    assert "待确认" in said
    assert "1. " in said
    assert "2. " in said
    assert "[H2]" in said


def test_no_place_says_why_and_what_there_is(gazetteer: str) -> None:
    said = run(UNKNOWN, "--gazetteer", gazetteer).output
    assert "未找到" in said
    assert "原因 Why" in said
    assert "最近的地址" in said


@pytest.mark.parametrize(("text", "outcome"), [(CLEAR, "one"), (DOUBTFUL, "several"), (UNKNOWN, "none"), ("", "none")])
def test_json_for_programs(gazetteer: str, text: str, outcome: str) -> None:
    said = run(text, "--gazetteer", gazetteer, "--json")
    answer = json.loads(said.stdout, parse_constant=pytest.fail)
    assert answer["outcome"] == outcome
    assert {"zh", "en", "code"} == set(answer["reason"])
    if outcome == "one":
        assert answer["candidates"][0]["id"] == "H1"
        assert answer["candidates"][0]["grid"] == "G2"


def test_a_list_of_queries(gazetteer: str) -> None:
    table(Path("q.csv"), [["query_id", "query"], ["a", CLEAR], ["b", UNKNOWN]])
    said = run("--gazetteer", gazetteer, "--queries", "q.csv", "--out", "out/answers.csv")
    assert "已定位 1,待确认 0,未找到 1" in said.output
    with Path("out/answers.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["answer"] for row in csv.DictReader(stream)] == ["H1", "NONE"]


def test_a_sheet_of_calls(gazetteer: str) -> None:
    table(Path("calls.csv"), [["工单号", "事发地点"], ["1", CLEAR], ["2", DOUBTFUL]])
    said = run("--gazetteer", gazetteer, "--file", "calls.csv", "--out", "located.xlsx")
    assert "已定位 1,待确认 1,未找到 0" in said.output
    book = openpyxl.load_workbook("located.xlsx")
    assert book.sheetnames == ["定位结果", "未匹配"]
    assert book["定位结果"].max_row == 4


def test_refused_rows_of_the_gazetteer_are_shown_and_written(tmp_path: Path, gazetteer: str) -> None:
    table(Path(gazetteer), [HEADINGS, *PLACES, PLACES[0], ["Z", *[""] * 12]])
    said = run(CLEAR, "--gazetteer", gazetteer, "--report", "refused.csv")
    assert "10 行中 2 行被拒" in said.output
    assert "第 10 行" in said.output
    assert "[H1]" in said.output
    report = Path("refused.csv").read_text(encoding="utf-8-sig")
    assert "重复" in report
    assert "没有道路" in report


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["x", "--file", "calls.csv"],
        ["--file", "calls.csv"],
        ["--queries", "q.csv"],
    ],
)
def test_half_a_command_is_refused(gazetteer: str, words: list[str]) -> None:
    with pytest.raises(InputError):
        run("--gazetteer", gazetteer, *words)


def test_queries_go_with_a_gazetteer(gazetteer: str) -> None:
    with pytest.raises(InputError, match="--gazetteer"):
        run("--queries", "q.csv", "--out", "a.csv")


def test_what_is_not_there_is_said(gazetteer: str) -> None:
    with pytest.raises(NotFoundError, match=r"none\.csv"):
        run(CLEAR, "--gazetteer", "none.csv")
    table(Path("calls.csv"), [["甲", "乙"], ["1", "2"]])
    with pytest.raises(ColumnError, match="甲、乙"):
        run("--gazetteer", gazetteer, "--file", "calls.csv", "--out", "x.xlsx")
    assert not Path("x.xlsx").exists()


def test_a_gazetteer_needs_neither_the_store_nor_the_engine(gazetteer: str) -> None:
    table(Path("q.csv"), [["query"], [CLEAR]])
    words = ["locate", "--gazetteer", gazetteer, "--queries", "q.csv", "--out", "a.csv"]
    program = (
        f"import sys; sys.argv[1:] = {words!r}\nfrom api.cli import app\n"
        "try:\n    app()\nexcept SystemExit as end:\n    assert not end.code\n"
        "loaded = {'numba', 'sqlalchemy', 'psycopg', 'folium', 'fastapi'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
