"""Drafts edited by hand: one atomic change, drawn as a draft is, refused where it is impossible."""

from collections.abc import Iterator

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.errors import CodeError, ConflictError, InputError, NotFoundError, StaleVersionError
from geo.services.adopting import adopt_plan
from geo.services.cells import divide_into_cells
from geo.services.editing import MOST_MOVES, Move, changes_since, edit_plan, rename_plan
from geo.services.grounding import strokes_of_plan
from geo.services.planning import plan_scope
from geo.storage import cells as cell_rows
from geo.storage import events, layers, plans
from geo.territory import codes
from geo.territory.nouns import BUILDING, COMMUNITY
from tests import factories
from tests.conftest import rolled_back

WHO = "planner"
COLUMNS, ROWS = 6, 4
NOTHING_DEGREES2 = 1e-14  # a tenth of a square millimetre


def lay_out(session: Session, *, communities: int = 2, households: int = 10) -> str:
    """Communities side by side, in each 6 x 4 buildings 200 m apart, numbered west to east in rows from the south."""
    for number in range(1, communities + 1):
        community = factories.make_community(session, number)
        west = factories.WEST + (number - 1) * factories.COMMUNITY_DEGREES
        rows = [
            {
                "code": codes.make("building", community, i + 1),
                "kind": "walk_up",
                "community_code": community,
                "households": households,
                "households_source": "register",
                "geometry": shapely.box(x, y, x + 0.0002, y + 0.0002),
            }
            for i in range(COLUMNS * ROWS)
            for x, y in [(west + 0.0008 + (i % COLUMNS) * 0.0016, factories.SOUTH + 0.001 + (i // COLUMNS) * 0.0025)]
        ]
        layers.upsert(session, BUILDING, factories.frame_of("building", rows), who=WHO)
    return factories.STREET


def lay(session: Session) -> int:
    """A draft of 2 communities x 240 households, 60 to 100 in a grid."""
    return plan_scope(session, lay_out(session), lower=60, upper=100, who=WHO).plan_id


@pytest.fixture
def session(on_laid: Session) -> Session:
    return on_laid


@pytest.fixture
def plan_id(laid: tuple[Engine, int]) -> int:
    return laid[1]


@pytest.fixture
def bare(engine: Engine) -> Iterator[Session]:
    """A session on an empty store."""
    with rolled_back(engine) as session:
        yield session


def assigned(session: Session, plan_id: int) -> "pd.Series[str]":
    return plans.read_assignment(session, plan_id).set_index("building_code")["grid_code"]


def grids_of(session: Session, plan_id: int) -> gpd.GeoDataFrame:
    return plans.read_grids(session, plan_id).set_index("code")


def beside(session: Session, plan_id: int, community: str = factories.COMMUNITY) -> Move:
    """A move of one building to a grid that it touches and that leaves both grids in one piece."""
    for move in candidates(session, plan_id, community):
        point = session.begin_nested()
        try:
            edit_plan(session, plan_id, [move], who=WHO, version=plans.read_plan(session, plan_id).version)
        except InputError:
            continue
        finally:
            point.rollback()
            session.expire_all()
        return move
    raise AssertionError("no building can move")


def candidates(session: Session, plan_id: int, community: str) -> list[Move]:
    homes = assigned(session, plan_id)
    homes = homes[homes.str.startswith(community)]
    number = {code: int(code[-4:]) - 1 for code in homes.index}
    place = {n: code for code, n in number.items()}
    found = []
    for code, n in number.items():
        for step in (1, -1, COLUMNS, -COLUMNS):
            other = place.get(n + step)
            level = abs(step) == COLUMNS or n // COLUMNS == (n + step) // COLUMNS
            if other and level and homes[other] != homes[code]:
                found.append(Move(code, homes[other]))
    return found


def assert_tiles_communities(session: Session, plan_id: int) -> None:
    grids = plans.read_grids(session, plan_id)
    for community in layers.read(session, COMMUNITY, street_code=factories.STREET).itertuples():
        own = grids.geometry[grids["community_code"] == community.code].to_numpy()
        assert shapely.coverage_is_valid(own)
        stray = shapely.symmetric_difference(shapely.coverage_union_all(own), community.geometry)
        assert stray.area < NOTHING_DEGREES2


def assert_sums(session: Session, plan_id: int) -> None:
    """Households of grids, assignment and report agree."""
    grids, rows = plans.read_grids(session, plan_id), plans.read_assignment(session, plan_id)
    plan = plans.read_plan(session, plan_id)
    held = dict(zip(grids["code"], grids["households"].astype(int), strict=True))
    assert rows.groupby("grid_code")["households"].sum().to_dict() == {code: n for code, n in held.items() if n}
    assert {row["code"]: row["households"] for row in plan.report["grid_list"]} == held
    assert plan.report["households"] == sum(held.values())
    assert plan.report["grids"] == len(held)
    in_range = sum(plan.lower <= count <= plan.upper for count in held.values())
    assert plan.report["in_range"] == in_range == grids["reason_code"].isna().sum()


def test_a_building_moves_and_everything_follows(session: Session, plan_id: int) -> None:
    move = beside(session, plan_id)
    before, homes = grids_of(session, plan_id), assigned(session, plan_id)
    edited = edit_plan(session, plan_id, [move], who="李四", version=1)
    after = grids_of(session, plan_id)
    source = homes[move.building]
    assert edited.plan.version == 2
    assert assigned(session, plan_id).to_dict() == {**homes.to_dict(), move.building: move.grid}
    assert after["households"][source] == before["households"][source] - 10
    assert after["households"][move.grid] == before["households"][move.grid] + 10
    building = layers.read(session, BUILDING, codes=[move.building]).geometry.iloc[0]
    assert after.geometry[move.grid].covers(building)
    assert {source, move.grid} <= set(edited.grids["code"]) <= {c for c in after.index if c[:12] == source[:12]}
    assert edited.ended == ()
    assert_tiles_communities(session, plan_id)
    assert_sums(session, plan_id)


def test_grids_that_did_not_change_keep_every_coordinate(session: Session, plan_id: int) -> None:
    move = beside(session, plan_id)
    before = grids_of(session, plan_id)
    edited = edit_plan(session, plan_id, [move], who=WHO, version=1)
    after = grids_of(session, plan_id)
    same = [code for code in after.index if code not in set(edited.grids["code"])]
    assert same
    for code in same:
        assert shapely.equals_exact(before.geometry[code], after.geometry[code])
    stored = after.loc[edited.grids["code"]]
    assert (shapely.equals_exact(stored.geometry.to_numpy(), edited.grids.geometry.to_numpy())).all()


def test_an_edit_undone_is_the_plan_as_it_was(session: Session, plan_id: int) -> None:
    move = beside(session, plan_id)
    before, report = grids_of(session, plan_id), plans.read_plan(session, plan_id).report
    source = assigned(session, plan_id)[move.building]
    edit_plan(session, plan_id, [move], who=WHO, version=1)
    edit_plan(session, plan_id, [Move(move.building, source)], who=WHO, version=2)
    after = grids_of(session, plan_id)
    assert shapely.equals_exact(before.normalize().to_numpy(), after.normalize().to_numpy()).all()
    again = plans.read_plan(session, plan_id).report
    assert again["edits"] == 2
    # The bounds are those that a fresh search proves; all figures of the plan itself are the same.
    for figure in ("grids", "in_range", "contiguous", "boundary_cost", "compounds", "polsby_popper_mean", "reasons"):
        assert again[figure] == report[figure], figure
    assert [row["households"] for row in again["grid_list"]] == [row["households"] for row in report["grid_list"]]


def test_the_report_of_other_communities_stays_as_it_was(session: Session, plan_id: int) -> None:
    before = plans.read_plan(session, plan_id).report
    edit_plan(session, plan_id, [beside(session, plan_id)], who=WHO, version=1)
    after = plans.read_plan(session, plan_id).report
    other = codes.make("community", factories.STREET, 2)
    for name, key in (("communities", "code"), ("grid_list", "community")):
        was, now = ([row for row in told[name] if row[key] == other] for told in (before, after))
        assert was == now
        assert len(after[name]) == len(before[name])
    assert after["settings"] == before["settings"]
    assert after["seconds"] == before["seconds"]


def test_one_event_tells_what_was_and_what_became(session: Session, plan_id: int) -> None:
    move = beside(session, plan_id)
    source = assigned(session, plan_id)[move.building]
    edit_plan(session, plan_id, [move], who="李四", version=1)
    told = events.read(session, noun="plan", code=str(plan_id))
    assert [record.what for record in told] == ["edited", "created"]
    record = told[0]
    assert (record.who, record.before["version"], record.after["version"]) == ("李四", 1, 2)
    assert record.before["assignment"] == {move.building: source}
    assert record.after["assignment"] == {move.building: move.grid}
    assert record.after["grids"][move.grid]["households"] == record.before["grids"][move.grid]["households"] + 10


def test_a_grid_is_made_and_ended(session: Session, plan_id: int) -> None:
    homes = assigned(session, plan_id)
    taken = homes[homes == homes.iloc[0]].index.tolist()
    new = codes.make("grid", factories.COMMUNITY, 99)
    edited = edit_plan(
        session,
        plan_id,
        [Move(code, new) for code in taken],
        new_grids=[new],
        ended_grids=[homes.iloc[0]],
        who=WHO,
        version=1,
    )
    after = grids_of(session, plan_id)
    assert new in after.index
    assert homes.iloc[0] not in after.index
    assert after["name"][new] == "第99网格"
    assert edited.ended == (homes.iloc[0],)
    assert new in set(edited.grids["code"])
    assert_tiles_communities(session, plan_id)
    assert_sums(session, plan_id)
    record = events.read(session, noun="plan", code=str(plan_id), limit=1)[0]
    assert homes.iloc[0] in record.before["grids"]
    assert homes.iloc[0] not in record.after["grids"]


def test_a_grid_out_of_range_is_warned_about_with_its_reason(session: Session, plan_id: int) -> None:
    move = beside(session, plan_id)
    new = codes.make("grid", factories.COMMUNITY, 50)
    edited = edit_plan(session, plan_id, [Move(move.building, new)], new_grids=[new], who=WHO, version=1)
    assert any(new in notice.zh and "10 户" in notice.zh for notice in edited.notices)
    assert grids_of(session, plan_id)["reason_code"][new] == "not_found"
    assert plans.read_plan(session, plan_id).report["reasons"]["not_found"] >= 1


def test_a_grid_in_two_pieces_is_refused(session: Session, plan_id: int) -> None:
    homes = assigned(session, plan_id)
    mine = homes[homes.str.startswith(factories.COMMUNITY)]
    first, last = mine.iloc[0], mine.iloc[-1]
    assert first != last
    with pytest.raises(InputError, match="pieces"):
        edit_plan(session, plan_id, [Move(mine.index[0], last)], who=WHO, version=1)
    assert assigned(session, plan_id).to_dict() == homes.to_dict()
    assert plans.read_plan(session, plan_id).version == 1


def test_what_is_impossible_is_refused(session: Session, plan_id: int) -> None:
    homes = assigned(session, plan_id)
    building, grid = homes.index[0], homes.iloc[0]
    other = homes.iloc[-1]
    new = codes.make("grid", factories.COMMUNITY, 70)
    everybody = [Move(code, new) for code in homes[homes == grid].index]

    def refused(error: type[Exception], words: str, moves: list[Move], **more: list[str]) -> None:
        with pytest.raises(error, match=words):
            edit_plan(session, plan_id, moves, who=WHO, version=1, **more)

    refused(InputError, "community", [Move(building, other)])
    refused(CodeError, "no grid", [Move(building, new)])
    refused(CodeError, "no building", [Move(f"{building[:-4]}9999", grid)])
    refused(CodeError, "does not divide", [Move(building, grid, stairwell=f"{building}D01")])
    refused(CodeError, "does not divide", [Move(building, grid, floors=(1, 2))])
    refused(InputError, "both", [Move(building, grid), Move(building, new)], new_grids=[new])
    refused(InputError, "without a building", everybody, new_grids=[new])
    refused(InputError, "without a building", [Move(building, grid)], new_grids=[new])
    refused(InputError, "still has", [Move(building, new)], new_grids=[new], ended_grids=[grid])
    refused(InputError, "to end", [Move(building, grid)], ended_grids=[grid])
    refused(InputError, "nothing", [Move(building, grid)])
    refused(InputError, "1 to", [])
    refused(InputError, "1 to", [Move(building, grid)] * (MOST_MOVES + 1))
    refused(CodeError, "cannot be made anew", [Move(building, grid)], new_grids=[grid])
    refused(CodeError, "no community of the plan", [Move(building, grid)], new_grids=["440307001009001"])
    refused(CodeError, "digits", [Move(building, grid)], new_grids=["44030700100900X"])
    refused(CodeError, "to end", [Move(building, grid)], ended_grids=[new])
    refused(InputError, "twice", [Move(building, new)], new_grids=[new, new])
    assert assigned(session, plan_id).to_dict() == homes.to_dict()
    with pytest.raises(NotFoundError):
        edit_plan(session, 999_999, [Move(building, grid)], who=WHO, version=1)


def test_a_stale_version_is_refused_and_told_what_changed(session: Session, plan_id: int) -> None:
    move = beside(session, plan_id)
    edit_plan(session, plan_id, [move], who="李四", version=1)
    rename_plan(session, plan_id, name="新名", who="王五", version=2)
    with pytest.raises(StaleVersionError, match="李四"):
        edit_plan(session, plan_id, [move], who=WHO, version=1)
    with pytest.raises(StaleVersionError):
        rename_plan(session, plan_id, name="旧名", who=WHO, version=2)
    first, second = changes_since(session, plan_id, 1)
    assert (first.version, first.who, first.what) == (2, "李四", "edited")
    assert move.grid in first.grids
    assert (second.version, second.who, second.what, second.grids) == (3, "王五", "changed", ())
    assert changes_since(session, plan_id, 3) == []


def test_adopted_plans_are_never_edited(session: Session, plan_id: int) -> None:
    move = beside(session, plan_id)
    adopted = adopt_plan(session, plan_id, who=WHO, version=1)
    with pytest.raises(ConflictError):
        edit_plan(session, plan_id, [move], who=WHO, version=adopted.version)
    with pytest.raises(ConflictError):
        rename_plan(session, plan_id, name="改名", who=WHO, version=adopted.version)


def test_a_name_is_legible_and_only_another_one_changes_the_plan(session: Session, plan_id: int) -> None:
    renamed = rename_plan(session, plan_id, name="  <b>甲</b> 案 ", who=WHO, version=1)
    assert (renamed.name, renamed.version) == ("<b>甲</b> 案", 2)
    (told,) = events.changes_since(session, "plan", str(plan_id), 1)
    assert (told.who, told.what) == (WHO, "changed")
    assert told.before is not None
    assert told.after is not None
    assert (told.before["name"] != told.after["name"], told.after["name"]) == (True, "<b>甲</b> 案")
    assert rename_plan(session, plan_id, name="<b>甲</b> 案", who=WHO, version=2).version == 2
    with pytest.raises(StaleVersionError):
        rename_plan(session, plan_id, name="<b>甲</b> 案", who=WHO, version=1)
    for wrong in ("", " \t", "甲" * 101, "甲\u202e乙", "甲\x1b[2J乙", "甲\u200b"):
        with pytest.raises(InputError, match="a plan's name"):
            rename_plan(session, plan_id, name=wrong, who=WHO, version=2)
    assert plans.read_plan(session, plan_id).version == 2


def test_adopted_and_superseded_plans_keep_their_names(session: Session, plan_id: int) -> None:
    adopt_plan(session, plan_id, who=WHO, version=1)
    with pytest.raises(ConflictError, match="keeps its name"):
        rename_plan(session, plan_id, name="新名", who=WHO, version=1)
    other = plan_scope(session, plans.read_plan(session, plan_id).scope_code, lower=60, upper=140, who=WHO).plan_id
    adopt_plan(session, other, who=WHO, version=1)
    with pytest.raises(ConflictError, match="superseded and keeps its name"):
        rename_plan(session, plan_id, name="新名", who=WHO, version=3)


def test_plans_of_communities_and_of_departments_are_not_edited(bare: Session) -> None:
    street = lay_out(bare)
    drawn = plan_scope(bare, street, tier="community", lower=100, upper=300, who=WHO).plan_id
    code = plans.read_assignment(bare, drawn)["building_code"].iloc[0]
    with pytest.raises(ConflictError, match="communities"):
        edit_plan(bare, drawn, [Move(code, codes.make("grid", factories.COMMUNITY, 1))], who=WHO, version=1)
    old = factories.make_plan(bare, department="公安", lower=None, upper=None)
    with pytest.raises(ConflictError, match="department"):
        edit_plan(bare, old, [Move(code, codes.make("grid", factories.COMMUNITY, 1))], who=WHO, version=1)


def test_cells_of_grids_that_changed_go_and_the_others_stay(session: Session, plan_id: int) -> None:
    divide_into_cells(session, plan_id, lower=20, upper=40, who=WHO, workers=1)
    before = cell_rows.read_cells(session, plan_id)["code"]
    edited = edit_plan(session, plan_id, [beside(session, plan_id)], who=WHO, version=2)
    changed = set(edited.grids["code"])
    after = cell_rows.read_cells(session, plan_id)["code"]
    assert after.tolist() == [code for code in before if code[:15] not in changed]
    assert any("wangge cells" in notice.zh for notice in edited.notices)


def test_the_ground_of_today_counts(session: Session, plan_id: int) -> None:
    ended = assigned(session, plan_id).index[0]
    layers.end(session, BUILDING, [ended], who=WHO)
    new, last = (codes.make("building", factories.COMMUNITY, number) for number in (900, COLUMNS * ROWS))
    at = layers.read(session, BUILDING, codes=[last]).geometry.iloc[0].centroid
    factories.make(
        session,
        "building",
        code=new,
        kind="walk_up",
        community_code=factories.COMMUNITY,
        households=7,
        households_source="register",
        geometry=shapely.Point(at.x + 0.0004, at.y).buffer(0.00005),
    )
    edited = edit_plan(session, plan_id, [beside(session, plan_id)], who=WHO, version=1)
    after = assigned(session, plan_id)
    assert ended not in after.index
    assert after[new][:12] == factories.COMMUNITY
    assert len(edited.notices) >= 2
    assert_tiles_communities(session, plan_id)
    assert_sums(session, plan_id)


def test_buildings_that_went_to_another_community_ask_for_a_new_draft(session: Session, plan_id: int) -> None:
    move = beside(session, plan_id)
    row = layers.read(session, BUILDING, codes=[move.building])
    other = codes.make("community", factories.STREET, 2)
    shifted = row.geometry.translate(factories.COMMUNITY_DEGREES)
    layers.upsert(session, BUILDING, row.assign(community_code=other).set_geometry(shifted), who=WHO)
    with pytest.raises(ConflictError, match="draft the grids anew"):
        edit_plan(session, plan_id, [move], who=WHO, version=1)


def test_stairwells_of_divided_buildings_move_alone_and_can_go_back_from_one_grid(bare: Session) -> None:
    community = factories.make_community(bare)
    big = factories.make_building(bare, 1, households=420)
    for number in (1, 2, 3, 4):
        factories.make_stairwell(bare, big, number, households=105)
    for number in range(2, 8):
        factories.make_building(bare, number, households=30)
    plan = plan_scope(bare, community, lower=200, upper=320, who=WHO).plan_id
    rows = plans.read_assignment(bare, plan)
    parts = rows[rows["building_code"] == big]
    assert parts["stairwell_code"].notna().all()
    grids = sorted(set(parts["grid_code"]))
    assert len(grids) == 2
    most = parts["grid_code"].mode()[0]
    ends = [part for part in parts.itertuples() if part.grid_code == most]
    assert len(ends) > 1
    edited = None
    for part in ends:
        other = next(grid for grid in grids if grid != part.grid_code)
        try:
            edited = edit_plan(bare, plan, [Move(big, other, stairwell=part.stairwell_code)], who=WHO, version=1)
        except InputError:
            continue
        break
    assert edited is not None
    after = plans.read_assignment(bare, plan)
    assert after.set_index("stairwell_code")["grid_code"][part.stairwell_code] == other
    assert after["households"].sum() == rows["households"].sum()
    assert_sums(bare, plan)
    # All of it in one grid is counted as whole, and can be taken back.
    left = set(after.loc[after["building_code"] != big, "grid_code"]) | {other}
    ended = sorted(set(grids) - left)
    together = edit_plan(bare, plan, [Move(big, other)], ended_grids=ended, who=WHO, version=2).plan
    held = plans.read_assignment(bare, plan).set_index("stairwell_code").loc[parts["stairwell_code"]]
    assert set(held["grid_code"]) == {other}
    assert [row["divided_buildings"] for row in together.report["communities"]] == [0]
    assert_sums(bare, plan)
    home = after.set_index("stairwell_code")["grid_code"]
    back = [Move(big, home[code], stairwell=code) for code in parts["stairwell_code"] if home[code] != other]
    edit_plan(bare, plan, back, new_grids=ended, who=WHO, version=3)
    pd.testing.assert_frame_equal(plans.read_assignment(bare, plan), after)


def test_a_stairwell_of_a_whole_building_moves_alone_and_back(bare: Session) -> None:
    factories.make_community(bare)
    homes = [factories.make_building(bare, number, households=60) for number in range(1, 9)]
    for building in homes:
        for number in (1, 2, 3):
            factories.make_stairwell(bare, building, number, households=20)
    plan = plan_scope(bare, factories.COMMUNITY, lower=100, upper=260, who=WHO).plan_id
    rows = plans.read_assignment(bare, plan).set_index("building_code")
    assert rows["stairwell_code"].isna().all()
    made = None
    for building, grid in rows["grid_code"].items():
        other = next(code for code in rows["grid_code"].unique() if code != grid)
        for number in (1, 2, 3):
            stairwell = codes.make("stairwell", str(building), number)
            try:
                made = edit_plan(bare, plan, [Move(str(building), other, stairwell)], who=WHO, version=1)
            except InputError:
                continue
            break
        if made is not None:
            break
    assert made is not None
    after = plans.read_assignment(bare, plan)
    parts = after[after["building_code"] == building].set_index("stairwell_code")["grid_code"]
    assert parts.to_dict() == {code: other if code == stairwell else grid for code in parts.index}
    assert len(parts) == 3
    assert_sums(bare, plan)
    (stroke,) = strokes_of_plan(bare, plan)[1]
    assert stroke.moves == {stairwell: (grid, other)}
    edit_plan(bare, plan, [Move(str(building), str(grid), stairwell)], who=WHO, version=2)
    back = plans.read_assignment(bare, plan)
    assert set(back.loc[back["building_code"] == building, "grid_code"]) == {grid}
    unknown = codes.make("stairwell", str(building), 9)
    with pytest.raises(CodeError, match="does not divide"):
        edit_plan(bare, plan, [Move(str(building), other, unknown)], who=WHO, version=3)


def test_a_community_without_buildings_keeps_its_one_grid(bare: Session) -> None:
    street = lay_out(bare)
    empty = factories.make_community(bare, 3)
    plan = plan_scope(bare, street, lower=60, upper=100, who=WHO).plan_id
    grid = codes.make("grid", empty, 1)
    for more in ({"ended_grids": [grid]}, {"new_grids": [codes.make("grid", empty, 2)]}):
        with pytest.raises(InputError):
            edit_plan(bare, plan, [], who=WHO, version=1, **more)
    edit_plan(bare, plan, [beside(bare, plan)], who=WHO, version=1)
    assert grid in grids_of(bare, plan).index
    assert_tiles_communities(bare, plan)
    assert_sums(bare, plan)


def test_a_grid_whose_buildings_all_ended_has_to_end_as_well(session: Session, plan_id: int) -> None:
    homes = assigned(session, plan_id)
    grid = homes.iloc[0]
    layers.end(session, BUILDING, homes[homes == grid].index.tolist(), who=WHO)
    with pytest.raises(InputError, match=grid):
        edit_plan(session, plan_id, candidates(session, plan_id, factories.COMMUNITY)[-1:], who=WHO, version=1)
    edit_plan(session, plan_id, [], ended_grids=[grid], who=WHO, version=1)
    assert grid not in grids_of(session, plan_id).index
    assert_tiles_communities(session, plan_id)
    assert_sums(session, plan_id)


def test_a_plan_of_communities_that_are_no_more_is_planned_anew(session: Session, plan_id: int) -> None:
    move = beside(session, plan_id)
    other = codes.make("community", factories.STREET, 2)
    mine = assigned(session, plan_id)
    layers.end(session, BUILDING, mine[mine.str.startswith(other)].index.tolist(), who=WHO)
    layers.end(session, COMMUNITY, [other], who=WHO)
    with pytest.raises(ConflictError, match="plan the grids anew"):
        edit_plan(session, plan_id, [move], who=WHO, version=1)
