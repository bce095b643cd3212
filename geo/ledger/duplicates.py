"""Is that known already? Cases of one kind, close together in space and time, with what makes them alike.

It only hints: whoever takes a request says whether it is the same thing.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from geo.territory.dictionaries import dictionary

#: How two reports lie to each other, the closest first.
Nearness = Literal["door", "place", "building", "near"]
ORDER: tuple[Nearness, ...] = ("door", "place", "building", "near")


@dataclass(frozen=True)
class Report:
    """A case as far as it tells what it is about.

    Attributes
    ----------
    x, y
        Metres, in one projected CRS for all reports.
    at
        When it was found; with a time zone.
    """

    kind: str
    text: str
    x: float
    y: float
    at: datetime
    id: int | None = None
    building_code: str | None = None
    household_unit_code: str | None = None
    place_code: str | None = None


@dataclass(frozen=True)
class Likeness:
    """A report that may be of the same thing.

    Attributes
    ----------
    distance_m
        Metres between the two.
    age
        How much earlier it was found.
    share
        How much of the texts is alike, 0 to 1.
    """

    report: Report
    nearness: Nearness
    distance_m: float
    age: timedelta
    share: float


@dataclass(frozen=True)
class Rule:
    """How far apart two reports of one thing may be: in metres, in days, in words."""

    radius_m: float
    days: int
    share: float


def rule_of(workflow: str) -> Rule:
    """Return the rule for a workflow's cases, from ``data/dictionaries/duplicate_rules.toml``.

    Raises
    ------
    CodeError
        There is none for this workflow.
    """
    given = dictionary("duplicate_rules")[workflow].extra
    return Rule(given["radius_m"], given["days"], given["share"])


def likely(new: Report, known: Iterable[Report], rule: Rule) -> list[Likeness]:
    """Return which of the known reports may be of the same thing, the likeliest first.

    Those of the same kind, not older than the rule's days: at the same door or place, in the same building, or within
    the rule's radius with texts that are alike. Two doors of one building are merely near each other.
    """
    found = []
    for report in known:
        age = new.at - report.at
        if report.kind != new.kind or abs(age) > timedelta(days=rule.days):
            continue
        distance_m = math.hypot(new.x - report.x, new.y - report.y)
        share = alike(new.text, report.text)
        nearness = _nearness(new, report, distance_m <= rule.radius_m)
        if nearness is None or (nearness == "near" and share < rule.share):
            continue
        found.append(Likeness(report, nearness, distance_m, age, share))
    return sorted(
        found, key=lambda one: (ORDER.index(one.nearness), -one.share, one.distance_m, one.age, one.report.id or 0)
    )


def alike(one: str, other: str) -> float:
    """Return how much of two texts is alike: 2 × pairs of characters in both / pairs in each; 0 to 1.

    >>> alike("垃圾没人清运", "垃圾没人清运")
    1.0
    >>> alike("垃圾没人清运", "电梯坏了")
    0.0
    """
    first, second = _pairs(one), _pairs(other)
    if not first or not second:
        return 0.0
    return 2 * len(first & second) / (len(first) + len(second))


def _pairs(text: str) -> set[str]:
    spoken = [sign for sign in text.casefold() if sign.isalnum()]
    return {first + second for first, second in pairwise(spoken)}


def _nearness(new: Report, report: Report, close: bool) -> Nearness | None:
    if new.household_unit_code and new.household_unit_code == report.household_unit_code:
        return "door"
    if new.place_code and new.place_code == report.place_code:
        return "place"
    apart = _differ(new.household_unit_code, report.household_unit_code) or _differ(new.place_code, report.place_code)
    if new.building_code and new.building_code == report.building_code and not apart:
        return "building"
    return "near" if close else None


def _differ(one: str | None, other: str | None) -> bool:
    """Whether both are known, and are not the same."""
    return one is not None and other is not None and one != other
