"""Use case: requests in and out as Open311 GeoReport v2 has them, for other systems.

Out goes nothing personal: no door, no name, no number; texts for those alone who may see households, with whatever
looks like a number of a person left out. In comes what other systems know, each of their requests once.

References
----------
Open311 GeoReport v2, https://wiki.open311.org/GeoReport_v2
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.access.roles import sees_households
from geo.errors import InputError, NotFoundError
from geo.ledger import duties
from geo.services import requesting
from geo.services.address_books import AddressBooks
from geo.services.cases import CaseRecord, Reporter, workflows_of
from geo.services.requesting import REQUEST, NewRequest
from geo.storage import cases as stored
from geo.storage import requests
from geo.storage.requests import CaseQuery
from geo.territory.dictionaries import Entry, dictionary
from geo.territory.times import CHINA_TIME

CHANNEL = "open311"
#: Requests in one answer, and the days that it reaches back where it is not said.
MOST, DAYS = 1_000, 90
#: Attributes of a request, and characters of one.
MOST_ATTRIBUTES, LONGEST_ATTRIBUTE = 20, 500
_NUMBER_OF_SOMEBODY = re.compile(r"[0-9](?:[ -]?[0-9]){6,}[0-9Xx]?")
_OPEN = ("open", "paused")

Status = Literal["open", "closed"]


@dataclass(frozen=True)
class Service:
    """A kind of request that can be made."""

    code: str
    name: str
    description: str
    has_definition: bool
    keywords: tuple[str, ...]
    group: str


@dataclass(frozen=True)
class Attribute:
    """What is asked beside, of a kind of request; ``values`` are keys with their names."""

    code: str
    datatype: str
    required: bool
    description: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Incoming:
    """A request as another system makes it.

    Attributes
    ----------
    lon, lat
        EPSG:4326 degrees.
    address, address_id
        As it is said; or the id of a place that ``/locate`` told.
    attributes
        By their codes.
    """

    service: str
    description: str
    lon: float | None = None
    lat: float | None = None
    address: str | None = None
    address_id: str | None = None
    reporter: Reporter | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    media_url: str | None = None
    client_key: str | None = None


@dataclass(frozen=True)
class Shown:
    """A request as other systems see it."""

    service_request_id: str
    status: Status
    status_notes: str
    service_name: str
    service_code: str
    description: str
    agency_responsible: str
    service_notice: str
    requested_datetime: datetime
    updated_datetime: datetime
    expected_datetime: datetime | None
    address: str | None
    lat: float
    long: float


# ── services ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def services() -> list[Service]:
    """Return the kinds of requests that can be made."""
    return [_service(entry) for entry in dictionary("request_kinds").entries.values()]


def attributes_of(code: str) -> list[Attribute]:
    """Return what is asked beside, of a kind of request.

    Raises
    ------
    NotFoundError
        There is no such kind.
    """
    return [
        Attribute(
            row["code"],
            row["datatype"],
            row["required"],
            f"{row['zh']} {row['en']}",
            tuple((key, name) for key, name in row.get("values", ())),
        )
        for row in _kind(code).extra.get("attributes", ())
    ]


# ── in ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def post(
    session: Session,
    books: AddressBooks,
    incoming: Incoming,
    *,
    actor: Actor | None = None,
    who: str | None = None,
) -> tuple[CaseRecord, str]:
    """Take a request of another system in; return it, with a notice for whoever made it.

    Where both a point and an address are given, the point counts. An address that is no one place is kept with the
    community, where the account has one alone.

    Raises
    ------
    NotFoundError
        There is no such service, or the point lies outside of the account's scope.
    InputError
        What is needed is missing or wrong.
    """
    kind = _kind(incoming.service)
    if not incoming.description.strip():
        raise InputError("缺少 description:请写明诉求内容", "description is missing: say what is asked for")
    point = None if incoming.lon is None or incoming.lat is None else (incoming.lon, incoming.lat)
    if point is None and not incoming.address and not incoming.address_id:
        raise InputError(
            "缺少位置:请提供 lat 和 long、address_string 或 address_id",
            "the location is missing: give lat and long, address_string or address_id",
        )
    details: dict[str, Any] = {"attributes": _checked(kind.code, incoming.attributes)}
    if incoming.media_url:
        details["media_url"] = _address_of_media(incoming.media_url)
    new = NewRequest(
        incoming.description,
        channel=CHANNEL,
        kind=kind.code,
        address=incoming.address,
        place=incoming.address_id,
        point=point,
        community_code=_only_community(actor),
        reporter=incoming.reporter,
        is_new=True,
        client_key=incoming.client_key,
        details={name: value for name, value in details.items() if value},
    )
    taken = requesting.take(session, books, new, actor=actor, who=who)
    return taken.case, _notice(taken)


# ── out ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def read(
    session: Session,
    *,
    numbers: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    statuses: Sequence[Status] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    scope: str | None = None,
    actor: Actor | None = None,
    now: datetime | None = None,
) -> list[Shown]:
    """Return up to :data:`MOST` requests, the newest first.

    Parameters
    ----------
    numbers
        These alone, whenever they were made.
    since, until
        Made from then on, and before; the last :data:`DAYS` days where neither is said, and never more than as many.
    """
    states = None if statuses is None else _states(statuses)
    if numbers is None:
        until = until or (since + timedelta(days=DAYS) if since else now or datetime.now(CHINA_TIME))
        since = max(since, until - timedelta(days=DAYS)) if since else until - timedelta(days=DAYS)
    wanted = CaseQuery(REQUEST, numbers, kinds, states, since, until, scope)
    found = requests.read_wanted(session, wanted, limit=MOST)
    return _shown(session, found, actor)


def read_one(session: Session, number: str, *, actor: Actor | None = None) -> Shown:
    """Return one request.

    Raises
    ------
    NotFoundError
        There is no request of this number, or it is not seen.
    """
    found = read(session, numbers=[number], actor=actor)
    if not found:
        raise NotFoundError(f"没有编号为 {number[:40]} 的诉求", f"there is no request {number[:40]!r}")
    return found[0]


def without_numbers(text: str) -> str:
    """Return a text without what may be somebody's telephone or identity number.

    >>> without_numbers("请打13912345678,我在3栋1201")
    '请打****,我在3栋1201'
    """
    return _NUMBER_OF_SOMEBODY.sub("****", text)


# ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _kind(code: str) -> Entry:
    entry = dictionary("request_kinds").entries.get(code)
    if entry is None:
        known = ", ".join(dictionary("request_kinds").entries)
        raise NotFoundError(
            f"没有代码为 {code[:40]} 的服务(service_code);现有:{known}",
            f"there is no service_code {code[:40]!r}; there are: {known}",
        )
    return entry


def _service(entry: Entry) -> Service:
    duty = duties.of(entry.code)
    return Service(
        code=entry.code,
        name=entry.label,
        description=f"{duty.standard_zh} {duty.standard_en}",
        has_definition=bool(entry.extra.get("attributes")),
        keywords=tuple(entry.extra["words"][:10]),
        group=duty.party.label,
    )


def _checked(kind: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes that a kind has, filled in as they have to be."""
    known = {attribute.code: attribute for attribute in attributes_of(kind)}
    unknown = sorted(set(given) - set(known))
    if unknown or len(given) > MOST_ATTRIBUTES:
        allowed = ", ".join(known) or "无 none"
        raise InputError(
            f"{kind} 没有属性 {', '.join(unknown)[:80]};可用:{allowed}",
            f"{kind} has no attribute {', '.join(unknown)[:80]}; allowed: {allowed}",
        )
    for code, attribute in known.items():
        text = given.get(code, "")
        keys = [key for key, _ in attribute.values]
        if attribute.required and not text.strip():
            raise InputError(f"缺少属性 {code}", f"attribute {code} is missing")
        if text and keys and text not in keys:
            raise InputError(f"属性 {code} 应为 {'、'.join(keys)}", f"attribute {code} is one of {', '.join(keys)}")
        if len(text) > LONGEST_ATTRIBUTE:
            raise InputError(
                f"属性 {code} 最多 {LONGEST_ATTRIBUTE} 字",
                f"attribute {code} has {LONGEST_ATTRIBUTE} characters at most",
            )
    return {code: text for code, text in given.items() if text}


def _address_of_media(text: str) -> str:
    if len(text) > LONGEST_ATTRIBUTE or not re.fullmatch(r"https?://[^\s\"'<>\\]+", text):
        raise InputError("media_url 应为 http 或 https 地址", "media_url is an http or https address")
    return text


def _only_community(actor: Actor | None) -> str | None:
    """Return the one community of an account, where that is all of its scope."""
    return actor.scopes[0] if actor is not None and len(actor.scopes) == 1 and len(actor.scopes[0]) == 12 else None


def _notice(taken: requesting.Taken) -> str:
    party = taken.route.party.label
    if not taken.is_placed:
        return f"已登记到社区,地点待核实 Taken in; where it is will be asked. {party}"
    return f"已受理,由{party}负责 Taken in; {party} is in charge"


def _states(statuses: Sequence[Status]) -> tuple[str, ...]:
    states: tuple[str, ...] = ()
    if "open" in statuses:
        states += _OPEN
    return (*states, "closed", "void") if "closed" in statuses else states


def _shown(session: Session, found: Sequence[CaseRecord], actor: Actor | None) -> list[Shown]:
    processes = workflows_of(session, found)
    addresses = requests.addresses_of(session, [one.building_code for one in found if one.building_code])
    joined = {one.joined_into_id for one in found if one.joined_into_id is not None}
    into = {case_id: stored.read_case(session, case_id).number for case_id in sorted(joined)}
    told = actor is None or sees_households(actor.roles)
    return [
        Shown(
            service_request_id=one.number,
            status="open" if one.state in _OPEN else "closed",
            status_notes=_notes(processes[one.workflow_version_id].steps.get(one.step), one, into),
            service_name=_label(one.kind),
            service_code=one.kind,
            description=without_numbers(one.summary) if told else _label(one.kind),
            agency_responsible=duties.of(one.kind).party.label,
            service_notice="",
            requested_datetime=one.opened_at.astimezone(CHINA_TIME),
            updated_datetime=(one.moved_at or one.step_since).astimezone(CHINA_TIME),
            expected_datetime=one.due_at.astimezone(CHINA_TIME) if one.due_at else None,
            address=addresses.get(one.building_code or ""),
            lat=round(one.lat, 6),
            long=round(one.lon, 6),
        )
        for one in found
    ]


def _notes(step: Any, one: CaseRecord, into: Mapping[int, str]) -> str:
    label = one.step if step is None else f"{step.zh} {step.en}"
    if one.joined_into_id is not None:
        return f"{label};并入 joined to {into[one.joined_into_id]}"
    return label


def _label(kind: str) -> str:
    entry = dictionary("request_kinds").entries.get(kind)
    return kind if entry is None else entry.label
