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


def pack(layout: Layout, frames: Frames, members: Ints, size: Footprint, rng: np.random.Generator) -> pd.DataFrame:
    """Fill parcels with rows of rectangles.

    Returns
    -------
    DataFrame
        One row per rectangle: parcel, row (from the south, 0-based), x, y (middle), width, depth, in the parcel's
        local frame, metres. Rectangles lie within the parcel's land less its setback.
    """
    land = shapely.buffer(layout.net[members], -size.setback, join_style="mitre")
    alive = shapely.area(land) > 50.0
    members, land = members[alive], land[alive]
    if not len(members):
        return pd.DataFrame({name: [] for name in ("parcel", "row", "x", "y", "width", "depth")})
    coordinates, owner = shapely.get_coordinates(land, return_index=True)
    local = shapely.set_coordinates(land.copy(), frames.to_local(members[owner], coordinates))
    rows = _rows(local, frames.lean[members], size, rng)
    rows = _row_spans(rows, local)
    rectangles = _fill(rows, size, rng)
    shapely.prepare(local)
    rectangles = _kept(rectangles, local)
    rectangles["parcel"] = members[rectangles.parcel.to_numpy()]
    return rectangles


def _kept(rectangles: pd.DataFrame, local: NDArray[np.object_]) -> pd.DataFrame:
    """Drop rectangles that reach over the edge, after trying them somewhat smaller."""
    owner = rectangles.parcel.to_numpy()
    inside = np.zeros(len(rectangles), bool)
    for width, depth in ((1.0, 1.0), (0.88, 0.9), (0.76, 0.84)):
        half_width = width * rectangles.width / 2
        half_depth = depth * rectangles.depth / 2
        west, east = rectangles.x - half_width, rectangles.x + half_width
        south, north = rectangles.y - half_depth, rectangles.y + half_depth
        fits = ~inside & shapely.covers(local[owner], shapely.box(west, south, east, north))
        rectangles.loc[fits, "width"] *= width
        rectangles.loc[fits, "depth"] *= depth
        inside |= fits
    return rectangles[inside].reset_index(drop=True)


def _rows(local: NDArray[np.object_], lean: Floats, size: Footprint, rng: np.random.Generator) -> pd.DataFrame:
    parts = []
    for parcel, (low, high) in enumerate(_heights(local, lean)):
        depth, gap = rng.uniform(*size.depth), rng.uniform(*size.row_gap)
        width, lane = rng.uniform(*size.width), rng.uniform(*size.lane)
        if not high - low >= depth:  # also when the parcel is too ragged to be measured (nan)
            continue
        y = _row_starts(high - low, depth, gap, lane) + low
        parts.append(pd.DataFrame({"parcel": parcel, "row": range(len(y)), "y0": y, "depth": depth, "target": width}))
    return (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame(columns=["parcel", "row", "y0", "depth", "target"])
    )


def _heights(local: NDArray[np.object_], lean: Floats) -> Floats:
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
    return np.stack([low + 0.05, high - 0.05], axis=1)


def _segments(x0: Floats, y0: Floats, x1: Floats, y1: Floats) -> NDArray[np.object_]:
    ends = np.stack([np.stack([x0, y0], axis=-1), np.stack([x1, y1], axis=-1)], axis=1)
    return np.asarray(shapely.linestrings(ends))


def _row_starts(height: float, depth: float, gap: float, lane: float) -> Floats:
    """Return where rows begin: spread evenly, or with a lane between pairs of rows that stand back to back."""
    if lane:
        k = np.arange(int(height / depth) + 1)
        starts = k * (depth + gap) + (k + 1) // 2 * (lane - gap)
        return starts[starts + depth <= height]
    count = int((height + gap) / (depth + gap))
    spare = height - count * depth - (count - 1) * gap
    if count == 1:
        return np.array([spare / 2])
    return np.arange(count) * (depth + gap + spare / (count - 1))


def _row_spans(rows: pd.DataFrame, local: NDArray[np.object_]) -> pd.DataFrame:
    """Find from where to where each row can reach: the least of its south edge, middle and north edge."""
    owner = rows.parcel.to_numpy(dtype=np.int64)
    west, east = np.full(len(rows), -np.inf), np.full(len(rows), np.inf)
    for share in (0.01, 0.5, 0.99):
        y = (rows.y0 + share * rows.depth).to_numpy(dtype=float)
        far = np.full(len(rows), 1e4)
        reach = shapely.bounds(shapely.intersection(local[owner], _segments(-far, y, far, y)))
        west, east = np.maximum(west, reach[:, 0]), np.minimum(east, reach[:, 2])
    return rows.assign(west=west + 0.3, east=east - 0.3)[lambda r: r.east > r.west].reset_index(drop=True)


def _fill(rows: pd.DataFrame, size: Footprint, rng: np.random.Generator) -> pd.DataFrame:
    """Divide each row among buildings of varied width; what is left over widens the gaps."""
    length = (rows.east - rows.west).to_numpy()
    low, high = size.width
    count = np.floor((length + size.gap) / (rows.target.to_numpy() + size.gap)).astype(int)
    count = np.where((count == 0) & (length >= low), 1, count)
    row = np.repeat(np.arange(len(rows)), count)
    order = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    weights = rng.uniform(0.86, 1.16, len(row))
    room = (length - (count - 1) * size.gap)[row]
    share = weights / np.bincount(row, weights, minlength=len(rows))[row]
    width = np.clip(share * room, 0.0, high * 1.15)
    used = np.bincount(row, width, minlength=len(rows))
    gap = (length - used) / np.maximum(count - 1, 1)
    ends = np.cumsum(width + gap[row])
    before = np.concatenate([[0.0], ends])[np.cumsum(count) - count][row] if len(row) else ends
    x = rows.west.to_numpy()[row] + ends - before - gap[row] - width / 2
    x += np.where(count[row] == 1, (length[row] - width) / 2, 0.0)
    depth = rows.depth.to_numpy()[row] * (rng.uniform(0.88, 1.0, len(row)) if size.lane[1] else 1.0)
    frame = pd.DataFrame(
        {
            "parcel": rows.parcel.to_numpy(dtype=np.int64)[row],
            "row": rows.row.to_numpy(dtype=np.int64)[row],
            "order": order,
            "x": x,
            "y": rows.y0.to_numpy()[row] + depth / 2,
            "width": width,
            "depth": depth,
        }
    )
    return frame[frame.width >= low * 0.8].reset_index(drop=True)
