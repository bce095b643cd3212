"""The registry is whole; shares, periods and months as one counts them by hand."""

from datetime import date, datetime
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import BoundsError
from geo.ledger.figures import MOST_MONTHS, OF_OPENED, SHARES, Period, counts_by_month, figures_of, registry
from geo.territory.times import CHINA_TIME


def test_every_figure_says_what_it_is() -> None:
    figures = registry()
    assert set(SHARES) <= set(figures)
    for figure in figures.values():
        assert figure.better in ("less", "more", "none")
        assert figure.how_zh, figure.code
        assert figure.how_en, figure.code
        # A share or a median is of many cases at once; whatever is a count opens, and coverage to what it leaves out.
        counts = {"cases": "cases", "grids": "grids"}
        assert figure.opens == ("buildings" if figure.code == "coverage" else counts.get(figure.unit_en)), figure.code


def test_the_three_goals_are_zeros() -> None:
    goals = {code: figure.goal for code, figure in registry().items() if figure.goal is not None}
    assert goals == {"grids_without_worker": 0, "complaints": 0, "accidents": 0}
    assert all(registry()[code].zh.startswith(name) for code, name in zip(
        goals, ("服务零距离", "居民零投诉", "社区零事故"), strict=True))  # fmt: skip


def test_shares_are_of_their_wholes_and_missing_where_there_is_none() -> None:
    told = figures_of(
        {"solved": 3, "solved_below": 2, "solved_in_time": 1, "solved_with_limit": 0, "median_days": 1.26}
    )
    assert told["solved_in_grid"] == 66.7
    assert told["in_time"] is None
    assert told["median_days"] == 1.3
    assert (told["solved"], told["found"]) == (3, None)
    assert set(told) == set(registry())


def test_a_period_is_whole_days_in_china() -> None:
    period = Period(date(2026, 11, 1), date(2026, 11, 30))
    assert period.since == datetime(2026, 11, 1, tzinfo=CHINA_TIME)
    assert period.until == datetime(2026, 12, 1, tzinfo=CHINA_TIME)
    with pytest.raises(BoundsError):
        Period(date(2026, 11, 2), date(2026, 11, 1))


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(0, 1_000))
def test_months_make_up_their_period(first: date, days: int) -> None:
    period = Period(first, date.fromordinal(first.toordinal() + days))
    months = period.months()
    assert (months[0].first, months[-1].last) == (period.first, period.last)
    assert all(one.last.toordinal() + 1 == next_.first.toordinal() for one, next_ in pairwise(months))
    assert all((month.first.year, month.first.month) == (month.last.year, month.last.month) for month in months)


def test_too_many_months_are_refused() -> None:
    with pytest.raises(BoundsError, match=str(MOST_MONTHS)):
        Period(date(2000, 1, 1), date(2020, 1, 1)).months()


MONTHS = [f"2026-{month:02d}" for month in range(1, 7)]
_MONTH = st.integers(0, 5)
_TIME = st.tuples(_MONTH, _MONTH | st.none(), _MONTH | st.none(), st.booleans(), st.integers(1, 9), st.booleans())


@given(st.lists(_TIME, max_size=20))
def test_months_say_what_counting_one_by_one_says(
    rows: list[tuple[int, int | None, int | None, bool, int, bool]],
) -> None:
    cases, overdue = [], []
    for opened, ended, late, flag, count, again in rows:
        ended = None if ended is None or ended < opened else ended
        state = ("closed" if flag else "void") if ended is not None else ("paused" if flag else "open")
        cases.append((opened, ended, late, state, count, again))
        if late is not None:
            overdue.append((MONTHS[late], None if ended is None else MONTHS[ended], count))
    frame = pd.DataFrame(
        [(MONTHS[o], None if e is None else MONTHS[e], s, a, n, n * a, n, 2 * n) for o, e, _, s, n, a in cases],
        columns=["opened", "ended", "state", "again", "cases", "reopened", "complaints", "rated"],
    ).astype({"again": bool})
    told = counts_by_month(frame, pd.DataFrame(overdue, columns=["since", "until", "cases"]), MONTHS)
    for number, month in enumerate(MONTHS):
        still = [case for case in cases if case[0] <= number and (case[1] is None or case[1] > number)]
        solved = sum(case[4] for case in cases if case[1] == number and case[3] == "closed")
        assert told[month] == {
            "found": sum(case[4] for case in cases if case[0] == number and not case[5]),
            "reopened": sum(case[4] for case in cases if case[0] == number and case[5]),
            "solved": solved,
            "voided": sum(case[4] for case in cases if case[1] == number and case[3] == "void"),
            "open": sum(case[4] for case in still),
            "overdue": sum(
                c[4] for c in cases if c[2] is not None and c[2] <= number and (c[1] is None or c[1] > number)
            ),
            "complaints": sum(case[4] for case in cases if case[0] == number and not case[5]),
            "rated": 2 * solved,
        }
    assert {"complaints"} <= OF_OPENED
