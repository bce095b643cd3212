"""The map page as its reader meets it: opened from disk, without a network."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest

from geo.territory.map_content import MapContent
from maps.pages import plan_page
from tests.maps.content import buildings, cells, content, frame, grids, point
from tests.maps.test_escaping import PAYLOADS

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import OfflinePage

pytestmark = pytest.mark.browser

Open = Callable[..., "Page"]


@pytest.fixture
def open_map(offline_page: "OfflinePage", tmp_path: Path) -> Open:
    """Write a content as a page, open it, and wait until it answers."""

    def open_it(given: MapContent | None = None, **options: Any) -> "Page":
        path = tmp_path / "map.html"
        path.write_text(plan_page(given or content(), **options), encoding="utf-8")
        page = offline_page.open(path)
        page.locator("html[data-ready]").wait_for(timeout=20_000)
        return page

    return open_it


def wait_until(page: "Page", expression: str) -> None:
    """Wait for an expression to hold; the page's policy forbids the browser driver's own way, which is ``eval``."""
    for _ in range(200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"never held: {expression}")


def click_on(page: "Page", layer: str, feature: int) -> None:
    x, y = page.evaluate(f"wangge.place('{layer}', {feature})")
    box = page.locator(".folium-map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x, box["y"] + y)


def test_opens_offline_without_a_request_or_an_error(open_map: Open, offline_page: "OfflinePage") -> None:
    page = open_map()
    assert offline_page.outside == []
    assert offline_page.errors == []
    assert page.title() == "南湖街道网格图"


def test_draws_every_layer_with_labels(open_map: Open) -> None:
    page = open_map()
    drawn = page.evaluate("wangge.drawn()")
    assert drawn["grids"] == 4
    assert drawn["communities"] == 2
    assert drawn["buildings"] == 8
    assert "old_grids_0" not in drawn
    assert page.evaluate("wangge.labels()") >= 6  # four grids and two communities
    colours = page.evaluate(
        """() => { const canvas = document.querySelector('canvas.painter');
                   const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
                   const seen = new Set(); for (let i = 0; i < data.length; i += 404)
                     seen.add(data[i] + ',' + data[i + 1] + ',' + data[i + 2]); return seen.size; }"""
    )
    assert colours > 20


def test_title_block_and_legend_say_what_the_plan_is(open_map: Open) -> None:
    page = open_map()
    panel = page.locator("#panel").inner_text()
    for wanted in ("南湖街道网格图", "调整方案", "草案", "200–300 户", "50.0%", "2026-11-21", "登记 50%", "估算 50%"):
        assert wanted in panel, wanted
    assert "不是登记数" in panel
    rows = page.locator("#classes li")
    assert rows.count() == 5
    assert rows.first.is_visible()
    assert "少于 200 户" in rows.first.inner_text()


def test_a_click_on_a_building_shows_its_counts(open_map: Open) -> None:
    page = open_map()
    click_on(page, "buildings", 0)
    card = page.locator(".card")
    card.wait_for()
    text = card.inner_text()
    for wanted in ("楼栋", "1栋", "南湖路1号", "75", "多层住宅", "登记", "1单元", "40", "2单元", "35"):
        assert wanted in text, wanted
    card.get_by_role("button").click()
    page.locator(".card-name", has_text="001").wait_for()
    assert "被河流隔开" in card.inner_text()


def test_a_click_on_an_element_shows_its_name(open_map: Open) -> None:
    page = open_map()
    click_on(page, "element_public_toilet", 0)
    page.locator(".card-name", has_text="南湖公厕").wait_for()


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("南湖路3号", "3栋"),
        ("翠园", "翠园小区"),
        ("东湖社区", "东湖社区"),
        ("440307001002002", "002"),
        ("公厕", "南湖公厕"),
    ],
)
def test_search_by_keyboard_flies_there(open_map: Open, query: str, name: str) -> None:
    page = open_map()
    before = page.evaluate("wangge.map.getZoom()")
    page.keyboard.press("Tab")  # the skip link
    page.keyboard.press("Enter")
    page.locator("#search").focus()
    page.keyboard.type(query)
    assert page.locator("#search").get_attribute("aria-expanded") == "true"
    page.keyboard.press("Enter")
    page.locator(".card-name", has_text=name).wait_for()
    assert page.evaluate("wangge.map.getZoom()") >= before
    assert page.locator("#search-results").is_hidden()


def test_search_says_when_nothing_is_found_and_arrows_choose(open_map: Open) -> None:
    page = open_map()
    page.fill("#search", "没有这个地方")
    assert "没有找到" in page.locator("#search-results").inner_text()
    page.fill("#search", "南湖路")
    assert page.locator("#search-results [role=option]").count() >= 8
    first = page.locator("#search").get_attribute("aria-activedescendant")
    page.locator("#search").press("ArrowDown")
    assert page.locator("#search").get_attribute("aria-activedescendant") != first
    page.locator("#search").press("Escape")
    assert page.locator("#search-results").is_hidden()


def test_layers_are_switched_by_their_boxes(open_map: Open) -> None:
    page = open_map()
    page.get_by_label("综治").check()
    assert page.evaluate("wangge.drawn()")["old_grids_0"] == 1
    box = page.locator("[data-layer=buildings] input")
    box.focus()
    page.keyboard.press("Space")
    assert "buildings" not in page.evaluate("wangge.drawn()")
    assert page.evaluate("wangge.visible('buildings')") is False


def test_the_list_of_grids_puts_those_out_of_range_first(open_map: Open) -> None:
    page = open_map()
    page.locator("#grid-list summary").click()
    rows = page.locator(".grid-row")
    rows.first.wait_for()
    assert rows.count() == 4
    assert "150户" in rows.nth(0).inner_text()
    assert "320户" in rows.nth(1).inner_text()
    rows.nth(1).click()
    page.locator(".card-name", has_text="002").wait_for()


def test_cells_are_drawn_from_near_and_say_why_they_are_out_of_range(open_map: Open) -> None:
    page = open_map(content(cells=cells(), buildings=None, stairwells=None))
    page.evaluate("wangge.map.setZoom(14, { animate: false })")
    assert page.evaluate("wangge.drawn().cells") == 0
    page.evaluate("wangge.map.setZoom(16, { animate: false })")
    click_on(page, "cells", 1)
    page.locator(".card-name", has_text="L02").wait_for()
    text = page.locator(".card").inner_text()
    for wanted in ("联户网格", "114", "楼栋没有楼层资料", "所属网格"):
        assert wanted in text, wanted
    assert page.evaluate("wangge.drawn().cells") >= 1


def test_a_grid_out_of_range_shows_its_reason_and_colours_the_buildings_behind_it(open_map: Open) -> None:
    code = grids()["code"].iloc[3]
    reasons = ["", "", "", "cut off by the river"]
    marked = buildings().assign(keeps_out_of_range=[None] * 7 + [code])
    page = open_map(content(buildings=marked, grids=grids().assign(reason_en=reasons)))
    shade = """() => { const canvas = document.querySelector('canvas.painter');
        const box = document.querySelector('.folium-map').getBoundingClientRect();
        const own = canvas.getBoundingClientRect(); const sharp = canvas.width / own.width;
        const [x, y] = wangge.place('buildings', 7);
        return canvas.getContext('2d').getImageData((box.x + x - own.x) * sharp, (box.y + y - own.y) * sharp, 1, 1)
          .data.slice(0, 3).join(); }"""
    assert page.evaluate(shade) != "208,0,111"
    page.evaluate("wangge.select('grids', 3)")
    text = page.locator(".card").inner_text()
    assert "被河流隔开" in text
    assert "cut off by the river" in text
    assert "造成超限的楼栋" in text
    assert "8栋" in text
    page.evaluate("wangge.map.panBy([0, 250], { animate: false })")  # out from under the card
    assert page.evaluate(shade) == "208,0,111"
    page.evaluate("wangge.map.closePopup()")
    assert page.evaluate(shade) != "208,0,111"


def test_the_map_moves_by_keyboard(open_map: Open) -> None:
    page = open_map()
    centre, zoom = "wangge.map.getCenter().lng", "wangge.map.getZoom()"
    lng, level = page.evaluate(centre), page.evaluate(zoom)
    page.locator(".folium-map").focus()
    page.keyboard.press("+")
    wait_until(page, f"{zoom} > {level}")
    page.wait_for_timeout(400)  # a key pressed while the zoom is still moving is lost
    page.keyboard.press("ArrowRight")
    wait_until(page, f"{centre} > {lng}")


def test_a_phone_has_the_map_on_screen_and_the_panel_a_touch_away(open_map: Open, offline_page: "OfflinePage") -> None:
    offline_page.page.set_viewport_size({"width": 390, "height": 844})
    page = open_map()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    sheet = page.locator("#panel").bounding_box()
    assert sheet is not None
    assert sheet["height"] < 844 * 0.35
    assert page.locator("#layers").is_hidden()
    page.locator("#panel-toggle").click()
    assert page.locator("#layers").is_visible()
    assert page.locator("#panel-toggle").get_attribute("aria-expanded") == "true"
    for control in ("#search", "#panel-toggle", ".leaflet-control-zoom-in"):
        box = page.locator(control).bounding_box()
        assert box is not None
        assert box["height"] >= 40


def test_printing_leaves_out_the_controls_and_keeps_the_legend(open_map: Open) -> None:
    page = open_map()
    page.emulate_media(media="print")
    assert page.locator("#search").is_hidden()
    assert page.locator(".leaflet-control-zoom").is_hidden()
    assert page.locator("#classes").is_visible()


def test_a_plan_of_points_alone_is_drawn_and_answers(open_map: Open) -> None:
    points = buildings()[["households", "grid_code", "geometry"]]
    points = points.assign(geometry=points.geometry.representative_point())
    page = open_map(MapContent(title="x", grids=grids()[["code", "households", "geometry"]], buildings=points))
    assert page.evaluate("wangge.drawn()")["buildings"] == 8
    click_on(page, "buildings", 2)
    page.locator(".card", has_text="125").wait_for()


def test_tiles_are_asked_for_only_when_switched_on(open_map: Open, offline_page: "OfflinePage") -> None:
    page = open_map(tianditu_token="0123456789abcdef")
    assert offline_page.outside == []
    page.locator("[data-layer=tianditu] input").check()
    for _ in range(100):
        if offline_page.outside:
            break
        page.wait_for_timeout(100)
    assert offline_page.outside
    assert all(url.split("/")[2].endswith(".tianditu.gov.cn") for url in offline_page.outside)


CANARIES = [
    payload.replace("alert(1)", "window.canary=(window.canary||0)+1")
    for payload in (*PAYLOADS, "javascript:alert(1)", "<iframe srcdoc='<script>parent.canary=1</script>'>", "$&$`$'")
]


def hostile_content() -> MapContent:
    """One feature per payload in every layer, and the payload in every text the feature has."""
    plain = content()

    def poisoned(rows: gpd.GeoDataFrame, *texts: str) -> gpd.GeoDataFrame:
        spread = rows.iloc[[i % len(rows) for i in range(len(CANARIES))]].reset_index(drop=True)
        return spread.assign(**dict.fromkeys(texts, CANARIES))

    elements = [
        {"kind": kind, "name": payload, "address": payload, "geometry": point(1, 2)}
        for payload in CANARIES
        for kind in ("market", payload)
    ]
    everything = " ".join(CANARIES)
    return content(
        title=everything,
        subtitle=everything,
        plan_name=everything,
        plan_state=everything,
        grids=poisoned(grids(), "code", "name", "community_code", "reason", "reason_en"),
        cells=poisoned(cells(), "code", "grid_code", "reason", "reason_en"),
        communities=poisoned(plain.communities, "code", "name"),
        compounds=poisoned(plain.compounds, "name", "kind"),
        buildings=poisoned(
            buildings(), "code", "name", "address", "kind", "households_source", "grid_code", "compound_code"
        ),
        stairwells=pd.DataFrame(
            {"building_code": CANARIES, "name": CANARIES, "floors": 1, "households": [3] * len(CANARIES)}
        ),
        barriers=poisoned(plain.barriers, "name"),
        city_elements=frame(elements),
        old_grids={payload: poisoned(plain.old_grids["综治"], "code", "name") for payload in CANARIES},
    )


def test_no_text_of_any_layer_is_ever_run(open_map: Open, offline_page: "OfflinePage") -> None:
    page = open_map(hostile_content())
    sizes = page.evaluate("wangge.counts()")
    assert sum(sizes.values()) > 250
    for layer, size in sizes.items():
        page.evaluate(f"for (let i = 0; i < {size}; i += 1) wangge.select({json.dumps(layer)}, i)")
        page.locator(".card").wait_for()
    page.locator("#grid-list summary").click()
    for payload in CANARIES:
        page.fill("#search", payload)
        assert payload in page.locator("#search-results").inner_text()  # shown as it is
        page.locator("#search").press("Enter")
    page.wait_for_timeout(100)
    assert page.evaluate("window.canary") is None
    assert page.locator("#panel img, #panel iframe, #panel svg, .card img, .card iframe, .card script").count() == 0
    assert offline_page.outside == []
    assert offline_page.errors == []


def test_a_script_that_got_in_all_the_same_would_not_run(offline_page: "OfflinePage", tmp_path: Path) -> None:
    page_text = plan_page(content()).replace(
        "<main>", "<main><script>window.canary=1</script><img src=x onerror=canary=1>"
    )
    path = tmp_path / "map.html"
    path.write_text(page_text, encoding="utf-8")
    page = offline_page.open(path)
    page.locator("html[data-ready]").wait_for()
    assert page.evaluate("window.canary") is None
    assert len(offline_page.errors) >= 2  # the policy says what it refused
