"""The figures of the ledger: what each is counted in, which way is better, and how it follows from counts.

They are declared in ``data/dictionaries/ledger_figures.toml``; :func:`figures_of` is the one place that divides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from functools import cache
from types import MappingProxyType
from typing import Literal

import pandas as pd

from geo.errors import BoundsError, InputError
from geo.territory.dictionaries import Entry, dictionary
from geo.territory.times import CHINA_TIME

#: What figures may be told apart by.
BY = ("all", "community", "grid", "kind", "nature", "body", "month")
By = Literal["all", "community", "grid", "kind", "nature", "body", "month"]
#: What a figure may open to.
Opens = Literal["cases", "buildings", "grids"]
#: Years that a period may be of.
YEARS = range(1990, 2101)
#: Months that one table may have.
MOST_MONTHS = 60

#: Shares in percent: each of which counts, of which.
SHARES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "in_time": ("solved_in_time", "solved_with_limit"),
        "solved_in_grid": ("solved_below", "solved"),
        "solved_in_community": ("solved_at_community", "solved"),
        "solved_by_street": ("solved_above", "solved"),
        "satisfied": ("satisfied_count", "rated"),
        "coverage": ("inspected_buildings", "buildings"),
    }
)

#: Counts of what was opened in a month; the others are of what was solved in it.
OF_OPENED = frozenset({"complaints", "accidents"})


@dataclass(frozen=True)
class Figure:
    """What a figure is.

    Attributes
    ----------
    better
        ``less``, ``more``, or ``none`` where it only describes.
    opens
        What it opens to: the cases that it counts, or the buildings or grids that are left out; None for what is of
        many at once.
    goal
        What it is held to; None for most.
    """

    code: str
    zh: str
    en: str
    unit_zh: str
    unit_en: str
    better: Literal["less", "more", "none"]
    digits: int
    opens: Opens | None
    goal: float | None
    how_zh: str
    how_en: str


_DECLARED = [item.name for item in fields(Figure) if item.name not in ("code", "zh", "en")]


@dataclass(frozen=True)
class Period:
    """From the first moment of a day to the last of another, in China."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise BoundsError(
                f"时段的结束日 {self.last} 早于开始日 {self.first}",
                f"the period ends on {self.last}, before it begins on {self.first}",
            )
        if self.first.year not in YEARS or self.last.year not in YEARS:
            raise BoundsError(
                f"时段应在 {YEARS[0]} 至 {YEARS[-1]} 年之间", f"a period is between {YEARS[0]} and {YEARS[-1]}"
            )

    @property
    def since(self) -> datetime:
        """Its first moment."""
        return datetime.combine(self.first, time(), CHINA_TIME)

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last + timedelta(days=1), time(), CHINA_TIME)

    def months(self) -> list["Period"]:
        """Return the months that it reaches into, each cut to it.

        Raises
        ------
        BoundsError
            There are more than :data:`MOST_MONTHS`.
        """
        found, day = [], self.first
        while day <= self.last:
            following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
            found.append(Period(day, min(following - timedelta(days=1), self.last)))
            day = following
            if len(found) > MOST_MONTHS:
                raise BoundsError(
                    f"按月最多 {MOST_MONTHS} 个月;请缩短时段", f"{MOST_MONTHS} months at most: take a shorter period"
                )
        return found


def month_of(name: str) -> Period:
    """Return a month of China that is written as in ``2026-11``.

    Raises
    ------
    InputError
        It is none.
    """
    try:
        first = date.fromisoformat(f"{name}-01")
        following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    except ValueError:
        raise InputError(f"月份“{name[:20]}”应写成 2026-11", f"month {name[:20]!r} is to be like 2026-11") from None
    return Period(first, date.fromordinal(following.toordinal() - 1))


@cache
def registry() -> MappingProxyType[str, Figure]:
    """Return all figures, by code, in the order in which they are shown."""
    entries = dictionary("ledger_figures").entries.values()
    return MappingProxyType({entry.code: _declared(entry) for entry in entries})


def _declared(entry: Entry) -> Figure:
    given = {"goal": None, "opens": None, **entry.extra}
    return Figure(entry.code, entry.zh, entry.en, **{name: given[name] for name in _DECLARED})


def counts_by_month(
    cases: pd.DataFrame, overdue: pd.DataFrame, months: Sequence[str]
) -> dict[str, dict[str, float | None]]:
    """Return the counts of each month from cases counted by the months in which something happened to them.

    Parameters
    ----------
    cases
        How long cases stood open: ``opened``, ``ended`` (``2026-11``; missing where they still do), the ``state`` with
        which that ended, ``again`` where it began by coming back, ``cases`` and any other counts, those of
        :data:`OF_OPENED` being of what was opened, ``reopened`` of what began and the rest of what was solved.
    overdue
        How long cases stood past their limits: ``since``, ``until`` (``2026-11``; missing where they still do) and
        ``cases``.
    months
        Which are wanted.
    """
    told = [name for name in cases.columns if name not in ("opened", "ended", "state", "again", "cases")]
    # "~" comes behind every month: what did not happen is later than all of them.
    cases, overdue = cases.fillna({"ended": "~"}), overdue.fillna({"until": "~"})
    found: dict[str, dict[str, float | None]] = {}
    for month in months:
        opened, ended = cases[(cases["opened"] == month) & ~cases["again"]], cases[cases["ended"] == month]
        solved, voided = (ended[ended["state"] == state] for state in ("closed", "void"))
        still = cases[(cases["opened"] <= month) & (cases["ended"] > month)]
        late = overdue[(overdue["since"] <= month) & (overdue["until"] > month)]
        parts = {"found": opened, "solved": solved, "voided": voided, "open": still, "overdue": late}
        counts = {name: int(part["cases"].sum()) for name, part in parts.items()}
        begun = cases[cases["opened"] == month]
        of = {"reopened": begun, **dict.fromkeys(OF_OPENED, opened)}
        counts |= {name: int(of.get(name, solved)[name].sum()) for name in told}
        found[month] = dict(counts)
    return found


def figures_of(counts: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return every figure that follows from counts; None where there is nothing to divide by, or nothing counted.

    Parameters
    ----------
    counts
        Figures that are counts themselves by their codes, what :data:`SHARES` divides, and ``median_days``.

    Examples
    --------
    >>> figures_of({"solved": 4, "solved_below": 3})["solved_in_grid"]
    75.0
    """
    return {code: _figure(code, figure.digits, counts) for code, figure in registry().items()}


def _figure(code: str, digits: int, counts: Mapping[str, float | None]) -> float | None:
    if code not in SHARES:
        value = counts.get(code)
        return None if value is None else round(value, digits) if digits else value
    part, whole = (counts.get(name) for name in SHARES[code])
    return None if part is None or not whole else round(100 * part / whole, digits)
