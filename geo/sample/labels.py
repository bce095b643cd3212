"""What buildings are called, the lanes of villages, and addresses down to the building."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.sample.blocks import Layout
from geo.sample.buildings import Built
from geo.sample.naming import letters, numeral
from geo.sample.packing import Frames
from geo.sample.sites import Sites

#: No road between parcels is wider than this, metres.
BEYOND_M = 60.0


@dataclass(frozen=True)
class Labels:
    """Names and addresses of buildings, and the lanes between rows of village houses."""

    names: NDArray[np.object_]
    addresses: NDArray[np.object_]
    lane_names: list[str]
    lane_shapes: NDArray[np.object_]


def label(built: Built, sites: Sites, layout: Layout, frames: Frames, rng: np.random.Generator) -> Labels:
    """Name buildings within their site: 3栋 in compounds, 三巷5号 in villages, A座 of office blocks."""
    site = sites.of_parcel[built.buildings.parcel]
    use = sites.table.use.to_numpy()[site]
    names = _numbered(built, sites, site, use, rng)
    village = use == "urban_village"
    lane_names: list[str] = []
    lane_shapes: list[shapely.LineString] = []
    for number in np.unique(site[village]):
        rows = np.flatnonzero(site == number)
        houses, lanes, shapes = _village(built.buildings.iloc[rows], str(sites.table.name.iat[number]), layout, frames)
        names[rows] = houses
        lane_names += lanes
        lane_shapes += shapes
    stems = sites.table.address.to_numpy()[site]
    own = names == sites.table.name.to_numpy()[site]
    addresses = np.where(own, stems, stems + names)
    return Labels(names, addresses, lane_names, np.array(lane_shapes, dtype=np.object_))


def _numbered(
    built: Built, sites: Sites, site: NDArray[np.int64], use: NDArray[np.object_], rng: np.random.Generator
) -> NDArray[np.object_]:
    number = pd.Series(site).groupby(site).cumcount().to_numpy()
    total = np.bincount(site, minlength=len(sites.table))[site]
    word = np.where(rng.random(len(sites.table)) < 0.72, "栋", "号楼")[site]
    names = (number + 1).astype(str).astype(object) + word
    names = np.where(use == "office", np.array(letters(number.tolist()), dtype=np.object_), names)
    names = np.where(use == "factory", (number + 1).astype(str).astype(object) + "号厂房", names)
    alone = (total == 1) & ~np.isin(use, ["tower", "slab_tower", "walk_up", "urban_village"])
    return np.where(alone, sites.table.name.to_numpy()[site], names).astype(object)


def _village(
    houses: pd.DataFrame, village: str, layout: Layout, frames: Frames
) -> tuple[NDArray[np.object_], list[str], list[shapely.LineString]]:
    """Number houses along their lanes: each lane runs between two rows, odd numbers on the south side."""
    row, parcel = houses.row.to_numpy(), houses.parcel.to_numpy(dtype=np.int64)
    x, y, width, depth = houses[["x", "y", "width", "depth"]].to_numpy().T
    _, number = np.unique(np.stack([parcel, (row + 1) // 2], 1), axis=0, return_inverse=True)
    odd = row % 2 == 1
    # Houses come row by row and west to east, so that their rank on their side of a lane is their running number.
    rank = pd.Series(number * 2 + odd).groupby(number * 2 + odd).cumcount().to_numpy() + 1
    door = 2 * rank - odd
    lane_names = [numeral(n + 1) + "巷" for n in range(int(number.max()) + 1)]
    names = np.array([f"{lane_names[n]}{d}号" for n, d in zip(number, door, strict=True)], dtype=np.object_)
    # A lane is a line of its own where it has houses on both sides.
    count = len(lane_names)
    south_edge, north_edge = np.full(count, -np.inf), np.full(count, np.inf)
    west, east = np.full(count, np.inf), np.full(count, -np.inf)
    np.maximum.at(south_edge, number[odd], (y + depth / 2)[odd])
    np.minimum.at(north_edge, number[~odd], (y - depth / 2)[~odd])
    np.minimum.at(west, number, x - width / 2)
    np.maximum.at(east, number, x + width / 2)
    own = np.flatnonzero(np.isfinite(south_edge) & np.isfinite(north_edge))
    # Far enough to reach the middle of the road on either side, where the parcel ends.
    along = np.stack([west[own] - BEYOND_M, west[own], east[own], east[own] + BEYOND_M], axis=1)
    across = np.repeat(((south_edge + north_edge) / 2)[own][:, None], 4, axis=1)
    first = np.unique(number, return_index=True)[1][own]
    ground = np.repeat(parcel[first][:, None], 4, axis=1)
    lines = shapely.linestrings(frames.to_plan(ground, np.stack([along, across], axis=-1)))
    lines = shapely.intersection(lines, layout.gross[ground[:, 0]])
    return names, [village + lane_names[n] for n in own], list(lines)
