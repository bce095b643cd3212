"""The ledger's pages in a real browser: a hazard is dealt with by clicking, whatever it says; on a desk and a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from api.visitor import COOKIE
from geo.services.cases import NewCase, open_case
from geo.storage.database import session_scope
from tests import factories as make
from tests.api.people import token_of
from tests.browser.accessible import grave_faults
from tests.browser.serving import serving
from tests.conftest import OfflinePage
from tests.databases import Databases
from tests.ledgered import ANNA, Ground, ground, photo

pytestmark = pytest.mark.browser

PAYLOAD = "<img src=x onerror='window.canary=1'>电线老化"
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[tuple[Engine, Ground]]:
    with databases.engine(databases.migrated_template()) as engine:
        with session_scope(engine) as session:
            place = ground(session)
            open_case(session, NewCase("hazard", "wiring", PAYLOAD, place_code=place.place), actor=ANNA)
        yield engine, place


@pytest.fixture(scope="module")
def address(store: tuple[Engine, Ground]) -> Iterator[str]:
    with serving(store[0]) as address:
        yield address


def sign_in(page: Page, engine: Engine, address: str, login: str, role: str, scope: str) -> None:
    page.context.clear_cookies()
    page.context.add_cookies([{"name": COOKIE, "value": token_of(engine, login, [role], [scope]), "url": address}])


def test_a_hazard_is_dealt_with_by_clicking(
    offline_page: OfflinePage, store: tuple[Engine, Ground], address: str, tmp_path: Path
) -> None:
    engine, place = store
    after = tmp_path / "after.jpg"
    after.write_bytes(photo())
    page = offline_page.page
    sign_in(page, engine, address, "lee", "leader", make.STREET)
    offline_page.open(f"{address}/cases?state=open")
    expect(page.get_by_text(PAYLOAD)).to_be_visible()
    page.get_by_role("link", name="YH").click()
    case = page.url
    page.get_by_role("button", name="定级").click()
    expect(page.locator(".way [aria-current]")).to_have_text("已定级")
    page.locator("summary", has_text="交办").click()
    page.get_by_label("承办人").fill("anna")
    page.get_by_role("button", name="交办").click()
    expect(page.locator(".way [aria-current]")).to_have_text("已交办")
    sign_in(page, engine, address, "anna", "inspector", place.grids[0])
    offline_page.open(case)
    page.get_by_role("button", name="签收整改").click()
    expect(page.locator(".way [aria-current]")).to_have_text("整改中")
    page.get_by_label("说明").first.fill("换了插座")
    page.get_by_role("button", name="整改完成").click()
    expect(page.get_by_role("alert")).to_contain_text("照片")
    page.locator("input[type=file]").first.set_input_files(after)
    page.get_by_role("button", name="整改完成").click()
    expect(page.locator(".way [aria-current]")).to_have_text("待复查")
    expect(page.get_by_role("img", name="整改后照片")).to_be_visible()
    assert page.evaluate("window.canary") is None
    assert offline_page.outside == []


@pytest.mark.parametrize("size", [None, PHONE], ids=["desk", "phone"])
def test_pages_fit_and_are_read_aloud(
    offline_page: OfflinePage, store: tuple[Engine, Ground], address: str, size: dict[str, int] | None
) -> None:
    engine, place = store
    page = offline_page.page
    if size:
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
    sign_in(page, engine, address, "lee", "leader", make.STREET)
    for path in (
        "/cases",
        "/cases/1",
        f"/bills/place/{place.place}",
        f"/statements/{make.STREET}",
        f"/responsibility/place/{place.place}",
        f"/figures/found/cases?scope={make.STREET}&since=2026-10-01&until=2026-10-31",
    ):
        offline_page.open(f"{address}{path}")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= (page.viewport_size or {})["width"], path
        lines = page.locator(".top nav a").evaluate_all("all => all.map((one) => one.getBoundingClientRect().height)")
        assert max(lines) < 40, f"a link of the head of {path} is torn apart"
        assert grave_faults(page) == [], path
    assert offline_page.errors == []
