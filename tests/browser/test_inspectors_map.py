"""The inspector's map on a phone: what is touched, layers, hazards in passing, and what is kept for how long."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from shapely import Point
from sqlalchemy import Engine, select

from geo.services import accounts, cases
from geo.services.cases import NewCase
from geo.services.inspecting import Sent, record_inspections
from geo.storage.catalogue import METADATA
from geo.storage.database import session_scope
from geo.storage.ledger_tables import Evidence, Inspection, LedgerCase
from geo.territory.layer_catalogue import map_colours
from tests import factories as make
from tests.browser.accessible import grave_faults
from tests.browser.phones import (
    PATIENCE_MS,
    Server,
    all_sent,
    counts,
    find_wiring,
    open_round,
    phone,
    picture,
    see,
    served,
    stored,
)
from tests.databases import Databases
from tests.geo.services import inspected
from tests.geo.services.inspected import INSPECTOR, LIFT, LOW_HOME, SECOND, SHOP, STALL, TWO

pytestmark = pytest.mark.browser

#: A hydrant some steps north of the stall in the open, degrees.
HYDRANT = (make.WEST + 0.001, make.SOUTH + 0.00125)


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Let a busy machine take its time."""
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=5_000)


def furnish(engine: Engine) -> None:
    """Put a hydrant on the street, a grave hazard in the shop, and a home where nobody opened."""
    with session_scope(engine) as session:
        make.make_city_element(session, 1, kind="hydrant", name="3号消火栓", geometry=Point(HYDRANT))
    with session_scope(engine, INSPECTOR) as session:
        cases.open_case(
            session, NewCase("hazard", "wiring", "插座烧焦", nature="major", place_code=SHOP), actor=INSPECTOR
        )
        old = Sent("at-home", datetime.now(UTC) - timedelta(days=3), household_unit_code=LOW_HOME, no_access=True)
        record_inspections(session, [old], actor=INSPECTOR)


@pytest.fixture(scope="module")
def looking(browser: Browser, databases: Databases) -> Iterator[Page]:
    """A phone for tests that only look; it is opened once."""
    with databases.engine(databases.filled("inspected", inspected.fill)) as engine:
        furnish(engine)
        before = counts(engine)
        with served(engine) as server, phone(browser, server, worker=True) as page:
            yield page
        assert counts(engine) == before


@pytest.fixture
def server(databases: Databases) -> Iterator[Server]:
    with databases.engine(databases.filled("inspected", inspected.fill)) as engine, served(engine) as server:
        yield server


def close_sheet(page: Page) -> None:
    page.locator("#sheet").get_by_role("button", name="关闭").click()


def go_to(page: Page, name: str) -> None:
    """Have the map show a stop in its middle, and nothing over it."""
    page.get_by_role("button", name=f"在地图上看 {name}").click()
    close_sheet(page)


def middle(page: Page, dx: float = 0, dy: float = 0) -> tuple[float, float]:
    page.locator("#map").scroll_into_view_if_needed()
    box = page.locator("#map").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2 + dy


def hold(page: Page, dx: float = 0, dy: float = 0) -> None:
    """Hold a finger on the map, so far from its middle."""
    page.mouse.click(*middle(page, dx, dy), button="right")


def report(page: Page, kind: str, note: str = "", *, with_photo: bool = False) -> None:
    form = page.get_by_role("dialog")
    form.get_by_label("类型").select_option(kind)
    form.get_by_label("情况").fill(note)
    if with_photo:
        form.get_by_label("拍照").set_input_files(picture())
        expect(form.get_by_role("img")).to_be_visible()
    form.get_by_role("button", name="保存").click()
    expect(form).to_be_hidden()


# ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_touched_building_says_what_is_open_and_when_it_was_seen(looking: Page) -> None:
    go_to(looking, "2栋")
    looking.touchscreen.tap(*middle(looking))
    card = looking.locator("#sheet")
    expect(card.get_by_role("heading", name="2栋")).to_be_focused()
    expect(card).to_contain_text("没有查到过")
    expect(card.locator(".hazards")).to_contain_text("重大 · 绿灯")
    expect(card.locator(".row")).to_have_text([re.compile("阿强小店.*今日"), re.compile("2栋1号电梯")])
    card.get_by_role("button", name="2栋1号电梯").click()  # due today or not
    card.get_by_role("button", name="检查").click()
    expect(looking.get_by_role("dialog")).to_contain_text("不在今日名单")
    looking.get_by_role("dialog").get_by_role("button", name="关闭").click()
    card.get_by_role("button", name="返回").click()
    expect(card.get_by_role("heading", name="2栋")).to_be_visible()
    close_sheet(looking)


def test_a_home_where_nobody_opened_says_so(looking: Page) -> None:
    looking.get_by_role("button", name="在地图上看 1栋").click()
    expect(looking.locator("#sheet .row").filter(has_text="101")).to_contain_text("没有查到过 never seen · 无人开门")
    close_sheet(looking)


def test_layers_are_switched(looking: Page) -> None:
    go_to(looking, "路边摊")
    north = middle(looking, 0, -1)  # the hydrant is found by the list, and then lies in the middle
    looking.get_by_role("button", name="图层").click()
    looking.get_by_role("button", name="要素清单").click()
    looking.get_by_role("button", name="3号消火栓").click()
    expect(looking.locator("#sheet")).to_contain_text("消火栓 hydrant")
    looking.locator("#sheet").get_by_role("button", name="检查").click()
    form = looking.get_by_role("dialog")
    expect(form).to_contain_text("不被埋压、圈占、遮挡")
    expect(form.get_by_role("button", name="无人开门")).to_have_count(0)
    form.get_by_role("button", name="关闭").click()
    close_sheet(looking)
    looking.touchscreen.tap(*north)
    expect(looking.locator("#sheet").get_by_role("heading", name="3号消火栓")).to_be_visible()
    looking.get_by_role("button", name="关闭").click()
    looking.get_by_role("button", name="图层").click()
    looking.get_by_label("城市管理要素").uncheck(force=True)
    looking.get_by_label("检查结果").check(force=True)
    expect(looking.locator("[data-legend='buildings-result']")).to_contain_text("无人开门")
    expect(looking.locator("[data-legend='buildings-seen']")).to_be_hidden()
    close_sheet(looking)
    looking.touchscreen.tap(*north)
    expect(looking.locator("#sheet")).to_be_hidden()
    looking.reload()  # switches are kept with the round
    looking.locator("html[data-ready]").wait_for()
    looking.get_by_role("button", name="图层").click()
    expect(looking.get_by_label("城市管理要素")).not_to_be_checked()
    looking.get_by_label("城市管理要素").check(force=True)
    close_sheet(looking)


#: Whether so many pixels of the map have exactly a colour, and none has another one, that something is filled with it.
FILLED = """([wanted, other]) => {
  const canvas = document.querySelector('#map canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const count = (colour) => {
    const rgb = [1, 3, 5].map((from) => parseInt(colour.slice(from, from + 2), 16));
    let pixels = 0;
    for (let at = 0; at < data.length; at += 4) pixels += rgb.every((part, place) => data[at + place] === part);
    return pixels;
  };
  return count(wanted) > 100 && count(other) === 0;
}"""


def test_by_night_buildings_and_legend_have_the_nights_colours(looking: Page) -> None:
    never, now = map_colours()["seen_never"], map_colours()["light_red"]
    go_to(looking, "1栋")
    looking.get_by_role("button", name="图层").click()
    looking.get_by_label("多久没查").check(force=True)
    for scheme, fill, other in (("light", never.day, never.night), ("dark", never.night, never.day)):
        looking.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        looking.wait_for_function(FILLED, arg=[fill, other])
        swatch = looking.locator("#sheet .switch .swatch path").nth(3)
        shown = swatch.evaluate("node => getComputedStyle(node).fill")
        wanted = now.day if scheme == "light" else now.night
        assert shown == f"rgb({', '.join(str(part) for part in bytes.fromhex(wanted[1:]))})"
    looking.emulate_media(color_scheme="light")
    close_sheet(looking)


def test_a_larger_map_is_offered_while_there_is_room_for_it(looking: Page) -> None:
    larger = looking.get_by_role("button", name="大图")
    looking.get_by_role("button", name="在地图上看 2栋").click()
    expect(larger).to_be_hidden()
    close_sheet(looking)
    expect(larger).to_be_visible()


def test_floor_and_door_stay_in_one_line(looking: Page) -> None:
    lines = looking.evaluate(
        """() => {
          const said = document.querySelector('.visit .name small');
          const [name, before] = [said.previousSibling, said.textContent];
          const called = name.textContent;
          name.textContent += '招牌很长很长很长很长很长的';
          said.textContent = '1 层 107铺';
          const boxes = [...said.getClientRects()];
          const high = boxes[0].height / parseFloat(getComputedStyle(said).fontSize);
          [name.textContent, said.textContent] = [called, before];
          return [boxes.length, high < 2];
        }"""
    )
    assert lines == [1, True]


def test_a_level_that_is_switched_off_is_not_on_the_map(looking: Page) -> None:
    looking.get_by_role("button", name="图层").click()
    drawn = "document.querySelector('#map canvas').toDataURL()"
    with_all = looking.evaluate(drawn)
    looking.get_by_label("重大").uncheck(force=True)
    looking.wait_for_function(f"before => {drawn} !== before", arg=with_all)
    looking.get_by_label("重大").check(force=True)
    looking.wait_for_function(f"before => {drawn} === before", arg=with_all)
    close_sheet(looking)


def test_the_map_by_keys_alone(looking: Page) -> None:
    go_to(looking, "2栋")
    cross = looking.locator("#map .cross")
    expect(cross).to_be_hidden()
    looking.get_by_role("button", name="登记隐患").focus()
    looking.keyboard.press("Enter")
    expect(cross).to_be_visible()
    expect(looking.locator("#map")).to_be_focused()
    looking.keyboard.press("Escape")
    expect(looking.get_by_role("button", name="就在十字处")).to_be_hidden()
    looking.locator("#map").focus()
    looking.keyboard.press("Enter")
    expect(looking.locator("#sheet").get_by_role("heading", name="2栋")).to_be_focused()
    looking.keyboard.press("Escape")
    expect(looking.locator("#sheet")).to_be_hidden()
    expect(looking.locator("#map")).to_be_focused()
    looking.get_by_role("button", name="登记隐患").click()
    looking.get_by_role("button", name="就在十字处").click()
    expect(looking.get_by_role("dialog").get_by_label("2栋")).to_be_checked()
    looking.get_by_role("dialog").get_by_role("button", name="关闭").click()


def test_all_of_the_page_is_kept_for_when_there_is_no_signal(looking: Page) -> None:
    missing = looking.evaluate(
        """async () => {
          const loaded = performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname)
            .filter((path) => /^[/](static|assets)[/]/.test(path));
          const kept = await Promise.all(loaded.map((path) => caches.match(path)));
          return loaded.filter((_, place) => !kept[place]);
        }"""
    )
    assert missing == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_cards_and_layers_are_large_and_accessible(looking: Page, scheme: str) -> None:
    looking.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    looking.get_by_role("button", name="在地图上看 2栋").click()
    looking.locator("#sheet summary").click()
    found = grave_faults(looking)
    assert small(looking) == []
    close_sheet(looking)
    looking.get_by_role("button", name="图层").click()
    found += grave_faults(looking)
    assert small(looking) == []
    close_sheet(looking)
    assert looking.evaluate("document.documentElement.scrollWidth") <= 390
    assert found == []


def small(page: Page) -> list[str]:
    """What is too small for a thumb."""
    return list(
        page.evaluate(
            """() => [...document.querySelectorAll('button, summary, #sheet a, .switch label, select, .leaflet-bar a')]
              .map((part) => [part.textContent, part.getBoundingClientRect()])
              .filter(([, box]) => box.width > 0 && (box.width < 44 || box.height < 44))
              .map(([said]) => said)"""
        )
    )


def test_the_position_is_followed_only_while_it_is_asked_for_and_seen(looking: Page) -> None:
    looking.context.grant_permissions(["geolocation"])
    looking.context.set_geolocation({"latitude": make.SOUTH + 0.001, "longitude": make.WEST + 0.001, "accuracy": 40})
    looking.evaluate(
        """() => {
          const { geolocation } = navigator;
          window.watched = [];
          for (const name of ['watchPosition', 'clearWatch']) {
            const does = geolocation[name].bind(geolocation);
            geolocation[name] = (...given) => {
              window.watched.push([name, given[2]?.enableHighAccuracy]);
              return does(...given);
            };
          }
        }"""
    )
    me = looking.get_by_role("button", name="我的位置")
    expect(me).to_have_attribute("aria-pressed", "false")
    me.click()
    looking.touchscreen.tap(*middle(looking))  # the map went to where the phone is: at the stall
    expect(looking.locator("#sheet").get_by_role("heading", name="路边摊")).to_be_visible()
    close_sheet(looking)
    see(looking, "hidden")
    see(looking, "visible")
    me.click()
    watched = [["watchPosition", False], ["clearWatch", None], ["watchPosition", False], ["clearWatch", None]]
    assert looking.evaluate("window.watched") == watched


def test_nothing_moves_or_asks_by_itself(looking: Page) -> None:
    asked: list[str] = []
    looking.on("request", lambda request: asked.append(request.url))
    looking.evaluate(
        """() => {
          window.frames_asked = 0;
          const ask = window.requestAnimationFrame.bind(window);
          window.requestAnimationFrame = (does) => { window.frames_asked += 1; return ask(does); };
        }"""
    )
    looking.wait_for_timeout(1_000)
    assert looking.evaluate("window.frames_asked") == 0
    assert looking.evaluate("document.getAnimations().length") == 0
    assert asked == []


# ── recording ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_hazard_in_passing_is_kept_without_signal_and_sent_once(browser: Browser, server: Server) -> None:
    with phone(browser, server) as page:
        page.context.set_offline(True)
        go_to(page, "路边摊")
        hold(page, 80, 60)  # on open ground
        report(page, "fire_exit_blocked", "杂物堵住通道", with_photo=True)
        expect(page.locator("#signal")).to_contain_text("待发送 1 条、照片 1 张")
        page.get_by_role("button", name="图层").click()
        page.get_by_role("button", name="隐患清单").click()
        expect(page.locator("#sheet .row")).to_contain_text("待发送")
        close_sheet(page)
        assert counts(server.engine) == (0, 0, 0)
        # The answer is lost on its way.
        page.route("**/cases", lambda route: (route.fetch(), route.abort())[1], times=1)
        page.context.set_offline(False)
        expect(page.locator("#notice")).to_contain_text("没有信号或服务器不在线")
        page.get_by_role("button", name="更新").click()
        all_sent(page, 1)
        expect(page.locator("#queue li")).to_contain_text("YH")
        expect(page.locator("#queue li")).not_to_contain_text("已有,并入")
        page.get_by_role("button", name="图层").click()
        page.get_by_role("button", name="隐患清单").click()
        expect(page.locator("#sheet .row")).to_have_count(1)
        expect(page.locator("#sheet .row")).to_contain_text("未判定 · 绿灯")
    assert counts(server.engine) == (0, 1, 1)
    with session_scope(server.engine) as session:
        (case,) = session.scalars(select(LedgerCase))
        (photo,) = session.scalars(select(Evidence))
        assert (case.kind, case.summary, case.source, case.building_code) == (
            "fire_exit_blocked",
            "杂物堵住通道",
            "patrol",
            None,
        )
        assert (case.found_by, photo.case_id, photo.phase) == ("wang", case.id, "finding")


def test_a_fault_that_waits_for_signal_is_on_the_card_of_its_building(browser: Browser, server: Server) -> None:
    with phone(browser, server) as page:
        page.context.set_offline(True)
        find_wiring(page)
        page.get_by_role("button", name="在地图上看 2栋").click()
        card = page.locator("#sheet")
        expect(card.get_by_role("heading", name="在办隐患 1,其中待发送 1")).to_be_visible()
        expect(card.locator(".hazards > li")).to_contain_text("待发送")
        expect(card.locator(".hazards > li")).to_contain_text("电线老化、私拉乱接或超负荷用电(插座烧焦)")
        close_sheet(page)
        page.context.set_offline(False)
        all_sent(page, 1)
        page.get_by_role("button", name="在地图上看 2栋").click()
        expect(card.get_by_role("heading", name="在办隐患 1")).not_to_contain_text("待发送")
        expect(card.locator(".hazards > li")).to_contain_text("未判定 · 绿灯")
        close_sheet(page)
        with page.expect_response("**/rounds/today"):  # which knows it
            page.get_by_role("button", name="更新").click()
        expect(page.get_by_role("button", name="在地图上看 2栋")).to_have_count(0)
        page.get_by_role("button", name="图层").click()
        page.get_by_role("button", name="隐患清单").click()
        expect(page.locator("#sheet .row")).to_have_count(1)


def test_from_a_card_what_is_not_due_is_inspected_and_what_others_saw_is_joined(
    browser: Browser, server: Server
) -> None:
    with session_scope(server.engine, SECOND) as session:
        seen = NewCase("hazard", "wiring", "电线老化", building_code=TWO)
        number = cases.open_case(session, seen, actor=SECOND).id
    with phone(browser, server) as page:
        page.context.set_offline(True)
        page.get_by_role("button", name="在地图上看 2栋").click()
        card = page.locator("#sheet")
        card.get_by_role("button", name="登记隐患").click()
        report(page, "wiring")
        expect(card.locator(".hazards > li")).to_have_count(2)  # this one waits
        card.get_by_role("button", name="2栋1号电梯").click()
        card.get_by_role("button", name="检查").click()
        form = page.get_by_role("dialog")
        form.get_by_role("button", name="其余都合格").click()
        form.get_by_role("button", name="保存").click()
        expect(card.locator(".seen")).to_contain_text("今天")
        page.context.set_offline(False)
        all_sent(page, 2)
        expect(page.locator("#queue")).to_contain_text("已有,并入")
    with session_scope(server.engine) as session:
        (case,) = session.scalars(select(LedgerCase))
        assert (case.id, case.building_code, case.sightings, case.found_by) == (number, TWO, 2, "zhao")
        (look,) = session.scalars(select(Inspection))
        assert (look.place_code, look.checklist, look.result) == (LIFT, "lift", "clear")


# ── forgetting ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_was_signed_out_elsewhere_sees_nothing_more(browser: Browser, server: Server) -> None:
    with phone(browser, server, worker=True) as page:
        page.context.set_offline(True)
        find_wiring(page)
        with session_scope(server.engine) as session:
            accounts.end(session, "wang", who="test")
        # The server sends whoever opens the page to the sign-in: the page itself never comes to clear anything.
        page.route("**/rounds/today", lambda route: route.abort())
        page.route("**/inspections", lambda route: route.abort())
        assert STALL in stored(page)
        page.context.set_offline(False)
        page.goto(f"{server.address}/round")
        page.wait_for_url("**/sign-in**")
        assert STALL not in stored(page)
        assert SHOP in stored(page)  # what is not sent yet


def test_a_shift_that_ends_without_signal_is_forgotten_by_the_phones_clock(browser: Browser, server: Server) -> None:
    with phone(browser, server) as page:
        page.clock.install()
        open_round(page, server)
        page.context.set_offline(True)
        find_wiring(page)
        page.clock.fast_forward("15:59:00")
        expect(page.locator(".stop")).to_have_count(3)
        page.clock.fast_forward("02:00")
        expect(page.locator("#notice")).to_contain_text("本班次已结束")
        expect(page.locator(".stop")).to_have_count(0)
        expect(page.locator("#signal")).to_contain_text("还有 1 条未发送")
        assert STALL not in stored(page)


def test_who_signs_out_without_signal_is_signed_out_when_it_is_back(browser: Browser, server: Server) -> None:
    with phone(browser, server) as page:
        page.context.set_offline(True)
        page.get_by_role("button", name="退出并清除").click()
        expect(page.locator("#notice")).to_contain_text("本机数据已清除")
        expect(page.locator(".stop")).to_have_count(0)
        assert not any(word in stored(page) for word in ("阿强小店", SHOP, STALL))
        page.context.set_offline(False)
        page.wait_for_url("**/sign-in?to=/round")
        assert "leaving" not in stored(page)
    with session_scope(server.engine) as session:
        signed_in = METADATA.tables["sign_in"]
        assert session.scalars(select(signed_in.c.ended_at)).one() is not None
