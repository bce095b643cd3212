"""Atoms: what is moved whole from grid to grid. Buildings, the stairwells of those that are divided, runs of floors."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.regionalization.communities import Community
from geo.regionalization.floors import Bands, cut_in_range, cut_into_bands, part_keys
from geo.territory.arrangement import Geometries

#: Columns of parts and atoms beside ``geometry``. ``part`` numbers what an atom was cut from (a building, when a
#: community is divided); ``estimated`` says that the households of a run of floors were shared out evenly.
PART_COLUMNS = ["building", "stairwell", "floor_from", "floor_to", "households", "compound", "part", "estimated"]
#: Metres between the floors of a stairwell of which only a point is known: fifty are as wide as a building.
BAND_STEP_M = 0.3


@dataclass(frozen=True)
class Atoms:
    """What is moved whole from grid to grid: buildings, stairwells of divided ones, floors of divided stairwells."""

    frame: gpd.GeoDataFrame
    divided: frozenset[str]


def choose_atoms(
    community: Community, divide: frozenset[str], *, limit: int | None = None, band_size: int | None = None
) -> Atoms:
    """Return the buildings of a community with those in ``divide`` replaced by their stairwells or floors.

    Parameters
    ----------
    divide
        Buildings to divide: by stairwells where at least two are known, by floors else.
    limit
        A stairwell with more households is divided by floors as well, where those are known; None for never.
    band_size
        Households that a run of floors has at most, unless a single floor has more; None to leave floors alone.

    Returns
    -------
    Atoms
        Columns ``building``, ``stairwell`` (None for all or none), ``floor_from``, ``floor_to`` (missing for all
        floors), ``households``, ``compound``, ``part`` (number of the building), ``estimated``, ``geometry``; index
        0..n-1. The floors of one stairwell follow each other from the lowest up and share its geometry.
    """
    parts = by_stairwell(whole_buildings(community), community.stairwells, divide)
    if band_size is not None and community.floors is not None:
        parts = by_floor(parts, community.floors, _to_cut(parts, divide, limit), band_size)
    return Atoms(parts, divide)


def divisible_buildings(community: Community) -> "pd.Series[int]":
    """Households of each building that has at least two stairwells, or two floors with households on record."""
    stairs = community.stairwells.groupby("building").size()
    divisible = set(stairs.index[stairs > 1])
    if community.floors is not None:
        lived_on = community.floors[community.floors["households"] > 0].groupby("building")["floor"].nunique()
        divisible |= set(lived_on.index[lived_on > 1])
    households = community.buildings["households"]
    found: pd.Series[int] = households[households.index.isin(divisible)].astype(int)
    return found


def whole_buildings(community: Community) -> gpd.GeoDataFrame:
    """Return every building of a community as one part."""
    buildings = community.buildings
    return gpd.GeoDataFrame(
        {
            # Said as objects: texts of another kind are slow to take apart, and turn None into a missing number.
            "building": pd.Series(buildings.index.to_numpy(object), dtype=object),
            "stairwell": pd.Series(np.full(len(buildings), None), dtype=object),
            "floor_from": np.nan,
            "floor_to": np.nan,
            "households": buildings["households"].to_numpy(),
            "compound": pd.Series(buildings["compound"].to_numpy(object), dtype=object),
            "part": np.arange(len(buildings)),
            "estimated": False,
        },
        geometry=buildings.geometry.to_numpy(),
        crs=buildings.crs,
    )


def by_stairwell(parts: gpd.GeoDataFrame, stairwells: gpd.GeoDataFrame, divide: frozenset[str]) -> gpd.GeoDataFrame:
    """Replace whole buildings in ``divide`` by their stairwells, where at least one is known."""
    rows = stairwells[stairwells["building"].isin(divide)]
    whole = parts["stairwell"].isna() & parts["floor_from"].isna() & parts["building"].isin(rows["building"])
    rows = rows[rows["building"].isin(parts.loc[whole, "building"])]
    if rows.empty:
        return parts
    position = pd.Series(np.flatnonzero(whole), index=parts.loc[whole, "building"])
    owner = position.reindex(rows["building"]).to_numpy(np.int64)
    n = len(rows)
    flights = {
        "building": rows["building"].to_numpy(dtype=object),
        "stairwell": rows["stairwell"].to_numpy(dtype=object),
        "floor_from": np.full(n, np.nan),
        "floor_to": np.full(n, np.nan),
        "households": rows["households"].to_numpy(np.int64),
        "compound": parts["compound"].to_numpy(dtype=object)[owner],
        "part": parts["part"].to_numpy(np.int64)[owner],
        "estimated": np.zeros(n, bool),
        "geometry": rows.geometry.to_numpy(),
    }
    return _replaced(parts, whole.to_numpy(bool), flights)


def by_floor(
    parts: gpd.GeoDataFrame,
    floors: pd.DataFrame,
    which: NDArray[np.bool_],
    band_size: int,
    *,
    first_try: tuple[int, int] | None = None,
) -> gpd.GeoDataFrame:
    """Replace the parts in ``which`` by runs of floors of at most ``band_size`` households, where floors are known.

    A part that is a run of floors already is cut within it. A part of which fewer than two runs would be made stays.
    With ``first_try``, lower and upper, a part is cut into runs of so many households wherever that is possible.
    """
    known = floors.groupby(part_keys(floors)).indices
    floor, count, estimated = (floors[name].to_numpy() for name in ("floor", "households", "estimated"))
    keys, total = part_keys(parts), parts["households"].to_numpy(np.int64)
    ends = parts[["floor_from", "floor_to"]].to_numpy(np.float64)
    cuts: list[tuple[int, Bands]] = []
    for position in np.flatnonzero(which):
        rows = known.get(keys[position], np.zeros(0, np.int64))
        if not np.isnan(ends[position, 0]):
            rows = rows[(floor[rows] >= ends[position, 0]) & (floor[rows] <= ends[position, 1])]
        if not len(rows) or count[rows].sum() != total[position]:
            continue
        own = floor[rows], count[rows], estimated[rows]
        bands = (first_try and cut_in_range(*own, *first_try)) or cut_into_bands(*own, band_size)
        if len(bands.lowest) > 1:
            cuts.append((int(position), bands))
    if not cuts:
        return parts
    cut = np.zeros(len(parts), bool)
    cut[[position for position, _ in cuts]] = True
    return _replaced(parts, cut, _banded(parts, cuts))


def _banded(parts: gpd.GeoDataFrame, cuts: list[tuple[int, Bands]]) -> dict[str, NDArray[Any]]:
    """The bands of some parts, as columns of parts."""
    owner = np.repeat([position for position, _ in cuts], [len(bands.lowest) for _, bands in cuts])
    shapes = parts.geometry.to_numpy()
    same = {name: parts[name].to_numpy()[owner] for name in ("building", "stairwell", "compound", "part")}
    return same | {
        "floor_from": np.concatenate([bands.lowest for _, bands in cuts]),
        "floor_to": np.concatenate([bands.highest for _, bands in cuts]),
        "households": np.concatenate([bands.households for _, bands in cuts]),
        "estimated": np.concatenate([bands.estimated for _, bands in cuts]),
        "geometry": np.concatenate([_places(shapes[position], len(bands.lowest)) for position, bands in cuts]),
    }


def assigned_parts(atoms: pd.DataFrame, unit: NDArray[np.int64], parts: pd.DataFrame) -> pd.DataFrame:
    """Say which unit (grid or cell) everything is in, in as few rows as will do.

    A part whose atoms are all in one unit is one row again; so is a stairwell; floors that follow each other in one
    unit are one run.

    Parameters
    ----------
    atoms
        What :func:`by_stairwell` and :func:`by_floor` made of ``parts``.
    unit
        int[n], the unit of each atom.
    parts
        The rows that ``atoms`` were cut from, in the order of their ``part``.

    Returns
    -------
    DataFrame
        ``building``, ``stairwell``, ``floor_from``, ``floor_to``, ``households``, ``estimated``, ``unit``, by part.
    """
    key = pd.factorize(part_keys(atoms))[0]
    order = np.lexsort((atoms["floor_from"].to_numpy(np.float64), key, atoms["part"].to_numpy(np.int64)))
    part, key, unit = atoms["part"].to_numpy(np.int64)[order], key[order], np.asarray(unit, np.int64)[order]
    of_part, of_key = np.cumsum(_changes(part)) - 1, np.cumsum(_changes(part) | _changes(key)) - 1
    run = np.cumsum(_changes(part) | _changes(key) | _changes(unit)) - 1
    first = np.flatnonzero(_changes(run))
    last = np.append(first[1:], len(run)) - 1
    whole = ~_mixed(of_part, unit)[of_part][first]
    entire = ~_mixed(of_key, unit)[of_key][first]
    columns = {name: atoms[name].to_numpy()[order] for name in PART_COLUMNS}
    runs: dict[str, NDArray[Any]] = {
        "building": columns["building"][first],
        "stairwell": columns["stairwell"][first],
        "floor_from": np.where(entire, np.nan, columns["floor_from"][first]),
        "floor_to": np.where(entire, np.nan, columns["floor_to"][last]),
        "households": np.add.reduceat(columns["households"], first),
        "estimated": np.logical_or.reduceat(columns["estimated"], first) & ~entire,
    }
    # What is whole is said as it was before it was cut.
    again, kept = part[first], np.flatnonzero(~whole | _changes(part[first]))
    for name in ("building", "stairwell", "floor_from", "floor_to", "households"):
        runs[name] = np.where(whole, parts[name].to_numpy()[again], runs[name])
    runs["estimated"] &= ~whole
    table: dict[str, Any] = {name: values[kept] for name, values in runs.items()}
    table["stairwell"] = pd.Series(table["stairwell"], dtype=object)
    return pd.DataFrame(table | {"unit": unit[first][kept]})


def _mixed(group: NDArray[np.int64], unit: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Of sorted groups 0, 1, 2 ..., which have members in several units."""
    inner = _changes(unit) & ~_changes(group)
    return np.asarray(np.bincount(group, inner) > 0, dtype=np.bool_)


def _changes(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a value differs from the one before; the first one does."""
    changed = np.ones(len(values), bool)
    changed[1:] = values[1:] != values[:-1]
    return changed


def _places(shape: shapely.Geometry, count: int) -> Geometries:
    """Where the bands of one stairwell are drawn: tessellation shares a footprint out; points need a row of places."""
    places = np.full(count, shape, dtype=object)
    if shape.geom_type != "Point":
        return places
    east = (np.arange(count) - (count - 1) / 2) * BAND_STEP_M
    return np.asarray(shapely.points(shape.x + east, np.full(count, shape.y)), dtype=object)


def _to_cut(parts: gpd.GeoDataFrame, divide: frozenset[str], limit: int | None) -> NDArray[np.bool_]:
    """Stairwells above the limit, and what is still the whole of a building that has to be divided."""
    alone = parts.groupby("building")["building"].transform("size") == 1
    wanted = parts["building"].isin(divide) & alone
    if limit is not None:
        wanted |= parts["stairwell"].notna() & (parts["households"] > limit)
    return np.asarray(wanted, dtype=np.bool_)


def _replaced(parts: gpd.GeoDataFrame, gone: NDArray[np.bool_], added: dict[str, NDArray[Any]]) -> gpd.GeoDataFrame:
    """The parts that are not gone, then the added ones; index 0..n-1."""
    types: dict[str, type[Any]] = dict.fromkeys(PART_COLUMNS, object)
    types |= {"floor_from": np.float64, "floor_to": np.float64, "households": np.int64, "part": np.int64}
    types |= {"estimated": np.bool_}
    # Said as objects, a column of texts keeps None.
    columns = {
        name: pd.Series(np.concatenate([parts[name].to_numpy(kind)[~gone], np.asarray(added[name], kind)]), dtype=kind)
        for name, kind in types.items()
    }
    geometry = np.concatenate([parts.geometry.to_numpy()[~gone], added["geometry"]])
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=parts.crs)
