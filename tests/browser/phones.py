"""Phones of inspectors in tests: with the round on their screen, and a server that may stop and start again."""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Locator, Page, ViewportSize, expect
from sqlalchemy import Engine, func, select

from api.commands.serve import listen
from api.main import create_app
from api.settings import AppSettings
from api.visitor import COOKIE
from geo.storage.database import session_scope
from geo.storage.ledger_tables import Evidence, Inspection, LedgerCase
from tests.api.people import token_of
from tests.conftest import LOCAL_URL
from tests.geo.services.inspected import GRID

#: How long sending may take on a machine that is busy with others, milliseconds.
PATIENCE_MS = 30_000
PHONE: ViewportSize = {"width": 390, "height": 844}


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
        self.thread.join()
        self.listener.close()


@contextmanager
def served(engine: Engine) -> Iterator[Server]:
    """Run a server over a database for a while."""
    made = Server(engine)
    made.start()
    try:
        yield made
    finally:  # a thread that goes on would keep a failed run from ending
        if made.thread.is_alive():
            made.stop()


@contextmanager
def phone(browser: Browser, server: Server, login: str = "wang", *, worker: bool = False) -> Iterator[Page]:
    """A phone of its own, signed in, with the round on its screen; asks no other host for anything.

    With its service worker it can open the page again without signal.
    """
    context = browser.new_context(
        locale="zh-CN",
        viewport=PHONE,
        has_touch=True,
        is_mobile=True,
        device_scale_factor=1,
        service_workers="allow" if worker else "block",
    )
    outside: list[str] = []
    errors: list[str] = []
    context.on("request", lambda request: None if LOCAL_URL.match(request.url) else outside.append(request.url))
    context.on("weberror", lambda error: errors.append(str(error.error)))
    token = token_of(server.engine, login, ["inspector"], [GRID])
    context.add_cookies([{"name": COOKIE, "value": token, "url": server.address}])
    page = context.new_page()
    open_round(page, server)
    if worker:
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    yield page
    context.close()
    assert outside == []
    assert errors == []


def open_round(page: Page, server: Server) -> None:
    page.goto(f"{server.address}/round")
    page.locator("html[data-ready]").wait_for()


def see(page: Page, state: str) -> None:
    """Have the page believe that it is seen, or not."""
    page.evaluate(
        """(state) => {
          Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
          document.dispatchEvent(new Event('visibilitychange'));
        }""",
        state,
    )


def visit(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name).first


def picture(width: int = 300, height: int = 200) -> FilePayload:
    held = io.BytesIO()
    Image.new("RGB", (width, height), "tomato").save(held, "JPEG")
    return {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": held.getvalue()}


def find_wiring(page: Page, shown: FilePayload | None = None) -> None:
    """Look at the shop: the wiring is wrong, with a photo; all else is right."""
    visit(page, "阿强小店").click()
    form = page.get_by_role("dialog")
    wiring = form.get_by_role("group", name="电线、插座完好")
    wiring.get_by_label("有问题").check()
    wiring.get_by_label("说明").fill("插座烧焦")
    wiring.get_by_label("拍照").set_input_files(shown or picture())
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


def stored(page: Page) -> str:
    """All that the page keeps in this phone, as text."""
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
