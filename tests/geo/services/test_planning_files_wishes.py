"""The planner's controls over files."""

import geopandas as gpd
import pytest
from shapely import Point, box

from geo.errors import CodeError, ColumnError, InputError
from geo.regionalization.balancing import Balance
from geo.services.file_rows import FileRequest
from geo.services.planning_files import plan_file, plan_file_alternatives
from geo.services.wishes import Wishes

WEST, SOUTH, STEP = 114.12, 22.53, 0.0005


@pytest.fixture
def blocks(tmp_path):
    """Two rows of six buildings of 80 households; rows 2 to 7 of the file are the southern ones.

    ::

        b b d d c c      old grids, 80 households a letter
        b a a d d c          (the south-western building is in none)
        . a a ...
    """
    path = tmp_path / "楼栋.gpkg"
    cells = [(r, c) for r in range(2) for c in range(6)]
    gpd.GeoDataFrame(
        {
            "户数": 80,
            "旧网格": [None, "a", "a", "d", "d", "c", "b", "b", "a", "d", "c", "c"],
            "小区": ["", "", "", "", "", "", "", "", "花园", "花园", "", ""],
            "店": [0, 1, 2, 0, 0, 1, 0, 3, 0, None, 0, 0],
        },
        geometry=[Point(WEST + c * STEP, SOUTH + r * STEP) for r, c in cells],
        crs=4326,
    ).to_file(path, layer="blocks")
    return path


def grids_of(plan) -> list[str]:
    return plan.layers["atoms"]["grid_code"].tolist()


def test_old_grids_out_of_a_column(blocks):
    plan = plan_file(FileRequest(blocks, "户数", previous="旧网格", wishes=Wishes(keep_grids=("c",))))
    grids = grids_of(plan)
    assert grids[5] == grids[10] == grids[11]
    assert grids.count(grids[5]) == 3
    assert plan.report["households_before"] == 11 * 80
    (kept,) = [row for row in plan.report["grid_list"] if row["continues"] == "c"]
    assert (kept["households"], kept["moved"]) == (240, 0)
    assert plan.layers["atoms"]["previous_grid"].tolist()[:2] == [None, "a"]


def test_old_grids_out_of_a_file(blocks, tmp_path):
    old = gpd.GeoDataFrame(
        {"名称": ["西", "东"]},
        geometry=[
            box(WEST - STEP, SOUTH - STEP, WEST + 2.5 * STEP, SOUTH + 2 * STEP),
            box(WEST + 2.5 * STEP, SOUTH - STEP, WEST + 6 * STEP, SOUTH + 2 * STEP),
        ],
        crs=4326,
    )
    old.to_file(tmp_path / "old.gpkg")
    plan = plan_file(FileRequest(blocks, "户数", previous=str(tmp_path / "old.gpkg")))
    assert plan.report["households_before"] == 960
    assert {row["continues"] for row in plan.report["grid_list"]} - {None} == {"西", "东"}
    assert plan.layers["atoms"]["previous_grid"].tolist() == (["西"] * 3 + ["东"] * 3) * 2


def test_compounds_rows_apart_and_numbers(blocks):
    wishes = Wishes(whole_compounds=("花园",), apart=(("1", "7"),), together=(("2", "3"),), grids=5)
    plan = plan_file(FileRequest(blocks, "户数", compound="小区", lower=160, wishes=wishes))
    grids = grids_of(plan)
    assert grids[8] == grids[9]
    assert plan.report["compounds_split"] == 0
    numbers = dict(zip(plan.layers["atoms"].index, grids, strict=True))
    assert numbers[0] != numbers[6]
    assert plan.report["grids"] == 5


def test_a_column_is_balanced_and_reported(blocks):
    plan = plan_file(FileRequest(blocks, "户数", wishes=Wishes(balances=(Balance("店", 0, 9),))))
    (shops,) = plan.report["quantities"]
    assert (shops["name"], shops["total"], shops["in_range"]) == ("店", 7, shops["grids"])


def test_alternatives_carry_the_table(blocks):
    found = plan_file_alternatives(FileRequest(blocks, "户数", previous="旧网格"), ["compact", "anew"])
    told = [row["style"] for row in (*found.table["plans"], *found.table["same"])]
    assert sorted(told) == ["anew", "balanced", "compact"]
    assert len(found.plans) == len(found.table["plans"])
    for plan in found.plans.values():
        assert plan.report["alternatives"] is found.table


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"previous": "旧格"}, ColumnError, "neither"),
        ({"previous_column": "名"}, InputError, "--previous-grids"),
        ({"compound": "院"}, ColumnError, "旧网格"),
        ({"wishes": Wishes(balances=(Balance("摊", 0, 1),))}, ColumnError, "旧网格"),
        ({"wishes": Wishes(balances=(Balance("小区", 0, 1),))}, ColumnError, "row 10|row 9"),
        ({"wishes": Wishes(keep_grids=("a",))}, InputError, "--previous"),
        ({"wishes": Wishes(keep_grids=("e",)), "previous": "旧网格"}, CodeError, "a、b、c、d"),
        ({"wishes": Wishes(apart=(("1", "99"),))}, CodeError, "99"),
    ],
)
def test_wrong_words_are_answered_with_what_there_is(blocks, change, error, words):
    with pytest.raises(error, match=words):
        plan_file(FileRequest(**({"path": blocks, "households": "户数"} | change)))
