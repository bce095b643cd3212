"""What a draft is made of, out of the store: a scope's communities with their buildings and the plan in force."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from geo.crs import WGS84, metric_crs_of
from geo.errors import NotFoundError
from geo.regionalization.communities import Community
from geo.regionalization.floors import households_by_floor
from geo.services.in_force import InForce, of_buildings, read_in_force
from geo.services.workload import count_by_building
from geo.storage import buildings as building_rows
from geo.storage import divisions, layers
from geo.storage.divisions import Division
from geo.territory.nouns import BARRIER, COMMUNITY
from geo.territory.overlaps import mended, settle_overlaps

_Frame = TypeVar("_Frame", bound=pd.DataFrame)

#: Barriers this far outside of a community still shape its border, in metres.
BARRIER_MARGIN_M = 5.0


@dataclass(frozen=True)
class Gathered:
    """A street or community, ready to be drafted.

    Attributes
    ----------
    communities
        In a projected CRS, metres.
    boundaries
        The communities' areas by code, in degrees, none over another: where their grids are put back.
    names
        Of the communities, by code.
    in_force
        The plan in force; None where there is none, or none is wanted.
    sources
        How many buildings have their households from where.
    notes
        What had to be settled, Chinese and English.
    """

    scope: Division
    communities: list[Community]
    boundaries: gpd.GeoSeries
    names: dict[str, str]
    in_force: InForce | None
    sources: dict[str, int]
    notes: list[str]


def gather(
    session: Session,
    scope_code: str,
    *,
    previous: int | Literal["none"] | None = None,
    counted: tuple[str, ...] = (),
) -> Gathered:
    """Read what a draft of a street or community is made of.

    Parameters
    ----------
    previous
        A plan that shall count as the one in force; None for the one that is, ``"none"`` for none.
    counted
        Kinds of places and city elements to count at each building, as planners name them.

    Raises
    ------
    NotFoundError
        The scope, any community in it, or the plan is not in the store.
    CodeError
        A kind is unknown.
    """
    scope = divisions.find(session, scope_code)
    rows = _community_rows(session, scope)
    boundaries, notes = _boundaries(rows)
    buildings = building_rows.read_buildings(session, community_codes=rows["code"].tolist())
    in_force = read_in_force(session, scope.code, buildings, previous)
    communities, moved = _communities(session, rows, boundaries, buildings, in_force, counted)
    names = dict(zip(rows["code"], rows["name"], strict=True))
    return Gathered(scope, communities, boundaries, names, in_force, _sources(buildings), notes + moved)


def _community_rows(session: Session, scope: divisions.Division) -> gpd.GeoDataFrame:
    if scope.level == "community":
        return layers.read(session, COMMUNITY, community_codes=[scope.code])
    rows = layers.read(session, COMMUNITY, street_code=scope.code)
    if rows.empty:
        raise NotFoundError(
            f"{scope.name}还没有社区;请先导入社区", f"{scope.name} has no community yet; import its communities first"
        )
    return rows


def _boundaries(rows: gpd.GeoDataFrame) -> tuple[gpd.GeoSeries, list[str]]:
    """Return communities' areas by code, in degrees, none over another; and what had to be settled for that."""
    stored = rows.set_index("code").geometry
    metres, overlaps = settle_overlaps(stored.to_crs(metric_crs_of(rows)))
    changed = list({overlap.second for overlap in overlaps})
    boundaries = stored.copy()
    boundaries[changed] = mended(metres[changed].to_crs(WGS84))
    if not overlaps:
        return boundaries, []
    area = sum(overlap.area_m2 for overlap in overlaps)
    return boundaries, [
        f"{len(overlaps)} 对社区边界重叠,共 {area:,.1f} m²,归编码在前者 "
        f"{len(overlaps)} pairs of communities overlap; the ground goes to the first code"
    ]


def _communities(
    session: Session,
    rows: gpd.GeoDataFrame,
    boundaries: gpd.GeoSeries,
    buildings: gpd.GeoDataFrame,
    in_force: InForce | None,
    counted: tuple[str, ...],
) -> tuple[list[Community], list[str]]:
    """Gather what each community brings to a draft, and which buildings had to be moved for it."""
    crs = metric_crs_of(rows)
    west, south, east, north = rows.total_bounds
    codes = rows["code"].tolist()
    areas = mended(boundaries.to_crs(crs))
    buildings, moved = _in_their_communities(buildings.to_crs(crs), areas)
    counts = count_by_building(session, counted, buildings)
    stairwells = building_rows.read_stairwells(session, community_codes=codes).to_crs(crs)
    doors = building_rows.read_doors(session, community_codes=codes)
    barriers = layers.read(session, BARRIER, bbox=(west, south, east, north)).to_crs(crs)
    barriers = barriers[["kind", "geometry"]]
    parts = zip(codes, _parts(buildings, counts, stairwells, doors, codes), strict=True)
    communities = [
        _community(code, areas[code], part, barriers, in_force) for code, part in parts if not areas[code].is_empty
    ]
    return communities, moved


def _in_their_communities(buildings: gpd.GeoDataFrame, boundaries: gpd.GeoSeries) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Give buildings that stand outside of their community to the one they stand in; leave out those in none."""
    own = boundaries.reindex(buildings["community_code"])
    astray = ~buildings.intersects(gpd.GeoSeries(own.to_numpy(), index=buildings.index, crs=buildings.crs))
    if not astray.any():
        return buildings, []
    points = gpd.GeoSeries(buildings.geometry[astray].representative_point(), crs=buildings.crs)
    position, community = boundaries.sindex.query(points, predicate="intersects")
    found = pd.Series(boundaries.index[community], index=points.index[position])
    found = found[~found.index.duplicated()]
    buildings = buildings.copy()
    buildings.loc[found.index, "community_code"] = found
    homeless = points.index.difference(found.index)
    notes = [f"{len(found)} 栋楼位于相邻社区内,按所在社区划分 buildings planned where they stand"] if len(found) else []
    if len(homeless):
        some = "、".join(buildings.loc[homeless[:5], "code"])
        notes.append(f"{len(homeless)} 栋楼不在任何社区内,未划分 in no community, left out: {some}")
    return buildings.drop(index=homeless), notes


@dataclass(frozen=True)
class _Part:
    """What one community has of a street's buildings, of what is counted at them, of their stairwells and floors."""

    buildings: gpd.GeoDataFrame
    counts: pd.DataFrame
    stairwells: gpd.GeoDataFrame
    floors: pd.DataFrame


def _parts(
    buildings: gpd.GeoDataFrame,
    counts: pd.DataFrame,
    stairwells: gpd.GeoDataFrame,
    doors: pd.DataFrame,
    codes: list[str],
) -> list[_Part]:
    """Share out what stands on a street to its communities, all at once: a look through all for each takes longer."""
    by_code = buildings.set_index("code")
    whole = _whole_stairwells(stairwells, by_code)
    known = doors[doors["building"].isin(by_code.index)]
    floors = households_by_floor(known, by_code[["households", "floors"]], whole)
    home = by_code["community_code"]
    shared = zip(
        _shared_out(buildings, buildings["community_code"], codes),
        _shared_out(counts.loc[buildings.index], buildings["community_code"], codes),
        _shared_out(whole, whole["building"].map(home), codes),
        _shared_out(floors, floors["building"].map(home), codes),
        strict=True,
    )
    return [_Part(*each) for each in shared]


def _shared_out(rows: _Frame, community: "pd.Series[str]", codes: list[str]) -> list[_Frame]:
    """Rows of each community, in the order that they had."""
    number = pd.Index(codes).get_indexer(pd.Index(community))
    order = np.argsort(number, kind="stable")
    ends = np.searchsorted(number[order], np.arange(len(codes) + 1))
    arranged = rows.iloc[order]
    return [arranged.iloc[start:end].reset_index(drop=True) for start, end in pairwise(ends)]


def _community(
    code: str,
    boundary: shapely.Geometry,
    part: _Part,
    barriers: gpd.GeoDataFrame,
    in_force: InForce | None,
) -> Community:
    own = part.buildings
    frame = gpd.GeoDataFrame(
        {"households": own["households"].to_numpy(), "compound": own["compound_code"].to_numpy()},
        index=pd.Index(own["code"], name=None),
        geometry=own.geometry.to_numpy(),
        crs=own.crs,
    )
    frame[list(part.counts.columns)] = part.counts.to_numpy()
    near = barriers.iloc[barriers.sindex.query(boundary.buffer(BARRIER_MARGIN_M), predicate="intersects")]
    previous = of_buildings(in_force, frame.index)
    return Community(code, boundary, frame, part.stairwells, near, previous=previous, floors=part.floors)


def _whole_stairwells(stairwells: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The stairwells of buildings whose stairwells together hold all of their households.

    A stairwell of unknown place has its building's; tessellation then shares the footprint out.
    """
    own = stairwells[stairwells["building_code"].isin(buildings.index)]
    footprints = buildings.geometry.reindex(own["building_code"]).to_numpy()
    unplaced = (own.geometry.isna() | own.geometry.is_empty).to_numpy()
    own = gpd.GeoDataFrame(
        {
            "building": own["building_code"].to_numpy(),
            "stairwell": own["code"].to_numpy(),
            "households": own["households"].to_numpy(),
            "floors": own["floors"].to_numpy(),
        },
        geometry=np.where(unplaced, footprints, own.geometry.to_numpy()),
        crs=buildings.crs,
    )
    summed = own.groupby("building")["households"].sum()
    whole = summed.index[summed == buildings["households"].reindex(summed.index)]
    return own[own["building"].isin(whole)]


def _sources(buildings: gpd.GeoDataFrame) -> dict[str, int]:
    """Count the buildings per way in which their households were found out."""
    found = buildings["households_source"].value_counts()
    return {str(source): int(count) for source, count in found.items()}
