"""Cases: what a deed makes of one, or why it is refused.

Nothing is stored and nothing is random here: a case and a deed in, a move with the new case out. Who may do what, each
workflow says; that the one who fixed never closes, no step is skipped and time never runs backwards holds for all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from geo.errors import InputError
from geo.ledger import clocks, deeds, permissions
from geo.ledger.clocks import Clock
from geo.ledger.deeds import Answers, Deed
from geo.ledger.permissions import Doer, NotAllowedError, StepError
from geo.ledger.workflow_faults import ENDS_INTERLUDE
from geo.ledger.workflows import Action, State, Step, Workflow, limit_for
from geo.ledger.working_time import Calendar, Limit, china_time

__all__ = ["Case", "Deed", "Doer", "Move", "NotAllowedError", "StepError", "act", "open_case", "possible"]


@dataclass(frozen=True)
class Case:
    """Where a case stands; each field is a column.

    Attributes
    ----------
    workflow, digest
        The workflow it runs through, and which version of it.
    rung
        The level that answers for it.
    found_by, fixed_by, closed_by, last_by
        Who found it, who fixed it last since it was opened, who ended it, and who did the last step; notes and
        escalations are no steps.
    due_at, due_counts_from, due_unit, due_is_own
        The limit of the case as a whole: when it runs out, from when it counts (moved on by pauses), in what, and
        whether it was set for this case (by its kind, duty or a deed) and not by its nature.
    step_since, step_due_at, step_counts_from, step_unit
        When it came to its step, and the limit of the step; in an interlude that of the interrupted step.
    yellow_at
        Until when its light is green; see :mod:`geo.ledger.lights`.
    resume_step
        The step that an interlude interrupted.
    moved_at
        When something was done to it last: nothing may be done earlier.
    reopened, extended
        How often it came back after its end, and how often its limit was put off since it was opened.
    version
        Counts what was done to it, from 1.
    """

    workflow: str
    digest: str
    step: str
    state: State
    nature: str | None
    rung: str | None
    found_by: str
    opened_at: datetime
    step_since: datetime
    moved_at: datetime
    last_by: str
    assignee: str | None = None
    fixed_by: str | None = None
    fixed_at: datetime | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None
    rating: int | None = None
    due_at: datetime | None = None
    due_counts_from: datetime | None = None
    due_unit: str | None = None
    due_is_own: bool = False
    step_due_at: datetime | None = None
    step_counts_from: datetime | None = None
    step_unit: str | None = None
    yellow_at: datetime | None = None
    paused_at: datetime | None = None
    resume_step: str | None = None
    reopened: int = 0
    extended: int = 0
    version: int = 1

    @property
    def is_live(self) -> bool:
        """Whether it has not come to its end."""
        return self.state in ("open", "paused")

    @property
    def clock(self) -> Clock | None:
        """The limit of the case as a whole."""
        return _clock(self.due_counts_from, self.due_at, self.due_unit)

    @property
    def step_clock(self) -> Clock | None:
        """The limit of its step."""
        return _clock(self.step_counts_from, self.step_due_at, self.step_unit)

    @property
    def red_at(self) -> datetime | None:
        """When the first of its limits runs out."""
        return min((due for due in (self.step_due_at, self.due_at) if due is not None), default=None)


@dataclass(frozen=True)
class Move:
    """What a deed made of a case.

    Attributes
    ----------
    from_state, to_state
        Before and after; None before a case was opened.
    fields
        What was filled in, checked and of the form it has to have, and the case's own limit if one was set; to be kept
        as JSON (:meth:`geo.ledger.replaying.Done.read` reads it back).
    overdue_since
        See :func:`overdue_since`.
    """

    case: Case
    action: str
    from_step: str | None
    to_step: str
    from_state: State | None
    to_state: State
    by: str
    at: datetime
    note: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    overdue_since: datetime | None = None


def overdue_since(state: str, due_at: datetime | None, moved_at: datetime, at: datetime) -> datetime | None:
    """Return since when a case has stood past its limit, and nothing was done to it, when something is.

    Kept with what is done, since limits are put off, pauses move them and cases come back: how a case stood in a month
    gone by cannot be told from how it stands now.

    Parameters
    ----------
    state, due_at, moved_at
        As it stood: its state, when its limit as a whole ran out, and when something was done to it last.
    at
        When it is done.

    Returns
    -------
    datetime or None
        None: it was not open, had no limit or was within it.
    """
    if state != "open" or due_at is None:
        return None
    since = max(due_at, moved_at)
    return since if since < at else None


def open_case(
    workflow: Workflow,
    calendar: Calendar,
    *,
    by: Doer,
    at: datetime,
    nature: str | None = None,
    limit: Limit | None = None,
) -> Case:
    """Begin a case at the start of its workflow.

    Parameters
    ----------
    nature
        Its nature, if it is known already.
    limit
        What the case may take as a whole when its kind says so; None: as its workflow says.

    Raises
    ------
    NotAllowedError
        Such a case is not theirs to open.
    InputError
        There is no such nature, or ``at`` has no time zone.
    """
    permissions.check_opening(workflow, by)
    begun = china_time(at)
    if nature is not None:
        deeds.check_nature(workflow, nature)
    first = workflow.steps[workflow.start]
    case = Case(
        workflow=workflow.code,
        digest=workflow.digest,
        step=first.code,
        state=first.state,
        nature=nature,
        rung=workflow.rungs[0].code if workflow.rungs else None,
        found_by=by.name,
        opened_at=begun,
        step_since=begun,
        moved_at=begun,
        last_by=by.name,
    )
    case = _with_limit(case, workflow, calendar, begun, limit)
    return _lit(_entered(case, first, calendar, begun), workflow, calendar)


def act(workflow: Workflow, calendar: Calendar, case: Case, by: Doer, deed: Deed) -> Move:
    """Do something to a case.

    Raises
    ------
    StepError
        It cannot be done to the case as it stands; the message says what can.
    NotAllowedError
        It is not their turn, or they are barred; the message says whose turn it is.
    InputError
        Something is missing or wrong; the message names all of it.
    """
    _check_same_workflow(workflow, case)
    action = permissions.find_action(workflow, case, deed.action, by)
    permissions.check_doer(workflow, case, action, by)
    answers = deeds.check(workflow, case, action, deed)
    permissions.check_case(workflow, case, action, answers.nature or case.nature)
    target = workflow.steps[_target(case, action)]
    moved = replace(case, moved_at=answers.at, version=case.version + 1)
    moved = _answered(moved, workflow, calendar, action, answers)
    if _is_step(action):
        moved = _moved(moved, workflow, calendar, action, target, by, answers)
    return Move(
        case=_lit(_up(moved, workflow, action), workflow, calendar),
        action=action.code,
        from_step=case.step,
        to_step=target.code,
        from_state=case.state,
        to_state=target.state,
        by=by.name,
        at=answers.at,
        note=deed.note,
        fields=answers.fields,
        overdue_since=overdue_since(case.state, case.due_at, case.moved_at, answers.at),
    )


def possible(workflow: Workflow, case: Case, by: Doer) -> list[Action]:
    """Return what somebody may do to a case now, in the order of the workflow's file."""
    return permissions.possible(workflow, case, by)


# ── what becomes of the case ─────────────────────────────────────────────────────────────────────────────────────────


def _is_step(action: Action) -> bool:
    """Whether it leads somewhere, be it to the step itself once more; notes and escalations alone do not."""
    return action.target is not None or action.effect in ENDS_INTERLUDE


def _target(case: Case, action: Action) -> str:
    if action.effect in ENDS_INTERLUDE and case.resume_step is not None:
        return case.resume_step
    return action.target or case.step


def _answered(case: Case, workflow: Workflow, calendar: Calendar, action: Action, answers: Answers) -> Case:
    """Take over what was filled in."""
    case = replace(case, assignee=answers.assignee or case.assignee, rating=answers.rating or case.rating)
    if action.effect == "reopen":
        case = replace(case, due_is_own=False, due_counts_from=answers.at, extended=0)
        case = replace(case, fixed_by=None, fixed_at=None, closed_by=None, closed_at=None, reopened=case.reopened + 1)
        case = replace(case, assignee=answers.assignee, rating=None)
    begun = case.due_counts_from or case.opened_at
    nature_is_new = answers.nature is not None and answers.nature != case.nature
    case = replace(case, nature=answers.nature or case.nature)
    if answers.limit is not None or ((nature_is_new or action.effect == "reopen") and not case.due_is_own):
        case = _with_limit(case, workflow, calendar, begun, answers.limit)
    if answers.until is not None and _sets_limit(workflow, action):
        case = _with_clock(case, clocks.until(begun, answers.until, case.clock), is_own=True)
    return case


def _sets_limit(workflow: Workflow, action: Action) -> bool:
    """Whether a moment filled in limits the case; around interludes it is one asked for, or the end of a pause."""
    return action.target is not None and not workflow.steps[action.target].interlude


def _moved(
    case: Case, workflow: Workflow, calendar: Calendar, action: Action, target: Step, by: Doer, answers: Answers
) -> Case:
    """Bring it to the step, with the clocks that run there."""
    at = answers.at
    source = workflow.steps[case.step]
    case = replace(case, step=target.code, state=target.state, step_since=at, last_by=by.name)
    if case.paused_at is not None and target.state != "paused":
        case = _resumed(case, calendar, case.paused_at, at)
    if action.effect == "fix":
        case = replace(case, fixed_by=by.name, fixed_at=at)
    if target.interlude:
        return replace(case, resume_step=source.code, paused_at=at if target.state == "paused" else None)
    if action.effect in ENDS_INTERLUDE:
        case = replace(case, resume_step=None)
        return _extended(case, answers) if action.effect == "extend" else case
    case = replace(case, resume_step=None)
    if target.is_live:
        return _entered(case, target, calendar, at)
    case = _with_step_clock(case, None)
    return replace(case, closed_by=by.name, closed_at=at) if source.is_live else case


def _entered(case: Case, step: Step, calendar: Calendar, at: datetime) -> Case:
    return _with_step_clock(case, clocks.start(calendar, at, limit_for(step.limits, case.nature)))


def _resumed(case: Case, calendar: Calendar, paused_at: datetime, at: datetime) -> Case:
    """Let its clocks run again, as far used as they were when it was paused."""
    case = replace(case, paused_at=None)
    if case.clock is not None:
        case = _with_clock(case, case.clock.moved_on(calendar, paused_at, at), is_own=case.due_is_own)
    if case.step_clock is not None:
        case = _with_step_clock(case, case.step_clock.moved_on(calendar, paused_at, at))
    return case


def _extended(case: Case, answers: Answers) -> Case:
    """Put its limits off until the moment granted."""
    assert answers.until is not None, "the workflow requires it"
    case = replace(case, extended=case.extended + 1)
    if case.step_clock is not None:
        case = _with_step_clock(case, replace(case.step_clock, due_at=answers.until))
    if case.clock is not None and case.clock.due_at < answers.until:
        case = _with_clock(case, replace(case.clock, due_at=answers.until), is_own=True)
    return case


def _up(case: Case, workflow: Workflow, action: Action) -> Case:
    """Take it up the rungs, never down."""
    stands = workflow.rung_number(case.rung)
    one_up = stands + (action.effect == "escalate")
    climbs = one_up if action.rung is None else workflow.rung_number(action.rung)
    return case if climbs <= stands else replace(case, rung=workflow.rungs[climbs].code)


def _with_limit(case: Case, workflow: Workflow, calendar: Calendar, begun: datetime, own: Limit | None) -> Case:
    limit = own or limit_for(workflow.limits, case.nature)
    return _with_clock(case, clocks.start(calendar, begun, limit), is_own=own is not None)


def _with_clock(case: Case, clock: Clock | None, *, is_own: bool) -> Case:
    if clock is None:
        return replace(case, due_at=None, due_counts_from=None, due_unit=None, due_is_own=False)
    return replace(case, due_at=clock.due_at, due_counts_from=clock.counts_from, due_unit=clock.unit, due_is_own=is_own)


def _with_step_clock(case: Case, clock: Clock | None) -> Case:
    if clock is None:
        return replace(case, step_due_at=None, step_counts_from=None, step_unit=None)
    return replace(case, step_due_at=clock.due_at, step_counts_from=clock.counts_from, step_unit=clock.unit)


def _lit(case: Case, workflow: Workflow, calendar: Calendar) -> Case:
    """Say until when its light is green."""
    if case.state != "open":
        return replace(case, yellow_at=None)
    green = clocks.earliest_yellow(calendar, workflow.lights["green"], case.clock, case.step_clock)
    return replace(case, yellow_at=green)


def _clock(counts_from: datetime | None, due_at: datetime | None, unit: str | None) -> Clock | None:
    if counts_from is None or due_at is None or unit is None:
        return None
    return Clock(counts_from, due_at, unit)


def _check_same_workflow(workflow: Workflow, case: Case) -> None:
    if (case.workflow, case.digest) != (workflow.code, workflow.digest):
        raise InputError(
            f"事项按流程 {case.workflow} 的版本 {case.digest[:8]} 办理,给出的是 {workflow.code} 的"
            f" {workflow.digest[:8]};请用事项开始时保存的流程",
            f"the case runs under version {case.digest[:8]} of workflow {case.workflow}, given was"
            f" {workflow.digest[:8]} of {workflow.code}: use the workflow that was kept when it began",
        )
