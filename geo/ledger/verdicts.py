"""The verdicts there are on how a thing was looked after, and the steps of reasoning that lead to them."""

from dataclasses import dataclass
from typing import Literal, get_args

from geo.ledger.history import Event
from geo.territory.dictionaries import dictionary

Verdict = Literal[
    "came_back",
    "assigned_not_fixed",
    "found_not_assigned",
    "looked_and_missed",
    "not_looked_for",
    "in_order",
    "nothing_due",
]
Question = Literal["in_charge", "looked_for", "inspected", "dealt_with"]


@dataclass(frozen=True)
class Reasoned:
    """One step of the reasoning.

    Attributes
    ----------
    verdict
        What follows from it by itself.
    events
        What it rests on.
    who
        Who answers for it, when it fails.
    """

    question: Question
    zh: str
    en: str
    verdict: Verdict | None = None
    events: tuple[Event, ...] = ()
    who: str | None = None


def by_gravity() -> list[Verdict]:
    """Return all verdicts, the gravest first, as their dictionary lists them."""
    known: dict[str, Verdict] = {verdict: verdict for verdict in get_args(Verdict)}
    return [known[code] for code in dictionary("verdicts").entries]
