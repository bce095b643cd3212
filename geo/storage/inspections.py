"""Inspections (检查) in the store: appended and read, never altered."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import and_, func, insert, or_, select, text, update
from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.storage import events, queries
from geo.storage.catalogue import METADATA
from geo.storage.declaring import SRID
from geo.storage.refusals import in_plain_words
from geo.territory.times import CHINA_TIME

#: The noun of events about inspections; their code is the inspection's id.
INSPECTION = "inspection"
#: What events tell: what was done, never what the inspection says of a home.
_TOLD = ("party", "checklist", "result", "inspected_at", "grid_code", "plan_id")
_INSPECTIONS = METADATA.tables["inspection"]
_CASES = METADATA.tables["ledger_case"]


@dataclass(frozen=True)
class NewInspection:
    """One look to be kept; see :class:`geo.storage.ledger_tables.Inspection`. ``lon``, ``lat`` in EPSG:4326."""

    plan_id: int | None
    street_code: str
    community_code: str
    grid_code: str | None
    building_code: str | None
    household_unit_code: str | None
    place_code: str | None
    city_element_code: str | None
    lon: float
    lat: float
    party: str
    checklist: str
    result: str
    items: list[dict[str, Any]]
    note: str | None
    inspected_at: datetime
    inspector: str
    client_key: str | None


@dataclass(frozen=True)
class InspectionRecord(NewInspection):
    """One look as it is kept."""

    id: int
    recorded_at: datetime


@dataclass(frozen=True)
class InspectionFilter:
    """Which inspections are wanted; None takes all.

    Attributes
    ----------
    scope
        Code of a street, community or grid: where they lay when they were done.
    subject
        Code of a building, household unit, place or city element; what is in a building is about the building too.
    since, until
        Inspected at or after, and before.
    """

    scope: str | None = None
    subject: str | None = None
    party: str | None = None
    result: str | None = None
    inspector: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class SubjectRow:
    """A thing that is inspected, and where it is; doors that are no place are ``household_unit``."""

    noun: str
    code: str
    kind: str
    name: str
    address: str | None
    community_code: str
    grid_code: str
    building_code: str | None
    building_name: str | None
    household_unit_code: str | None
    stairwell_code: str | None
    floor: int | None
    room: str | None
    lon: float
    lat: float
    building_lon: float | None
    building_lat: float | None
    registered_at: datetime


@dataclass(frozen=True)
class LookRow:
    """The last look of a party that got in, or one after it at which nobody opened."""

    code: str
    party: str
    inspected_at: datetime
    result: str


_RECORD: list[Any] = [_INSPECTIONS.c[item.name] for item in fields(InspectionRecord) if item.name not in ("lon", "lat")]
_RECORD += [func.ST_X(_INSPECTIONS.c.geom).label("lon"), func.ST_Y(_INSPECTIONS.c.geom).label("lat")]


def keep(session: Session, new: NewInspection) -> InspectionRecord:
    """Append an inspection, and an event of it.

    Raises
    ------
    ConflictError
        The inspector's device sent one under this key already.
    """
    values = asdict(new)
    point = func.ST_SetSRID(func.ST_MakePoint(values.pop("lon"), values.pop("lat")), SRID)
    with in_plain_words():
        written = insert(_INSPECTIONS).values(**values, geom=point).returning(_INSPECTIONS.c.id)
        inspection_id = session.scalars(written).one()
    record = read_one(session, inspection_id)
    told = {name: getattr(record, name) for name in _TOLD} | {"inspected_at": record.inspected_at.isoformat()}
    events.record(session, who=new.inspector, what="recorded", noun=INSPECTION, code=str(inspection_id), after=told)
    return record


def link_cases(session: Session, inspection_id: int, case_ids: Sequence[int]) -> None:
    """Say of cases which inspection found them; of those that were known before the first one stays."""
    if case_ids:
        first = and_(_CASES.c.id.in_(list(case_ids)), _CASES.c.inspection_id.is_(None))
        with in_plain_words():
            session.execute(update(_CASES).where(first).values(inspection_id=inspection_id))


def find_sent(session: Session, inspector: str, client_key: str) -> InspectionRecord | None:
    """Read what an inspector's device sent under a key."""
    mine = and_(_INSPECTIONS.c.inspector == inspector, _INSPECTIONS.c.client_key == client_key)
    found = session.execute(select(*_RECORD).where(mine)).first()
    return None if found is None else InspectionRecord(**found._mapping)


def read_one(session: Session, inspection_id: int) -> InspectionRecord:
    """Read one inspection.

    Raises
    ------
    NotFoundError
        There is no such inspection.
    """
    found = session.execute(select(*_RECORD).where(_INSPECTIONS.c.id == inspection_id)).first()
    if found is None:
        raise NotFoundError(f"没有编号为 {inspection_id} 的检查记录", f"there is no inspection {inspection_id}")
    return InspectionRecord(**found._mapping)


def read(
    session: Session, wanted: InspectionFilter, *, limit: int | None = None, after: int | None = None
) -> list[InspectionRecord]:
    """Read inspections, the newest first; the next page is ``after`` the last id of this one."""
    columns = _INSPECTIONS.c
    equal = {columns.party: wanted.party, columns.result: wanted.result, columns.inspector: wanted.inspector}
    rules: list[Any] = [column == value for column, value in equal.items() if value is not None]
    if wanted.scope is not None:
        rules.append(_in_scope(wanted.scope))
    if wanted.subject is not None:
        about = (columns.place_code, columns.household_unit_code, columns.city_element_code, columns.building_code)
        rules.append(or_(*(column == wanted.subject for column in about)))
    if wanted.since is not None:
        rules.append(columns.inspected_at >= wanted.since)
    if wanted.until is not None:
        rules.append(columns.inspected_at < wanted.until)
    if after is not None:
        rules.append(columns.id < after)
    query = select(*_RECORD).where(*rules).order_by(columns.id.desc()).limit(limit)
    return [InspectionRecord(**row._mapping) for row in session.execute(query)]


def read_subjects(session: Session, grid_codes: Sequence[str]) -> list[SubjectRow]:
    """Read what may be inspected in grids in force: places, and doors that are homes; by code."""
    found = queries.execute(session, "inspection_subjects", {"grids": list(grid_codes)}).mappings()
    return [SubjectRow(**row) for row in found]


def read_looks(session: Session, codes: Sequence[str], on: date) -> list[LookRow]:
    """Read of things, for each party, the last look until the end of a day that got in, and those since that did not.

    ``codes`` are of places and household units; a day ends in China.
    """
    moment = datetime.combine(on + timedelta(days=1), time(), CHINA_TIME)
    values = {"codes": list(codes), "before": moment}
    return [LookRow(**row) for row in queries.execute(session, "inspection_looks", values).mappings()]


def read_last_seen(session: Session, scope_code: str, on: date | None = None) -> dict[str, datetime | None]:
    """Return for each living building of a street, community or grid when somebody last got in there, by code.

    None where nobody was seen to. ``on`` is the last day that counts, in China; all of them when None.
    """
    day = on or date.max - timedelta(days=1)
    moment = datetime.combine(day + timedelta(days=1), time(), CHINA_TIME)
    rows = queries.execute(session, "buildings_last_seen", {"scope": scope_code, "before": moment})
    return {row.building_code: row.last_seen for row in rows}


def has_grid_in_force(session: Session, grid_code: str) -> bool:
    """Whether a grid is in force now."""
    query = text(
        "SELECT EXISTS (SELECT FROM grid g JOIN plan p ON p.id = g.plan_id WHERE g.code = :code AND p.state = 'adopted'"
        " AND p.tier = 'grid' AND p.department = '')"
    )
    return bool(session.scalar(query, {"code": grid_code}))


def _in_scope(code: str) -> Any:
    columns = _INSPECTIONS.c
    column = {9: columns.street_code, 12: columns.community_code}.get(len(code), columns.grid_code)
    return column == code
