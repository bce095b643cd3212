"""Cells of a plan out of the store and back into it."""

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from geo.errors import BoundsError, ConflictError, InputError, NotFoundError, StaleVersionError
from geo.exchange.reading import read_frame
from geo.services.adopting import adopt_plan
from geo.services.cells import CellsOutcome, divide_into_cells, read_cell, read_cell_assignment, read_cells
from geo.services.exporting import export
from geo.services.planning import plan_scope
from geo.storage import plans
from geo.territory.coverage import coverage_problems
from tests import factories

WHO = "planner"
METRES = "EPSG:4547"


@pytest.fixture(scope="module")
def connection(engine: Engine) -> Iterator[Connection]:
    """One transaction for all tests here, rolled back after them."""
    with engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


@pytest.fixture(scope="module")
def outcome(connection: Connection) -> CellsOutcome:
    """The town, planned and divided once for all tests."""
    with Session(bind=connection, join_transaction_mode="create_savepoint") as session:
        plan = plan_scope(session, town(session), who=WHO).plan_id
        divided = divide_into_cells(session, plan, who=WHO)
        session.commit()
    return divided


@pytest.fixture
def session(connection: Connection, outcome: CellsOutcome) -> Iterator[Session]:
    """A session in which the town is planned and divided; what a test does in it is undone."""
    savepoint = connection.begin_nested()
    with Session(bind=connection, join_transaction_mode="create_savepoint") as session:
        yield session
    savepoint.rollback()


def town(session: Session) -> str:
    """A community of a tower of 30 floors with doors on record, walk-ups with stairwells, and small houses."""
    community = factories.make_community(session)
    tower = factories.make_building(session, 1, households=None, floors=30)
    for floor in range(2, 31):
        for door in range(1, 6):
            factories.make_household_unit(session, tower, floor, door)
    for number in (2, 3, 4):
        walk_up = factories.make_building(session, number, households=72)
        for stairwell in (1, 2):
            factories.make_stairwell(session, walk_up, stairwell, households=36, floors=6)
    for number in range(5, 12):
        factories.make_building(session, number, households=10, floors=3)
    return community


def test_every_cell_is_in_range_and_all_households_are_kept(session: Session, outcome: CellsOutcome) -> None:
    report = outcome.report
    assert (report["households"], report["in_range_share"], report["out_of_range"]) == (29 * 5 + 3 * 72 + 70, 1.0, [])
    cells = read_cells(session, outcome.plan.id)
    assert cells["households"].between(30, 40).all()
    assert cells["in_range"].all()
    held = read_cell_assignment(session, outcome.plan.id)
    assert held.groupby("cell_code")["households"].sum().tolist() == cells["households"].tolist()
    assert cells["code"].is_unique
    assert [code[:15] for code in cells["code"]] == cells["grid_code"].tolist()


def test_cells_hold_what_their_grid_holds(session: Session, outcome: CellsOutcome) -> None:
    grids = plans.read_assignment(session, outcome.plan.id).groupby("grid_code")["households"].sum()
    cells = read_cells(session, outcome.plan.id).groupby("grid_code")["households"].sum()
    assert cells.to_dict() == grids.to_dict()


def test_cells_tile_their_grid(session: Session, outcome: CellsOutcome) -> None:
    cells = read_cells(session, outcome.plan.id).to_crs(METRES)
    grids = plans.read_grids(session, outcome.plan.id).to_crs(METRES)
    assert (cells.geom_type == "Polygon").all()
    for grid in grids.itertuples():
        own = gpd.GeoSeries(cells[cells["grid_code"] == grid.code].geometry)
        assert coverage_problems(own, grid.geometry) == []


def test_walk_ups_are_divided_by_stairwells_and_towers_by_floors(session: Session, outcome: CellsOutcome) -> None:
    held = read_cell_assignment(session, outcome.plan.id)
    tower = held[held["building_code"].str.endswith("00001")].sort_values("floor_from")
    runs = list(zip(tower["floor_from"], tower["floor_to"], strict=True))
    assert (runs[0][0], runs[-1][1]) == (2, 30)
    assert [below[1] + 1 for below in runs[:-1]] == [above[0] for above in runs[1:]]
    assert not tower["estimated"].any()
    assert tower["stairwell_code"].isna().all()
    walk_ups = held[held["building_code"].str.endswith(("00002", "00003", "00004"))]
    assert walk_ups["stairwell_code"].notna().all()


def test_the_same_seed_gives_the_same_cells(session: Session, outcome: CellsOutcome) -> None:
    before = read_cell_assignment(session, outcome.plan.id)
    again = divide_into_cells(session, outcome.plan.id, who=WHO)
    assert again.plan.version == outcome.plan.version + 1
    pd.testing.assert_frame_equal(before, read_cell_assignment(session, outcome.plan.id))


def test_told_to_stop_it_keeps_cells_for_every_grid(session: Session, outcome: CellsOutcome) -> None:
    stopped = divide_into_cells(session, outcome.plan.id, who=WHO, progress=lambda _code, _done, _total: False)
    assert stopped.report["cancelled"]
    assert not outcome.report["cancelled"]
    assert (stopped.report["households"], stopped.report["grids"]) == (
        outcome.report["households"],
        outcome.report["grids"],
    )


def test_one_cell_and_one_grid_can_be_read(session: Session, outcome: CellsOutcome) -> None:
    first = read_cells(session, outcome.plan.id, limit=1)
    assert read_cell(session, outcome.plan.id, first["code"].iloc[0])["code"].tolist() == first["code"].tolist()
    following = read_cells(session, outcome.plan.id, after=first["code"].iloc[0])
    assert len(following) == outcome.report["cells"] - 1
    with pytest.raises(NotFoundError, match="L99"):
        read_cell(session, outcome.plan.id, f"{first['grid_code'].iloc[0]}L99")


def test_cells_go_along_with_exported_grids(session: Session, outcome: CellsOutcome, tmp_path: Path) -> None:
    (path,) = export(session, ["grid"], tmp_path / "a.gpkg", plan_id=outcome.plan.id, who="li")
    cells = read_frame(Path(f"{path}#cell")).frame
    assert sorted(cells["code"]) == read_cells(session, outcome.plan.id)["code"].tolist()
    assert cells["households"].sum() == outcome.report["households"]
    (table,) = export(session, ["cell"], tmp_path / "a.csv", plan_id=outcome.plan.id, who="li")
    assert len(read_frame(table).frame) == len(cells)
    with pytest.raises(InputError, match="--plan"):
        export(session, ["cell"], tmp_path / "b.csv", who="li")


def test_what_cannot_be_divided_is_said(session: Session) -> None:
    community = factories.make_community(session, 2)
    factories.make_building(session, 1, community_code=community, households=210, floors=None)
    outcome = divide_into_cells(session, plan_scope(session, community, who=WHO).plan_id, who=WHO)
    (missed,) = outcome.report["out_of_range"]
    assert (missed["households"], missed["reason"]) == (210, "atom_over_upper")
    assert "210" in missed["reason_zh"]
    assert "210" in missed["reason_en"]
    assert read_cells(session, outcome.plan.id)["reason"].tolist() == [missed["reason_zh"]]


def test_an_adopted_plan_keeps_its_cells(session: Session, outcome: CellsOutcome) -> None:
    adopt_plan(session, outcome.plan.id, who=WHO, version=outcome.plan.version)
    with pytest.raises(ConflictError, match="采用前"):
        divide_into_cells(session, outcome.plan.id, who=WHO)


def test_a_stale_version_is_refused(session: Session, outcome: CellsOutcome) -> None:
    with pytest.raises(StaleVersionError):
        divide_into_cells(session, outcome.plan.id, who=WHO, version=1)


def test_grids_without_buildings_have_no_cells(session: Session) -> None:
    plan = factories.make_plan(session, community=factories.make_community(session, 2), department="城管")
    with pytest.raises(InputError, match="没有分配楼栋"):
        divide_into_cells(session, plan, who=WHO)


def test_limits_that_make_no_sense_are_refused(session: Session, outcome: CellsOutcome) -> None:
    with pytest.raises(BoundsError):
        divide_into_cells(session, outcome.plan.id, lower=41, who=WHO)
