"""Names there were, names people use, what changed, and what lies at a point."""

from collections.abc import Iterator

import geopandas as gpd
import pytest
import shapely
from shapely import Point
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.errors import AccessError, ConflictError, InputError, NotFoundError, StaleVersionError
from geo.storage import addresses, events, layers, plans
from geo.storage.database import open_engine, session_scope
from geo.territory.nouns import NOUNS
from tests import factories as make
from tests.conftest import Databases

FIRST, SECOND = f"{make.STREET}001", f"{make.STREET}002"


def actor(role: str, *scopes: str) -> Actor:
    return Actor(f"{role}-1", frozenset({role}), scopes, account_id=7)


PLANNER, STAFF, ELSEWHERE = actor("planner", FIRST), actor("staff", FIRST), actor("staff", SECOND)


def rename(session: Session, code: str, **changed: str | None) -> None:
    """Write a building with another name or address, as an import does."""
    row = layers.read(session, NOUNS["building"], codes=[code])
    for column, value in changed.items():
        row[column] = [value]
    layers.upsert(session, NOUNS["building"], row, who="wang")


class TestFormerNames:
    def test_what_a_thing_was_called_is_kept(self, session: Session) -> None:
        code = make.make_building(session, name="红旗楼", address="光明路3号")
        assert addresses.read_former(session) == []
        rename(session, code, name="丰收楼")
        rename(session, code, address="荣昌路3号", name="丰年楼")
        found = addresses.read_former(session, noun="building", code=code)
        assert sorted((former.field, former.old) for former in found) == [
            ("address", "光明路3号"),
            ("name", "丰收楼"),
            ("name", "红旗楼"),
        ]
        assert {former.who for former in found} == {"wang"}

    def test_only_a_name_that_there_was_and_that_changed(self, session: Session) -> None:
        code = make.make_building(session, name=None, address="光明路3号")
        rename(session, code, name="红旗楼", address="光明路3号")
        rename(session, code)
        assert addresses.read_former(session) == []

    @pytest.mark.parametrize("noun", ["street", "community", "compound", "barrier", "stairwell", "place"])
    def test_every_layer_keeps_them(self, session: Session, noun: str) -> None:
        building = make.make_building(session)
        code = {"street": make.STREET, "community": FIRST}.get(noun) or {
            "compound": lambda: make.make_compound(session, name="旧名"),
            "barrier": lambda: make.make_barrier(session, name="旧名", geometry=make.square().exterior),
            "stairwell": lambda: make.make_stairwell(session, building, name="旧名"),
            "place": lambda: make.make_place(session, name="旧名"),
        }[noun]()
        before = layers.read(session, NOUNS[noun], codes=[code])["name"].item()
        session.execute(text(f"UPDATE {noun} SET name = '新名' WHERE code = :code"), {"code": code})
        (former,) = addresses.read_former(session, noun=noun)
        assert (former.code, former.old) == (code, before)

    def test_nobody_changes_what_was(self, session: Session) -> None:
        code = make.make_building(session, name="红旗楼")
        rename(session, code, name="丰收楼")
        for statement in ("UPDATE former_name SET old = 'x'", "DELETE FROM former_name"):
            with pytest.raises(Exception, match="is not allowed"), session.begin_nested():
                session.execute(text(statement))


def test_who_changed_a_name_is_the_actor(store: Engine) -> None:
    code = f"{FIRST}0000001"
    with session_scope(store, STAFF) as session:
        rename(session, code, name="红星楼")
    with session_scope(store, ELSEWHERE) as session:
        assert addresses.read_former(session) == [], "former names are seen with what bore them"
    with session_scope(store, STAFF) as session:
        (former,) = addresses.read_former(session)
        assert (former.code, former.old, former.who) == (code, "红旗楼", "staff-1")
    with pytest.raises(AccessError), session_scope(store, STAFF) as session:
        session.execute(text("INSERT INTO former_name (noun, code, field, old) VALUES ('building', 'x', 'name', 'x')"))


@pytest.fixture(scope="module")
def store(databases: Databases) -> Iterator[Engine]:
    """Two communities with a building each."""
    name = databases.create(template=databases.migrated_template())
    engine = open_engine(databases.url(name))
    with session_scope(engine) as session:
        for community in (FIRST, SECOND):
            make.make_building(session, community_code=community, name="红旗楼")
    yield engine
    engine.dispose()
    databases.drop(name)


def say(session: Session, alias: str = "大红楼", community: str = FIRST, who: str = "staff-1") -> addresses.AliasRecord:
    building = f"{community}0000001"
    return addresses.propose_alias(
        session, alias=alias, kind="building", noun="building", code=building, name="红旗楼", who=who
    )


class TestAliases:
    def test_staff_propose_and_a_planner_decides(self, store: Engine) -> None:
        with session_scope(store, STAFF) as session:
            first = say(session)
            again = say(session)
        assert (first.state, first.times, again.id, again.times) == ("proposed", 1, first.id, 2)
        with session_scope(store, PLANNER) as session:
            assert [alias.id for alias in addresses.read_aliases(session, state="proposed")] == [first.id]
            accepted = addresses.decide_alias(session, first.id, "accepted", who="planner-1", version=first.version)
        assert (accepted.state, accepted.version, accepted.decided_by) == ("accepted", 2, "planner-1")
        with session_scope(store, PLANNER) as session:
            with pytest.raises(StaleVersionError):
                addresses.decide_alias(session, first.id, "ended", who="planner-1", version=1)
            with pytest.raises(ConflictError):
                addresses.decide_alias(session, first.id, "rejected", who="planner-1", version=2)
            addresses.decide_alias(session, first.id, "ended", who="planner-1", version=2)
        with session_scope(store, STAFF) as session:
            anew = say(session)
        assert anew.id != first.id

    def test_each_step_is_an_event_in_the_actors_name(self, store: Engine) -> None:
        with session_scope(store, STAFF) as session:
            alias = say(session, "小红楼", who="somebody else")
        with session_scope(store, PLANNER) as session:
            addresses.decide_alias(session, alias.id, "rejected", who="planner-1")
        with session_scope(store) as session:
            last, first = events.read(session, noun="address_alias", limit=2)
        assert [(event.who, event.what, event.code) for event in (first, last)] == [
            ("staff-1", "proposed", f"{FIRST}0000001"),
            ("planner-1", "rejected", f"{FIRST}0000001"),
        ]
        assert first.after is not None
        assert (first.after["alias"], first.after["state"]) == ("小红楼", "proposed")

    def test_events_do_not_name_homes(self, store: Engine) -> None:
        with session_scope(store) as session:
            place = make.make_place(session, building_code=f"{FIRST}0000001", name="张家小店")
            given = {"kind": "poi", "noun": "place", "code": place, "who": "wang"}
            addresses.propose_alias(session, alias="老张家", name="张家小店", **given)
            event = events.read(session, noun="address_alias", limit=1)[0]
        assert "张" not in str(event.after)
        for who, seen in ((STAFF, ["老张家"]), (actor("assessor", FIRST), [])):
            with session_scope(store, who) as session:
                found = addresses.read_aliases(session)
                assert [alias.alias for alias in found if alias.noun == "place"] == seen

    def test_staff_do_not_decide(self, store: Engine) -> None:
        with session_scope(store, STAFF) as session:
            alias = say(session, "红楼")
        with pytest.raises(AccessError), session_scope(store, STAFF) as session:
            addresses.decide_alias(session, alias.id, "accepted", who="staff-1")

    def test_what_a_proposal_is_of_stays(self, store: Engine) -> None:
        with session_scope(store, STAFF) as session:
            say(session, "红房子")
        with pytest.raises(AccessError), session_scope(store, PLANNER) as session:
            session.execute(text("UPDATE address_alias SET alias = 'x'"))

    def test_others_neither_see_nor_propose_nor_decide(self, store: Engine) -> None:
        with session_scope(store, STAFF) as session:
            alias = say(session, "红砖楼")
        with session_scope(store, ELSEWHERE) as session:
            assert addresses.read_aliases(session) == []
            with pytest.raises(NotFoundError):
                addresses.read_alias(session, alias.id)
        with pytest.raises(AccessError), session_scope(store, ELSEWHERE) as session:
            say(session, "红砖楼")
        with pytest.raises(NotFoundError), session_scope(store, actor("planner", SECOND)) as session:
            addresses.decide_alias(session, alias.id, "accepted", who="planner-1")
        with pytest.raises(AccessError), session_scope(store, actor("assessor", FIRST)) as session:
            say(session, "红砖楼二")

    def test_blank_and_endless_ones_are_refused(self, store: Engine) -> None:
        for alias in (" ", "长" * 61):
            with pytest.raises(InputError), session_scope(store) as session:
                say(session, alias)

    def test_pages_go_from_new_to_old(self, store: Engine) -> None:
        with session_scope(store) as session:
            made = [say(session, f"第{number}楼", SECOND).id for number in range(5)]
            first = addresses.read_aliases(session, limit=3)
            rest = addresses.read_aliases(session, limit=2, after=first[-1].id)
        assert [alias.id for alias in (*first, *rest)] == made[::-1]


class TestChanges:
    @pytest.fixture
    def head(self, store: Engine) -> addresses.Moment:
        with session_scope(store) as session:
            return addresses.head(session)

    def changed(self, engine: Engine, since: addresses.Moment) -> bool:
        with session_scope(engine) as session:
            return addresses.changed_since(session, since)

    def test_nothing_happened(self, store: Engine, head: addresses.Moment) -> None:
        assert head.seq > 0
        assert not self.changed(store, head)

    def test_looks_and_proposals_change_no_place(self, store: Engine, head: addresses.Moment) -> None:
        with session_scope(store) as session:
            events.record(session, who="x", what="looked", noun="building", code=f"{FIRST}0000001")
            say(session, "没变楼")
        assert not self.changed(store, head)

    def test_a_name_does(self, store: Engine, head: addresses.Moment) -> None:
        with session_scope(store) as session:
            rename(session, f"{SECOND}0000001", name="金星楼")
        assert self.changed(store, head)

    def test_a_decision_does(self, store: Engine) -> None:
        with session_scope(store) as session:
            alias = say(session, "改了楼")
        with session_scope(store) as session:
            head = addresses.head(session)
            addresses.decide_alias(session, alias.id, "accepted", who="x")
        assert self.changed(store, head)

    def test_a_plan_does_once_it_is_in_force(self, store: Engine, head: addresses.Moment) -> None:
        with session_scope(store) as session:
            plan = make.make_plan(session, community=SECOND)
        assert not self.changed(store, head)
        with session_scope(store) as session:
            plans.adopt(session, plan, who="x", version=1)
        assert self.changed(store, head)

    def test_what_is_not_committed_has_not_happened(self, store: Engine, head: addresses.Moment) -> None:
        with session_scope(store) as session:
            rename(session, f"{SECOND}0000001", name="未定楼")
            assert not self.changed(store, head)
            session.rollback()

    def test_another_store_in_its_place_is_a_change(self, store: Engine, head: addresses.Moment) -> None:
        assert self.changed(store, addresses.Moment(head.seq, b"another"))
        assert self.changed(store, addresses.Moment(head.seq + 9, head.hash))

    def test_an_empty_store_has_not_changed(self, session: Session) -> None:
        session.execute(text("ALTER TABLE event_chain DISABLE TRIGGER USER"))
        session.execute(text("DELETE FROM event_chain"))
        assert addresses.head(session) == addresses.Moment(0, None)
        assert not addresses.changed_since(session, addresses.Moment(0, None))


class TestPlace:
    @pytest.fixture
    def planned(self, session: Session) -> gpd.GeoDataFrame:
        """Two grids in force in the first community, with a building in the first one and a compound over both."""
        make.make_building(session, name="红旗楼", address="光明路3号")
        make.make_compound(session, geometry=make.square(0, 0, make.COMMUNITY_DEGREES))
        plan = make.make_plan(session)
        plans.adopt(session, plan, who="x", version=1)
        return plans.read_grids(session, plan)

    def test_a_point_lies_in_its_community_compound_and_near_buildings(
        self, session: Session, planned: gpd.GeoDataFrame
    ) -> None:
        lon, lat = make.WEST + 2 * make.BUILDING_DEGREES, make.SOUTH + make.BUILDING_DEGREES / 2
        found = addresses.around(session, lon, lat, reach_m=50)
        assert [(near.noun, near.name) for near in found] == [
            ("building", "红旗楼"),
            ("community", "第1社区"),
            ("compound", "第1花园"),
        ]
        assert found[0].metres == pytest.approx(20.6, abs=0.2)  # 0.0002° at 22.6° north
        assert [near.noun for near in addresses.around(session, lon, lat, reach_m=20)] == ["community", "compound"]

    def test_nothing_lies_in_the_sea(self, session: Session, planned: gpd.GeoDataFrame) -> None:
        assert addresses.around(session, 0.0, 0.0, reach_m=50) == []

    def test_grids_of_a_point_and_of_an_area(self, session: Session, planned: gpd.GeoDataFrame) -> None:
        code = planned["code"].tolist()
        inside = shapely.to_wkb(planned.geometry.iloc[1].centroid)
        assert [grid.code for grid in addresses.grids_over(session, inside)] == [code[1]]
        both = shapely.to_wkb(make.square(0, 0, make.COMMUNITY_DEGREES))
        assert [grid.code for grid in addresses.grids_over(session, both)] == code
        # An area that only touches a grid does not lie in it.
        one = shapely.to_wkb(planned.geometry.iloc[0])
        assert [grid.code for grid in addresses.grids_over(session, one)] == code[:1]
        assert addresses.grids_over(session, shapely.to_wkb(Point(0, 0))) == []

    def test_of_two_plans_the_newer_one_rules(self, session: Session, planned: gpd.GeoDataFrame) -> None:
        newer = make.make_plan(session, scope_code=make.STREET, grids=make.grid_frame(count=5), name="新方案")
        plans.adopt(session, newer, who="x", version=1)
        point = shapely.to_wkb(planned.geometry.iloc[0].centroid)
        assert [grid.plan_name for grid in addresses.grids_over(session, point)] == ["新方案"]

    def test_cells_of_a_point(self, session: Session, planned: gpd.GeoDataFrame) -> None:
        point = shapely.to_wkb(planned.geometry.iloc[0].centroid)
        grids = addresses.grids_over(session, point)
        cell = text(
            "INSERT INTO cell (grid_id, grid_code, code, name, households, geom) "
            "SELECT id, code, code || 'L01', '第一联户', 5, geom FROM grid WHERE id = :grid"
        )
        session.execute(text("ALTER TABLE cell DISABLE TRIGGER USER"))
        session.execute(cell, {"grid": grids[0].id})
        assert [found.name for found in addresses.cells_over(session, point, grids)] == ["第一联户"]
        assert addresses.cells_over(session, point, []) == []

    def test_living_things(self, session: Session, planned: gpd.GeoDataFrame) -> None:
        code = f"{FIRST}0000001"
        assert addresses.living(session, "building", [code, "x"]) == {code}
        layers.end(session, NOUNS["building"], [code], who="x")
        assert addresses.living(session, "building", [code]) == set()
