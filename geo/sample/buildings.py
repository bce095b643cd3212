"""Buildings and stairwells: shapes, floors, doors; households follow from the doors."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.sample.blocks import SIDES, Layout
from geo.sample.outlines import most_stairwells, outline
from geo.sample.packing import Frames, pack
from geo.sample.recipe import Recipe
from geo.sample.uses import DWELLING, assign_uses, densified

#: How often land is turned to denser use before a community is left short of households.
ROUNDS = 3
ORDER = ("factory", "market", "school", "campus", "office", "slab_tower", "tower", "walk_up", "urban_village")
NEXT = {"factory": "office", "school": "campus", "slab_tower": "tower", "tower": "walk_up"}
#: Shapes a kind of building takes, each with its weight.
SHAPES = {
    "tower": (("point", 0.4), ("cross", 0.28), ("wings", 0.2), ("ell", 0.12)),
    "slab_tower": (("comb", 1.0),),
    "walk_up": (("slab", 0.8), ("comb", 0.2)),
    "urban_village": (("plain", 1.0),),
    "office": (("plain", 0.5), ("ell", 0.25), ("point", 0.25)),
    "factory": (("plain", 0.7), ("ell", 0.3)),
    "school": (("plain", 0.45), ("cup", 0.3), ("ell", 0.25)),
    "campus": (("plain", 0.5), ("ell", 0.3), ("cup", 0.2)),
    "market": (("plain", 1.0),),
}


@dataclass(frozen=True)
class Built:
    """What stands on the parcels.

    Attributes
    ----------
    buildings
        One row per building: parcel, use, kind, row, order, x, y, width, depth, shape, stairwells, floors, doors
        (per floor and stairwell), shops (doors on the ground floor), frontage (number of the line it faces, or -1).
    shapes
        Its polygon in plan metres.
    stairwell_building, stairwell_shapes
        Per stairwell its building's row and its polygon; they are a coverage of the building. Buildings that
        nobody lives in and village houses have none.
    """

    buildings: pd.DataFrame
    shapes: NDArray[np.object_]
    stairwell_building: NDArray[np.int64]
    stairwell_shapes: NDArray[np.object_]


def build(
    layout: Layout, frames: Frames, targets: NDArray[np.float64], recipe: Recipe, rng: np.random.Generator
) -> tuple[NDArray[np.object_], Built]:
    """Give parcels uses and put buildings on them until communities have about their households.

    Returns
    -------
    uses, built
        The use of each parcel and what stands there.
    """
    uses = assign_uses(layout, targets, recipe, rng)
    communities = layout.parcels.community.to_numpy()
    area_ha = shapely.area(layout.net) / 1e4
    buildings = _placed_on(layout, frames, uses, targets, recipe, rng)
    for _ in range(ROUNDS):
        households = _expected_households(buildings, recipe)
        reached = np.bincount(communities[buildings.parcel], households, minlength=len(targets))
        denser = densified(uses, communities, area_ha, targets - reached, recipe)
        if (denser == uses).all():
            break
        uses = denser
        buildings = _placed_on(layout, frames, uses, targets, recipe, rng)
    shapes, owner, stairwells = _drawn(buildings, frames)
    return uses, Built(buildings, shapes, owner, stairwells)


def _placed_on(
    layout: Layout,
    frames: Frames,
    uses: NDArray[np.object_],
    targets: NDArray[np.float64],
    recipe: Recipe,
    rng: np.random.Generator,
) -> pd.DataFrame:
    parts = []
    # In this order whatever does not fit a parcel is tried as the next, smaller kind; what fits nowhere is a park.
    for use in ORDER:
        members = np.flatnonzero(uses == use)
        rectangles = pack(layout, frames, members, recipe.footprints[use], rng)
        uses[members[~np.isin(members, rectangles.parcel)]] = NEXT.get(use, "park")
        if len(rectangles):
            parts.append(_dimensioned(rectangles, use, recipe, rng))
    buildings = pd.concat(parts, ignore_index=True)
    buildings = buildings.sort_values(["parcel", "row", "order"], kind="stable", ignore_index=True)
    buildings = _thinned(buildings)
    buildings["frontage"] = _frontages(buildings, frames, layout)
    buildings["shops"] = _shops(buildings, recipe, rng)
    communities = layout.parcels.community.to_numpy()[buildings.parcel]
    buildings["floors"] = _raised(buildings, communities, targets, recipe)
    return buildings


def _expected_households(buildings: pd.DataFrame, recipe: Recipe) -> NDArray[np.float64]:
    vacant = buildings.use.map(recipe.units.vacant).fillna(0.0).to_numpy(dtype=float)
    return dwelling_doors(buildings) * (1 - vacant)


def _dimensioned(rectangles: pd.DataFrame, use: str, recipe: Recipe, rng: np.random.Generator) -> pd.DataFrame:
    size = recipe.footprints[use]
    count = len(rectangles)
    names, weights = zip(*SHAPES[use], strict=True)
    # One developer, one shape: buildings of a parcel mostly look alike.
    by_parcel = rng.choice(len(names), int(rectangles.parcel.max()) + 1, p=np.array(weights))
    own = rng.choice(len(names), count, p=np.array(weights))
    pick = np.where(rng.random(count) < 0.8, by_parcel[rectangles.parcel], own)
    shape = np.array(names, dtype=np.object_)[pick]
    shape[(shape == "comb") & (use == "walk_up") & (rectangles.width < 30)] = "slab"
    low, high = size.floors
    base = rng.integers(low, high + 1, int(rectangles.parcel.max()) + 1)[rectangles.parcel]
    doors = rng.integers(size.doors[0], size.doors[1] + 1, int(rectangles.parcel.max()) + 1)[rectangles.parcel]
    if size.stairwell_width:
        stairwells = np.maximum(np.round(rectangles.width / size.stairwell_width), 1).astype(int)
    elif use == "tower":
        wanted = 1 + rng.choice(3, count, p=[0.7, 0.2, 0.1])
        stairwells = np.array([min(n, most_stairwells(s)) for n, s in zip(wanted, shape, strict=True)])
        doors = np.where(stairwells > 1, np.maximum(doors // stairwells, 3), doors)
    else:
        stairwells = np.zeros(count, int)
    if use == "urban_village":
        base = rng.integers(low, high + 1, count)
        doors = rng.choice([1, 2], count, p=[0.45, 0.55])
    floors = np.clip(base + rng.integers(-2, 3, count) * (high > 10), low, high)
    return rectangles.assign(use=use, kind=size.kind, shape=shape, stairwells=stairwells, floors=floors, doors=doors)


def _thinned(buildings: pd.DataFrame) -> pd.DataFrame:
    """Leave the sports ground of schools and the yard of campuses and markets free."""
    last = buildings.groupby("parcel").row.transform("max")
    ground = buildings.use.isin(["school", "campus"]) & (buildings.row < (last + 1) // 2) & (last > 0)
    second_hall = (buildings.use == "market") & (buildings.groupby("parcel").cumcount() > 0)
    return buildings[~(ground | second_hall)].reset_index(drop=True)


def _drawn(
    buildings: pd.DataFrame, frames: Frames
) -> tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.object_]]:
    shapes = np.empty(len(buildings), dtype=np.object_)
    owners: list[NDArray[np.int64]] = []
    sections: list[NDArray[np.object_]] = []
    groups: dict[Any, Any] = buildings.groupby(["shape", "stairwells"], sort=True).indices
    for (shape, count), rows in groups.items():
        drawn = outline(shape, max(count, 1))
        shapes[rows] = shapely.polygons(_placed(drawn.ring, buildings, rows, frames))
        if count:
            for ring in drawn.stairwells:
                owners.append(rows)
                sections.append(shapely.polygons(_placed(ring, buildings, rows, frames)))
    if not owners:
        return shapes, np.zeros(0, np.int64), np.zeros(0, dtype=np.object_)
    owner, section = np.concatenate(owners), np.concatenate(sections)
    order = np.argsort(owner, kind="stable")
    return shapes, owner[order], section[order]


def _placed(
    ring: NDArray[np.float64], buildings: pd.DataFrame, rows: NDArray[np.int64], frames: Frames
) -> NDArray[np.float64]:
    part = buildings.iloc[rows]
    middle = part[["x", "y"]].to_numpy()
    size = part[["width", "depth"]].to_numpy()
    local = middle[:, None, :] + ring[None, :, :] * size[:, None, :]
    parcel = np.repeat(part.parcel.to_numpy()[:, None], len(ring), axis=1)
    return frames.to_plan(parcel, local)


def _frontages(buildings: pd.DataFrame, frames: Frames, layout: Layout) -> NDArray[np.int64]:
    """Return the road that each building stands on, or -1: the nearest road within 32 m of its parcel's sides."""
    local = buildings[["x", "y"]].to_numpy()
    parcel = buildings.parcel.to_numpy()
    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    size = buildings[["width", "depth"]].to_numpy()
    rings = local[:, None] + corners[None] * size[:, None]
    shapes = shapely.polygons(frames.to_plan(np.repeat(parcel[:, None], 4, axis=1), rings))
    nearest = np.full(len(buildings), 32.0)
    result = np.full(len(buildings), -1)
    kinds = layout.lines.kind.to_numpy()
    for side in SIDES:
        line = layout.parcels[side].to_numpy()[buildings.parcel]
        distance = shapely.distance(shapes, layout.line_shapes[line])
        closer = (distance < nearest) & np.isin(kinds[line], ["road", "main_road"])
        nearest = np.where(closer, distance, nearest)
        result = np.where(closer, line, result)
    return result


def _shops(buildings: pd.DataFrame, recipe: Recipe, rng: np.random.Generator) -> NDArray[np.int64]:
    on_road = (buildings.frontage >= 0).to_numpy()
    width = buildings.use.map(recipe.units.shop_width_m).fillna(np.inf).to_numpy(dtype=float)
    share = buildings.use.map(recipe.units.shop_share).fillna(0.0).to_numpy(dtype=float)
    open_front = on_road & (rng.random(len(buildings)) < share)
    return np.where(open_front, np.maximum(np.floor(buildings.width / width), 1), 0).astype(int)


def dwelling_doors(buildings: pd.DataFrame) -> NDArray[np.int64]:
    """Count the doors above the shops, vacant ones too."""
    lived_in = buildings.use.isin(DWELLING).to_numpy()
    floors = buildings.floors.to_numpy() - (buildings.shops.to_numpy() > 0)
    return np.where(lived_in, floors * buildings.doors * np.maximum(buildings.stairwells, 1), 0).astype(int)


def _raised(
    buildings: pd.DataFrame, communities: NDArray[np.int64], targets: NDArray[np.float64], recipe: Recipe
) -> NDArray[np.int64]:
    """Raise or lower towers, within what towers are, until a community has its households."""
    floors = buildings.floors.to_numpy().copy()
    towers = buildings.use.isin(["tower", "slab_tower"]).to_numpy()
    vacant = buildings.use.map(recipe.units.vacant).fillna(0.0).to_numpy(dtype=float)
    low, high = recipe.footprints["tower"].floors
    for _ in range(4):
        households = dwelling_doors(buildings.assign(floors=floors)) * (1 - vacant)
        by_towers = np.bincount(communities, households * towers, minlength=len(targets))
        others = np.bincount(communities, households * ~towers, minlength=len(targets))
        factor = np.divide(targets - others, by_towers, out=np.ones(len(targets)), where=by_towers > 0)
        wanted = np.clip(np.round(floors * factor[communities]), low, high)
        floors = np.where(towers, wanted, floors).astype(int)
    return floors
