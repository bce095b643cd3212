"""Planners on one draft at once, in real browsers: what each does, the others see and are asked about."""

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect

from tests.browser.accessible import grave_faults
from tests.browser.working import (  # noqa: F401 - fixtures among them
    Opens,
    address,
    client,
    engine,
    opened,
    paint,
    patience,
    plan,
    saved,
)
from tests.conftest import OfflinePage

# ruff: noqa: F811 - a fixture is named where it is used

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>甲案\"'"
PHONE = {"width": 390, "height": 844}


def test_a_draft_is_renamed_and_not_over_anothers_name(
    opened: Opens, offline_page: OfflinePage, client: TestClient, plan: int, address: str
) -> None:
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
    # What others named it meanwhile is told here, and not overwritten unseen.
    page.route("**/news?*", lambda route: route.abort())
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
    offline_page.errors.clear()  # news that were kept from it, and the version that was not the newest
    offline_page.open(f"{address}/plans/{plan}/report")
    page.get_by_role("button", name="改名").click()
    named.fill("丁案")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("丁案")
    assert offline_page.errors == []
    assert offline_page.outside == []
