"""Counts that anyone may see, without signing in."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.dependencies import Database, code_pattern
from api.openapi import problems
from api.schemas.published import PublishedCommunities, PublishedCommunity, PublishedFigures
from geo.services.publishing import PublishedStreet, as_csv, publish

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


def _figures(found: PublishedStreet, row: int) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for figure in found.figures:
        figures[figure.entry.code] = figure.sum_of(row)
        if figure.parts:
            figures[f"{figure.entry.code}_by_kind"] = figure.by_part(row)
    return figures
