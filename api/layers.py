"""How a layer of the store becomes an answer: one page of features, or one feature; for browsers a page."""

import geopandas as gpd
from fastapi import Request, Response
from sqlalchemy.orm import Session

from api.dependencies import Page
from api.layer_pages import Shown, layer_page
from api.links import announce, page_links
from api.schemas.geojson import GEOJSON, GeoJSONResponse, Properties, collection, features
from geo.services.reading import Filter, read_one, read_page


def serve_page(
    request: Request,
    store: Session,
    noun: str,
    properties: type[Properties],
    wanted: Filter,
    page: Page,
    shown: Shown,
) -> Response:
    """Answer with one page of a layer."""
    frame = read_page(store, noun, wanted, limit=page.limit + 1, after=page.after)
    return page_of(request, noun, frame, properties, page.limit, shown)


def page_of(
    request: Request, noun: str, frame: gpd.GeoDataFrame, properties: type[Properties], limit: int, shown: Shown
) -> Response:
    """Answer with the first ``limit`` rows; one row more than that in ``frame`` tells that another page follows."""
    rows = frame.head(limit)
    more = rows["code"].iloc[-1] if len(frame) > limit else None
    if shown.as_page:
        return layer_page(request, shown.actor, noun, rows, properties, more=more)
    links = page_links(request, GEOJSON, more)
    response = GeoJSONResponse(collection(features(rows, properties), links), headers={"Vary": "Accept"})
    announce(response, links)
    return response


def serve_one(store: Session, noun: str, properties: type[Properties], code: str) -> GeoJSONResponse:
    """Answer with one feature."""
    return GeoJSONResponse(features(read_one(store, noun, code), properties)[0])
