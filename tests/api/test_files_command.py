"""``wangge import`` and ``wangge export`` as typed."""

from pathlib import Path

import geopandas as gpd
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from api.cli import app
from geo.errors import DatumError
from geo.exchange.reading import read_frame
from geo.exchange.writing import write_frame
from geo.storage import layers
from geo.storage.database import session_scope
from geo.territory.nouns import NOUNS
from tests.factories import COMMUNITY, STREET, square

MADE = ["--create-street", STREET, "南湖街道", "--create-community", COMMUNITY, "翠竹社区"]


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


def buildings(engine: Engine) -> int:
    with session_scope(engine) as session:
        return layers.count(session, NOUNS["building"])


def towers(path: Path, households: list[object]) -> str:
    shapes = [square(i * 2) for i in range(len(households))]
    write_frame(gpd.GeoDataFrame({"楼名": "a", "总户数": households}, geometry=shapes, crs=4326), path)
    return str(path)


def test_a_file_goes_in_with_a_preview_and_comes_out_again(empty_store: Engine, tmp_path: Path) -> None:
    file = towers(tmp_path / "a.gpkg", ["24", "很多", "30"])
    checked = run("import", file, "--as", "building", *MADE, "--map", "name=楼名", "--dry-run")
    assert checked.exit_code == 0
    assert "没有写入" in checked.output
    assert buildings(empty_store) == 0

    done = run("import", file, "--as", "building", *MADE, "--map", "name=楼名", "-y")
    assert "新增 2,更新 0,未变 0,拒绝 1" in done.output
    assert "总户数" in done.output
    assert "应为整数" in Path("a-rejected.csv").read_text(encoding="utf-8-sig")
    assert buildings(empty_store) == 2

    run("export", "out.csv", "--noun", "building", "--scope", "翠竹社区")
    assert read_frame(Path("out.csv")).frame["households"].tolist() == [24, 30]
    run("export", "all.gpkg", "--all")
    assert {len(read_frame(Path(f"all.gpkg#{noun}")).frame) for noun in ("street", "community")} == {1}


def test_an_unstated_datum_ends_before_anything_is_written(empty_store: Engine, tmp_path: Path) -> None:
    file = towers(tmp_path / "a.csv", ["24"])
    with pytest.raises(DatumError):
        run("import", file, "--as", "building", *MADE, "-y")
    assert buildings(empty_store) == 0
