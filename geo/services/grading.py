"""Use case: grading places (分级): those with a stricter grade are looked at more often, and why is on record."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.errors import CodeError, ConflictError, InputError, StaleVersionError
from geo.services.inspectors import named, today
from geo.storage import place_grades
from geo.storage.place_grades import GradeRecord
from geo.territory.dictionaries import dictionary

__all__ = ["GradeRecord", "Graded", "grade_place", "read_grade"]

#: Characters of a reason.
LONGEST_REASON = 500


@dataclass(frozen=True)
class Graded:
    """A place's grade and how it came to it.

    Attributes
    ----------
    current
        The grade of today; None where nobody graded it.
    history
        All of them, the newest first.
    version
        One more than grades were given: what a new grade has to have seen.
    """

    place_code: str
    current: GradeRecord | None
    history: tuple[GradeRecord, ...]

    @property
    def version(self) -> int:
        """The version that whoever grades next has to have seen."""
        return len(self.history) + 1


def read_grade(session: Session, place_code: str) -> Graded:
    """Return the grade of a place, with those that it had.

    Raises
    ------
    NotFoundError
        There is no such place.
    """
    place_grades.kind_of(session, place_code)
    return _graded(session, place_code)


def grade_place(
    session: Session,
    place_code: str,
    grade: str,
    *,
    reason: str,
    version: int | None = None,
    actor: Actor | None = None,
    who: str | None = None,
) -> Graded:
    """Give a place a grade from today on.

    Parameters
    ----------
    version
        The version that was seen (:attr:`Graded.version`); None takes any.

    Raises
    ------
    NotFoundError
        There is no such place.
    CodeError
        There is no such grade, or such places have none.
    InputError
        No reason was given.
    StaleVersionError
        Somebody graded it meanwhile.
    ConflictError
        It has this grade.
    """
    kind = place_grades.hold_place(session, place_code)
    entry = dictionary("place_grades")[grade]
    if kind not in entry.extra["place_kinds"]:
        graded = "、".join(dictionary("place_kinds")[code].zh for code in entry.extra["place_kinds"])
        raise CodeError(
            f"“{dictionary('place_kinds')[kind].zh}”不分“{entry.zh}”级;分级的有:{graded}",
            f"places of the kind {kind} have no grade {grade}",
        )
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise InputError(
            f"请写明分级理由,1 到 {LONGEST_REASON} 字", f"say why it is graded so, in 1 to {LONGEST_REASON} characters"
        )
    before = _graded(session, place_code)
    if version is not None and version != before.version:
        raise StaleVersionError(
            f"场所 {place_code} 的分级已被改动(第 {before.version} 版,您看到的是第 {version} 版);请刷新后再改",
            f"place {place_code} was graded meanwhile: version {before.version}, you saw {version}; look again",
        )
    if before.current is not None and before.current.grade == grade:
        raise ConflictError(f"该场所已是“{entry.zh}”级", f"the place has the grade {grade} already")
    place_grades.give(session, place_code, grade, since=today(), reason=reason.strip(), who=named(actor, who))
    return _graded(session, place_code)


def _graded(session: Session, place_code: str) -> Graded:
    history = tuple(place_grades.read_history(session, place_code))
    current = next((each for each in history if each.until is None), None)
    return Graded(place_code, current, history)
