"""Use case: today's round (巡查) of an inspector: what is due or late in own grids, and hazards to look at again.

In the order of a walk. How long it is and how much of it was done is told to nobody: a round is no score.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.crs import WGS84, metric_crs_of
from geo.errors import InputError
from geo.ledger.cycles import Cycle, Due, GradePeriod, Look, Subject, cycles_of, due
from geo.ledger.rounds import Door, from_the_bottom, visiting_order, walking_distances
from geo.ledger.workflows import workflow
from geo.services.cases import possible_actions
from geo.services.inspectors import day_of, named, today
from geo.storage import cases, events, inspection_plans, inspections, layers, network, place_grades
from geo.storage.cases import CaseFilter, CaseRecord
from geo.storage.inspection_plans import PlanRecord
from geo.storage.inspections import SubjectRow
from geo.territory.dictionaries import dictionary
from geo.territory.nouns import BARRIER, BUILDING

__all__ = ["Ground", "Round", "Step", "Stop", "Visit", "due_of", "ground_of", "todays_round"]

#: How events call it when a round was looked at.
LOOKED = "looked"
#: Things on one round, at most: those that are due the longest. More than a week of walking for one person.
MOST_VISITS = 300
#: Degrees round the stops within which barriers are looked for, about 200 m.
AROUND_DEGREES = 0.002

Why = Literal["due", "overdue", "hazard"]


@dataclass(frozen=True)
class Step:
    """Something that the one who looks may do to a hazard: its workflow's action, and what that needs."""

    code: str
    zh: str
    en: str
    effect: str | None
    requires: tuple[str, ...]
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Visit:
    """One thing to look at.

    Attributes
    ----------
    noun
        ``place``, ``household_unit``, or for a hazard of neither ``building``, ``city_element`` or ``point``.
    why
        ``due`` today, ``overdue``, or a ``hazard`` that waits to be looked at again.
    checklist
        The checklist to answer; None for hazards.
    due_on, last_seen, no_access
        When it was due, when the party last got in, and how often nobody opened since.
    case_id, case_version, number, summary, actions
        The hazard, and what may be done to it.
    """

    noun: str
    code: str
    kind: str
    name: str
    address: str | None
    why: Why
    stairwell_code: str | None = None
    floor: int | None = None
    room: str | None = None
    household_unit_code: str | None = None
    checklist: str | None = None
    party: str | None = None
    due_on: date | None = None
    last_seen: date | None = None
    no_access: int = 0
    case_id: int | None = None
    case_version: int | None = None
    number: str | None = None
    summary: str | None = None
    actions: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Stop:
    """A building, or a place in the open, with what is to be looked at there from the bottom up; EPSG:4326."""

    building_code: str | None
    name: str | None
    address: str | None
    lon: float
    lat: float
    visits: tuple[Visit, ...]


@dataclass(frozen=True)
class Round:
    """A day's round.

    Attributes
    ----------
    left_out
        Whether more is due than one round takes.
    """

    day: date
    grids: tuple[str, ...]
    stops: tuple[Stop, ...]
    left_out: bool


@dataclass(frozen=True)
class Ground:
    """What a round is drawn on, EPSG:4326.

    Attributes
    ----------
    grids
        ``code``, ``name``.
    buildings
        Of these grids: ``code``, ``name`` and ``last_seen``, the day on which somebody last got in there, or None.
    barriers
        Roads, rivers and walls around: ``name``, ``kind``.
    """

    grids: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame


@dataclass(frozen=True)
class _Owed:
    subject: SubjectRow
    due: Due


def todays_round(
    session: Session,
    *,
    grids: Sequence[str] | None = None,
    start: tuple[float, float] | None = None,
    on: date | None = None,
    actor: Actor | None = None,
    who: str | None = None,
) -> Round:
    """Return a day's round, and record that it was looked at.

    Parameters
    ----------
    grids
        Codes of grids; by default those of the actor's scope.
    start
        Where the walk begins (lon, lat in EPSG:4326); by default at the stop farthest north-west.
    on
        The day, in China; today when None.

    Raises
    ------
    InputError
        No grid was named, and the actor's scope is wider than grids.
    """
    codes = _grids(grids, actor)
    day = on or today()
    rows = inspections.read_subjects(session, codes)
    walking = [
        party for party, entry in dictionary("inspection_parties").entries.items() if entry.extra["walks_rounds"]
    ]
    owed = [each for each in due_of(session, rows, day) if each.due.on <= day and each.due.cycle.party in walking]
    owed.sort(key=lambda each: (each.due.on, each.subject.code))
    visits = [(_visit(each, day), each.subject) for each in owed[:MOST_VISITS]]
    hazards = _hazards(session, codes, {row.code: row for row in rows}, actor=actor, who=who)
    stops = _stops(session, [*visits, *hazards])
    _record_look(session, codes, len(visits) + len(hazards), named(actor, who))
    return Round(day, codes, tuple(_walk(session, stops, start)), len(owed) > MOST_VISITS)


def ground_of(session: Session, codes: Sequence[str]) -> Ground:
    """Return what a round in grids is drawn on: their outlines and buildings, and what lies between."""
    outlines = [network.read_network(session, code[:12]) for code in sorted({code[:12] for code in codes})]
    grids = pd.concat(outlines, ignore_index=True) if outlines else gpd.GeoDataFrame()
    grids = grids[grids["code"].isin(codes)][["code", "name", "geometry"]]
    seen = {building: last for code in codes for building, last in inspections.read_last_seen(session, code).items()}
    buildings = layers.read(session, BUILDING, codes=list(seen))[["code", "name", "geometry"]]
    days = [day_of(last) if (last := seen[code]) else None for code in buildings["code"]]
    buildings = buildings.assign(last_seen=pd.Series(days, index=buildings.index, dtype="object"))
    if len(grids) == 0:
        return Ground(grids, buildings, layers.read(session, BARRIER, codes=[]))
    west, south, east, north = grids.total_bounds
    around = (west - AROUND_DEGREES, south - AROUND_DEGREES, east + AROUND_DEGREES, north + AROUND_DEGREES)
    barriers = layers.read(session, BARRIER, bbox=around)[["name", "kind", "geometry"]]
    return Ground(grids, buildings, barriers)


def due_of(session: Session, rows: Sequence[SubjectRow], day: date) -> list[_Owed]:
    """Return when things are due, each for every party that owes it a look, as known at the end of a day."""
    codes = [row.code for row in rows]
    scopes = {code for row in rows for code in _scopes(row)}
    cycles = [_cycle(plan) for plan in inspection_plans.read_plans(session, scope_codes=scopes, on=day)]
    looks: dict[str, list[Look]] = {}
    for look in inspections.read_looks(session, codes, day):
        found = Look(day_of(look.inspected_at), look.party, look.result)  # type: ignore[arg-type]
        looks.setdefault(look.code, []).append(found)
    grades: dict[str, list[GradePeriod]] = {}
    for each in place_grades.read_grades(session, codes, day):
        grades.setdefault(each.place_code, []).append(GradePeriod(each.grade, each.since, each.until))
    subjects = [(_subject(row, tuple(grades.get(row.code, ()))), row) for row in rows]
    return [
        _Owed(row, due(subject, cycle, looks.get(row.code, ()), day))
        for subject, row in subjects
        for cycle in cycles_of(subject, cycles, day)
    ]


def _grids(grids: Sequence[str] | None, actor: Actor | None) -> tuple[str, ...]:
    if grids:
        return tuple(sorted(set(grids)))
    if actor is not None and actor.grids:
        return actor.grids
    raise InputError(
        "请写明要巡查的网格(grid):您负责的不是单个网格",
        "say which grid to go round: your scope is wider than grids",
    )


def _subject(row: SubjectRow, grades: tuple[GradePeriod, ...]) -> Subject:
    return Subject(row.code, row.kind, _scopes(row), day_of(row.registered_at), row.building_code, grades)


def _scopes(row: SubjectRow) -> tuple[str, str]:
    return row.community_code[:9], row.community_code


def _cycle(plan: PlanRecord) -> Cycle:
    return Cycle(**{name: getattr(plan, name) for name in Cycle.__dataclass_fields__})


def _visit(each: _Owed, day: date) -> Visit:
    row, owed = each.subject, each.due
    return Visit(
        noun=row.noun,
        code=row.code,
        kind=row.kind,
        name=row.name,
        address=row.address,
        why="overdue" if owed.on < day else "due",
        stairwell_code=row.stairwell_code,
        floor=row.floor,
        room=row.room,
        household_unit_code=row.household_unit_code,
        checklist=owed.cycle.checklist,
        party=owed.cycle.party,
        due_on=owed.on,
        last_seen=owed.last_seen,
        no_access=owed.no_access,
    )


def _hazards(
    session: Session, grids: Collection[str], rows: dict[str, SubjectRow], *, actor: Actor | None, who: str | None
) -> list[tuple[Visit, SubjectRow | CaseRecord]]:
    """Return hazards in grids that wait for another look and that who looks may decide on: none of their own fixes."""
    ends = [action for action in workflow("hazard").actions.values() if action.effect == "close"]
    steps = sorted({step for action in ends for step in action.sources})
    waiting = [
        case
        for grid in grids
        for step in steps
        for case in cases.read_cases(session, CaseFilter(workflow="hazard", step=step, states=("open",), scope=grid))
    ]
    found: list[tuple[Visit, SubjectRow | CaseRecord]] = []
    for case in waiting[:MOST_VISITS]:
        actions = tuple(
            Step(
                action.code, action.zh, action.en, action.effect, tuple(action.requires), tuple(sorted(action.evidence))
            )
            for action in possible_actions(session, case, actor=actor, who=who)
            if action.target is not None
        )
        if any(action.effect == "close" for action in actions):
            found.append((_hazard_visit(case, rows, actions), rows.get(_about(case)[1], case)))
    return found


def _about(case: CaseRecord) -> tuple[str, str]:
    """Return the noun and the code of what a hazard is about."""
    told = {
        "place": case.place_code,
        "household_unit": case.household_unit_code,
        "city_element": case.city_element_code,
        "building": case.building_code,
    }
    return next(((noun, code) for noun, code in told.items() if code), ("point", case.number))


def _hazard_visit(case: CaseRecord, rows: dict[str, SubjectRow], actions: tuple[Step, ...]) -> Visit:
    noun, code = _about(case)
    row = rows.get(code)
    return Visit(
        noun=noun,
        code=code,
        kind=case.kind,
        name=row.name if row else case.summary,
        address=row.address if row else None,
        why="hazard",
        stairwell_code=row.stairwell_code if row else None,
        floor=row.floor if row else None,
        room=row.room if row else None,
        household_unit_code=case.household_unit_code,
        due_on=day_of(case.step_due_at) if case.step_due_at else None,
        case_id=case.id,
        case_version=case.version,
        number=case.number,
        summary=case.summary,
        actions=actions,
    )


def _stops(session: Session, visits: Sequence[tuple[Visit, SubjectRow | CaseRecord]]) -> list[Stop]:
    """Gather what is to be looked at by building, each from the bottom up."""
    gathered: dict[str, list[tuple[Visit, SubjectRow | CaseRecord]]] = {}
    for visit, where in visits:
        gathered.setdefault(where.building_code or visit.code, []).append((visit, where))
    codes = [key for key in gathered if len(key) == 19]
    buildings = layers.read(session, BUILDING, codes=codes).set_index("code") if codes else None
    stops = []
    for key in sorted(gathered):
        there = gathered[key]
        ordered = _from_the_bottom([visit for visit, _ in there])
        if buildings is not None and key in buildings.index:
            row = buildings.loc[key]
            point = row.geometry.representative_point()
            stops.append(Stop(key, row["name"] or None, row["address"] or None, point.x, point.y, ordered))
        else:
            where = there[0][1]
            stops.append(Stop(where.building_code, None, ordered[0].address, where.lon, where.lat, ordered))
    return stops


def _from_the_bottom(visits: Sequence[Visit]) -> tuple[Visit, ...]:
    by_key = {f"{visit.code} {visit.party or ''} {visit.case_id or ''}": visit for visit in visits}
    doors = [Door(key, visit.stairwell_code, visit.floor, visit.household_unit_code) for key, visit in by_key.items()]
    return tuple(by_key[door.code] for door in from_the_bottom(doors))


def _walk(session: Session, stops: list[Stop], start: tuple[float, float] | None) -> list[Stop]:
    """Put stops in the order of a walk."""
    if len(stops) < 2:
        return stops
    stops = sorted(stops, key=lambda stop: (-stop.lat, stop.lon, stop.building_code or ""))
    places = [shapely.Point(stop.lon, stop.lat) for stop in stops]
    if start is not None:
        places.insert(0, shapely.Point(start))
    points = gpd.GeoSeries(places, crs=WGS84)
    west, south, east, north = points.total_bounds
    around = (west - AROUND_DEGREES, south - AROUND_DEGREES, east + AROUND_DEGREES, north + AROUND_DEGREES)
    barriers = layers.read(session, BARRIER, bbox=around)
    metric = metric_crs_of(points)
    order = visiting_order(walking_distances(points.to_crs(metric), barriers.to_crs(metric)))
    return [stops[i] for i in order] if start is None else [stops[i - 1] for i in order if i > 0]


def _record_look(session: Session, grids: Collection[str], shown: int, who: str) -> None:
    for grid in grids:
        events.record(
            session, who=who, what=LOOKED, noun="round", code=grid, after={"grids": len(grids), "shown": shown}
        )
