"""What figures leave out: the buildings that a period's coverage is short of, the grids without anybody in charge."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Literal

import pandas as pd
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from api.answering import JSON, JSON_OR_PAGE, form_of
from api.case_pages import figure_page
from api.dependencies import Acting, PageOf, Store
from api.figure_sheets import buildings_sheet, grids_sheet
from api.links import announce, page_links
from api.openapi import problems
from api.routes.figures import PeriodOf, Scope
from api.schemas.figures import BuildingLeftOutItem, BuildingsLeftOutPage, GridLeftOutItem, GridsLeftOutPage
from api.table_files import SHEETS, sheet_of
from geo.access.actor import Actor, check_scope
from geo.exchange.stamps import stamp_now
from geo.ledger.figures import registry
from geo.services.left_out import buildings_left_out, grids_left_out
from geo.services.naming import name_of

router = APIRouter(tags=["figures"])

ListForm = Annotated[
    Literal["json", "html", "xlsx", "csv"] | None,
    Query(alias="as", description="形式,缺省按 Accept Form of the answer"),
]
LISTS: dict[int | str, dict[str, Any]] = {
    200: {"content": {**JSON_OR_PAGE[200]["content"], **SHEETS["content"]}},
    **problems(403, 404, 422, 503),
}


@router.get(
    "/figures/coverage/buildings",
    summary="未检查的楼栋 Buildings not inspected",
    response_model=BuildingsLeftOutPage,
    responses=LISTS,
)
def read_buildings(
    request: Request,
    response: Response,
    store: Store,
    actor: Acting,
    scope: Scope,
    within: PeriodOf,
    walked: PageOf,
    as_: ListForm = None,
) -> Any:
    """List the buildings that nobody got into in a period: all of them but those that its coverage counts, by code.

    With the grid of each when the period ended, and its grid worker then. Browsers get a page; also as a sheet, whole.
    """
    told = partial(buildings_left_out, store, scope, within, actor=actor)
    form = form_of(request, as_, ("json", "html"))
    if form in ("xlsx", "csv"):
        return _sheet(request, actor, scope, lambda: buildings_sheet(told().items), "coverage", form)
    found = told(limit=walked.limit + 1, after=walked.after)
    shown = found.items[: walked.limit]
    more = shown[-1].code if len(found.items) > walked.limit else None
    if form == "html":
        of = name_of(store, check_scope(scope), scope)
        return figure_page(
            request,
            actor,
            "buildings_left_out.html",
            shown,
            more=more,
            figure=registry()["coverage"],
            of=of,
            period=within,
            found=found,
        )
    counts = {name: getattr(found, name) for name in ("buildings", "inspected", "left_out")}
    items = [BuildingLeftOutItem(**asdict(one), href=f"/bills/building/{one.code}") for one in shown]
    return counts | _listed(request, response, items, more)


@router.get(
    "/figures/grids_without_worker/grids",
    summary="无人在岗的网格 Grids without anybody",
    response_model=GridsLeftOutPage,
    responses=LISTS,
)
def read_grids(
    request: Request,
    response: Response,
    store: Store,
    actor: Acting,
    scope: Scope,
    within: PeriodOf,
    walked: PageOf,
    as_: ListForm = None,
) -> Any:
    """List exactly the grids that had nobody in charge when a period ended, by code, and since when.

    Browsers get a page; also as a sheet, whole.
    """
    told = partial(grids_left_out, store, scope, within, actor=actor)
    form = form_of(request, as_, ("json", "html"))
    if form in ("xlsx", "csv"):
        return _sheet(request, actor, scope, lambda: grids_sheet(told()), "grids_without_worker", form)
    found = told(limit=walked.limit + 1, after=walked.after)
    shown = found[: walked.limit]
    more = shown[-1].code if len(found) > walked.limit else None
    if form == "html":
        of = name_of(store, check_scope(scope), scope)
        figure = registry()["grids_without_worker"]
        return figure_page(request, actor, "grids_left_out.html", shown, more=more, figure=figure, of=of, period=within)
    items = [GridLeftOutItem(**vars(one), href=f"/leader?scope={one.code}") for one in shown]
    return _listed(request, response, items, more)


def _sheet(
    request: Request, actor: Actor, scope: str, table: Callable[[], pd.DataFrame], figure: str, form: str
) -> Response:
    stamp = stamp_now(actor.name, scope=scope)
    return sheet_of(request, table, figure, form, layer=registry()[figure].zh, stamp=stamp)


def _listed(request: Request, response: Response, items: Sequence[BaseModel], more: str | None) -> dict[str, Any]:
    links = page_links(request, JSON, more)
    announce(response, links)
    response.headers["Vary"] = "Accept"
    return {"items": items, "numberReturned": len(items), "links": links}
