"""``wangge plan`` with the planner's controls, as typed."""

import json
from pathlib import Path

import geopandas as gpd
import pytest
from shapely import Point
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from api.cli import app
from geo.errors import CodeError, FileFormatError, InputError
from geo.storage.database import session_scope
from geo.territory import codes
from geo.territory.dictionaries import dictionary
from tests import factories

BUILDINGS = [codes.make("building", factories.COMMUNITY, number) for number in range(1, 9)]


@pytest.fixture
def store(empty_store: Engine) -> Engine:
    """Eight buildings of 100 households in a row."""
    with session_scope(empty_store) as session:
        factories.make_community(session)
        for number in range(1, 9):
            factories.make_building(session, number, households=100)
    return empty_store


@pytest.fixture
def blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    gpd.GeoDataFrame(
        {"户数": 100, "旧": list("aaabbbcc")}, geometry=[Point(114.1 + c * 0.0005, 22.5) for c in range(8)], crs=4326
    ).to_file("a.gpkg")
    return "a.gpkg"


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


def told(path: str = "out/report.json") -> dict:
    return json.loads(Path(path).read_text(encoding="utf-8"))


def test_a_plan_is_adopted_changed_with_locks_and_compared(store: Engine) -> None:
    run("plan", "南湖街道", "--grids", "3")
    first = told()
    assert first["grids"] == 3
    run("adopt", str(first["plan"]), "-y")

    kept = next(row["code"] for row in first["grid_list"] if row["households"] == 300)
    again = run("plan", "南湖街道", "--keep-grid", kept, "--apart", f"{BUILDINGS[0]},{BUILDINGS[7]}", "--fewer", "2")
    second = told()
    assert f"更换网格员 Change their grid worker: {second['households_moved']}" in again.output
    assert next(row for row in second["grid_list"] if row["code"] == kept)["moved"] == 0
    assert second["settings"]["prices"]["fewer"] == 2.0

    compared = run("plan", "南湖街道", "--styles", "网格最少,重新划分")
    assert "方案比较 Plans compared" in compared.output
    assert "保持稳定的代价 Price of stability" in compared.output
    report = told()
    table = report["alternatives"] if "plan" in report else report["plans"][0]["alternatives"]
    assert {row["style"] for row in (*table["plans"], *table["same"])} == {"balanced", "fewest", "anew"}

    run("plan", "南湖街道", "--previous", "none")
    assert told()["households_moved"] is None


def test_a_repair_leaves_what_is_in_range(store: Engine) -> None:
    run("plan", "南湖街道", "--grids", "3")
    run("adopt", str(told()["plan"]), "-y")
    run("plan", "南湖街道", "--repair")
    assert (told()["households_moved"], told()["grids"]) == (0, 3)


def test_fixed_posts_out_of_a_file_of_locks_and_a_list(store: Engine) -> None:
    Path("posts.txt").write_text(f"{BUILDINGS[0]}  # 第一岗\n{BUILDINGS[7]}\n\n", encoding="utf-8")
    Path("locks.toml").write_text(f'posts = ["{BUILDINGS[3]}"]\n', encoding="utf-8")
    run("plan", "南湖街道", "--posts", "posts.txt", "--locks", "locks.toml")
    report = told()
    (posts,) = report["quantities"]
    assert (report["grids"], posts["total"], posts["in_range"]) == (3, 3, 3)


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (("--previous", "last"), InputError, "--previous"),
        (("--previous-grids", "旧"), InputError, "--previous-grids"),
        (("--keep-grid", "440307001001001"), InputError, "--previous"),
        (("--apart", BUILDINGS[0]), InputError, "--apart"),
        (("--balance", "shop"), InputError, "NAME=LEAST:MOST"),
        (("--style", "best"), CodeError, "balanced"),
        (("--locks", "none.toml"), FileFormatError, "none"),
        (("--repair",), InputError, "--previous"),
        (("--grids", "0"), InputError, "0"),
    ],
)
def test_wishes_that_cannot_be_met_are_said(
    store: Engine, words: tuple[str, ...], error: type[InputError], said: str
) -> None:
    with pytest.raises(error, match=said):
        run("plan", "南湖街道", *words)


def test_alternatives_of_a_file(blocks: str) -> None:
    words = ("--households", "户数", "--previous-grids", "旧", "--alternatives", "--out", "o/plan.gpkg")
    assert "方案比较 Plans compared" in run("plan", blocks, *words).output
    table = told("o/plan.report.json")["alternatives"]
    assert {path.name for path in Path("o").glob("*.gpkg")} == {row["file"] for row in table["plans"]}
    for row in table["plans"]:
        assert len(gpd.read_file(Path("o") / row["file"], layer="grids")) == row["figures"]["grids"]
        assert told(f"o/plan.{row['style']}.report.json")["alternatives"] == table


def test_the_store_s_previous_is_not_for_files(blocks: str) -> None:
    with pytest.raises(InputError, match="--previous-grids"):
        run("plan", blocks, "--households", "户数", "--previous", "3")


def test_the_help_names_every_style() -> None:
    shown = CliRunner().invoke(app, ["plan", "--help"], env={"COLUMNS": "400"}).output
    for entry in dictionary("plan_styles").entries.values():
        assert f"{entry.zh} {entry.code}" in shown
