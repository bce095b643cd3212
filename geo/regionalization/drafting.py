"""From buildings and barriers to drafted grids, one community at a time.

The steps of a draft, each a pure function of values: choose the atoms, tessellate the community into one tile per
atom, find which tiles touch and what a border between them costs, regionalize, and dissolve the tiles of each
grid into its polygon.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.regionalization.atoms import choose_atoms, divisible_buildings
from geo.regionalization.communities import Bounds, Community
from geo.regionalization.engine import regionalize
from geo.regionalization.locks import CodeLocks
from geo.regionalization.outcome import Prices, Reason
from geo.territory.barriers import border_costs
from geo.territory.codes import number_grids
from geo.territory.compactness import polsby_popper
from geo.territory.contiguity import contiguity
from geo.territory.coverage import dissolve
from geo.territory.tessellation import tessellate

#: A building with more households than this share of the upper limit blocks others: two of them exceed the limit.
BLOCKING_SHARE = 0.5

Effort = Literal["draft", "polished", "repair"]


@dataclass(frozen=True)
class Balance:
    """A quantity beside households that each grid should hold between two limits.

    Attributes
    ----------
    name
        The column of ``Community.buildings`` that holds it.
    lower, upper
        What a grid should hold; None for no limit on that side.
    """

    name: str
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class DraftSettings:
    """What a planner asks of a draft, the same for each of its communities.

    Attributes
    ----------
    bounds
        Households that a grid may have.
    seed
        Same input, same settings, same draft.
    time_limit
        Seconds for each community; None until the search converges.
    prices
        The planner's dials.
    effort
        ``repair`` looks for the smallest change of the plan in force that brings it back into range.
    locks
        What must be kept, by codes; those of other communities do not matter to a community.
    quantities
        Further quantities to balance.
    """

    bounds: Bounds
    seed: int = 0
    time_limit: float | None = None
    prices: Prices = field(default_factory=Prices)
    effort: Effort = "polished"
    locks: CodeLocks = field(default_factory=CodeLocks)
    quantities: tuple[Balance, ...] = ()


@dataclass(frozen=True)
class CommunityDraft:
    """The grids drafted for one community.

    Attributes
    ----------
    grids
        Index 0..k-1 in the numbering of :func:`geo.territory.codes.number_grids`. Columns ``households``, ``atoms``,
        ``in_range``, ``contiguous``, ``reason_code``, ``reason_zh``, ``reason_en`` (None when in range),
        ``polsby_popper`` and ``geometry`` (metres).
    assignment
        One row per atom: ``building``, ``stairwell`` (None for a whole building), ``grid`` (index of ``grids``),
        ``households``.
    lower_bound
        No partition has fewer grids: each connected part needs its households / upper, rounded up.
    """

    code: str
    grids: gpd.GeoDataFrame
    assignment: pd.DataFrame
    lower_bound: int
    metrics: dict[str, float] = field(default_factory=dict)


def draft_community(
    community: Community,
    settings: DraftSettings,
    progress: Callable[[float], bool | None] | None = None,
) -> CommunityDraft:
    """Divide one community into grids.

    Buildings above the upper limit are divided by stairwells where those are known. Where grids still stay out of
    range, the buildings that block them (over half of the upper limit) are divided too, first in those grids and
    beside them, then everywhere; the best of the tries is kept.

    Parameters
    ----------
    progress
        Called with the share done, 0 to 1; returning False ends the search with the best so far.

    Returns
    -------
    CommunityDraft
        The same for the same input and settings.
    """
    bounds = settings.bounds
    if community.buildings.empty:
        return _empty_draft(community)
    divisible = divisible_buildings(community)
    over = divisible[divisible > bounds.upper].index
    best = _draft_once(community, frozenset(over), settings, progress)
    blocking = divisible[divisible > bounds.upper * BLOCKING_SHARE].index
    for divide in (_beside_failures(best, blocking), frozenset(blocking)):
        if best.grids["in_range"].all() or divide <= frozenset(over):
            continue
        tried = _draft_once(community, frozenset(over) | divide, settings, progress)
        if _misses(tried, bounds) < _misses(best, bounds):
            best = tried
    return best


def _draft_once(
    community: Community,
    divide: frozenset[str],
    settings: DraftSettings,
    progress: Callable[[float], bool | None] | None,
) -> CommunityDraft:
    atoms = choose_atoms(community, divide).frame
    if community.tiles is not None and not divide:
        tiles = gpd.GeoSeries(community.tiles.reindex(atoms["building"]).to_numpy(), crs=community.tiles.crs)
    else:
        tiles = tessellate(atoms.geometry, community.boundary, community.barriers)
    touching = contiguity(tiles)
    compound = pd.factorize(atoms["compound"])[0]
    costs = border_costs(tiles, touching, community.barriers, compounds=compound)
    inner = tiles.representative_point()
    households = atoms["households"].to_numpy(np.int64)
    solved = regionalize(
        households,
        touching.edges,
        costs.boundary_cost,
        lower=settings.bounds.lower,
        upper=settings.bounds.upper,
        xy=np.column_stack([inner.x, inner.y]),
        barrier=costs.cross_weight,
        seed=settings.seed,
        time_limit=settings.time_limit,
        progress=progress,
    )
    return _assemble(community, atoms, tiles, solved.labels, solved.reasons, solved.metrics, settings.bounds)


def _assemble(
    community: Community,
    atoms: gpd.GeoDataFrame,
    tiles: gpd.GeoSeries,
    labels: NDArray[np.int64],
    reasons: dict[int, Reason],
    metrics: dict[str, float],
    bounds: Bounds,
) -> CommunityDraft:
    polygons = dissolve(tiles, labels)
    points = polygons.representative_point()
    number = number_grids(np.column_stack([points.x, points.y])) - 1
    k = len(polygons)
    households = np.bincount(labels, atoms["households"], k).astype(np.int64)
    grids = gpd.GeoDataFrame(
        {
            "households": households,
            "atoms": np.bincount(labels, minlength=k),
            "in_range": (households >= bounds.lower) & (households <= bounds.upper),
            "contiguous": polygons.geom_type.to_numpy() == "Polygon",
            "reason_code": [reasons[i].code if i in reasons else None for i in range(k)],
            "reason_zh": [reasons[i].zh if i in reasons else None for i in range(k)],
            "reason_en": [reasons[i].en if i in reasons else None for i in range(k)],
            "polsby_popper": polsby_popper(polygons).to_numpy(),
        },
        geometry=polygons.to_numpy(),
        crs=tiles.crs,
        index=number,
    ).sort_index()
    assignment = pd.DataFrame(
        {
            "building": atoms["building"],
            "stairwell": atoms["stairwell"],
            "grid": number[labels],
            "households": atoms["households"],
        }
    )
    return CommunityDraft(community.code, grids, assignment, int(metrics["lower_bound"]), dict(metrics))


def _beside_failures(draft: CommunityDraft, blocking: "pd.Index[str]") -> frozenset[str]:
    """The blocking buildings in grids out of range and in the grids that touch those."""
    grids = draft.grids
    failed = grids[~grids["in_range"]]
    near = set(failed.index)
    for shape in failed.geometry:
        near |= set(grids.index[grids.intersects(shape)])
    rows = draft.assignment[draft.assignment["grid"].isin(near)]
    return frozenset(rows["building"]) & frozenset(blocking)


def _misses(draft: CommunityDraft, bounds: Bounds) -> tuple[int, int, int]:
    """Grids out of range, households by which they miss it, and buildings divided: less is better, in this order."""
    households = draft.grids["households"]
    missing = (bounds.lower - households).clip(lower=0) + (households - bounds.upper).clip(lower=0)
    return (
        int((missing > 0).sum()),
        int(missing.sum()),
        int(draft.assignment.loc[draft.assignment["stairwell"].notna(), "building"].nunique()),
    )


def _empty_draft(community: Community) -> CommunityDraft:
    area = gpd.GeoSeries([community.boundary], crs=community.buildings.crs)
    grids = gpd.GeoDataFrame(
        {
            "households": [0],
            "atoms": [0],
            "in_range": [False],
            "contiguous": [community.boundary.geom_type == "Polygon"],
            "reason_code": ["no_buildings"],
            "reason_zh": ["社区内没有登记楼栋"],
            "reason_en": ["the community has no building on record"],
            "polsby_popper": polsby_popper(area).to_numpy(),
        },
        geometry=area,
    )
    empty = pd.DataFrame({"building": [], "stairwell": [], "grid": [], "households": []})
    return CommunityDraft(community.code, grids, empty, 0, {"lower_bound": 0})
