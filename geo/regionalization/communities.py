"""What a draft is made of: a community with its buildings, and the households that a grid may have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import MultiPolygon, Polygon

from geo.errors import BoundsError, CodeError
from geo.territory.codes import make
from geo.territory.coverage import dissolve
from geo.territory.dictionaries import Entry, dictionary
from geo.territory.tessellation import tessellate

#: Residents' communities (居委) are numbered 001 to 199 in their street, villages' from 200.
LAST_RESIDENTS = 199
#: Communities drawn by several hands miss one another by less than this, in metres: that is no gap between them.
JOINED_M = 1.0


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


def as_one(code: str, communities: Sequence[Community]) -> Community:
    """Put communities together, so that their borders can be drawn anew: the units of its draft are communities.

    Buildings are moved whole: stairwells and floors are left out. ``previous`` says which community each one is in.

    Parameters
    ----------
    code
        What to call them together, such as their street.
    communities
        At least one, none over another, all in one projected CRS, metres.
    """
    areas = np.array([community.boundary for community in communities], dtype=object)
    joined = shapely.union_all(areas)
    closed = shapely.buffer(shapely.buffer(joined, JOINED_M, join_style="mitre"), -JOINED_M, join_style="mitre")
    barriers = pd.concat([community.barriers for community in communities])
    first = communities[0]
    previous = [
        pd.DataFrame({"building": community.buildings.index.to_numpy(dtype=object), "grid": community.code})
        for community in communities
    ]
    return Community(
        code,
        shapely.union(joined, closed),
        gpd.GeoDataFrame(pd.concat([community.buildings for community in communities]), crs=first.buildings.crs),
        first.stairwells.iloc[:0],
        gpd.GeoDataFrame(barriers[~barriers.index.duplicated()], crs=first.barriers.crs),
        previous=pd.concat(previous, ignore_index=True).assign(stairwell=None, floor_from=np.nan, floor_to=np.nan),
    )


@dataclass(frozen=True)
class Succession:
    """Which drawn community goes on with which that there is.

    Attributes
    ----------
    kept
        By the drawn one's number, the code that it keeps.
    origin
        By the drawn one's number, the community that most of its households come from.
    """

    kept: dict[int, str]
    origin: dict[int, str]


def succession(assignment: pd.DataFrame, before: Mapping[str, str]) -> Succession:
    """Find out which communities go on.

    A drawn community keeps the code of the one most of whose households it holds; of several such, of the one that
    gives it most. So no code goes to two, and what holds the smaller part of a community gets a new code.

    Parameters
    ----------
    assignment
        ``building``, ``households`` and ``grid``, the number of the drawn community.
    before
        The community of each building.
    """
    rows = assignment.assign(before=assignment["building"].map(before)).dropna(subset=["before"])
    # A building where nobody lives still says which community the ground belongs to, if nothing else does.
    weight = rows["households"].astype(float) + 1e-6
    shared = weight.groupby([rows["grid"], rows["before"]]).sum().unstack(fill_value=0).sort_index(axis=1)
    if shared.empty:
        return Succession({}, {})
    origin = shared.idxmax(axis=1)
    holder = shared.idxmax(axis=0)
    kept: dict[int, str] = {}
    for number in shared.index.tolist():
        held = [code for code in shared.columns.tolist() if holder[code] == number]
        if held:
            kept[int(number)] = str(shared.loc[number, held].astype(float).idxmax())
    return Succession(kept, dict(zip(map(int, origin.index.tolist()), map(str, origin.tolist()), strict=True)))


def new_codes(street: str, taken: Sequence[str], count: int) -> list[str]:
    """Return codes for new communities of a street that were never given: after the last one, else in the gaps.

    Raises
    ------
    CodeError
        The street has no numbers left.
    """
    used = {int(code[-3:]) for code in taken}
    last = max((number for number in used if number <= LAST_RESIDENTS), default=0)
    numbers = [*range(last + 1, LAST_RESIDENTS + 1), *range(1, last + 1)]
    free = [number for number in numbers if number not in used]
    if len(free) < count:
        raise CodeError(
            f"街道 {street} 的社区编码 001-{LAST_RESIDENTS} 只剩 {len(free)} 个未用过,需要 {count} 个",
            f"street {street} has {len(free)} community codes of 001-{LAST_RESIDENTS} left that were never used, "
            f"{count} are needed",
        )
    return [make("community", street, number) for number in free[:count]]


def redrawn_parts(community: Community, unit: Mapping[str, int]) -> gpd.GeoSeries:
    """Divide a community among the drawn ones that its buildings go to; whole where all go to one.

    Parameters
    ----------
    unit
        The number of the drawn community of each of its buildings.

    Returns
    -------
    GeoSeries
        By number, parts that tile the community; empty where it has no building.
    """
    numbers = community.buildings.index.map(unit).to_numpy(np.int64)
    if len(np.unique(numbers)) < 2:
        areas = [community.boundary] * min(1, len(numbers))
        return gpd.GeoSeries(areas, index=pd.Index(np.unique(numbers)), crs=community.buildings.crs)
    return dissolve(tessellate(community.buildings.geometry, community.boundary, community.barriers), numbers)


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
