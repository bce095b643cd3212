"""Two streets whose every text says where it belongs, so that one read by the wrong person is noticed.

::

    440307001 (the street)                     440307002 (another one)
    ├── 001  OWN      grids 001, 002           └── 001  OTHER    grids 001, 002
    └── 002  SIBLING  grids 001, 002

Of OWN, grid 001 holds the first building and grid 002 the second, whose texts say NEXT. What tells who lives or works
somewhere says HOME as well; people's numbers end in the place's figure.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
from shapely import affinity
from sqlalchemy.orm import Session

from geo.services.cases import Deed, NewCase, Reporter, act_on_case, attach, open_case
from geo.services.commenting import add_comment
from geo.services.sharing import say_here
from geo.storage import addresses, inspection_plans, inspections, place_grades, plan_jobs, plans, unplaced
from geo.storage.inspection_plans import NewPlan
from geo.storage.inspections import NewInspection
from geo.storage.unplaced import NewUnplaced
from geo.territory import codes
from tests import factories as make
from tests.ledgered import photo

STREET, OTHER_STREET = make.STREET, "440307002"
MISSING_STREET = "440307009"
MISSING_PLAN = 2_000_000_000
NAMES = {
    "own": f"{STREET}001",
    "sibling": f"{STREET}002",
    "other": f"{OTHER_STREET}001",
}


@dataclass
class Place:
    """A community with one of everything, by what it is to the one who looks."""

    name: str
    community: str
    codes: dict[str, str] = field(default_factory=dict)
    draft: int = 0
    adopted: int = 0
    alias: int = 0
    unplaced: int = 0
    inspection: int = 0
    inspection_plan: int = 0
    case: int = 0
    evidence: int = 0
    comment: int = 0
    job: int = 0
    request: str = ""
    point: tuple[float, float] = (0.0, 0.0)

    @property
    def street(self) -> str:
        return self.community[:9]

    @property
    def phone(self) -> str:
        return f"139{9000 + list(NAMES).index(self.name):04d}77{list(NAMES).index(self.name)}1"

    def says(self, what: str) -> str:
        return f"{self.name.upper()}-{what}"


@dataclass
class Planted:
    """All places, and the plan of a department that covers the street."""

    places: dict[str, Place]
    street_plan: int


def plant(session: Session) -> Planted:
    """Write both streets."""
    make.make_street(session, name="STREET-A")
    far = affinity.translate(make.square(0, 0, 10 * make.COMMUNITY_DEGREES), 0.2, 0)
    make.make_street(session, code=OTHER_STREET, name="OTHER-street", geometry=far)
    places = {name: _place(session, name, community) for name, community in NAMES.items()}
    return Planted(places, _street_plan(session))


def _place(session: Session, name: str, community: str) -> Place:
    place = Place(name, community)
    number, east = int(community[-3:]), 0.2 if name == "other" else 0.0

    def at(shape: Any) -> Any:
        return affinity.translate(shape, east, 0)

    west = (number - 1) * make.COMMUNITY_DEGREES / make.BUILDING_DEGREES
    given = place.codes
    given["street"], given["community"] = place.street, community
    square = at(make.square(number - 1, 0, make.COMMUNITY_DEGREES))
    make.make_community(
        session, code=community, street_code=place.street, name=place.says("community"), geometry=square
    )
    order = list(NAMES).index(name) + 1
    body = codes.make("responsible_body", place.street, order)
    make.make_responsible_body(session, code=body, name=f"BODY-{order}", phone=f"0755-8{order}000000")
    given["compound"] = make.make_compound(
        session, 1, community_code=community, name=place.says("compound"), responsible_body_code=body,
        geometry=at(make.square((number - 1) * 2, 0, make.COMMUNITY_DEGREES / 2)),
    )  # fmt: skip
    # The barrier belongs to its street; the base map shows it to all who are signed in.
    given["barrier"] = make.make_barrier(
        session, order, code=codes.make("barrier", place.street, order), name="road",
        geometry=at(make.square(west, 0)).exterior,
    )  # fmt: skip
    for grid in (1, 2):
        _building(session, place, grid, at(make.square(west + (5 if grid == 1 else 35), 5)))
    for grid, word in ((1, "element"), (2, "NEXT-element")):
        given_code = make.make_city_element(
            session, grid, community_code=community, name=place.says(word), address=place.says(word),
            geometry=at(make.square(west + (8 if grid == 1 else 38), 8)).centroid,
        )  # fmt: skip
        given.setdefault("city_element", given_code)
    given["grid"] = codes.make("grid", community, 1)
    make.make_grid_staff(
        session, order, code=codes.make("grid_staff", place.street, order), name=place.says("staff"),
        phone=place.phone, grid_code=given["grid"],
    )  # fmt: skip
    place.alias = addresses.propose_alias(
        session, alias=place.says("alias"), kind="building", noun="building", code=given["building"],
        name=place.says("building"), who=make.WHO,
    ).id  # fmt: skip
    place.unplaced = _unplaced(session, place)
    place.inspection_plan = _inspection_plan(session, place)
    place.point = at(make.square(west + 5, 5)).centroid.coords[0]
    given["cell"] = f"{given['grid']}L01"
    place.adopted, place.draft = (_plan(session, place, at, state) for state in ("adopted", "draft"))
    _share(session, place)
    _, place.inspection = (_inspection(session, place, grid) for grid in (2, 1))
    _cases(session, place)
    return place


def _share(session: Session, place: Place) -> None:
    """What is said of the draft and of the plan in force, who has both open, and work on the draft that has ended."""
    who = place.says("colleague")
    for plan, word in ((place.draft, "remark"), (place.adopted, "adopted-remark")):
        place.comment = add_comment(session, plan, place.says(word), who=who).id
        say_here(session, plan, place.codes["grid"], who=who)
    place.comment = add_comment(session, place.draft, place.says("NEXT-remark"), who=who).id
    place.job = plan_jobs.begin(session, place.draft, "solve", {}, who=who).id
    problem = {"error": "InputError", "zh": place.says("why"), "en": place.says("why")}
    plan_jobs.end(session, place.job, "failed", problem=problem)


def _cases(session: Session, place: Place) -> None:
    """A hazard in each building, with who asked; a photo of the first; and one in a shop that says HOME."""
    finder, asked = place.says("finder"), Reporter(place.says("HOME-reporter"), place.phone)
    for number, word in ((2, "NEXT-hazard"), (1, "hazard")):
        building = codes.make("building", place.community, number)
        found = NewCase("hazard", "wiring", place.says(word), building_code=building, reporter=asked)
        place.case = open_case(session, found, who=finder).id
    asking = NewCase("request", "lift", place.says("request"), building_code=place.codes["building"], reporter=asked)
    place.request = open_case(session, asking, who=finder).number
    place.evidence = attach(session, place.case, photo(ord(place.name[1])), "finding", who=finder).id
    shop = codes.make("place", place.street, int(place.community[-3:]) * 10 + 1)
    home = open_case(session, NewCase("hazard", "gas", place.says("HOME-hazard"), place_code=shop), who=finder)
    act_on_case(session, home.id, Deed("note", home.opened_at, note=place.says("HOME-note")), who=finder)


def _unplaced(session: Session, place: Place) -> int:
    """A row of a list that could be the place's building."""
    said, choice = place.says("HOME-list"), {"id": place.codes["building"], "code": place.codes["building"]}
    point = {"lon": make.WEST, "lat": make.SOUTH}
    row = NewUnplaced(
        noun="city_element", source="list", source_key=said, row_number=2, file_row={"地址": said},
        manner={"columns": {}, "defaults": {}, "extent": "china", "under": None}, scope_code=place.community,
        address=said, outcome="several", reason_zh="多处", reason_en="several",
        choices=[{**choice, **point, "level": "building", "address": place.says("HOME-choice"), "apart": ""}],
    )  # fmt: skip
    unplaced.keep(session, [row], who=make.WHO)
    return next(kept.id for kept in unplaced.read(session) if kept.source_key == said)


def _inspection_plan(session: Session, place: Place) -> int:
    """Shops are looked at every day, so that they are on every round."""
    plan = NewPlan(
        name=place.says("inspection-plan"), scope_code=place.community, place_kind="small_shop", grade=None,
        party="grid_worker", cycle_days=1, checklist="small_shop", since=date(2026, 1, 1),
    )  # fmt: skip
    return inspection_plans.insert_plan(session, plan, who=make.WHO).id


def _inspection(session: Session, place: Place, grid: int) -> int:
    """A look at the shop of a grid, and at what is in it."""
    near = "" if grid == 1 else "NEXT-"
    building = codes.make("building", place.community, grid)
    shop = codes.make("place", place.street, int(place.community[-3:]) * 10 + grid)
    lon, lat = make.square(0).centroid.coords[0]
    look = NewInspection(
        plan_id=place.inspection_plan, street_code=place.street, community_code=place.community,
        grid_code=codes.make("grid", place.community, grid), building_code=building, household_unit_code=None,
        place_code=shop, city_element_code=None, lon=lon, lat=lat, party="grid_worker", checklist="small_shop",
        result="no_access", items=[], note=place.says(f"{near}HOME-look"), inspected_at=datetime.now(UTC),
        inspector=make.WHO, client_key=place.says(f"{near}look"),
    )  # fmt: skip
    said = place.says(f"{near}HOME-grade")
    place_grades.give(session, shop, "ordinary", since=date(2026, 1, 1), reason=said, who=make.WHO)
    return inspections.keep(session, look).id


def _building(session: Session, place: Place, grid: int, geometry: Any) -> None:
    near = "" if grid == 1 else "NEXT-"
    building = make.make_building(
        session, grid, community_code=place.community, name=place.says(f"{near}building"),
        address=place.says(f"{near}address"), geometry=geometry, households=None, compound_code=place.codes["compound"],
    )  # fmt: skip
    stairwell = make.make_stairwell(session, building, name=place.says(f"{near}stairwell"))
    unit = make.make_household_unit(
        session, building, stairwell_code=None, room=place.says(f"{near}HOME-room"),
        address=place.says(f"{near}HOME-address"),
    )  # fmt: skip
    shop = int(place.community[-3:]) * 10 + grid
    make.make_place(
        session, shop, code=codes.make("place", place.street, shop), name=place.says(f"{near}HOME-place"),
        address=place.says(f"{near}HOME-shop"), building_code=building, geometry=geometry.centroid,
    )  # fmt: skip
    if grid == 1:
        given_place = codes.make("place", place.street, shop)
        place.codes.update(building=building, stairwell=stairwell, household_unit=unit, place=given_place)


def _plan(session: Session, place: Place, at: Any, state: str) -> int:
    frame = make.grid_frame(place.community)
    frame = frame.assign(name=[place.says("grid"), place.says("NEXT-grid")], reason=place.says("reason"))
    frame.geometry = [at(shape) for shape in frame.geometry]
    buildings = [codes.make("building", place.community, number) for number in (1, 2)]
    rows = [(building, None, grid, 1) for building, grid in zip(buildings, frame["code"], strict=True)]
    plan = make.make_plan(
        session, community=place.community, name=place.says(f"{state}-plan"), grids=frame,
        assignment=make.assignment_frame(rows), report={"said": place.says("report"), "of": place.community},
        parameters={"said": place.says("parameters")},
    )  # fmt: skip
    if state == "adopted":
        plans.adopt(session, plan, who=make.WHO, version=1)
    return plan


def _street_plan(session: Session) -> int:
    """A department's grids over the whole street: in force, its parts are seen by those they lie in."""
    frames = []
    for name in ("own", "sibling"):
        word = name.upper()
        said = {"name": [f"{word}-old", f"{word}-NEXT-old"], "reason": f"{word}-why"}
        frames.append(make.grid_frame(NAMES[name]).assign(**said))
    plan = make.make_plan(
        session, name="STREET-plan", scope_code=STREET, department="城管",
        report={"said": [[NAMES[name], f"{name.upper()}-report"] for name in ("own", "sibling")]},
        grids=pd.concat(frames, ignore_index=True),
    )  # fmt: skip
    plans.adopt(session, plan, who=make.WHO, version=1)
    return plan


__all__ = ["MISSING_PLAN", "MISSING_STREET", "NAMES", "OTHER_STREET", "STREET", "Place", "Planted", "plant"]
