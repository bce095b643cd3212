"""Buildings and stairwells with the households that count.

A household unit counts when its kind does (``data/dictionaries/unit_kinds.toml``). A building with doors on record has
as many households as doors that count; one without has its declared number, else the sum of its stairwells', else 0.
A stairwell likewise.
"""

from collections.abc import Sequence
from functools import cache

import geopandas as gpd
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.storage import queries
from geo.storage.tables import Building
from geo.territory.dictionaries import dictionary

_COUNTS = {"floors": "Int64", "households": "int64"}


def read_buildings(
    session: Session,
    *,
    community_codes: Sequence[str] | None = None,
    codes: Sequence[str] | None = None,
    limit: int | None = None,
    after: str | None = None,
) -> gpd.GeoDataFrame:
    """Read living buildings by code: the canonical columns, ``households`` being the ones that count (never NA).

    ``households_source`` is ``units`` where doors were counted. ``codes`` names single buildings; ``limit`` and
    ``after`` (a code) make pages.
    """
    values = {
        "communities": _codes(community_codes),
        "codes": _codes(codes),
        "counting": _counting(),
        "limit": limit,
        "after": after,
    }
    return queries.frame(session, "buildings", _COUNTS, values)


def read_stairwells(
    session: Session,
    *,
    community_codes: Sequence[str] | None = None,
    building_codes: Sequence[str] | None = None,
) -> gpd.GeoDataFrame:
    """Read living stairwells by code: the canonical columns, ``households`` being the ones that count (never NA)."""
    values = {
        "communities": _codes(community_codes),
        "buildings": _codes(building_codes),
        "counting": _counting(),
    }
    return queries.frame(session, "stairwells", _COUNTS, values)


def read_names(session: Session, *, community_codes: Sequence[str]) -> dict[str, str]:
    """Return what buildings are called, by code; those without a name are left out."""
    named = select(Building.code, Building.name).where(Building.name.is_not(None))
    rows = session.execute(named.where(Building.community_code.in_(list(community_codes))))
    return {code: str(name) for code, name in rows}


def read_doors(session: Session, *, community_codes: Sequence[str] | None = None) -> pd.DataFrame:
    """Count the doors that count, by ``building``, ``stairwell`` and ``floor``; no single household is read.

    Returns
    -------
    DataFrame
        ``building``, ``stairwell`` (None for doors of none), ``floor`` (NA where it is not on record), ``households``.
    """
    values = {"communities": _codes(community_codes), "counting": _counting()}
    rows = queries.execute(session, "floors", values).all()
    return pd.DataFrame(
        {
            "building": pd.Series([row[0] for row in rows], dtype=object),
            "stairwell": pd.Series([row[1] for row in rows], dtype=object),
            "floor": pd.Series([row[2] for row in rows], dtype="Int64"),
            "households": pd.Series([row[3] for row in rows], dtype="int64"),
        }
    )


def _codes(codes: Sequence[str] | None) -> list[str] | None:
    return None if codes is None else list(codes)


@cache
def _counting() -> list[str]:
    kinds = dictionary("unit_kinds").entries
    return [code for code, kind in kinds.items() if kind.extra["counts"]]
