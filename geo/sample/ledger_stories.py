"""What becomes of cases from one step to the next, played by the ledger's own engine.

A story knows no names: those who act in it have parts, and whoever tells it of a place gives the parts to people. The
same story can so be told of many places.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from geo.ledger.cases import Case, Deed, Doer, Move, act, open_case
from geo.ledger.escalation import CLOCK_HAND, climb
from geo.ledger.workflows import Action, Workflow
from geo.ledger.working_time import Calendar, Limit, china_time
from geo.sample.ledger_recipe import LedgerRecipe, Way

#: Who acts in stories, each with the role they act in.
PARTS = {
    "inspector": Doer("inspector", frozenset({"inspector"})),
    "staff": Doer("staff", frozenset({"staff"})),
    "colleague": Doer("colleague", frozenset({"staff"})),
    "leader": Doer("leader", frozenset({"leader"})),
    "resident": Doer("resident", frozenset({"public"})),
    "clock": CLOCK_HAND,
}
#: The move that no workflow names: how a case came to be.
OPEN = "open"
MOST_MOVES = 60
#: People act by day: from eight, hours.
DAY_BEGINS, DAY_LASTS = 8, 11

CASE_FIELDS = tuple(item.name for item in fields(Case) if item.name not in ("workflow", "digest"))
MOVE_FIELDS = (
    "story",
    "action",
    "from_step",
    "to_step",
    "state",
    "at",
    "part",
    "role",
    "note",
    "details",
    "overdue_since",
)
#: Columns of cases that hold a part of the story.
PART_COLUMNS = ("found_by", "fixed_by", "closed_by", "last_by", "assignee")


@dataclass(frozen=True)
class Beginning:
    """How a story begins: when, as which part found it, of which nature it will prove to be, what it may take."""

    at: datetime
    by: str
    nature: str
    limit: Limit | None = None


@dataclass(frozen=True)
class Stories:
    """What became of cases.

    Attributes
    ----------
    cases
        A row per story, as the engine left it: :data:`CASE_FIELDS`, with parts for names.
    moves
        :data:`MOVE_FIELDS`, story after story, each in the order in which things were done.
    """

    workflow: Workflow
    cases: pd.DataFrame
    moves: pd.DataFrame


def play(
    workflow: Workflow,
    calendar: Calendar,
    beginnings: Sequence[Beginning],
    *,
    until: datetime,
    recipe: LedgerRecipe,
    rng: np.random.Generator,
) -> Stories:
    """Play stories up to a moment; what would be done later is left open."""
    cases: list[tuple[Any, ...]] = []
    moves: list[tuple[Any, ...]] = []
    for story, beginning in enumerate(beginnings):
        case = _played(workflow, calendar, beginning, story, moves, until=until, recipe=recipe, rng=rng)
        cases.append(tuple(getattr(case, name) for name in CASE_FIELDS))
    return Stories(
        workflow,
        pd.DataFrame(cases, columns=list(CASE_FIELDS), dtype=object),
        pd.DataFrame(moves, columns=list(MOVE_FIELDS), dtype=object),
    )


def _played(
    workflow: Workflow,
    calendar: Calendar,
    beginning: Beginning,
    story: int,
    moves: list[tuple[Any, ...]],
    *,
    until: datetime,
    recipe: LedgerRecipe,
    rng: np.random.Generator,
) -> Case:
    doer = PARTS[beginning.by]
    case = open_case(workflow, calendar, by=doer, at=beginning.at, limit=beginning.limit)
    role = min(doer.roles & workflow.opens)
    moves.append((story, OPEN, None, case.step, case.state, case.opened_at, beginning.by, role, None, {}, None))
    for _ in range(MOST_MOVES):
        way = _next_way(workflow, case, beginning.nature, recipe.ways[workflow.code].get(case.step, ()), rng)
        at = until if way is None else _by_day(case.moved_at + _wait(way, recipe, rng), rng)
        if way is not None and at >= until:
            way, at = None, until
        case = _climbed(workflow, calendar, case, at, story, moves)
        if way is None:
            break
        action = workflow.actions[way.action]
        deed = _deed(workflow, action, case, at, beginning.nature, recipe, rng)
        move = act(workflow, calendar, case, PARTS[way.by], deed)
        moves.append(_row(story, move, way.by, min(PARTS[way.by].roles & action.roles)))
        case = move.case
    return case


def _next_way(workflow: Workflow, case: Case, nature: str, ways: Sequence[Way], rng: np.random.Generator) -> Way | None:
    """Draw one of the ways that are open to a case; None ends it, or leaves it as it stands."""
    open_ways = [way for way in ways if not way.action or _fits(workflow.actions[way.action], case, nature)]
    if not open_ways:
        return None
    weights = np.array([way.weight for way in open_ways])
    way = open_ways[int(rng.choice(len(open_ways), p=weights / weights.sum()))]
    return way if way.action else None


def _fits(action: Action, case: Case, nature: str) -> bool:
    if action.extensions is not None and case.extended >= action.extensions:
        return False
    return not action.natures or (case.nature or nature) in action.natures


def _wait(way: Way, recipe: LedgerRecipe, rng: np.random.Generator) -> timedelta:
    stuck = recipe.waits["stuck_times"] if rng.random() < recipe.waits["stuck"] else 1.0
    return timedelta(hours=float(way.hours * stuck * np.exp(rng.normal(0.0, recipe.waits["scatter"]))))


def _by_day(at: datetime, rng: np.random.Generator) -> datetime:
    """Return the moment, or one on the next morning where it is at night."""
    local = china_time(at)
    if DAY_BEGINS <= local.hour < DAY_BEGINS + DAY_LASTS:
        return local.replace(microsecond=0)
    day = local if local.hour < DAY_BEGINS else local + timedelta(days=1)
    return day.replace(hour=DAY_BEGINS, minute=0, second=0, microsecond=0) + timedelta(seconds=int(rng.integers(5400)))


def _climbed(
    workflow: Workflow, calendar: Calendar, case: Case, at: datetime, story: int, moves: list[tuple[Any, ...]]
) -> Case:
    """Take a case up the rungs that fell due before a moment, the first of them soon after its limit ran out."""
    due = case.due_at or case.step_due_at
    if not case.is_live or due is None or due >= at:
        return case
    for moment in (max(due + timedelta(minutes=5), case.moved_at), at):
        for move in climb(workflow, calendar, case, min(moment, at)):
            moves.append(_row(story, move, "clock", "clock"))
            case = move.case
    return case


def _deed(
    workflow: Workflow,
    action: Action,
    case: Case,
    at: datetime,
    nature: str,
    recipe: LedgerRecipe,
    rng: np.random.Generator,
) -> Deed:
    """Fill in what the action asks for."""
    given: dict[str, Any] = {}
    for field in action.requires:
        if field == "nature":
            given[field] = nature
        elif field == "assignee":
            given[field] = "inspector"
        elif field == "until":
            given[field] = max(at, case.step_due_at or at, case.due_at or at) + timedelta(days=int(rng.integers(3, 15)))
        elif field == "rating":
            given[field] = int(rng.choice(sorted(action.ratings) or [3, 4, 5]))
        else:
            given[field] = str(rng.choice(recipe.words.get(action.code) or recipe.words[field]))
    note = given.pop("note", None)
    return Deed(action.code, at, note=note, fields=given, evidence=frozenset(action.evidence))


def _row(story: int, move: Move, part: str, role: str) -> tuple[Any, ...]:
    return (
        story,
        move.action,
        move.from_step,
        move.to_step,
        move.to_state,
        move.at,
        part,
        role,
        move.note,
        dict(move.fields),
        move.overdue_since,
    )
