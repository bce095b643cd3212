"""Requests taken in: placed or kept, compared, joined with numbers of their own, handed on, taken up the rungs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.errors import BoundsError, CodeError, ConflictError, InputError, NotFoundError, StaleVersionError
from geo.ledger.cases import NotAllowedError
from geo.ledger.deeds import Deed
from geo.services import cases, requesting
from geo.services.address_books import AddressBooks
from geo.services.placing_requests import Where
from geo.services.requesting import KnownAlreadyError, NewRequest, Reporter, Taken, WhereError
from geo.storage import events
from geo.storage.database import session_scope
from tests.databases import Databases
from tests.factories import STREET
from tests.geo.services import addressed
from tests.geo.services.addressed import (
    ASSESSOR,
    DOOR,
    ELSEWHERE,
    FIRST,
    FLAG,
    GARDEN,
    GRIDS,
    NEXT,
    ONE,
    PHONE,
    SECOND,
    SHOP,
    STAFF,
)

RUBBISH = "楼下垃圾堆了三天没人清运"
INSPECTOR_OF_FLAG = addressed.actor("inspector", GRIDS[1])
CALLER = Reporter("王女士", "13912345678")


@pytest.fixture
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        yield engine


@pytest.fixture(scope="module")
def books() -> AddressBooks:
    return AddressBooks()


def take(engine: Engine, books: AddressBooks, said: str = RUBBISH, who: Actor | None = STAFF, **given: object) -> Taken:
    with session_scope(engine, who) as session:
        return requesting.take(session, books, NewRequest(said, **given), actor=who, who="terminal")  # type: ignore[arg-type]


def count(session: Session) -> int:
    found: int = session.scalars(text("SELECT count(*) FROM ledger_case")).one()
    return found


def test_a_call_is_judged_placed_routed_and_on_record(store: Engine, books: AddressBooks) -> None:
    taken = take(store, books, address="荷香路30号红旗楼", reporter=CALLER)
    record = taken.case
    assert (record.kind, record.building_code, record.grid_code) == ("rubbish", FLAG, GRIDS[1])
    assert (record.step, record.source, taken.outcome) == ("called", "hotline", "opened")
    assert taken.judgement.words
    # No contractor is on record there: the grid worker is the first of those who help.
    assert (taken.route.party.code, taken.route.code) == ("grid_worker", GRIDS[1])
    assert [person.phone for person in taken.people] == [PHONE]
    assert record.due_at is not None
    assert record.due_at - record.opened_at < timedelta(days=12)
    with session_scope(store) as session:
        moves = cases.read_moves(session, record.id)
        reporter = cases.look_at_reporter(session, record.id, who="test")
    assert [move.action for move in moves] == ["open", "take_call"]
    assert reporter == replace(CALLER, contact={"address": "荷香路30号红旗楼"}), "with the address as it was said"


def test_a_door_is_told_from_its_building(store: Engine, books: AddressBooks) -> None:
    taken = take(store, books, "家里停水了", address="荷香路12号锦绣花园1栋1单元101")
    assert (taken.case.household_unit_code, taken.case.building_code) == (DOOR, ONE)
    assert taken.case.grid_code == GRIDS[0]


def test_several_places_are_asked_back_and_one_is_chosen(store: Engine, books: AddressBooks) -> None:
    both = addressed.actor("staff", FIRST, SECOND)
    with pytest.raises(WhereError) as asked:
        take(store, books, address="锦绣花园1栋", who=both)
    offered = {place.code: place.id for place in asked.value.found.candidates}
    assert set(offered) == {ONE, ELSEWHERE}
    with session_scope(store) as session:
        assert count(session) == 0
    taken = take(store, books, address="锦绣花园1栋", place=offered[ELSEWHERE], who=both)
    assert taken.case.building_code == ELSEWHERE


def test_what_is_nowhere_is_kept_with_its_community_and_placed_later(store: Engine, books: AddressBooks) -> None:
    with pytest.raises(WhereError):
        take(store, books, address="不存在路999号")
    taken = take(store, books, address="不存在路999号", community_code=FIRST)
    assert (taken.is_placed, taken.case.community_code, taken.case.building_code) == (False, FIRST, None)
    assert "不存在" not in str(taken.case)
    with session_scope(store) as session:
        kept = cases.look_at_reporter(session, taken.case.id, who="test")
    assert kept is not None
    assert kept.contact == {"address": "不存在路999号"}
    with session_scope(store, NEXT) as session:
        assert requesting.look_at_unplaced(session) == []
    with session_scope(store, STAFF) as session:
        assert requesting.look_at_unplaced(session) == [taken.case]
        given = {"place": FLAG, "version": taken.case.version, "actor": STAFF}
        placed = requesting.place_request(session, books, taken.case.id, **given)  # type: ignore[arg-type]
        with pytest.raises(StaleVersionError):
            requesting.place_request(session, books, taken.case.id, **given)  # type: ignore[arg-type]
        with pytest.raises(ConflictError, match=placed.number):
            requesting.place_request(session, books, taken.case.id, place=ONE, actor=STAFF)
        moves = cases.read_moves(session, taken.case.id)
        assert requesting.look_at_unplaced(session) == []
    assert (placed.building_code, placed.grid_code) == (FLAG, GRIDS[1])
    assert [move.action for move in moves] == ["open", "take_call", "placed"]
    with session_scope(store) as session:
        assert events.read(session, noun="case", code=str(placed.id))[0].what == "placed"


def test_a_point_is_in_its_building(store: Engine, books: AddressBooks) -> None:
    middle = addressed.middle(40)
    assert take(store, books, point=(middle.x, middle.y)).case.building_code == FLAG
    with pytest.raises(NotFoundError):
        take(store, books, point=(114.9, 22.9))
    with pytest.raises(BoundsError):
        take(store, books, point=(300.0, 22.9))


def test_places_and_elements_are_chosen_too(store: Engine, books: AddressBooks) -> None:
    assert take(store, books, place=SHOP).case.place_code == SHOP
    assert take(store, books, "路灯坏了", place=GARDEN).case.city_element_code == GARDEN


def test_what_may_be_known_is_hinted_before_anything_is_saved(store: Engine, books: AddressBooks) -> None:
    first = take(store, books, address="荷香路30号红旗楼").case
    with pytest.raises(KnownAlreadyError, match=first.number) as known:
        take(store, books, "垃圾没人清运", address="荷香路30号红旗楼")
    (hint,) = known.value.hints
    assert (hint.id, hint.nearness, hint.distance_m) == (first.id, "building", 0.0)
    assert hint.share > 0.3
    with session_scope(store) as session:
        assert count(session) == 1
    assert take(store, books, "垃圾没人清运", address="荷香路30号红旗楼", is_new=True).outcome == "opened"
    # Another kind, and another place, are no hint.
    assert take(store, books, "电梯坏了", address="荷香路30号红旗楼").outcome == "opened"
    assert take(store, books, "电梯坏了", address="荷香路12号锦绣花园1栋").outcome == "opened"


def test_what_others_may_not_see_is_not_hinted(store: Engine, books: AddressBooks) -> None:
    take(store, books, point=(114.1099, 22.6002))
    with session_scope(store, NEXT) as session:
        where = Where(114.1099, 22.6002)
        assert requesting.find_known(session, where, "rubbish", RUBBISH) == []


def test_the_joined_keep_numbers_and_residents_of_their_own(store: Engine, books: AddressBooks) -> None:
    first = take(store, books, address="荷香路30号红旗楼", reporter=CALLER).case
    other = Reporter("李先生", "13700000000")
    taken = take(store, books, "垃圾好臭", joins=first.id, reporter=other)
    assert (taken.outcome, taken.case.state, taken.case.joined_into_id) == ("joined", "void", first.id)
    assert taken.into is not None
    assert (taken.into.sightings, taken.case.number != first.number) == (2, True)
    with session_scope(store, STAFF) as session:
        assert [one.id for one in requesting.look_at_joined(session, first.id, actor=STAFF)] == [taken.case.id]
        assert cases.look_at_reporter(session, taken.case.id, actor=STAFF) == other
        assert [move.action for move in cases.read_moves(session, first.id)][-1] == "seen_again"
        assert [move.state for move in cases.read_moves(session, taken.case.id)] == ["open", "open", "void"]
    with pytest.raises(ConflictError, match=taken.case.number):
        take(store, books, joins=taken.case.id, place=FLAG)
    with pytest.raises(InputError):
        take(store, books, joins=first.id, is_new=True)


def test_sent_twice_is_one(store: Engine, books: AddressBooks) -> None:
    first = take(store, books, address="荷香路30号红旗楼", client_key="phone-1")
    again = take(store, books, address="荷香路30号红旗楼", client_key="phone-1")
    assert (again.outcome, again.case.id) == ("known", first.case.id)
    joined = take(store, books, joins=first.case.id, client_key="phone-2")
    again = take(store, books, joins=first.case.id, client_key="phone-2")
    assert (again.outcome, again.case.id) == ("joined", joined.case.id)
    with session_scope(store) as session:
        assert count(session) == 2


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"channel": "pigeon"}, CodeError),
        ({"kind": "nothing"}, CodeError),
        ({"said": "  "}, InputError),
        ({"address": "x" * 201}, BoundsError),
        ({"reporter": Reporter("x" * 101)}, BoundsError),
        ({"place": "nowhere"}, NotFoundError),
        ({"place": FIRST}, InputError),
        ({"community_code": "440307009001"}, NotFoundError),
        ({"nature": "nothing"}, InputError),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_saved(
    store: Engine, books: AddressBooks, given: dict[str, object], error: type[Exception]
) -> None:
    wanted = {"address": "荷香路30号红旗楼"} if not {"place", "community_code"} & set(given) else {}
    with pytest.raises(error):
        take(store, books, **{**wanted, **given})  # type: ignore[arg-type]
    with session_scope(store) as session:
        assert count(session) == 0


def test_nothing_said_of_where_is_asked_for(store: Engine, books: AddressBooks) -> None:
    with pytest.raises(InputError, match="地点"):
        take(store, books)


def test_a_request_is_handed_on_by_the_duty_list_within_its_limit(store: Engine, books: AddressBooks) -> None:
    taken = take(store, books, address="荷香路30号红旗楼").case
    with session_scope(store, INSPECTOR_OF_FLAG) as session:
        given = {"nature": "help", "version": taken.version, "actor": INSPECTOR_OF_FLAG}
        record, duty, route = requesting.hand_on(session, taken.id, **given)  # type: ignore[arg-type]
    assert (record.step, record.assignee, record.nature) == ("handling", GRIDS[1], "help")
    assert (duty.kind, route.code, record.due_is_own) == ("rubbish", GRIDS[1], True)


def test_what_was_judged_wrongly_is_judged_anew(store: Engine, books: AddressBooks) -> None:
    taken = take(store, books, address="荷香路30号红旗楼").case
    with session_scope(store, STAFF) as session:
        record, duty, _ = requesting.hand_on(session, taken.id, nature="complaint", kind="property", actor=STAFF)
        assert (record.kind, duty.kind) == ("property", "property")
        with pytest.raises(CodeError):
            requesting.hand_on(session, taken.id, nature="complaint", kind="nothing", actor=STAFF)


def test_others_do_not_take_requests(store: Engine, books: AddressBooks) -> None:
    with pytest.raises(NotAllowedError):
        take(store, books, address="荷香路30号红旗楼", who=ASSESSOR)


def test_told_and_rated_it_is_closed_by_somebody_else(store: Engine, books: AddressBooks) -> None:
    taken = take(store, books, address="荷香路30号红旗楼").case
    boss = addressed.actor("leader", STREET)
    with session_scope(store, STAFF) as session:
        record, *_ = requesting.hand_on(session, taken.id, nature="help", actor=STAFF)
    for actor, action, fields in (
        (INSPECTOR_OF_FLAG, "solved", {"note": "清运完毕"}),
        (STAFF, "tell", {"note": "已电话告知"}),
        (boss, "rate", {"rating": 5}),
    ):
        with session_scope(store, actor) as session:
            deed = Deed(action, record.step_since, fields=fields)
            record = cases.act_on_case(session, taken.id, deed, actor=actor)
    assert (record.state, record.rating, record.fixed_by, record.closed_by) == ("closed", 5, "inspector-1", "leader-1")
