"""The comparison page as its reader meets it: opened from disk, without a network."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from geo.territory.map_content import ComparisonContent
from maps.comparison import comparison_page
from tests.browser.test_map_page import CANARIES, hostile_content
from tests.maps.content import comparison, grids

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.conftest import OfflinePage

pytestmark = pytest.mark.browser

Open = Callable[..., "Page"]


@pytest.fixture
def open_comparison(offline_page: "OfflinePage", tmp_path: Path) -> Open:
    """Write a comparison as a page, open it, and wait until it answers."""

    def open_it(given: ComparisonContent | None = None, **options: Any) -> "Page":
        path = tmp_path / "comparison.html"
        path.write_text(comparison_page(given or comparison(), **options), encoding="utf-8")
        page = offline_page.open(path)
        page.locator("html[data-ready]").wait_for(timeout=20_000)
        return page

    return open_it


def views(page: "Page") -> Any:
    """Centre and zoom of both maps."""
    return page.evaluate(
        """() => ['left', 'right'].map((side) => { const map = wangge.maps[side];
             return [map.getCenter().lat, map.getCenter().lng, map.getZoom()]; })"""
    )


def colour_at(page: "Page", side: str, layer: str, feature: int) -> list[int]:
    """The colour painted in the middle of a feature."""
    colour: list[int] = page.evaluate(
        f"""() => {{ const canvas = wangge.maps.{side}.getContainer().querySelector('canvas.painter');
             const [x, y] = wangge.place('{side}', '{layer}', {feature});
             const own = canvas.getBoundingClientRect();
             const map = wangge.maps.{side}.getContainer().getBoundingClientRect();
             const sharp = canvas.width / own.width;
             return [...canvas.getContext('2d').getImageData((map.x + x - own.x) * sharp, (map.y + y - own.y) * sharp,
               1, 1).data].slice(0, 3); }}"""
    )
    return colour


def test_shows_two_plans_offline_without_an_error(open_comparison: Open, offline_page: "OfflinePage") -> None:
    page = open_comparison()
    assert offline_page.outside == []
    assert offline_page.errors == []
    assert page.title() == "南湖街道方案比较"
    assert page.evaluate("wangge.drawn('left').grids") == 4
    assert page.evaluate("wangge.drawn('right').grids") == 3
    names = page.locator("#pane-names").inner_text()
    assert "现行方案" in names
    assert "网格最少" in names


def test_both_maps_move_as_one(open_comparison: Open) -> None:
    page = open_comparison()
    before = views(page)[0]
    page.locator("#map_left").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(400)
    left, right = views(page)
    assert left != before
    assert left == pytest.approx(right)
    page.evaluate("wangge.maps.right.setZoom(16, { animate: false })")
    left, right = views(page)
    assert left[2] == right[2] == 16


def test_the_table_marks_the_best_plan_of_each_figure(open_comparison: Open) -> None:
    page = open_comparison()
    fewest = page.locator("[data-figure=grids] .bar-row")
    assert "4" in fewest.nth(0).inner_text()
    assert "3 ★" in fewest.nth(1).inner_text()
    assert "2 ★" in page.locator("[data-figure=out_of_range] .bar-row").nth(0).inner_text()
    widths = [fewest.nth(i).locator(".bar-filled").bounding_box()["width"] for i in (0, 1)]  # type: ignore[index]
    assert widths[1] == pytest.approx(widths[0] * 3 / 4, rel=0.02)


def test_who_moves_is_said_listed_and_marked(open_comparison: Open) -> None:
    # Building 2 (75 households) goes from grid 1 to 2; grid 3 (280) is joined to what continues grid 4.
    page = open_comparison(colouring="change")
    assert "355(35.5%)" in page.locator("#moved").inner_text()
    rows = page.locator("#flow-rows tr")
    assert rows.count() == 3
    assert rows.nth(1).inner_text().split() == ["002-001", "002-001", "280", "2"]
    assert rows.nth(2).inner_text().split() == ["001-001", "001-002", "75", "1"]
    assert colour_at(page, "right", "buildings", 1) == [208, 0, 111]
    assert colour_at(page, "right", "buildings", 0) != [208, 0, 111]
    page.evaluate("wangge.select('right', 'grids', 1)")
    card = page.locator("#map_right .card")
    card.wait_for()
    text = card.inner_text()
    for wanted in ("325", "001-002", "250", "75", "转入户数"):
        assert wanted in text, wanted
    page.evaluate("wangge.select('left', 'buildings', 1)")
    page.locator("#map_left .card", has_text="75户").wait_for()
    page.locator("#map_right .card").wait_for(state="detached")


def test_colouring_by_change_has_a_legend_of_its_own(open_comparison: Open) -> None:
    page = open_comparison()
    assert "少于 200 户" in page.locator("#classes").inner_text()
    page.locator("[data-colouring=change]").press("Enter")
    assert page.evaluate("wangge.chosen().colouring") == "change"
    assert "无变动" in page.locator("#classes").inner_text()
    assert page.locator("#classes li").filter(has_text="新设或撤销").locator(".count").inner_text() == "1 | 0"


def test_the_curtain_moves_by_keyboard_and_by_hand(open_comparison: Open) -> None:
    page = open_comparison()
    assert page.locator("#curtain").is_hidden()
    page.locator("button[data-view=swipe]").click()
    curtain = page.locator("#curtain")
    curtain.focus()
    page.keyboard.press("ArrowRight")
    assert curtain.get_attribute("aria-valuenow") == "54"
    page.keyboard.press("End")
    assert curtain.get_attribute("aria-valuenow") == "98"
    box = curtain.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 22, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(830, 300)
    page.mouse.up()
    assert page.evaluate("wangge.chosen().curtain") == pytest.approx(100 * (830 - 372) / (1280 - 372), abs=1)
    left, right = views(page)
    assert left == pytest.approx(right)
    # What lies left of the curtain answers with the left plan, what lies right of it with the right one.
    for side, grid in (("left", 0), ("right", 2)):
        x, y = page.evaluate(f"wangge.place('{side}', 'grids', {grid})")
        page.mouse.click(372 + x, y + 40)
        page.locator(f"#map_{side} .card-name").wait_for()


def test_plans_change_places_and_search_finds_in_the_right_one(open_comparison: Open) -> None:
    page = open_comparison(colouring="change")
    page.locator("#swap").click()
    assert page.evaluate("wangge.chosen()")["left"] == 1
    assert page.evaluate("wangge.drawn('left').grids") == 3
    assert "355" in page.locator("#moved").inner_text()
    assert page.locator("#flow-rows tr").nth(2).inner_text().split() == ["001-002", "001-001", "75", "1"]
    page.locator("#right-plan").select_option("1")
    assert page.evaluate("wangge.chosen()")["left"] == 0
    page.fill("#search", "南湖路3号")
    page.keyboard.press("Enter")
    page.locator("#map_right .card-name", has_text="3栋").wait_for()


def test_a_phone_shows_the_curtain_and_the_panel_a_touch_away(
    open_comparison: Open, offline_page: "OfflinePage"
) -> None:
    offline_page.page.set_viewport_size({"width": 390, "height": 844})
    page = open_comparison()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("wangge.chosen().view") == "swipe"
    assert page.locator("#curtain span").bounding_box()["height"] >= 44  # type: ignore[index]
    assert page.locator("#figures").is_hidden()
    page.locator("#panel-toggle").click()
    assert page.locator("#figures").is_visible()
    page.locator("button[data-view=side]").click()
    top, bottom = (page.locator(f"#map_{side}").bounding_box() for side in ("left", "right"))
    assert top is not None
    assert bottom is not None
    assert top["y"] + top["height"] <= bottom["y"]
    assert bottom["y"] + bottom["height"] <= 844
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_three_plans_are_offered_on_both_sides(open_comparison: Open) -> None:
    given = comparison()
    third = replace(given.plans[0], name="第三方案")
    page = open_comparison(replace(given, plans=(*given.plans, third)))
    assert page.locator("#left-plan option").count() == 3
    page.locator("#right-plan").select_option("2")
    assert "0(0.0%)" in page.locator("#moved").inner_text()
    assert "无人更换网格" in page.locator("#flow-rows").inner_text()
    assert page.locator("[data-figure=moved] .bar-row").count() == 3


def test_no_text_of_any_plan_is_ever_run(open_comparison: Open, offline_page: "OfflinePage") -> None:
    given, hostile = comparison(), hostile_content()
    everything = " ".join(CANARIES)
    assert hostile.buildings is not None
    buildings = hostile.buildings.assign(key=[f"k{i}" for i in range(len(hostile.buildings))])
    poisoned = grids().iloc[[i % 4 for i in range(len(CANARIES))]].reset_index(drop=True)
    poisoned = poisoned.assign(code=CANARIES, name=CANARIES, reason=CANARIES)
    ground = replace(hostile, grids=None, old_grids={}, buildings=buildings)
    plans = tuple(
        replace(
            plan,
            name=everything,
            note=everything,
            grids=poisoned,
            assignment=given.plans[0]
            .assignment.iloc[[0] * len(CANARIES)]
            .assign(building=buildings["key"].to_numpy()[: len(CANARIES)], grid=CANARIES[shift:] + CANARIES[:shift]),
        )
        for plan, shift in zip(given.plans, (0, 1), strict=True)
    )
    page = open_comparison(replace(given, ground=ground, plans=plans), colouring="change")
    for side in ("left", "right"):
        for grid in range(0, len(CANARIES), 3):
            page.evaluate(f"wangge.select('{side}', 'grids', {grid})")
        page.evaluate(f"wangge.select('{side}', 'buildings', 0)")
    page.fill("#search", "canary")
    page.locator("#search").press("Escape")
    page.locator("#layer-list summary").click()
    assert page.evaluate("window.canary") is None
    assert offline_page.outside == []
    assert offline_page.errors == []
