"""Sites: what a gate, a name and a house number belong to (a compound, a village, a school, a market, a park)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely import LineString, MultiLineString
from shapely.ops import substring

from geo.sample.blocks import SIDES, Layout, largest_part
from geo.sample.naming import Namer, distances_along, line_names
from geo.sample.recipe import Recipe

#: Width of a gate in a compound's wall, and compounds with more wall than this have a second gate, metres.
GATE_M = 8.0
SECOND_GATE_M = 480.0
#: A wall stands this far within the compound's land, metres.
WALL_INSET_M = 0.6


@dataclass(frozen=True)
class Sites:
    """All sites of the town.

    Attributes
    ----------
    table
        One row per site: use, name, kind (of compound, or None), community, road, number, address.
    of_parcel
        int[parcel], the site of each parcel.
    shapes, walls, gates
        Polygon of each site, its wall (None without one) and the point of its gate, plan metres.
    line_names
        The name of each line of the layout.
    """

    table: pd.DataFrame
    of_parcel: NDArray[np.int64]
    shapes: NDArray[np.object_]
    walls: NDArray[np.object_]
    gates: NDArray[np.object_]
    line_names: list[str]


def found_sites(
    layout: Layout, uses: NDArray[np.object_], recipe: Recipe, namer: Namer, rng: np.random.Generator
) -> Sites:
    """Group parcels into sites, name them, and put walls with gates around the managed ones."""
    parcels = layout.parcels
    # A village takes its whole block; everything else is one parcel.
    key = np.where(parcels.village, -1 - parcels.block, np.arange(len(parcels)))
    _, first, of_parcel = np.unique(key, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))
    of_parcel, first = order[of_parcel], np.sort(first)
    names = line_names(layout, namer)
    table = pd.DataFrame({"use": uses[first], "community": parcels.community.to_numpy()[first]})
    table["kind"] = _kinds(table.use, rng)
    side = _gate_sides(layout, first, rng)
    line = parcels[list(SIDES)].to_numpy()[first, side]
    table["road"] = [names[index] for index in line]
    table["number"] = _numbers(layout, first, side)
    table["name"] = [_site_name(use, road, namer, rng) for use, road in zip(table.use, table.road, strict=True)]
    table["address"] = [
        f"{recipe.street.address}{road}{number}号{name}"
        for road, number, name in zip(table.road, table.number, table.name, strict=True)
    ]
    shapes = _shapes(layout, table, of_parcel)
    gates, walls = _enclosed(layout, table, shapes, first, side)
    return Sites(table, of_parcel, shapes, walls, gates, names)


def _kinds(uses: pd.Series, rng: np.random.Generator) -> list[str | None]:
    fixed = {
        "tower": "managed",
        "slab_tower": "managed",
        "urban_village": "urban_village",
        "office": "office_park",
        "factory": "office_park",
        "school": "campus",
        "campus": "campus",
    }
    draws = rng.random(len(uses))
    return [
        ("managed" if draw < 0.62 else "open") if use == "walk_up" else fixed.get(use)
        for use, draw in zip(uses, draws, strict=True)
    ]


def _gate_sides(layout: Layout, first: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    kinds = layout.lines.kind.to_numpy()[layout.parcels[list(SIDES)].to_numpy()[first]]
    appeal = {"road": 3.0, "lane": 2.0, "main_road": 1.6, "river": 0.0, "railway": 0.0}
    weights = np.vectorize(appeal.get)(kinds) * rng.uniform(0.7, 1.3, kinds.shape)
    return np.asarray(np.argmax(weights, axis=1))


def _numbers(layout: Layout, first: NDArray[np.int64], side: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number gates along their road, ten metres a number, odd on one side and even on the other."""
    along = distances_along(layout)
    p = layout.parcels.iloc[first]
    i0, i1, j0, j1 = (p[name].to_numpy() for name in ("i0", "i1", "j0", "j1"))
    im, jm = (i0 + i1) // 2, (j0 + j1) // 2
    places = np.select(
        [side == 0, side == 1, side == 2],
        [along["i"][im, j0], along["j"][i1, jm], along["i"][im, j1]],
        along["j"][i0, jm],
    )
    return np.asarray(2 * (places // 10).astype(int) + np.where(np.isin(side, (0, 3)), 2, 1))


def _site_name(use: str, road: str, namer: Namer, rng: np.random.Generator) -> str:
    match use:
        case "tower" | "slab_tower":
            return namer.joined("compound_heads", "tower_tails")
        case "walk_up":
            return namer.stem("dormitories") if rng.random() < 0.12 else namer.joined("compound_heads", "walk_up_tails")
        case "urban_village":
            return namer.stem("villages")
        case "office":
            return namer.joined("office_heads", "office_tails")
        case "factory":
            return namer.joined("factory_heads", "factory_tails")
        case "campus":
            return namer.stem("campus_heads")
        case "school":
            return namer.joined("community_stems", "school_tails")
        case "market":
            return namer.stem("community_stems") + "综合市场"
        case _:
            return namer.joined("road_stems", "park_tails")


def _shapes(layout: Layout, table: pd.DataFrame, of_parcel: NDArray[np.int64]) -> NDArray[np.object_]:
    shapes = np.empty(len(table), dtype=np.object_)
    alone = np.bincount(of_parcel, minlength=len(table))[of_parcel] == 1
    shapes[of_parcel[alone]] = shapely.buffer(layout.net[alone], -WALL_INSET_M, join_style="mitre")
    for site in np.unique(of_parcel[~alone]):
        land = shapely.union_all(layout.net[of_parcel == site])
        # Close the lanes between the parcels of one village.
        shapes[site] = land.buffer(4.0, join_style="mitre").buffer(-4.0, join_style="mitre")
    return np.array([largest_part(shape) for shape in shapes], dtype=np.object_)


def _enclosed(
    layout: Layout,
    table: pd.DataFrame,
    shapes: NDArray[np.object_],
    first: NDArray[np.int64],
    side: NDArray[np.int64],
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    gates, walls = np.empty(len(table), dtype=np.object_), np.full(len(table), None, dtype=np.object_)
    for site, outside in enumerate(_side_middles(layout, first, side)):
        ring = shapes[site].exterior
        at = ring.project(shapely.Point(outside))
        gates[site] = ring.interpolate(at)
        if table.kind.iat[site] in ("managed", "office_park", "campus"):
            walls[site] = _wall(LineString(ring.coords), at)
    return gates, walls


def _side_middles(layout: Layout, first: NDArray[np.int64], side: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the point on the line before each gate, in the middle of its parcel's side."""
    xy, p = layout.lattice.xy, layout.parcels.iloc[first]
    i0, i1, j0, j1 = (p[name].to_numpy() for name in ("i0", "i1", "j0", "j1"))
    im, jm = (i0 + i1) // 2, (j0 + j1) // 2
    return np.stack([xy[im, j0], xy[i1, jm], xy[im, j1], xy[i0, jm]])[side, np.arange(len(side))]


def _wall(ring: LineString, gate: float) -> LineString | MultiLineString:
    length, half = ring.length, GATE_M / 2
    twice = LineString([*ring.coords, *ring.coords[1:]])
    if length < SECOND_GATE_M:
        return substring(twice, gate + half, gate + length - half)
    other = gate + length / 2
    return MultiLineString(
        [substring(twice, gate + half, other - half), substring(twice, other + half, gate + length - half)]
    )
