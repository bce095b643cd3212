"""The leader's view in a real browser: a month, a figure, an area, and the cases behind a number; by keyboard too."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from api.visitor import COOKIE
from tests.api.people import token_of
from tests.browser.accessible import grave_faults
from tests.browser.serving import serving
from tests.conftest import OfflinePage
from tests.databases import Databases
from tests.factories import COMMUNITY, STREET
from tests.geo.services.test_leading import EAST, NEW, WEST, fill

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("leading", fill)) as engine:
        yield engine


@pytest.fixture(scope="module")
def address(store: Engine) -> Iterator[str]:
    with serving(store) as address:
        yield address


@pytest.fixture
def page(offline_page: OfflinePage, store: Engine, address: str) -> Page:
    """A browser that the street's leader is signed in with."""
    token = token_of(store, "lee", ["leader"], [STREET])
    offline_page.page.context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
    return offline_page.page


@pytest.fixture
def view(page: Page, offline_page: OfflinePage, address: str) -> Page:
    """The page, open, up to September."""
    offline_page.open(f"{address}/leader?until=2026-09")
    page.locator("html[data-ready]").wait_for()
    return page


def to_month(page: Page, month: str) -> None:
    """Go back, a month at a time, by keyboard."""
    page.get_by_role("slider", name="month").focus()
    for _ in range(12):
        if page.locator("#month-name").inner_text() == month:
            break
        page.keyboard.press("ArrowLeft")
    year, _, number = month.removesuffix("月").partition("年")
    page.locator(f"html[data-ready='{year}-{int(number):02}']").wait_for()


def shown_areas(page: Page) -> list[str]:
    return [text.split()[-1] for text in page.locator("#ranking .find .code").all_inner_texts()]


def bars_and_table_say_the_same(view: Page) -> None:
    view.get_by_text("各月数据").click()
    row = view.get_by_role("row", name="新增隐患(件)")
    in_words = view.locator("[data-figure=found] .bars title").all_text_contents()
    assert [text.partition(":")[2].removesuffix(" 件 cases") for text in in_words] == row.get_by_role(
        "cell"
    ).all_inner_texts()
    assert len(in_words) == 12


def test_from_a_question_to_its_cases(view: Page, offline_page: OfflinePage) -> None:
    expect(view.get_by_role("heading", name="隐患查找到了没有?")).to_be_visible()
    expect(view.locator("#figure-name")).to_contain_text("检查覆盖率")
    to_month(view, "2026年8月")
    found = view.locator("[data-figure=found]")
    expect(found.locator(".value")).to_contain_text("1")
    expect(found.locator(".change")).to_contain_text("较上月 +1")
    expect(view.locator("[data-figure=complaints].bad .value")).to_contain_text("1")

    view.get_by_role("button", name="超期隐患").click()
    view.get_by_role("radio", name="按网格").check()
    expect(view.locator("#ranking .find")).to_have_count(3)
    assert sorted(shown_areas(view)) == [code[9:] for code in (WEST, EAST, NEW)]
    expect(view.locator("#map path.area")).to_have_count(3)
    expect(view.locator("#map path.worse-1")).to_have_count(2)
    view.locator("#ranking .find").first.click()
    expect(view.locator("#ranking tr[aria-selected=true]")).to_have_count(1)
    expect(view.locator("#map path.chosen")).to_have_count(1)

    to_month(view, "2026年6月")
    expect(view.locator("#map path.area")).to_have_count(2)
    assert sorted(shown_areas(view)) == [code[9:] for code in (WEST, EAST)]

    bars_and_table_say_the_same(view)
    view.locator("[data-figure=overdue] .value a").click()
    view.wait_for_url("**/figures/overdue/cases**")
    expect(view.locator("table.ledger tbody tr")).to_have_count(1)
    view.locator("table.ledger a").first.click()
    expect(view.locator("h1 .code")).to_contain_text("YH")
    assert offline_page.outside == []
    assert offline_page.errors == []


def test_nobody_gets_lost_far_off(view: Page) -> None:
    out = view.locator(".leaflet-control-zoom-out")
    for _ in range(2):
        out.click()
    expect(out).to_have_attribute("aria-disabled", "true")


def test_who_comes_back_finds_what_was_chosen(view: Page) -> None:
    address = view.url
    view.get_by_role("button", name="超期隐患").click()
    view.get_by_role("radio", name="按网格").check()
    to_month(view, "2026年8月")
    view.locator("[data-figure=overdue] .value a").click()
    view.wait_for_url("**/figures/overdue/cases**")
    view.go_back()
    view.locator("html[data-ready='2026-08']").wait_for()
    view.reload()
    view.locator("html[data-ready='2026-08']").wait_for()
    expect(view.locator("#month-name")).to_have_text("2026年8月")
    expect(view.locator("#figure-name")).to_contain_text("超期隐患")
    expect(view.get_by_role("radio", name="按网格")).to_be_checked()
    expect(view.locator("#ranking .find")).to_have_count(3)
    # One's own grid leads nowhere else; others keep what was chosen.
    view.locator("#ranking .into").first.click()
    view.locator("html[data-ready='2026-08']").wait_for()
    expect(view.locator("#ranking .into")).to_have_count(0)
    expect(view.locator("select[name=scope] option:checked")).to_contain_text("网格")
    # As at first, the address says nothing: next month is then shown by itself.
    view.goto(address)
    view.locator("html[data-ready='2026-09']").wait_for()
    assert view.url == address


#: Cells of a card that reach over its edge.
CUT_OFF = """() => [...document.querySelectorAll('table.ledger tbody td')].map((cell) => {
  const words = document.createRange();
  words.selectNodeContents(cell);
  return words.getBoundingClientRect().right > cell.parentElement.getBoundingClientRect().right ? cell.textContent : '';
}).filter(Boolean)"""


def open_share_and_walk_by_keyboard(view: Page, offline_page: OfflinePage) -> None:
    """From the share of what was inspected to what was not, and on to one building."""
    share = view.locator("[data-figure=coverage] .value a")
    expect(share).to_have_text("50.0")
    share.focus()
    view.keyboard.press("Enter")
    view.wait_for_url("**/figures/coverage/buildings**")
    expect(view.locator(".bounds").nth(1)).to_contain_text("现有楼栋 2 栋,期内入内检查过 1 栋(50.0%);其余 1 栋")
    expect(view.locator("table.ledger tbody tr")).to_have_count(1)
    assert grave_faults(view) == []
    screen = view.viewport_size
    view.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert view.evaluate(CUT_OFF) == []
    view.set_viewport_size(screen)  # type: ignore[arg-type]
    view.locator("table.ledger a").first.focus()
    view.keyboard.press("Enter")
    view.wait_for_url("**/bills/building/**")
    assert offline_page.errors == []


def test_what_a_share_leaves_out_and_grids_without_anybody_open_too(view: Page, offline_page: OfflinePage) -> None:
    to_month(view, "2026年8月")
    open_share_and_walk_by_keyboard(view, offline_page)
    view.go_back()
    view.go_back()
    view.locator("html[data-ready='2026-08']").wait_for()
    lonely = view.locator("[data-figure=grids_without_worker] .value a")
    expect(lonely).to_have_text("3")
    lonely.click()
    expect(view.locator("table.ledger tbody tr")).to_have_count(3)
    expect(view.get_by_text("wangge import")).to_be_visible()
    view.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert view.evaluate("document.documentElement.scrollWidth <= innerWidth")
    view.emulate_media(color_scheme="dark")
    assert grave_faults(view) == []


WHITE = "rgb(255, 255, 255)"


def ground_of(page: Page, selector: str) -> str:
    found: str = page.locator(selector).first.evaluate("node => getComputedStyle(node).backgroundColor")
    return found


def test_on_paper_all_is_white_and_nothing_is_for_hands(view: Page, address: str) -> None:
    to_month(view, "2026年8月")
    view.emulate_media(media="print", color_scheme="dark")
    for ground in ("body", ".question", ".ranking"):
        assert ground_of(view, ground) == WHITE, ground
    for control in (".top", ".scope", "#before", "#month", ".by", ".files", ".leaflet-control-zoom", ".into"):
        expect(view.locator(control).first).to_be_hidden()
    for told in ("#month-name", "[data-figure=found] .value", "#legend", "#ranking tbody tr", "#map path.area"):
        expect(view.locator(told).first).to_be_visible()
    for figure in ("coverage/buildings", "found/cases"):
        view.goto(f"{address}/figures/{figure}?scope={STREET}&since=2026-06-01&until=2026-06-30&limit=1")
        assert [ground_of(view, ground) for ground in ("body", "table.ledger")] == [WHITE, WHITE]
        expect(view.locator("table.ledger tbody tr")).to_have_count(1)
        for control in (".top", ".files", ".more"):
            assert view.locator(control).filter(visible=True).count() == 0, control


def test_on_a_phone_nothing_is_cut_off_and_trouble_is_said(view: Page) -> None:
    view.set_viewport_size(PHONE)  # type: ignore[arg-type]
    view.get_by_text("各月数据").click()
    assert view.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for pick in view.locator(".pick").all():
        box = pick.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    assert grave_faults(view) == []

    view.route("**/leader/areas**", lambda route: route.abort())
    view.get_by_role("radio", name="按网格").check()
    notice = view.get_by_role("alert")
    expect(notice).to_contain_text("连不上服务器")
    view.unroute("**/leader/areas**")
    notice.get_by_role("button", name="立即重试").click()
    expect(notice).to_be_hidden()
    expect(view.locator("#ranking .find")).to_have_count(3)


def test_a_report_takes_a_resolution_and_shows_it_as_a_case(
    page: Page, offline_page: OfflinePage, address: str
) -> None:
    page.goto(f"{address}/reports/community_monthly?scope={COMMUNITY}&period=2026-08")
    expect(page.locator("#item-overdue ~ table tbody tr")).to_have_count(2)
    page.emulate_media(color_scheme="dark")
    assert grave_faults(page) == []
    page.get_by_role("textbox", name="决议").fill("加装电动车充电桩")
    page.get_by_role("textbox", name="由谁负责").fill("物业公司")
    # A hazard is somewhere: what the server says of it stands in the form, and nothing typed is lost.
    page.get_by_role("combobox", name="按").select_option("hazard")
    page.get_by_role("button", name="登记决议").click()
    expect(page.get_by_role("alert")).to_contain_text("隐患须写明")
    offline_page.errors.clear()  # the browser's own line about a 422
    page.get_by_role("combobox", name="按").select_option("request")
    page.get_by_role("button", name="登记决议").click()
    row = page.locator("#item-resolutions ~ table tbody tr")
    expect(row).to_contain_text("加装电动车充电桩")
    expect(row).to_contain_text("物业公司")
    row.get_by_role("link").click()
    expect(page.get_by_text("会议决议")).to_be_visible()
    assert offline_page.errors == []


def test_the_published_map_asks_for_nothing(page: Page, offline_page: OfflinePage, address: str) -> None:
    offline_page.errors.clear()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/published/map?street={STREET}")
    expect(page.locator("path.class-hidden")).to_have_count(1)
    page.get_by_role("radio", name="网格").check()
    expect(page.locator("path.class-hidden")).to_have_count(3)
    assert [url for url in asked if "favicon" not in url] == [f"{address}/published/map?street={STREET}"]
    assert offline_page.errors == []
