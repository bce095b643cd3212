"""What a map shows of the ledger, as plain frames: hazards with their dates, what was looked at when, hot spots.

Nothing of it says who: no finder, no reporter, no household. Moments are whole hours, counted from ``since``, so that a
page can tell where every hazard stood at any of them.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.crs import WGS84
from geo.errors import BoundsError, ColumnError, DatumError
from geo.territory.times import CHINA_TIME

#: Columns of :attr:`LedgerContent.hazards` without which it cannot be drawn.
HAZARD_COLUMNS = ("number", "kind", "nature", "grid_code", "found_at", "ended_at", "paused_at", "due_at", "near_at")
SEEN_COLUMNS = ("building_code", "seen_at")
HOT_SPOT_COLUMNS = ("cases", "since", "until")

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Stop:
    """One stop of the time bar: a month, up to its end or to now; hours from the ledger's beginning."""

    month: date
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class LedgerContent:
    """Hazards of an area and what was done to find them, from the beginning of a month up to a moment.

    Attributes
    ----------
    since
        First day of the first month shown.
    at
        The moment as of which all of it was read.
    hazards
        Points in EPSG:4326: :data:`HAZARD_COLUMNS`; moments in UTC, NaT where there is none. ``ended_at`` is when it
        was closed, ``near_at`` when its limit comes near (the yellow light), ``paused_at`` since when its clock stands.
        Optional ``reopened``: per hazard pairs (closed, reopened) of moments between which it was taken for gone;
        ``moved_at``: when something was done to it last; before that it stood as ``late`` and ``halted`` say, pairs of
        moments between which it was past its limit, or paused; ``early_at``: when its limit as a whole comes near.
    seen
        :data:`SEEN_COLUMNS`: when a building was looked at, at most one row per building and month needed.
    hot_spots
        Areas in EPSG:4326: :data:`HOT_SPOT_COLUMNS`, and ``kind`` where all cases are of one.
    """

    since: date
    at: datetime
    hazards: gpd.GeoDataFrame
    seen: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(SEEN_COLUMNS)))
    hot_spots: gpd.GeoDataFrame | None = None

    def __post_init__(self) -> None:
        if self.since.day != 1 or self.at < self.beginning:
            raise BoundsError(
                f"台账从某月 1 日起到其后的某一时刻,给出 {self.since} 与 {self.at}",
                f"a ledger begins with the first of a month before its end: {self.since} and {self.at} were given",
            )
        _check("hazards", self.hazards, HAZARD_COLUMNS)
        _check("seen", self.seen, SEEN_COLUMNS)
        if self.hot_spots is not None:
            _check("hot_spots", self.hot_spots, HOT_SPOT_COLUMNS)

    @property
    def beginning(self) -> datetime:
        """The first midnight in China."""
        return datetime(self.since.year, self.since.month, 1, tzinfo=CHINA_TIME)

    def stops(self) -> list[Stop]:
        """Return the months up to the one of :attr:`at`, which ends there."""
        stops: list[Stop] = []
        month, last = self.since, _hours(self.at - self.beginning)
        while True:
            following = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
            start = stops[-1].end if stops else 0
            end = _hours(datetime(following.year, following.month, 1, tzinfo=CHINA_TIME) - self.beginning)
            stops.append(Stop(month, start, min(end, last)))
            if end >= last:
                return stops
            month = following

    def hours(self, moments: pd.Series) -> NDArray[np.float64]:
        """Return moments as whole hours since the beginning, rounded down; NaN where there is none."""
        since = pd.to_datetime(moments, utc=True) - pd.Timestamp(self.beginning)
        return np.asarray(np.floor(since / pd.Timedelta(HOUR)), dtype=np.float64)


def _hours(span: timedelta) -> int:
    return int(span // HOUR)


def _check(name: str, frame: pd.DataFrame, needed: tuple[str, ...]) -> None:
    missing = [column for column in needed if column not in frame.columns]
    if missing:
        raise ColumnError(
            f"台账图层 {name} 缺少列:{'、'.join(missing)}", f"ledger layer {name} lacks columns: {', '.join(missing)}"
        )
    if isinstance(frame, gpd.GeoDataFrame) and (
        frame.crs is None or not frame.crs.equals(WGS84, ignore_axis_order=True)
    ):
        raise DatumError(
            f"台账图层 {name} 的坐标系是 {frame.crs},只接受 EPSG:4326;请先用 to_crs 转换",
            f"ledger layer {name} is in {frame.crs}; only EPSG:4326 is taken: convert it with to_crs first",
        )
