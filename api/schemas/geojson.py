"""GeoJSON (RFC 7946) as this API serves it: the models that describe it, and the one way frames become it."""

import json
import math
from collections.abc import Iterable
from typing import Any, Generic, Literal, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from geo.territory.dictionaries import dictionary

GEOJSON = "application/geo+json"

#: Decimals of a degree; the seventh is about one centimetre.
DECIMALS = 7

P = TypeVar("P", bound=BaseModel)

Position = list[float]


class GeoJSONResponse(JSONResponse):
    """An answer in GeoJSON."""

    media_type = GEOJSON


class Geometry(BaseModel):
    """A GeoJSON geometry; positions are longitude, latitude."""

    type: Literal["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"]
    coordinates: Position | list[Position] | list[list[Position]] | list[list[list[Position]]] = Field(
        description="经度、纬度(WGS84 度) Longitude, latitude in degrees"
    )


class Properties(BaseModel):
    """What a feature says besides where it is."""

    model_config = ConfigDict(extra="forbid")


class Link(BaseModel):
    """A link of a list."""

    rel: Literal["self", "next"]
    href: str
    type: str


class Feature(BaseModel, Generic[P]):
    """One thing on the map."""

    type: Literal["Feature"]
    id: str
    geometry: Geometry | None
    properties: P


class FeatureCollection(BaseModel, Generic[P]):
    """One page of things on the map, ordered by code."""

    type: Literal["FeatureCollection"]
    features: list[Feature[P]]
    numberReturned: int = Field(ge=0)  # noqa: N815 - the name OGC API Features gives it
    links: list[Link]


def features(frame: gpd.GeoDataFrame, properties: type[BaseModel]) -> list[dict[str, Any]]:
    """Return a frame's rows as GeoJSON features with exactly the fields of ``properties``.

    Parameters
    ----------
    frame
        EPSG:4326 with a ``code`` column. Columns that ``properties`` lacks stay behind, so nothing is served by
        accident; a field ``kind_label`` is looked up from the dictionary that the field's ``kind`` names.
    """
    columns = _columns(frame, properties)
    _add_labels(columns, properties)
    rows = zip(*columns.values(), strict=True)
    return [
        {"type": "Feature", "id": row[0], "geometry": geometry, "properties": dict(zip(columns, row, strict=True))}
        for row, geometry in zip(rows, _geometries(frame), strict=True)
    ]


def any_features(frame: gpd.GeoDataFrame, *, decimals: int = DECIMALS) -> dict[str, Any]:
    """Return a frame as GeoJSON with all of its columns, for what is drawn and not described field by field.

    Parameters
    ----------
    frame
        EPSG:4326.
    decimals
        Of a degree; six are about a decimetre.
    """
    columns = {name: _plain(frame[name]) for name in frame.columns if name != "geometry"}
    shapes = list(_geometries(frame, decimals))
    items = [
        {
            "type": "Feature",
            "geometry": shape,
            "properties": {name: values[number] for name, values in columns.items()},
        }
        for number, shape in enumerate(shapes)
    ]
    return {"type": "FeatureCollection", "features": items}


def plain_rows(frame: pd.DataFrame, model: type[BaseModel]) -> list[dict[str, Any]]:
    """Return a frame's rows as objects with exactly the fields of ``model``."""
    columns = _columns(frame, model)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def collection(items: list[dict[str, Any]], links: list[dict[str, str]]) -> dict[str, Any]:
    """Wrap features into a page."""
    return {"type": "FeatureCollection", "features": items, "numberReturned": len(items), "links": links}


def _columns(frame: pd.DataFrame, model: type[BaseModel]) -> dict[str, list[Any]]:
    return {name: _plain(frame[name]) for name in model.model_fields if name in frame.columns}


def _plain(column: "pd.Series[Any]") -> list[Any]:
    """Python values; None for what is missing, whole numbers as int though pandas holds them as floats."""
    return [_plain_value(value) for value in column.tolist()]


def _plain_value(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else int(value) if value.is_integer() else value
    return None if value is pd.NA or value is pd.NaT else value


def _add_labels(columns: dict[str, list[Any]], properties: type[BaseModel]) -> None:
    field = properties.model_fields.get("kind_label")
    if field is None:
        return
    extra = field.json_schema_extra
    assert isinstance(extra, dict), "a kind_label names its dictionary"
    entries = dictionary(str(extra["x-dictionary"])).entries
    columns["kind_label"] = [entries[kind].label if kind in entries else kind for kind in columns["kind"]]


def _geometries(frame: gpd.GeoDataFrame, decimals: int = DECIMALS) -> Iterable[dict[str, Any] | None]:
    if "geometry" not in frame.columns:
        return [None] * len(frame)
    rounded = shapely.transform(frame.geometry.to_numpy(), lambda xy: np.round(xy, decimals))
    return [json.loads(text) if text else None for text in shapely.to_geojson(rounded)]
