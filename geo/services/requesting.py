"""Use case: requests (诉求) from any channel: taken in, placed, compared, routed, joined, taken up the rungs.

Nothing is dropped: what is no one place is kept with its community, what is known already is joined with a number of
its own, so that each resident is told and asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import geopandas as gpd
import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.access.roles import sees_households, sees_phones
from geo.crs import WGS84, metric_crs
from geo.errors import BoundsError, ConflictError, InputError, NotFoundError
from geo.ledger import duplicates, duties
from geo.ledger.cases import overdue_since
from geo.ledger.deeds import Deed
from geo.ledger.duplicates import Report, likely, rule_of
from geo.ledger.duties import Duty
from geo.ledger.routing import Judgement, Route, There, judge, route
from geo.ledger.workflows import limit_for, workflow
from geo.ledger.working_time import Limit
from geo.services import cases
from geo.services.address_books import AddressBooks
from geo.services.cases import CaseRecord, NewCase, Reporter, act_on_case, open_or_join, workflow_of
from geo.services.households import StaffRow, look_at_staff
from geo.services.locating import in_charge_today
from geo.services.placing_requests import SUBJECT, Where, WhereError, find_where, subject_of
from geo.storage import cases as stored
from geo.storage import requests
from geo.territory.dictionaries import dictionary
from geo.territory.times import CHINA_TIME

__all__ = [
    "REQUEST",
    "Hint",
    "KnownAlreadyError",
    "NewRequest",
    "Reporter",
    "Taken",
    "WhereError",
    "duty_of",
    "find_known",
    "foresee",
    "hand_on",
    "look_at_joined",
    "look_at_unplaced",
    "numbered",
    "place_request",
    "take",
]

REQUEST = "request"
#: The step of a request that waits to be accepted.
CALLED = "called"
#: What a request's details have while somebody has to ask where it is.
UNKNOWN = "where_unknown"
#: Moves that no workflow names.
JOINED, PLACED = "joined", "placed"
#: Characters of an address, and of who asks.
LONGEST_ADDRESS, LONGEST_NAME = 200, 100


@dataclass(frozen=True)
class NewRequest:
    """What somebody asks for.

    Attributes
    ----------
    channel
        How it came; see ``data/dictionaries/request_channels.toml``.
    kind
        See ``data/dictionaries/request_kinds.toml``; judged by the text where it is not said.
    address, place, point, community_code
        Where; see :func:`geo.services.placing_requests.find_where`.
    joins
        Id of the live request that it is the same as.
    is_new
        Said by whoever looked at what is known already: it is something else.
    """

    text: str
    channel: str = "hotline"
    kind: str | None = None
    nature: str | None = None
    address: str | None = None
    place: str | None = None
    point: tuple[float, float] | None = None
    community_code: str | None = None
    reporter: Reporter | None = None
    joins: int | None = None
    is_new: bool = False
    found_at: datetime | None = None
    client_key: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Hint:
    """A live request that may be of the same thing.

    Attributes
    ----------
    nearness
        ``door``, ``place``, ``building`` or ``near``.
    distance_m
        Metres between the two.
    share
        How much of the texts is alike, 0 to 1.
    """

    id: int
    number: str
    kind: str
    summary: str
    step: str
    state: str
    found_at: datetime
    nearness: duplicates.Nearness
    distance_m: float
    share: float


class KnownAlreadyError(ConflictError):
    """Something that may be the same is known already.

    Parameters
    ----------
    hints
        What is, the likeliest first.
    """

    def __init__(self, hints: list[Hint]) -> None:
        numbers = "、".join(hint.number for hint in hints[:3])
        super().__init__(
            f"附近已有 {len(hints)} 件可能相同的诉求({numbers});请并入其中一件(joins),或说明是另一件事(is_new)",
            f"{len(hints)} requests nearby may be the same ({numbers}): join one (joins), or say it is new (is_new)",
        )
        self.hints = hints


@dataclass(frozen=True)
class Taken:
    """What came of a request.

    Attributes
    ----------
    outcome
        ``opened``; ``joined`` to another, with a number of its own; ``known``: it was sent before.
    into
        The request that it was joined to.
    is_placed
        False where somebody has to ask where it is.
    people
        Who is in charge of its grid today, for those who may see people.
    """

    case: CaseRecord
    outcome: Literal["opened", "joined", "known"]
    into: CaseRecord | None
    is_placed: bool
    judgement: Judgement
    duty: Duty
    route: Route
    people: tuple[StaffRow, ...]


# ── taking in ────────────────────────────────────────────────────────────────────────────────────────────────────────


def take(
    session: Session,
    books: AddressBooks,
    new: NewRequest,
    *,
    actor: Actor | None = None,
    who: str | None = None,
) -> Taken:
    """Take a request in: judged, placed, compared with what is known, opened, its call on record.

    Raises
    ------
    WhereError
        Its address is several places or none; see :func:`geo.services.placing_requests.find_where`.
    KnownAlreadyError
        Something that may be the same is known, and it was not said whether it is.
    CodeError, InputError, BoundsError, NotFoundError, NotAllowedError
        What was given is wrong, or not theirs to do.
    """
    _check(new)
    judgement = judge(new.text)
    kind = new.kind or judgement.kind
    sent = stored.find_sent(session, _name(actor, who), new.client_key) if new.client_key else None
    if sent is not None:
        return _told(session, stored.read_case(session, sent), "known", None, judgement, actor, who)
    where = _where(session, books, new, actor, who)
    if new.joins is None and not new.is_new and where.is_known:
        hints = find_known(session, where, kind, new.text, at=new.found_at)
        if hints:
            raise KnownAlreadyError(hints)
    opening = open_or_join(session, _new_case(new, kind, where, actor), actor=actor, who=who)
    record = opening.case
    if opening.outcome == "opened":
        channel = dictionary("request_channels")[new.channel]
        call = Deed("take_call", record.opened_at, note=channel.label)
        record = act_on_case(session, record.id, call, version=record.version, actor=actor, who=who)
    into = None
    if new.joins is not None:
        record, into = _join(session, record, new.joins, new.text, _name(actor, who))
    return _told(session, record, "joined" if into else "opened", into, judgement, actor, who)


def find_known(
    session: Session, where: Where, kind: str, text: str, *, workflow: str = REQUEST, at: datetime | None = None
) -> list[Hint]:
    """Return live cases that may be of the same thing, the likeliest first; of those alone that are seen."""
    rule, at = rule_of(workflow), at or datetime.now(CHINA_TIME)
    since = at - timedelta(days=rule.days)
    near = requests.read_near(session, workflow, kind, where.lon, where.lat, radius_m=rule.radius_m, since=since)
    points = [shapely.Point(where.lon, where.lat), *(shapely.Point(one.lon, one.lat) for one in near)]
    metric = gpd.GeoSeries(points, crs=WGS84).to_crs(metric_crs(where.lon, where.lat))
    (x, y), *spots = zip(metric.x.tolist(), metric.y.tolist(), strict=True)
    about = {name: getattr(where, name) for name in ("building_code", "household_unit_code", "place_code")}
    if where.household_unit_code is not None:
        about["building_code"] = where.household_unit_code[:19]
    reports = [
        Report(
            kind, one.summary, *spot, one.found_at, one.id, one.building_code, one.household_unit_code, one.place_code
        )
        for one, spot in zip(near, spots, strict=True)
    ]
    by_id = {one.id: one for one in near}
    found = []
    for one in likely(Report(kind, text, x, y, at, **about), reports, rule):
        assert one.report.id is not None
        case = by_id[one.report.id]
        told = {name: getattr(case, name) for name in ("id", "number", "kind", "summary", "step", "state", "found_at")}
        found.append(Hint(**told, nearness=one.nearness, distance_m=one.distance_m, share=one.share))
    return found


def numbered(session: Session, number: str) -> CaseRecord:
    """Return the case that people call by a number.

    Raises
    ------
    NotFoundError
        There is none.
    """
    found = stored.read_numbered(session, number.strip())
    if found is None:
        raise NotFoundError(f"没有编号为 {number[:40]} 的事项", f"there is no case {number[:40]!r}")
    return found


def look_at_joined(
    session: Session, case_id: int, *, actor: Actor | None = None, who: str | None = None
) -> list[CaseRecord]:
    """Return the requests that were joined into one, whose residents are told with it; looks at homes are recorded.

    Raises
    ------
    NotFoundError
        There is no such case.
    """
    stored.read_case(session, case_id)
    joined = requests.read_joined(session, case_id)
    return [cases.look_at_case(session, one.id, actor=actor, who=who) for one in joined]


def look_at_unplaced(session: Session, *, limit: int | None = None, after: int | None = None) -> list[CaseRecord]:
    """Return live requests of which the community alone is known, the newest first, with ids below ``after``."""
    return requests.read_marked(session, REQUEST, UNKNOWN, limit=limit, after=after)


def duty_of(session: Session, record: CaseRecord) -> tuple[Duty, Route]:
    """Return the duty for a case, and to whom it goes from where it is.

    Raises
    ------
    CodeError
        Cases of its workflow have no duty list.
    """
    duty = duties.of(record.kind, workflow=record.workflow)
    bodies = requests.bodies_at(
        session,
        place=record.place_code,
        city_element=record.city_element_code,
        building=record.building_code,
        given=record.responsible_body_code,
    )
    return duty, route(duty, There(record.community_code, record.grid_code, bodies))


def foresee(session: Session, where: Where, kind: str, *, workflow: str = REQUEST) -> tuple[Duty, Route]:
    """Return the duty for what is not registered yet, and to whom it would go from where it is.

    Raises
    ------
    CodeError
        Cases of its workflow have no duty list.
    NotFoundError
        It is in no community that is seen.
    """
    duty, lying = duties.of(kind, workflow=workflow), _lying(session, where, datetime.now(CHINA_TIME))
    about = {"place": where.place_code, "city_element": where.city_element_code, "building": lying.subject.building}
    bodies = requests.bodies_at(session, **about, given=lying.subject.body)
    return duty, route(duty, There(lying.community, lying.grid, bodies))


def limit_foreseen(duty: Duty) -> Limit | None:
    """Return within what time the answer will say that it is due, once it is registered.

    A request is due by the duty list. Other cases by their workflow: as a whole, or as long as nobody has judged them
    within their first step's time; None where that has no limit either.
    """
    if duty.workflow == REQUEST:
        return duty.limit
    of = workflow(duty.workflow)
    return limit_for(of.limits, None) or limit_for(of.steps[of.start].limits, None)


# ── afterwards ───────────────────────────────────────────────────────────────────────────────────────────────────────


def hand_on(
    session: Session,
    case_id: int,
    *,
    nature: str,
    kind: str | None = None,
    assignee: str | None = None,
    version: int | None = None,
    actor: Actor | None = None,
    who: str | None = None,
) -> tuple[CaseRecord, Duty, Route]:
    """Accept a request, judge it, and hand it to whom the duty list names, within the list's limit.

    Parameters
    ----------
    nature
        Of the workflow's natures: inquiry, help, complaint ...
    kind
        Where it is of another kind than it was taken for.
    assignee
        Where somebody else is to handle it.

    Raises
    ------
    NotFoundError, StaleVersionError, StepError, NotAllowedError, InputError
        See :func:`geo.services.cases.act_on_case`.
    """
    record = stored.hold_case(session, case_id, version=version)
    if kind is not None and kind != record.kind:
        dictionary("request_kinds")[kind]
        record = stored.change_case(session, record, {"kind": kind}, what="judged", who=_name(actor, who))
    now = datetime.now(CHINA_TIME)
    if record.step == CALLED:
        record = act_on_case(session, case_id, Deed("accept", now), version=record.version, actor=actor, who=who)
    duty, found = duty_of(session, record)
    told = {"nature": nature, "assignee": assignee or found.code, "duty": f"{duty.zh} {duty.en}"}
    deed = Deed("classify", now, note=" ".join(found.reasons[-1]), fields=told, limit=duty.limit)
    return act_on_case(session, case_id, deed, version=record.version, actor=actor, who=who), duty, found


def place_request(
    session: Session,
    books: AddressBooks,
    case_id: int,
    *,
    place: str | None = None,
    point: tuple[float, float] | None = None,
    version: int | None = None,
    actor: Actor | None = None,
    who: str | None = None,
) -> CaseRecord:
    """Say where a request is of which the community alone was known.

    Raises
    ------
    NotFoundError, StaleVersionError
        See :func:`geo.services.cases.act_on_case`; or there is no such place.
    ConflictError
        Its place is known.
    """
    where = find_where(session, books, place=place, point=point, actor=actor, who=who)
    record = stored.hold_case(session, case_id, version=version)
    if UNKNOWN not in record.details:
        raise ConflictError(f"事项 {record.number} 的地点已经确定", f"where {record.number} is, is known")
    return _move_to(session, record, where, _name(actor, who))


# ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _check(new: NewRequest) -> None:
    dictionary("request_channels")[new.channel]
    if new.kind is not None:
        dictionary("request_kinds")[new.kind]
    reporter = new.reporter or Reporter()
    for zh, en, said, most in (
        ("地址", "address", new.address, LONGEST_ADDRESS),
        ("姓名", "name", reporter.name, LONGEST_NAME),
        ("电话", "telephone number", reporter.phone, LONGEST_NAME),
    ):
        if said is not None and len(said) > most:
            raise BoundsError(f"{zh}最多 {most} 字", f"the {en} has {most} characters at most")
    if new.joins is not None and new.is_new:
        raise InputError("并入另一件与另立新件只能选一个", "it either joins another request or is new, not both")


def _where(session: Session, books: AddressBooks, new: NewRequest, actor: Actor | None, who: str | None) -> Where:
    if new.joins is not None and not (new.place or new.point or new.address or new.community_code):
        other = stored.read_case(session, new.joins)
        return Where(other.lon, other.lat, **{name: getattr(other, name) for name in SUBJECT})
    return find_where(
        session,
        books,
        address=new.address,
        place=new.place,
        point=new.point,
        community=new.community_code,
        actor=actor,
        who=who,
    )


def _new_case(new: NewRequest, kind: str, where: Where, actor: Actor | None) -> NewCase:
    """Return the case that a request becomes.

    The address as it was said goes with the person, being where they are: roles that may not keep who asks keep it
    where nothing else says where the request is, and are refused then.
    """
    details = dict(new.details)
    reporter = new.reporter
    if not where.is_known:
        details[UNKNOWN] = True
    if where.said is not None and (not where.is_known or actor is None or sees_phones(actor.roles)):
        known = reporter or Reporter()
        reporter = replace(known, contact={**known.contact, "address": where.said})
    return NewCase(
        REQUEST,
        kind,
        new.text,
        **subject_of(where),
        nature=new.nature,
        source=new.channel,
        found_at=new.found_at,
        client_key=new.client_key,
        reporter=reporter,
        details=details,
        limit=duties.of(kind).limit,
    )


def _join(session: Session, record: CaseRecord, into: int, text: str, name: str) -> tuple[CaseRecord, CaseRecord]:
    """End a request as part of another; that one is seen once more."""
    other = stored.hold_case(session, into)
    if other.workflow != REQUEST or other.state not in ("open", "paused") or other.id == record.id:
        raise ConflictError(
            f"不能并入 {other.number}:只能并入在办的诉求",
            f"{other.number} cannot be joined: only a live request can",
        )
    now = session.scalars(select(func.clock_timestamp())).one()
    ended = next(step.code for step in workflow_of(session, record).steps.values() if step.state == "void")
    closing = {"state": "void", "closed_at": now, "closed_by": name, "joined_into_id": other.id, "yellow_at": None}
    running = {"step": ended, "step_since": now, "step_due_at": None, "step_counts_from": None, "step_unit": None}
    done = stored.change_case(
        session, record, {**closing, **running, "moved_at": now, "last_by": name}, what=JOINED, who=name
    )
    _write_move(session, record, done, JOINED, now, name, details={"into": other.number})
    seen = {"sightings": other.sightings + 1, "moved_at": max(now, other.moved_at or now)}
    joined = stored.change_case(session, other, seen, what=cases.SEEN_AGAIN, who=name)
    origin = {"from": record.number}
    _write_move(session, other, joined, cases.SEEN_AGAIN, now, name, note=text.strip(), details=origin)
    return done, joined


@dataclass(frozen=True)
class _Lying:
    """What something is about, and what that lies in."""

    subject: stored.Subject
    street: str | None
    community: str
    grid: str | None


def _lying(session: Session, where: Where, moment: datetime) -> _Lying:
    subject = stored.find_subject(
        session, **{column.removesuffix("_code"): getattr(where, column) for column in SUBJECT}
    )
    here = stored.find_community(session, where.lon, where.lat)
    street, community = (subject.street, subject.community) if subject.community else here or (None, None)
    if community is None:
        raise NotFoundError("该处不在您范围内的任何社区", "that is in no community of your scope")
    grid = stored.find_grid(
        session,
        building=subject.building,
        household_unit=subject.household_unit,
        lon=where.lon,
        lat=where.lat,
        moment=moment,
    )
    return _Lying(subject, street, community, grid)


def _move_to(session: Session, record: CaseRecord, where: Where, name: str) -> CaseRecord:
    """Put a case where it is, with the community and the grid that are there."""
    now = session.scalars(select(func.clock_timestamp())).one()
    lying = _lying(session, where, now)
    subject = lying.subject
    details = {name: value for name, value in record.details.items() if name != UNKNOWN}
    changes = {column: getattr(subject, column.removesuffix("_code")) for column in SUBJECT}
    changes |= {"street_code": lying.street, "community_code": lying.community, "grid_code": lying.grid}
    changes["details"] = details
    changes |= {"responsible_body_code": subject.body, "moved_at": max(now, record.moved_at or now)}
    placed = stored.change_case(
        session, record, {**changes, "geom": requests.point(where.lon, where.lat)}, what=PLACED, who=name
    )
    _write_move(session, record, placed, PLACED, now, name)
    return placed


def _write_move(
    session: Session,
    before: CaseRecord,
    after: CaseRecord,
    action: str,
    at: datetime,
    name: str,
    *,
    note: str | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Write a move that no workflow names."""
    told = {"action": action, "from_step": before.step, "to_step": after.step, "state": after.state, "at": at}
    about = {"note": note, "details": details or {}, "grid_code": after.grid_code}
    late = overdue_since(before.state, before.due_at, before.moved_at or before.step_since, at)
    stored.insert_move(session, {**told, **about, "case_id": after.id, "who": name, "overdue_since": late})


def _told(
    session: Session,
    record: CaseRecord,
    outcome: Literal["opened", "joined", "known"],
    into: CaseRecord | None,
    judgement: Judgement,
    actor: Actor | None,
    who: str | None,
) -> Taken:
    duty, found = duty_of(session, into or record)
    grid = (into or record).grid_code
    people: list[StaffRow] = []
    if grid is not None and (actor is None or sees_households(actor.roles)):
        people = look_at_staff(session, grid, actor=actor, who=who)
    if outcome == "known" and record.joined_into_id is not None:
        outcome, into = "joined", stored.read_case(session, record.joined_into_id)
    placed = UNKNOWN not in record.details
    return Taken(record, outcome, into, placed, judgement, duty, found, tuple(in_charge_today(people)))


def _name(actor: Actor | None, who: str | None) -> str:
    name = actor.name if actor else who
    if not name:
        raise InputError("办理诉求须写明操作人", "whoever takes or handles requests has to be named")
    return name
