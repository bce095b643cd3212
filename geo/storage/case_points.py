"""Cases as points with their dates, and looks by building and month: what maps of the ledger are drawn from."""

from datetime import datetime
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.storage import queries
from geo.storage.layers import Bounds

_MOMENTS = ("found_at", "ended_at", "paused_at", "due_at", "near_at", "early_at", "moved_at")
_TEXTS = ("number", "kind", "nature", "grid_code")
_NO_BOX: tuple[None, ...] = (None, None, None, None)


def read_case_points(
    session: Session,
    workflow: str,
    *,
    since: datetime,
    at: datetime,
    scope: str | None = None,
    box: Bounds | None = None,
    limit: int | None = None,
) -> gpd.GeoDataFrame:
    """Read cases that stood open at some time since a moment, in the order in which they were entered.

    Parameters
    ----------
    since, at
        Those closed before and those opened after are left out.
    scope
        Code of a street or community that they lay in when they were opened.
    box
        West, south, east, north in degrees.

    Returns
    -------
    GeoDataFrame
        EPSG:4326: ``number, kind, nature, grid_code``; moments ``found_at, ended_at, paused_at, due_at, near_at``,
        ``early_at`` (when the limit as a whole comes near) and ``moved_at`` (when something was done last), NaT where
        there is none; ``turns``: of those that came back [closed, reopened, ...], else None; ``late`` and ``halted``:
        pairs of moments between which they stood past their limits, or paused, until something was done; else None.
    """
    names = dict(zip(("west", "south", "east", "north"), box or _NO_BOX, strict=True))
    values: dict[str, Any] = {"workflow": workflow, "scope": scope, "since": since, "at": at, "limit": limit, **names}
    rows = queries.rows(session, "case_points", values)
    points = gpd.points_from_xy(rows.pop("lon").astype(float), rows.pop("lat").astype(float))
    moments = {name: _moments(rows[name]) for name in _MOMENTS}
    texts = rows[list(_TEXTS)].astype("str")
    told = {name: _spans(rows[f"{name}_since"], rows[f"{name}_until"]) for name in ("late", "halted")}
    turns = rows["turns"].astype(object)
    return gpd.GeoDataFrame(texts.assign(**moments, **told, turns=turns), geometry=points, crs=WGS84)


def read_looks_by_month(session: Session, scope: str, *, since: datetime, at: datetime) -> pd.DataFrame:
    """Read when buildings of a street or community were seen: ``building_code, seen_at``, sorted.

    Of each month since ``since`` there is the last look alone, and of all time before it the last one.
    """
    looks = queries.rows(session, "looks_by_month", {"scope": scope, "since": since, "at": at})
    return looks.assign(building_code=looks["building_code"].astype("str"), seen_at=_moments(looks["seen_at"]))


def _spans(since: pd.Series, until: pd.Series) -> pd.Series:
    """Pair the moments, of lists of seconds since 1970, at which something began and ended."""
    lengths = [len(own) if isinstance(own, list) else 0 for own in since]
    flat = [_moments(pd.Series([one for own in each.dropna() for one in own], dtype=float)) for each in (since, until)]
    pairs = iter(zip(*flat, strict=True))
    told = [[next(pairs) for _ in range(length)] or None for length in lengths]
    return pd.Series(told, index=since.index, dtype=object)


def _moments(seconds: pd.Series) -> pd.Series:
    """Return moments of seconds since 1970, to the microsecond."""
    whole = (seconds.astype(float) * 1e6).round()
    return pd.Series(pd.to_datetime(whole, unit="us", utc=True).dt.as_unit("us"), index=seconds.index)
