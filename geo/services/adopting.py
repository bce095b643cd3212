"""Use case: put a draft plan in force.

Communities
    Redrawing communities is a legal act of its own: the plan's communities take force, buildings, compounds and city
    elements change their community, and communities that no drawn one goes on with end. Codes of things stay.

    The grids in force stay in force, also those whose homes are in two communities then. Ending them would leave
    people without a grid worker until somebody has drawn grids, and ending some of a plan's grids would edit a plan
    that is in force; the store's rule that a grid lies in its community is one for drafts, and what is in force was
    drawn by the communities of its day. So nothing of them is touched: what has to be drawn anew is listed
    (:func:`~geo.services.redrawing.grids_to_redraw`), in the draft's report, before and after. Drafts of grids that
    were drawn inside of older communities are refused when somebody wants to adopt them.
"""

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from geo.crs import metric_crs_of
from geo.errors import ConflictError
from geo.regionalization.communities import find_tier
from geo.services.redrawing import refuse_older
from geo.storage import buildings as building_rows
from geo.storage import communities, layers, plans
from geo.storage.plans import PlanRecord
from geo.territory.nouns import BUILDING, CITY_ELEMENT, COMMUNITY, COMPOUND, Noun


def adopt_plan(session: Session, plan_id: int, *, who: str, version: int) -> PlanRecord:
    """Adopt a draft and supersede what it replaces, in the caller's transaction.

    Parameters
    ----------
    version
        The version of the draft that the adopter saw.

    Raises
    ------
    NotFoundError
        There is no such plan.
    StaleVersionError
        The draft changed since; the message says how.
    ConflictError
        The plan is no draft, or one of cells; or another came in force meanwhile; or it was drawn from communities
        that changed since.
    """
    plan = plans.read_plan(session, plan_id)
    replaced = plans.replaced_by(session, plan)
    # Whoever adopts anything in this street waits here, so that what is checked below still holds when it is written.
    plans.in_force(session, plan.scope_code, plan.department, wait=True)
    if plan.tier == "community":
        return _adopt_communities(session, plan, who=who, version=version, replaced=replaced)
    tier = plan.report.get("tier", "grid")
    if tier != "grid":
        found = find_tier(tier)
        raise ConflictError(
            f"方案 {plan_id} 划的是{found.zh},采用它会取代现行网格;请导出后使用,或另划网格方案",
            f"plan {plan_id} is one of {found.en} and would replace the grids in force; export it, or plan grids",
        )
    adopted = plans.adopt(session, plan_id, who=who, version=version, replaced=replaced)
    astray = [] if plan.department else communities.grids_astray(session, plan_id)
    if astray:
        shown = "、".join(astray[:5])
        raise ConflictError(
            f"方案 {plan_id} 按以前的社区划分:网格 {shown} 等 {len(astray)} 个已不在其社区内;请重新划分网格",
            f"plan {plan_id} was drawn inside of older communities: {len(astray)} grids such as {shown} do not lie in "
            "theirs any more; plan the grids anew",
        )
    return adopted


def _adopt_communities(
    session: Session, plan: PlanRecord, *, who: str, version: int, replaced: list[int]
) -> PlanRecord:
    adopted = plans.adopt(session, plan.id, who=who, version=version, replaced=replaced)
    refuse_older(session, plan)
    drawn = plans.read_grids(session, plan.id)
    street = plan.scope_code[:9]
    kept = layers.read(session, COMMUNITY, codes=list(communities.versions(session, plan.scope_code)))
    layers.upsert(session, COMMUNITY, drawn[["code", "name", "geometry"]].assign(street_code=street), who=who)
    assigned = plans.read_assignment(session, plan.id).set_index("building_code")["grid_code"]
    own = kept["code"].tolist()
    buildings = layers.read(session, BUILDING, community_codes=sorted({*own, *drawn["code"]}))
    homes = _homes(buildings, drawn, assigned)
    counted = building_rows.read_buildings(session, codes=buildings["code"].tolist()).set_index("code")["households"]
    for noun, known in ((COMPOUND, _by_homes(buildings, homes, counted)), (CITY_ELEMENT, {})):
        things = layers.read(session, noun, community_codes=own)
        _move(session, noun, things, _homes(things, drawn, known), who=who)
    _move(session, BUILDING, buildings, homes, who=who)
    ended = sorted(set(own) - set(drawn["code"]))
    if ended:
        layers.end(session, COMMUNITY, ended, who=who)
    return adopted


def _homes(
    things: gpd.GeoDataFrame, drawn: gpd.GeoDataFrame, known: "pd.Series[str] | dict[str, str]"
) -> "pd.Series[str]":
    """The drawn community of each thing, by the things' index: as told, else where it stands, else the nearest."""
    found: pd.Series[str] = things["code"].map(known).astype(object)
    rest = things[found.isna()]
    if rest.empty:
        return found
    metres = metric_crs_of(drawn)
    points = gpd.GeoDataFrame(geometry=rest.geometry.representative_point(), crs=rest.crs).to_crs(metres)
    near = points.sjoin_nearest(drawn[["code", "geometry"]].to_crs(metres))
    first = near.sort_values("code", kind="stable").groupby(level=0)["code"].first()
    return found.where(found.notna(), first.reindex(found.index))


def _by_homes(buildings: gpd.GeoDataFrame, homes: "pd.Series[str]", counted: "pd.Series[int]") -> "pd.Series[str]":
    """The community of most of each compound's households."""
    inside = buildings.assign(home=homes, counted=buildings["code"].map(counted).fillna(0) + 1e-6)
    inside = inside[inside["compound_code"].notna()]
    summed = inside.groupby(["compound_code", "home"])["counted"].sum().reset_index()
    most = summed.sort_values(["counted", "home"], ascending=[False, True]).drop_duplicates("compound_code")
    found: pd.Series[str] = most.set_index("compound_code")["home"]
    return found


def _move(session: Session, noun: Noun, things: gpd.GeoDataFrame, homes: "pd.Series[str]", *, who: str) -> None:
    """Give things that change their community the new one; each leaves an event."""
    moved = things[things["community_code"] != homes]
    if len(moved):
        layers.upsert(session, noun, moved.assign(community_code=homes[moved.index]), who=who)
