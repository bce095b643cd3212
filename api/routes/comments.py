"""Remarks on plans: what planners say to each other about a plan, a grid, a building."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api.dependencies import DEFAULT_PAGE, MAX_ID, MAX_PAGE, Acting, PlanId, Store
from api.idempotency import Creating
from api.links import announce, page_links
from api.openapi import problems
from api.routes.plans import JSON, IfMatch, seen_version
from api.schemas.comments import Comment, CommentPage, CommentState, NewComment
from geo.services import commenting

router = APIRouter(tags=["plans"], route_class=Creating)

CommentId = Annotated[int, Path(ge=1, le=MAX_ID, description="批注编号。The remark's number.")]


@router.get("/plans/{plan_id}/comments", summary="方案的批注 Remarks on a plan", responses=problems(404, 422, 503))
def comments(
    request: Request,
    response: Response,
    store: Store,
    plan_id: PlanId,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="每页最多条数 At most")] = DEFAULT_PAGE,
    after: Annotated[
        int | None, Query(ge=1, le=MAX_ID, description="上一页最后一个 Last id of the page before")
    ] = None,
) -> CommentPage:
    """List the remarks on a plan, the oldest first; of a street's plan those on the part that one sees."""
    found = commenting.read_comments(store, plan_id, after=after or 0, limit=limit + 1)
    shown = found[:limit]
    links = page_links(request, JSON, shown[-1].id if len(found) > limit else None)
    announce(response, links)
    return CommentPage.model_validate(
        {"items": [_shown(one) for one in shown], "numberReturned": len(shown), "links": links}
    )


@router.post(
    "/plans/{plan_id}/comments",
    status_code=201,
    summary="批注方案、网格或楼栋 Remark on a plan",
    responses={
        201: {"headers": {"Location": {"schema": {"type": "string"}, "description": "方案的批注 The remarks"}}},
        **problems(404, 409, 413, 415, 422, 503),
    },
)
def comment(response: Response, store: Store, actor: Acting, plan_id: PlanId, body: NewComment) -> Comment:
    """Say something about a plan, or about one of its grids or buildings; what was said stays as it was said."""
    made = commenting.add_comment(
        store,
        plan_id,
        body.text,
        grid_code=body.grid_code,
        building_code=body.building_code,
        who=actor.name,
    )
    response.headers["Location"] = f"/plans/{plan_id}/comments"
    response.headers["ETag"] = f'"{made.version}"'
    return Comment.model_validate(_shown(made))


@router.patch(
    "/plans/{plan_id}/comments/{comment_id}",
    summary="处理批注 Resolve a remark",
    responses=problems(404, 412, 413, 415, 422, 428, 503),
)
def resolve(
    response: Response,
    store: Store,
    actor: Acting,
    plan_id: PlanId,
    comment_id: CommentId,
    body: CommentState,
    if_match: IfMatch = None,
) -> Comment:
    """Note that a remark was seen to, or open it again; the version you saw must be its newest."""
    version = seen_version(if_match)
    changed = commenting.resolve_comment(
        store, plan_id, comment_id, resolved=body.resolved, who=actor.name, version=version
    )
    response.headers["ETag"] = f'"{changed.version}"'
    return Comment.model_validate(_shown(changed))


def _shown(one: commenting.CommentRecord) -> dict[str, object]:
    told = asdict(one)
    return {**told, "text": told.pop("said")}
