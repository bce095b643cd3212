"""What a leader asks of a place, and which figures answer: ``data/dictionaries/leader_questions.toml`` and its figures.

A figure is one of :mod:`geo.ledger.figures`, of the cases of one workflow or of all, with the classes that maps show
it in.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from geo.ledger.figures import Figure, registry
from geo.territory.dictionaries import Entry, dictionary

#: What a map is divided into.
AreaNoun = Literal["community", "grid"]
AREA_NOUNS: tuple[AreaNoun, ...] = ("community", "grid")


@dataclass(frozen=True)
class Answer:
    """A figure as it answers a question.

    Attributes
    ----------
    figure
        What is counted, in which unit, and which way is better.
    workflow
        Whose cases are counted; None: of all.
    opens
        Code of the figure that it opens to: itself, or whose cases it is a share of; None where it opens to nothing.
    breaks
        By what the map is divided into: where classes begin above the first one, in the figure's unit, rising.
    """

    code: str
    zh: str
    en: str
    question: str
    figure: Figure
    workflow: str | None
    opens: str | None
    breaks: MappingProxyType[AreaNoun, tuple[float, ...]]

    def class_of(self, value: float | None, noun: AreaNoun) -> int | None:
        """Return the class of a value, 0 for the lowest; None where there is none to class.

        Examples
        --------
        >>> answers()["coverage"].class_of(79.9, "grid")
        3
        """
        return None if value is None else bisect_right(self.breaks[noun], value)


def questions() -> tuple[Entry, ...]:
    """Return the questions, in the order in which they are asked."""
    return tuple(dictionary("leader_questions").entries.values())


@cache
def answers() -> MappingProxyType[str, Answer]:
    """Return what answers the questions, by code, in order."""
    return MappingProxyType({entry.code: _answer(entry) for entry in dictionary("leader_figures").entries.values()})


def _answer(entry: Entry) -> Answer:
    figure = registry()[entry.extra["figure"]]
    breaks: dict[AreaNoun, tuple[float, ...]] = {noun: tuple(entry.extra[f"{noun}_breaks"]) for noun in AREA_NOUNS}
    return Answer(
        code=entry.code,
        zh=entry.zh,
        en=entry.en,
        question=dictionary("leader_questions")[entry.extra["question"]].code,
        figure=figure,
        workflow=entry.extra.get("workflow"),
        opens=figure.code if figure.opens else entry.extra.get("opens"),
        breaks=MappingProxyType(breaks),
    )
