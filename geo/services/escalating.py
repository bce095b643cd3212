"""Use case: what is not solved in time goes up the rungs: from the grid to the community, from there to the street.

To be run by the clock, as often as one likes: a case that stands where it should is left alone.
"""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geo.ledger.deeds import Deed
from geo.ledger.escalation import CLOCK_HAND, climb
from geo.ledger.workflows import workflow, workflow_codes
from geo.ledger.working_time import calendar
from geo.services.cases import CaseRecord, act_on_case, case_of, workflow_of
from geo.storage import cases, requests


@dataclass(frozen=True)
class Escalation:
    """One rung that a case was taken up."""

    case: CaseRecord
    from_rung: str | None


def escalate_overdue(session: Session) -> list[Escalation]:
    """Take every live case that is overdue up to the rung that is due; each rung is a move and an event of its own.

    For the store's owner, in the name of the clock.

    Returns
    -------
    list of Escalation
        What was done, case by case, from the oldest on; empty when there was nothing to do.
    """
    now = session.scalars(select(func.clock_timestamp())).one()
    done: list[Escalation] = []
    for case_id in requests.read_live(session, workflows=_climbing(), now=now):
        record = cases.hold_case(session, case_id)
        process = workflow_of(session, record)
        for move in climb(process, calendar(), case_of(record, process), now):
            deed = Deed(move.action, now, note=move.note, fields=move.fields)
            after = act_on_case(session, case_id, deed, version=record.version, who=CLOCK_HAND.name)
            done.append(Escalation(after, record.rung))
            record = after
    return done


def _climbing() -> dict[str, tuple[str, bool]]:
    """Return, of each workflow with rungs, the highest one, and whether only what is past its limit goes up."""
    found = {}
    for process in map(workflow, workflow_codes()):
        shares = [rung.share for rung in process.rungs if rung.share is not None]
        if shares:
            found[process.code] = (process.rungs[-1].code, min(shares) >= 1.0)
    return found
