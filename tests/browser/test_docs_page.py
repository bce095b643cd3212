"""The pages of the server in a real browser that has no network."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine

from tests.api.people import token_of
from tests.browser.serving import serving
from tests.conftest import OfflinePage

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(town_engine: Engine) -> Iterator[str]:
    """Address of a running server over the small town."""
    with serving(town_engine) as address:
        yield address


@pytest.fixture
def offline_page(offline_page: OfflinePage, address: str, town_engine: Engine) -> OfflinePage:
    """A page without a network, in a browser that a planner is signed in with."""
    cookie = {"name": "wangge", "value": token_of(town_engine), "url": address}
    offline_page.page.context.add_cookies([cookie])
    return offline_page


def test_the_documentation_opens_from_local_files_alone_and_tries_requests(
    offline_page: OfflinePage, address: str
) -> None:
    page = offline_page.open(f"{address}/docs")
    # The first who asks has all routes described, seconds of work, and the page then draws hundreds of them.
    expect(page.locator(".opblock-tag").first).to_be_visible(timeout=30_000)
    assert page.locator(".opblock-tag").count() >= 15
    for tag in ("plans", "divisions"):
        page.locator(f"#operations-tag-{tag}").click()
    page.get_by_text("划分网格,存为草案").click()
    expect(page.locator(".opblock-body").first).to_be_visible()
    operation = page.locator("#operations-divisions-streets_streets_get")
    operation.click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table")).to_contain_text("南湖街道")
    assert offline_page.outside == []
    assert offline_page.errors == []


def test_the_first_page_leads_to_the_map(offline_page: OfflinePage, address: str) -> None:
    page = offline_page.open(f"{address}/")
    expect(page.get_by_role("heading", name="街道")).to_be_visible()
    page.locator("table").first.get_by_role("link", name="打开").click()
    page.wait_for_load_state("load")
    assert "/map?scope=" in page.url
    expect(page.locator("#map_plan")).to_be_visible()
    assert offline_page.outside == []
    assert offline_page.errors == []
