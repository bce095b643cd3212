"""Cases as points with their dates, and looks by building and month: what maps of the ledger are drawn from."""

from datetime import datetime
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from geo.storage import queries
from geo.storage.layers import Bounds

_MOMENT = "datetime64[us, UTC]"
_MOMENTS = dict.fromkeys(("found_at", "ended_at", "paused_at", "due_at", "near_at"), _MOMENT)
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
        EPSG:4326: ``number, kind, nature, grid_code``, moments ``found_at, ended_at, paused_at, due_at, near_at`` (NaT
        where there is none), and ``turns``: of those that came back [closed, reopened, ...], else None.
    """
    names = dict(zip(("west", "south", "east", "north"), box or _NO_BOX, strict=True))
    values: dict[str, Any] = {"workflow": workflow, "scope": scope, "since": since, "at": at, "limit": limit, **names}
    return queries.frame(session, "case_points", {**_MOMENTS, "turns": "object"}, values)


def read_looks_by_month(session: Session, scope: str, *, since: datetime, at: datetime) -> pd.DataFrame:
    """Read when buildings of a street or community were seen: ``building_code, seen_at``, sorted.

    Of each month since ``since`` there is the last look alone, and of all time before it the last one.
    """
    rows = queries.execute(session, "looks_by_month", {"scope": scope, "since": since, "at": at}).all()
    looks = pd.DataFrame(rows, columns=["building_code", "seen_at"])
    return looks.astype({"building_code": "str", "seen_at": _MOMENT})
