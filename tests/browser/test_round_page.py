"""An inspector's shift on a phone: with signal and without, through a restart of the server, sent twice, signed out."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, func, select

from api.visitor import COOKIE
from geo.ledger.checklists import checklist
from geo.services import cases
from geo.services.cases import Deed
from geo.services.inspecting import Answered, Sent, record_inspections
from geo.storage.catalogue import METADATA
from geo.storage.database import session_scope
from geo.storage.ledger_tables import Evidence, Inspection, LedgerCase
from tests.api.people import token_of
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
    served,
    stored,
    visit,
)
from tests.databases import Databases
from tests.geo.services import inspected
from tests.geo.services.inspected import GRID, INSPECTOR, RENTAL, SHOP, STAFF

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Let a busy machine take its time."""
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def server(databases: Databases) -> Iterator[Server]:
    with databases.engine(databases.filled("inspected", inspected.fill)) as engine, served(engine) as server:
        yield server


@pytest.fixture(scope="module")
def looking(browser: Browser, databases: Databases) -> Iterator[Page]:
    """A phone for tests that only look; it is opened once."""
    with (
        databases.engine(databases.filled("inspected", inspected.fill)) as engine,
        served(engine) as server,
        phone(browser, server) as page,
    ):
        yield page
        assert counts(engine) == (0, 0, 0)


def states(page: Page) -> list[str | None]:
    return [item.get_attribute("data-state") for item in page.locator("#queue li").all()]


def test_a_look_with_signal(browser: Browser, server: Server) -> None:
    with phone(browser, server) as page:
        expect(page.get_by_role("heading", name="今日巡查")).to_be_visible()
        expect(page.locator(".stop")).to_have_count(3)
        find_wiring(page)
        all_sent(page, 1)
        expect(visit(page, "阿强小店")).to_contain_text("已记录")
        expect(page.locator("#queue li")).to_contain_text("YH")
    assert counts(server.engine) == (1, 1, 1)
    with session_scope(server.engine) as session:
        (look,) = session.scalars(select(Inspection))
        (case,) = session.scalars(select(LedgerCase))
        (photo,) = session.scalars(select(Evidence))
        assert (look.place_code, look.result, case.summary) == (
            SHOP,
            "findings",
            "电线老化、私拉乱接或超负荷用电(插座烧焦)",
        )
        assert (photo.case_id, case.inspection_id) == (case.id, look.id)


def test_what_is_left_out_is_pointed_at(looking: Page) -> None:
    visit(looking, "阿强小店").click()
    form = looking.get_by_role("dialog")
    form.get_by_role("button", name="保存").click()
    expect(form.get_by_role("alert")).to_contain_text("9 项未检查")
    expect(form.locator(".missing")).to_have_count(9)
    form.get_by_role("button", name="关闭").click()


def test_a_second_touch_opens_no_empty_form(looking: Page) -> None:
    visit(looking, "阿强小店").click()
    # The first touch closes the form; the second one, on what lay below it, comes before the browser says so.
    looking.evaluate("""() => {
      document.querySelector('dialog .close').click();
      document.querySelector('.visit').click();
      return new Promise((done) => { setTimeout(done, 300); });
    }""")
    form = looking.get_by_role("dialog")
    expect(form.get_by_role("button", name="保存")).to_be_visible()
    form.get_by_role("button", name="关闭").click()
    expect(form).to_be_hidden()


def test_a_shift_without_signal_is_sent_once_it_is_back(browser: Browser, server: Server) -> None:
    with phone(browser, server, worker=True) as page:
        page.context.set_offline(True)
        find_wiring(page)
        visit(page, "301出租屋").click()
        page.get_by_role("dialog").get_by_role("button", name="无人开门").click()
        expect(page.locator("#signal")).to_contain_text("待发送 2 条、照片 1 张")
        assert states(page) == ["waiting", "waiting"]
        # The page opens again without signal, with the round and what waits.
        open_round(page, server)
        expect(page.locator(".stop")).to_have_count(3)
        expect(visit(page, "301出租屋")).to_contain_text("已记录")
        expect(page.locator("#notice")).to_contain_text("没有信号")
        assert counts(server.engine) == (0, 0, 0)
        page.context.set_offline(False)
        all_sent(page, 2)  # by itself: not every Chromium says that signal is back to a page that was opened without
        assert states(page) == ["sent", "sent"]
    assert counts(server.engine) == (2, 1, 1)
    with session_scope(server.engine) as session:
        found = {look.place_code: look.result for look in session.scalars(select(Inspection))}
    assert found == {SHOP: "findings", RENTAL: "no_access"}


def test_a_server_that_restarts_loses_nothing_and_doubles_nothing(browser: Browser, server: Server) -> None:
    with phone(browser, server) as page:
        # The answer is lost on its way: the phone cannot know that the server has the record.
        page.route("**/inspections", lambda route: (route.fetch(), route.abort())[1], times=1)
        find_wiring(page)
        expect(page.locator("#notice")).to_contain_text("没有信号或服务器不在线")
        expect(page.locator("#signal")).to_contain_text("待发送 1 条")
        assert counts(server.engine) == (1, 1, 0)
        server.stop()
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(page.locator("#notice")).to_contain_text("没有信号或服务器不在线")
        server.start()
        page.evaluate("dispatchEvent(new Event('online'))")
        all_sent(page, 1)
    assert counts(server.engine) == (1, 1, 1)


def test_two_inspectors_offline_at_one_place(browser: Browser, server: Server) -> None:
    with phone(browser, server) as one, phone(browser, server, "zhao") as other:
        for page in (one, other):
            page.context.set_offline(True)
            find_wiring(page)
        for page in (one, other):
            page.context.set_offline(False)
            all_sent(page, 1)
        expect(other.locator("#queue li")).to_contain_text("已有,并入")
    # Both photos show the same, and each of them belongs to the one hazard.
    assert counts(server.engine)[:2] == (2, 1)


def fixed_hazard(engine: Engine) -> int:
    """A hazard at the shop that one inspector found and put right at once; another one has to look at it again."""
    items = tuple(Answered(code, "fault" if code == "wiring" else "ok") for code in checklist("small_shop").items)
    look = Sent("paper-look-1", datetime.now(UTC), place_code=SHOP, items=items)
    with session_scope(engine, INSPECTOR) as session:
        (taken,) = record_inspections(session, [look], actor=INSPECTOR)
        number = taken.hazards[0].case_id
        fields, shown = {"nature": "general", "assignee": "wang"}, frozenset({"before", "after"})
        deed = Deed("fix_at_once", datetime.now(UTC), note="已换插座", fields=fields, evidence=shown)
        cases.act_on_case(session, number, deed, actor=INSPECTOR)
    return number


def test_a_hazard_is_looked_at_again_without_signal(browser: Browser, server: Server) -> None:
    number = fixed_hazard(server.engine)
    with phone(browser, server) as fixer:
        expect(fixer.locator(".visit.hazard")).to_have_count(0)
    with phone(browser, server, "zhao") as page:
        page.context.set_offline(True)
        page.locator(".visit.hazard").click()
        form = page.get_by_role("dialog")
        expect(form).to_contain_text("电线老化")
        form.get_by_role("button", name="复查合格销号").click()
        expect(form.get_by_role("alert")).to_contain_text("请先拍照")
        form.get_by_label("拍照").set_input_files(picture())
        expect(form.get_by_role("img")).to_be_visible()
        form.get_by_role("button", name="复查合格销号").click()
        expect(page.locator("#signal")).to_contain_text("待发送 1 条、照片 1 张")
        page.context.set_offline(False)
        all_sent(page, 1)
    with session_scope(server.engine) as session:
        case = cases.read_case(session, number)
    assert (case.state, case.fixed_by, case.closed_by) == ("closed", "wang", "zhao")


def test_what_somebody_else_did_meanwhile_is_said_and_nothing_is_overwritten(browser: Browser, server: Server) -> None:
    number = fixed_hazard(server.engine)
    with phone(browser, server, "zhao") as page:
        page.context.set_offline(True)
        page.locator(".visit.hazard").click()
        form = page.get_by_role("dialog")
        form.get_by_label("拍照").set_input_files(picture())
        expect(form.get_by_role("img")).to_be_visible()
        form.get_by_role("button", name="复查合格销号").click()
        with session_scope(server.engine, STAFF) as session:
            failed = Deed("fail", datetime.now(UTC), fields={"reason": "插座未换"})
            cases.act_on_case(session, number, failed, actor=STAFF)
        page.context.set_offline(False)
        expect(page.locator("#queue li.refused")).to_contain_text("已有新的办理记录")
        expect(page.locator("#signal")).to_contain_text("1 条未被接受")
        expect(page.locator(".visit.hazard")).to_have_count(0)  # the round was renewed: it has to be rectified first
    with session_scope(server.engine) as session:
        assert cases.read_case(session, number).state == "open"


def test_refused_work_says_why_and_goes_when_told(browser: Browser, server: Server) -> None:
    with phone(browser, server) as page:
        page.context.set_offline(True)
        find_wiring(page)
        with session_scope(server.engine) as session:
            session.execute(METADATA.tables["place"].update().values(ended_at=func.now()))
        page.context.set_offline(False)
        refused = page.locator("#queue li.refused")
        expect(refused).to_contain_text("没有编码为")
        refused.get_by_role("button", name="知道了").click()
        expect(page.locator("#queue-none")).to_be_visible()
        assert SHOP not in stored(page).split("records ")[1]


def test_nothing_stays_after_signing_out(browser: Browser, server: Server) -> None:
    with phone(browser, server, worker=True) as page:
        assert "阿强小店" in stored(page)
        page.context.set_offline(True)
        find_wiring(page)
        page.get_by_role("button", name="退出并清除").click()
        expect(page.get_by_role("dialog")).to_contain_text("未发送")
        page.get_by_role("button", name="先不退出").click()
        page.context.set_offline(False)
        all_sent(page, 1)
        page.get_by_role("button", name="退出并清除").click()
        page.wait_for_url("**/sign-in?to=/round")
        left = stored(page)
        assert not any(word in left for word in ("阿强小店", SHOP, "wang", "插座"))
        assert page.evaluate("caches.keys()") == []


def test_a_sign_in_that_ended_hides_the_round_and_keeps_the_work(browser: Browser, server: Server) -> None:
    with phone(browser, server) as page:
        page.context.set_offline(True)
        find_wiring(page)
        page.context.clear_cookies()
        page.context.set_offline(False)
        expect(page.locator("#notice")).to_contain_text("登录已结束")
        page.get_by_role("button", name="更新").click()
        expect(page.locator(".stop")).to_have_count(0)
        assert "301出租屋" not in stored(page)
        token = token_of(server.engine, "wang", ["inspector"], [GRID])
        page.context.add_cookies([{"name": COOKIE, "value": token, "url": server.address}])
        open_round(page, server)
        all_sent(page, 1)
    assert counts(server.engine) == (1, 1, 1)


def test_an_old_round_is_forgotten(browser: Browser, server: Server) -> None:
    with phone(browser, server, worker=True) as page:
        page.context.set_offline(True)
        page.clock.set_fixed_time("2099-01-01T00:00:00Z")
        page.reload()
        page.locator("html[data-ready]").wait_for()
        expect(page.locator(".stop")).to_have_count(0)
        assert "阿强小店" not in stored(page)


def test_a_low_battery_is_spared(browser: Browser, server: Server) -> None:
    with phone(browser, server) as page:
        page.clock.install()
        page.add_init_script("navigator.getBattery = async () => window.battery ??= { charging: false, level: 0.15 }")
        open_round(page, server)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.clock.fast_forward("11:00")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait_for_timeout(500)
        assert asked == []
        page.evaluate("window.battery.charging = true")
        with page.expect_request("**/rounds/today*"):
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_photos_are_made_small(browser: Browser, server: Server) -> None:
    with phone(browser, server) as page:
        page.context.set_offline(True)
        find_wiring(page, picture(3000, 2000))
        size = page.evaluate(
            """async () => {
              const database = await new Promise((done) => {
                const asked = indexedDB.open('wangge-round');
                asked.onsuccess = () => done(asked.result);
              });
              const rows = await new Promise((done) => {
                const asked = database.transaction('photos').objectStore('photos').getAll();
                asked.onsuccess = () => done(asked.result);
              });
              const picture = await createImageBitmap(rows[0].blob);
              return [picture.width, picture.height, rows[0].blob.type];
            }"""
        )
    assert size == [1600, 1067, "image/jpeg"]


def test_large_targets_on_a_narrow_screen(looking: Page) -> None:
    assert looking.evaluate("document.documentElement.scrollWidth") <= 390
    visit(looking, "阿强小店").click()
    assert looking.evaluate("document.documentElement.scrollWidth") <= 390
    small = looking.evaluate(
        """() => [...document.querySelectorAll('button, .choice label')]
          .map((part) => [part.textContent, part.getBoundingClientRect()])
          .filter(([, box]) => box.width > 0 && (box.width < 44 || box.height < 44))
          .map(([said]) => said)"""
    )
    looking.get_by_role("dialog").get_by_role("button", name="关闭").click()
    assert small == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(looking: Page, scheme: str) -> None:
    looking.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    found = grave_faults(looking)
    visit(looking, "阿强小店").click()
    looking.get_by_role("group", name="电线、插座完好").get_by_label("有问题").check()
    found += grave_faults(looking)
    looking.get_by_role("dialog").get_by_role("button", name="关闭").click()
    assert found == []
