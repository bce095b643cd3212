"""Maps in one file on paper: white whatever the screen is, whole, with legend, scale, source and date."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pypdfium2
import pytest

from tests.browser.generated import MAPS, STAMP, open_map, painted, shown, style_of, turn

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import OfflinePage

pytestmark = pytest.mark.browser

A4_LANDSCAPE_PT = (842, 595)
#: What is for hands, and what has to be told on paper.
CONTROLS = (
    ".leaflet-control-zoom",
    "#search",
    "#print",
    "#play",
    "#month",
    "#swap",
    "button[data-view]",
    "fieldset input",
)
TOLD = {
    "plan": ("#classes", "#facts", "#layers", ".leaflet-control-scale-line", "#stamp", "#north"),
    "hazards": ("[data-facet=state]", "#month-name", ".leaflet-control-scale-line", "#stamp", "#north"),
    "comparison": ("#classes", "#moved", "#left-name", ".leaflet-control-scale-line", "#stamp", "#north"),
    "published": ("#legend", "table", ".leaflet-control-scale-line", "#north"),
}
WORDS = {
    "plan": ("南湖街道网格图", "2026-11-21", "少于 200 户", STAMP[:20]),
    "hazards": ("2026年11月", "红灯", STAMP[:20]),
    "comparison": ("现行方案 · 已采用 · 2026-01-05", "新设或撤销", STAMP[:20]),
    "published": ("2026-01-01 至 2026-06-30", "200 及以上", "热点"),
}


def view(page: "Page", name: str) -> Any:
    """Centre, zoom, bounds, size and metres from side to side of a map."""
    maps = {"comparison": "wangge.maps.right", "published": "wangge.map.map"}.get(name, "wangge.map")
    return page.evaluate(
        f"""() => {{ const map = {maps}; const {{ lat, lng }} = map.getCenter(); const bounds = map.getBounds();
             const [west, south, east, north] = bounds.toBBoxString().split(',').map(Number);
             const across = map.distance([lat, west], [lat, east]);
             return {{ at: [lat, lng, map.getZoom()], size: [map.getSize().x, map.getSize().y],
               west, south, east, north, across }}; }}"""
    )


def assert_as_it_was(page: "Page", name: str, before: Any) -> None:
    """The screen shows the same part in the same size as before it was printed."""
    after = view(page, name)
    assert after["at"] == pytest.approx(before["at"])
    assert after["size"] == before["size"]


@pytest.mark.parametrize("name", MAPS)
def test_paper_is_white_and_has_no_controls(offline_page: "OfflinePage", tmp_path: Path, name: str) -> None:
    page = open_map(offline_page, tmp_path, name, "dark")
    before = view(page, name)
    turn(page, "dark", "print")
    for ground in ("body", "#panel", ".folium-map"):
        assert style_of(page, ground, "backgroundColor") == "rgb(255, 255, 255)", ground
    for control in CONTROLS:
        assert not any(each.is_visible() for each in page.locator(control).all()), control
    for told in TOLD[name]:
        assert page.locator(told).first.is_visible(), told
    if name == "published":
        assert style_of(page, "path.class-4", "fill") == shown("published_4")["light"]
    else:
        assert painted(page, "canvas.painter", shown("building")["light"]) > 10
        assert painted(page, "canvas.painter", shown("building")["dark"]) == 0
    turn(page, "dark")
    assert_as_it_was(page, name, before)
    if name != "published":
        assert painted(page, "canvas.painter", shown("building")["dark"]) > 10


@pytest.mark.parametrize(("name", "width"), [*((name, 390) for name in MAPS), ("plan", 1400)])
def test_what_was_seen_is_on_the_sheet(offline_page: "OfflinePage", tmp_path: Path, name: str, width: int) -> None:
    offline_page.page.set_viewport_size({"width": width, "height": 844})
    page = open_map(offline_page, tmp_path, name)
    seen = view(page, name)
    turn(page, "light", "print")
    printed = view(page, name)
    main = page.locator("main").bounding_box()
    assert main is not None
    assert main["x"] + main["width"] == pytest.approx(281 / 25.4 * 96, abs=1)  # A4 without its margins
    assert main["height"] == pytest.approx(194 / 25.4 * 96, abs=1)
    slack = 1e-4
    assert printed["west"] <= seen["west"] + slack
    assert printed["east"] >= seen["east"] - slack
    assert printed["south"] <= seen["south"] + slack
    assert printed["north"] >= seen["north"] - slack
    scale, drawn = page.locator(".leaflet-control-scale-line"), page.locator(".folium-map").last
    told, whole = scale.bounding_box(), drawn.bounding_box()
    assert told is not None
    assert whole is not None
    metres = float(scale.inner_text().removesuffix("m").removesuffix("k")) * (1000 if "km" in scale.inner_text() else 1)
    assert told["width"] / whole["width"] == pytest.approx(metres / printed["across"], rel=0.03)


@pytest.mark.parametrize("name", MAPS)
def test_the_printed_page(offline_page: "OfflinePage", tmp_path: Path, name: str) -> None:
    page = open_map(offline_page, tmp_path, name, "dark")
    before = view(page, name)
    with pypdfium2.PdfDocument(io.BytesIO(page.pdf(prefer_css_page_size=True))) as document:
        assert len(document) == 1
        sheet = document[0]
        assert sheet.get_size() == pytest.approx(A4_LANDSCAPE_PT, abs=1)
        text = sheet.get_textpage().get_text_range().replace("\r\n", "")
        shades = sheet.render(scale=1).to_pil().convert("L").histogram()
    for wanted in WORDS[name]:
        assert wanted in text, wanted
    assert sum(shades[250:]) > 0.5 * sum(shades)  # paper
    assert sum(shades[:230]) > 0.05 * sum(shades)  # and something on it
    assert_as_it_was(page, name, before)
