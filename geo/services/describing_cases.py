"""Cases in words: what their codes mean under the workflow that each began with, their lights, how old they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from geo.access.roles import roles
from geo.ledger.clocks import Clock
from geo.ledger.lights import Light, light_at
from geo.ledger.unknown_holidays import UnknownYear, missed_by
from geo.ledger.workflows import Action, Named, Workflow, workflow, workflow_codes
from geo.ledger.working_time import calendar
from geo.services.cases import CaseRecord, MoveRecord, kinds_of, workflows_of
from geo.services.figuring import Counted
from geo.territory.dictionaries import dictionary


@dataclass(frozen=True)
class Words:
    """The same in Chinese and in English."""

    zh: str
    en: str

    @property
    def label(self) -> str:
        """Chinese first, English beside it."""
        return f"{self.zh} {self.en}".strip()


@dataclass(frozen=True)
class Described:
    """A case in words.

    Attributes
    ----------
    turn
        Whose turn it is: the roles that the next move is expected of; "" at its end.
    red_at
        When the first of its limits runs out.
    age_days
        Whole days since it was found; of an ended one until it ended.
    """

    case: CaseRecord
    workflow: Words
    kind: Words
    nature: Words | None
    step: Words
    state: Words
    rung: Words | None
    light: Light | None
    light_words: Words | None
    turn: Words
    red_at: datetime | None
    age_days: int

    @property
    def is_live(self) -> bool:
        """Whether it has not come to its end."""
        return self.case.state in ("open", "paused")

    @property
    def unknown_year(self) -> UnknownYear | None:
        """The year whose holidays its limits miss, since they are not on record; None: they miss none."""
        case = self.case
        runs = (
            (case.step_counts_from, case.step_due_at, case.step_unit),
            (case.due_counts_from, case.due_at, case.due_unit),
        )
        clocks = [Clock(since, due, unit) for since, due, unit in runs if since and due and unit]
        return missed_by(calendar(), *clocks) if self.is_live else None


def describe(session: Session, found: Sequence[CaseRecord], *, now: datetime) -> list[Described]:
    """Say in words what cases are and how they stand."""
    processes = workflows_of(session, found)
    return [_described(case, processes[case.workflow_version_id], now) for case in found]


@dataclass(frozen=True)
class NamedCase:
    """A case that a figure counts, in words; steps by the workflow as it is today."""

    case: Counted
    workflow: Words
    kind: Words
    nature: Words | None
    step: Words
    state: Words


def name_counted(case: Counted) -> NamedCase:
    """Say in words what a case is that a figure counts."""
    process = workflow(case.workflow)
    step, nature = process.steps.get(case.step), process.nature(case.nature)
    return NamedCase(
        case,
        _words(process),
        _kind(case),
        _words(nature) if nature else None,
        _words(step) if step else Words(case.step, ""),
        of_dictionary("case_states", case.state),
    )


def workflow_words(code: str) -> Words:
    """Return what cases of a workflow are called; a code of none stands for itself."""
    return _words(workflow(code)) if code in workflow_codes() else Words(code, "")


def light_of(case: CaseRecord, now: datetime) -> Light | None:
    """Return the light of a case."""
    return light_at(now, case.yellow_at, _red_at(case)) if case.state == "open" else None


def action_words(process: Workflow, move: MoveRecord) -> Words:
    """Return what the thing that was done is called."""
    action = process.actions.get(move.action)
    if action is not None:
        return _words(action)
    return of_dictionary("case_openings", move.action)


def actions_in_order(process: Workflow, allowed: Iterable[Action]) -> list[Action]:
    """Return actions with those that lead on before those that lead nowhere."""
    return sorted(allowed, key=lambda action: (action.target is None, list(process.actions).index(action.code)))


def of_dictionary(name: str, code: str) -> Words:
    """Return the words of a code; a code that the dictionary does not know (any more) stands for itself."""
    entry = dictionary(name).entries.get(code)
    return Words(code, "") if entry is None else Words(entry.zh, entry.en)


def _described(case: CaseRecord, process: Workflow, now: datetime) -> Described:
    step = process.steps.get(case.step)
    nature, light = process.nature(case.nature), light_of(case, now)
    rung = next((rung for rung in process.rungs if rung.code == case.rung), None)
    return Described(
        case=case,
        workflow=_words(process),
        kind=_kind(case),
        nature=_words(nature) if nature else None,
        step=_words(step) if step else Words(case.step, ""),
        state=of_dictionary("case_states", case.state),
        rung=_words(rung) if rung else None,
        light=light,
        light_words=of_dictionary("lights", light) if light else None,
        turn=_turn(step.roles if step else frozenset()),
        red_at=_red_at(case),
        age_days=max(((case.closed_at or now) - case.found_at).days, 0),
    )


def _red_at(case: CaseRecord) -> datetime | None:
    return min((due for due in (case.step_due_at, case.due_at) if due is not None), default=None)


def _kind(case: CaseRecord | Counted) -> Words:
    entry = (kinds_of(case.workflow) or {}).get(case.kind)
    return Words(entry.zh, entry.en) if entry else Words(case.kind, "")


def _turn(turns: frozenset[str]) -> Words:
    held = [role for code, role in roles().items() if code in turns]
    return Words("、".join(role.zh for role in held), ", ".join(role.en for role in held))


def _words(named: Named) -> Words:
    return Words(named.zh, named.en)
