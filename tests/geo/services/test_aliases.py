"""What people call places, learnt from those who confirm and decided on by planners."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from geo.access.actor import Actor
from geo.errors import AccessError, BoundsError, ConflictError, InputError, NotFoundError, StaleVersionError
from geo.services import aliases, locating
from geo.services.address_books import AddressBooks
from geo.storage import events
from geo.storage.database import session_scope
from tests.databases import Databases
from tests.geo.services import addressed
from tests.geo.services.addressed import (
    ASSESSOR,
    COMPOUND,
    DOOR,
    FLAG,
    NEXT,
    ONE,
    PLANNER,
    ROAD,
    SHOP,
    SIDE,
    STAFF,
    TWO,
)


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        yield engine


@pytest.fixture(scope="module")
def books() -> AddressBooks:
    return AddressBooks()


def confirm(
    engine: Engine, books: AddressBooks, said: str, place: str, who: Actor | None = STAFF
) -> aliases.Confirmation:
    with session_scope(engine, who) as session:
        return aliases.confirm(session, books, said, place, actor=who, who="terminal")


def outcome(engine: Engine, said: str, who: Actor = STAFF) -> tuple[str, list[str]]:
    with session_scope(engine, who) as session:
        found = locating.locate(session, AddressBooks(), said, actor=who)
    return found.outcome, [place.code for place in found.candidates]


@pytest.mark.parametrize(
    ("said", "place", "kind", "alias", "of"),
    [
        ("春晖苑2栋", TWO, "compound", "春晖苑", COMPOUND),
        ("春晖苑1栋1单元101", DOOR, "compound", "春晖苑", COMPOUND),
        ("老供销社", SHOP, "poi", "老供销社", SHOP),
        ("东方红大楼", FLAG, "compound", "东方红大楼", FLAG),
    ],
)
def test_a_name_that_the_register_lacks_is_proposed(
    store: Engine, books: AddressBooks, said: str, place: str, kind: str, alias: str, of: str
) -> None:
    made = confirm(store, books, said, place)
    assert [(each.alias, each.kind, each.code, each.state) for each in made.aliases] == [
        (alias, kind, of, "proposed")
    ], made


def test_what_is_said_again_counts_again(store: Engine, books: AddressBooks) -> None:
    first, again = (confirm(store, books, "五星花园1栋", ONE).aliases[0] for _ in range(2))
    assert (first.id, first.times + 1) == (again.id, again.times)


@pytest.mark.parametrize("said", ["锦绣花园1栋", "1栋", "荷香路12号一幢", "  ", "1802", "110", "锦绣花园9栋1单元"])
def test_numbers_and_known_names_teach_nothing(store: Engine, books: AddressBooks, said: str) -> None:
    assert confirm(store, books, said, ONE).aliases == ()


def test_an_accepted_alias_locates_and_an_ended_one_does_not(store: Engine, books: AddressBooks) -> None:
    assert outcome(store, "梅园小区2栋")[0] == "none"
    (alias,) = confirm(store, books, "梅园小区2栋", TWO).aliases
    assert outcome(store, "梅园小区2栋")[0] == "none", "a proposal alone changes nothing"
    with session_scope(store, PLANNER) as session:
        accepted = aliases.decide(session, alias.id, "accepted", version=alias.version, actor=PLANNER)
    assert outcome(store, "梅园小区2栋") == ("one", [TWO])
    # It is another's name where it is not seen.
    assert outcome(store, "梅园小区2栋", NEXT)[0] == "none"
    with session_scope(store, PLANNER) as session:
        aliases.decide(session, alias.id, "ended", version=accepted.version, actor=PLANNER)
    assert outcome(store, "梅园小区2栋")[0] == "none"


def test_an_alias_of_one_numbered_building_is_a_landmark(store: Engine, books: AddressBooks) -> None:
    with session_scope(store) as session:
        given = {"kind": "building", "noun": "building", "code": TWO, "name": "2栋"}
        alias = aliases.addresses.propose_alias(session, alias="烟囱楼", who="x", **given)
        aliases.decide(session, alias.id, "accepted", who="x")
    assert outcome(store, "烟囱楼") == ("one", [TWO])


def test_a_road_is_called_otherwise(store: Engine, books: AddressBooks) -> None:
    with session_scope(store) as session:
        given = {"kind": "road", "noun": "barrier", "code": ROAD, "name": "荷香路"}
        alias = aliases.addresses.propose_alias(session, alias="跃进路", who="x", **given)
        aliases.decide(session, alias.id, "accepted", who="x")
    assert outcome(store, "跃进路12号锦绣花园2栋") == ("one", [TWO])


def test_a_confirmation_is_an_event(store: Engine, books: AddressBooks) -> None:
    made = confirm(store, books, "红星花园2栋", TWO)
    with session_scope(store) as session:
        confirmed, proposed = events.read(session, limit=2)
    assert (confirmed.who, confirmed.what, confirmed.code) == ("staff-1", "confirmed", TWO)
    assert confirmed.after == {"aliases": [made.aliases[0].id]}
    assert (proposed.what, proposed.code) == ("proposed", COMPOUND)


def test_places_outside_are_not_there(store: Engine, books: AddressBooks) -> None:
    for who, place in ((NEXT, ONE), (NEXT, SIDE), (ASSESSOR, DOOR), (STAFF, "440307009001"), (STAFF, "")):
        with pytest.raises(NotFoundError):
            confirm(store, books, "春晖苑2栋", place, who)


def test_roles_that_keep_no_register_propose_nothing(store: Engine, books: AddressBooks) -> None:
    with pytest.raises(AccessError):
        confirm(store, books, "春晖苑2栋", TWO, ASSESSOR)


def test_decisions_need_the_version_seen_and_a_name(store: Engine, books: AddressBooks) -> None:
    (alias,) = confirm(store, books, "凤凰新村2栋", TWO).aliases
    with session_scope(store, PLANNER) as session:
        aliases.decide(session, alias.id, "rejected", version=1, actor=PLANNER)
    with pytest.raises(StaleVersionError), session_scope(store, PLANNER) as session:
        aliases.decide(session, alias.id, "accepted", version=1, actor=PLANNER)
    with pytest.raises(InputError), session_scope(store) as session:
        aliases.decide(session, alias.id, "accepted")
    assert confirm(store, books, "凤凰新村2栋", TWO).aliases[0].state == "rejected", "nobody is asked again"


def test_endless_texts_are_refused(store: Engine, books: AddressBooks) -> None:
    with pytest.raises(BoundsError):
        confirm(store, books, "楼" * 501, ONE)


def propose(
    engine: Engine, books: AddressBooks, alias: str, place: str, who: Actor = STAFF, *, accept: bool = False
) -> aliases.AliasRecord:
    with session_scope(engine, who) as session:
        return aliases.propose(session, books, alias, place, accept=accept, actor=who)


@pytest.mark.parametrize(
    ("alias", "place", "kind", "noun", "code"),
    [
        ("大榕树楼", ONE, "building", "building", ONE),
        ("大榕树楼", DOOR, "building", "building", ONE),
        ("榕树里", COMPOUND, "compound", "compound", COMPOUND),
        ("老供销社", SHOP, "poi", "place", SHOP),
        ("建设路", ROAD, "road", "barrier", ROAD),
    ],
)
def test_a_name_is_stated_outright(
    store: Engine, books: AddressBooks, alias: str, place: str, kind: str, noun: str, code: str
) -> None:
    made = propose(store, books, alias, place)
    assert (made.alias, made.kind, made.noun, made.code, made.state) == (alias, kind, noun, code, "proposed")


def test_a_planner_accepts_in_the_same_step(store: Engine, books: AddressBooks) -> None:
    made = propose(store, books, "百步梯", COMPOUND, PLANNER, accept=True)
    assert (made.state, made.decided_by, made.version) == ("accepted", PLANNER.name, 2)
    assert outcome(store, "百步梯2栋") == ("one", [TWO])
    again = propose(store, books, "百步梯", COMPOUND, PLANNER, accept=True)
    assert (again.id, again.state, again.times) == (made.id, "accepted", 2)


def test_nobody_else_accepts_and_then_nothing_is_proposed(store: Engine, books: AddressBooks) -> None:
    with pytest.raises(AccessError):
        propose(store, books, "千步梯", COMPOUND, STAFF, accept=True)
    with session_scope(store) as session:
        assert "千步梯" not in [alias.alias for alias in aliases.list_aliases(session, limit=100)]
    with pytest.raises(AccessError):
        propose(store, books, "千步梯", COMPOUND, ASSESSOR)


@pytest.mark.parametrize("alias", ["1栋", "12号", "楼", " ", "101", "锦绣花园1栋", "楼" * 21, "a-b"])
def test_what_is_no_name_is_refused(store: Engine, books: AddressBooks, alias: str) -> None:
    with pytest.raises(InputError):
        propose(store, books, alias, ONE)


def test_its_own_name_is_no_other_name(store: Engine, books: AddressBooks) -> None:
    with pytest.raises(ConflictError):
        propose(store, books, "锦绣花园", COMPOUND)
    with pytest.raises(NotFoundError):
        propose(store, books, "榕树里", COMPOUND, NEXT)
    with pytest.raises(InputError, match="名称"):
        propose(store, books, "大十字", f"{ROAD}+{SIDE}")


def test_lists(store: Engine, books: AddressBooks) -> None:
    confirm(store, books, "向阳花园2栋", TWO)
    with session_scope(store, STAFF) as session:
        assert aliases.list_aliases(session, state="proposed", limit=1)[0].alias == "向阳花园"
        assert aliases.read_alias(session, aliases.list_aliases(session, limit=1)[0].id).name == "锦绣花园"
    with session_scope(store, NEXT) as session:
        assert [alias for alias in aliases.list_aliases(session, limit=100) if alias.noun != "barrier"] == []
