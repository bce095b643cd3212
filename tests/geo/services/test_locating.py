"""Addresses located in the store: what is found, for whom, as of when, and what is on record afterwards."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.addresses.book import AddressBook
from geo.errors import BoundsError, InputError, NotFoundError
from geo.services import locating
from geo.services.address_books import AddressBooks
from geo.services.address_rows import read_rows
from geo.services.locating import Found
from geo.services.whereabouts import moved_point
from geo.storage import events, layers, plans
from geo.storage.database import open_engine, session_scope
from geo.territory.nouns import NOUNS
from tests import factories as make
from tests.conftest import Databases
from tests.geo.services import addressed
from tests.geo.services.addressed import (
    ASSESSOR,
    COMPOUND,
    DOOR,
    ELSEWHERE,
    FIRST,
    FLAG,
    GRIDS,
    INSPECTOR,
    NEXT,
    ONE,
    PHONE,
    PLANNER,
    ROAD,
    SHOP,
    SIDE,
    STAFF,
    STAIRWELL,
    TWO,
    UPSTAIRS,
    actor,
)


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Engine]:
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        yield engine


@pytest.fixture
def changing(databases: Databases) -> Iterator[Engine]:
    """The same, for a test that writes."""
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        yield engine


@pytest.fixture(scope="module")
def books() -> AddressBooks:
    return AddressBooks()


def ask(engine: Engine, books: AddressBooks, said: str, who: Actor | None = STAFF) -> Found:
    with session_scope(engine, who) as session:
        return locating.locate(session, books, said, actor=who, who="terminal")


def ids(found: Found) -> list[str]:
    return sorted(place.code for place in found.candidates)


def looks(engine: Engine) -> list[tuple[str, str, str | None]]:
    with session_scope(engine) as session:
        found = events.read(session, limit=1000)
    return [(event.who, event.noun, event.code) for event in found if event.what == "looked"]


class TestRows:
    """What a book is made of."""

    def test_every_layer_has_its_rows(self, store: Engine) -> None:
        with session_scope(store) as session:
            places = read_rows(session).places.set_index("id")
        levels = places.groupby("level").size().to_dict()
        assert levels == {
            "street": 1, "community": 2, "road": 2, "compound": 3, "building": 3, "unit": 1, "room": 2, "poi": 2,
            "intersection": 1,
        }  # fmt: skip
        one = places.loc[ONE]
        assert (one["district"], one["street"], one["community"]) == ("南湖区", "南湖街道", "第1社区")
        assert (one["road"], one["number"], one["compound"], one["building"]) == ("荷香路", "12号", "锦绣花园", "1栋")
        assert (places.loc[COMPOUND, "road"], places.loc[COMPOUND, "number"]) == ("荷香路", "12号")
        assert (places.loc[FLAG, "level"], places.loc[FLAG, "compound"]) == ("compound", "红旗楼")
        assert (places.loc[DOOR, "unit"], places.loc[DOOR, "room"]) == ("1单元", "101")
        assert (places.loc[SHOP, "name"], places.loc[SHOP, "number"]) == ("小李便利店", "30号")
        crossing = places.loc[f"{ROAD}+{SIDE}"]
        assert crossing["name"] == "荷香路与青松街交叉口"
        assert crossing["lon"] == pytest.approx(make.WEST + 0.004, abs=1e-6)
        assert places["lon"].notna().all()

    def test_registers_that_lack_much_make_books_too(self, session: Session) -> None:
        def levels() -> dict[str, int]:
            rows = read_rows(session)
            if len(rows.places):
                AddressBook.build(rows.places, rows.aliases)
            assert rows.places["id"].is_unique
            return rows.places.groupby("level").size().to_dict()

        assert levels() == {}
        make.make_community(session, 1)
        assert levels() == {"street": 1, "community": 1}
        make.make_compound(session, 1)
        make.make_barrier(session, 1, name=None, geometry=make.square().exterior)
        assert levels() == {"street": 1, "community": 1, "compound": 1}
        nameless = make.make_building(session, 1)
        plain = make.make_building(session, 2, name="2栋", geometry=make.square(1).centroid)
        make.make_building(session, 3, address="荷香路8号")
        make.make_stairwell(session, nameless, name=None)
        make.make_stairwell(session, plain)
        make.make_household_unit(session, plain)
        make.make_household_unit(session, nameless)
        make.make_place(session, 1)
        make.make_place(session, 2, building_code=nameless)
        make.make_city_element(session, 1)
        make.make_barrier(session, 2, name="荷香路", geometry=make.square().exterior)
        session.execute(text("UPDATE building SET name = '甲楼' WHERE code = :code"), {"code": nameless})
        session.execute(text("UPDATE building SET name = NULL WHERE code = :code"), {"code": nameless})
        assert levels() == {
            "street": 1, "community": 1, "compound": 1, "building": 1, "number": 1, "unit": 1, "room": 1, "poi": 2,
            "road": 1,
        }  # fmt: skip

    def test_rows_are_the_actors(self, store: Engine) -> None:
        def seen(who: Actor) -> set[str]:
            with session_scope(store, who) as session:
                return set(read_rows(session).places["code"])

        assert ELSEWHERE in seen(PLANNER)
        assert ELSEWHERE not in seen(STAFF)
        assert {DOOR, SHOP} <= seen(STAFF)
        assert not {DOOR, SHOP} & seen(ASSESSOR)
        assert FLAG not in seen(INSPECTOR)
        assert {ONE, DOOR} <= seen(INSPECTOR)
        assert SIDE not in seen(NEXT)
        assert seen(actor("staff")) == set()


class TestLocate:
    @pytest.mark.parametrize(
        ("said", "code"),
        [
            ("锦绣花园1栋", ONE),
            ("荷香路12号2栋", TWO),
            ("锦绣花园一幢1单元楼下", STAIRWELL),
            ("锦绣花园1栋1单元201", UPSTAIRS),
            ("红旗楼", FLAG),
            ("小李便利店", SHOP),
            ("荷香路和青松街交汇处", f"{ROAD}+{SIDE}"),
            ("青松街", SIDE),
            ("第1社区", FIRST),
        ],
    )
    def test_one_place(self, store: Engine, books: AddressBooks, said: str, code: str) -> None:
        found = ask(store, books, said)
        assert (found.outcome, ids(found)) == ("one", [code]), found.reason
        assert found.current

    def test_several_for_who_sees_both(self, store: Engine, books: AddressBooks) -> None:
        found = ask(store, books, "锦绣花园1栋", PLANNER)
        assert (found.outcome, ids(found), found.total) == ("several", [ONE, ELSEWHERE], 2)
        assert all(place.apart for place in found.candidates)

    def test_who_calls_from_near_hears_of_that_one_first(self, store: Engine, books: AddressBooks) -> None:
        for code, column in ((ONE, 5), (ELSEWHERE, 55)):
            near = addressed.middle(column)
            with session_scope(store, PLANNER) as session:
                found = locating.locate(session, books, "锦绣花园1栋", near=(near.x, near.y), actor=PLANNER)
            assert (found.outcome, found.candidates[0].code) == ("several", code)

    def test_none_names_what_failed_and_what_exists(self, store: Engine, books: AddressBooks) -> None:
        found = ask(store, books, "锦绣花园9栋")
        assert (found.outcome, found.failed, found.candidates) == ("none", "building", ())
        assert {place.code for place in found.nearest} & {ONE, TWO, COMPOUND}

    def test_grid_and_people_in_charge(self, store: Engine, books: AddressBooks) -> None:
        (place,) = ask(store, books, "锦绣花园1栋1单元201").candidates
        assert [grid.code for grid in place.spot.grids] == GRIDS[:1]
        assert [(person.name, person.phone) for person in place.spot.people] == [("网格员1", PHONE)]
        (masked,) = ask(store, books, "红旗楼", PLANNER).candidates
        assert [(grid.code) for grid in masked.spot.grids] == GRIDS[1:]
        assert [person.phone for person in masked.spot.people] == ["138****1234"]

    def test_a_compound_has_the_grids_that_it_lies_in(self, store: Engine, books: AddressBooks) -> None:
        (place,) = ask(store, books, "锦绣花园").candidates
        assert (place.code, [grid.code for grid in place.spot.grids]) == (COMPOUND, GRIDS[:1])

    def test_a_direction_leads_away(self, store: Engine, books: AddressBooks) -> None:
        (place,) = ask(store, books, "红旗楼往西800米").candidates
        here = addressed.middle(40)
        assert place.spot.lon == pytest.approx(here.x, abs=1e-6)
        assert place.moved is not None
        assert place.moved.lon == pytest.approx(here.x - 800 / 102_900, abs=1e-5)
        assert [grid.code for grid in place.moved.grids] == GRIDS[:1]
        assert [person.name for person in place.moved.people] == ["网格员1"]

    def test_whoever_asks_has_a_name(self, store: Engine, books: AddressBooks) -> None:
        with pytest.raises(InputError), session_scope(store) as session:
            locating.locate(session, books, "红旗楼")

    def test_no_scope_finds_nothing(self, store: Engine, books: AddressBooks) -> None:
        found = ask(store, books, "红旗楼", actor("staff"))
        assert (found.outcome, found.reason.code, found.nearest) == ("none", "nothing-here", ())

    def test_endless_texts_are_refused(self, store: Engine, books: AddressBooks) -> None:
        with pytest.raises(BoundsError):
            ask(store, books, "楼" * 501)
        assert ask(store, books, "楼" * 500).outcome == "none"


class TestScope:
    """What lies outside of a scope is as if it did not exist."""

    @pytest.mark.parametrize("who", [NEXT, INSPECTOR], ids=["next community", "other grid"])
    @pytest.mark.parametrize("said", ["红旗楼", "荷香路30号", "小李便利店", "荷香路30号红旗楼1栋"])
    def test_nothing_is_told(self, store: Engine, books: AddressBooks, who: Actor, said: str) -> None:
        found = ask(store, books, said, who)
        assert found.outcome == "none"
        told = str([(place.id, place.address) for place in (*found.candidates, *found.nearest)])
        assert FLAG not in told
        assert "红旗" not in told
        assert all("红旗" not in each.name and "小李" not in each.name for each in found.heard)

    def test_several_is_one_for_who_sees_one(self, store: Engine, books: AddressBooks) -> None:
        for who, code in ((STAFF, ONE), (NEXT, ELSEWHERE)):
            found = ask(store, books, "锦绣花园1栋", who)
            assert (found.outcome, ids(found), found.total) == ("one", [code], 1)

    def test_doors_are_buildings_for_roles_that_see_none(self, store: Engine, books: AddressBooks) -> None:
        for said in ("锦绣花园1栋1单元201", "锦绣花园1栋1单元909"):
            found = ask(store, books, said, ASSESSOR)
            assert found.outcome == "one", found
            assert found.candidates[0].code in (ONE, STAIRWELL)
            assert "201" not in found.candidates[0].address
            assert found.candidates[0].spot.people == ()

    def test_one_persons_book_is_not_anothers(self, store: Engine) -> None:
        books = AddressBooks()
        for who, outcome in ((PLANNER, "several"), (STAFF, "one"), (PLANNER, "several"), (NEXT, "one")):
            assert ask(store, books, "锦绣花园1栋", who).outcome == outcome


class TestLooks:
    def test_a_door_is_a_look_and_so_are_the_people(self, changing: Engine, books: AddressBooks) -> None:
        ask(changing, books, "锦绣花园1栋1单元201")
        assert looks(changing) == [
            ("staff-1", "grid", GRIDS[0]),
            ("staff-1", "household_unit", UPSTAIRS),
        ]

    def test_a_building_for_an_assessor_is_none(self, changing: Engine, books: AddressBooks) -> None:
        ask(changing, books, "锦绣花园1栋1单元201", ASSESSOR)
        assert looks(changing) == []

    def test_people_of_one_grid_are_looked_at_once(self, changing: Engine, books: AddressBooks) -> None:
        found = ask(changing, books, "锦绣花园1栋", PLANNER)
        assert len(found.candidates) == 2
        assert looks(changing) == [("planner-1", "grid", GRIDS[0])]


class TestSuggest:
    def suggested(self, engine: Engine, books: AddressBooks, said: str, who: Actor = STAFF) -> list[str]:
        with session_scope(engine, who) as session:
            return [place.code for place in locating.suggest(session, books, said, actor=who)]

    def test_what_is_typed_so_far(self, store: Engine, books: AddressBooks) -> None:
        assert COMPOUND in self.suggested(store, books, "锦绣")
        assert FLAG in self.suggested(store, books, "红旗")
        assert self.suggested(store, books, "红旗", NEXT) == []
        assert self.suggested(store, books, "红旗", actor("staff")) == []

    def test_doors_and_places_are_not_suggested(self, store: Engine, books: AddressBooks) -> None:
        before = looks(store)
        found = self.suggested(store, books, "锦绣花园1栋1单元") + self.suggested(store, books, "小李便利")
        assert not {DOOR, UPSTAIRS, SHOP} & set(found)
        assert looks(store) == before

    def test_what_ended_is_not_suggested(self, changing: Engine) -> None:
        books = AddressBooks()
        assert FLAG in self.suggested(changing, books, "红旗")
        with session_scope(changing) as session:
            layers.end(session, NOUNS["building"], [FLAG], who="x")
        assert FLAG not in self.suggested(changing, books, "红旗")
        books.settle()


class TestReverse:
    def at(self, engine: Engine, column: float, who: Actor = STAFF, row: float = 1.5) -> locating.Round:
        lon = make.WEST + (column + 0.5) * make.BUILDING_DEGREES
        with session_scope(engine, who) as session:
            return locating.reverse(session, lon, make.SOUTH + row * make.BUILDING_DEGREES, actor=who)

    def test_inside_a_building(self, store: Engine) -> None:
        found = self.at(store, 5)
        assert found.building is not None
        assert found.address is not None
        assert found.compound is not None
        assert (found.building.code, found.building.metres, found.compound.code) == (ONE, 0, COMPOUND)
        assert found.address.address == f"{addressed.ABOVE}荷香路12号锦绣花园1栋"
        assert (found.community.code, [grid.code for grid in found.spot.grids]) == (FIRST, GRIDS[:1])
        assert [person.name for person in found.spot.people] == ["网格员1"]

    def test_between_buildings(self, store: Engine) -> None:
        near, far = self.at(store, 41.5), self.at(store, 44)
        assert near.building is not None
        assert (near.building.code, far.building) == (FLAG, None)
        assert far.address is not None
        assert (far.address.code, far.address.metres) == (FLAG, pytest.approx(72.0, abs=0.5))
        assert far.compound is None

    def test_scope(self, store: Engine) -> None:
        with pytest.raises(NotFoundError):
            self.at(store, 5, NEXT)
        with pytest.raises(NotFoundError):
            self.at(store, 5, actor("staff"))
        # An inspector knows of the community, and of the neighbour's grid nothing.
        found = self.at(store, 40, INSPECTOR)
        assert (found.building, found.address, found.spot.grids, found.spot.people) == (None, None, (), ())

    def test_an_assessor_learns_no_names(self, changing: Engine) -> None:
        found = self.at(changing, 5, ASSESSOR)
        assert ([grid.code for grid in found.spot.grids], found.spot.people) == (GRIDS[:1], ())
        assert looks(changing) == []

    def test_there_is_no_such_point(self, store: Engine) -> None:
        for lon, lat in ((181.0, 0.0), (0.0, 90.5), (math.nan, 0.0), (math.inf, 0.0)):
            with pytest.raises(BoundsError), session_scope(store) as session:
                locating.reverse(session, lon, lat, who="x")


class TestCurrency:
    """Books follow what is committed, whoever commits it."""

    def rename(self, engine: Engine, code: str, name: str, address: str | None = None) -> None:
        with session_scope(engine) as session:
            row = layers.read(session, NOUNS["building"], codes=[code])
            row["name"], row["address"] = [name], [address or f"{addressed.ABOVE}荷香路30号{name}"]
            layers.upsert(session, NOUNS["building"], row, who="x")

    def test_the_old_book_answers_while_the_new_one_is_read(self, changing: Engine) -> None:
        books = AddressBooks()
        first = ask(changing, books, "红旗楼")
        self.rename(changing, FLAG, "丰收大厦")
        meanwhile = ask(changing, books, "红旗楼")
        assert (meanwhile.current, meanwhile.version, ids(meanwhile)) == (False, first.version, [FLAG])
        books.settle()
        after = ask(changing, books, "丰收大厦")
        assert (after.outcome, ids(after), after.current) == ("one", [FLAG], True)
        assert after.version > first.version

    def test_looks_make_no_book_old(self, changing: Engine) -> None:
        books = AddressBooks()
        first = ask(changing, books, "锦绣花园1栋1单元201")
        again = ask(changing, books, "锦绣花园1栋1单元201")
        assert again.current
        assert again.version > first.version, "the book is as good as read after the look"
        assert books.of(changing, STAFF).book is books.of(changing, STAFF).book

    def test_what_ended_is_not_told_even_by_an_old_book(self, changing: Engine) -> None:
        books = AddressBooks()
        assert ids(ask(changing, books, "红旗楼")) == [FLAG]
        with session_scope(changing) as session:
            layers.end(session, NOUNS["place"], [SHOP], who="x")
            layers.end(session, NOUNS["building"], [FLAG], who="x")
        found = ask(changing, books, "红旗楼")
        assert (found.outcome, found.current) == ("none", True)
        books.settle()

    def test_a_former_name_leads_to_what_it_is_called_now(self, changing: Engine) -> None:
        self.rename(changing, FLAG, "丰收大厦")
        found = ask(changing, AddressBooks(), "红旗楼")
        assert (found.outcome, ids(found)) == ("one", [FLAG])
        assert "丰收大厦" in found.candidates[0].address

    def test_a_name_that_another_bears_today_is_that_ones(self, changing: Engine) -> None:
        self.rename(changing, FLAG, "丰收大厦")
        self.rename(changing, TWO, "红旗楼", f"{addressed.ABOVE}荷香路12号锦绣花园红旗楼")
        found = ask(changing, AddressBooks(), "红旗楼")
        assert ids(found) == [TWO]

    def test_a_road_that_all_addresses_left_has_its_old_name(self, changing: Engine) -> None:
        for code, name in ((ONE, "1栋"), (TWO, "2栋")):
            self.rename(changing, code, name, f"{addressed.ABOVE}新荷大道12号锦绣花园{name}")
        self.rename(changing, FLAG, "红旗楼", f"{addressed.ABOVE}新荷大道30号红旗楼")
        with session_scope(changing) as session:
            session.execute(text("UPDATE barrier SET name = '新荷大道' WHERE name = '荷香路'"))
            session.execute(text("UPDATE place SET address = NULL"))
        found = ask(changing, AddressBooks(), "荷香路30号")
        assert (found.outcome, ids(found)) == ("one", [FLAG]), found.reason

    def test_a_plan_in_force_changes_what_an_inspector_finds(self, changing: Engine) -> None:
        books = AddressBooks()
        assert ask(changing, books, "红旗楼", INSPECTOR).outcome == "none"
        rows = [(ONE, None, GRIDS[1], 24), (TWO, None, GRIDS[1], 24), (FLAG, None, GRIDS[0], 24)]
        with session_scope(changing) as session:
            plan = make.make_plan(session, assignment=make.assignment_frame(rows), name="对调")
            plans.adopt(session, plan, who="x", version=1)
        assert ask(changing, books, "锦绣花园1栋", INSPECTOR).outcome == "none"
        books.settle()
        assert ids(ask(changing, books, "红旗楼", INSPECTOR)) == [FLAG]

    def test_two_processes_follow_each_other(self, changing: Engine) -> None:
        here, there = AddressBooks(), AddressBooks()
        other = open_engine(changing.url.render_as_string(hide_password=False))
        try:
            assert ask(other, there, "红旗楼").outcome == "one"
            self.rename(changing, FLAG, "丰收大厦")
            assert ask(changing, here, "丰收大厦").outcome == "one"
            assert not ask(other, there, "丰收大厦").current
            there.settle()
            assert ask(other, there, "丰收大厦").outcome == "one"
        finally:
            other.dispose()

    def test_many_ask_while_names_change(self, changing: Engine) -> None:
        books, names = AddressBooks(), ["丰收大厦", "光明大厦", "东风大厦"]

        def look(who: Actor) -> list[tuple[str, list[str]]]:
            found = [ask(changing, books, said, who) for said in ["锦绣花园2栋", *names]]
            return [(one.outcome, ids(one)) for one in found]

        with ThreadPoolExecutor(6) as pool:
            asking = [pool.submit(look, who) for who in (STAFF, PLANNER, NEXT) * 2]
            for name in names:
                self.rename(changing, FLAG, name)
            answers = [future.result() for future in asking]
        assert {code for answer in answers for _, codes in answer for code in codes} <= {TWO, FLAG}
        # Once the last name is read, all of them lead there.
        ask(changing, books, names[-1])
        books.settle()
        assert [ids(ask(changing, books, name)) for name in names] == [[FLAG]] * 3

    def test_the_books_asked_longest_ago_go_first(self, store: Engine) -> None:
        books = AddressBooks(most_rows=25)
        first = books.of(store, STAFF)
        assert books.of(store, STAFF).book is first.book
        books.of(store, PLANNER)
        assert books.of(store, STAFF).book is not first.book

    def test_a_store_that_is_away_leaves_the_old_book(self, changing: Engine, caplog: pytest.LogCaptureFixture) -> None:
        books = AddressBooks()
        ask(changing, books, "红旗楼")
        self.rename(changing, FLAG, "丰收大厦")
        with session_scope(changing) as session:
            session.execute(text("REVOKE SELECT ON barrier FROM wangge_app"))
        assert not ask(changing, books, "红旗楼").current
        books.settle()
        assert "could not be read anew" in caplog.text
        with session_scope(changing) as session:
            session.execute(text("GRANT SELECT ON barrier TO wangge_app"))
        assert ids(ask(changing, books, "红旗楼")) == [FLAG]
        books.settle()
        assert ask(changing, books, "丰收大厦").current


@given(st.floats(0, 360), st.floats(0, 5_000))
def test_a_moved_point_is_as_far_as_was_said(bearing: float, metres: float) -> None:
    lon, lat = moved_point(114.1, 22.6, bearing, metres)
    east, north = (lon - 114.1) * 102_830, (lat - 22.6) * 110_740
    assert math.hypot(east, north) == pytest.approx(metres, rel=0.01, abs=0.1)
    if metres > 1:
        turned = (math.degrees(math.atan2(east, north)) - bearing + 180) % 360 - 180
        assert turned == pytest.approx(0, abs=1)
