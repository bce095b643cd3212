"""Working time, counted on fingers; the years on record against a calendar of others."""

import tomllib
from datetime import date, datetime, time, timedelta
from importlib.resources import files

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import CodeError, InputError
from geo.ledger.clocks import Clock
from geo.ledger.working_time import Calendar, Limit, calendar, read_calendar
from geo.territory.times import CHINA_TIME
from tests.examples import examples

#: 9 to 12 and 14 to 18: seven hours a day. Monday the 9th of November 2026 to Sunday the 15th.
OFFICE = Calendar([(time(9), time(12)), (time(14), time(18))], [5, 6], holidays=[date(2026, 11, 11)])


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=CHINA_TIME)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "end"),
    [
        (at(9, 10), 1, "working_hours", at(9, 11)),
        (at(9, 10), 2, "working_hours", at(9, 12)),  # the end of the morning, not the start of the afternoon
        (at(9, 10), 3, "working_hours", at(9, 15)),  # over lunch
        (at(9, 17), 2, "working_hours", at(10, 10)),  # over night
        (at(10, 17), 2, "working_hours", at(12, 10)),  # over the holiday of the 11th
        (at(13, 17), 2, "working_hours", at(16, 10)),  # over the weekend
        (at(14, 3), 1, "working_hours", at(16, 10)),  # begun on a Saturday
        (at(9, 13), 1.5, "working_hours", at(9, 15, 30)),  # begun at lunch
        (at(9, 20), 7, "working_hours", at(10, 18)),  # a whole day of work
        (at(9, 20), 24, "hours", at(10, 20)),
        (at(9, 10), 1, "working_days", at(10, 18)),  # the first day is not counted
        (at(10, 10), 1, "working_days", at(12, 18)),
        (at(13, 23), 3, "working_days", at(18, 18)),
        (at(14, 10), 1, "working_days", at(16, 18)),
        (at(9, 10), 1, "days", at(10, 18)),
        (at(9, 10), 2, "days", at(12, 18)),  # ends on the holiday: the day after
        (at(9, 10), 5, "days", at(16, 18)),  # ends on Saturday: Monday
    ],
)
def test_limits_end_when_fingers_say(start: datetime, amount: float, unit: str, end: datetime) -> None:
    assert OFFICE.add(start, Limit(amount, unit)) == end


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        (at(9, 9), at(9, 18), 7),
        (at(9, 0), at(10, 0), 7),
        (at(9, 12), at(9, 14), 0),
        (at(9, 11), at(9, 15), 2),
        (at(9, 17), at(12, 10), 9),  # an hour, the 10th, the holiday, an hour
        (at(14, 9), at(15, 18), 0),
        (at(9, 9), at(16, 9), 28),  # four days of work
        (at(10, 9), at(9, 9), 0),  # nothing the other way round
    ],
)
def test_working_time_between_moments(start: datetime, end: datetime, hours: float) -> None:
    assert OFFICE.elapsed(start, end) == timedelta(hours=hours)


def test_moments_of_other_zones_mean_the_same() -> None:
    utc = datetime.fromisoformat("2026-11-09T01:00:00+00:00")  # nine in China
    assert OFFICE.add(utc, Limit(1, "working_hours")) == at(9, 10)
    assert OFFICE.elapsed(utc, at(9, 10)) == timedelta(hours=1)


def test_moments_without_a_zone_are_refused() -> None:
    with pytest.raises(InputError, match="no time zone"):
        OFFICE.add(datetime(2026, 11, 9, 9), Limit(1, "hours"))


def test_unknown_units_are_refused() -> None:
    with pytest.raises(CodeError, match="working_hours"):
        OFFICE.add(at(9), Limit(1, "fortnights"))


@pytest.mark.parametrize(
    ("hours", "rest_days"), [([], []), ([(time(12), time(9))], []), ([(time(9), time(12))], list(range(7)))]
)
def test_calendars_on_which_nobody_works_are_refused(hours: list[tuple[time, time]], rest_days: list[int]) -> None:
    with pytest.raises(InputError, match="working calendar"):
        Calendar(hours, rest_days)


MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)).map(lambda at: at.replace(tzinfo=CHINA_TIME))
SPANS = st.timedeltas(timedelta(), timedelta(days=60))
WORKED = st.timedeltas(timedelta(), timedelta(hours=300))


@given(start=MOMENTS, worked=WORKED)
@examples(300)
def test_so_much_later_so_much_was_worked(start: datetime, worked: timedelta) -> None:
    assert calendar().elapsed(start, calendar().advance(start, worked)) == worked


@given(start=MOMENTS, first=SPANS, second=SPANS)
@examples(300)
def test_working_time_adds_up(start: datetime, first: timedelta, second: timedelta) -> None:
    middle, end = start + first, start + first + second
    whole = calendar().elapsed(start, end)
    assert calendar().elapsed(start, middle) + calendar().elapsed(middle, end) == whole
    assert timedelta() <= whole <= end - start


@given(
    start=MOMENTS,
    amount=st.integers(1, 40),
    unit=st.sampled_from(["working_hours", "hours", "working_days", "days"]),
)
@examples(200)
def test_limits_end_later_the_longer_they_are(start: datetime, amount: int, unit: str) -> None:
    shorter, longer = (calendar().add(start, Limit(each, unit)) for each in (amount, amount + 1))
    assert start < shorter <= longer
    assert unit in ("hours", "days") or calendar().is_working_day(shorter.date())


@given(start=MOMENTS, before=SPANS, pause=SPANS, unit=st.sampled_from(["working_days", "working_hours", "hours"]))
@examples(200)
def test_a_pause_uses_nothing_up(start: datetime, before: timedelta, pause: timedelta, unit: str) -> None:
    clock = Clock(start, calendar().add(start, Limit(20, unit)), unit)
    paused_at, resumed_at = start + before, start + before + pause
    after = clock.moved_on(calendar(), paused_at, resumed_at)
    used = calendar().spent(start, paused_at, unit)
    assert calendar().spent(after.counts_from, resumed_at, unit) == used
    left = calendar().spent(clock.counts_from, clock.due_at, unit)
    assert calendar().spent(after.counts_from, after.due_at, unit) == left


def test_the_years_on_record_are_those_of_others() -> None:
    day, last = date(2025, 1, 1), calendar().known_until
    assert last == date(2026, 12, 31)
    while day <= last:
        assert calendar().is_working_day(day) == chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


def test_outside_the_years_on_record_only_weekends_rest() -> None:
    assert not calendar().knows(date(2027, 10, 1))
    assert calendar().is_working_day(date(2027, 10, 1))  # a Friday, and a holiday that nobody has announced yet
    assert not calendar().is_working_day(date(2027, 10, 2))


def test_every_exception_on_record_is_one() -> None:
    """A holiday on a weekday or beside others; a make-up day is always a day of rest otherwise."""
    path = files("data") / "dictionaries" / "working_calendar.toml"
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    for year in content["years"]:
        assert year["source"].startswith("国办发明电")
        assert all(day.year == year["year"] and day.weekday() >= 5 for day in year["working"])
        assert all(each["since"] <= each["until"] for each in year["holidays"])
    assert read_calendar(content).known_until == calendar().known_until
