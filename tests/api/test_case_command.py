"""``wangge case``, ``bill``, ``statement`` and ``responsibility``: the whole way of a hazard, from the terminal."""

import re
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine
from typer.testing import CliRunner

from api.cli import app
from geo.storage.database import session_scope
from tests import factories as make
from tests.ledgered import Ground, ground, photo


@pytest.fixture
def place(empty_store: Engine, monkeypatch: pytest.MonkeyPatch) -> Ground:
    monkeypatch.setenv("COLUMNS", "200")
    with session_scope(empty_store) as session:
        return ground(session)


def run(who: str, *words: str, code: int = 0) -> str:
    """Run the program in somebody's name and return what it says."""
    done = CliRunner().invoke(app, [str(word) for word in words], env={"USER": who})
    said = done.output + (str(done.exception) if done.exception and code else "")
    assert (done.exit_code == 0) == (code == 0), said
    return said


def test_a_hazard_from_the_terminal(place: Ground, tmp_path: Path) -> None:
    Path("after.jpg").write_bytes(photo())
    opened = run("anna", "case", "open", "插座过载", "--kind", "wiring", "--place", place.place)
    number = re.findall("YH[0-9]{14}", opened)[0]
    assert "已登记" in opened
    assert "judge" in opened
    assert "已并入" in run("ben", "case", "open", "也看到了", "--kind", "wiring", "--place", place.place)
    run("lee", "case", "do", number, "judge", "--set", "nature=general")
    run("lee", "case", "do", number, "assign", "--set", "assignee=anna")
    run("anna", "case", "do", number, "start")
    run("anna", "case", "do", number, "rectified", "--note", "换好了", "--photo", "after=after.jpg")
    assert "整改人" in run("anna", "case", "do", number, "pass", code=1)
    assert number in run("anna", "case", "list", "--about", place.building)
    done = run("ben", "case", "do", number, "pass")
    assert "已销号" in done
    assert number not in run("anna", "case", "list")
    assert number in run("anna", "case", "list", "--state", "closed")
    assert "换好了" in run("anna", "case", "show", number)


def test_bills_and_statements_from_the_terminal(place: Ground) -> None:
    run("anna", "case", "open", "=1+1", "--kind", "gas", "--place", place.place)
    for code in (place.place, place.unit, place.building, place.compound, place.grids[0], make.COMMUNITY, place.body):
        assert "燃气" in run("lee", "bill", code), code
    assert "燃气" in run("lee", "statement", make.STREET)
    run("lee", "bill", make.COMMUNITY, "--out", "bill.xlsx")
    cells = [str(cell) for row in load_workbook("bill.xlsx").active.iter_rows(values_only=True) for cell in row]
    assert any("1+1" in cell for cell in cells)
    assert not any(cell.startswith("=") for cell in cells)
    run("lee", "statement", make.STREET, "--by", "community", "--out", "month.pdf")
    assert Path("month.pdf").read_bytes().startswith(b"%PDF")
    assert "查找" not in run("lee", "responsibility", place.place, "--on", "2020-01-01")
    assert "在办" in run("lee", "responsibility", place.place)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["case", "show", "YH1"], "YH1"),
        (["case", "list", "--state", "lost"], "lost"),
        (["case", "open", "x", "--kind", "wiring"], "位置"),
        (["bill", "12"], "12"),
        (["bill", f"{make.STREET}", "--out", "bill.exe"], ".exe"),
        (["statement", make.STREET, "--by", "moon"], "--by"),
        (["responsibility", f"{make.STREET}P000001", "--on", "soon"], "soon"),
    ],
)
def test_what_is_wrong_is_said(place: Ground, words: list[str], said: str) -> None:
    assert said in run("lee", *words, code=1)
