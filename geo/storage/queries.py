"""Set-based SQL that lives in ``sql/*.sql``, one query per file; values are always bound."""

from functools import cache
from importlib.resources import files
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

from geo.crs import WGS84


def execute(session: Session, name: str, values: dict[str, Any]) -> CursorResult[*tuple[Any, ...]]:
    """Run ``sql/{name}.sql`` in the session's transaction."""
    result = session.execute(text(_sql(name)), values)
    assert isinstance(result, CursorResult)
    return result


def frame(session: Session, name: str, types: dict[str, str], values: dict[str, Any]) -> gpd.GeoDataFrame:
    """Read ``sql/{name}.sql``, whose column ``geometry`` is WKB, as a frame in EPSG:4326.

    Columns are text but for those in ``types``.
    """
    result = execute(session, name, values)
    table = pd.DataFrame(result.all(), columns=list(result.keys()))
    geometry = gpd.GeoSeries(shapely.from_wkb(table.pop("geometry").to_list()), index=table.index, crs=WGS84)
    plain = table.astype({column: types.get(column, "str") for column in table.columns})
    return gpd.GeoDataFrame(plain, geometry=geometry, crs=WGS84)


@cache
def _sql(name: str) -> str:
    return (files("geo.storage") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
