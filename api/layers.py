"""How a layer of the store becomes an answer: one page of features, or one feature."""

import geopandas as gpd
from fastapi import Request
from sqlalchemy.orm import Session

from api.dependencies import Page
from api.links import announce, page_links
from api.schemas.geojson import GEOJSON, GeoJSONResponse, Properties, collection, features
from geo.services.reading import Filter, read_one, read_page


def serve_page(
    request: Request, store: Session, noun: str, properties: type[Properties], wanted: Filter, page: Page
) -> GeoJSONResponse:
    """Answer with one page of a layer."""
    frame = read_page(store, noun, wanted, limit=page.limit + 1, after=page.after)
    return page_of(request, frame, properties, page.limit)


def page_of(request: Request, frame: gpd.GeoDataFrame, properties: type[Properties], limit: int) -> GeoJSONResponse:
    """Answer with the first ``limit`` rows; one row more than that in ``frame`` tells that another page follows."""
    shown = frame.head(limit)
    links = page_links(request, GEOJSON, shown["code"].iloc[-1] if len(frame) > limit else None)
    response = GeoJSONResponse(collection(features(shown, properties), links))
    announce(response, links)
    return response


def serve_one(store: Session, noun: str, properties: type[Properties], code: str) -> GeoJSONResponse:
    """Answer with one feature."""
    return GeoJSONResponse(features(read_one(store, noun, code), properties)[0])
