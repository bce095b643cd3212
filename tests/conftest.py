"""What every test may ask for: a real PostGIS database, a real browser, and the real data beside the project.

One throw-away server serves a whole run, however many workers it has. The controlling process names its folder, the
first test that needs a database starts it, and the controlling process removes it at the end. Every worker has a
database of its own, cloned from a template that was migrated once (``databases.py``); a test in ``session`` is rolled
back afterwards.

A missing server fails the tests that need it; it never skips them.
"""

import gc
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.errors import ServerError
from geo.storage import embedded
from tests import examples
from tests.databases import RUN_PREFIX, RUN_VARIABLE, Databases

if TYPE_CHECKING:
    from fastapi import FastAPI
    from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

HERE = Path(__file__).resolve().parent
SHARED_DATA = HERE.parents[1] / "shared" / "data"
#: Folders whose files take long run first: workers end with short files, and none waits minutes for another.
LONG_FIRST = (
    *("setup", "browser", "api", "geo/services", "geo/addresses", "geo/regionalization"),
    *("geo/territory", "geo/sample", "geo/storage", "geo/exchange"),
)
USED_OUTSIDE_SERVER = "used-outside-server"

# ── the run's folder ─────────────────────────────────────────────────────────────────────────────────────────────────


def pytest_configure(config: pytest.Config) -> None:
    examples.register()
    if hasattr(config, "workerinput"):
        return  # a worker inherits the controller's folder through the environment
    _remove_abandoned_runs()
    folder = tempfile.mkdtemp(prefix=f"{RUN_PREFIX}{os.getpid()}-", dir="/tmp")
    os.chmod(folder, 0o755)  # root's server runs as another account, which has to pass through
    os.environ[RUN_VARIABLE] = folder
    # One address makes every request of a run; tests of the limits state a factor of their own.
    os.environ.setdefault("WANGGE_RATE_FACTOR", "1000000")
    # The terminal's commands are loaded when they are first used, and keep the width that they find then.
    os.environ["COLUMNS"] = "200"


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or RUN_VARIABLE not in os.environ:
        return
    folder = Path(os.environ[RUN_VARIABLE])
    if (folder / USED_OUTSIDE_SERVER).exists():
        with closing(Databases(os.environ["WANGGE_TEST_DATABASE_URL"])) as databases:
            databases.drop_all()
    _remove_run(folder)
    del os.environ[RUN_VARIABLE]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(HERE).as_posix()
        places = (place for place, folder in enumerate(LONG_FIRST) if path.startswith(f"{folder}/"))
        return next(places, len(LONG_FIRST))

    items.sort(key=place)


def pytest_collectstart() -> None:
    gc.disable()  # hardly anything of what is imported is garbage, and to look for it takes a tenth of collecting


def pytest_collection_finish() -> None:
    # What is imported stays to the end. To look through it each time garbage is collected takes a thirtieth of a run.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def _remove_abandoned_runs() -> None:
    for folder in Path("/tmp").glob(f"{RUN_PREFIX}*"):
        owner = re.match(rf"{RUN_PREFIX}(\d+)-", folder.name)
        try:
            mine = folder.lstat().st_uid == os.geteuid()
        except FileNotFoundError:
            continue  # another run has just removed it
        if owner and mine and not Path("/proc", owner[1]).exists():
            _remove_run(folder)


def _remove_run(folder: Path) -> None:
    with suppress(ServerError):  # half of it is gone: another run is removing it, or was killed while it did
        embedded.stop(folder / "postgres")
    shutil.rmtree(folder, ignore_errors=True)


# ── databases ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """The maker of databases, for tests that need several or unusual ones."""
    with closing(Databases(_server_url())) as databases:
        yield databases


def _server_url() -> str:
    outside = os.environ.get("WANGGE_TEST_DATABASE_URL")
    if outside:
        (Path(os.environ[RUN_VARIABLE]) / USED_OUTSIDE_SERVER).touch()
        return outside
    # Nothing here outlives the run, so nothing has to reach the disk.
    fast = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB"}
    # It would look into each of a hundred databases every minute, and none lives long enough to be tidied.
    fast["autovacuum"] = "off"
    # A run begins thousands of sessions; to load this anew takes each of them half of its beginning.
    fast["shared_preload_libraries"] = "postgis-3,pg_trgm,plpgsql"
    return embedded.start(Path(os.environ[RUN_VARIABLE]) / "postgres", settings=fast)


@pytest.fixture(scope="session")
def database_url(databases: Databases) -> Iterator[str]:
    """URL of this worker's migrated database; leave nothing committed in it."""
    name = databases.lend(databases.migrated_template())
    yield databases.url(name)
    committed = databases.differing(name)
    databases.take_back(name)
    assert committed == [], "a test that commits needs a store of its own: what other tests find depends on it"


@pytest.fixture
def fresh_database_url(databases: Databases) -> Iterator[str]:
    """URL of a migrated database of the test's own, for tests that must commit; nothing of it is left afterwards."""
    name = databases.lend(databases.migrated_template())
    yield databases.url(name)
    databases.take_back(name)


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """URL of a database with the extensions and no tables, for tests of migrations; dropped afterwards."""
    name = databases.create()
    yield databases.url(name)
    databases.drop(name)


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    from geo.storage.database import open_engine

    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@contextmanager
def rolled_back(engine: Engine) -> Iterator[Session]:
    """A session whose commits are savepoints of one transaction, rolled back at the end."""
    with engine.connect() as connection:
        transaction = connection.begin()
        with Session(bind=connection, join_transaction_mode="create_savepoint") as session:
            yield session
        if transaction.is_active:
            transaction.rollback()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session whose commits are savepoints of one transaction, rolled back after the test."""
    with rolled_back(engine) as session:
        yield session


@pytest.fixture(scope="module")
def laid(databases: Databases, request: pytest.FixtureRequest) -> Iterator[tuple[Engine, Any]]:
    """A store of the file's own with what the file's function ``lay`` writes, once for all its tests; what it returns.

    To write a few buildings before each test takes longer than most tests do.
    """
    from geo.storage.database import session_scope

    with databases.engine(databases.migrated_template()) as engine:
        with session_scope(engine) as session:
            written = request.module.lay(session)
        yield engine, written


@pytest.fixture
def on_laid(laid: tuple[Engine, Any]) -> Iterator[Session]:
    """A session on what was laid, rolled back after the test."""
    with rolled_back(laid[0]) as session:
        yield session


@pytest.fixture(scope="module")
def town_engine(databases: Databases) -> Iterator[Engine]:
    """The small town of ``api/town.py``, in a database of the file's own: what one file commits, no other one reads."""
    from tests.api import town

    with databases.engine(databases.filled("town", town.settle)) as engine:
        yield engine


@pytest.fixture(scope="module")
def app(town_engine: Engine) -> "FastAPI":
    """The application over the small town."""
    from api.main import create_app
    from api.settings import AppSettings

    return create_app(AppSettings(), town_engine)


# ── real data ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Find a file or folder of the real data beside the project; skips, saying so, where there is none."""

    def find(name: str) -> Path:
        path = SHARED_DATA / name
        if not path.exists():
            pytest.skip(f"real data is not beside this clone: {path}")
        return path

    return find


# ── browser ──────────────────────────────────────────────────────────────────────────────────────────────────────────

# The resolver rule keeps Chromium itself off the network, whatever a page or the browser's own services ask for.
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
SCREEN: "ViewportSize" = {"width": 1280, "height": 800}
LOCAL_URL = re.compile(r"(file|data|blob|about):|(https?|wss?)://(localhost|127\.0\.0\.1)(:\d+)?(/|$)")


@dataclass
class OfflinePage:
    """A page without a network, and what it tried to do.

    ``outside`` lists every URL asked for that is neither a file nor on this machine; ``errors`` every uncaught error
    and every line the page wrote to the console as an error.
    """

    page: "Page"
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @classmethod
    def watched(cls, context: "BrowserContext") -> "OfflinePage":
        """Open the one page of a context, which reaches this machine alone."""
        offline = cls(context.new_page())

        def watch(url: str) -> None:
            if not LOCAL_URL.match(url):
                offline.outside.append(url)

        context.route(lambda url: not LOCAL_URL.match(url), lambda route: route.abort("internetdisconnected"))
        context.on("request", lambda request: watch(request.url))
        context.on("weberror", lambda error: offline.errors.append(str(error.error)))
        context.on("console", lambda line: offline.errors.append(line.text) if line.type == "error" else None)
        offline.page.on("websocket", lambda socket: watch(socket.url))
        return offline

    def forget(self) -> None:
        """Become as good as new, for the next test: a page of its own for each takes half as long as all the rest."""
        self.page.goto("about:blank")
        self.page.unroute_all(behavior="ignoreErrors")
        self.page.context.clear_cookies()
        self.page.set_viewport_size(SCREEN)
        self.page.emulate_media(media="null")
        self.outside.clear()
        self.errors.clear()

    def open(self, target: Path | str) -> "Page":
        """Open a file or a URL on this machine and wait until it is loaded."""
        self.page.goto(target.resolve().as_uri() if isinstance(target, Path) else target, wait_until="load")
        return self.page


@contextmanager
def launched() -> Iterator["Browser"]:
    """Chromium, for as long as it is needed."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.fail("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


# Playwright keeps an event loop running in this thread while it is open. Ending it with the module lets tests in
# other modules run loops of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def only_page(browser: "Browser") -> Iterator[OfflinePage]:
    context = browser.new_context(locale="zh-CN", viewport=SCREEN)
    yield OfflinePage.watched(context)
    context.close()


@pytest.fixture
def offline_page(only_page: OfflinePage) -> OfflinePage:
    only_page.forget()
    return only_page
