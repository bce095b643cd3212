"""The ground of edited communities as plain columns: all that is needed to work out a plan's figures elsewhere.

A page that lets a planner paint buildings cannot ask the engine at every move of the mouse. With these columns it
works out by itself what :func:`geo.regionalization.engine.measure` and :mod:`geo.territory.compactness` say of any
assignment: households are summed over units, borders over edges. Lengths are metres, coordinates whole decimetres.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.regionalization.continuity import old_grids
from geo.regionalization.edited_grids import Ground
from geo.regionalization.editing import row_keys
from geo.territory.arrangement import lines_from, pair_lengths, shared_borders
from geo.territory.contiguity import LEAST_BORDER_M

#: Coordinates are told in tenths of a metre: finer than any screen shows a community.
PER_METRE = 10
#: Decimals of metres, costs and weights: sums over a whole street stay right to a thousandth.
DECIMALS = 6

Columns = dict[str, list[Any]]


@dataclass(frozen=True)
class CommunityGround:
    """One community, tessellated, with the rows of its assignment that the tiles are of."""

    ground: Ground
    rows: pd.DataFrame


@dataclass(frozen=True)
class GroundColumns:
    """Several communities as columns; places in one list are numbers in the others.

    Attributes
    ----------
    crs
        The projected CRS of ``origin``, e.g. ``EPSG:32649``.
    origin
        x and y, whole metres, that coordinates are counted from.
    communities
        ``code`` and ``path`` (rings of the boundary).
    units
        One row per building, stairwell or run of floors that the plan assigns: ``key`` (its name in edits),
        ``building``, ``stairwell`` and ``floors`` (or None), ``households``, ``community``, ``compound`` (-1: none),
        ``grid``, ``before`` (its grid in the plan in force, -1: none), ``x`` and ``y``, ``area_m2`` and
        ``perimeter_m`` of its tile, ``path`` (rings of its footprint, none where it is a point) and ``tile`` (rings).
    edges
        One row per pair of units that share ground's border: ``first`` < ``second``, ``border_m``, ``touches``
        (neighbours; shorter borders meet at a corner), ``cost`` of a grid border along it, ``crossing`` (0 to 1: a
        grid should not lie on both sides), ``kind`` of the barrier (-1: none) and ``path`` (lines).
    grids, before, compounds, kinds
        The codes that ``grid``, ``before``, ``compound`` and ``kind`` number.
    barriers
        ``kind`` and ``path`` (lines).
    """

    crs: str
    origin: tuple[int, int]
    communities: Columns
    units: Columns
    edges: Columns
    grids: list[str]
    before: list[str]
    compounds: list[str]
    kinds: list[str]
    barriers: Columns


def ground_columns(parts: Sequence[CommunityGround], grids: Sequence[str]) -> GroundColumns:
    """Put communities together as columns.

    Parameters
    ----------
    parts
        At least one community, all in one projected CRS.
    grids
        Codes of all grids of the plan, those of communities without a building too.
    """
    told = [_told(part) for part in parts]
    units = pd.concat([one[0] for one in told], ignore_index=True)
    sizes = np.cumsum([0, *(len(one[0]) for one in told)])
    moved = [one[1].assign(first=one[1]["first"] + at, second=one[1]["second"] + at)
             for one, at in zip(told, sizes[:-1], strict=True)]  # fmt: skip
    edges = pd.concat(moved, ignore_index=True)
    boundaries = np.array([part.ground.community.boundary for part in parts], dtype=object)
    west, south = np.floor(shapely.total_bounds(boundaries)[:2])
    pen = _Pen(float(west), float(south))
    named = {name: _numbered(units[name], codes) for name, codes in (("grid", grids), ("before", ()), ("compound", ()))}
    kinds = _numbered(edges["kind"].replace("", None), ())
    community = np.repeat(np.arange(len(parts)), np.diff(sizes))
    columns: Columns = {
        **{name: units[name].tolist() for name in ("key", "building", "stairwell", "floors", "households")},
        "community": community.tolist(),
        **{name: numbers for name, (numbers, _) in named.items()},
        "x": np.round((units["x"] - west) * PER_METRE).astype(int).tolist(),
        "y": np.round((units["y"] - south) * PER_METRE).astype(int).tolist(),
        "area_m2": units["area_m2"].round(DECIMALS).tolist(),
        "perimeter_m": units["perimeter_m"].round(DECIMALS).tolist(),
        "path": pen.rings(units["shape"].to_numpy()),
        "tile": pen.rings(units["tile"].to_numpy()),
    }
    borders: Columns = {
        **{name: edges[name].tolist() for name in ("first", "second")},
        **{name: edges[name].round(DECIMALS).tolist() for name in ("border_m", "cost", "crossing")},
        "touches": edges["touches"].astype(int).tolist(),
        "kind": kinds[0],
        "path": pen.lines(edges["line"].to_numpy()),
    }
    codes = [part.ground.community.code for part in parts]
    lines = _barriers(parts)
    return GroundColumns(
        crs=str(parts[0].ground.tiles.crs),
        origin=(int(west), int(south)),
        communities={"code": codes, "path": pen.rings(boundaries)},
        units=columns,
        edges=borders,
        grids=list(named["grid"][1]),
        before=list(named["before"][1]),
        compounds=list(named["compound"][1]),
        kinds=list(kinds[1]),
        barriers={"kind": lines["kind"].tolist(), "path": pen.lines(lines.geometry.to_numpy())},
    )


def _told(part: CommunityGround) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Units and edges of one community."""
    ground, rows = part.ground, part.rows
    atoms, tiles = ground.atoms, ground.tiles.to_numpy()
    shapes = _own_shapes(atoms.geometry.to_numpy(), tiles)
    middle = shapely.point_on_surface(np.where(shapely.is_empty(shapes), tiles, shapes))
    ends = zip(rows["floor_from"], rows["floor_to"], strict=True)
    units = pd.DataFrame(
        {
            "key": row_keys(rows),
            "building": atoms["building"].to_numpy(object),
            "stairwell": pd.Series([None if pd.isna(code) else code for code in atoms["stairwell"]], dtype=object),
            "floors": pd.Series([None if pd.isna(low) else [int(low), int(high)] for low, high in ends], dtype=object),
            "households": atoms["households"].to_numpy(np.int64),
            "compound": pd.Series(atoms["compound"].to_numpy(object), dtype=object),
            "grid": rows["grid"].to_numpy(object),
            "before": pd.Series(old_grids(atoms, ground.community.previous), dtype=object),
            "x": shapely.get_x(middle),
            "y": shapely.get_y(middle),
            "area_m2": shapely.area(tiles),
            "perimeter_m": shapely.length(tiles),
            "shape": shapes,
            "tile": tiles,
        }
    )
    return units, _edges(ground)


def _edges(ground: Ground) -> pd.DataFrame:
    """Every pair of tiles that share a border; those that only meet at a corner are no neighbours but have a length."""
    tiles, touching, costs = ground.tiles.to_numpy(), ground.touching, ground.costs
    borders = shared_borders(tiles) if touching.borders is None else touching.borders
    first, second, length = pair_lengths(borders.left, borders.right, borders.length, len(tiles))
    edge = touching.find(first, second)
    known = (edge >= 0) & (length > LEAST_BORDER_M)
    pair = np.searchsorted(first * len(tiles) + second, borders.left * len(tiles) + borders.right)
    order = np.argsort(pair, kind="stable")
    pieces = shapely.multilinestrings(lines_from(borders.start, borders.end)[order], indices=pair[order])
    lines = shapely.line_merge(pieces) if len(pieces) else np.empty(0, object)
    cost, crossing, kind = np.zeros(len(first)), np.zeros(len(first)), np.full(len(first), "", dtype=object)
    cost[known], crossing[known] = costs.boundary_cost[edge[known]], costs.cross_weight[edge[known]]
    kind[known] = costs.kind[edge[known]]
    return pd.DataFrame(
        {
            "first": first,
            "second": second,
            "border_m": length,
            "touches": known,
            "cost": cost,
            "crossing": crossing,
            "kind": kind,
            "line": lines,
        }
    )


def _own_shapes(shapes: NDArray[np.object_], tiles: NDArray[np.object_]) -> NDArray[np.object_]:
    """What is drawn of each unit: its footprint, of units that stand on the same one each its share; no points."""
    drawn = np.where(shapely.get_dimensions(shapes) == 2, shapes, shapely.Polygon())
    known = pd.Series(shapely.to_wkb(drawn))
    shared = (known.duplicated(keep=False) & ~shapely.is_empty(drawn)).to_numpy(bool)
    drawn[shared] = _surfaces(shapely.intersection(drawn[shared], tiles[shared], grid_size=0.001))
    return np.asarray(drawn, dtype=object)


def _surfaces(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """The polygons of what an intersection left; lines and points that it left beside them go."""
    parts, of = shapely.get_parts(shapes, return_index=True)
    kept = shapely.get_dimensions(parts) == 2
    found = np.full(len(shapes), shapely.Polygon(), dtype=object)
    if kept.any():
        at = np.unique(of[kept])
        found[at] = shapely.multipolygons(parts[kept], indices=np.searchsorted(at, of[kept]))
    return found


def _numbered(codes: "pd.Series[str]", first: Sequence[str]) -> tuple[list[int], list[str]]:
    """Number codes by their order, ``first`` among them; what is missing is -1."""
    known = sorted({*first, *(code for code in codes.dropna())})
    number = {code: place for place, code in enumerate(known)}
    return [-1 if pd.isna(code) else number[code] for code in codes], known


def _barriers(parts: Sequence[CommunityGround]) -> gpd.GeoDataFrame:
    """All barriers once; those between two communities are in both."""
    frames = [part.ground.community.barriers for part in parts]
    frames = [frame[["kind", "geometry"]] for frame in frames if frame is not None and len(frame)]
    if not frames:
        return gpd.GeoDataFrame({"kind": [], "geometry": []}, geometry="geometry", crs=parts[0].ground.tiles.crs)
    every = pd.concat(frames, ignore_index=True)
    return every[~pd.Series(every.geometry.to_wkb()).duplicated()].reset_index(drop=True)


@dataclass(frozen=True)
class _Pen:
    """Writes shapes as paths: the first point in whole decimetres from an origin, then the step to each next one."""

    west: float
    south: float

    def rings(self, shapes: NDArray[np.object_]) -> list[list[list[int]]]:
        """Return the rings of each polygon, holes among them; even-odd filling tells them apart."""
        parts, part_of = shapely.get_parts(shapes, return_index=True)
        rings, ring_of = shapely.get_rings(parts, return_index=True)
        return self._paths(rings, part_of[ring_of], len(shapes))

    def lines(self, shapes: NDArray[np.object_]) -> list[list[list[int]]]:
        """Return the lines of each shape, of polygons their outlines."""
        outlined = np.where(shapely.get_dimensions(shapes) == 2, shapely.boundary(shapes), shapes)
        parts, part_of = shapely.get_parts(outlined, return_index=True)
        return self._paths(parts, part_of, len(shapes))

    def _paths(self, lines: NDArray[np.object_], shape_of: NDArray[np.int64], count: int) -> list[list[list[int]]]:
        xy, line = shapely.get_coordinates(lines, return_index=True)
        found: list[list[list[int]]] = [[] for _ in range(count)]
        if not len(xy):
            return found
        whole = np.round((xy - [self.west, self.south]) * PER_METRE).astype(np.int64)
        begins = np.append(True, line[1:] != line[:-1])
        steps = np.diff(whole, axis=0, prepend=0)
        steps[begins] = whole[begins]
        kept = begins | (steps != 0).any(axis=1)
        # Of all lines at once: numpy takes longer to begin with a line than to write it.
        told = steps[kept].ravel().tolist()
        ends = 2 * np.append(np.flatnonzero(begins[kept]), kept.sum())
        for shape, (start, end) in zip(shape_of[line[begins]].tolist(), pairwise(ends.tolist()), strict=True):
            found[shape].append(told[start:end])
        return found
