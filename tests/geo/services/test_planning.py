"""Drafting out of the store and back into it."""

import pytest
import shapely
from shapely import box

from geo.errors import BoundsError, ConflictError, NotFoundError
from geo.services.adopting import adopt_plan
from geo.services.planning import plan_scope, scope_codes
from geo.storage import layers, plans
from geo.territory import codes
from geo.territory.nouns import BUILDING, COMMUNITY
from tests import factories

WHO = "planner"
NOTHING_DEGREES2 = 1e-14  # a tenth of a square millimetre


@pytest.fixture
def street(session):
    """Two communities; in the first 40 buildings of 30 households, in the second 20 of 25."""
    for number, (buildings, households) in enumerate([(40, 30), (20, 25)], start=1):
        community = factories.make_community(session, number)
        east = (number - 1) * factories.COMMUNITY_DEGREES / factories.BUILDING_DEGREES
        rows = [
            {
                "code": codes.make("building", community, i + 1),
                "kind": "walk_up",
                "community_code": community,
                "households": households,
                "households_source": "register",
                "geometry": factories.square(east + i % 40, i // 40),
            }
            for i in range(buildings)
        ]
        layers.upsert(session, BUILDING, factories.frame_of("building", rows), who=WHO)
    return factories.STREET


def test_street_is_drafted_and_saved(session, street):
    outcome = plan_scope(session, street, who=WHO)
    plan = plans.read_plan(session, outcome.plan_id)
    grids = plans.read_grids(session, outcome.plan_id)
    assert (plan.state, plan.scope_code, plan.lower, plan.upper) == ("draft", street, 200, 300)
    assert outcome.report["households"] == 40 * 30 + 20 * 25
    assert grids["households"].between(200, 300).all()
    assert outcome.report["in_range"] == outcome.report["grids"] == len(grids)
    assert sorted(grids["code"]) == sorted(row["code"] for row in outcome.report["grid_list"])
    assignment = plans.read_assignment(session, outcome.plan_id)
    assert len(assignment) == 60
    assert assignment.groupby("grid_code")["households"].sum().to_dict() == dict(
        zip(grids["code"], grids["households"], strict=True)
    )


def test_grids_tile_each_community_without_gap_or_overlap(session, street):
    outcome = plan_scope(session, street, who=WHO)
    grids = plans.read_grids(session, outcome.plan_id)
    for community in layers.read(session, COMMUNITY, street_code=street).itertuples():
        own = grids.geometry[grids["community_code"] == community.code]
        assert shapely.coverage_is_valid(own.to_numpy())
        # In degrees, where the store keeps them: what is a straight side here is bent by a centimetre in metres.
        stray = shapely.symmetric_difference(shapely.coverage_union_all(own.to_numpy()), community.geometry)
        assert stray.area < NOTHING_DEGREES2


def test_one_community_can_be_drafted_alone(session, street):
    code = f"{street}002"
    outcome = plan_scope(session, code, who=WHO, name="试划", seed=3)
    assert plans.read_plan(session, outcome.plan_id).name == "试划"
    assert {row["community"] for row in outcome.report["grid_list"]} == {code}


def test_building_over_the_limit_is_divided_by_stairwells_on_record(session):
    community = factories.make_community(session)
    big = factories.make_building(session, 1, households=420)
    west, south, east, north = factories.square().bounds
    middle = (west + east) / 2
    for number, (left, right) in enumerate([(west, middle), (middle, east)], start=1):
        factories.make_stairwell(session, big, number, households=210, geometry=box(left, south, right, north))
    outcome = plan_scope(session, community, who=WHO)
    assert [row["households"] for row in outcome.report["grid_list"]] == [210, 210]
    assert plans.read_assignment(session, outcome.plan_id)["stairwell_code"].notna().all()


def test_stairwells_of_unknown_place_share_their_building_out(session):
    community = factories.make_community(session)
    big = factories.make_building(session, 1, households=420)
    for number in (1, 2):
        factories.make_stairwell(session, big, number, households=210)
    outcome = plan_scope(session, community, who=WHO)
    assert [row["households"] for row in outcome.report["grid_list"]] == [210, 210]


def test_stairwells_that_do_not_hold_the_building_divide_nothing(session):
    community = factories.make_community(session)
    big = factories.make_building(session, 1, households=420, floors=None)
    for number in (1, 2):
        factories.make_stairwell(session, big, number, households=100)
    outcome = plan_scope(session, community, who=WHO)
    assert [row["households"] for row in outcome.report["grid_list"]] == [420]


def test_a_tower_is_divided_by_the_floors_on_record(session):
    community = factories.make_community(session)
    tower = factories.make_building(session, 1, households=420, floors=14)
    outcome = plan_scope(session, community, who=WHO)
    assert outcome.report["in_range"] == outcome.report["grids"] == 2
    rows = plans.read_assignment(session, outcome.plan_id)
    assert rows["building_code"].tolist() == [tower, tower]
    (lower, upper) = rows[["floor_from", "floor_to"]].to_numpy().tolist()
    assert (lower[0], upper[1]) == (1, 14)
    assert lower[1] + 1 == upper[0]
    assert rows["households"].sum() == 420


def test_what_cannot_be_met_is_said(session):
    community = factories.make_community(session)
    factories.make_building(session, 1, households=420, floors=None)
    outcome = plan_scope(session, community, who=WHO)
    (grid,) = outcome.report["grid_list"]
    assert grid["reason"] == "atom_over_upper"
    assert "420" in grid["reason_zh"]
    saved = plans.read_grids(session, outcome.plan_id)
    assert saved["reason_code"].tolist() == ["atom_over_upper"]


def test_same_seed_same_plan(session, street):
    a, b = (plan_scope(session, street, who=WHO, seed=11) for _ in range(2))
    first, second = (plans.read_assignment(session, plan.plan_id) for plan in (a, b))
    assert first.equals(second)


def test_unknown_scope_and_senseless_bounds_write_nothing(session, street):
    with pytest.raises(NotFoundError):
        plan_scope(session, "440399009", who=WHO)
    with pytest.raises(BoundsError):
        plan_scope(session, street, who=WHO, lower=300, upper=200)
    assert plans.latest(session, street) is None


def test_scope_codes(session, street):
    assert scope_codes(session, "all") == [street]
    assert scope_codes(session, "南湖街道") == [street]
    assert scope_codes(session, f"{street}001") == [f"{street}001"]


def test_empty_store_says_what_to_do(session):
    with pytest.raises(NotFoundError, match="wangge import"):
        scope_codes(session, "all")


def test_communities_drawn_over_each_other_are_settled_and_said(session, street):
    west, south, east, north = factories.square(1, 0, factories.COMMUNITY_DEGREES).bounds
    factories.make_community(session, 2, geometry=box(west - 1e-5, south, east, north))
    outcome = plan_scope(session, street, who=WHO)
    assert outcome.report["households"] == 40 * 30 + 20 * 25
    assert any("重叠" in note for note in outcome.report["notes"])


def test_building_outside_of_its_community_is_planned_where_it_stands(session, street):
    community = f"{street}001"
    astray = factories.make_building(session, 41, community_code=community, geometry=factories.square(60, 20))
    outcome = plan_scope(session, street, who=WHO)
    assignment = plans.read_assignment(session, outcome.plan_id).set_index("building_code")
    assert assignment["grid_code"][astray].startswith(f"{street}002")
    assert outcome.report["notes"]


def test_a_plan_of_another_tier_never_replaces_the_grids(session, street):
    outcome = plan_scope(session, street, lower=30, upper=40, tier="cell", who=WHO)
    draft = plans.read_plan(session, outcome.plan_id)
    with pytest.raises(ConflictError, match="would replace the grids"):
        adopt_plan(session, draft.id, who=WHO, version=draft.version)
    assert plans.read_plan(session, draft.id).state == "draft"
