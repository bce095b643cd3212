from pathlib import Path

import geopandas as gpd
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api.cli import app
from geo.crs import WGS84
from geo.errors import InputError
from geo.services.cases import NewCase, open_case
from geo.storage import plans
from geo.storage.database import session_scope
from tests.factories import COMMUNITY, grid_frame, make_building, make_plan, square


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def planned_file(folder: Path) -> Path:
    path = folder / "plan.gpkg"
    grid_frame().to_file(path, layer="grids")
    atoms = gpd.GeoDataFrame(
        {"name": ["1栋"], "households": [250], "grid_code": [f"{COMMUNITY}001"]}, geometry=[square(3, 3)], crs=WGS84
    )
    atoms.to_file(path, layer="atoms")
    return path


def fill(session: Session) -> None:
    make_building(session, 1)
    make_plan(session)


def test_a_map_and_sheets_out_of_the_store(empty_store: Engine, tmp_path: Path) -> None:
    with session_scope(empty_store) as session:
        fill(session)
    page, pdf, png = tmp_path / "deep" / "map.html", tmp_path / "sheet.pdf", tmp_path / "sheet.png"
    assert "grids 2" in run("map", COMMUNITY, "--out", page)
    assert f"{COMMUNITY}002" in page.read_text(encoding="utf-8")
    run("print", f"{COMMUNITY}001", "--out", pdf)
    assert pdf.read_bytes().startswith(b"%PDF")
    run("print", COMMUNITY, "--out", png, "--dpi", 50)
    assert png.read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "sheet.pdf", "sheet.png"]


def test_a_map_with_hazards_is_one_out_of_the_store(empty_store: Engine, tmp_path: Path) -> None:
    with session_scope(empty_store) as session:
        building = make_building(session, 1)
        new = NewCase("hazard", "gas", "燃气软管老化", building_code=building)
        number = open_case(session, new, who="finder").number
    page = tmp_path / "map.html"
    run("map", COMMUNITY, "--out", page)
    assert number not in page.read_text(encoding="utf-8")
    run("map", COMMUNITY, "--hazards", "--out", page)
    assert number in page.read_text(encoding="utf-8")
    with pytest.raises(InputError, match="--hazards"):
        run("map", "--hazards", "--file", planned_file(tmp_path), "--out", page)


def test_a_map_out_of_a_planned_file_needs_no_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WANGGE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    out = tmp_path / "map.html"
    run("map", "--file", planned_file(tmp_path), "--lower", 200, "--upper", 300, "--out", out)
    assert "200–300 户" in out.read_text(encoding="utf-8")


def test_a_file_and_a_scope_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--file"):
        run("map", COMMUNITY, "--file", planned_file(tmp_path))


def test_a_sheet_is_a_pdf_or_a_png_and_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"sheet\.docx"):
        run("print", COMMUNITY, "--out", tmp_path / "sheet.docx")


def test_plans_are_compared_out_of_the_store(empty_store: Engine, tmp_path: Path) -> None:
    with session_scope(empty_store) as session:
        make_building(session, 1)
        first, second = make_plan(session, name="甲"), make_plan(session, name="乙")
        plans.adopt(session, first, who="planner", version=plans.read_plan(session, first).version)
    page = tmp_path / "compare.html"
    assert f"甲(#{first})、乙(#{second})" in run("map", "--compare", first, second, "--out", page)
    assert '"colouring":"households"' in page.read_text(encoding="utf-8")
    assert f"现行:甲(#{first})、乙(#{second})" in run("map", COMMUNITY, "--against", "现行", "--out", page)
    assert '"colouring":"change"' in page.read_text(encoding="utf-8")


def test_planned_files_are_compared_without_a_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WANGGE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    one = planned_file(tmp_path)
    two = one.rename(tmp_path / "two.gpkg")
    one = planned_file(tmp_path)
    out = tmp_path / "compare.html"
    assert "plan、two" in run("map", "--compare", one, two, "--out", out)
    assert "two、plan" in run("map", "--against", two, "--file", one, "--out", out)


def test_a_comparison_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--compare"):
        run("map", "甲", "乙")
    with pytest.raises(InputError, match="list the plans after --compare"):
        run("map", "--compare", "1", "2", "--plan", "3")
