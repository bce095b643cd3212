"""Grades of places (分级) in the store: each from a day to another, and never forgotten."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert, or_, select, text, update
from sqlalchemy.orm import Session

from geo.errors import NotFoundError
from geo.storage import events
from geo.storage.ledger_tables import PlaceGrade
from geo.storage.refusals import in_plain_words
from geo.storage.tables import Place

#: The noun of events about grades; their code is the place's.
PLACE_GRADE = "place_grade"


@dataclass(frozen=True)
class GradeRecord:
    """A grade that a place has or had, up to the day before ``until``."""

    id: int
    place_code: str
    grade: str
    since: date
    until: date | None
    reason: str | None
    who: str


def hold_place(session: Session, place_code: str) -> str:
    """Return the kind of a living place, and keep others from grading it until the transaction ends.

    Raises
    ------
    NotFoundError
        There is no such place.
    """
    with in_plain_words():
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), {"key": f"place_grade {place_code}"})
    return kind_of(session, place_code)


def kind_of(session: Session, place_code: str) -> str:
    """Return the kind of a living place.

    Raises
    ------
    NotFoundError
        There is no such place.
    """
    kind = session.scalar(select(Place.kind).where(Place.code == place_code, Place.ended_at.is_(None)))
    if kind is None:
        raise NotFoundError(f"没有编码为 {place_code} 的场所", f"there is no place {place_code}")
    return kind


def read_history(session: Session, place_code: str) -> list[GradeRecord]:
    """Read all grades of a place, the newest first."""
    query = select(PlaceGrade).where(PlaceGrade.place_code == place_code).order_by(PlaceGrade.id.desc())
    return [_record(row) for row in session.scalars(query, execution_options={"populate_existing": True})]


def read_grades(session: Session, place_codes: Collection[str], on: date) -> list[GradeRecord]:
    """Read the grades that places have on a day, by place; those of one day follow one another."""
    query = select(PlaceGrade).where(
        PlaceGrade.place_code.in_(list(place_codes)),
        PlaceGrade.since <= on,
        or_(PlaceGrade.until.is_(None), PlaceGrade.until > on),
    )
    ordered = query.order_by(PlaceGrade.place_code, PlaceGrade.id)
    return [_record(row) for row in session.scalars(ordered, execution_options={"populate_existing": True})]


def give(session: Session, place_code: str, grade: str, *, since: date, reason: str, who: str) -> GradeRecord:
    """Give a place that is held a grade from a day on, and end the one that it had on that day."""
    before = next((each for each in read_history(session, place_code) if each.until is None), None)
    with in_plain_words():
        if before is not None:
            ended = update(PlaceGrade).where(PlaceGrade.id == before.id).values(until=max(since, before.since))
            session.execute(ended, execution_options={"synchronize_session": False})
        new = insert(PlaceGrade).values(place_code=place_code, grade=grade, since=since, reason=reason, who=who)
        session.execute(new)
    after = read_history(session, place_code)[0]
    told = {
        "before": {"grade": before.grade} if before else None,
        "after": {"grade": grade, "since": since.isoformat()},
    }
    events.record(session, who=who, what="graded", noun=PLACE_GRADE, code=place_code, **told)
    return after


def _record(row: PlaceGrade) -> GradeRecord:
    return GradeRecord(**{name: getattr(row, name) for name in GradeRecord.__dataclass_fields__})
