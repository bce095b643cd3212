"""A planner's gestures, with a mouse in a real browser or by keys alone: on the page, in the store, and taken back.

One town and one page serve them all; each leaves the plan as it found it.
"""

from collections.abc import Callable, Iterator
from typing import Any

import geopandas as gpd
import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Page, expect
from shapely import Point, box
from sqlalchemy import Engine

from api.visitor import COOKIE
from geo.storage import layers
from geo.storage.database import session_scope
from geo.territory import codes
from geo.territory.nouns import NOUNS
from tests.api import town
from tests.api.people import token_of
from tests.api.solving_held import held_up  # noqa: F401 - a fixture
from tests.browser.working import (  # noqa: F401 - fixtures among them
    ASKED,
    COMMUNITY,
    LEGAL,
    PATIENCE_MS,
    address,
    client,
    homes_of,
    patience,
    saved,
    strokes_of,
    undo,
)
from tests.conftest import OfflinePage
from tests.databases import Databases

# ruff: noqa: F811 - a fixture is named where it is used

pytestmark = pytest.mark.browser

#: Where units are on the page, pixels: some, by key, or all of a grid.
PLACES = """({ keys, grid }) => {
  const { draft, scene, canvases } = window.workbench;
  const { ground, labels } = draft;
  const { left, top } = canvases.getBoundingClientRect();
  const units = keys ? keys.map((key) => ground.unitOfKey.get(key))
    : [...labels.keys()].filter((unit) => draft.codes[labels[unit]] === grid);
  return units.map((unit) => scene.pixels(ground.x[unit], ground.y[unit])).map(([x, y]) => [x + left, y + top]);
}"""

#: The building of a grid that lies nearest to a building beside it, and the middle of the border between the two.
BESIDE = """({ key, to }) => {
  const { draft, scene, canvases } = window.workbench;
  const { ground, labels } = draft;
  const unit = ground.unitOfKey.get(key);
  const far = (other) => Math.hypot(ground.x[other] - ground.x[unit], ground.y[other] - ground.y[unit]);
  let found = null;
  ground.neighbours(unit, (other, edge) => {
    if (draft.codes[labels[other]] === to && (!found || far(other) < far(found.other))) found = { other, edge };
  });
  const { xs, ys, start, first } = ground.borders;
  const [from, end] = [start[first[found.edge]], start[first[found.edge] + 1] - 1];
  const { left, top } = canvases.getBoundingClientRect();
  const [x, y] = scene.pixels((xs[from] + xs[end]) / 2, (ys[from] + ys[end]) / 2);
  return { key: ground.key[found.other], border: [x + left, y + top] };
}"""

#: A compound that can go whole into a grid beside it, and leaves all grids in one piece.
WHOLE = """() => {
  const { draft } = window.workbench;
  const { ground, labels } = draft;
  for (const units of ground.unitsOfCompound) {
    const [from] = units.map((unit) => labels[unit]);
    if (units.some((unit) => labels[unit] !== from)) continue;
    const beside = new Set();
    units.forEach((unit) => ground.neighbours(unit, (other) => beside.add(labels[other])));
    for (const to of beside) {
      if (to === from) continue;
      draft.begin();
      draft.paint(units, to);
      const isLegal = draft.figures.pieces.every((count) => count <= 1) && draft.figures.units[from] > 0;
      draft.unpaint();
      if (!isLegal) continue;
      const code = ground.compounds.code[ground.compoundOf[units[0]]];
      return { code, keys: units.map((unit) => ground.key[unit]), from: draft.codes[from], to: draft.codes[to] };
    }
  }
}"""


def furnish(engine: Engine) -> None:
    """Give each building of the first community two stairwells, and each two beside each other a wall around them."""
    with session_scope(engine) as session:
        buildings = layers.read(session, NOUNS["building"], community_codes=[COMMUNITY])
        pairs = [f"{codes.make('compound', COMMUNITY, 11 + place // 2)}" for place in range(len(buildings))]
        compounds = [
            {
                "code": code,
                "name": f"{code[-2:]}号院",
                "kind": "managed",
                "community_code": COMMUNITY,
                "responsible_body_code": None,
                "geometry": box(*buildings.geometry.iloc[2 * place : 2 * place + 2].total_bounds),
            }
            for place, code in enumerate(dict.fromkeys(pairs))
        ]
        stairwells = [
            {
                "code": codes.make("stairwell", code, number),
                "name": f"{number}单元",
                "building_code": code,
                "floors": 5,
                "households": 5,
                "geometry": Point(shape.centroid.x + (number - 1.5) * 0.00025, shape.centroid.y),
            }
            for code, shape in zip(buildings["code"], buildings.geometry, strict=True)
            for number in (1, 2)
        ]
        for noun, rows in (("compound", compounds), ("stairwell", stairwells)):
            layers.upsert(session, NOUNS[noun], gpd.GeoDataFrame(rows, crs=buildings.crs), who="test")
        layers.upsert(session, NOUNS["building"], buildings.assign(compound_code=pairs), who="test")


@pytest.fixture(scope="module")
def engine(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("workbench", town.settle)) as engine:
        furnish(engine)
        yield engine


@pytest.fixture(scope="module")
def plan(client: TestClient) -> int:
    return int(client.post("/plans", json=ASKED).json()["id"])


@pytest.fixture(scope="module")
def opened(only_page: OfflinePage, engine: Engine, address: str, plan: int) -> Iterator[Page]:
    """The workbench, opened once."""
    only_page.page.context.add_cookies([{"name": COOKIE, "value": token_of(engine), "url": address}])
    page = only_page.open(f"{address}/plans/{plan}/workbench")
    page.locator("html[data-ready]").wait_for(timeout=PATIENCE_MS)
    yield page
    assert only_page.errors == []
    assert only_page.outside == []
    page.goto("about:blank")


Homes = Callable[[], dict[str, str]]


@pytest.fixture(scope="module")
def untouched(opened: Page, client: TestClient, plan: int) -> dict[str, str]:
    """What the store had when the page was opened."""
    return homes_of(client, plan)


@pytest.fixture
def page(opened: Page, homes: Homes, untouched: dict[str, str]) -> Page:
    """The workbench with all of the town on it, the plan as it was at first."""
    found = opened.locator("#saving").get_attribute("data-state"), homes()
    assert found == ("saved", untouched), "a gesture that was tried before went wrong"
    _whole_map(opened)
    return opened


@pytest.fixture
def homes(client: TestClient, plan: int) -> Homes:
    """What the store has: which building is in which grid."""
    return lambda: homes_of(client, plan)


def _whole_map(page: Page, tool: str = "v") -> None:
    page.locator(".canvases").focus()
    page.keyboard.press("0")
    page.keyboard.press(tool)


def _aimed(page: Page, tool: str) -> dict[str, Any]:
    """Take a tool, choose a grid, and find a building beside it that may go there."""
    found: dict[str, Any] = page.evaluate(LEGAL, [])
    page.locator(f"tr[data-grid='{found['to']}'] .pick").click()
    _whole_map(page, tool)
    page.evaluate("window.workbench.tools.radius = 3")
    again: dict[str, Any] = page.evaluate(LEGAL, [])
    assert again["key"] == found["key"]
    return again


def _places(page: Page, *keys: str, grid: str = "") -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = page.evaluate(PLACES, {"keys": list(keys) or None, "grid": grid})
    return found


def _dragged(page: Page, *way: tuple[float, float]) -> None:
    """Move the mouse along a way with its button held."""
    page.mouse.move(*way[0])
    page.mouse.down()
    for place in way[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


def _taken_back(page: Page, homes: Homes, before: dict[str, str]) -> None:
    undo(page)
    saved(page)
    assert homes() == before


def _households(page: Page, *grids: str) -> list[int]:
    return [int(page.locator(f"tr[data-grid='{grid}'] td b").inner_text()) for grid in grids]


# ── with the mouse ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_figures_follow_the_mouse_while_its_button_is_held(page: Page, homes: Homes) -> None:
    before, found = homes(), _aimed(page, "b")
    grids = found["from"], found["to"]
    (start,) = _places(page, page.evaluate(BESIDE, found)["key"])
    shown, totals = _households(page, *grids), page.locator(".totals").inner_text()
    page.mouse.move(*start)
    page.mouse.down()
    assert _households(page, *grids) == shown
    page.mouse.move(found["x"], found["y"])
    assert _households(page, *grids) == [shown[0] - 10, shown[1] + 10]
    assert page.locator(".totals").inner_text() != totals
    page.keyboard.press("Escape")  # as if it had never been
    assert _households(page, *grids) == shown
    page.mouse.up()
    assert page.locator(".totals").inner_text() == totals
    expect(page.locator("#saving")).to_have_attribute("data-state", "saved")
    assert homes() == before
    _dragged(page, start, (found["x"], found["y"]))
    saved(page)
    assert homes() == before | {found["key"]: found["to"]}
    _taken_back(page, homes, before)
    assert _households(page, *grids) == shown


def test_a_lasso_takes_what_it_encircles_but_not_what_is_locked(page: Page, homes: Homes) -> None:
    before, found = homes(), _aimed(page, "l")
    x, y = found["x"], found["y"]
    ring = [(x - 9, y - 9), (x + 9, y - 9), (x + 9, y + 9), (x - 9, y + 9), (x - 9, y - 9)]
    lock = page.locator(f"tr[data-grid='{found['from']}'] .lock")
    lock.click()
    expect(lock).to_have_attribute("aria-pressed", "true")
    _dragged(page, *ring)
    expect(page.locator("#said")).to_contain_text("1 处在锁定的网格,未动")
    assert homes() == before
    lock.click()
    expect(lock).to_have_attribute("aria-pressed", "false")
    _dragged(page, *ring)
    saved(page)
    assert homes() == before | {found["key"]: found["to"]}
    _taken_back(page, homes, before)


def test_a_line_splits_a_grid_and_a_click_merges_two(page: Page, homes: Homes) -> None:
    before = homes()
    grid = max(set(before.values()), key=list(before.values()).count)
    page.locator(f"tr[data-grid='{grid}'] .pick").click()
    _whole_map(page, "x")
    xs, ys = zip(*_places(page, grid=grid), strict=True)
    middle = sorted(xs)[len(xs) // 2] - 5
    _dragged(page, (middle, min(ys) - 60), (middle, max(ys) + 60))
    saved(page)
    after = homes()
    (made,) = set(after.values()) - set(before.values())
    assert {before[code] for code, home in after.items() if home == made} == {grid}
    expect(page.locator(f"tr[data-grid='{made}']")).to_be_visible()
    _whole_map(page, "m")
    for code in (grid, made):
        page.mouse.click(*_places(page, grid=code)[0])
    saved(page)
    assert homes() == before
    expect(page.locator(f"tr[data-grid='{made}']")).to_have_count(0)
    _taken_back(page, homes, after)
    _taken_back(page, homes, before)


def test_a_border_that_is_dragged_takes_the_building_beside_it(page: Page, homes: Homes) -> None:
    before, found = homes(), _aimed(page, "d")
    shown = _households(page, found["to"])
    _dragged(page, page.evaluate(BESIDE, found)["border"], (found["x"], found["y"]))
    saved(page)
    assert homes() == before | {found["key"]: found["to"]}
    assert _households(page, found["to"]) == [shown[0] + 10]
    _taken_back(page, homes, before)


def test_a_compound_locked_on_its_card_goes_whole(page: Page, homes: Homes, client: TestClient, plan: int) -> None:
    before, found = homes(), page.evaluate(WHOLE)
    page.mouse.click(*_places(page, found["keys"][0])[0])
    keep = page.get_by_label("保持整体")
    with page.expect_response("**/locks"):
        keep.click()
    expect(page.locator("#solving .hint").first).to_contain_text("锁定 0 个网格、1 个小区")
    locks = client.get(f"/plans/{plan}/locks").json()["locks"]
    assert [(lock["kind"], lock["code"]) for lock in locks] == [("compound", found["code"])]
    page.locator(f"tr[data-grid='{found['to']}'] .pick").click()
    _whole_map(page, "b")
    page.mouse.click(*_places(page, found["keys"][0])[0])  # one of two
    saved(page)
    assert homes() == before | dict.fromkeys(found["keys"], found["to"])
    _taken_back(page, homes, before)
    with page.expect_response("**/locks"):
        keep.click()
    expect(page.locator("#solving .hint").first).to_contain_text("没有锁定")
    assert client.get(f"/plans/{plan}/locks").json()["locks"] == []


# ── with buttons and keys ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_rest_is_solved_with_a_bar_and_cancelled(page: Page, homes: Homes, held_up: object) -> None:
    before, version = homes(), page.locator("#saving").inner_text()
    bar, told = page.get_by_label("重划进度"), page.locator("#solving [role=status]")
    expect(bar).to_be_hidden()
    page.get_by_role("button", name="重划未锁定的网格").click()
    expect(bar).to_have_attribute("value", "0.25")
    expect(told).to_contain_text("正在重划")
    expect(page.get_by_role("button", name="重划未锁定的网格")).to_be_disabled()
    page.locator("#solving").get_by_role("button", name="取消").click()
    expect(told).to_contain_text("已取消,方案没有改变")
    expect(bar).to_be_hidden()
    expect(page.get_by_role("button", name="重划未锁定的网格")).to_be_enabled()
    assert homes() == before
    assert page.locator("#saving").inner_text() == version


def test_a_building_is_moved_by_keys_alone(page: Page, homes: Homes) -> None:
    before, found = homes(), page.evaluate(LEGAL, [])

    def pressed(key: str, until: str) -> None:
        for _ in range(80):
            if page.evaluate(f"document.activeElement.{until}"):
                return
            page.keyboard.press(key)
        raise AssertionError(f"{key} never leads to where {until}")

    page.evaluate("document.activeElement.blur()")
    pressed("Tab", "matches('#find')")
    page.keyboard.type(found["key"])
    pressed("Tab", "matches('.found button')")
    page.keyboard.press("Enter")
    pressed("Tab", "matches('select[aria-label^=移到网格]')")
    page.keyboard.press("Home")
    pressed("ArrowDown", f"selectedOptions[0].text.startsWith('{found['to'][-3:]} ')")
    pressed("Tab", "matches('.mover button')")
    page.keyboard.press("Enter")
    saved(page)
    assert homes() == before | {found["key"]: found["to"]}
    page.keyboard.press("Control+z")
    saved(page)
    assert homes() == before


# ── the ground itself changes: what comes after would see a building in parts ────────────────────────────────────────


def test_a_stairwell_is_painted_once_its_building_is_divided(page: Page, client: TestClient, plan: int) -> None:
    def stairs() -> dict[str, str]:
        rows = client.get(f"/plans/{plan}/assignment").json()["items"]
        return {row["stairwell_code"]: row["grid_code"] for row in rows if row["building_code"] == found["key"]}

    found = page.evaluate(LEGAL, [])
    ((x, _),) = _places(page, page.evaluate(BESIDE, found)["key"])
    numbers = (1, 2) if x <= found["x"] else (2, 1)  # the one that lies on the other grid's side
    one, other = (codes.make("stairwell", found["key"], number) for number in numbers)
    page.mouse.click(found["x"], found["y"])
    page.get_by_label("整栋或单元").select_option(one)
    choice = page.get_by_label("移到网格")
    choice.select_option(label=choice.locator("option", has_text=f"{found['to'][-3:]} ").inner_text())
    page.get_by_role("button", name="移入").click()
    expect(page.locator("#said")).to_contain_text("楼栋已按单元拆开")
    assert stairs() == {one: found["to"], other: found["from"]}
    undo(page)
    saved(page)
    page.locator(f"tr[data-grid='{found['to']}'] .pick").click()
    _whole_map(page, "b")
    shown = _households(page, found["to"])
    page.mouse.click(*_places(page, one)[0])
    saved(page)
    assert stairs() == {one: found["to"], other: found["from"]}
    assert _households(page, found["to"]) == [shown[0] + 5]
    undo(page)
    saved(page)
