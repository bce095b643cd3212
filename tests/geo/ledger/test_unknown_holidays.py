"""What is said of years whose holidays are not on record."""

from datetime import date, datetime, timedelta

import pytest

from geo.ledger.clocks import Clock, start
from geo.ledger.unknown_holidays import AHEAD, missed_by, missed_soon
from geo.ledger.working_time import Limit, calendar
from geo.territory.times import CHINA_TIME

LAST = calendar().known_until or date.max
AFTER = LAST.year + 1


def clock(amount: float, unit: str, *, day: date = LAST) -> Clock | None:
    return start(calendar(), datetime(day.year, day.month, day.day, 10, tzinfo=CHINA_TIME), Limit(amount, unit))


def test_a_year_that_is_missed_soon_is_named_with_the_file_to_fill() -> None:
    assert missed_soon(calendar(), LAST - AHEAD) is None
    unknown = missed_soon(calendar(), LAST - AHEAD + timedelta(days=1))
    assert unknown is not None
    assert unknown.year == AFTER
    for said, remedy in ((unknown.zh, unknown.remedy_zh), (unknown.en, unknown.remedy_en)):
        assert str(AFTER) in said
        assert "working_calendar.toml" in remedy


@pytest.mark.parametrize(("amount", "unit"), [(5, "working_days"), (60, "working_hours"), (30, "days")])
def test_limits_into_that_year_miss_its_holidays(amount: float, unit: str) -> None:
    unknown = missed_by(calendar(), None, clock(amount, unit))
    assert unknown is not None
    assert unknown.year == AFTER
    assert missed_by(calendar(), clock(amount, unit, day=LAST - timedelta(days=60))) is None


def test_limits_in_hours_miss_no_holidays() -> None:
    assert missed_by(calendar(), clock(400, "hours"), None) is None
