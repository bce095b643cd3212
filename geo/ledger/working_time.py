"""Working time: how long a limit runs, and how much of it is used, over rest days, holidays and make-up days.

Days are China's (:data:`geo.territory.times.CHINA_TIME`). Holidays are known year by year
(``data/dictionaries/working_calendar.toml``); in other years only weekends rest, and :attr:`Calendar.known_until` says
how far the record goes.
"""

import tomllib
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from geo.errors import InputError
from geo.territory.dictionaries import dictionary
from geo.territory.times import CHINA_TIME

Hours = tuple[time, time]
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """So much time, in a unit of the dictionary ``limit_units``."""

    amount: float
    unit: str

    @property
    def zh(self) -> str:
        """As it is said in Chinese."""
        return f"{self.amount:g} {dictionary('limit_units')[self.unit].zh}"

    @property
    def en(self) -> str:
        """As it is said in English."""
        return f"{self.amount:g} {dictionary('limit_units')[self.unit].en}"

    @property
    def content(self) -> dict[str, Any]:
        """As it is kept as JSON."""
        return {"amount": self.amount, "unit": self.unit}


class Calendar:
    """When people work, and what that makes of limits.

    Parameters
    ----------
    hours
        Working hours of a working day, in order, without overlap.
    rest_days
        Weekdays that rest, Monday being 0.
    holidays, working
        Days that rest although they are weekdays, and days that are worked although they are rest days.
    years
        The years whose holidays are on record.
    """

    def __init__(
        self,
        hours: Sequence[Hours],
        rest_days: Collection[int],
        *,
        holidays: Collection[date] = (),
        working: Collection[date] = (),
        years: Collection[int] = (),
    ) -> None:
        if not hours or any(start >= end for start, end in hours) or len(set(rest_days)) >= len(_WEEKDAYS):
            raise InputError(
                "工作日历须有工作时段(开始早于结束),且每周至少有一个工作日",
                "a working calendar needs working hours that begin before they end, and a working day in each week",
            )
        self._spans = tuple((_since_midnight(start), _since_midnight(end)) for start, end in hours)
        self._rest_days = frozenset(rest_days)
        self._holidays = frozenset(holidays)
        self._working = frozenset(working)
        self._years = frozenset(years)
        # Working days between two days are counted by weeks, and then mended by the exceptions between them.
        self._before_weekday = [sum(day not in self._rest_days for day in range(weekday)) for weekday in range(8)]
        ordinary = {day for day in self._working if day.weekday() not in self._rest_days}
        self._gained = sorted(day.toordinal() for day in self._working - ordinary)
        off = {day for day in self._holidays - self._working if day.weekday() not in self._rest_days}
        self._lost = sorted(day.toordinal() for day in off)
        self._full_day = sum((end - start for start, end in self._spans), timedelta())
        self._closing = self._spans[-1][1]

    @property
    def known_until(self) -> date | None:
        """The last day whose holidays are on record; after it only weekends rest. None: no year is."""
        return date(max(self._years), 12, 31) if self._years else None

    def knows(self, day: date) -> bool:
        """Whether the holidays of that day's year are on record."""
        return day.year in self._years

    def is_working_day(self, day: date) -> bool:
        """Whether that day is worked."""
        if day in self._working:
            return True
        return day not in self._holidays and day.weekday() not in self._rest_days

    def add(self, start: datetime, limit: Limit) -> datetime:
        """Return when a limit that begins at ``start`` ends, in China's time.

        Hours run from the moment on. Of days the first is not counted, the last ends when business ends, and calendar
        days that end on a rest day end on the next working day.

        Raises
        ------
        CodeError
            The unit is unknown.
        InputError
            ``start`` has no time zone.

        References
        ----------
        民法典 (2020) 第二百零一条、第二百零三条.
        """
        unit = dictionary("limit_units")[limit.unit].code
        begun = china_time(start)
        if unit in ("working_hours", "hours"):
            return self.forward(begun, timedelta(hours=limit.amount), unit)
        days = round(limit.amount)
        if unit == "days":
            last = self._working_day_after(begun.date() + timedelta(days=days), 0)
        else:
            last = self._working_day_after(begun.date() + _DAY, days - 1)
        return _midnight(last) + self._closing

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Return the working time between two moments; nothing when ``end`` is the earlier."""
        begun, ended = china_time(start), china_time(end)
        if ended <= begun:
            return timedelta()
        days = self._working_days_between(begun.date().toordinal(), ended.date().toordinal())
        return days * self._full_day - self._worked_by(begun) + self._worked_by(ended)

    def advance(self, start: datetime, worked: timedelta) -> datetime:
        """Return the first moment by which so much working time has passed since ``start``."""
        begun = china_time(start)
        if worked <= timedelta():
            return begun
        # Counted from the midnight before: whole days first, then what is left of the last one, which is never nothing.
        left = self._worked_by(begun) + worked
        days = -(-left // self._full_day) - 1
        left -= days * self._full_day
        midnight = _midnight(self._working_day_after(begun.date(), days))
        for opening, closing in self._spans:
            if left <= closing - opening:
                return midnight + opening + left
            left -= closing - opening
        raise AssertionError("what is left fits into a day")

    def spent(self, start: datetime, end: datetime, unit: str) -> timedelta:
        """Return the time between two moments as a limit of that unit counts it."""
        if _counts_working_time(unit):
            return self.elapsed(start, end)
        return max(china_time(end) - china_time(start), timedelta())

    def forward(self, start: datetime, time_spent: timedelta, unit: str) -> datetime:
        """Return the first moment by which so much time has been spent as a limit of that unit counts it."""
        if _counts_working_time(unit):
            return self.advance(start, time_spent)
        return china_time(start) + time_spent

    def _working_days_between(self, first: int, end: int) -> int:
        """Return how many days are worked from one ordinal to the one before another."""
        by_weeks = self._weekdays_before(end) - self._weekdays_before(first)
        gained = bisect_left(self._gained, end) - bisect_left(self._gained, first)
        return by_weeks + gained - (bisect_left(self._lost, end) - bisect_left(self._lost, first))

    def _weekdays_before(self, ordinal: int) -> int:
        weeks, weekday = divmod(ordinal - 1, 7)  # the first of all days is a Monday
        return weeks * self._before_weekday[7] + self._before_weekday[weekday]

    def _working_day_after(self, day: date, number: int) -> date:
        """Return the day that is worked after so many others that are, from ``day`` on; 0: the first."""
        first = day.toordinal()
        span = 14 + 2 * number
        while self._working_days_between(first, first + span) <= number:
            span *= 2
        days = range(first, first + span)
        place = bisect_left(days, number + 1, key=lambda last: self._working_days_between(first, last + 1))
        return date.fromordinal(days[place])

    def _worked_by(self, moment: datetime) -> timedelta:
        """Return the working time of that day until the moment."""
        if not self.is_working_day(moment.date()):
            return timedelta()
        clock = moment - _midnight(moment.date())
        return sum((min(max(clock, opening), closing) - opening for opening, closing in self._spans), timedelta())


@cache
def calendar() -> Calendar:
    """Return the calendar of ``data/dictionaries/working_calendar.toml``."""
    path = files("data") / "dictionaries" / "working_calendar.toml"
    return read_calendar(tomllib.loads(path.read_text(encoding="utf-8")))


def read_calendar(content: Mapping[str, Any]) -> Calendar:
    """Build a calendar from what its file says."""
    holidays = [holiday for year in content["years"] for holiday in year["holidays"]]
    return Calendar(
        [(time.fromisoformat(start), time.fromisoformat(end)) for start, end in content["hours"]],
        [_WEEKDAYS.index(name) for name in content["rest_days"]],
        holidays={day for holiday in holidays for day in _days(holiday["since"], holiday["until"] + _DAY)},
        working={day for year in content["years"] for day in year["working"]},
        years={year["year"] for year in content["years"]},
    )


def china_time(moment: datetime) -> datetime:
    """Return a moment in China's time.

    Raises
    ------
    InputError
        It has no time zone (eight hours more or less decide whether a limit was kept), or is out of all calendars.
    """
    if moment.tzinfo is None:
        raise InputError(
            f"时刻 {moment.isoformat()} 没有时区;请注明时区,例如 +08:00",
            f"moment {moment.isoformat()} has no time zone: state one, such as +08:00",
        )
    try:
        return moment.astimezone(CHINA_TIME)
    except OverflowError:
        raise InputError(
            f"时刻 {moment.isoformat()} 超出日历", f"{moment.isoformat()} is out of all calendars"
        ) from None


def _counts_working_time(unit: str) -> bool:
    return bool(dictionary("limit_units")[unit].extra["light_in"] == "working")


def _since_midnight(clock: time) -> timedelta:
    return timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=CHINA_TIME)


def _days(first: date, end: date) -> Iterator[date]:
    """Yield the days from the first to the one before the end."""
    return (first + timedelta(days=number) for number in range((end - first).days))
