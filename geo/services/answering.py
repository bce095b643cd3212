"""Use case: who answers for a place, a door or a building on a day: was it looked for, was what was found dealt with.

What is on record is gathered here and reasoned about by the engine (``geo.ledger.responsibility``). In which grid it
was and who was in charge come as of their days: plans are redrawn and people change, the answer does not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.errors import CodeError, InputError
from geo.ledger import history as told
from geo.ledger.checklists import checklists
from geo.ledger.cycles import Cycle, GradePeriod, Subject, cycles_of, due
from geo.ledger.cycles import Look as PlannedLook
from geo.ledger.history import Charge, Event, Look, PlaceHistory, Story, Turn
from geo.ledger.replaying import Done
from geo.ledger.responsibility import Answer, answer
from geo.ledger.working_time import calendar
from geo.services.cases import CaseFilter, CaseRecord, workflow_of
from geo.services.households import LOOKED
from geo.services.inspectors import day_of, today
from geo.services.naming import Named, name_of
from geo.storage import cases, events, inspection_plans, inspections, place_grades, responsibility
from geo.storage.inspections import InspectionFilter, InspectionRecord
from geo.storage.responsibility import Thing
from geo.territory.dictionaries import dictionary
from geo.territory.times import CHINA_TIME

Noun = Literal["place", "household_unit", "building"]
NOUNS: tuple[Noun, ...] = ("place", "household_unit", "building")
#: The role that is in charge of a grid.
IN_CHARGE = "grid_worker"


@dataclass(frozen=True)
class AnswerSheet:
    """An answer, and what it is about."""

    of: Named
    answer: Answer

    @property
    def failed(self) -> bool:
        """Whether somebody failed."""
        return bool(self.answer.entry.extra["fails"])


def answer_for(
    session: Session,
    noun: str,
    code: str,
    on: date | None = None,
    *,
    actor: Actor | None = None,
    who: str | None = None,
) -> AnswerSheet:
    """Say who answers for a thing on a day, as it stood when the day ended; and record the look.

    Parameters
    ----------
    noun, code
        One of :data:`NOUNS`, and the code of a thing of it that is seen.
    on
        The day, in China; today where it is not said.

    Raises
    ------
    CodeError
        Nobody answers for such things here.
    InputError
        The day has not come yet.
    NotFoundError
        There is no such thing.
    """
    if noun not in NOUNS:
        raise CodeError(
            f"“{noun[:40]}”不能倒查责任;可用:{'、'.join(NOUNS)}",
            f"nobody is asked to answer for {noun[:40]!r}; these can be: {', '.join(NOUNS)}",
        )
    day = on or today()
    if day > today():
        raise InputError(f"{day} 还没有到;请查今天或以前", f"{day} has not come yet: ask for today or before")
    of = name_of(session, noun, code)
    thing = responsibility.read_thing(session, noun, code)
    looks = inspections.read(session, InspectionFilter(subject=code))[::-1]
    turns = _turns(session, noun, code, thing, looks, day) if thing.kind else ()
    charges = _charges(session, thing, {day, *(turn.on for turn in turns)})
    history = PlaceHistory(
        label=of.title,
        charges=charges,
        turns=turns,
        looks=tuple(_look(look) for look in looks if look.result != "no_access"),
        stories=tuple(_stories(session, code)),
    )
    _record_look(session, noun, code, charges, actor=actor, who=who)
    return AnswerSheet(of, answer(history, day))


# ── who was in charge ────────────────────────────────────────────────────────────────────────────────────────────────


def _charges(session: Session, thing: Thing, days: Iterable[date]) -> tuple[Charge, ...]:
    """Return who was in charge on each of some days."""
    return tuple(charge for day in sorted(days) for charge in _charges_on(session, thing, day))


def _charges_on(session: Session, thing: Thing, day: date) -> list[Charge]:
    """Return who was in charge when a day ended; with a grid and nobody in it, the grid alone."""
    grid = cases.find_grid(
        session,
        building=thing.building_code,
        household_unit=thing.household_unit_code,
        lon=thing.lon,
        lat=thing.lat,
        moment=_end_of(day),
    )
    until = day + timedelta(days=1)
    if grid is None:
        return []
    people = responsibility.read_in_charge(session, grid, IN_CHARGE, day)
    if not people:
        return [Charge(day, until, grid, None)]
    return [Charge(day, until, grid, each.name, _appointed(each)) for each in people]


def _appointed(person: responsibility.Person) -> Event | None:
    if person.since is None:
        return None
    return Event("grid_staff", person.code, datetime.combine(person.since, time(), CHINA_TIME), person.name)


# ── who owed a look ──────────────────────────────────────────────────────────────────────────────────────────────────


def _turns(
    session: Session, noun: str, code: str, thing: Thing, looks: Sequence[InspectionRecord], day: date
) -> tuple[Turn, ...]:
    """Return the looks that parties owed the thing, as known when the day ended."""
    assert thing.kind is not None
    community = _community(session, thing)
    scopes = (community[:9], community)
    grades = place_grades.read_grades(session, [code], day) if noun == "place" else []
    periods = tuple(GradePeriod(each.grade, each.since, each.until) for each in grades)
    subject = Subject(code, thing.kind, scopes, day_of(thing.registered_at), thing.building_code, periods)
    plans = inspection_plans.read_plans(session, scope_codes=scopes, on=day)
    known = [Cycle(**{name: getattr(plan, name) for name in Cycle.__dataclass_fields__}) for plan in plans]
    return tuple(_turn(subject, cycle, looks, day) for cycle in cycles_of(subject, known, day))


def _turn(subject: Subject, cycle: Cycle, looks: Sequence[InspectionRecord], day: date) -> Turn:
    own = [look for look in looks if look.party == cycle.party and day_of(look.inspected_at) <= day]
    planned = [PlannedLook(day_of(look.inspected_at), look.party, look.result) for look in own]  # type: ignore[arg-type]
    owed = due(subject, cycle, planned, day)
    seen = [look for look in own if look.result != "no_access"]
    missed = [look for look in own if look.result == "no_access"]
    since = seen[-1].inspected_at if seen else None
    party = dictionary("inspection_parties")[cycle.party]
    return Turn(
        party_zh=party.zh,
        party_en=party.en,
        on=owed.on,
        by_grid=bool(party.extra["walks_rounds"]),
        last_seen=_event(seen[-1]) if seen else None,
        no_access=tuple(_event(look) for look in missed if since is None or look.inspected_at >= since),
    )


def _community(session: Session, thing: Thing) -> str:
    """Return the community that a thing lies in now, or did when it ended."""
    if thing.building_code is not None:
        found = cases.find_subject(session, building=thing.building_code)
        return found.community or thing.building_code[:12]
    here = cases.find_community(session, thing.lon, thing.lat)
    return here[1] if here else ""


# ── what was found, and what was done about it ───────────────────────────────────────────────────────────────────────


def _look(record: InspectionRecord) -> Look:
    """Return an inspection with the kinds of hazard that it found in order, and found."""
    known = checklists().get(record.checklist)
    kinds: dict[str, set[str]] = {"ok": set(), "fault": set()}
    for item in record.items:
        hazard = known.items[item["code"]].hazard if known and item["code"] in known.items else None
        if hazard is not None and item["result"] in kinds:
            kinds[item["result"]].add(hazard)
    return Look(_event(record), frozenset(kinds["ok"] - kinds["fault"]), frozenset(kinds["fault"]))


def _event(record: InspectionRecord) -> Event:
    return Event("inspection", str(record.id), record.inspected_at, record.inspector)


def _stories(session: Session, code: str) -> list[Story]:
    found = cases.read_cases(session, CaseFilter(workflow="hazard", about=code))[::-1]
    return [_story(session, case) for case in found]


def _story(session: Session, case: CaseRecord) -> Story:
    moves: list[tuple[Done, Event]] = []
    for move in cases.read_moves(session, case.id):
        done = Done.read(move.action, move.at, move.who, move.note, move.details)
        moves.append((done, Event("case", str(case.id), move.at, move.who)))
    since = _moment(case.details.get("there_since"))
    return told.story(workflow_of(session, case), calendar(), case.number, case.kind, moves, there_since=since)


def _moment(said: Any) -> datetime | None:
    if not isinstance(said, str):
        return None
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=CHINA_TIME)


def _record_look(
    session: Session, noun: str, code: str, charges: Sequence[Charge], *, actor: Actor | None, who: str | None
) -> None:
    name = actor.name if actor else who
    if not name:
        raise InputError("倒查责任须写明查看人", "whoever asks who answers has to be named")
    people = len({charge.who for charge in charges if charge.who})
    events.record(session, who=name, what=LOOKED, noun=noun, code=code, after={"grid_staff": people})


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), CHINA_TIME) - timedelta(microseconds=1)
