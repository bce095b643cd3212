"""What a draft is made of: a community with its buildings, and the households that a grid may have."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import MultiPolygon, Polygon

from geo.errors import BoundsError
from geo.territory.dictionaries import Entry, dictionary


@dataclass(frozen=True)
class OldNetwork:
    """Old grids of one department, which a merged network shall keep together.

    Attributes
    ----------
    name
        The department; no two networks of a community have the same.
    grids
        As ``Community.previous``: ``building`` (key), ``stairwell`` (key, None for a whole building) and ``grid``.
    weight
        How much these grids count beside those of other departments; 0 leaves them out.
    """

    name: str
    grids: pd.DataFrame
    weight: float = 1.0


@dataclass(frozen=True)
class Community:
    """What one community brings to a draft. All geometry in one projected CRS, metres.

    Attributes
    ----------
    code
        Its code, or whatever names it in a file.
    boundary
        The area that its grids tile.
    buildings
        Index: building key. Columns ``households`` (int >= 0), ``compound`` (key or None), ``geometry`` (point or
        polygon inside the boundary), and one of whole numbers >= 0 per further quantity that a draft balances.
    stairwells
        Columns ``building`` (key), ``stairwell`` (key), ``households``, ``geometry``; rows only of buildings whose
        stairwells are all known and placed.
    barriers
        Columns ``kind`` (dictionary ``barrier_kinds``) and ``geometry`` (lines).
    tiles
        One tile per building where they were made before, for several communities at once; ``boundary`` is then
        their union.
    previous
        The plan in force: ``building`` (key), ``stairwell`` (key, None for a whole building) and ``grid`` (its code).
        Buildings that it leaves out have no row. None when there is none.
    floors
        Households of each floor: columns of :data:`geo.regionalization.floors.FLOOR_COLUMNS`, with all floors of a
        stairwell (or of a building without one) or none of them. None where nothing is known of floors.
    networks
        Departments' old grids that are to become one network; ``previous`` says nothing then.
    """

    code: str
    boundary: Polygon | MultiPolygon
    buildings: gpd.GeoDataFrame
    stairwells: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    tiles: gpd.GeoSeries | None = None
    previous: pd.DataFrame | None = None
    floors: pd.DataFrame | None = None
    networks: tuple[OldNetwork, ...] = ()


@dataclass(frozen=True)
class Bounds:
    """Households that a grid may have, both ends included."""

    lower: int
    upper: int

    def __post_init__(self) -> None:
        if not 0 < self.lower <= self.upper:
            raise BoundsError(
                f"户数范围 {self.lower}-{self.upper} 无效:下限应大于 0 且不超过上限",
                f"households {self.lower}-{self.upper}: the lower limit must be above 0 and not above the upper one",
            )

    def __contains__(self, households: object) -> bool:
        return isinstance(households, int | np.integer) and bool(self.lower <= households <= self.upper)


def tier_bounds(tier: str, lower: int | None = None, upper: int | None = None) -> Bounds:
    """Return the households that a unit of a tier (``data/dictionaries/tiers.toml``) may have.

    Parameters
    ----------
    tier
        Its code, Chinese or English name.
    lower, upper
        Limits that are stated instead; None for the tier's own.

    Raises
    ------
    CodeError
        There is no such tier; the message lists those there are.
    BoundsError
        The limits make no sense.
    """
    entry = find_tier(tier)
    return Bounds(
        entry.extra["lower"] if lower is None else lower,
        entry.extra["upper"] if upper is None else upper,
    )


def find_tier(tier: str) -> Entry:
    """Return a tier by its code, Chinese or English name.

    Raises
    ------
    CodeError
        There is no such tier; the message lists those there are.
    """
    tiers = dictionary("tiers")
    return tiers.find(tier) or tiers[tier]
