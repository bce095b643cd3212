"""The meetings that reports are made for (``data/dictionaries/meetings.toml``), and the periods that they look at."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from geo.errors import InputError
from geo.ledger.figures import YEARS, Figure, Period, month_of, registry
from geo.territory.dictionaries import Entry, dictionary

HALF_MONTHS = 6


@dataclass(frozen=True)
class Meeting:
    """A meeting that comes round.

    Attributes
    ----------
    tier
        Whose it is.
    every_months
        1, or 6 for January to June and July to December.
    compares
        What is ranked: the parts of a street or community.
    agenda
        What its report has, in order.
    ranked_by
        What ranks: shares and days, for which a part's size is nothing.
    """

    code: str
    zh: str
    en: str
    tier: Literal["street", "community"]
    every_months: int
    compares: Literal["community", "grid"]
    agenda: tuple[Entry, ...]
    ranked_by: tuple[Figure, ...]

    def period(self, name: str) -> Period:
        """Return a period by its name: ``2026-10`` of a month, ``2026-H1`` of half a year.

        Raises
        ------
        InputError
            It is none of this meeting's.
        """
        if self.every_months == 1:
            return month_of(name)
        found = re.fullmatch(r"([0-9]{4})-H([12])", name, re.ASCII)
        if found is None or int(found[1]) not in YEARS:
            raise InputError(
                f"半年“{name[:20]}”应写成 2026-H1 或 2026-H2", f"half a year is 2026-H1 or 2026-H2, not {name[:20]!r}"
            )
        year, half = int(found[1]), int(found[2])
        first = HALF_MONTHS * (half - 1) + 1
        return Period(date(year, first, 1), month_of(f"{year}-{first + HALF_MONTHS - 1:02}").last)

    def name_of(self, day: date) -> str:
        """Return the name of the period that a day is in."""
        return f"{day:%Y-%m}" if self.every_months == 1 else f"{day.year}-H{1 + (day.month > HALF_MONTHS)}"

    def before(self, period: Period) -> Period:
        """Return the period before one of the meeting's."""
        return self.period(self.name_of(date.fromordinal(period.first.toordinal() - 1)))

    def last_ended(self, today: date) -> str:
        """Return the name of the last period that has ended: what a meeting of today looks at."""
        return self.name_of(self.before(self.period(self.name_of(today))).first)


@cache
def meetings() -> MappingProxyType[str, Meeting]:
    """Return all meetings, by code."""
    return MappingProxyType({entry.code: _meeting(entry) for entry in dictionary("meetings").entries.values()})


def meeting(code: str) -> Meeting:
    """Return a meeting.

    Raises
    ------
    CodeError
        There is none of this code.
    """
    return meetings()[dictionary("meetings")[code].code]


def rank(rows: Mapping[str, Mapping[str, float | None]], figures: tuple[Figure, ...]) -> dict[str, int | None]:
    """Rank rows by several figures, the best first: by the mean of their places in each, 1 being the best.

    Places are counted from 0 for the best to 1 for the worst of those that have the figure; who has a figure not is
    not placed by it, and who has none at all is not ranked. Equal ones share the better place.

    Parameters
    ----------
    rows
        By key, figures by code.
    figures
        Which count; of each it is known which way is better.

    Examples
    --------
    >>> rank({"a": {"in_time": 90.0}, "b": {"in_time": 50.0}, "c": {}}, (registry()["in_time"],))
    {'a': 1, 'b': 2, 'c': None}
    """
    means = {key: _mean(key, rows, figures) for key in rows}
    known = [mean for mean in means.values() if mean is not None]
    return {key: None if mean is None else 1 + sum(other < mean for other in known) for key, mean in means.items()}


def _mean(key: str, rows: Mapping[str, Mapping[str, float | None]], figures: tuple[Figure, ...]) -> float | None:
    places = []
    for figure in figures:
        mine = rows[key].get(figure.code)
        if mine is None:
            continue
        others = [value for row in rows.values() if (value := row.get(figure.code)) is not None]
        sign = -1 if figure.better == "more" else 1
        better = sum(sign * value < sign * mine for value in others)
        places.append(better / max(len(others) - 1, 1))
    # Rounded, so that what is equal stays equal whatever the order in which it was added up.
    return round(sum(places) / len(places), 9) if places else None


def _meeting(entry: Entry) -> Meeting:
    given: dict[str, Any] = dict(entry.extra)
    return Meeting(
        code=entry.code,
        zh=entry.zh,
        en=entry.en,
        tier=given["tier"],
        every_months=given["every_months"],
        compares=given["compares"],
        agenda=tuple(dictionary("agenda_items")[code] for code in given["agenda"]),
        ranked_by=tuple(registry()[code] for code in given["ranked_by"]),
    )
