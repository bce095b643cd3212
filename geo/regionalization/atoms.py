"""Atoms: what is moved whole from grid to grid. Buildings, and the stairwells of those that are divided."""

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from geo.regionalization.communities import Community


@dataclass(frozen=True)
class Atoms:
    """What is moved whole from grid to grid: buildings, and stairwells of divided ones."""

    frame: gpd.GeoDataFrame
    divided: frozenset[str]


def choose_atoms(community: Community, divide: frozenset[str]) -> Atoms:
    """Return the buildings of a community with those in ``divide`` replaced by their stairwells.

    Returns
    -------
    Atoms
        Columns ``building``, ``stairwell``, ``households``, ``compound``, ``geometry``; index 0..n-1.
    """
    buildings = community.buildings
    whole = buildings[~buildings.index.isin(divide)]
    parts = [
        gpd.GeoDataFrame(
            {
                "building": whole.index.to_numpy(),
                "stairwell": None,
                "households": whole["households"].to_numpy(),
                "compound": whole["compound"].to_numpy(),
            },
            geometry=whole.geometry.to_numpy(),
            crs=buildings.crs,
        )
    ]
    rows = community.stairwells[community.stairwells["building"].isin(divide)]
    if len(rows):
        parts.append(
            gpd.GeoDataFrame(
                {
                    "building": rows["building"].to_numpy(),
                    "stairwell": rows["stairwell"].to_numpy(),
                    "households": rows["households"].to_numpy(),
                    "compound": buildings["compound"].reindex(rows["building"]).to_numpy(),
                },
                geometry=rows.geometry.to_numpy(),
                crs=buildings.crs,
            )
        )
    frame = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=buildings.crs)
    return Atoms(frame, divide)


def divisible_buildings(community: Community) -> "pd.Series[int]":
    """Households of each building that has at least two stairwells."""
    stairs = community.stairwells.groupby("building").size()
    households: pd.Series[int] = (
        community.buildings["households"].reindex(stairs[stairs > 1].index).dropna().astype(int)
    )
    return households
