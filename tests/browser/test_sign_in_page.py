"""Signing in with a real browser: by keyboard, on a phone, without a script."""

from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine

from geo.services import accounts
from geo.storage.database import session_scope
from tests.api import town
from tests.browser.accessible import grave_faults
from tests.browser.serving import serving
from tests.conftest import OfflinePage

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def engine(town_engine: Engine) -> Engine:
    with session_scope(town_engine) as session:
        for login, roles, scopes in (("li.hua", ["planner"], [town.STREET]), ("admin", ["administrator"], [])):
            accounts.make_ready(session, login, "某人某某", roles=roles, scopes=scopes, password=PASSWORD, who="test")
    return town_engine


@pytest.fixture(scope="module")
def address(engine: Engine) -> Iterator[str]:
    """Address of a running server over the small town."""
    with serving(engine) as address:
        yield address


def fill(page: Page, login: str, password: str) -> None:
    page.get_by_label("登录名").fill(login)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()


def test_in_with_the_keyboard_and_out_again(offline_page: OfflinePage, address: str) -> None:
    page = offline_page.open(f"{address}/map?scope={town.STREET}")
    assert "/sign-in?to=" in page.url
    expect(page.get_by_label("登录名")).to_be_focused()
    page.keyboard.type("li.hua")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/map?scope={town.STREET}")
    page.goto(address)
    expect(page.get_by_text("li.hua")).to_be_visible()
    page.get_by_role("button", name="退出").click()
    page.wait_for_url(f"{address}/sign-in")
    page.goto(address)
    assert "/sign-in" in page.url
    assert offline_page.outside == []
    assert offline_page.errors == []


def test_what_was_wrong_is_said_and_the_login_kept(offline_page: OfflinePage, address: str) -> None:
    page = offline_page.open(f"{address}/sign-in")
    fill(page, "li.hua", "wrong password")
    expect(page.get_by_role("alert")).to_contain_text("登录名、密码或动态码不对")
    expect(page.get_by_label("登录名")).to_have_value("li.hua")
    expect(page.get_by_label("密码")).to_have_value("")
    expect(page.get_by_label("密码")).to_be_focused()
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/")


def test_an_administrator_enrols_a_second_factor(offline_page: OfflinePage, address: str) -> None:
    page = offline_page.open(f"{address}/sign-in")
    fill(page, "admin", PASSWORD)
    page.wait_for_url(f"{address}/second-factor")
    box = page.get_by_role("img", name="二维码").bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 150
    key = page.locator("#key").inner_text().replace(" ", "")
    page.get_by_label("动态码").fill(pyotp.TOTP(key).now())
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/")
    expect(page.get_by_role("link", name="账户")).to_be_visible()
    assert offline_page.errors == []


def test_on_a_phone_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 640}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    width = page.get_by_role("button", name="登录").bounding_box()
    assert width is not None
    assert width["height"] >= 44
    assert width["x"] >= 0
    assert width["x"] + width["width"] <= 360
    fill(page, "li.hua", PASSWORD)
    page.wait_for_url(f"{address}/")
    expect(page.get_by_role("button", name="退出")).to_be_visible()
    context.close()


def test_signing_in_by_night(offline_page: OfflinePage, address: str) -> None:
    offline_page.page.emulate_media(color_scheme="dark")
    for path in ("/sign-in?fresh=true", "/invitation?link=" + "x" * 43):  # the second is no link: what went wrong
        page = offline_page.open(f"{address}{path}")
        background = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)")
        assert max(background) < 64
        assert grave_faults(page) == []


def test_another_site_cannot_act_with_the_cookie(offline_page: OfflinePage, address: str) -> None:
    page = offline_page.open(f"{address}/sign-in")
    fill(page, "li.hua", PASSWORD)
    page.wait_for_url(f"{address}/")
    elsewhere = address.replace("127.0.0.1", "localhost")
    page.goto(f"{elsewhere}/sign-in")
    # The same server under another name stands for another site: its form reaches this one without being heard.
    answer = page.context.request.post(f"{address}/sign-out", headers={"Origin": elsewhere})
    assert answer.status == 403
    page.goto(address)
    expect(page.get_by_text("li.hua")).to_be_visible()
