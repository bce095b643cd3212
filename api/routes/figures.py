"""Figures of the ledger, each opening to its cases; and hot spots."""

from dataclasses import asdict
from datetime import date, datetime
from functools import partial
from math import cos, radians
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from api.access import holds
from api.answering import JSON, JSON_OR_PAGE, PageForm, form_of
from api.case_pages import counted_page
from api.dependencies import DEFAULT_PAGE, Acting, AfterId, Limit, Store
from api.figure_sheets import as_sheet, spots_sheet
from api.links import announce, page_links
from api.openapi import problems
from api.routes.cases import SCOPE
from api.schemas.cases import WORD_PATTERN
from api.schemas.figures import (
    CountedCase,
    CountedPage,
    FigureItem,
    FigureRowItem,
    FigureTableItem,
    FigureValue,
    SpotCollection,
    SpotFeature,
    SpotGeometry,
    SpotProperties,
)
from api.schemas.geojson import DECIMALS
from api.table_files import SHEETS, sheet_of
from geo.access.actor import check_scope
from geo.exchange.stamps import stamp_now
from geo.services import figuring, hot_spots
from geo.services.describing_cases import name_counted, workflow_words
from geo.services.figuring import By, FigureRow, FigureTable, Period
from geo.services.naming import name_of, names_of
from geo.territory.times import CHINA_TIME

router = APIRouter(tags=["figures"])

#: What stands for the row of what has no grid, nature or body.
NONE = "-"
#: Of latitude.
METRES_PER_DEGREE = 111_320.0
#: Rows that are a part of the ground, which the key is the code of.
OF_GROUND = ("community", "grid")
KEY = "^([0-9A-Z]{9,20}|[a-z][a-z0-9_]{0,40}|[0-9]{4}-[0-9]{2}|-)$"

Scope = Annotated[str, Query(pattern=SCOPE, description="街道、社区或网格 Code of a street, community or grid")]
Workflow = Annotated[str | None, Query(pattern=WORD_PATTERN, description="流程,如 hazard、request A workflow")]
FigureForm = Annotated[Literal["json", "xlsx", "csv"], Query(alias="as", description="形式 Form of the answer")]
ByOf = Annotated[By, Query(description="按什么分行 What rows are told apart by")]


async def period(
    since: Annotated[date | None, Query(description="自此日,缺省为本月 1 日 From this day; the month's first")] = None,
    until: Annotated[date | None, Query(description="至此日(含),缺省为今日 Up to this day; today")] = None,
) -> Period:
    """Read a period."""
    today = datetime.now(CHINA_TIME).date()
    last = until or max(since or today, today)
    return Period(since or last.replace(day=1), last)


PeriodOf = Annotated[Period, Depends(period)]


@router.get(
    "/figures",
    summary="指标 Figures",
    response_model=FigureTableItem,
    responses={200: SHEETS | {"description": "指标 Figures"}, **problems(404, 422, 503)},
)
def read_figures(
    request: Request,
    store: Store,
    actor: Acting,
    scope: Scope,
    within: PeriodOf,
    workflow: Workflow = None,
    by: ByOf = "all",
    as_: FigureForm = "json",
) -> Any:
    """Count what was found, solved, is overdue, came back; shares per rung, median days, coverage, the three goals.

    Each count has the address of what it counts, and coverage of what it leaves out. Who sees a part of the cases
    gets figures of that part.
    Also as a sheet.
    """
    table = figuring.figure(store, scope, within, workflow=workflow, by=by, actor=actor)
    if as_ != "json":
        stamp = stamp_now(actor.name, scope=scope)
        return sheet_of(request, partial(as_sheet, table), "figures", as_, layer="指标", stamp=stamp)
    return FigureTableItem(
        scope=scope,
        workflow=workflow,
        since=table.period.first,
        until=table.period.last,
        by=by,
        is_whole=table.is_whole and holds(actor, scope),
        figures=[FigureItem.model_validate(asdict(one)) for one in figuring.registry().values()],
        rows=[_row(table, row, by) for row in table.rows],
        total=_row(table, table.total, "all"),
    )


@router.get(
    "/figures/{figure}/cases",
    summary="指标的事项 The cases of a figure",
    response_model=CountedPage,
    responses=JSON_OR_PAGE | problems(404, 422, 503),
)
def read_cases_of(
    request: Request,
    response: Response,
    store: Store,
    actor: Acting,
    figure: Annotated[str, Path(pattern=WORD_PATTERN, description="指标代码 Code of a figure")],
    scope: Scope,
    within: PeriodOf,
    workflow: Workflow = None,
    by: ByOf = "all",
    key: Annotated[
        str | None, Query(pattern=KEY, description="哪一行,“-”为没有的那一行 Which row; - for what has none")
    ] = None,
    limit: Limit = DEFAULT_PAGE,
    after: AfterId = None,
    as_: PageForm = None,
) -> Any:
    """List exactly the cases that a figure counts, the newest first. Browsers get a page."""
    row = None if key == NONE else key
    told = by if key is not None else "all"
    found = figuring.cases_of(
        store, figure, scope, within, workflow=workflow, by=told, key=row, limit=limit + 1, after=after
    )
    more = found[limit - 1].id if len(found) > limit else None
    if form_of(request, as_, ("json", "html")) == "html":
        return counted_page(
            request,
            actor,
            [name_counted(one) for one in found[:limit]],
            more=more,
            figure=figuring.registry()[figure],
            of=name_of(store, check_scope(scope), scope),
            period=within,
            process=workflow_words(workflow).zh if workflow else "",
            row=_row_title(store, told, row, workflow) if key is not None else None,
        )
    links = page_links(request, JSON, more)
    announce(response, links)
    response.headers["Vary"] = "Accept"
    items = [CountedCase(**vars(one), href=f"/cases/{one.id}") for one in found[:limit]]
    return {"items": items, "numberReturned": len(items), "links": links}


@router.get(
    "/hot-spots",
    summary="热点 Hot spots",
    response_model=SpotCollection,
    responses={200: SHEETS | {"description": "热点 Hot spots"}, **problems(404, 422, 503)},
)
def read_hot_spots(
    request: Request,
    store: Store,
    actor: Acting,
    scope: Scope,
    within: PeriodOf,
    workflow: Workflow = None,
    kind: Annotated[str | None, Query(pattern=WORD_PATTERN, description="类型 Of this kind only")] = None,
    radius_m: Annotated[
        float, Query(gt=0, le=2_000, allow_inf_nan=False, description="邻近半径,米 Neighbours within so many metres")
    ] = 100.0,
    days: Annotated[
        float, Query(gt=0, le=366, allow_inf_nan=False, description="邻近天数 Neighbours within so many days")
    ] = 14.0,
    at_least: Annotated[
        int,
        Query(
            ge=3,
            le=1_000,
            description="至少几件;密集处还须多于平常 Cases that make a spot; where there are many, more than usual",
        ),
    ] = 5,
    publishable: Annotated[
        bool, Query(description="可公开的粗略形式 As may be published: large ones, coarse, without kinds")
    ] = False,
    as_: FigureForm = "json",
) -> Any:
    """Find where cases came closer together in space and time than chance would have them: places, never people.

    Also as a sheet.
    """
    hot_spots.check_kind(workflow, kind)
    with request.app.state.maps.work_on(f"hot spots {request.state.request_id}"):
        found = hot_spots.find_hot_spots(
            store,
            scope,
            within,
            workflow=workflow,
            kind=kind,
            radius_m=radius_m,
            days=days,
            at_least=at_least,
        )
    shown = hot_spots.publishable(found) if publishable else found
    if as_ != "json":
        stamp = stamp_now(actor.name, scope=scope)
        return sheet_of(request, partial(spots_sheet, shown, workflow), "hot-spots", as_, layer="热点", stamp=stamp)
    return SpotCollection(type="FeatureCollection", features=[_spot(spot) for spot in shown])


def _row_title(store: Session, by: By, key: str | None, workflow: str | None) -> str:
    """Return what a row of figures is called."""
    if key is None:
        return "未标明 not said" if by != "grid" else "不在网格内 in no grid"
    if by in ("community", "grid"):
        return names_of(store, by, [key])[key]
    if by == "body":
        return names_of(store, "responsible_body", [key])[key]
    return figuring.labels_of(by, workflow).get(key, key)


def _row(table: FigureTable, row: FigureRow, by: str) -> FigureRowItem:
    def opened(code: str) -> str | None:
        return opens_to(code, table.scope, table.period, workflow=table.workflow, by=by, key=row.key)

    values = {
        code: FigureValue(value=value, href=None if value is None else opened(code))
        for code, value in row.values.items()
    }
    return FigureRowItem(key=row.key, label=row.label, values=values)


def opens_to(
    figure: str, scope: str, period: Period, *, workflow: str | None, by: str = "all", key: str | None = None
) -> str | None:
    """Return the address of what a figure opens to; of one row where ``by`` and ``key`` say which.

    None for a share or a median of many cases at once, and for rows that are no part of the ground: no building is of a
    kind of cases.
    """
    noun = figuring.registry()[figure].opens
    told: dict[str, Any] = {"scope": scope, "since": period.first, "until": period.last}
    if noun is None:
        return None
    if noun != "cases":
        if by not in ("all", *OF_GROUND) or (by != "all" and key in (None, NONE)):
            return None
        told["scope"] = scope if by == "all" else key
        return f"/figures/{figure}/{noun}?{urlencode(told)}"
    if workflow is not None:
        told["workflow"] = workflow
    if by != "all":
        told |= {"by": by, "key": NONE if key is None else key}
    return f"/figures/{figure}/cases?{urlencode(told)}"


def cases_around(spot: hot_spots.Spot, scope: str) -> str:
    """Return the address of the cases that were opened where and while a hot spot was, its own among them."""
    high = spot.radius_m / METRES_PER_DEGREE
    wide = high / cos(radians(spot.lat))
    box = (spot.lon - wide, spot.lat - high, spot.lon + wide, spot.lat + high)
    bbox = ",".join(f"{edge:.{DECIMALS}f}" for edge in box)
    return f"/cases?{urlencode({'scope': scope, 'bbox': bbox, 'since': spot.first, 'until': spot.last})}"


def _spot(spot: hot_spots.Spot) -> SpotFeature:
    told = {name: getattr(spot, name) for name in ("count", "kinds", "first", "last", "chance")}
    point = [round(spot.lon, DECIMALS), round(spot.lat, DECIMALS)]
    return SpotFeature(
        type="Feature",
        geometry=SpotGeometry(type="Point", coordinates=point),
        properties=SpotProperties(**told, radius_m=round(spot.radius_m, 1)),
    )
