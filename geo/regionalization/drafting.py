"""From buildings and barriers to drafted grids, one community at a time.

The steps of a draft, each a pure function of values: choose the atoms, tessellate the community into one tile per
atom, find which tiles touch and what a border between them costs, regionalize, and dissolve the tiles of each
grid into its polygon.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.regionalization.atoms import Atoms, assigned_parts, choose_atoms, divisible_buildings, whole_buildings
from geo.regionalization.balancing import Balance, of_atoms
from geo.regionalization.communities import Bounds, Community
from geo.regionalization.continuity import Codes, continued, divided_before, old_grids
from geo.regionalization.drawing import draw_grids
from geo.regionalization.engine import Effort
from geo.regionalization.locks import CodeLocks, atom_locks, post_values
from geo.regionalization.merging import atom_layers, merge
from geo.regionalization.numbering import number_drafted
from geo.regionalization.outcome import Prices, Quantity, Reason, Regionalization
from geo.territory.barriers import border_costs
from geo.territory.compactness import polsby_popper
from geo.territory.contiguity import contiguity
from geo.territory.tessellation import tessellate

#: A building with more households than this share of the upper limit blocks others: two of them exceed the limit.
BLOCKING_SHARE = 0.5
#: Floors of a stairwell are moved in runs of at most this share of the upper limit (60 households of 300), and at last
#: in runs of a quarter of that (15: a floor or two).
BAND_SHARE, FINE_BAND_SHARE = 0.2, 0.05

#: A reason about more buildings than this is about a place: naming them all would point at none.
MOST_NAMED = 100

#: What the quantity of one grid worker's post per grid is called.
POSTS = "posts"


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
        Index: number less 1, from 0 in the order of :func:`geo.territory.codes.number_grids`; a grid that continues
        one of the plan in force has that one's number. Columns ``households``, ``atoms``, ``in_range``,
        ``contiguous``, ``reason_code``, ``reason_zh``, ``reason_en`` (None when in range), ``polsby_popper``,
        ``continues`` (code of the old grid that it continues, or None), ``moved`` (its households that had another
        grid worker) and ``geometry`` (metres).
    assignment
        One row per building, or per part of a divided one: ``building``, ``stairwell`` (None for all or none),
        ``floor_from``, ``floor_to`` (missing for all floors), ``households``, ``estimated`` (the households of these
        floors were shared out evenly), ``grid`` (index of ``grids``).
    lower_bound
        No partition has fewer grids.
    metrics
        Of ``Regionalization.metrics``, and ``compounds``, ``compounds_split``, the same of compounds that a grid could
        hold (``compounds_fitting``, ``compounds_fitting_split``), ``boundary_cost_total`` (of all borders between
        atoms), ``households_before`` (in grids of the plan in force) and ``households_moved`` (of those, outside of
        the best matching of old and new grids).
    moves
        Atoms whose households change their grid worker: ``building``, ``stairwell``, ``previous`` (code of the old
        grid), ``grid`` (index of ``grids``), ``households``.
    quantities
        On the index of ``grids``, one column per further quantity with what each grid holds.
    reason_buildings
        By the index of ``grids``: the buildings that a grid's reason is about, none where they are more than
        :data:`MOST_NAMED`.
    """

    code: str
    grids: gpd.GeoDataFrame
    assignment: pd.DataFrame
    lower_bound: int
    metrics: dict[str, float] = field(default_factory=dict)
    moves: pd.DataFrame = field(default_factory=pd.DataFrame)
    quantities: pd.DataFrame = field(default_factory=pd.DataFrame)
    reason_buildings: dict[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Weighed:
    """What is asked of the atoms of one try, by atom."""

    before: Codes
    quantities: tuple[Quantity, ...]


def draft_community(
    community: Community,
    settings: DraftSettings,
    progress: Callable[[float], bool | None] | None = None,
) -> CommunityDraft:
    """Divide one community into grids.

    Buildings above the upper limit are divided by stairwells where those are known, and by floors where a stairwell
    is above it too. Where grids still stay out of range, the buildings that block them (over half of the upper limit)
    are divided too, first in those grids and beside them, then everywhere, then by floors; the best of the tries is
    kept. A building that the plan in force divides stays divided where a grid with a part of it is kept, and in a
    repair.

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
    kept = None if settings.effort == "repair" else frozenset(settings.locks.keep_grids)
    over = frozenset(divisible[divisible > bounds.upper].index)
    over |= divided_before(community.previous, kept) & frozenset(divisible.index)
    until = None if settings.time_limit is None else time.monotonic() + settings.time_limit
    band, fine = (max(1, int(bounds.upper * share)) for share in (BAND_SHARE, FINE_BAND_SHARE))
    atoms = choose_atoms(community, over, limit=bounds.upper, band_size=band)
    best = _draft_once(community, atoms, settings, progress)
    blocking = frozenset(divisible[divisible > bounds.upper * BLOCKING_SHARE].index)
    beside, finest = _beside_failures(best, blocking), len(atoms.frame)
    tries = (
        (beside, bounds.upper, band),
        (blocking, bounds.upper, band),
        (blocking, band, band),
        (blocking, fine, fine),
    )
    for divide, limit, band_size in tries:
        left = None if until is None else until - time.monotonic()
        if _misses(best, settings)[:2] == (0, 0) or best.metrics["cancelled"] or (left is not None and left <= 0):
            break
        atoms = choose_atoms(community, over | divide, limit=limit, band_size=band_size)
        if len(atoms.frame) <= finest:
            continue  # each try divides what the one before did, so as many atoms are the same atoms
        finest = len(atoms.frame)
        tried = _draft_once(community, atoms, replace(settings, time_limit=left), progress)
        if _misses(tried, settings) < _misses(best, settings):
            best = tried
    return best


def _draft_once(
    community: Community,
    chosen: Atoms,
    settings: DraftSettings,
    progress: Callable[[float], bool | None] | None,
) -> CommunityDraft:
    atoms = chosen.frame
    if community.tiles is not None and not chosen.divided:
        tiles = gpd.GeoSeries(community.tiles.reindex(atoms["building"]).to_numpy(), crs=community.tiles.crs)
    else:
        tiles = tessellate(atoms.geometry, community.boundary, community.barriers)
    touching = contiguity(tiles)
    compound = pd.factorize(atoms["compound"])[0]
    costs = border_costs(tiles, touching, community.barriers, compounds=compound)
    inner = tiles.representative_point()
    before = old_grids(atoms, community.previous)
    weighed = Weighed(before, quantities_of(community, atoms, settings))
    solved = merge(
        atoms["households"].to_numpy(np.int64),
        touching.edges,
        costs.boundary_cost,
        atom_layers(atoms, community.networks),
        lower=settings.bounds.lower,
        upper=settings.bounds.upper,
        xy=np.column_stack([inner.x, inner.y]),
        barrier=costs.cross_weight,
        previous=_labels(before) if _follows(settings) else None,
        locks=atom_locks(settings.locks, atoms, before, touching.edges, settings.bounds.upper, community.code),
        seed=settings.seed,
        time_limit=settings.time_limit,
        progress=progress,
        prices=settings.prices,
        quantities=weighed.quantities,
        effort=settings.effort,
    )
    solved.metrics["boundary_cost_total"] = float(costs.boundary_cost.sum())
    return _assemble(community, atoms, tiles, weighed, solved, settings.bounds)


def quantities_of(community: Community, atoms: gpd.GeoDataFrame, settings: DraftSettings) -> tuple[Quantity, ...]:
    """Return what grids are to hold beside households, as values of the atoms."""
    found = [of_atoms(balance, atoms, community.buildings) for balance in settings.quantities]
    posts = post_values(settings.locks, community.buildings)
    if posts is not None:
        found.append(of_atoms(Balance(POSTS, 1, 1), atoms, pd.DataFrame({POSTS: posts}, community.buildings.index)))
    return tuple(found)


def _follows(settings: DraftSettings) -> bool:
    """Whether the plan in force matters: a search that starts from it would hardly leave it, whatever its price."""
    return settings.prices.stability > 0 or settings.effort == "repair"


def _labels(before: Codes) -> NDArray[np.int64] | None:
    """Number the grids of the plan in force, -1 for atoms that it leaves out; None when it says nothing."""
    labels = pd.factorize(before)[0].astype(np.int64)
    return labels if (labels >= 0).any() else None


def _known(before: Codes) -> NDArray[np.bool_]:
    return np.array([code is not None for code in before], bool)


def _assemble(
    community: Community,
    atoms: gpd.GeoDataFrame,
    tiles: gpd.GeoSeries,
    weighed: Weighed,
    solved: Regionalization,
    bounds: Bounds,
) -> CommunityDraft:
    polygons = draw_grids(tiles, solved.labels, community.boundary, community.barriers, atoms.geometry)
    points = polygons.representative_point()
    old = continued(weighed.before, solved.labels, atoms["households"].to_numpy(np.int64))
    taken = frozenset(code for code in weighed.before if code is not None)
    number = number_drafted(np.column_stack([points.x, points.y]), community.code, old, taken) - 1
    return as_draft(community, atoms, weighed, solved, bounds, polygons, number, whole_buildings(community))


def as_draft(
    community: Community,
    atoms: gpd.GeoDataFrame,
    weighed: Weighed,
    solved: Regionalization,
    bounds: Bounds,
    polygons: gpd.GeoSeries,
    number: NDArray[np.int64],
    whole: pd.DataFrame,
) -> CommunityDraft:
    """Tell of a community that was divided into grids as a draft does.

    Parameters
    ----------
    solved
        The label of each atom, reasons by label, and the figures of the division.
    polygons, number
        Of each label: the ground of its grid, metres, and the grid's number from 0.
    whole
        The community's buildings as ``atoms.whole_buildings`` has them.
    """
    labels, reasons, k = solved.labels, solved.reasons, len(polygons)
    of_atom = atoms["households"].to_numpy(np.int64)
    old, known = continued(weighed.before, labels, of_atom), _known(weighed.before)
    continues = np.array([old.get(label) for label in range(k)], dtype=object)
    moving = (weighed.before != continues[labels]) & known
    households = np.bincount(labels, of_atom, k).astype(np.int64)
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
            "continues": continues,
            "moved": np.bincount(labels[moving], of_atom[moving], k).astype(np.int64),
        },
        geometry=polygons.to_numpy(),
        crs=atoms.crs,
        index=number,
    ).sort_index()
    moves = {name: atoms[name].to_numpy()[moving] for name in ("building", "stairwell", "households")}
    moves |= {"previous": weighed.before[moving], "grid": number[labels][moving]}
    held = {q.name: np.bincount(labels, np.asarray(q.values, float), k) for q in weighed.quantities}
    metrics = solved.metrics | _split_compounds(atoms, labels, bounds.upper)
    metrics["households_moved"] = float(of_atom[moving].sum())
    metrics["households_before"] = float(of_atom[known].sum())
    return CommunityDraft(
        code=community.code,
        grids=grids,
        assignment=assigned_parts(atoms, number[labels], whole).rename(columns={"unit": "grid"}),
        lower_bound=int(metrics["lower_bound"]),
        metrics=metrics,
        moves=pd.DataFrame(moves),
        quantities=pd.DataFrame(held, index=number).sort_index(),
        reason_buildings={int(number[i]): _buildings_of(reason, atoms) for i, reason in reasons.items()},
    )


def _buildings_of(reason: Reason, atoms: gpd.GeoDataFrame) -> tuple[str, ...]:
    named = dict.fromkeys(atoms["building"].to_numpy()[list(reason.atoms)].tolist())
    return tuple(map(str, named)) if len(named) <= MOST_NAMED else ()


def _split_compounds(atoms: gpd.GeoDataFrame, labels: NDArray[np.int64], upper: int) -> dict[str, float]:
    """Count compounds and those in several grids, in all and of those that a grid could hold.

    A grid could hold a compound of two or more inhabited buildings and at most ``upper`` households.
    """
    compound = pd.factorize(atoms["compound"].to_numpy(object))[0]
    households, building = atoms["households"].to_numpy(np.int64), atoms["part"].to_numpy(np.int64)
    known = compound >= 0
    count = int(compound.max(initial=-1)) + 1
    inhabited = known & (households > 0)
    every = _different(compound[known], labels[known], count)
    grids = _different(compound[inhabited], labels[inhabited], count)
    fitting = _different(compound[inhabited], building[inhabited], count) > 1
    fitting &= np.bincount(compound[inhabited], households[inhabited], count) <= upper
    return {
        "compounds": float(count),
        "compounds_split": float((every > 1).sum()),
        "compounds_fitting": float(fitting.sum()),
        "compounds_fitting_split": float((grids[fitting] > 1).sum()),
    }


def _different(group: NDArray[np.int64], value: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """How many different values each of ``count`` groups has."""
    most = int(value.max(initial=0)) + 1
    return np.bincount(np.unique(group * most + value) // most, minlength=count)


def _beside_failures(draft: CommunityDraft, blocking: frozenset[str]) -> frozenset[str]:
    """The blocking buildings in grids out of range and in the grids that touch those."""
    grids = draft.grids
    failed = grids[~grids["in_range"]]
    near = set(failed.index)
    for shape in failed.geometry:
        near |= set(grids.index[grids.intersects(shape)])
    rows = draft.assignment[draft.assignment["grid"].isin(near)]
    return frozenset(rows["building"]) & blocking


def _misses(draft: CommunityDraft, settings: DraftSettings) -> tuple[int, int, int, int]:
    """Say how far a draft is from what was asked: less is better, in this order.

    Grids out of range, grids out of the range of another quantity, households by which the first miss it, and parts
    of divided buildings.
    """
    bounds = settings.bounds
    households = draft.grids["households"].to_numpy(np.int64)
    missing = np.maximum(bounds.lower - households, 0) + np.maximum(households - bounds.upper, 0)
    limits = {balance.name: balance for balance in settings.quantities} | {POSTS: Balance(POSTS, 1, 1)}
    uneven = sum(value not in limits[str(name)] for name, column in draft.quantities.items() for value in column)
    return (
        int((missing > 0).sum()),
        uneven,
        int(missing.sum()),
        int(draft.assignment["building"].duplicated().sum()),
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
            "continues": np.array([None], dtype=object),
            "moved": [0],
        },
        geometry=area,
    )
    columns = ("building", "stairwell", "floor_from", "floor_to", "households", "estimated", "grid")
    empty = pd.DataFrame({name: [] for name in columns})
    return CommunityDraft(community.code, grids, empty, 0, {"lower_bound": 0.0, "cancelled": 0.0})
