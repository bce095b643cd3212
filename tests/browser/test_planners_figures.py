"""What the workbench says of a plan: as its report says it, and no more than one may do to it."""

import re

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect
from sqlalchemy import Engine, text

from geo.storage.database import session_scope
from tests.browser.working import (  # noqa: F401 - fixtures among them
    ASKED,
    Opens,
    address,
    client,
    engine,
    opened,
    patience,
)
from tests.conftest import OfflinePage

# ruff: noqa: F811 - a fixture is named where it is used

pytestmark = pytest.mark.browser

COMPOUNDS = {
    "被拆分的小区 compounds split": "compounds",
    "其中一格放得下的 of which one grid could hold": "compounds_fitting",
}


@pytest.fixture
def plan(engine: Engine, client: TestClient) -> int:
    """A draft of a community whose buildings are all of the one compound, which no grid could hold."""
    joined = (
        "UPDATE building SET compound_code = c.code FROM compound c WHERE c.community_code = building.community_code"
    )
    with session_scope(engine) as session:
        session.execute(text(joined))
    return int(client.post("/plans", json=ASKED).json()["id"])


def test_compounds_split_are_counted_and_called_as_in_the_report(
    opened: Opens, client: TestClient, plan: int, offline_page: OfflinePage
) -> None:
    report = client.get(f"/plans/{plan}").json()["report"]
    said = {name: f"{report[f'{figure}_split']:.0f} / {report[figure]:.0f}" for name, figure in COMPOUNDS.items()}
    assert len(set(said.values())) == len(said), "two figures that are one number tell nothing"
    shown = opened().locator("#figures dl > div")
    for name, value in said.items():
        figure = shown.filter(has=offline_page.page.locator("dt", has_text=re.compile(rf"^\s*{name}\s*$")))
        expect(figure.locator("dd b")).to_have_text(value)
    figures = client.get(f"/plans/{plan}/report").json()["figures"]
    assert {name: figures[name] for name in figures if name.startswith("compounds")} == {
        name: report[name] for name in report if name.startswith("compounds")
    }
    page = offline_page.open(f"{offline_page.page.url.removesuffix('workbench')}report")
    listed = page.locator(".figures li").all_inner_texts()
    assert {f"{value} {name}" for name, value in said.items()} <= {" ".join(each.split()) for each in listed}


def test_a_plan_that_is_read_only_offers_no_locks(opened: Opens, client: TestClient, plan: int) -> None:
    row, lock = "#grids tbody tr", "#grids .lock"
    page = opened()
    assert page.locator(lock).count() == page.locator(row).count()
    expect(page.locator(lock).first).to_be_visible()
    assert client.post(f"/plans/{plan}/adopt", headers={"If-Match": '"1"'}).status_code == 200
    page = opened()
    expect(page.locator("#saving")).to_contain_text("只读")
    expect(page.locator(row).first).to_be_visible()
    assert page.locator(lock).filter(visible=True).count() == 0
    with_compound = (
        "() => { const { ground } = window.workbench.draft; return ground.compoundOf.findIndex((one) => one >= 0); }"
    )
    page.evaluate("(unit) => window.workbench.unitCard.draw(unit)", page.evaluate(with_compound))
    expect(page.locator("#finding .unit")).to_contain_text("湖畔")
    assert page.locator("#finding .unit input").count() == 0
