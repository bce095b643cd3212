"""From grids to cells (联户网格): a grid's stairwells, buildings and lanes joined into groups of 30 to 40 households.

The same steps as for grids (``drafting``), one tier below: the atoms of a grid are its buildings as the plan assigns
them. A stairwell or building that fits stays whole; what is above the upper limit is divided by stairwells and then
by runs of floors, and more finely only in grids where that does not bring every cell into range.

The grids of a community are tessellated and drawn together, moved apart from each other (``spread``); each is searched
by itself, so that its cells do not depend on how its neighbours fare.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.regionalization.atoms import assigned_parts, by_floor, by_stairwell
from geo.regionalization.cell_ground import CellGround
from geo.regionalization.communities import Bounds
from geo.regionalization.drawing import draw_grids
from geo.regionalization.engine import Effort, regionalize
from geo.regionalization.floors import part_keys
from geo.regionalization.outcome import Reason
from geo.regionalization.spread import Spread, spread
from geo.regionalization.stacking import runs_in_place, stacked
from geo.territory.arrangement import Floats, Geometries, Indices
from geo.territory.barriers import BorderCosts, border_costs
from geo.territory.codes import number_grids
from geo.territory.contiguity import Contiguity, contiguity
from geo.territory.coverage import dissolve
from geo.territory.tessellation import tessellate

#: Into what share of a cell's upper limit runs of floors are cut where they are put together with others: of generated
#: towers' cells 88 % fit with runs of 12 of 40 households, all with runs of 6.
RUN_SHARE = 0.15
#: How finely a grid is divided, one try after the other: what has more households than this share of the upper limit
#: is divided by stairwells and floors; and whether a tower that can be cut into cells by itself is. That leaves little
#: to search for, and no cell lies in two towers.
FINENESS = ((1.0, True), (1.0, False), (RUN_SHARE, False))
#: Reasons that stand on which atoms touch.
INFEASIBLE = frozenset({"component_infeasible", "pocket_infeasible"})
#: Against 1 between buildings: neighbours on one stairwell, and stairwells of one building, know each other.
WITHIN_STAIRWELL_COST, WITHIN_BUILDING_COST = 3.0, 2.0

Progress = Callable[[float], bool | None]


@dataclass(frozen=True)
class CellDraft:
    """The cells drafted for the grids of one community.

    Attributes
    ----------
    code
        The community's.
    cells
        Index 0..k-1, by grid in the order of the ground's grids, in each from north to south. Columns ``grid`` (its
        code), ``number`` (1, 2 ... in the grid), ``households``, ``in_range``, ``reason_code``, ``reason_zh``,
        ``reason_en`` (None when in range) and ``geometry`` (metres): of each grid an exact coverage.
    assignment
        ``building``, ``stairwell``, ``floor_from``, ``floor_to`` (missing for all floors), ``households``,
        ``estimated`` (shared out evenly over the floors), ``cell`` (index of ``cells``).
    cancelled
        Whether the search was ended early.
    """

    code: str
    cells: gpd.GeoDataFrame
    assignment: pd.DataFrame
    cancelled: bool = False


@dataclass(frozen=True)
class _Laid:
    """Atoms of some grids with their tiles, on the sheet, in the order of their grids.

    Attributes
    ----------
    frame
        What :mod:`geo.regionalization.atoms` makes, and ``geometry`` on the sheet.
    grid
        int[n], the position of each atom's grid.
    tiles
        One per atom.
    xy
        float[n, 2], a point in each tile.
    cost
        What a border along each edge costs, neighbours on a stairwell and in a building weighed.
    """

    frame: gpd.GeoDataFrame
    grid: Indices
    tiles: gpd.GeoSeries
    touching: Contiguity
    costs: BorderCosts
    xy: Floats
    cost: Floats

    def rows(self, grid: int) -> slice:
        """The atoms of one grid."""
        first, last = np.searchsorted(self.grid, [grid, grid + 1])
        return slice(int(first), int(last))

    def edges(self, rows: slice) -> slice:
        """The edges between these atoms; none leaves their grid."""
        first, last = np.searchsorted(self.touching.edges[:, 0], [rows.start, rows.stop])
        return slice(int(first), int(last))


@dataclass(frozen=True)
class _Found:
    """The cells found for one grid: the cell of each atom, and what each is drawn of.

    Attributes
    ----------
    atoms
        Columns :data:`geo.regionalization.atoms.PART_COLUMNS` and ``geometry`` on the sheet.
    labels
        int[atoms], cells 0..k-1.
    households
        int[k].
    tiles, of_tile
        Tiles on the sheet and the cell of each.
    """

    atoms: gpd.GeoDataFrame
    labels: NDArray[np.int64]
    households: NDArray[np.int64]
    reasons: dict[int, Reason]
    tiles: Geometries
    of_tile: NDArray[np.int64]


def draft_cells(ground: CellGround, bounds: Bounds, *, seed: int = 0, progress: Progress | None = None) -> CellDraft:
    """Divide the grids of one community into cells.

    Parameters
    ----------
    progress
        Called with the share done, 0 to 1; returning False ends the search with the best so far.

    Returns
    -------
    CellDraft
        The same for the same input and seed. Cells out of range carry a reason.
    """
    search = _Search(ground, spread(ground.grids, ground.barriers), bounds, seed, progress)
    return _assemble(search, search.run())


@dataclass
class _Search:
    """One community's grids on their way from parts to cells."""

    ground: CellGround
    sheet: Spread
    bounds: Bounds
    seed: int
    progress: Progress | None
    stopped: bool = False
    best: dict[int, _Found] = field(default_factory=dict)
    finest: dict[int, gpd.GeoDataFrame] = field(default_factory=dict)
    settled: set[int] = field(default_factory=set)

    def run(self) -> list[_Found]:
        """Find the cells of every grid, in the order of the grids."""
        count = len(self.ground.grids)
        held = np.bincount(self.ground.grid_of_part, self.ground.parts["households"], count).astype(np.int64)
        for empty in np.flatnonzero(held == 0).tolist():
            self.best[empty] = self._uninhabited(empty)
            self.settled.add(empty)
        divisible = [_divisible(households, self.bounds) for households in held.tolist()]
        before = np.zeros(count, np.int64)
        for above, by_itself in FINENESS:
            if not len(self._unsettled()) or (self.stopped and self.best):
                break
            atoms = self._divided(above, by_itself=by_itself)
            grid = self._grid_of(atoms)
            size = np.bincount(grid, minlength=count)
            finer = size > before  # where it is not, nothing more could be divided
            if by_itself:
                finer &= self._cells_by_themselves(atoms)
            if not finer.any():
                continue
            before[finer] = size[finer]
            laid = self._laid(atoms[finer[grid]].reset_index(drop=True))
            for number in np.flatnonzero(finer).tolist():
                found = self._searched(laid, number)
                if number not in self.best or self._misses(found) <= self._misses(self.best[number]):
                    self.best[number] = found
                if not self._misses(self.best[number])[0] or not divisible[number]:
                    self.settled.add(number)
        for number in self._unsettled().tolist():
            self.best[number] = self._stacked(number)
        return [self.best[number] for number in range(count)]

    def _unsettled(self) -> Indices:
        return np.setdiff1d(np.arange(len(self.ground.grids)), list(self.settled)).astype(np.int64)

    def _grid_of(self, atoms: pd.DataFrame) -> Indices:
        found: Indices = self.ground.grid_of_part[atoms["part"].to_numpy(np.int64)]
        return found

    def _on_sheet(self, atoms: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        shapes = self.sheet.put(atoms.geometry.to_numpy(), self._grid_of(atoms))
        return atoms.set_geometry(gpd.GeoSeries(shapes, index=atoms.index, crs=atoms.crs))

    def _go_on(self, _share: float = 0.0) -> bool:
        """Tell how far it is: a grid counts when it is settled."""
        if self.progress and self.progress(len(self.settled) / len(self.ground.grids)) is False:
            self.stopped = True
        return not self.stopped

    # ── what is put together ─────────────────────────────────────────────────────────────────────────────────────────

    def _divided(self, above: float, *, by_itself: bool) -> gpd.GeoDataFrame:
        """Divide parts above a share of the upper limit by stairwells, and what is still above it by floors.

        The atoms of the grids that are not settled, in the order of the grids, on the sheet.
        """
        most = int(self.bounds.upper * above)
        parts = self.ground.parts[np.isin(self.ground.grid_of_part, self._unsettled())]
        over = frozenset(parts.loc[parts["households"] > most, "building"])
        flights = by_stairwell(parts, self.ground.stairwells, over)
        atoms = by_floor(
            flights,
            self.ground.floors,
            (flights["households"] > most).to_numpy(bool),
            max(1, int(self.bounds.upper * RUN_SHARE)),
            first_try=(self.bounds.lower, self.bounds.upper) if by_itself else None,
        )
        order = np.argsort(self._grid_of(atoms), kind="stable")
        atoms = self._on_sheet(atoms.iloc[order].reset_index(drop=True))
        self.finest |= dict.fromkeys(self._unsettled().tolist(), atoms)
        return atoms

    def _cells_by_themselves(self, atoms: gpd.GeoDataFrame) -> NDArray[np.bool_]:
        """In which grids all towers are cut into cells by themselves, and what is left beside them may be cells too."""
        count = len(self.ground.grids)
        households, grid = atoms["households"].to_numpy(np.int64), self._grid_of(atoms)
        fits = (households >= self.bounds.lower) & (households <= self.bounds.upper)
        holder = pd.DataFrame({"key": part_keys(atoms), "part": atoms["part"]})
        cut = (holder.duplicated(keep=False) & atoms["floor_from"].notna()).to_numpy(bool)
        whole = np.bincount(grid, cut & ~fits, count) == 0
        left = np.bincount(grid, households * ~fits, count).astype(np.int64)
        rest = np.array([_divisible(number, self.bounds) for number in left.tolist()], bool)
        return np.asarray(whole & rest, dtype=np.bool_)

    def _laid(self, atoms: gpd.GeoDataFrame) -> _Laid:
        """Tessellate the atoms of several grids."""
        grid = self._grid_of(atoms)
        grids = np.unique(grid)
        barriers = self.sheet.barriers_of(grids)
        tiles = tessellate(gpd.GeoSeries(atoms.geometry, crs=atoms.crs), self.sheet.area(grids), barriers)
        touching = contiguity(tiles)
        costs = border_costs(tiles, touching, barriers, compounds=pd.factorize(atoms["compound"])[0])
        inner = shapely.get_coordinates(shapely.point_on_surface(tiles.to_numpy()))
        return _Laid(atoms, grid, tiles, touching, costs, inner, costs.boundary_cost * _neighbourly(atoms, touching))

    # ── the search in one grid ───────────────────────────────────────────────────────────────────────────────────────

    def _searched(self, laid: _Laid, grid: int) -> _Found:
        """Cells of these atoms; searched for longer where a short search neither finds nor disproves them."""
        found = self._solved(laid, grid, "draft")
        if self.stopped or not any(reason.code == "not_found" for reason in found.reasons.values()):
            return found
        longer = self._solved(laid, grid, "polished")
        return longer if self._misses(longer) < self._misses(found) else found

    def _solved(self, laid: _Laid, grid: int, effort: Effort) -> _Found:
        rows = laid.rows(grid)
        edges = laid.edges(rows)
        atoms = laid.frame.iloc[rows]
        households = atoms["households"].to_numpy(np.int64)
        tiles = laid.tiles.to_numpy()[rows]
        if self._nothing_to_join(households):
            self._go_on()
            alone = np.arange(len(households))
            return _Found(atoms, alone, households, {}, tiles, alone)
        solved = regionalize(
            households,
            laid.touching.edges[edges] - rows.start,
            laid.cost[edges],
            lower=self.bounds.lower,
            upper=self.bounds.upper,
            xy=laid.xy[rows],
            barrier=laid.costs.cross_weight[edges],
            seed=self.seed,
            effort=effort,
            progress=self._go_on,
        )
        return _Found(
            atoms,
            solved.labels,
            np.bincount(solved.labels, households).astype(np.int64),
            solved.reasons,
            tiles,
            solved.labels,
        )

    def _nothing_to_join(self, households: NDArray[np.int64]) -> bool:
        """Whether every atom is a cell in range and any two are too much for one: then that is the only way."""
        fits = (households >= self.bounds.lower) & (households <= self.bounds.upper)
        return bool(fits.all()) and 2 * self.bounds.lower > self.bounds.upper

    def _stacked(self, grid: int) -> _Found:
        """Cells where any floor may join the building next door; a proof stands only if it holds for these too."""
        best, finest = self.best[grid], self.finest[grid]
        atoms = finest[self._grid_of(finest) == grid].reset_index(drop=True)
        holder = pd.factorize(pd.Series(part_keys(atoms)) + "/" + atoms["part"].astype(str))[0].astype(np.int64)
        if len(holder) == holder.max() + 1:
            return best
        first = np.unique(holder, return_index=True)[1]
        laid = self._laid(atoms.iloc[first].reset_index(drop=True))
        cost = laid.costs.boundary_cost
        within = WITHIN_STAIRWELL_COST * float(cost.mean()) if len(cost) else 1.0
        stacks = stacked(holder, laid.touching.edges, cost, laid.costs.cross_weight, within)
        households = atoms["households"].to_numpy(np.int64)
        solved = regionalize(
            households,
            stacks.edges,
            stacks.cost,
            lower=self.bounds.lower,
            upper=self.bounds.upper,
            barrier=stacks.barrier,
            seed=self.seed,
            effort="draft",
            progress=self._go_on,
        )
        if any(reason.code in INFEASIBLE for reason in solved.reasons.values()):
            return best
        if not solved.reasons:
            shapes = laid.frame.geometry.to_numpy()
            for backwards in (False, True):
                of_run, labels = runs_in_place(holder, solved.labels, shapes, backwards=backwards)
                places = gpd.GeoSeries(shapes[of_run], crs=atoms.crs)
                own = np.array([grid])
                tiles = tessellate(places, self.sheet.area(own), self.sheet.barriers_of(own))
                if (dissolve(tiles, labels).geom_type == "Polygon").all():
                    sizes = np.bincount(solved.labels, households).astype(np.int64)
                    return _Found(atoms, solved.labels, sizes, {}, tiles.to_numpy(), labels)
        return _not_proved(best)

    def _uninhabited(self, grid: int) -> _Found:
        """The only cell of a grid where nobody lives."""
        atoms = self._on_sheet(self.ground.parts[self.ground.grid_of_part == grid])
        none = np.zeros(len(atoms), np.int64)
        reasons = {0: Reason("no_households", "", "", (), 0)}
        return _Found(atoms, none, np.zeros(1, np.int64), reasons, self.sheet.areas[[grid]], np.zeros(1, np.int64))

    def _misses(self, found: _Found) -> tuple[int, int]:
        """Cells out of range, and households by which they miss it: less is better, in this order."""
        missing = np.maximum(self.bounds.lower - found.households, 0)
        missing += np.maximum(found.households - self.bounds.upper, 0)
        return int((missing > 0).sum()), int(missing.sum())


def _not_proved(found: _Found) -> _Found:
    """Take back what was proved for floors as they are drawn, and not for floors as they are."""
    reasons = {
        cell: Reason("not_found", "", "", (), int(found.households[cell])) if reason.code in INFEASIBLE else reason
        for cell, reason in found.reasons.items()
    }
    return replace(found, reasons=reasons)


def _neighbourly(atoms: gpd.GeoDataFrame, touching: Contiguity) -> Floats:
    """What a border between two neighbours costs more for lying within a stairwell or a building."""
    first, second = touching.edges.T
    stairwell, building = part_keys(atoms), atoms["building"].to_numpy(dtype=object)
    same = np.where(building[first] == building[second], WITHIN_BUILDING_COST, 1.0)
    return np.asarray(np.where(stairwell[first] == stairwell[second], WITHIN_STAIRWELL_COST, same), dtype=np.float64)


def _assemble(search: _Search, found: list[_Found]) -> CellDraft:
    """Draw the cells of all grids and put their draft together."""
    ground, sheet, bounds = search.ground, search.sheet, search.bounds
    grids = np.arange(len(found))
    count = np.array([len(one.households) for one in found], np.int64)
    begin = np.cumsum(count) - count
    grid = np.repeat(grids, count)
    atoms = gpd.GeoDataFrame(pd.concat([one.atoms for one in found], ignore_index=True), crs=ground.parts.crs)
    tiles = gpd.GeoSeries(np.concatenate([one.tiles for one in found]), crs=ground.parts.crs)
    of_tile = np.concatenate([one.of_tile + start for one, start in zip(found, begin, strict=True)])
    drawn = draw_grids(tiles, of_tile, sheet.area(grids), sheet.barriers, atoms.geometry).to_numpy()
    inner = shapely.get_coordinates(shapely.point_on_surface(drawn))
    number = np.concatenate([number_grids(inner[grid == own]) for own in grids])
    households = np.concatenate([one.households for one in found])
    reasons = [one.reasons.get(cell) for one in found for cell in range(len(one.households))]
    said = [
        _in_words(reason, held, bounds) if reason else (None, None)
        for reason, held in zip(reasons, households.tolist(), strict=True)
    ]
    place = np.repeat(begin, count) + number - 1
    cells = gpd.GeoDataFrame(
        {
            "grid": ground.grids.index.to_numpy()[grid],
            "number": number,
            "households": households,
            "in_range": (households >= bounds.lower) & (households <= bounds.upper),
            "reason_code": [reason.code if reason else None for reason in reasons],
            "reason_zh": [zh for zh, _ in said],
            "reason_en": [en for _, en in said],
        },
        geometry=sheet.taken_back(drawn, grid),
        crs=ground.parts.crs,
        index=place,
    ).sort_index()
    labels = np.concatenate([one.labels + start for one, start in zip(found, begin, strict=True)])
    assignment = assigned_parts(atoms, place[labels], ground.parts).rename(columns={"unit": "cell"})
    return CellDraft(ground.code, cells, assignment, search.stopped)


def _in_words(reason: Reason, households: int, bounds: Bounds) -> tuple[str, str]:
    """The sentence for a cell out of range, in Chinese and English."""
    lower, upper, some = bounds.lower, bounds.upper, reason.households
    match reason.code:
        case "no_households":
            return "网格内没有登记住户", "the grid has no household on record"
        case "atom_over_upper":
            return (
                f"一处有 {households} 户,超过上限 {upper} 户,且没有单元或楼层数据可供拆分",
                f"{households} households in one place exceed {upper}, and no stairwell or floor data divide them",
            )
        case "component_under_lower":
            return (
                f"这一片共 {some} 户,不足 {lower} 户,且与本网格其他楼栋不相连",
                f"{some} households, below {lower}, touch nothing in the grid that they could join",
            )
        case code if code in INFEASIBLE:
            return (
                f"这一片共 {some} 户,按现有单元和楼层无法划分为 {lower}-{upper} 户的联户网格(已证明)",
                f"{some} households cannot be divided into cells of {lower}-{upper} by these stairwells and floors "
                "(proved)",
            )
    missing = max(lower - households, households - upper)
    return (
        f"在本次搜索中未找到可行划分:该联户网格 {households} 户,距 {lower}-{upper} 户差 {missing} 户",
        f"no way found in this search: the cell has {households} households, {missing} away from {lower}-{upper}",
    )


def _divisible(households: int, bounds: Bounds) -> bool:
    """Whether some number of cells in range holds exactly so many households."""
    return -(-households // bounds.upper) <= households // bounds.lower
