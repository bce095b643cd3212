"""Cells of a draft come back as they went in, hold what their grid holds, and are history with their plan."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.errors import CodeError, ConflictError, StaleVersionError
from geo.storage import cells, events, network, plans
from geo.storage.cells import CELL_ASSIGNMENT_COLUMNS, CellLimits
from geo.territory.nouns import CELL_COLUMNS
from tests import factories as make

FIRST, SECOND = "440307001001001", "440307001001002"
LIMITS = CellLimits(30, 40, 5)
HALF = make.COMMUNITY_DEGREES / 4


def cell_frame(grid: str = FIRST, households: tuple[int, ...] = (35, 25)) -> gpd.GeoDataFrame:
    """Upright strips of the first grid; one below 30 households says so."""
    strips = [
        box(make.WEST + i * HALF, make.SOUTH, make.WEST + (i + 1) * HALF, make.SOUTH + make.COMMUNITY_DEGREES)
        for i in range(len(households))
    ]
    few = [count < 30 for count in households]
    return gpd.GeoDataFrame(
        {
            "code": [f"{grid}L{i + 1:02d}" for i in range(len(households))],
            "grid_code": grid,
            "name": [f"第{i + 1}联户网格" for i in range(len(households))],
            "households": households,
            "reason_code": ["not_found" if is_few else None for is_few in few],
            "reason": ["户数不足" if is_few else None for is_few in few],
        },
        geometry=strips,
        crs=WGS84,
    )


def holds(*rows: tuple) -> pd.DataFrame:
    """Rows of (cell, building, stairwell, floor_from, floor_to, households)."""
    return pd.DataFrame(rows, columns=CELL_ASSIGNMENT_COLUMNS[:-1]).assign(estimated=False)


@pytest.fixture
def plan(session: Session) -> int:
    """A draft whose first grid holds building 1 whole and a stairwell of building 2, its second the other stairwell."""
    one, two = make.make_building(session, 1, households=40), make.make_building(session, 2, households=60)
    flights = [make.make_stairwell(session, two, number) for number in (1, 2)]
    rows = [(one, None, FIRST, 40), (two, flights[0], FIRST, 20), (two, flights[1], SECOND, 40)]
    return make.make_plan(session, assignment=make.assignment_frame(rows))


ONE, TWO = "4403070010010000001", "4403070010010000002"
STAIRWELL = f"{TWO}U01"
HELD = holds(
    (f"{FIRST}L01", ONE, None, 1, 7, 35),
    (f"{FIRST}L02", ONE, None, 8, 9, 5),
    (f"{FIRST}L02", TWO, STAIRWELL, None, None, 20),
)


def replace(session: Session, plan: int, held: pd.DataFrame = HELD, **given: object) -> plans.PlanRecord:
    default = {"limits": LIMITS, "cells": cell_frame(), "assignment": held, "who": "tester", "version": 1}
    return cells.replace_cells(session, plan, **(default | given))


def test_cells_come_back_as_they_went_in(session: Session, plan: int) -> None:
    assert cells.read_limits(session, plan) is None
    assert cells.read_cells(session, plan).empty
    assert replace(session, plan).version == 2
    assert cells.read_limits(session, plan) == LIMITS
    kept = cells.read_cells(session, plan)
    assert list(kept.columns) == [*CELL_COLUMNS, "in_range", "geometry"]
    assert kept["in_range"].tolist() == [True, False]
    assert kept["households"].tolist() == [35, 25]
    assert kept.geometry.geom_equals_exact(cell_frame().geometry, 1e-9).all()
    table = cells.read_cell_assignment(session, plan)
    pd.testing.assert_frame_equal(table, HELD.astype(table.dtypes.to_dict()))
    assert cells.read_cells(session, plan, grid_code=SECOND).empty
    told = events.read(session, noun="plan", code=str(plan))[0]
    limits = {"cell_lower": 30, "cell_upper": 40, "cell_seed": 5}
    assert (told.what, told.after) == ("cells drafted", {"version": 2, "cells": 2, "cells_in_range": 1} | limits)


def test_new_cells_take_the_place_of_the_old(session: Session, plan: int) -> None:
    replace(session, plan)
    whole = holds((f"{FIRST}L01", ONE, None, None, None, 40), (f"{FIRST}L01", TWO, STAIRWELL, None, None, 20))
    replace(session, plan, whole, cells=cell_frame(households=(60,)), version=2)
    assert cells.read_cells(session, plan)["households"].tolist() == [60]
    assert len(cells.read_cell_assignment(session, plan)) == 2


def test_a_door_is_in_the_cell_of_its_floor(session: Session, plan: int) -> None:
    low, high = (make.make_household_unit(session, ONE, floor) for floor in (7, 8))
    replace(session, plan)

    def cell_codes(code: str) -> list[str]:
        return [cell.code for cell in network.cells_at(session, code)]

    assert cell_codes(ONE) == []
    plans.adopt(session, plan, who="tester", version=2)
    assert cell_codes(ONE) == [f"{FIRST}L01", f"{FIRST}L02"]
    assert cell_codes(low) == [f"{FIRST}L01"]
    assert cell_codes(high) == [f"{FIRST}L02"]
    assert cell_codes(STAIRWELL) == [f"{FIRST}L02"]
    assert cell_codes(f"{TWO}U02") == []


def test_a_stale_version_is_refused(session: Session, plan: int) -> None:
    replace(session, plan)
    with pytest.raises(StaleVersionError, match="cells drafted"):
        replace(session, plan)


def test_cells_of_an_adopted_plan_are_history(session: Session, plan: int) -> None:
    replace(session, plan)
    plans.adopt(session, plan, who="tester", version=2)
    with pytest.raises(ConflictError):
        replace(session, plan, version=3)
    for statement in (
        "UPDATE cell_assignment SET households = 1",
        "DELETE FROM cell_assignment",
        "INSERT INTO cell_assignment (cell_id, building_code, households) SELECT id, :building, 1 FROM cell LIMIT 1",
        "TRUNCATE cell_assignment",
    ):
        with pytest.raises(DBAPIError) as caught, session.begin_nested():
            session.execute(text(statement), {"building": ONE} if ":building" in statement else {})
        assert caught.value.orig.diag.constraint_name == "plan_frozen"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "row",
    [
        (f"{FIRST}L02", ONE, None, 7, 9, 5),
        (f"{FIRST}L02", ONE, None, None, None, 5),
        (f"{FIRST}L01", TWO, STAIRWELL, None, None, 20),
    ],
)
def test_no_home_is_in_two_cells(session: Session, plan: int, row: tuple) -> None:
    with pytest.raises(ConflictError, match="cell_assignment_once"):
        replace(session, plan, pd.concat([HELD.drop(index=1), holds(row)], ignore_index=True))


@pytest.mark.parametrize("row", [(f"{FIRST}L01", TWO, f"{TWO}U02", None, None, 40)])
def test_a_cell_holds_only_what_its_grid_holds(session: Session, plan: int, row: tuple) -> None:
    with pytest.raises(CodeError, match="cell_assignment_inside_grid"):
        replace(session, plan, holds(row))


def test_a_cell_of_a_grid_that_the_plan_lacks_is_refused(session: Session, plan: int) -> None:
    with pytest.raises(CodeError):
        replace(session, plan, cells=cell_frame(grid=f"{FIRST[:-1]}9"))


@pytest.mark.parametrize("floors", [(5, 4), (5, None)])
def test_a_run_of_floors_has_two_ends_in_order(session: Session, plan: int, floors: tuple) -> None:
    with pytest.raises(Exception, match="floors_"):
        replace(session, plan, holds((f"{FIRST}L01", ONE, None, *floors, 35)))


@pytest.mark.parametrize(
    "rows",
    [
        [(ONE, None, FIRST, 20, 1, 5), (ONE, None, SECOND, 20, 5, 9)],
        [(ONE, None, FIRST, 20, 1, 5), (ONE, None, SECOND, 20, None, None)],
        [(TWO, STAIRWELL, FIRST, 20, 1, 5), (TWO, None, SECOND, 20, None, None)],
    ],
)
def test_a_plan_assigns_no_floor_twice(session: Session, plan: int, rows: list[tuple]) -> None:
    columns = ["building_code", "stairwell_code", "grid_code", "households", "floor_from", "floor_to"]
    with pytest.raises(ConflictError, match="assignment_once"):
        make.make_plan(session, assignment=pd.DataFrame(rows, columns=columns))


def test_throwing_a_draft_away_takes_its_cells_along(session: Session, plan: int) -> None:
    replace(session, plan)
    session.execute(text("DELETE FROM plan WHERE id = :plan"), {"plan": plan})
    assert session.scalar(text("SELECT count(*) FROM cell_assignment")) == 0
