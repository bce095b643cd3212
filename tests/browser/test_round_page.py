"""An inspector's shift on a phone: with signal and without, through a restart of the server, sent twice, signed out."""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import uvicorn
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from sqlalchemy import Engine, func, select

from api.commands.serve import listen
from api.main import create_app
from api.settings import AppSettings
from api.visitor import COOKIE
from geo.ledger.checklists import checklist
from geo.services import cases
from geo.services.cases import Deed
from geo.services.inspecting import Answered, Sent, record_inspections
from geo.storage.database import session_scope
from geo.storage.ledger_tables import Evidence, Inspection, LedgerCase
from tests.api.people import token_of
from tests.browser.accessible import grave_faults
from tests.conftest import LOCAL_URL
from tests.databases import Databases
from tests.geo.services import inspected
from tests.geo.services.inspected import GRID, INSPECTOR, RENTAL, SHOP

pytestmark = pytest.mark.browser

#: How long sending may take on a machine that is busy with others, milliseconds.
PATIENCE_MS = 30_000
PHONE = {"width": 390, "height": 844}


class Server:
    """The application behind a port that stays the same when the server is stopped and started again."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        with listen("127.0.0.1", 0) as free:
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.server = uvicorn.Server(uvicorn.Config(create_app(AppSettings(), self.engine), log_level="error"))
        self.listener = listen("127.0.0.1", self.port)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listener]})
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive()
            time.sleep(0.02)

    def stop(self) -> None:
        self.server.should_exit = True
        self.server.force_exit = True
        self.thread.join()
        self.listener.close()


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Let a busy machine take its time."""
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def engine(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("inspected", inspected.fill)) as engine:
        yield engine


@pytest.fixture
def server(engine: Engine) -> Iterator[Server]:
    made = Server(engine)
    made.start()
    yield made
    if made.thread.is_alive():
        made.stop()


@contextmanager
def phone(browser: Browser, server: Server, login: str = "wang") -> Iterator[Page]:
    """A phone of its own, signed in, with the round on its screen; asks no other host for anything."""
    context = browser.new_context(locale="zh-CN", viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2)
    outside: list[str] = []
    errors: list[str] = []
    context.on("request", lambda request: None if LOCAL_URL.match(request.url) else outside.append(request.url))
    context.on("weberror", lambda error: errors.append(str(error.error)))
    token = token_of(server.engine, login, ["inspector"], [GRID])
    context.add_cookies([{"name": COOKIE, "value": token, "url": server.address}])
    page = context.new_page()
    open_round(page, server)
    yield page
    context.close()
    assert outside == []
    assert errors == []


def open_round(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/round")
    page.locator("html[data-ready]").wait_for()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def visit(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name).first


def picture(width: int = 3000, height: int = 2000) -> dict[str, object]:
    held = io.BytesIO()
    Image.new("RGB", (width, height), "tomato").save(held, "JPEG")
    return {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": held.getvalue()}


def find_wiring(page: Page) -> None:
    """Look at the shop: the wiring is wrong, with a photo; all else is right."""
    visit(page, "阿强小店").click()
    form = page.get_by_role("dialog")
    wiring = form.get_by_role("group", name="电线、插座完好")
    wiring.get_by_label("有问题").check()
    wiring.get_by_label("说明").fill("插座烧焦")
    wiring.get_by_label("拍照").set_input_files(picture())
    expect(wiring.get_by_role("img")).to_be_visible()
    form.get_by_role("button", name="其余都合格").click()
    form.get_by_role("button", name="保存").click()
    expect(form).to_be_hidden()


def count(engine: Engine, table: type) -> int:
    with session_scope(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def counts(engine: Engine) -> tuple[int, int, int]:
    """How many inspections, hazards and photos there are."""
    return count(engine, Inspection), count(engine, LedgerCase), count(engine, Evidence)


def all_sent(page: Page, records: int) -> None:
    """Wait until so many records are on the phone and nothing is left to send."""
    expect(page.locator("#queue li")).to_have_count(records)
    expect(page.locator("#signal")).to_contain_text("都已发送")


def states(page: Page) -> list[str | None]:
    return [item.get_attribute("data-state") for item in page.locator("#queue li").all()]


def stored(context: BrowserContext, page: Page) -> str:
    """All that the page keeps in this phone, as text."""
    del context
    return str(
        page.evaluate(
            """async () => {
              const found = await indexedDB.databases();
              const all = [];
              for (const { name } of found) {
                const database = await new Promise((done) => {
                  const asked = indexedDB.open(name);
                  asked.onsuccess = () => done(asked.result);
                });
                for (const store of database.objectStoreNames) {
                  const rows = await new Promise((done) => {
                    const asked = database.transaction(store).objectStore(store).getAll();
                    asked.onsuccess = () => done(asked.result);
                  });
                  all.push(store, JSON.stringify(rows));
                }
                database.close();
              }
              return all.concat(JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })).join(' ');
            }"""
        )
    )


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


def test_what_is_left_out_is_pointed_at(browser: Browser, server: Server) -> None:
    with phone(browser, server) as page:
        visit(page, "阿强小店").click()
        form = page.get_by_role("dialog")
        form.get_by_role("button", name="保存").click()
        expect(form.get_by_role("alert")).to_contain_text("9 项未检查")
        expect(form.locator(".missing")).to_have_count(9)
    assert counts(server.engine) == (0, 0, 0)


def test_a_shift_without_signal_is_sent_once_it_is_back(browser: Browser, server: Server) -> None:
    with phone(browser, server) as page:
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
        all_sent(page, 2)
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


def test_refused_work_says_why_and_goes_when_told(browser: Browser, server: Server) -> None:
    with phone(browser, server) as page:
        page.context.set_offline(True)
        find_wiring(page)
        with session_scope(server.engine) as session:
            session.execute(Inspection.__table__.metadata.tables["place"].update().values(ended_at=func.now()))
        page.context.set_offline(False)
        refused = page.locator("#queue li.refused")
        expect(refused).to_contain_text("没有编码为")
        refused.get_by_role("button", name="知道了").click()
        expect(page.locator("#queue-none")).to_be_visible()
        assert SHOP not in stored(page.context, page).split("records ")[1]


def test_nothing_stays_after_signing_out(browser: Browser, server: Server) -> None:
    with phone(browser, server) as page:
        assert "阿强小店" in stored(page.context, page)
        page.context.set_offline(True)
        find_wiring(page)
        page.get_by_role("button", name="退出并清除").click()
        expect(page.get_by_role("dialog")).to_contain_text("未发送")
        page.get_by_role("button", name="先不退出").click()
        page.context.set_offline(False)
        all_sent(page, 1)
        page.get_by_role("button", name="退出并清除").click()
        page.wait_for_url("**/sign-in?to=/round")
        left = stored(page.context, page)
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
        assert "301出租屋" not in stored(page.context, page)
        token = token_of(server.engine, "wang", ["inspector"], [GRID])
        page.context.add_cookies([{"name": COOKIE, "value": token, "url": server.address}])
        open_round(page, server)
        all_sent(page, 1)
    assert counts(server.engine) == (1, 1, 1)


def test_an_old_round_is_forgotten(browser: Browser, server: Server) -> None:
    with phone(browser, server) as page:
        page.context.set_offline(True)
        page.clock.set_fixed_time("2099-01-01T00:00:00Z")
        page.reload()
        page.locator("html[data-ready]").wait_for()
        expect(page.locator(".stop")).to_have_count(0)
        assert "阿强小店" not in stored(page.context, page)


def test_photos_are_made_small(browser: Browser, server: Server) -> None:
    with phone(browser, server) as page:
        page.context.set_offline(True)
        find_wiring(page)
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


def test_large_targets_on_a_narrow_screen(browser: Browser, server: Server) -> None:
    with phone(browser, server) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        visit(page, "阿强小店").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        small = page.evaluate(
            """() => [...document.querySelectorAll('button, .choice label')]
              .map((part) => [part.textContent, part.getBoundingClientRect()])
              .filter(([, box]) => box.width > 0 && (box.width < 44 || box.height < 44))
              .map(([said]) => said)"""
        )
    assert small == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, server: Server, scheme: str) -> None:
    with phone(browser, server) as page:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = grave_faults(page)
        visit(page, "阿强小店").click()
        page.get_by_role("group", name="电线、插座完好").get_by_label("有问题").check()
        found += grave_faults(page)
    assert found == []
