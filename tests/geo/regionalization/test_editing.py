"""Grids of a community edited by hand: whatever is accepted tiles it and hangs together; the rest is refused."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from geo.errors import InputError
from geo.regionalization.communities import Bounds, Community
from geo.regionalization.continuity import COLUMNS as PREVIOUS
from geo.regionalization.drafting import DraftSettings, draft_community
from geo.regionalization.edited_grids import Asked, redraw
from geo.regionalization.editing import ROW_COLUMNS, GridChanges, Move, moved, row_keys, settled
from geo.regionalization.numbering import grid_code
from geo.regionalization.remembering import remembered, renewed_report
from geo.regionalization.reporting import report
from tests.examples import examples

CODE, CRS = "440307001001", "EPSG:4547"
WIDE, HIGH = 5, 4
BOUNDS = Bounds(60, 120)
NEW = grid_code(CODE, 90)


def a_community(households: int = 20) -> Community:
    """5 x 4 buildings of 20 households, 40 m apart, in a square with a road up to the middle."""
    places = [(x, y) for y in range(HIGH) for x in range(WIDE)]
    buildings = gpd.GeoDataFrame(
        {"households": households, "compound": None},
        index=pd.Index([f"B{number:02d}" for number in range(WIDE * HIGH)]),
        geometry=[box(x * 40, y * 40, x * 40 + 20, y * 40 + 20) for x, y in places],
        crs=CRS,
    )
    road = shapely.LineString([(90, -10), (90, 80)])
    barriers = gpd.GeoDataFrame({"kind": ["road"]}, geometry=[road], crs=CRS)
    none = gpd.GeoDataFrame({"building": [], "stairwell": [], "households": []}, geometry=[], crs=CRS)
    return Community(CODE, box(-10, -10, 190, 150), buildings, none, barriers)


COMMUNITY = a_community()
DRAFT = draft_community(COMMUNITY, DraftSettings(BOUNDS))


def rows_of(draft=DRAFT) -> pd.DataFrame:
    codes = [grid_code(CODE, int(number) + 1) for number in draft.assignment["grid"]]
    return draft.assignment.assign(grid=codes)[ROW_COLUMNS]


def edited(*moves: Move, new: tuple[str, ...] = (), ended: tuple[str, ...] = ()):
    rows = rows_of()
    goal = moved(rows, GridChanges(moves, new, ended), sorted(set(rows["grid"])))
    return redraw(COMMUNITY, rows, goal, Asked(BOUNDS))


def components(labels: dict[str, str]) -> dict[str, int]:
    """Pieces of each grid on the board, where a building touches those to its four sides."""
    left, count = set(labels), dict.fromkeys(labels.values(), 0)
    while left:
        start = left.pop()
        count[labels[start]] += 1
        stack = [start]
        while stack:
            n = int(stack.pop()[1:])
            for other in (n - WIDE, n + WIDE, n - 1 if n % WIDE else -1, n + 1 if n % WIDE < WIDE - 1 else -1):
                code = f"B{other:02d}"
                if code in left and labels[code] == labels[start]:
                    left.remove(code)
                    stack.append(code)
    return count


def test_an_edit_without_a_change_would_be_the_draft() -> None:
    rows = rows_of()
    again = redraw(COMMUNITY, rows, rows["grid"], Asked(BOUNDS))
    assert list(again.grids.index) == list(DRAFT.grids.index)
    for name in ("households", "atoms", "in_range", "contiguous", "reason_code", "continues", "moved"):
        assert again.grids[name].tolist() == DRAFT.grids[name].tolist(), name
    shapes = (shapely.normalize(draft.grids.geometry.to_numpy()) for draft in (again, DRAFT))
    assert shapely.equals_exact(*shapes).all()
    pd.testing.assert_frame_equal(again.assignment, DRAFT.assignment)
    for name, figure in again.metrics.items():
        assert figure == DRAFT.metrics[name], name


@given(st.dictionaries(st.integers(0, WIDE * HIGH - 1), st.integers(0, 5), min_size=1, max_size=5))
@examples(50)
def test_what_is_accepted_tiles_the_community_and_hangs_together(moving: dict[int, int]) -> None:
    rows = rows_of()
    grids = [*sorted(set(rows["grid"])), NEW]
    moves = tuple(Move(f"B{n:02d}", grids[to % len(grids)]) for n, to in moving.items())
    before = dict(zip(rows["building"], rows["grid"], strict=True))
    after = before | {move.building: move.grid for move in moves}
    used = (NEW,) if NEW in after.values() else ()
    ended = tuple(sorted(set(before.values()) - set(after.values())))
    was, now = components(before), components(after)
    possible = after != before and all(count <= max(1, was.get(code, 1)) for code, count in now.items())
    if not possible:
        with pytest.raises(InputError):
            edited(*moves, new=used, ended=ended)
        return
    draft = edited(*moves, new=used, ended=ended)
    shapes = draft.grids.geometry.to_numpy()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.area(shapely.symmetric_difference(shapely.union_all(shapes), COMMUNITY.boundary)) < 1e-6
    held = {grid_code(CODE, int(number) + 1): row for number, row in draft.grids.iterrows()}
    assert set(held) == set(after.values())
    for code, row in held.items():
        mine = [building for building, grid in after.items() if grid == code]
        assert row["households"] == 20 * len(mine)
        assert row["in_range"] == (row["households"] in BOUNDS) == pd.isna(row["reason_code"])
        assert all(row.geometry.covers(COMMUNITY.buildings.geometry[building]) for building in mine)
    assert draft.metrics["grids"] == len(held)


def test_reports_of_a_part_and_of_all_agree() -> None:
    """Two communities: the report made anew when one changes is the one that a draft of both would have."""
    other = "440307001002"
    shifted = COMMUNITY.buildings.set_geometry(COMMUNITY.buildings.translate(200))
    second = Community(
        other,
        shapely.transform(COMMUNITY.boundary, lambda xy: xy + np.array([200.0, 0.0])),
        shifted.set_axis([f"C{n:02d}" for n in range(len(shifted))]),
        COMMUNITY.stairwells,
        COMMUNITY.barriers.set_geometry(COMMUNITY.barriers.translate(200)),
    )
    beside = draft_community(second, DraftSettings(BOUNDS))
    told = report([DRAFT, beside], BOUNDS, seed=7, seconds=1.5, names={CODE: "甲", other: "乙"})
    corner = rows_of().set_index("building")["grid"]["B00"]
    alone = [Move(code, NEW) for code, grid in rows_of().set_index("building")["grid"].items() if grid == corner]
    changed = edited(*alone, new=(NEW,), ended=(corner,))
    codes = [grid_code(other, int(number) + 1) for number in beside.grids.index]
    areas = gpd.GeoSeries(beside.grids.geometry.to_numpy(), index=pd.Index(codes, dtype=object), crs=CRS)
    kept = remembered(told, other, areas, beside.assignment.drop(columns=["grid", "estimated"]))
    renewed = renewed_report(told, [changed, kept], frozenset([CODE]), BOUNDS, ())
    fresh = report([changed, beside], BOUNDS, seed=7, seconds=1.5, names={CODE: "甲", other: "乙"})
    # Mean compactness is summed up from figures rounded to three decimals.
    assert renewed.pop("polsby_popper_mean") == pytest.approx(fresh.pop("polsby_popper_mean"), abs=0.001)
    assert renewed.pop("border_moves") == []
    assert renewed == fresh


def test_moves_of_households_are_told_against_the_plan_in_force() -> None:
    previous = rows_of().reindex(columns=PREVIOUS)
    community = Community(**{**vars(COMMUNITY), "previous": previous})
    rows = rows_of()
    grids = sorted(set(rows["grid"]))
    homes = dict(zip(rows["building"], rows["grid"], strict=True))
    for building, grid in [(b, g) for b in homes for g in grids if g != homes[b]]:
        try:
            goal = moved(rows, GridChanges((Move(building, grid),)), grids)
            draft = redraw(community, rows, goal, Asked(BOUNDS))
        except InputError:
            continue
        break
    assert draft.metrics["households_before"] == 400
    assert draft.metrics["households_moved"] == 20
    assert draft.moves[["building", "previous"]].to_numpy().tolist() == [[building, homes[building]]]


def test_rows_are_named_by_building_stairwell_and_floors() -> None:
    rows = pd.DataFrame(
        [["B1", None, np.nan, np.nan], ["B2", "B2U01", np.nan, np.nan], ["B3", None, -1, 4], ["B4", "B4U02", 5, 9]],
        columns=["building", "stairwell", "floor_from", "floor_to"],
    )
    assert row_keys(rows) == ["B1", "B2U01", "B3F-1-4", "B4U02F5-9"]


def test_runs_of_floors_move_alone() -> None:
    """A tower of two runs of floors, one in each grid, comes together and is one row again."""
    tower = a_community()
    floors = pd.DataFrame(
        {
            "building": "B00",
            "stairwell": pd.Series([None] * 6, dtype=object),
            "floor": range(1, 7),
            "households": [4, 4, 4, 4, 2, 2],
            "estimated": True,
        }
    )
    tower = Community(**{**vars(tower), "floors": floors})
    rows = rows_of()
    home = rows.set_index("building")["grid"]["B00"]
    low, high = (rows[rows["building"] == "B00"].assign(floor_from=a, floor_to=b, households=h)
                 for a, b, h in ((1, 3, 12), (4, 6, 8)))  # fmt: skip
    divided = pd.concat([low, high, rows[rows["building"] != "B00"]], ignore_index=True)
    grids = sorted(set(rows["grid"]))
    parted = moved(divided, GridChanges((Move("B00", NEW, floors=(4, 6)),), (NEW,)), grids)
    draft = redraw(tower, divided, parted, Asked(BOUNDS))
    own = draft.assignment[draft.assignment["building"] == "B00"]
    assert own[["floor_from", "floor_to", "households"]].to_numpy().tolist() == [[1, 3, 12], [4, 6, 8]]
    assert own["estimated"].all()
    assert draft.grids["households"].loc[89] == 8
    after = divided.assign(grid=parted)
    again = moved(after, GridChanges((Move("B00", home),), (), (NEW,)), [*grids, NEW])
    joined = redraw(tower, after, again, Asked(BOUNDS)).assignment
    own = joined[joined["building"] == "B00"]
    assert (own["households"].tolist(), own["floor_from"].isna().all(), own["estimated"].any()) == ([20], True, False)


def test_new_buildings_join_the_grid_in_which_they_stand() -> None:
    rows = rows_of()
    known = rows[rows["building"] != "B07"]
    areas = gpd.GeoSeries(
        DRAFT.grids.geometry.to_numpy(),
        index=pd.Index([grid_code(CODE, int(n) + 1) for n in DRAFT.grids.index], dtype=object),
        crs=CRS,
    )
    found, notices = settled(known, COMMUNITY, areas, frozenset())
    joined = found.set_index("building")["grid"].to_dict()
    assert joined == rows.set_index("building")["grid"].to_dict()
    assert found["households"].sum() == 400
    assert len(notices) == 1
    assert "B07" in notices[0].zh
    found, notices = settled(pd.concat([rows, rows.iloc[:1].assign(building="B99")]), COMMUNITY, areas, frozenset())
    assert set(found["building"]) == set(rows["building"])
    assert "B99" in notices[0].en
