"""From grids to cells (联户网格): a grid's stairwells, buildings and lanes joined into groups of 30 to 40 households.

The same steps as for grids (``drafting``), one tier below: the atoms of a grid are its buildings as the plan assigns
them. A stairwell or building that fits stays whole; what is above the upper limit is divided by stairwells and then
by runs of floors, and more finely only in grids where that does not bring every cell into range.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.regionalization.atoms import assigned_parts, by_floor, by_stairwell
from geo.regionalization.communities import Bounds, Community
from geo.regionalization.drawing import draw_grids
from geo.regionalization.engine import Effort, regionalize
from geo.regionalization.floors import no_floors, part_keys
from geo.regionalization.outcome import Reason
from geo.regionalization.stacking import runs_in_place, stacked
from geo.territory.arrangement import Floats, Geometries
from geo.territory.barriers import border_costs
from geo.territory.codes import number_grids
from geo.territory.contiguity import Contiguity, contiguity
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
#: Square metres. A building with less ground in its grid stands at the grid's rim as a point.
LEAST_GROUND_M2 = 0.05
#: Metres from the rim within which such a point is put.
RIM_M = 1.0


@dataclass(frozen=True)
class GridGround:
    """What one grid brings to its cells. All geometry in one projected CRS, metres.

    Attributes
    ----------
    code
        The grid's.
    boundary
        The area that the cells tile.
    parts
        The plan's assignment to this grid: columns :data:`geo.regionalization.atoms.PART_COLUMNS` but ``part`` and
        ``estimated``, and ``geometry`` (points or footprints).
    stairwells
        As in :class:`~geo.regionalization.communities.Community`, of these buildings.
    floors
        Columns :data:`geo.regionalization.floors.FLOOR_COLUMNS`, of these buildings.
    barriers
        Columns ``kind`` and ``geometry``.
    """

    code: str
    boundary: shapely.Polygon | shapely.MultiPolygon
    parts: gpd.GeoDataFrame
    stairwells: gpd.GeoDataFrame
    floors: pd.DataFrame
    barriers: gpd.GeoDataFrame


@dataclass(frozen=True)
class CellDraft:
    """The cells drafted for one grid.

    Attributes
    ----------
    grid
        The grid's code.
    cells
        Index 0..k-1, from north to south. Columns ``households``, ``in_range``, ``reason_code``, ``reason_zh``,
        ``reason_en`` (None when in range) and ``geometry`` (metres): an exact coverage of the grid.
    assignment
        ``building``, ``stairwell``, ``floor_from``, ``floor_to`` (missing for all floors), ``households``,
        ``estimated`` (shared out evenly over the floors), ``cell`` (index of ``cells``).
    """

    grid: str
    cells: gpd.GeoDataFrame
    assignment: pd.DataFrame


def grounds_of(community: Community, grids: gpd.GeoSeries, assignment: pd.DataFrame) -> list[GridGround]:
    """Gather what each grid of a community brings to its cells.

    Parameters
    ----------
    grids
        Polygons by grid, in the community's CRS.
    assignment
        ``building``, ``stairwell``, ``floor_from``, ``floor_to``, ``households``, ``grid``. Stairwells and floors that
        do not hold the households assigned are left aside: the register went on since the plan was drafted.
    """
    stairwells = community.stairwells
    held = assignment[assignment["stairwell"].isna() & assignment["floor_from"].isna()].set_index("building")
    summed = stairwells.groupby("building")["households"].sum()
    agreed = summed.index[summed == held["households"].reindex(summed.index)]
    floors = no_floors() if community.floors is None else community.floors
    of_stairwell = stairwells.set_index("stairwell").geometry
    return [
        _ground(community, code, area, assignment[assignment["grid"] == code], agreed, of_stairwell, floors)
        for code, area in grids.items()
    ]


def _ground(
    community: Community,
    code: object,
    area: shapely.Geometry,
    rows: pd.DataFrame,
    agreed: "pd.Index[str]",
    of_stairwell: gpd.GeoSeries,
    floors: pd.DataFrame,
) -> GridGround:
    buildings = community.buildings.reindex(rows["building"])
    shapes = of_stairwell.reindex(rows["stairwell"]).to_numpy(dtype=object, copy=True)
    for other in (buildings.geometry.to_numpy(), np.full(len(rows), shapely.point_on_surface(area), dtype=object)):
        unknown = shapely.is_missing(shapes)
        shapes[unknown] = other[unknown]
    columns = {name: rows[name].to_numpy() for name in ("floor_from", "floor_to", "households")}
    parts = gpd.GeoDataFrame(
        {
            "building": rows["building"].to_numpy(),
            "stairwell": pd.Series(rows["stairwell"].to_numpy(dtype=object), dtype=object),
            **columns,
            "compound": pd.Series(buildings["compound"].to_numpy(dtype=object), dtype=object),
        },
        geometry=shapes,
        crs=community.buildings.crs,
    )
    here = set(rows["building"])
    stairwells = community.stairwells[community.stairwells["building"].isin(here & set(agreed))]
    near = community.barriers.iloc[community.barriers.sindex.query(area, predicate="intersects")]
    return GridGround(str(code), area, parts, stairwells, floors[floors["building"].isin(here)], near)


def draft_cells(ground: GridGround, bounds: Bounds, *, seed: int = 0) -> CellDraft:
    """Divide one grid into cells.

    Returns
    -------
    CellDraft
        The same for the same input and seed. Cells out of range carry a reason.
    """
    parts = _standing_inside(ground)
    if parts.empty or parts["households"].sum() == 0:
        return _single_cell(ground, parts)
    best: CellDraft | None = None
    before = 0
    for above, by_itself in FINENESS:
        atoms = _divided(ground, parts, bounds, above, by_itself=by_itself)
        if len(atoms) <= before:
            continue  # nothing more could be divided
        if by_itself and not _cells_by_themselves(atoms, bounds):
            continue
        before = len(atoms)
        draft = _searched(ground, parts, atoms, bounds, seed)
        if best is None or _misses(draft, bounds) <= _misses(best, bounds):
            best = draft
        if best.cells["in_range"].all() or not _divisible(int(parts["households"].sum()), bounds):
            break
    assert best is not None
    if best.cells["in_range"].all() or not _divisible(int(parts["households"].sum()), bounds):
        return best
    return _stacked(ground, parts, atoms, best, bounds, seed)


def draft_cells_of(
    grounds: Sequence[GridGround],
    bounds: Bounds,
    *,
    seed: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
) -> Iterator[CellDraft]:
    """Divide grids into cells, one after the other.

    Parameters
    ----------
    progress
        Called after each grid with its code, how many are done, and how many there are.
    """
    for done, ground in enumerate(grounds, 1):
        yield draft_cells(ground, bounds, seed=seed)
        if progress:
            progress(ground.code, done, len(grounds))


def _standing_inside(ground: GridGround) -> gpd.GeoDataFrame:
    """The grid's parts, numbered, with what of each stands in the grid.

    A footprint reaches beyond its grid where the plan divides the building, and a point may lie outside where several
    share a place; what has no ground in the grid stands just inside of its rim.
    """
    parts = ground.parts.assign(part=np.arange(len(ground.parts)), estimated=False)
    shapes = parts.geometry.to_numpy().copy()
    shapely.prepare(ground.boundary)
    for position in np.flatnonzero(~shapely.covers(ground.boundary, shapes)):
        pieces = shapely.get_parts(shapely.intersection(shapes[position], ground.boundary))
        pieces = pieces[shapely.area(pieces) >= LEAST_GROUND_M2]
        shapes[position] = shapely.union_all(pieces) if len(pieces) else _at_the_rim(shapes[position], ground.boundary)
    return parts.set_geometry(gpd.GeoSeries(shapes, index=parts.index, crs=parts.crs))


def _at_the_rim(shape: shapely.Geometry, boundary: shapely.Geometry) -> shapely.Geometry:
    """A point inside of a boundary, beside the place where it is nearest to a shape."""
    nearest = shapely.get_point(shapely.shortest_line(boundary, shape), 0)
    return shapely.point_on_surface(shapely.intersection(boundary, shapely.buffer(nearest, RIM_M)))


def _divided(
    ground: GridGround, parts: gpd.GeoDataFrame, bounds: Bounds, above: float, *, by_itself: bool
) -> gpd.GeoDataFrame:
    """Divide parts above a share of the upper limit by stairwells, and what is still above it by floors."""
    most = int(bounds.upper * above)
    flights = by_stairwell(parts, ground.stairwells, frozenset(parts.loc[parts["households"] > most, "building"]))
    return by_floor(
        flights,
        ground.floors,
        (flights["households"] > most).to_numpy(bool),
        max(1, int(bounds.upper * RUN_SHARE)),
        first_try=(bounds.lower, bounds.upper) if by_itself else None,
    )


def _cells_by_themselves(atoms: gpd.GeoDataFrame, bounds: Bounds) -> bool:
    """Whether all towers are cut into cells by themselves, and what is left beside these may be cells too."""
    fits = atoms["households"].between(bounds.lower, bounds.upper)
    cut = pd.Series(part_keys(atoms), index=atoms.index).duplicated(keep=False) & atoms["floor_from"].notna()
    return bool(fits[cut].all()) and _divisible(int(atoms.loc[~fits, "households"].sum()), bounds)


def _searched(
    ground: GridGround, parts: gpd.GeoDataFrame, atoms: gpd.GeoDataFrame, bounds: Bounds, seed: int
) -> CellDraft:
    """Cells of these atoms; searched for longer where a short search neither finds nor disproves them."""
    tiles = tessellate(gpd.GeoSeries(atoms.geometry, crs=atoms.crs), ground.boundary, ground.barriers)
    draft = _draft_once(ground, parts, atoms, tiles, bounds, seed, "draft")
    if not (draft.cells["reason_code"] == "not_found").any():
        return draft
    longer = _draft_once(ground, parts, atoms, tiles, bounds, seed, "polished")
    return longer if _misses(longer, bounds) < _misses(draft, bounds) else draft


def _draft_once(
    ground: GridGround,
    parts: gpd.GeoDataFrame,
    atoms: gpd.GeoDataFrame,
    tiles: gpd.GeoSeries,
    bounds: Bounds,
    seed: int,
    effort: Effort,
) -> CellDraft:
    touching = contiguity(tiles)
    compound = pd.factorize(atoms["compound"])[0]
    costs = border_costs(tiles, touching, ground.barriers, compounds=compound)
    inner = tiles.representative_point()
    solved = regionalize(
        atoms["households"].to_numpy(np.int64),
        touching.edges,
        costs.boundary_cost * _neighbourly(atoms, touching),
        lower=bounds.lower,
        upper=bounds.upper,
        xy=np.column_stack([inner.x, inner.y]),
        barrier=costs.cross_weight,
        seed=seed,
        effort=effort,
    )
    return _assemble(ground, parts, atoms, solved.labels, solved.reasons, tiles, solved.labels, bounds)


def _stacked(
    ground: GridGround, parts: gpd.GeoDataFrame, atoms: gpd.GeoDataFrame, best: CellDraft, bounds: Bounds, seed: int
) -> CellDraft:
    """Cells where any floor may join the building next door; a proof stands only if it holds for these too."""
    holder, _ = pd.factorize(pd.Series(part_keys(atoms)) + "/" + atoms["part"].astype(str))
    if len(holder) == holder.max() + 1:
        return best
    first = np.unique(holder, return_index=True)[1]
    shapes = atoms.geometry.to_numpy()[first]
    tiles = tessellate(gpd.GeoSeries(shapes, crs=atoms.crs), ground.boundary, ground.barriers)
    touching = contiguity(tiles)
    compound = pd.factorize(atoms["compound"])[0][first]
    costs = border_costs(tiles, touching, ground.barriers, compounds=compound)
    within = WITHIN_STAIRWELL_COST * float(costs.boundary_cost.mean()) if len(costs.boundary_cost) else 1.0
    stacks = stacked(holder.astype(np.int64), touching.edges, costs.boundary_cost, costs.cross_weight, within)
    solved = regionalize(
        atoms["households"].to_numpy(np.int64),
        stacks.edges,
        stacks.cost,
        lower=bounds.lower,
        upper=bounds.upper,
        barrier=stacks.barrier,
        seed=seed,
        effort="draft",
    )
    if any(reason.code in INFEASIBLE for reason in solved.reasons.values()):
        return best
    if not solved.reasons:
        for backwards in (False, True):
            of_run, labels = runs_in_place(holder.astype(np.int64), solved.labels, shapes, backwards=backwards)
            places = gpd.GeoSeries(shapes[of_run], crs=atoms.crs)
            drawn = tessellate(places, ground.boundary, ground.barriers)
            found = _assemble(ground, parts, atoms, solved.labels, {}, drawn, labels, bounds)
            if (found.cells.geom_type == "Polygon").all():
                return found
    return _not_proved(best, bounds)


def _not_proved(draft: CellDraft, bounds: Bounds) -> CellDraft:
    """Take back what was proved for floors as they are drawn, and not for floors as they are."""
    cells = draft.cells.copy()
    for row in cells.index[cells["reason_code"].isin(INFEASIBLE)]:
        households = int(cells["households"][row])
        zh, en = _in_words(Reason("not_found", "", "", (), households), households, bounds)
        cells.loc[row, ["reason_code", "reason_zh", "reason_en"]] = "not_found", zh, en
    return replace(draft, cells=cells)


def _neighbourly(atoms: gpd.GeoDataFrame, touching: Contiguity) -> Floats:
    """What a border between two neighbours costs more for lying within a stairwell or a building."""
    first, second = touching.edges.T
    stairwell, building = part_keys(atoms), atoms["building"].to_numpy(dtype=object)
    same = np.where(building[first] == building[second], WITHIN_BUILDING_COST, 1.0)
    return np.asarray(np.where(stairwell[first] == stairwell[second], WITHIN_STAIRWELL_COST, same), dtype=np.float64)


def _assemble(
    ground: GridGround,
    parts: gpd.GeoDataFrame,
    atoms: gpd.GeoDataFrame,
    labels: NDArray[np.int64],
    reasons: dict[int, Reason],
    tiles: gpd.GeoSeries,
    of_tile: NDArray[np.int64],
    bounds: Bounds,
) -> CellDraft:
    """Put a draft together from the cell of each atom and of each tile."""
    polygons = draw_grids(tiles, of_tile, ground.boundary, ground.barriers, atoms.geometry)
    points = polygons.representative_point()
    number = number_grids(np.column_stack([points.x, points.y])) - 1
    k = len(polygons)
    households = np.bincount(labels, atoms["households"], k).astype(np.int64)
    said = [_in_words(reasons[i], int(households[i]), bounds) if i in reasons else (None, None) for i in range(k)]
    cells = gpd.GeoDataFrame(
        {
            "households": households,
            "in_range": (households >= bounds.lower) & (households <= bounds.upper),
            "reason_code": [reasons[i].code if i in reasons else None for i in range(k)],
            "reason_zh": [zh for zh, _ in said],
            "reason_en": [en for _, en in said],
        },
        geometry=polygons.to_numpy(),
        crs=tiles.crs,
        index=number,
    ).sort_index()
    assignment = assigned_parts(atoms, number[labels], parts).rename(columns={"unit": "cell"})
    return CellDraft(ground.code, cells, assignment)


def _in_words(reason: Reason, households: int, bounds: Bounds) -> tuple[str, str]:
    """The sentence for a cell out of range, in Chinese and English."""
    lower, upper, some = bounds.lower, bounds.upper, reason.households
    match reason.code:
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


def _misses(draft: CellDraft, bounds: Bounds) -> tuple[int, int]:
    """Cells out of range, and households by which they miss it: less is better, in this order."""
    households = draft.cells["households"]
    missing = (bounds.lower - households).clip(lower=0) + (households - bounds.upper).clip(lower=0)
    return int((missing > 0).sum()), int(missing.sum())


def _divisible(households: int, bounds: Bounds) -> bool:
    """Whether some number of cells in range holds exactly so many households."""
    return -(-households // bounds.upper) <= households // bounds.lower


def _single_cell(ground: GridGround, parts: gpd.GeoDataFrame) -> CellDraft:
    """The only cell of a grid where nobody lives."""
    cells = gpd.GeoDataFrame(
        {
            "households": [0],
            "in_range": [False],
            "reason_code": ["no_households"],
            "reason_zh": ["网格内没有登记住户"],
            "reason_en": ["the grid has no household on record"],
        },
        geometry=_one(ground.boundary),
        crs=parts.crs,
    )
    columns = ["building", "stairwell", "floor_from", "floor_to", "households", "estimated"]
    return CellDraft(ground.code, cells, pd.DataFrame(parts[columns]).reset_index(drop=True).assign(cell=0))


def _one(shape: shapely.Geometry) -> Geometries:
    held = np.empty(1, dtype=object)
    held[0] = shape
    return held
