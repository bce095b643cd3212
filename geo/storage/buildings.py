"""Buildings and stairwells with the households that count.

A household unit counts when its kind does (``data/dictionaries/unit_kinds.toml``). A building with doors on record has
as many households as doors that count; one without has its declared number, else the sum of its stairwells', else 0.
A stairwell likewise.
"""

from collections.abc import Sequence
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.storage import queries
from geo.territory.dictionaries import dictionary

ATOM_COLUMNS = ["building_code", "stairwell_code", "households", "community_code", "compound_code", "kind", "floors"]

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


def read_atoms(
    session: Session, community_codes: Sequence[str], *, divide_above: int | None = None
) -> gpd.GeoDataFrame:
    """Read what a plan hands out: every living building, or each stairwell of a building too big for one grid.

    Parameters
    ----------
    divide_above
        Buildings of more households than this are given as their stairwells, if they have at least two and these
        hold exactly the building's households. None divides nothing.

    Returns
    -------
    GeoDataFrame
        :data:`ATOM_COLUMNS` plus ``geometry``, EPSG:4326, ordered by building and stairwell; ``stairwell_code`` is
        None for a whole building. A stairwell of unknown geometry has its building's.
    """
    buildings = read_buildings(session, community_codes=community_codes).rename(columns={"code": "building_code"})
    buildings["stairwell_code"] = None
    if divide_above is None or not (buildings["households"] > divide_above).any():
        return buildings[[*ATOM_COLUMNS, "geometry"]]
    stairwells = read_stairwells(session, community_codes=community_codes)
    divided = _divisible(buildings[buildings["households"] > divide_above], stairwells)
    whole = buildings[~buildings["building_code"].isin(divided)]
    parts = stairwells[stairwells["building_code"].isin(divided)]
    atoms = pd.concat([whole, _as_atoms(parts, buildings)])[[*ATOM_COLUMNS, "geometry"]]
    ordered = atoms.sort_values(["building_code", "stairwell_code"], na_position="first", ignore_index=True)
    return gpd.GeoDataFrame(ordered, geometry="geometry", crs=WGS84)


def _divisible(big: gpd.GeoDataFrame, stairwells: gpd.GeoDataFrame) -> list[str]:
    grouped = stairwells.groupby("building_code")["households"].agg(["size", "sum"])
    both = big.set_index("building_code")["households"].to_frame().join(grouped, how="inner")
    return list(both.index[(both["size"] >= 2) & (both["sum"] == both["households"])])


def _as_atoms(stairwells: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    of_building = buildings.set_index("building_code").loc[stairwells["building_code"]]
    own = stairwells.geometry.to_numpy()
    parts = of_building.reset_index()
    parts["stairwell_code"] = stairwells["code"].to_numpy(dtype=object)
    parts["households"] = stairwells["households"].to_numpy()
    parts["geometry"] = np.where(shapely.is_missing(own), of_building.geometry.to_numpy(), own)
    return parts


def _codes(codes: Sequence[str] | None) -> list[str] | None:
    return None if codes is None else list(codes)


@cache
def _counting() -> list[str]:
    kinds = dictionary("unit_kinds").entries
    return [code for code, kind in kinds.items() if kind.extra["counts"]]
