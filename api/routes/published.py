"""Counts that anyone may see, without signing in."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine

from api.dependencies import Database, code_pattern
from api.openapi import problems
from api.published_maps import hazards_map
from api.routes.pages import HTML, MAP_POLICY
from api.schemas.geojson import DECIMALS
from api.schemas.published import (
    PublishedCommunities,
    PublishedCommunity,
    PublishedFigures,
    PublishedHazardNumbers,
    PublishedHazardsAnswer,
    PublishedHazardsOfCommunity,
    PublishedHazardsOfGrid,
    PublishedSpot,
)
from geo.services.hot_spots import Spot
from geo.services.publishing import PublishedStreet, as_csv, publish
from geo.services.publishing_ledger import PublishedHazards, publish_hazards

router = APIRouter(tags=["published"])

OfStreet = Annotated[str, Query(pattern=code_pattern("street"), description="9 位街道编码 9-digit street code")]


@router.get("/published/communities", summary="各社区公开数据 Published figures", responses=problems(404, 422, 503))
def published_communities(database: Database, street: OfStreet) -> PublishedCommunities:
    """Count households, buildings, grids and city elements per community; small counts are left out.

    So are counts that small ones could be worked out from.
    """
    found = publish(database, street)
    return PublishedCommunities(
        street_code=found.code,
        street_name=found.name,
        on=found.on,
        least=found.least,
        communities=[
            PublishedCommunity(code=code, name=name, **_figures(found, row))
            for row, (code, name) in enumerate(found.communities)
        ],
        totals=PublishedFigures(**_figures(found, -1)),
    )


@router.get(
    "/published/communities.csv",
    summary="各社区公开数据(CSV) Published figures as CSV",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, **problems(404, 422, 503)},
)
def published_communities_csv(database: Database, street: OfStreet) -> Response:
    """Give the same as a table for spreadsheets: a line that says what it is, headings, communities, totals."""
    name = f'attachment; filename="published-{street}.csv"'
    content = as_csv(publish(database, street))
    return Response(content, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


@router.get("/published/hazards", summary="公开的隐患数据 Published hazards", responses=problems(404, 422, 503))
def published_hazards(request: Request, database: Database, street: OfStreet) -> PublishedHazardsAnswer:
    """Count the hazards of the last twelve whole months per community and grid; small counts are left out.

    So are counts that small ones could be worked out from. Hot spots are coarse, and counted in tens.
    """
    found = _hazards(request, database, street)
    return PublishedHazardsAnswer(
        street_code=found.code,
        street_name=found.name,
        since=found.period.first,
        until=found.period.last,
        least=found.least,
        communities=[
            PublishedHazardsOfCommunity(code=code, **vars(found.numbers[code])) for code in found.communities["code"]
        ],
        grids=[PublishedHazardsOfGrid(code=code, found=found.numbers[code].found) for code in found.grids["code"]],
        totals=PublishedHazardNumbers(**vars(found.numbers[found.code])),
        hot_spots=None if found.spots is None else [_spot(spot) for spot in found.spots],
    )


@router.get(
    "/published/map",
    summary="公开的隐患图 Published map of hazards",
    response_class=HTMLResponse,
    responses={**HTML, **problems(404, 422, 503)},
)
def published_map(request: Request, database: Database, street: OfStreet) -> HTMLResponse:
    """Draw the same as one page that needs nothing else, to be kept or passed on."""
    drawn = hazards_map(_hazards(request, database, street))
    return HTMLResponse(drawn, headers={"Content-Security-Policy": MAP_POLICY})


def _hazards(request: Request, database: Engine, street: str) -> PublishedHazards:
    # Anybody may ask: no more of it at a time than of other maps.
    with request.app.state.maps.work_on(f"published {request.state.request_id}"):
        return publish_hazards(database, street)


def _spot(spot: Spot) -> PublishedSpot:
    told = {name: getattr(spot, name) for name in ("count", "first", "last")}
    lon, lat = round(spot.lon, DECIMALS), round(spot.lat, DECIMALS)
    return PublishedSpot(**told, lon=lon, lat=lat, radius_m=round(spot.radius_m, 1))


def _figures(found: PublishedStreet, row: int) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for figure in found.figures:
        figures[figure.entry.code] = figure.sum_of(row)
        if figure.parts:
            figures[f"{figure.entry.code}_by_kind"] = figure.by_part(row)
    return figures
