"""The planner's workbench: every tool, and all that may go wrong on a stroke's way to the server."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Page, Route, expect

from tests.browser.working import (  # noqa: F401 - fixtures among them
    COMMUNITY,
    LEGAL,
    Opens,
    address,
    client,
    engine,
    homes_of,
    opened,
    paint,
    patience,
    plan,
    saved,
    strokes_of,
    undo,
)

# ruff: noqa: F811 - a fixture is named where it is used

pytestmark = pytest.mark.browser

#: Where a building is on the page, pixels.
SPOT = """(key) => {
  const { draft, scene, canvases } = window.workbench;
  const unit = draft.ground.unitOfKey.get(key);
  const { left, top } = canvases.getBoundingClientRect();
  const [x, y] = scene.pixels(draft.ground.x[unit], draft.ground.y[unit]);
  return { x: x + left, y: y + top };
}"""


def test_an_edit_whose_answer_is_lost_arrives_once(opened: Opens, client: TestClient, plan: int) -> None:
    page = opened()
    lost: list[int] = []

    def lose(route: Route) -> None:
        lost.append(route.fetch().status)
        route.abort()

    page.route("**/assignment", lose)
    stroke = paint(page)
    expect(page.get_by_role("alert")).to_contain_text("笔画已存在本机")
    page.unroute("**/assignment")
    opened()
    saved(page)
    assert lost[0] == 200
    assert homes_of(client, plan)[stroke["key"]] == stroke["to"]
    assert len(strokes_of(client, plan)) == 1


def test_what_would_tear_a_grid_apart_waits_until_it_does_not(opened: Opens, client: TestClient, plan: int) -> None:
    page = opened()
    tears = """() => {
      const { draft } = window.workbench;
      for (let unit = 0; unit < draft.ground.count; unit += 1) {
        for (let grid = 0; grid < draft.codes.length; grid += 1) {
          draft.begin();
          draft.paint([unit], grid);
          const isTorn = draft.figures.pieces.some((count) => count > 1);
          draft.unpaint();
          if (isTorn) { window.workbench.move([unit], grid); return draft.ground.key[unit]; }
        }
      }
    }"""
    before = homes_of(client, plan)
    assert page.evaluate(tears) in before
    expect(page.locator("#saving")).to_have_attribute("data-state", "held")
    expect(page.locator(".fault")).not_to_have_count(0)
    undo(page)
    saved(page)
    assert strokes_of(client, plan) == []
    assert homes_of(client, plan) == before


def test_a_stroke_that_collides_is_shown_and_theirs_stays(opened: Opens, client: TestClient, plan: int) -> None:
    page = opened(login="second")
    held: list[Route] = []
    page.route("**/assignment", lambda route: held.append(route))
    mine = paint(page)
    while not held:
        page.wait_for_timeout(50)
    new = f"{COMMUNITY}099"
    body = {"moves": [{"building_code": mine["key"], "grid_code": new}], "new_grids": [new]}
    answer = client.patch(f"/plans/{plan}/assignment", json=body, headers={"If-Match": '"1"'})
    assert answer.status_code == 200, answer.text
    held[0].continue_()
    page.unroute("**/assignment")
    expect(page.get_by_role("alert")).to_contain_text("冲突")
    saved(page)
    assert homes_of(client, plan)[mine["key"]] == new
    assert len(strokes_of(client, plan)) == 1
    expect(page.locator(f"tr[data-grid='{new}']")).to_be_visible()


def _pixels(page: Page, grid: str) -> dict[str, Any]:
    """Box of a grid on the page and the middles of its buildings, pixels."""
    found: dict[str, Any] = page.evaluate(
        """(code) => {
          const { draft, scene, canvases } = window.workbench;
          const { left, top } = canvases.getBoundingClientRect();
          const grid = draft.number.get(code);
          const units = [...draft.labels.keys()].filter((unit) => draft.labels[unit] === grid);
          const points = units.map((unit) => scene.pixels(draft.ground.x[unit], draft.ground.y[unit]));
          return { points: points.map(([x, y]) => [x + left, y + top]) };
        }""",
        grid,
    )
    return found


def test_a_line_splits_a_grid_and_a_click_merges_two(opened: Opens, client: TestClient, plan: int) -> None:
    page = opened()
    before = homes_of(client, plan)
    grid = max(set(before.values()), key=list(before.values()).count)
    page.locator(f"tr[data-grid='{grid}'] .pick").click()
    page.keyboard.press("x")
    points = _pixels(page, grid)["points"]
    xs, ys = zip(*points, strict=True)
    middle = sorted(xs)[len(xs) // 2] - 5
    page.mouse.move(middle, min(ys) - 60)
    page.mouse.down()
    page.mouse.move(middle, max(ys) + 60, steps=12)
    page.mouse.up()
    saved(page)
    after = homes_of(client, plan)
    (made,) = set(after.values()) - set(before.values())
    assert {before[code] for code, home in after.items() if home == made} == {grid}
    page.keyboard.press("0")
    page.keyboard.press("m")
    for code in (grid, made):
        page.mouse.click(*_pixels(page, code)["points"][0])
    saved(page)
    assert homes_of(client, plan) == before


def test_a_lasso_takes_what_it_encircles_but_not_what_is_locked(opened: Opens, client: TestClient, plan: int) -> None:
    page = opened()
    before = homes_of(client, plan)
    found = page.evaluate(LEGAL, [])

    def lasso() -> None:
        page.keyboard.press("l")
        page.locator(f"tr[data-grid='{found['to']}'] .pick").click()
        page.keyboard.press("0")
        at = page.evaluate(SPOT, found["key"])
        ring = [(-9, -9), (9, -9), (9, 9), (-9, 9), (-9, -9)]
        page.mouse.move(at["x"] - 9, at["y"] - 9)
        page.mouse.down()
        for dx, dy in ring:
            page.mouse.move(at["x"] + dx, at["y"] + dy, steps=3)
        page.mouse.up()

    page.keyboard.press("0")
    lock = page.locator(f"tr[data-grid='{found['from']}'] .lock")
    lock.click()
    expect(lock).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("window.workbench.bench.locks()") == {"grids": [found["from"]], "compounds": [], "theirs": 0}
    lasso()
    assert page.evaluate("window.workbench.draft.waiting.length") == 0
    lock.click()
    lasso()
    saved(page)
    assert len(strokes_of(client, plan)) == 1
    assert homes_of(client, plan) == before | {found["key"]: found["to"]}


def test_everything_is_done_by_keyboard_too(opened: Opens, client: TestClient, plan: int) -> None:
    page = opened()
    found = page.evaluate(LEGAL, [])
    page.get_by_label("找楼栋").fill(found["key"])
    page.get_by_label("找楼栋").press("Tab")
    page.keyboard.press("Enter")
    choice = page.get_by_label("移到网格")
    choice.select_option(label=choice.locator("option", has_text=f"{found['to'][-3:]} ").inner_text())
    page.get_by_role("button", name="移入").press("Enter")
    saved(page)
    assert homes_of(client, plan)[found["key"]] == found["to"]


def test_a_border_that_is_dragged_takes_the_building_beside_it(opened: Opens, client: TestClient, plan: int) -> None:
    page = opened()
    before = homes_of(client, plan)
    found = page.evaluate(LEGAL, [])
    page.keyboard.press("d")
    page.evaluate("window.workbench.tools.radius = 3")
    middle = page.evaluate(
        """({ key, to }) => {
          const { draft, scene, canvases } = window.workbench;
          const { ground, labels } = draft;
          let between = -1;
          ground.neighbours(ground.unitOfKey.get(key), (other, edge) => {
            if (draft.codes[labels[other]] === to) between = edge;
          });
          const { xs, ys, start, first } = ground.borders;
          const [from, end] = [start[first[between]], start[first[between] + 1] - 1];
          const { left, top } = canvases.getBoundingClientRect();
          const [x, y] = scene.pixels((xs[from] + xs[end]) / 2, (ys[from] + ys[end]) / 2);
          return { x: x + left, y: y + top };
        }""",
        found,
    )
    page.mouse.move(middle["x"], middle["y"])
    page.mouse.down()
    page.mouse.move(found["x"], found["y"], steps=6)
    page.mouse.up()
    saved(page)
    assert homes_of(client, plan) == before | {found["key"]: found["to"]}
