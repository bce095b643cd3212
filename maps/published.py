"""The published map of hazards: one self-contained page of counts, with nothing on it that is not published.

What is drawn comes as plain values: borders, numbers that may be shown (None where one may not), coarse hot spots.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import shapely
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from maps.assets import page_script, page_style
from maps.escaping import json_text, plain_text
from maps.layers import Extent
from maps.pages import NOWHERE, PlanFigure, PlanMap
from maps.panel import TEMPLATES

SCRIPTS, STYLES = ("paper.js", "published.js"), ("surfaces.css", "published.css")
#: Where classes begin above the smallest number that is shown (project choice); fixed, so that years can be told apart.
BREAKS = (20, 50, 100, 200)
#: Decimals of a degree: about a metre.
DECIMALS = 5

#: Numbers of an area: open, ended, all found; None where one is not shown, of a grid all but the last.
Numbers = tuple[int | None, int | None, int | None]


@dataclass(frozen=True)
class CoarseSpot:
    """A hot spot as it may be published: EPSG:4326 degrees, metres, tens of cases, months."""

    lon: float
    lat: float
    radius_m: float
    count: int
    first: date
    last: date


@dataclass(frozen=True)
class PublishedContent:
    """What a published map shows.

    Attributes
    ----------
    communities, grids
        EPSG:4326 with ``code``, communities with ``name`` too.
    numbers
        By code, the street's too.
    """

    code: str
    title: str
    since: date
    until: date
    least: int
    communities: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    numbers: Mapping[str, Numbers]
    spots: tuple[CoarseSpot, ...]


def published_page(content: PublishedContent) -> str:
    """Return the map as one HTML document that asks for nothing."""
    bounds = content.communities.total_bounds if len(content.communities) else None
    extent = NOWHERE if bounds is None else Extent(*(float(each) for each in bounds))
    figure = PlanFigure(
        title=content.title,
        panel=_panel(content),
        data=json_text(_data(content, extent)),
        script=page_script(SCRIPTS),
        style=page_style(*STYLES),
    )
    figure.add_child(PlanMap(extent, "published"))
    return str(figure.render())


def _panel(content: PublishedContent) -> str:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    names = zip(content.communities["code"], content.communities["name"], strict=True)
    rows = [(plain_text(name), content.numbers[code]) for code, name in names]
    return environment.get_template("published_page.html").render(
        content=content, title=plain_text(content.title), rows=rows, total=content.numbers[content.code]
    )


def _data(content: PublishedContent, extent: Extent) -> dict[str, Any]:
    return {
        "extent": [extent.west, extent.south, extent.east, extent.north],
        "least": content.least,
        "breaks": list(BREAKS),
        "communities": _features(content.communities, content.numbers),
        "grids": _features(content.grids, content.numbers),
        "spots": [[one.lat, one.lon, one.radius_m, one.count, f"{one.first:%Y-%m}"] for one in content.spots],
    }


def _features(frame: gpd.GeoDataFrame, numbers: Mapping[str, Numbers]) -> list[dict[str, Any]]:
    """Return areas as GeoJSON features; a grid is called by the end of its code."""
    names = frame["name"] if "name" in frame.columns else frame["code"].str[12:]
    shapes = frame.geometry.set_precision(10**-DECIMALS, mode="pointwise")
    return [
        {"type": "Feature", "geometry": json.loads(shape), "properties": [plain_text(str(name)), *numbers[code]]}
        for code, name, shape in zip(frame["code"], names, shapely.to_geojson(shapes.to_numpy()), strict=True)
    ]
