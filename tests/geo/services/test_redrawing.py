"""Communities drawn anew over a real store: drafted, adopted with all that is in them, or refused whole."""

import threading
from collections import Counter
from collections.abc import Iterator

import pytest
import shapely
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.errors import ConflictError, InputError, StaleVersionError
from geo.regionalization.communities import find_tier
from geo.services.adopting import adopt_plan
from geo.services.cells import divide_into_cells
from geo.services.importing import import_file
from geo.services.mapping import content_from_store
from geo.services.planning import plan_alternatives, plan_scope
from geo.services.redrawing import grids_to_redraw
from geo.services.wishes import Wishes
from geo.storage import events, layers, network, plans
from geo.storage.database import session_scope
from geo.territory import codes
from geo.territory.nouns import BUILDING, CITY_ELEMENT, COMMUNITY, COMPOUND
from tests.api import town
from tests.databases import Databases

WHO = "planner"
#: 1,071 households in three communities of about 360: two of 535, or four of 268.
FEWER = {"lower": 500, "upper": 600, "tier": "community"}
#: Refuse every change of a building.
SHUT = """
CREATE FUNCTION shut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'closed'; END $$;
CREATE TRIGGER shut BEFORE UPDATE ON building FOR EACH ROW EXECUTE FUNCTION shut();
"""
MORE = {"lower": 250, "upper": 290, "tier": "community"}


@pytest.fixture
def engine(databases: Databases) -> Iterator[Engine]:
    """A database of the test's own, with the town in it."""
    with databases.engine(databases.filled("town", town.settle)) as engine:
        yield engine


lay = town.build


@pytest.fixture
def street(on_laid: Session) -> Session:
    return on_laid


def adopt(session: Session, plan_id: int) -> plans.PlanRecord:
    return adopt_plan(session, plan_id, who=WHO, version=plans.read_plan(session, plan_id).version)


def adopted_grids(session: Session) -> int:
    """Put grids of 100 to 200 households in force."""
    plan = plan_scope(session, town.STREET, lower=100, upper=200, who=WHO, workers=1).plan_id
    adopt(session, plan)
    return plan


def communities(session: Session) -> dict[str, shapely.Geometry]:
    rows = layers.read(session, COMMUNITY, street_code=town.STREET)
    return dict(zip(rows["code"], rows.geometry, strict=True))


def homes(session: Session) -> dict[str, str]:
    rows = layers.read(session, BUILDING, street_code=town.STREET)
    return dict(zip(rows["code"], rows["community_code"], strict=True))


def test_a_draft_draws_communities_across_their_borders_and_changes_nothing(street):
    before = homes(street), list(communities(street))
    outcome = plan_scope(street, town.STREET, who=WHO, workers=1, **FEWER)
    plan = plans.read_plan(street, outcome.plan_id)
    assert (plan.tier, plan.state, plan.grids, plan.households) == ("community", "draft", 2, 1071)
    drawn = plans.read_grids(street, plan.id)
    assert set(drawn["code"]) < set(town.COMMUNITIES)
    assert sorted(drawn["households"]) == sorted(row["households"] for row in outcome.report["grid_list"])
    assert {row["code"] for row in outcome.report["grid_list"]} == set(drawn["code"])
    assert all(500 <= count <= 600 for count in drawn["households"])
    assert len(plans.read_assignment(street, plan.id)) == town.N_BUILDINGS
    assert (homes(street), list(communities(street))) == before
    shown = content_from_store(street, None, plan.id)
    assert set(shown.grids["code"]) == set(drawn["code"])
    assert set(shown.buildings["grid_code"]) == set(drawn["code"])


def test_the_drawn_communities_tile_what_there_was(street):
    outcome = plan_scope(street, town.STREET, who=WHO, workers=1, **MORE)
    drawn = plans.read_grids(street, outcome.plan_id).geometry
    old = shapely.union_all(list(communities(street).values()))
    assert drawn.is_valid.all()
    assert shapely.symmetric_difference(shapely.union_all(drawn.to_numpy()), old).area < 1e-6 * old.area
    assert sum(shape.area for shape in drawn) == pytest.approx(old.area, rel=1e-6)


def test_adopting_gives_everything_its_community_and_keeps_codes_and_history(street):
    old = communities(street)
    outcome = plan_scope(street, town.STREET, who=WHO, workers=1, **FEWER)
    drawn = plans.read_grids(street, outcome.plan_id).set_index("code")
    assigned = plans.read_assignment(street, outcome.plan_id).set_index("building_code")["grid_code"].to_dict()
    plan = adopt(street, outcome.plan_id)
    assert plan.state == "adopted"
    now = communities(street)
    assert set(now) == set(drawn.index)
    assert all(shapely.equals(now[code], drawn.geometry[code]) for code in now)
    assert homes(street) == assigned
    (gone,) = set(old) - set(now)
    assert events.read(street, noun="community", code=gone)[0].what == "ended"
    kept = events.read(street, noun="community", code=next(iter(now)))[0]
    assert (kept.what, kept.who) == ("changed", WHO)
    assert "geom" in kept.changed
    for noun in (COMPOUND, CITY_ELEMENT):
        rows = layers.read(street, noun, street_code=town.STREET)
        assert set(rows["community_code"]) <= set(now)
        points = rows.representative_point()
        assert all(now[home].covers(point) for home, point in zip(rows["community_code"], points, strict=True))
    moved = Counter(code for code, home in homes(street).items() if not code.startswith(home))
    assert moved
    assert len(layers.read(street, BUILDING, community_codes=list(now))) == town.N_BUILDINGS


def test_codes_go_to_whoever_holds_most_and_new_ones_were_never_given(street):
    first = plan_scope(street, town.STREET, who=WHO, workers=1, **FEWER).plan_id
    adopt(street, first)
    (gone,) = set(town.COMMUNITIES) - set(communities(street))
    second = plan_scope(street, town.STREET, who=WHO, workers=1, **MORE).plan_id
    drawn = plans.read_grids(street, second)
    assert len(drawn) == 4
    assert gone not in set(drawn["code"])
    assert sorted(set(drawn["code"]) - set(communities(street))) == [f"{town.STREET}004", f"{town.STREET}005"]
    adopt(street, second)
    assert plans.read_plan(street, first).state == "superseded"
    assert set(communities(street)) == set(drawn["code"])
    assert set(homes(street).values()) == set(drawn["code"])


def test_one_community_that_is_too_large_is_divided_by_itself(street):
    whole = communities(street)
    code = town.COMMUNITIES[1]
    plan = plan_scope(street, code, who=WHO, workers=1, lower=150, upper=200, tier="community").plan_id
    drawn = plans.read_grids(street, plan).set_index("code")
    assert set(drawn.index) == {code, f"{town.STREET}004"}
    with pytest.raises(ConflictError, match="联户网格只在网格内划分"):
        divide_into_cells(street, plan, who=WHO)
    adopt(street, plan)
    now = communities(street)
    assert set(now) == {*town.COMMUNITIES, f"{town.STREET}004"}
    assert shapely.equals(now[town.COMMUNITIES[0]], whole[town.COMMUNITIES[0]])


def test_grids_in_force_stay_and_those_to_redraw_are_told_before_and_after(street):
    grids = adopted_grids(street)
    was = {code: [row.code for row in network.grids_at(street, code)] for code in homes(street)}
    outcome = plan_scope(street, town.STREET, who=WHO, workers=1, **FEWER)
    told = outcome.report["grids_to_redraw"]
    assert told == grids_to_redraw(street, outcome.plan_id)
    assert told
    assert {row["plan"] for row in told} == {grids}
    for row in told:
        assert row["straddles"] == (len(row["communities"]) > 1)
        assert row["straddles"] or next(iter(row["communities"])) != row["grid"][:12]
    adopt(street, outcome.plan_id)
    assert grids_to_redraw(street, outcome.plan_id) == told
    assert plans.read_plan(street, grids).state == "adopted"
    assert {code: [row.code for row in network.grids_at(street, code)] for code in homes(street)} == was
    # Redrawn inside of the new communities, nothing is left to redraw, and people keep their grids where they can.
    again = plan_scope(street, town.STREET, lower=100, upper=200, who=WHO, workers=1)
    assert again.report["households_before"] == 1071
    adopt(street, again.plan_id)
    assert grids_to_redraw(street, outcome.plan_id) == []
    assert set(network.read_network(street, town.STREET)["community_code"]) == set(communities(street))


def test_a_redrawn_community_takes_the_grids_of_its_buildings_out_of_those_that_ended(street):
    adopted_grids(street)
    adopt(street, plan_scope(street, town.STREET, who=WHO, workers=1, **FEWER).plan_id)
    for code in communities(street):
        outcome = plan_scope(street, code, lower=100, upper=200, who=WHO, workers=1)
        assert outcome.report["households_before"] == outcome.report["households"]
        adopt(street, outcome.plan_id)
    grids = network.read_network(street, town.STREET)
    assert set(grids["community_code"]) == set(communities(street))
    for building, home in homes(street).items():
        (found,) = network.grids_at(street, building)
        assert found.community_code == home


def test_drafts_made_inside_of_older_communities_are_refused(street):
    grids = plan_scope(street, town.STREET, lower=100, upper=200, who=WHO, workers=1).plan_id
    older = plan_scope(street, town.STREET, who=WHO, workers=1, **MORE).plan_id
    adopt(street, plan_scope(street, town.STREET, who=WHO, workers=1, **FEWER).plan_id)
    now = communities(street)
    for plan, words in ((grids, "重新划分网格"), (older, "tier community")):
        with street.begin_nested() as savepoint:
            with pytest.raises(ConflictError, match=words):
                adopt(street, plan)
            savepoint.rollback()
    assert communities(street) == now


def test_someone_elses_change_in_between_is_refused_and_named(street):
    plan = plan_scope(street, town.STREET, who=WHO, workers=1, **FEWER).plan_id
    row = layers.read(street, COMMUNITY, codes=town.COMMUNITIES[:1])
    layers.upsert(street, COMMUNITY, row.assign(name="改名社区"), who="someone")
    with pytest.raises(ConflictError, match=town.COMMUNITIES[0]):
        adopt(street, plan)


def test_a_version_that_was_not_seen_is_refused(street):
    plan = plan_scope(street, town.STREET, who=WHO, workers=1, **FEWER).plan_id
    plans.rename(street, plan, name="别的名称", who="someone", version=1)
    with pytest.raises(StaleVersionError, match="someone"):
        adopt_plan(street, plan, who=WHO, version=1)


def test_of_two_adoptions_at_once_the_second_waits_and_is_refused(engine: Engine):
    """The street is locked until the first is through; then the second's communities are not those there are."""
    with session_scope(engine) as session:
        first, second = (plan_scope(session, town.STREET, who=WHO, workers=1, seed=s, **FEWER).plan_id for s in (0, 1))
    refused: list[Exception] = []

    def late() -> None:
        try:
            with session_scope(engine) as session:
                adopt(session, second)
        except ConflictError as error:
            refused.append(error)

    with session_scope(engine) as session:
        adopt(session, first)
        waiting = threading.Thread(target=late)
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
    waiting.join(30)
    assert len(refused) == 1
    with session_scope(engine) as session:
        assert plans.read_plan(session, second).state == "draft"


def test_what_fails_halfway_leaves_nothing_behind(engine: Engine):
    with session_scope(engine) as session:
        before = homes(session), communities(session)
        plan = plan_scope(session, town.STREET, who=WHO, workers=1, **FEWER).plan_id
        # Communities are written by then, buildings are next.
        session.execute(text(SHUT))
    with pytest.raises(Exception, match="closed"), session_scope(engine) as session:
        adopt(session, plan)
    with session_scope(engine) as session:
        assert (homes(session), communities(session)) == before
        assert plans.read_plan(session, plan).state == "draft"


def test_alternatives_of_communities_differ(street):
    found = plan_alternatives(street, town.STREET, who=WHO, workers=1, styles=["fewest"], **MORE)
    for plan in found.plans:
        assert plans.read_plan(street, plan.plan_id).tier == "community"
        assert all(row["code"].startswith(town.STREET) for row in plan.report["grid_list"])


def test_communities_go_on_from_those_there_are(street):
    with pytest.raises(InputError, match="previous"):
        plan_scope(street, town.STREET, who=WHO, previous=1, **FEWER)
    plan = plan_scope(street, town.STREET, who=WHO, workers=1, tier="community", lower=300, upper=400).plan_id
    with pytest.raises(InputError, match="communities"):
        plan_scope(street, town.STREET, who=WHO, previous=plan)
    # Those that were fine stay as they are, to the last corner.
    drawn = plans.read_grids(street, plan)
    stored = communities(street)
    assert all(shapely.equals(stored[code], shape) for code, shape in zip(drawn["code"], drawn.geometry, strict=True))
    assert find_tier("社区").code == "community"
    assert codes.problem("community", drawn["code"][0]) is None


class TestBorders:
    """Communities of 351, 360 and 360 households hold no whole number of grids of 200 to 300; together they do."""

    def test_moves_are_named_and_nothing_else_is_drafted(self, street):
        outcome = plan_scope(street, town.STREET, who=WHO, workers=1)
        moves = outcome.report["border_moves"]
        assert moves
        assert outcome.report["communities_plan"] is None
        assert len(plans.list_plans(street)) == 1
        for move in moves:
            assert all(200 <= row["households"] <= 300 for row in move["result"])
            assert set(move["buildings"]) <= set(homes(street))

    def test_settled_and_adopted_more_grids_are_in_range(self, street):
        first = plan_scope(street, town.STREET, who=WHO, workers=1, wishes=Wishes(settle_borders=True))
        settled = plans.read_plan(street, first.report["communities_plan"])
        assert (settled.tier, settled.state, settled.grids) == ("community", "draft", 3)
        assert settled.report["border_moves"] == first.report["border_moves"]
        moved = {code: home for move in first.report["border_moves"] for code, home in move["buildings"].items()}
        before = homes(street)
        drawn = plans.read_assignment(street, settled.id).set_index("building_code")["grid_code"].to_dict()
        assert drawn == before | moved
        assert moved
        adopt(street, settled.id)
        assert homes(street) == drawn
        assert set(communities(street)) == set(town.COMMUNITIES)
        again = plan_scope(street, town.STREET, who=WHO, workers=1)
        assert again.report["in_range_share"] > first.report["in_range_share"]

    def test_nothing_to_settle_drafts_no_communities(self, street):
        wishes = Wishes(settle_borders=True)
        outcome = plan_scope(street, town.STREET, lower=100, upper=200, who=WHO, workers=1, wishes=wishes)
        assert (outcome.report["border_moves"], outcome.report["communities_plan"]) == ([], None)


@pytest.mark.parametrize("drop", [[], ["community_code"]])
def test_what_moved_stays_where_it_is_when_its_file_is_imported_again(street, tmp_path, drop):
    adopt(street, plan_scope(street, town.STREET, who=WHO, workers=1, **FEWER).plan_id)
    now = homes(street)
    rows = layers.read(street, BUILDING, street_code=town.STREET).drop(columns=drop)
    path = tmp_path / "buildings.gpkg"
    rows.to_file(path, layer="building")
    outcome = import_file(street, path, "building", who=WHO)
    assert outcome.rejected == 0
    assert homes(street) == now
