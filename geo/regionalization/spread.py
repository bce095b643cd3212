"""The grids of a community moved apart from each other, so that what is done to each can be done to all at once.

Two grids share a border; what is tessellated, joined or drawn in one must know nothing of the other. Moved apart by
whole metres, as islands on one sheet, they do not touch, and one call serves them all: geometry is dear by the call::

    the community   ┌──┬──┐      the sheet   ┌──┐    ┌──┐
                    │ A│ B│                  │ A│    │ B│
                    ├──┴──┤                  └──┘    └──┘
                    │  C  │                  ┌─────┐
                    └─────┘                  │  C  │
                                             └─────┘
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.territory.arrangement import Floats, Geometries, Indices
from geo.territory.barriers import barrier_lines

#: Metres of barriers kept around the box of each grid.
AROUND_M = 20.0


@dataclass(frozen=True)
class Spread:
    """n grids moved apart.

    Attributes
    ----------
    areas
        The grids on the sheet, metres. No two are nearer to each other than any grid is wide.
    by
        float[n, 2], whole metres that each was moved east and north.
    barriers
        Columns ``kind`` and ``geometry``, lines on the sheet: those at each grid, cut off around it.
    barrier_grid
        int[barriers], the position of the grid that each line was put beside.
    """

    areas: Geometries
    by: Floats
    barriers: gpd.GeoDataFrame
    barrier_grid: Indices

    def put(self, shapes: Geometries, grid: Indices) -> Geometries:
        """Move shapes onto the sheet, each beside its grid."""
        return moved(shapes, self.by[grid])

    def taken_back(self, shapes: Geometries, grid: Indices) -> Geometries:
        """Move shapes to where they lie in the community, right to less than a nanometre."""
        return moved(shapes, -self.by[grid])

    def area(self, grids: Indices) -> shapely.MultiPolygon:
        """Some of the grids as one area."""
        return shapely.MultiPolygon(shapely.get_parts(self.areas[grids]).tolist())

    def barriers_of(self, grids: Indices) -> gpd.GeoDataFrame:
        """The barriers beside some of the grids."""
        return self.barriers[np.isin(self.barrier_grid, grids)]


def spread(grids: gpd.GeoSeries, barriers: gpd.GeoDataFrame) -> Spread:
    """Move grids apart.

    Parameters
    ----------
    grids
        n (multi)polygons in a projected CRS, metres.
    barriers
        Columns ``kind`` and ``geometry``, same CRS.
    """
    shapes = grids.to_numpy()
    boxes = shapely.bounds(shapes).reshape(-1, 4)
    corner = boxes[:, :2]
    size = float((boxes[:, 2:] - corner).max(initial=0.0))
    slot = np.ceil(3 * size + 4 * AROUND_M)
    across = int(np.ceil(np.sqrt(len(shapes))))
    number = np.arange(len(shapes))
    place = slot * np.column_stack([number % max(across, 1), number // max(across, 1)])
    by = np.floor(corner.min(axis=0, initial=np.inf)) + place - np.floor(corner) if len(shapes) else np.zeros((0, 2))
    lines, row, grid = _lines_beside(boxes, barriers)
    found = gpd.GeoDataFrame({"kind": barriers["kind"].to_numpy()[row]}, geometry=moved(lines, by[grid]), crs=grids.crs)
    return Spread(moved(shapes, by), by, found, grid)


def _lines_beside(boxes: Floats, barriers: gpd.GeoDataFrame) -> tuple[Geometries, Indices, Indices]:
    """What of the barriers lies in or just around each box: lines, the row of each in ``barriers``, and its box."""
    lines, row = barrier_lines(barriers)
    wide = boxes + np.array([-AROUND_M, -AROUND_M, AROUND_M, AROUND_M])
    grid, line = shapely.STRtree(lines).query(shapely.box(*wide.T))
    cut = [shapely.clip_by_rect(lines[line[grid == number]], *box) for number, box in enumerate(wide)]
    cut_lines, of = shapely.get_parts(np.concatenate([np.empty(0, object), *cut]), return_index=True)
    order = np.argsort(grid, kind="stable")
    kept = shapely.get_dimensions(cut_lines) == 1
    return cut_lines[kept], row[line[order][of[kept]]], grid[order][of[kept]].astype(np.int64)


def moved(shapes: Geometries, by: NDArray[np.float64]) -> Geometries:
    """Move each of n shapes by its own metres east and north."""
    xy, shape = shapely.get_coordinates(shapes, return_index=True)
    return np.asarray(shapely.set_coordinates(shapes.copy(), xy + by[shape]), dtype=object)
