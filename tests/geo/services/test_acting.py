"""A planner's whole work goes through row-level security, and so does an inspector's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from geo.access.actor import Actor
from geo.errors import NotFoundError, WanggeError
from geo.services.adopting import adopt_plan
from geo.services.cells import divide_into_cells
from geo.services.importing import import_file
from geo.services.merging import merge_scope
from geo.services.planning import plan_scope
from geo.storage import audit, events, layers, network, plans
from geo.storage.database import open_engine, session_scope
from geo.territory import codes
from geo.territory.nouns import BUILDING, NOUNS
from tests import factories as make

STREET, FIRST, SECOND = "440307001", "440307001001", "440307001002"
PLANNER = Actor("li", frozenset({"planner"}), (STREET,), account_id=7, address="10.0.0.8", request_id="r1")


@pytest.fixture
def store(fresh_database_url: str) -> Iterator[Engine]:
    """Two communities; in the first 40 buildings of 30 households, in the second 20 of 25."""
    engine = open_engine(fresh_database_url)
    with session_scope(engine) as session:
        for number, (buildings, households) in enumerate([(40, 30), (20, 25)], start=1):
            community = make.make_community(session, number)
            east = (number - 1) * make.COMMUNITY_DEGREES / make.BUILDING_DEGREES
            rows = [
                {
                    "code": codes.make("building", community, i + 1),
                    "kind": "walk_up",
                    "community_code": community,
                    "households": households,
                    "households_source": "register",
                    "geometry": make.square(east + i % 40, i // 40),
                }
                for i in range(buildings)
            ]
            layers.upsert(session, BUILDING, make.frame_of("building", rows), who="terminal")
    yield engine
    engine.dispose()


def drafted(engine: Engine, scope: str, actor: Actor) -> int:
    with session_scope(engine, actor) as session:
        return plan_scope(session, scope, who=actor.name, workers=1).plan_id


def adopted(engine: Engine, plan_id: int, actor: Actor) -> None:
    with session_scope(engine, actor) as session:
        adopt_plan(session, plan_id, who=actor.name, version=plans.read_plan(session, plan_id).version)


def test_a_planner_drafts_divides_and_adopts(store: Engine) -> None:
    plan_id = drafted(store, STREET, PLANNER)
    with session_scope(store, PLANNER) as session:
        divide_into_cells(session, plan_id, who="li", workers=1)
    adopted(store, plan_id, PLANNER)
    with session_scope(store) as session:
        told = events.read(session, noun="plan")
        assert [event.what for event in told] == ["adopted", "cells drafted", "created"]
        assert {(event.who, event.account_id, event.address, event.request_id) for event in told} == {
            ("li", 7, "10.0.0.8", "r1")
        }
        assert audit.verify(session) == []
        grids = plans.read_grids(session, plan_id)
    assert grids["households"].sum() == 40 * 30 + 20 * 25

    own = str(grids["code"].iloc[0])
    inspector = Actor("wang", frozenset({"inspector"}), (own,), account_id=8)
    with session_scope(store, inspector) as session:
        assert list(network.read_network(session, STREET)["code"]) == [own]
        homes = layers.read(session, BUILDING)
        assigned = plans.read_assignment(session, plan_id)
    assert set(assigned["grid_code"]) == {own}
    assert set(homes["code"]) == set(assigned["building_code"])
    assert assigned["households"].sum() == grids["households"].iloc[0]

    # The next plan of the first community overrules the street's there: the inspector's grid is now the new one.
    community = drafted(store, FIRST, PLANNER)
    adopted(store, community, PLANNER)
    with session_scope(store, inspector) as session:
        assert set(plans.read_assignment(session, community)["grid_code"]) == {own}
        assert plans.read_assignment(session, plan_id).empty


def test_a_planner_of_one_community_draws_it_alone(store: Engine) -> None:
    actor = Actor("zhao", frozenset({"planner"}), (FIRST,))
    adopted(store, drafted(store, FIRST, actor), actor)
    for scope in (SECOND, "440307002"):
        with pytest.raises(NotFoundError):
            drafted(store, scope, actor)
    theirs = drafted(store, SECOND, PLANNER)
    with pytest.raises(NotFoundError):
        adopted(store, theirs, actor)


@pytest.mark.parametrize("role", ["leader", "assessor", "staff", "auditor"])
def test_others_draw_nothing(store: Engine, role: str) -> None:
    with pytest.raises(WanggeError):
        drafted(store, FIRST, Actor("x", frozenset({role}), (STREET,)))
    with session_scope(store) as session:
        assert plans.list_plans(session) == []


def test_a_planner_draws_communities_anew_and_sees_them(store: Engine) -> None:
    with session_scope(store, PLANNER) as session:
        outcome = plan_scope(session, STREET, tier="community", lower=200, upper=500, who="li", workers=1)
    with session_scope(store, PLANNER) as session:
        adopt_plan(session, outcome.plan_id, who="li", version=1)
        # Within the very transaction that made them: a street is all of its communities, new ones too.
        inside = set(layers.read(session, NOUNS["community"])["code"])
        homes = layers.read(session, BUILDING)
    with session_scope(store) as session:
        assert set(layers.read(session, NOUNS["community"])["code"]) == inside
        assert set(layers.read(session, BUILDING)["community_code"]) == set(homes["community_code"])
    assert len(homes) == 60
    assert len(inside) > 2


def test_a_planner_imports_into_their_scope_alone(store: Engine, tmp_path: Path) -> None:
    table = tmp_path / "doors.csv"
    rows = [
        f"{community}0000001{101 + door:06d},{community}0000001,{101 + door}"
        for community in (FIRST, SECOND)
        for door in range(3)
    ]
    table.write_text("\n".join(["code,building_code,room", *rows]), encoding="utf-8")
    actor = Actor("zhao", frozenset({"planner"}), (FIRST,))
    with session_scope(store, actor) as session:
        result = import_file(session, table, "household_unit", defaults={"kind": "home"}, who="zhao")
    assert (result.inserted, result.rejected) == (3, 3)
    with session_scope(store) as session:
        units = layers.read(session, NOUNS["household_unit"])
        assert {code[:12] for code in units["code"]} == {FIRST}
        assert {event.who for event in events.read(session, noun="household_unit")} == {"zhao"}
    with session_scope(store, PLANNER) as session:
        result = import_file(session, table, "household_unit", defaults={"kind": "home"}, who="li")
    assert (result.inserted, result.unchanged, result.rejected) == (3, 3, 0)


def test_a_planner_begins_a_street_from_nothing(fresh_database_url: str) -> None:
    engine = open_engine(fresh_database_url)
    try:
        with session_scope(engine, PLANNER) as session:
            make.make_building(session, 1)
            make.make_barrier(session, geometry=make.square().exterior)
            assert session.scalar(text("SELECT count(*) FROM building")) == 1
    finally:
        engine.dispose()


def test_old_networks_are_merged(store: Engine) -> None:
    with session_scope(store, PLANNER) as session:
        for department, count in (("消防", 2), ("公安", 3)):
            plan = make.make_plan(
                session,
                name=department,
                department=department,
                community=FIRST,
                grids=make.grid_frame(FIRST, count),
                lower=None,
                upper=None,
                seed=None,
            )
            plans.adopt(session, plan, who="li", version=1)
    with session_scope(store, PLANNER) as session:
        outcome = merge_scope(session, FIRST, who="li", workers=1)
    adopted(store, outcome.plan_id, PLANNER)
