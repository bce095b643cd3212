"""Lights: how near a case is to the end of its limits.

Green until a share of the limit is used, yellow until it runs out, red after; measured in the limit's own time, so that
no light changes on a day of rest when working time counts. A case has the light of the worse of its two limits, that of
its step and that of the case as a whole. Paused and ended cases have none, nor have those without limits.

When a light turns is known beforehand and kept with the case (``yellow_at``; red: the earlier of ``step_due_at`` and
``due_at``), so that a million of them need no calendar: queries compare two moments, as :func:`light_at` does.
"""

from datetime import datetime
from typing import Literal

from geo.ledger.cases import Case
from geo.ledger.working_time import Calendar, china_time

Light = Literal["green", "yellow", "red"]


def light(case: Case, now: datetime) -> Light | None:
    """Return the light of a case."""
    if case.state != "open":
        return None
    return light_at(now, case.yellow_at, case.red_at)


def light_at(now: datetime, yellow_at: datetime | None, red_at: datetime | None) -> Light | None:
    """Return the light of an open case by when it turns.

    Parameters
    ----------
    now
        With a time zone.
    yellow_at, red_at
        Until when it is green, and when the first of its limits runs out; None: it has no limit.
    """
    if red_at is None:
        return None
    if now > red_at:
        return "red"
    return "yellow" if yellow_at is not None and now > yellow_at else "green"


def share_used(calendar: Calendar, case: Case, now: datetime) -> float | None:
    """Return the share of its limits that a case has used, of the one that is used more; None: it has no limit.

    Over 1 when one has run out; while a case is paused, what was used before.
    """
    until = china_time(now) if case.paused_at is None else case.paused_at
    used = [clock.share_used(calendar, until) for clock in (case.clock, case.step_clock) if clock is not None]
    return max(used, default=None) if case.is_live else None
