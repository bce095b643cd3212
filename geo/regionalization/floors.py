"""Floors: how many households live on which, and the runs of whole floors (bands) that a stairwell is cut into."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: Columns of what is known of floors; see :func:`households_by_floor`.
FLOOR_COLUMNS = ["building", "stairwell", "floor", "households", "estimated"]


def no_floors() -> pd.DataFrame:
    """Return the frame of a place where nothing is known of floors."""
    return pd.DataFrame(
        {
            "building": pd.Series(dtype="str"),
            "stairwell": pd.Series(dtype="str"),
            "floor": pd.Series(dtype="int64"),
            "households": pd.Series(dtype="int64"),
            "estimated": pd.Series(dtype="bool"),
        }
    )


def households_by_floor(doors: pd.DataFrame, buildings: pd.DataFrame, stairwells: pd.DataFrame) -> pd.DataFrame:
    """Say how many households live on each floor of each stairwell, or of a building without known stairwells.

    Doors on record are counted. Where they do not tell (none on record, or some without a floor), the declared
    households are shared out evenly over the declared floors and marked as estimated. Where neither is known there
    is no row: floors are never made up.

    Parameters
    ----------
    doors
        ``building``, ``stairwell`` (missing for doors that belong to none), ``floor`` (missing where not on record),
        ``households``: doors that count.
    buildings
        Index: building key; ``households``, ``floors`` (missing where unknown).
    stairwells
        ``building``, ``stairwell``, ``households``, ``floors``: of buildings whose stairwells are all known.

    Returns
    -------
    DataFrame
        :data:`FLOOR_COLUMNS`, by building, stairwell and floor; the floors of a stairwell hold all its households.
    """
    simple = buildings[~buildings.index.isin(stairwells["building"])]
    holders = pd.concat(
        [
            pd.DataFrame(
                {
                    "building": simple.index.to_numpy(),
                    "stairwell": None,
                    "households": simple["households"].to_numpy(),
                    "floors": simple["floors"].to_numpy(dtype=float, na_value=np.nan),
                }
            ),
            pd.DataFrame(
                {
                    "building": stairwells["building"].to_numpy(),
                    "stairwell": stairwells["stairwell"].to_numpy(),
                    "households": stairwells["households"].to_numpy(),
                    "floors": stairwells["floors"].to_numpy(dtype=float, na_value=np.nan),
                }
            ),
        ],
        ignore_index=True,
    )
    holders = holders[holders["households"] > 0]
    holders.index = pd.Index(part_keys(holders))
    counted = _counted(doors, holders, set(stairwells["building"]))
    told = pd.Index(part_keys(counted), dtype=object).unique()
    estimated = _shared_out(holders[(told.get_indexer(holders.index) < 0) & (holders["floors"] >= 1)])
    parts = [part for part in (counted, estimated) if len(part)]
    if not parts:
        return no_floors()
    found = pd.concat(parts, ignore_index=True)
    order = np.lexsort((found["floor"], part_keys(found), found["building"]))
    return found.iloc[order].reset_index(drop=True)


def part_keys(parts: pd.DataFrame) -> NDArray[np.object_]:
    """Return what names a row of ``building`` and ``stairwell``: the stairwell, or the building where it has none."""
    stairwell = parts["stairwell"].to_numpy(dtype=object)
    return np.asarray(np.where(pd.isna(stairwell), parts["building"].to_numpy(dtype=object), stairwell), dtype=object)


@dataclass(frozen=True)
class Bands:
    """Runs of consecutive floors of one stairwell, from the lowest up; they follow each other without a gap.

    Attributes
    ----------
    lowest, highest
        int[n], the first and last floor of each; floors that have no household included.
    households
        int[n].
    estimated
        bool[n], whether the households were shared out evenly over the floors.
    """

    lowest: NDArray[np.int64]
    highest: NDArray[np.int64]
    households: NDArray[np.int64]
    estimated: NDArray[np.bool_]


def cut_into_bands(
    floor: NDArray[np.int64], households: NDArray[np.int64], estimated: NDArray[np.bool_], most: int
) -> Bands:
    """Cut the floors of one stairwell into bands of at most ``most`` households.

    A floor with more is a band of its own. Floors without households belong to the band below, the lowest ones to
    the band above.

    Parameters
    ----------
    floor, households, estimated
        Of each floor, in any order.
    """
    order = np.argsort(floor, kind="stable")
    starts, held = [0], 0
    for position, count in enumerate(households[order].tolist()):
        if held and count and held + count > most:
            starts.append(position)
            held = 0
        held += count
    return _bands(floor[order], households[order], estimated[order], starts)


def cut_in_range(
    floor: NDArray[np.int64], households: NDArray[np.int64], estimated: NDArray[np.bool_], lower: int, upper: int
) -> Bands | None:
    """Cut the floors of one stairwell into bands of ``lower`` to ``upper`` households each, as even as can be.

    Parameters
    ----------
    floor, households, estimated
        Of each floor, in any order.

    Returns
    -------
    Bands | None
        Of all such cuts one whose bands are nearest to the middle of the range (least squares); None where there is
        none.
    """
    order = np.argsort(floor, kind="stable")
    below = np.concatenate([[0], np.cumsum(households[order])]).tolist()
    cheapest: list[float] = [0.0] + [np.inf] * len(order)
    came_from = [0] * (len(order) + 1)
    for end in range(1, len(order) + 1):
        for start in range(end - 1, -1, -1):
            held = below[end] - below[start]
            if held > upper:
                break
            price = cheapest[start] + (2 * held - lower - upper) ** 2
            if held >= lower and price < cheapest[end]:
                cheapest[end], came_from[end] = price, start
    if not np.isfinite(cheapest[-1]):
        return None
    starts, end = [], len(order)
    while end:
        end = came_from[end]
        starts.append(end)
    return _bands(floor[order], households[order], estimated[order], starts[::-1])


def _bands(
    floor: NDArray[np.int64], households: NDArray[np.int64], estimated: NDArray[np.bool_], starts: list[int]
) -> Bands:
    """Bands of floors from the lowest up that begin at these positions."""
    lowest = floor[starts]
    highest = np.append(lowest[1:] - 1, floor[-1])
    return Bands(
        lowest=lowest,
        # There is no floor 0: below the first one is the basement, -1.
        highest=np.where(highest == 0, -1, highest),
        households=np.add.reduceat(households, starts),
        estimated=np.logical_or.reduceat(estimated, starts),
    )


def _counted(doors: pd.DataFrame, holders: pd.DataFrame, with_stairwells: set[object]) -> pd.DataFrame:
    """The floors of those whose doors all have one."""
    stairwell = doors["stairwell"].to_numpy(dtype=object, copy=True)
    stairwell[~doors["building"].isin(with_stairwells).to_numpy()] = None
    key = np.where(pd.isna(stairwell), doors["building"].to_numpy(dtype=object), stairwell)
    # By number, not by name: a street has tens of thousands of rows.
    holder = holders.index.get_indexer(pd.Index(key, dtype=object))
    known = pd.DataFrame({"holder": holder, "floor": doors["floor"], "households": doors["households"].to_numpy()})
    known = known[(holder >= 0) & known["floor"].notna().to_numpy(bool)]
    held = known.groupby("holder")["households"].sum()
    complete = held.index[held.to_numpy() == holders["households"].to_numpy()[held.index]]
    known = known[known["holder"].isin(complete)]
    summed = known.groupby(["holder", "floor"], sort=True)["households"].sum().reset_index()
    owners = holders.iloc[summed["holder"]]
    return pd.DataFrame(
        {
            "building": owners["building"].to_numpy(),
            "stairwell": owners["stairwell"].to_numpy(),
            "floor": summed["floor"].to_numpy(np.int64),
            "households": summed["households"].to_numpy(np.int64),
            "estimated": False,
        }
    )


def _shared_out(holders: pd.DataFrame) -> pd.DataFrame:
    """Each holder's households in equal parts on its floors, the first floor up; what is left over spread evenly."""
    floors = holders["floors"].to_numpy(np.int64)
    row = np.repeat(np.arange(len(holders)), floors)
    floor = np.arange(len(row)) - np.repeat(np.cumsum(floors) - floors, floors) + 1
    total = holders["households"].to_numpy(np.int64)[row]
    each = (total * floor) // floors[row] - (total * (floor - 1)) // floors[row]
    return pd.DataFrame(
        {
            "building": holders["building"].to_numpy()[row],
            "stairwell": holders["stairwell"].to_numpy()[row],
            "floor": floor,
            "households": each,
            "estimated": True,
        }
    )
