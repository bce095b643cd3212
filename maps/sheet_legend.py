"""The legend of a sheet: each sign as a small picture with its words."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from markupsafe import Markup

from geo.territory.dictionaries import dictionary
from maps.drawing import FONT
from maps.sheet_focus import Focus
from maps.sheet_map import SheetMap
from maps.styles import PALETTE, HouseholdClass

Sign = tuple[Markup, str, str]

_WIDTH, _HEIGHT = 8.0, 4.0  # mm


def legend_of(sheet: SheetMap, focus: Focus, classes: Sequence[HouseholdClass]) -> list[Sign]:
    """Return sign, Chinese and English words of everything drawn."""
    signs = [(_class_sign(each), f"{each.mark} {each.zh}".strip(), each.en) for each in classes]
    terms = dictionary("terms")
    grid = _line_sign([(PALETTE["grid_line"], 1.0, "")])
    signs.append((grid, terms["grid"].zh, terms["grid"].en))
    neighbour = _line_sign([(PALETTE["grid_line"], 0.3, "1.6 1")])
    signs.append((neighbour, terms["neighbour"].zh, terms["neighbour"].en))
    community = _line_sign([(PALETTE["community_line"], 0.8, "4 1.2 0.6 1.2")])
    signs.append((community, terms["community"].zh, terms["community"].en))
    building = _box_sign(PALETTE["building"], PALETTE["building_line"])
    signs.append((building, terms["building"].zh, terms["building"].en))
    barriers = dictionary("barrier_kinds")
    signs += [(_line_sign(_BARRIERS[kind]), barriers[kind].zh, barriers[kind].en) for kind in sheet.barrier_kinds]
    elements = dictionary("element_kinds")
    for kind in sheet.element_kinds:
        entry = elements[kind]
        signs.append((_element_sign(entry.extra["symbol"], entry.extra["colour"]), entry.zh, entry.en))
    return signs


Strokes = list[tuple[str, float, str]]  # colour, width in mm, dashes


def _road(width: float) -> Strokes:
    return [(PALETTE["road_line"], width + 0.4, ""), (PALETTE["road"], width, "")]


_BARRIERS: dict[str, Strokes] = {
    "river": [(PALETTE["water"], 2.0, "")],
    "lane": _road(0.5),
    "road": _road(0.9),
    "main_road": _road(1.5),
    "expressway": _road(2.0),
    "railway": [(PALETTE["railway"], 1.2, ""), ("#ffffff", 0.7, "1.6 1.6")],
    "wall": [(PALETTE["wall"], 0.3, "")],
}


def _picture() -> ET.Element:
    size = {"width": f"{_WIDTH}mm", "height": f"{_HEIGHT}mm", "viewBox": f"0 0 {_WIDTH} {_HEIGHT}"}
    return ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "font-family": FONT, **size})


def _markup(picture: ET.Element) -> Markup:
    return Markup(ET.tostring(picture, encoding="unicode"))  # noqa: S704  (an XML writer escapes)


def _box(picture: ET.Element, fill: str, stroke: str) -> None:
    box = {"x": "0.5", "y": "0.4", "width": "7", "height": "3.2", "fill": fill, "stroke": stroke}
    ET.SubElement(picture, "rect", {**box, "stroke-width": "0.2"})


def _box_sign(fill: str, stroke: str) -> Markup:
    picture = _picture()
    _box(picture, fill, stroke)
    return _markup(picture)


def _class_sign(style: HouseholdClass) -> Markup:
    picture = _picture()
    _box(picture, PALETTE[style.fill], "#5c6672")
    if style.pattern == "dots":
        for x in (1.5, 3.0, 4.5, 6.0):
            for y in (1.2, 2.6):
                dot = {"cx": str(x + (0.7 if y > 2 else 0)), "cy": str(y), "r": "0.2", "fill": "#46300a"}
                ET.SubElement(picture, "circle", dot)
    elif style.pattern == "hatch":
        for x in (0.6, 2.0, 3.4, 4.2):
            line = {"x1": str(x), "y1": "3.5", "x2": str(x + 3), "y2": "0.5", "stroke": "#6a1808"}
            ET.SubElement(picture, "line", {**line, "stroke-width": "0.25"})
    return _markup(picture)


def _line_sign(strokes: Strokes) -> Markup:
    picture = _picture()
    for colour, width, dashes in strokes:
        line = {"x1": "0.5", "y1": "2", "x2": "7.5", "y2": "2", "stroke": colour, "stroke-width": str(width)}
        ET.SubElement(picture, "line", {**line, **({"stroke-dasharray": dashes} if dashes else {})})
    return _markup(picture)


def _element_sign(symbol: str, colour: str) -> Markup:
    picture = _picture()
    ET.SubElement(picture, "circle", {"cx": "4", "cy": "2", "r": "1.8", "fill": colour})
    text = ET.SubElement(
        picture, "text", {"x": "4", "y": "2.85", "font-size": "2.3", "text-anchor": "middle", "fill": "#ffffff"}
    )
    text.text = symbol
    return _markup(picture)
