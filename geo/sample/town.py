"""A whole sub-district from a seed."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.sample.blocks import Layout, lay_out
from geo.sample.bodies import Bodies, found_bodies
from geo.sample.buildings import Built, build
from geo.sample.doors import Doors, open_doors
from geo.sample.elements import place_elements
from geo.sample.frames import frame, looked_up, sequence_codes
from geo.sample.labels import Labels, label
from geo.sample.lattice import bend
from geo.sample.naming import Namer
from geo.sample.oldgrids import FIRST_SEQUENCE, old_grids
from geo.sample.packing import Frames, parcel_frames
from geo.sample.places import Places, open_places
from geo.sample.recipe import Recipe, load_recipe
from geo.sample.sites import Sites, found_sites
from geo.sample.staff import hire
from geo.sample.uses import household_targets
from geo.territory import codes

Frames_ = dict[str, gpd.GeoDataFrame]


@dataclass(frozen=True)
class _Town:
    """All that is known of a town before it becomes frames."""

    recipe: Recipe
    layout: Layout
    frames: Frames
    built: Built
    doors: Doors
    sites: Sites
    labels: Labels
    bodies: Bodies
    places: Places
    namer: Namer
    community_names: list[str]


def generate_town(seed: int = 7, *, recipe: Recipe | None = None, units: bool = True) -> Frames_:
    """Make a fictional sub-district.

    Parameters
    ----------
    seed
        The same seed and recipe give the same frames, byte for byte.
    recipe
        Sizes and proportions; None takes ``data/sample``.
    units
        False leaves the household units out (their frame is empty); buildings still carry the households counted
        from them.

    Returns
    -------
    dict
        Frame per noun in the columns of ``geo.territory.nouns``, EPSG:4326. ``grid`` holds three departments' old
        grids, told apart by ``department``; their codes are unique over all three.
    """
    recipe = recipe or load_recipe()
    rng = np.random.default_rng(seed)
    town = _drawn(recipe, rng)
    result = _divisions(town)
    result |= _bodies(town)
    grids, basic_grid = _grids(town, result["community"].code.to_numpy(), rng)
    result |= _stock(town, result, basic_grid, units=units)
    result |= _things(town, result, rng)
    result["grid"] = grids
    result["grid_staff"] = _staff(town, grids, rng)
    return {noun: result[noun] for noun in ORDER}


ORDER = (
    "street",
    "community",
    "compound",
    "barrier",
    "building",
    "stairwell",
    "household_unit",
    "place",
    "city_element",
    "responsible_body",
    "grid",
    "grid_staff",
)


def _drawn(recipe: Recipe, rng: np.random.Generator) -> _Town:
    layout = lay_out(bend(recipe.street, recipe.skeleton, rng), recipe, rng)
    frames = parcel_frames(layout)
    uses, built = build(layout, frames, household_targets(layout, recipe, rng), recipe, rng)
    doors = open_doors(built, recipe, rng)
    namer = Namer(recipe.words, rng)
    names = [namer.stem("community_stems") + "社区" for _ in range(layout.community_count)]
    sites = found_sites(layout, uses, recipe, namer, rng)
    labels = label(built, sites, layout, frames, rng)
    bodies = found_bodies(sites, names, recipe.street.city, recipe.street.name, namer, rng)
    places = open_places(built, doors, labels, sites, bodies, frames, namer, rng)
    return _Town(recipe, layout, frames, built, doors, sites, labels, bodies, places, namer, names)


def _divisions(town: _Town) -> Frames_:
    street = town.recipe.street
    community = town.layout.parcels.community.to_numpy()
    count = town.layout.community_count
    shapes = np.array(
        [shapely.coverage_union_all(town.layout.gross[community == c]) for c in range(count)], dtype=object
    )
    whole = np.array([shapely.coverage_union_all(shapes)], dtype=np.object_)
    community_codes = [codes.make("community", street.code, c + 1) for c in range(count)]
    return {
        "street": frame("street", {"code": [street.code], "name": [street.name]}, whole),
        "community": frame(
            "community", {"code": community_codes, "name": town.community_names, "street_code": street.code}, shapes
        ),
    }


def _bodies(town: _Town) -> Frames_:
    shops = town.places.table[town.places.table["shop"]]
    table = pd.concat([town.bodies.table, pd.DataFrame({"name": shops.name, "kind": "shop"})], ignore_index=True)
    parents = np.full(len(table), town.recipe.street.code, dtype=np.object_)
    columns = {
        "code": sequence_codes("responsible_body", parents),
        "name": table.name,
        "kind": table.kind,
        "phone": town.namer.phones(len(table)),
    }
    return {"responsible_body": frame("responsible_body", columns)}


def _grids(
    town: _Town, community_codes: NDArray[np.object_], rng: np.random.Generator
) -> tuple[gpd.GeoDataFrame, NDArray[np.int64]]:
    """Return the departments' grids, and for each parcel the number of its social workers' grid (0: none)."""
    parcels = town.built.buildings.parcel.to_numpy(dtype=np.int64)
    households = np.bincount(parcels, town.doors.by_building, minlength=len(town.layout.parcels)).astype(int)
    table, shapes, of_parcel = old_grids(town.layout, households, town.recipe, rng)
    seats = community_codes[table.community]
    numbers = table.sequence + table.department.map(FIRST_SEQUENCE).fillna(0).astype(int)
    columns = {
        "code": [codes.make("grid", str(seat), int(n)) for seat, n in zip(seats, numbers, strict=True)],
        "name": [
            f"{town.community_names[c].removesuffix('社区')}{department}{number:02d}号"
            for c, department, number in zip(table.community, table.department, table.sequence, strict=True)
        ],
        "community_code": seats,
        "department": table.department,
        "households": table.households,
    }
    own = of_parcel["社工"] if "社工" in of_parcel else np.full(len(town.layout.parcels), -1)
    basic = np.where(own >= 0, table.sequence.to_numpy()[np.maximum(own, 0)], 0)
    return frame("grid", columns, shapes), np.minimum(basic, 99)


def _stock(town: _Town, known: Frames_, basic_grid: NDArray[np.int64], *, units: bool) -> Frames_:
    compound, compound_of_site = _compounds(town, known)
    built, doors = town.built, town.doors
    parcel = built.buildings.parcel.to_numpy(dtype=np.int64)
    seats = known["community"].code.to_numpy()[town.layout.parcels.community.to_numpy()[parcel]]
    numbers = pd.Series(seats).groupby(seats).cumcount().to_numpy() + 1
    building_codes = np.array(
        [
            codes.make("building", str(seat), int(n), basic_grid=int(grid))
            for seat, n, grid in zip(seats, numbers, basic_grid[parcel], strict=True)
        ],
        dtype=object,
    )
    columns = {
        "code": building_codes,
        "name": town.labels.names,
        "address": town.labels.addresses,
        "kind": np.where(_mixed(town), "mixed", built.buildings.kind),
        "community_code": seats,
        "compound_code": compound_of_site[town.sites.of_parcel[parcel]],
        "floors": built.buildings.floors.to_numpy(),
        "households": doors.by_building,
        "households_source": "units",
    }
    stairwell = _stairwells(town, building_codes)
    return {
        "compound": compound,
        "building": frame("building", columns, built.shapes),
        "stairwell": stairwell,
        "household_unit": _units(town, building_codes, stairwell.code.to_numpy(), keep=units),
    }


def _mixed(town: _Town) -> NDArray[np.bool_]:
    """Say which towers and walk-ups stand over at least five shops: they count as mixed use."""
    buildings = town.built.buildings
    return (buildings.kind.isin(["tower", "walk_up"]) & (buildings.shops >= 5)).to_numpy()


def _compounds(town: _Town, known: Frames_) -> tuple[gpd.GeoDataFrame, NDArray[np.object_]]:
    sites = town.sites
    chosen = np.flatnonzero(sites.table.kind.notna())
    rows = sites.table.iloc[chosen]
    seats = known["community"].code.to_numpy()[rows.community]
    made = sequence_codes("compound", seats)
    columns = {
        "code": made,
        "name": rows.name.to_numpy(),
        "kind": rows.kind.to_numpy(),
        "community_code": seats,
        "responsible_body_code": _body_codes(known, town.bodies.of_site[chosen]),
    }
    of_site = np.full(len(sites.table), None, dtype=np.object_)
    of_site[chosen] = made
    return frame("compound", columns, sites.shapes[chosen]), of_site


def _body_codes(known: Frames_, rows: NDArray[np.int64]) -> NDArray[np.object_]:
    return looked_up(known["responsible_body"].code.to_numpy(), rows)


def _stairwells(town: _Town, building_codes: NDArray[np.object_]) -> gpd.GeoDataFrame:
    owner = town.built.stairwell_building
    parents = building_codes[owner]
    section = np.arange(len(owner)) - np.searchsorted(owner, owner) + 1
    columns = {
        "code": sequence_codes("stairwell", parents),
        "name": [f"{number}单元" for number in section],
        "building_code": parents,
        "floors": town.built.buildings.floors.to_numpy()[owner],
        "households": town.doors.by_stairwell,
    }
    return frame("stairwell", columns, town.built.stairwell_shapes)


def _units(
    town: _Town, building_codes: NDArray[np.object_], stairwell_codes: NDArray[np.object_], *, keep: bool
) -> gpd.GeoDataFrame:
    doors = town.doors.table if keep else town.doors.table.iloc[:0]
    building = doors.building.to_numpy()
    sections = town.built.buildings.stairwells.to_numpy()[building]
    floors, numbers, section = doors.floor.to_numpy(), doors.door.to_numpy(), doors.section.to_numpy()
    shop = (doors.kind == "shop").to_numpy()
    rooms, house_codes, addresses = [], [], []
    stems, parents = town.labels.addresses[building], building_codes[building]
    for k in range(len(doors)):
        room = f"{100 + numbers[k] - 900}铺" if shop[k] else f"{floors[k]}{numbers[k]:02d}"
        between = f"{section[k]}单元" if section[k] and sections[k] > 1 else ""
        rooms.append(room)
        # Floor and door as make_unit() writes them; the stairwell's number goes before the door's.
        house_codes.append(f"{parents[k]}0{floors[k]:02d}{section[k] * 10 + numbers[k]:03d}")
        addresses.append(f"{stems[k]}{between}{room}")
    columns = {
        "code": house_codes,
        "building_code": parents,
        "stairwell_code": looked_up(stairwell_codes, doors.stairwell.to_numpy()),
        "floor": floors,
        "room": rooms,
        "kind": doors.kind.to_numpy(),
        "address": addresses,
    }
    return frame("household_unit", columns)


def _things(town: _Town, known: Frames_, rng: np.random.Generator) -> Frames_:
    sites, layout = town.sites, town.layout
    walls = np.flatnonzero([wall is not None for wall in sites.walls])
    kinds = [*layout.lines.kind, *["wall"] * len(walls), *["lane"] * len(town.labels.lane_names)]
    names = [*sites.line_names, *(sites.table.name.to_numpy()[walls] + "围墙"), *town.labels.lane_names]
    shapes = np.concatenate([layout.line_shapes, sites.walls[walls], town.labels.lane_shapes])
    street = np.full(len(kinds), town.recipe.street.code, dtype=np.object_)
    barriers = {"code": sequence_codes("barrier", street), "name": names, "kind": kinds}
    return {
        "barrier": frame("barrier", barriers, shapes),
        "place": _places(town, known),
        "city_element": _elements(town, known, rng),
    }


def _places(town: _Town, known: Frames_) -> gpd.GeoDataFrame:
    table = town.places.table
    body = table.body.to_numpy().copy()
    shop = table["shop"].to_numpy(dtype=bool)
    body[shop] = len(town.bodies.table) + np.arange(shop.sum())
    units = known["household_unit"].code.to_numpy()
    parents = np.full(len(table), town.recipe.street.code, dtype=np.object_)
    columns = {
        "code": sequence_codes("place", parents),
        "name": table.name,
        "kind": table.kind,
        "address": table.address,
        "building_code": known["building"].code.to_numpy()[table.building],
        "household_unit_code": looked_up(units, table.unit.to_numpy()),
        "responsible_body_code": _body_codes(known, body),
    }
    return frame("place", columns, town.places.points)


def _elements(town: _Town, known: Frames_, rng: np.random.Generator) -> gpd.GeoDataFrame:
    site = town.sites.of_parcel[town.built.buildings.parcel]
    households = np.bincount(site, town.doors.by_building, minlength=len(town.sites.table)).astype(int)
    table, shapes = place_elements(town.layout, town.sites, town.bodies, households, town.recipe, rng)
    seats = known["community"].code.to_numpy()[table.community.to_numpy(dtype=np.int64)]
    columns = {
        "code": sequence_codes("city_element", seats),
        "name": table.name,
        "kind": table.kind,
        "community_code": seats,
        "address": table.address,
        "responsible_body_code": _body_codes(known, table.body.to_numpy(dtype=np.int64)),
    }
    return frame("city_element", columns, shapes)


def _staff(town: _Town, grids: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    table = hire(list(grids.code[grids.department == "社工"]), town.namer, rng)
    street = np.full(len(table), town.recipe.street.code, dtype=np.object_)
    return frame("grid_staff", {"code": sequence_codes("grid_staff", street), **table})
