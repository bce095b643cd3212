"""Grades of places and looks at them over a time: some late, some missed, some before a closed door."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from geo.ledger.checklists import checklist
from geo.sample.ledger_recipe import LedgerRecipe
from geo.territory.dictionaries import Entry, dictionary
from geo.territory.times import CHINA_TIME

#: What is found twice at a place within so many days is one hazard.
SAME_HAZARD_DAYS = 120
#: Working hours of those who look, from nine; and of those who come in the evening.
FROM_HOUR, FOR_HOURS, EVENING_HOUR = 9, 8, 19


@dataclass(frozen=True)
class Looks:
    """What was looked at, and what was found.

    Attributes
    ----------
    grades
        ``place`` (row), ``grade``, ``since``, ``until`` (None: it still holds).
    looks
        In order of time: ``place`` (row), ``cycle`` (code), ``party``, ``checklist``, ``at``, ``result``, ``faults``:
        codes of the items that were found wrong.
    findings
        One per hazard: ``look`` (row), ``place`` (row), ``kind``, ``item``, ``summary``, ``at``, ``nature``: what it
        will prove to be.
    """

    grades: pd.DataFrame
    looks: pd.DataFrame
    findings: pd.DataFrame


def look_round(
    kinds: Sequence[str], *, since: date, until: datetime, recipe: LedgerRecipe, rng: np.random.Generator
) -> Looks:
    """Grade places and look at them by the cycles of ``inspection_cycles``.

    Parameters
    ----------
    kinds
        The kind of each place.
    """
    grades = _grades(kinds, since, until, recipe, rng)
    now_graded = dict(zip(grades["place"], grades["grade"], strict=True))
    rows: list[tuple[Any, ...]] = []
    for place, kind in enumerate(kinds):
        for cycle in _cycles_of(kind, now_graded.get(place)):
            _look_at(place, cycle, now_graded.get(place), rows, since=since, until=until, recipe=recipe, rng=rng)
    columns = ["place", "cycle", "party", "checklist", "at", "result", "faults"]
    looks = pd.DataFrame(rows, columns=columns).sort_values("at", kind="stable", ignore_index=True)
    return Looks(grades, *_found(looks, recipe, rng))


def _grades(
    kinds: Sequence[str], since: date, until: datetime, recipe: LedgerRecipe, rng: np.random.Generator
) -> pd.DataFrame:
    entries = dictionary("place_grades").entries.values()
    graded = {kind for entry in entries for kind in entry.extra["place_kinds"]}
    worst, middle, least = sorted((entry.code for entry in entries), key=_level)
    shares = [recipe.grades["strict"], recipe.grades["watched"]]
    rows: list[tuple[int, str, date, date | None]] = []
    for place in (place for place, kind in enumerate(kinds) if kind in graded):
        grade = str(rng.choice([worst, middle, least], p=[*shares, 1 - sum(shares)]))
        if rng.random() < recipe.grades["changed"]:
            change = since + timedelta(days=int(rng.integers(1, max(2, (until.date() - since).days))))
            rows.append((place, middle if grade != middle else least, since, change))
            rows.append((place, grade, change, None))
        else:
            rows.append((place, grade, since, None))
    return pd.DataFrame(rows, columns=["place", "grade", "since", "until"])


def _level(code: str) -> int:
    return int(dictionary("place_grades")[code].extra["level"])


def _cycles_of(kind: str, grade: str | None) -> list[Entry]:
    """Return the cycles that bind a place of a kind and grade: of each party the one for the grade, else for any."""
    bound: dict[str, Entry] = {}
    for entry in dictionary("inspection_cycles").entries.values():
        of_grade = entry.extra.get("grade")
        if entry.extra["place_kind"] != kind or of_grade not in (None, grade):
            continue
        if of_grade is not None or entry.extra["party"] not in bound:
            bound[entry.extra["party"]] = entry
    return list(bound.values())


def _look_at(
    place: int,
    cycle: Entry,
    grade: str | None,
    rows: list[tuple[Any, ...]],
    *,
    since: date,
    until: datetime,
    recipe: LedgerRecipe,
    rng: np.random.Generator,
) -> None:
    days, shares = int(cycle.extra["cycle_days"]), recipe.looks
    strictest = grade is not None and _level(grade) == 1
    chance = shares["found_if_strict"] if strictest else shares["found"]
    items = list(checklist(cycle.extra["checklist"]).items)
    due = since + timedelta(days=int(rng.integers(0, days)))
    told = (cycle.code, cycle.extra["party"], cycle.extra["checklist"])
    while True:
        due = due + timedelta(days=days) if rng.random() < shares["missed"] else due
        day = due + timedelta(days=int(rng.integers(0, min(days, int(shares["late_days"])) + 1)))
        at = _moment(day, shares["outside_hours"], rng)
        if at >= until:
            return
        if rng.random() < shares["no_access"]:
            rows.append((place, *told, at, "no_access", []))
            due = day + timedelta(days=1)
            continue
        faults = _faults(items, chance, shares["again"], rng)
        rows.append((place, *told, at, "findings" if faults else "clear", faults))
        due = day + timedelta(days=days)


def _moment(day: date, evening: float, rng: np.random.Generator) -> datetime:
    hour = EVENING_HOUR if rng.random() < evening else FROM_HOUR
    span = 2 if hour == EVENING_HOUR else FOR_HOURS
    seconds = int(rng.integers(0, span * 3600))
    return datetime(day.year, day.month, day.day, hour, tzinfo=CHINA_TIME) + timedelta(seconds=seconds)


def _faults(items: Sequence[str], chance: float, again: float, rng: np.random.Generator) -> list[str]:
    if rng.random() >= chance:
        return []
    count = 1 + int(rng.random() < again and len(items) > 1)
    return [items[place] for place in sorted(rng.choice(len(items), count, replace=False))]


def _found(looks: pd.DataFrame, recipe: LedgerRecipe, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the looks without what was known already, and the hazards that they found."""
    last: dict[tuple[int, str], datetime] = {}
    rows = []
    kept: list[list[str]] = []
    told = zip(looks["place"], looks["checklist"], looks["at"], looks["faults"], strict=True)
    for look, (place, code, at, wrong) in enumerate(told):
        new = []
        for fault in wrong:
            item = checklist(code).items[fault]
            before = last.get((place, item.hazard))
            if before is not None and at - before < timedelta(days=SAME_HAZARD_DAYS):
                continue
            last[place, item.hazard] = at
            new.append(fault)
            rows.append((look, place, item.hazard, fault, item.fault_zh, at, draw_nature(item.hazard, recipe, rng)))
        kept.append(new)
    known = [not new and bool(old) for new, old in zip(kept, looks["faults"], strict=True)]
    result = looks["result"].mask(pd.Series(known, index=looks.index, dtype=bool), "clear")
    columns = ["look", "place", "kind", "item", "summary", "at", "nature"]
    faults = pd.Series(kept, index=looks.index, dtype=object)
    return looks.assign(faults=faults, result=result), pd.DataFrame(rows, columns=columns)


def draw_nature(kind: str, recipe: LedgerRecipe, rng: np.random.Generator) -> str:
    """Say what a hazard of a kind will prove to be."""
    hinted = dictionary("hazard_kinds")[kind].extra.get("nature_hint") == "major"
    share = recipe.natures["major_if_hinted" if hinted else "major_otherwise"]
    return "major" if rng.random() < share else "general"
