"""What planners share at the workbench, in a real browser: solving the rest, who is there, remarks; and the report."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from api.main import create_app
from api.settings import AppSettings
from api.visitor import COOKIE
from tests.api import town
from tests.api.people import client_of, token_of
from tests.browser.accessible import grave_faults
from tests.browser.serving import serving
from tests.conftest import OfflinePage
from tests.databases import Databases

pytestmark = pytest.mark.browser

COMMUNITY = town.COMMUNITIES[0]
PATIENCE_MS = 60_000
PHONE_WIDTH, PHONE_HEIGHT = 390, 844


@pytest.fixture(scope="module")
def engine(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("workbench", town.settle)) as engine:
        yield engine


@pytest.fixture(scope="module")
def colleague(engine: Engine) -> Iterator[TestClient]:
    """Another planner, at another process of the program, as a program."""
    with client_of(create_app(AppSettings(), engine), engine, "colleague") as client:
        yield client


@pytest.fixture(scope="module")
def plan(colleague: TestClient) -> int:
    """A draft in which one grid has taken over another one, by hand."""
    made = colleague.post("/plans", json={"scope": COMMUNITY, "lower": 80, "upper": 130, "seed": 3}).json()["id"]
    homes = homes_of(colleague, made)
    for ending, target in [(a, b) for a in sorted(set(homes.values())) for b in sorted(set(homes.values())) if a != b]:
        moves = [{"building_code": code, "grid_code": target} for code, grid in homes.items() if grid == ending]
        body = {"moves": moves, "ended_grids": [ending]}
        headers = {"If-Match": '"1"'}
        if colleague.patch(f"/plans/{made}/assignment", json=body, headers=headers).status_code == 200:
            return int(made)
    raise AssertionError("no grid can take over another")


def homes_of(client: TestClient, plan: int) -> dict[str, str]:
    rows = client.get(f"/plans/{plan}/assignment").json()["items"]
    return {row["building_code"]: row["grid_code"] for row in rows}


def test_a_planner_solves_the_rest_and_works_beside_a_colleague(
    offline_page: OfflinePage, engine: Engine, colleague: TestClient, plan: int
) -> None:
    expect.set_options(timeout=PATIENCE_MS)
    page = offline_page.page
    page.set_default_timeout(PATIENCE_MS)
    was = homes_of(colleague, plan)
    with serving(engine) as address:
        page.context.add_cookies([{"name": COOKIE, "value": token_of(engine), "url": address}])
        offline_page.open(f"{address}/plans/{plan}/workbench")
        page.locator("html[data-ready]").wait_for(state="attached")
        locked = _solved_and_undone(page, colleague, plan, was)
        _seen(page, colleague, plan, locked)
        _remarked_on(page, colleague, plan)
        assert grave_faults(page) == []
        page.set_viewport_size({"width": PHONE_WIDTH, "height": PHONE_HEIGHT})
        page.emulate_media(color_scheme="dark")
        assert grave_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE_WIDTH
        offline_page.open(f"{address}/plans/{plan}/report")
        expect(page.locator("h1")).to_contain_text("Report of plan")
        assert page.locator("table.grids tbody tr").count() == len(set(homes_of(colleague, plan).values()))
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE_WIDTH
        assert grave_faults(page) == []
        _adopted(page)
        _drafted_anew(page, address)
        assert offline_page.errors == []
        assert offline_page.outside == []
        page.goto("about:blank")
    expect.set_options(timeout=5_000)


def _adopted(page: Page) -> None:
    """Adopt the draft below its report, once it is said to be read; the workbench then leads on to a new draft."""
    page.get_by_role("button", name="采用第").click()
    expect(page.locator(".facts")).to_contain_text("尚未采用")
    page.locator(".adopt input").check()
    page.get_by_role("button", name="采用第").click()
    expect(page.locator(".facts")).to_contain_text("与采用时一致")
    expect(page.locator(".adopt")).to_have_count(0)
    page.get_by_role("link", name="工作台").click()
    expect(page.locator("#saving")).to_contain_text("只读")
    page.get_by_role("link", name="起草新方案").click()


def _drafted_anew(page: Page, address: str) -> None:
    """Ask for a draft of the same community as it is in force, and come to the workbench."""
    page.wait_for_url(f"{address}/plans?scope={COMMUNITY}#draft")
    expect(page.locator("#draft [name=scope]")).to_have_value(COMMUNITY)
    page.get_by_label("每格最少户数").fill("80")
    page.get_by_label("最多").fill("130")
    page.get_by_label("名称").fill("从现行开始")
    assert grave_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE_WIDTH
    page.get_by_role("button", name="起草").click()
    page.wait_for_url(f"{address}/plans/*/workbench")
    page.locator("html[data-ready]").wait_for(state="attached")
    expect(page.locator("#saving")).to_contain_text("第 1 版")
    expect(page.locator("h1")).to_have_text("从现行开始")


def _solved_and_undone(page: Page, colleague: TestClient, plan: int, was: dict[str, str]) -> str:
    """Lock a grid that is in range, solve the rest, and go back."""
    sizes = {grid: 10 * list(was.values()).count(grid) for grid in set(was.values())}
    locked = min(grid for grid, size in sizes.items() if size <= 130)
    page.locator(f"tr[data-grid='{locked}'] .lock").click()
    expect(page.locator("#solving .hint").first).to_contain_text("锁定 1 个网格")
    page.locator("#solving .main").click()
    expect(page.locator("#solving [role=status]")).to_contain_text("已重划")
    now = homes_of(colleague, plan)
    assert {code for code, grid in now.items() if grid == locked} == {c for c, grid in was.items() if grid == locked}
    assert all(10 * list(now.values()).count(grid) <= 130 for grid in set(now.values()))
    expect(page.locator("#figures")).to_contain_text(f"{len(set(now.values()))} / {len(set(now.values()))}")
    expect(page.locator("#saving")).to_contain_text("第 3 版")
    page.get_by_role("button", name="撤销这次重划").click()
    expect(page.locator("#solving [role=status]")).to_contain_text("已恢复")
    assert homes_of(colleague, plan) == was
    return locked


def _seen(page: Page, colleague: TestClient, plan: int, grid: str) -> None:
    """The colleague comes, at a grid, and goes; what they change is on the page without anybody's doing."""
    assert colleague.put(f"/plans/{plan}/presence", json={"here": True, "grid_code": grid}).status_code == 200
    expect(page.locator("#others")).to_contain_text("colleague")
    assert [one["who"] for one in colleague.get(f"/plans/{plan}/news").json()["present"]] == ["planner", "colleague"]
    homes = homes_of(colleague, plan)
    new = f"{COMMUNITY}099"
    body = {
        "moves": [{"building_code": code, "grid_code": new} for code, held in homes.items() if held == grid],
        "new_grids": [new],
        "ended_grids": [grid],
    }
    version = colleague.get(f"/plans/{plan}").json()["version"]
    answer = colleague.patch(f"/plans/{plan}/assignment", json=body, headers={"If-Match": f'"{version}"'})
    assert answer.status_code == 200
    expect(page.locator(f"tr[data-grid='{new}']")).to_be_visible()
    colleague.put(f"/plans/{plan}/presence", json={"here": False})
    expect(page.locator("#others")).to_be_hidden()


def _remarked_on(page: Page, colleague: TestClient, plan: int) -> None:
    path = f"/plans/{plan}/comments"
    assert colleague.post(path, json={"text": "<i>走南门</i>"}).status_code == 201
    expect(page.locator(".remarks .words")).to_have_text("<i>走南门</i>")
    page.locator("#remark").fill("同意")
    page.get_by_role("button", name="发表").click()
    expect(page.locator(".remarks li")).to_have_count(2)
    page.get_by_role("button", name="已处理").first.click()
    expect(page.locator(".remarks li")).to_have_count(1)
    items = colleague.get(path).json()["items"]
    assert [(one["who"], one["resolved_by"]) for one in items] == [("colleague", "planner"), ("planner", None)]
