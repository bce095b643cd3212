"""Meetings that come round: their periods follow each other without a gap; ranks are the same in any order."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from geo.errors import CodeError, InputError
from geo.ledger.figures import registry
from geo.ledger.meetings import meeting, meetings, rank

MONTHLY, HALF_YEARLY = meeting("community_monthly"), meeting("street_half_yearly")
RATES = (registry()["in_time"], registry()["median_days"])

values = some.one_of(some.none(), some.integers(0, 5).map(float))
tables = some.dictionaries(
    some.text("abcdef", min_size=1, max_size=2),
    some.fixed_dictionaries({"in_time": values, "median_days": values}),
    max_size=6,
)


def test_periods_by_name() -> None:
    assert (MONTHLY.period("2026-02").first, MONTHLY.period("2026-02").last) == (date(2026, 2, 1), date(2026, 2, 28))
    second = HALF_YEARLY.period("2026-H2")
    assert (second.first, second.last) == (date(2026, 7, 1), date(2026, 12, 31))
    assert HALF_YEARLY.before(second) == HALF_YEARLY.period("2026-H1")
    assert (MONTHLY.last_ended(date(2026, 1, 31)), HALF_YEARLY.last_ended(date(2026, 1, 31))) == ("2025-12", "2025-H2")


@pytest.mark.parametrize("name", ["2026", "2026-H3", "2026-01", "2026-h1", "0000-H1", "٢٠٢٦-H1", ""])
def test_what_is_no_half_year_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        HALF_YEARLY.period(name)


def test_there_is_no_other_meeting() -> None:
    with pytest.raises(CodeError):
        meeting("weekly")


@given(which=some.sampled_from(list(meetings().values())), day=some.dates(date(1991, 1, 1), date(2099, 12, 31)))
def test_periods_follow_each_other(which: object, day: date) -> None:
    assert isinstance(which, type(MONTHLY))
    period = which.period(which.name_of(day))
    assert period.first <= day <= period.last
    assert which.before(period).last + timedelta(days=1) == period.first


def test_ranks_by_hand() -> None:
    rows = {
        "quick": {"in_time": 90.0, "median_days": 2.0},
        "slow": {"in_time": 50.0, "median_days": 9.0},
        "alike": {"in_time": 90.0, "median_days": 2.0},
        "silent": {"in_time": None, "median_days": None},
    }
    assert rank(rows, RATES) == {"quick": 1, "slow": 3, "alike": 1, "silent": None}


@given(rows=tables)
def test_ranks_do_not_depend_on_the_order(rows: dict[str, dict[str, float | None]]) -> None:
    ranks = rank(rows, RATES)
    assert rank(dict(reversed(rows.items())), RATES) == ranks
    for key, row in rows.items():
        assert (ranks[key] is None) == all(value is None for value in row.values())


@given(rows=tables.filter(bool), data=some.data())
def test_who_is_best_in_all_is_first(rows: dict[str, dict[str, float | None]], data: some.DataObject) -> None:
    best = data.draw(some.sampled_from(sorted(rows)))
    rows[best] = {"in_time": 6.0, "median_days": -1.0}
    assert rank(rows, RATES)[best] == 1
