"""Up the rungs: which level answers for a case that was not done in time, and the moves that take it there.

By the share of its limit that is used a case goes up by itself; whoever moves it then is the clock, not a person.
People take cases up before that with the same action.
"""

from datetime import datetime

from geo.ledger.cases import Case, Deed, Doer, Move, act
from geo.ledger.workflows import CLOCK, Action, Rung, Workflow
from geo.ledger.working_time import Calendar, china_time

#: Who takes cases up when a time has passed.
CLOCK_HAND = Doer("时限 clock", frozenset({CLOCK}))


def due_rung(workflow: Workflow, calendar: Calendar, case: Case, now: datetime) -> Rung | None:
    """Return the rung that answers for a case by now, which is never below the one it is on.

    The limit of the case as a whole counts, and that of its step as long as there is no other; pauses do not count.
    None: the workflow has no rungs.
    """
    stands = max(workflow.rung_number(case.rung), 0)
    clock = case.clock or case.step_clock
    if not case.is_live or clock is None:
        return workflow.rungs[stands] if workflow.rungs else None
    used = clock.share_used(calendar, case.paused_at or china_time(now))
    # At the very end of a limit it is still kept, and nobody else answers yet.
    reached = [number for number, rung in enumerate(workflow.rungs) if rung.share is not None and used > rung.share]
    return workflow.rungs[max([stands, *reached])] if workflow.rungs else None


def climb(workflow: Workflow, calendar: Calendar, case: Case, now: datetime) -> list[Move]:
    """Return the moves that take a case up to the rung that is due, one for each rung; none when it is there.

    Doing them again changes nothing. A step that names no action for the clock (a case waiting for the resident, say)
    keeps its case where it is.
    """
    due = due_rung(workflow, calendar, case, now)
    moves: list[Move] = []
    while due is not None and (stands := workflow.rung_number(case.rung)) < workflow.rung_number(due.code):
        action = _action_of_the_clock(workflow, case)
        if action is None:
            break
        above = workflow.rungs[stands + 1]
        reason = f"逾期未办结,自动提级到{above.zh} Overdue, taken up to: {above.en}"
        moves.append(act(workflow, calendar, case, CLOCK_HAND, Deed(action.code, now, fields={"reason": reason})))
        case = moves[-1].case
    return moves


def _action_of_the_clock(workflow: Workflow, case: Case) -> Action | None:
    return next(
        (
            action
            for action in workflow.actions_from(case.step)
            if CLOCK in action.roles and action.effect == "escalate" and action.rung is None
        ),
        None,
    )
