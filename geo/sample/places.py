"""Places that are inspected: shops and workshops, rentals, single flats, lifts, schools."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.sample.bodies import Bodies
from geo.sample.buildings import Built
from geo.sample.doors import Doors
from geo.sample.labels import Labels
from geo.sample.naming import Namer
from geo.sample.packing import Frames
from geo.sample.sites import Sites

#: Shares of ground-floor premises: small shops, workshops, entertainment (project choice).
PREMISES = (
    ("small_shop", "shops", 0.86),
    ("small_workshop", "workshops", 0.1),
    ("small_entertainment", "entertainments", 0.04),
)
#: One lift for about this many floors times doors.
DOORS_PER_LIFT = 80
#: Share of village houses that are run as single-person flats.
FLATS = 0.14
#: Shapes with open ground on their middle axis: what is in them is put at an inner point.
_HOLLOW = ("ell", "wings", "cup")


@dataclass(frozen=True)
class Places:
    """One row per place, and its point in plan metres.

    ``table`` has kind, name, address, building, unit (row of ``Doors.table`` or -1), body (row of ``Bodies.table`` or
    -1), share (how far along its building's front, or missing) and shop (a shop, which is a body of its own).
    """

    table: pd.DataFrame
    points: NDArray[np.object_]


def open_places(
    built: Built,
    doors: Doors,
    labels: Labels,
    sites: Sites,
    bodies: Bodies,
    frames: Frames,
    namer: Namer,
    rng: np.random.Generator,
) -> Places:
    """List the places of the town in the order of their buildings."""
    inner = shapely.point_on_surface(built.shapes)
    tables = [_premises(built, doors, labels, namer, rng), _rentals(built, doors, labels, sites, bodies, namer, rng)]
    tables += [_lifts(built, labels, sites, bodies), _institutions(built, labels, sites, bodies)]
    table = pd.concat(tables, ignore_index=True).sort_values("building", kind="stable", ignore_index=True)
    points = inner[table.building.to_numpy()]
    points = np.where(table.share.notna(), _along_building(built, table, frames), points)
    return Places(table, points)


def _along_building(built: Built, table: pd.DataFrame, frames: Frames) -> NDArray[np.object_]:
    rows = built.buildings.iloc[table.building]
    local = rows[["x", "y"]].to_numpy(dtype=float, copy=True)
    local[:, 0] += (table.share.fillna(0.5).to_numpy() - 0.5) * 0.92 * rows.width.to_numpy()
    points = shapely.points(frames.to_plan(rows.parcel.to_numpy(), local))
    hollow = rows["shape"].isin(_HOLLOW).to_numpy()
    inner = shapely.point_on_surface(built.shapes)[table.building.to_numpy()]
    return np.asarray(np.where(hollow, inner, points))


def _table(**columns: object) -> pd.DataFrame:
    frame = pd.DataFrame({"unit": -1, "body": -1, "share": np.nan, "shop": False, **columns})
    return frame[["kind", "name", "address", "building", "unit", "body", "share", "shop"]]


def _premises(built: Built, doors: Doors, labels: Labels, namer: Namer, rng: np.random.Generator) -> pd.DataFrame:
    unit = np.flatnonzero(doors.table.kind == "shop")
    building = doors.table.building.to_numpy()[unit]
    pick = rng.choice(len(PREMISES), len(unit), p=[share for _, _, share in PREMISES])
    heads = rng.choice(namer.words["shop_heads"], len(unit))
    names = np.empty(len(unit), dtype=np.object_)
    for row, (_, words, _) in enumerate(PREMISES):
        chosen = pick == row
        names[chosen] = rng.choice(namer.words[words], int(chosen.sum()))
    number = doors.table.door.to_numpy()[unit] - 900
    total = built.buildings.shops.to_numpy()[building]
    return _table(
        kind=np.array([kind for kind, _, _ in PREMISES], dtype=np.object_)[pick],
        name=heads.astype(object) + names,
        address=labels.addresses[building],
        building=building,
        unit=unit,
        share=(number - 0.5) / np.maximum(total, 1),
        shop=True,
    )


def _rentals(
    built: Built,
    doors: Doors,
    labels: Labels,
    sites: Sites,
    bodies: Bodies,
    namer: Namer,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Village houses that are let, each one place; some run as flats; and one place per let door elsewhere."""
    buildings = built.buildings
    let = np.bincount(doors.table.building[doors.table.kind == "rental"], minlength=len(buildings))
    house = np.flatnonzero((buildings.use == "urban_village") & (let > 0))
    flats = rng.random(len(house)) < FLATS
    site = sites.of_parcel[buildings.parcel.to_numpy()[house]]
    heads = rng.choice(namer.words["compound_heads"], len(house)).astype(object)
    tails = rng.choice(namer.words["flat_tails"], len(house)).astype(object)
    village = sites.table.name.to_numpy()[site]
    return _table(
        kind=np.where(flats, "single_flats", "rental"),
        name=np.where(flats, _apart(heads, tails, flats, namer), village + labels.names[house] + "出租屋"),
        address=labels.addresses[house],
        building=house,
        body=bodies.of_site[site],
    )


def _apart(
    heads: NDArray[np.object_], tails: NDArray[np.object_], flats: NDArray[np.bool_], namer: Namer
) -> NDArray[np.object_]:
    """Return names of which flats have each another, as shop signs in one street do; while the words last."""
    free = {tail: dict.fromkeys(namer.words["compound_heads"]) for tail in namer.words["flat_tails"]}
    for number in np.flatnonzero(flats):
        left = free[tails[number]]
        # The next free word of the list, not one drawn anew: all else in the town stays as it is.
        heads[number] = heads[number] if heads[number] in left or not left else next(iter(left))
        left.pop(heads[number], None)
    return np.asarray(heads + tails)


def _lifts(built: Built, labels: Labels, sites: Sites, bodies: Bodies) -> pd.DataFrame:
    buildings = built.buildings
    sections = np.maximum(buildings.stairwells, 1)
    wanted = np.ceil(buildings.floors * np.maximum(buildings.doors, 1) / DOORS_PER_LIFT)
    count = np.where(buildings.floors > 8, np.clip(wanted, 1, 3) * sections, 0).astype(int)
    building = np.repeat(np.arange(len(buildings)), count)
    number = np.arange(len(building)) - np.repeat(np.cumsum(count) - count, count) + 1
    site = sites.of_parcel[buildings.parcel.to_numpy()[building]]
    name = labels.names[building]
    stem = np.where(name == sites.table.name.to_numpy()[site], "", sites.table.name.to_numpy()[site]) + name
    return _table(
        kind="special_equipment",
        name=stem + number.astype(str).astype(object) + "号电梯",
        address=labels.addresses[building],
        building=building,
        body=bodies.of_site[site],
    )


def _institutions(built: Built, labels: Labels, sites: Sites, bodies: Bodies) -> pd.DataFrame:
    buildings = built.buildings
    site = sites.of_parcel[buildings.parcel]
    first = ~pd.Series(site).duplicated().to_numpy() & buildings.use.isin(["school", "office"]).to_numpy()
    building = np.flatnonzero(first)
    return _table(
        kind=buildings.use.to_numpy()[building],
        name=sites.table.name.to_numpy()[site[building]],
        address=sites.table.address.to_numpy()[site[building]],
        building=building,
        body=bodies.of_site[site[building]],
    )
