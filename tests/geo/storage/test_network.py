"""Which grid was it in last March has an answer."""

from datetime import date, datetime

import pandas as pd
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.storage import network, plans
from tests import factories as make

FIRST, SECOND = "440307001001001", "440307001001002"
EAST = "440307001002"


def adopted(session: Session, at: datetime | None = None, **given: object) -> int:
    plan = make.make_plan(session, **given)
    return plans.adopt(session, plan, who="tester", version=1, at=at).id


def grid_codes(session: Session, code: str, on: date | None = None, **given: str) -> list[tuple[int, str]]:
    return [(grid.plan_id, grid.code) for grid in network.grids_at(session, code, on, **given)]


def test_a_building_s_grids_through_time(session: Session) -> None:
    building = make.make_building(session)
    was_in = [make.assignment_frame([(building, None, grid, 24)]) for grid in (FIRST, SECOND)]
    old = adopted(session, datetime(2025, 1, 10, 9), assignment=was_in[0])
    new = adopted(session, datetime(2026, 3, 1, 9), assignment=was_in[1])
    make.make_plan(session, assignment=was_in[0])
    assert grid_codes(session, building, date(2025, 1, 9)) == []
    assert grid_codes(session, building, date(2025, 1, 10)) == [(old, FIRST)]
    assert grid_codes(session, building, date(2026, 2, 28)) == [(old, FIRST)]
    assert grid_codes(session, building, date(2026, 3, 1)) == [(new, SECOND)]
    assert grid_codes(session, building, datetime(2026, 3, 1, 8, 59)) == [(old, FIRST)]
    assert grid_codes(session, building) == [(new, SECOND)]


def test_a_day_ends_at_midnight_in_china(session: Session) -> None:
    building = make.make_building(session)
    # 23:30 in China is 15:30 in UTC; 00:30 the next day is 16:30 in UTC of the same day.
    plan = adopted(
        session, datetime(2026, 3, 1, 23, 30), assignment=make.assignment_frame([(building, None, FIRST, 1)])
    )
    assert grid_codes(session, building, date(2026, 3, 1)) == [(plan, FIRST)]
    later = adopted(
        session, datetime(2026, 3, 3, 0, 30), assignment=make.assignment_frame([(building, None, SECOND, 1)])
    )
    assert grid_codes(session, building, date(2026, 3, 2)) == [(plan, FIRST)]
    assert grid_codes(session, building, date(2026, 3, 3)) == [(later, SECOND)]


def test_a_divided_building_answers_by_stairwell_and_door(session: Session) -> None:
    building = make.make_building(session)
    left, right = (make.make_stairwell(session, building, number) for number in (1, 2))
    door = make.make_household_unit(session, building, stairwell_code=right)
    plan = adopted(
        session, assignment=make.assignment_frame([(building, left, FIRST, 12), (building, right, SECOND, 12)])
    )
    assert grid_codes(session, building) == [(plan, FIRST), (plan, SECOND)]
    assert grid_codes(session, left) == [(plan, FIRST)]
    assert grid_codes(session, right) == [(plan, SECOND)]
    assert grid_codes(session, door) == [(plan, SECOND)]


def test_a_building_divided_by_floors_answers_by_the_floor_of_a_door(session: Session) -> None:
    building = make.make_building(session)
    low, high = (make.make_household_unit(session, building, floor) for floor in (3, 9))
    columns = ["building_code", "stairwell_code", "grid_code", "households", "floor_from", "floor_to"]
    rows = [(building, None, FIRST, 20, 1, 5), (building, None, SECOND, 20, 6, 10)]
    plan = adopted(session, assignment=pd.DataFrame(rows, columns=columns))
    assert grid_codes(session, building) == [(plan, FIRST), (plan, SECOND)]
    assert grid_codes(session, low) == [(plan, FIRST)]
    assert grid_codes(session, high) == [(plan, SECOND)]
    session.execute(text("UPDATE household_unit SET floor = NULL WHERE code = :code"), {"code": high})
    assert grid_codes(session, high) == [(plan, FIRST), (plan, SECOND)]


def test_a_whole_building_answers_for_its_doors(session: Session) -> None:
    building = make.make_building(session)
    stairwell = make.make_stairwell(session, building)
    door = make.make_household_unit(session, building)
    plan = adopted(session, assignment=make.assignment_frame([(building, None, FIRST, 24)]))
    assert grid_codes(session, stairwell) == grid_codes(session, door) == [(plan, FIRST)]


def test_a_building_left_out_of_the_plan_in_force_has_no_grid(session: Session) -> None:
    building, late = make.make_building(session, 1), make.make_building(session, 2)
    adopted(session, scope_code=make.STREET, assignment=make.assignment_frame([(late, None, FIRST, 24)]))
    adopted(session, assignment=make.assignment_frame([(building, None, FIRST, 24)]))
    # The community's plan overrules the street's, which still knows the late one.
    assert grid_codes(session, late) == []


def test_a_department_s_drawn_grids_answer_by_place(session: Session) -> None:
    building = make.make_building(session)
    plan = adopted(session, department="城管", lower=None, upper=None, seed=None)
    assert grid_codes(session, building, department="城管") == [(plan, FIRST)]
    assert grid_codes(session, building) == []


@pytest.mark.parametrize("code", ["4403070010010000099", "", "' OR true --", "4403070010010000099001001"])
def test_building_that_is_not_there(session: Session, code: str) -> None:
    with pytest.raises(NotFoundError):
        network.grids_at(session, code)


def test_the_network_is_each_communitys_latest_plan(session: Session) -> None:
    make.make_community(session, 2)
    everywhere = pd.concat([make.grid_frame(), make.grid_frame(EAST)], ignore_index=True)
    street = adopted(session, datetime(2025, 1, 1), scope_code=make.STREET, grids=everywhere)
    west = adopted(session, datetime(2025, 6, 1), grids=make.grid_frame(count=4))
    now = network.read_network(session, make.STREET)
    assert list(now.columns) == ["plan_id", *plans.GRID_COLUMNS, "geometry"]
    assert now.groupby("community_code")["plan_id"].agg(["first", "size"]).to_dict("index") == {
        make.COMMUNITY: {"first": west, "size": 4},
        EAST: {"first": street, "size": 2},
    }
    assert set(network.read_network(session, make.STREET, on=date(2025, 3, 1))["plan_id"]) == {street}
    assert network.read_network(session, make.STREET, on=date(2024, 3, 1)).empty
    assert len(network.read_network(session, EAST)) == 2
    again = adopted(session, scope_code=make.STREET, grids=everywhere)
    assert set(network.read_network(session, make.STREET)["plan_id"]) == {again}


def test_the_network_tiles_each_community_once(session: Session) -> None:
    adopted(session, datetime(2025, 1, 1), scope_code=make.STREET, grids=make.grid_frame())
    adopted(session, grids=make.grid_frame(count=5))
    grids = network.read_network(session, make.STREET).geometry.to_crs(4547)
    assert grids.union_all().area == pytest.approx(grids.area.sum())
