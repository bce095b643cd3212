"""Bills and statements: every hazard of a thing as an item, and what became of them in a month.

A bill (账单) says how things stand; a statement (月结单) what changed: opening + found + reopened - closed - voided =
closing. A statement is counted from moves alone, each of which is in one month only, so that it adds up and this
month's opening is last month's closing, whatever happened in between.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series, to_datetime

from geo.errors import InputError
from geo.ledger.working_time import china_time
from geo.territory.times import CHINA_TIME

Moments = NDArray[np.datetime64]
LIVE = ("open", "paused")
#: Columns of moves: whose, when (with time zone, in the order they were done), the case's state after it and what the
#: action does besides (``case_effects``; None: nothing).
MOVE_COLUMNS = ("case", "at", "state", "effect")
#: Lights in the order of a bill; ended and paused cases have none.
_LIGHTS = ("red", "yellow", "green")


@dataclass(frozen=True)
class Statement:
    """What changed in a month.

    Attributes
    ----------
    opening, closing
        Cases that were open or paused when the month began, and when it ended.
    found, reopened, closed, voided
        What happened to cases in the month; one that was closed, came back and was closed again counts twice.
    fixed
        Fixes that were reported in the month; they become closings when somebody else has looked.
    """

    month: str
    opening: int
    found: int
    reopened: int
    closed: int
    voided: int
    closing: int
    fixed: int

    @property
    def adds_up(self) -> bool:
        """Whether opening and changes make the closing."""
        return self.opening + self.found + self.reopened - self.closed - self.voided == self.closing


@dataclass(frozen=True)
class Item:
    """A case as a bill takes it.

    Attributes
    ----------
    light
        ``red``, ``yellow``, ``green``; None of those that are ended, paused or without limits.
    found_at, closed_at
        With a time zone.
    """

    number: str
    kind: str
    nature: str | None
    state: str
    light: str | None
    found_at: datetime
    closed_at: datetime | None

    @property
    def is_live(self) -> bool:
        """Whether it is not done with."""
        return self.state in LIVE

    def age_days(self, on: datetime) -> int:
        """Return the whole days from its finding to its end, or to a moment when it has none."""
        return max(((self.closed_at or on) - self.found_at).days, 0)


@dataclass(frozen=True)
class KindCount:
    """How many hazards of a kind and nature there are: of all, those live, past their limit, and ended.

    ``oldest_at`` is when the first of the live ones was found.
    """

    kind: str
    nature: str | None
    number: int
    live: int
    overdue: int
    ended: int
    oldest_at: datetime | None = None


@dataclass(frozen=True)
class Bill:
    """All hazards of a thing.

    Attributes
    ----------
    on
        The moment the ages are of.
    items
        What is live first, then by light, nature and age.
    kinds
        By kind and nature; void ones left out.
    """

    on: datetime
    items: Sequence[Item]
    kinds: Sequence[KindCount]

    @property
    def number(self) -> int:
        """How many hazards there were or are, void ones left out."""
        return sum(each.number for each in self.kinds)

    @property
    def live(self) -> int:
        """How many are not done with."""
        return sum(each.live for each in self.kinds)

    @property
    def overdue(self) -> int:
        """How many are past their limit."""
        return sum(each.overdue for each in self.kinds)

    @property
    def oldest_days(self) -> int | None:
        """The age of the oldest that is not done with."""
        oldest = min((each.oldest_at for each in self.kinds if each.oldest_at), default=None)
        return None if oldest is None else max((self.on - oldest).days, 0)


def bill(items: Iterable[Item], on: datetime, *, gravest_first: Sequence[str] = ()) -> Bill:
    """Draw up the bill of the cases of a thing.

    Parameters
    ----------
    on
        The moment the bill is of.
    gravest_first
        Natures in the order they are to be listed; others come after them.
    """
    lights, natures = _places(_LIGHTS), _places(gravest_first)

    def order(item: Item) -> tuple[bool, int, int, int, str]:
        light = lights.get(item.light, len(lights))
        return not item.is_live, light, natures.get(item.nature, len(natures)), -item.age_days(on), item.number

    ordered = sorted(items, key=order)
    return Bill(china_time(on), ordered, _kinds(ordered))


def statement(moves: DataFrame, month: str) -> Statement:
    """Count what changed in a month.

    Parameters
    ----------
    moves
        All moves of the cases up to the end of the month at least, with :data:`MOVE_COLUMNS`. A case's moves are in
        the order they were done; its first one opens it.
    month
        As in ``2026-11``; China's time.

    Raises
    ------
    InputError
        A column is missing, or the month is none.
    """
    return statements(moves, [month])[0]


def statements(moves: DataFrame, months: Sequence[str]) -> list[Statement]:
    """Count what changed in each of several months."""
    _check_columns(moves, MOVE_COLUMNS)
    # All moves of a case lie side by side: the state before one is that of the row above, it lasts till the row below.
    rows = moves.assign(at=_moments(moves, "at")).sort_values(["case", "at"], kind="stable")
    is_first = ~rows["case"].duplicated()
    is_live = rows["state"].isin(LIVE)
    was_live = is_live.shift(fill_value=False) & ~is_first
    could_end = was_live | is_first  # what is entered as ended already was found and ended in one
    is_last = ~rows["case"].duplicated(keep="last")
    changes = {
        "found": is_first,
        "reopened": is_live & ~was_live & ~is_first,
        "closed": could_end & (rows["state"] == "closed"),
        "voided": could_end & (rows["state"] == "void"),
        "fixed": rows["effect"] == "fix",
    }
    happened = {name: _sorted(rows["at"][change]) for name, change in changes.items()}
    begun, ended = _sorted(rows["at"][is_live]), _sorted(rows["at"].shift(-1)[is_live & ~is_last])
    return [_statement(month, happened, begun, ended) for month in months]


def month_bounds(month: str) -> tuple[datetime, datetime]:
    """Return the first moment of a month and that of the next, in China's time.

    Raises
    ------
    InputError
        It is no month.
    """
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=CHINA_TIME)
        after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    except ValueError:
        raise InputError(f"“{month}”不是月份;应如 2026-11", f"{month!r} is no month: write 2026-11") from None
    return first, after


def _statement(month: str, happened: dict[str, Moments], begun: Moments, ended: Moments) -> Statement:
    # numpy's moments have no zone: all of these are in UTC.
    first, after = (np.datetime64(bound.astimezone(UTC).replace(tzinfo=None)) for bound in month_bounds(month))
    within = {name: _before(moments, after) - _before(moments, first) for name, moments in happened.items()}
    # Counted from how the cases stood and not from what happened to them: that both agree is worth something.
    opening, closing = (_before(begun, bound) - _before(ended, bound) for bound in (first, after))
    return Statement(month=month, opening=opening, closing=closing, **within)


def _before(moments: Moments, bound: np.datetime64) -> int:
    return int(np.searchsorted(moments, bound))


def _sorted(moments: "Series[Any]") -> Moments:
    return np.sort(moments.to_numpy(dtype="datetime64[us]"))


def _moments(frame: DataFrame, column: str) -> "Series[Any]":
    """Return a column's moments in UTC."""
    values = frame[column]
    if any(value.tzinfo is None for value in values.dropna().head(1)):
        raise InputError(f"列 {column} 的时刻没有时区", f"moments of column {column} have no time zone")
    return to_datetime(values, utc=True)


def _kinds(items: Iterable[Item]) -> list[KindCount]:
    by_kind: dict[tuple[str, str | None], list[Item]] = {}
    for item in items:
        if item.state != "void":
            by_kind.setdefault((item.kind, item.nature), []).append(item)
    return [
        KindCount(
            kind,
            nature,
            number=len(own),
            live=sum(item.is_live for item in own),
            overdue=sum(item.light == "red" for item in own),
            ended=sum(not item.is_live for item in own),
            oldest_at=min((item.found_at for item in own if item.is_live), default=None),
        )
        for (kind, nature), own in sorted(by_kind.items(), key=lambda entry: (entry[0][0], entry[0][1] or "~"))
    ]


def _places(order: Sequence[str]) -> dict[str | None, int]:
    return {value: place for place, value in enumerate(order)}


def _check_columns(frame: DataFrame, columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise InputError(f"缺少列:{'、'.join(missing)}", f"columns are missing: {', '.join(missing)}")
