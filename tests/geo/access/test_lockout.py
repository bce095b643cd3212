"""Waiting after failed tries: long enough to stop guessing, never long enough to shut a person out."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from geo.access.limits import span
from geo.access.lockout import wait_at_address, wait_for_account

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def failures(count: int, *, last_s_ago: float = 0.0) -> list[datetime]:
    return [NOW - timedelta(seconds=last_s_ago + number) for number in range(count)]


def test_a_few_tries_are_free() -> None:
    assert wait_at_address([], NOW) == timedelta(0)
    assert wait_at_address(failures(4), NOW) == timedelta(0)


def test_each_failure_after_them_doubles_the_wait() -> None:
    assert [wait_at_address(failures(count), NOW).total_seconds() for count in (5, 6, 7, 8, 9, 10, 11)] == [
        30,
        60,
        120,
        240,
        480,
        900,
        900,
    ]
    assert wait_at_address(failures(5, last_s_ago=29), NOW) == timedelta(seconds=1)
    assert wait_at_address(failures(5, last_s_ago=30), NOW) == timedelta(0)


def test_failures_are_forgotten_after_a_day() -> None:
    assert wait_at_address(failures(50, last_s_ago=86_400), NOW) == timedelta(0)


def test_strange_addresses_share_a_try_a_minute_after_a_hundred_failures() -> None:
    assert wait_for_account(failures(99), NOW) == timedelta(0)
    assert wait_for_account(failures(100), NOW) == timedelta(minutes=1)
    assert wait_for_account(failures(5_000, last_s_ago=61), NOW) == timedelta(0)


@given(st.lists(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3)), max_size=400))
def test_no_wait_is_longer_than_a_quarter_of_an_hour(ago: list[timedelta]) -> None:
    failed = [NOW - age for age in ago]
    assert timedelta(0) <= wait_at_address(failed, NOW) <= span("most_wait_seconds")
    assert timedelta(0) <= wait_for_account(failed, NOW) <= span("account_wait_seconds")


def test_a_day_of_guessing_from_one_address_tries_about_a_hundred_passwords() -> None:
    failed: list[datetime] = []
    now = NOW
    while now < NOW + timedelta(days=1):
        failed.append(now)
        now += max(wait_at_address(failed, now), timedelta(seconds=1))
    assert 80 <= len(failed) <= 120
