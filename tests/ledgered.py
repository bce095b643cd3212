"""Ground for cases: a community in two grids, a shop in a home in a building, people with roles, and their deeds."""

import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.services import cases
from geo.services.cases import CaseRecord, Deed, act_on_case
from geo.storage import plans
from geo.territory import codes
from tests import factories as make

ANNA = Actor("anna", frozenset({"inspector"}), (f"{make.COMMUNITY}001",))
BEN = Actor("ben", frozenset({"inspector"}), (f"{make.COMMUNITY}001",))
STAFF = Actor("dora", frozenset({"staff"}), (make.COMMUNITY,))
LEADER = Actor("lee", frozenset({"leader"}), (make.STREET,))
ASSESSOR = Actor("otto", frozenset({"assessor"}), (make.STREET,))


@dataclass(frozen=True)
class Ground:
    """Codes of what there is; points are (lon, lat), the far one in the second grid and in no building."""

    place: str
    unit: str
    building: str
    other_building: str
    compound: str
    grids: tuple[str, str]
    body: str
    company: str
    point: tuple[float, float]
    far_point: tuple[float, float]


def ground(session: Session) -> Ground:
    """Write the ground: the west half of the community is grid 001, the east half grid 002."""
    make.make_community(session)
    company, body = (codes.make("responsible_body", make.STREET, number) for number in (1, 2))
    make.make_responsible_body(session, code=company, name="南湖物业", kind="property_company")
    make.make_responsible_body(session, code=body, name="王记五金", kind="shop")
    compound = make.make_compound(session, responsible_body_code=company)
    building = make.make_building(session, 1, compound_code=compound)
    other = make.make_building(session, 30)
    unit = make.make_household_unit(session, building)
    point = make.square(0, 0).centroid
    place = make.make_place(
        session, building_code=building, household_unit_code=unit, responsible_body_code=body, kind="small_shop",
        geometry=point,
    )  # fmt: skip
    adopt(session, {building: 1, other: 2}, at=datetime(2025, 1, 1))
    return Ground(
        place=place,
        unit=unit,
        building=building,
        other_building=other,
        compound=compound,
        grids=(codes.make("grid", make.COMMUNITY, 1), codes.make("grid", make.COMMUNITY, 2)),
        body=body,
        company=company,
        point=(point.x, point.y),
        far_point=(make.WEST + 0.009, make.SOUTH + 0.009),
    )


def adopt(session: Session, buildings: dict[str, int], *, at: datetime | None = None) -> int:
    """Adopt a plan of the community that puts each building in a grid by its number."""
    frame = make.grid_frame(make.COMMUNITY)
    grids = dict(enumerate(frame["code"], start=1))
    rows = [(building, None, grids[number], 24) for building, number in buildings.items()]
    plan = make.make_plan(session, community=make.COMMUNITY, grids=frame, assignment=make.assignment_frame(rows))
    plans.adopt(session, plan, who=make.WHO, version=1, at=at)
    return plan


def do(session: Session, case: CaseRecord, action: str, by: Actor, **told: Any) -> CaseRecord:
    """Act on a case as it was seen."""
    at = session.scalars(select(func.clock_timestamp())).one()
    note = told.pop("note", None)
    return act_on_case(session, case.id, Deed(action, at, note=note, fields=told), version=case.version, actor=by)


def close(session: Session, case: CaseRecord, *, fixer: Actor = ANNA, closer: Actor = BEN) -> CaseRecord:
    """Take a hazard that was just found to its end, on the spot."""
    for phase, shade in (("before", 1), ("after", 2)):
        cases.attach(session, case.id, photo(shade), phase, actor=fixer)
    case = do(session, case, "fix_at_once", fixer, nature="general", assignee="anna", note="当场换好")
    return do(session, case, "pass", closer)


def photo(shade: int = 1, form: str = "JPEG") -> bytes:
    """A small picture of one shade of grey."""
    written = io.BytesIO()
    Image.new("RGB", (32, 24), (shade % 256,) * 3).save(written, form)
    return written.getvalue()
