"""From buildings and barriers to drafted grids, one community at a time.

The steps of a draft, each a pure function of values: choose the atoms, tessellate the community into one tile per
atom, find which tiles touch and what a border between them costs, regionalize, and dissolve the tiles of each
grid into its polygon. Communities do not depend on one another, so they are drafted in parallel.
"""

import os
import pickle
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import active_children, get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from geo.errors import BoundsError, WanggeError
from geo.regionalization.engine import regionalize
from geo.regionalization.outcome import Reason
from geo.territory.barriers import border_costs
from geo.territory.codes import number_grids
from geo.territory.compactness import polsby_popper
from geo.territory.contiguity import contiguity
from geo.territory.coverage import dissolve
from geo.territory.tessellation import tessellate

#: A building with more households than this share of the upper limit blocks others: two of them exceed the limit.
BLOCKING_SHARE = 0.5
#: A draft of fewer buildings than this is done sooner in one process than further ones take to start.
BUILDINGS_WORTH_A_PROCESS = 400


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
        polygon inside the boundary).
    stairwells
        Columns ``building`` (key), ``stairwell`` (key), ``households``, ``geometry``; rows only of buildings whose
        stairwells are all known and placed.
    barriers
        Columns ``kind`` (dictionary ``barrier_kinds``) and ``geometry`` (lines).
    tiles
        One tile per building where they were made before, for several communities at once; ``boundary`` is then
        their union.
    """

    code: str
    boundary: Polygon | MultiPolygon
    buildings: gpd.GeoDataFrame
    stairwells: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    tiles: gpd.GeoSeries | None = None


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


def draft_community(
    community: Community,
    bounds: Bounds,
    *,
    seed: int = 0,
    time_limit: float | None = None,
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
        The same for the same input and seed.
    """
    if community.buildings.empty:
        return _empty_draft(community)
    divisible = _divisible(community)
    over = divisible[divisible > bounds.upper].index
    best = _draft_once(community, frozenset(over), bounds, seed, time_limit, progress)
    blocking = divisible[divisible > bounds.upper * BLOCKING_SHARE].index
    for divide in (_beside_failures(best, blocking), frozenset(blocking)):
        if best.grids["in_range"].all() or divide <= frozenset(over):
            continue
        tried = _draft_once(community, frozenset(over) | divide, bounds, seed, time_limit, progress)
        if _misses(tried, bounds) < _misses(best, bounds):
            best = tried
    return best


def draft_communities(
    communities: Sequence[Community],
    bounds: Bounds,
    *,
    seed: int = 0,
    time_limit: float | None = None,
    workers: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[CommunityDraft]:
    """Draft several communities, in parallel when there is more than one processor.

    Parameters
    ----------
    workers
        Processes; None for one per processor, or one alone for a small draft. The result does not depend on it.
    progress
        Called after each community with its code, how many are done, and how many there are.

    Returns
    -------
    list of CommunityDraft
        In the order of ``communities``.
    """
    workers = min(workers or _processes_worth_it(communities), len(communities))
    drafts: dict[int, CommunityDraft] = {}
    for position, draft in _drafted(communities, bounds, seed, time_limit, workers):
        drafts[position] = draft
        if progress:
            progress(draft.code, len(drafts), len(communities))
    return [drafts[position] for position in range(len(communities))]


def _processes_worth_it(communities: Sequence[Community]) -> int:
    """A process takes seconds to start; a small draft is done before."""
    if sum(len(community.buildings) for community in communities) < BUILDINGS_WORTH_A_PROCESS:
        return 1
    return os.cpu_count() or 1


def _drafted(
    communities: Sequence[Community], bounds: Bounds, seed: int, time_limit: float | None, workers: int
) -> Iterator[tuple[int, CommunityDraft]]:
    if workers <= 1:
        for position, community in enumerate(communities):
            yield position, draft_community(community, bounds, seed=seed, time_limit=time_limit)
        return
    # spawn, not fork: the caller may hold database connections and threads that must not be copied.
    with (
        TemporaryDirectory(prefix="wangge-draft-") as folder,
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool,
    ):
        # The largest first, so that no long one is left alone at the end.
        order = sorted(range(len(communities)), key=lambda i: -len(communities[i].buildings))
        files = {i: _kept(communities[i], Path(folder) / str(i)) for i in order}
        try:
            with _workers_deaf_to_interrupts():
                waiting: dict[Future[CommunityDraft], int] = {
                    pool.submit(_draft_kept, files[i], bounds, seed, time_limit): i for i in order
                }
            while waiting:
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield waiting.pop(future), future.result()
        except BrokenProcessPool as error:
            raise WanggeError(
                "划分进程意外终止,可能内存不足;请用 --workers 1 再试",
                "a drafting process died, perhaps for lack of memory; try again with --workers 1",
            ) from error
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            if isinstance(error, KeyboardInterrupt):
                for worker in active_children():
                    worker.terminate()
            raise


def _kept(community: Community, path: Path) -> Path:
    """Put a community where a worker finds it.

    Sent through the pool's pipe it would fill that; until Python 3.11.5 a pool whose worker dies then waits forever.
    """
    with path.open("wb") as stream:
        pickle.dump(community, stream, protocol=pickle.HIGHEST_PROTOCOL)
    return path


def _draft_kept(path: Path, bounds: Bounds, seed: int, time_limit: float | None) -> CommunityDraft:
    community = pickle.loads(path.read_bytes())  # noqa: S301 - our own, out of a folder that only we can write
    return draft_community(community, bounds, seed=seed, time_limit=time_limit)


@contextmanager
def _workers_deaf_to_interrupts() -> Iterator[None]:
    """Leave Ctrl-C to the process that the planner started: workers begun in here inherit the mask, it waits for us."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _divisible(community: Community) -> "pd.Series[int]":
    """Households of each building that has at least two stairwells."""
    stairs = community.stairwells.groupby("building").size()
    households: pd.Series[int] = (
        community.buildings["households"].reindex(stairs[stairs > 1].index).dropna().astype(int)
    )
    return households


def _draft_once(
    community: Community,
    divide: frozenset[str],
    bounds: Bounds,
    seed: int,
    time_limit: float | None,
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
        lower=bounds.lower,
        upper=bounds.upper,
        xy=np.column_stack([inner.x, inner.y]),
        barrier=costs.cross_weight,
        seed=seed,
        time_limit=time_limit,
        progress=progress,
    )
    return _assemble(community, atoms, tiles, solved.labels, solved.reasons, solved.metrics, bounds)


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
