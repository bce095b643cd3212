"""Real towns through the store: import, plan, map."""

from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import select

from geo.services.importing import import_file
from geo.services.mapping import content_from_store
from geo.services.planning import PlanOutcome, plan_scope
from geo.storage import plans
from geo.storage.tables import Building
from maps.pages import plan_page

pytestmark = pytest.mark.shared

WHO = "planner"
STREET = "990001001"


@pytest.fixture(autouse=True)
def reports_of_rejected_rows_go_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def plan_and_draw(session, scope: str) -> tuple[PlanOutcome, str]:
    outcome = plan_scope(session, scope, who=WHO)
    saved = plans.read_grids(session, outcome.plan_id)
    assert len(saved) == outcome.report["grids"]
    assert all(row["reason"] for row in outcome.report["grid_list"] if not row["in_range"])
    page = plan_page(content_from_store(session, scope, outcome.plan_id))
    assert all(code in page for code in saved["code"].head(20))
    return outcome, page


def assert_divided_by_floors_where_need_be(session, assignment: pd.DataFrame) -> None:
    """Blocks have storeys and no stairwells on record: those over the limit are cut, no small one, none wrongly."""
    blocks = pd.DataFrame(
        session.execute(select(Building.code, Building.households, Building.floors)).all(),
        columns=["code", "households", "floors"],
    ).set_index("code")
    runs = assignment.sort_values("floor_from").groupby("building_code")
    assert runs["households"].sum().equals(blocks["households"].rename_axis("building_code").sort_index())
    divided = blocks[blocks.index.isin(assignment.loc[assignment["floor_from"].notna(), "building_code"])]
    assert set(blocks.index[blocks["households"] > 300]) <= set(divided.index)
    assert divided["households"].min() > 150
    assert assignment["stairwell_code"].isna().all()
    for code, block in divided.iterrows():
        floors = runs.get_group(code)
        assert len(floors) > 1
        assert floors["floor_from"].tolist() == [1, *(floors["floor_to"].iloc[:-1] + 1)]
        assert floors["floor_to"].iloc[-1] == block["floors"]


def test_toa_payoh(session, shared_data):
    file = shared_data("sg_hdb_blocks/hdb_blocks.gpkg")
    abroad = {"extent": "world", "under": STREET, "who": WHO}
    town = {"where": {"Planning_Area_Name": "TOA PAYOH"}, "mapping": {"name": "Subzone_Name"}}
    made = import_file(
        session, Path(f"{file}#subzones_mp14"), "community", create_street=(STREET, "Toa Payoh"), **town, **abroad
    )
    assert made.inserted > 5
    blocks = import_file(
        session,
        Path(f"{file}#blocks"),
        "building",
        where={"bldg_contract_town": "TP"},
        defaults={"kind": "tower"},
        **abroad,
    )
    outcome, _ = plan_and_draw(session, STREET)
    assert outcome.report["households"] > 30_000
    assignment = plans.read_assignment(session, outcome.plan_id)
    assert outcome.report["atoms"] == len(assignment)
    assert assignment["building_code"].nunique() == blocks.inserted
    assert_divided_by_floors_where_need_be(session, assignment)
    proved = {"atom_over_upper", "pocket_infeasible", "component_infeasible", "component_under_lower", "no_buildings"}
    found = outcome.report["reasons"]
    assert sum(n for reason, n in found.items() if reason not in proved) <= 3


def olemps_with_roads_and_water(session, file: Path, **houses: object) -> PlanOutcome:
    abroad = {"extent": "world", "under": STREET, "who": WHO}
    import_file(session, Path(f"{file}#commune"), "community", create_street=(STREET, "Olemps"), **abroad)
    for layer, kind in (("roads", "road"), ("water", "river")):
        import_file(session, Path(f"{file}#{layer}"), "barrier", defaults={"kind": kind}, **abroad)
    import_file(session, Path(f"{file}#buildings"), "building", defaults={"kind": "other"}, **abroad, **houses)
    return plan_and_draw(session, STREET)[0]


def test_houses_of_two_floors_in_olemps_with_roads_and_water(session, shared_data):
    file = shared_data("fr_olemps_bdtopo/olemps.gpkg")
    outcome = olemps_with_roads_and_water(session, file, where={"NB_ETAGES": "2"})
    assert outcome.report["households"] == 695
    assert outcome.report["in_range"] == outcome.report["grids"] == outcome.report["contiguous"]
