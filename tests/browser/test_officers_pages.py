"""The three administrators' pages in a real browser: somebody is let in, given a role, and ended again by clicking."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from api.visitor import COOKIE
from tests.api import town
from tests.api.people import token_of
from tests.browser.accessible import grave_faults
from tests.browser.serving import serving
from tests.conftest import OfflinePage
from tests.databases import Databases

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.migrated_template()) as engine:
        yield engine


@pytest.fixture(scope="module")
def address(store: Engine) -> Iterator[str]:
    with serving(store) as address:
        yield address


def sign_in(page: Page, engine: Engine, address: str, role: str) -> None:
    page.context.clear_cookies()
    token = token_of(engine, role.replace("_", "-"), [role], [])
    page.context.add_cookies([{"name": COOKIE, "value": token, "url": address}])


def test_from_nobody_to_a_planner_and_out(offline_page: OfflinePage, store: Engine, address: str) -> None:
    page = offline_page.page
    sign_in(page, store, address, "administrator")
    offline_page.open(f"{address}/accounts")
    page.locator("summary", has_text="建立账户").click()
    page.get_by_label("登录名").fill("li.hua")
    page.get_by_label("姓名").fill("李华")
    page.get_by_role("button", name="建立").click()
    expect(page.get_by_role("textbox", name="一次性链接")).to_have_value(re.compile(f"^{address}/invitation"))

    sign_in(page, store, address, "security_officer")
    offline_page.open(f"{address}/accounts/li.hua")
    page.get_by_label("规划员").check()
    page.get_by_role("button", name="授予").click()
    expect(page.get_by_role("alert")).to_contain_text("须至少有一个范围")
    page.get_by_label("范围").fill(town.STREET)
    page.get_by_role("button", name="授予").click()
    expect(page.locator(".facts")).to_contain_text(town.STREET)

    sign_in(page, store, address, "administrator")
    page.set_viewport_size({"width": 390, "height": 844})
    offline_page.open(f"{address}/accounts/li.hua")
    assert grave_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("summary", has_text="停用").click()
    page.get_by_role("button", name="停用").click()
    expect(page.locator("h1")).to_contain_text("已停用")

    sign_in(page, store, address, "auditor")
    offline_page.open(f"{address}/audit?noun=account&what=ended")
    expect(page.locator("tbody tr")).to_contain_text("停用")
    assert grave_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_label("做了什么").select_option("role given")
    page.get_by_role("button", name="筛选").click()
    expect(page.locator("tbody tr")).to_have_count(4)
    assert offline_page.outside == []


def test_on_a_phone_the_head_leaves_the_screen_to_the_work(
    offline_page: OfflinePage, store: Engine, address: str
) -> None:
    page = offline_page.page
    sign_in(page, store, address, "administrator")
    page.set_viewport_size({"width": 390, "height": 844})
    offline_page.open(f"{address}/")
    head = page.locator("header").bounding_box()
    assert head is not None
    assert head["height"] <= 844 / 10
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for name in ("修改密码", "退出"):
        box = page.locator("header").get_by_text(name).bounding_box()
        assert box is not None
        assert box["height"] >= 44
    assert grave_faults(page) == []
