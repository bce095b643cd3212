"""The report of a merge, on a street whose households one can count."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from geo.regionalization.communities import Bounds, OldNetwork
from geo.regionalization.drafting import DraftSettings, draft_community
from geo.regionalization.handover import Department, handover
from tests.geo.regionalization.drawn import CODE, community

DEPARTMENTS = [
    Department("公安", ("P1", "P2", "P3")),
    Department("城管", ("C1", "C9")),
    Department("应急", ("E1",), 0.0),
]


def old(letters, keys):
    rows = pd.DataFrame({"building": keys, "stairwell": None, "grid": letters})
    return rows[rows["grid"].notna()]


@pytest.fixture(scope="module")
def report():
    # Six houses of 100 in a row, two grids of 300. 公安: 2 + 1 + 3 houses; 城管 has the west half and, C9, a park.
    drawn = community([[100] * 6])
    keys = drawn.buildings.index
    police = old(["P1", "P1", "P2", "P3", "P3", "P3"], keys)
    city = old(["C1", "C1", "C1", None, None, None], keys)
    emergency = old(["E1"] * 6, keys)
    merged = replace(
        drawn,
        networks=(OldNetwork("公安", police), OldNetwork("城管", city), OldNetwork("应急", emergency, 0.0)),
    )
    settings = DraftSettings(Bounds(300, 300))
    drafts, afresh = [draft_community(merged, settings)], [draft_community(drawn, settings)]
    return handover(DEPARTMENTS, [merged], drafts, bounds=settings.bounds, afresh=afresh)


def test_grids_before_and_after(report):
    assert (report["grids_before"], report["grids_after"], report["grids_change"]) == (5, 2, -0.6)


def test_every_household_keeps_one_of_its_workers(report):
    # West half: 城管's C1 worker; east half: 公安's P3 worker.
    assert report["households"] == {
        "all": 600,
        "kept": 600,
        "moved": 0,
        "uncovered": 0,
        "kept_share": 1.0,
        "most_kept": 600,
    }
    assert [(row["department"], row["from"], row["kept"]) for row in report["grids"]] == [
        ("城管", "C1", 300),
        ("公安", "P3", 300),
    ]


def test_posts_that_are_redundant_are_named_those_without_a_building_too(report):
    redundant = {(row["department"], row["code"]) for row in report["posts"] if row["to"] is None}
    assert redundant == {("公安", "P1"), ("公安", "P2"), ("城管", "C9")}
    by_name = {row["department"]: row for row in report["departments"]}
    assert (by_name["公安"]["posts_kept"], by_name["公安"]["posts_redundant"]) == (1, 2)
    assert (by_name["城管"]["posts_kept"], by_name["城管"]["posts_redundant"]) == (1, 1)


def test_departments_say_who_stays_together(report):
    police, city = report["departments"]
    assert (police["together"], police["together_share"], police["kept"], police["kept_share"]) == (
        600,
        1.0,
        500,
        0.8333,
    )
    # Two houses of P1 make the larger part of the western grid, P3 is the eastern one.
    assert (police["unmixed"], city["unmixed"]) == (500, 300)
    assert (city["households"], city["together"], city["kept"]) == (300, 300, 300)


def test_flows_lead_from_every_old_grid_to_its_new_ones(report):
    flows = {(row["from"], row["to"]): (row["households"], row["kept"]) for row in report["flows"]}
    assert flows == {
        ("P1", f"{CODE}001"): (200, False),
        ("P2", f"{CODE}001"): (100, False),
        ("P3", f"{CODE}002"): (300, True),
        ("C1", f"{CODE}001"): (300, True),
    }


def test_a_department_of_weight_0_is_left_out(report):
    assert [row["department"] for row in report["departments"]] == ["公安", "城管"]
    assert all(row["department"] != "应急" for row in report["posts"])


def test_the_plan_drawn_afresh_is_there_to_compare(report):
    assert report["afresh"]["grids"] == report["afresh"]["in_range"] == 2
    assert report["afresh"]["households"]["all"] == 600


def test_the_report_is_plain_json(report):
    assert json.loads(json.dumps(report, ensure_ascii=False)) == report
