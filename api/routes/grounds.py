"""The ground of a plan, whole, and what edits did to it: what a planner's page works with."""

from dataclasses import asdict, fields
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from api.dependencies import MAX_ID, PlanId, Store
from api.openapi import problems
from api.schemas.grounds import Ground, StrokeList
from api.schemas.plans import PlanSummary
from geo.services import grounding
from geo.services.grounding import PlanGround

router = APIRouter(tags=["plans"])


@router.get(
    "/plans/{plan_id}/ground",
    summary="方案的底数:楼栋、边界与归属 Ground of a plan",
    response_model=Ground,
    responses=problems(404, 409, 422, 503),
)
def ground(store: Store, plan_id: PlanId) -> Any:
    """Return all that a plan's figures follow from, as columns: units, the borders between them, and who is where.

    With it households per grid, contiguity, barriers crossed, compounds split, compactness and households that change
    their grid worker can be worked out for any assignment without asking again. The rows are those that the next edit
    starts from, with the plan's version; plans of communities and of departments have none (409).
    """
    found = grounding.ground_of_plan(store, plan_id)
    version = f'"{found.plan.version}"'
    return JSONResponse(_told(found), headers={"ETag": version, "Cache-Control": "no-store"})


@router.get(
    "/plans/{plan_id}/edits",
    summary="方案的修改记录 What edits did to a plan",
    responses=problems(404, 422, 503),
)
def strokes(
    store: Store,
    plan_id: PlanId,
    after: Annotated[int, Query(ge=0, le=MAX_ID, description="此版本以后的 Those after this version")] = 0,
) -> StrokeList:
    """List what edits did to a plan, the oldest first: each can be taken back by the edit that does the opposite."""
    plan, found = grounding.strokes_of_plan(store, plan_id, after=after)
    items = [asdict(stroke) for stroke in found]
    told = {"version": plan.version, "state": plan.state, "name": plan.name}
    return StrokeList.model_validate({**told, "items": items})


def _told(found: PlanGround) -> dict[str, Any]:
    # The lists as they are: a copy of all that is in them takes longer than writing them.
    columns = {field.name: getattr(found.columns, field.name) for field in fields(found.columns)}
    units, communities = columns["units"], columns["communities"]
    names = found.building_names
    return {
        **columns,
        "communities": {**communities, "name": [found.community_names.get(code) for code in communities["code"]]},
        "plan": PlanSummary.model_validate(asdict(found.plan)).model_dump(mode="json"),
        "grids": _named(columns["grids"], found.grid_names),
        "compounds": _named(columns["compounds"], found.compound_names),
        "units": {**units, "name": [names.get(code) for code in units["building"]]},
        "notices": [asdict(notice) for notice in found.notices],
    }


def _named(codes: list[str], names: dict[str, str]) -> dict[str, list[Any]]:
    return {"code": codes, "name": [names.get(code) for code in codes]}
