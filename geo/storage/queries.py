"""Set-based SQL that lives in ``sql/*.sql``, one query per file; values are always bound."""

from functools import cache
from importlib.resources import files
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import CursorResult, column, select, text
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
    table = rows(session, name, values)
    geometry = gpd.GeoSeries(shapely.from_wkb(table.pop("geometry").to_list()), index=table.index, crs=WGS84)
    plain = table.astype({column: types.get(column, "str") for column in table.columns})
    return gpd.GeoDataFrame(plain, geometry=geometry, crs=WGS84)


def columns(session: Session, name: str, wanted: tuple[str, ...], values: dict[str, Any]) -> list[Any]:
    """Read some columns alone of ``sql/{name}.sql``; what the others would take is not done."""
    told = text(_sql(name)).columns(*map(column, wanted)).subquery("told")
    return list(session.execute(select(told), values))


def rows(session: Session, name: str, values: dict[str, Any]) -> pd.DataFrame:
    """Read ``sql/{name}.sql`` as a table, its values as the driver gives them."""
    result = execute(session, name, values)
    # As plain tuples: pandas asks each row of the driver's own kind what it has, which takes longer than reading it.
    return pd.DataFrame(list(map(tuple, result)), columns=list(result.keys()))


@cache
def _sql(name: str) -> str:
    return (files("geo.storage") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
