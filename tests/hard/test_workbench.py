"""The planner's workbench: all that may go wrong on a stroke's way to the server."""

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Route, expect

from tests.browser.working import (  # noqa: F401 - fixtures among them
    COMMUNITY,
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
