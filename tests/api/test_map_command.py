from pathlib import Path

import geopandas as gpd
import pytest
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api.cli import app
from geo.crs import WGS84
from geo.errors import InputError
from geo.storage.database import open_engine, session_scope
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


def test_a_map_and_sheets_out_of_the_store(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WANGGE_DATABASE_URL", fresh_database_url)
    engine = open_engine(fresh_database_url)
    with session_scope(engine) as session:
        fill(session)
    engine.dispose()
    page, pdf, png = tmp_path / "deep" / "map.html", tmp_path / "sheet.pdf", tmp_path / "sheet.png"
    assert "grids 2" in run("map", COMMUNITY, "--out", page)
    assert f"{COMMUNITY}002" in page.read_text(encoding="utf-8")
    run("print", f"{COMMUNITY}001", "--out", pdf)
    assert pdf.read_bytes().startswith(b"%PDF")
    run("print", COMMUNITY, "--out", png, "--dpi", 50)
    assert png.read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "sheet.pdf", "sheet.png"]


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
