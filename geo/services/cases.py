"""Use case: cases (事项): opened, acted on step by step, looked at.

What may be done, by whom and with what is the workflow's (``geo.ledger``). Where a case lies, in which grid, and that
nothing is entered twice or lost between two who act at once, is seen to here. A case finishes under the workflow that
it began with.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.access.roles import roles
from geo.errors import BoundsError, CodeError, InputError, NotFoundError
from geo.exchange.photos import read_photo
from geo.ledger import cases as engine
from geo.ledger.cases import Case, overdue_since
from geo.ledger.deeds import Deed
from geo.ledger.permissions import Doer, check_opening
from geo.ledger.replaying import opening_details
from geo.ledger.workflows import CLOCK, Action, Workflow, parse, workflow
from geo.ledger.working_time import Limit, calendar
from geo.services.households import LOOKED
from geo.storage import cases, events, evidence, reporters
from geo.storage.cases import CaseFilter, CaseRecord, MoveRecord, Subject
from geo.storage.evidence import EvidenceRecord
from geo.storage.reporters import Reporter
from geo.storage.turns import take_turn, take_turns
from geo.territory.dictionaries import Entry, dictionary
from geo.territory.times import CHINA_TIME

__all__ = [
    "CaseFilter",
    "CaseRecord",
    "Deed",
    "EvidenceRecord",
    "MoveRecord",
    "NewCase",
    "Opening",
    "Reporter",
    "act_on_case",
    "attach",
    "case_of",
    "kinds_of",
    "look_at_case",
    "look_at_cases",
    "look_at_reporter",
    "open_case",
    "open_or_join",
    "possible_actions",
    "read_case",
    "read_cases",
    "read_evidence",
    "read_moves",
    "read_numbered",
    "read_photo_content",
    "take_turns_of",
    "workflow_of",
    "workflows_of",
]

#: Workflows of what is there to be seen, by several people: who sees it again adds a sighting, and no further case.
JOINED = frozenset({"hazard"})
#: Moves that no workflow names: how a case came to be, and that it was seen again.
OPEN, SEEN_AGAIN = "open", "seen_again"
LONGEST_SUMMARY = 2_000
#: Members of a case's details at most.
MOST_DETAILS = 40

Outcome = Literal["opened", "joined", "known"]


@dataclass(frozen=True)
class NewCase:
    """What somebody found or asks for.

    Attributes
    ----------
    workflow
        Code of a workflow: ``hazard``, ``request`` ...
    kind
        Of the workflow's kinds (``data/dictionaries/hazard_kinds.toml`` and the like), where it has such a list.
    lon, lat
        Where, EPSG:4326; None for the place of what it is about.
    household_unit_code, place_code, building_code, city_element_code
        What it is about, as far as it is known; a place's door and building need not be said.
    responsible_body_code
        Who answers for it; else whoever answers for the place, the element or the compound.
    found_at
        When it was found; now where it is not said.
    client_key
        What the finder's device calls it: what is sent twice under one key is one.
    limit
        What it may take as a whole, when its kind says so.
    """

    workflow: str
    kind: str
    summary: str
    lon: float | None = None
    lat: float | None = None
    nature: str | None = None
    household_unit_code: str | None = None
    place_code: str | None = None
    building_code: str | None = None
    city_element_code: str | None = None
    responsible_body_code: str | None = None
    source: str = "patrol"
    found_at: datetime | None = None
    client_key: str | None = None
    inspection_id: int | None = None
    reporter: Reporter | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    limit: Limit | None = None

    @property
    def thing_code(self) -> str:
        """The code of the very thing that it is about; "" for a mere point."""
        codes = (self.place_code, self.household_unit_code, self.city_element_code, self.building_code)
        return next((code for code in codes if code), "")


@dataclass(frozen=True)
class Opening:
    """What came of finding something: a new case; a sighting joined to one that is open; or it was sent before."""

    case: CaseRecord
    outcome: Outcome


# ── opening ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def open_case(
    session: Session,
    new: NewCase,
    *,
    actor: Actor | None = None,
    who: str | None = None,
    at: datetime | None = None,
) -> CaseRecord:
    """Open a case, or return the one that this is about already; see :func:`open_or_join`."""
    return open_or_join(session, new, actor=actor, who=who, at=at).case


def open_or_join(
    session: Session,
    new: NewCase,
    *,
    actor: Actor | None = None,
    who: str | None = None,
    at: datetime | None = None,
) -> Opening:
    """Open a case where there is none of the same kind open about the very same thing; else add a sighting to that.

    Parameters
    ----------
    at
        When it is registered; now where it is not said.

    Raises
    ------
    CodeError, InputError, BoundsError
        What was given is wrong: the workflow, the kind, a text, a code.
    NotFoundError
        A code is of nothing that is seen, or the point lies in no community that is.
    NotAllowedError
        Such a case is not theirs to open.
    """
    doer = _doer(actor, who)
    process = workflow(new.workflow)
    _check(new, process)
    if new.client_key is not None:
        take_turn(session, f"case.sent.{doer.name}.{new.client_key}")
        sent = cases.find_sent(session, doer.name, new.client_key)
        if sent is not None:
            return Opening(cases.read_case(session, sent), "known")
    now = _now(session)
    moment = now if at is None else min(at, now)
    subject = _subject(session, new)
    thing = cases.subject_key(subject)
    check_opening(process, doer)  # before the version is kept: who may not open it may not keep that either
    version = take_turns_of(session, process, [] if thing is None else [thing])
    if process.code in JOINED and thing is not None:
        alike = cases.find_alike(session, process.code, new.kind, subject)
        if alike is not None:
            return Opening(_join(session, alike, new, subject, doer, moment), "joined")
    case = engine.open_case(process, calendar(), by=doer, at=moment, nature=new.nature, limit=new.limit)
    return Opening(_enter(session, new, version, process, case, subject, doer), "opened")


def take_turns_of(session: Session, process: Workflow, things: Iterable[str]) -> int:
    """Let nobody else open cases of a workflow about things before the transaction ends; return the version's id.

    Who opens cases about several things takes all turns beforehand, or goes through the things in the order of their
    codes: two who do never wait for each other in a ring. Whoever uses a workflow first is waited for as well, so its
    version comes before all things.
    """
    version = cases.keep_workflow(session, process.code, process.digest, process.content)
    if process.code in JOINED:
        take_turns(session, [f"case.{process.code}.{thing}" for thing in things if thing])
    return version


def _check(new: NewCase, process: Workflow) -> None:
    kinds = kinds_of(process.code)
    if kinds is not None and new.kind not in kinds:
        allowed = "、".join(kinds)
        raise CodeError(
            f"“{process.zh}”没有类型“{new.kind[:40]}”;可用:{allowed}",
            f"a {process.en} has no kind {new.kind[:40]!r}; allowed: {', '.join(kinds)}",
        )
    for zh, en, said in (("类型", "kind", new.kind), ("内容", "summary", new.summary), ("来源", "source", new.source)):
        if not said.strip():
            raise InputError(f"请填写{zh}", f"{en} is blank: say it")
    if len(new.summary) > LONGEST_SUMMARY:
        raise BoundsError(
            f"内容有 {len(new.summary)} 字,最多 {LONGEST_SUMMARY} 字",
            f"the summary has {len(new.summary)} characters, the most is {LONGEST_SUMMARY}",
        )
    if len(new.details) > MOST_DETAILS:
        raise BoundsError(
            f"附加信息有 {len(new.details)} 项,最多 {MOST_DETAILS} 项",
            f"there are {len(new.details)} details, the most is {MOST_DETAILS}",
        )
    if (new.lon is None) != (new.lat is None):
        raise InputError("经度和纬度须同时填写", "longitude and latitude go together")


def kinds_of(code: str) -> Mapping[str, Entry] | None:
    """Return the kinds of a workflow's cases; None where it keeps no list of them."""
    try:
        return dictionary(f"{code}_kinds").entries
    except CodeError:
        return None


def _subject(session: Session, new: NewCase) -> Subject:
    """Look up what a case is about; every code that was given has to be of something, and they have to fit."""
    given = {
        "place": new.place_code,
        "household_unit": new.household_unit_code,
        "building": new.building_code,
        "city_element": new.city_element_code,
    }
    found = cases.find_subject(session, **given)
    for name, code in given.items():
        known = getattr(found, name)
        if code is None or known == code:
            continue
        if known is None or name != "building":
            raise _no_such_thing(code)
        raise InputError(
            f"所说的户或场所在楼栋 {known},不在 {code}", f"the door or place is in building {known}, not in {code}"
        )
    lon, lat = (found.lon, found.lat) if new.lon is None else (new.lon, new.lat)
    if lon is None or lat is None:
        raise InputError(
            "请写明位置:户、场所、楼栋、要素的编码,或经纬度",
            "say where: the code of a door, place, building or element, or longitude and latitude",
        )
    if found.community is None:
        here = cases.find_community(session, lon, lat)
        if here is None:
            raise NotFoundError(
                f"坐标 {lon:.5f}, {lat:.5f} 不在您范围内的任何社区",
                f"the point {lon:.5f}, {lat:.5f} is in no community of your scope",
            )
        found = replace(found, street=here[0], community=here[1])
    return replace(found, body=new.responsible_body_code or found.body, lon=lon, lat=lat)


def _enter(
    session: Session, new: NewCase, version: int, process: Workflow, case: Case, subject: Subject, doer: Doer
) -> CaseRecord:
    assert subject.lon is not None
    assert subject.lat is not None
    grid = _grid(session, subject, case.opened_at)
    values = {
        **_columns(case),
        "number": cases.next_number(session, process.prefix, case.opened_at.astimezone(CHINA_TIME)),
        "workflow_version_id": version,
        "kind": new.kind,
        "summary": new.summary.strip(),
        "street_code": subject.street,
        "community_code": subject.community,
        "grid_code": grid,
        "building_code": subject.building,
        "household_unit_code": subject.household_unit,
        "place_code": subject.place,
        "city_element_code": subject.city_element,
        "responsible_body_code": subject.body,
        "source": new.source,
        "inspection_id": new.inspection_id,
        "found_at": min(new.found_at or case.opened_at, case.opened_at),
        "details": dict(new.details),
        "client_key": new.client_key,
    }
    record = cases.insert_case(session, values, lon=subject.lon, lat=subject.lat, who=doer.name)
    opened = {
        "action": OPEN,
        "from_step": None,
        "to_step": case.step,
        "state": case.state,
        "at": case.opened_at,
        "details": opening_details(new.nature, new.limit),
    }
    _write_move(session, record.id, opened, process.opens, doer, grid=grid)
    _keep_reporter(session, record.id, new.reporter, doer)
    return record


def _join(session: Session, alike: int, new: NewCase, subject: Subject, doer: Doer, moment: datetime) -> CaseRecord:
    """Add a sighting to a case that is open."""
    before = cases.hold_case(session, alike)
    at = max(moment, before.moved_at or before.step_since)
    seen = {"sightings": before.sightings + 1, "moved_at": at}
    record = cases.change_case(session, before, seen, what=SEEN_AGAIN, who=doer.name)
    told = {"source": new.source, "inspection_id": new.inspection_id, "lon": subject.lon, "lat": subject.lat}
    move = {
        "action": SEEN_AGAIN,
        "from_step": before.step,
        "to_step": before.step,
        "state": before.state,
        "at": at,
        "note": new.summary.strip(),
        "details": {name: value for name, value in told.items() if value is not None},
        "client_key": new.client_key,
        "overdue_since": overdue_since(before.state, before.due_at, before.moved_at or before.step_since, at),
    }
    _write_move(session, record.id, move, frozenset(), doer, grid=_grid(session, subject, at))
    _keep_reporter(session, record.id, new.reporter, doer)
    return record


def _keep_reporter(session: Session, case_id: int, reporter: Reporter | None, doer: Doer) -> None:
    if reporter is not None and reporter.is_known:
        reporters.keep(session, case_id, reporter, who=doer.name)


def _write_move(
    session: Session, case_id: int, values: dict[str, Any], takes: frozenset[str], doer: Doer, *, grid: str | None
) -> MoveRecord:
    """Write what was done; the role is the one of the doer's that it takes."""
    role = next(iter(sorted(takes & doer.roles)), None)
    return cases.insert_move(session, {**values, "case_id": case_id, "who": doer.name, "role": role, "grid_code": grid})


def _grid(session: Session, subject: Subject, moment: datetime) -> str | None:
    assert subject.lon is not None
    assert subject.lat is not None
    return cases.find_grid(
        session,
        building=subject.building,
        household_unit=subject.household_unit,
        lon=subject.lon,
        lat=subject.lat,
        moment=moment,
    )


# ── acting ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def act_on_case(
    session: Session,
    case_id: int,
    deed: Deed,
    *,
    version: int | None = None,
    client_key: str | None = None,
    actor: Actor | None = None,
    who: str | None = None,
) -> CaseRecord:
    """Do something to a case, as its workflow allows.

    Parameters
    ----------
    deed
        What is done. Photos count that were attached before (:func:`attach`), beside the phases it states itself.
    version
        The version that was seen; None takes any.
    client_key
        What the doer's device calls the deed: what is sent twice under one key is done once.

    Raises
    ------
    NotFoundError
        There is no such case.
    StaleVersionError
        Somebody acted on it since.
    StepError
        It cannot be done to the case as it stands; the message says what can.
    NotAllowedError
        It is not their turn, or they are barred.
    InputError
        Something is missing or wrong; the message names all of it.
    """
    doer = _doer(actor, who)
    if client_key is not None:
        take_turn(session, f"case.moved.{case_id}.{client_key}")
        if cases.find_moved(session, case_id, client_key) is not None:
            return cases.read_case(session, case_id)
    record = cases.hold_case(session, case_id, version=version)
    process = workflow_of(session, record)
    before = case_of(record, process)
    shown = deed.evidence | _phases(session, record, process)
    # Who saw the case as it stands acts after what was done before, whatever their device's clock says.
    at = max(min(deed.at, _now(session)), before.moved_at)
    move = engine.act(process, calendar(), before, doer, replace(deed, at=at, evidence=shown))
    changed = {name: value for name, value in _columns(move.case).items() if value != getattr(before, name, None)}
    changed.pop("version", None)
    after = cases.change_case(session, record, changed, what=move.action, who=doer.name)
    values = {
        "action": move.action,
        "from_step": move.from_step,
        "to_step": move.to_step,
        "state": move.to_state,
        "at": move.at,
        "note": move.note,
        # With its own limit, so that it can be done again (geo.ledger.replaying).
        "details": dict(move.fields) | opening_details(None, deed.limit),
        "client_key": client_key,
        "overdue_since": move.overdue_since,
    }
    grid = _grid(session, _subject_of(record), at)
    _write_move(session, case_id, values, process.actions[move.action].roles, doer, grid=grid)
    return after


def possible_actions(
    session: Session, record: CaseRecord, *, actor: Actor | None = None, who: str | None = None
) -> list[Action]:
    """Return what somebody may do to a case now, in the order of its workflow."""
    process = workflow_of(session, record)
    return engine.possible(process, case_of(record, process), _doer(actor, who))


def workflow_of(session: Session, record: CaseRecord) -> Workflow:
    """Return the workflow that a case began with."""
    return workflows_of(session, [record])[record.workflow_version_id]


def workflows_of(session: Session, found: Iterable[CaseRecord]) -> dict[int, Workflow]:
    """Return the workflows that cases began with, by the id of the version."""
    versions = {record.workflow_version_id for record in found}
    return {version: _parsed(json.dumps(cases.read_workflow(session, version), sort_keys=True)) for version in versions}


@lru_cache(maxsize=200)
def _parsed(content: str) -> Workflow:
    return parse(json.loads(content))


def case_of(record: CaseRecord, process: Workflow) -> Case:
    """Return a case as the engine takes it."""
    known = {item.name: getattr(record, item.name) for item in fields(Case) if item.name != "digest"}
    known["moved_at"] = record.moved_at or record.step_since
    known["last_by"] = record.last_by or record.found_by
    return Case(**known, digest=process.digest)


def _columns(case: Case) -> dict[str, Any]:
    """Return what the engine says of a case, by the columns that keep it."""
    return {item.name: getattr(case, item.name) for item in fields(Case) if item.name != "digest"}


def _phases(session: Session, record: CaseRecord, process: Workflow) -> set[str]:
    """Return the phases that there are photos of: since the case was found or came back, of the fix since it began.

    A photo of a finding shows what was before the fix.
    """
    photos = evidence.read(session, case_id=record.id)
    moves = cases.read_moves(session, record.id) if photos else []
    fixing = {step for action in process.actions.values() if action.effect == "fix" for step in action.sources}
    ended = [move.recorded_at for move in moves if move.state in ("closed", "void")]
    begun = [move.recorded_at for move in moves if move.to_step in fixing and move.from_step not in fixing]
    shown: set[str] = set()
    for photo in photos:
        counting = begun if photo.phase == "after" else ended
        if not counting or photo.recorded_at >= max(counting):
            shown |= {"finding", "before"} if photo.phase == "finding" else {photo.phase}
    return shown


def _subject_of(record: CaseRecord) -> Subject:
    return Subject(
        place=record.place_code,
        household_unit=record.household_unit_code,
        building=record.building_code,
        city_element=record.city_element_code,
        community=record.community_code,
        street=record.street_code,
        body=record.responsible_body_code,
        lon=record.lon,
        lat=record.lat,
    )


# ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_case(session: Session, case_id: int) -> CaseRecord:
    """Return a case.

    Raises
    ------
    NotFoundError
        There is no such case.
    """
    return cases.read_case(session, case_id)


def read_numbered(session: Session, number: str) -> CaseRecord | None:
    """Return the case of a number; None where there is none."""
    return cases.read_numbered(session, number)


def read_cases(
    session: Session, wanted: CaseFilter, *, limit: int | None = None, after: int | None = None
) -> list[CaseRecord]:
    """Return up to ``limit`` cases, the newest first, that are older than the case ``after``."""
    return cases.read_cases(session, wanted, limit=limit, after=after)


def read_moves(session: Session, case_id: int) -> list[MoveRecord]:
    """Return what was done to a case, in the order in which it was.

    Raises
    ------
    NotFoundError
        There is no such case.
    """
    cases.read_case(session, case_id)
    return cases.read_moves(session, case_id)


def look_at_case(session: Session, case_id: int, *, actor: Actor | None = None, who: str | None = None) -> CaseRecord:
    """Return a case, and record the look where it is about somebody's door or place.

    Raises
    ------
    NotFoundError
        There is no such case.
    """
    record = cases.read_case(session, case_id)
    _record_looks(session, [record], _name(actor, who))
    return record


def look_at_cases(
    session: Session,
    wanted: CaseFilter,
    *,
    limit: int | None = None,
    after: int | None = None,
    actor: Actor | None = None,
    who: str | None = None,
) -> list[CaseRecord]:
    """Return one page of cases, and record the look at those that are about somebody's door or place."""
    found = cases.read_cases(session, wanted, limit=limit, after=after)
    _record_looks(session, found, _name(actor, who))
    return found


def look_at_reporter(
    session: Session, case_id: int, *, actor: Actor | None = None, who: str | None = None
) -> Reporter | None:
    """Return who asked, and record the look; None where nobody is on record, or the role sees nobody.

    Raises
    ------
    NotFoundError
        There is no such case.
    """
    cases.read_case(session, case_id)
    return reporters.look(session, case_id, who=_name(actor, who))


def _record_looks(session: Session, found: Sequence[CaseRecord], name: str) -> None:
    homes = [record.id for record in found if record.household_unit_code or record.place_code]
    if homes:
        code = str(homes[0]) if len(homes) == 1 else None
        events.record(session, who=name, what=LOOKED, noun=cases.CASE, code=code, after={"cases": len(homes)})


# ── photos ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def attach(
    session: Session,
    case_id: int,
    photo: bytes,
    phase: str,
    *,
    taken_at: datetime | None = None,
    lon: float | None = None,
    lat: float | None = None,
    actor: Actor | None = None,
    who: str | None = None,
) -> EvidenceRecord:
    """Keep a photo of a case; what the camera wrote into it is taken out, what is stated here is kept.

    Parameters
    ----------
    phase
        Of the dictionary ``evidence_phases``.
    lon, lat
        Where it was taken, EPSG:4326.

    Raises
    ------
    NotFoundError
        There is no such case.
    FileFormatError
        It is no JPEG, PNG or WebP, is damaged or too large.
    CodeError, InputError
        There is no such phase; or half a place is stated.
    """
    name = _name(actor, who)
    dictionary("evidence_phases")[phase]
    if (lon is None) != (lat is None):
        raise InputError("经度和纬度须同时填写", "longitude and latitude go together")
    cases.read_case(session, case_id)
    checked = read_photo(photo)
    taken = None if taken_at is None else min(taken_at, _now(session))
    return evidence.keep(
        session,
        checked.content,
        checked.media_type,
        phase=phase,
        case_id=case_id,
        taken_at=taken,
        lon=lon,
        lat=lat,
        who=name,
    )


def read_evidence(session: Session, case_id: int) -> list[EvidenceRecord]:
    """Return the photos of a case, without their bytes.

    Raises
    ------
    NotFoundError
        There is no such case.
    """
    cases.read_case(session, case_id)
    return evidence.read(session, case_id=case_id)


def read_photo_content(session: Session, evidence_id: int) -> tuple[str, bytes]:
    """Return the media type and the bytes of a photo.

    Raises
    ------
    NotFoundError
        There is no such photo, or what it is of is not seen.
    """
    _, media_type, content = evidence.read_content(session, evidence_id)
    return media_type, content


# ── who and when ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _doer(actor: Actor | None, who: str | None) -> Doer:
    """Return who does something; the store's owner does it in every role that works on cases, and as the clock."""
    if actor is not None:
        return Doer(actor.name, actor.roles)
    handling = frozenset(code for code, role in roles().items() if role.handles_cases)
    return Doer(_name(None, who), handling | {CLOCK})


def _name(actor: Actor | None, who: str | None) -> str:
    name = actor.name if actor else who
    if not name:
        raise InputError("办理或查看事项须写明操作人", "whoever works on cases or looks at them has to be named")
    return name


def _now(session: Session) -> datetime:
    """Return the database's time: one clock for all."""
    now: datetime = session.scalars(select(func.clock_timestamp())).one()
    return now


def _no_such_thing(code: str) -> NotFoundError:
    return NotFoundError(f"没有编码为 {code[:40]} 的对象", f"there is nothing with the code {code[:40]}")
