"""Use case: gather what a map shows, out of the store."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.errors import NotFoundError
from geo.services.ledger_layers import ledger_content
from geo.storage import buildings as building_rows
from geo.storage import cells as cell_rows
from geo.storage import divisions, layers, plans
from geo.storage.divisions import Division
from geo.storage.plans import PlanRecord
from geo.territory.map_content import MapContent
from geo.territory.nouns import BARRIER, CITY_ELEMENT, COMMUNITY, COMPOUND
from geo.territory.times import CHINA_TIME

#: Roads and rivers are shown this far around the scope, in degrees (about 500 m).
SURROUNDINGS_DEGREES = 0.005

#: More plans than any street has; the store lists the newest first.
_MANY_PLANS = 10_000


def content_from_store(
    session: Session,
    scope_code: str | None = None,
    plan_id: int | None = None,
    *,
    title: str | None = None,
    ledger: bool = False,
) -> MapContent:
    """Gather the map of a street or community with one of its plans.

    Parameters
    ----------
    scope_code
        Code or name of a street or community; the plan's own scope when None, or the only street there is.
    plan_id
        The newest plan of the merged network when None: the scope's own, else the street's, else the communities'
        newest ones side by side. A scope without any plan gives a map without grids.
    ledger
        Whether hazards, inspection coverage and hot spots are on it.

    Raises
    ------
    NotFoundError
        There is no such scope or plan, or the plan holds no grid in the scope.
    InputError
        Several divisions have that name.
    """
    chosen = [plans.read_plan(session, plan_id)] if plan_id is not None else []
    scope = _scope(session, scope_code or (chosen[0].scope_code if chosen else None))
    codes = divisions.community_codes(session, scope.code)
    if not chosen:
        chosen = _newest(session, scope)
    grids = _in_english_too(_grids(session, chosen, codes), chosen)
    if plan_id is not None and grids is None:
        raise NotFoundError(
            f"方案 {plan_id} 在{scope.name}内没有网格", f"plan {plan_id} has no grid in {scope.name} ({scope.code})"
        )
    communities = layers.read(session, COMMUNITY, community_codes=codes)
    buildings = building_rows.read_buildings(session, community_codes=codes)
    assignment = _assignment(session, chosen)
    return MapContent(
        title=title or f"{scope.name}网格图",
        subtitle=_subtitle(session, scope),
        **_plan_words(chosen),
        grids=grids,
        cells=_cells(session, chosen, grids),
        communities=communities,
        compounds=layers.read(session, COMPOUND, community_codes=codes),
        buildings=buildings.assign(
            grid_code=_grid_of_building(assignment, buildings["code"]),
            keeps_out_of_range=buildings["code"].map(blocking_buildings([plan.report for plan in chosen])),
        ),
        stairwells=_stairwells(session, codes, assignment),
        barriers=_barriers(session, communities),
        city_elements=layers.read(session, CITY_ELEMENT, community_codes=codes),
        old_grids=_old_grids(session, scope, codes),
        ledger=ledger_content(session, scope.code) if ledger else None,
    )


def _scope(session: Session, wanted: str | None) -> Division:
    if wanted is not None:
        return divisions.find(session, wanted)
    streets = divisions.streets(session)
    if len(streets) == 1:
        return streets[0]
    if not streets:
        raise NotFoundError(
            "数据库中还没有街道;请先用 wangge import 导入,或运行 wangge demo",
            "the store holds no street yet; import one (wangge import) or run wangge demo",
        )
    listed = "、".join(f"{street.name} {street.code}" for street in streets[:8])
    raise NotFoundError(
        f"库中有 {len(streets)} 个街道,请指明一个:{listed}", f"there are {len(streets)} streets, name one: {listed}"
    )


def _newest(session: Session, scope: Division) -> list[PlanRecord]:
    """The scope's own newest plan, else its street's, else the newest one of each of its communities."""
    own = plans.latest(session, scope.code)
    if own is None and scope.parent is not None:
        own = plans.latest(session, scope.parent)
    if own is not None or scope.level == "community":
        return [own] if own is not None else []
    newest: dict[str, PlanRecord] = {}
    for plan in plans.list_plans(session, scope_code=scope.code, department="", tier="grid", limit=_MANY_PLANS):
        newest.setdefault(plan.scope_code, plan)
    return [newest[code] for code in sorted(newest)]


def _grids(session: Session, chosen: Sequence[PlanRecord], codes: Sequence[str]) -> gpd.GeoDataFrame | None:
    parts = [plans.read_grids(session, plan.id) for plan in chosen]
    if not parts:
        return None
    grids = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=WGS84)
    grids = grids[grids["community_code"].isin(codes)]
    return grids if len(grids) else None


def _in_english_too(grids: gpd.GeoDataFrame | None, chosen: Sequence[PlanRecord]) -> gpd.GeoDataFrame | None:
    """Put beside each reason the report's English one; the store keeps the Chinese."""
    listed = [row for plan in chosen for row in plan.report.get("grid_list") or ()]
    english = {str(row["code"]): row["reason_en"] for row in listed if row.get("reason_en")}
    return grids if grids is None or not english else grids.assign(reason_en=grids["code"].map(english))


def _cells(session: Session, chosen: Sequence[PlanRecord], grids: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """The cells of the grids shown, as far as they are drawn."""
    if grids is None:
        return None
    parts = [cell_rows.read_cells(session, plan.id) for plan in chosen]
    cells = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=WGS84)
    cells = cells[cells["grid_code"].isin(grids["code"]) & ~cells.geometry.isna()]
    return cells if len(cells) else None


def blocking_buildings(reports: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the buildings that reports name as the reason why a grid is out of range, and that grid's code.

    A report's ``grid_list`` names them in ``reason_buildings``; reports of earlier versions do not.
    """
    found: dict[str, str] = {}
    for report in reports:
        for row in report.get("grid_list") or ():
            for building in row.get("reason_buildings") or ():
                found.setdefault(str(building), str(row["code"]))
    return found


def _assignment(session: Session, chosen: Sequence[PlanRecord]) -> pd.DataFrame:
    parts = [plans.read_assignment(session, plan.id) for plan in chosen]
    columns = [*plans.ASSIGNMENT_COLUMNS, "floor_from", "floor_to"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _grid_of_building(assignment: pd.DataFrame, codes: pd.Series) -> pd.Series:
    """The grid of each building; of a divided one the grid that got most of its households."""
    summed = assignment.groupby(["building_code", "grid_code"])["households"].sum().reset_index()
    most = summed.sort_values(["building_code", "households", "grid_code"]).drop_duplicates(
        "building_code", keep="last"
    )
    return codes.map(most.set_index("building_code")["grid_code"])


def _stairwells(session: Session, codes: Sequence[str], assignment: pd.DataFrame) -> pd.DataFrame:
    """The stairwells; where a plan divides a building, its parts instead, each with its own grid."""
    stairwells = pd.DataFrame(building_rows.read_stairwells(session, community_codes=codes).drop(columns="geometry"))
    floors = assignment.reindex(columns=["floor_from", "floor_to"]).astype("Int64")
    parts = assignment[["building_code", "stairwell_code", "grid_code", "households"]].join(floors)
    parts = parts[parts["stairwell_code"].notna() | parts["floor_from"].notna()]
    names = stairwells.set_index("code")["name"]
    parts = parts.assign(
        code=parts["stairwell_code"],
        name=[
            _part_name(names.get(code), low, high)
            for code, low, high in zip(parts["stairwell_code"], parts["floor_from"], parts["floor_to"], strict=True)
        ],
    )
    whole = stairwells[~stairwells["code"].isin(parts["code"])]
    # A building without stairwells on record may be divided by floors alone.
    every = pd.concat([whole, parts[["code", "building_code", "name", "households", "grid_code"]]], ignore_index=True)
    return every.sort_values(["building_code", "code"], kind="stable").reset_index(drop=True)


def _part_name(stairwell: Any, low: Any, high: Any) -> str:
    floors = "" if pd.isna(low) or pd.isna(high) else (f"{low}层" if low == high else f"{low}–{high}层")
    return " ".join(part for part in ("" if pd.isna(stairwell) else str(stairwell), floors) if part)


def _barriers(session: Session, communities: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    if communities.empty:
        return None
    west, south, east, north = communities.total_bounds
    margin = SURROUNDINGS_DEGREES
    bounds = (west - margin, south - margin, east + margin, north + margin)
    barriers = layers.read(session, BARRIER, bbox=bounds)
    cut = shapely.intersection(barriers.geometry.to_numpy(), shapely.box(*bounds))
    return barriers.set_geometry(gpd.GeoSeries(cut, index=barriers.index, crs=barriers.crs))


def _old_grids(session: Session, scope: Division, codes: Sequence[str]) -> dict[str, gpd.GeoDataFrame]:
    """The newest grids of each department, as far as they lie in the scope."""
    newest: dict[str, dict[str, PlanRecord]] = {}
    for plan in plans.list_plans(session, scope_code=scope.parent or scope.code, limit=_MANY_PLANS):
        if plan.department:
            newest.setdefault(plan.department, {}).setdefault(plan.scope_code, plan)
    grids = {department: _grids(session, list(newest[department].values()), codes) for department in sorted(newest)}
    return {department: frame for department, frame in grids.items() if frame is not None}


def _subtitle(session: Session, scope: Division) -> str:
    parent = f"{divisions.name_of(session, scope.parent)} · " if scope.parent is not None else ""
    return f"{parent}{scope.code}"


def _plan_words(chosen: Sequence[PlanRecord]) -> dict[str, Any]:
    """What the title block says of the plan, or of several side by side as far as they agree."""
    if not chosen:
        return {}
    first = chosen[0]
    alone = len(chosen) == 1
    when = first.adopted_at or first.created_at
    return {
        "plan_name": f"{first.name}(#{first.id})" if alone else f"{len(chosen)} 个社区方案",
        "plan_state": first.state if len({plan.state for plan in chosen}) == 1 else "",
        "plan_date": when.astimezone(CHINA_TIME).date() if alone else None,
        "lower": first.lower if len({plan.lower for plan in chosen}) == 1 else None,
        "upper": first.upper if len({plan.upper for plan in chosen}) == 1 else None,
    }
