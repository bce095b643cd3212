"""Three departments' grids before the redraw: each a coverage of its own, laid over each other.

Each department joins parcels by its own logic: police beats run along east-west roads (公安), city management
follows north-south frontages (城管), social workers keep to compounds and blocks with residents (社工).
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.sample.blocks import Layout
from geo.sample.recipe import Recipe
from geo.territory.codes import number_grids

#: Sequences of the departments' grids within a community start after these, so that no code means two grids.
FIRST_SEQUENCE: Mapping[str, int] = {"社工": 0, "公安": 300, "城管": 600}
#: How dear a metre east-west, a metre north-south, and a change of block is to each department.
_COSTS = {"公安": (0.2, 1.0, 0.0), "城管": (1.0, 0.2, 0.0), "社工": (1.0, 1.0, 260.0)}


def old_grids(
    layout: Layout, households: NDArray[np.int64], recipe: Recipe, rng: np.random.Generator
) -> tuple[pd.DataFrame, NDArray[np.object_], dict[str, NDArray[np.int64]]]:
    """Draw every department's grids.

    Parameters
    ----------
    households
        int[parcel].

    Returns
    -------
    table, shapes, of_parcel
        One row per grid (department, community, sequence, households), its polygon, and per department the row of
        the grid that each parcel lies in (-1: none).
    """
    neighbours = _neighbours(layout)
    middles = shapely.get_coordinates(shapely.centroid(layout.gross))
    rows: list[pd.DataFrame] = []
    shapes: list[NDArray[np.object_]] = []
    of_parcel: dict[str, NDArray[np.int64]] = {}
    start = 0
    for department, aim in zip(recipe.old_grids.departments, recipe.old_grids.households, strict=True):
        label = _grown(layout, households, neighbours, middles, department, aim, recipe.old_grids.spread, rng)
        table, drawn = _drawn(layout, label, households, department)
        of_parcel[department] = np.where(label >= 0, label + start, -1)
        start += len(table)
        rows.append(table)
        shapes.append(drawn)
    return pd.concat(rows, ignore_index=True), np.concatenate(shapes), of_parcel


def _neighbours(layout: Layout) -> list[set[int]]:
    """Return for each parcel those of the same community with which it shares lattice edges."""
    owner = np.full(tuple(np.array(layout.lattice.xy.shape[:2]) - 1), -1)
    for row in layout.parcels.itertuples():
        owner[row.i0 : row.i1, row.j0 : row.j1] = row.Index
    pairs = np.concatenate(
        [
            np.stack([owner[:-1].ravel(), owner[1:].ravel()], 1),
            np.stack([owner[:, :-1].ravel(), owner[:, 1:].ravel()], 1),
        ]
    )
    pairs = np.unique(pairs[(pairs[:, 0] != pairs[:, 1]) & (pairs.min(1) >= 0)], axis=0)
    community = layout.parcels.community.to_numpy()
    found: list[set[int]] = [set() for _ in range(len(layout.parcels))]
    for a, b in pairs[community[pairs[:, 0]] == community[pairs[:, 1]]]:
        found[a].add(int(b))
        found[b].add(int(a))
    return found


def _grown(
    layout: Layout,
    households: NDArray[np.int64],
    neighbours: list[set[int]],
    middles: NDArray[np.float64],
    department: str,
    aim: float,
    spread: float,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Grow grids one after the other from the north-west until each has about the households it aims at."""
    block = layout.parcels.block.to_numpy()
    dear_x, dear_y, dear_block = _COSTS.get(department, (1.0, 1.0, 0.0))
    label = np.full(len(middles), -1)
    # Social workers never covered land without residents.
    free = set(np.flatnonzero(households > 0) if department == "社工" else range(len(middles)))
    order = np.lexsort((middles[:, 0] * dear_x - middles[:, 1] * dear_y, layout.parcels.community))
    count = 0
    for seed in order:
        if seed not in free:
            continue
        wanted = aim * rng.lognormal(-(spread**2) / 2, spread)
        grid, total = [int(seed)], int(households[seed])
        free.discard(int(seed))
        while total < 0.8 * wanted:
            edge = sorted({n for member in grid for n in neighbours[member]} & free)
            if not edge:
                break
            away = np.abs(middles[edge] - middles[seed]) @ np.array([dear_x, dear_y])
            away += dear_block * (block[edge] != block[seed])
            nearest = edge[int(np.argmin(away))]
            if total and total + households[nearest] > 1.5 * wanted:
                break
            grid.append(nearest)
            total += int(households[nearest])
            free.discard(nearest)
        label[grid] = count
        count += 1
    return label


def _drawn(
    layout: Layout, label: NDArray[np.int64], households: NDArray[np.int64], department: str
) -> tuple[pd.DataFrame, NDArray[np.object_]]:
    count = int(label.max()) + 1
    members = [np.flatnonzero(label == grid) for grid in range(count)]
    shapes = np.array([shapely.coverage_union_all(layout.gross[m]) for m in members], dtype=np.object_)
    community = layout.parcels.community.to_numpy()[[m[0] for m in members]]
    inner = shapely.get_coordinates(shapely.point_on_surface(shapes))
    sequence = np.zeros(count, int)
    for seat in np.unique(community):
        inside = community == seat
        sequence[inside] = number_grids(inner[inside])
    table = pd.DataFrame(
        {
            "department": department,
            "community": community,
            "sequence": sequence,
            "households": [int(households[m].sum()) for m in members],
        }
    )
    return table, shapes
