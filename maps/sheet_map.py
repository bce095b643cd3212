"""The picture on a sheet: one grid or community with what lies around it, drawn for paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.territory.dictionaries import dictionary
from geo.territory.map_content import MapContent
from maps.drawing import Drawing, Paper
from maps.escaping import plain_text
from maps.layers import short_numbers
from maps.sheet_focus import Focus
from maps.styles import NOT_LIVED_IN, PALETTE, HouseholdClass, class_of

ELEMENT_RADIUS_MM = 1.9
_LEAST_WIDTH_MM = {"expressway": 1.2, "main_road": 1.0, "road": 0.7, "lane": 0.4, "river": 0.8, "railway": 0.7}
_ROAD_TEXT_MM = {"expressway": 3.0, "main_road": 3.0, "road": 2.6, "lane": 2.2, "river": 3.0, "railway": 2.6}


@dataclass
class SheetMap:
    """A drawn map and the elements that are on it (for the legend)."""

    drawing: Drawing
    element_kinds: list[str]
    barrier_kinds: list[str]


def draw_sheet(
    content: MapContent,
    focus: Focus,
    buildings: gpd.GeoDataFrame,
    classes: Sequence[HouseholdClass],
    paper: Paper,
) -> SheetMap:
    """Draw the focus with its surroundings.

    Parameters
    ----------
    buildings
        Those in focus, with their sheet ``number``.
    """
    drawing = Drawing(paper)
    drawing.rectangle(PALETTE["ground"])
    _land(drawing, content)
    _grid_fills(drawing, focus, classes)
    barrier_kinds = _barriers(drawing, content)
    _buildings(drawing, content, buildings)
    _lines(drawing, content, focus)
    # Kept free for the north arrow and the scale bar, which are drawn last.
    drawing.take(paper.width_mm - 8.0, 11.0, 11.0, 19.0)
    drawing.take(32.0, paper.height_mm - 6.5, 62.0, 11.0)
    element_kinds = _elements(drawing, content)
    if focus.level == "grid":
        _label_buildings(drawing, buildings, paper.place(np.array([focus.area], dtype=object))[0])
    else:
        _label_grids(drawing, focus.inside, classes)
    _label_neighbours(drawing, focus)
    _label_barriers(drawing, content)
    _label_compounds(drawing, content)
    _north(drawing)
    _scale_bar(drawing)
    drawing.outline()
    return SheetMap(drawing, element_kinds, barrier_kinds)


def _placed(drawing: Drawing, frame: gpd.GeoDataFrame | None) -> np.ndarray:
    if frame is None or frame.empty:
        return np.array([], dtype=object)
    return drawing.paper.place(frame.geometry.to_numpy())


def _land(drawing: Drawing, content: MapContent) -> None:
    drawing.shapes(_placed(drawing, content.communities), fill=PALETTE["land"])
    compounds = _placed(drawing, content.compounds)
    drawing.shapes(compounds, fill=PALETTE["compound"], stroke=PALETTE["compound_line"], stroke_width=0.2)


def _grid_fills(drawing: Drawing, focus: Focus, classes: Sequence[HouseholdClass]) -> None:
    drawing.shapes(_placed(drawing, focus.around), fill="#f3f2ee")
    fills = {each.key: _pattern_of(drawing, each) for each in classes if each.pattern != "none"}
    for geometry, households in zip(_placed(drawing, focus.inside), _households(focus.inside), strict=True):
        style = class_of(households, classes)
        drawing.shapes([geometry], fill=PALETTE[style.fill], fill_opacity=0.45)
        if style.key in fills:
            drawing.shapes([geometry], fill=fills[style.key], fill_opacity=0.55)


def _pattern_of(drawing: Drawing, style: HouseholdClass) -> str:
    def dots(tile: ET.Element) -> None:
        for x, y in (("0.5", "0.5"), ("1.5", "1.5")):
            ET.SubElement(tile, "circle", {"cx": x, "cy": y, "r": "0.17", "fill": "#46300a"})

    def hatch(tile: ET.Element) -> None:
        for shift in (-2, 0, 2):
            line = {"x1": str(shift), "y1": "2", "x2": str(shift + 2), "y2": "0", "stroke": "#6a1808"}
            ET.SubElement(tile, "line", {**line, "stroke-width": "0.18"})

    return drawing.pattern(f"pattern-{style.key}", dots if style.pattern == "dots" else hatch)


def _households(frame: pd.DataFrame) -> list[float]:
    values: list[float] = pd.to_numeric(frame["households"], errors="coerce").astype(float).tolist()
    return values


def _barriers(drawing: Drawing, content: MapContent) -> list[str]:
    frame = content.barriers
    if frame is None or frame.empty:
        return []
    kinds = dictionary("barrier_kinds")
    shown = []
    placed = _placed(drawing, frame)
    for kind in ("river", "lane", "road", "main_road", "expressway", "railway", "wall"):
        chosen = drawing.cut(placed[(frame["kind"] == kind).to_numpy()])
        if not chosen:
            continue
        shown.append(kind)
        share = 0.55 if kind in ("lane", "road", "main_road", "expressway") else 1.0
        width = max(_LEAST_WIDTH_MM.get(kind, 0.3), drawing.paper.metres(kinds[kind].extra["width_m"] * share))
        _stroke(drawing, chosen, kind, width)
    return shown


def _stroke(drawing: Drawing, lines: list[shapely.Geometry], kind: str, width: float) -> None:
    common = {"fill": "none", "stroke_linecap": "round", "stroke_linejoin": "round"}
    if kind == "river":
        drawing.shapes(lines, stroke=PALETTE["water"], stroke_width=width, **common)
    elif kind == "railway":
        width = min(width, 1.6)
        drawing.shapes(lines, stroke=PALETTE["railway"], stroke_width=width, fill="none")
        dash = {"stroke_dasharray": "2.4 2.4", "fill": "none"}
        drawing.shapes(lines, stroke="#ffffff", stroke_width=width * 0.55, **dash)
    elif kind == "wall":
        drawing.shapes(lines, stroke=PALETTE["wall"], stroke_width=0.3, fill="none")
    else:
        drawing.shapes(lines, stroke=PALETTE["road_line"], stroke_width=width + 0.35, **common)
        drawing.shapes(lines, stroke=PALETTE["road"], stroke_width=width, **common)


def _buildings(drawing: Drawing, content: MapContent, focused: gpd.GeoDataFrame) -> None:
    everything = content.buildings
    if everything is None:
        return
    others = everything.drop(focused.index, errors="ignore")
    _footprints(drawing, others, "#dedbd5", "#b9b4ab")
    lived_in = np.ones(len(focused), dtype=bool)
    if "kind" in focused.columns:
        lived_in = ~focused["kind"].isin(NOT_LIVED_IN).to_numpy()
    _footprints(drawing, focused[~lived_in], PALETTE["other_building"], PALETTE["building_line"])
    _footprints(drawing, focused[lived_in], PALETTE["building"], PALETTE["building_line"])


def _footprints(drawing: Drawing, frame: gpd.GeoDataFrame, fill: str, stroke: str) -> None:
    placed = _placed(drawing, frame)
    if not len(placed):
        return
    points = shapely.get_dimensions(placed) == 0
    drawing.shapes(placed[~points], fill=fill, stroke=stroke, stroke_width=0.15)
    for x, y in shapely.get_coordinates(drawing.cut(placed[points])):
        drawing.disc(float(x), float(y), 0.9, fill=fill, stroke=stroke, stroke_width=0.15)


def _lines(drawing: Drawing, content: MapContent, focus: Focus) -> None:
    colour = PALETTE["grid_line"]
    drawing.shapes(
        _placed(drawing, focus.around), fill="none", stroke=colour, stroke_width=0.3, stroke_dasharray="1.6 1"
    )
    communities = _placed(drawing, content.communities)
    dash = "4 1.2 0.6 1.2"
    drawing.shapes(
        communities, fill="none", stroke=PALETTE["community_line"], stroke_width=0.7, stroke_dasharray=dash
    )  # fmt: skip
    inside = _placed(drawing, focus.inside)
    thick = 1.0 if focus.level == "grid" else 0.6
    drawing.shapes(inside, fill="none", stroke="#ffffff", stroke_width=thick + 0.8, stroke_linejoin="round")
    drawing.shapes(inside, fill="none", stroke=colour, stroke_width=thick, stroke_linejoin="round")
    if focus.level == "community":
        area = drawing.paper.place(np.array([focus.area], dtype=object))
        drawing.shapes(area, fill="none", stroke=PALETTE["community_line"], stroke_width=1.2, stroke_dasharray=dash)


def _elements(drawing: Drawing, content: MapContent) -> list[str]:
    frame = content.city_elements
    if frame is None or frame.empty:
        return []
    known = dictionary("element_kinds")
    shown = set()
    inner = drawing.paper.frame.buffer(-ELEMENT_RADIUS_MM)
    for kind, geometry in zip(frame["kind"], _placed(drawing, frame), strict=True):
        entry = known.entries.get(kind, known["other"])
        point = geometry.representative_point()
        if not inner.contains(point):
            continue
        shown.add(entry.code)
        drawing.take(point.x, point.y, ELEMENT_RADIUS_MM * 2, ELEMENT_RADIUS_MM * 2)
        draw_symbol(drawing, entry.extra["symbol"], entry.extra["colour"], point.x, point.y)
    return [code for code in known.entries if code in shown]


def draw_symbol(drawing: Drawing, symbol: str, colour: str, x: float, y: float) -> None:
    """Draw a city element: a disc with its character."""
    drawing.disc(x, y, ELEMENT_RADIUS_MM, fill=colour, stroke="#ffffff", stroke_width=0.25)
    size = ELEMENT_RADIUS_MM * 1.25
    drawing.character(symbol, x, y, size, "#ffffff")


def _label_buildings(drawing: Drawing, buildings: gpd.GeoDataFrame, area: shapely.Geometry) -> None:
    """Write number and households on each building, the larger ones first; a lone number where both do not fit."""
    placed = _placed(drawing, buildings)
    sizes = shapely.area(placed) if len(placed) else placed
    for index in np.argsort(-sizes, kind="stable"):
        row = buildings.iloc[index]
        shared = shapely.intersection(shapely.make_valid(placed[index]), area)  # of a divided building, its part here
        point = (placed[index] if shared.is_empty else shared).representative_point()
        households = pd.to_numeric(row["households"], errors="coerce")
        count = f"{int(households)}户" if households == households and households > 0 else ""
        shifts = [(0.0, 0.0), (0.0, 2.6), (0.0, -2.6), (4.2, 0.0), (-4.2, 0.0)]
        number = str(row["number"])
        for lines in (
            [(number, 2.5), (count, 2.1)],
            [(f"{number}·{count}" if count else number, 2.0)],
            [(number, 2.0)],
        ):
            if drawing.label(lines, point.x, point.y, colour=PALETTE["text"], weight=500, shifts=shifts):
                break


def _label_grids(drawing: Drawing, grids: gpd.GeoDataFrame, classes: Sequence[HouseholdClass]) -> None:
    numbers = short_numbers(grids["code"].map(plain_text).tolist())
    for number, households, geometry in zip(numbers, _households(grids), _placed(drawing, grids), strict=True):
        style = class_of(households, classes)
        count = f"{style.mark}{households:.0f}户" if households == households else "户数不明"
        x, y = _middle(geometry)
        shifts = [(dx, dy) for dx, dy in _AROUND if geometry.contains(shapely.Point(x + dx, y + dy))]
        for lines in ([(number, 4.2), (count, 3.4)], [(number, 2.8), (count, 2.4)], [(number, 2.4)]):
            if drawing.label(lines, x, y, colour=PALETTE["text"], weight=700, shifts=shifts):
                break
        else:  # A grid without its number is of no use: better on top of something else than not at all.
            drawing.character(f"{number} {count}", x, y, 2.4, PALETTE["text"])


#: Where else a grid's label may sit, in mm from the middle, near ones first.
_AROUND = sorted(
    ((float(dx), float(dy)) for dx in range(-16, 17, 4) for dy in range(-16, 17, 4)), key=lambda p: np.hypot(*p)
)


def _middle(geometry: shapely.Geometry) -> tuple[float, float]:
    largest = max(shapely.get_parts(geometry), key=shapely.area)
    line = shapely.maximum_inscribed_circle(largest, tolerance=0.5)
    x, y = shapely.get_coordinates(line)[0]
    return float(x), float(y)


def _label_neighbours(drawing: Drawing, focus: Focus) -> None:
    """Write each neighbour's number where most of it is seen."""
    if focus.around.empty:
        return
    codes = focus.around["code"].map(plain_text).tolist()
    seen = shapely.intersection(shapely.make_valid(_placed(drawing, focus.around)), drawing.paper.frame)
    for number, households, part in zip(short_numbers(codes), _households(focus.around), seen, strict=True):
        areas = [piece for piece in shapely.get_parts(part) if piece.geom_type == "Polygon" and piece.area > 60]
        if not areas:
            continue
        x, y = _middle(max(areas, key=shapely.area))
        count = f"{households:.0f}户" if households == households else ""
        shifts = [(0.0, 0.0), (0.0, 5.0), (0.0, -5.0), (8.0, 0.0), (-8.0, 0.0)]
        drawing.label([(f"网格 {number}", 3.2), (count, 2.6)], x, y, colour="#5b7794", weight=500, shifts=shifts)


def _label_barriers(drawing: Drawing, content: MapContent) -> None:
    frame = content.barriers
    if frame is None or frame.empty or "name" not in frame.columns:
        return
    written: list[tuple[str, float, float]] = []
    named = frame[frame["name"].notna()]
    rank = {"expressway": 0, "main_road": 1, "river": 2, "railway": 3, "road": 4, "lane": 5}
    order = sorted(range(len(named)), key=lambda index: rank.get(named["kind"].iloc[index], 9))
    placed = _placed(drawing, named)
    for index in order:
        name, kind = plain_text(named["name"].iloc[index]), named["kind"].iloc[index]
        if not name or kind not in _ROAD_TEXT_MM:
            continue
        for part in drawing.cut([placed[index]]):
            _name_line(drawing, part, name, kind, written)


def _name_line(
    drawing: Drawing, part: shapely.Geometry, name: str, kind: str, written: list[tuple[str, float, float]]
) -> None:
    colour = PALETTE["water_text"] if kind == "river" else PALETTE["road_text"]
    for line in shapely.get_parts(part):
        if line.geom_type != "LineString":
            continue
        middle = line.interpolate(0.5, normalized=True)
        near = any(name == other and np.hypot(middle.x - x, middle.y - y) < 70 for other, x, y in written)
        if not near and drawing.along(line, name, _ROAD_TEXT_MM[kind], colour):
            written.append((name, middle.x, middle.y))


def _label_compounds(drawing: Drawing, content: MapContent) -> None:
    frame = content.compounds
    if frame is None or frame.empty:
        return
    for name, geometry in zip(frame["name"], _placed(drawing, frame), strict=True):
        for part in drawing.cut([geometry]):
            point = part.representative_point()
            shifts = [(0.0, 0.0), (0.0, 4.0), (0.0, -4.0), (0.0, 8.0), (0.0, -8.0)]
            drawing.label([(name, 2.8)], point.x, point.y, colour="#4b6a35", weight=500, shifts=shifts)


def _north(drawing: Drawing) -> None:
    x, y = drawing.paper.width_mm - 8.0, 5.0
    drawing.rectangle_at(x - 5, y - 3, 10, 18)
    drawing.polygon([(x, y - 1), (x + 3, y + 8), (x, y + 5.6), (x - 3, y + 8)], fill="#1c2430")
    drawing.character("北", x, y + 11.2, 3.6, "#1c2430")


def _scale_bar(drawing: Drawing) -> None:
    """Draw a bar of a round length, about 30 mm long."""
    paper = drawing.paper
    lengths = [step * 10**power for power in range(5) for step in (1, 2, 5)]
    length = max(length for length in lengths if paper.metres(length) <= 45)
    width = paper.metres(length)
    x, y = 5.0, paper.height_mm - 6.0
    drawing.rectangle_at(x - 3, y - 5.5, width + 16, 9.5)
    for index, colour in enumerate(("#1c2430", "#ffffff")):
        left, right = x + index * width / 2, x + (index + 1) * width / 2
        corners = [(left, y), (right, y), (right, y + 1.4), (left, y + 1.4)]
        drawing.polygon(corners, fill=colour, stroke="#1c2430", stroke_width=0.2)
    for share, text in ((0, "0"), (0.5, f"{length / 2:g}"), (1, f"{length:g} m")):
        drawing.character(text, x + share * width, y - 1.8, 2.4, "#1c2430")
