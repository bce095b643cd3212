"""What buildings are called, the lanes of villages, and addresses down to the building."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.sample.buildings import Built
from geo.sample.naming import letters, numeral
from geo.sample.packing import Frames
from geo.sample.sites import Sites


@dataclass(frozen=True)
class Labels:
    """Names and addresses of buildings, and the lanes between rows of village houses."""

    names: NDArray[np.object_]
    addresses: NDArray[np.object_]
    lane_names: list[str]
    lane_shapes: NDArray[np.object_]


def label(built: Built, sites: Sites, frames: Frames, rng: np.random.Generator) -> Labels:
    """Name buildings within their site: 3栋 in compounds, 三巷5号 in villages, A座 of office blocks."""
    site = sites.of_parcel[built.buildings.parcel]
    use = sites.table.use.to_numpy()[site]
    names = _numbered(built, sites, site, use, rng)
    village = use == "urban_village"
    lane_names: list[str] = []
    lane_shapes: list[shapely.LineString] = []
    for number in np.unique(site[village]):
        rows = np.flatnonzero(site == number)
        houses, lanes, shapes = _village(built.buildings.iloc[rows], str(sites.table.name.iat[number]), frames)
        names[rows] = houses
        lane_names += lanes
        lane_shapes += shapes
    stems = sites.table.address.to_numpy()[site]
    own = names == sites.table.name.to_numpy()[site]
    addresses = np.where(own, stems, stems + names)
    return Labels(names, addresses, lane_names, np.array(lane_shapes, dtype=object))


def _numbered(
    built: Built, sites: Sites, site: NDArray[np.int64], use: NDArray[np.object_], rng: np.random.Generator
) -> NDArray[np.object_]:
    number = pd.Series(site).groupby(site).cumcount().to_numpy()
    total = np.bincount(site, minlength=len(sites.table))[site]
    word = np.where(rng.random(len(sites.table)) < 0.72, "栋", "号楼")[site]
    names = (number + 1).astype(str).astype(object) + word
    names = np.where(use == "office", np.array(letters(number), dtype=object), names)
    names = np.where(use == "factory", (number + 1).astype(str).astype(object) + "号厂房", names)
    alone = (total == 1) & ~np.isin(use, ["tower", "slab_tower", "walk_up", "urban_village"])
    return np.where(alone, sites.table.name.to_numpy()[site], names).astype(object)


def _village(
    houses: pd.DataFrame, village: str, frames: Frames
) -> tuple[NDArray[np.object_], list[str], list[shapely.LineString]]:
    """Number houses along their lanes: each lane runs between two rows, odd numbers on the south side."""
    lane = (houses.row.to_numpy() + 1) // 2
    _, number = np.unique(np.stack([houses.parcel, lane], 1), axis=0, return_inverse=True)
    odd = houses.row.to_numpy() % 2 == 1
    key = number * 2 + odd
    rank = houses.groupby(key).x.rank(method="first").to_numpy().astype(int)
    door = 2 * rank - odd
    names = np.array([f"{numeral(n + 1)}巷{d}号" for n, d in zip(number, door, strict=True)], dtype=object)
    lanes, shapes = [], []
    for lane_number in np.unique(number):
        line = _lane(houses[(number == lane_number) & odd], houses[(number == lane_number) & ~odd], frames)
        if line is not None:
            lanes.append(f"{village}{numeral(int(lane_number) + 1)}巷")
            shapes.append(line)
    return names, lanes, shapes


def _lane(south: pd.DataFrame, north: pd.DataFrame, frames: Frames) -> shapely.LineString | None:
    if south.empty or north.empty:
        return None
    both = pd.concat([south, north])
    y = ((south.y + south.depth / 2).max() + (north.y - north.depth / 2).min()) / 2
    ends = [(both.x - both.width / 2).min(), (both.x + both.width / 2).max()]
    local = np.array([(x, y) for x in np.linspace(ends[0], ends[1], 4)])
    parcel = np.full(len(local), int(both.parcel.iat[0]))
    return shapely.LineString(frames.to_plan(parcel, local))
