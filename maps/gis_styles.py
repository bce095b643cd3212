"""Styles of layers for other tools, made of the one catalogue: QML for QGIS, and the style specification of MapLibre.

Widths are pixels of a screen as on our own maps; roads and rivers are as wide as they are on the ground.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from xml.etree import ElementTree as Xml

from geo.territory.dictionaries import dictionary
from geo.territory.layer_catalogue import CatalogueLayer, map_colours

#: What a style is called and read as, by the ending of its address.
QML, MAPLIBRE = "application/xml", "application/vnd.mapbox.style+json"
Drawn = Literal["fill", "line", "marker"]

_DRAWN: dict[str, Drawn] = {"area": "fill", "site": "fill", "line": "line", "point": "marker", "any": "marker"}
#: Borders of roads, metres on each side (project choice).
_KERB_M = 1.5
_LABEL_SIZE = 9


@dataclass(frozen=True)
class _Class:
    """One row of a legend: the value of ``kind``, its words, and how it is drawn."""

    value: str
    label: str
    fill: str
    line: str
    character: str = ""
    width_m: float | None = None


def qml_of(layer: CatalogueLayer) -> str:
    """Return a layer's style as QGIS reads it (from 3.22)."""
    top = Xml.Element(
        "qgis", version="3.22.0", styleCategories="Symbology|Labeling", labelsEnabled=_flag(_has_labels(layer))
    )
    classes = _classes(layer)
    renderer = Xml.SubElement(
        top, "renderer-v2", type="categorizedSymbol" if classes else "singleSymbol", symbollevels="0"
    )
    if classes:
        renderer.set("attr", "kind")
        categories = Xml.SubElement(renderer, "categories")
        for number, each in enumerate(classes):
            said = {"value": each.value, "label": each.label, "symbol": str(number)}
            Xml.SubElement(categories, "category", said, render="true", type="string")
    symbols = Xml.SubElement(renderer, "symbols")
    for number, each in enumerate(classes or [_plain(layer)]):
        _symbol(symbols, str(number), layer, each)
    if _has_labels(layer):
        _labels(top, layer)
    Xml.indent(top)
    return f"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n{Xml.tostring(top, encoding='unicode')}\n"


def maplibre_of(layer: CatalogueLayer, tiles: str) -> dict[str, Any]:
    """Return a layer's style in the style specification of MapLibre and Mapbox, version 8.

    Parameters
    ----------
    tiles
        Address of its vector tiles with ``{z}``, ``{y}`` and ``{x}``.
    """
    assert layer.levels is not None, f"{layer.code} has no tiles"
    source = {"type": "vector", "tiles": [tiles], "minzoom": layer.levels.first, "maxzoom": layer.levels.whole}
    return {
        "version": 8,
        "name": f"{layer.zh} {layer.en}",
        "sources": {"wangge": source},
        "layers": [{"source": "wangge", "source-layer": layer.code, **each} for each in _maplibre_layers(layer)],
    }


# ── what is drawn ────────────────────────────────────────────────────────────────────────────────────────────────────


def _plain(layer: CatalogueLayer) -> _Class:
    return _Class(
        "", f"{layer.zh} {layer.en}", layer.style.fill and _colour(layer.style.fill), _colour(layer.style.line)
    )


def _classes(layer: CatalogueLayer) -> list[_Class]:
    """Return how kinds of a layer are drawn apart; nothing where they are not."""
    kinds = next((told.dictionary for told in layer.properties if told.name == "kind"), None)
    paler_fill, paler = layer.paler
    if kinds is None or not (layer.parts or paler or layer.style.symbols):
        return []
    lines = {kind: part.line for part in layer.parts for kind in part.kinds}
    plain, made = _plain(layer), []
    for entry in dictionary(kinds).entries.values():
        fill = _colour(paler_fill) if entry.code in paler else entry.extra.get("colour", plain.fill)
        line = _colour(lines[entry.code]) if entry.code in lines else plain.line
        symbol = entry.extra.get("symbol", "") if layer.style.symbols else ""
        width = entry.extra.get("width_m") if layer.parts else None
        made.append(_Class(entry.code, entry.label, fill, line, symbol, width))
    return made


def _colour(name: str) -> str:
    return map_colours()[name].day


# ── QML ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _symbol(symbols: Xml.Element, name: str, layer: CatalogueLayer, each: _Class) -> None:
    drawn = _DRAWN[layer.geometry]
    symbol = Xml.SubElement(symbols, "symbol", name=name, type=drawn, alpha="1", clip_to_extent="1")
    style = layer.style
    if drawn == "marker":
        size = {"size": _number(style.disc_px * 2), "size_unit": "Pixel"}
        outline = {
            "outline_color": _rgba(each.line),
            "outline_width": _number(style.width_px),
            "outline_width_unit": "Pixel",
        }
        _part(symbol, "SimpleMarker", {"name": "circle", "color": _rgba(each.fill), **size, **outline})
        if each.character:
            letter = {"chr": each.character, "color": _rgba(_colour("element_text")), "font": "Noto Sans CJK SC"}
            _part(symbol, "FontMarker", {**letter, "size": _number(style.disc_px * 1.4), "size_unit": "Pixel"})
        return
    if drawn == "fill" and each.fill:
        _part(symbol, "SimpleFill", {"color": _rgba(each.fill), "style": "solid", "outline_style": "no"})
    for line in _lines(layer, each):
        _part(symbol, "SimpleLine", line)


def _lines(layer: CatalogueLayer, each: _Class) -> Iterable[dict[str, str]]:
    if each.width_m is not None and each.line == _colour("road"):
        yield _on_ground(_colour("road_line"), each.width_m + 2 * _KERB_M)
    if each.width_m is not None:
        yield _on_ground(each.line, each.width_m)
        return
    style = layer.style
    dashes = ";".join(_number(dash) for dash in style.dash_px)
    dashed = {"use_customdash": "1", "customdash": dashes, "customdash_unit": "Pixel"} if dashes else {}
    yield {
        "line_color": _rgba(each.line),
        "line_width": _number(style.width_px),
        "line_width_unit": "Pixel",
        "joinstyle": "round",
        **dashed,
    }


def _on_ground(colour: str, width_m: float) -> dict[str, str]:
    width = {"line_width": _number(width_m), "line_width_unit": "RenderMetersInMapUnits"}
    return {"line_color": _rgba(colour), **width, "capstyle": "round", "joinstyle": "round"}


def _part(symbol: Xml.Element, kind: str, options: Mapping[str, str]) -> None:
    part = Xml.SubElement(symbol, "layer", {"class": kind}, enabled="1", locked="0")
    part.set("pass", "0")
    told = Xml.SubElement(part, "Option", type="Map")
    for name, value in options.items():
        Xml.SubElement(told, "Option", name=name, type="QString", value=value)
        Xml.SubElement(part, "prop", k=name, v=value)  # what QGIS before 3.26 reads


def _has_labels(layer: CatalogueLayer) -> bool:
    """Points have signs of their own; with words as well they would cover the map."""
    return layer.labelled and _DRAWN[layer.geometry] != "marker"


def _labels(top: Xml.Element, layer: CatalogueLayer) -> None:
    labelling = Xml.SubElement(top, "labeling", type="simple")
    settings = Xml.SubElement(labelling, "settings", calloutType="simple")
    names = {told.name for told in layer.properties}
    # QGIS knows no property that is empty in all features it has seen: named so, it is no error.
    text = f"""coalesce(attribute('name'), "{layer.key}")""" if "name" in names else f'"{layer.key}"'
    style = Xml.SubElement(
        settings,
        "text-style",
        fieldName=text,
        isExpression="1",
        fontSize=str(_LABEL_SIZE),
        fontSizeUnit="Point",
        textColor=_rgba(_colour("text")),
    )
    Xml.SubElement(
        style,
        "text-buffer",
        bufferDraw="1",
        bufferSize="1",
        bufferSizeUnits="MM",
        bufferColor=_rgba(_colour("halo")),
    )
    Xml.SubElement(settings, "placement", placement="2" if _DRAWN[layer.geometry] == "line" else "1", priority="5")
    # Areas lie under one another: were they in the way of words, there would be none.
    Xml.SubElement(settings, "rendering", drawLabels="1", obstacle="0")


def _rgba(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},255"


def _number(value: float) -> str:
    return f"{value:g}"


def _flag(value: bool) -> str:
    return "1" if value else "0"


# ── MapLibre ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _maplibre_layers(layer: CatalogueLayer) -> list[dict[str, Any]]:
    drawn, style, plain, classes = _DRAWN[layer.geometry], layer.style, _plain(layer), _classes(layer)
    fill = _matched([(each.value, each.fill) for each in classes], plain.fill)
    line = _matched([(each.value, each.line) for each in classes], plain.line)
    made: list[dict[str, Any]] = []
    if drawn == "fill" and plain.fill:
        is_area = ["==", ["geometry-type"], "Polygon"]
        made.append({"id": f"{layer.code}-fill", "type": "fill", "filter": is_area, "paint": {"fill-color": fill}})
    if drawn in ("fill", "line"):
        paint: dict[str, Any] = {"line-color": line, "line-width": style.width_px}
        if style.dash_px:
            paint["line-dasharray"] = [dash / style.width_px for dash in style.dash_px]
        made.append({"id": f"{layer.code}-line", "type": "line", "paint": paint})
    if drawn == "marker" or (layer.levels is not None and layer.levels.below == "joined"):
        disc = {
            "circle-color": fill or plain.line,
            "circle-radius": style.disc_px,
            "circle-stroke-color": plain.line,
            "circle-stroke-width": style.width_px,
        }
        is_point = ["==", ["geometry-type"], "Point"]
        made.append({"id": f"{layer.code}-disc", "type": "circle", "filter": is_point, "paint": disc})
    return made


def _matched(pairs: Sequence[tuple[str, str]], other: str) -> Any:
    apart = [(value, colour) for value, colour in pairs if colour != other]
    return ["match", ["get", "kind"], *(part for pair in apart for part in pair), other] if apart else other
