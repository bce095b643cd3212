"""A case as it was: its moves done again, one after the other, under the workflow it began with.

What a case's row says has to be what its moves make of it; and how it stood on a day is how it stood after the last
move of that day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from geo.errors import InputError
from geo.ledger.cases import Case, Deed, Doer, act, open_case
from geo.ledger.workflows import Workflow
from geo.ledger.working_time import Calendar, Limit


@dataclass(frozen=True)
class Done:
    """A move as it was written down.

    Attributes
    ----------
    limit
        What the case might take as a whole from then on, when its kind or duty said so.
    """

    action: str
    at: datetime
    by: str
    note: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    limit: Limit | None = None

    @classmethod
    def read(cls, action: str, at: datetime, by: str, note: str | None, details: Mapping[str, Any]) -> "Done":
        """Read a move with the details that were kept of it: what was filled in, and the case's own limit."""
        fields = dict(details)
        limit = fields.pop("limit", None)
        return cls(action, at, by, note, fields, None if limit is None else Limit(**limit))


def opening_details(nature: str | None, limit: Limit | None) -> dict[str, Any]:
    """Return what has to be kept of a case's opening, so that it can be done again; as JSON."""
    details: dict[str, Any] = {} if nature is None else {"nature": nature}
    return details if limit is None else details | {"limit": limit.content}


def replay(workflow: Workflow, calendar: Calendar, done: Iterable[Done]) -> list[Case]:
    """Return how the case stood after each of its moves.

    The first opens it. What is no action of the workflow (that it was seen again, say) leaves it as it was. Roles and
    photos are taken to have been there: without them nothing would have been written down.

    Raises
    ------
    InputError
        Nothing was done: there is no case.
    StepError, NotAllowedError
        No case can have come to be like this.
    """
    moves = iter(done)
    first = next(moves, None)
    if first is None:
        raise InputError("没有办理记录,无从还原事项", "there are no moves: there is no case to restore")
    opener = Doer(first.by, workflow.opens)
    nature = first.fields.get("nature")
    stood = [open_case(workflow, calendar, by=opener, at=first.at, nature=nature, limit=first.limit)]
    for move in moves:
        stood.append(_after(workflow, calendar, stood[-1], move))
    return stood


def _after(workflow: Workflow, calendar: Calendar, case: Case, move: Done) -> Case:
    action = workflow.actions.get(move.action)
    if action is None:
        return case
    deed = Deed(action.code, move.at, move.note, move.fields, frozenset(action.evidence), move.limit)
    return act(workflow, calendar, case, Doer(move.by, action.roles), deed).case
