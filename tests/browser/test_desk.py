"""The clerk's desk in a real browser: a whole call by keyboard, choices, what fails, phones, input methods, axe."""

import re
from collections.abc import Iterator
from datetime import datetime
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import Engine, text

from api.visitor import COOKIE
from geo.storage.database import session_scope
from geo.territory import codes
from geo.territory.times import CHINA_TIME
from tests import factories as make
from tests.api.people import bearing, token_of
from tests.browser.accessible import grave_faults
from tests.browser.serving import serving
from tests.conftest import OfflinePage
from tests.databases import Databases
from tests.geo.services import addressed
from tests.geo.services.addressed import FIRST, FLAG, GRIDS, SECOND, TWO

pytestmark = pytest.mark.browser

DOOR = "锦绣花园1栋1单元201"
PAYLOAD = "<img src=x onerror='window.canary=1'>楼"
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def engine(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("desk", _fill)) as engine:
        yield engine


def _fill(engine: Engine) -> None:
    addressed.fill(engine)
    with session_scope(engine) as session:
        make.make_building(
            session, code=codes.make("building", FIRST, 9), community_code=FIRST, name=PAYLOAD, households=None,
            address=f"{addressed.ABOVE}荷香路44号{PAYLOAD}", geometry=make.square(30, 1),
        )  # fmt: skip
        for number, name, where in ((10, "7栋", "荷香路50号"), (11, "7号楼", "青松街9号")):
            make.make_building(
                session, code=codes.make("building", FIRST, number), community_code=FIRST, name=name, households=None,
                address=f"{addressed.ABOVE}{where}{name}", geometry=make.square(20 + number, 1),
            )  # fmt: skip


@pytest.fixture(scope="module")
def address(engine: Engine) -> Iterator[str]:
    """Address of a running server over the two communities, whose address book is read already."""
    with serving(engine) as address:
        asked = Request(f"{address}/locate/suggest?text=1", headers=bearing(clerk(engine)))
        with urlopen(asked) as answer:
            assert answer.status == 200
        yield address


def clerk(engine: Engine) -> str:
    return token_of(engine, "clerk", ["staff"], [FIRST, SECOND])


def sign_in(page: Page, engine: Engine, address: str) -> None:
    page.context.add_cookies([{"name": COOKIE, "value": clerk(engine), "url": address}])


@pytest.fixture
def desk(offline_page: OfflinePage, engine: Engine, address: str) -> Page:
    """The page, open and ready, in a browser that a clerk of both communities is signed in with."""
    sign_in(offline_page.page, engine, address)
    page = offline_page.open(f"{address}/desk")
    page.locator("html[data-ready]").wait_for()
    return page


def box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="来电人所说的地址")


def say(page: Page, said: str) -> None:
    """Type over what stands in the box, as at the next call, and ask."""
    box(page).fill(said)
    page.keyboard.press("Enter")


def card(page: Page, title: str) -> Locator:
    found = page.get_by_role("article", name=title)
    expect(found).to_be_visible()
    return found


def test_a_call_from_the_first_key_to_the_confirmation(desk: Page, offline_page: OfflinePage, address: str) -> None:
    expect(box(desk)).to_be_focused()
    desk.keyboard.type("锦绣")
    suggestions = desk.get_by_role("option")
    expect(suggestions.first).to_contain_text("锦绣花园")
    expect(box(desk)).to_have_attribute("aria-expanded", "true")
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("ArrowUp")
    expect(suggestions.first).to_have_attribute("aria-selected", "true")
    expect(box(desk)).to_have_attribute("aria-activedescendant", "suggestion-0")
    desk.keyboard.press("Enter")
    card(desk, "锦绣花园")
    expect(desk.get_by_role("listbox")).to_be_hidden()

    desk.keyboard.type(DOOR)  # over what was picked
    desk.keyboard.press("Enter")
    found = card(desk, DOOR)
    expect(desk.get_by_role("status").first).to_contain_text("已定位")
    expect(found).to_contain_text("第1网格")
    expect(found).to_contain_text(GRIDS[0])
    expect(found.get_by_role("link", name="138 1234 1234")).to_have_attribute("href", "tel:13812341234")
    expect(found).to_contain_text("第1社区")
    expect(found.locator(".rows").last).to_contain_text("1单元201")
    expect(desk.locator("#outcome .quiet")).to_contain_text("13812341234")
    desk.keyboard.press("Control+Enter")
    expect(found.locator(".done")).to_contain_text("已记录")
    expect(box(desk)).to_be_focused()

    expect(desk.locator("#searches li")).to_have_count(2)
    desk.locator("#searches button").last.click()
    card(desk, "锦绣花园")
    assert desk.url == f"{address}/desk"
    assert desk.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert offline_page.outside == []
    assert offline_page.errors == []


def form(page: Page) -> Locator:
    return page.get_by_role("region", name="登记")


def words(page: Page) -> Locator:
    return form(page).get_by_role("textbox", name="内容")


def test_a_request_is_registered_and_the_next_one_joined_by_keyboard(desk: Page, offline_page: OfflinePage) -> None:
    say(desk, "红旗楼")
    here = card(desk, "荷香路30号红旗楼")
    expect(here).to_contain_text("没有在办的隐患和诉求")
    expect(here.locator(".ledger")).to_contain_text("没有检查记录")
    bill = here.get_by_role("link", name="账单")
    assert (bill.get_attribute("href"), bill.get_attribute("target")) == (f"/bills/building/{FLAG}", "_blank")
    desk.keyboard.press("F2")
    expect(words(desk)).to_be_focused()
    desk.keyboard.type("楼下垃圾堆了三天没人清运,1 楼")  # digits are text here, and choose nothing
    expect(form(desk).locator(".judged")).to_contain_text("暴露垃圾 (没人清运、垃圾堆)")
    expect(form(desk).locator(".judged")).to_contain_text("作业单位")
    form(desk).get_by_label("来电人").fill("王女士")
    form(desk).get_by_label("电话").fill("13900000000")
    desk.keyboard.press("Control+Enter")
    answer = desk.locator("#taken")
    expect(answer).to_contain_text("已登记")
    expect(answer).to_contain_text("网格员2")
    expect(answer).to_contain_text("期限")
    expect(box(desk)).to_be_focused()
    expect(form(desk)).to_be_hidden()
    number = answer.get_by_role("link").first.inner_text()
    expect(here.locator(".case")).to_contain_text(number)
    expect(desk.locator("#searches li").first).to_contain_text(number)

    desk.keyboard.press("F2")
    desk.keyboard.type("垃圾没人清运,太臭了")
    same = form(desk).get_by_role("radio", name=number)
    expect(same).to_be_visible()
    desk.keyboard.press("Control+Enter")  # which of the two is not said yet
    expect(same).to_be_focused()
    expect(form(desk).get_by_role("alert")).to_contain_text("并入其中一件")
    desk.keyboard.press("Space")
    desk.keyboard.press("Control+Enter")
    expect(answer).to_contain_text(f"→ {number}")
    expect(here.locator(".case")).to_have_count(1)

    desk.keyboard.press("F2")
    form(desk).get_by_role("radio", name="安全隐患").check()
    words(desk).fill("插座冒火花")
    expect(form(desk).locator(".judged")).to_contain_text("用电隐患")
    expect(form(desk).locator(".judged")).to_contain_text("期限 24 小时 due: 24 hours · 职责清单")
    desk.keyboard.press("Control+Enter")
    expect(here.locator(".case")).to_have_count(2)
    expect(here.locator(".case").first).to_contain_text("用电隐患")
    assert offline_page.errors == []


def test_what_is_nowhere_is_kept_though_the_server_is_away_for_a_while(desk: Page, engine: Engine) -> None:
    say(desk, "不存在路999号")
    expect(desk.locator(".badge")).to_contain_text("未找到")
    desk.get_by_role("button", name="登记诉求或隐患").click()
    form(desk).get_by_label("社区").select_option(FIRST)
    expect(form(desk).get_by_role("radio", name="安全隐患")).to_be_disabled()
    words(desk).fill("路灯坏了")
    desk.keyboard.press("Escape")
    expect(box(desk)).to_be_focused()
    desk.keyboard.press("F2")
    expect(words(desk)).to_have_value("路灯坏了")
    answered: list[int] = []

    def lose_the_answer(route: Route) -> None:
        answered.append(route.fetch().status)
        route.abort()

    desk.route("**/requests", lose_the_answer)
    desk.keyboard.press("Control+Enter")
    said = form(desk).get_by_role("alert")
    expect(said).to_contain_text("连不上服务器")
    expect(words(desk)).to_have_value("路灯坏了")
    desk.unroute_all()
    said.get_by_role("button", name="立即重试").click()
    expect(desk.locator("#taken")).to_contain_text("待核实")
    assert answered[0] == 201
    with session_scope(engine) as session:
        kept = session.execute(text("SELECT contact FROM case_reporter r JOIN ledger_case c ON c.id = r.case_id "
                                    "WHERE summary = '路灯坏了'")).scalars().all()  # fmt: skip
    assert kept == [{"address": "不存在路999号"}], "registered once, with the address as it was said"


def test_the_work_list_by_keyboard(desk: Page, address: str) -> None:
    say(desk, "锦绣花园2栋")
    card(desk, "荷香路12号锦绣花园2栋")
    desk.keyboard.press("F2")
    desk.keyboard.type("电梯坏了困人")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#taken")).to_contain_text("电梯")
    desk.goto(f"{address}/requests?today=true")
    desk.keyboard.press("2")
    desk.wait_for_url("**/requests?taken=true&live=true")
    desk.keyboard.press("/")
    desk.keyboard.type("困人")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/requests?taken=true&live=true&text=*")
    expect(desk.locator(".ledger tbody tr")).to_have_count(1)
    assert grave_faults(desk) == []
    desk.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert desk.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", level=1)).to_contain_text("电梯")


def test_the_ground_is_painted(desk: Page) -> None:
    say(desk, "红旗楼")
    card(desk, "荷香路30号红旗楼")
    desk.locator("canvas.leaflet-tile-loaded").first.wait_for()
    painted = """() => [...document.querySelectorAll('canvas.leaflet-tile, .map-names, .leaflet-outlines-pane canvas')]
        .filter((each) => each.getContext('2d').getImageData(0, 0, each.width, each.height).data.some(Boolean))
        .map((each) => each.className.split(' ')[0])"""
    desk.wait_for_function(f"() => new Set(({painted})()).size === 3")


def test_nobody_gets_lost_far_off(desk: Page) -> None:
    out = desk.locator(".leaflet-control-zoom-out")
    for _ in range(2):
        out.click()
    expect(out).to_have_attribute("aria-disabled", "true")


def test_several_are_numbered_on_the_map_and_chosen_by_key(desk: Page) -> None:
    say(desk, "锦绣花园1栋")
    choices = desk.locator(".choice")
    expect(choices).to_have_count(2)
    expect(desk.locator(".map-number")).to_have_text(["1", "2"])
    expect(choices.first).to_be_focused()
    apart = choices.locator(".apart").all_inner_texts()
    assert len(set(apart)) == 2
    assert all(apart)
    second = choices.nth(1).locator(".name").inner_text()
    desk.keyboard.press("2")
    card(desk, second)
    expect(choices.nth(1)).to_have_attribute("aria-pressed", "true")
    desk.keyboard.press("1")
    expect(desk.get_by_role("article", name=second)).to_have_count(0)
    desk.keyboard.press("Escape")
    expect(box(desk)).to_be_focused()


def test_what_tells_choices_apart_is_said_once(desk: Page) -> None:
    say(desk, "七栋")
    choices = desk.locator(".choice")
    expect(choices).to_have_count(2)
    for choice in choices.all():
        said = [line for line in choice.locator(".name, .apart").all_inner_texts() if line]
        assert len(set(said)) == len(said)


def test_a_road_is_in_several_grids_and_not_in_none(desk: Page) -> None:
    say(desk, "荷香路")
    expect(card(desk, "荷香路").locator(".units")).to_contain_text("跨多个网格")


def test_keys_stand_beside_their_words_and_mean_one_thing(desk: Page) -> None:
    expect(desk.locator("#keys > span")).to_have_count(5)
    for key in desk.locator("#keys > span").all():
        assert key.evaluate("one => one.getClientRects().length") == 1
    say(desk, "红旗楼")
    confirm = card(desk, "荷香路30号红旗楼").locator(".confirm")
    expect(confirm).to_be_visible()
    desk.keyboard.press("F2")
    expect(confirm).to_be_hidden()
    kind = form(desk).get_by_label("类型")
    assert kind.evaluate("""one => {
      const pen = document.createElement('canvas').getContext('2d');
      pen.font = getComputedStyle(one).font;
      return pen.measureText(one.selectedOptions[0].text).width < one.clientWidth - 24;
    }""")
    desk.keyboard.press("Escape")
    expect(confirm).to_be_visible()


def test_the_time_of_day_is_chinas(desk: Page) -> None:
    before = datetime.now(CHINA_TIME)
    say(desk, "红旗楼")
    shown = desk.locator("#searches time").first.inner_text()
    assert shown in {before.strftime("%H:%M"), datetime.now(CHINA_TIME).strftime("%H:%M")}


def test_none_says_what_failed_and_offers_what_exists(desk: Page) -> None:
    say(desk, "锦绣花园77栋")
    expect(desk.locator(".badge")).to_contain_text("未找到")
    expect(desk.locator(".failed")).to_contain_text("楼栋")
    expect(desk.locator(".chip[data-how=unmatched]")).to_contain_text("77栋")
    expect(box(desk)).to_be_focused()
    desk.keyboard.press("ArrowDown")
    first = desk.locator(".choice").first
    expect(first).to_be_focused()
    title = first.locator(".name").inner_text()
    desk.keyboard.press("1")
    expect(card(desk, title).locator(".confirm-said")).to_have_text("“锦绣花园77栋”")


def test_a_name_that_nobody_knows_is_learnt_by_pointing_at_the_place(desk: Page, engine: Engine) -> None:
    say(desk, "锦绣花园2栋")
    card(desk, "荷香路12号锦绣花园2栋")
    desk.locator(".leaflet-outlines-pane canvas").wait_for()
    say(desk, "春晖苑2栋")
    expect(desk.locator(".badge")).to_contain_text("未找到")
    pane = desk.locator("#map").bounding_box()
    assert pane is not None
    desk.mouse.click(pane["x"] + pane["width"] / 2, pane["y"] + pane["height"] / 2)
    found = card(desk, "荷香路12号锦绣花园2栋")
    expect(desk.locator("#outcome")).to_contain_text("地图所指之处")
    expect(found).to_contain_text("网格员1")
    desk.keyboard.press("Control+Enter")
    expect(found.locator(".done")).to_contain_text("“春晖苑”= 锦绣花园")
    with session_scope(engine) as session:
        learnt = session.execute(text("SELECT alias, state FROM address_alias")).all()
        meant = session.scalar(text("SELECT code FROM event WHERE what = 'confirmed' ORDER BY id DESC LIMIT 1"))
    assert (learnt, meant) == ([("春晖苑", "proposed")], TWO)


def test_a_homophone_is_found_and_said(desk: Page) -> None:
    say(desk, "和香路30号往西50米")
    found = card(desk, "荷香路30号红旗楼")
    expect(desk.locator("#outcome.check")).to_contain_text("请核对")
    expect(found.locator(".chip[data-how=sound]")).to_contain_text("→ 荷香路")
    expect(found.locator(".relation")).to_contain_text("50 m west of it")


def test_a_name_is_text_wherever_it_is_shown(desk: Page, offline_page: OfflinePage) -> None:
    desk.keyboard.type("荷香路44号")
    expect(desk.get_by_role("option").filter(has_text="<img")).to_have_count(1)
    desk.keyboard.press("Enter")
    found = desk.get_by_role("article")
    expect(found.get_by_role("heading", level=2)).to_contain_text(PAYLOAD)
    expect(found.locator(".rows").last).to_contain_text(PAYLOAD)
    expect(desk.locator("#searches")).to_contain_text("<img src=x")
    assert desk.locator("main img").count() == 0
    assert desk.evaluate("window.canary") is None
    assert offline_page.errors == []


def test_an_input_method_is_left_alone(desk: Page) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url) if "/locate" in request.url else None)
    keys = desk.context.new_cdp_session(desk)
    keys.send("Input.imeSetComposition", {"text": "jin xiu", "selectionStart": 7, "selectionEnd": 7})
    expect(box(desk)).to_have_value("jin xiu")
    enter = "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true})"
    desk.evaluate(f"document.activeElement.dispatchEvent({enter})")
    desk.wait_for_timeout(300)
    assert not [url for url in asked if "jin" in url]
    keys.send("Input.insertText", {"text": "锦绣"})
    expect(desk.get_by_role("option").first).to_contain_text("锦绣花园")
    expect(box(desk)).to_have_value("锦绣")
    assert len([url for url in asked if "suggest?text=%E9" in url]) == 1


def test_a_suggestion_that_comes_late_is_dropped(desk: Page) -> None:
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if "text=%E8%8D%B7&" in route.request.url:  # 荷
            held.append(route)
        else:
            route.continue_()

    desk.route("**/locate/suggest?*", hold_the_first)
    desk.keyboard.type("荷")
    desk.wait_for_timeout(250)
    assert len(held) == 1
    box(desk).fill("红旗")
    expect(desk.get_by_role("option").first).to_contain_text("红旗楼")
    held[0].continue_()
    desk.wait_for_timeout(300)
    expect(desk.get_by_role("option").first).to_contain_text("红旗楼")


def test_a_sign_in_that_ends_costs_nothing_that_was_typed(desk: Page, engine: Engine, address: str) -> None:
    desk.context.clear_cookies()
    say(desk, DOOR)
    said = desk.get_by_role("alert")
    expect(said).to_contain_text("登录已结束")
    link = said.get_by_role("link", name="登录")
    assert re.fullmatch(r"/sign-in\?to=%2Fdesk", link.get_attribute("href") or "")
    expect(box(desk)).to_have_value(DOOR)
    sign_in(desk, engine, address)
    desk.evaluate("window.dispatchEvent(new Event('focus'))")  # back from the other tab
    card(desk, DOOR)
    expect(said).to_be_hidden()


def test_a_server_that_is_away_is_asked_again(desk: Page) -> None:
    say(desk, "红旗楼")
    card(desk, "荷香路30号红旗楼")
    desk.context.set_offline(True)
    say(desk, DOOR)
    said = desk.get_by_role("alert")
    expect(said).to_contain_text("连不上服务器")
    expect(desk.get_by_role("article")).to_have_count(0)  # it is no answer to this question
    expect(box(desk)).to_have_value(DOOR)
    said.get_by_role("button", name="立即重试").click()
    expect(said).to_contain_text("连不上服务器")
    desk.context.set_offline(False)
    card(desk, DOOR)  # after some seconds, by itself
    expect(said).to_be_hidden()


def test_on_a_phone_the_card_is_a_sheet_at_the_foot(desk: Page) -> None:
    desk.set_viewport_size(PHONE)  # type: ignore[arg-type]
    say(desk, DOOR)
    card(desk, DOOR)
    sheet = desk.locator("#answer").bounding_box()
    assert sheet is not None
    assert sheet["y"] + sheet["height"] == pytest.approx(PHONE["height"], abs=1)
    assert sheet["height"] <= 0.6 * PHONE["height"]
    assert desk.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    here = desk.locator(".map-here").bounding_box()
    assert here is not None
    assert 100 < here["y"] < sheet["y"]
    for target in ("#said", "#locate", "a.phone"):
        # In one go, and again until it holds: a card is drawn anew whenever more of its place is known.
        tall = "at => [...document.querySelectorAll(at)].some((one) => one.getBoundingClientRect().height >= 44)"
        desk.wait_for_function(tall, arg=target)
    desk.get_by_role("button", name="收起").click()
    folded = desk.locator("#answer").bounding_box()
    assert folded is not None
    assert folded["height"] < 100


@pytest.mark.parametrize(("width", "height"), [(390, 844), (844, 390), (1366, 650), (1280, 720)])
def test_the_way_to_the_form_never_lies_under_the_confirmation(desk: Page, width: int, height: int) -> None:
    desk.set_viewport_size({"width": width, "height": height})
    say(desk, DOOR)
    card(desk, DOOR)
    under = """() => {
      const way = document.querySelector('.card > .register');
      const { left, top, width, height } = way.getBoundingClientRect();
      const there = (share) => document.elementFromPoint(left + width / 2, top + height * share);
      return [0.1, 0.5, 0.9].some((share) => there(share)?.closest('.confirm'));
    }"""
    sheet = desk.locator("#answer")
    for _ in range(12):  # wherever the card is scrolled to, a new one first of all
        assert not desk.evaluate(under)
        sheet.evaluate("sheet => { sheet.scrollTop += 40; }")
    desk.get_by_role("button", name="登记诉求或隐患").click(trial=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_stands_in_the_way_of_anybody(desk: Page, scheme: str) -> None:
    desk.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for said in {"light": ["锦绣花园77栋", DOOR], "dark": ["锦绣花园1栋"]}[scheme]:
        say(desk, said)
        expect(desk.locator("#searches .name").first).to_have_text(said)
        if said == DOOR:
            expect(desk.locator(".rows").last).to_contain_text("1单元201")
            desk.keyboard.press("F2")
        assert grave_faults(desk) == [], said
