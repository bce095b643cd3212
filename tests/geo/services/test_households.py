"""Looks at households: within scope, on record, or not at all."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from geo.access.actor import Actor
from geo.errors import InputError, NotFoundError, WanggeError
from geo.services.households import look_at_household_units, look_at_staff, mask_phone
from geo.storage import events, plans
from geo.storage.database import open_engine, session_scope
from geo.territory import codes
from tests import factories as make
from tests.databases import Databases

FIRST, SECOND = f"{make.STREET}001", f"{make.STREET}002"
PHONE = "13812341234"


def actor(role: str, *scopes: str) -> Actor:
    return Actor("li", frozenset({role}), scopes, account_id=None, address="10.0.0.8", request_id="r1")


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Engine]:
    """Two communities, in each a building with three doors and a grid worker; grids of the first are in force."""
    name = databases.create(template=databases.migrated_template())
    engine = open_engine(databases.url(name))
    with session_scope(engine) as session:
        for number, community in enumerate((FIRST, SECOND), start=1):
            building = make.make_building(session, 1, community_code=community)
            for door in (1, 2, 3):
                make.make_household_unit(session, building, 1, door)
            make.make_grid_staff(session, number, grid_code=f"{community}001", phone=PHONE)
        plan = make.make_plan(
            session,
            assignment=make.assignment_frame([(_building(FIRST), None, f"{FIRST}001", 3)]),
        )
        plans.adopt(session, plan, who=make.WHO, version=1)
    yield engine
    engine.dispose()
    databases.drop(name)


def _building(community: str) -> str:
    return codes.make("building", community, 1)


def looks(engine: Engine) -> list[tuple[str, str, str | None, object]]:
    with session_scope(engine) as session:
        found = events.read(session, limit=1000)
    return [(event.who, event.noun, event.code, event.after) for event in found if event.what == "looked"]


@pytest.mark.parametrize(
    "who",
    [
        actor("staff", FIRST),
        actor("planner", make.STREET),
        actor("inspector", f"{FIRST}001"),
    ],
    ids=["staff of the community", "planner of the street", "inspector of the grid"],
)
def test_doors_are_seen_within_scope_and_on_record(store: Engine, who: Actor) -> None:
    with session_scope(store, who) as session:
        units = look_at_household_units(session, _building(FIRST), actor=who)
    assert [unit.room for unit in units] == ["101", "102", "103"]
    assert looks(store)[0] == ("li", "building", _building(FIRST), {"household_unit": 3})


@pytest.mark.parametrize(
    "who",
    [
        actor("staff", SECOND),
        actor("inspector", f"{FIRST}002"),
        actor("inspector", f"{SECOND}001"),
        actor("planner", "440307002"),
        actor("administrator", make.STREET),
        actor("auditor", make.STREET),
        actor("assessor", make.STREET),
        actor("staff"),
    ],
    ids=["sibling", "other grid", "sibling's grid", "other street", "administrator", "auditor", "assessor", "no scope"],
)
def test_doors_outside_are_not_there(store: Engine, who: Actor) -> None:
    before = looks(store)
    with pytest.raises(NotFoundError) as refused, session_scope(store, who) as session:
        look_at_household_units(session, _building(FIRST), actor=who)
    with pytest.raises(NotFoundError) as missing, session_scope(store, who) as session:
        look_at_household_units(session, "4403070010010109999", actor=who)
    same = [
        str(error.value).replace(_building(FIRST), "").replace("4403070010010109999", "")
        for error in (refused, missing)
    ]
    assert same[0] == same[1], "the answer tells that the building exists"
    assert looks(store) == before


def test_pages_are_looks_each(store: Engine) -> None:
    who, before = actor("staff", FIRST), len(looks(store))
    with session_scope(store, who) as session:
        first = look_at_household_units(session, _building(FIRST), limit=2, actor=who)
        rest = look_at_household_units(session, _building(FIRST), limit=2, after=first[-1].code, actor=who)
    assert [len(first), len(rest)] == [2, 1]
    assert [after for *_, after in looks(store)[:2]] == [{"household_unit": 1}, {"household_unit": 2}]
    assert len(looks(store)) == before + 2


def test_a_look_that_cannot_be_recorded_shows_nothing(fresh_database_url: str) -> None:
    engine = open_engine(fresh_database_url)
    try:
        with session_scope(engine) as session:
            building = make.make_building(session)
            make.make_household_unit(session, building)
            session.execute(text("REVOKE INSERT ON event FROM wangge_app"))
        who = actor("staff", FIRST)
        with pytest.raises(WanggeError), session_scope(engine, who) as session:
            look_at_household_units(session, building, actor=who)
    finally:
        engine.dispose()


def test_the_terminal_looks_as_its_user(store: Engine) -> None:
    with session_scope(store) as session:
        assert len(look_at_household_units(session, _building(SECOND), who="wang")) == 3
    assert looks(store)[0] == ("wang", "building", _building(SECOND), {"household_unit": 3})
    with pytest.raises(InputError), session_scope(store) as session:
        look_at_household_units(session, _building(SECOND))


class TestStaff:
    @pytest.mark.parametrize(
        ("who", "phone"),
        [
            (actor("staff", FIRST), PHONE),
            (actor("inspector", f"{FIRST}001"), PHONE),
            (actor("planner", make.STREET), "138****1234"),
            (actor("leader", make.STREET), "138****1234"),
        ],
    )
    def test_numbers_are_for_roles_that_see_them(self, store: Engine, who: Actor, phone: str) -> None:
        with session_scope(store, who) as session:
            staff = look_at_staff(session, FIRST, actor=who)
        assert [(person.name, person.phone) for person in staff] == [("网格员1", phone)]
        assert looks(store)[0] == ("li", "community", FIRST, {"grid_staff": 1})

    @pytest.mark.parametrize(
        "who", [actor("staff", SECOND), actor("inspector", f"{FIRST}002"), actor("auditor", make.STREET)]
    )
    def test_nobody_is_seen_outside(self, store: Engine, who: Actor) -> None:
        with session_scope(store, who) as session:
            assert look_at_staff(session, FIRST, actor=who) == []

    def test_what_has_no_grids_is_refused(self, store: Engine) -> None:
        with pytest.raises(InputError), session_scope(store) as session:
            look_at_staff(session, "%", who="wang")


@given(st.one_of(st.text(max_size=20), st.from_regex("[0-9+() -]{3,20}", fullmatch=True)))
def test_a_mask_leaves_at_most_seven_digits(phone: str) -> None:
    masked = mask_phone(phone)
    assert masked is not None
    assert sum(sign.isdigit() for sign in masked) <= 7
    assert "****" in masked


def test_masks() -> None:
    assert mask_phone("13800001234") == "138****1234"
    assert mask_phone("+86 138 0000 1234") == "861******1234"
    assert mask_phone("25512345") == "****"
    assert mask_phone(None) is None
