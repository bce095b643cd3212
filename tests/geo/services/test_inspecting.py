"""Inspections recorded, by one and by several, sent twice and sent late."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from geo.access.actor import Actor
from geo.errors import BoundsError
from geo.ledger.checklists import checklist
from geo.services import cases, inspecting
from geo.services.inspecting import Answered, InspectionFilter, Sent, Taken
from geo.storage import events
from geo.storage.database import session_scope
from geo.storage.ledger_tables import Inspection, LedgerCase
from tests.databases import Databases
from tests.geo.services import inspected
from tests.geo.services.inspected import (
    ASSESSOR,
    ELSEWHERE,
    GRID,
    INSPECTOR,
    LIFT,
    LOW_HOME,
    NEXT_RENTAL,
    ONE,
    RENTAL,
    RENTED,
    SECOND,
    SHOP,
    STAFF,
    STALL,
    TWO,
)


@pytest.fixture
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("inspected", inspected.fill)) as engine:
        yield engine


def answers(code: str, *faults: str) -> tuple[Answered, ...]:
    return tuple(Answered(item, "fault" if item in faults else "ok") for item in checklist(code).items)


def shop(key: str, *faults: str, **given: object) -> Sent:
    now = datetime.now(UTC) - timedelta(hours=1)
    default = {"inspected_at": now, "place_code": SHOP, "items": answers("small_shop", *faults)}
    return Sent(key, **(default | given))  # type: ignore[arg-type]


def send(engine: Engine, *sent: Sent, actor: Actor = INSPECTOR) -> list[Taken]:
    with session_scope(engine, actor) as session:
        return inspecting.record_inspections(session, sent, actor=actor)


def counted(engine: Engine, table: type) -> int:
    with session_scope(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def at_once(do: Callable[[int], object], times: int) -> list:
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(do, range(times)))


def test_nothing_wrong_is_kept_item_by_item(store: Engine) -> None:
    (taken,) = send(store, shop("k1"))
    kept = taken.inspection
    assert kept is not None
    assert (taken.outcome, kept.result, taken.hazards) == ("recorded", "clear", ())
    assert [item["code"] for item in kept.items] == list(checklist("small_shop").items)
    assert {item["result"] for item in kept.items} == {"ok"}
    assert (kept.building_code, kept.grid_code, kept.inspector) == (TWO, GRID, "wang")
    assert kept.plan_id is not None


def test_faults_become_hazards_linked_both_ways(store: Engine) -> None:
    (taken,) = send(store, shop("k1", "wiring", "exits"))
    assert taken.inspection is not None
    assert {hazard.kind: (hazard.items, hazard.is_new) for hazard in taken.hazards} == {
        "wiring": (("wiring",), True),
        "fire_exit_blocked": (("exits",), True),
    }
    of = {item["code"]: item["case_id"] for item in taken.inspection.items}
    assert of["gas"] is None
    with session_scope(store, INSPECTOR) as session:
        for hazard in taken.hazards:
            case = cases.read_case(session, hazard.case_id)
            assert case.inspection_id == taken.inspection.id
            assert of[hazard.items[0]] == case.id
            assert (case.place_code, case.workflow, case.state, case.grid_code) == (SHOP, "hazard", "open", GRID)
    assert "电线老化" in case.summary


def test_faults_of_one_kind_are_one_hazard(store: Engine) -> None:
    sent = shop("k1", place_code=LIFT, party="maintenance_firm", items=answers("lift", "lift_call", "lift_doors"))
    (taken,) = send(store, sent, actor=STAFF)
    (hazard,) = taken.hazards
    assert hazard.items == ("lift_call", "lift_doors")
    with session_scope(store, STAFF) as session:
        assert cases.read_case(session, hazard.case_id).summary == "紧急呼叫无人应答;门不能正常开关、不平层或防夹失效"


def test_what_is_sent_twice_is_one(store: Engine) -> None:
    (first,) = send(store, shop("k1", "wiring"))
    (again,) = send(store, shop("k1", "wiring"))
    assert again.outcome == "known"
    assert again.inspection == first.inspection
    assert again.hazards == first.hazards
    assert (counted(store, Inspection), counted(store, LedgerCase)) == (1, 1)


def test_eight_at_once_under_one_key_are_one(store: Engine) -> None:
    outcomes = at_once(lambda _: send(store, shop("k1", "wiring"))[0].outcome, 8)
    assert sorted(outcomes) == ["known"] * 7 + ["recorded"]
    assert (counted(store, Inspection), counted(store, LedgerCase)) == (1, 1)


def test_two_offline_at_one_place_are_two_inspections_and_one_hazard(store: Engine) -> None:
    (one,) = send(store, shop("k1", "wiring"))
    (other,) = send(store, shop("k1", "wiring", "gas"), actor=SECOND)
    assert (one.outcome, other.outcome) == ("recorded", "recorded")
    assert counted(store, Inspection) == 2
    joined = {hazard.kind: hazard for hazard in other.hazards}
    assert joined["wiring"].case_id == one.hazards[0].case_id
    assert (joined["wiring"].is_new, joined["gas"].is_new) == (False, True)
    with session_scope(store, INSPECTOR) as session:
        case = cases.read_case(session, one.hazards[0].case_id)
    assert one.inspection is not None
    assert (case.sightings, case.inspection_id) == (2, one.inspection.id)


def test_two_shifts_sent_at_once_wait_for_nobody_in_a_ring(store: Engine) -> None:
    def shift(actor: Actor) -> list[Sent]:
        places = [SHOP, STALL, RENTAL]
        lists = {SHOP: "small_shop", STALL: "small_shop", RENTAL: "rental"}
        order = places if actor is INSPECTOR else places[::-1]
        return [
            shop(f"k{code}", "wiring", "gas", place_code=code, items=answers(lists[code], "wiring", "gas"))
            for code in order
        ]

    actors = [INSPECTOR, SECOND]
    taken = at_once(lambda number: send(store, *shift(actors[number % 2]), actor=actors[number % 2]), 4)
    assert all(each.outcome in ("recorded", "known") for batch in taken for each in batch)
    assert (counted(store, Inspection), counted(store, LedgerCase)) == (6, 6)


def test_one_bad_one_does_not_spoil_the_rest(store: Engine) -> None:
    late = datetime.now(UTC) - timedelta(days=40)
    taken = send(
        store,
        shop("k1"),
        shop("k2", items=answers("small_shop")[1:]),
        shop("k3", place_code=NEXT_RENTAL, items=answers("rental")),
        shop("k4", inspected_at=late),
        shop("k5", party="nobody"),
        shop("k6", checklist="lift", items=answers("lift")),
        shop("k7", place_code=None),
        shop("k8", inspected_at=datetime.now(UTC) + timedelta(hours=1)),
        shop("k9", place_code=RENTAL, items=answers("rental", "gas")),
    )
    assert [each.outcome for each in taken] == ["recorded", *["refused"] * 7, "recorded"]
    said = [each.reason_zh or "" for each in taken]
    for number, words in (
        (1, "疏散"),
        (2, NEXT_RENTAL),
        (3, "31"),
        (4, "nobody"),
        (5, "小档口"),
        (6, "检查了什么"),
        (7, "将来"),
    ):
        assert words in said[number], said[number]
    assert all(each.reason_en for each in taken if each.outcome == "refused")
    assert (counted(store, Inspection), counted(store, LedgerCase)) == (2, 1)


def test_a_closed_door_is_kept(store: Engine) -> None:
    (taken,) = send(store, shop("k1", items=(), no_access=True))
    assert taken.inspection is not None
    assert taken.inspection.result == "no_access"


def test_a_door_that_is_no_place(store: Engine) -> None:
    sent = shop("k1", place_code=None, household_unit_code=LOW_HOME, items=answers("home", "gas"))
    (taken,) = send(store, sent)
    assert taken.inspection is not None
    assert (taken.inspection.checklist, taken.inspection.building_code) == ("home", ONE)
    with session_scope(store, INSPECTOR) as session:
        assert cases.read_case(session, taken.hazards[0].case_id).household_unit_code == LOW_HOME


def test_a_place_in_the_open(store: Engine) -> None:
    (taken,) = send(store, shop("k1", place_code=STALL))
    assert taken.inspection is not None
    assert (taken.inspection.building_code, taken.inspection.grid_code) == (None, GRID)


def test_nobody_sees_or_writes_elsewhere(store: Engine) -> None:
    send(store, shop("k1"))
    with session_scope(store, ELSEWHERE) as session:
        assert inspecting.look_at_inspections(session, InspectionFilter(), actor=ELSEWHERE) == []
    with session_scope(store, ASSESSOR) as session:
        assert inspecting.look_at_inspections(session, InspectionFilter(), actor=ASSESSOR) == []
    (refused,) = send(store, shop("k2"), actor=ELSEWHERE)
    assert refused.outcome == "refused"


def test_found_by_place_scope_and_day(store: Engine) -> None:
    send(store, shop("k1"), shop("k2", place_code=RENTAL, items=answers("rental")))
    with session_scope(store, INSPECTOR) as session:

        def codes(**given: object) -> list[str | None]:
            wanted = InspectionFilter(**given)  # type: ignore[arg-type]
            return [each.place_code for each in inspecting.look_at_inspections(session, wanted, actor=INSPECTOR)]

        assert codes() == [SHOP, RENTAL]
        assert codes(subject=SHOP) == [SHOP]
        assert codes(subject=ONE) == [RENTAL] == codes(subject=RENTED)
        assert codes(scope=GRID) == codes(scope=GRID[:12]) == codes(scope=GRID[:9]) == [SHOP, RENTAL]
        assert codes(since=datetime.now(UTC)) == []


def test_looks_and_records_are_events_that_tell_nothing_of_a_home(store: Engine) -> None:
    (taken,) = send(store, shop("k1", note="床位五张"))
    assert taken.inspection is not None
    with session_scope(store, INSPECTOR) as session:
        inspecting.look_at_inspection(session, taken.inspection.id, actor=INSPECTOR)
    with session_scope(store) as session:
        found = events.read(session, noun="inspection", code=str(taken.inspection.id))
    assert [event.what for event in found] == ["looked", "recorded"]
    assert "床位" not in str(found)


def test_no_more_than_a_shift_at_once(store: Engine) -> None:
    with pytest.raises(BoundsError, match="200"):
        send(store, *[shop(f"k{number}") for number in range(201)])


ORDERS = st.lists(st.tuples(st.sampled_from(["k1", "k2", "k3"]), st.booleans()), min_size=1, max_size=6)


def test_whatever_is_sent_again_in_whatever_batches_nothing_doubles(store: Engine) -> None:
    faults = {"k1": ("wiring",), "k2": ("wiring", "gas"), "k3": ()}
    keys: set[tuple[str, str]] = set()

    @given(st.lists(ORDERS, min_size=1, max_size=3))
    def again(batches: list[list[tuple[str, bool]]]) -> None:
        for batch in batches:
            for actor in (INSPECTOR, SECOND):
                mine = [key for key, first in batch if first == (actor is INSPECTOR)]
                taken = send(store, *[shop(key, *faults[key]) for key in mine], actor=actor)
                assert [each.reason_en for each in taken] == [None] * len(mine)
                keys.update((actor.name, key) for key in mine)
        assert counted(store, Inspection) == len(keys)
        kinds = {kind for _, key in keys for kind in faults[key]}
        assert counted(store, LedgerCase) == len(kinds)

    again()
