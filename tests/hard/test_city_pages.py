"""Each of four people's whole job on a city of 100,000 buildings, with the network to the world unplugged.

A planner paints at the workbench, an inspector looks at a place on a phone, a clerk takes a call, a leader opens a
figure down to the hazard that the inspector found. What each page took until it could be worked with is written to
``tests/benchmarks/results/pages.md``; requests to other hosts are counted, and there are none. ``CITY_BUILDINGS`` asks
for a smaller city, of which nothing is written.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text

from api.visitor import COOKIE
from geo.sample import stream_city
from geo.services import rounds
from geo.services.inspection_planning import make_default_plans
from geo.services.planning import plan_scope
from geo.storage import layers
from geo.storage.database import session_scope
from geo.territory.nouns import NOUNS
from tests.api.people import token_of
from tests.benchmarks.bench_ledger import put_in_force, subjects_of
from tests.browser.serving import serving
from tests.browser.working import paint, saved
from tests.conftest import OfflinePage
from tests.databases import Databases

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

pytestmark = [pytest.mark.browser, pytest.mark.timeout(3600)]

SEED, WHO = 7, "city"
BUILDINGS = int(os.environ.get("CITY_BUILDINGS", "100000"))
RESULTS = Path(__file__).parents[1] / "benchmarks" / "results" / "pages.md"
PATIENCE_MS = int(os.environ.get("CITY_PATIENCE_MS", "180000"))
DESK: "ViewportSize" = {"width": 1440, "height": 900}
PHONE: "ViewportSize" = {"width": 390, "height": 844}
#: All but old grids, which come as plans, and what is about persons.
LOADED = tuple(name for name in NOUNS if name not in ("grid", "grid_staff", "household_unit"))

HEADER = """# Live pages on a generated city

`pytest -n 0 tests/hard/test_city_pages.py`: {buildings:,} buildings in {streets} streets; each person has one
of them, the network to other hosts is blocked. Seconds until a page can be worked with, by the clock, on {cores} cores
that other work shared; a second time, what the first one read is remembered.

| who | page | on | first, s | again, s | requests to other hosts |
|---|---|---|---|---|---|
"""


@dataclass
class City:
    """A store with a city in it, of whose first street there is a draft, and plans of inspections.

    Attributes
    ----------
    due
        Two grids in force, each with what something is called that is to be inspected in it today.
    community, said
        A community, and the address of a building in it.
    """

    engine: Engine
    address: str
    street: str
    draft: int
    due: list[tuple[str, str]]
    community: str
    said: str
    buildings: int
    streets: int
    lines: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def city(databases: Databases) -> Iterator[City]:
    with databases.engine(databases.migrated_template()) as engine:
        towns = stream_city(SEED, buildings=BUILDINGS)
        first = next(towns)
        built, streets = _load(engine, first), 1
        for town in towns:
            built, streets = built + _load(engine, town), streets + 1
            print(f"{built:,} buildings", flush=True)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        street = str(first["street"]["code"].iat[0])
        with session_scope(engine) as session:
            make_default_plans(session, street, who=WHO)
            draft = plan_scope(session, str(first["community"]["code"].iat[0]), who=WHO).plan_id
        due = _due_today(
            engine, sorted(set(subjects_of(first).dropna(subset=["place_code", "grid_code"])["grid_code"]))
        )
        home = first["building"].dropna(subset="address").iloc[0]
        community, said = str(home["community_code"]), str(home["address"])
        with serving(engine) as address:
            found = City(engine, address, street, draft, due, community, said, built, streets)
            yield found
    if BUILDINGS == 100_000:
        header = HEADER.format(buildings=built, streets=streets, cores=os.cpu_count())
        RESULTS.write_text(header + "\n".join(found.lines) + "\n", encoding="utf-8")
    print("\n".join(["", *found.lines]))


def _due_today(engine: Engine, grids: list[str]) -> list[tuple[str, str]]:
    """Return two grids in which something is to be inspected today, and what it is called."""
    found: list[tuple[str, str]] = []
    with session_scope(engine) as session:
        for grid in grids:
            stops = rounds.todays_round(session, grids=[grid], who=WHO).stops
            found += [(grid, stops[0].visits[0].name)] if stops else []
            if len(found) == 2:
                return found
    raise AssertionError(f"something is due today in {len(found)} grids alone")


def _load(engine: Engine, town: dict[str, Any]) -> int:
    with session_scope(engine) as session:
        for noun in LOADED:
            if len(town.get(noun, ())):
                layers.upsert(session, NOUNS[noun], town[noun], who=WHO)
        put_in_force(session, town, subjects_of(town))
    return len(town["building"])


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=5_000)


class Person:
    """Somebody at a screen of their own, who is timed and whose requests are counted."""

    def __init__(self, browser: "Browser", city: City, login: str, role: str, scope: str, size: "ViewportSize") -> None:
        self.city, self.role, self.size, self.lines = city, role, size, list[tuple[str, float, float]]()
        self.context = browser.new_context(locale="zh-CN", viewport=size)
        token = token_of(city.engine, login, [role], [scope])
        self.context.add_cookies([{"name": COOKIE, "value": token, "url": city.address}])
        self.offline = OfflinePage.watched(self.context)
        self.page: Page = self.offline.page
        self.page.set_default_timeout(PATIENCE_MS)

    def open(self, path: str) -> Page:
        """Open a live page twice, and note how long it took each time until it could be worked with."""
        took = []
        for _ in range(2):
            began = time.perf_counter()
            self.offline.open(f"{self.city.address}{path}")
            self.page.locator("html[data-ready]").wait_for(state="attached")
            took.append(time.perf_counter() - began)
        self.lines.append((path, took[0], took[1]))
        return self.page

    def done(self) -> None:
        """Count what was asked of other hosts, and note it with the times."""
        on = "phone" if self.size == PHONE else "desktop"
        for path, first, again in self.lines:
            outside = len(self.offline.outside)
            self.city.lines.append(f"| {self.role} | `{path}` | {on} | {first:.1f} | {again:.1f} | {outside} |")
        self.context.close()
        assert self.offline.outside == []
        assert self.offline.errors == []


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desktop", "phone"])
def test_a_planner_paints_and_reads_the_report(browser: "Browser", city: City, size: "ViewportSize") -> None:
    planner = Person(browser, city, "planner", "planner", city.street, size)
    page = planner.open(f"/plans/{city.draft}/workbench")
    if size == DESK:
        paint(page)
    saved(page)
    page.locator("#history summary").click()
    expect(page.locator("#history .edits > li")).to_have_count(2)  # the stroke, and the draft as it was
    page.goto(f"{city.address}/plans/{city.draft}/report")
    expect(page.locator("table.grids tbody tr").first).to_be_visible()
    planner.done()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desktop"])
def test_an_inspector_looks_at_a_place(browser: "Browser", city: City, size: "ViewportSize") -> None:
    grid, place = city.due[size == DESK]
    inspector = Person(browser, city, f"inspector-{grid[-3:]}", "inspector", grid, size)
    page = inspector.open("/round")
    page.get_by_role("button", name=place).first.click()
    form = page.get_by_role("dialog")
    form.get_by_label("有问题").first.check()
    form.get_by_role("button", name="其余都合格").click()
    form.get_by_role("button", name="保存").click()
    expect(page.locator("#queue li")).to_contain_text("YH")
    expect(page.locator("#signal")).to_contain_text("都已发送")
    inspector.done()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desktop", "phone"])
def test_a_clerk_takes_a_call(browser: "Browser", city: City, size: "ViewportSize") -> None:
    clerk = Person(browser, city, "clerk", "staff", city.community, size)
    page = clerk.open("/desk")
    page.get_by_role("combobox", name="来电人所说的地址").fill(city.said)
    page.keyboard.press("Enter")
    expect(page.get_by_role("article").first).to_be_visible()
    page.keyboard.press("F2")
    form = page.get_by_role("region", name="登记")
    form.get_by_role("textbox", name="内容").fill(f"楼下垃圾堆了三天没人清运 {size['width']}")
    expect(form.locator(".judged")).to_contain_text("暴露垃圾")
    page.keyboard.press("Control+Enter")
    if size == PHONE:  # what the desk just registered there is known: it is joined
        form.get_by_role("radio").last.check()
        page.keyboard.press("Control+Enter")
    expect(page.locator("#taken")).to_be_visible()
    clerk.done()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desktop", "phone"])
def test_a_leader_opens_a_figure_down_to_its_case(browser: "Browser", city: City, size: "ViewportSize") -> None:
    leader = Person(browser, city, "leader", "leader", city.street, size)
    page = leader.open("/leader")
    page.locator("[data-figure=found] .value a").click()
    page.wait_for_url("**/figures/found/cases**")
    page.locator("table.ledger a").first.click()
    expect(page.locator("h1 .code")).to_contain_text("YH")
    leader.done()
