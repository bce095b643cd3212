"""The bent lattice on which a town is drawn.

A street grid of straight, equally spaced lines is bent by one smooth map into metres of EPSG:4547. Everything with a
shared border (community, block, parcel, old grid) is a union of lattice cells, so neighbours share each vertex of
their border exactly, before and after any projection::

    j (row lines, to the north)
    ^   +----+----+====+----+      ====  a river: row line bent the most
    |   |    |    |    |    |      each superblock (+) is STEPS x STEPS lattice cells
    |   +----+----+----+----+
    +------------------------> i (column lines, to the east)
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely import LineString

from geo.crs import WGS84
from geo.sample.recipe import Skeleton, Street

#: Lattice cells along one side of a superblock; at 450 m a superblock, 19 m a cell.
STEPS = 24
#: The projected CRS in which the town is drawn: CGCS2000, central meridian 114°E.
PLAN_CRS = "EPSG:4547"


@dataclass(frozen=True)
class Lattice:
    """The nodes of the lattice and which superblocks belong to the street.

    Attributes
    ----------
    xy
        float[i, j, 2], metres in :data:`PLAN_CRS`.
    kept
        bool[column, row], the superblocks of the street.
    river, railway
        The row line and the column line (counted in superblocks) that carry them, or None.
    """

    xy: NDArray[np.float64]
    kept: NDArray[np.bool_]
    river: int | None
    railway: int | None

    def line(self, axis: str, index: int, start: int, end: int) -> LineString:
        """Return the lattice line along ``axis`` "i" (row line ``index``) or "j" (column line ``index``)."""
        nodes = self.xy[start : end + 1, index] if axis == "i" else self.xy[index, start : end + 1]
        return LineString(nodes)

    def ring(self, i0: int, i1: int, j0: int, j1: int) -> NDArray[np.float64]:
        """Return the closed ring around a rectangle of cells, counter-clockwise, with every node on it."""
        return np.concatenate(
            [
                self.xy[i0:i1, j0],
                self.xy[i1, j0:j1],
                self.xy[i1:i0:-1, j1],
                self.xy[i0, j1:j0:-1],
                self.xy[i0, j0][None],
            ]
        )

    def spans(self, i0: int, i1: int, j0: int, j1: int) -> tuple[float, float]:
        """Return the width and height of a rectangle of cells through its middle, in metres."""
        im, jm = (i0 + i1) // 2, (j0 + j1) // 2
        width = float(np.hypot(*(self.xy[i1, jm] - self.xy[i0, jm])))
        height = float(np.hypot(*(self.xy[im, j1] - self.xy[im, j0])))
        return width, height


def bend(street: Street, skeleton: Skeleton, rng: np.random.Generator) -> Lattice:
    """Draw a lattice for a street of the asked area around its asked middle."""
    columns, rows = skeleton.columns, skeleton.rows
    kept = np.ones((columns, rows), bool)
    corner = (int(rng.integers(2)) * (columns - 1), int(rng.integers(2)) * (rows - 1))
    if skeleton.drop_corner and min(columns, rows) > 1:
        kept[corner] = False
    river = int(rng.integers(1, rows)) if skeleton.river and rows > 1 else None
    railway = int(rng.integers(1, columns)) if skeleton.railway and columns > 1 else None
    area_m2 = street.area_km2 * 1e6
    height = np.sqrt(area_m2 / skeleton.aspect * columns * rows / kept.sum())
    u, v = _positions(columns, height * skeleton.aspect, rng), _positions(rows, height, rng)
    xy = _bent(u, v, skeleton, river, railway, rng)
    lattice = Lattice(xy, kept, river, railway)
    scale = np.sqrt(area_m2 / _area(lattice))
    return Lattice((xy - xy.mean(axis=(0, 1))) * scale + _middle(street), kept, river, railway)


def _positions(superblocks: int, length: float, rng: np.random.Generator) -> NDArray[np.float64]:
    shares = rng.uniform(0.82, 1.2, superblocks)
    lines = np.concatenate([[0.0], np.cumsum(shares / shares.sum())]) * length
    return np.interp(np.arange(superblocks * STEPS + 1) / STEPS, np.arange(superblocks + 1), lines)


def _bent(
    u: NDArray[np.float64],
    v: NDArray[np.float64],
    skeleton: Skeleton,
    river: int | None,
    railway: int | None,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    gu, gv = np.meshgrid(u, v, indexing="ij")
    x, y = gu.copy(), gv.copy()
    if river is not None:
        y += _meander(gu, skeleton.river_meander_m, rng) * np.exp(-(((gv - v[river * STEPS]) / 110.0) ** 2))
    if railway is not None:
        bow = skeleton.railway_bow_m * np.sin(np.pi * gv / v[-1] * rng.uniform(0.8, 1.4) + rng.uniform(0, 0.6))
        x += bow * rng.choice([-1, 1]) * np.exp(-(((gu - u[railway * STEPS]) / 260.0) ** 2))
    s, t = gu / u[-1], gv / v[-1]
    shift = rng.uniform(-1, 1, (2, 4)) * skeleton.corner_shift_m * (u[-1] / 1900.0)
    weights = np.stack([(1 - s) * (1 - t), s * (1 - t), (1 - s) * t, s * t])
    x += np.tensordot(shift[0], weights, 1) + _waves(gu, gv, skeleton.wobble_m, rng)
    y += np.tensordot(shift[1], weights, 1) + _waves(gu, gv, skeleton.wobble_m, rng)
    angle = np.radians(rng.uniform(*skeleton.rotation_degrees)) * rng.choice([-1, 1])
    return np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)], axis=-1)


def _meander(along: NDArray[np.float64], amplitude: float, rng: np.random.Generator) -> NDArray[np.float64]:
    wave = np.zeros_like(along)
    for length, part in ((rng.uniform(620, 820), 1.0), (rng.uniform(330, 420), 0.45), (rng.uniform(1300, 1700), 0.8)):
        wave += part * np.sin(2 * np.pi * (along / length + rng.uniform()))
    return amplitude * wave


def _waves(
    gu: NDArray[np.float64], gv: NDArray[np.float64], amplitude: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    wave = np.zeros_like(gu)
    for _ in range(5):
        direction, length = rng.uniform(0, 2 * np.pi), rng.uniform(500, 1300)
        wave += np.sin(2 * np.pi * ((gu * np.cos(direction) + gv * np.sin(direction)) / length + rng.uniform()))
    return amplitude * wave


def _area(lattice: Lattice) -> float:
    rings = [lattice.ring(c * STEPS, (c + 1) * STEPS, r * STEPS, (r + 1) * STEPS) for c, r in np.argwhere(lattice.kept)]
    return float(sum(shapely.area(shapely.polygons(ring)) for ring in rings))


def _middle(street: Street) -> NDArray[np.float64]:
    to_plan = Transformer.from_crs(WGS84, PLAN_CRS, always_xy=True)
    return np.asarray(to_plan.transform(street.lon, street.lat))
