"""Use case: gather what maps show of the ledger: hazards with their dates, and what was looked at when.

A map is looked at by more people than a bill. It says where, what kind, how bad and how it stands; never who found it,
who asked, whose door it is, or a word of what was written about it.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import geopandas as gpd
from sqlalchemy.orm import Session

from geo.crs import WGS84, metric_crs
from geo.errors import BoundsError
from geo.ledger.figures import Period
from geo.services.hot_spots import MOST_CASES, find_hot_spots
from geo.storage import case_points, divisions
from geo.territory.ledger_content import LedgerContent
from geo.territory.times import CHINA_TIME

#: Months that a map shows, the present one among them (project choice).
MONTHS = 12
#: More points than a page can move through month by month without stuttering.
MOST_HAZARDS = 60_000
#: Hot spots are those of the last so many days that chance would bring once in so many times at most.
HOT_DAYS, RARE = 90, 0.05
#: How often times are shuffled to tell that: a map shows no chances, and a chance of one in twenty needs no more.
SHUFFLES = 59
#: A hot spot of one house is drawn so wide, metres.
LEAST_RADIUS_M = 25.0


def ledger_content(
    session: Session, scope_code: str, *, months: int = MONTHS, at: datetime | None = None
) -> LedgerContent:
    """Gather the ledger of a street or community, month by month up to a moment.

    Parameters
    ----------
    scope_code
        Code or name of a street or community.
    months
        Months to show, the present one among them: 1 to 120.
    at
        The moment as of which it is shown; now when None.

    Raises
    ------
    NotFoundError
        There is no such street or community.
    BoundsError
        So many months cannot be shown, or there are more than :data:`MOST_HAZARDS` hazards in them.
    """
    if not 1 <= months <= 120:
        raise BoundsError(
            f"可显示 1 至 120 个月,给出 {months} 个", f"1 to 120 months can be shown, {months} were asked for"
        )
    scope = divisions.find(session, scope_code)
    now = at or datetime.now(UTC)
    since = first_month(now, months)
    beginning = datetime(since.year, since.month, 1, tzinfo=CHINA_TIME)
    span: dict[str, Any] = {"since": beginning, "at": now}
    hazards = case_points.read_case_points(session, "hazard", scope=scope.code, limit=MOST_HAZARDS + 1, **span)
    if len(hazards) > MOST_HAZARDS:
        raise BoundsError(
            f"{scope.name}在 {months} 个月内的隐患超过 {MOST_HAZARDS} 项,一张图显示不下;请选一个社区,或减少月数",
            f"{scope.name} has more than {MOST_HAZARDS} hazards in {months} months: take a community, or fewer months",
        )
    return LedgerContent(
        since=since,
        at=now,
        hazards=with_gaps(hazards),
        seen=case_points.read_looks_by_month(session, scope.code, **span),
        hot_spots=_hot_spots(session, scope.code, hazards, now),
    )


def _hot_spots(session: Session, scope: str, hazards: gpd.GeoDataFrame, now: datetime) -> gpd.GeoDataFrame | None:
    """Return where hazards gathered lately, as circles; None where there are too many to look through."""
    today = now.astimezone(CHINA_TIME).date()
    lately = Period(today - timedelta(days=HOT_DAYS), today)
    if int((hazards["found_at"] >= lately.since).sum()) > MOST_CASES:
        return None
    return spot_circles(session, scope, lately)


def spot_circles(session: Session, scope: str, lately: Period) -> gpd.GeoDataFrame | None:
    """Return where hazards of a period gathered as rarely happens by chance, as circles (EPSG:4326); None: nowhere.

    Raises
    ------
    BoundsError
        There are too many hazards to look through.
    """
    spots = find_hot_spots(session, scope, lately, workflow="hazard", shuffles=SHUFFLES, rare=RARE)
    if not spots:
        return None
    lon, lat = [spot.lon for spot in spots], [spot.lat for spot in spots]
    crs = metric_crs(lon[0], lat[0])
    middles = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=WGS84).to_crs(crs)
    radius_m = [max(spot.radius_m, LEAST_RADIUS_M) for spot in spots]
    circles = middles.buffer(radius_m).to_crs(WGS84)
    told = {
        "cases": [spot.count for spot in spots],
        "kind": [next(iter(spot.kinds)) if len(spot.kinds) == 1 else "" for spot in spots],
        "since": [spot.first for spot in spots],
        "until": [spot.last for spot in spots],
        "radius_m": [round(radius) for radius in radius_m],
    }
    return gpd.GeoDataFrame(told, geometry=circles, crs=WGS84)


def first_month(at: datetime, months: int) -> date:
    """Return the first day of the first of so many months, the last of which holds a moment; months are China's."""
    today = at.astimezone(CHINA_TIME)
    year, month = divmod(today.year * 12 + today.month - months, 12)
    return date(year, month + 1, 1)


def with_gaps(hazards: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Pair the moments at which hazards were closed and came back; the last closing stands by itself."""
    pairs = [None if turns is None else list(zip(turns[::2], turns[1::2], strict=False)) for turns in hazards["turns"]]
    return gpd.GeoDataFrame(hazards.drop(columns="turns").assign(reopened=pairs))
