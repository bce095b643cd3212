"""Figures of the ledger, each opening to its cases; and hot spots."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api.access import holds
from api.answering import JSON
from api.dependencies import MAX_ID, MAX_PAGE, Acting, Store
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
from geo.services import figuring, hot_spots
from geo.services.figuring import By, FigureRow, FigureTable, Period
from geo.territory.times import CHINA_TIME

router = APIRouter(tags=["figures"])

#: What stands for the row of what has no grid, nature or body.
NONE = "-"
KEY = "^([0-9A-Z]{9,20}|[a-z][a-z0-9_]{0,40}|[0-9]{4}-[0-9]{2}|-)$"

Scope = Annotated[str, Query(pattern=SCOPE, description="街道、社区或网格 Code of a street, community or grid")]
Workflow = Annotated[str | None, Query(pattern=WORD_PATTERN, description="流程,如 hazard、request A workflow")]
ByOf = Annotated[By, Query(description="按什么分行 What rows are told apart by")]


def period(
    since: Annotated[date | None, Query(description="自此日,缺省为本月 1 日 From this day; the month's first")] = None,
    until: Annotated[date | None, Query(description="至此日(含),缺省为今日 Up to this day; today")] = None,
) -> Period:
    """Read a period."""
    today = datetime.now(CHINA_TIME).date()
    last = until or max(since or today, today)
    return Period(since or last.replace(day=1), last)


PeriodOf = Annotated[Period, Depends(period)]


@router.get("/figures", summary="指标 Figures", responses=problems(404, 422, 503))
def read_figures(
    store: Store, actor: Acting, scope: Scope, within: PeriodOf, workflow: Workflow = None, by: ByOf = "all"
) -> FigureTableItem:
    """Count what was found, solved, is overdue, came back; shares per rung, median days, coverage, the three goals.

    Each count has the address of the cases that it counts. Who sees a part of the cases gets figures of that part.
    """
    table = figuring.figure(store, scope, within, workflow=workflow, by=by, actor=actor)
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


@router.get("/figures/{figure}/cases", summary="指标的事项 The cases of a figure", responses=problems(404, 422, 503))
def read_cases_of(
    request: Request,
    response: Response,
    store: Store,
    figure: Annotated[str, Path(pattern=WORD_PATTERN, description="指标代码 Code of a figure")],
    scope: Scope,
    within: PeriodOf,
    workflow: Workflow = None,
    by: ByOf = "all",
    key: Annotated[
        str | None, Query(pattern=KEY, description="哪一行,“-”为没有的那一行 Which row; - for what has none")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="每页最多条数。Items on a page, at most.")] = 100,
    after: Annotated[
        int | None, Query(ge=1, le=MAX_ID, description="上一页最后一个 Last id of the page before")
    ] = None,
) -> CountedPage:
    """List exactly the cases that a figure counts, the newest first."""
    row = None if key == NONE else key
    told = by if key is not None else "all"
    found = figuring.cases_of(
        store, figure, scope, within, workflow=workflow, by=told, key=row, limit=limit + 1, after=after
    )
    links = page_links(request, JSON, found[limit - 1].id if len(found) > limit else None)
    announce(response, links)
    items = [CountedCase(**vars(one), href=f"/cases/{one.id}") for one in found[:limit]]
    return CountedPage.model_validate({"items": items, "numberReturned": len(items), "links": links})


@router.get("/hot-spots", summary="热点 Hot spots", responses=problems(404, 422, 503))
def read_hot_spots(
    request: Request,
    store: Store,
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
    at_least: Annotated[int, Query(ge=3, le=1_000, description="至少几件 Cases that make a spot")] = 5,
    publishable: Annotated[
        bool, Query(description="可公开的粗略形式 As may be published: large ones, coarse, without kinds")
    ] = False,
) -> SpotCollection:
    """Find where cases came closer together in space and time than chance would have them: places, never people."""
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
    return SpotCollection(type="FeatureCollection", features=[_spot(spot) for spot in shown])


def _row(table: FigureTable, row: FigureRow, by: str) -> FigureRowItem:
    values = {
        code: FigureValue(value=row.values[code], href=_opens(table, code, by, row.key) if figure.opens else None)
        for code, figure in figuring.registry().items()
    }
    return FigureRowItem(key=row.key, label=row.label, values=values)


def _opens(table: FigureTable, code: str, by: str, key: str | None) -> str:
    within = {"scope": table.scope, "since": table.period.first, "until": table.period.last}
    told: dict[str, Any] = within if table.workflow is None else {**within, "workflow": table.workflow}
    if by != "all":
        told |= {"by": by, "key": NONE if key is None else key}
    return f"/figures/{code}/cases?{urlencode(told)}"


def _spot(spot: hot_spots.Spot) -> SpotFeature:
    told = {name: getattr(spot, name) for name in ("count", "kinds", "first", "last", "chance")}
    point = [round(spot.lon, DECIMALS), round(spot.lat, DECIMALS)]
    return SpotFeature(
        type="Feature",
        geometry=SpotGeometry(type="Point", coordinates=point),
        properties=SpotProperties(**told, radius_m=round(spot.radius_m, 1)),
    )
