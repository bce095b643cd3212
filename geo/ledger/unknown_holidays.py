"""Years whose holidays are not on record: where they are missed, it is said that their weekdays all count as worked.

The holidays of a year are announced in the November before it; limits run into January from then on.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from geo.ledger.clocks import Clock
from geo.ledger.working_time import Calendar, china_time

#: Where holidays are put on record.
FILE = "data/dictionaries/working_calendar.toml"
#: Limits that begin today reach so far ahead, most of them (project choice).
AHEAD = timedelta(days=60)
#: The unit of limits that no calendar changes.
_ALL_TIME = "hours"


@dataclass(frozen=True)
class UnknownYear:
    """A year whose holidays are missed, and what that means in words."""

    year: int

    @property
    def zh(self) -> str:
        """In Chinese."""
        return f"{self.year} 年放假安排尚未录入,该年的期限只扣除周末,节假日当作工作日"

    @property
    def en(self) -> str:
        """In English."""
        return f"the holidays of {self.year} are not on record: limits in it count them as working days"

    @property
    def remedy_zh(self) -> str:
        """What to do, in Chinese."""
        return f"国务院办公厅公布后请补入 {FILE}"

    @property
    def remedy_en(self) -> str:
        """What to do, in English."""
        return f"add them to {FILE} when they are announced"


def missed_soon(calendar: Calendar, today: date) -> UnknownYear | None:
    """Return the first year that limits beginning today may run into and that is not on record; None: there is none."""
    return _first_unknown(calendar, today, today + AHEAD)


def missed_by(calendar: Calendar, *clocks: Clock | None) -> UnknownYear | None:
    """Return the first year that limits run through and that is not on record; None: there is none.

    Limits in hours count all time and miss no holidays.
    """
    for clock in clocks:
        if clock is None or clock.unit == _ALL_TIME:
            continue
        first, last = (china_time(moment).date() for moment in (clock.counts_from, clock.due_at))
        if unknown := _first_unknown(calendar, first, last):
            return unknown
    return None


def _first_unknown(calendar: Calendar, first: date, last: date) -> UnknownYear | None:
    years = range(first.year, last.year + 1)
    return next((UnknownYear(year) for year in years if not calendar.knows(date(year, 1, 1))), None)
