"""Use case: recording inspections (检查), one or a shift's worth at once, and making hazards of what is wrong.

A device without signal sends later, and may send twice: what it calls an inspection (``client_key``) makes it one. Each
inspection of a batch is taken or refused by itself, with the reason.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.errors import AccessError, BoundsError, CodeError, ConflictError, InputError, NotFoundError, WanggeError
from geo.exchange.photos import read_photo
from geo.ledger.checklists import Answered, Checklist, check_answers, checklist, for_element, for_kind
from geo.ledger.cycles import Cycle, GradePeriod, Subject, cycles_of
from geo.services.cases import NewCase, open_or_join
from geo.services.inspectors import day_of, named
from geo.storage import cases, events, evidence, inspection_plans, inspections, layers, place_grades
from geo.storage.evidence import EvidenceRecord
from geo.storage.inspections import InspectionFilter, InspectionRecord, NewInspection
from geo.storage.turns import take_turn
from geo.territory.dictionaries import dictionary
from geo.territory.nouns import CITY_ELEMENT

__all__ = [
    "Answered",
    "EvidenceRecord",
    "FoundHazard",
    "InspectionFilter",
    "InspectionRecord",
    "Sent",
    "Taken",
    "attach_photo",
    "checklist_of",
    "look_at_inspection",
    "look_at_inspections",
    "record_inspections",
    "record_many",
]

#: Inspections taken at once.
MOST_AT_ONCE = 200
#: How long a device may have been without signal, days.
LONGEST_OFFLINE_DAYS = 31
#: How far a device's clock may run ahead, minutes.
CLOCK_AHEAD_MIN = 10
LONGEST_NOTE = 2_000
LONGEST_ITEM_NOTE = 500
#: What a case says of where it came from.
SOURCE = "inspection"
LOOKED = "looked"
#: What refuses an inspection for good: it would be refused again.
REFUSALS = (InputError, NotFoundError, ConflictError, AccessError)

Outcome = Literal["recorded", "known", "refused"]
#: Told how many inspections are done.
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Sent:
    """One look as a device sends it.

    Attributes
    ----------
    client_key
        What the device calls it, and never calls another one.
    place_code, household_unit_code, building_code, city_element_code
        What was looked at; a place's door and building need not be said.
    checklist
        By default that of the kind of place or city element.
    no_access
        Nobody opened: no item is answered.
    lon, lat
        Where the inspector stood, EPSG:4326, as far as the device knew.
    """

    client_key: str
    inspected_at: datetime
    party: str = "grid_worker"
    place_code: str | None = None
    household_unit_code: str | None = None
    building_code: str | None = None
    city_element_code: str | None = None
    checklist: str | None = None
    no_access: bool = False
    items: tuple[Answered, ...] = ()
    note: str | None = None
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True)
class FoundHazard:
    """What became of the faults of one kind: a new case, or one that was known already."""

    case_id: int
    number: str
    kind: str
    items: tuple[str, ...]
    is_new: bool


@dataclass(frozen=True)
class Taken:
    """What became of one inspection that was sent.

    Attributes
    ----------
    outcome
        ``recorded``; ``known``: it was sent before; ``refused``, with why.
    """

    client_key: str
    outcome: Outcome
    inspection: InspectionRecord | None = None
    hazards: tuple[FoundHazard, ...] = ()
    reason_zh: str | None = None
    reason_en: str | None = None


@dataclass(frozen=True)
class _Looked:
    """What was looked at, and with which checklist."""

    found: cases.Subject
    kind: str | None
    list: Checklist


def record_inspections(
    session: Session, sent: Sequence[Sent], *, actor: Actor | None = None, who: str | None = None
) -> list[Taken]:
    """Record inspections; one that cannot be taken does not keep the others from it.

    Where several people looked at one place, all their inspections are kept, and a hazard that is open already gets
    another sighting.

    Returns
    -------
    list[Taken]
        In the order in which they were sent.

    Raises
    ------
    BoundsError
        More were sent than are taken at once.
    """
    if len(sent) > MOST_AT_ONCE:
        raise BoundsError(
            f"一次最多发送 {MOST_AT_ONCE} 条检查记录,收到 {len(sent)} 条",
            f"at most {MOST_AT_ONCE} inspections are taken at once, not {len(sent)}",
        )
    return record_many(session, sent, actor=actor, who=who)


def record_many(
    session: Session,
    sent: Sequence[Sent],
    *,
    actor: Actor | None = None,
    who: str | None = None,
    progress: Progress | None = None,
) -> list[Taken]:
    """Record inspections as :func:`record_inspections` does, however many a file has.

    They are kept together: what is sent meanwhile about the same places waits.
    """
    name = named(actor, who)
    taken: dict[int, Taken] = {}
    # In an order of their own: two devices that send about the same places never wait for each other in a ring.
    for number in sorted(range(len(sent)), key=lambda i: (_subject_code(sent[i]), sent[i].client_key)):
        try:
            with session.begin_nested():
                taken[number] = _take(session, sent[number], name, actor=actor, who=who)
        except REFUSALS as error:
            taken[number] = _refused(sent[number], error)
        if progress is not None:
            progress(len(taken))
    return [taken[number] for number in range(len(sent))]


def checklist_of(session: Session, sent: Sent) -> Checklist:
    """Return the checklist that an inspection answers: as it says, else that of what was looked at.

    Raises
    ------
    InputError, NotFoundError
        What was looked at is not said, not seen, or has no such checklist.
    """
    return _looked_at(session, sent).list


def attach_photo(
    session: Session,
    inspection_id: int,
    content: bytes,
    *,
    item: str | None = None,
    taken_at: datetime | None = None,
    lon: float | None = None,
    lat: float | None = None,
    actor: Actor | None = None,
    who: str | None = None,
) -> EvidenceRecord:
    """Keep a photo of an inspection: of an item, with its hazard where it is one.

    The same photo sent again is the first.

    Raises
    ------
    NotFoundError
        There is no such inspection, or what it is about is not seen.
    CodeError
        Its checklist has no such item.
    FileFormatError
        It is no sound photo.
    """
    name = named(actor, who)
    inspection = inspections.read_one(session, inspection_id)
    if item is not None and item not in checklist(inspection.checklist).items:
        raise CodeError(f"检查表没有项目“{item[:40]}”", f"the checklist has no item {item[:40]!r}")
    case_id = next((each["case_id"] for each in inspection.items if each["code"] == item), None)
    photo = read_photo(content)
    return evidence.keep(
        session,
        photo.content,
        photo.media_type,
        phase="finding",
        case_id=case_id,
        inspection_id=inspection.id if case_id is None else None,
        item=item,
        taken_at=taken_at,
        lon=lon,
        lat=lat,
        who=name,
    )


def look_at_inspections(
    session: Session,
    wanted: InspectionFilter,
    *,
    limit: int | None = None,
    after: int | None = None,
    actor: Actor | None = None,
    who: str | None = None,
) -> list[InspectionRecord]:
    """Return inspections, the newest first, and record the look."""
    found = inspections.read(session, wanted, limit=limit, after=after)
    code = wanted.subject or wanted.scope
    events.record(
        session, who=named(actor, who), what=LOOKED, noun=inspections.INSPECTION, code=code, after={"shown": len(found)}
    )
    return found


def look_at_inspection(
    session: Session, inspection_id: int, *, actor: Actor | None = None, who: str | None = None
) -> tuple[InspectionRecord, list[EvidenceRecord]]:
    """Return an inspection with its photos, and record the look.

    Raises
    ------
    NotFoundError
        There is no such inspection, or what it is about is not seen.
    """
    found = inspections.read_one(session, inspection_id)
    events.record(session, who=named(actor, who), what=LOOKED, noun=inspections.INSPECTION, code=str(inspection_id))
    return found, evidence.read(session, inspection_id=inspection_id)


# ── taking one ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _take(session: Session, sent: Sent, name: str, *, actor: Actor | None, who: str | None) -> Taken:
    take_turn(session, f"inspection.sent.{name}.{sent.client_key}")
    known = inspections.find_sent(session, name, sent.client_key)
    if known is not None:
        return Taken(sent.client_key, "known", known, tuple(_hazards_of(session, known)))
    _check(sent)
    looked = _looked_at(session, sent)
    result = check_answers(looked.list, sent.items, no_access=sent.no_access)
    hazards = _open_hazards(session, sent, looked, actor=actor, who=who)
    case_of = {item: hazard.case_id for hazard in hazards for item in hazard.items}
    kept = inspections.keep(session, _new(session, sent, looked, result, case_of, name))
    inspections.link_cases(session, kept.id, [hazard.case_id for hazard in hazards if hazard.is_new])
    return Taken(sent.client_key, "recorded", kept, tuple(hazards))


def _check(sent: Sent) -> None:
    dictionary("inspection_parties")[sent.party]
    now = datetime.now(UTC)
    if sent.inspected_at.tzinfo is None:
        raise InputError("检查时间须带时区", "the time of an inspection needs its time zone")
    if sent.inspected_at > now + timedelta(minutes=CLOCK_AHEAD_MIN):
        raise BoundsError(
            "检查时间在将来;请校准设备时间", "the time of the inspection is in the future: set the device's clock"
        )
    if sent.inspected_at < now - timedelta(days=LONGEST_OFFLINE_DAYS):
        raise BoundsError(
            f"检查时间早于 {LONGEST_OFFLINE_DAYS} 天前,不能补录",
            f"the inspection is more than {LONGEST_OFFLINE_DAYS} days old and cannot be entered any more",
        )
    notes = [(sent.note, LONGEST_NOTE), *((item.note, LONGEST_ITEM_NOTE) for item in sent.items)]
    for note, most in notes:
        if note is not None and len(note) > most:
            raise BoundsError(f"备注最多 {most} 字", f"a note has at most {most} characters")


def _looked_at(session: Session, sent: Sent) -> _Looked:
    """Look up what was inspected; every code that was given has to be of something that is seen."""
    given = {
        "place": sent.place_code,
        "household_unit": sent.household_unit_code,
        "building": sent.building_code,
        "city_element": sent.city_element_code,
    }
    if not any(given.values()):
        raise InputError(
            "请写明检查了什么:场所、户、楼栋或要素的编码",
            "say what was inspected: the code of a place, door, building or element",
        )
    found = cases.find_subject(session, **given)
    for noun, code in given.items():
        if code is not None and getattr(found, noun) != code:
            raise NotFoundError(f"没有编码为 {code[:40]} 的对象", f"there is nothing with the code {code[:40]!r}")
    if found.community is None and found.lon is not None and found.lat is not None:
        here = cases.find_community(session, found.lon, found.lat)
        if here is not None:
            found = cases.Subject(**{**vars(found), "street": here[0], "community": here[1]})
    if found.community is None:
        raise NotFoundError("它不在任何社区内", "it lies in no community")
    kind = place_grades.kind_of(session, found.place) if found.place else ("home" if found.household_unit else None)
    if sent.city_element_code is not None:
        return _Looked(found, kind, _checklist_of_element(session, sent, sent.city_element_code))
    return _Looked(found, kind, _checklist(sent, kind))


def _checklist_of_element(session: Session, sent: Sent, code: str) -> Checklist:
    kind = str(layers.read(session, CITY_ELEMENT, codes=[code])["kind"].iloc[0])
    if sent.checklist is None:
        return for_element(kind)
    found = checklist(sent.checklist)
    if kind not in found.element_kinds:
        label = dictionary("element_kinds")[kind]
        raise CodeError(f"检查表“{found.zh}”不用于“{label.zh}”", f"the checklist {found.code} is not for a {label.en}")
    return found


def _checklist(sent: Sent, kind: str | None) -> Checklist:
    if sent.checklist is None:
        if kind is None:
            raise InputError("请写明检查表(checklist)", "say which checklist was answered")
        return for_kind(kind)
    found = checklist(sent.checklist)
    if sent.place_code is not None and kind not in found.place_kinds:
        label = dictionary("place_kinds")[str(kind)].zh
        raise CodeError(
            f"检查表“{found.zh}”不用于“{label}”", f"the checklist {found.code} is not for places of the kind {kind}"
        )
    return found


def _open_hazards(
    session: Session, sent: Sent, looked: _Looked, *, actor: Actor | None, who: str | None
) -> list[FoundHazard]:
    """Make hazards of faults, those of one kind one, or add a sighting to what is open."""
    faults: dict[str, list[Answered]] = {}
    for item in sent.items:
        if item.result == "fault":
            faults.setdefault(looked.list.items[item.code].hazard, []).append(item)
    made = []
    for kind in sorted(faults):
        new = _hazard(sent, looked, kind, faults[kind], named(actor, who))
        opening = open_or_join(session, new, actor=actor, who=who)
        codes = tuple(item.code for item in faults[kind])
        made.append(FoundHazard(opening.case.id, opening.case.number, kind, codes, opening.outcome == "opened"))
    return made


def _hazard(sent: Sent, looked: _Looked, kind: str, faults: Sequence[Answered], name: str) -> NewCase:
    """Return the faults of one kind as a case; its key says whose it is, since two devices may join one case."""
    said = [
        looked.list.items[fault.code].fault_zh + (f"({fault.note.strip()})" if fault.note else "") for fault in faults
    ]
    return NewCase(
        workflow="hazard",
        kind=kind,
        summary=";".join(said),
        household_unit_code=looked.found.household_unit,
        place_code=looked.found.place,
        building_code=looked.found.building,
        city_element_code=looked.found.city_element,
        source=SOURCE,
        found_at=sent.inspected_at,
        client_key=f"{name}:{sent.client_key}:{kind}",
        details={"checklist": looked.list.code, "items": [fault.code for fault in faults]},
    )


def _new(
    session: Session, sent: Sent, looked: _Looked, result: str, case_of: dict[str, int], name: str
) -> NewInspection:
    found = looked.found
    assert found.street is not None
    assert found.community is not None
    assert found.lon is not None
    assert found.lat is not None
    grid = cases.find_grid(
        session,
        building=found.building,
        household_unit=found.household_unit,
        lon=found.lon,
        lat=found.lat,
        moment=sent.inspected_at,
    )
    return NewInspection(
        plan_id=_plan_of(session, sent, looked),
        street_code=found.street,
        community_code=found.community,
        grid_code=grid,
        building_code=found.building,
        household_unit_code=found.household_unit,
        place_code=found.place,
        city_element_code=found.city_element,
        lon=found.lon,
        lat=found.lat,
        party=sent.party,
        checklist=looked.list.code,
        result=result,
        items=[_item(item, case_of) for item in sent.items],
        note=sent.note,
        inspected_at=sent.inspected_at,
        inspector=name,
        client_key=sent.client_key,
    )


def _item(item: Answered, case_of: dict[str, int]) -> dict[str, Any]:
    return {"code": item.code, "result": item.result, "note": item.note, "case_id": case_of.get(item.code)}


def _plan_of(session: Session, sent: Sent, looked: _Looked) -> int | None:
    """Return the plan that asked for this look; a look that none asked for is kept as well."""
    code = looked.found.place or looked.found.household_unit
    if looked.kind is None or code is None or looked.found.community is None:
        return None
    day = day_of(sent.inspected_at)
    scopes = (looked.found.community[:9], looked.found.community)
    grades = tuple(
        GradePeriod(each.grade, each.since, each.until) for each in place_grades.read_grades(session, [code], day)
    )
    subject = Subject(code, looked.kind, scopes, day, looked.found.building, grades)
    plans = inspection_plans.read_plans(session, scope_codes=scopes, on=day)
    cycles = [Cycle(**{name: getattr(plan, name) for name in Cycle.__dataclass_fields__}) for plan in plans]
    return next((each.id for each in cycles_of(subject, cycles, day) if each.party == sent.party), None)


def _hazards_of(session: Session, known: InspectionRecord) -> list[FoundHazard]:
    """Return the hazards of an inspection that was sent before."""
    items: dict[int, list[str]] = {}
    for item in known.items:
        if item["case_id"] is not None:
            items.setdefault(item["case_id"], []).append(item["code"])
    found = [cases.read_case(session, case_id) for case_id in items]
    return [
        FoundHazard(case.id, case.number, case.kind, tuple(items[case.id]), case.inspection_id == known.id)
        for case in found
    ]


def _refused(sent: Sent, error: WanggeError) -> Taken:
    return Taken(sent.client_key, "refused", reason_zh=error.zh, reason_en=error.en)


def _subject_code(sent: Sent) -> str:
    codes = (sent.place_code, sent.household_unit_code, sent.city_element_code, sent.building_code)
    return next((code for code in codes if code), "")
