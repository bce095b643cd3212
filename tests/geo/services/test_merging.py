"""Merging departments' old grids out of the store, on a board of houses."""

import json

import pytest

from geo.errors import BoundsError, NotFoundError
from geo.exchange.reading import read_frame
from geo.services.merging import current_workers, merge_scope, write_handover
from geo.services.wishes import Wishes
from geo.storage import network, plans
from tests import factories
from tests.geo.services import old_networks
from tests.geo.services.old_networks import CITY, WHO, old_grids


@pytest.fixture
def town(session):
    return old_networks.build(session)


def test_old_networks_become_one_draft(session, town):
    outcome = merge_scope(session, factories.COMMUNITY, who=WHO)
    plan = plans.read_plan(session, outcome.plan_id)
    assert (plan.state, plan.department, plan.grids, plan.households) == ("draft", "", 2, 600)
    merging = plan.report["merging"]
    assert (merging["grids_before"], merging["grids_after"], merging["grids_change"]) == (6, 2, -0.6667)
    shares = {"uncovered": 0, "kept_share": 1.0, "most_kept": 600}
    assert merging["households"] == {"all": 600, "kept": 600, "moved": 0, **shares}
    # No police beat reaches across the middle: both departments' grids stay together whole.
    assert [row["together_share"] for row in merging["departments"]] == [1.0, 1.0]
    assert {row["from"] for row in merging["grids"]} == set(town["城管"])
    assert merging["afresh"]["households"]["all"] == 600
    assert json.loads(json.dumps(merging)) == merging


def test_the_draft_assigns_every_building_once(session, town):
    outcome = merge_scope(session, factories.COMMUNITY, who=WHO)
    assignment = plans.read_assignment(session, outcome.plan_id)
    assert len(assignment) == assignment["building_code"].nunique() == 12
    assert assignment.groupby("grid_code")["households"].sum().tolist() == [300, 300]


def test_departments_can_be_chosen_and_weighted(session, town):
    # Alone, the police's 100 + 200 | 150 + 150 is one way; asked for three grids, only 300 | 150 | 150 parts nobody.
    options = {"lower": 150, "upper": 300, "wishes": Wishes(grids=3), "who": WHO, "compare": False}
    alone = merge_scope(session, factories.COMMUNITY, departments=["公安"], **options)
    assert [row["department"] for row in alone.report["merging"]["departments"]] == ["公安"]
    assert alone.report["merging"]["departments"][0]["together_share"] == 1.0
    assert "afresh" not in alone.report["merging"]
    assert sorted(row["households"] for row in alone.report["merging"]["grids"]) == [150, 150, 300]
    ignored = merge_scope(session, factories.COMMUNITY, weights={"城管": 0.0}, **options)
    assert ignored.report["merging"] == alone.report["merging"]


def test_departments_without_grids_in_force_are_refused_by_name(session, town):
    old_grids(session, "应急", CITY, 801, adopt=False)
    assert network.departments(session, factories.COMMUNITY) == ["公安", "城管"]
    assert network.departments(session, factories.STREET) == ["公安", "城管"]
    assert network.departments(session, f"{factories.STREET}099") == []
    with pytest.raises(NotFoundError, match="应急"):
        merge_scope(session, factories.COMMUNITY, departments=["应急", "公安"], who=WHO)


def test_a_place_without_old_grids_is_refused(session):
    factories.make_building(session)
    with pytest.raises(NotFoundError, match="no old grids in force"):
        merge_scope(session, factories.COMMUNITY, who=WHO)


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ({"应急": 2.0}, "应急"),
        ({"公安": -1.0}, "-1.0"),
        ({"公安": float("nan")}, "nan"),
        ({"公安": 0.0, "城管": 0.0}, "every department has weight 0"),
    ],
)
def test_weights_that_make_no_sense_are_refused(session, town, weights, says):
    with pytest.raises(BoundsError, match=says):
        merge_scope(session, factories.COMMUNITY, weights=weights, who=WHO)


class TestHandoverTables:
    def test_an_excel_file_has_a_sheet_for_moves_posts_and_grids(self, session, town, tmp_path):
        report = merge_scope(session, factories.COMMUNITY, who=WHO, compare=False).report["merging"]
        (path,) = write_handover(report, tmp_path / "moves.xlsx")
        moves = read_frame(path, layer="户数去向_moves").frame
        assert moves["户数 households"].astype(int).sum() == 1200  # each household has a worker of each department
        assert set(moves["随原网格员 kept"]) == {"是 yes", "否 no"}
        posts = read_frame(path, layer="岗位_posts").frame
        assert posts["新网格 new grid"].notna().sum() == 2
        assert len(read_frame(path, layer="新网格_grids").frame) == 2

    def test_names_of_workers_are_written_only_when_given(self, session, town, tmp_path):
        factories.make_grid_staff(session, 1, grid_code=town["公安"][0], name="张三")
        factories.make_grid_staff(session, 2, grid_code=town["公安"][0], name="李四", until="2020-01-01")
        report = merge_scope(session, factories.COMMUNITY, who=WHO, compare=False).report["merging"]
        workers = current_workers(session, factories.COMMUNITY)
        assert workers == {town["公安"][0]: "张三"}
        assert "张三" not in json.dumps(report, ensure_ascii=False)
        plain = write_handover(report, tmp_path / "plain.csv")
        named = write_handover(report, tmp_path / "named.csv", workers)
        assert not any("张三" in path.read_text(encoding="utf-8-sig") for path in plain)
        holding = {path.name.split(".")[1] for path in named if "张三" in path.read_text(encoding="utf-8-sig")}
        assert holding == {"户数去向_moves", "岗位_posts"}


def test_progress_counts_both_drafts_and_a_stop_is_kept(session, town):
    seen = []
    merge_scope(session, factories.COMMUNITY, who=WHO, progress=lambda code, done, total: seen.append((done, total)))
    assert seen[-1] == (2, 2)
    stopped = merge_scope(session, factories.COMMUNITY, who=WHO, progress=lambda code, done, total: False)
    assert stopped.report["cancelled"]
    assert "afresh" not in stopped.report["merging"]
    assert "stopped early" in plans.read_plan(session, stopped.plan_id).name
