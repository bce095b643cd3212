from pathlib import Path

import geopandas as gpd
import pytest
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.errors import ColumnError, InputError, NotFoundError
from geo.regionalization.comparison import change
from geo.services.comparing import comparison_from_store, newest_plan
from geo.services.comparing_files import comparison_from_files
from geo.storage import plans
from tests.factories import (
    COMMUNITY,
    STREET,
    assignment_frame,
    grid_frame,
    make_building,
    make_plan,
    make_stairwell,
    square,
)

GRIDS = [f"{COMMUNITY}001", f"{COMMUNITY}002"]


def two_plans(session: Session) -> tuple[int, int, list[str]]:
    """Plan one: both buildings in grid 1. Plan two: the second one divided, a stairwell each."""
    whole, divided = make_building(session, 1), make_building(session, 2)
    stairs = [make_stairwell(session, divided, number) for number in (1, 2)]
    rows = [(whole, None, GRIDS[0], 40), (divided, None, GRIDS[0], 40)]
    first = make_plan(session, name="甲", assignment=assignment_frame(rows))
    rows = [(whole, None, GRIDS[0], 40), (divided, stairs[0], GRIDS[0], 10), (divided, stairs[1], GRIDS[1], 30)]
    return first, make_plan(session, name="乙", assignment=assignment_frame(rows)), [whole, divided]


def test_two_plans_by_number(session: Session) -> None:
    first, second, (_, divided) = two_plans(session)
    found = comparison_from_store(session, [str(first), str(second)])
    assert [plan.name for plan in found.plans] == [f"甲(#{first})", f"乙(#{second})"]
    assert found.ground.grids is None
    assert found.ground.old_grids == {}
    assert found.ground.buildings is not None
    assert "grid_code" not in found.ground.buildings
    moved = change(found.plans[0].assignment, found.plans[1].assignment)
    assert (moved.households, moved.buildings) == (30, {divided: 30})


def test_the_plan_in_force_against_a_draft(session: Session) -> None:
    first, second, _ = two_plans(session)
    with pytest.raises(NotFoundError, match="in force"):
        comparison_from_store(session, ["现行", str(second)])
    plans.adopt(session, first, who="planner", version=plans.read_plan(session, first).version)
    found = comparison_from_store(session, ["现行", str(second)], COMMUNITY)
    assert found.plans[0].name == f"现行:甲(#{first})"
    assert change(found.plans[0].assignment, found.plans[1].assignment).households == 30
    assert newest_plan(session, COMMUNITY) == second


def test_a_departments_drawn_grids_hold_the_buildings_that_stand_in_them(session: Session) -> None:
    _, second, _ = two_plans(session)
    drawn = grid_frame().assign(code=[f"{COMMUNITY}801", f"{COMMUNITY}802"], households=None)
    make_plan(
        session, name="综治", department="综治", grids=drawn, assignment=assignment_frame([]), lower=None, upper=None
    )
    found = comparison_from_store(session, ["综治", str(second)])
    old = found.plans[0]
    assert old.name == "综治原网格"
    assert len(old.grids) == 2
    assert old.grids["households"].sum() == old.assignment["households"].sum() > 0
    with pytest.raises(NotFoundError, match="综治"):
        comparison_from_store(session, ["城管", str(second)])


def test_what_cannot_be_compared_is_refused(session: Session) -> None:
    first, _, _ = two_plans(session)
    other = f"{STREET}002"
    elsewhere = make_plan(session, community=other, scope_code=other, grids=grid_frame(other))
    with pytest.raises(InputError, match="2 to 8"):
        comparison_from_store(session, [str(first)])
    with pytest.raises(InputError, match="no ground in common"):
        comparison_from_store(session, [str(first), str(elsewhere)])
    with pytest.raises(NotFoundError, match="no grid"):
        comparison_from_store(session, [str(first), str(elsewhere)], COMMUNITY)
    with pytest.raises(InputError, match="by number"):
        comparison_from_store(session, ["现行", "综治"])
    with pytest.raises(NotFoundError, match="987654"):
        comparison_from_store(session, [str(first), "987654"])


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def planned(path: Path, *homes: int, code: bool = False) -> Path:
    """A planned file of buildings in a row, each in the grid of its number."""
    grid_frame().to_file(path, layer="grids")
    columns = {"households": [100] * len(homes), "grid_code": [GRIDS[home] for home in homes]}
    if code:
        columns["code"] = [f"B{i}" for i in range(len(homes))]
    shapes = [square(3 * i, 3) for i in range(len(homes))]
    gpd.GeoDataFrame(columns, geometry=shapes, crs=WGS84).to_file(path, layer="atoms")
    return path


@pytest.mark.parametrize("code", [False, True])
def test_two_files_match_buildings_by_code_or_place(tmp_path: Path, code: bool) -> None:
    one = planned(tmp_path / "one.gpkg", 0, 0, 1, code=code)
    two = planned(tmp_path / "two.gpkg", 0, 1, 1, code=code)
    found = comparison_from_files([one, two], lower=100, upper=200)
    assert [plan.name for plan in found.plans] == ["one", "two"]
    assert found.ground.buildings is not None
    assert len(found.ground.buildings) == 3
    assert found.plans[0].lower == 100
    assert change(found.plans[0].assignment, found.plans[1].assignment).households == 100


def test_a_file_of_old_grids_is_taken_by_place(tmp_path: Path) -> None:
    new = planned(tmp_path / "new.gpkg", 0, 0, 1)
    old = tmp_path / "old.geojson"
    shape = [square(-1, -1, 0.01)]
    gpd.GeoDataFrame({"名称": ["老一"]}, geometry=shape, crs=WGS84).to_file(old)
    found = comparison_from_files([old, new])
    assert found.plans[0].grids["code"].tolist() == ["老一"]
    assert found.plans[0].assignment["grid"].dropna().unique().tolist() in ([], ["老一"])
    gpd.GeoDataFrame({"x": [1, 1]}, geometry=shape * 2, crs=WGS84).to_file(tmp_path / "bad.geojson")
    with pytest.raises(ColumnError, match="codes or names"):
        comparison_from_files([tmp_path / "bad.geojson", new])
    with pytest.raises(InputError, match="wangge plan"):
        comparison_from_files([old, old])
    with pytest.raises(InputError, match="2 to 8"):
        comparison_from_files([new])
