"""When a thing is due for its next inspection: by its kind and grade, the plan's cycle, and when it was last seen.

A look at which nobody opened is shown, and does not count as seen. What was never seen is due for the first time within
one cycle after the plan begins to hold for it, on a day that follows from its building: the first looks of a plan are
spread evenly over its cycle, and the doors of a building come on one day.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from geo.ledger.checklists import Result


@dataclass(frozen=True)
class Cycle:
    """How often things of a kind are looked at, by whom, and with which checklist.

    Attributes
    ----------
    grade
        Of things of this grade; None for those whose grade no plan of the same scope, kind and party names.
    since, until
        The first day it holds, and the first on which it does not any more (None: it goes on).
    """

    id: int
    scope_code: str
    place_kind: str
    grade: str | None
    party: str
    cycle_days: int
    checklist: str
    since: date
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True)
class GradePeriod:
    """A grade that a thing had from ``since`` on, up to the day before ``until``."""

    grade: str
    since: date
    until: date | None = None


@dataclass(frozen=True)
class Look:
    """One inspection: on which day, by which party, with which result."""

    on: date
    party: str
    result: Result


@dataclass(frozen=True)
class Subject:
    """A thing that is inspected.

    Attributes
    ----------
    building_code
        Its building; things of one building come for the first time on one day.
    since
        The day it came on the register.
    """

    code: str
    kind: str
    scope_codes: tuple[str, ...]
    since: date
    building_code: str | None = None
    grades: tuple[GradePeriod, ...] = ()

    def grade_on(self, day: date) -> GradePeriod | None:
        """Return its grade on a day, the one that began last where several did."""
        held = [each for each in self.grades if each.since <= day and (each.until is None or day < each.until)]
        return max(held, key=lambda each: each.since, default=None)


@dataclass(frozen=True)
class Due:
    """When a party owes a thing its next look.

    Attributes
    ----------
    on
        The day; it may be past.
    last_seen
        The last day on which the party got in; None for never.
    no_access
        How often nobody opened since.
    overdue_days
        Days since it was due; 0 on the day itself and before.
    """

    cycle: Cycle
    on: date
    last_seen: date | None
    no_access: int
    overdue_days: int


def cycles_of(subject: Subject, cycles: Sequence[Cycle], day: date) -> list[Cycle]:
    """Return the cycles that bind a thing on a day, one for each party, in the order of parties.

    A community's cycle goes before its street's, and one for the thing's grade before one for any grade.
    """
    held = subject.grade_on(day)
    grade = held.grade if held else None
    bound: dict[str, Cycle] = {}
    for cycle in sorted(cycles, key=lambda each: (len(each.scope_code), each.grade is not None, each.since, each.id)):
        fits = cycle.place_kind == subject.kind and cycle.grade in (None, grade) and cycle.holds_on(day)
        if fits and cycle.scope_code in subject.scope_codes:
            bound[cycle.party] = cycle
    return [bound[party] for party in sorted(bound)]


def due(subject: Subject, cycle: Cycle, looks: Iterable[Look], day: date) -> Due:
    """Return when a thing is due under a cycle that binds it, as known on a day.

    Where the cycle began to bind it after it was last seen (a grade became stricter), it is due on the day of the
    change at the earliest: nobody is late by a rule that was not there.
    """
    past = [look for look in looks if look.party == cycle.party and look.on <= day]
    seen = [look.on for look in past if look.result != "no_access"]
    last = max(seen, default=None)
    begins = _begins(subject, cycle, day)
    if last is None:
        on = begins + timedelta(days=first_wait(subject, cycle))
    else:
        on = max(last + timedelta(days=cycle.cycle_days), begins)
    missed = sum(1 for look in past if look.result == "no_access" and (last is None or look.on >= last))
    return Due(cycle, on, last, missed, max(0, (day - on).days))


def first_wait(subject: Subject, cycle: Cycle) -> int:
    """Return days from when a cycle binds a thing to its first look: 0 to ``cycle_days`` - 1, alike in a building."""
    return zlib.crc32((subject.building_code or subject.code).encode()) % cycle.cycle_days


def _begins(subject: Subject, cycle: Cycle, day: date) -> date:
    """Return the first day on which a cycle binds a thing."""
    held = subject.grade_on(day)
    graded = held.since if held and cycle.grade is not None else cycle.since
    return max(cycle.since, subject.since, graded)
