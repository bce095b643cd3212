"""Vector drawing of a piece of the town as SVG, in millimetres of paper."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from xml.etree import ElementTree as ET

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from geo.crs import WGS84, metric_crs
from maps.escaping import plain_text

#: Scales a reader can measure with.
ROUND_SCALES = (
    250, 500, 750, 1000, 1250, 1500, 1750, 2000, 2500, 3000, 3500, 4000, 5000, 6000, 7000, 8000, 10000,
    12500, 15000, 17500, 20000, 25000, 30000, 40000, 50000,
)  # fmt: skip

FONT = "'Noto Sans CJK SC', 'Source Han Sans SC', 'WenQuanYi Micro Hei', sans-serif"


@lru_cache(maxsize=16)
def _to_metres(crs: CRS) -> Transformer:
    # Made anew for each sheet of a street it took a sixth of the time of its report.
    return Transformer.from_crs(WGS84, crs, always_xy=True)


@dataclass
class Paper:
    """The map frame of a sheet: an area of the ground fitted into a rectangle at a round scale.

    Attributes
    ----------
    width_mm, height_mm
        Of the frame; (0, 0) is its upper left corner.
    scale
        One millimetre on paper is ``scale`` millimetres on the ground.
    """

    width_mm: float
    height_mm: float
    scale: int
    _west_m: float
    _north_m: float
    _crs: CRS
    _transformer: Transformer = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._transformer = _to_metres(self._crs)

    @classmethod
    def around(cls, area: shapely.Geometry, width_mm: float, height_mm: float, *, margin: float = 0.06) -> "Paper":
        """Return the frame that shows an area (degrees) whole, with a margin as a share of the frame."""
        west, south, east, north = area.bounds
        crs = metric_crs((west + east) / 2, (south + north) / 2)
        to_metres = _to_metres(crs)
        corners = shapely.segmentize(shapely.box(west, south, east, north), max(east - west, north - south) / 8)
        flat = shapely.transform(corners, lambda xy: np.column_stack(to_metres.transform(xy[:, 0], xy[:, 1])))
        left, bottom, right, top = flat.bounds
        free = 1 - 2 * margin
        needed = 1000 * max((right - left) / (width_mm * free), (top - bottom) / (height_mm * free))
        scale = next((scale for scale in ROUND_SCALES if scale >= needed), int(np.ceil(needed / 10000)) * 10000)
        middle_x, middle_y = (left + right) / 2, (bottom + top) / 2
        return cls(
            width_mm,
            height_mm,
            scale,
            middle_x - width_mm * scale / 2000,
            middle_y + height_mm * scale / 2000,
            crs,
        )

    def place(self, geometries: NDArray[np.object_]) -> NDArray[np.object_]:
        """Return geometries (degrees) in millimetres of paper, y downwards."""
        return np.asarray(shapely.transform(geometries, self._to_paper))

    def _to_paper(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = self._transformer.transform(lonlat[:, 0], lonlat[:, 1])
        return np.column_stack(((x - self._west_m) * 1000 / self.scale, (self._north_m - y) * 1000 / self.scale))

    @property
    def frame(self) -> shapely.Polygon:
        """The frame in millimetres of paper."""
        return shapely.box(0, 0, self.width_mm, self.height_mm)

    def metres(self, length_m: float) -> float:
        """Return a length on the ground in millimetres of paper."""
        return length_m * 1000 / self.scale


class Drawing:
    """An SVG picture in millimetres, drawn from the ground up. Text is placed so that none covers another."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        size = f"{paper.width_mm:g} {paper.height_mm:g}"
        self.root = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": f"0 0 {size}",
                "width": f"{paper.width_mm:g}mm",
                "height": f"{paper.height_mm:g}mm",
                "font-family": FONT,
            },
        )
        self._taken: NDArray[np.object_] = np.array([], dtype=object)
        self.texts: list[str] = []

    def to_text(self) -> str:
        """Return the SVG; all texts in it are escaped by the writer of XML."""
        return ET.tostring(self.root, encoding="unicode")

    def rectangle(self, fill: str) -> None:
        """Fill the whole frame."""
        self._element("rect", width=self.paper.width_mm, height=self.paper.height_mm, fill=fill)

    def outline(self) -> None:
        """Draw the frame's edge."""
        self._element(
            "rect", width=self.paper.width_mm, height=self.paper.height_mm, fill="none", stroke="#1c2430",
            stroke_width=0.5
        )  # fmt: skip

    def shapes(self, geometries: Iterable[shapely.Geometry], **style: object) -> None:
        """Draw geometries (paper millimetres) as one path, cut at the frame."""
        parts = [_path(part) for part in self.cut(geometries)]
        if parts:
            self._element("path", None, d=" ".join(parts), fill_rule="evenodd", **style)

    def cut(self, geometries: Iterable[shapely.Geometry]) -> list[shapely.Geometry]:
        """Return geometries cut at the frame, those outside left out."""
        frame = shapely.box(-1, -1, self.paper.width_mm + 1, self.paper.height_mm + 1)
        shapely.prepare(frame)
        whole = np.array(list(geometries), dtype=object)
        if not len(whole):
            return []
        seen = whole[shapely.intersects(frame, whole)]
        cut = shapely.intersection(shapely.make_valid(seen), frame)
        return [part for part in cut if not part.is_empty]

    def disc(self, x: float, y: float, radius: float, **style: object) -> None:
        """Draw a disc."""
        self._element("circle", None, cx=x, cy=y, r=radius, **style)

    def polygon(self, points: Sequence[tuple[float, float]], **style: object) -> None:
        """Draw a polygon on top of everything, e.g. an arrow."""
        self._element("polygon", None, points=" ".join(f"{x:.2f},{y:.2f}" for x, y in points), **style)

    def rectangle_at(self, x: float, y: float, width: float, height: float) -> None:
        """Lay a pale rectangle for a north arrow or scale bar over everything below."""
        self._element("rect", x=x, y=y, width=width, height=height, rx=1, fill="#ffffff", fill_opacity=0.85)

    def character(self, text: str, x: float, y: float, size: float, colour: str) -> None:
        """Write a symbol's character or a short figure centred on a point, whatever lies there."""
        self._element("text", text, x=x, y=y + size * 0.36, font_size=size, text_anchor="middle", fill=colour)
        self.texts.append(text)

    def take(self, x: float, y: float, width: float, height: float, angle: float = 0.0) -> bool:
        """Keep a box for one text; False when it touches another's or leaves the frame."""
        half_w, half_h = width / 2, height / 2
        cos, sin = abs(np.cos(angle)), abs(np.sin(angle))
        reach_x, reach_y = half_w * cos + half_h * sin, half_w * sin + half_h * cos
        inside = reach_x <= x <= self.paper.width_mm - reach_x and reach_y <= y <= self.paper.height_mm - reach_y
        if not inside:
            return False
        corners = np.array([(-half_w, -half_h), (half_w, -half_h), (half_w, half_h), (-half_w, half_h)])
        turn = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
        box = shapely.Polygon(corners @ turn + (x, y))
        if len(self._taken) and shapely.intersects(box, self._taken).any():
            return False
        self._taken = np.append(self._taken, box)
        return True

    def label(
        self,
        lines: Sequence[tuple[str, float]],
        x: float,
        y: float,
        *,
        colour: str,
        weight: int = 400,
        angle: float = 0.0,
        room: float = float("inf"),
        shifts: Sequence[tuple[float, float]] = ((0.0, 0.0),),
    ) -> bool:
        """Put lines of text, each with its size in mm, centred on a point where they are free; False if nowhere."""
        lines = [(plain_text(text), size) for text, size in lines if plain_text(text)]
        if not lines:
            return False
        width = max(text_width(text, size) for text, size in lines)
        height = sum(size * 1.2 for _, size in lines)
        if width > room:
            return False
        for dx, dy in shifts:
            if self.take(x + dx, y + dy, width + 0.4, height, angle):
                self._write(lines, x + dx, y + dy, height, colour, weight, angle)
                return True
        return False

    def _write(
        self,
        lines: Sequence[tuple[str, float]],
        x: float,
        y: float,
        height: float,
        colour: str,
        weight: int,
        angle: float,
    ) -> None:
        top = y - height / 2
        for text, size in lines:
            base = top + size * 0.96
            turn = {"transform": f"rotate({np.degrees(angle):.2f} {x:.2f} {y:.2f})"} if angle else {}
            common = {"x": x, "y": base, "font_size": size, "font_weight": weight, "text_anchor": "middle", **turn}
            # A halo as a second, thick outline underneath: not every reader knows paint-order.
            halo = {"stroke": "#ffffff", "stroke_width": size * 0.24, "stroke_linejoin": "round", "fill": "#ffffff"}
            self._element("text", text, **common, **halo)
            self._element("text", text, **common, fill=colour)
            top += size * 1.2
            self.texts.append(text)

    def along(self, line: shapely.LineString, text: str, size: float, colour: str) -> bool:
        """Put a name along a line where it runs straight enough to carry it."""
        width = text_width(text, size)
        if line.length < width * 1.15:
            return False
        for share in (0.5, 0.3, 0.7):
            start = line.interpolate(line.length * share - width / 2)
            end = line.interpolate(line.length * share + width / 2)
            if start.distance(end) < width * 0.97:
                continue
            angle = float(np.arctan2(end.y - start.y, end.x - start.x))
            if abs(angle) > np.pi / 2:
                angle += np.pi
            x, y = (start.x + end.x) / 2, (start.y + end.y) / 2
            if self.label([(text, size)], x, y, colour=colour, angle=angle):
                return True
        return False

    def pattern(self, name: str, draw: Callable[[ET.Element], None]) -> str:
        """Define a repeated tile of 2 by 2 mm and return the fill that uses it."""
        tile = self._element("pattern", id=name, patternUnits="userSpaceOnUse", width=2, height=2, viewBox="0 0 2 2")
        draw(tile)
        return f"url(#{name})"

    def _element(self, tag: str, text: str | None = None, /, **attributes: object) -> ET.Element:
        written = {
            key if key[-1].isupper() or key in _CAMEL else key.replace("_", "-"): _number(value)
            for key, value in attributes.items()
        }
        element = ET.SubElement(self.root, tag, written)
        element.text = text
        return element


_CAMEL = frozenset({"patternUnits", "viewBox"})


def _number(value: object) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def text_width(text: str, size: float) -> float:
    """Return the width of a text: Chinese characters are as wide as high, Latin ones about 0.58 of it."""
    return sum(size if ord(character) > 0x2E80 else size * 0.58 for character in text)


def _path(geometry: shapely.Geometry) -> str:
    pieces = []
    for part in shapely.get_parts(geometry):
        if part.geom_type == "Polygon":
            pieces += [_trace(ring.coords[:-1]) + "Z" for ring in (part.exterior, *part.interiors)]
        elif part.geom_type == "LineString":
            pieces.append(_trace(part.coords))
    return "".join(pieces)


def _trace(coordinates: Iterable[tuple[float, ...]]) -> str:
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y, *_ in coordinates)
