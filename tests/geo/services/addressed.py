"""Two small communities with addresses, for tests of locating: a compound, a village, a shop, roads that cross.

::

    440307001001 第1社区                                440307001002 第2社区
    ┌───────────────────────────────────────┐           ┌──────────────────┐
    │ 荷香路12号锦绣花园 1栋(1单元 101,201) │           │ 荷香路88号       │
    │                  2栋                  │           │ 锦绣花园 1栋     │
    │ 荷香路30号红旗楼   小李便利店         │           └──────────────────┘
    └───────────────────────────────────────┘
    ══════════════ 荷香路 ═════╪══════════════════════════════════════════
                            青松街
"""

from shapely import LineString, Point
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.storage import plans
from geo.storage.database import session_scope
from geo.territory import codes
from tests import factories as make

FIRST, SECOND = f"{make.STREET}001", f"{make.STREET}002"
ONE, TWO, FLAG = (codes.make("building", FIRST, number) for number in (1, 2, 3))
ELSEWHERE = codes.make("building", SECOND, 1)
STAIRWELL = codes.make("stairwell", ONE, 1)
DOOR, UPSTAIRS = codes.make_unit(ONE, 1, 1), codes.make_unit(ONE, 2, 1)
COMPOUND = codes.make("compound", FIRST, 1)
ROAD, SIDE = (codes.make("barrier", make.STREET, number) for number in (1, 2))
SHOP = codes.make("place", make.STREET, 1)
GARDEN = codes.make("city_element", FIRST, 1)
GRIDS = [codes.make("grid", FIRST, number) for number in (1, 2)]
PHONE = "13812341234"
ABOVE = "广东省深圳市南湖区南湖街道"


def actor(role: str, *scopes: str) -> Actor:
    return Actor(f"{role}-1", frozenset({role}), scopes, account_id=None, address="10.0.0.8", request_id="r1")


STAFF = actor("staff", FIRST)
PLANNER = actor("planner", make.STREET)
ASSESSOR = actor("assessor", FIRST)
INSPECTOR = actor("inspector", GRIDS[0])
NEXT = actor("staff", SECOND)


def settle(session: Session) -> None:
    """Write both communities, with a plan in force in the first one: its western half is grid 1."""
    make.make_community(session, 1)
    make.make_community(session, 2)
    for number, community in ((1, FIRST), (2, SECOND)):
        ground = make.square((number - 1) * 2, 0, make.COMMUNITY_DEGREES / 2)
        make.make_compound(session, 1, community_code=community, name="锦绣花园", geometry=ground)
    _building(session, ONE, 5, "1栋", f"{ABOVE}荷香路12号锦绣花园1栋", compound_code=COMPOUND)
    _building(session, TWO, 8, "2栋", f"{ABOVE}荷香路12号锦绣花园2栋", compound_code=COMPOUND)
    _building(session, FLAG, 40, "红旗楼", f"{ABOVE}荷香路30号红旗楼")
    other = codes.make("compound", SECOND, 1)
    _building(session, ELSEWHERE, 55, "1栋", f"{ABOVE}荷香路88号锦绣花园1栋", compound_code=other)
    make.make_stairwell(session, ONE, 1)
    for floor in (1, 2):
        make.make_household_unit(session, ONE, floor, 1, stairwell_code=STAIRWELL)
    spot = make.square(40, 1).centroid
    make.make_place(session, name="小李便利店", building_code=FLAG, address=f"{ABOVE}荷香路30号", geometry=spot)
    make.make_city_element(session, kind="garden", name="荷香公园", geometry=make.square(20, 20).centroid)
    road = LineString([(make.WEST, make.SOUTH), (make.WEST + 0.02, make.SOUTH)])
    side = LineString([(make.WEST + 0.004, make.SOUTH - 0.002), (make.WEST + 0.004, make.SOUTH + 0.004)])
    make.make_barrier(session, 1, name="荷香路", kind="main_road", geometry=road)
    make.make_barrier(session, 2, name="青松街", geometry=side)
    river = LineString([(make.WEST, make.SOUTH + 0.008), (make.WEST + 0.02, make.SOUTH + 0.008)])
    make.make_barrier(session, 3, name="南湖河", kind="river", geometry=river)
    for number, grid in enumerate(GRIDS, start=1):
        make.make_grid_staff(session, number, grid_code=grid, phone=PHONE)
    rows = [(ONE, None, GRIDS[0], 24), (TWO, None, GRIDS[0], 24), (FLAG, None, GRIDS[1], 24)]
    plan = make.make_plan(session, assignment=make.assignment_frame(rows))
    plans.adopt(session, plan, who=make.WHO, version=1)


def fill(engine: Engine) -> None:
    """Write both into a store of their own."""
    with session_scope(engine) as session:
        settle(session)


def _building(session: Session, code: str, column: int, name: str, address: str, **given: object) -> None:
    community = code[:12]
    make.make_building(
        session, code=code, community_code=community, name=name, address=address,
        geometry=make.square(column, 1), households=None, **given,
    )  # fmt: skip


def middle(column: int) -> Point:
    """The middle of a building."""
    return make.square(column, 1).centroid
