"""The clock of a limit: from when it counts, when it runs out, and what of it is used while pauses do not count.

A pause moves both ends of a clock on by as much as it lasted, in the limit's own time. What was used before it is used
after it, no more and no less.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from geo.ledger.working_time import Calendar, Limit

#: What a limit counts in that was set as a moment.
UNIT_OF_MOMENTS = "hours"


@dataclass(frozen=True)
class Clock:
    """A limit that runs.

    Attributes
    ----------
    counts_from
        When it began, moved on by all pauses since.
    due_at
        When it runs out.
    unit
        The unit of its limit, which says whether all time counts or working time.
    """

    counts_from: datetime
    due_at: datetime
    unit: str

    def moved_on(self, calendar: Calendar, paused_at: datetime, resumed_at: datetime) -> "Clock":
        """Return it after a pause."""
        paused = calendar.spent(paused_at, resumed_at, self.unit)
        return replace(
            self,
            counts_from=calendar.forward(self.counts_from, paused, self.unit),
            due_at=calendar.forward(self.due_at, paused, self.unit),
        )

    def share_used(self, calendar: Calendar, now: datetime) -> float:
        """Return the share of the limit that is used: 1 when it has just run out, more after."""
        whole = calendar.spent(self.counts_from, self.due_at, self.unit)
        used = calendar.spent(self.counts_from, now, self.unit)
        if now <= self.due_at:
            return used / whole if whole else 0.0
        # Overdue by whatever is overdue, even when no working time has passed since.
        return max(used / whole if whole else 1.0, 1.0)

    def moment(self, calendar: Calendar, share: float) -> datetime:
        """Return the moment until which at most such a share of the limit is used."""
        whole = calendar.spent(self.counts_from, self.due_at, self.unit)
        return min(calendar.forward(self.counts_from, whole * share, self.unit), self.due_at)


def start(calendar: Calendar, at: datetime, limit: Limit | None) -> Clock | None:
    """Return the clock of a limit that begins now."""
    return None if limit is None else Clock(at, calendar.add(at, limit), limit.unit)


def until(counts_from: datetime, due_at: datetime, running: Clock | None) -> Clock:
    """Return the clock of a limit that was set as a moment, counting as the one that ran before."""
    if running is not None:
        return replace(running, due_at=due_at)
    return Clock(counts_from, due_at, UNIT_OF_MOMENTS)


def earliest_yellow(calendar: Calendar, share: float, *clocks: Clock | None) -> datetime | None:
    """Return the moment until which none of the clocks has used more than a share of its limit."""
    return min((clock.moment(calendar, share) for clock in clocks if clock is not None), default=None)


def put_off(calendar: Calendar, clock: Clock, by: timedelta) -> Clock:
    """Return a clock that runs out later, by time of its own counting."""
    return replace(clock, due_at=calendar.forward(clock.due_at, by, clock.unit))
