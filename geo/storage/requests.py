"""What taking requests asks of the store: whose a place is, what is known nearby, what was sent before by whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from geo.storage import queries
from geo.storage.cases import CaseRecord, read_case, scope_column
from geo.storage.catalogue import METADATA
from geo.storage.declaring import SRID

_CASES = METADATA.tables["ledger_case"]
_LIVE = ("open", "paused")
#: Requests near a point that are compared, the newest first: more than that are no hint any more.
MOST_NEAR = 200
#: Metres in a degree of longitude at 54 degrees north, beyond which China does not reach.
METRES_PER_DEGREE = 65_000.0

_MIDDLE = text("""
SELECT ST_X(p) AS lon, ST_Y(p) AS lat
FROM community c CROSS JOIN LATERAL ST_PointOnSurface(c.geom) p WHERE c.code = :code AND c.ended_at IS NULL
""")


@dataclass(frozen=True)
class NearCase:
    """A live case near a point, as far as it tells whether it is of the same thing."""

    id: int
    number: str
    kind: str
    summary: str
    step: str
    state: str
    found_at: datetime
    building_code: str | None
    household_unit_code: str | None
    place_code: str | None
    lon: float
    lat: float


def bodies_at(
    session: Session, *, place: str | None, city_element: str | None, building: str | None, given: str | None = None
) -> dict[str, str]:
    """Return the responsible bodies of a place, an element and a building's compound: code by kind."""
    values = {"place": place, "city_element": city_element, "building": building, "given": given}
    return {row.kind: row.code for row in queries.execute(session, "bodies_at", values)}


def middle_of(session: Session, community: str) -> tuple[float, float] | None:
    """Return a point within a living community (EPSG:4326); None where there is none, or it is not seen."""
    found = session.execute(_MIDDLE, {"code": community}).first()
    return None if found is None else (float(found.lon), float(found.lat))


def read_near(
    session: Session, workflow: str, kind: str, lon: float, lat: float, *, radius_m: float, since: datetime
) -> list[NearCase]:
    """Read live cases of a kind that were found since a moment within a radius of a point (EPSG:4326), newest first."""
    # A square that holds the circle; who compares them measures metres.
    degrees = radius_m / METRES_PER_DEGREE
    columns: list[Any] = [_CASES.c[item.name] for item in fields(NearCase) if item.name not in ("lon", "lat")]
    query = (
        select(*columns, func.ST_X(_CASES.c.geom).label("lon"), func.ST_Y(_CASES.c.geom).label("lat"))
        .where(
            _CASES.c.workflow == workflow,
            _CASES.c.kind == kind,
            _CASES.c.state.in_(_LIVE),
            _CASES.c.found_at >= since,
            func.ST_Intersects(_CASES.c.geom, func.ST_Expand(point(lon, lat), degrees)),
        )
        .order_by(_CASES.c.id.desc())
        .limit(MOST_NEAR)
    )
    return [NearCase(**row._mapping) for row in session.execute(query)]


def read_external(session: Session, server: str, their_id: str) -> CaseRecord | None:
    """Return the request that was taken over from another system under its id."""
    told = {"external": {"server": server, "id": their_id}}
    found = session.scalar(select(_CASES.c.id).where(_CASES.c.details.contains(told)).order_by(_CASES.c.id).limit(1))
    return None if found is None else read_case(session, found)


def read_joined(session: Session, case_id: int) -> list[CaseRecord]:
    """Return the cases that were joined into a case, the oldest first."""
    ids = session.scalars(select(_CASES.c.id).where(_CASES.c.joined_into_id == case_id).order_by(_CASES.c.id))
    return [read_case(session, one) for one in ids]


def read_marked(
    session: Session, workflow: str, mark: str, *, limit: int | None = None, after: int | None = None
) -> list[CaseRecord]:
    """Read live cases whose details have a mark, the newest first, with ids below ``after``."""
    query = select(_CASES.c.id).where(
        _CASES.c.workflow == workflow, _CASES.c.state.in_(_LIVE), _CASES.c.details.has_key(mark)
    )
    if after is not None:
        query = query.where(_CASES.c.id < after)
    return [read_case(session, one) for one in session.scalars(query.order_by(_CASES.c.id.desc()).limit(limit))]


def read_live(session: Session, *, workflows: Mapping[str, tuple[str, bool]], now: datetime) -> list[int]:
    """Return the ids of live cases that may have to go up a rung, the oldest first.

    Parameters
    ----------
    workflows
        By code: the rung that is never gone up from, and whether only what is past a limit goes up.
    """
    found: list[int] = []
    for code, (top, only_late) in workflows.items():
        query = select(_CASES.c.id).where(_CASES.c.workflow == code, _CASES.c.state == "open", _CASES.c.rung != top)
        if only_late:
            query = query.where(func.coalesce(_CASES.c.due_at, _CASES.c.step_due_at) < now)
        found += session.scalars(query.order_by(_CASES.c.id))
    return sorted(found)


def point(lon: float, lat: float) -> Any:
    """Return a point (EPSG:4326) as a column takes it."""
    return func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID)


def read_points(
    session: Session,
    scope: str,
    since: datetime,
    until: datetime,
    *,
    workflow: str | None = None,
    kind: str | None = None,
    limit: int,
) -> pd.DataFrame:
    """Read up to ``limit`` cases found in a period and not void: ``kind``, ``found_at``, ``lon``, ``lat``."""
    columns: tuple[Any, ...] = _CASES.c.kind, _CASES.c.found_at, func.ST_X(_CASES.c.geom), func.ST_Y(_CASES.c.geom)
    query = select(*columns).where(
        scope_column(scope) == scope, _CASES.c.found_at >= since, _CASES.c.found_at < until, _CASES.c.state != "void"
    )
    if workflow is not None:
        query = query.where(_CASES.c.workflow == workflow)
    if kind is not None:
        query = query.where(_CASES.c.kind == kind)
    rows = session.execute(query.order_by(_CASES.c.id).limit(limit)).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=["kind", "found_at", "lon", "lat"])


@dataclass(frozen=True)
class CaseQuery:
    """Which cases of a workflow are wanted; None takes all.

    Attributes
    ----------
    since, until
        Opened at or after, and before.
    """

    workflow: str
    numbers: Sequence[str] | None = None
    kinds: Sequence[str] | None = None
    states: Sequence[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    scope: str | None = None


def read_wanted(session: Session, wanted: CaseQuery, *, limit: int) -> list[CaseRecord]:
    """Read up to ``limit`` cases, the newest first."""
    rules: list[Any] = [_CASES.c.workflow == wanted.workflow]
    rules += [
        column.in_(list(values))
        for column, values in (
            (_CASES.c.number, wanted.numbers),
            (_CASES.c.kind, wanted.kinds),
            (_CASES.c.state, wanted.states),
        )
        if values is not None
    ]
    if wanted.since is not None:
        rules.append(_CASES.c.opened_at >= wanted.since)
    if wanted.until is not None:
        rules.append(_CASES.c.opened_at < wanted.until)
    if wanted.scope is not None:
        rules.append(scope_column(wanted.scope) == wanted.scope)
    point = func.ST_X(_CASES.c.geom).label("lon"), func.ST_Y(_CASES.c.geom).label("lat")
    columns: list[Any] = [_CASES.c[item.name] for item in fields(CaseRecord) if item.name not in ("lon", "lat")]
    query = select(*columns, *point).where(*rules).order_by(_CASES.c.id.desc()).limit(limit)
    return [CaseRecord(**row._mapping) for row in session.execute(query)]


def addresses_of(session: Session, buildings: Sequence[str]) -> dict[str, str]:
    """Return the addresses of buildings, of those that have one and are seen."""
    building = METADATA.tables["building"]
    rows = session.execute(
        select(building.c.code, building.c.address).where(building.c.code.in_(set(buildings)), building.c.address != "")
    )
    return {row.code: row.address for row in rows}
