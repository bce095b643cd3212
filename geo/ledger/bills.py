"""Bills and statements: every hazard of a thing as an item, and what became of them in a month.

A bill (账单) says how things stand; a statement (月结单) what changed: opening + found + reopened - closed - voided =
closing. A statement is counted from moves alone, each of which is in one month only, so that it adds up and this
month's opening is last month's closing, whatever happened in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series, Timestamp, to_datetime

from geo.errors import InputError
from geo.ledger.working_time import china_time
from geo.territory.times import CHINA_TIME

Moments = NDArray[np.datetime64]
LIVE = ("open", "paused")
#: Columns of moves: whose, when (with time zone, in the order they were done), the case's state after it and what the
#: action does besides (``case_effects``; None: nothing).
MOVE_COLUMNS = ("case", "at", "state", "effect")
#: Columns of cases on a bill.
CASE_COLUMNS = ("number", "kind", "nature", "state", "step", "light", "found_at", "closed_at", "who")
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
class Bill:
    """All hazards of a thing.

    Attributes
    ----------
    on
        The moment the ages are of.
    items
        A row per case, with ``age_days`` (whole days from its finding to its end, or till now): what is live first,
        then by light, nature and age.
    kinds
        A row per kind and nature with ``number``, of which ``live``, ``overdue`` and ``ended``; void ones left out.
    """

    on: datetime
    items: DataFrame
    kinds: DataFrame

    @property
    def number(self) -> int:
        """How many hazards there were or are, void ones left out."""
        return int(self.kinds["number"].sum())

    @property
    def live(self) -> int:
        """How many are not done with."""
        return int(self.kinds["live"].sum())

    @property
    def overdue(self) -> int:
        """How many are past their limit."""
        return int(self.kinds["overdue"].sum())

    @property
    def oldest_days(self) -> int | None:
        """The age of the oldest that is not done with."""
        ages = self.items.loc[self.items["state"].isin(LIVE), "age_days"]
        return None if ages.empty else int(ages.max())


def bill(cases: DataFrame, on: datetime, *, gravest_first: Sequence[str] = ()) -> Bill:
    """Draw up the bill of the cases of a thing.

    Parameters
    ----------
    cases
        With at least :data:`CASE_COLUMNS`; moments with a time zone.
    on
        The moment the bill is of.
    gravest_first
        Natures in the order they are to be listed.
    """
    _check_columns(cases, CASE_COLUMNS)
    ended = _moments(cases, "closed_at").fillna(Timestamp(on))
    age_days = (ended - _moments(cases, "found_at")).dt.days.clip(lower=0).astype(int)
    items = cases.assign(age_days=age_days)
    order = DataFrame(
        {
            "ended": ~items["state"].isin(LIVE),
            "light": _rank(items["light"], _LIGHTS),
            "nature": _rank(items["nature"], gravest_first),
            "age": -items["age_days"],
            "number": items["number"],
        }
    )
    by_order = order.sort_values(["ended", "light", "nature", "age", "number"], kind="stable").index
    return Bill(china_time(on), items.loc[by_order].reset_index(drop=True), _kinds(items))


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


def _kinds(items: DataFrame) -> DataFrame:
    counted = items[items["state"] != "void"]
    live = counted["state"].isin(LIVE)
    flags = DataFrame(
        {
            "kind": counted["kind"],
            "nature": counted["nature"],
            "number": 1,
            "live": live.astype(int),
            "overdue": (counted["light"] == "red").astype(int),
            "ended": (~live).astype(int),
        }
    )
    sums: DataFrame = flags.groupby(["kind", "nature"], dropna=False, sort=True).sum()
    return sums.reset_index()


def _rank(values: "Series[Any]", order: Sequence[str]) -> "Series[Any]":
    """Return the place of each value in an order; others come after all of them."""
    places = {value: place for place, value in enumerate(order)}
    return values.map(lambda value: places.get(value, len(order)))


def _check_columns(frame: DataFrame, columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise InputError(f"缺少列:{'、'.join(missing)}", f"columns are missing: {', '.join(missing)}")
