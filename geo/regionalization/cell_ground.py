"""What the grids of a community bring to their cells: the plan's parts, stairwells, floors and barriers."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.regionalization.atoms import PART_COLUMNS
from geo.regionalization.communities import Community
from geo.regionalization.floors import no_floors
from geo.territory.arrangement import Geometries, Indices

#: Square metres. A building with less ground in its grid stands at the grid's rim as a point.
LEAST_GROUND_M2 = 0.05
#: Metres from the rim within which such a point is put.
RIM_M = 1.0


@dataclass(frozen=True)
class CellGround:
    """What the grids of one community bring to their cells. All geometry in one projected CRS, metres.

    Attributes
    ----------
    code
        The community's.
    grids
        By code, the areas that cells tile.
    parts
        The plan's assignment: columns :data:`geo.regionalization.atoms.PART_COLUMNS`, ``part`` counting from 0, and
        ``geometry``, what of each stands in its grid (points or footprints).
    grid_of_part
        int[parts], positions in ``grids``.
    stairwells
        As in :class:`~geo.regionalization.communities.Community`, of buildings that the register still holds as the
        plan does.
    floors
        Columns :data:`geo.regionalization.floors.FLOOR_COLUMNS`.
    barriers
        Columns ``kind`` and ``geometry``.
    """

    code: str
    grids: gpd.GeoSeries
    parts: gpd.GeoDataFrame
    grid_of_part: Indices
    stairwells: gpd.GeoDataFrame
    floors: pd.DataFrame
    barriers: gpd.GeoDataFrame


def cell_ground(community: Community, grids: gpd.GeoSeries, assignment: pd.DataFrame) -> CellGround:
    """Gather what the grids of a community bring to their cells.

    Parameters
    ----------
    grids
        Polygons by grid, in the community's CRS.
    assignment
        ``building``, ``stairwell``, ``floor_from``, ``floor_to``, ``households``, ``grid``; rows of other grids are
        left aside. So are stairwells and floors that do not hold the households assigned: the register went on since
        the plan was drafted.
    """
    rows = assignment[assignment["grid"].isin(grids.index)]
    grid = grids.index.get_indexer(rows["grid"]).astype(np.int64)
    order = np.argsort(grid, kind="stable")
    rows, grid = rows.iloc[order], grid[order]
    held = rows[rows["stairwell"].isna() & rows["floor_from"].isna()].set_index("building")["households"]
    summed = community.stairwells.groupby("building")["households"].sum()
    agreed = summed.index[summed == held.reindex(summed.index)]
    return CellGround(
        community.code,
        grids,
        _parts(community, grids, rows, grid),
        grid,
        community.stairwells[community.stairwells["building"].isin(agreed)],
        no_floors() if community.floors is None else community.floors,
        community.barriers,
    )


def _parts(community: Community, grids: gpd.GeoSeries, rows: pd.DataFrame, grid: Indices) -> gpd.GeoDataFrame:
    buildings = community.buildings.reindex(rows["building"])
    of_stairwell = community.stairwells.set_index("stairwell").geometry
    shapes = of_stairwell.reindex(rows["stairwell"]).to_numpy(dtype=object, copy=True)
    for other in (buildings.geometry.to_numpy(), shapely.point_on_surface(grids.to_numpy())[grid]):
        unknown = shapely.is_missing(shapes)
        shapes[unknown] = other[unknown]
    columns = {name: rows[name].to_numpy() for name in ("floor_from", "floor_to", "households")}
    found = {
        "building": rows["building"].to_numpy(),
        "stairwell": pd.Series(rows["stairwell"].to_numpy(dtype=object), dtype=object),
        **columns,
        "compound": pd.Series(buildings["compound"].to_numpy(dtype=object), dtype=object),
        "part": np.arange(len(rows)),
        "estimated": np.zeros(len(rows), bool),
    }
    standing = standing_inside(shapes, grids.to_numpy(), grid)
    return gpd.GeoDataFrame(found, geometry=standing, crs=community.buildings.crs)[[*PART_COLUMNS, "geometry"]]


def standing_inside(shapes: Geometries, areas: Geometries, area: Indices) -> Geometries:
    """Return what of each of n shapes stands in its own area.

    A footprint reaches beyond its grid where the plan divides the building, and a point may lie outside where several
    share a place; what has no ground in the grid stands just inside of its rim.

    Parameters
    ----------
    area
        int[n], the position of each shape's own among ``areas``.
    """
    shapes = shapes.copy()
    shapely.prepare(areas)
    for position in np.flatnonzero(~shapely.covers(areas[area], shapes)):
        own = areas[area[position]]
        pieces = shapely.get_parts(shapely.intersection(shapes[position], own))
        pieces = pieces[shapely.area(pieces) >= LEAST_GROUND_M2]
        shapes[position] = shapely.union_all(pieces) if len(pieces) else _at_the_rim(shapes[position], own)
    return shapes


def _at_the_rim(shape: shapely.Geometry, boundary: shapely.Geometry) -> shapely.Geometry:
    """A point inside of a boundary, beside the place where it is nearest to a shape."""
    nearest = shapely.get_point(shapely.shortest_line(boundary, shape), 0)
    return shapely.point_on_surface(shapely.intersection(boundary, shapely.buffer(nearest, RIM_M)))
