"""How long cases stood past their limits, kept with what was done, is what doing it all again says of any moment."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from geo.ledger.cases import Case, overdue_since
from geo.ledger.replaying import Done, replay
from geo.ledger.working_time import calendar
from geo.sample.ledger import any_stories
from geo.territory.times import CHINA_TIME

FIRST, LAST = date(2025, 6, 1), datetime(2026, 11, 1, tzinfo=CHINA_TIME)
STORIES = any_stories(120, since=FIRST, until=LAST, seed=5)


def as_it_stood(stood: list[Case], moment: datetime) -> Case | None:
    return next((case for case in reversed(stood) if case.moved_at < moment), None)


def is_over(state: str, due_at: datetime | None, moment: datetime) -> bool:
    return state == "open" and due_at is not None and due_at < moment


def test_they_say_what_was_overdue_at_any_moment() -> None:
    rng = np.random.default_rng(3)
    seen = {True: 0, False: 0}
    for story, moves in STORIES.moves.groupby("story"):
        done = [Done.read(*row) for row in moves[["action", "at", "part", "note", "details"]].itertuples(index=False)]
        stood = replay(STORIES.workflow, calendar(), done)
        spans = [
            (since, at) for since, at in zip(moves["overdue_since"], moves["at"], strict=True) if not pd.isna(since)
        ]
        last = stood[-1]
        for share in rng.random(12):
            moment = stood[0].opened_at + share * (LAST + timedelta(days=9) - stood[0].opened_at)
            then = as_it_stood(stood, moment)
            truth = then is not None and is_over(then.state, then.due_at, moment)
            still = overdue_since(last.state, last.due_at, last.moved_at, moment) is not None
            assert (still or any(since < moment <= until for since, until in spans)) == truth, story
            seen[truth] += 1
    assert min(seen.values()) > 50


@pytest.mark.parametrize(
    ("state", "due", "moved", "since"),
    [
        ("open", 5, 2, 5),  # past its limit since it ran out
        ("open", 5, 7, 7),  # something was done when it had run out already
        ("open", 12, 2, None),
        ("open", None, 2, None),
        ("paused", 5, 2, None),
        ("closed", 5, 2, None),
    ],
)
def test_since_when(state: str, due: int | None, moved: int, since: int | None) -> None:
    def day(number: int | None) -> datetime | None:
        return None if number is None else datetime(2026, 10, number, tzinfo=CHINA_TIME)

    moved_at, now = day(moved), day(10)
    assert moved_at is not None
    assert now is not None
    assert overdue_since(state, day(due), moved_at, now) == day(since)
