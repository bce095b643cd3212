"""Rows of imported lists whose addresses are no one place: looked at, and placed by choosing."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from api.dependencies import DEFAULT_PAGE, MAX_ID, Acting, AfterId, Limit, Store
from api.links import announce, page_links
from api.openapi import problems
from api.routes.plans import JSON, IfMatch, seen_version
from api.schemas.unplaced import UnplacedChoice, UnplacedItem, UnplacedPage
from geo.services import placing_by_address
from geo.services.placing_by_address import UnplacedRecord

router = APIRouter(tags=["addresses"])

RowId = Annotated[int, Path(ge=1, le=MAX_ID, description="待定位行的编号 The row's number")]


@router.get("/unplaced", summary="待定位的行 Rows that wait for a place", responses=problems(422, 503))
def list_unplaced(
    request: Request,
    response: Response,
    store: Store,
    actor: Acting,
    limit: Limit = DEFAULT_PAGE,
    after: AfterId = None,
) -> UnplacedPage:
    """List rows of imported lists whose address is several places or none, each with why and what it could be."""
    found = placing_by_address.look_at_unplaced(store, limit=limit + 1, after=after or 0, who=actor.name)
    shown = found[:limit]
    links = page_links(request, JSON, shown[-1].id if len(found) > limit else None)
    announce(response, links)
    items = [_item(row) for row in shown]
    return UnplacedPage.model_validate({"items": items, "numberReturned": len(items), "links": links})


@router.post(
    "/unplaced/{row_id}/choice",
    summary="为待定位的行选定地点 Say where a row is",
    responses=problems(404, 409, 412, 413, 415, 422, 428, 503),
)
def choose(
    response: Response, store: Store, actor: Acting, row_id: RowId, body: UnplacedChoice, if_match: IfMatch = None
) -> UnplacedItem:
    """Place a row at one of its choices, or drop it; the version you saw must be its newest.

    It becomes a thing of its kind, as the import makes them. A dropped row stays on record.
    """
    version = seen_version(if_match)
    if body.choice is None:
        row = placing_by_address.drop(store, row_id, version=version, who=actor.name)
    else:
        row = placing_by_address.choose(store, row_id, body.choice, version=version, who=actor.name)
    response.headers["ETag"] = f'"{row.version}"'
    return UnplacedItem.model_validate(_item(row))


def _item(row: UnplacedRecord) -> dict[str, Any]:
    return asdict(row)
