"""Planners at the workbench: a town with a plan in force, a draft each, the page in a browser, strokes of the brush."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from api.main import create_app
from api.settings import AppSettings
from api.visitor import COOKIE
from tests.api import town
from tests.api.people import client_of, token_of
from tests.browser.serving import serving
from tests.conftest import OfflinePage
from tests.databases import Databases

COMMUNITY = town.COMMUNITIES[0]
ASKED = {"scope": COMMUNITY, "lower": 80, "upper": 130, "seed": 3, "name": "工作台"}
#: Milliseconds that an edit may take to be saved on a machine with much else to do.
PATIENCE_MS = 60_000

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
        page.locator("html[data-ready]").wait_for(timeout=PATIENCE_MS)
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
    seen: dict[str, Any] = {}
    # What others changed may arrive at any moment, and another building is legal then.
    while seen.get("key") != found["key"] or seen.get("to") != found["to"]:
        found = seen or found
        page.locator(f"tr[data-grid='{found['to']}'] .pick").click()
        page.keyboard.press("0")
        page.keyboard.press("b")
        page.evaluate("window.workbench.tools.radius = 3")
        seen = page.evaluate(LEGAL, list(others))
    found = seen
    page.mouse.move(found["x"], found["y"])
    page.mouse.down()
    page.mouse.up()
    return found


def saved(page: Page) -> None:
    expect(page.locator("#saving")).to_have_attribute("data-state", "saved")


def undo(page: Page, keys: str = "Control+z") -> None:
    page.locator(".canvases").focus()
    page.keyboard.press(keys)
