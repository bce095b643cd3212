"""Pictures of every page as its people see it: ``python -m tests.browser.screens``, or ``make screens``.

A store of its own is filled as ``wangge demo`` fills one, served, opened in Chromium with no way to other hosts, and
removed. Each page is taken on a desk, on a phone and in the dark, into ``out/screens``. What a picture does not show is
told beside it: errors, requests to other hosts, what axe finds grave, pages wider than the phone; then the program ends
with 1.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
from sqlalchemy import Engine

from api.commands.demo import COMMUNITY, PEOPLE, demo_command
from api.visitor import COOKIE
from geo.services.planning import plan_scope
from geo.services.sampling import SAMPLE_STREET
from geo.storage import embedded
from geo.storage.database import open_engine, session_scope
from tests.api.people import bearing, token_of
from tests.browser.accessible import grave_faults
from tests.browser.serving import serving
from tests.conftest import OfflinePage, launched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

DESK: "ViewportSize" = {"width": 1440, "height": 900}
PHONE: "ViewportSize" = {"width": 390, "height": 844}
#: Name -> size and colour scheme.
LOOKS = {"desk": (DESK, "light"), "phone": (PHONE, "light"), "dark": (DESK, "dark")}
#: Milliseconds for what a page asks for after it is ready.
DRAWN_MS = 1_500
READY_MS = 120_000

#: Pages without a picture, by route, and why; ``test_screens.py`` holds the two lists together to the routes there are.
WITHOUT_PICTURE = {
    "/second-factor": "显示密钥 shows a key, which is no thing to keep a picture of",
    "/invitation": "一次性链接 is reached by a link that is good once",
    **dict.fromkeys(
        ("/streets", "/communities", "/compounds", "/elements", "/barriers", "/plans/{plan_id}/cells"),
        "同楼栋清单 a list made as that of buildings is",
    ),
    "/figures/grids_without_worker/grids": "同未检查楼栋清单 made as the list of buildings left out is",
    **dict.fromkeys(
        (
            "/ogc/",
            "/ogc/conformance",
            "/ogc/collections",
            "/ogc/collections/{collection_id}",
            "/ogc/collections/{collection_id}/queryables",
            "/ogc/collections/{collection_id}/items",
            "/ogc/collections/{collection_id}/items/{feature_id}",
        ),
        "同数据服务首页 made as the first page of the data service is",
    ),
}


@dataclass(frozen=True)
class Found:
    """What addresses of pages name: numbers of two plans, of a hazard and of a request; the code of a building."""

    draft: int
    adopted: int
    hazard: int
    request: int
    building: str


@dataclass(frozen=True)
class Screen:
    """A page, who looks at it, and what they do there first.

    Attributes
    ----------
    login
        One of the demo's people; "" for whom nobody knows.
    steps
        Scripts to run in the page, one after the other.
    is_live
        Whether the page says when it is ready.
    """

    name: str
    path: str
    login: str = ""
    steps: tuple[str, ...] = ()
    is_live: bool = False


def main() -> int:
    """Take all pictures, or those whose names are given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="页面,缺省全部 Pages; all by default")
    parser.add_argument("--out", type=Path, default=Path("out/screens"), help="结果文件夹 Folder for results")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with _store() as engine, serving(engine) as address, launched() as browser:
        tokens = {login: token_of(engine, login, roles, scopes) for login, (_, roles, scopes) in PEOPLE.items()}
        screens = pictured(_found(address, tokens))
        unknown = set(asked.names) - {screen.name for screen in screens}
        if unknown:
            parser.error(f"没有这些页面 no such pages: {', '.join(sorted(unknown))}")
        faults = []
        for screen in screens:
            if asked.names and screen.name not in asked.names:
                continue
            for look in LOOKS:
                found = _take(browser, address, screen, look, tokens, asked.out / f"{screen.name}-{look}.png")
                print(f"{screen.name}-{look}", *(f"\n    {one}" for one in found), flush=True)
                faults += found
    print(f"{asked.out}: {len(faults)} 处问题 faults")
    return 1 if faults else 0


@contextmanager
def _store() -> Iterator[Engine]:
    """A store filled by the demo, and gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="wangge-screens-") as folder:
        os.chmod(folder, 0o755)  # root's server runs as another account, which has to pass through
        os.environ.pop("WANGGE_DATABASE_URL", None)
        os.environ["WANGGE_DATA_DIR"] = f"{folder}/data"
        try:
            demo_command(out=Path(folder) / "out", seed=7)
            engine = open_engine()
            with session_scope(engine) as session:
                plan_scope(session, COMMUNITY, who="screens")
            yield engine
            engine.dispose()
        finally:
            embedded.stop()


def _found(address: str, tokens: dict[str, str]) -> Found:
    """Ask for what there is in the store to fill addresses with."""

    def first(path: str, login: str) -> dict[str, str]:
        answer = httpx2.get(f"{address}{path}", headers=bearing(tokens[login]), timeout=60)
        return answer.raise_for_status().json()["items"][0]

    hazard = first("/cases?workflow=hazard&limit=1", "demo-staff")
    return Found(
        draft=int(first("/plans?state=draft&limit=1", "demo-planner")["id"]),
        adopted=int(first("/plans?state=adopted&limit=1", "demo-planner")["id"]),
        hazard=int(hazard["id"]),
        request=int(first("/cases?workflow=request&limit=1", "demo-staff")["id"]),
        building=hazard["building_code"] or f"{COMMUNITY}B00001",
    )


def pictured(found: Found) -> list[Screen]:
    """Every page of the house."""
    planner, staff, inspector, leader = "demo-planner", "demo-staff", "demo-inspector", "demo-leader"
    draft, adopted = found.draft, found.adopted
    said = "document.querySelector('input[type=search], [role=combobox]').focus()"
    return [
        Screen("sign-in", "/sign-in"),
        Screen("published-map", f"/published/map?street={SAMPLE_STREET}"),
        Screen("home-planner", "/", planner),
        Screen("home-leader", "/", leader),
        Screen("home-administrator", "/", "demo-administrator"),
        Screen("password", "/password", staff),
        Screen("accounts", "/accounts", "demo-administrator"),
        Screen("account", f"/accounts/{inspector}", "demo-security"),
        Screen("audit", "/audit", "demo-auditor"),
        Screen("audit-verification", "/audit/verification", "demo-auditor"),
        Screen("list-of-plans", "/plans", planner),
        Screen("list-of-communities", f"/streets/{SAMPLE_STREET}/communities", planner),
        Screen("list-of-buildings", f"/buildings?community={COMMUNITY}", planner),
        Screen("list-of-grids", f"/plans/{draft}/grids", planner),
        Screen("docs", "/docs", planner, is_live=True),
        Screen("ogc", "/ogc", planner),
        Screen("map", f"/map?scope={SAMPLE_STREET}", planner, is_live=True),
        Screen("map-of-hazards", f"/map?scope={SAMPLE_STREET}&layers=hazards", leader, is_live=True),
        Screen("workbench", f"/plans/{draft}/workbench", planner, is_live=True),
        Screen("compare", f"/compare?plans={adopted},{draft}", planner, is_live=True),
        Screen("plan-report", f"/plans/{draft}/report", planner),
        Screen("desk", "/desk", staff, (said,), is_live=True),
        Screen("requests", "/requests", staff),
        Screen("cases", "/cases", staff),
        Screen("case-of-hazard", f"/cases/{found.hazard}", staff),
        Screen("case-of-request", f"/cases/{found.request}", staff),
        Screen("bill-of-building", f"/bills/building/{found.building}", staff),
        Screen("bill-of-community", f"/bills/community/{COMMUNITY}", leader),
        Screen("statement", f"/statements/{COMMUNITY}?month=2026-10", leader),
        Screen("responsibility", f"/responsibility/building/{found.building}", staff),
        Screen("round", "/round", inspector, is_live=True),
        Screen("leader", "/leader", leader, is_live=True),
        Screen("figure", f"/figures/found/cases?scope={SAMPLE_STREET}&since=2026-10-01&until=2026-10-31", leader),
        Screen(
            "figure-left-out",
            f"/figures/coverage/buildings?scope={SAMPLE_STREET}&since=2026-10-01&until=2026-10-31",
            leader,
        ),
        Screen("report-of-community", f"/reports/community_monthly?scope={COMMUNITY}", leader),
        Screen("report-of-street", f"/reports/street_half_yearly?scope={SAMPLE_STREET}", leader),
    ]


def _take(
    browser: "Browser", address: str, screen: Screen, look: str, tokens: dict[str, str], target: Path
) -> list[str]:
    """Take one picture; return what is wrong with the page."""
    size, scheme = LOOKS[look]
    context = browser.new_context(locale="zh-CN", viewport=size, color_scheme=scheme)
    if screen.login:
        context.add_cookies([{"name": COOKIE, "value": tokens[screen.login], "url": address}])
    offline = OfflinePage.watched(context)
    offline.page.set_default_timeout(READY_MS)
    page = offline.open(f"{address}{screen.path}")
    if screen.is_live:
        page.locator("html[data-ready]").wait_for()
    for step in screen.steps:
        page.evaluate(step)
    page.wait_for_timeout(DRAWN_MS)
    page.screenshot(path=target)
    faults = [f"error: {line}" for line in offline.errors] + [f"outside: {url}" for url in offline.outside]
    faults += [f"axe: {fault}" for fault in grave_faults(page)]
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if wider > 0:
        faults.append(f"wider than the screen by {wider} px")
    context.close()
    return faults


if __name__ == "__main__":
    sys.exit(main())
