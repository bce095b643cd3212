"""Collections and features as OGC API – Features says them in JSON."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from api.answering import HTML, JSON
from api.ogc_links import GEOJSON, QUERYABLES, SCHEMA, TILESETS, Addresses, Link
from geo.services.featuring import Collection, Page
from geo.services.reading import Box
from geo.services.reference_systems import CRS84, ReferenceSystem
from geo.services.tiling import LAYERS as TILED
from geo.services.tiling import PLAN_LAYERS
from geo.territory.dictionaries import dictionary
from geo.territory.layer_catalogue import Property

#: Decimals of degrees and of metres: about a centimetre, and a tenth of a millimetre, so that nothing moves twice.
_DECIMALS, _METRE_DECIMALS = 7, 4
_JSON_TYPES: dict[str, dict[str, str]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "date": {"type": "string", "format": "date"},
    "moment": {"type": "string", "format": "date-time"},
}
_SHAPES = {
    "area": "geometry-polygon-or-multipolygon",
    "line": "geometry-linestring-or-multilinestring",
    "point": "geometry-point",
    "site": "geometry-any",
    "any": "geometry-any",
}


def has_tiles(of: Collection) -> bool:
    """Tell whether a collection comes as tiles too."""
    return of.layer in (TILED if of.plan is None else PLAN_LAYERS)


def collection_of(
    of: Collection, extent: Box | None, systems: Sequence[ReferenceSystem], at: Addresses
) -> dict[str, Any]:
    """Return what is said of a collection."""
    told: dict[str, Any] = {
        "id": of.id,
        "title": f"{of.zh} {of.en}",
        "description": description_of(of),
        "itemType": "feature",
        "crs": [system.uri for system in systems],
        "storageCrs": CRS84,
        "links": _links_of(of, at),
    }
    if extent is not None:
        told["extent"] = {"spatial": {"bbox": [list(extent)], "crs": CRS84}}
    return told


def description_of(of: Collection) -> str:
    """Say what is in a collection, Chinese first."""
    if of.plan is None and of.layer == "barriers":
        return f"{of.zh},现状,底图,人人可见 {of.en} as of today, the base map that all see"
    if of.plan is None:
        return f"{of.zh},现状,只含您范围之内的 {of.en} as of today, of your own scope"
    state = dictionary("plan_states").entries[of.plan.state]
    return f"方案 {of.plan.id} 的{of.zh},{state.zh} {of.en}, {state.en}"


def queryables_of(of: Collection, at: Addresses) -> dict[str, Any]:
    """Return a JSON Schema of what features of a collection can be asked for by."""
    geometry = {"title": "位置 Geometry", "format": _SHAPES[of.geometry], "x-ogc-role": "primary-geometry"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": at("collections", of.id, "queryables"),
        "type": "object",
        "title": f"{of.zh} {of.en}",
        "properties": {
            "geometry": geometry,
            **{name: schema_of(told) for name, told in of.asked.items()},
        },
        "additionalProperties": False,
    }


def schema_of(told: Property) -> dict[str, Any]:
    """Return the JSON Schema of a property."""
    schema: dict[str, Any] = {"title": f"{told.zh} {told.en}", **_JSON_TYPES[told.type]}
    if told.dictionary is not None:
        schema["enum"] = list(dictionary(told.dictionary).entries)
    return schema


def features_of(frame: gpd.GeoDataFrame, of: Collection, system: ReferenceSystem) -> list[dict[str, Any]]:
    """Return a frame (EPSG:4326) as features of a collection, in a coordinate system and its order of axes.

    Rings of areas run counter-clockwise (RFC 7946). Where a property's values have a dictionary, their words stand
    beside it.
    """
    columns = {told.name: [_plain(value) for value in frame[told.name]] for told in of.properties}
    for told in of.properties:
        if told.dictionary is not None:
            entries = dictionary(told.dictionary).entries
            words = [entries[code].label if code in entries else code for code in columns[told.name]]
            columns[f"{told.name}_label"] = words
    names = list(columns)
    rows = zip(*columns.values(), strict=True)
    return [
        {"type": "Feature", "id": str(row[0]), "geometry": shape, "properties": dict(zip(names, row, strict=True))}
        for row, shape in zip(rows, _geometries(frame, system), strict=True)
    ]


def answer_of(page: Page, features: Sequence[dict[str, Any]], links: Sequence[Link]) -> dict[str, Any]:
    """Return one page of features."""
    told: dict[str, Any] = {
        "type": "FeatureCollection",
        "features": features,
        "links": links,
        "timeStamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "numberReturned": len(features),
    }
    if page.matched is not None:
        told["numberMatched"] = page.matched
    return told


def _links_of(of: Collection, at: Addresses) -> list[Link]:
    there = ("collections", of.id)
    links = [
        at.link("self", there, JSON, "数据 Data"),
        at.link("items", (*there, "items"), GEOJSON, "要素 Features"),
        at.link("items", (*there, "items?f=html"), HTML, "要素网页 Features as a page"),
        at.link(QUERYABLES, (*there, "queryables"), SCHEMA, "可查询的属性 Queryables"),
        at.link("describedby", ("styles", f"{of.layer}.qml"), "application/xml", "QGIS 样式 QGIS style"),
    ]
    if has_tiles(of):
        links.append(at.link(TILESETS, (*there, "tiles"), JSON, "瓦片 Tiles"))
    return links


def _geometries(frame: gpd.GeoDataFrame, system: ReferenceSystem) -> list[dict[str, Any] | None]:
    oriented = shapely.orient_polygons(frame.geometry.to_numpy())
    decimals = _DECIMALS if system.datum.in_degrees else _METRE_DECIMALS
    moved = shapely.transform(system.geometries(oriented), lambda xy: np.round(xy, decimals))
    return [json.loads(text) if text else None for text in shapely.to_geojson(moved)]


def _plain(value: Any) -> Any:
    if value is None or value != value:
        return None
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return int(value) if isinstance(value, (int, np.integer)) and not isinstance(value, bool) else value
