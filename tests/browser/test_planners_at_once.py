"""Planners on one draft at once, in real browsers: what each does, the others see and are asked about."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect
from sqlalchemy import Engine, text

from api.main import create_app
from api.settings import AppSettings
from api.visitor import COOKIE
from geo.storage.database import session_scope
from geo.territory import codes
from tests.api import town
from tests.api.people import client_of, token_of
from tests.browser.accessible import grave_faults
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
    undo,
)
from tests.conftest import SCREEN, OfflinePage

# ruff: noqa: F811 - a fixture is named where it is used

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>甲案\"'"
PHONE = {"width": 390, "height": 844}
COLLEAGUE = "colleague"

#: Puts a grid of the plan, and one that it has no more, where browsers used to keep locks; returns the first.
KEEP = """async () => {
  const { Kept } = await import('/static/common/kept.js');
  const { place } = window.workbench.outbox;
  const grids = [window.workbench.draft.codes.at(-1)];
  const gone = grids[0].slice(0, 12) + '998';
  const kept = new Kept('wangge-workbench', { strokes: 'id', sending: 'place', locks: 'place' });
  await kept.put('locks', { place, grids: [...grids, gone], compounds: [] });
  return grids;
}"""


def test_a_draft_is_renamed_and_not_over_anothers_name(
    opened: Opens, offline_page: OfflinePage, client: TestClient, plan: int, address: str
) -> None:
    # What others named it is met by the renaming itself: no news come before it.
    offline_page.page.route("**/news?*", lambda route: route.abort())
    page = opened()
    named = page.get_by_role("textbox", name="名称")
    page.get_by_role("button", name="改名").click()
    expect(named).to_have_value("工作台")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="改名").click()
    named.fill(f" {HOSTILE} ")
    assert grave_faults(page) == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    expect(page.locator("#saving")).to_contain_text("第 2 版")
    assert page.title() == f"工作台 Workbench · {HOSTILE} · 网格 wangge"
    assert client.get(f"/plans/{plan}").json()["name"] == HOSTILE
    paint(page)
    saved(page)
    expect(page.locator("#saving")).to_contain_text("第 3 版")
    # It is told, and not overwritten unseen.
    other = client.patch(f"/plans/{plan}", json={"name": "乙案"}, headers={"If-Match": '"3"'})
    assert other.status_code == 200
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.get_by_role("button", name="改名").click()
    named.fill("丙案")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("乙案")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert grave_faults(page) == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("丙案")
    page.goto("about:blank")
    offline_page.errors.clear()  # news that were kept from it, and the version that was not the newest
    offline_page.open(f"{address}/plans/{plan}/report")
    page.get_by_role("button", name="改名").click()
    named.fill("丁案")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("丁案")
    assert offline_page.errors == []
    assert offline_page.outside == []


#: Moves one building of a compound into a grid beside it, and marks it; returns how many units went along.
INTO_A_NEIGHBOUR = """(code) => {
  const page = window.workbench;
  const { ground, labels } = page.draft;
  for (let unit = 0; unit < ground.count; unit += 1) {
    if (ground.compounds.code[ground.compoundOf[unit]] !== code) continue;
    const to = [...labels].find((label) => label !== labels[unit]);
    const was = [...labels];
    page.mark(unit);
    page.move([unit], to);
    return [...page.draft.labels].filter((label, each) => label !== was[each]).length;
  }
  return 0;
}"""


@pytest.fixture
def colleague(engine: Engine) -> Iterator[TestClient]:
    with client_of(create_app(AppSettings(), engine), engine, COLLEAGUE) as client:
        yield client


@pytest.fixture
def colleagues_page(browser: Browser, engine: Engine, address: str, plan: int) -> Iterator[OfflinePage]:
    """The same draft in the browser of another planner."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.add_cookies([{"name": COOKIE, "value": token_of(engine, login=COLLEAGUE), "url": address}])
    theirs = OfflinePage.watched(context)
    theirs.open(f"{address}/plans/{plan}/workbench").locator("html[data-ready]").wait_for()
    yield theirs
    context.close()


def test_what_a_colleague_locked_is_marked_and_asked_about(
    opened: Opens, colleagues_page: OfflinePage, offline_page: OfflinePage, client: TestClient, plan: int
) -> None:
    theirs, page = colleagues_page.page, opened()
    stroke = page.evaluate(LEGAL, [])
    before = homes_of(client, plan)
    lock = page.locator(f"tr[data-grid='{stroke['from']}'] .lock")
    theirs.locator(f"tr[data-grid='{stroke['from']}'] .lock").click()
    expect(lock).to_have_attribute("title", f"由 {COLLEAGUE} 锁定 locked by {COLLEAGUE}")
    expect(page.locator("#said")).to_contain_text(f"{COLLEAGUE} 锁定了")
    expect(page.locator("#solving")).to_contain_text("其中 1 处由别人锁定")
    # A reload finds it again: it is the server's.
    opened()
    expect(lock).to_have_attribute("aria-pressed", "true")
    # Painting over it is asked about, with a brush in hand; what is not agreed to has not happened.
    paint(page)
    asked = page.get_by_role("dialog", name="别人锁定的网格")
    expect(asked).to_contain_text(f"由 {COLLEAGUE} 锁定")
    assert grave_faults(page) == []
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="dark")
    assert grave_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.set_viewport_size(SCREEN)
    page.keyboard.press("Enter")  # the button that changes nothing has the focus
    expect(asked).to_have_count(0)
    saved(page)
    assert homes_of(client, plan) == before
    painted = paint(page)
    asked.get_by_role("button", name="仍要改").click()
    expect(page.locator("#saving")).to_contain_text("已保存 · 第 2 版")
    expect(asked).to_have_count(0)
    assert homes_of(client, plan) == before | {painted["key"]: painted["to"]}
    # Agreed to, it is not asked about again; taken back it is as it was.
    undo(page)
    expect(page.locator("#saving")).to_contain_text("已保存 · 第 3 版")
    assert homes_of(client, plan) == before
    expect(theirs.locator("#saving")).to_contain_text("第 3 版")
    # To lift another's lock is asked about as well, and seen by them.
    lock.click()
    page.get_by_role("dialog", name="解除别人的锁定").get_by_role("button", name="解锁").click()
    expect(lock).to_have_attribute("aria-pressed", "false")
    expect(theirs.locator(f"tr[data-grid='{stroke['from']}'] .lock")).to_have_attribute("aria-pressed", "false")
    assert client.get(f"/plans/{plan}/locks").json() == {"locks": []}
    # So is taking back what was painted before the other locked it.
    painted = paint(page)
    expect(page.locator("#saving")).to_contain_text("已保存 · 第 4 版")
    theirs.locator(f"tr[data-grid='{painted['to']}'] .lock").click()
    expect(page.locator(f"tr[data-grid='{painted['to']}'] .lock")).to_have_attribute("aria-pressed", "true")
    undo(page)
    asked.get_by_role("button", name="取消").click()
    saved(page)
    assert homes_of(client, plan) == before | {painted["key"]: painted["to"]}
    undo(page)
    asked.get_by_role("button", name="仍要改").click()
    expect(page.locator("#saving")).to_contain_text("已保存 · 第 5 版")
    assert homes_of(client, plan) == before
    for one in (colleagues_page, offline_page):
        assert one.errors == []
        assert one.outside == []


def test_a_compound_that_a_colleague_keeps_whole_comes_along_and_is_told(
    opened: Opens, colleague: TestClient, engine: Engine, plan: int
) -> None:
    compound = codes.make("compound", COMMUNITY, 1)
    held = {"compound": compound, "codes": [town.building_code(0, number) for number in (1, 2, 3)]}
    with session_scope(engine) as session:
        session.execute(text("UPDATE building SET compound_code = :compound WHERE code = ANY (:codes)"), held)
    assert colleague.patch(f"/plans/{plan}/locks", json={"lock": [compound]}).status_code == 200
    page = opened()
    moved = page.evaluate(INTO_A_NEIGHBOUR, compound)
    assert moved == len(held["codes"])
    expect(page.locator("#said")).to_contain_text(f"别人锁定的小区整个划入:<b>湖畔</b>花园({COLLEAGUE})")
    label = page.locator(".unit label", has_text="保持整体")
    expect(label).to_contain_text(f"由 {COLLEAGUE} 锁定")
    label.locator("input").click()
    page.get_by_role("dialog", name="解除别人的锁定").get_by_role("button", name="取消").click()
    expect(label.locator("input")).to_be_checked()


def test_a_lock_that_the_server_does_not_take_is_as_it_was(opened: Opens, client: TestClient, plan: int) -> None:
    page = opened()
    lock = page.locator(".lock").first
    page.route("**/locks", lambda route: route.abort())
    lock.click()
    expect(page.get_by_role("alert").first).to_contain_text("连不上服务器")
    expect(lock).to_have_attribute("aria-pressed", "false")
    page.unroute("**/locks")
    page.get_by_role("button", name="立即重试").click()
    expect(lock).to_have_attribute("aria-pressed", "true")
    page.evaluate("window.workbench.locking.last")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert [one["who"] for one in client.get(f"/plans/{plan}/locks").json()["locks"]] == ["planner"]
    # Locks that a browser kept for itself, before the server did, are everybody's once the page is opened.
    kept = page.evaluate(KEEP)
    opened()
    told = client.get(f"/plans/{plan}/locks").json()["locks"]
    assert [one["code"] for one in told if one["code"] in kept] == kept
    client.patch(f"/plans/{plan}/locks", json={"lift": kept})
    opened()
    expect(page.locator(f"tr[data-grid='{kept[0]}'] .lock")).to_have_attribute("aria-pressed", "false")
