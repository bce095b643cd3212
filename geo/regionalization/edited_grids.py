"""The grids of a community that was edited by hand: drawn, measured and explained as those of a draft are.

The ground is tessellated as for a draft, one tile per row of the plan's assignment, and the grids are joined from the
tiles anew: what an edit makes of a community follows from who is in which grid, not from the edits that led there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import CodeError, InputError
from geo.regionalization.atoms import whole_buildings
from geo.regionalization.balancing import Balance
from geo.regionalization.bounds import bound_figures
from geo.regionalization.certificates import Prover
from geo.regionalization.communities import Bounds, Community
from geo.regionalization.continuity import Codes, old_grids
from geo.regionalization.drafting import CommunityDraft, DraftSettings, Weighed, as_draft, quantities_of
from geo.regionalization.drawing import draw_grids
from geo.regionalization.editing import NAMED, row_keys
from geo.regionalization.engine import measure
from geo.regionalization.floors import part_keys
from geo.regionalization.locks import CodeLocks
from geo.regionalization.numbering import grid_number
from geo.regionalization.outcome import Quantity, Regionalization
from geo.regionalization.problem import check_problem, pieces
from geo.territory.barriers import BorderCosts, border_costs
from geo.territory.contiguity import Contiguity, contiguity
from geo.territory.tessellation import tessellate


@dataclass(frozen=True)
class Asked:
    """What was asked of the plan that is edited.

    Attributes
    ----------
    bounds
        Households that a grid may have.
    quantities
        Further quantities to balance, whose columns the community's buildings have.
    posts
        Buildings with a post, one for each grid.
    """

    bounds: Bounds
    quantities: tuple[Balance, ...] = ()
    posts: tuple[str, ...] = ()

    def settings(self) -> DraftSettings:
        """Return them as a draft takes them."""
        return DraftSettings(self.bounds, quantities=self.quantities, locks=CodeLocks(posts=self.posts))


def redraw(community: Community, rows: pd.DataFrame, goal: "pd.Series[str]", asked: Asked) -> CommunityDraft:
    """Draw the grids of one community as its rows are assigned, with figures and reasons.

    Parameters
    ----------
    rows
        :data:`ROW_COLUMNS`, each building of the community once, whole or in parts; the grids that they were in.
    goal
        The grid of each row.

    Returns
    -------
    CommunityDraft
        Numbered as the codes are.

    Raises
    ------
    InputError
        A grid that the edit touches would lie in more pieces than before.
    """
    return draw_on(ground_of(community, rows), rows, goal, asked)


@dataclass(frozen=True)
class Ground:
    """A community as atoms, one for each row of an assignment, their tiles, and what lies between them."""

    community: Community
    atoms: gpd.GeoDataFrame
    tiles: gpd.GeoSeries
    touching: Contiguity
    costs: BorderCosts


def ground_of(community: Community, rows: pd.DataFrame) -> Ground:
    """Tessellate a community by the rows of its assignment (:data:`~geo.regionalization.editing.ROW_COLUMNS`)."""
    atoms = _atoms(community, rows)
    tiles = tessellate(atoms.geometry, community.boundary, community.barriers)
    touching = contiguity(tiles)
    costs = border_costs(tiles, touching, community.barriers, compounds=pd.factorize(atoms["compound"])[0])
    return Ground(community, atoms, tiles, touching, costs)


def draw_on(ground: Ground, rows: pd.DataFrame, goal: "pd.Series[str]", asked: Asked) -> CommunityDraft:
    """Draw grids on a ground that was made before, as :func:`redraw` does."""
    codes, labels = np.unique(goal.to_numpy(dtype=str), return_inverse=True)
    labels = labels.astype(np.int64)
    _refuse_pieces(ground.touching, rows, labels, codes)
    return _assembled(ground, labels, codes, asked)


def _atoms(community: Community, rows: pd.DataFrame) -> gpd.GeoDataFrame:
    """The rows as atoms: where each stands, and what it was cut from."""
    buildings = community.buildings
    place = buildings.index.get_indexer(rows["building"])
    stairwells = community.stairwells.set_index("stairwell").geometry
    shapes = stairwells.reindex(rows["stairwell"]).to_numpy(dtype=object, copy=True)
    unknown = pd.isna(shapes)
    shapes[unknown] = buildings.geometry.to_numpy()[place[unknown]]
    stairwell = [None if pd.isna(code) else code for code in rows["stairwell"]]
    columns = {
        "building": pd.Series(rows["building"].to_numpy(dtype=object), dtype=object),
        "stairwell": pd.Series(stairwell, dtype=object),
        "floor_from": rows["floor_from"].to_numpy(np.float64, na_value=np.nan),
        "floor_to": rows["floor_to"].to_numpy(np.float64, na_value=np.nan),
        "households": rows["households"].to_numpy(np.int64),
        "compound": pd.Series(buildings["compound"].to_numpy(dtype=object)[place], dtype=object),
        "part": place.astype(np.int64),
    }
    atoms = gpd.GeoDataFrame(columns, geometry=shapes, crs=buildings.crs)
    return atoms.assign(estimated=_estimated(atoms, community))


def _estimated(atoms: pd.DataFrame, community: Community) -> NDArray[np.bool_]:
    """Of which runs of floors the households were shared out evenly rather than counted."""
    found = np.zeros(len(atoms), bool)
    if community.floors is None:
        return found
    guessed = community.floors[community.floors["estimated"].to_numpy(bool)]
    floor, guessed_keys = guessed["floor"].to_numpy(np.int64), part_keys(guessed)
    keys, low, high = part_keys(atoms), atoms["floor_from"].to_numpy(), atoms["floor_to"].to_numpy()
    for position in np.flatnonzero(~np.isnan(low)):
        own = floor[guessed_keys == keys[position]]
        found[position] = ((own >= low[position]) & (own <= high[position])).any()
    return found


def _refuse_pieces(
    touching: Contiguity, rows: pd.DataFrame, labels: NDArray[np.int64], codes: NDArray[np.str_]
) -> None:
    """Refuse grids that fall apart by this edit; what lay in pieces before, such as islands, may stay so."""
    before = pd.factorize(rows["grid"], sort=True)
    was = dict(zip(before[1], _pieces_per_grid(touching, before[0].astype(np.int64)), strict=True))
    now = _pieces_per_grid(touching, labels)
    names = row_keys(rows)
    for label, code in enumerate(codes.tolist()):
        if now[label] <= max(1, was.get(code, 1)):
            continue
        inside = touching.edges[(labels[touching.edges] == label).all(axis=1)]
        piece = pieces(len(labels), inside.astype(np.int32))
        members = np.flatnonzero(labels == label)
        main = np.bincount(piece[members]).argmax()
        apart = [names[position] for position in members if piece[position] != main]
        raise InputError(
            f"网格 {code} 将分成 {now[label]} 片,不相连的有 {'、'.join(apart[:NAMED])};请一并移动连接处的楼栋",
            f"grid {code} would lie in {now[label]} pieces, apart from the rest: {', '.join(apart[:NAMED])}; move what "
            "lies between as well",
        )


def _pieces_per_grid(touching: Contiguity, labels: NDArray[np.int64]) -> NDArray[np.int64]:
    inside = touching.edges[labels[touching.edges[:, 0]] == labels[touching.edges[:, 1]]]
    piece = pieces(len(labels), inside.astype(np.int32))
    first = np.unique(piece, return_index=True)[1]
    return np.bincount(labels[first], minlength=int(labels.max(initial=-1)) + 1)


def _assembled(ground: Ground, labels: NDArray[np.int64], codes: NDArray[np.str_], asked: Asked) -> CommunityDraft:
    community, atoms = ground.community, ground.atoms
    weighed = Weighed(old_grids(atoms, community.previous), quantities_of(community, atoms, asked.settings()))
    solved = _examined(ground, labels, weighed.before, weighed.quantities, asked.bounds)
    polygons = draw_grids(ground.tiles, labels, community.boundary, community.barriers, atoms.geometry)
    number = np.array([_number(community.code, code) for code in codes.tolist()], np.int64) - 1
    whole = whole_buildings(community)
    of_atom = atoms["households"].to_numpy(np.int64)
    whole["households"] = np.bincount(atoms["part"], of_atom, len(whole)).astype(np.int64)
    return as_draft(community, atoms, weighed, solved, asked.bounds, polygons, number, whole)


def _examined(
    ground: Ground, labels: NDArray[np.int64], before: Codes, quantities: Sequence[Quantity], bounds: Bounds
) -> Regionalization:
    """The grids as the engine would measure and explain them."""
    problem = check_problem(
        ground.atoms["households"].to_numpy(np.int64),
        ground.touching.edges,
        ground.costs.boundary_cost,
        bounds.lower,
        bounds.upper,
        None,
        ground.costs.cross_weight,
        pd.factorize(before)[0].astype(np.int64),
        None,
        None,
        quantities,
    )
    prover = Prover(problem)
    reasons = prover.explain(labels)
    metrics = measure(problem, labels) | bound_figures(prover, labels)
    metrics |= {"boundary_cost_total": float(ground.costs.boundary_cost.sum()), "cancelled": 0.0}
    return Regionalization(labels, reasons, metrics)


def _number(community: str, code: str) -> int:
    number = grid_number(community, code)
    if number is None:
        raise CodeError(f"“{code}”不是社区 {community} 的网格编码", f"{code} is no grid code of community {community}")
    return number
