"""Locks on a draft over HTTP: grids that stay as they are, compounds that stay whole, and who wants it so."""

from collections.abc import Iterable

from fastapi import APIRouter, Response

from api.dependencies import Acting, PlanId, Store
from api.openapi import problems
from api.schemas.locks import LockChange, PlanLock, PlanLocks
from geo.access.actor import Actor
from geo.services.locking import LockRecord, change_locks, read_locks
from geo.territory.codes import DIGITS

router = APIRouter(tags=["plans"])


@router.get("/plans/{plan_id}/locks", summary="锁定的网格和小区 What is locked", responses=problems(404, 422, 503))
def locks(store: Store, response: Response, actor: Acting, plan_id: PlanId) -> PlanLocks:
    """List what planners locked of a draft, and who did; nothing of a draft no more, or where one sees a part alone."""
    response.headers["Cache-Control"] = "no-store"
    return PlanLocks(locks=shown_locks(read_locks(store, plan_id), actor))


@router.patch(
    "/plans/{plan_id}/locks",
    summary="锁定、解锁 Lock and lift",
    responses=problems(404, 409, 413, 415, 422, 503),
)
def change(store: Store, actor: Acting, plan_id: PlanId, body: LockChange) -> PlanLocks:
    """Lock grids and compounds of a draft, or lift their locks; answers with all there are then.

    A lock is whose it was first; anybody who plans may lift it, on record. Edits of what somebody else locked are made
    all the same, with a notice; `POST /plans/{plan_id}/solve` leaves alone what it is told to.
    """
    return PlanLocks(
        locks=shown_locks(change_locks(store, plan_id, lock=body.lock, lift=body.lift, who=actor.name), actor)
    )


def shown_locks(found: Iterable[LockRecord], actor: Actor) -> list[PlanLock]:
    """Return locks as they are told to somebody."""
    return [
        PlanLock(
            kind="grid" if len(one.code) == DIGITS["grid"] and one.code.isdigit() else "compound",
            code=one.code,
            who=one.who,
            at=one.at,
            me=one.who == actor.name,
        )
        for one in found
    ]
