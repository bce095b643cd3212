"""The planner's controls over a real store: the plan in force, locks by code, further quantities, alternatives."""

import json

import pytest
from sqlalchemy.orm import Session

from geo.errors import CodeError, InputError, NotFoundError
from geo.regionalization.balancing import Balance
from geo.services.in_force import read_in_force
from geo.services.planning import plan_alternatives, plan_scope
from geo.services.wishes import Wishes
from geo.storage import buildings as building_rows
from geo.storage import layers, plans
from geo.territory import codes
from geo.territory.nouns import BUILDING
from tests import factories

WHO = "planner"
COMMUNITY = factories.COMMUNITY
GRIDS = [codes.make("grid", COMMUNITY, number) for number in (1, 2, 3, 4)]


def building(number: int) -> str:
    return codes.make("building", COMMUNITY, number)


@pytest.fixture
def town(session: Session) -> Session:
    """Twelve buildings of 80 households in two rows of six: three make a grid.

    ::

        7 8 9 10 11 12
        1 2 3  4  5  6
    """
    factories.make_community(session)
    rows = [
        {
            "code": building(number),
            "kind": "walk_up",
            "community_code": COMMUNITY,
            "households": 80,
            "households_source": "register",
            "geometry": factories.square((number - 1) % 6, (number - 1) // 6),
        }
        for number in range(1, 13)
    ]
    layers.upsert(session, BUILDING, factories.frame_of("building", rows), who=WHO)
    return session


def adopt(session: Session, grids: list[list[int]], **given: object) -> int:
    """Put a plan in force whose grids, west to east on paper, hold these buildings."""
    assigned = [(building(b), None, GRIDS[i], 80) for i, held in enumerate(grids) for b in held]
    plan = factories.make_plan(
        session,
        grids=factories.grid_frame(COMMUNITY, len(grids)),
        assignment=factories.assignment_frame(assigned),
        **given,
    )
    plans.adopt(session, plan, who=WHO, version=1)
    return plan


def grid_of(session: Session, plan: int) -> dict[str, str]:
    rows = plans.read_assignment(session, plan)
    return dict(zip(rows["building_code"], rows["grid_code"], strict=True))


CROOKED = [[1, 7, 8], [2, 3, 9], [4, 5, 10], [6, 11, 12]]


class TestPlanInForce:
    def test_a_plan_in_range_stays_and_keeps_its_codes(self, town):
        adopted = adopt(town, CROOKED)
        outcome = plan_scope(town, COMMUNITY, who=WHO, wishes=Wishes(style="stable"))
        assert grid_of(town, outcome.plan_id) == grid_of(town, adopted)
        assert (outcome.report["households_before"], outcome.report["households_moved"]) == (960, 0)
        assert outcome.report["previous_plans"] == [adopted]
        assert [row["continues"] for row in outcome.report["grid_list"]] == GRIDS

    def test_it_can_be_left_aside_or_be_another(self, town):
        adopt(town, CROOKED)
        straight = factories.make_plan(
            town,
            grids=factories.grid_frame(COMMUNITY, 4),
            assignment=factories.assignment_frame([(building(b), None, GRIDS[(b - 1) // 3], 80) for b in range(1, 13)]),
        )
        alone = plan_scope(town, COMMUNITY, who=WHO, previous="none")
        assert (alone.report["households_moved"], alone.report["previous_plans"]) == (None, [])
        other = plan_scope(town, COMMUNITY, who=WHO, previous=straight, wishes=Wishes(style="stable"))
        assert (other.report["households_moved"], other.report["previous_plans"]) == (0, [straight])

    def test_a_plan_that_is_not_there_or_elsewhere(self, town):
        with pytest.raises(NotFoundError, match="77"):
            plan_scope(town, COMMUNITY, who=WHO, previous=77)
        elsewhere = factories.make_plan(town, community=f"{factories.STREET}002")
        with pytest.raises(InputError, match=f"plan {elsewhere} has no grid"):
            plan_scope(town, COMMUNITY, who=WHO, previous=elsewhere)

    def test_a_new_building_is_in_the_grid_that_it_stands_in(self, town):
        adopt(town, CROOKED)
        new = factories.make_building(town, 13, geometry=factories.square(30, 20))
        stands = building_rows.read_buildings(town, community_codes=[COMMUNITY])
        found = read_in_force(town, COMMUNITY, stands)
        grids = found.assignment.set_index("building")["grid"]
        assert grids[new] == GRIDS[2]  # the third strip of four holds columns 25 to 37 of fifty
        assert grids[building(1)] == GRIDS[0]
        assert len(grids) == 13

    def test_grids_that_were_only_drawn_say_by_place(self, town):
        plan = factories.make_plan(town, grids=factories.grid_frame(COMMUNITY, 50), department="消防")
        stands = building_rows.read_buildings(town, community_codes=[COMMUNITY])
        found = read_in_force(town, COMMUNITY, stands, plan)
        expected = [codes.make("grid", COMMUNITY, (n - 1) % 6 + 1) for n in range(1, 13)]
        assert found.assignment.sort_values("building")["grid"].tolist() == expected

    def test_a_divided_building_is_told_by_stairwell(self, town):
        big = factories.make_building(town, 20, households=420, geometry=factories.square(8, 0))
        stairs = [factories.make_stairwell(town, big, n, households=210) for n in (1, 2)]
        adopted = factories.make_plan(
            town,
            assignment=factories.assignment_frame([(big, stairs[0], GRIDS[0], 210), (big, stairs[1], GRIDS[1], 210)]),
        )
        outcome = plan_scope(town, COMMUNITY, who=WHO, previous=adopted, wishes=Wishes(keep_grids=(GRIDS[1],)))
        rows = plans.read_assignment(town, outcome.plan_id)
        held = rows[rows["grid_code"] == GRIDS[1]]
        assert stairs[1] in held["stairwell_code"].tolist()
        assert stairs[0] not in held["stairwell_code"].tolist()


class TestLocks:
    def test_a_kept_grid(self, town):
        adopt(town, CROOKED)
        outcome = plan_scope(town, COMMUNITY, who=WHO, wishes=Wishes("anew", keep_grids=(GRIDS[1],)))
        held = {code for code, grid in grid_of(town, outcome.plan_id).items() if grid == GRIDS[1]}
        assert held == {building(b) for b in (2, 3, 9)}

    def test_compounds_pairs_and_numbers(self, town):
        compound = factories.make_compound(town)
        for number in (3, 4):
            factories.make_building(town, number, households=80, compound_code=compound,
                                    geometry=factories.square(number - 1, 0))  # fmt: skip
        wishes = Wishes(whole_compounds=(compound,), apart=((building(5), building(11)),), grids=4)
        outcome = plan_scope(town, COMMUNITY, who=WHO, wishes=wishes)
        grids = grid_of(town, outcome.plan_id)
        assert grids[building(3)] == grids[building(4)]
        assert grids[building(5)] != grids[building(11)]
        assert outcome.report["grids"] == 4
        assert (outcome.report["compounds"], outcome.report["compounds_split"]) == (1, 0)
        saved = plans.read_plan(town, outcome.plan_id).parameters
        assert saved["locks"]["whole_compounds"] == [compound]
        assert saved["style"] == "balanced"

    def test_wrong_codes_and_contradictions_write_nothing(self, town):
        adopted = adopt(town, CROOKED)
        with pytest.raises(CodeError, match="440307001001009"):
            plan_scope(town, COMMUNITY, who=WHO, wishes=Wishes(keep_grids=("440307001001009",)))
        both = Wishes(keep_grids=(GRIDS[0],), apart=((building(1), building(7)),))
        with pytest.raises(InputError, match=GRIDS[0]):
            plan_scope(town, COMMUNITY, who=WHO, wishes=both)
        assert plans.latest(town, COMMUNITY).id == adopted

    def test_a_wish_that_cannot_be_met_is_said(self, town):
        outcome = plan_scope(town, COMMUNITY, who=WHO, wishes=Wishes(balances=(Balance("菜市场", 1, None),)))
        assert any("菜市场" in note for note in outcome.report["notes"])


class TestQuantities:
    def test_places_and_elements_are_counted_at_buildings(self, town):
        factories.make_place(town, 1, building_code=building(1), geometry=factories.square(5, 1).centroid)
        factories.make_place(town, 2, geometry=factories.square(1, 0).centroid)
        factories.make_place(town, 3, kind="school", building_code=building(1))
        factories.make_city_element(town, 1, kind="market", geometry=factories.square(2.3, 2).centroid)
        wishes = Wishes(balances=(Balance("小档口", 0, 1), Balance("market", 0, 1)))
        outcome = plan_scope(town, COMMUNITY, who=WHO, wishes=wishes)
        shops, markets = outcome.report["quantities"]
        assert (shops["name"], shops["total"], markets["total"]) == ("小档口", 2, 1)
        by_grid = {row["code"]: row["quantities"]["小档口"] for row in outcome.report["grid_list"]}
        grids = grid_of(town, outcome.plan_id)
        assert sum(by_grid.values()) == 2
        assert by_grid[grids[building(1)]] >= 1
        assert by_grid[grids[building(2)]] >= 1

    def test_an_unknown_kind_lists_those_there_are(self, town):
        with pytest.raises(CodeError, match="small_shop"):
            plan_scope(town, COMMUNITY, who=WHO, wishes=Wishes(balances=(Balance("shops", 0, 1),)))


class TestAlternatives:
    def test_each_is_saved_with_the_table(self, town):
        adopt(town, CROOKED)
        found = plan_alternatives(town, COMMUNITY, who=WHO, name="试划")
        assert found.plans
        table = found.table
        assert [row["plan"] for row in table["plans"]] == [plan.plan_id for plan in found.plans]
        for outcome, row in zip(found.plans, table["plans"], strict=True):
            saved = plans.read_plan(town, outcome.plan_id)
            assert saved.name == f"试划 · {row['zh']}"
            assert saved.report["alternatives"] == json.loads(json.dumps(table))
            assert saved.grids == row["figures"]["grids"]
            assert (saved.version, saved.state) == (1, "draft")
        styles = {row["style"] for row in table["plans"]} | {row["style"] for row in table["same"]}
        assert {"balanced", "fewest", "stable", "compact", "clear", "anew"} <= styles
        assert table["price_of_stability"] is not None

    def test_only_the_styles_named(self, town):
        found = plan_alternatives(town, COMMUNITY, who=WHO, styles=["最紧凑"])
        told = [row["style"] for row in (*found.table["plans"], *found.table["same"])]
        assert told == ["balanced", "compact"]


def test_complete_report_is_for_drafts_only(town):
    adopted = adopt(town, CROOKED)
    with pytest.raises(Exception, match="不是草案"):
        plans.complete_report(town, adopted, {})
