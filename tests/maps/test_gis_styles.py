"""Styles for QGIS and MapLibre: whole, of the catalogue's colours and words, for every layer."""

from xml.etree import ElementTree as Xml

import pytest

from geo.territory.dictionaries import dictionary
from geo.territory.layer_catalogue import CatalogueLayer, catalogue_layer, layer_catalogue, map_colours
from maps.gis_styles import maplibre_of, qml_of

TILES = "http://localhost/{z}/{y}/{x}"
LAYERS = list(layer_catalogue().values())
TILED = [layer for layer in LAYERS if layer.levels is not None]


def opened(layer: CatalogueLayer) -> Xml.Element:
    return Xml.fromstring(qml_of(layer).partition("\n")[2])


def options_of(symbol: Xml.Element) -> list[dict[str, str]]:
    """The options of each part of a symbol, from the bottom up."""
    return [
        {each.get("name", ""): each.get("value", "") for each in part.iterfind("Option/Option")}
        for part in symbol.iterfind("layer")
    ]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.code)
def test_every_symbol_of_a_legend_is_there_once(layer: CatalogueLayer) -> None:
    top = opened(layer)
    renderer = top.find("renderer-v2")
    assert renderer is not None
    symbols = [symbol.get("name") for symbol in renderer.iterfind("symbols/symbol")]
    categories = [category.get("symbol") for category in renderer.iterfind("categories/category")]
    assert symbols == (categories or ["0"])
    kind = {"area": "fill", "site": "fill", "line": "line", "point": "marker", "any": "marker"}[layer.geometry]
    assert {symbol.get("type") for symbol in renderer.iterfind("symbols/symbol")} == {kind}
    assert all(options_of(symbol) for symbol in renderer.iterfind("symbols/symbol"))
    assert (top.find("labeling") is not None) is (layer.labelled and kind != "marker")
    assert top.get("labelsEnabled") == str(int(top.find("labeling") is not None))


def test_kinds_have_their_words_and_colours() -> None:
    top = opened(catalogue_layer("elements"))
    kinds = dictionary("element_kinds").entries
    labels = {each.get("value"): each.get("label") for each in top.iterfind("renderer-v2/categories/category")}
    assert labels == {code: entry.label for code, entry in kinds.items()}
    market = top.findall("renderer-v2/symbols/symbol")[list(kinds).index("market")]
    disc, letter = options_of(market)
    assert disc["color"] == "179,84,30,255"
    assert letter["chr"] == kinds["market"].extra["symbol"]


def test_buildings_nobody_lives_in_are_paler() -> None:
    symbols = opened(catalogue_layer("buildings")).findall("renderer-v2/symbols/symbol")
    fills = dict(
        zip(dictionary("building_kinds").entries, (options_of(each)[0]["color"] for each in symbols), strict=True)
    )
    assert fills["tower"] == fills["walk_up"] != fills["school"] == fills["office"]


def test_roads_are_as_wide_as_they_are() -> None:
    symbols = opened(catalogue_layer("barriers")).findall("renderer-v2/symbols/symbol")
    kinds = dictionary("barrier_kinds").entries
    parts = options_of(symbols[list(kinds).index("main_road")])
    assert [part["line_width"] for part in parts] == ["33", "30"]
    assert {part["line_width_unit"] for part in parts} == {"RenderMetersInMapUnits"}


@pytest.mark.parametrize("layer", TILED, ids=lambda layer: layer.code)
def test_a_style_of_tiles_draws_its_own_layer_in_our_colours(layer: CatalogueLayer) -> None:
    style = maplibre_of(layer, TILES)
    source = style["sources"]["wangge"]
    assert (style["version"], source["tiles"]) == (8, [TILES])
    assert layer.levels is not None
    assert (source["minzoom"], source["maxzoom"]) == (layer.levels.first, layer.levels.whole)
    assert {each["source-layer"] for each in style["layers"]} == {layer.code}
    names = [each["id"] for each in style["layers"]]
    assert names
    assert len(names) == len(set(names))
    assert map_colours()[layer.style.line].day in str(style["layers"])
