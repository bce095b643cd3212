"""Drafts edited over HTTP: buildings moved between grids, grids made and ended, plans renamed."""

from dataclasses import asdict
from typing import NoReturn

from fastapi import APIRouter, Depends, Response
from sqlalchemy.orm import Session

from api.dependencies import Acting, PlanId, Store
from api.errors import RequestError
from api.idempotency import Creating, once
from api.openapi import problems
from api.routes.plans import IfMatch, detail_of, seen_version
from api.schemas.edits import EditedPlan, PlanEdit, PlanNaming
from api.schemas.geojson import features
from api.schemas.plans import GridProperties, PlanDetail
from geo.errors import StaleVersionError
from geo.services import editing

router = APIRouter(tags=["plans"], route_class=Creating)


@router.patch(
    "/plans/{plan_id}/assignment",
    summary="修改草案:移动楼栋、增减网格 Edit a draft",
    dependencies=[Depends(once)],
    responses=problems(404, 409, 412, 413, 415, 422, 428, 503),
)
def edit_assignment(
    response: Response, store: Store, actor: Acting, plan_id: PlanId, body: PlanEdit, if_match: IfMatch = None
) -> EditedPlan:
    """Move buildings (stairwells, floors) of a draft between grids of their community, make and end grids.

    All of it or nothing. Grids are drawn anew as a draft draws them. Impossible is a grid in two pieces or without a
    building (422); a grid out of range is made, with a notice. The version you saw must be the newest; else (412)
    `changes` tells who changed which grids since. Adopted plans are never edited (409). An edit sent again under its
    Idempotency-Key, since the answer was lost, is made once.
    """
    version = seen_version(if_match)
    try:
        edited = editing.edit_plan(
            store,
            plan_id,
            [move.asked() for move in body.moves],
            new_grids=body.new_grids,
            ended_grids=body.ended_grids,
            who=actor.name,
            version=version,
        )
    except StaleVersionError as error:
        _tell_changes(store, plan_id, version, error)
    response.headers["ETag"] = f'"{edited.plan.version}"'
    return EditedPlan.model_validate(
        {
            **asdict(edited.plan),
            "changed_grids": features(edited.grids, GridProperties),
            "ended_grids": edited.ended,
            "notices": [asdict(notice) for notice in edited.notices],
        }
    )


@router.patch(
    "/plans/{plan_id}",
    summary="方案改名 Rename a draft",
    responses=problems(404, 409, 412, 413, 415, 422, 428, 503),
)
def rename(
    response: Response, store: Store, actor: Acting, plan_id: PlanId, body: PlanNaming, if_match: IfMatch = None
) -> PlanDetail:
    """Give a draft another name; the version you saw must be its newest (412).

    Adopted and superseded plans keep the name that they were adopted under (409).
    """
    version = seen_version(if_match)
    try:
        renamed = editing.rename_plan(store, plan_id, name=body.name, who=actor.name, version=version)
    except StaleVersionError as error:
        _tell_changes(store, plan_id, version, error)
    return detail_of(response, renamed)


def _tell_changes(store: Session, plan_id: int, version: int, error: StaleVersionError) -> NoReturn:
    """Refuse a stale edit with what happened since: who, when, and which grids."""
    changes = [
        {
            "version": change.version,
            "who": change.who,
            "at": change.at.isoformat(),
            "what": change.what,
            "grids": list(change.grids),
        }
        for change in editing.changes_since(store, plan_id, version)
    ]
    raise RequestError("stale-version", error.zh, error.en, changes=changes) from error
