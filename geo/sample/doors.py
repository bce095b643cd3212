"""Household units: the doors behind each stairwell, what is behind each door, and the counts that follow."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.sample.buildings import Built
from geo.sample.recipe import Recipe
from geo.sample.uses import DWELLING
from geo.territory.dictionaries import dictionary

#: Doors of ground-floor shops are numbered from here in the house code, clear of the doors behind stairwells.
SHOP_DOOR = 900


@dataclass(frozen=True)
class Doors:
    """Every door of the town.

    Attributes
    ----------
    table
        One row per door: building, stairwell (row of ``Built.stairwell_shapes`` or -1), section (number of the
        stairwell in its building, 0 without), floor, door (number on its floor and stairwell), kind.
    by_building, by_stairwell
        Households counted, int per building and per stairwell.
    """

    table: pd.DataFrame
    by_building: NDArray[np.int64]
    by_stairwell: NDArray[np.int64]


def open_doors(built: Built, recipe: Recipe, rng: np.random.Generator) -> Doors:
    """Put doors on every floor and say what is behind each."""
    table = pd.concat([_dwellings(built, recipe, rng), _shops(built), _offices(built)], ignore_index=True)
    table = table.sort_values(["building", "section", "floor", "door"], kind="stable", ignore_index=True)
    entries = dictionary("unit_kinds").entries
    counts = table.kind.map({code: bool(entry.extra["counts"]) for code, entry in entries.items()}).to_numpy()
    households = table[counts]
    by_building = np.bincount(households.building, minlength=len(built.buildings))
    behind = households.stairwell.to_numpy()
    by_stairwell = np.bincount(behind[behind >= 0], minlength=len(built.stairwell_shapes))
    return Doors(table, by_building, by_stairwell)


def _dwellings(built: Built, recipe: Recipe, rng: np.random.Generator) -> pd.DataFrame:
    buildings = built.buildings
    plain = np.flatnonzero(buildings.use.isin(DWELLING) & (buildings.stairwells == 0))
    building = np.concatenate([built.stairwell_building, plain])
    stairwell = np.concatenate([np.arange(len(built.stairwell_building)), np.full(len(plain), -1)])
    starts = np.searchsorted(built.stairwell_building, built.stairwell_building)
    section = np.concatenate([np.arange(len(starts)) - starts + 1, np.zeros(len(plain), int)])
    lowest = 1 + (buildings.shops.to_numpy()[building] > 0)
    on_floor = buildings.doors.to_numpy()[building]
    count = np.maximum(buildings.floors.to_numpy()[building] - lowest + 1, 0) * on_floor
    row = np.repeat(np.arange(len(building)), count)
    number = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    use = buildings.use.to_numpy()[building[row]]
    return pd.DataFrame(
        {
            "building": building[row],
            "stairwell": stairwell[row],
            "section": section[row],
            "floor": lowest[row] + number // on_floor[row],
            "door": number % on_floor[row] + 1,
            "kind": _kinds(use, recipe, rng),
        }
    )


def _kinds(use: NDArray[np.object_], recipe: Recipe, rng: np.random.Generator) -> NDArray[np.object_]:
    draw = rng.random(len(use))
    vacant, let = np.zeros(len(use)), np.zeros(len(use))
    for name in DWELLING:
        vacant[use == name] = recipe.units.vacant[name]
        let[use == name] = recipe.units.rental[name]
    kinds = np.full(len(use), "home", dtype=np.object_)
    kinds[draw < vacant + (1 - vacant) * let] = "rental"
    kinds[draw < vacant] = "vacant"
    return kinds


def _shops(built: Built) -> pd.DataFrame:
    return _whole_floors(built, built.buildings.shops.to_numpy(), 1, SHOP_DOOR, "shop")


def _offices(built: Built) -> pd.DataFrame:
    buildings = built.buildings
    doors = np.where(buildings.use == "office", buildings.doors, 0)
    return _whole_floors(built, doors, buildings.floors.to_numpy(), 0, "office")


def _whole_floors(
    built: Built, doors: NDArray[np.int64], floors: NDArray[np.int64] | int, first: int, kind: str
) -> pd.DataFrame:
    """Doors that belong to no stairwell: ``doors`` on each of the ``floors`` from the ground up."""
    count = doors * floors
    building = np.repeat(np.arange(len(doors)), count)
    number = np.arange(len(building)) - np.repeat(np.cumsum(count) - count, count)
    on_floor = doors[building]
    return pd.DataFrame(
        {
            "building": building,
            "stairwell": np.full(len(building), -1),
            "section": np.zeros(len(building), int),
            "floor": 1 + number // np.maximum(on_floor, 1),
            "door": first + number % np.maximum(on_floor, 1) + 1,
            "kind": np.full(len(building), kind, dtype=np.object_),
        }
    )
