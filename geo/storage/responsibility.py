"""What answers about responsibility ask of the store: the thing, and who was in charge of a grid on a day."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.storage import queries
from geo.storage.tables import GridStaff
from geo.territory.times import CHINA_TIME


@dataclass(frozen=True)
class Thing:
    """A place, a door or a building, living or ended; the point is EPSG:4326.

    ``kind`` is what inspection plans know it by, None where they do not.
    """

    kind: str | None
    building_code: str | None
    household_unit_code: str | None
    lon: float
    lat: float
    registered_at: datetime


@dataclass(frozen=True)
class Person:
    """Somebody in charge of a grid."""

    code: str
    name: str
    since: date | None


def read_thing(session: Session, noun: str, code: str) -> Thing:
    """Read what is asked about.

    Raises
    ------
    NotFoundError
        There is no such thing that is seen.
    """
    found = queries.execute(session, "answer_subject", {"noun": noun, "code": code}).mappings().first()
    if found is None:
        raise NotFoundError(f"没有编码为 {code[:40]} 的对象", f"there is nothing with the code {code[:40]}")
    return Thing(**found)


def read_in_charge(session: Session, grid_code: str, role: str, on: date) -> list[Person]:
    """Read who held a role in a grid on a day, whoever left since included; by code."""
    moment = datetime.combine(on + timedelta(days=1), time(), CHINA_TIME)
    held = (
        GridStaff.grid_code == grid_code,
        GridStaff.role == role,
        or_(GridStaff.since.is_(None), GridStaff.since <= on),
        or_(GridStaff.until.is_(None), GridStaff.until > on),
        or_(GridStaff.ended_at.is_(None), GridStaff.ended_at > moment),
    )
    query = select(GridStaff.code, GridStaff.name, GridStaff.since).where(*held).order_by(GridStaff.code)
    return [Person(*row) for row in session.execute(query)]
