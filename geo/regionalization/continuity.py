"""A new plan seen from the plan in force: which grid continues which, and whose households change their grid worker.

A grid worker goes with the grid's code. Each new grid continues at most one old grid and each old grid is continued
by at most one new one, matched so that as many households as possible keep theirs.
"""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Codes = NDArray[np.object_]
#: Columns of ``Community.previous``.
COLUMNS = ["building", "stairwell", "floor_from", "floor_to", "grid", "households"]


def old_grids(atoms: pd.DataFrame, previous: pd.DataFrame | None) -> Codes:
    """Return the code of the grid of the plan in force that each atom is in, None where it does not say.

    A stairwell or a run of floors is where the old plan put it, or else its building; a building that the old plan
    divides is where most of its households are.

    Parameters
    ----------
    atoms
        Columns ``building``, ``stairwell`` (None for all) and, where there are any, ``floor_from`` and ``floor_to``.
    previous
        ``Community.previous``; its ``households``, where there are any, say which part of a building is the largest.
    """
    found = np.full(len(atoms), None, dtype=object)
    if previous is None or previous.empty:
        return found
    parts = ["stairwell", "floor_from", "floor_to"]
    mine = pd.DataFrame({"atom": np.arange(len(atoms)), "building": atoms["building"].to_numpy()})
    mine[parts] = atoms.reindex(columns=parts).to_numpy(dtype=object)
    theirs = previous.reindex(columns=["building", "grid", "households", *parts])
    pairs = mine.merge(theirs, on="building", suffixes=("", "_then"))
    exact = pairs["stairwell"].eq(pairs["stairwell_then"]) & pairs["stairwell"].notna()
    share = _share_of_floors(pairs)
    meet = (exact | pairs["stairwell"].isna() | pairs["stairwell_then"].isna()) & (share > 0)
    weight = pairs["households"].astype(float).fillna(1.0) * share
    pairs = pairs.assign(exact=exact, weight=weight)[meet]
    summed = pairs.groupby(["atom", "exact", "grid"], sort=True)["weight"].sum().reset_index()
    best = summed.sort_values(["exact", "weight"], ascending=False, kind="stable").drop_duplicates("atom")
    found[best["atom"].to_numpy()] = best["grid"].astype(object).to_numpy()
    return found


def by_place(buildings: gpd.GeoDataFrame, grids: gpd.GeoDataFrame) -> pd.DataFrame:
    """Put buildings into the grids that they stand in.

    Parameters
    ----------
    buildings
        Index: key; ``households``.
    grids
        ``code`` and areas, in the CRS of the buildings. On a common border the first by code is taken.

    Returns
    -------
    DataFrame
        :data:`COLUMNS`; only of buildings that stand in a grid.
    """
    grids = grids.sort_values("code", kind="stable").reset_index(drop=True)
    points = gpd.GeoSeries(buildings.geometry.representative_point(), crs=buildings.crs)
    position, grid = grids.sindex.query(points, predicate="intersects")
    first = np.lexsort((grid, position))
    position, unique = np.unique(position[first], return_index=True)
    return pd.DataFrame(
        {
            "building": buildings.index[position].to_numpy(dtype=object),
            "stairwell": None,
            "floor_from": np.nan,
            "floor_to": np.nan,
            "grid": grids["code"].to_numpy(dtype=object)[grid[first][unique]],
            "households": buildings["households"].to_numpy(np.int64)[position],
        }
    )


def divided_before(previous: pd.DataFrame | None, grids: frozenset[str] | None = None) -> frozenset[str]:
    """Return the buildings that the plan in force divides, all or those with a part in one of ``grids``."""
    if previous is None or previous.empty:
        return frozenset()
    parts = previous[previous.duplicated("building", keep=False) | previous["stairwell"].notna()]
    if grids is not None:
        parts = parts[parts["grid"].isin(grids)]
    return frozenset(parts["building"])


def continued(before: Codes, now: NDArray[np.int64], households: NDArray[np.int64]) -> dict[int, str]:
    """Match new grids with old ones one to one so that most households keep their grid.

    Parameters
    ----------
    before
        Code of the old grid per atom, None for unknown.
    now
        New grid per atom.

    Returns
    -------
    dict
        New grid to the code of the old grid that it continues; grids without one are left out.
    """
    known = np.array([code is not None for code in before], bool)
    if not known.any():
        return {}
    old, old_at = np.unique(before[known].astype(str), return_inverse=True)
    new, new_at = np.unique(now[known], return_inverse=True)
    shared = np.zeros((len(new), len(old)))
    # An atom without households still says which grid the ground belongs to, if nothing else does.
    np.add.at(shared, (new_at, old_at), households[known] + 1e-6)
    rows, columns = linear_sum_assignment(shared, maximize=True)
    return {
        int(new[row]): str(old[column]) for row, column in zip(rows, columns, strict=True) if shared[row, column] > 0
    }


def households_between(first: Codes, second: NDArray[np.int64], households: NDArray[np.int64]) -> int:
    """Count the households that two plans put differently: those outside of the best matching of their grids."""
    match = continued(first, second, households)
    same = np.array([match.get(int(grid)) == code for code, grid in zip(first, second, strict=True)], bool)
    return int(households[~same].sum())


def flows(moves: pd.DataFrame) -> list[dict[str, Any]]:
    """List who changes the grid worker: from which old grid to which new one, most households first.

    Parameters
    ----------
    moves
        ``CommunityDraft.moves`` with a column ``code`` of the new grids.
    """
    grouped = moves.groupby(["previous", "code"], sort=True)
    households, buildings = grouped["households"].sum(), grouped["building"].nunique()
    rows: list[dict[str, Any]] = [
        {"from": old, "to": new, "households": int(count), "buildings": int(places)}
        for (old, new), count, places in zip(households.index.tolist(), households, buildings, strict=True)
    ]
    return sorted(rows, key=lambda row: (-row["households"], row["from"], row["to"]))


def _share_of_floors(pairs: pd.DataFrame) -> "pd.Series[float]":
    """The share of an old part's floors that a new part has; 1 where either has all floors."""
    low = pairs[["floor_from", "floor_from_then"]].astype(float)
    high = pairs[["floor_to", "floor_to_then"]].astype(float)
    common = (high.min(axis=1) - low.max(axis=1) + 1).clip(lower=0)
    then = high["floor_to_then"] - low["floor_from_then"] + 1
    share: pd.Series[float] = (common / then).where(low.notna().all(axis=1), 1.0)
    return share
