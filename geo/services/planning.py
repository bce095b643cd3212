"""Use case: draft grids for a community, a street, or all, out of the store and back into it."""

import time
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from geo.crs import WGS84, metric_crs_of
from geo.errors import NotFoundError
from geo.regionalization.communities import Bounds, Community
from geo.regionalization.drafting import CommunityDraft, DraftSettings
from geo.regionalization.execution import Progress, draft_communities
from geo.regionalization.reporting import grid_code, report
from geo.storage import buildings as building_rows
from geo.storage import divisions, layers, plans
from geo.territory.coverage import to_degrees
from geo.territory.nouns import BARRIER, COMMUNITY
from geo.territory.overlaps import mended, settle_overlaps

#: Barriers this far outside of a community still shape its border, in metres.
BARRIER_MARGIN_M = 5.0


@dataclass(frozen=True)
class PlanOutcome:
    """A draft that was saved."""

    plan_id: int
    report: dict[str, Any]


def plan_scope(
    session: Session,
    scope_code: str,
    *,
    lower: int = 200,
    upper: int = 300,
    seed: int = 0,
    name: str | None = None,
    who: str,
    progress: Progress | None = None,
    time_limit: float | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
) -> PlanOutcome:
    """Draft grids for one community or all communities of one street, and save them as a draft plan.

    Parameters
    ----------
    scope_code
        12-digit community or 9-digit street code.
    time_limit
        Seconds for each community; None until the search converges.
    progress
        See :func:`~geo.regionalization.execution.draft_communities`, as for ``workers`` and ``scheduler``.

    Returns
    -------
    PlanOutcome
        The caller commits.

    Raises
    ------
    NotFoundError
        The scope, or any community or building in it, is not in the store.
    BoundsError
        The limits make no sense.
    """
    started = time.perf_counter()
    bounds = Bounds(lower, upper)
    scope = divisions.find(session, scope_code)
    rows = _community_rows(session, scope)
    boundaries, notes = _boundaries(rows)
    buildings = building_rows.read_buildings(session, community_codes=rows["code"].tolist())
    communities, moved = _communities(session, rows, boundaries, buildings)
    settings = DraftSettings(bounds, seed, time_limit)
    drafts = draft_communities(communities, settings, workers=workers, scheduler=scheduler, progress=progress)
    names = dict(zip(rows["code"], rows["name"], strict=True))
    summary = report(drafts, bounds, seed=seed, seconds=time.perf_counter() - started, names=names)
    summary |= {
        "notes": notes + moved,
        "scope": scope_code,
        "households_source": _sources(buildings),
    }
    grids = _grids(drafts, boundaries)
    summary["seconds"] = round(time.perf_counter() - started, 3)
    plan_id = plans.create_draft(
        session,
        name=name or f"{scope.name}网格划分方案",
        scope_code=scope_code,
        lower=lower,
        upper=upper,
        seed=seed,
        parameters={"time_limit": time_limit},
        report=summary,
        grids=grids,
        assignment=_assignment(drafts),
        who=who,
    )
    return PlanOutcome(plan_id, summary)


def scope_codes(session: Session, target: str) -> list[str]:
    """Return the codes that a planner's word for a place means: ``all``, a code, or a name.

    Raises
    ------
    NotFoundError
        No street or community has that code or name.
    """
    if target != "all":
        return [divisions.find(session, target).code]
    streets = divisions.streets(session)
    if not streets:
        raise NotFoundError(
            "数据库中还没有街道;请先用 wangge import 导入,或运行 wangge demo",
            "the store holds no street yet; import one (wangge import) or run wangge demo",
        )
    return [street.code for street in streets]


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
    session: Session, rows: gpd.GeoDataFrame, boundaries: gpd.GeoSeries, buildings: gpd.GeoDataFrame
) -> tuple[list[Community], list[str]]:
    """Gather what each community brings to a draft, and which buildings had to be moved for it."""
    crs = metric_crs_of(rows)
    west, south, east, north = rows.total_bounds
    codes = rows["code"].tolist()
    areas = mended(boundaries.to_crs(crs))
    buildings, moved = _in_their_communities(buildings.to_crs(crs), areas)
    stairwells = building_rows.read_stairwells(session, community_codes=codes).to_crs(crs)
    barriers = layers.read(session, BARRIER, bbox=(west, south, east, north)).to_crs(crs)
    barriers = barriers[["kind", "geometry"]]
    communities = [
        _community(code, areas[code], buildings, stairwells, barriers) for code in codes if not areas[code].is_empty
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


def _community(
    code: str,
    boundary: shapely.Geometry,
    buildings: gpd.GeoDataFrame,
    stairwells: gpd.GeoDataFrame,
    barriers: gpd.GeoDataFrame,
) -> Community:
    own = buildings[buildings["community_code"] == code]
    frame = gpd.GeoDataFrame(
        {"households": own["households"].to_numpy(), "compound": own["compound_code"].to_numpy()},
        index=pd.Index(own["code"], name=None),
        geometry=own.geometry.to_numpy(),
        crs=buildings.crs,
    )
    near = barriers.iloc[barriers.sindex.query(boundary.buffer(BARRIER_MARGIN_M), predicate="intersects")]
    return Community(code, boundary, frame, _whole_stairwells(stairwells, frame), near)


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
        },
        geometry=np.where(unplaced, footprints, own.geometry.to_numpy()),
        crs=buildings.crs,
    )
    summed = own.groupby("building")["households"].sum()
    whole = summed.index[summed == buildings["households"].reindex(summed.index)]
    return own[own["building"].isin(whole)]


def _grids(drafts: list[CommunityDraft], boundaries: gpd.GeoSeries) -> gpd.GeoDataFrame:
    parts = []
    for draft in drafts:
        part = draft.grids.rename(columns={"reason_zh": "reason"})
        part = part.assign(
            code=[grid_code(draft.code, int(number) + 1) for number in part.index],
            name=[f"第{int(number) + 1}网格" for number in part.index],
            community_code=draft.code,
        )
        part["geometry"] = to_degrees(part.geometry, boundary=boundaries[draft.code]).to_numpy()
        parts.append(part.set_crs(WGS84, allow_override=True))
    frame = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=WGS84)
    return frame[["code", "name", "community_code", "households", "reason_code", "reason", "geometry"]]


def _assignment(drafts: list[CommunityDraft]) -> pd.DataFrame:
    parts = []
    for draft in drafts:
        codes = [grid_code(draft.code, int(number) + 1) for number in draft.assignment["grid"]]
        part = draft.assignment.rename(columns={"building": "building_code", "stairwell": "stairwell_code"})
        parts.append(part.assign(grid_code=codes).drop(columns="grid"))
    return pd.concat(parts, ignore_index=True)


def _sources(buildings: gpd.GeoDataFrame) -> dict[str, int]:
    """Count the buildings per way in which their households were found out."""
    found = buildings["households_source"].value_counts()
    return {str(source): int(count) for source, count in found.items()}
