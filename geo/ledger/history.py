"""What is on record of a thing, as answers about it need it: who was in charge, who owed a look, what was found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from geo.ledger.cases import Case
from geo.ledger.permissions import roles_zh
from geo.ledger.replaying import Done, replay
from geo.ledger.workflows import Workflow
from geo.ledger.working_time import Calendar
from geo.territory.dictionaries import Entry, dictionary


@dataclass(frozen=True)
class Event:
    """Something on record: ``noun`` and ``code`` say where to read it."""

    noun: str
    code: str
    at: datetime
    who: str | None = None


@dataclass(frozen=True)
class Charge:
    """Who was in charge of the thing, from a day up to the day before ``until`` (None: still is)."""

    since: date
    until: date | None
    grid: str | None
    who: str | None
    event: Event | None = None


@dataclass(frozen=True)
class Turn:
    """A look that a party owed the thing, as known on the day asked about.

    Attributes
    ----------
    on
        The day it was due.
    by_grid
        Whether it is the grid's own to look, so that whoever was in charge on that day answers.
    last_seen
        The look before it.
    no_access
        How often nobody opened since.
    """

    party_zh: str
    party_en: str
    on: date
    by_grid: bool
    last_seen: Event | None = None
    no_access: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Look:
    """An inspection in which somebody got in, with the kinds of hazard that were found in order, and found."""

    event: Event
    passed: frozenset[str] = frozenset()
    found: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Stand:
    """How a case stood after a move.

    Attributes
    ----------
    is_settled
        It was reported as fixed, and waited for somebody to look.
    turn
        Whose turn it was, in words: the rung and the roles.
    """

    case: Case
    event: Event
    is_settled: bool = False
    turn: str = ""


@dataclass(frozen=True)
class Story:
    """A hazard of the thing, move by move.

    Attributes
    ----------
    there_since
        When it was there at the latest, if that was found out; None: not known.
    """

    number: str
    kind: str
    stands: tuple[Stand, ...]
    there_since: datetime | None = None

    @property
    def found(self) -> Event:
        """When it was found, and by whom."""
        return self.stands[0].event

    def until(self, moment: datetime) -> tuple[Stand, ...]:
        """Return what had been done by a moment."""
        return tuple(stand for stand in self.stands if stand.event.at <= moment)


@dataclass(frozen=True)
class PlaceHistory:
    """What is on record of a thing; ``turns`` as known on the day asked about, the rest may go beyond it."""

    label: str
    charges: tuple[Charge, ...] = ()
    turns: tuple[Turn, ...] = ()
    looks: tuple[Look, ...] = ()
    stories: tuple[Story, ...] = ()


def in_charge(charges: Iterable[Charge], day: date) -> list[Charge]:
    """Return who was in charge on a day."""
    return [each for each in charges if each.since <= day and (each.until is None or day < each.until)]


def names_in_charge(charges: Iterable[Charge], day: date) -> str | None:
    """Return who was in charge on a day in words; None: nobody is on record."""
    return "、".join(each.who for each in in_charge(charges, day) if each.who is not None) or None


def story(
    workflow: Workflow,
    calendar: Calendar,
    number: str,
    kind: str,
    moves: Sequence[tuple[Done, Event]],
    *,
    there_since: datetime | None = None,
) -> Story:
    """Tell the story of a case from its moves, in the order they were done; see :func:`geo.ledger.replaying.replay`."""
    stood = replay(workflow, calendar, [done for done, _ in moves])
    stands = (
        Stand(case, event, case.step in workflow.settled_steps, _turn(workflow, case))
        for case, (_, event) in zip(stood, moves, strict=True)
    )
    return Story(number, kind, tuple(stands), there_since)


def kind_names(code: str) -> tuple[str, str]:
    """Return the Chinese and the English name of a kind of hazard."""
    known = dictionary("hazard_kinds").entries.get(code)
    return (code, code) if known is None else (known.zh, known.en)


def doer_names(who: str | None) -> tuple[str, str]:
    """Return what somebody is called in Chinese and in English: a party or the clock, where a record names no more.

    >>> doer_names("clock")
    ('系统(到期自动)', 'the clock, by itself')
    >>> doer_names("李红")
    ('李红', '李红')
    """
    who = who or ""
    known = dictionary("inspection_parties").entries.get(who) or _nobodies().get(who)
    return (who, who) if known is None else (known.zh, known.en)


@cache
def _nobodies() -> dict[str, Entry]:
    """Return who acts without being anybody, by every word that moves are kept with."""
    entries = dictionary("doers").entries.values()
    return {word: entry for entry in entries for word in (entry.code, *entry.extra["aliases"])}


def _turn(workflow: Workflow, case: Case) -> str:
    rung = next((rung.zh for rung in workflow.rungs if rung.code == case.rung), "")
    return f"{rung}({roles_zh(workflow.steps[case.step].roles)})"
