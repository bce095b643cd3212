"""Use case: gather several plans of one area beside each other, out of the store."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.errors import InputError, NotFoundError
from geo.regionalization.continuity import by_place
from geo.services.mapping import content_from_store
from geo.storage import divisions, network, plans
from geo.storage.divisions import Division
from geo.storage.plans import PlanRecord
from geo.territory.dictionaries import dictionary
from geo.territory.map_content import ComparisonContent, MapContent, PlanSide
from geo.territory.times import CHINA_TIME

#: What stands for the plan in force where a plan's number could stand.
IN_FORCE = ("现行", "in-force")

#: More plans than fit on a screen are no comparison.
MOST_PLANS = 8

#: Figures of a report that a comparison shows, where the plan has them.
REPORTED = ("boundary_cost", "barrier_crossed", "compounds_split", "compounds_fitting_split")


def comparison_from_store(
    session: Session, wanted: Sequence[str], scope_code: str | None = None, *, title: str | None = None
) -> ComparisonContent:
    """Gather plans of one street or community, the first as the one the others are held against.

    Parameters
    ----------
    wanted
        Each a plan's number, one of :data:`IN_FORCE`, or a department's name for its old grids.
    scope_code
        Code or name of a street or community; the smallest scope of the plans named by number when None.

    Raises
    ------
    NotFoundError
        There is no such plan or scope, or a plan holds no grid in the scope.
    InputError
        There are not two to eight plans, or those named have no ground in common.
    """
    if not 2 <= len(wanted) <= MOST_PLANS:
        raise InputError(
            f"比较需要 2 至 {MOST_PLANS} 个方案,得到 {len(wanted)} 个",
            f"a comparison takes 2 to {MOST_PLANS} plans, got {len(wanted)}",
        )
    records = {each: plans.read_plan(session, int(each)) for each in wanted if each.isdecimal()}
    scope = divisions.find(session, scope_code or _common_scope(list(records.values())))
    ground = content_from_store(session, scope.code, title=title or f"{scope.name}方案比较")
    codes = divisions.community_codes(session, scope.code)
    buildings = ground.buildings
    if buildings is None:
        buildings = gpd.GeoDataFrame({"code": [], "households": []}, geometry=[], crs=WGS84)
    buildings = buildings.assign(key=buildings["code"]).drop(columns="grid_code", errors="ignore")
    sides = []
    for each in wanted:
        if each in records:
            sides.append(_numbered(session, records[each], codes))
        elif each in IN_FORCE:
            sides.append(_in_force(session, scope))
        else:
            sides.append(_old_network(each, ground.old_grids, buildings))
    return ComparisonContent(ground=_bare(ground, buildings), plans=tuple(sides))


def newest_plan(session: Session, scope_code: str | None) -> int:
    """Return the number of the newest plan of the merged network in a scope, or in all of them.

    Raises
    ------
    NotFoundError
        There is none, or no such scope.
    """
    scope = None if scope_code is None else divisions.find(session, scope_code)
    found = plans.list_plans(session, scope_code=scope.code if scope else None, department="", limit=1)
    if not found:
        raise NotFoundError("还没有方案;请先 wangge plan", "there is no plan yet; make one first (wangge plan)")
    return found[0].id


def _common_scope(records: list[PlanRecord]) -> str:
    codes = sorted((record.scope_code for record in records), key=len)
    if not codes:
        raise InputError(
            "请指明街道或社区,或至少给出一个方案编号", "name a street or community, or at least one plan by number"
        )
    smallest = codes[-1]
    if not all(smallest.startswith(code) for code in codes):
        raise InputError(
            f"这些方案没有共同的范围:{'、'.join(sorted(set(codes)))}",
            f"the plans have no ground in common: {', '.join(sorted(set(codes)))}",
        )
    return smallest


def _bare(ground: MapContent, buildings: gpd.GeoDataFrame) -> MapContent:
    """The ground without a plan of its own."""
    stairwells = None if ground.stairwells is None else ground.stairwells.drop(columns="grid_code", errors="ignore")
    return replace(
        ground,
        plan_name="",
        plan_state="",
        plan_date=None,
        lower=None,
        upper=None,
        grids=None,
        buildings=buildings,
        stairwells=stairwells,
        old_grids={},
    )


def _numbered(session: Session, record: PlanRecord, codes: Sequence[str]) -> PlanSide:
    grids = plans.read_grids(session, record.id)
    grids = grids[grids["community_code"].isin(codes)]
    if grids.empty:
        raise NotFoundError(
            f"方案 {record.id} 在所比较的范围内没有网格", f"plan {record.id} has no grid in the area compared"
        )
    state = dictionary("plan_states").find(record.state)
    when = (record.adopted_at or record.created_at).astimezone(CHINA_TIME).date()
    return PlanSide(
        name=f"{record.name}(#{record.id})",
        note=f"{state.zh if state else record.state} · {when.isoformat()}",
        grids=grids.reset_index(drop=True),
        assignment=_assignment(session, {record.id: grids}),
        lower=record.lower,
        upper=record.upper,
        measured=_measured(record.report),
    )


def _in_force(session: Session, scope: Division) -> PlanSide:
    grids = network.read_network(session, scope.code)
    if grids.empty:
        raise NotFoundError(
            f"{scope.name}还没有现行方案;请先 wangge adopt 一个方案",
            f"{scope.name} has no plan in force; adopt one first (wangge adopt)",
        )
    records = [plans.read_plan(session, int(number)) for number in sorted(set(grids["plan_id"]))]
    names = f"{records[0].name}(#{records[0].id})" if len(records) == 1 else f"{len(records)} 个方案"
    bounds = {(record.lower, record.upper) for record in records}
    lower, upper = bounds.pop() if len(bounds) == 1 else (None, None)
    return PlanSide(
        name=f"现行:{names}",
        grids=grids.reset_index(drop=True),
        assignment=_assignment(session, {record.id: grids[grids["plan_id"] == record.id] for record in records}),
        lower=lower,
        upper=upper,
        measured=_measured(records[0].report) if len(records) == 1 else {},
    )


def _old_network(department: str, networks: Mapping[str, gpd.GeoDataFrame], buildings: gpd.GeoDataFrame) -> PlanSide:
    if department not in networks:
        have = "、".join(networks) or "无 none"
        raise NotFoundError(
            f"没有“{department}”这个方案或部门;该范围内有原网格的部门:{have}",
            f"there is no plan or department {department!r}; departments with old grids here: {have}",
        )
    grids, assignment = located(buildings, networks[department].reset_index(drop=True))
    return PlanSide(name=f"{department}原网格", grids=grids, assignment=assignment)


def located(buildings: gpd.GeoDataFrame, grids: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return drawn grids with the households of the buildings that stand in them, and these buildings.

    Parameters
    ----------
    buildings
        ``key``, ``households``; EPSG:4326.
    grids
        ``code`` and perhaps ``households``, which then stay; EPSG:4326.
    """
    households = pd.to_numeric(buildings["households"], errors="coerce").fillna(0).astype("int64")
    assignment = by_place(buildings.assign(households=households).set_index("key"), grids)
    if "households" in grids.columns and grids["households"].notna().all():
        return grids, assignment
    counted = assignment.groupby("grid")["households"].sum()
    return grids.assign(households=grids["code"].map(counted).fillna(0).astype(int)), assignment


def _assignment(session: Session, grids_of_plan: dict[int, gpd.GeoDataFrame]) -> pd.DataFrame:
    parts = []
    for plan_id, grids in grids_of_plan.items():
        rows = plans.read_assignment(session, plan_id)
        parts.append(rows[rows["grid_code"].isin(grids["code"])])
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.rename(columns={"building_code": "building", "stairwell_code": "stairwell", "grid_code": "grid"})
    # The engine's frames say None for a whole building, and NaN for all of its floors.
    floors = {name: rows[name].to_numpy(float, na_value=np.nan) for name in ("floor_from", "floor_to")}
    return rows.assign(stairwell=rows["stairwell"].astype(object).where(rows["stairwell"].notna(), None), **floors)


def _measured(report: dict[str, Any]) -> dict[str, float]:
    return {name: float(report[name]) for name in REPORTED if isinstance(report.get(name), int | float)}
