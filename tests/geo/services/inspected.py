"""A community of two grids with places that are inspected: a store for tests of inspections.

::

    grid 1                                   grid 2
    1 rental (strict, third floor), two homes     30 rental
    2 shop, lift
    3 nothing
    a stall in the open
"""

from datetime import UTC, datetime, timedelta

from shapely import Point
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.services.inspection_planning import make_default_plans
from geo.services.inspectors import today
from geo.storage import place_grades, plans
from geo.storage.database import session_scope
from geo.territory import codes
from tests import factories as make

GRID, NEXT_GRID = (codes.make("grid", make.COMMUNITY, number) for number in (1, 2))
ONE, TWO, THREE, THIRTY = (codes.make("building", make.COMMUNITY, number) for number in (1, 2, 3, 30))
RENTAL, SHOP, LIFT, STALL, NEXT_RENTAL = (codes.make("place", make.STREET, number) for number in range(1, 6))
STAIRWELL = codes.make("stairwell", ONE, 1)
LOW_HOME, RENTED, HIGH_HOME = (codes.make_unit(codes.BuildingCode(ONE), floor, 1) for floor in (1, 3, 6))

#: How long everything has been on the register, and the plans in force.
SINCE_DAYS = 400

INSPECTOR = Actor("wang", frozenset({"inspector"}), (GRID,))
SECOND = Actor("zhao", frozenset({"inspector"}), (GRID,))
ELSEWHERE = Actor("sun", frozenset({"inspector"}), (NEXT_GRID,))
STAFF = Actor("li", frozenset({"staff"}), (make.COMMUNITY,))
PLANNER = Actor("chen", frozenset({"planner"}), (make.STREET,))
ASSESSOR = Actor("kao", frozenset({"assessor"}), (make.STREET,))


def fill(engine: Engine) -> None:
    """Write the community, its plan, its places and their plans of inspections."""
    with session_scope(engine) as session:
        build(session)


def build(session: Session) -> None:
    """Write it all in a session."""
    for number in (1, 2, 3, 30):
        make.make_building(session, number, name=f"{number}栋", address=f"南湖路{number}号")
    make.make_stairwell(session, ONE, 1)
    for floor, room, kind in ((1, "101", "home"), (3, "301", "rental"), (6, "601", "home")):
        make.make_household_unit(session, ONE, floor, 1, stairwell_code=STAIRWELL, room=room, kind=kind)
    make.make_place(
        session, 1, name="301出租屋", kind="rental", building_code=ONE, household_unit_code=RENTED,
        geometry=make.square(0).centroid,
    )  # fmt: skip
    make.make_place(session, 2, name="阿强小店", kind="small_shop", building_code=TWO, geometry=make.square(1).centroid)
    make.make_place(session, 3, name="2栋1号电梯", kind="lift", building_code=TWO, geometry=make.square(1).centroid)
    make.make_place(session, 4, name="路边摊", kind="small_shop", geometry=Point(make.WEST + 0.001, make.SOUTH + 0.001))
    make.make_place(
        session, 5, name="30栋出租屋", kind="rental", building_code=THIRTY, geometry=make.square(29).centroid
    )
    rows = [(building, None, GRID, 24) for building in (ONE, TWO, THREE)] + [(THIRTY, None, NEXT_GRID, 24)]
    plan = make.make_plan(session, assignment=make.assignment_frame(rows))
    since = datetime.now(UTC) - timedelta(days=SINCE_DAYS)
    plans.adopt(session, plan, who=make.WHO, version=1, at=since)
    make_default_plans(session, make.STREET, who=make.WHO)
    place_grades.give(session, RENTAL, "strict", since=today() - timedelta(days=30), reason="多次违规", who=make.WHO)
    for table in ("place", "household_unit"):
        session.execute(text(f"UPDATE {table} SET created_at = created_at - interval '{SINCE_DAYS} days'"))
    session.execute(text(f"UPDATE inspection_plan SET since = since - {SINCE_DAYS}"))
