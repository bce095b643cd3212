from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from shapely import LineString, Point
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.errors import ColumnError, FileFormatError, NotFoundError
from geo.services.mapping import content_from_store
from geo.services.mapping_files import content_from_file
from geo.storage.cells import CELL_ASSIGNMENT_COLUMNS, CellLimits, replace_cells
from tests.factories import (
    COMMUNITY,
    SOUTH,
    STREET,
    WEST,
    assignment_frame,
    grid_frame,
    make_barrier,
    make_building,
    make_city_element,
    make_community,
    make_plan,
    make_stairwell,
    make_street,
    square,
)

GRIDS = [f"{COMMUNITY}001", f"{COMMUNITY}002"]

# ── out of the store ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_community_with_its_newest_plan(session: Session) -> None:
    whole, divided = make_building(session, 1), make_building(session, 2)
    stairs = [make_stairwell(session, divided, number) for number in (1, 2)]
    make_plan(session, name="旧")
    rows = [(whole, None, GRIDS[0], 40), (divided, stairs[0], GRIDS[0], 10), (divided, stairs[1], GRIDS[1], 30)]
    make_plan(session, name="新", assignment=assignment_frame(rows))
    content = content_from_store(session, COMMUNITY)
    assert content.plan_name.startswith("新")
    assert content.plan_state == "draft"
    assert (content.lower, content.upper) == (200, 300)
    assert content.grids is not None
    assert content.grids["code"].tolist() == GRIDS
    assert content.buildings is not None
    assert content.buildings.set_index("code")["grid_code"].to_dict() == {whole: GRIDS[0], divided: GRIDS[1]}
    assert content.stairwells is not None
    assert content.stairwells["building_code"].tolist() == [divided, divided]
    assert content.stairwells["grid_code"].tolist() == GRIDS


def test_runs_of_floors_are_parts_of_their_own(session: Session) -> None:
    tower, plain = make_building(session, 1), make_building(session, 2)
    stairs = make_stairwell(session, tower, 1, name="1单元")
    rows = assignment_frame(
        [
            (tower, stairs, GRIDS[0], 20),
            (tower, stairs, GRIDS[1], 30),
            (plain, None, GRIDS[0], 7),
            (plain, None, GRIDS[1], 8),
        ]
    )
    make_plan(session, assignment=rows.assign(floor_from=[1, 7, 1, 2], floor_to=[6, 11, 1, 5]))
    content = content_from_store(session, COMMUNITY)
    assert content.stairwells is not None
    told = content.stairwells[["building_code", "name", "households", "grid_code"]].astype(object).values.tolist()
    assert told == [
        [tower, "1单元 1–6层", 20, GRIDS[0]],
        [tower, "1单元 7–11层", 30, GRIDS[1]],
        [plain, "1层", 7, GRIDS[0]],
        [plain, "2–5层", 8, GRIDS[1]],
    ]


def test_a_plan_with_cells_and_the_building_that_its_report_blames(session: Session) -> None:
    whole = make_building(session, 1)
    listed = [{"code": GRIDS[1], "reason_buildings": [whole], "reason_en": "too large"}, {"code": GRIDS[0]}]
    plan = make_plan(session, report={"grid_list": listed})
    assert content_from_store(session, COMMUNITY).cells is None
    cells = gpd.GeoDataFrame(
        {
            "code": [f"{GRIDS[0]}L01"],
            "grid_code": [GRIDS[0]],
            "name": [None],
            "households": [52],
            "reason_code": ["not_found"],
            "reason": ["未找到"],
        },
        geometry=grid_frame().geometry.iloc[:1].to_numpy(),
        crs=WGS84,
    )
    nothing = pd.DataFrame({name: [] for name in CELL_ASSIGNMENT_COLUMNS})
    limits = CellLimits(30, 40, 0)
    replace_cells(session, plan, limits=limits, cells=cells, assignment=nothing, who="planner", version=1)
    content = content_from_store(session, COMMUNITY)
    assert content.cells is not None
    assert content.cells["households"].tolist() == [52]
    assert content.cells["in_range"].tolist() == [False]
    assert content.buildings is not None
    assert content.buildings["keeps_out_of_range"].tolist() == [GRIDS[1]]
    assert content.grids is not None
    assert content.grids["reason_en"].dropna().tolist() == ["too large"]


def test_a_street_shows_its_communities_plans_side_by_side(session: Session) -> None:
    second = f"{STREET}002"
    make_plan(session, name="甲")
    make_plan(session, name="乙", community=second, scope_code=second, grids=grid_frame(second))
    content = content_from_store(session, STREET)
    assert content.grids is not None
    assert sorted(set(content.grids["community_code"])) == [COMMUNITY, second]
    assert content.plan_name == "2 个社区方案"
    assert content.communities is not None
    assert len(content.communities) == 2


def test_a_community_takes_its_part_of_the_streets_plan(session: Session) -> None:
    make_plan(session, scope_code=STREET)
    content = content_from_store(session, COMMUNITY)
    assert content.grids is not None
    assert len(content.grids) == 2
    assert STREET not in content.title


def test_departments_old_grids_are_there_for_comparison_and_are_no_plan(session: Session) -> None:
    make_plan(session, department="公安", scope_code=STREET, lower=None, upper=None, seed=None)
    content = content_from_store(session, STREET)
    assert content.grids is None
    assert content.plan_name == ""
    assert {name: len(frame) for name, frame in content.old_grids.items()} == {"公安": 2}


def test_elements_and_barriers_around_are_shown(session: Session) -> None:
    make_plan(session)
    make_city_element(session)
    make_barrier(session, geometry=LineString([(WEST - 0.5, SOUTH), (WEST + 0.5, SOUTH)]))
    content = content_from_store(session, COMMUNITY)
    assert content.city_elements is not None
    assert len(content.city_elements) == 1
    assert content.barriers is not None
    # A road through the province is cut to the surroundings.
    assert shapely.length(content.barriers.geometry.iloc[0]) == pytest.approx(0.01 + 2 * 0.005, abs=1e-6)


def test_a_scope_without_a_plan_is_a_map_without_grids(session: Session) -> None:
    make_street(session)
    make_community(session)
    content = content_from_store(session, None)
    assert content.grids is None
    assert content.communities is not None


def test_what_is_not_there_is_said(session: Session) -> None:
    with pytest.raises(NotFoundError):
        content_from_store(session, None)
    plan = make_plan(session)
    make_community(session, 2)
    with pytest.raises(NotFoundError, match="999999"):
        content_from_store(session, COMMUNITY, 999999)
    with pytest.raises(NotFoundError, match=str(plan)):
        content_from_store(session, f"{STREET}002", plan)


# ── out of a file ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def planned_file(tmp_path: Path) -> Path:
    path = tmp_path / "plan.gpkg"
    grids = grid_frame().rename(columns={"community_code": "community"}).drop(columns="reason")
    grids.assign(reason_zh=[None, "单栋超限"]).to_file(path, layer="grids")
    atoms = gpd.GeoDataFrame(
        {
            "blk_no": ["1", "2"],
            "FULL_ADDRESS": ["1 Lorong 1", "2 Lorong 2"],
            "households": [250, 250],
            "grid_code": GRIDS,
        },
        geometry=[Point(WEST + 0.001, SOUTH + 0.001), Point(WEST + 0.006, SOUTH + 0.001)],
        crs=WGS84,
    )
    atoms.to_file(path, layer="atoms")
    return path


def test_a_planned_file_of_points(planned_file: Path) -> None:
    planned_file.with_name("plan.report.json").write_text(
        '{"grids": 2, "lower": 200, "upper": 300, "households_source": {"estimated": 2}, "source": "blocks.csv"}'
    )
    content = content_from_file(planned_file)
    assert (content.lower, content.upper, content.subtitle) == (200, 300, "blocks.csv")
    assert content.grids is not None
    assert content.grids["reason"].tolist()[1] == "单栋超限"
    assert content.buildings is not None
    assert content.buildings["address"].tolist() == ["1 Lorong 1", "2 Lorong 2"]
    assert set(content.buildings["households_source"]) == {"estimated"}


def test_a_planned_file_without_a_report_has_no_bounds_unless_they_are_given(planned_file: Path) -> None:
    assert content_from_file(planned_file).lower is None
    assert content_from_file(planned_file, lower=100, upper=150).upper == 150


def test_a_file_that_is_no_plan_is_refused(tmp_path: Path, planned_file: Path) -> None:
    other = tmp_path / "other.gpkg"
    grid_frame().to_file(other, layer="x")
    with pytest.raises(FileFormatError):
        content_from_file(other)
    nameless = tmp_path / "nameless.gpkg"
    gpd.GeoDataFrame({"a": [1]}, geometry=[square()], crs=WGS84).to_file(nameless, layer="grids")
    gpd.GeoDataFrame({"a": [1]}, geometry=[square()], crs=WGS84).to_file(nameless, layer="atoms")
    with pytest.raises(ColumnError, match="households"):
        content_from_file(nameless)
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    with pytest.raises(FileFormatError, match=r"broken\.json"):
        content_from_file(planned_file, report=broken)
