"""Use case: where cases come closer together, in space and time, than chance would have them.

What comes out is of places and never of people: how many, of which kinds, where and when. What is published has no
count below the least that is, and its middle is moved to a coarse net.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
from sqlalchemy.orm import Session

from geo.access.actor import check_scope
from geo.crs import WGS84, metric_crs
from geo.errors import BoundsError, InputError
from geo.ledger import hot_spots
from geo.ledger.figures import Period
from geo.storage import requests
from geo.territory.dictionaries import dictionary
from geo.territory.times import CHINA_TIME

#: Cases that one search looks through.
MOST_CASES = 20_000
#: The net that middles of published spots are moved to, metres.
COARSE_M = 200.0
#: Of what is published the least number of cases.
LEAST_PUBLISHED = 10
_DAY_S = 86_400.0


@dataclass(frozen=True)
class Spot:
    """A hot spot.

    Attributes
    ----------
    lon, lat
        Its middle, EPSG:4326 degrees.
    radius_m
        From there to the farthest case.
    kinds
        How many cases of each kind.
    chance
        How likely as many are in this place by chance; see :class:`geo.ledger.hot_spots.HotSpot`.
    """

    lon: float
    lat: float
    radius_m: float
    count: int
    kinds: Mapping[str, int]
    first: date
    last: date
    chance: float


def find_hot_spots(
    session: Session,
    scope: str,
    period: Period,
    *,
    workflow: str | None = None,
    kind: str | None = None,
    radius_m: float = 100.0,
    days: float = 14.0,
    at_least: int = 5,
    crowded: bool = True,
    shuffles: int = 199,
    seed: int = 0,
    rare: float = 1.0,
) -> list[Spot]:
    """Return the hot spots of the cases that were found in a period, the least likely by chance first.

    Parameters
    ----------
    radius_m, days, at_least, crowded
        How close cases are neighbours, and how many make a spot; see :func:`geo.ledger.hot_spots.find`.
    rare
        Only spots that are no likelier than this by chance.

    Raises
    ------
    CodeError
        The scope is no code of a street, community or grid.
    InputError
        There is no such workflow's kind.
    BoundsError
        There are more than :data:`MOST_CASES` cases, or a limit is not above zero.
    """
    check_scope(scope)
    rows = requests.read_points(
        session, scope, period.since, period.until, workflow=workflow, kind=kind, limit=MOST_CASES + 1
    )
    if len(rows) > MOST_CASES:
        raise BoundsError(
            f"所选范围和时段的事项多于 {MOST_CASES} 件;请缩小范围、时段或只看一种类型",
            f"there are more than {MOST_CASES} cases: take a smaller area or period, or one kind",
        )
    if rows.empty:
        return []
    lon, lat = rows["lon"].to_numpy(), rows["lat"].to_numpy()
    crs = metric_crs(float(lon.mean()), float(lat.mean()))
    metric = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=WGS84).to_crs(crs)
    points = np.column_stack([metric.x.to_numpy(), metric.y.to_numpy()])
    times = rows["found_at"].map(datetime.timestamp).to_numpy(np.float64) / _DAY_S
    near: dict[str, Any] = {"radius_m": radius_m, "days": days, "at_least": at_least, "crowded": crowded}
    found = hot_spots.find(points, times, **near, shuffles=shuffles, seed=seed, rare=rare)
    middles = gpd.GeoSeries(gpd.points_from_xy([one.x for one in found], [one.y for one in found]), crs=crs)
    kinds = rows["kind"].to_numpy()
    return [
        Spot(
            lon=float(middle.x),
            lat=float(middle.y),
            radius_m=one.radius_m,
            count=one.count,
            kinds=dict(Counter(kinds[one.members].tolist()).most_common()),
            first=_day(one.first),
            last=_day(one.last),
            chance=one.chance,
        )
        for one, middle in zip(found, middles.to_crs(WGS84), strict=True)
    ]


def publishable(spots: list[Spot]) -> list[Spot]:
    """Return of hot spots what may be published: large ones alone, to the month, without kinds, on a coarse net.

    Middles are moved to the centre of squares of :data:`COARSE_M`, so that no house is pointed at; the radius is
    widened by as much as the middle may have been moved.
    """
    return [_coarse(spot) for spot in spots if spot.count >= LEAST_PUBLISHED]


def check_kind(workflow: str | None, kind: str | None) -> None:
    """Refuse kinds that a workflow does not have.

    Raises
    ------
    InputError
        A kind is given without its workflow.
    CodeError
        The workflow has no such kind.
    """
    if kind is None:
        return
    if workflow is None:
        raise InputError("按类型查看须同时写明流程(workflow)", "a kind goes with its workflow")
    dictionary(f"{workflow}_kinds")[kind]


def _coarse(spot: Spot) -> Spot:
    crs = metric_crs(spot.lon, spot.lat)
    middle = gpd.GeoSeries(gpd.points_from_xy([spot.lon], [spot.lat]), crs=WGS84).to_crs(crs)
    x, y = ((float(value.iloc[0]) // COARSE_M + 0.5) * COARSE_M for value in (middle.x, middle.y))
    moved = gpd.GeoSeries(gpd.points_from_xy([x], [y]), crs=crs).to_crs(WGS84)
    return Spot(
        lon=float(moved.x.iloc[0]),
        lat=float(moved.y.iloc[0]),
        radius_m=spot.radius_m + COARSE_M,
        count=spot.count // LEAST_PUBLISHED * LEAST_PUBLISHED,
        kinds={},
        first=spot.first.replace(day=1),
        last=spot.last.replace(day=1),
        chance=spot.chance,
    )


def _day(days: float) -> date:
    return datetime.fromtimestamp(days * _DAY_S, CHINA_TIME).date()
