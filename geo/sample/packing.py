"""Rows of buildings in parcels: rectangles that never touch each other nor the parcel's edge."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.sample.blocks import Layout
from geo.sample.recipe import Footprint

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Land smaller than this holds no building.
LEAST_LAND_M2 = 50.0


@dataclass(frozen=True)
class Frames:
    """A local frame per parcel: its origin in metres of the plan and the direction of its x axis.

    ``lean`` is how many metres east the parcel's west and east sides move for a metre north, in the local frame.
    """

    origin: Floats
    angle: Floats
    lean: Floats

    def to_plan(self, parcel: Ints, xy: Floats) -> Floats:
        """Turn local (x, y) of the given parcels into plan coordinates."""
        cos, sin = np.cos(self.angle[parcel]), np.sin(self.angle[parcel])
        x, y = xy[..., 0], xy[..., 1]
        return self.origin[parcel] + np.stack([x * cos - y * sin, x * sin + y * cos], axis=-1)

    def to_local(self, parcel: Ints, xy: Floats) -> Floats:
        """Turn plan coordinates into local (x, y) of the given parcels."""
        cos, sin = np.cos(self.angle[parcel]), np.sin(self.angle[parcel])
        x, y = (xy - self.origin[parcel]).T
        return np.stack([x * cos + y * sin, -x * sin + y * cos], axis=-1)


def parcel_frames(layout: Layout) -> Frames:
    """Return frames whose x axis follows the parcel from west to east, as rows facing south do."""
    xy, p = layout.lattice.xy, layout.parcels
    i0, i1, j0, j1 = (p[name].to_numpy() for name in ("i0", "i1", "j0", "j1"))
    east = (xy[i1, j0] + xy[i1, j1]) / 2
    west = (xy[i0, j0] + xy[i0, j1]) / 2
    along = east - west
    origin = shapely.get_coordinates(shapely.centroid(layout.net))
    angle = np.arctan2(along[:, 1], along[:, 0])
    up = (xy[i0, j1] + xy[i1, j1]) / 2 - (xy[i0, j0] + xy[i1, j0]) / 2
    right_angle = up[:, 1] * np.cos(angle) - up[:, 0] * np.sin(angle)
    lean = (up[:, 0] * np.cos(angle) + up[:, 1] * np.sin(angle)) / right_angle
    return Frames(origin, angle, lean)


@dataclass(frozen=True)
class _Rows:
    """Rows of buildings to be: their parcel (by position), number from the south, south edge, depth, wished width."""

    parcel: Ints
    row: Ints
    south: Floats
    depth: Floats
    width: Floats


def pack(layout: Layout, frames: Frames, members: Ints, size: Footprint, rng: np.random.Generator) -> pd.DataFrame:
    """Fill parcels with rows of rectangles.

    Returns
    -------
    DataFrame
        One row per rectangle: parcel, row (from the south, 0-based), order (from the west), x, y (middle), width,
        depth, in the parcel's local frame, metres. Rectangles lie within the parcel's land less its setback.
    """
    land = shapely.buffer(layout.net[members], -size.setback, join_style="mitre")
    alive = shapely.area(land) > LEAST_LAND_M2
    members, land = members[alive], land[alive]
    coordinates, owner = shapely.get_coordinates(land, return_index=True)
    local = shapely.set_coordinates(land.copy(), frames.to_local(members[owner], coordinates))
    shapely.prepare(local)
    rows = _rows(local, frames.lean[members], size, rng)
    west, east = _row_spans(rows, local)
    row, order, x, width = _fill(west, east, rows.width, size, rng)
    depth = rows.depth[row] * (rng.uniform(0.88, 1.0, len(row)) if size.lane[1] else 1.0)
    y = rows.south[row] + depth / 2
    share = _shares(local[rows.parcel[row]], x, y, width, depth)
    kept = share[:, 0] > 0
    table = {
        "parcel": members[rows.parcel[row]],
        "row": rows.row[row],
        "order": order,
        "x": x,
        "y": y,
        "width": width * share[:, 0],
        "depth": depth * share[:, 1],
    }
    return pd.DataFrame({name: values[kept] for name, values in table.items()})


def _rows(local: NDArray[np.object_], lean: Floats, size: Footprint, rng: np.random.Generator) -> _Rows:
    count = len(local)
    depth, gap = rng.uniform(*size.depth, count), rng.uniform(*size.row_gap, count)
    width, lane = rng.uniform(*size.width, count), rng.uniform(*size.lane, count)
    low, high = _heights(local, lean)
    # A parcel too ragged to be measured has heights of nan, and gets no row.
    starts = [
        _row_starts(h, d, g, ln) if h >= d else np.zeros(0)
        for h, d, g, ln in zip(high - low, depth, gap, lane, strict=True)
    ]
    counts = np.array([len(start) for start in starts], dtype=np.int64)
    parcel = np.repeat(np.arange(count), counts)
    row = np.arange(len(parcel)) - np.repeat(np.cumsum(counts) - counts, counts)
    south = np.concatenate([*starts, np.zeros(0)]) + low[parcel]
    return _Rows(parcel, row, south, depth[parcel], width[parcel])


def _heights(local: NDArray[np.object_], lean: Floats) -> tuple[Floats, Floats]:
    """Return from where to where rows can stand: a parcel's edges tilt, so the narrowest of three places counts.

    The places are scanned along the parcel's own lean: in a leaning parcel an upright line only cuts a corner.
    """
    far = np.full(len(local), 1e4)
    bounds = shapely.bounds(local)
    level = (bounds[:, 1] + bounds[:, 3]) / 2
    middle = shapely.bounds(shapely.intersection(local, _segments(-far, level, far, level)))
    low, high = np.full(len(local), -np.inf), np.full(len(local), np.inf)
    for share in (0.1, 0.5, 0.9):
        x = middle[:, 0] + share * (middle[:, 2] - middle[:, 0])
        upright = _segments(x - lean * far, level - far, x + lean * far, level + far)
        reach = shapely.bounds(shapely.intersection(local, upright))
        low, high = np.maximum(low, reach[:, 1]), np.minimum(high, reach[:, 3])
    return low + 0.05, high - 0.05


def _segments(x0: Floats, y0: Floats, x1: Floats, y1: Floats) -> NDArray[np.object_]:
    ends = np.stack([np.stack([x0, y0], axis=-1), np.stack([x1, y1], axis=-1)], axis=1)
    return np.asarray(shapely.linestrings(ends))


def _row_starts(height: float, depth: float, gap: float, lane: float) -> Floats:
    """Return where rows begin: spread evenly, or with a lane between pairs of rows that stand back to back."""
    if lane:
        k = np.arange(int(height / depth) + 1)
        starts: Floats = k * (depth + gap) + k // 2 * (lane - gap)
        return starts[starts + depth <= height]
    count = int((height + gap) / (depth + gap))
    spare = height - count * depth - (count - 1) * gap
    if count == 1:
        return np.array([spare / 2])
    return np.arange(count, dtype=np.float64) * float(depth + gap + spare / (count - 1))


def _row_spans(rows: _Rows, local: NDArray[np.object_]) -> tuple[Floats, Floats]:
    """Find from where to where each row can reach: the least of its south edge, middle and north edge."""
    west, east = np.full(len(rows.row), -np.inf), np.full(len(rows.row), np.inf)
    far = np.full(len(rows.row), 1e4)
    for share in (0.01, 0.5, 0.99):
        y = rows.south + share * rows.depth
        reach = shapely.bounds(shapely.intersection(local[rows.parcel], _segments(-far, y, far, y)))
        west, east = np.maximum(west, reach[:, 0]), np.minimum(east, reach[:, 2])
    return west + 0.3, east - 0.3


def _fill(
    west: Floats, east: Floats, wished: Floats, size: Footprint, rng: np.random.Generator
) -> tuple[Ints, Ints, Floats, Floats]:
    """Divide each row among buildings of varied width; what is left over widens the gaps.

    Returns
    -------
    row, order, x, width
        Per building its row, its place in it from the west, its middle and its width.
    """
    length = np.nan_to_num(east - west)
    low, high = size.width
    count = np.maximum(np.floor((length + size.gap) / (wished + size.gap)), 0).astype(np.int64)
    count = np.where((count == 0) & (length >= low), 1, count)
    row = np.repeat(np.arange(len(count)), count)
    order = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    weights = rng.uniform(0.86, 1.16, len(row))
    room = (length - (count - 1) * size.gap)[row]
    share = weights / np.bincount(row, weights, minlength=len(count))[row]
    width = np.clip(share * room, 0.0, high * 1.15)
    used = np.bincount(row, width, minlength=len(count))
    gap = (length - used) / np.maximum(count - 1, 1)
    ends = np.concatenate([[0.0], np.cumsum(width + gap[row])])
    before = ends[np.cumsum(count) - count][row]
    x = west[row] + ends[1:] - before - gap[row] - width / 2
    x += np.where(count[row] == 1, (length[row] - width) / 2, 0.0)
    wide = width >= low * 0.8
    return row[wide], order[wide], x[wide], width[wide]


def _shares(land: NDArray[np.object_], x: Floats, y: Floats, width: Floats, depth: Floats) -> Floats:
    """Return the share of its width and depth at which each rectangle fits its land; 0 where it never does."""
    result = np.zeros((len(x), 2))
    left = np.arange(len(x))
    for shares in ((1.0, 1.0), (0.88, 0.9), (0.76, 0.84)):
        half_width, half_depth = shares[0] * width[left] / 2, shares[1] * depth[left] / 2
        at_x, at_y = x[left], y[left]
        boxes = shapely.box(at_x - half_width, at_y - half_depth, at_x + half_width, at_y + half_depth)
        fits = shapely.covers(land[left], boxes)
        result[left[fits]] = shares
        left = left[~fits]
    return result
