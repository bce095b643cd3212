"""Use case: what anyone may see of a street's hazards: counts of communities and grids, and coarse hot spots.

They are counted as the store's owner, since nobody has signed in. What leaves here are counts of whole months that
:mod:`geo.access.publishing` shows, and hot spots as :func:`geo.services.hot_spots.publishable` makes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import geopandas as gpd
import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.access.publishing import Published, suppress, suppress_parts
from geo.errors import BoundsError
from geo.ledger.figures import Period, month_of
from geo.services.hot_spots import Spot, find_hot_spots, publishable
from geo.services.leading import areas_of
from geo.services.ledger_layers import HOT_DAYS, RARE, first_month
from geo.services.publishing import nothing_to_publish, street_code
from geo.storage import counting, divisions, published_hazards
from geo.storage.database import session_scope
from geo.territory.times import CHINA_TIME

#: Whole months that are counted, and the smallest count that is shown, as of all that is published.
MONTHS, LEAST = 12, 10


@dataclass(frozen=True)
class Shown:
    """The published numbers of one community, or the street; None where one is not shown. Of a grid ``found`` alone."""

    open: int | None
    ended: int | None
    found: int | None


@dataclass(frozen=True)
class PublishedHazards:
    """What is published of a street's hazards.

    Attributes
    ----------
    period
        The whole months in which the hazards were found.
    communities, grids
        ``code``, ``name`` (of communities) and ``geometry`` in EPSG:4326, in force when the period ended.
    numbers
        By the code of a community or grid, and of the street.
    spots
        None where there are too many cases to look through.
    """

    code: str
    name: str
    period: Period
    least: int
    communities: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    numbers: Mapping[str, Shown]
    spots: list[Spot] | None


def publish_hazards(engine: Engine, street: str, *, today: date | None = None) -> PublishedHazards:
    """Count and leave out, in a transaction of its own that cannot write.

    Parameters
    ----------
    street
        Code of a street.

    Raises
    ------
    NotFoundError
        There is no such street, or it has no communities.
    """
    with session_scope(engine) as session:
        counting.only_read(session)
        return published_hazards_of(session, street, today=today)


def published_hazards_of(session: Session, street: str, *, today: date | None = None) -> PublishedHazards:
    """Do what :func:`publish_hazards` does, in an open transaction; ``street`` is a code or a name."""
    code = street_code(session, street)
    period = _period(today or datetime.now(CHINA_TIME).date())
    communities = areas_of(session, code, "community", period.last) if len(code) == 9 else None
    if communities is None or communities.empty:
        raise nothing_to_publish(street)
    grids = areas_of(session, code, "grid", period.last).drop(columns="name")
    counts = published_hazards.count_hazards(session, code, since=period.since, until=period.until)
    numbers = _communities(code, [str(one) for one in communities["code"]], counts)
    for community in communities["code"]:
        here = [str(grid) for grid in grids["code"] if str(grid).startswith(str(community))]
        numbers |= _grids(str(community), here, counts, numbers[str(community)].found)
    name = divisions.name_of(session, code)
    return PublishedHazards(code, name, period, LEAST, communities, grids, numbers, _spots(session, code, period))


def _period(today: date) -> Period:
    """Return the whole months before the running one."""
    last = month_of(f"{today:%Y-%m}").first - timedelta(days=1)
    first = first_month(datetime(last.year, last.month, 1, tzinfo=CHINA_TIME), MONTHS)
    return Period(first, last)


def _communities(street: str, codes: list[str], counts: Mapping[tuple[str, str], tuple[int, int]]) -> dict[str, Shown]:
    table = np.zeros((len(codes), 2), dtype=np.int64)
    for (community, _), pair in counts.items():
        if community in codes:
            table[codes.index(community)] += pair
    published = suppress(table, LEAST)
    numbers = {code: _shown(published, row) for row, code in enumerate(codes)}
    return numbers | {street: _shown(published, -1)}


def _grids(
    community: str, grids: list[str], counts: Mapping[tuple[str, str], tuple[int, int]], total: int | None
) -> dict[str, Shown]:
    """Return how many were found in a community's grids; what lies in none of them is one more part, seen by nobody."""
    found = {grid: sum(pair) for (code, grid), pair in counts.items() if code == community}
    parts = [found.get(grid, 0) for grid in grids] + [count for grid, count in found.items() if grid not in grids]
    shown = [None] * len(grids) if total is None else suppress_parts(total, np.array(parts, dtype=np.int64), LEAST)
    return {grid: Shown(None, None, count) for grid, count in zip(grids, shown, strict=False)}


def _shown(published: Published, row: int) -> Shown:
    return Shown(published.cell(row, 0), published.cell(row, 1), published.cell(row, -1))


def _spots(session: Session, street: str, period: Period) -> list[Spot] | None:
    lately = Period(max(period.first, period.last - timedelta(days=HOT_DAYS)), period.last)
    try:
        found = find_hot_spots(session, street, lately, workflow="hazard", rare=RARE)
    except BoundsError:
        return None
    return publishable(found)
