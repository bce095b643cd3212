"""The planner's workbench in a real browser: figures as the engine has them, strokes that nobody loses, and others.

Its tools are in ``test_planners_gestures.py``; more of what may go wrong on the way to the server is in
``tests/hard/test_workbench.py``.
"""

from contextlib import ExitStack
from dataclasses import asdict

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from playwright.sync_api import expect
from sqlalchemy import Engine

from geo.regionalization.continuity import continued, old_grids
from geo.regionalization.edited_grids import Ground
from geo.regionalization.engine import measure
from geo.regionalization.problem import check_problem
from geo.territory.compactness import polsby_popper
from geo.territory.coverage import dissolve
from tests.browser.accessible import grave_faults
from tests.browser.serving import serving
from tests.browser.working import (  # noqa: F401 - fixtures among them
    LEGAL,
    Opens,
    address,
    client,
    engine,
    homes_of,
    opened,
    paint,
    patience,
    plan,
    saved,
    strokes_of,
    undo,
)
from tests.conftest import OfflinePage
from tests.geo.regionalization.test_ground_columns import COLUMNS, GRIDS, PARTS

# ruff: noqa: F811 - a fixture is named where it is used

pytestmark = pytest.mark.browser

LIMITS = {"lower": 60, "upper": 120}
PHONE = {"width": 390, "height": 844}
MEASURED = ("grids", "in_range", "contiguous", "households", "boundary_cost", "barrier_crossed")

FIGURES = """async ([said, assignments, bounds]) => {
  const { Ground } = await import('/static/workbench/ground.js');
  const { figuresOf } = await import('/static/workbench/figures.js');
  const ground = new Ground(said);
  let known = null;
  return assignments.map((labels) => {
    const found = figuresOf(ground, Int32Array.from(labels), said.grids.code.length, bounds, known, null);
    known = found;
    return { total: found.total, compactness: [...found.compactness], households: [...found.households] };
  });
}"""


# ── figures ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def measured(labels: NDArray[np.int64]) -> dict[str, float]:
    """What the engine says of an assignment, summed over communities as reports do."""
    total = dict.fromkeys((*MEASURED, "households_moved"), 0.0)
    start = 0
    for part in PARTS:
        own = labels[start : start + len(part.rows)]
        start += len(part.rows)
        for name, value in _of_community(part.ground, np.unique(own, return_inverse=True)[1].astype(np.int64)).items():
            total[name] += value
    return total


def _of_community(ground: Ground, own: NDArray[np.int64]) -> dict[str, float]:
    households = ground.atoms["households"].to_numpy(np.int64)
    problem = check_problem(
        households, ground.touching.edges, ground.costs.boundary_cost, LIMITS["lower"], LIMITS["upper"],
        None, ground.costs.cross_weight, None, None, None, (),
    )  # fmt: skip
    found = {name: value for name, value in measure(problem, own).items() if name in MEASURED}
    before = old_grids(ground.atoms, ground.community.previous)
    follows = continued(before, own, households)
    moving = [then is not None and follows.get(int(now)) != then for then, now in zip(before, own, strict=True)]
    return found | {"households_moved": float(households[moving].sum())}


def test_figures_are_those_of_the_engine_whatever_the_assignment(opened: Opens) -> None:
    page = opened()
    rng = np.random.default_rng(7)
    of_unit = 3 * np.array(COLUMNS.units["community"])
    assignments = [of_unit + rng.integers(0, most, len(of_unit)) for most in (1, 2, 3) for _ in range(12)]
    columns = asdict(COLUMNS)
    named = {"grids": {"code": GRIDS, "name": GRIDS}, "compounds": {"code": COLUMNS.compounds, "name": []}}
    said = columns | named | {"plan": {"version": 1}, "notices": []}
    said["units"]["name"] = said["units"]["building"]
    found = page.evaluate(FIGURES, [said, [labels.tolist() for labels in assignments], LIMITS])
    for labels, figures in zip(assignments, found, strict=True):
        asked = measured(labels)
        assert {name: figures["total"][name] for name in asked} == pytest.approx(asked, abs=1e-3)
        tiles = [dissolve(part.ground.tiles, labels[at : at + 14]) for at, part in zip((0, 14), PARTS, strict=True)]
        for scores in map(polsby_popper, tiles):
            assert [figures["compactness"][grid] for grid in scores.index] == pytest.approx(scores.tolist(), rel=1e-5)


def test_what_is_shown_after_a_stroke_is_what_the_report_says(opened: Opens, client: TestClient, plan: int) -> None:
    page = opened()
    paint(page, paint(page))
    saved(page)
    report = client.get(f"/plans/{plan}").json()["report"]
    figures = page.evaluate("({ ...window.workbench.draft.figures.total })")
    same = (*MEASURED, "compounds_split", "compounds_fitting", "compounds_fitting_split", "households_moved")
    assert {name: figures[name] for name in same} == pytest.approx({name: report[name] for name in same}, abs=1e-3)
    for row in report["grid_list"]:
        shown = page.locator(f"tr[data-grid='{row['code']}'] td")
        expect(shown.first.locator("b")).to_have_text(str(row["households"]))
        expect(shown.nth(1)).to_have_text("1")
        assert float(shown.nth(2).inner_text()) == pytest.approx(row["polsby_popper"], abs=0.06)  # drawn plainer there


# ── strokes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stroke_is_saved_taken_back_and_done_again_after_a_reload(
    opened: Opens, offline_page: OfflinePage, client: TestClient, plan: int
) -> None:
    page = opened()
    before = homes_of(client, plan)
    stroke = paint(page)
    saved(page)
    assert homes_of(client, plan) == before | {stroke["key"]: stroke["to"]}
    opened()
    undo(page)
    saved(page)
    assert homes_of(client, plan) == before
    opened()
    undo(page, "Control+Shift+z")
    saved(page)
    assert homes_of(client, plan) == before | {stroke["key"]: stroke["to"]}
    undo(page)
    undo(page)
    expect(page.locator("#said")).to_contain_text("没有可撤销")
    saved(page)
    assert homes_of(client, plan) == before
    assert offline_page.outside == []
    assert offline_page.errors == []


def test_strokes_outlast_the_server_and_the_page(opened: Opens, engine: Engine, client: TestClient, plan: int) -> None:
    before = homes_of(client, plan)
    with ExitStack() as first:
        at = first.enter_context(serving(engine))
        page = opened(at)
    one = paint(page)
    other = paint(page, one)
    expect(page.get_by_role("alert")).to_contain_text("笔画已存在本机")
    page.goto("about:blank")
    with serving(engine, int(at.rsplit(":", 1)[1])):
        opened(at)
        saved(page)
        assert homes_of(client, plan) == before | {each["key"]: each["to"] for each in (one, other)}
        assert [len(stroke["moves"]) for stroke in strokes_of(client, plan)] == [1, 1]
        undo(page)
        saved(page)
        assert homes_of(client, plan) == before | {one["key"]: one["to"]}


def test_one_goes_back_to_a_version_and_is_told_what_stays(opened: Opens, client: TestClient, plan: int) -> None:
    page = opened()
    before = homes_of(client, plan)
    one = paint(page)
    other = paint(page, one)
    saved(page)
    after = homes_of(client, plan)
    page.locator("#history summary").click()
    page.get_by_role("button", name="回到这一版").last.click()
    expect(page.locator("#history .edits > li")).to_have_count(4)
    saved(page)
    assert homes_of(client, plan) == before
    undo(page)
    saved(page)
    assert homes_of(client, plan) == after
    page.locator(f"tr[data-grid='{one['to']}'] .lock").click()
    page.evaluate(
        """({ key, from }) => {
          const { draft } = window.workbench;
          window.workbench.move([draft.ground.unitOfKey.get(key)], draft.number.get(from));
        }""",
        one,
    )
    expect(page.locator("#said")).to_contain_text("1 处在锁定的网格")
    assert homes_of(client, plan) == after
    assert other["to"] == after[other["key"]]


# ── others ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _by_other(client: TestClient, plan: int, moves: dict[str, str]) -> None:
    body = {"moves": [{"building_code": code, "grid_code": grid} for code, grid in moves.items()]}
    version = client.get(f"/plans/{plan}").json()["version"]
    answer = client.patch(f"/plans/{plan}/assignment", json=body, headers={"If-Match": f'"{version}"'})
    assert answer.status_code == 200, answer.text


def test_strokes_are_done_again_on_what_others_changed(
    opened: Opens, offline_page: OfflinePage, client: TestClient, engine: Engine, plan: int
) -> None:
    # Only the stroke itself meets what the other changed: news that come first are told, and done with, before it.
    # They are asked for as soon as the page is there, and answered when there are some.
    offline_page.page.route("**/news?*", lambda route: route.abort())
    page = opened(login="second")
    before = homes_of(client, plan)
    theirs = page.evaluate(LEGAL, [])
    _by_other(client, plan, {theirs["key"]: theirs["to"]})
    mine = paint(page, theirs)
    saved(page)
    expect(page.locator("#said")).to_contain_text("planner 改了方案")
    assert homes_of(client, plan) == before | {each["key"]: each["to"] for each in (theirs, mine)}
    assert [stroke["who"] for stroke in strokes_of(client, plan)] == ["planner", "second"]
    undo(page)
    saved(page)
    assert homes_of(client, plan) == before | {theirs["key"]: theirs["to"]}


# ── for everybody ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_may_not_plan_looks_on(opened: Opens, offline_page: OfflinePage) -> None:
    page = opened(login="leader", roles=["leader"])
    expect(page.locator("#saving")).to_contain_text("只读")
    expect(page.locator("[data-tool=brush]")).to_have_count(0)
    expect(page.locator(".totals")).to_contain_text("户数达标")
    assert offline_page.errors == []


def test_nothing_stands_in_the_way_of_anybody(opened: Opens) -> None:
    page = opened()
    page.locator(".grid-list .pick").first.click()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert grave_faults(page) == [], scheme
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for target in (page.locator("[data-tool=brush]"), page.locator(".pick").first):
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= 44
