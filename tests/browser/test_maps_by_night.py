"""Maps in one file follow the reader's preference: dark by night, and as it changes while they are open."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.accessible import grave_faults
from tests.browser.generated import MAPS, Scheme, open_map, painted, shown, style_of, turn

if TYPE_CHECKING:
    from tests.conftest import OfflinePage

pytestmark = pytest.mark.browser

#: Each map by what opens the cards, lists and legends that it has.
OPENED = {
    "plan": "wangge.select('buildings', 0); document.getElementById('grid-list').open = true",
    "hazards": "wangge.select('hazards', 0); document.querySelectorAll('.facet').forEach(one => { one.open = true; })",
    "comparison": "wangge.select('left', 'grids', 0); document.getElementById('layer-list').open = true",
    "published": "0",
}
#: Parts as large as a button or larger whose ground is nearly white.
GLARING = """() => [...document.querySelectorAll('body, body *')].filter((each) => {
  const box = each.getBoundingClientRect();
  const [red, green, blue, opaque = 1] = getComputedStyle(each).backgroundColor.match(/[\\d.]+/g).map(Number);
  return box.width * box.height > 600 && opaque > 0.2 && Math.min(red, green, blue) > 200;
}).map((each) => each.id || each.className)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", MAPS)
def test_everything_can_be_read(offline_page: "OfflinePage", tmp_path: Path, name: str, scheme: Scheme) -> None:
    page = open_map(offline_page, tmp_path, name, scheme)
    page.evaluate(OPENED[name])
    assert grave_faults(page) == []
    assert bool(page.evaluate(GLARING)) == (scheme == "light")
    assert style_of(page, ".folium-map", "backgroundColor") == shown("ground")[scheme]
    assert offline_page.errors == []


def test_the_panels_of_a_phone_are_dark_too(offline_page: "OfflinePage", tmp_path: Path) -> None:
    offline_page.page.set_viewport_size({"width": 390, "height": 844})
    page = open_map(offline_page, tmp_path, "hazards", "dark")
    assert page.evaluate(GLARING) == []
    page.locator("#panel-toggle").click()
    page.fill("#search", "南湖")
    assert page.evaluate(GLARING) == []
    assert grave_faults(page) == []


@pytest.mark.parametrize("name", ["plan", "hazards", "comparison"])
def test_an_open_map_is_painted_anew(offline_page: "OfflinePage", tmp_path: Path, name: str) -> None:
    page = open_map(offline_page, tmp_path, name)
    building, grid = shown("building"), shown("grid_line")
    schemes: tuple[Scheme, ...] = ("light", "dark", "light")
    for scheme in schemes:
        other = "dark" if scheme == "light" else "light"
        turn(page, scheme)
        # On the map; in its legend.
        for canvas, colour in (("canvas.painter", building), ("#layers canvas.swatch", grid)):
            if name == "comparison" and colour is grid:
                continue  # the grids of a comparison are in no list
            assert painted(page, canvas, colour[scheme]) > 10, (canvas, scheme)
            assert painted(page, canvas, colour[other]) == 0, (canvas, scheme)


def test_the_mark_and_the_months_change_as_well(offline_page: "OfflinePage", tmp_path: Path) -> None:
    page = open_map(offline_page, tmp_path, "hazards")
    page.evaluate("wangge.select('grids', 0)")
    mark, bars, light = shown("highlight"), shown("bar_found"), shown("light_red")
    schemes: tuple[Scheme, Scheme] = ("light", "dark")
    for scheme in schemes:
        other = "dark" if scheme == "light" else "light"
        turn(page, scheme)
        for canvas, colour in (("#month-bars", bars), ("[data-facet=state] canvas", light), ("canvas.painter", light)):
            assert painted(page, canvas, colour[scheme]) > 10, (canvas, scheme)
            assert painted(page, canvas, colour[other]) == 0, (canvas, scheme)
        assert painted(page, "canvas:not(.painter, .swatch)", mark[scheme]) > 10, scheme


def test_classes_of_the_published_map_have_the_colours_of_the_catalogue(
    offline_page: "OfflinePage", tmp_path: Path
) -> None:
    page = open_map(offline_page, tmp_path, "published")
    schemes: tuple[Scheme, Scheme] = ("light", "dark")
    for scheme in schemes:
        turn(page, scheme)
        assert style_of(page, "path.class-4", "fill") == shown("published_4")[scheme]
        assert style_of(page, "#legend .class-4", "backgroundColor") == shown("published_4")[scheme]
        assert style_of(page, "path.spot", "stroke") == shown("hot_spot")[scheme]
        assert style_of(page, "#legend .spot", "borderTopColor") == shown("hot_spot")[scheme]
    page.get_by_label("热点").uncheck()
    assert page.locator("path.spot").count() == 0
    assert page.locator("#legend .spot").is_hidden()


def test_tiles_that_know_no_night_are_turned_round(offline_page: "OfflinePage", tmp_path: Path) -> None:
    page = open_map(offline_page, tmp_path, "plan")
    assert style_of(page, ".leaflet-tile-pane", "filter") == "none"
    turn(page, "dark")
    assert "invert(1)" in style_of(page, ".leaflet-tile-pane", "filter")
