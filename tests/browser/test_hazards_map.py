"""Hazards, coverage and the time bar on the map page as its reader meets them: opened from disk, without a network."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
from playwright.sync_api import expect

from geo.territory.map_content import MapContent
from maps.pages import plan_page
from tests.browser.test_map_page import CANARIES, wait_until
from tests.maps.content import buildings, content
from tests.maps.ledger import hazards, ledger, noon, with_ledger

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import OfflinePage

pytestmark = pytest.mark.browser

Open = Callable[..., "Page"]

SEPTEMBER, OCTOBER, NOVEMBER = range(3)
#: Counted on fingers from ``tests/maps/ledger.py``: opening, found, came back, closed, closing.
STATEMENTS = {SEPTEMBER: (1, 1, 0, 1, 1), OCTOBER: (1, 2, 1, 1, 3), NOVEMBER: (3, 2, 0, 1, 4)}
#: Red, yellow, green, paused, closed in the month.
STANDING = {SEPTEMBER: [0, 1, 0, 0, 1], OCTOBER: [2, 0, 1, 0, 1], NOVEMBER: [2, 0, 1, 1, 1]}


@pytest.fixture
def open_map(offline_page: "OfflinePage", tmp_path: Path) -> Open:
    """Write a content with a ledger as a page, open it, and wait until it answers."""

    def open_it(given: MapContent | None = None) -> "Page":
        path = tmp_path / "map.html"
        path.write_text(plan_page(given or with_ledger()), encoding="utf-8")
        page = offline_page.open(path)
        page.locator("html[data-ready]").wait_for(timeout=20_000)
        return page

    return open_it


def told(page: "Page") -> dict[str, Any]:
    answer: dict[str, Any] = page.evaluate("wangge.ledger()")
    return answer


def go_to(page: "Page", stop: int) -> None:
    page.locator("#month").evaluate("(bar, stop) => { bar.value = stop; bar.dispatchEvent(new Event('input')); }", stop)


def test_opens_at_today_with_what_is_open(open_map: Open, offline_page: "OfflinePage") -> None:
    page = open_map()
    now = told(page)
    assert (now["stop"], now["shown"], now["counts"]["state"]) == (NOVEMBER, 4, STANDING[NOVEMBER])
    assert "2026年11月" in page.locator("#month-name").inner_text()
    assert "截至今日" in page.locator("#month-name").inner_text()
    assert page.evaluate("wangge.drawn().hazards") == 4
    assert page.evaluate("wangge.visible('element_public_toilet')") is False
    assert offline_page.outside == []
    assert offline_page.errors == []


@pytest.mark.parametrize("stop", STATEMENTS)
def test_each_month_shows_how_things_stood_and_adds_up(open_map: Open, stop: int) -> None:
    page = open_map()
    go_to(page, stop)
    now = told(page)
    opening, found, back, closed, closing = STATEMENTS[stop]
    assert now["counts"]["state"] == STANDING[stop]
    assert tuple(now["statement"].values()) == STATEMENTS[stop]
    assert opening + found + back - closed == closing == now["shown"]
    cells = [cell.inner_text() for cell in page.locator("#statement dd").all()]
    assert cells == [str(number) for number in STATEMENTS[stop]]


def test_lights_of_a_month_gone_by_are_those_of_its_day(open_map: Open) -> None:
    """What was put off, paused or looked at since stood otherwise then; limits of today tell only what is as it was."""
    nothing = dict.fromkeys(("moved_at", "early_at", "late", "halted"))
    moved: dict[str, dict[str, Any]] = {
        # Overdue in October, then put off.
        "YH1": {"moved_at": noon((11, 3)), "early_at": noon((9, 29)), "late": [(noon((10, 5)), noon((11, 3)))]},
        # Paused over the end of October, and near its limit as a whole since.
        "YH3": {"moved_at": noon((11, 4)), "early_at": noon((11, 1)), "halted": [(noon((10, 28)), noon((11, 4)))]},
        # Its limit passed in October, but was another then.
        "YH5": {"moved_at": noon((11, 2)), "early_at": noon((10, 16))},
    }
    rows = hazards()
    told = [{**nothing, **moved.get(number, {})} for number in rows["number"]]
    later = rows.assign(**{name: [row[name] for row in told] for name in nothing})
    later["due_at"] = later["due_at"].where(later["number"] != "YH1", noon((12, 20)))
    later["near_at"] = later["near_at"].where(later["number"] != "YH1", noon((12, 1)))
    page = open_map(content(ledger=ledger(hazards=later)))
    expect(page.locator("#past-lights")).to_be_hidden()
    assert told_states(page, NOVEMBER) == [1, 0, 2, 1, 1]
    assert told_states(page, OCTOBER) == [1, 1, 0, 1, 1]
    assert "总时限" in page.locator("#past-lights").inner_text()
    assert told_states(page, SEPTEMBER) == [0, 1, 0, 0, 1]


def told_states(page: "Page", stop: int) -> list[int]:
    go_to(page, stop)
    states: list[int] = told(page)["counts"]["state"]
    return states


def test_the_time_bar_moves_by_keyboard(open_map: Open) -> None:
    page = open_map()
    bar = page.get_by_label("月份")
    bar.focus()
    page.keyboard.press("ArrowLeft")
    assert told(page)["stop"] == OCTOBER
    assert bar.get_attribute("aria-valuetext") == "2026年10月"
    page.keyboard.press("Home")
    assert told(page)["counts"]["state"] == STANDING[SEPTEMBER]
    page.keyboard.press("End")
    assert told(page)["stop"] == NOVEMBER


def test_it_plays_from_the_first_month_to_today_and_stops(open_map: Open) -> None:
    page = open_map()
    page.get_by_role("button", name="播放").click()
    assert told(page)["stop"] == SEPTEMBER
    page.get_by_role("button", name="暂停").wait_for()
    wait_until(page, f"wangge.ledger().stop === {NOVEMBER}")
    page.get_by_role("button", name="播放").wait_for()


def test_filters_by_state_nature_age_and_kind_work_together(open_map: Open) -> None:
    page = open_map()
    page.get_by_label("当月销号").check()
    assert told(page)["shown"] == 5
    page.get_by_label("红灯").uncheck()
    assert told(page)["shown"] == 3
    assert told(page)["counts"]["state"][0] == 2  # how many there would be with it
    page.get_by_label("未判定").uncheck()
    assert told(page)["shown"] == 2
    page.locator(".facet summary").click()
    page.get_by_label("用电隐患").uncheck()
    now = told(page)
    assert now["shown"] == 1  # the closed one
    assert "1 项隐患在图上" in page.locator("#hazards-shown").inner_text()
    assert now["statement"]["found"] == 1  # the month's line is of what is asked for by kind and nature
    page.get_by_label("8–30 天").uncheck()
    assert told(page)["shown"] == 0 or told(page)["counts"]["age"][2] == 0
    page.locator("#all-hazards").click()
    assert told(page)["shown"] == 5


def test_grids_take_the_colours_of_results(open_map: Open) -> None:
    page = open_map()
    assert told(page)["grids"] == ["", "", "", ""]
    assert page.locator("#legend").is_hidden()
    page.select_option("#grid-colours", "open")
    assert told(page)["grids"] == ["1项", "1项", "1项", "1项"]
    assert "月末未销隐患" in page.locator("#legend").inner_text()
    page.select_option("#grid-colours", "overdue")
    assert told(page)["grids"] == ["1项", "", "", "1项"]
    go_to(page, SEPTEMBER)
    assert told(page)["grids"] == [""] * 4
    page.select_option("#grid-colours", "found")
    assert told(page)["grids"] == ["1项", "", "", ""]
    page.select_option("#grid-colours", "households")
    assert page.locator("#classes li").count() == 5


def test_coverage_says_when_each_building_was_last_seen(open_map: Open) -> None:
    page = open_map()
    page.select_option("#grid-colours", "coverage")
    assert told(page)["grids"] == ["50%", "0%", "0%", "0%"]
    counts = [row.inner_text() for row in page.locator("#coverage li .count").all()]
    assert counts == ["1", "0", "0", "1", "6"]
    page.evaluate("wangge.select('buildings', 0)")
    assert "2026-11-16" in page.locator(".card").inner_text()
    page.evaluate("wangge.select('buildings', 2)")
    assert "没有检查记录" in page.locator(".card").inner_text()
    go_to(page, OCTOBER)
    counts = [row.inner_text() for row in page.locator("#coverage li .count").all()]
    assert counts == ["0", "1", "0", "1", "6"]  # the 20th of September is forty days ago then


def test_buildings_are_coloured_by_when_they_were_seen(open_map: Open) -> None:
    page = open_map()
    shade = """() => { const canvas = document.querySelector('canvas.painter');
        const box = document.querySelector('.folium-map').getBoundingClientRect();
        const own = canvas.getBoundingClientRect(); const sharp = canvas.width / own.width;
        const [x, y] = wangge.place('buildings', 3);
        return canvas.getContext('2d').getImageData((box.x + x - own.x) * sharp, (box.y + y - own.y) * sharp, 1, 1)
          .data.slice(0, 3).join(); }"""
    before = page.evaluate(shade)
    page.get_by_label("楼栋按最近检查着色").check()
    assert page.evaluate(shade) == "140,74,31"  # never seen
    page.get_by_label("楼栋按最近检查着色").uncheck()
    assert page.evaluate(shade) == before


def test_a_card_tells_number_kind_nature_state_age_and_grid(open_map: Open) -> None:
    page = open_map()
    page.fill("#search", "YH1")
    page.locator("#search").press("Enter")
    page.locator(".card-name", has_text="YH1").wait_for()
    text = page.locator(".card").inner_text()
    for wanted in ("燃气隐患", "重大", "红灯", "77 天", "2026-09-05", "2026-10-05", "440307001001001"):
        assert wanted in text, wanted


def test_a_card_tells_how_often_it_came_back(open_map: Open) -> None:
    page = open_map()
    page.evaluate("wangge.select('hazards', 4)")
    assert "复发" in page.locator(".card").inner_text()


def test_hazards_at_one_door_open_as_a_list(open_map: Open) -> None:
    page = open_map()
    page.get_by_label("当月销号").check()
    assert told(page)["crowds"] < told(page)["shown"]
    for _ in range(3):  # nearer, nearer, and then the list
        page.evaluate("wangge.map.closePopup()")
        x, y = page.evaluate("wangge.place('hazards', 0)")
        box = page.locator(".folium-map").bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + x, box["y"] + y)
        if page.locator(".hazard-row").count():
            break
    assert page.locator(".hazard-row").count() == 2
    first = page.locator(".hazard-row").first
    assert "YH1" in first.inner_text()  # what is overdue comes first
    first.press("Enter")
    page.locator(".card-name", has_text="YH1").wait_for()


def test_colours_follow_what_is_chosen(open_map: Open) -> None:
    page = open_map()
    signs = page.locator('[data-facet="age"] .swatch')
    assert signs.count() == 0
    page.select_option("#hazard-colours", "age")
    assert signs.count() == 5
    assert told(page)["colouring"] == "age"
    assert page.locator('[data-facet="state"] .swatch').count() == 0


def test_hot_spots_have_a_card(open_map: Open) -> None:
    page = open_map()
    assert page.evaluate("wangge.drawn().hot_spots") == 1
    page.evaluate("wangge.select('hot_spots', 0)")
    text = page.locator(".card").inner_text()
    assert "燃气隐患" in text
    assert "2026-09-05" in text


def test_a_map_without_grids_or_buildings_still_shows_hazards(open_map: Open, offline_page: "OfflinePage") -> None:
    page = open_map(MapContent(title="x", communities=content().communities, ledger=ledger()))
    assert told(page)["shown"] == 4
    assert page.locator("#grid-colours").is_hidden()
    assert page.locator("#coverage").is_hidden()
    assert offline_page.errors == []


def test_a_phone_has_the_time_bar_on_screen(open_map: Open, offline_page: "OfflinePage") -> None:
    offline_page.page.set_viewport_size({"width": 390, "height": 844})
    page = open_map()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for control in ("#play", "#month"):
        box = page.locator(control).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 120
    page.locator("#panel-toggle").click()
    assert page.locator("#statement").is_visible()


def test_a_card_fits_a_phone_and_can_be_closed(open_map: Open, offline_page: "OfflinePage") -> None:
    offline_page.page.set_viewport_size({"width": 390, "height": 844})
    page = open_map()
    page.evaluate("wangge.select('hazards', 0)")
    card, bar = page.locator(".leaflet-popup").bounding_box(), page.locator("#timeline").bounding_box()
    assert card is not None
    assert bar is not None
    assert card["x"] >= 0
    assert card["x"] + card["width"] <= 390
    assert card["y"] >= bar["y"] + bar["height"]
    page.locator(".leaflet-popup-close-button").click()  # nothing lies over it
    expect(page.locator(".leaflet-popup")).to_have_count(0)
    expect(page.locator(".leaflet-control-zoom-in")).to_be_visible()


def test_no_text_of_a_hazard_is_ever_run(open_map: Open, offline_page: "OfflinePage") -> None:
    rows = hazards()
    spread = gpd.GeoDataFrame(rows.iloc[[i % len(rows) for i in range(len(CANARIES))]].reset_index(drop=True))
    hostile = spread.assign(number=CANARIES, kind=CANARIES, nature=CANARIES, grid_code=CANARIES)
    spots = ledger().hot_spots
    assert spots is not None
    spots = gpd.GeoDataFrame(spots.iloc[[0] * len(CANARIES)].reset_index(drop=True)).assign(
        kind=CANARIES, since=CANARIES, until=CANARIES
    )
    looks = pd.DataFrame({"building_code": CANARIES, "seen_at": pd.Timestamp("2026-10-01", tz="UTC")})
    page = open_map(
        content(
            ledger=ledger(hazards=hostile, hot_spots=spots, seen=looks),
            buildings=buildings().assign(code=CANARIES[: len(buildings())]),
        )
    )
    page.locator(".facet summary").click()
    page.get_by_label("当月销号").check()
    for layer in ("hazards", "hot_spots", "buildings"):
        size = page.evaluate(f"wangge.counts().{layer}")
        page.evaluate(f"for (let i = 0; i < {size}; i += 1) wangge.select('{layer}', i)")
        page.locator(".card").wait_for()
    for payload in CANARIES[:3]:
        page.fill("#search", payload)
        assert payload in page.locator("#search-results").inner_text()
    assert page.evaluate("window.canary") is None
    assert page.locator("#panel img, #panel iframe, .card img, .card script").count() == 0
    assert offline_page.outside == []
    assert offline_page.errors == []
