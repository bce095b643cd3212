"""A phone whose battery is low: its round is not renewed by itself until there is power again."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.phones import phone, see, served
from tests.databases import Databases
from tests.geo.services import inspected

pytestmark = pytest.mark.browser

#: Milliseconds after which the round is renewed by itself.
RENEWED_AFTER_MS = 600_000
ROUND = "**/rounds/today*"


def power(page: Page, level: float, *, charging: bool = False) -> None:
    """Have the page believe that the battery has so much left."""
    page.evaluate("(left) => { navigator.getBattery = async () => left; }", {"level": level, "charging": charging})


def seen_again(page: Page) -> None:
    """Have the page seen once more, and wait until it has done what it does then: to say how it stands comes last."""
    page.evaluate("document.getElementById('signal').replaceChildren()")
    see(page, "hidden")
    see(page, "visible")
    expect(page.locator("#signal")).to_contain_text("都已发送")


def test_a_low_battery_puts_renewing_off(browser: Browser, databases: Databases) -> None:
    with (
        databases.engine(databases.filled("inspected", inspected.fill)) as engine,
        served(engine) as server,
        phone(browser, server) as page,
    ):
        page.clock.install()
        page.reload()
        page.locator("html[data-ready]").wait_for()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/rounds/today" in request.url else None)
        power(page, 0.2)
        page.clock.fast_forward(RENEWED_AFTER_MS)
        seen_again(page)
        assert asked == []
        power(page, 0.2, charging=True)
        with page.expect_request(ROUND):
            seen_again(page)
