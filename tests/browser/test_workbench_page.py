"""The planner's workbench in a real browser: figures as the engine has them, strokes that nobody loses, and others."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from playwright.sync_api import Page, Route, expect
from sqlalchemy import Engine

from api.main import create_app
from api.settings import AppSettings
from api.visitor import COOKIE
from geo.regionalization.continuity import continued, old_grids
from geo.regionalization.edited_grids import Ground
from geo.regionalization.engine import measure
from geo.regionalization.problem import check_problem
from geo.territory.compactness import polsby_popper
from geo.territory.coverage import dissolve
from tests.api import town
from tests.api.people import client_of, token_of
from tests.browser.accessible import grave_faults
from tests.browser.serving import serving
from tests.conftest import OfflinePage
from tests.databases import Databases
from tests.geo.regionalization.test_ground_columns import COLUMNS, GRIDS, PARTS

pytestmark = pytest.mark.browser

COMMUNITY = town.COMMUNITIES[0]
ASKED = {"scope": COMMUNITY, "lower": 80, "upper": 130, "seed": 3, "name": "工作台"}
LIMITS = {"lower": 60, "upper": 120}
PHONE = {"width": 390, "height": 844}
#: Milliseconds that an edit may take to be saved on a machine with much else to do.
PATIENCE_MS = 60_000
MEASURED = ("grids", "in_range", "contiguous", "households", "boundary_cost", "barrier_crossed")

#: A building whose move to a neighbouring grid leaves all grids in one piece, in pixels of the page, and both grids;
#: others are moved already, or somebody else is about to move them.
LEGAL = """(others) => {
  const { draft, scene, canvases } = window.workbench;
  const { ground, labels } = draft;
  const skip = others.map((each) => each.key);
  for (let unit = 0; unit < ground.count; unit += 1) {
    let to = -1;
    ground.neighbours(unit, (other) => { if (labels[other] !== labels[unit]) to = labels[other]; });
    if (to === -1 || skip.includes(ground.key[unit])) continue;
    const from = labels[unit];
    draft.begin();
    for (const { key, to: grid } of others) draft.paint([ground.unitOfKey.get(key)], draft.number.get(grid));
    draft.paint([unit], to);
    const isLegal = draft.figures.pieces.every((count, grid) => count <= 1) && draft.figures.units[from] > 0;
    draft.unpaint();
    if (!isLegal) continue;
    const { left, top } = canvases.getBoundingClientRect();
    const [x, y] = scene.pixels(ground.x[unit], ground.y[unit]);
    return { key: ground.key[unit], x: x + left, y: y + top, from: draft.codes[from], to: draft.codes[to] };
  }
  return null;
}"""
FIGURES = """async ([said, assignments, bounds]) => {
  const { Ground } = await import('/static/workbench/ground.js');
  const { figuresOf } = await import('/static/workbench/figures.js');
  const ground = new Ground(said);
  let known = null;
  return assignments.map((labels) => {
    const found = figuresOf(ground, Int32Array.from(labels), said.grids.code.length, bounds, known, null);
    known = found;
    return { total: found.total, compactness: [...found.compactness], households: [...found.households] };
  });
}"""


@pytest.fixture(scope="module")
def engine(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("workbench", town.settle)) as engine:
        yield engine


@pytest.fixture(scope="module")
def client(engine: Engine) -> Iterator[TestClient]:
    """The planner, as a program; a plan is in force."""
    with client_of(create_app(AppSettings(), engine), engine) as client:
        made = client.post("/plans", json={**ASKED, "seed": 8}).json()
        assert client.post(f"/plans/{made['id']}/adopt", headers={"If-Match": '"1"'}).status_code == 200
        yield client


@pytest.fixture(scope="module")
def address(engine: Engine, client: TestClient) -> Iterator[str]:
    with serving(engine) as address:
        yield address


@pytest.fixture
def plan(client: TestClient) -> int:
    return int(client.post("/plans", json=ASKED).json()["id"])


@pytest.fixture(autouse=True, scope="module")
def patience() -> Iterator[None]:
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=5_000)


Opens = Callable[..., Page]


@pytest.fixture
def opened(offline_page: OfflinePage, engine: Engine, address: str, plan: int) -> Opens:
    """Open the workbench in a browser that a planner is signed in with, or another role."""

    def open_page(at: str = address, **person: Any) -> Page:
        offline_page.page.context.add_cookies([{"name": COOKIE, "value": token_of(engine, **person), "url": at}])
        page = offline_page.open(f"{at}/plans/{plan}/workbench")
        page.locator("html[data-ready]").wait_for()
        return page

    return open_page


def homes_of(client: TestClient, plan: int) -> dict[str, str]:
    rows = client.get(f"/plans/{plan}/assignment").json()["items"]
    return {row["building_code"]: row["grid_code"] for row in rows}


def strokes_of(client: TestClient, plan: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"/plans/{plan}/edits").json()["items"]
    return items


def paint(page: Page, *others: dict[str, Any]) -> dict[str, Any]:
    """Brush one building into the grid beside it, with mouse and keys."""
    found: dict[str, Any] = page.evaluate(LEGAL, list(others))
    page.locator(f"tr[data-grid='{found['to']}'] .pick").click()
    page.keyboard.press("0")
    page.keyboard.press("b")
    page.evaluate("window.workbench.tools.radius = 3")
    found |= {key: value for key, value in page.evaluate(LEGAL, list(others)).items() if key in "xy"}
    page.mouse.move(found["x"], found["y"])
    page.mouse.down()
    page.mouse.up()
    return found


def saved(page: Page) -> None:
    expect(page.locator("#saving")).to_have_attribute("data-state", "saved")


def undo(page: Page, keys: str = "Control+z") -> None:
    page.locator(".canvases").focus()
    page.keyboard.press(keys)


# ── figures ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def measured(labels: NDArray[np.int64]) -> dict[str, float]:
    """What the engine says of an assignment, summed over communities as reports do."""
    total = dict.fromkeys((*MEASURED, "households_moved"), 0.0)
    start = 0
    for part in PARTS:
        own = labels[start : start + len(part.rows)]
        start += len(part.rows)
        for name, value in _of_community(part.ground, np.unique(own, return_inverse=True)[1].astype(np.int64)).items():
            total[name] += value
    return total


def _of_community(ground: Ground, own: NDArray[np.int64]) -> dict[str, float]:
    households = ground.atoms["households"].to_numpy(np.int64)
    problem = check_problem(
        households, ground.touching.edges, ground.costs.boundary_cost, LIMITS["lower"], LIMITS["upper"],
        None, ground.costs.cross_weight, None, None, None, (),
    )  # fmt: skip
    found = {name: value for name, value in measure(problem, own).items() if name in MEASURED}
    before = old_grids(ground.atoms, ground.community.previous)
    follows = continued(before, own, households)
    moving = [then is not None and follows.get(int(now)) != then for then, now in zip(before, own, strict=True)]
    return found | {"households_moved": float(households[moving].sum())}


def test_figures_are_those_of_the_engine_whatever_the_assignment(opened: Opens) -> None:
    page = opened()
    rng = np.random.default_rng(7)
    of_unit = 3 * np.array(COLUMNS.units["community"])
    assignments = [of_unit + rng.integers(0, most, len(of_unit)) for most in (1, 2, 3) for _ in range(12)]
    columns = asdict(COLUMNS)
    named = {"grids": {"code": GRIDS, "name": GRIDS}, "compounds": {"code": COLUMNS.compounds, "name": []}}
    said = columns | named | {"plan": {"version": 1}, "notices": []}
    said["units"]["name"] = said["units"]["building"]
    found = page.evaluate(FIGURES, [said, [labels.tolist() for labels in assignments], LIMITS])
    for labels, figures in zip(assignments, found, strict=True):
        asked = measured(labels)
        assert {name: figures["total"][name] for name in asked} == pytest.approx(asked, abs=1e-3)
        tiles = [dissolve(part.ground.tiles, labels[at : at + 14]) for at, part in zip((0, 14), PARTS, strict=True)]
        for scores in map(polsby_popper, tiles):
            assert [figures["compactness"][grid] for grid in scores.index] == pytest.approx(scores.tolist(), rel=1e-5)


def test_what_is_shown_after_a_stroke_is_what_the_report_says(opened: Opens, client: TestClient, plan: int) -> None:
    page = opened()
    paint(page, paint(page))
    saved(page)
    report = client.get(f"/plans/{plan}").json()["report"]
    figures = page.evaluate("({ ...window.workbench.draft.figures.total })")
    same = (*MEASURED, "compounds_split", "compounds_fitting", "compounds_fitting_split", "households_moved")
    assert {name: figures[name] for name in same} == pytest.approx({name: report[name] for name in same}, abs=1e-3)
    for row in report["grid_list"]:
        shown = page.locator(f"tr[data-grid='{row['code']}'] td")
        expect(shown.first.locator("b")).to_have_text(str(row["households"]))
        expect(shown.nth(1)).to_have_text("1")
        assert float(shown.nth(2).inner_text()) == pytest.approx(row["polsby_popper"], abs=0.06)  # drawn plainer there


# ── strokes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stroke_is_saved_taken_back_and_done_again_after_a_reload(
    opened: Opens, offline_page: OfflinePage, client: TestClient, plan: int
) -> None:
    page = opened()
    before = homes_of(client, plan)
    stroke = paint(page)
    saved(page)
    assert homes_of(client, plan) == before | {stroke["key"]: stroke["to"]}
    opened()
    undo(page)
    saved(page)
    assert homes_of(client, plan) == before
    opened()
    undo(page, "Control+Shift+z")
    saved(page)
    assert homes_of(client, plan) == before | {stroke["key"]: stroke["to"]}
    undo(page)
    undo(page)
    expect(page.locator("#said")).to_contain_text("没有可撤销")
    saved(page)
    assert homes_of(client, plan) == before
    assert offline_page.outside == []
    assert offline_page.errors == []


def test_strokes_outlast_the_server_and_the_page(opened: Opens, engine: Engine, client: TestClient, plan: int) -> None:
    before = homes_of(client, plan)
    with ExitStack() as first:
        at = first.enter_context(serving(engine))
        page = opened(at)
    one = paint(page)
    other = paint(page, one)
    expect(page.get_by_role("alert")).to_contain_text("笔画已存在本机")
    page.goto("about:blank")
    with serving(engine, int(at.rsplit(":", 1)[1])):
        opened(at)
        saved(page)
        assert homes_of(client, plan) == before | {each["key"]: each["to"] for each in (one, other)}
        assert [len(stroke["moves"]) for stroke in strokes_of(client, plan)] == [1, 1]
        undo(page)
        saved(page)
        assert homes_of(client, plan) == before | {one["key"]: one["to"]}


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


# ── others ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _by_other(client: TestClient, plan: int, moves: dict[str, str]) -> None:
    body = {"moves": [{"building_code": code, "grid_code": grid} for code, grid in moves.items()]}
    version = client.get(f"/plans/{plan}").json()["version"]
    answer = client.patch(f"/plans/{plan}/assignment", json=body, headers={"If-Match": f'"{version}"'})
    assert answer.status_code == 200, answer.text


def test_strokes_are_done_again_on_what_others_changed(
    opened: Opens, client: TestClient, engine: Engine, plan: int
) -> None:
    page = opened(login="second")
    before = homes_of(client, plan)
    theirs = page.evaluate(LEGAL, [])
    _by_other(client, plan, {theirs["key"]: theirs["to"]})
    mine = paint(page, theirs)
    saved(page)
    expect(page.locator("#said")).to_contain_text("planner 改了方案")
    assert homes_of(client, plan) == before | {each["key"]: each["to"] for each in (theirs, mine)}
    assert [stroke["who"] for stroke in strokes_of(client, plan)] == ["planner", "second"]
    undo(page)
    saved(page)
    assert homes_of(client, plan) == before | {theirs["key"]: theirs["to"]}


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
    page.unroute("**/assignment")
    held[0].continue_()
    expect(page.get_by_role("alert")).to_contain_text("冲突")
    saved(page)
    assert homes_of(client, plan)[mine["key"]] == new
    assert len(strokes_of(client, plan)) == 1
    expect(page.locator(f"tr[data-grid='{new}']")).to_be_visible()


# ── tools ────────────────────────────────────────────────────────────────────────────────────────────────────────────


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
        at = page.evaluate(LEGAL, [])
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
    assert page.evaluate("window.workbench.bench.locks()") == {"grids": [found["from"]], "compounds": []}
    lock.click()
    lasso()
    saved(page)
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


# ── for everybody ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_may_not_plan_looks_on(opened: Opens, offline_page: OfflinePage) -> None:
    page = opened(login="leader", roles=["leader"])
    expect(page.locator("#saving")).to_contain_text("只读")
    expect(page.locator("[data-tool=brush]")).to_have_count(0)
    expect(page.locator(".totals")).to_contain_text("户数达标")
    assert offline_page.errors == []


def test_nothing_stands_in_the_way_of_anybody(opened: Opens) -> None:
    page = opened()
    page.locator(".grid-list .pick").first.click()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert grave_faults(page) == [], scheme
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for target in (page.locator("[data-tool=brush]"), page.locator(".pick").first):
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= 44
