"""Several people on one plan: who is there, and what others changed, as soon as it is known."""

import asyncio
import time
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from api.access import holds
from api.dependencies import Acting, Database, PlanId, Store
from api.openapi import problems
from api.routes.locks import shown_locks
from api.schemas.presence import Here, PlanNews, PlanPresence, Present
from geo.access.actor import Actor
from geo.services.sharing import News, PresenceRecord, news_of, say_here, say_left, who_is_here
from geo.storage.database import session_scope

router = APIRouter(tags=["plans"])

#: Seconds that a request for news waits at most: less than a server that is told to stop waits for its requests.
MOST_WAIT_S = 8
#: Seconds between two looks at the store while a request waits; nothing is held in between.
LOOK_EVERY_S = 0.7


@router.put(
    "/plans/{plan_id}/presence",
    summary="我在看这个方案 I have this plan open",
    responses=problems(404, 409, 413, 415, 422, 503),
)
def here(store: Store, actor: Acting, plan_id: PlanId, body: Here) -> PlanPresence:
    """Say that one has a plan open, and at which grid; again every ten seconds, and `here: false` when it is closed.

    Others who have it open see the account's name and the grid. Half a minute after the last word one has left.
    """
    if body.here:
        say_here(store, plan_id, body.grid_code, who=actor.name)
    else:
        say_left(store, plan_id, who=actor.name)
    return PlanPresence(present=[_person(one, actor) for one in who_is_here(store, plan_id)])


@router.get(
    "/plans/{plan_id}/news",
    summary="谁在、改了什么 Who is there, what changed",
    responses=problems(404, 422, 503),
)
async def news(
    request: Request,
    response: Response,
    database: Database,
    actor: Acting,
    plan_id: PlanId,
    version: Annotated[int | None, Query(ge=1, le=999_999_999, description="所见版本 The version you saw")] = None,
    mark: Annotated[
        str | None, Query(pattern="^[0-9a-f]{1,40}$", description="上次答复的 mark The mark of the answer before")
    ] = None,
    wait: Annotated[
        int, Query(ge=0, le=MOST_WAIT_S, description="没有新情况时最多等几秒 Seconds to wait for news at most")
    ] = 0,
) -> PlanNews:
    """Tell who has a plan open and what changed after a version; with `wait` and `mark`, as soon as there is news.

    Who sees a part of the plan alone is told of the changes of that part, and not who works on it.
    """
    until = time.monotonic() + wait
    while True:
        found = await run_in_threadpool(_look, database, actor, plan_id, version)
        is_news = found.mark != mark or bool(found.changes)
        if is_news or time.monotonic() >= until or await request.is_disconnected():
            break
        await asyncio.sleep(min(LOOK_EVERY_S, max(0.0, until - time.monotonic())))
    response.headers["Cache-Control"] = "no-store"
    return _shown(found, actor)


def _look(engine: Engine, actor: Actor, plan_id: int, version: int | None) -> News:
    with session_scope(engine, actor) as session:
        return news_of(session, plan_id, version)


def _shown(found: News, actor: Actor) -> PlanNews:
    whole = holds(actor, found.scope_code)
    changes = [asdict(change) for change in found.changes]
    for change in changes:
        change["grids"] = [code for code in change["grids"] if whole or holds(actor, code)]
    present = [_person(one, actor) for one in found.present]
    told = {name: getattr(found, name) for name in ("version", "state", "mark", "comments", "comments_mark")}
    locks = shown_locks(found.locks, actor)
    return PlanNews.model_validate({**told, "changes": changes, "present": present, "locks": locks})


def _person(one: PresenceRecord, actor: Actor) -> Present:
    return Present(**asdict(one), me=one.who == actor.name)
