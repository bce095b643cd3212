"""What an inspector's map shows: what lies in their grids, when it was last seen, and which hazards are open."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from shapely import LineString, Point
from sqlalchemy import Engine

from geo.access.actor import Actor
from geo.ledger.checklists import checklist
from geo.services import cases, inspecting, round_layers, rounds
from geo.services.cases import Deed, NewCase
from geo.services.inspecting import Answered, Sent
from geo.services.inspectors import today
from geo.services.round_layers import RoundLayers
from geo.storage import events
from geo.storage.database import session_scope
from tests import factories as make
from tests.databases import Databases
from tests.geo.services import inspected
from tests.geo.services.inspected import (
    ELSEWHERE,
    GRID,
    HIGH_HOME,
    INSPECTOR,
    LIFT,
    LOW_HOME,
    NEXT_GRID,
    NEXT_RENTAL,
    RENTAL,
    SECOND,
    SHOP,
    STALL,
    THREE,
    TWO,
)


@pytest.fixture
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("inspected", inspected.fill)) as engine:
        yield engine


def of(engine: Engine, actor: Actor = INSPECTOR, grid: str = GRID) -> RoundLayers:
    with session_scope(engine, actor) as session:
        return round_layers.round_layers(session, [grid], rounds.ground_of(session, [grid]), actor=actor)


def look(engine: Engine, key: str, days_ago: int = 0, **said: object) -> None:
    sent = Sent(key, datetime.now(UTC) - timedelta(days=days_ago), **said)  # type: ignore[arg-type]
    with session_scope(engine, INSPECTOR) as session:
        (taken,) = inspecting.record_inspections(session, [sent], actor=INSPECTOR)
    assert taken.outcome == "recorded", taken.reason_en


def answers(code: str, *faults: str) -> tuple[Answered, ...]:
    return tuple(Answered(item, "fault" if item in faults else "ok") for item in checklist(code).items)


def found_hazard(engine: Engine, actor: Actor = INSPECTOR, **about: object) -> int:
    new = NewCase("hazard", "wiring", "插座烧焦", **about)  # type: ignore[arg-type]
    with session_scope(engine, actor) as session:
        return cases.open_case(session, new, actor=actor).id


def test_all_that_may_be_inspected_is_there_due_or_not(store: Engine) -> None:
    look(store, "shop", 2, place_code=SHOP, items=answers("small_shop", "wiring"))
    look(store, "rental-1", 9, place_code=RENTAL, items=answers("rental"))
    look(store, "rental-2", 1, place_code=RENTAL, no_access=True)
    found = {each.code: each for each in of(store).subjects}
    assert set(found) == {RENTAL, SHOP, LIFT, STALL, LOW_HOME, HIGH_HOME}
    assert (found[SHOP].last_seen, found[SHOP].result) == (today() - timedelta(days=2), "findings")
    assert (found[RENTAL].last_seen, found[RENTAL].result) == (today() - timedelta(days=9), "no_access")
    assert (found[LOW_HOME].last_seen, found[LOW_HOME].result) == (None, None)
    assert (found[SHOP].building_code, found[STALL].building_code) == (TWO, None)


def test_hazards_stand_where_they_are_as_long_as_they_are_open(store: Engine) -> None:
    in_shop = found_hazard(store, place_code=SHOP)
    in_building = found_hazard(store, building_code=THREE)
    in_passing = found_hazard(store, lon=make.WEST + 0.0001, lat=make.SOUTH + 0.0001)
    found_hazard(store, ELSEWHERE, place_code=NEXT_RENTAL)
    shown = of(store).hazards.set_index("id")
    assert set(shown.index) == {in_shop, in_building, in_passing}
    assert (shown.loc[in_shop, "place_code"], shown.loc[in_shop, "building_code"]) == (SHOP, TWO)
    assert (shown.loc[in_shop, "state"], shown.loc[in_shop, "light"]) == ("open", "green")
    assert (shown.loc[in_shop, "age_days"], shown.loc[in_shop, "found_on"]) == (0, today())
    assert shown.loc[in_passing, "nature"] is None
    fields = {"nature": "general", "assignee": "wang"}
    fixed = Deed("fix_at_once", datetime.now(UTC), note="已换", fields=fields, evidence=frozenset({"before", "after"}))
    with session_scope(store, INSPECTOR) as session:
        cases.act_on_case(session, in_shop, fixed, actor=INSPECTOR)
    assert in_shop in set(of(store).hazards["id"])  # it has to be looked at again
    with session_scope(store, SECOND) as session:
        passed = Deed("pass", datetime.now(UTC), evidence=frozenset({"after"}))
        cases.act_on_case(session, in_shop, passed, actor=SECOND)
    assert set(of(store).hazards["id"]) == {in_building, in_passing}


def test_each_sees_their_own_grid_alone(store: Engine) -> None:
    found_hazard(store, place_code=SHOP)
    other = of(store, ELSEWHERE, NEXT_GRID)
    assert [each.code for each in other.subjects] == [NEXT_RENTAL]
    assert len(other.hazards) == 0
    nothing = of(store, ELSEWHERE)
    assert (nothing.subjects, len(nothing.hazards), len(nothing.elements)) == ((), 0, 0)


def test_city_elements_of_the_grid_with_their_last_look(store: Engine) -> None:
    with session_scope(store) as session:
        inside = make.make_city_element(
            session, 1, kind="hydrant", geometry=Point(make.WEST + 0.0001, make.SOUTH + 0.0001)
        )
        ends = [(make.WEST - 0.001, make.SOUTH + 0.0001), (make.WEST + 0.0001, make.SOUTH + 0.0001)]
        across = make.make_city_element(session, 2, geometry=LineString(ends))
        make.make_city_element(session, 3, geometry=Point(make.WEST - 0.01, make.SOUTH))
    look(store, "old", 30, city_element_code=inside, items=answers("hydrant"))
    look(store, "new", 3, city_element_code=inside, checklist="hydrant", items=answers("hydrant", "access"))
    shown = of(store).elements.set_index("code")
    assert set(shown.index) == {inside, across}
    assert (shown.loc[inside, "last_seen"], shown.loc[inside, "result"]) == (today() - timedelta(days=3), "findings")
    assert shown.loc[across, "last_seen"] is None
    assert set(shown.geometry.geom_type) == {"Point"}


def test_a_city_element_has_the_checklist_of_its_kind(store: Engine) -> None:
    with session_scope(store) as session:
        toilet = make.make_city_element(session, 1, kind="public_toilet")
    wrong = Sent("w", datetime.now(UTC), city_element_code=toilet, checklist="hydrant", items=answers("hydrant"))
    right = Sent("r", datetime.now(UTC), city_element_code=toilet, items=answers("public_toilet", "wiring"))
    with session_scope(store, INSPECTOR) as session:
        refused, taken = inspecting.record_inspections(session, [wrong, right], actor=INSPECTOR)
    assert (refused.outcome, refused.reason_zh) == ("refused", "检查表“消火栓”不用于“公厕”")
    assert taken.inspection is not None
    assert (taken.outcome, taken.inspection.checklist) == ("recorded", "public_toilet")
    assert [hazard.kind for hazard in taken.hazards] == ["wiring"]


def test_looking_at_hazards_of_doors_is_on_record(store: Engine) -> None:
    found_hazard(store, place_code=SHOP)
    of(store)
    with session_scope(store) as session:
        told = [event for event in events.read(session, noun="case") if event.what == "looked"]
    assert [(event.who, event.after) for event in told] == [("wang", {"cases": 1})]


def test_more_hazards_than_a_phone_shows_are_said(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(round_layers, "MOST_HAZARDS", 1)
    found_hazard(store, place_code=SHOP)
    assert not of(store).more_hazards
    newest = found_hazard(store, building_code=THREE)
    shown = of(store)
    assert (shown.more_hazards, list(shown.hazards["id"])) == (True, [newest])
